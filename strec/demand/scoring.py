"""How forecasts of the past fared: losses, coverage, and whether a gain is more than chance."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from strec.demand.bands import QUANTILES, Bands
from strec.demand.base import HOURS_OF_WEEK
from strec.demand.counting import HourOfWeek
from strec.demand.panels import Panel

#: The table of a backtest, and each model's loss by day.
Known: TypeAlias = tuple[pd.DataFrame, dict[str, np.ndarray]]


def crossed(n: int, shape: tuple[int, ...], make: Callable[[slice, slice], np.ndarray]):
    """Return what each half gets from the other one."""
    found = np.empty(shape)
    halves = slice(0, max(n // 2, 1)), slice(max(n // 2, 1), n)
    if n < 2:
        halves = slice(0, n), slice(0, n)
    for fit, use in (halves, halves[::-1]):
        found[use] = make(fit, use)
    return found


def scored(
    panel: Panel, past: Panel, expected: dict[str, np.ndarray], truth: np.ndarray,
    origins: np.ndarray, seconds: dict[str, float], known: Known | None = None,
) -> Known:  # fmt: skip
    """Return the table of a backtest, and each model's loss by day; what is known stays."""
    lag = min(HOURS_OF_WEEK, past.n_hours // 2)
    naive = np.nanmean(np.abs(past.values[lag:] - past.values[:-lag]))
    day = (origins[:, None] + np.arange(truth.shape[1])) // 24
    before = known[0].set_index("model", drop=False).to_dict("index") if known else {}
    rows, losses = [], {}
    for name, found in expected.items():
        if known and name in before:
            row, losses[name] = before[name], known[1][name]
        else:
            row, losses[name] = _scored(panel, found, truth, day, max(float(naive), 1e-12))
        rows.append({"model": name} | row | {"seconds": seconds[name]})
    base = losses[HourOfWeek.label]
    for row in rows:
        mean, low, high = gained(base, losses[row["model"]])
        row |= {"gain": mean, "gain_low": low, "gain_high": high}
    table = pd.DataFrame(rows).sort_values("wql", kind="stable", ignore_index=True)
    return table, losses


def _scored(
    panel: Panel, found: np.ndarray, truth: np.ndarray, day: np.ndarray, naive: float
) -> tuple[dict[str, float], np.ndarray]:
    lines, ends = crossed_bands(panel, found, truth)
    known = np.isfinite(truth)
    loss = np.zeros(truth.shape)
    for quantile, line in zip(QUANTILES, lines, strict=True):
        away = truth - line
        loss += 2 * np.where(away > 0, quantile * away, (quantile - 1) * away)
    loss /= len(QUANTILES)
    error = (found - truth)[known]
    inside = [
        float(((truth >= low - 1e-9) & (truth <= high + 1e-9))[known].mean())
        for low, high in (ends[:2], ends[2:])
    ]
    size = float(np.abs(truth[known]).sum()) or 1.0
    row = {
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "mase": float(np.abs(error).mean() / naive),
        "wql": float(np.nansum(loss) / size),
        "cover_80": inside[0],
        "cover_95": inside[1],
    }
    return row, np.array([np.nansum(loss[day == each]) for each in np.unique(day)])


def gained(base: np.ndarray, loss: np.ndarray) -> tuple[float, float, float]:
    """Return the share of a loss that is saved, and its 95 % interval over days."""
    gain = (base - loss) / max(base.mean(), 1e-12)
    half = np.inf
    if len(gain) > 1:
        half = float(stdtrit(len(gain) - 1, 0.975) * gain.std(ddof=1) / np.sqrt(len(gain)))
    return float(gain.mean()), float(gain.mean()) - half, float(gain.mean()) + half


def crossed_bands(
    panel: Panel, found: np.ndarray, truth: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return what each half of the test gets from the errors of the other one.

    Quantiles, ``(n_quantiles, n_origins, …)``, and the ends of the 80 % and of the 95 % bands,
    ``(4, n_origins, …)``.
    """
    n = len(QUANTILES)
    shape = (truth.shape[0], n + 4, *truth.shape[1:])

    def make(fit: slice, use: slice) -> np.ndarray:
        bands = Bands(found[fit], truth[fit], panel.is_signed)
        ends = [bands.ends(found[use], share, panel.is_whole) for share in (0.8, 0.95)]
        return np.moveaxis(np.concatenate([bands.around(found[use]), *ends]), 0, 1)

    both = np.moveaxis(crossed(len(truth), shape, make), 1, 0)
    return both[:n], both[n:]
