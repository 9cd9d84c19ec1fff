"""What the check-ins say about time: series, seasons, tests, forecasts, anomalies.

The names below load their module when first used, so that importing this package costs nothing.
"""

from importlib import import_module

_HOME = {
    "TimeSeries": "timeseries",
    "as_series": "timeseries",
    "series": "counting",
    "series_by": "counting",
    "stationarity": "unitroots",
    "autocorrelation": "correlation",
    "decompose": "seasonality",
    "periodogram": "spectrum",
    "anomalies": "anomaly",
    "level_shifts": "changepoints",
    "Forecaster": "forecasting",
    "SeasonalNaive": "baselines",
    "ExponentialSmoothing": "baselines",
    "HarmonicRegression": "arima",
    "Sarima": "arima",
    "LSTMForecaster": "lstm",
    "diagnose": "residuals",
    "backtest": "backtesting",
    "Backtest": "backtesting",
    "mase_scale": "backtesting",
    "outlook": "outlooks",
    "standard_models": "backtesting",
}

__all__ = list(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
