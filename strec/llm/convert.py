"""Folders of models that are made once: the writer's weights, and a tiny model to try things out.

transformers needs eight seconds to unpack the writer's GGUF file; safetensors load in one.
The tiny model has random weights. It reads any text, byte by byte, and knows nothing: what it
ends up knowing, it learned here.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import contextmanager, redirect_stderr
from functools import cache
from io import StringIO
from pathlib import Path

from strec.errors import MissingPartError
from strec.llm.cache import cache_folder
from strec.llm.weights import library, locate, quiet
from strec.parts import require

_RECORD = "converted.json"
_SPECIAL = ("<pad>", "<s>", "</s>")


def converted(name: str = "writer") -> Path:
    """Return the folder with an embedded GGUF model as safetensors, converting it if needed.

    The folder is named by the digest of the GGUF file.
    """
    source = locate(name)
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return made_once(f"{source.stem}-{digest[:16]}", lambda folder: _unpack(source, folder))


def tiny() -> Path:
    """Return the folder of the tiny model, made on first use.

    Examples
    --------
    >>> sorted(path.suffix for path in tiny().glob("model.*"))
    ['.safetensors']
    """
    return made_once("tiny-llama-1", _make_tiny)


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder of the cache with a model's files, made if it is not there.

    It appears whole or not at all. Each file is checked against the digest taken when it was
    written; a folder that does not fit is made anew. MissingPartError if there is no room.
    """
    folder = cache_folder() / "models" / name
    if is_whole(folder):
        return folder
    try:
        with _alone(name):
            # Another process may have made it meanwhile.
            if not is_whole(folder):
                _make(folder, make)
    except OSError as error:
        raise MissingPartError(
            "Room for the language model's weights in the cache folder (SmolLM2: 540 MB).",
            f"{error.strerror or error} in {folder.parent}.",
            "Make room, or set STREC_CACHE to a folder with room.",
        ) from error
    return folder


def is_whole(folder: Path) -> bool:
    """Return whether a folder holds what was written into it."""
    try:
        record = json.loads((folder / _RECORD).read_text())["sha256"]
        return bool(record) and record == _digests(folder)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _make(folder: Path, make: Callable[[Path], None]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".draft-{folder.name}-"
    for stray in folder.parent.glob(f"{prefix}*"):  # of a process that was killed
        shutil.rmtree(stray, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        make(draft)
        (draft / _RECORD).write_text(json.dumps({"sha256": _digests(draft)}, indent=2))
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _alone(name: str):
    """Return a lock: the time and 1.2 GB of memory are not spent twice at a time."""
    from filelock import FileLock

    folder = cache_folder() / "locks"
    folder.mkdir(exist_ok=True)
    return FileLock(folder / f"{name}.lock")


def _unpack(source: Path, folder: Path) -> None:
    require("torch", "transformers", "gguf")
    transformers = library()
    where = {"gguf_file": source.name, "local_files_only": True}
    # The reader of GGUF draws a bar of its own.
    with quiet(), redirect_stderr(StringIO()), read_once():
        tokenizer = transformers.AutoTokenizer.from_pretrained(source.parent, **where)
        model = transformers.AutoModelForCausalLM.from_pretrained(source.parent, **where)
        # The weights are plain numbers now, which transformers would not save otherwise.
        model.hf_quantizer, model.is_quantized = None, False
        del model.config.quantization_config
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


@contextmanager
def read_once():
    """Let transformers read a GGUF file once: its own way takes three times as long.

    It opens the file for the tokenizer, the configuration and the weights, and lists all names
    of tensors anew for each part of the model.
    """
    import gguf

    own = {name: getattr(gguf, name) for name in ("GGUFReader", "get_tensor_name_map")}
    for name, make in own.items():
        setattr(gguf, name, cache(make))
    try:
        yield
    finally:
        for name, make in own.items():
            setattr(gguf, name, make)


def _digests(folder: Path) -> dict[str, str]:
    digests = {}
    for path in sorted(folder.iterdir()):
        if path.name != _RECORD:
            with path.open("rb") as file:
                digests[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


def _make_tiny(folder: Path) -> None:
    require("torch", "transformers")
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    transformers = library()
    words = [*_SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    # Without merges every byte is a token.
    core = Tokenizer(models.BPE({word: i for i, word in enumerate(words)}, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    names = dict(zip(("pad_token", "bos_token", "eos_token"), _SPECIAL, strict=True))
    transformers.PreTrainedTokenizerFast(tokenizer_object=core, **names).save_pretrained(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = transformers.LlamaForCausalLM(
            transformers.LlamaConfig(
                vocab_size=len(words),
                hidden_size=32,
                intermediate_size=64,
                num_hidden_layers=2,
                num_attention_heads=2,
                max_position_embeddings=512,
                pad_token_id=0,
                bos_token_id=1,
                eos_token_id=2,
            )
        )
    model.save_pretrained(folder)
