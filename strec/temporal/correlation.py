"""How much a period resembles those before it: autocorrelation, plain and partial."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from strec.temporal.grains import Grain, in_words
from strec.temporal.timeseries import as_series
from strec.temporal.unitroots import plainly

MIN_POINTS = 10


@dataclass(frozen=True)
class Autocorrelation:
    """Autocorrelation per lag.

    Parameters
    ----------
    frame : pandas.DataFrame
        `lag` (steps, from 1), `acf`, `acf_band`, `pacf`, `pacf_band`: a value outside ± its band
        is not chance at the level asked for, looked at alone.
    ljung_box_p : float
        p-value of "no autocorrelation at any of these lags" (Ljung & Box 1978).
    grain : Grain
    periods : tuple of int
        Season lengths that the lags reach.
    """

    frame: pd.DataFrame
    ljung_box_p: float
    grain: Grain
    periods: tuple[int, ...]

    @property
    def sentence(self) -> str:
        """What the lags say in words."""
        if self.ljung_box_p > 0.05:
            return (
                f"One {self.grain.one} says nothing reliable about the next: the "
                "autocorrelations are what chance gives."
            )
        acf = self.frame.set_index("lag")["acf"]
        parts = [f"Neighbouring {self.grain.many} correlate by {acf[1]:.2f}"]
        parts += [f"{in_words(each, self.grain)} apart by {acf[each]:.2f}" for each in self.periods]
        best = acf.loc[2:].idxmax() if len(acf) > 2 else 1
        words = ", ".join(parts) + "."
        band = self.frame.set_index("lag").loc[best, "acf_band"]
        if best > 2 and best not in self.periods and acf[best] > max(band, acf[1]):
            words += f" The closest resemblance is after {in_words(best, self.grain)}."
        return words


def autocorrelation(series, lags: int | None = None, alpha: float = 0.05) -> Autocorrelation:
    """Return autocorrelation and partial autocorrelation with their bands.

    Parameters
    ----------
    series : TimeSeries, pandas.Series or sequence of float
        Gaps are left out of the sums, not filled.
    lags : int, optional
        By default enough for the longest season of which there are two cycles, and a bit.
    alpha : float
        Bands hold 1 − alpha of the values that chance gives: Bartlett's formula for the plain,
        1/√n for the partial ones.

    Raises
    ------
    AnalysisError
        If there are fewer than 10 values, too many gaps, or all values are equal.

    Examples
    --------
    >>> wave = np.sin(np.arange(200) * 2 * np.pi / 10)
    >>> found = autocorrelation(wave, lags=20).frame.set_index("lag")["acf"]
    >>> int(found.loc[5:].idxmax())
    10
    """
    from scipy.stats import norm
    from statsmodels.stats.diagnostic import acorr_ljungbox
    from statsmodels.tsa.stattools import acf, pacf

    data = as_series(series)
    data.need(MIN_POINTS, "Autocorrelation")
    values = data.filled().to_numpy()
    n = len(values)
    usable = data.usable_periods()
    if lags is None:
        lags = int(1.25 * max(usable)) if usable else int(max(10, 10 * np.log10(n)))
    lags = min(lags, n // 2 - 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = data.clock.to_numpy()
        plain = plainly(acf, known, nlags=lags, fft=False, missing="conservative")
        partial = np.asarray(pacf(values, nlags=lags, method="ywm"))
        p = float(acorr_ljungbox(values, lags=[min(lags, n // 5)])["lb_pvalue"].iloc[0])
    quantile = norm.ppf(1 - alpha / 2)
    bartlett = np.sqrt((1 + 2 * np.concatenate([[0], np.cumsum(plain[1:-1] ** 2)])) / n)
    frame = pd.DataFrame(
        {
            "lag": np.arange(1, lags + 1),
            "acf": plain[1:],
            "acf_band": quantile * bartlett,
            "pacf": partial[1:],
            "pacf_band": quantile / np.sqrt(n),
        }
    )
    reached = tuple(each for each in usable if each <= lags)
    return Autocorrelation(frame, p, data.grain, reached)
