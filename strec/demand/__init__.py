"""How much happens where and when next: demand per place and hour, with bands that hold."""

from strec.demand.ahead import count_ahead, forecast_ahead
from strec.demand.asking import panel, people_at, usual_question, usual_resolution
from strec.demand.backtesting import BLEND, Backtest, backtest, standard_models
from strec.demand.bands import QUANTILES, Bands
from strec.demand.base import DemandModel
from strec.demand.calendar import Calendar, countries, country_of
from strec.demand.counting import DaysAlike, HourOfWeek, LastWeek
from strec.demand.effects import FEWEST_AFTER, FEWEST_BEFORE, Effect, effect
from strec.demand.forecast import Demand, demand
from strec.demand.harmonic import Harmonic
from strec.demand.panels import WHAT, WHERE, Panel
from strec.demand.trees import Trees

__all__ = [
    "BLEND", "FEWEST_AFTER", "FEWEST_BEFORE", "QUANTILES", "WHAT", "WHERE", "Backtest",
    "Bands", "Calendar", "Demand",
    "DaysAlike", "DemandModel", "Effect", "Harmonic", "HourOfWeek", "LastWeek", "Panel", "Trees",
    "backtest",
    "count_ahead", "countries", "country_of", "demand", "effect", "forecast_ahead", "panel",
    "people_at", "standard_models", "usual_question", "usual_resolution",
]  # fmt: skip
