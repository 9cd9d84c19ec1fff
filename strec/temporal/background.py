"""The power that a series without any rhythm would have at each frequency.

Counts of check-ins wander slowly, come in sessions and carry the noise of counting. An ARMA(p, q)
spectrum, its orders chosen by AICc, follows all of these; where the frequencies around one hold
more than it says, their level is taken, so that no form of memory that was not thought of passes
for a rhythm. Peaks and the lines of usual seasons are left out of both.
"""

from typing import Any, NamedTuple

import numpy as np

#: While the background is fitted, frequencies this unlikely under it are taken for peaks.
_PEAK_P = 0.005
#: Peaks are not seen by a running median over so many frequencies, slow wanderings are.
_SMOOTH = 9
#: What repeats fewer times than this is no rhythm on its own: slow wanderings seem to, too.
CYCLES = 12
#: Tried in turn: white noise, memory, memory beneath the noise of counting, humps.
_ORDERS = ((0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2))
#: Neighbouring ordinates of a Hann-tapered periodogram are worth so many independent ones each.
_WORTH = 1 / 1.94
#: The fit looks at so many groups of neighbouring frequencies at most.
_MOST_GROUPS = 400
#: A frequency is compared with so many on either side; its own peak reaches this far.
_AROUND, _OWN = 24, 2
#: Neighbours overrule the ARMA where they lie above it by so many standard errors.
_SURE = 1.64
#: Fewer neighbours than this say nothing.
_FEWEST = 6
#: What leaving out the peaks of pure noise does to the mean of the rest.
_TRIMMED = 1 + _PEAK_P * np.log(_PEAK_P) / (1 - _PEAK_P)
#: The hyperbolic tangent of this is as near to 1 as a coefficient comes.
_MOST = 3.8


class Background(NamedTuple):
    """What noise alone would have.

    `power` per frequency, how many independent powers tell each (`told_by`), the orders of the
    ARMA behind it, and its correlation from one step to the next.
    """

    power: np.ndarray
    told_by: np.ndarray
    orders: tuple[int, int]
    memory: float


def background(frequency: np.ndarray, power: np.ndarray, lines: np.ndarray) -> Background:
    """Fit the power of noise to the frequencies that are neither peaks nor lines of a season.

    Parameters
    ----------
    frequency, power : numpy.ndarray
        Of a periodogram with a Hann taper, cycles per step, equally spaced, shape ``(n,)``.
    lines : numpy.ndarray of bool
        Frequencies that a usual season would hold, shape ``(n,)``.
    """
    from scipy.ndimage import median_filter
    from scipy.stats import chi2

    usable = ~lines if (~lines).sum() >= max(16, len(power) // 4) else np.ones_like(lines)
    # The median of an exponential variable is log 2 of its mean.
    smooth = median_filter(power, size=_SMOOTH) / np.log(2)
    slow = frequency < CYCLES * (frequency[1] - frequency[0])
    fitted, orders = _arma(frequency, np.maximum(smooth, power.min()), usable, ((1, 1),))
    calm = usable
    for turn in range(3):
        likely = usable & (slow | (chi2.sf(2 * power / fitted, 2) > _PEAK_P))
        if likely.sum() < 8 or (turn and (calm == likely).all()):
            break
        calm = likely
        fitted, orders = _arma(frequency, power, calm, (orders,) if turn else _ORDERS)
        fitted = fitted / _TRIMMED
    level, told_by = _around(power / fitted, calm, usable)
    waves = np.cos(2 * np.pi * frequency)
    memory = float((fitted * waves).sum() / fitted.sum())
    level *= fitted
    # What repeats so rarely must stand above what is slower still: wanderings come in any shape.
    for k in np.flatnonzero(slow):
        slower = power[: max(k - 1, 0)][usable[: max(k - 1, 0)]]
        told_by[k] = min(told_by[k], _FEWEST)
        level[k] = max(level[k], slower.mean()) if len(slower) else np.inf
    return Background(level, told_by, orders, memory)


def chance(power: np.ndarray, noise: Background) -> np.ndarray:
    """Return how likely noise has such power, its own level being an estimate: F(2, 2m)."""
    return (1 + power / noise.power / noise.told_by) ** -noise.told_by


def reached(p: float, noise: Background) -> np.ndarray:
    """Return the power that noise reaches with a probability: `chance` turned around."""
    return noise.power * noise.told_by * (p ** (-1 / noise.told_by) - 1)


def _around(
    ratio: np.ndarray, calm: np.ndarray, usable: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Level of the frequencies around each, its own peak left out, at least 1; and their worth.

    Calm ones on both sides tell the mean. Slow wanderings end somewhere: all of the slower side,
    peaks or not, tell a median, or the edge of the slow would pass for a rhythm.
    """
    n = len(ratio)
    level, told_by = np.ones(n), np.empty(n)
    for k in range(n):
        left = slice(max(k - _AROUND, 0), max(k - _OWN, 0))
        right = slice(k + _OWN + 1, k + _AROUND + 1)
        near = np.concatenate([ratio[left][calm[left]], ratio[right][calm[right]]])
        slower = ratio[left][usable[left]]
        told_by[k] = max(2.0, len(near) * _WORTH)
        above = near.mean() / _TRIMMED if len(near) >= _FEWEST else 1.0
        if above > 1 + _SURE / np.sqrt(told_by[k]):
            level[k] = above
        if len(slower):
            above = np.median(slower) / np.log(2)
            # A median of exponential variables varies by 1 / log 2 as much as their mean.
            if above > level[k] + _SURE / np.log(2) / np.sqrt(len(slower) * _WORTH):
                level[k] = above
    return level, told_by


def _arma(
    frequency: np.ndarray,
    power: np.ndarray,
    calm: np.ndarray,
    among: tuple[tuple[int, int], ...],
) -> tuple[np.ndarray, tuple[int, int]]:
    """The ARMA spectrum of highest likelihood for exponential ordinates, its orders by AICc."""
    from scipy.optimize import minimize

    f, p, weight = _grouped(frequency[calm], power[calm])
    total = weight.sum()
    n = 2 * total * _WORTH
    waves, every = (np.exp(-2j * np.pi * np.outer(each, (1, 2))) for each in (f, frequency))

    def minus_log_likelihood(x: np.ndarray, orders: tuple[int, int]) -> float:
        shape = _shape(x, orders, waves)
        ratio = (weight * p / shape).sum() / total
        return float(total * np.log(ratio) + (weight * np.log(shape)).sum())

    best: tuple[float, np.ndarray, tuple[int, int]] | None = None
    for orders in among:
        k = sum(orders)
        if best and k + 2 >= n / 4:
            continue
        x, loss = np.empty(0), minus_log_likelihood(np.empty(0), orders) if not k else np.inf
        for start in _starts(orders):
            found: Any = minimize(
                minus_log_likelihood, start, (orders,), "L-BFGS-B", bounds=[(-_MOST, _MOST)] * k
            )
            if found.fun < loss:
                x, loss = found.x, float(found.fun)
        score = 2 * _WORTH * loss + 2 * (k + 1) * n / (n - k - 2)
        if best is None or score < best[0]:
            best = score, x, orders
    assert best is not None
    _, x, orders = best
    ratio = (weight * p / _shape(x, orders, waves)).sum() / total
    return ratio * _shape(x, orders, every), orders


def _starts(orders: tuple[int, int]) -> list[np.ndarray]:
    """A weak and a strong memory, beneath noise where there is a moving average."""
    ar, ma = orders
    weak, strong = ((1.5, -0.3), (-0.7, 0.1)), ((2.5, -0.8), (-1.2, -0.2))
    return [np.array([*a[:ar], *m[:ma]]) for a, m in (weak, strong)] if ar + ma else []


def _shape(x: np.ndarray, orders: tuple[int, int], waves: np.ndarray) -> np.ndarray:
    """The spectrum of an ARMA whose innovations have unit power."""
    ar, ma = (_stable(part) for part in np.split(np.tanh(x), [orders[0]]))
    above = np.abs(1 + waves[:, : len(ma)] @ ma) ** 2 if len(ma) else 1.0
    below = np.abs(1 - waves[:, : len(ar)] @ ar) ** 2 if len(ar) else 1.0
    return np.maximum(above / below * np.ones(len(waves)), 1e-12)


def _stable(partial: np.ndarray) -> np.ndarray:
    """Coefficients of a stationary process with these partial correlations, two at most."""
    if len(partial) < 2:
        return partial
    return np.array([partial[0] * (1 - partial[1]), partial[1]])


def _grouped(f: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means over neighbouring frequencies, finer where they are slow, and how many each holds."""
    if len(f) <= _MOST_GROUPS:
        return f, p, np.ones(len(f))
    edges = np.unique(np.geomspace(1, len(f) + 1, _MOST_GROUPS).astype(int)) - 1
    weight = np.diff(edges).astype(float)
    return (
        np.add.reduceat(f, edges[:-1]) / weight,
        np.add.reduceat(p, edges[:-1]) / weight,
        weight,
    )
