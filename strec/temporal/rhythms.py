"""From the peaks of a periodogram to rhythms: days, weeks, and those that nobody expected."""

import numpy as np
import pandas as pd

#: Frequencies agree when they are this many bins apart: the half width of a tapered peak.
_BINS = 1.5
#: Peaks this close to a stronger one are its sides: a rhythm whose strength changes over time.
_SIDE_BINS = 4.5
#: A rhythm must repeat this often to be one.
_CYCLES = 4
#: Overtones that enter the test of a usual season.
_OVERTONES = 8


def rhythms(frame: pd.DataFrame, usual: tuple[int, ...], alpha: float) -> pd.DataFrame:
    """Return the usual seasons with their test, and other rhythms that stand out.

    Parameters
    ----------
    frame : pandas.DataFrame
        `frequency`, `power`, `background` and `significant` of a periodogram.
    usual : tuple of int
        Season lengths to test whatever the peaks say, shortest first.
    alpha : float
        Probability that any season or peak is called real where there is only noise.

    Returns
    -------
    pandas.DataFrame
        Usual seasons first, then other rhythms, each by their share: `period` (steps), `share`
        (of the variance, overtones included), `p` (times the number of questions asked: each
        usual season, and any other peak), `usual`, `real`.

    Notes
    -----
    A season of any shape has power at its frequency and the multiples. Under red noise the sum of
    2 × power / background over h of them is chi-squared with 2h degrees of freedom. Multiples
    that a shorter season has too are left to that one.
    """
    questions = 1 + len(usual)
    tests = [(period, *_season_test(frame, period, usual)) for period in usual]
    tests = [(n, share, min(1.0, questions * p)) for n, share, p in tests]
    rows = [(float(n), share, p, True, p < alpha) for n, share, p in tests]
    real = [n for n, _, p in tests if p < alpha]
    rows.sort(key=lambda row: -row[1])
    others = _others(frame, real)
    rows += [(n, share, min(1.0, questions * p), False, True) for n, share, p in others]
    return pd.DataFrame(rows, columns=["period", "share", "p", "usual", "real"])


def _season_test(frame: pd.DataFrame, period: int, usual: tuple[int, ...]) -> tuple[float, float]:
    """Share of the variance and p-value of a season."""
    from scipy.stats import chi2

    frequency = frame["frequency"].to_numpy()
    width = frequency[1] - frequency[0]
    ratio = (frame["power"] / frame["background"]).to_numpy()
    shorter = [each for each in usual if each < period]
    own = [
        k / period
        for k in range(1, period // 2 + 1)
        if k / period < 0.5 and not any((k * each) % period == 0 for each in shorter)
    ]
    bins = np.unique([np.abs(frequency - f).argmin() for f in own]) if own else np.array([], int)
    if not len(bins):
        return 0.0, 1.0
    tested = bins[:_OVERTONES]
    p = float(chi2.sf(2 * ratio[tested].sum(), 2 * len(tested)))
    near = np.zeros(len(frequency), dtype=bool)
    for k in bins:
        near[max(0, k - 1) : k + 2] = True
    for f in (k / each for each in shorter for k in range(1, each // 2 + 1)):
        near &= np.abs(frequency - f) > _BINS * width
    return float(frame["power"].to_numpy()[near].sum()), p


def _others(frame: pd.DataFrame, real: list[int]) -> list[tuple[float, float, float]]:
    """Period, share and p-value of peaks that no usual season explains, largest share first."""
    frequency, power = frame["frequency"].to_numpy(), frame["power"].to_numpy()
    width = frequency[1] - frequency[0]
    ratio = power / frame["background"].to_numpy()
    padded = np.concatenate([[-np.inf], ratio, [-np.inf]])
    top = (ratio >= padded[:-2]) & (ratio > padded[2:]) & frame["significant"].to_numpy()
    top &= frequency >= _CYCLES * width
    tests = len(frame)
    kept: list[int] = []
    for k in sorted(np.flatnonzero(top), key=lambda k: -power[k]):
        f = frequency[k]
        sides = [1 / n for n in real] + [frequency[j] for j in kept]
        if any(abs(f - each) <= _SIDE_BINS * width for each in sides):
            continue
        if any(_is_multiple(f, each, width) for each in sides):
            continue
        kept.append(int(k))
    return [
        (
            1 / frequency[k],
            float(power[max(0, k - 2) : k + 3].sum()),
            float(1 - (1 - frame["p"].iloc[k]) ** tests),
        )
        for k in kept
    ]


def _is_multiple(f: float, base: float, width: float) -> bool:
    multiple = round(f / base)
    return multiple >= 2 and abs(f - multiple * base) <= _BINS * width
