"""What every model of strec can do, and how it is kept on disk.

A model is fitted on a training `Log`, scores `Queries`, and is saved as a folder of JSON and
safetensors files (see `strec.models.saved`).
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, get_args

import numpy as np
import polars as pl

from strec.dataset import Dataset
from strec.errors import ModelError
from strec.metrics import best_first
from strec.models.calibration import heated
from strec.models.language import Language
from strec.models.listing import listing
from strec.models.saved import Arrays, Saved, Texts, packed, unpacked
from strec.parts import require
from strec.progress import Progress
from strec.split import Log, Queries, Question, Questions, Vocabulary
from strec.split.cut import SCORED, Scored
from strec.train import Watch

if TYPE_CHECKING:
    from strec.dataset import DatasetLike

Family = Literal["counting", "traditional", "spatio-temporal", "llm"]
Moment = datetime | str | None
Place = tuple[float, float] | None
FAMILIES: tuple[Family, ...] = get_args(Family)

#: A model that knows a smaller share of the check-ins' items was trained on something else.
_LEAST_KNOWN = 0.5
#: Scores that are held at once where the best of each query alone are wanted.
_NUMBERS_AT_ONCE = 20_000_000


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
    #: Whether the order of a history counts, not just what is in it.
    reads_order: ClassVar[bool] = True
    #: Whether `fit` runs the loop of `strec.train`, which a GPU speeds up and processes can share.
    uses_loop: ClassVar[bool] = False

    #: Whether the scores of a query are probabilities that add up to 1.
    is_probability: bool = False
    #: Whether it is made for queries whose time is given, or not; None where it is made for both.
    time_known: bool | None = None
    #: Temperatures of its probabilities for ends of sessions and for any check-in (`SCORED`), NaN
    #: where none was fitted; see `strec.models.calibration`.
    calibration_: np.ndarray = np.full(2, np.nan)
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

        Examples
        --------
        >>> from strec import CounterMix, schema
        >>> CounterMix().fit(schema.example())
        CounterMix(time_known=True, slice_share=0.15, n_queries=3000, ridge=3.0, seed=0)
        """
        log = train if isinstance(train, Log) else Dataset.of(train).train
        if not isinstance(watch, Watch | None):
            raise ModelError(
                "A watch is a strec.train.Watch.", f"a {type(watch).__name__}.", "Leave it out."
            )
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
        self.calibration_ = np.full(2, np.nan)
        self._fit(log, watch)
        self.vocabulary_ = log.vocabulary
        return self

    @property
    def remark(self) -> str:
        """What a reader of a fitted model's results should know of it, a sentence; mostly none."""
        return ""

    @property
    def is_fitted(self) -> bool:
        """Whether `fit` has been called, or the model was loaded."""
        return self.vocabulary_ is not None

    def score(self, queries: Queries) -> np.ndarray:
        """Return a score for each query and item; higher is better.

        Parameters
        ----------
        queries : Queries
            With the model's vocabulary.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_queries, n_items)``, float64.

        Raises
        ------
        ModelError
            If the model is not fitted, or the queries use another vocabulary.

        Examples
        --------
        >>> from strec import Dataset, schema
        >>> from strec.models import MODELS
        >>> from strec.split import queries_of_rows
        >>> dataset = Dataset(schema.example())
        >>> model = MODELS["popularity"]().fit(dataset.everything)
        >>> model.score(queries_of_rows(dataset.everything, np.array([3]))).round(2).tolist()
        [[0.5, 0.25, 0.25]]
        """
        vocabulary = self._fitted()
        if isinstance(queries, Queries) and queries.vocabulary.differs_in_order(vocabulary):
            # A model of an earlier version, whose items stand in the order of their ids.
            code = vocabulary.item_codes(queries.vocabulary.items)
            return self._warm(self._score(queries.recoded(vocabulary)))[:, code]
        self._check(queries)
        return self._warm(self._score(queries))

    def _warm(self, scores: np.ndarray) -> np.ndarray:
        return heated(scores, self.temperature("every")) if self.is_probability else scores

    def temperature(self, scored: Scored) -> float:
        """Return the temperature that its probabilities have for what is scored.

        Parameters
        ----------
        scored : str
            ``"session_end"`` or ``"every"``; see `Split.queries`.

        Examples
        --------
        >>> from strec import schema
        >>> from strec.models import MODELS
        >>> MODELS["popularity"]().fit(schema.example()).temperature("every")  # too few to tell
        1.0
        """
        ends, every = np.nan_to_num(self.calibration_, nan=1.0)
        return float(ends if self.is_calibrated(scored) and scored == "session_end" else every)

    def is_calibrated(self, scored: Scored) -> bool:
        """Whether a temperature was fitted for what is scored.

        Parameters
        ----------
        scored : str
            ``"session_end"`` or ``"every"``; see `Split.queries`.

        Examples
        --------
        >>> from strec import schema
        >>> from strec.models import MODELS
        >>> MODELS["popularity"]().fit(schema.example()).is_calibrated("session_end")
        False
        """
        return not np.isnan(self.calibration_[SCORED.index(scored)])

    def calibrated(self, scores: np.ndarray, scored: Scored) -> np.ndarray:
        """Return probabilities as they are right for what is scored; no rank changes.

        A probability of `score` is that of the next check-in, whichever it is. At the end of a
        session people are easier to foresee, or harder: a model that has learned by how much in
        training (`is_calibrated`) says so here. Scores that are no probabilities stay as they are.

        Parameters
        ----------
        scores : numpy.ndarray
            What `score` returns.
        scored : str
            ``"session_end"`` or ``"every"``; see `Split.queries`.

        Examples
        --------
        >>> from strec import schema
        >>> from strec.models import MODELS
        >>> model = MODELS["popularity"]().fit(schema.example())
        >>> model.calibrated(np.array([[0.6, 0.4]]), "session_end").tolist()  # no such model
        [[0.6, 0.4]]
        """
        if scored == "every" or not self.is_probability:
            return scores
        return heated(scores, self.temperature("session_end") / self.temperature("every"))

    def top(self, queries: Queries, k: int = 10) -> tuple[np.ndarray, np.ndarray]:
        """Return the k best items of each query and their scores, best first.

        Equal scores keep the order of item codes.

        Parameters
        ----------
        queries : Queries
            With the model's vocabulary.
        k : int
            Length of the lists.

        Returns
        -------
        tuple of numpy.ndarray
            Item codes and scores, each of shape ``(n_queries, min(k, n_items))``.

        Examples
        --------
        >>> from strec import Dataset, schema
        >>> from strec.models import MODELS
        >>> from strec.split import queries_of_rows
        >>> dataset = Dataset(schema.example())
        >>> model = MODELS["popularity"]().fit(dataset.everything)
        >>> best, score = model.top(queries_of_rows(dataset.everything, np.array([3])), k=1)
        >>> dataset.everything.vocabulary.item_ids(best[0]).to_list()
        ['cafe']
        """
        if not isinstance(queries, Queries):
            self._check(queries)
        codes, values = [], []
        # Of many items, all scores of a thousand queries are gigabytes.
        for piece in list(queries.pieces(_NUMBERS_AT_ONCE)) or [queries]:
            scores = self.score(piece)
            codes.append(best_first(scores, k))
            values.append(np.take_along_axis(scores, codes[-1], axis=1))
        return np.concatenate(codes), np.concatenate(values)

    def recommend(
        self,
        data: "DatasetLike",
        users: "str | Sequence[str | None] | None" = None,
        when: "Moment | Sequence[Moment]" = None,
        where: "Place | Sequence[Place]" = None,
        *,
        k: int = 10,
    ) -> pl.DataFrame:
        """Return what is most probable next for users of a data set.

        Parameters
        ----------
        data : Dataset
            Check-ins, of which each user's before the moment asked about are seen; or what
            `strec.Dataset.of` makes a data set of.
        users : str or sequence of str, optional
            Whom to recommend to, everybody when not given; None among them is somebody new.
        when : datetime or str, or a sequence with one per user, optional
            Local time, such as ``"2024-06-05 18:30"``; just after the user's last check-in when
            not given.
        where : tuple of float, or a sequence with one per user, optional
            Latitude and longitude; the place of the user's last check-in when not given.
        k : int
            Length of each list.

        Returns
        -------
        polars.DataFrame
            One row per user and rank: ``user_id, rank, item_id, item_name, category, lat, lon,
            distance_km, score, probability, is_return, n_visits, last_visit``. `probability` is
            null where the model's scores are none.

        Raises
        ------
        ModelError
            If the model is not fitted, was trained on other items, or a user is unknown.

        Examples
        --------
        >>> from strec.models import CounterMix
        >>> model = CounterMix().fit("travel")
        >>> found = model.recommend("travel", ["tourist_0001"], "2024-06-05 10:00", k=3)
        >>> found["user_id"].to_list(), found["rank"].to_list()
        (['tourist_0001', 'tourist_0001', 'tourist_0001'], [1, 2, 3])
        """
        log = self.log_of(data)
        if not isinstance(k, int) or k < 1:
            raise ModelError("A list has at least one item.", f"k={k!r:.60}.", "Use k=10, say.")
        listed = list(log.owner_ids) if users is None else _each(users)
        moments = _one_for_each(when, len(listed), lambda each: isinstance(each, str | date))
        places = _one_for_each(where, len(listed), _is_place)
        asked: list[Question] = []
        for user, moment, place in zip(listed, moments, places, strict=True):
            lat, lon = place or (None, None)
            asked.append((user, moment, lat, lon))
        frames = []
        for number, queries in Questions(log).many(asked):
            scores = self.score(queries)
            chances = scores if self.is_probability else None
            best = [row[kept[row]][:k] for row, kept in
                    zip(best_first(scores, k + 1), queries.may_come, strict=True)]  # fmt: skip
            frames.append(listing(queries, best, scores, chances, number))
        if not frames:
            raise ModelError("Somebody to recommend to.", "no user.", "Give at least one user.")
        table = pl.concat(frames).sort("query", "rank")
        names = pl.Series("user_id", listed, dtype=pl.String)
        return table.insert_column(0, names[table["query"]]).drop("query")

    def log_of(self, data: "DatasetLike") -> Log:
        """Return check-ins encoded with the model's vocabulary.

        Parameters
        ----------
        data : Dataset
            Or what `strec.Dataset.of` makes one of.

        Raises
        ------
        ModelError
            If the model is not fitted, or was trained on other items.

        Examples
        --------
        >>> from strec import Dataset, schema
        >>> from strec.models import MODELS
        >>> dataset = Dataset(schema.example())
        >>> model = MODELS["popularity"]().fit(dataset.everything)
        >>> model.log_of(dataset).item.tolist()
        [0, 1, 0, 2]
        """
        vocabulary, dataset = self._fitted(), Dataset.of(data)
        log = dataset.encoded(vocabulary)
        known = float((log.item >= 0).mean())
        if known < _LEAST_KNOWN:
            raise ModelError(
                "A model answers for the data set that it was trained on.",
                f"a model that knows the items of {100 * known:.0f} % of these check-ins.",
                "Choose a model of this data set, or the counter mix, which needs no training.",
            )
        return log

    def explain(self, queries: Queries, row: int, items: np.ndarray) -> list["Explanation"]:
        """Return, for one query, the exact parts of the scores of some items.

        Parameters
        ----------
        queries : Queries
            With the model's vocabulary.
        row : int
            Which of the queries.
        items : numpy.ndarray
            Item codes, shape ``(n,)``.

        Raises
        ------
        ModelError
            If this kind of model has no parts.

        Examples
        --------
        >>> from strec import Dataset, schema
        >>> from strec.models import MODELS
        >>> from strec.split import queries_of_rows
        >>> dataset = Dataset(schema.example())
        >>> model = MODELS["counter_mix"]().fit(dataset.everything)
        >>> queries = queries_of_rows(dataset.everything, np.array([3]))
        >>> (found,) = model.explain(queries, 0, np.array([0]))
        >>> abs(found.score - sum(part.value for part in found.parts)) < 1e-9
        True
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
        own = self._arrays() | {"calibration": self.calibration_}
        return own | _vocabulary_arrays(vocabulary), _vocabulary_texts(vocabulary)

    def _take(self, arrays: Arrays, texts: Texts) -> None:
        self.vocabulary_ = _vocabulary(arrays, texts)
        # Models of 0.3 and before have none.
        self.calibration_ = arrays.get("calibration", np.full(2, np.nan))
        self._restore(arrays)

    def _fitted(self) -> Vocabulary:
        if self.vocabulary_ is None:
            raise ModelError(
                "The model must be fitted first.", "a model without training.", "Call fit(train)."
            )
        return self.vocabulary_

    def _check(self, queries: Queries) -> None:
        vocabulary = self._fitted()
        if not isinstance(queries, Queries):
            raise ModelError(
                "A model scores Queries, as Split.queries makes them.",
                f"a {type(queries).__name__}.",
                "For check-ins use recommend(dataset), or strec.evaluate.",
            )
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

    Examples
    --------
    >>> rows = np.array([0, 3])
    >>> part = ScorePart("hour", 0.2, rows, weights=np.array([0.9, 0.4]))
    >>> part.name, part.value
    ('hour', 0.2)
    """

    name: str
    value: float
    rows: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Explanation:
    """Why an item has its score: parts that add up to it.

    Parameters
    ----------
    item : int
        The item's code.
    score : float
        The sum of the parts.
    parts : tuple of ScorePart
        What each evidence adds.
    """

    item: int
    score: float
    parts: tuple[ScorePart, ...]


def with_scores(found: Iterable[Explanation], scores: np.ndarray) -> list[Explanation]:
    """Return explanations whose parts keep their shares of the items' scores, ``(n_items,)``."""
    scaled = []
    for each in found:
        score = float(scores[each.item])
        factor = score / each.score if each.score > 0 else 1.0
        parts = tuple(replace(part, value=factor * part.value) for part in each.parts)
        scaled.append(Explanation(each.item, float(sum(part.value for part in parts)), parts))
    return scaled


def _is_place(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and not isinstance(value[0], tuple)


def _each(users: Any) -> list:
    """Return users as a list; one is a list of one."""
    if isinstance(users, str):
        return [users]
    if isinstance(users, Iterable):
        listed = list(users)
        if all(isinstance(user, str | None) for user in listed):
            return listed
    raise ModelError(
        "Users are ids: one text, or a list of them.", f"{users!r:.60}.", "Give them so."
    )


def _one_for_each(values: Any, n: int, is_one: Callable[[Any], bool]) -> list:
    """Return one value per user; one for all is repeated."""
    if values is None or is_one(values):
        return [values] * n
    listed = list(values) if isinstance(values, Iterable) else [values]
    if len(listed) != n or not all(each is None or is_one(each) for each in listed):
        raise ModelError(
            "A moment such as 2024-06-05 18:30, or a place (latitude, longitude), for all users "
            "or one for each.",
            f"{values!r:.80}, for {n:,} users.",
            "Give one, or as many as there are users.",
        )
    return listed


_TEXTS = ("users", "items", "categories", "item_name", "item_text")
_NUMBERS = ("item_category", "item_lat", "item_lon", "item_spread_km")


def _vocabulary_texts(vocabulary: Vocabulary) -> Texts:
    return {name: vars(vocabulary)[name].tolist() for name in _TEXTS}


def _vocabulary_arrays(vocabulary: Vocabulary) -> Arrays:
    return {f"vocabulary.{name}": vars(vocabulary)[name] for name in _NUMBERS}


def _vocabulary(arrays: Arrays, texts: Texts) -> Vocabulary:
    # Models of earlier versions were saved without descriptions.
    texts = {"item_text": [""] * len(texts["items"])} | texts
    return Vocabulary(
        **{name: np.array(texts[name], dtype=object) for name in _TEXTS},
        **{name: arrays[f"vocabulary.{name}"] for name in _NUMBERS},
    )
