"""Which ARIMA? The order with the best AICc that a stepwise search finds in the time given.

The search of Hyndman & Khandakar (2008): a few plausible orders, then steps of one from the best.
Each is fitted by exact maximum likelihood: with a season through the Kalman filter of the
differenced series, else through the innovations algorithm (Brockwell & Davis 1991, section 8.7),
which statsmodels runs twenty times faster, with the same likelihood.
"""

import time
import warnings
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

Order = tuple[int, int, int]
Seasonal = tuple[int, int, int, int]


@dataclass(frozen=True)
class Search:
    """The outcome of an order search.

    Parameters
    ----------
    order : tuple (p, d, q)
    seasonal : tuple (P, D, Q, m)
    trend : str
        statsmodels' `n`, `c` or `t` (drift).
    tried : pandas.DataFrame
        `order`, `seasonal`, `trend`, `aicc`, `seconds`, best first; failed fits have infinite AICc.
    complete : bool
        Whether the search ended by itself and not by the clock.
    """

    order: Order
    seasonal: Seasonal
    trend: str
    tried: pd.DataFrame
    complete: bool


def search(
    values: np.ndarray,
    differences: int = 0,
    seasonal_differences: int = 0,
    period: int = 0,
    budget_s: float = 10.0,
    max_order: int = 3,
) -> Search:
    """Search for the order with the lowest AICc.

    Parameters
    ----------
    values : numpy.ndarray
        Without gaps.
    differences, seasonal_differences : int
        Fixed beforehand by tests: AICc cannot compare series that differ in them.
    period : int
        Season length in steps; 0 for none.
    budget_s : float
        Seconds after which no further order is tried; the first one always is.
    max_order : int
        Largest p and q; P and Q go to 1.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=300)
    >>> walk = np.zeros(300)
    >>> for t in range(1, 300):
    ...     walk[t] = 0.8 * walk[t - 1] + noise[t]
    >>> search(walk, budget_s=5).order[0] >= 1
    True
    """
    stop = time.perf_counter() + budget_s
    trend = "c" if differences + seasonal_differences == 0 else "n"
    drift = "t" if differences == 1 and not period else trend
    tried: dict[tuple, tuple[float, float]] = {}

    def attempt(key) -> float:
        if key not in tried:
            started = time.perf_counter()
            (p, q, P, Q), with_trend = key
            seasonal = (P, seasonal_differences, Q, period) if period else (0, 0, 0, 0)
            result = fit(values, (p, differences, q), seasonal, with_trend)
            aicc = result.aicc if result is not None and np.isfinite(result.aicc) else np.inf
            tried[key] = (aicc, time.perf_counter() - started)
        return tried[key][0]

    starts = [(1, 1, 0, 1), (0, 0, 0, 0), (1, 0, 1, 0), (0, 1, 0, 1), (2, 2, 0, 1)]
    if not period:
        starts = [(1, 1, 0, 0), (0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (2, 2, 0, 0)]
    queue = [(start, drift) for start in starts] + [(starts[0], trend)] * (drift != trend)
    best, complete = None, True
    while queue:
        for key in queue:
            if tried and time.perf_counter() > stop:
                complete = False
                break
            if attempt(key) < (tried[best][0] if best else np.inf):
                best = key
        if not complete or best is None:
            break
        queue = [key for key in _neighbours(best, max_order, bool(period)) if key not in tried]
    (p, q, P, Q), with_trend = best or ((0, 0, 0, 0), trend)
    rows = [
        (
            (k[0][0], differences, k[0][1]),
            (k[0][2], seasonal_differences, k[0][3], period),
            k[1],
            *v,
        )
        for k, v in tried.items()
    ]
    table = pd.DataFrame(rows, columns=["order", "seasonal", "trend", "aicc", "seconds"])
    seasonal = (P, seasonal_differences, Q, period) if period else (0, 0, 0, 0)
    return Search(
        (p, differences, q),
        seasonal,
        with_trend,
        table.sort_values("aicc", ignore_index=True),
        complete,
    )


def fit(values: np.ndarray, order: Order, seasonal: Seasonal, trend: str, exog=None):
    """Fit one ARIMA with statsmodels; None where it cannot be fitted.

    Returns
    -------
    statsmodels ARIMAResults or SARIMAXResults or None
    """
    import statsmodels.tsa.statespace.sarimax  # noqa: F401 (its import resets warning filters)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if seasonal[3]:
                return _seasonal(values, order, seasonal, trend)
            return _plain(values, order, trend, exog)
        except (ValueError, np.linalg.LinAlgError, IndexError, ZeroDivisionError):
            return None


def _plain(values, order, trend, exog):
    from statsmodels.tsa.arima.model import ARIMA

    model = ARIMA(values, exog=exog, order=order, trend=trend)
    # With regressors, likelihood and coefficients alternate; the third round changes nothing.
    rounds = {} if model.exog is None else {"gls_kwargs": {"max_iter": 3}}
    return model.fit(method="innovations_mle", **rounds)


def _seasonal(values, order, seasonal, trend):
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    asked = {"order": order, "seasonal_order": seasonal, "trend": trend, "concentrate_scale": True}
    # Differencing before the filter instead of in it: sixty times faster for a day of hours.
    found = SARIMAX(values, simple_differencing=True, **asked).fit(disp=0, maxiter=50)
    return SARIMAX(values, **asked).filter(found.params)


def in_words(order: Order, seasonal: Seasonal, trend: str) -> str:
    """Write an order as statisticians do: ARIMA(1,0,1)(0,1,1)[24].

    Examples
    --------
    >>> in_words((1, 1, 1), (0, 0, 0, 0), "t")
    'ARIMA(1,1,1) with drift'
    """
    text = f"ARIMA({','.join(map(str, order))})"
    if seasonal[3]:
        text += f"({','.join(map(str, seasonal[:3]))})[{seasonal[3]}]"
    return text + (" with drift" if trend == "t" else "")


def _neighbours(best, max_order: int, seasonal: bool):
    orders, trend = best
    reach = [1, 1, 1, 1] if seasonal else [1, 1, 0, 0]
    limits = (max_order, max_order, 1, 1)
    steps = sorted(
        product(*(range(-r, r + 1) for r in reach)), key=lambda step: sum(map(abs, step))
    )
    for step in steps:
        # One part at a time, or p and q (P and Q) together, as auto.arima does.
        if not (any(step) and (step[:2] == (0, 0) or step[2:] == (0, 0))):
            continue
        new = tuple(a + b for a, b in zip(orders, step, strict=True))
        if all(0 <= a <= limit for a, limit in zip(new, limits, strict=True)):
            yield new, trend
