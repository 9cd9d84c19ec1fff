"""Pairs of a query and a past visit, and what several numbers share about them."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from strec.geo import distance_km
from strec.models.counting.statistics import time_cell
from strec.models.counting.visits import Pairs as VisitPairs
from strec.models.keys import order_of
from strec.split import Queries

_DAY_H = np.log1p(24.0)


class Pairs(VisitPairs):
    """Visits and groups with all that the numbers of ST-LLM are made of.

    Times are logarithms of hours, ``log(1 + h)``.
    """

    def __init__(self, queries: Queries):
        super().__init__(queries)
        position = np.arange(len(self.row))
        # Of what strangers did, nothing is before or after anything.
        follows = not self.log.is_anonymous
        self._after = np.where(follows & (self.rank > 0), queries.moments[1], -1)
        self._newest = np.where(follows & (queries.length > 0), queries.indptr[1:] - 1, -1)
        self.time = self.log.time_us[self.row]
        self._group(position)
        self._times()
        self._order()
        self._places()

    def per_item(self, weight: np.ndarray) -> np.ndarray:
        """Sum over the visits of each group, shape ``(G,)``."""
        return np.bincount(self.group, weights=weight, minlength=len(self.group_item))

    def per_query(self, weight: np.ndarray) -> np.ndarray:
        """Sum over the visits of each query, shape ``(Q,)``."""
        return np.bincount(self.query, weights=weight, minlength=len(self.queries))

    def per_kind(self, weight: np.ndarray) -> np.ndarray:
        """Sum over the visits of each query and category, shape ``(Q, n_categories + 1)``."""
        n = len(self.queries.vocabulary.categories) + 1
        flat = np.bincount(
            self.query * n + self.kind % n, weights=weight, minlength=len(self.queries) * n
        )
        return flat.reshape(-1, n)

    def evidence(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield ways to count visits, each with its reason."""
        near_before = np.exp(-np.nan_to_num(self.km_before, nan=30.0) / 0.5) * self.linked
        near = np.exp(-np.nan_to_num(self.km, nan=30.0) / 0.7)
        fade = self.fade_60d
        yield "habit", np.ones(len(self.row))
        yield "recency", 1 / (1 + self._age_h / 168)
        yield "recency", np.exp(-self._age_h / (24 * 14))
        yield "recency", fade
        yield "recency", (1.0 + self.rank) ** -0.7
        yield "hour", self.close_half_h
        yield "hour", self.close_2h
        yield "hour", self.close_3h
        yield "hour", self.close_2h * fade
        yield "weekday", self.same_weekday * self.close_2h * fade
        yield "weekday", self.same_kind * fade
        yield "sequence", self.same_before
        yield "sequence", self.same_before * self.linked
        yield "sequence", self.same_before * self.close_3h * fade
        yield "sequence", self.same_before * self.same_gap
        yield "sequence", self.same_two
        yield "sequence", self.skip
        yield "sequence", self.same_kind_before * self.close_3h * fade
        yield "near", near_before * fade
        yield "near", near * fade

    def kinds(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield ways to count visits of a category, each with its reason."""
        yield "habit", self.fade_60d
        yield "hour", self.close_2h * self.fade_60d
        yield "sequence", self.same_kind_before * self.fade_60d

    @cached_property
    def cell(self) -> np.ndarray:
        """Shape ``(Q,)``: column of `Statistics.time_lift`."""
        return time_cell(self.queries.hour, self.queries.weekday)

    def _group(self, position: np.ndarray) -> None:
        self.oldest = np.zeros(len(self.newest), dtype=np.int64)
        # Of several assignments to one place the last counts.
        self.oldest[self.group[::-1]] = position[::-1]
        self.count = self.per_item(np.ones(len(position)))
        self.by_group = order_of(self.group)
        ordered = self.group[self.by_group]
        same = np.flatnonzero(np.diff(ordered) == 0)
        self._same_before = np.full(len(position), -1)
        self._same_before[self.by_group[same + 1]] = self.by_group[same]

    def _times(self) -> None:
        q, log = self.queries, self.log
        asked = q.time_us[self.query]
        self._age_h = np.maximum(asked - self.time, 0) / 3.6e9
        self.age = np.log1p(self._age_h)
        self.gap_now = self._hours(np.where(self._newest >= 0, q.time_us, 0), self._newest)
        self.gap_before = np.where(self.before >= 0, self._hours(self.time, self.before), np.nan)
        self.since_same = np.where(
            self._same_before >= 0, self._hours(self.time, self._same_before), np.nan
        )
        following = self.time[np.maximum(self._after, 0)] if len(self.time) else self.time
        later = np.where(self._after >= 0, following, asked)
        self.gap_after = np.log1p(np.maximum(later - self.time, 0) / 3.6e9)
        self.ends_session = self.gap_after > _DAY_H
        self.opens_session = np.isnan(self.gap_before) | (self.gap_before > _DAY_H)
        #: 1 where the clock may be read.
        self.clock = (~np.isnan(q.hour)).astype(np.float64)
        self.hour_then = log.hour[self.row]
        hour = np.nan_to_num(q.hour)[self.query]
        self.later = (self.hour_then - hour + 12) % 24 - 12
        self.apart = np.where(self.clock[self.query] > 0, np.abs(self.later), 6.0)
        self.close = np.clip(2.0 - self.apart, 0, 1)
        now, then = q.weekday[self.query], log.weekday[self.row]
        self.same_weekday = (now == then) & (now >= 0)
        self.same_kind = ((now >= 5) == (then >= 5)) & (now >= 0)
        favour = np.where(self.same_kind, 1.0, 0.35)
        self.close_half_h = np.exp(-0.5 * (self.apart / 0.5) ** 2) * favour
        self.close_2h = np.exp(-0.5 * (self.apart / 1.5) ** 2) * favour
        self.close_3h = np.exp(-0.5 * (self.apart / 3.0) ** 2) * favour
        self.fade_60d = np.exp(-self._age_h / (24 * 60))
        #: Local days between visit and query.
        shift = (hour - self.hour_then) * (self.clock[self.query] > 0)
        self.days = np.round((self._age_h - shift) / 24)

    def _hours(self, later_us: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Return log hours from the visit at a position; 0 where there is none."""
        if not len(self.time):
            return np.zeros(len(position))
        since = np.maximum(later_us - self.time[np.maximum(position, 0)], 0)
        return np.log1p(np.where(position >= 0, since, 0) / 3.6e9)

    def _order(self) -> None:
        q, log = self.queries, self.log
        last = self._newest
        self.linked = ~self.opens_session
        if log.has_origins:
            self.linked = self.linked | (log.origin[self.row] >= 0)
        self.same_before = self.after_last
        self.same_two = self.same_before * self.like_last_2[self.before_2]
        self.skip = self.like_last[self.before_2]
        self.again = self.last_share[self.group] > 0
        self.again_2 = self.last_share_2[self.group] > 0
        gap = np.nan_to_num(self.gap_before) - self.gap_now[self.query]
        self.same_gap = np.where(self.before >= 0, np.exp(-np.abs(gap)), 0.0)
        self.in_session = log.session[self.row] == q.running_session[self.query]
        own = q.vocabulary.item_category[np.maximum(self.item, 0)] if len(self.item) else self.item
        self.kind = np.where(self.item >= 0, own, log.category[self.row]).astype(np.int64)
        n_kinds = len(q.vocabulary.categories) + 1
        self.group_kind = q.vocabulary.item_category[np.maximum(self.group_item, 0)] % n_kinds
        kinds = np.r_[self.kind, -3]
        kind_now, kind_before = kinds[last][self.query], kinds[self.before]
        self.same_kind_before = (kind_before == kind_now) & (kind_now >= 0) & (self.before >= 0)

    def _places(self) -> None:
        q, log = self.queries, self.log
        lat, lon = q.lat[self.query], q.lon[self.query]
        own_lat, own_lon = log.lat[self.row], log.lon[self.row]
        before = np.r_[own_lat, np.nan][self.before], np.r_[own_lon, np.nan][self.before]
        if log.has_origins:
            before = log.origin_lat[self.row], log.origin_lon[self.row]
        # Ways are dear: only those are measured that count.
        self.km_before, came = np.full(len(self.row), np.nan), self.linked
        self.km_before[came] = distance_km(*(axis[came] for axis in (lat, lon, *before)))
