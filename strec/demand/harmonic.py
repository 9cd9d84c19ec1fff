"""Waves of the day and the week, shared by all places and bent by each, and what columns add.

    y(p, t) / level(p) = X(t) (β + δ(p)) + noise,     δ(p) shrunk to 0, more where little is known

X holds waves of 24 hours and of 168 hours, holidays, and the person's own columns.
"""

import numpy as np

from strec.demand.base import DemandModel, hours_of_week
from strec.demand.panels import Panel

_DAY_WAVES, _WEEK_WAVES = 5, 4
#: How much of the error of the last day is left an hour later.
_MEMORY = 0.97


class Harmonic(DemandModel):
    """Harmonic regression per place with shared seasons.

    Examples
    --------
    >>> wave = 20 + 10 * np.sin(2 * np.pi * np.arange(672) / 24)
    >>> day = Panel.of(wave, "2024-06-03")
    >>> Harmonic().fit(day, 24).predict(day, [672], 7)[0, [0, 6], 0].round().tolist()
    [20.0, 30.0]
    """

    label = "Harmonic"
    sentence = "Smooth waves of day and week, shared by all places and bent by each."

    def _fit(self, panel: Panel) -> None:
        n = panel.n_hours
        design = self._design(panel, 0, n)
        values = np.nan_to_num(panel.values)
        known = np.isfinite(panel.values).all(axis=1)
        x, y = design[known], values[known]
        self.level = np.maximum(np.abs(y).mean(axis=0), 1e-6)
        gram = x.T @ x + 1e-3 * len(x) * np.eye(x.shape[1])
        # All together; each place by the square root of its size, which is what noise goes by.
        shared = (y.sum(axis=1) / self.level.sum()) if not panel.is_signed else np.zeros(len(x))
        self.shared = np.linalg.solve(gram, x.T @ shared)
        rest = y / self.level - (x @ self.shared)[:, None]
        noise = (rest**2).mean(axis=0)
        spread = max(float(np.median(noise)), 1e-9)
        values_, vectors = np.linalg.eigh(gram)
        # The fewer are counted, the larger the noise and the more a place is as the others.
        penalty = 20.0 * noise / min(spread, 1.0)
        bent = vectors.T @ (x.T @ rest)
        self.own = vectors @ (bent / (values_[:, None] + penalty))

    def _predict(self, panel: Panel, origins: np.ndarray, horizon: int) -> np.ndarray:
        last = int(origins.max()) + horizon
        fitted = self._curve(panel, 0, last)
        n = min(last, panel.n_hours)
        error = np.nan_to_num(panel.values[:n] - fitted[:n])
        fade = _MEMORY ** np.arange(1, horizon + 1)
        found = []
        for origin in origins:
            away = error[max(origin - 24, 0) : origin].mean(axis=0)
            found.append(fitted[origin : origin + horizon] + 0.7 * fade[:, None] * away)
        return np.stack(found)

    def _parts(self, panel: Panel, origin: int, horizon: int, place: int) -> dict[str, np.ndarray]:
        design = self._design(panel, origin, origin + horizon)
        bent = design * (self.shared + self.own[:, place]) * self.level[place]
        n_waves = 2 + 4 * _DAY_WAVES + 2 * _WEEK_WAVES
        parts = {"level": bent[:, 0], "hour of the week": bent[:, 1:n_waves].sum(axis=1)}
        if self.calendar.country is not None:
            parts["holiday"] = bent[:, n_waves]
        if self.calendar.names:
            parts["own columns"] = bent[:, -len(self.calendar.names) :].sum(axis=1)
        past = slice(max(origin - 24, 0), origin)
        fitted = self._curve(panel, past.start, origin)[:, place]
        away = np.nan_to_num(panel.values[past, place] - fitted).mean()
        parts["last hours"] = 0.7 * _MEMORY ** np.arange(1, horizon + 1) * away
        return parts

    def _curve(self, panel: Panel, first: int, last: int) -> np.ndarray:
        design = self._design(panel, first, last)
        return self.level * ((design @ self.shared)[:, None] + design @ self.own)

    def _design(self, panel: Panel, first: int, last: int) -> np.ndarray:
        week = hours_of_week(panel, first, last)
        weekend = (week >= 120).astype(float)
        columns = [np.ones(len(week)), weekend]
        for k in range(1, _DAY_WAVES + 1):
            angle = 2 * np.pi * k * week / 24
            waves = [np.sin(angle), np.cos(angle)]
            columns += waves + [wave * weekend for wave in waves]
        for k in range(1, _WEEK_WAVES + 1):
            angle = 2 * np.pi * k * week / 168
            columns += [np.sin(angle), np.cos(angle)]
        if self.calendar.country is not None:
            columns.append(self.calendar.holidays(panel.clock(first, last)).astype(float))
        if self.calendar.names:
            own = self.calendar.own(panel, first, last)
            if not hasattr(self, "scale"):
                self.scale = own.mean(axis=0), np.maximum(own.std(axis=0), 1e-9)
            columns += list(((own - self.scale[0]) / self.scale[1]).T)
        return np.stack(columns, axis=1)
