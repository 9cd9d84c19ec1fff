"""From the name of a model to its files, its fingerprint, and the loaded model."""

import hashlib
import re
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from strec.errors import MissingPartError
from strec.llm.embedded import locate
from strec.parts import require

#: Names of the models that come with the installation.
EMBEDDED = ("minilm", "smollm2", "tiny")
#: Text and numbers alone: no pickled weights, no code.
_FILES = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja")
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")


def resolve(model: str | Path, *, online: bool = False) -> Path:
    """Return the folder with the files of a model.

    Parameters
    ----------
    model : str or pathlib.Path
        ``"minilm"``, ``"smollm2"``, ``"tiny"`` (random weights, to try things out), a folder
        that ``save_pretrained`` wrote, or an id of the Hugging Face hub.
    online : bool
        Whether a hub id may be downloaded; otherwise it must be on this machine already.

    Raises
    ------
    MissingPartError
        If there is no such model here.
    """
    if model == "minilm":
        return locate("encoder")
    if model == "smollm2":
        from strec.llm.convert import converted

        return converted()
    if model == "tiny":
        from strec.llm.tiny import tiny

        return tiny()
    folder = Path(model)
    if (folder / "config.json").is_file():
        return folder
    if folder.exists() or not _HUB_ID.fullmatch(str(model)):
        raise _unknown(model, "no folder with a config.json" if folder.exists() else "no folder")
    return _from_hub(str(model), online)


def load(folder: Path, purpose: Literal["encode", "write"]) -> tuple[Any, Any]:
    """Return tokenizer and model of a folder, in float32, ready for use.

    Only safetensors are read, and no code that comes with a model is run.

    Raises
    ------
    MissingPartError
        If transformers cannot load the files.
    """
    require("torch", "transformers")
    import torch
    import transformers
    from safetensors import SafetensorError

    kind = transformers.AutoModel if purpose == "encode" else transformers.AutoModelForCausalLM
    safe = {"local_files_only": True, "trust_remote_code": False}
    try:
        with quiet():
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **safe)
            model = kind.from_pretrained(folder, use_safetensors=True, dtype=torch.float32, **safe)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, AttributeError, TypeError,
            SafetensorError) as error:  # fmt: skip
        raise MissingPartError(
            "A model folder holds config.json, a tokenizer and safetensors of an architecture "
            "that transformers knows.",
            f"{folder.name}: {type(error).__name__}: {str(error).splitlines()[0][:200]}",
            "Save the model anew with save_pretrained, or choose another.",
        ) from error
    return tokenizer, model.eval()


def fingerprint(folder: Path) -> str:
    """Return a digest of all files that decide what a model answers.

    Examples
    --------
    >>> len(fingerprint(locate("encoder")))
    16
    """
    files = sorted(path for pattern in _FILES for path in folder.glob(pattern))
    return _digest(tuple((path, path.stat().st_size, path.stat().st_mtime_ns) for path in files))


@contextmanager
def quiet():
    """Keep transformers from writing bars and advice between the lines of strec."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


@lru_cache(maxsize=32)
def _digest(files: tuple[tuple[Path, int, int], ...]) -> str:
    total = hashlib.sha256()
    for path, _, _ in files:
        with path.open("rb") as file:
            total.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()[:16]


def _from_hub(model: str, online: bool) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(model, local_files_only=not online, allow_patterns=list(_FILES))
        )
    # The hub raises its own errors, those of HTTP, and of the file system.
    except Exception as error:
        why = "not on this machine" if not online else f"no download ({type(error).__name__})"
        raise _unknown(model, why) from error


def _unknown(model: str | Path, why: str) -> MissingPartError:
    return MissingPartError(
        f"A model is one of {', '.join(EMBEDDED)}, a folder, or a hub id that is on this machine.",
        f"{str(model)[:200]!r}: {why}.",
        "Give the folder of a model saved with save_pretrained, or allow the download of a hub id "
        "with online=True.",
    )
