"""What a protection buys in privacy, and what it costs in accuracy."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from strec import metrics, schema
from strec.dataset import MOST_CHECKINS, Dataset
from strec.errors import StrecError
from strec.models import CounterMix
from strec.privacy.protection import Protection
from strec.privacy.risk import RiskReport, risk
from strec.progress import Progress, silent
from strec.split import TRAIN, VALIDATION, Split, Vocabulary, encode, queries_of_rows
from strec.split.cut import beginning_of_moment
from strec.split.log import in_order

if TYPE_CHECKING:
    from strec.dataset import DatasetLike

MEASURES = ("acc@1", "mrr")
#: Fewer queries than this and the validation part is asked about every check-in.
_FEW = 100
_ROW, _PART = "_row", "_part"


class Cost(NamedTuple):
    """One measure of accuracy before and after, on the queries that both can be asked."""

    before: float
    after: float
    low: float | None
    high: float | None

    @property
    def change(self) -> float:
        """Return after minus before; `low` and `high` are its 95 % interval over users, if any."""
        return self.after - self.before

    @property
    def is_real(self) -> bool:
        """Whether the interval of the change excludes 0."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class UtilityLoss:
    """A protection's worth and cost.

    Attributes
    ----------
    before, after : RiskReport
        What the table gives away.
    accuracy : dict of str to Cost
        ``"acc@1"`` and ``"mrr"`` of the counter mix on the validation part; empty where the data
        are too few, and `why` says so.
    n_queries, n_lost : int
        Queries that both were asked, and those that suppression left out.
    why : str
        Why there is no accuracy; empty else.
    """

    before: RiskReport
    after: RiskReport
    accuracy: dict[str, Cost]
    n_queries: int
    n_lost: int
    why: str

    def to_dict(self) -> dict:
        """Return plain numbers and texts."""
        return {
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "accuracy": {
                name: cost._asdict() | {"change": cost.change}
                for name, cost in self.accuracy.items()
            },
            "n_queries": self.n_queries,
            "n_lost": self.n_lost,
            "why": self.why,
        }


def utility_loss(
    data: "DatasetLike",
    protection: Protection,
    *,
    before: RiskReport | None = None,
    n_queries: int = 1000,
    seed: int = 0,
    progress: Progress | None = None,
    **setting,
) -> UtilityLoss:
    """Measure risk and accuracy before and after a protection.

    The counter mix is fitted on the training part of each table and asked about the same
    check-ins of the validation part, in the protected table as they are shown there.

    Parameters
    ----------
    data : Dataset
        Or what `strec.Dataset.of` makes one of.
    protection : Protection
        What is done to them.
    before : RiskReport, optional
        ``risk(checkins, ...)`` where it is there already; of a store from which users are drawn
        (more than `MOST_CHECKINS`) it is measured anew, on the same users.
    n_queries, seed : int
        Queries drawn at most, and the seed of all that is drawn.
    progress : callable, optional
        Called with a text and the share done.
    **setting
        For `risk`: `resolution`, `hours`, `k`, `at_most`.

    Examples
    --------
    >>> found = utility_loss(schema.example(), Protection(resolution=5))
    >>> found.before.n_users, bool(found.why)
    (2, True)
    """
    checkins, drawn = Dataset.of(data).some_users(MOST_CHECKINS)
    tell = progress or silent
    tell("Counting who could be found", 0.0)
    if before is None or drawn:
        before = replace(risk(checkins, seed=seed, **setting), drawn=drawn)
    after = replace(risk(checkins, protection, seed=seed, **setting), drawn=drawn)
    accuracy, asked, lost, why = {}, 0, 0, ""
    try:
        accuracy, asked, lost = _accuracy(checkins, protection, n_queries, seed, tell)
    except StrecError as error:
        why = f"{error.needed} Found: {error.found}"
    tell("Done", 1.0)
    return UtilityLoss(before, after, accuracy, asked, lost, why)


def _accuracy(checkins, protection: Protection, n_queries: int, seed: int, tell):
    marked = _with_parts(checkins)
    tell("Fitting on the check-ins as they are", 0.2)
    plain, rows = _split(marked)
    chosen = _choose(plain, rows, n_queries, seed)
    first = _scores(plain, rows, chosen)
    tell("Fitting on the protected check-ins", 0.6)
    guarded, rows = _split(protection.without_pseudonyms().apply(marked, seed=seed))
    second = _scores(guarded, rows, chosen)
    pairs = first.join(second, on=_ROW, suffix="_after").sort(_ROW)
    if not len(pairs):
        _refuse("no query is left after suppression.")
    users = pairs[schema.USER].to_numpy()
    costs = {}
    for name in MEASURES:
        was, now = (pairs[each].to_numpy() for each in (name, f"{name}_after"))
        low, high = metrics.user_interval(now - was, users)
        costs[name] = Cost(float(was.mean()), float(now.mean()), low, high)
    return costs, len(pairs), len(first) - len(pairs)


def _with_parts(checkins: pl.DataFrame) -> pl.DataFrame:
    """Number the rows and mark their part: 80 % training, 10 % validation, by time."""
    ordered = checkins.sort(schema.TIME, schema.USER, schema.ITEM)
    n, moments = len(ordered), ordered[schema.TIME]
    cuts = [beginning_of_moment(moments, round(n * share)) for share in (0.8, 0.9)]
    part = np.searchsorted(cuts, np.arange(n), side="right")
    if not (part == VALIDATION).any() or n < 10:
        _refuse(f"{n:,} check-ins.")
    return ordered.with_row_index(_ROW).with_columns(pl.Series(_PART, part, dtype=pl.Int8))


def _split(marked: pl.DataFrame) -> tuple[Split, np.ndarray]:
    """Return the table as a split, and the row number of each check-in of its log."""
    train = marked.filter(pl.col(_PART) == TRAIN)
    if not len(train):
        _refuse("no check-in in the training part.")
    vocabulary = Vocabulary.of(train)
    # `encode` brings it into this very order.
    ordered = in_order(marked.sort(_ROW), vocabulary)
    log = encode(ordered, vocabulary)
    return Split(log, ordered[_PART].to_numpy()), ordered[_ROW].to_numpy()


def _choose(parts: Split, rows: np.ndarray, n_queries: int, seed: int) -> np.ndarray:
    """Return the row numbers of the check-ins asked about."""
    asked = parts.scored_rows("validation", "session_end")
    if len(asked) < _FEW:
        asked = parts.scored_rows("validation", "every")
    if len(asked) > n_queries:
        asked = np.random.default_rng(seed).choice(asked, n_queries, replace=False)
    return np.sort(rows[asked])


def _scores(parts: Split, rows: np.ndarray, chosen: np.ndarray) -> pl.DataFrame:
    """Fit the counter mix and return Acc@1 and 1 / rank of the chosen check-ins still there."""
    asked = np.flatnonzero(np.isin(rows, chosen))
    if not len(asked):
        _refuse("no check-in of the validation part is left.")
    model = CounterMix().fit(parts.train)
    queries = queries_of_rows(parts.log, asked)
    better, tied = metrics.standing(model.score(queries), queries.target)
    return pl.DataFrame(
        {
            _ROW: rows[asked],
            schema.USER: pl.Series(parts.log.owner_ids[parts.log.owner[asked]], dtype=pl.String),
            "acc@1": metrics.accuracy(better, tied, 1),
            "mrr": metrics.reciprocal_rank(better, tied),
        }
    )


def _refuse(found: str):
    from strec.errors import SplitError

    raise SplitError(
        "Accuracy needs check-ins to learn from and later ones to ask about.",
        found,
        "Use more data or a weaker protection.",
    )
