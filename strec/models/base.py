"""What every model of strec can do, and how it is kept on disk.

A model is fitted on a training `Log`, scores `Queries`, and is saved as a folder of JSON and
safetensors files (see `strec.models.saved`).
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, get_args

import numpy as np

from strec.dataset import Dataset
from strec.errors import ModelError
from strec.models.language import Language
from strec.models.saved import Arrays, Saved, Texts, packed, unpacked
from strec.parts import require
from strec.progress import Progress
from strec.split import Log, Queries, Vocabulary
from strec.train import Watch

if TYPE_CHECKING:
    from strec.dataset import DatasetLike

Family = Literal["counting", "traditional", "spatio-temporal", "llm"]
FAMILIES: tuple[Family, ...] = get_args(Family)


class Model(Saved):
    """The contract of all models.

    ``__init__`` stores its parameters unchanged under their own names; what `fit` learns ends
    in an underscore. Subclasses give `_fit` and `_score`, and where what they learn is more than
    arrays and sparse matrices, `_arrays` and `_restore`; they say of themselves what is listed
    here. `strec.models.MODELS` finds them.
    """

    #: The name for people, and what the model does, in one plain sentence.
    label: ClassVar[str] = ""
    sentence: ClassVar[str] = ""
    #: Which group it belongs to, and its place in it where models are listed.
    family: ClassVar[Family] = "traditional"
    order: ClassVar[int] = 100
    #: Parameters with which it trains in seconds on a small table, to try it out; the language
    #: model is the tiny one then, or none.
    quick: ClassVar[Mapping[str, Any]] = {}
    #: Which language models it can take.
    language: ClassVar[Language | None] = None
    #: Whether `explain` takes its scores apart.
    explains: ClassVar[bool] = False
    #: Whether `fit` runs the loop of `strec.train`, which a GPU speeds up and processes can share.
    uses_loop: ClassVar[bool] = False

    #: Whether the scores of a query are probabilities that add up to 1.
    is_probability: bool = False
    #: Whether it is made for queries whose time is given, or not; None where it is made for both.
    time_known: bool | None = None
    #: What the last fit with the common loop recorded, a `strec.train.TrainingHistory`.
    history_: Any = None
    vocabulary_: Vocabulary | None = None

    def fit(
        self,
        train: "Log | DatasetLike",
        *,
        progress: Progress | None = None,
        watch: Watch | None = None,
    ) -> Self:
        """Learn from training check-ins.

        Parameters
        ----------
        train : Dataset or Log
            A data set, of which the training part alone is learned from, or what
            `strec.Dataset.of` makes one of; or training check-ins (`Split.train`).
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
        log = train if isinstance(train, Log) else Dataset.of(train).train
        if not (log.item >= 0).any():
            raise ModelError(
                "A model needs at least one training check-in.",
                f"{len(log):,} check-ins, none with an item of the vocabulary.",
                "Check the data and the split.",
            )
        require(*self.packages)
        watch = watch or Watch()
        watch = replace(watch, progress=progress) if progress else watch
        watch("Fitting the model", 0.0)
        self._fit(log, watch)
        self.vocabulary_ = log.vocabulary
        return self

    @property
    def is_fitted(self) -> bool:
        """Whether `fit` has been called, or the model was loaded."""
        return self.vocabulary_ is not None

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

    @abstractmethod
    def _fit(self, train: Log, watch: Watch) -> None:
        """Learn; report steps by ``watch(text, share)``, which also stops a cancelled fit."""

    @abstractmethod
    def _score(self, queries: Queries) -> np.ndarray: ...

    def _arrays(self) -> Arrays:
        """Return what was learned, to save: by default every array and sparse matrix in ``_``."""
        fitted = {n.removesuffix("_"): value for n, value in vars(self).items() if n[-1] == "_"}
        return packed(fitted)

    def _restore(self, arrays: Arrays) -> None:
        """Become the model whose `_arrays` these are."""
        vars(self).update({f"{name}_": value for name, value in unpacked(arrays).items()})

    def _kept(self) -> tuple[Arrays, Texts]:
        vocabulary = self._fitted()
        return self._arrays() | _vocabulary_arrays(vocabulary), _vocabulary_texts(vocabulary)

    def _take(self, arrays: Arrays, texts: Texts) -> None:
        self.vocabulary_ = _vocabulary(arrays, texts)
        self._restore(arrays)

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
class ScorePart:
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
    parts: tuple[ScorePart, ...]


_TEXTS = ("users", "items", "categories", "item_name", "item_text")
_NUMBERS = ("item_category", "item_lat", "item_lon", "item_spread_km")


def _vocabulary_texts(vocabulary: Vocabulary) -> Texts:
    return {name: getattr(vocabulary, name).tolist() for name in _TEXTS}


def _vocabulary_arrays(vocabulary: Vocabulary) -> Arrays:
    return {f"vocabulary.{name}": getattr(vocabulary, name) for name in _NUMBERS}


def _vocabulary(arrays: Arrays, texts: Texts) -> Vocabulary:
    # Models of earlier versions were saved without descriptions.
    texts = {"item_text": [""] * len(texts["items"])} | texts
    return Vocabulary(
        **{name: np.array(texts[name], dtype=object) for name in _TEXTS},
        **{name: arrays[f"vocabulary.{name}"] for name in _NUMBERS},
    )
