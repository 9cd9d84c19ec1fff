"""The counting reference: each hour of the week, as one place knows it and as all know it.

    level(p)       = recent mean per hour of place p
    shape(w)       = share of hour w of the week in all places together, mean 1
    ŷ(p, w)        = (Σ_k d^k y(p, w, k weeks ago) + κ level(p) shape(w)) / (Σ_k d^k + κ)

κ weeks of everybody's shape are added to what the place itself has shown: a new or sparse place
borrows from the others, a busy one speaks for itself. κ and the fading d are those that would have
forecast the latest weeks best.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from strec.demand.base import HOURS_OF_WEEK, DemandModel, hours_of_week
from strec.demand.panels import Panel

#: Weeks of everybody's shape that are tried, and how much of a week is left a week later.
_PRIOR_WEEKS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0)
_FADING = (1.0, 0.9, 0.75)
#: A place that was expected so often and never came is closed then.
_SURELY = 5.0


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

    def without(self, row: np.ndarray, values: np.ndarray, fade: np.ndarray) -> np.ndarray:
        """Return what hours seen would be expected to be had they not been seen themselves."""
        known = np.isfinite(values)
        seen = fade[:, None] * known
        total = self.total[row] - seen * np.where(known, values, 0.0)
        weight = self.weight[row] - seen
        found = (total + self.prior_weeks * self.prior[row]) / (weight + self.prior_weeks)
        return np.where(self.is_closed[row], self.expected[row], found)


class HourOfWeek(DemandModel):
    """The mean of the hour of the week, borrowing from all places (empirical Bayes).

    Examples
    --------
    >>> week = np.tile(np.arange(168.0), 4)
    >>> model = HourOfWeek().fit(Panel.of(week, "2024-06-03"), 24)
    >>> model.predict(Panel.of(week, "2024-06-03"), [672], 3).round().ravel().tolist()
    [0.0, 1.0, 2.0]
    """

    label = "Counting"
    sentence = (
        "The mean of each hour of the week, where a place with little data borrows from the others."
    )

    def _fit(self, panel: Panel) -> None:
        self.prior_weeks, self.fading = 2.0, 1.0
        weeks = panel.n_hours // HOURS_OF_WEEK
        if weeks < 3:
            return
        tested = min(2, weeks - 2) * HOURS_OF_WEEK
        cut = panel.n_hours - tested
        truth = panel.values[cut:]
        row = hours_of_week(panel, cut, panel.n_hours)
        best = np.inf
        for fading in _FADING:
            for prior_weeks in _PRIOR_WEEKS:
                found = self.rates(panel, cut, prior_weeks, fading).expected[row]
                loss = deviance(truth, found, panel.is_signed)
                if loss < best - 1e-9:
                    best, self.prior_weeks, self.fading = loss, prior_weeks, fading

    def _predict(self, panel: Panel, origins: np.ndarray, horizon: int) -> np.ndarray:
        found = np.empty((len(origins), horizon, panel.n_places))
        for known, mine in self.by_day(origins):
            expected = self.rates(panel, known).expected
            for k in mine:
                found[k] = expected[
                    hours_of_week(panel, int(origins[k]), int(origins[k]) + horizon)
                ]
        return found

    def _parts(self, panel: Panel, origin: int, horizon: int, place: int) -> dict[str, np.ndarray]:
        rates = self.rates(panel, day_of(origin))
        usual = rates.expected[hours_of_week(panel, origin, origin + horizon), place]
        level = np.full(horizon, rates.expected[:, place].mean())
        return {"level": level, "hour of the week": usual - level}

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

    def fade(self, panel: Panel, origin: int) -> np.ndarray:
        """Return how much each hour before the origin counts, shape ``(origin,)``.

        Parameters
        ----------
        panel : Panel
            What was counted.
        origin : int
            The first hour, by number, that is not read.
        """
        return self.fading ** (np.arange(origin)[::-1] // HOURS_OF_WEEK)

    def rates(
        self, panel: Panel, origin: int, prior_weeks: float | None = None,
        fading: float | None = None,
    ) -> Rates:  # fmt: skip
        """Return what is expected in each hour of the week from what came before an hour.

        Parameters
        ----------
        panel : Panel
            What was counted.
        origin : int
            The first hour, by number, that is not read.
        prior_weeks, fading : float, optional
            Those fitted by default.
        """
        prior_weeks = self.prior_weeks if prior_weeks is None else prior_weeks
        fading = self.fading if fading is None else fading
        values = panel.values[:origin]
        row = hours_of_week(panel, 0, origin)
        fade = fading ** (np.arange(origin)[::-1] // HOURS_OF_WEEK)
        known = np.isfinite(values)
        seen = np.where(known, values, 0.0)
        born = first_seen(seen)
        alive = known & (np.arange(origin)[:, None] >= born)
        total = _per_hour(row, seen * fade[:, None])
        weight = _per_hour(row, alive * fade[:, None])
        hours = weight.sum(axis=0)
        # Everybody's shape; hours that the data never saw take that of their time of day.
        shape = _shape(total.sum(axis=1), _per_hour(row, known.any(axis=1) * fade))
        shown = (weight * shape[:, None]).sum(axis=0)
        signed = panel.is_signed
        level = total.sum(axis=0) / np.maximum(hours if signed else shown, 1e-9)
        prior = np.tile(level, (HOURS_OF_WEEK, 1)) if signed else shape[:, None] * level
        expected = (total + prior_weeks * prior) / (weight + prior_weeks)
        closed = np.zeros(expected.shape, dtype=bool)
        if not signed:
            closed = _closed(total, weight, prior)
            ended = gone(seen, expected, row)
            closed |= ended
            expected = np.where(closed, 0.0, expected)
        return Rates(expected, level, total, weight, prior, prior_weeks, closed)


def day_of(origin: int) -> int:
    """Return the last full day before an origin: later hours come again only next week."""
    return int(origin) if origin < 2 * HOURS_OF_WEEK else int(origin) // 24 * 24


class LastWeek(DemandModel):
    """The same hour of the last week that is known."""

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
    """Sum rows of consecutive hours by their hour of the week."""
    before = row[0] if len(row) else 0
    weeks = -(-(before + len(values)) // HOURS_OF_WEEK)
    table = np.zeros((weeks * HOURS_OF_WEEK, *values.shape[1:]))
    table[before : before + len(values)] = values
    return table.reshape(weeks, HOURS_OF_WEEK, *values.shape[1:]).sum(axis=0)


def _shape(total: np.ndarray, weeks: np.ndarray) -> np.ndarray:
    """Return how much of the mean hour happens in each hour of the week; the mean is 1."""
    rate = total / np.maximum(weeks, 1e-9)
    by_day = total.reshape(7, 24).sum(axis=0) / np.maximum(weeks.reshape(7, 24).sum(axis=0), 1e-9)
    rate = np.where(weeks > 0, rate, np.tile(by_day, 7))
    return rate / max(rate.mean(), 1e-12)
