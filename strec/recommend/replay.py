"""A replay of the latest check-ins in their real order: what a growing history is worth."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import polars as pl

from strec import metrics
from strec.errors import ModelError, check_is
from strec.models import CounterMix, Model
from strec.progress import Progress, silent
from strec.split import Log, Queries, local_us, queries_of_rows

#: Events replayed at most, and the share of all check-ins that they may be; of one user, this
#: share of all check-ins lies before the first event.
MOST_EVENTS, MOST_SHARE, LEAST_BEFORE = 2_000, 0.3, 0.3
_FEWEST = 20
_TOP = 5
_MOST_NUMBERS = 2_000_000


@dataclass(frozen=True)
class Replay:
    """A replay, computed: show as much of it as has been played.

    Attributes
    ----------
    events : polars.DataFrame
        One row per check-in in order of time: ``n`` (from 1), ``user_id``, ``local_time``,
        ``item_id``, ``item_name``, ``category``, ``lat``, ``lon``; ``rank`` and
        ``rank_static``, the rank of what came, with the growing and with the fixed history;
        ``is_return``; ``top``, the five names guessed before it came; ``probability`` given to
        it; ``guess_lat``, ``guess_lon``, the place of the first guess.
    n_before : int
        Check-ins before the first event, from which the model was fitted.
    """

    events: pl.DataFrame
    n_before: int

    def running(self, n: int) -> pl.DataFrame:
        """Return the measures after each of the first n events.

        Parameters
        ----------
        n : int
            How many events have been played.

        Returns
        -------
        polars.DataFrame
            ``n``, then for both histories ``acc@1``, ``acc@5``, ``acc@10``, ``mrr`` and the same
            with ``static`` after it: means over the events so far.
        """
        played = self.events.head(n)
        columns: dict[str, pl.Series | np.ndarray] = {"n": played["n"]}
        for column, end in (("rank", ""), ("rank_static", " static")):
            rank = played[column].to_numpy()
            for k in (1, 5, 10):
                columns[f"acc@{k}{end}"] = _mean_so_far(rank <= k)
            columns[f"mrr{end}"] = _mean_so_far(1.0 / rank)
        return pl.DataFrame(columns)

    def gain_interval(self, n: int, measure: str) -> tuple[float, float] | tuple[None, None]:
        """Return the 95 % interval, over users, of what the growing history is worth.

        Parameters
        ----------
        n : int
            How many events have been played.
        measure : str
            A column of `running`, such as ``acc@1``.

        Returns
        -------
        tuple of float
            Low and high of the difference; ``(None, None)`` where the users are too few.
        """
        played = self.events.head(n)

        def value(column: str) -> np.ndarray:
            rank = played[column].to_numpy()
            return 1.0 / rank if measure == "mrr" else rank <= int(measure.partition("@")[2])

        difference = value("rank").astype(float) - value("rank_static")
        return metrics.user_interval(difference, played["user_id"].to_numpy())


def replay(
    log: Log,
    n_events: int = 300,
    user: str | None = None,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Replay:
    """Predict each of the latest check-ins from what came before it.

    A counter mix is fitted on the check-ins before the first event. Then it predicts each event
    twice: with all check-ins of the user before it (the growing history), and with those before
    the first event of the replay alone (the fixed history); both know the hour, and the place of
    the user's last check-in. The model's weights stay as they are; only the history grows.

    Parameters
    ----------
    log : Log
        All check-ins.
    n_events : int
        How many of the latest check-ins; of one user if `user` is given.
    user : str, optional
        Replay the check-ins of this user alone.
    progress : callable, optional
        Called with a text and the share done.

    Raises
    ------
    ModelError
        If there are too few check-ins, or nobody has this id.
    """
    before, rows = log_before(log, n_events, user)
    start_us = int(log.time_us[rows[0]])
    if len(before) < _FEWEST or not (before.item >= 0).any():
        raise ModelError(
            f"A replay needs {_FEWEST} check-ins before its first event.",
            f"{len(before):,} before, {len(rows):,} to replay.",
            "Use more data, or replay fewer check-ins.",
        )
    model = CounterMix(seed=seed)
    # Every check-in is predicted: how sure to be of ends of sessions is asked by nobody.
    model.calibrates = False
    model.fit(before, progress=progress)
    growing = queries_of_rows(log, rows)
    # Sessions of the replayed part are hidden too: the history stands still at the start.
    static = _standing_still(growing, log, start_us)
    return Replay(_events(model, growing, static, progress or silent), len(before))


def log_before(log: Log, n_events: int, user: str | None = None) -> tuple[Log, np.ndarray]:
    """Return the check-ins before the latest n, and the rows of those n, first to last."""
    rows = _rows(log, n_events, user)
    return log.where(log.time_us < log.time_us[rows[0]]), rows


def _rows(log: Log, n_events: int, user: str | None) -> np.ndarray:
    check_is(log, Log, "What is replayed is a Log, such as Dataset.everything.", ModelError)
    rows = np.flatnonzero(log.item >= 0)
    if user is not None:
        owner = np.flatnonzero(log.owner_ids == user)
        if not len(owner):
            raise ModelError(
                "A replay is of everybody or of one user of the data set.",
                f"{user[:60]!r}.",
                "Choose a user of the data set.",
            )
        late = log.time_us[rows] > np.quantile(log.time_us, LEAST_BEFORE)
        rows = rows[late & (log.owner[rows] == owner[0])]
        if not len(rows):
            raise ModelError(
                "A replay begins when enough check-ins of others have been seen.",
                "this user has none after the first third of the data.",
                "Choose somebody else, or everybody.",
            )
    most = len(rows) if user else max(int(MOST_SHARE * len(rows)), 1)
    ordered = rows[np.lexsort((rows, log.time_us[rows]))]
    return ordered[-min(max(n_events, 1), MOST_EVENTS, most) :]


def _standing_still(growing: Queries, log: Log, start_us: int) -> Queries:
    """Return the same questions, their history cut at the start of the replay."""
    keep = log.time_us[growing.indices] < start_us
    size = np.bincount(growing.pair_query[keep], minlength=len(growing))
    return dataclasses.replace(
        growing, indices=growing.indices[keep], indptr=np.r_[0, np.cumsum(size)]
    )


def _events(model: Model, growing: Queries, static: Queries, tell: Progress) -> pl.DataFrame:
    log, vocabulary, row = growing.log, growing.vocabulary, growing.row
    ranks, ranks_static, listed, given = [], [], [], []
    pieces = zip(growing.pieces(_MOST_NUMBERS), static.pieces(_MOST_NUMBERS), strict=True)
    for now, fixed in pieces:
        scores = model.score(now)
        ranks.append(metrics.expected_rank(*metrics.standing(scores, now.target)))
        still = metrics.standing(model.score(fixed), now.target)
        ranks_static.append(metrics.expected_rank(*still))
        listed.append(metrics.best_first(scores, _TOP))
        given.append(scores[np.arange(len(now)), now.target])
        tell("Predicting each check-in", sum(map(len, ranks)) / len(growing))
    best = np.concatenate(listed)
    item = growing.target
    local = pl.Series(local_us(log.time_us[row], log.offset_min[row]), dtype=pl.Int64)
    return pl.DataFrame(
        {
            "n": np.arange(1, len(growing) + 1),
            "user_id": pl.Series(log.owner_ids[log.owner[row]], dtype=pl.String),
            "local_time": local.cast(pl.Datetime("us")),
            "item_id": vocabulary.item_ids(item),
            "item_name": pl.Series(vocabulary.item_name[item], dtype=pl.String),
            "category": vocabulary.item_categories(item),
            "lat": log.lat[row],
            "lon": log.lon[row],
            "rank": np.concatenate(ranks),
            "rank_static": np.concatenate(ranks_static),
            "is_return": None if log.is_anonymous else growing.returns,
            "top": [[str(vocabulary.item_name[code]) for code in codes] for codes in best],
            "probability": np.concatenate(given),
            "guess_lat": vocabulary.item_lat[best[:, 0]],
            "guess_lon": vocabulary.item_lon[best[:, 0]],
        }
    ).with_columns(pl.col("lat", "lon", "guess_lat", "guess_lon").fill_nan(None))


def _mean_so_far(values: np.ndarray) -> np.ndarray:
    return np.cumsum(values) / np.arange(1, len(values) + 1)
