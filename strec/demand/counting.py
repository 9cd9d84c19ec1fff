"""The counting reference: each hour of the week, as one place knows it and as all know it.

    level(p)       = recent mean per hour of place p
    shape(w)       = share of hour w of the week in all places together, mean 1
    ŷ(p, w)        = (Σ_k d^k y(p, w, k weeks ago) + κ level(p) shape(w)) / (Σ_k d^k + κ)

κ weeks of everybody's shape are added to what the place itself has shown: a new or sparse place
borrows from the others, a busy one speaks for itself. κ and the fading d are those that would have
forecast the latest weeks best.
"""

import itertools
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np

from strec.demand.base import HOURS_OF_WEEK, DemandModel, hours_of_week
from strec.demand.panels import Panel

#: Weeks of everybody's shape that are tried, and how much of a week is left a week later.
_PRIOR_WEEKS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0)
_FADING = (1.0, 0.9, 0.75)
_SUNDAY = 144
#: So many are added to what came and what was expected: few say little.
_DOUBT = 20.0
#: A place that was expected so often and never came is closed then.
_SURELY = 5.0


class Choice(NamedTuple):
    """What the latest weeks chose."""

    #: How much of a week is left a week later.
    fading: float = 1.0
    #: Weeks of what is borrowed that are added to what was seen.
    prior_weeks: float = 2.0
    #: The kind of each day of the week, and how many days of what all share are added.
    kinds: tuple[int, ...] | None = None
    alike_days: float = 4.0


class Sums(NamedTuple):
    """What was counted by the hour of the week, how many weeks of it each place and all have."""

    total: np.ndarray
    weight: np.ndarray
    seen: np.ndarray


class Alike(NamedTuple):
    """What days of one kind showed: each hour of the day, as one place knows it."""

    #: Per hour of the week and place, summed over the days of its kind.
    total: np.ndarray
    weight: np.ndarray
    #: What is expected where a place knows little itself, and how many days that counts.
    everyone: np.ndarray
    days: float

    def prior(self, row: Any = ..., total: Any = 0.0, weight: Any = 0.0) -> np.ndarray:
        """Return what is expected of hours, without some of what they showed."""
        above = self.total[row] - total + self.days * self.everyone[row]
        return above / (self.weight[row] - weight + self.days)


class Rates(NamedTuple):
    """What counting expects: per hour of the week and place, ``(168, n_places)``."""

    expected: np.ndarray
    level: np.ndarray
    #: What was counted, faded, and the faded number of weeks.
    total: np.ndarray
    weight: np.ndarray
    prior: np.ndarray
    prior_weeks: float
    is_closed: np.ndarray
    alike: "Alike | None" = None

    def without(self, row: np.ndarray, values: np.ndarray, fade: np.ndarray) -> np.ndarray:
        """Return what hours seen would be expected to be had they not been seen themselves."""
        known = np.isfinite(values)
        seen = fade[:, None] * known
        total = self.total[row] - seen * np.where(known, values, 0.0)
        weight = self.weight[row] - seen
        prior = self.prior[row]
        if self.alike is not None:
            # The days alike hold these hours too.
            prior = self.alike.prior(row, seen * np.where(known, values, 0.0), seen)
        found = (total + self.prior_weeks * prior) / (weight + self.prior_weeks)
        return np.where(self.is_closed[row], self.expected[row], found)


class HourOfWeek(DemandModel):
    """The mean of the hour of the week, borrowing from all places (empirical Bayes).

    Examples
    --------
    >>> week = np.tile(np.arange(168.0), 4)
    >>> model = HourOfWeek().fit(Panel.of(week, "2024-06-03"), 24)
    >>> panel = Panel.of(week, "2024-06-03")
    >>> model.predict(panel, [672], 3).round().ravel().tolist()
    [0.0, 1.0, 2.0]

    What is read before an hour, what each hour of the week is taken for, and how much it counts:

    >>> model.rates(panel, 672).level.tolist(), model.rows(panel, 24, 26).tolist()
    ([83.5], [24, 25])
    >>> [(known, mine.tolist()) for known, mine in model.by_day(np.array([648, 650, 672]))]
    [(648, [0, 1]), (672, [2])]
    >>> len(model.fade(400)), model.usual_parts(panel, 672, 1, 0)["level"].tolist()
    (400, [83.5])
    """

    label = "Counting"
    sentence: ClassVar[str] = (
        "The mean of each hour of the week, where a place with little data borrows from the others."
    )
    #: Kinds of the days of the week that may tell of each other, and how much they need.
    kinds: ClassVar[tuple] = (None,)
    alike_days: ClassVar[tuple[float, ...]] = (0.0,)

    def _fit(self, panel: Panel) -> None:
        self.choice = Choice(kinds=self.kinds[0])
        weeks = panel.n_hours // HOURS_OF_WEEK
        if weeks < 2:
            return
        cut = panel.n_hours - min(2, weeks - 1) * HOURS_OF_WEEK
        truth = panel.values[cut:]
        row = self.rows(panel, cut, panel.n_hours)
        best = np.inf
        for fading in _FADING:
            sums = self._sums(panel, cut, fading)
            for rest in itertools.product(_PRIOR_WEEKS, self.kinds, self.alike_days):
                choice = Choice(fading, *rest)
                found = _mean(sums, choice, panel.is_signed).expected
                loss = deviance(truth, found[row], panel.is_signed)
                if loss < best - 1e-9:
                    best, self.choice = loss, choice

    def _predict(self, panel: Panel, origins: np.ndarray, horizon: int) -> np.ndarray:
        found = np.empty((len(origins), horizon, panel.n_places))
        for known, mine in self.by_day(origins):
            expected = self.rates(panel, known).expected
            for k in mine:
                origin = int(origins[k])
                row = self.rows(panel, origin, origin + horizon)
                mood = self._mood(panel, expected, origin, horizon)
                found[k] = expected[row] * mood[:, None]
        return found

    def _parts(self, panel: Panel, origin: int, horizon: int, place: int) -> dict[str, np.ndarray]:
        parts = self.usual_parts(panel, origin, horizon, place)
        mood = self._mood(panel, self.rates(panel, day_of(origin)).expected, origin, horizon)
        if (mood == 1).all():
            return parts
        return parts | {"everywhere": (parts["level"] + parts["hour of the week"]) * (mood - 1)}

    def usual_parts(
        self, panel: Panel, origin: int, horizon: int, place: int
    ) -> dict[str, np.ndarray]:
        """Return what the hours of the week alone make up, as `parts` does.

        Parameters
        ----------
        panel, origin, horizon, place
            As in `parts`.
        """
        rates = self.rates(panel, day_of(origin))
        usual = rates.expected[self.rows(panel, origin, origin + horizon), place]
        level = np.full(horizon, rates.expected[:, place].mean())
        return {"level": level, "hour of the week": usual - level}

    def _mood(self, panel: Panel, expected: np.ndarray, origin: int, horizon: int) -> np.ndarray:
        """Return by how much all places together are expected to differ, ``(horizon,)``."""
        return np.ones(horizon)

    @staticmethod
    def by_day(origins: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Return the hour up to which counts are read, and which origins share it.

        Parameters
        ----------
        origins : numpy.ndarray
            Hours by number, shape ``(n_origins,)``.
        """
        known = np.array([day_of(origin) for origin in origins])
        for each in np.unique(known):
            yield int(each), np.flatnonzero(known == each)

    def rows(self, panel: Panel, first: int, last: int) -> np.ndarray:
        """Return which hour of the week hours by number are taken for.

        Parameters
        ----------
        panel : Panel
            Whose hours are numbered.
        first, last : int
            The first hour, and the one after the last; they may lie in the future.
        """
        return hours_of_week(panel, first, last)

    def fade(self, origin: int) -> np.ndarray:
        """Return how much each hour before the origin counts, shape ``(origin,)``.

        Parameters
        ----------
        origin : int
            The first hour, by number, that is not read.
        """
        return self.choice.fading ** (np.arange(origin)[::-1] // HOURS_OF_WEEK)

    def rates(self, panel: Panel, origin: int) -> Rates:
        """Return what is expected in each hour of the week from what came before an hour.

        Parameters
        ----------
        panel : Panel
            What was counted.
        origin : int
            The first hour, by number, that is not read.
        """
        found = _mean(self._sums(panel, origin, self.choice.fading), self.choice, panel.is_signed)
        if panel.is_signed:
            return found
        seen = np.nan_to_num(panel.values[:origin])
        closed = found.is_closed | gone(seen, found.expected, self.rows(panel, 0, origin))
        return found._replace(is_closed=closed, expected=np.where(closed, 0.0, found.expected))

    def _sums(self, panel: Panel, origin: int, fading: float) -> Sums:
        """Sum what came before an hour by the hour of the week, faded."""
        values = panel.values[:origin]
        row = self.rows(panel, 0, origin)
        fade = fading ** (np.arange(origin)[::-1] // HOURS_OF_WEEK)
        known = np.isfinite(values)
        seen = np.where(known, values, 0.0)
        alive = known & (np.arange(origin)[:, None] >= first_seen(seen))
        return Sums(
            _per_hour(row, seen * fade[:, None]),
            _per_hour(row, alive * fade[:, None]),
            _per_hour(row, known.any(axis=1) * fade),
        )


def _mean(sums: Sums, choice: Choice, signed: bool) -> Rates:
    """Return the mean of each hour of the week, with what it borrows; nobody is gone yet."""
    total, weight, seen = sums
    # Everybody's shape; hours that the data never saw take that of their time of day.
    shape = _shape(total.sum(axis=1), seen)
    shown = (weight * shape[:, None]).sum(axis=0)
    level = total.sum(axis=0) / np.maximum(weight.sum(axis=0) if signed else shown, 1e-9)
    prior = np.tile(level, (HOURS_OF_WEEK, 1)) if signed else shape[:, None] * level
    closed = np.zeros(total.shape, bool) if signed else _closed(total, weight, prior)
    alike = None
    if choice.kinds is not None:
        kind = np.repeat(choice.kinds, 24) * 24 + np.tile(np.arange(24), 7)
        same = (kind[:, None] == kind).astype(float)
        alike = Alike(same @ total, same @ weight, same @ prior / same.sum(axis=0)[:, None],
                      choice.alike_days)  # fmt: skip
        prior = alike.prior()
    expected = (total + choice.prior_weeks * prior) / (weight + choice.prior_weeks)
    expected = np.where(closed, 0.0, expected)
    return Rates(expected, level, total, weight, prior, choice.prior_weeks, closed, alike)


class DaysAlike(HourOfWeek):
    """The hour of the day on days alike, and how much each weekday differs from them.

        like(p, w) = (Σ y(p, same hour, days alike) + κ' level(p) shape(w)) / (n + κ')

    stands in the formula of counting where everybody's shape does: working days tell of each
    other. Which days are alike is chosen by the latest weeks; a public holiday is taken for a
    Sunday. What all places together had more or less in the last day is believed as far as one day
    has told of the next.

    Examples
    --------
    >>> day = np.tile(np.arange(24.0), 21)
    >>> model = DaysAlike().fit(Panel.of(day, "2024-06-03"), 24)
    >>> model.predict(Panel.of(day, "2024-06-03"), [504], 3).round().ravel().tolist()
    [0.0, 1.0, 2.0]
    """

    label = "Days alike"
    sentence = (
        "The same hour on days alike (working days, weekends, holidays), and what each weekday "
        "has of its own."
    )
    kinds = ((0, 0, 0, 0, 0, 1, 1), (0, 0, 0, 0, 1, 1, 0), (0, 0, 0, 0, 0, 0, 0))
    alike_days = (1.0, 4.0, 16.0)

    def rows(self, panel: Panel, first: int, last: int) -> np.ndarray:
        """Return which hour of the week hours are taken for: holidays are Sundays.

        Parameters
        ----------
        panel : Panel
            Whose hours are numbered.
        first, last : int
            The first hour, and the one after the last.
        """
        found = super().rows(panel, first, last)
        off = self.calendar.holidays(panel.clock(first, last))
        return np.where(off, _SUNDAY + found % 24, found)

    def _fit(self, panel: Panel) -> None:
        super()._fit(panel)
        self.memory = 0.0
        if panel.is_signed:
            return
        expected = self.rates(panel, panel.n_hours).expected
        days = range(24, panel.n_hours + 1, 24)
        away = np.array([self._away(panel, expected, day) for day in days])
        together = float(away[1:] @ away[:-1]) / max(float(away[1:] @ away[1:]), 1e-12)
        # Of few days little is believed.
        self.memory = float(np.clip(together, 0.0, 0.9)) * len(away) / (len(away) + 7)

    def _mood(self, panel: Panel, expected: np.ndarray, origin: int, horizon: int) -> np.ndarray:
        if not self.memory:
            return np.ones(horizon)
        fade = self.memory ** (1 + np.arange(horizon) / 24)
        return np.exp(self._away(panel, expected, origin) * fade)

    def _away(self, panel: Panel, expected: np.ndarray, hour: int) -> float:
        """Return the logarithm of what all places had in the day before an hour, over the usual."""
        first = max(hour - 24, 0)
        came = panel.values[first:hour]
        known = np.isfinite(came)
        usual = expected[self.rows(panel, first, hour)][known].sum()
        return float(np.log((came[known].sum() + _DOUBT) / (usual + _DOUBT)))


def day_of(origin: int) -> int:
    """Return the last full day before an origin: later hours come again only next week."""
    return int(origin) if origin < 2 * HOURS_OF_WEEK else int(origin) // 24 * 24


class LastWeek(DemandModel):
    """The same hour of the last week that is known.

    Examples
    --------
    >>> week = Panel.of(np.tile(np.arange(168.0), 4), "2024-06-03")
    >>> LastWeek().fit(week, 24).predict(week, [672], 3).ravel().tolist()
    [0.0, 1.0, 2.0]
    """

    label = "Same hour last week"
    sentence = "What came in the same hour of the last week."

    def _fit(self, panel: Panel) -> None:
        pass

    def _predict(self, panel: Panel, origins: np.ndarray, horizon: int) -> np.ndarray:
        ahead = np.arange(horizon)
        back = HOURS_OF_WEEK * (ahead // HOURS_OF_WEEK + 1)
        rows = np.maximum(origins[:, None] + ahead - back, 0)
        return np.nan_to_num(panel.values[rows])


def deviance(truth: np.ndarray, expected: np.ndarray, signed: bool = False) -> float:
    """Return the mean Poisson deviance, without the part that only the truth makes."""
    known = np.isfinite(truth)
    y, mu = truth[known], expected[known]
    if signed:
        return float(((y - mu) ** 2).mean())
    mu = np.maximum(mu, 1e-6)
    return float((mu - y * np.log(mu)).mean())


def first_seen(values: np.ndarray) -> np.ndarray:
    """Return the hour in which each place appeared, 0 where its silence before is no surprise."""
    happened = values != 0
    first = np.where(happened.any(axis=0), happened.argmax(axis=0), 0)
    total, n = values.sum(axis=0), len(values)
    rate = total / np.maximum(n - first, 1)
    # Silent so long that, at the rate since, many would have come; from the start of that day.
    return np.where(rate * first > 2 * _SURELY, first, 0)


def gone(values: np.ndarray, expected: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Return which places have fallen silent, ``(1, n_places)``: closed since, or moved away."""
    happened = values != 0
    since = np.where(happened.any(axis=0), happened[::-1].argmax(axis=0), len(values))
    running = np.cumsum(expected[row][::-1], axis=0)
    missed = running[np.minimum(since, len(running)) - 1, np.arange(values.shape[1])]
    return ((since > 24) & (missed > 3 * _SURELY))[None, :]


def _closed(total: np.ndarray, weight: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return hours of the day in which a place was surely expected, and never had anybody."""
    n_places = total.shape[1]
    by_hour = total.reshape(7, 24, n_places)
    wanted = (weight * prior).reshape(7, 24, n_places)
    shut = (by_hour.sum(axis=0) == 0) & (wanted.sum(axis=0) > _SURELY)
    # One weekday alone, such as a Sunday.
    day_shut = (by_hour.sum(axis=1) == 0) & (wanted.sum(axis=1) > 2 * _SURELY)
    never = (total.sum(axis=1) == 0) & (weight.max(axis=1) >= 4)
    found = shut[None] | day_shut[:, None]
    return found.reshape(HOURS_OF_WEEK, n_places) | never[:, None]


def _per_hour(row: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sum rows by their hour of the week."""
    from scipy.sparse import csr_array

    at = np.arange(len(row))
    sort = csr_array((np.ones(len(row)), (row, at)), shape=(HOURS_OF_WEEK, len(row)))
    return np.asarray(sort @ values)


def _shape(total: np.ndarray, weeks: np.ndarray) -> np.ndarray:
    """Return how much of the mean hour happens in each hour of the week; the mean is 1."""
    rate = total / np.maximum(weeks, 1e-9)
    by_day = total.reshape(7, 24).sum(axis=0) / np.maximum(weeks.reshape(7, 24).sum(axis=0), 1e-9)
    rate = np.where(weeks > 0, rate, np.tile(by_day, 7))
    return rate / max(rate.mean(), 1e-12)
