"""Which ARIMA? The order with the best AICc that a stepwise search finds in the time given.

The search of Hyndman & Khandakar (2008): a few plausible orders, then steps of one from the best.
Each is fitted by exact maximum likelihood: with a season through the Kalman filter of the
differenced series, else through the innovations algorithm (Brockwell & Davis 1991, section 8.7),
which statsmodels runs twenty times faster, with the same likelihood.
"""

import time
import warnings
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

Order = tuple[int, int, int]
Seasonal = tuple[int, int, int, int]
NO_SEASON: Seasonal = (0, 0, 0, 0)
#: Largest p and q.
MAX_ORDER = 3
#: p, q, P, Q: what is searched.
_Orders = tuple[int, int, int, int]


class Search(NamedTuple):
    """The order chosen, statsmodels' trend (`n`, `c`, or `t` for drift), and all that was tried.

    `tried` has `order`, `seasonal`, `trend`, `aicc` (infinite where the fit failed) and `seconds`,
    best first; `complete` says whether the search ended by itself and not by the clock.
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
) -> Search:
    """Search for the order with the lowest AICc.

    Differences are fixed beforehand by tests: AICc cannot compare series that differ in them.
    After `budget_s` seconds no further order is tried; the first one always is. P and Q go to 1.
    """
    stop = time.perf_counter() + budget_s
    trend = "c" if differences + seasonal_differences == 0 else "n"
    drift = "t" if differences == 1 and not period else trend
    tried: dict[tuple[_Orders, str], tuple[float, float]] = {}

    def full(orders: _Orders) -> tuple[Order, Seasonal]:
        p, q, seasonal_p, seasonal_q = orders
        seasonal = (seasonal_p, seasonal_differences, seasonal_q, period) if period else NO_SEASON
        return (p, differences, q), seasonal

    def attempt(key: tuple[_Orders, str]) -> float:
        if key not in tried:
            started = time.perf_counter()
            result = fit(values, *full(key[0]), key[1])
            aicc = result.aicc if result is not None and np.isfinite(result.aicc) else np.inf
            tried[key] = (aicc, time.perf_counter() - started)
        return tried[key][0]

    starts: list[_Orders] = [(1, 1, 0, 1), (0, 0, 0, 0), (1, 0, 1, 0), (0, 1, 0, 1), (2, 2, 0, 1)]
    if not period:
        starts = [(p, q, 0, 0) for p, q, _, _ in starts]
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
        queue = [key for key in _neighbours(best, bool(period)) if key not in tried]
    rows = [(*full(orders), trend, *outcome) for (orders, trend), outcome in tried.items()]
    table = pd.DataFrame(rows, columns=["order", "seasonal", "trend", "aicc", "seconds"])
    chosen, with_trend = best or ((0, 0, 0, 0), trend)
    return Search(*full(chosen), with_trend, table.sort_values("aicc", ignore_index=True), complete)


def fit(values: np.ndarray, order: Order, seasonal: Seasonal, trend: str, exog=None) -> Any:
    """Fit one ARIMA with statsmodels; None where it cannot be fitted."""
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
    rounds = None if model.exog is None else {"max_iter": 3}
    return model.fit(method="innovations_mle", gls_kwargs=rounds)


def _seasonal(values, order, seasonal, trend):
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    asked = {"order": order, "seasonal_order": seasonal, "trend": trend, "concentrate_scale": True}
    # Differencing before the filter instead of in it: sixty times faster for a day of hours.
    found: Any = SARIMAX(values, simple_differencing=True, **asked).fit(disp=0, maxiter=50)
    return SARIMAX(values, **asked).filter(found.params)


def in_words(order: Order, seasonal: Seasonal, trend: str) -> str:
    """Write an order as statisticians do: ARIMA(1,0,1)(0,1,1)[24]."""
    text = f"ARIMA({','.join(map(str, order))})"
    if seasonal[3]:
        text += f"({','.join(map(str, seasonal[:3]))})[{seasonal[3]}]"
    return text + (" with drift" if trend == "t" else "")


def _neighbours(best: tuple[_Orders, str], seasonal: bool) -> Iterator[tuple[_Orders, str]]:
    (p, q, seasonal_p, seasonal_q), trend = best
    one, none = (-1, 0, 1), (0,)
    steps = product(one, one, *[one if seasonal else none] * 2)
    for dp, dq, dP, dQ in sorted(steps, key=lambda step: sum(map(abs, step))):
        # One part at a time, or p and q (P and Q) together, as auto.arima does.
        if any((dp, dq)) == any((dP, dQ)):
            continue
        new = (p + dp, q + dq, seasonal_p + dP, seasonal_q + dQ)
        if min(new) >= 0 and max(new[:2]) <= MAX_ORDER and max(new[2:]) <= 1:
            yield new, trend
