"""Did it work? What would have happened without it, how much more came, and is that chance?

    √y(d) = weekday + γ · factors of the other places + u(d),     u(d) = ρ u(d - 1) + noise

Fitted on the days before; the days after are foretold from the other places, which know the
weather and the season but not what was done. The interval holds the noise, the uncertainty of the
weights, and that of ρ; it is widened where placebos err more than that. What can be below zero has
no root and is taken as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from strec.demand.panels import Panel, need_panel
from strec.errors import AnalysisError
from strec.wording import plural

#: Days that are needed before and after.
FEWEST_BEFORE, FEWEST_AFTER = 21, 3
_MEMORIES = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
_MOST_FACTORS = 3
_MOST_PLACEBOS = 40
#: Fewer say nothing of the interval.
_FEWEST_PLACEBOS = 5
#: So many placebos may be as large and it still counts as more than chance.
_CHANCE = 0.1


class _Told(NamedTuple):
    """The days after, foretold from the days before."""

    mean: np.ndarray
    #: Of their errors, shape ``(n_after, n_after)``.
    covariance: np.ndarray
    freedom: int
    fitted: np.ndarray


@dataclass(frozen=True)
class Effect:
    """What came after a day, and what would have come without it.

    Parameters
    ----------
    frame : pandas.DataFrame
        `day`, `came`, `expected` (without it), `low`, `high` (95 %, of that day; NaN before).
    total, low, high : float
        How much more came in all, with its 95 % interval.
    share : float
        The same in units of what would have come.
    in_places, in_time : numpy.ndarray
        Placebos: the same for other places at the same day, and for earlier days, in units of
        their standard error.
    score : float
        The effect in these units.
    n_others : int
        Places that it was compared with.
    unit : str
        What is counted.
    """

    frame: pd.DataFrame
    total: float
    low: float
    high: float
    share: float
    score: float
    in_places: np.ndarray
    in_time: np.ndarray
    n_others: int
    unit: str

    @property
    def by_chance(self) -> float:
        """The share of placebos at least as large; NaN without any."""
        placebos = np.concatenate([self.in_places, self.in_time])
        return float((np.abs(placebos) >= abs(self.score)).mean()) if len(placebos) else np.nan

    @property
    def is_shown(self) -> bool:
        """Whether it is more than chance: the interval leaves out 0, and placebos are smaller."""
        return (self.low > 0 or self.high < 0) and not self.by_chance > _CHANCE

    @property
    def sentence(self) -> str:
        """The effect in words, with its interval and its placebos."""
        after = self.frame[self.frame["low"].notna()]
        usual = float(after["expected"].sum())
        words = (
            f"In {plural(len(after), 'day')} {after['came'].sum():,.0f} {self.unit} came, and "
            f"about {usual:,.0f} would have come without it, if nothing else changed: "
            f"{self.total:+,.0f} "
            f"({100 * self.share:+.0f} %; 95 % between {self.low:+,.0f} and {self.high:+,.0f})."
        )
        if self.is_shown:
            words += " That is more than chance."
        elif self.low > 0 or self.high < 0:
            words += " But placebos show as much: it may be chance."
        else:
            words += " That may be chance."
        parts = []
        for found, what in ((self.in_places, "other places"), (self.in_time, "earlier times")):
            if len(found):
                n = int((np.abs(found) >= abs(self.score)).sum())
                parts.append(f"{n} of {len(found)} {what}")
        if parts:
            words += (
                f" As large an effect is seen in {' and '.join(parts)} of which nothing is known."
            )
        if not self.n_others:
            words += " There is no other place to compare with: only the days before are."
        return words


def effect(panel: Panel, day: Any, places: list[str], until: Any = None) -> Effect:
    """Tell what something done on a day at some places has changed.

    Parameters
    ----------
    panel : Panel
        What was counted, before and after.
    day : date or str
        The first day with it.
    places : list of str
        Where it was done, by id; all other places are what it is compared with.
    until : date or str, optional
        The last day looked at; the last one counted by default.

    Raises
    ------
    AnalysisError
        If there are fewer than three weeks before or three days after, or a place is unknown.

    References
    ----------
    Abadie, Diamond & Hainmueller 2010, *Synthetic control methods for comparative case studies*,
    JASA; Xu 2017, *Generalized synthetic control method*, Political Analysis.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> daily = rng.poisson(30, (60, 8))
    >>> daily[40:, 0] += 15
    >>> hourly = np.repeat(daily, 24, axis=0) / 24
    >>> found = effect(Panel.of(hourly, "2024-01-01"), "2024-02-10", ["0"])
    >>> found.is_shown, found.low < 20 * 15 < found.high
    (True, True)
    """
    panel = need_panel(panel)
    daily, days = _daily(panel)
    first, last = _day(day), days[-1] if until is None else _day(until)
    begun = int((days < first).sum())
    daily, days = daily[days <= last], days[days <= last]
    n_after = len(days) - begun
    if begun < FEWEST_BEFORE or n_after < FEWEST_AFTER:
        raise AnalysisError(
            f"An effect is told from at least {FEWEST_BEFORE} whole days before and "
            f"{FEWEST_AFTER} after.",
            f"{begun} before and {max(n_after, 0)} after {first:%Y-%m-%d}.",
            "Choose a day further inside the data.",
        )
    asked = [str(place) for place in places] if isinstance(places, Sequence | pd.Series) else []
    mine = panel.places["place"].isin(asked).to_numpy()
    unknown = sorted(set(asked) - set(panel.places["place"]))
    if unknown or not mine.any():
        raise AnalysisError(
            "An effect is told of places that are counted.",
            f"{', '.join(unknown) or 'none'}.",
            "Choose from panel.places.",
        )
    came, others = daily[:, mine].sum(axis=1), daily[:, ~mine]
    weekday = days.day_of_week.to_numpy()
    told = _foretold(came, others, weekday, begun)
    if told is None:
        raise AnalysisError(
            f"An effect needs places where something happened before {first:%Y-%m-%d}.",
            "nothing, day after day.",
            "Choose other places, or count something else.",
        )
    total, error = _sum(came[begun:], told)
    in_places = _other_places(others, came[:begun].sum(), weekday, begun)
    in_time = _earlier(came[:begun], others[:begun], weekday[:begun], n_after)
    wider = _wider(np.concatenate([in_places, in_time]), told.freedom)
    reach = float(stdtrit(told.freedom, 0.975)) * wider
    usual = float(told.mean.sum())
    half = reach * np.sqrt(np.diag(told.covariance))
    frame = pd.DataFrame({"day": days, "came": came, "expected": told.fitted})
    frame["low"] = np.r_[np.full(begun, np.nan), told.mean - half]
    frame["high"] = np.r_[np.full(begun, np.nan), told.mean + half]
    return Effect(
        frame, total, total - reach * error, total + reach * error,
        total / usual if usual else np.nan, total / error,
        in_places, in_time, others.shape[1], panel.unit,
    )  # fmt: skip


def _daily(panel: Panel) -> tuple[np.ndarray, pd.DatetimeIndex]:
    """Return sums of whole days; days of which something is unknown are left out."""
    skip = (24 - panel.start.hour) % 24
    n_days = (panel.n_hours - skip) // 24
    if n_days < 1:
        raise AnalysisError(
            "An effect is told from whole days.", f"{plural(panel.n_hours, 'hour')}.",
            "Come back with more data.",
        )  # fmt: skip
    table = panel.values[skip : skip + 24 * n_days].reshape(n_days, 24, -1).sum(axis=1)
    days = pd.date_range(panel.start + pd.Timedelta(hours=skip), periods=n_days, freq="D")
    known = np.isfinite(table).all(axis=1)
    return table[known], days[known]


def _day(value: Any) -> pd.Timestamp:
    try:
        found = pd.Timestamp(value)
    except (TypeError, ValueError):
        found = pd.NaT
    if isinstance(found, pd.Timestamp) and not pd.isna(found):
        return found.tz_localize(None).normalize()
    raise AnalysisError(
        "A day is needed, such as 2024-05-06.", f"{value!r:.60}.", "Correct the day."
    )


def _foretold(
    came: np.ndarray, others: np.ndarray, weekday: np.ndarray, begun: int
) -> _Told | None:
    """Return the days from `begun` on as the days before and the other places foretell them."""
    # Of roots the noise of counts is the same everywhere, and what all share adds up.
    is_count = bool((came >= 0).all())
    seen = np.sqrt(came[:begun]) if is_count else came[:begun]
    scale = seen.std()
    if scale <= 0:
        return None
    design = _design(others, weekday, begun)
    x0, x1, y = design[:begun], design[begun:], seen / scale
    n, k = x0.shape
    apart = np.abs(np.arange(len(design))[:, None] - np.arange(len(design)))
    means, spreads, weights, curves = [], [], [], []
    for memory in _MEMORIES:
        full = memory**apart
        c00, c01, c11 = full[:begun, :begun], full[:begun, begun:], full[begun:, begun:]
        root = np.linalg.cholesky(c00)
        xs, ys = np.linalg.solve(root, x0), np.linalg.solve(root, y)
        gram = xs.T @ xs
        beta = np.linalg.solve(gram, xs.T @ ys)
        rest = ys - xs @ beta
        variance = max(float(rest @ rest) / (n - k), 1e-9)
        link = np.linalg.solve(root, c01)
        left = x1 - link.T @ xs
        means.append(x1 @ beta + link.T @ rest)
        spreads.append(variance * (c11 - link.T @ link + left @ np.linalg.solve(gram, left.T)))
        curves.append(x0 @ beta)
        # Restricted likelihood: the weights of the columns are integrated out.
        weights.append(
            -0.5 * (n - k) * np.log(variance)
            - np.log(np.diag(root)).sum()
            - 0.5 * np.linalg.slogdet(gram)[1]
        )
    share = np.exp(np.array(weights) - max(weights))
    share /= share.sum()
    mean = np.tensordot(share, np.array(means), 1)
    away = np.array(means) - mean
    covariance = np.tensordot(share, np.array(spreads), 1)
    covariance = covariance + np.einsum("m,mi,mj->ij", share, away, away)
    mean, covariance = mean * scale, covariance * scale**2
    curve = np.tensordot(share, np.array(curves), 1) * scale
    if is_count:
        # E z² = (E z)² + var z, and the covariance of squares of what is normal.
        curve = curve**2 + float(np.var(seen - curve))
        squares = 4 * np.outer(mean, mean) * covariance + 2 * covariance**2
        mean, covariance = mean**2 + np.diag(covariance), squares
    return _Told(mean, covariance, n - k, np.r_[curve, mean])


def _design(others: np.ndarray, weekday: np.ndarray, begun: int) -> np.ndarray:
    """Return weekdays, and what the other places have in common, as few columns."""
    seen = [day for day in range(7) if (weekday[:begun] == day).sum() >= 2]
    columns = [np.ones(len(weekday))] + [(weekday == day).astype(float) for day in seen[1:]]
    spread = others[:begun].std(axis=0) if others.size else np.zeros(0)
    known = others[:, spread > 0]
    if known.shape[1]:
        # Roots make the noise of counts the same everywhere.
        roots = np.sqrt(np.maximum(known, 0)) if (known >= 0).all() else known
        away = roots - roots[:begun].mean(axis=0)
        _, sizes, axes = np.linalg.svd(away[:begun], full_matrices=False)
        # One factor per three weeks; the first ones are what all share.
        n = min(_MOST_FACTORS, known.shape[1], max(1, begun // 21), int((sizes > 1e-9).sum()))
        total = away.sum(axis=1)
        factors = [total / max(total[:begun].std(), 1e-9)]
        factors += [away @ axis / max(float((away[:begun] @ axis).std()), 1e-9)
                    for axis in axes[1:n]]  # fmt: skip
        columns += factors
    return np.stack(columns, axis=1)


def _sum(came: np.ndarray, told: _Told) -> tuple[float, float]:
    """Return how much more came than was foretold, and the standard error of that."""
    error = float(np.sqrt(max(told.covariance.sum(), 1e-12)))
    return float((came - told.mean).sum()), error


def _wider(placebos: np.ndarray, freedom: int) -> float:
    """Return by how much placebos err more than the model says that they would, at least 1."""
    if len(placebos) < _FEWEST_PLACEBOS:
        return 1.0
    spread = float((placebos**2).mean())
    return float(np.sqrt(max(spread * (freedom - 2) / max(freedom, 3), 1.0)))


def _other_places(others: np.ndarray, size: float, weekday: np.ndarray, begun: int) -> np.ndarray:
    """Return the effect that each of the other places shows, those of a like size first."""
    sizes = others[:begun].sum(axis=0)
    order = np.argsort(np.abs(np.log((sizes + 1) / (size + 1))), kind="stable")
    found = []
    for at in order[:_MOST_PLACEBOS]:
        told = _foretold(others[:, at], np.delete(others, at, axis=1), weekday, begun)
        if told is not None and others.shape[1] > 1:
            total, error = _sum(others[begun:, at], told)
            found.append(total / error)
    return np.array(found)


def _earlier(came: np.ndarray, others: np.ndarray, weekday: np.ndarray, n_after: int) -> np.ndarray:
    """Return the effect that earlier stretches of as many days show."""
    found = []
    n = min(n_after, max(FEWEST_AFTER, len(came) // 6))
    for end in range(len(came), FEWEST_BEFORE + n - 1, -n):
        told = _foretold(came[:end], others[:end], weekday[:end], end - n)
        if told is not None:
            total, error = _sum(came[end - n : end], told)
            found.append(total / error)
    return np.array(found)
