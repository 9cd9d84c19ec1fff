"""Cut a check-in table at two moments into training, validation and test."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import polars as pl

from strec import schema
from strec.errors import SplitError, check_choice
from strec.split.log import Log, encode, in_order
from strec.split.queries import Queries, queries_of_rows
from strec.split.vocabulary import Vocabulary

TRAIN, VALIDATION, TEST = 0, 1, 2
PARTS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}

History = Literal["streaming", "train"]
Scored = Literal["session_end", "every"]
HISTORIES, SCORED = get_args(History), get_args(Scored)


def split(
    checkins: pl.DataFrame,
    validation: pl.DataFrame | None = None,
    test: pl.DataFrame | None = None,
    *,
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
    catalogue: pl.DataFrame | None = None,
) -> "Split":
    """Cut check-ins by time: train, then validation, then test.

    Check-ins at one moment are of one part. Sessions are told apart before the cut, so a session
    may cross it. Users, items, item names, categories and places are learned from the training
    part alone.

    Parameters
    ----------
    checkins : polars.DataFrame
        Canonical check-ins: all of them, or the training part when `validation` is given.
    validation, test : polars.DataFrame, optional
        Later check-ins, where the boundaries are given by files.
    fractions : tuple of float
        Shares of check-ins in each part, in time order; used when `validation` is not given.
    catalogue : polars.DataFrame, optional
        Items that may have no check-in in training, see `Vocabulary.of`: they can be suggested.

    Raises
    ------
    SplitError
        If a part would be empty, or if given parts overlap in time.

    Examples
    --------
    >>> parts = split(schema.example(), fractions=(0.5, 0.25, 0.25))
    >>> np.bincount(parts.part).tolist()
    [2, 1, 1]
    """
    if validation is None:
        frames = _cut(schema.validate(checkins), fractions)
    else:
        given = [checkins, validation] + ([test] if test is not None else [])
        frames = [schema.validate(frame) for frame in given]
        _check_order(frames)
    common = [c for c in frames[0].columns if all(c in frame.columns for frame in frames)]
    marked = pl.concat(
        [
            frame.select(common).with_columns(part=pl.lit(i, pl.Int8))
            for i, frame in enumerate(frames)
        ]
    )
    vocabulary = Vocabulary.of(frames[0], catalogue)
    marked = in_order(marked, vocabulary)
    return Split(encode(marked, vocabulary), marked["part"].to_numpy())


@dataclass(frozen=True)
class Split:
    """Check-ins cut by time, encoded with what the training part knows.

    Attributes
    ----------
    log : Log
        All check-ins.
    part : numpy.ndarray
        Shape ``(n_checkins,)``, aligned with `log`: 0 train, 1 validation, 2 test.
    """

    log: "Log"
    part: np.ndarray

    @property
    def vocabulary(self) -> Vocabulary:
        return self.log.vocabulary

    @cached_property
    def train(self) -> "Log":
        """The training check-ins alone: all that `Model.fit` may see."""
        return self.log.where(self.part == TRAIN)

    def queries(
        self,
        part: str = "validation",
        *,
        scored: Scored = "session_end",
        history: History = "streaming",
        time_known: bool = True,
        at_most: int | None = None,
        seed: int = 0,
    ) -> "Queries":
        """Return the queries of one part, with their targets.

        Parameters
        ----------
        part : str
            ``"train"``, ``"validation"`` or ``"test"``.
        scored : str
            ``"session_end"``: the last check-in of each session with at least two check-ins in
            this part, if its user and item are seen in training (the published protocol); of
            several at the last moment each. Where nobody is named there are no sessions: each
            check-in counts.
            ``"every"``: each check-in of the part; items not seen in training are target -1,
            users not seen in training are kept.
        history : str
            ``"streaming"``: all check-ins of the user before the target's time. ``"train"``:
            those of the training part, and those of the running session.
        time_known : bool
            Whether the target's time is given. If not, the time of the query is that of the
            last visible check-in.
        at_most, seed : int, optional
            Where there are more queries, return so many of them, drawn with this seed.

        Raises
        ------
        SplitError
            If the part holds nothing to score.

        Examples
        --------
        >>> from strec import schema
        >>> parts = split(schema.example(), fractions=(0.5, 0.5, 0))
        >>> len(parts.queries(scored="every"))
        2
        """
        check_choice(part, PARTS, "A part", SplitError)
        check_choice(scored, SCORED, "What is scored", SplitError)
        check_choice(history, HISTORIES, "The history that is known", SplitError)
        rows = self.scored_rows(part, scored)
        if not len(rows):
            raise SplitError(
                f"Scoring needs check-ins in the {part} part.",
                f"{int((self.part == PARTS[part]).sum()):,} check-ins there, none to score.",
                "Use more data, other boundaries, or score every check-in (scored='every').",
            )
        if at_most is not None and len(rows) > at_most:
            rows = np.sort(np.random.default_rng(seed).choice(rows, at_most, replace=False))
        hidden = None if history == "streaming" else self.part != TRAIN
        return queries_of_rows(self.log, rows, time_known=time_known, hidden=hidden)

    def scored_rows(self, part: str, scored: Scored) -> np.ndarray:
        """Return the rows of the log that are targets of one part, ascending.

        Parameters
        ----------
        part, scored : str
            As in `queries`.

        Examples
        --------
        >>> from strec import schema
        >>> parts = split(schema.example(), fractions=(0.5, 0.5, 0))
        >>> parts.scored_rows("validation", "every").tolist()
        [2, 3]
        """
        inside = self.part == PARTS[part]
        rows = np.flatnonzero(inside)
        if scored == "every":
            return rows
        log = self.log.where(inside)
        known = (log.item >= 0) & (log.user >= 0)
        if log.is_anonymous:
            return rows[known]
        return rows[log.ends_session & ~log.is_alone & known]


def _cut(checkins: pl.DataFrame, fractions: tuple[float, float, float]) -> list[pl.DataFrame]:
    are_shares = isinstance(fractions, Sequence) and len(fractions) == 3
    are_shares = are_shares and all(isinstance(share, int | float) for share in fractions)
    if not are_shares or min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise SplitError(
            "The shares of the three parts are not negative and add up to 1.",
            f"{fractions!r:.80}.",
            "Use for instance (0.8, 0.1, 0.1).",
        )
    ordered = checkins.sort(schema.TIME)
    n, moments = len(ordered), ordered[schema.TIME]
    first, second = (
        beginning_of_moment(moments, round(n * share))
        for share in (fractions[0], fractions[0] + fractions[1])
    )
    if not 0 < first < n:
        raise SplitError(
            "A split needs check-ins in training and after it.",
            f"{n:,} check-ins cut at {first:,}.",
            "Use more data or other shares.",
        )
    return [ordered[:first], ordered[first:second], ordered[second:]]


def beginning_of_moment(moments: pl.Series, position: int) -> int:
    """Return where the moment at a position begins or ends, whichever is nearer: no set is cut.

    Examples
    --------
    >>> [beginning_of_moment(pl.Series([1, 2, 2, 2, 3]), k) for k in (1, 2, 3, 5)]
    [1, 1, 4, 5]
    """
    if not 0 < position < len(moments):
        return position
    around = (int(moments.search_sorted(moments[position], side)) for side in ("left", "right"))
    return min(around, key=lambda at: (not 0 < at < len(moments), abs(at - position)))


def _check_order(frames: list[pl.DataFrame]) -> None:
    if not all(len(frame) for frame in frames[:2]):
        raise SplitError(
            "Training and validation each need check-ins.",
            " and ".join(f"{len(frame):,}" for frame in frames[:2]) + " check-ins.",
            "Check the files and the cleaning recipe.",
        )
    for earlier, later in zip(frames, frames[1:], strict=False):
        begin, end = later[schema.TIME].min(), earlier[schema.TIME].max()
        if isinstance(begin, datetime) and isinstance(end, datetime) and begin < end:
            raise SplitError(
                "Each part begins when the part before it has ended.",
                f"a part that begins {begin:%Y-%m-%d %H:%M} UTC, before the "
                f"end of the earlier one, {end:%Y-%m-%d %H:%M} UTC.",
                "Give one table and let it be cut by time, or give parts that do not overlap.",
            )
