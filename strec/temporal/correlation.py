"""How much a period resembles those before it, and what a model leaves of that in its errors."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from strec.errors import AnalysisError
from strec.temporal.forecasting import Forecaster
from strec.temporal.grains import Grain, in_words
from strec.temporal.timeseries import as_series
from strec.temporal.unitroots import p_words, quietly

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
        p-value of "no autocorrelation at any of these lags".
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
                f"That one {self.grain.one} says something about the next cannot be told from "
                "chance by these autocorrelations."
            )
        acf = self.frame.set_index("lag")["acf"]
        parts = [f"Neighbouring {self.grain.many} correlate by {acf[1]:.2f}"]
        parts += [f"{in_words(each, self.grain)} apart by {acf[each]:.2f}" for each in self.periods]
        best = int(acf.to_numpy()[1:].argmax()) + 2 if len(acf) > 2 else 1
        words = ", ".join(parts) + "."
        band = self.frame["acf_band"].iloc[best - 1]
        if best > 2 and best not in self.periods and acf[best] > max(band, acf[1]):
            words += f" The closest resemblance is after {in_words(best, self.grain)}."
        return words


def autocorrelation(series: Any, lags: int | None = None, alpha: float = 0.05) -> Autocorrelation:
    """Return autocorrelation and partial autocorrelation with their bands.

    Parameters
    ----------
    series : TimeSeries, sequence of float, Dataset or Store
        Gaps are left out of the sums, not filled. Check-ins are counted per hour.
    lags : int, optional
        By default enough for the longest season of which there are two cycles, and a bit.
    alpha : float
        Bands hold 1 − alpha of the values that chance gives: Bartlett's formula for the plain,
        1/√n for the partial ones.

    Raises
    ------
    AnalysisError
        If there are fewer than 10 values, too many gaps, or all values are equal.

    References
    ----------
    Ljung & Box 1978, *On a measure of lack of fit in time series models*.

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
    known = data.clock.to_numpy()
    plain = quietly(acf, known, nlags=lags, fft=False, missing="conservative")
    partial = np.asarray(quietly(pacf, values, nlags=lags, method="ywm"))
    p = float(quietly(acorr_ljungbox, values, lags=[min(lags, n // 5)])["lb_pvalue"].iloc[0])
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
    return Autocorrelation(frame, p, data.grain, tuple(each for each in usable if each <= lags))


@dataclass(frozen=True)
class Diagnosis:
    """What the errors of a fitted model look like.

    Parameters
    ----------
    residuals : numpy.ndarray
        One-step errors on the model's scale, divided by their standard deviation.
    acf : numpy.ndarray
        Their autocorrelation at lags 1, 2, ….
    band : float
        A value of `acf` beyond ± this is not chance, looked at alone (5 %).
    ljung_box_p : float
        p-value of "no autocorrelation left", with as many degrees of freedom less as the model
        estimated coefficients of memory.
    lags : int
        Lags in that test.
    normal_p : float
        p-value of "the errors are normal".
    outside : float
        Share of errors beyond ± 1.96 standard deviations; 0.05 if they are normal.
    """

    residuals: np.ndarray
    acf: np.ndarray
    band: float
    ljung_box_p: float
    lags: int
    normal_p: float
    outside: float

    @property
    def sentence(self) -> str:
        """What it means for the forecasts, in words."""
        strongest = int(np.abs(self.acf[: self.lags]).argmax()) + 1
        size = self.acf[strongest - 1]
        p = p_words(self.ljung_box_p)
        if self.ljung_box_p >= 0.05:
            words = f"No memory is seen in the errors (Ljung–Box p {p})."
        elif abs(size) < 0.1:
            words = (
                f"Some memory is left in the errors (Ljung–Box p {p}), but it is slight: no "
                f"correlation is above {abs(size):.2f}. With many values even that shows."
            )
        else:
            words = (
                f"The model leaves something: errors {strongest} step"
                f"{'s' * (strongest > 1)} apart correlate by {size:.2f} (Ljung–Box p {p})."
            )
        if self.normal_p >= 0.05:
            return f"{words} The errors look normal."
        if self.outside <= 0.05:
            return f"{words} The errors are not quite normal; the band does not need them to be."
        return (
            f"{words} Large errors are more frequent than the normal curve says "
            f"({100 * self.outside:.1f} % beyond two standard deviations); the band, made of "
            f"past errors, "
            "allows for that."
        )


def diagnose(model: Forecaster) -> Diagnosis:
    """Examine the one-step errors of a fitted forecaster.

    Parameters
    ----------
    model : Forecaster
        Fitted.

    Raises
    ------
    AnalysisError
        If the model is not fitted, or its errors are too few or all zero.

    References
    ----------
    Ljung & Box 1978, *On a measure of lack of fit in time series models*; Jarque & Bera 1980,
    *Efficient tests for normality, homoscedasticity and serial independence of residuals*.

    Examples
    --------
    >>> from strec.temporal.baselines import SeasonalNaive
    >>> noise = np.random.default_rng(0).normal(size=100)
    >>> bool(diagnose(SeasonalNaive(period=1).fit(noise)).acf[0] < -0.3)
    True
    """
    from scipy.stats import jarque_bera
    from statsmodels.stats.diagnostic import acorr_ljungbox
    from statsmodels.tsa.stattools import acovf

    errors = np.asarray(getattr(model, "residuals_", ()), dtype=float)
    errors = errors[np.isfinite(errors)]
    if len(errors) < 10 or errors.std() <= 1e-9 * max(1.0, np.abs(errors).max()):
        raise AnalysisError(
            "Looking at a model's errors needs at least ten that vary.",
            f"{len(errors)} errors" + (", all equal." if len(errors) else "."),
            "Fit the model to a longer series.",
        )
    standard = (errors - errors.mean()) / errors.std()
    n = len(standard)
    period = min(model.series_.usable_periods(), default=5)
    # One lag more than the model has coefficients is the least that can be tested.
    lags = min(max(2 * period, model.n_memory_ + 3), max(n // 5, model.n_memory_ + 1))
    tested = acorr_ljungbox(standard, lags=[lags], model_df=model.n_memory_)
    covariance = acovf(standard, nlag=min(n // 2, max(lags, 2 * period)), fft=True)
    normal: Any = jarque_bera(standard)
    return Diagnosis(
        residuals=standard,
        acf=covariance[1:] / covariance[0],
        band=1.96 / np.sqrt(n),
        ljung_box_p=float(tested["lb_pvalue"].iloc[0]),
        lags=lags,
        normal_p=float(normal.pvalue),
        outside=float(np.mean(np.abs(standard) > 1.96)),
    )
