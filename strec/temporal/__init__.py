"""What the check-ins say about time: series, seasons, tests, forecasts, anomalies."""

from strec.temporal.anomaly import Anomalies, anomalies
from strec.temporal.arima import HarmonicRegression, Sarima
from strec.temporal.backtesting import (
    Backtest,
    Outlook,
    backtest,
    mase_scale,
    outlook,
    standard_models,
)
from strec.temporal.baselines import ExponentialSmoothing, SeasonalNaive
from strec.temporal.changepoints import ChangePoints, level_shifts
from strec.temporal.conformal import Reach, conformal
from strec.temporal.correlation import Autocorrelation, Diagnosis, autocorrelation, diagnose
from strec.temporal.counting import series, series_by
from strec.temporal.forecasting import Forecaster
from strec.temporal.lstm import LSTMForecaster
from strec.temporal.seasonality import Decomposition, decompose
from strec.temporal.spectrum import Periodogram, periodogram
from strec.temporal.timeseries import TimeSeries
from strec.temporal.unitroots import Stationarity, stationarity

__all__ = [
    "Anomalies", "Autocorrelation", "Backtest", "ChangePoints", "Decomposition", "Diagnosis",
    "ExponentialSmoothing", "Forecaster", "HarmonicRegression", "LSTMForecaster", "Outlook",
    "Periodogram", "Reach", "Sarima", "SeasonalNaive", "Stationarity", "TimeSeries", "anomalies",
    "autocorrelation", "backtest", "conformal", "decompose", "diagnose", "level_shifts",
    "mase_scale", "outlook", "periodogram", "series", "series_by", "standard_models",
    "stationarity",
]  # fmt: skip
