"""What comes next, with intervals that the past has corrected."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from strec.temporal.backtesting import Backtest
from strec.temporal.forecasting import Forecaster
from strec.temporal.grains import at_in_words, in_words
from strec.temporal.timeseries import TimeSeries, as_series

#: An interval is not made narrower or wider by more than this.
_BOUNDS = (0.5, 3.0)


@dataclass(frozen=True)
class Outlook:
    """A forecast, ready to show.

    Parameters
    ----------
    frame : pandas.DataFrame
        Indexed by the regular clock: `mean`, `lower`, `upper`.
    model : Forecaster
        Fitted on the whole series.
    series : TimeSeries
        The whole series.
    level : float
        Share of the values that should fall inside the interval.
    correction : float
        What the model's own interval was multiplied by, so that the windows of the backtest would
        have held that share; 1 without a backtest.
    """

    frame: pd.DataFrame
    model: Forecaster
    series: TimeSeries
    level: float
    correction: float

    @property
    def sentence(self) -> str:
        """The forecast in words: its total and its busiest period."""
        grain, unit = self.series.grain, f" {self.series.unit}" if self.series.unit else ""
        span = in_words(len(self.frame), grain)
        top = self.frame["mean"].idxmax()
        row = self.frame.loc[top]
        words = f"Expected in the next {span}: about {self.frame['mean'].sum():,.0f}{unit} in all"
        if not self.series.unit:
            words = f"Expected on average in the next {span}: {self.frame['mean'].mean():,.1f}"
        return (
            f"{words}; most {at_in_words(top, grain)}, {row['mean']:,.0f}, with {self.level:.0%} "
            f"confidence between {row.lower:,.0f} and {row.upper:,.0f}." + self._corrected()
        )

    def _corrected(self) -> str:
        if 0.95 <= self.correction <= 1.05:
            return ""
        word = "wider" if self.correction > 1 else "narrower"
        return (
            f" The interval is {abs(self.correction - 1):.0%} {word} than the model's own: that is "
            "what past forecasts would have needed."
        )


def outlook(
    series,
    model: Forecaster,
    horizon: int,
    *,
    level: float = 0.9,
    past: Backtest | None = None,
    name: str | None = None,
) -> Outlook:
    """Fit a model on the whole series and forecast.

    Parameters
    ----------
    series : TimeSeries, pandas.Series or sequence of float
    model : Forecaster
        Is fitted.
    horizon : int
        Steps.
    level : float
        Of the interval.
    past : Backtest, optional
        Corrects the interval by what that model's intervals held there (normalised conformal
        prediction: errors divided by the half width on their side).
    name : str, optional
        The model's name in the backtest; by default its label.

    Examples
    --------
    >>> from strec.temporal.baselines import SeasonalNaive
    >>> float(outlook([1.0, 5.0] * 20, SeasonalNaive(2), 2).frame["mean"].iloc[1])
    5.0
    """
    data = as_series(series)
    frame = model.fit(data).forecast(horizon, level)
    factor = 1.0 if past is None else correction(past, name or model.label, level)
    frame["lower"] = frame["mean"] - factor * (frame["mean"] - frame["lower"])
    frame["upper"] = frame["mean"] + factor * (frame["upper"] - frame["mean"])
    if data.clock.min() >= 0:
        frame = frame.clip(lower=0)
    return Outlook(frame, model, data, level, factor)


def correction(past: Backtest, name: str, level: float) -> float:
    """Return what to multiply a model's interval by, so that it would have held its promise.

    Parameters
    ----------
    past : Backtest
    name : str
        Of the model; 1 where it took no part.
    level : float
        Of the interval.
    """
    rows = past.forecasts[(past.forecasts["model"] == name) & past.forecasts["observed"].notna()]
    error = (rows["observed"] - rows["mean"]).to_numpy()
    half = np.where(error > 0, rows["upper"] - rows["mean"], rows["mean"] - rows["lower"])
    # Where an interval ends at 0 or has no width there is no room to err on that side.
    room = half > 1e-9
    if room.sum() < 20:
        return 1.0
    return float(np.clip(np.quantile(np.abs(error[room]) / half[room], level), *_BOUNDS))
