"""From a question in a person's words (who, when, where) to a ranked list."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import polars as pl

from strec.errors import ModelError
from strec.models import CounterMix, Model
from strec.models.base import Progress
from strec.split import Log, Queries, Vocabulary, ask, distance_km, encode, local_us

Strategy = Literal["balanced", "interest", "context"]

#: Moments and places farther than this from the data are answered with a note.
FAR_DAYS = 60
FAR_KM = 200.0
#: Items whose check-ins lie farther apart than this (median, km) are not places themselves.
PLACE_SPREAD_KM = 1.0


@dataclass(frozen=True)
class Answer:
    """A ranked list with what is needed to explain it.

    Attributes
    ----------
    frame : polars.DataFrame
        One row per suggestion: ``rank, item_id, item_name, category, lat, lon, distance_km,
        score, probability, is_return, n_visits, last_visit``. `score` is what the strategy
        ranks by, `probability` what the model gives to the item among all items. `last_visit`
        is local time.
    notes : list of str
        What the person should know about the answer.
    query : Queries
        The question as the model saw it, one row.
    codes : numpy.ndarray
        Item codes of the rows of `frame`.
    model : Model
        The model that answered.
    new_share : float
        The probability that the next check-in is with an item new to the user.
    """

    frame: pl.DataFrame
    notes: list[str]
    query: Queries
    codes: np.ndarray
    model: Model
    new_share: float


class Recommender:
    """Answers "where next?" over a table of check-ins.

    Parameters
    ----------
    checkins : polars.DataFrame
        Canonical check-ins: the history of the users.
    model : Model, optional
        A fitted model; without one a `CounterMix` is fitted on all check-ins.
    progress : callable, optional
        Called with a text and the share done while fitting.

    Raises
    ------
    ModelError
        If there is no check-in, or the model cannot be fitted.

    Examples
    --------
    >>> from strec.io.samples import read_sample
    >>> recommender = Recommender(read_sample("travel"))
    >>> ranked = recommender.recommend(None, datetime(2024, 6, 5, 10), k=3)
    >>> ranked["rank"].to_list(), ranked["is_return"].any()
    ([1, 2, 3], False)
    """

    def __init__(
        self,
        checkins: pl.DataFrame,
        model: Model | None = None,
        *,
        progress: Progress | None = None,
    ):
        if checkins.is_empty():
            raise ModelError(
                "Recommendations need check-ins.", "an empty table.", "Check data and filters."
            )
        if model is None:
            log = encode(checkins, Vocabulary.of(checkins))
            model = CounterMix().fit(log, progress=progress)
        else:
            log = encode(checkins, model._fitted())
        self.model = model
        self.log = log
        self._owners = {user: owner for owner, user in enumerate(log.owner_ids)}
        self._by_time = np.argsort(log.time_us, kind="stable")

    def recommend(self, user: str | pl.DataFrame | None = None, *args, **kwargs) -> pl.DataFrame:
        """Return the ranked list alone: the `frame` of `answer`, which takes the same words."""
        return self.answer(user, *args, **kwargs).frame

    def answer(
        self,
        user: str | pl.DataFrame | None = None,
        when: datetime | None = None,
        lat: float | None = None,
        lon: float | None = None,
        *,
        k: int = 10,
        strategy: Strategy = "balanced",
        new_only: bool = False,
        categories: list[str] | None = None,
        max_distance_km: float | None = None,
    ) -> Answer:
        """Rank items for somebody, at a time and a place.

        Parameters
        ----------
        user : str or polars.DataFrame, optional
            A user id, or the check-ins of somebody else as a canonical table, or None for
            somebody without a past.
        when : datetime, optional
            Local time, or with a time zone. Only earlier check-ins are seen. Without it the
            moment is that of the last check-in.
        lat, lon : float, optional
            The place, in degrees; that of the last check-in when not given.
        k : int
            Length of the list.
        strategy : str
            ``"balanced"`` ranks by probability; ``"interest"`` by the probability that does
            not look at hour, weekday and place; ``"context"`` favours what now and here make
            likelier than usual.
        new_only : bool
            Leave out what the user has taken before.
        categories : list of str, optional
            Keep these alone.
        max_distance_km : float, optional
            Keep what is at most so far; items that are not places are left out.

        Raises
        ------
        ModelError
            If the user is unknown, or the place or a category cannot be.
        """
        query, notes = self.query(user, when, lat, lon)
        codes = np.arange(len(query.vocabulary.items))
        scores, probability = self._scores(query, strategy)
        away = self._distances(query)
        # Code -1, an item that the model does not know, falls into the first bin.
        visits = np.bincount(query.log.item[query.indices] + 1, minlength=len(codes) + 1)[1:]
        keep = np.ones(len(codes), dtype=bool)
        if new_only:
            keep &= visits == 0
        if categories:
            keep &= self._in_categories(query.vocabulary, categories)
        if max_distance_km is not None:
            if np.isnan(query.lat[0]):
                notes.append("No place is known, so the distance limit was not used.")
            else:
                keep &= away <= max_distance_km
        kept = codes[keep]
        if not len(kept):
            notes.append("Nothing fits these filters: allow more distance, categories, or returns.")
        order = kept[np.argsort(-scores[kept], kind="stable")][:k]
        return Answer(
            frame=self._frame(query, order, scores, probability, away, visits),
            notes=notes,
            query=query,
            codes=order,
            model=self.model,
            new_share=float(probability[visits == 0].sum()),
        )

    def query(
        self,
        user: str | pl.DataFrame | None = None,
        when: datetime | None = None,
        lat: float | None = None,
        lon: float | None = None,
    ) -> tuple[Queries, list[str]]:
        """Return the question as the model sees it, and notes about it."""
        log, owner = self._history(user)
        moment, offset, time_known = self._moment(log, owner, when)
        query = ask(log, owner, [moment], [offset], [np.nan], [np.nan], time_known=time_known)
        place = self._place(query, lat, lon)
        query = ask(log, owner, [moment], [offset], *place, time_known=time_known)
        return query, self._notes(query, user, lat)

    def _history(self, user: str | pl.DataFrame | None) -> tuple[Log, int]:
        if user is None:
            return self.log, -1
        if isinstance(user, pl.DataFrame):
            log = encode(user, self.log.vocabulary)
            if len(log.owner_ids) > 1:
                raise ModelError(
                    "A history is the check-ins of one person.",
                    f"{len(log.owner_ids):,} different user ids.",
                    "Keep the rows of one user.",
                )
            return log, len(log.owner_ids) - 1
        if user not in self._owners:
            raise ModelError(
                "The user has check-ins in this data set.",
                f"{user!r}, who has none.",
                "Choose a user of the data set, give a history, or ask for somebody new.",
            )
        return self.log, self._owners[user]

    def _moment(self, log: Log, owner: int, when: datetime | None) -> tuple[int, int, bool]:
        """Return UTC microseconds, the offset in minutes, and whether the time is known."""
        rows = log.indptr[owner], log.indptr[owner + 1]
        if when is None:
            if owner < 0:
                return 0, 0, False
            # One step after the last check-in, which is thus visible.
            last = rows[1] - 1
            return int(log.time_us[last]) + 1, int(log.offset_min[last]), True
        if when.tzinfo is not None:
            offset = int(when.utcoffset().total_seconds() // 60)
            return _microseconds(when.replace(tzinfo=None)) - offset * 60_000_000, offset, True
        local = _microseconds(when)
        times, offsets = log.time_us[rows[0] : rows[1]], log.offset_min[rows[0] : rows[1]]
        if owner < 0 or not len(times):
            times, offsets = self.log.time_us[self._by_time], self.log.offset_min[self._by_time]
        # The offset of the nearest check-in follows summer time and the user's travels.
        at = int(np.argmin(np.abs(local_us(times, offsets) - local)))
        return local - int(offsets[at]) * 60_000_000, int(offsets[at]), True

    def _place(
        self, query: Queries, lat: float | None, lon: float | None
    ) -> tuple[list[float], list[float]]:
        if (lat is None) != (lon is None) or (
            lat is not None and not (abs(lat) <= 90 and abs(lon) <= 180)
        ):
            raise ModelError(
                "A place is a latitude from -90 to 90 and a longitude from -180 to 180.",
                f"latitude {lat}, longitude {lon}.",
                "Give both, or neither for the place of the last check-in.",
            )
        if lat is not None:
            return [lat], [lon]
        last = query.last[0]
        if last < 0:
            return [np.nan], [np.nan]
        return [query.log.lat[last]], [query.log.lon[last]]

    def _notes(
        self, query: Queries, user: str | pl.DataFrame | None, lat: float | None
    ) -> list[str]:
        notes = []
        if query.length[0] == 0:
            notes.append(
                "No past check-ins: the list shows what is popular then and there."
                if user is None
                else "No check-ins before this moment: answered as for somebody new."
            )
        ends = self.log.time_us[self._by_time[[0, -1]]]
        outside_us = max(ends[0] - query.time_us[0], query.time_us[0] - ends[1], 0)
        days = outside_us / 86.4e9
        if query.time_known and days > FAR_DAYS:
            notes.append(
                f"This moment lies {days:,.0f} days outside the data: what was recent then is "
                "old now, so only habits speak."
            )
        nearest = np.nanmin(self._any_distances(query), initial=np.inf)
        if lat is not None and np.isfinite(nearest) and nearest > FAR_KM:
            notes.append(
                f"The nearest known place is {nearest:,.0f} km away: nearness cannot help here."
            )
        return notes

    def _scores(self, query: Queries, strategy: Strategy) -> tuple[np.ndarray, np.ndarray]:
        probability = self.model.score(query)[0]
        if strategy == "balanced":
            return probability, probability
        if strategy not in ("interest", "context"):
            raise ModelError(
                "A strategy is balanced, interest or context.",
                f"{strategy!r}.",
                "Choose one of the three.",
            )
        interest = self.model.score(query.blind())[0]
        if strategy == "interest":
            return interest, probability
        # P · (P / P_interest): likely now, and likelier than without now and here. The floor
        # keeps items that hardly anybody takes from winning by their ratio alone.
        floor = 1.0 / len(interest)
        return probability * (probability + floor) / (interest + floor), probability

    def _any_distances(self, query: Queries) -> np.ndarray:
        vocabulary = query.vocabulary
        return distance_km(query.lat[0], query.lon[0], vocabulary.item_lat, vocabulary.item_lon)

    def _distances(self, query: Queries) -> np.ndarray:
        """Return km to each item that is a place, NaN for others."""
        is_place = query.vocabulary.item_spread_km <= PLACE_SPREAD_KM
        return np.where(is_place, self._any_distances(query), np.nan)

    def _in_categories(self, vocabulary: Vocabulary, categories: list[str]) -> np.ndarray:
        wanted = vocabulary.category_codes(np.array(categories, dtype=object))
        if (wanted < 0).any():
            unknown = [name for name, code in zip(categories, wanted, strict=True) if code < 0]
            raise ModelError(
                "Categories are those of the data set.",
                f"unknown: {', '.join(unknown[:5])}.",
                f"Choose among {', '.join(vocabulary.categories[:8]) or '(none)'}.",
            )
        return np.isin(vocabulary.item_category, wanted)

    def _frame(
        self,
        query: Queries,
        codes: np.ndarray,
        scores: np.ndarray,
        probability: np.ndarray,
        away: np.ndarray,
        visits: np.ndarray,
    ) -> pl.DataFrame:
        vocabulary = query.vocabulary
        is_place = vocabulary.item_spread_km[codes] <= PLACE_SPREAD_KM
        names = np.append(vocabulary.categories, None)
        return pl.DataFrame(
            {
                "rank": pl.int_range(1, len(codes) + 1, eager=True),
                "item_id": pl.Series(vocabulary.items[codes], dtype=pl.String),
                "item_name": pl.Series(vocabulary.item_name[codes], dtype=pl.String),
                "category": pl.Series(names[vocabulary.item_category[codes]], dtype=pl.String),
                "lat": np.where(is_place, vocabulary.item_lat[codes], np.nan),
                "lon": np.where(is_place, vocabulary.item_lon[codes], np.nan),
                "distance_km": away[codes],
                "score": scores[codes],
                "probability": probability[codes],
                "is_return": visits[codes] > 0,
                "n_visits": visits[codes],
                "last_visit": _last_visits(query, codes),
            }
        ).with_columns(pl.col("lat", "lon", "distance_km").fill_nan(None))


def _last_visits(query: Queries, codes: np.ndarray) -> pl.Series:
    """Return the local time of the latest visible visit to each item, null where none."""
    log = query.log
    latest = np.full(len(query.vocabulary.items) + 1, -1)
    # History is oldest first, so the last assignment is the latest visit.
    latest[log.item[query.indices]] = query.indices
    row = latest[codes]
    local = local_us(log.time_us[row], log.offset_min[row]) if len(log) else row
    return pl.Series(local).cast(pl.Datetime("us")).set(pl.Series(row < 0), None)


def _microseconds(naive: datetime) -> int:
    return round((naive - datetime(1970, 1, 1)).total_seconds() * 1_000_000)
