"""A small recurrent network that forecasts all coming periods at once.

An LSTM (Hochreiter & Schmidhuber 1997) reads the past; from its state at any time a second small
network says each of the next periods, given their calendar and what the seasons before had at that
phase: direct multi-horizon forecasts from every point of the past ("forking sequences", Wen et al.
2017), so nothing is fed back and errors do not pile up. It learns the correction to the seasonal
naive, so that it starts from there. Intervals are conformal (Vovk et al. 2005; Stankevičiūtė et al.
2021): quantiles of the errors on the end of the series, which the first training does not see.
"""

import copy
import math

import numpy as np

from strec.parts import require
from strec.temporal.forecasting import Forecaster, error_quantiles
from strec.threads import one_thread

#: Share of the series kept back for the intervals.
CALIBRATION = 0.2
#: Windows read at once, points of each from which forecasts are made, and steps ahead of each.
BATCH, ORIGINS, AHEAD = 16, 24, 16


class LSTMForecaster(Forecaster):
    """Recurrent network with direct multi-step forecasts and conformal intervals.

    Parameters
    ----------
    hidden : int
        Units of the LSTM.
    steps : int
        Updates of the first training; the second, on the whole series, has a third of it.
    seed : int
        Of weights and batches: the same seed gives the same forecast.

    Examples
    --------
    >>> wave = 10 + 3 * np.sin(np.arange(240) * 2 * np.pi / 12)
    >>> from strec.temporal.timeseries import TimeSeries
    >>> model = LSTMForecaster(steps=20).fit(TimeSeries.of(wave, grain="month"))
    >>> bool(np.abs(model.forecast(12)["mean"] - wave[:12]).max() < 1)
    True
    """

    label = "LSTM"

    def __init__(self, hidden: int = 32, steps: int = 150, seed: int = 0):
        self.hidden = hidden
        self.steps = steps
        self.seed = seed

    def _fit(self, values):
        require("torch")
        import torch

        self._periods = self.series_.usable_periods()
        self._centre, self._spread = float(values.mean()), float(values.std()) or 1.0
        z = (values - self._centre) / self._spread
        self._batches = np.random.default_rng(self.seed)
        with torch.random.fork_rng(devices=[]), one_thread():
            torch.manual_seed(self.seed)
            self._net = _network(self._periods, self.hidden)
            known = int(len(z) * (1 - CALIBRATION))
            self._learn_from(z[:known], self.steps)
            self._calibration = (z, known, copy.deepcopy(self._net))
            self._learn_from(z, max(1, self.steps // 3))
        one = self._ahead(z, np.arange(self._first_origin(z), len(z)), 1, self._net)
        self.residuals_ = (z[self._first_origin(z) + 1 :] - one[:-1, 0]) * self._spread
        self.description_ = f"{self.hidden} units, conformal intervals"

    def _learn_from(self, z: np.ndarray, steps: int):
        import torch

        from strec.optimizer import without_compiler

        adam = without_compiler(torch.optim.Adam)
        optimiser = adam(self._net.parameters(), lr=5e-3, weight_decay=1e-4)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-2, total_steps=steps + 1)
        reach = max(self._periods, default=8)
        for _ in range(steps):
            loss = self._loss(z, reach)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self._net.parameters(), 1.0)
            optimiser.step()
            schedule.step()

    def _loss(self, z: np.ndarray, reach: int):
        """Mean squared error of random steps ahead of random points in random windows."""
        import torch

        rng, first = self._batches, self._first_origin(z)
        length = min(self._window(), len(z) - 2)
        starts = rng.integers(0, max(1, len(z) - 1 - length), BATCH)
        places = starts[:, None] + np.arange(length)
        latest = np.minimum(places[:, -1], len(z) - 2)
        earliest = np.minimum(np.maximum(first, places[:, length // 2]), latest)
        origins = rng.integers(earliest[:, None], latest[:, None] + 1, (BATCH, ORIGINS))
        room = len(z) - 1 - origins
        ahead = 1 + (
            rng.random((BATCH, ORIGINS, AHEAD)) * np.minimum(reach, room)[..., None]
        ).astype(int)
        state = self._net.read(_inputs(z, places, self._periods))
        index = torch.from_numpy(origins - starts[:, None]).clamp(0, length - 1)
        state = state.gather(1, index[..., None].expand(-1, -1, state.shape[2]))
        naive, features = _features(z, origins[..., None], ahead, self._periods)
        target = torch.from_numpy(z[origins[..., None] + ahead].astype(np.float32))
        return ((self._net.say(state, naive, features) - target) ** 2).mean()

    def _forecast(self, horizon, level):
        z = (self.scale_.to(self._values) - self._centre) / self._spread
        mean = self._ahead(z, np.array([len(z) - 1]), horizon, self._net)[0]
        errors = self._calibration_errors(horizon)
        low, high, variance = (
            part * self._spread**power
            for part, power in zip(error_quantiles(errors, horizon, level), (1, 1, 2), strict=True)
        )
        back = self._centre + self._spread * mean
        return self._from_scale(back, variance, back + low, back + high)

    def _roll(self, values, origins, horizon):
        z = (values - self._centre) / self._spread
        return self._centre + self._spread * self._ahead(z, origins, horizon, self._net)

    def _variance(self, horizon):
        return error_quantiles(self._calibration_errors(horizon), horizon, 0.9)[2] * self._spread**2

    def _calibration_errors(self, horizon: int) -> np.ndarray:
        """Errors of the network that had not seen those values, shape ``(origins, steps)``."""
        z, known, net = self._calibration
        # Long horizons leave few origins; then only the nearer steps are tried.
        reach = max(1, min(horizon, (len(z) - known) // 2))
        origins = np.arange(known - 1, len(z) - reach)
        origins = origins[:: max(1, len(origins) // 96)]
        says = self._ahead(z, origins, reach, net)
        return z[origins[:, None] + np.arange(1, reach + 1)] - says

    def _ahead(self, z: np.ndarray, origins: np.ndarray, horizon: int, net) -> np.ndarray:
        """Forecasts on the scale of z, shape ``(origins, horizon)``."""
        import torch

        length = self._window()
        ahead = np.broadcast_to(np.arange(1, horizon + 1), (len(origins), horizon))
        says = np.empty((len(origins), horizon))
        with torch.no_grad():
            for part in np.array_split(np.arange(len(origins)), math.ceil(len(origins) / 256)):
                at = origins[part]
                places = np.maximum(at[:, None] - length + 1 + np.arange(length), 0)
                state = net.read(_inputs(z, places, self._periods))[:, -1:]
                naive, features = _features(z, at[:, None], ahead[part], self._periods)
                says[part] = net.say(state[:, 0], naive, features).numpy()
        return says

    def _window(self) -> int:
        shortest = min(self._periods, default=12)
        return int(np.clip(3 * shortest, 24, 96))

    def _first_origin(self, z: np.ndarray) -> int:
        # Before this, not every season has a value to go back to.
        return min(max(self._periods, default=1), len(z) // 2)


def _network(periods: tuple[int, ...], hidden: int):
    import torch
    from torch import nn

    class Net(nn.Module):
        """Reads (batch, time, inputs) and says one value for each state and each step ahead."""

        def __init__(self):
            super().__init__()
            waves = 4 * len(periods)
            lags = max(1, len(periods))
            self.past = nn.LSTM(1 + waves, hidden, batch_first=True)
            self.head = nn.Sequential(
                nn.Linear(hidden + waves + lags + 2, 48), nn.ReLU(), nn.Linear(48, 1)
            )
            self.mix = nn.Parameter(torch.zeros(lags))
            for parameter in self.head[-1].parameters():
                nn.init.zeros_(parameter)

        def read(self, inputs):
            return self.past(inputs)[0]  # (batch, time, hidden)

        def say(self, state, naive, features):
            # state (…, hidden); naive (…, ahead, lags); features (…, ahead, waves + 2)
            state = state.unsqueeze(-2).expand(*features.shape[:-1], state.shape[-1])
            base = (naive * torch.softmax(self.mix, 0)).sum(-1)
            return base + self.head(torch.cat([state, naive, features], -1)).squeeze(-1)

    return Net()


def _waves(places: np.ndarray, periods: tuple[int, ...]) -> np.ndarray:
    """Two waves per season, shape ``(…, 4 × seasons)``."""
    parts = [
        wave(2 * np.pi * k * places / period)
        for period in periods
        for k in (1, 2)
        for wave in (np.sin, np.cos)
    ]
    return np.stack(parts, -1) if parts else np.zeros((*places.shape, 0))


def _inputs(z: np.ndarray, places: np.ndarray, periods: tuple[int, ...]):
    import torch

    series = z[places][..., None]
    return torch.from_numpy(
        np.concatenate([series, _waves(places, periods)], -1).astype(np.float32)
    )


def _features(z: np.ndarray, origins: np.ndarray, ahead: np.ndarray, periods: tuple[int, ...]):
    """What is known of a coming step: last values at its phase, its calendar, how far it is."""
    import torch

    target = origins + ahead
    lags = [
        z[np.clip(target - period * np.ceil(ahead / period).astype(int), 0, len(z) - 1)]
        for period in periods
    ] or [np.broadcast_to(z[origins], ahead.shape)]
    far = np.stack([np.log1p(ahead) / 5, 1 / ahead], -1)
    features = np.concatenate([_waves(target, periods), far], -1)
    return (
        torch.from_numpy(np.stack(lags, -1).astype(np.float32)),
        torch.from_numpy(features.astype(np.float32)),
    )
