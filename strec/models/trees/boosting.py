"""Boosted trees whose leaves add to the log of what counting gives, softmax per query.

P(row) = softmax over the rows of a query of  start + Σ trees(row)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from strec.models.trees.numbers import Table

if TYPE_CHECKING:
    import lightgbm

#: Rows that a leaf holds at least, and rounds without gain after which no tree is added.
_FEWEST_IN_LEAF, _PATIENCE = 200, 20
_FEWEST_FOR_THREADS = 20_000


@dataclass(frozen=True)
class Lesson:
    """Candidates, which of them came, and how much each query counts."""

    table: Table
    hit: np.ndarray  # (R,) bool, one row per query
    weight: np.ndarray  # (Q,)

    def take(self, chosen: np.ndarray) -> "Lesson":
        """Return some queries, by a mask of shape ``(Q,)``."""
        kept = chosen[self.table.query]
        table = self.table.rows(kept)
        ptr = np.r_[0, np.cumsum(np.diff(table.ptr)[chosen])]
        table = Table(table.start, table.item, ptr, table.numbers)
        return Lesson(table, self.hit[kept], self.weight[chosen])


def softmax(logits: np.ndarray, ptr: np.ndarray) -> np.ndarray:
    """Return the share of each row within its query.

    Examples
    --------
    >>> softmax(np.zeros(3), np.array([0, 2, 2, 3])).tolist()
    [0.5, 0.5, 1.0]
    """
    size = np.diff(ptr)
    first, size = ptr[:-1][size > 0], size[size > 0]
    if not len(size):
        return logits
    raised = np.exp(logits - np.repeat(np.maximum.reduceat(logits, first), size))
    return raised / np.repeat(np.add.reduceat(raised, first), size)


class Binned:
    """A lesson as LightGBM holds it, a byte for each number, from which forests are grown.

    Parameters
    ----------
    lesson : Lesson
        Of some queries; its numbers are not held.
    drawn : list of numpy.ndarray
        For each forest, shape ``(Q,)``, bool: which queries are held out of it.
    n_leaves, learning_rate, seed
        Of `strec.models.Trees`.
    """

    def __init__(
        self,
        lesson: Lesson,
        drawn: Sequence[np.ndarray],
        *,
        n_leaves: int,
        learning_rate: float,
        seed: int,
    ):
        import lightgbm

        self._parameters: dict[str, Any] = {
            "learning_rate": learning_rate,
            "num_leaves": n_leaves,
            "min_data_in_leaf": _FEWEST_IN_LEAF,
            "min_sum_hessian_in_leaf": 1.0,
            "lambda_l2": 20.0,
            "feature_fraction": 0.4,
            "max_bin": 127,
            # The same trees on any number of threads.
            "deterministic": True,
            "force_col_wise": True,
            "seed": seed,
            "data_random_seed": seed,
            "verbosity": -1,
        }
        self.drawn = drawn
        table = lesson.table
        self._lesson = replace(lesson, table=replace(table, numbers=np.zeros((len(table.item), 0))))
        self._data = lightgbm.Dataset(
            table.numbers,
            lesson.hit,
            init_score=table.start,
            params=self._parameters,
            free_raw_data=True,
        ).construct()

    def boosted(
        self,
        member: int,
        *,
        n_trees: int,
        seed: int,
        on_share: Callable[[float], None],
        n_threads: int | None,
    ) -> "lightgbm.Booster | None":
        """Return trees that make what came most likely, as many as helped on what is held out.

        None where they did not help there by more than a standard error.

        Parameters
        ----------
        member : int
            Which forest it is, counted from 0.
        n_trees, seed : int
            How many trees at most, and the seed of what they draw.
        on_share : callable
            Called with the share done.
        n_threads : int, optional
            See `strec.models.Trees.grow`.
        """
        import lightgbm

        held = self.drawn[member]
        is_held, check = held[self._lesson.table.query], Check(self._lesson.take(held))

        def report(env: Any) -> None:
            on_share((env.iteration + 1) / n_trees)

        trees = lightgbm.train(
            {
                **self._parameters,
                "seed": seed,
                "num_threads": n_threads or 0,
                "objective": _objective(self._lesson.take(~held)),
            },
            self._some(~is_held),
            n_trees,
            valid_sets=[self._some(is_held)],
            feval=check,
            callbacks=[lightgbm.early_stopping(_PATIENCE, verbose=False), report],
        )
        helps = check.gain.mean() > check.gain.std() / len(check.gain) ** 0.5
        # Read anew, they let go of what they have learned from.
        return as_trees(as_array(trees)) if helps else None

    def _some(self, kept: np.ndarray) -> "lightgbm.Dataset":
        return self._data.subset(np.flatnonzero(kept).tolist())


def _objective(lesson: Lesson) -> Callable:
    # The rest of the lesson is not held while trees grow.
    ptr, hit = lesson.table.ptr, lesson.hit
    weight = np.repeat(lesson.weight, np.diff(ptr)).astype(np.float64)

    def slopes(logits: np.ndarray, _) -> tuple[np.ndarray, np.ndarray]:
        share = softmax(logits, ptr)
        return weight * (share - hit), weight * np.maximum(share * (1 - share), 1e-6)

    return slopes


class Check:
    """The mean of -log P of what came, as LightGBM asks for a measure; it remembers the best.

    `gain`, shape ``(Q,)``, is what each query gained there over no tree, weighed.
    """

    def __init__(self, lesson: Lesson):
        self._lesson, self._least, self.gain = lesson, np.inf, np.zeros(len(lesson.weight))
        self._weight = lesson.weight / lesson.weight.mean()
        self._without = _loss(lesson.table.start, lesson)

    def __call__(self, logits: np.ndarray, _) -> tuple[str, float, bool]:
        loss = _loss(logits, self._lesson)
        mean = float(np.average(loss, weights=self._weight))
        if mean < self._least:
            self._least, self.gain = mean, (self._without - loss) * self._weight
        return "surprise", mean, False


def _loss(logits: np.ndarray, lesson: Lesson) -> np.ndarray:
    """Return -log P of what came, shape ``(Q,)``."""
    return -np.log(softmax(logits, lesson.table.ptr)[lesson.hit] + 1e-12)


def told(forests: "Sequence[lightgbm.Booster]", numbers: np.ndarray) -> np.ndarray:
    """Return what trees add to each row, the mean over forests, shape ``(R,)``; 0 without any."""
    total = np.zeros(len(numbers))
    # Few rows are done before threads have met.
    n_threads = 1 if len(numbers) < _FEWEST_FOR_THREADS else 0
    for trees in forests if len(numbers) else ():
        # Trees saved before a column came are not told it: new ones stand last.
        heard = numbers[:, : trees.num_feature()]
        total += np.asarray(trees.predict(heard, raw_score=True, num_threads=n_threads))
    return total / max(len(forests), 1)


def shares_of_reasons(
    forests: "Sequence[lightgbm.Booster]", numbers: np.ndarray, reasons: list[str]
) -> dict[str, np.ndarray]:
    """Return what each reason adds to each row, shape ``(R,)`` each; ``""`` is what all rows get.

    References
    ----------
    Lundberg et al., "From local explanations to global understanding with explainable AI for
    trees", Nature Machine Intelligence 2020.
    """
    found = {name: np.zeros(len(numbers)) for name in ("", *reasons)}
    for trees in forests if len(numbers) else ():
        n = trees.num_feature()
        parts = np.asarray(trees.predict(numbers[:, :n], pred_contrib=True, num_threads=1))
        for name, column in zip((*reasons[:n], ""), parts.T / len(forests), strict=True):
            found[name] = found[name] + column
    return found


def as_array(trees: "lightgbm.Booster") -> np.ndarray:
    """Return trees as bytes: the text of LightGBM."""
    return np.frombuffer(trees.model_to_string().encode(), dtype=np.uint8)


def as_trees(array: np.ndarray) -> "lightgbm.Booster":
    """Return the trees whose `as_array` this is; ValueError where it is none."""
    import lightgbm

    try:
        return lightgbm.Booster(model_str=array.tobytes().decode())
    except (lightgbm.basic.LightGBMError, UnicodeDecodeError) as error:
        raise ValueError(f"its trees cannot be read ({error})") from error
