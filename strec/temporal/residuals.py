"""Does a model leave anything on the table? Its one-step errors, looked at."""

from dataclasses import dataclass

import numpy as np

from strec.errors import AnalysisError
from strec.temporal.forecasting import Forecaster
from strec.temporal.unitroots import p_words


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
        p-value of "no autocorrelation left" (Ljung & Box 1978), with as many degrees of freedom
        less as the model estimated coefficients of memory.
    lags : int
        Lags in that test.
    normal_p : float
        p-value of "the errors are normal" (Jarque & Bera 1980).
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
            words = f"The model uses what memory there is (Ljung–Box p {p})."
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
        if self.normal_p < 0.05:
            return (
                f"{words} Large errors are more frequent than the normal curve says "
                f"({self.outside:.1%} beyond two standard deviations), so trust the interval that "
                "the backtest measured."
                if self.outside > 0.05
                else f"{words} The errors are not quite normal; trust the backtest's coverage."
            )
        return f"{words} The errors look normal, as the interval assumes."


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

    errors = getattr(model, "residuals_", np.array([]))
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
    return Diagnosis(
        residuals=standard,
        acf=covariance[1:] / covariance[0],
        band=1.96 / np.sqrt(n),
        ljung_box_p=float(tested["lb_pvalue"].iloc[0]),
        lags=lags,
        normal_p=float(jarque_bera(standard).pvalue),
        outside=float(np.mean(np.abs(standard) > 1.96)),
    )
