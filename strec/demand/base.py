"""What all models of demand share: fitted once on a panel, asked from any hour on."""

from abc import ABC, abstractmethod
from typing import ClassVar, Self

import numpy as np

from strec.demand.calendar import Calendar
from strec.demand.panels import Panel
from strec.errors import AnalysisError

HOURS_OF_WEEK = 168


class DemandModel(ABC):
    """A forecaster of all places of a panel at once.

    A model is fitted on one panel and then asked from any hour of a longer panel on: it may read
    everything before that hour, and nothing after.
    """

    label: str = ""
    sentence: ClassVar[str]
    is_fitted = False

    def fit(self, panel: Panel, horizon: int, calendar: Calendar | None = None) -> Self:
        """Learn from a panel.

        Parameters
        ----------
        panel : Panel
            At least a week.
        horizon : int
            The most hours ahead that will be asked for.
        calendar : Calendar, optional
            Holidays and columns of the person's own.
        """
        panel.need(HOURS_OF_WEEK)
        self.horizon = horizon
        self.calendar = calendar or Calendar()
        self._fit(panel)
        self.is_fitted = True
        return self

    def predict(self, panel: Panel, origins: np.ndarray, horizon: int) -> np.ndarray:
        """Return what is expected, shape ``(n_origins, horizon, n_places)``.

        Parameters
        ----------
        panel : Panel
            Begins as the one fitted, and may go on.
        origins : numpy.ndarray
            Shape ``(n_origins,)``: the first hour that is forecast, by number; only what is
            before it is read.
        horizon : int
            Hours from there, at most the one fitted for.

        Raises
        ------
        AnalysisError
            If the model is not fitted, or for a shorter horizon.
        """
        if not self.is_fitted or horizon > self.horizon:
            raise AnalysisError(
                "A model is fitted before it is asked, for as many hours ahead.",
                "one that is not fitted." if not self.is_fitted else f"{horizon} hours ahead.",
                "Call fit(panel, horizon) first.",
            )
        expected = self._predict(panel, np.asarray(origins, dtype=int), horizon)
        return expected if panel.is_signed else np.maximum(expected, 0.0)

    def parts(self, panel: Panel, origin: int, horizon: int, place: int) -> dict[str, np.ndarray]:
        """Return what makes up the forecast of one place, in units of what is counted.

        Parameters
        ----------
        panel : Panel
            As for `predict`.
        origin : int
            The first hour that is forecast, by number.
        horizon : int
            Hours from there.
        place : int
            Column of the panel.

        Returns
        -------
        dict of str to numpy.ndarray
            Name of a part to its share, shape ``(horizon,)``; they add up to the forecast.
        """
        whole = self.predict(panel, np.array([origin]), horizon)[0, :, place]
        found = self._parts(panel, origin, horizon, place)
        rest = whole - sum(found.values(), np.zeros(horizon))
        if np.abs(rest).max(initial=0) > 1e-6:
            # What a model without parts says, or what would be below zero.
            found["the rest"] = found.get("the rest", 0) + rest
        return found

    def _parts(self, panel: Panel, origin: int, horizon: int, place: int) -> dict[str, np.ndarray]:
        return {}

    @abstractmethod
    def _fit(self, panel: Panel) -> None: ...

    @abstractmethod
    def _predict(self, panel: Panel, origins: np.ndarray, horizon: int) -> np.ndarray: ...


def hours_of_week(panel: Panel, first: int, last: int) -> np.ndarray:
    """Return the hour of the week of hours by number, 0 is Monday 00:00; they may be to come."""
    begin = panel.start.day_of_week * 24 + panel.start.hour
    return (np.arange(first, last) + begin) % HOURS_OF_WEEK
