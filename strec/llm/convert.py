"""Convert the writer's GGUF file to safetensors, once.

transformers needs half a minute to unpack GGUF; safetensors load in a second.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

from strec.errors import MissingPartError
from strec.llm.cache import cache_folder
from strec.llm.embedded import locate

_RECORD = "converted.json"


def converted(name: str = "writer") -> Path:
    """Return the folder with an embedded GGUF model as safetensors, converting it if needed.

    The folder is named by the digest of the GGUF file.

    Raises
    ------
    MissingPartError
        If the model is not installed, or there is no room for its 540 MB.
    """
    source = locate(name)
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return made_once(f"{source.stem}-{digest[:16]}", lambda folder: _unpack(source, folder))


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder of the cache with a model's files, made if it is not there.

    It appears whole or not at all. Each file is checked against the digest taken when it was
    written; a folder that does not fit is made anew.

    Raises
    ------
    MissingPartError
        If the disk has no room for it.
    """
    folder = cache_folder() / "models" / name
    if is_whole(folder):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
    try:
        make(draft)
        (draft / _RECORD).write_text(json.dumps({"sha256": _digests(draft)}, indent=2))
        shutil.rmtree(folder, ignore_errors=True)
        try:
            draft.rename(folder)
        except OSError:
            # Another process was faster: its folder is as good, if it is whole.
            if not is_whole(folder):
                raise
    except OSError as error:
        raise MissingPartError(
            "Room for the language model's weights in the cache folder (SmolLM2: 540 MB).",
            f"{error.strerror or error} in {folder.parent}.",
            "Make room, or set STREC_CACHE to a folder with room.",
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def is_whole(folder: Path) -> bool:
    """Return whether a folder holds what was written into it."""
    try:
        record = json.loads((folder / _RECORD).read_text())["sha256"]
        return bool(record) and record == _digests(folder)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _unpack(source: Path, folder: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from strec.llm.weights import quiet

    where = {"gguf_file": source.name, "local_files_only": True}
    # The reader of GGUF draws a bar of its own.
    with quiet(), redirect_stderr(StringIO()):
        tokenizer = AutoTokenizer.from_pretrained(source.parent, **where)
        model = AutoModelForCausalLM.from_pretrained(source.parent, **where)
        # The weights are plain numbers now, which transformers would not save otherwise.
        model.hf_quantizer, model.is_quantized = None, False
        del model.config.quantization_config
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def _digests(folder: Path) -> dict[str, str]:
    digests = {}
    for path in sorted(folder.iterdir()):
        if path.name != _RECORD:
            with path.open("rb") as file:
                digests[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests
