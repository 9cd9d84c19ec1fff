"""What every model of strec can do, and how it is kept on disk.

A model is fitted on a training `Log`, scores `Queries`, and is saved as a folder of JSON and
safetensors files: text and numbers, never code.
"""

import hashlib
import inspect
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from strec.errors import ModelError
from strec.split import Log, Queries, Vocabulary
from strec.train import Watch

FORMAT = "strec-model"
FORMAT_VERSION = 1

Progress = Callable[[str, float], None]


class Model(ABC):
    """The contract of all models.

    ``__init__`` stores its parameters unchanged under their own names; what `fit` learns ends
    in an underscore. Subclasses give `_fit`, `_score`, `_arrays` and `_restore`.
    """

    #: Name in saved files and in results.
    kind: ClassVar[str]
    #: Whether `fit` runs the loop of `strec.train`, which several processes can share.
    uses_loop: ClassVar[bool] = False

    vocabulary_: Vocabulary | None = None

    def fit(
        self, train: Log, *, progress: Progress | None = None, watch: Watch | None = None
    ) -> Self:
        """Learn from training check-ins.

        Parameters
        ----------
        train : Log
            Training check-ins alone (`Split.train`).
        progress : callable, optional
            Called with a text and the share done, 0 to 1.
        watch : Watch, optional
            Listens to every event, keeps checkpoints, sets a time budget, stops the training.

        Raises
        ------
        ModelError
            If there is no check-in to learn from.
        Cancelled
            If the watch stopped it.
        """
        if not (train.item >= 0).any():
            raise ModelError(
                "A model needs at least one training check-in.",
                f"{len(train):,} check-ins, none with an item of the vocabulary.",
                "Check the data and the split.",
            )
        watch = watch or Watch()
        watch = replace(watch, on_progress=progress) if progress else watch
        watch("Fitting the model", 0.0)
        self._fit(train, watch)
        self.vocabulary_ = train.vocabulary
        return self

    def score(self, queries: Queries) -> np.ndarray:
        """Return a score for each query and item; higher is better.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_queries, n_items)``, float64.

        Raises
        ------
        ModelError
            If the model is not fitted, or the queries use another vocabulary.
        """
        self._check(queries)
        return self._score(queries)

    def recommend(self, queries: Queries, k: int = 10) -> tuple[np.ndarray, np.ndarray]:
        """Return the k best items of each query and their scores, best first.

        Equal scores keep the order of item codes.

        Returns
        -------
        tuple of numpy.ndarray
            Item codes and scores, each of shape ``(n_queries, min(k, n_items))``.
        """
        scores = self.score(queries)
        best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return best, np.take_along_axis(scores, best, axis=1)

    def explain(self, queries: Queries, row: int, items: np.ndarray) -> list["Explanation"]:
        """Return, for one query, the exact parts of the scores of some items.

        Raises
        ------
        ModelError
            If this kind of model has no parts.
        """
        raise ModelError(
            "An explanation needs a model whose score is a sum of parts.",
            f"a model of kind {self.kind!r}.",
            "Use the counter mix, or look at the scores alone.",
        )

    def params(self) -> dict[str, Any]:
        """Return the parameters given to ``__init__``."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.params().items())
        return f"{type(self).__name__}({values})"

    def save(self, folder: str | Path) -> Path:
        """Write the fitted model into a folder, and return its path.

        Raises
        ------
        ModelError
            If the model is not fitted, or the disk does not take it.
        """
        from safetensors.numpy import save

        vocabulary = self._fitted()
        folder = Path(folder)
        arrays = self._arrays() | _vocabulary_arrays(vocabulary)
        tensors = save({name: np.ascontiguousarray(value) for name, value in arrays.items()})
        texts = json.dumps(_vocabulary_texts(vocabulary), ensure_ascii=False).encode()
        head = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "kind": self.kind,
            "params": self.params(),
            "sha256": {name: _digest(data) for name, data in _named(tensors, texts).items()},
        }
        files = _named(tensors, texts) | {"model.json": json.dumps(head, indent=2).encode()}
        _write(folder, files)
        return folder

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a model that `save` wrote.

        Raises
        ------
        ModelError
            If the folder holds no model, another kind, or files changed since.
        """
        head, arrays, texts = read_folder(Path(folder))
        if head["kind"] != cls.kind:
            raise ModelError(
                f"A model of kind {cls.kind!r} is needed.",
                f"kind {head['kind']!r} in {folder}.",
                "Load it with strec.models.load_model, which knows all kinds.",
            )
        try:
            model = cls(**head["params"])
            model.vocabulary_ = _vocabulary(arrays, texts)
            model._restore(arrays)
        except (TypeError, KeyError, ValueError, IndexError) as error:
            raise _broken(folder, f"its content does not fit this version ({error}).") from error
        return model

    @abstractmethod
    def _fit(self, train: Log, watch: Watch) -> None:
        """Learn; report steps by ``watch(text, share)``, which also stops a cancelled fit."""

    @abstractmethod
    def _score(self, queries: Queries) -> np.ndarray: ...

    @abstractmethod
    def _arrays(self) -> dict[str, np.ndarray]: ...

    @abstractmethod
    def _restore(self, arrays: dict[str, np.ndarray]) -> None: ...

    def _fitted(self) -> Vocabulary:
        if self.vocabulary_ is None:
            raise ModelError(
                "The model must be fitted first.", "a model without training.", "Call fit(train)."
            )
        return self.vocabulary_

    def _check(self, queries: Queries) -> None:
        vocabulary = self._fitted()
        if queries.vocabulary is not vocabulary and queries.vocabulary.digest != vocabulary.digest:
            raise ModelError(
                "Queries and model share one vocabulary.",
                f"a model of {len(vocabulary.items):,} items and queries of "
                f"{len(queries.vocabulary.items):,} other items.",
                "Encode the check-ins with the model's vocabulary_.",
            )


@dataclass(frozen=True)
class Part:
    """One named part of a score.

    Attributes
    ----------
    name : str
        What it stands for, for instance ``"hour"``.
    value : float
        Its share of the score; the parts of an explanation add up to the score.
    rows : numpy.ndarray
        Rows of the queries' log behind it, the strongest first; may be empty.
    weights : numpy.ndarray
        How strongly each of these rows speaks, aligned with `rows`.
    """

    name: str
    value: float
    rows: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Explanation:
    """Why an item has its score: parts that add up to it."""

    item: int
    score: float
    parts: tuple[Part, ...]


def read_folder(folder: Path) -> tuple[dict, dict[str, np.ndarray], dict[str, list[str]]]:
    """Return head, arrays and texts of a saved model, checked against their digests."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        head = json.loads((folder / "model.json").read_text())
        data = {name: (folder / name).read_bytes() for name in _named(b"", b"")}
    except FileNotFoundError as error:
        raise _broken(folder, f"{Path(error.filename).name} is missing.") from error
    except (OSError, ValueError) as error:
        raise _broken(folder, f"it cannot be read ({error}).") from error
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise _broken(folder, "model.json is not the head of a strec model.")
    if head.get("version") != FORMAT_VERSION:
        raise _broken(folder, f"format version {head.get('version')}, not {FORMAT_VERSION}.")
    if not {"kind", "params", "sha256"} <= head.keys():
        raise _broken(folder, "model.json lacks kind, params or sha256.")
    for name, content in data.items():
        if not isinstance(head["sha256"], dict) or head["sha256"].get(name) != _digest(content):
            raise _broken(folder, f"{name} was changed after it was saved.")
    try:
        return head, load(data["model.safetensors"]), json.loads(data["vocabulary.json"])
    except (SafetensorError, ValueError) as error:
        raise _broken(folder, f"it cannot be read ({error}).") from error


def _write(folder: Path, files: dict[str, bytes]) -> None:
    """Write files whole or not at all, in their order.

    The head comes last: a folder whose writing was cut short is not taken for a model.
    """
    fresh = {name: folder / f".{name}.{os.getpid()}" for name in files}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            fresh[name].write_bytes(data)
        for name in files:
            os.replace(fresh[name], folder / name)
    except OSError as error:
        raise ModelError(
            f"A model needs {sum(map(len, files.values())) / 1e6:,.1f} MB of disk.",
            f"{folder} cannot be written ({error.strerror or error}).",
            "Free some space or choose another folder, then save it again.",
        ) from error
    finally:
        for path in fresh.values():
            path.unlink(missing_ok=True)


def _broken(folder: str | Path, why: str) -> ModelError:
    return ModelError(
        "A model folder is one that strec's save has written, unchanged.",
        f"{folder}: {why}",
        "Save the model again, or choose another folder.",
    )


def _named(tensors: bytes, texts: bytes) -> dict[str, bytes]:
    return {"model.safetensors": tensors, "vocabulary.json": texts}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


_TEXTS = ("users", "items", "categories", "item_name", "item_text")
_NUMBERS = ("item_category", "item_lat", "item_lon", "item_spread_km")


def _vocabulary_texts(vocabulary: Vocabulary) -> dict[str, list[str]]:
    return {name: getattr(vocabulary, name).tolist() for name in _TEXTS}


def _vocabulary_arrays(vocabulary: Vocabulary) -> dict[str, np.ndarray]:
    return {f"vocabulary.{name}": getattr(vocabulary, name) for name in _NUMBERS}


def _vocabulary(arrays: dict[str, np.ndarray], texts: dict[str, list[str]]) -> Vocabulary:
    # Models of earlier versions were saved without descriptions.
    texts = {"item_text": [""] * len(texts["items"])} | texts
    return Vocabulary(
        **{name: np.array(texts[name], dtype=object) for name in _TEXTS},
        **{name: arrays[f"vocabulary.{name}"] for name in _NUMBERS},
    )
