"""Who, when and where, as people say it, turned into what a model sees."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

import numpy as np
import polars as pl

from strec.errors import ModelError
from strec.geo import distance_km
from strec.schema import NOBODY, validate
from strec.split.log import Log, encode, local_us
from strec.split.queries import Queries, ask

#: Moments and places farther than this from the data are answered with a note.
FAR_DAYS = 60
FAR_KM = 200.0
#: Farther than this from any known place a note says how far it is.
NOBODY_KM = 25.0
#: A place farther than this from any known start is no start of a trip.
START_KM = 1.0
#: Scores held at once when many questions are answered.
_MOST_NUMBERS = 2_000_000

#: Who (None: somebody new), when (None: after the last check-in), latitude and longitude.
Question = tuple[str | None, datetime | str | None, float | None, float | None]


@dataclass(frozen=True)
class Asked:
    """One question: its query, and what was said about user and place.

    Attributes
    ----------
    queries : Queries
        One row.
    is_new : bool
        Whether the question was asked for somebody without a past.
    has_place : bool
        Whether a place was given, instead of that of the last check-in.
    """

    queries: Queries
    is_new: bool
    has_place: bool


class Questions:
    """Turns questions over one log into queries.

    Parameters
    ----------
    log : Log
        The check-ins that are known.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import Vocabulary, encode
    >>> log = encode(schema.example(), Vocabulary.of(schema.example()))
    >>> Questions(log).one("bob", "2024-06-05 10:00", None, None).queries.hour.tolist()
    [10.0]
    """

    def __init__(self, log: Log):
        self.log = log
        if log.is_anonymous:
            starts = log.starts
            self._start_lat, self._start_lon = starts["lat"].to_numpy(), starts["lon"].to_numpy()
        self._owners = {user: owner for owner, user in enumerate(log.owner_ids)}
        by_time = np.argsort(log.time_us, kind="stable")
        # Wall clocks of all check-ins, for the offset of somebody without any.
        self._clock = local_us(log.time_us[by_time], log.offset_min[by_time])
        self._offset = log.offset_min[by_time]

    def one(
        self,
        user: str | pl.DataFrame | Log | None,
        when: datetime | str | None,
        lat: float | None,
        lon: float | None,
    ) -> Asked:
        """Return one question; see `Recommender.answer`.

        Parameters
        ----------
        user : str, polars.DataFrame or Log, optional
            A user id, the check-ins of one person, or None for somebody new. Where nobody is
            named, the id of the place where the trip begins; without it that of the nearest one
            where a place is given, or what everybody does.
        when : datetime or str, optional
            Local time; just after the last check-in when not given.
        lat, lon : float, optional
            Degrees; the place of the last check-in when not given.

        Examples
        --------
        >>> from strec import schema
        >>> from strec.split import Vocabulary, encode
        >>> log = encode(schema.example(), Vocabulary.of(schema.example()))
        >>> Questions(log).one("bob", "2024-06-05 10:00", None, None).queries.hour.tolist()
        [10.0]
        """
        log, owner = self._history(user, lat, lon)
        moment, offset, time_known = self._moment(log, owner, when)
        query = ask(log, owner, [moment], [offset], [np.nan], [np.nan], time_known=time_known)
        query = self._at_start(_placed(query, *_checked_place(lat, lon)), owner)
        return Asked(query, user is None, lat is not None)

    def many(self, questions: Iterable[Question]) -> Iterator[tuple[np.ndarray, Queries]]:
        """Yield row numbers and queries of many questions, in pieces that can be scored at once.

        Questions whose time is known come apart from those of somebody new without a time.

        Parameters
        ----------
        questions : iterable of tuple
            Who, when, latitude and longitude of each, None where not known.

        Examples
        --------
        >>> from strec import schema
        >>> from strec.split import Vocabulary, encode
        >>> log = encode(schema.example(), Vocabulary.of(schema.example()))
        >>> asked = [("bob", "2024-06-05 10:00", None, None), (None, None, None, None)]
        >>> [rows.tolist() for rows, _ in Questions(log).many(asked)]
        [[1], [0]]
        """
        rows = []
        for number, (user, when, lat, lon) in enumerate(questions):
            try:
                _, owner = self._history(user or None, lat, lon)
                moment = self._moment(self.log, owner, when)
                place = _checked_place(lat, lon)
            except ModelError as error:
                raise ModelError(
                    error.needed, f"in question {number + 1}: {error.found}", error.mend
                ) from error
            rows.append((moment[2], number, owner, *moment[:2], *place))
        rows.sort(key=lambda row: row[0])
        for time_known, group in groupby(rows, key=lambda row: row[0]):
            columns = (np.array(each) for each in zip(*group, strict=True))
            _, number, owner, time_us, offset, lat, lon = columns
            nowhere = np.full(len(number), np.nan)
            queries = ask(self.log, owner, time_us, offset, nowhere, nowhere, time_known=time_known)
            first = 0
            placed = self._at_start(_placed(queries, lat, lon), owner)
            for piece in placed.pieces(_MOST_NUMBERS):
                yield number[first : first + len(piece)], piece
                first += len(piece)

    def _history(
        self,
        user: str | pl.DataFrame | Log | None,
        lat: float | None = None,
        lon: float | None = None,
    ) -> tuple[Log, int]:
        if self.log.is_anonymous and not isinstance(user, pl.DataFrame | Log):
            return self.log, self._start(user, lat, lon)
        if user is None:
            return self.log, -1
        if isinstance(user, pl.DataFrame | Log):
            log = user if isinstance(user, Log) else encode(validate(user), self.log.vocabulary)
            if len(log.owner_ids) > 1:
                raise ModelError(
                    "A history is the check-ins of one person.",
                    f"{len(log.owner_ids):,} different user ids.",
                    "Keep the rows of one user.",
                )
            return log, len(log.owner_ids) - 1
        if not isinstance(user, str) or user not in self._owners:
            raise ModelError(
                "The user has check-ins in this data set.",
                f"{_short(str(user))!r}, who has none.",
                "Choose a user of the data set, give a history, or ask for somebody new.",
            )
        return self.log, self._owners[user]

    def _start(self, start: str | None, lat: float | None, lon: float | None) -> int:
        """Return the group of check-ins that speaks where nobody is named, -1 for none."""
        if start is not None and start in self._owners:
            return self._owners[start]
        if start:
            raise ModelError(
                "These data name nobody: what is asked for is where a trip begins."
                if self.log.has_origins
                else "These data name nobody: what everybody does is all that can be asked for.",
                f"{_short(str(start))!r}.",
                "Choose a start of the data set, give a place, or leave it out.",
            )
        if not self.log.has_origins:
            return self._owners.get(NOBODY, -1)
        if lat is None or lon is None or np.isnan(self._start_lat).all():
            return -1
        away = distance_km(*_checked_place(lat, lon), self._start_lat, self._start_lon)
        nearest = int(np.nanargmin(away))
        return nearest if away[nearest] <= START_KM else -1

    def _at_start(self, queries: Queries, owner: int | np.ndarray) -> Queries:
        """Return queries of nobody, where no place was given, at the start of their trips."""
        if not self.log.is_anonymous or queries.log is not self.log:
            return queries
        owner = np.broadcast_to(owner, len(queries))
        open_ = np.isnan(queries.lat) & (owner >= 0)
        return replace(
            queries,
            lat=np.where(open_, self._start_lat[owner], queries.lat),
            lon=np.where(open_, self._start_lon[owner], queries.lon),
        )

    def _moment(self, log: Log, owner: int, when: datetime | str | None) -> tuple[int, int, bool]:
        """Return UTC microseconds, the offset in minutes, and whether the time is known."""
        first, stop = (log.indptr[owner], log.indptr[owner + 1]) if owner >= 0 else (0, 0)
        if when is None:
            if first == stop:
                return 0, 0, False
            # One step after the last check-in, which is thus visible.
            return int(log.time_us[stop - 1]) + 1, int(log.offset_min[stop - 1]), True
        when = moment_of(when)
        if not self.log.has_clock:
            # Where no check-in knows an hour, a question has none either.
            when = when.replace(hour=0, minute=0, second=0, microsecond=0)
        if (ahead := when.utcoffset()) is not None:
            offset = int(ahead.total_seconds() // 60)
            return _microseconds(when.replace(tzinfo=None)) - offset * 60_000_000, offset, True
        local = _microseconds(when)
        # The offset of the nearest check-in follows summer time and the user's travels.
        if first == stop:
            at = min(int(np.searchsorted(self._clock, local)), len(self._clock) - 1)
            offset = int(self._offset[at])
        else:
            clock = local_us(log.time_us[first:stop], log.offset_min[first:stop])
            offset = int(log.offset_min[first + int(np.argmin(np.abs(clock - local)))])
        return local - offset * 60_000_000, offset, True


def moment_of(when: datetime | date | str) -> datetime:
    """Return a moment that a person gave: a datetime, a date or a text such as 2024-06-05 18:30.

    Raises
    ------
    ModelError
        If it is none of these.

    Examples
    --------
    >>> moment_of("2024-06-05 18:30").hour
    18
    """
    if isinstance(when, datetime):
        return when
    try:
        return datetime.fromisoformat(when if isinstance(when, str) else when.isoformat())
    except (ValueError, TypeError, AttributeError) as error:
        raise ModelError(
            "A moment is a datetime, or a text such as 2024-06-05 18:30.",
            f"{when!r:.60}.",
            "Give it so, or leave it out for the moment of the last check-in.",
        ) from error


def notes_on(asked: Asked, log: Log) -> list[str]:
    """Return what a person should know about a question over the check-ins of a log.

    Parameters
    ----------
    asked : Asked
        From `Questions.one`.
    log : Log
        The check-ins that were asked about.

    Examples
    --------
    >>> from strec import Dataset, schema
    >>> log = Dataset(schema.example()).everything
    >>> notes_on(Questions(log).one("ann", "2025-06-05 18:30", None, None), log)[0][:50]
    'This moment lies 366 days outside the data: what w'
    """
    query, notes = asked.queries, []
    if query.log.is_anonymous:
        notes.append(_note_on_nobody(query))
    elif query.length[0] == 0:
        notes.append(
            "No past check-ins: the list shows what is popular then and there."
            if asked.is_new
            else "No check-ins before this moment: answered as for somebody new."
        )
    outside_us = max(log.time_us.min() - query.time_us[0], query.time_us[0] - log.time_us.max(), 0)
    days = outside_us / 86.4e9
    if query.time_known and days > FAR_DAYS:
        notes.append(
            f"This moment lies {days:,.0f} days outside the data: what was recent then is "
            "old now, so only habits speak."
        )
    if asked.has_place:
        notes += _notes_on_place(query)
    return notes


def _note_on_nobody(query: Queries) -> str:
    if query.here[0] >= 0:
        start = query.vocabulary.item_name[query.here[0]]
        said = f"what everybody does from {start} ({query.length[0]:,} trips looked back at)"
    elif query.log.has_origins and query.length[0] == 0:
        said = "what everybody does, wherever a trip begins"
    else:
        said = f"what everybody does ({query.length[0]:,} check-ins looked back at)"
    return f"No person is known here: the list shows {said}."


def _notes_on_place(query: Queries) -> list[str]:
    known = query.vocabulary.item_lat, query.vocabulary.item_lon
    if np.isnan(known[0]).all():
        # Of what is had in shops, the shops have places.
        known = query.log.lat, query.log.lon
    away = distance_km(query.lat[0], query.lon[0], *known)
    nearest = np.nanmin(away, initial=np.inf)
    if not np.isfinite(nearest):
        return ["This data set has no places, so the place makes no difference."]
    if nearest > FAR_KM:
        return [f"The nearest known place is {nearest:,.0f} km away: nearness cannot help here."]
    if nearest > NOBODY_KM:
        return [
            f"Nobody checked in near this place: the nearest known one is {nearest:,.0f} km away."
        ]
    return []


def _placed(queries: Queries, lat: np.ndarray | float, lon: np.ndarray | float) -> Queries:
    """Return queries at these places, at that of the last check-in where they are NaN."""
    last, log = queries.last, queries.log
    has_last = (last >= 0) & (not log.is_anonymous)
    fallback = [np.full(len(queries), np.nan) for _ in range(2)]
    for into, place in zip(fallback, (log.lat, log.lon), strict=True):
        into[has_last] = place[last[has_last]]
    given = ~np.isnan(np.atleast_1d(np.asarray(lat, dtype=float)))
    return replace(
        queries, lat=np.where(given, lat, fallback[0]), lon=np.where(given, lon, fallback[1])
    )


def _checked_place(lat: float | None, lon: float | None) -> tuple[float, float]:
    """Return a place that can be, NaN where none is given."""
    if lat is None and lon is None:
        return np.nan, np.nan
    numbers = int, float, np.number
    if (
        not isinstance(lat, numbers)
        or not isinstance(lon, numbers)
        or not (abs(lat) <= 90 and abs(lon) <= 180)
    ):
        raise ModelError(
            "A place is a latitude from -90 to 90 and a longitude from -180 to 180.",
            f"latitude {lat}, longitude {lon}.",
            "Give both, or neither for the place of the last check-in.",
        )
    return float(lat), float(lon)


def questions_of(questions: pl.DataFrame) -> pl.DataFrame:
    """Return `user_id`, `time`, `lat`, `lon` of a table of questions, with their types.

    Parameters
    ----------
    questions : polars.DataFrame
        With ``user_id`` and, where known, ``time``, ``lat``, ``lon``.

    Examples
    --------
    >>> questions_of(pl.DataFrame({"user_id": ["bob"], "time": ["2024-06-05 10:00"]})).columns
    ['user_id', 'time', 'lat', 'lon']
    """
    if not isinstance(questions, pl.DataFrame) or "user_id" not in questions.columns:
        raise ModelError(
            "A table of questions has a column user_id and, where known, time, lat, lon.",
            f"the columns {', '.join(questions.columns[:8]) or '(none)'}."
            if isinstance(questions, pl.DataFrame)
            else f"a {type(questions).__name__}.",
            "Give a polars frame, and rename the column that says who asks.",
        )
    types: dict[Any, Any] = {"user_id": pl.String, "lat": pl.Float64, "lon": pl.Float64}
    table = questions.select(
        (pl.col(name) if name in questions.columns else pl.lit(None)).alias(name)
        for name in ("user_id", "time", "lat", "lon")
    )
    try:
        table = table.cast(types)
        if table.schema["time"] == pl.String:
            text = pl.col("time").str.strip_chars().str.replace("T", " ")
            text = text.str.replace(r"^(\d{4}-\d{2}-\d{2})$", "${1} 00:00")
            text = text.str.replace(r"^(\d{4}-\d{2}-\d{2} \d{1,2}:\d{2})$", "${1}:00")
            table = table.with_columns(text.replace("", None).str.to_datetime("%Y-%m-%d %H:%M:%S"))
        return table.with_columns(pl.col("time").cast(pl.Datetime("us")))
    except pl.exceptions.PolarsError as error:
        raise ModelError(
            "Questions have local times like 2024-06-05 18:30 and degrees as numbers.",
            f"{str(error).splitlines()[0]}",
            "Mend the cells, or leave them empty.",
        ) from error


def _short(text: str, longest: int = 60) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


def _microseconds(naive: datetime) -> int:
    return round((naive - datetime(1970, 1, 1)).total_seconds() * 1_000_000)
