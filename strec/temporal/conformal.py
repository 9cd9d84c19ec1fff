"""Bands from past errors: what forecasts missed by, step by step ahead, becomes an interval.

Split conformal prediction (Vovk, Gammerman & Shafer 2005) over rolling origins: a forecaster that
has learned from the first part of a series forecasts from many later moments, and the quantile of
what it missed by is the reach of the band. Errors from neighbouring moments resemble each other, so
that a hundred origins may be as good as five: the band is wider for that, by the ratio of Student's
to the normal quantile.
"""

from dataclasses import dataclass

import numpy as np

from strec.errors import AnalysisError

#: With fewer spans of the horizon, one beside the other, there is no band.
MIN_SPANS = 3.0
#: Steps on either side whose errors tell about a step ahead.
_NEIGHBOURS = 3


@dataclass(frozen=True)
class Reach:
    """How far a band reaches from the forecast, step by step ahead.

    Attributes
    ----------
    lower, upper : numpy.ndarray
        Shape ``(horizon,)``, in units of the errors: the band goes from forecast + lower to
        forecast + upper. Not a number where there were too few errors.
    level : float
        Share of the values that should fall inside.
    n_origins : int
        Moments in the past from which was forecast.
    spans : float
        How many horizons, one beside the other, these moments cover.
    """

    lower: np.ndarray
    upper: np.ndarray
    level: float
    n_origins: int
    spans: float

    @property
    def is_known(self) -> bool:
        """Whether there were errors enough for a band."""
        return bool(np.isfinite(self.upper).all())


def conformal(
    errors: np.ndarray,
    level: float = 0.9,
    horizon: int | None = None,
    spacing: float = 1.0,
    *,
    either_side: bool = False,
) -> Reach:
    """Return the band that past errors ask for.

    Parameters
    ----------
    errors : numpy.ndarray
        Observed minus forecast, shape ``(origins, steps)``, of forecasts that had not seen what
        came; NaN where nothing is known. Origins in order of time; of several series on one scale
        they may stand below each other. On a scale on which noise does not grow with the level
        (square roots of counts).
    level : float
        Share of the values that should fall inside.
    horizon : int, optional
        Steps wanted, by default those of the errors; beyond these the band grows as that of a sum
        of independent errors.
    spacing : float
        Steps from one origin to the next.
    either_side : bool
        Whether the forecast may miss on the other side than past ones did (`lie_on_one_side`), as
        that of a model that has learned since: the band is as wide upwards as downwards.

    Raises
    ------
    AnalysisError
        If the errors have no such shape, or the level is none.

    References
    ----------
    Vovk, Gammerman & Shafer 2005, *Algorithmic learning in a random world*; Stankevičiūtė, Alaa &
    van der Schaar 2021, *Conformal time-series forecasting*.

    Examples
    --------
    >>> errors = np.random.default_rng(0).normal(size=(400, 2))
    >>> conformal(errors, 0.9).upper.round(1).tolist()
    [1.6, 1.6]
    """
    try:
        errors = np.asarray(errors, dtype=float)
    except (TypeError, ValueError):
        errors = np.empty(0)
    if errors.ndim != 2 or not errors.shape[-1]:
        raise AnalysisError(
            "A band is made of numbers of the shape (origins, steps).",
            f"an array of shape {errors.shape}.",
            "Give one row of errors per moment in the past from which was forecast.",
        )
    if not isinstance(level, float) or not 0 < level < 1:
        raise AnalysisError(
            "A band holds a share of the values.", f"{level}.", "Choose 0.9, or another."
        )
    known = np.isfinite(errors)
    steps = errors.shape[-1]
    ahead = steps if horizon is None else horizon
    n_origins = int(known.any(axis=1).sum())
    spans = n_origins * spacing / steps
    if spans < MIN_SPANS or n_origins < MIN_SPANS + 1:
        nothing = np.full(ahead, np.nan)
        return Reach(nothing, nothing, level, n_origins, spans)
    size = _size_by_step(np.where(known, errors, 0.0), known)
    # Of the same size, errors of all steps say together how heavy the tails are.
    usual = (errors / np.where(size > 0, size, 1.0))[known]
    share = min(1.0, level * (1 + 1 / len(usual)))
    if either_side:
        high = float(np.quantile(np.abs(usual), share))
        low = -high
    else:
        low, high = _shortest(usual, share)
    size = size * _widened(level, spans)
    if ahead > steps:
        further = np.sqrt(np.arange(steps + 1, ahead + 1) / steps)
        size = np.concatenate([size, size[-1] * further])
    size = size[:ahead]
    return Reach(low * size, high * size, level, n_origins, spans)


def lie_on_one_side(errors: np.ndarray, spacing: float = 1.0) -> bool:
    """Tell whether errors lie on one side of 0 by more than chance.

    Their mean is beyond two standard errors, of as many as there are spans apart.

    Parameters
    ----------
    errors, spacing
        As of `conformal`, but on the scale on which forecasts are means.

    Examples
    --------
    >>> errors = np.random.default_rng(0).normal(size=(100, 4))
    >>> lie_on_one_side(errors), lie_on_one_side(errors + 2)
    (False, True)
    """
    known = np.isfinite(errors)
    if not known.any():
        return False
    of_origin = np.array([row[k].mean() for row, k in zip(errors, known, strict=True) if k.any()])
    spans = max(len(of_origin) * spacing / errors.shape[1], 1.0)
    return bool(abs(of_origin.mean()) > 2 * of_origin.std() / spans**0.5)


def _size_by_step(errors: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Root mean square of the errors of each step and its neighbours, shape ``(steps,)``."""
    window = np.ones(2 * _NEIGHBOURS + 1)

    def near(values: np.ndarray) -> np.ndarray:
        return np.convolve(values, window)[_NEIGHBOURS : len(values) + _NEIGHBOURS]

    return np.sqrt(near((errors**2).sum(axis=0)) / np.maximum(near(known.sum(axis=0)), 1))


def _shortest(usual: np.ndarray, share: float) -> tuple[float, float]:
    """The shortest of three intervals with this share of the errors.

    What is left out lies on both sides, or all on one: counts that are often 0 end there.
    """
    left_out = (1 - share) * np.array([0.0, 0.5, 1.0])
    low, high = np.quantile(usual, left_out), np.quantile(usual, left_out + share)
    best = int(np.argmin(high - low))
    return min(float(low[best]), 0.0), max(float(high[best]), 0.0)


def _widened(level: float, spans: float) -> float:
    from scipy.stats import norm, t

    chance = (1 + level) / 2
    return float(t.ppf(chance, spans) / norm.ppf(chance))
