"""ST-GCN for demand: how many check-ins each cell will have in the coming hours.

    d(t, n)  = (y(t, n) - y(t - season, n)) / s_n          how far from the last season
    d̂(t + 1) = STGCN( d(t - T + 1 … t), level, hour )      over the graph of cells
    ŷ(t + 1) = max(0, y(t + 1 - season) + s · d̂(t + 1))

The network starts as the seasonal naive forecast (d̂ = 0) and learns what lies beyond it: the
weather of the day, an event, what happens next door. Several hours ahead, each forecast hour is
read as if it had been seen.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from strec.demand import DemandModel, Panel
from strec.demand.base import HOURS_OF_WEEK
from strec.errors import ModelError
from strec.geo import EARTH_RADIUS_KM, unit_vectors
from strec.models.neural import RowTask, Trained, tensors
from strec.models.saved import Arrays, Texts
from strec.train import Watch, fit

if TYPE_CHECKING:
    import torch

_KERNEL = 3
_N_CHANNELS_IN = 5


@dataclass(kw_only=True, repr=False, eq=False)
class DemandSTGCN(Trained):
    """Forecast counts per hour and cell over a graph of cells.

    Parameters
    ----------
    season_hours : int
        Length of the season: 24 for days, 168 for weeks.
    n_hours : int
        Hours that the network reads (T).
    n_channels, n_blocks : int
        Signals per cell and hour inside the network, and blocks of time, graph, time.
    n_neighbours : int
        Cells that are a cell's neighbours: the nearest, or without places the most similar.
    epochs, learning_rate, weight_decay, patience, batch_size, seed
        See `strec.models.neural.Trained`; a batch is a number of hours.

    References
    ----------
    Yu, Yin and Zhu, "Spatio-temporal graph convolutional networks: a deep learning framework
    for traffic forecasting", IJCAI 2018.

    Examples
    --------
    >>> hours = np.arange(240)
    >>> demand = np.stack([5 + 4 * np.sin(2 * np.pi * hours / 24)] * 3, axis=1)
    >>> model = DemandSTGCN(epochs=1).fit(demand)
    >>> bool(abs(model.forecast(24) - demand[:24]).max() < 0.5)
    True
    """

    kind = "demand"

    season_hours: int = 24
    n_hours: int = 12
    n_channels: int = 16
    n_blocks: int = 2
    n_neighbours: int = 6
    epochs: int = 15
    patience: int = 3
    batch_size: int = 32

    def fit(
        self, demand: np.ndarray, places: np.ndarray | None = None, *, watch: Watch | None = None
    ) -> Self:
        """Learn from past hours.

        Parameters
        ----------
        demand : numpy.ndarray
            Shape ``(n_hours, n_cells)``, counts of consecutive hours, the latest last.
        places : numpy.ndarray, optional
            Shape ``(n_cells, 2)``: latitude and longitude, degrees. Without places the
            neighbours are the cells whose demand goes most alike.
        watch : Watch, optional
            Listens, keeps checkpoints, stops.
        """
        demand = self._checked(demand)
        away = demand[self.season_hours :] - demand[: -self.season_hours]
        scale = np.maximum(away.std(axis=0), 0.1 * (demand.std() + 1e-9)) + 1e-9
        self.numbers_ = {
            "demand": demand,
            "level": demand.mean(axis=0),
            # Shape (n_cells,): how far demand usually is from that of the last season.
            "scale": scale,
            "edges": _neighbours(demand, places, self.n_neighbours),
        }
        self._train(watch or Watch())
        return self

    def forecast(self, horizon: int, demand: np.ndarray | None = None) -> np.ndarray:
        """Return demand of the coming hours, shape ``(horizon, n_cells)``, not negative.

        It starts after `demand`, ``(n_hours, n_cells)``, whose first hour is at the same hour of
        the season as the first one fitted; after what was fitted when not given.
        """
        import torch

        self._fitted()
        past = self.numbers_["demand"] if demand is None else self._checked(demand)
        begun = len(past)
        past = np.concatenate([past, np.zeros((horizon, past.shape[1]))])
        self.network_.eval()
        with torch.inference_mode():
            for hour in range(begun, begun + horizon):
                signal = torch.from_numpy(self._signal(past, np.array([hour])))
                away = self.network_(signal.to(self.device)).cpu().numpy()[0]
                naive = past[hour - self.season_hours]
                past[hour] = np.maximum(0.0, naive + self.numbers_["scale"] * away)
        return past[begun:]

    def backtest(self, demand: np.ndarray, n_test: int, horizon: int = 1) -> dict[str, float]:
        """Compare with repeating the last season, over the last `n_test` hours of `demand`.

        Fit the model on what comes before them. They are forecast `horizon` hours at a time, each
        time with what really happened before. Returns ``mae``, ``mse``, ``naive_mae``,
        ``naive_mse``, and ``mase``: MAE against the naive.
        """
        begun = len(demand) - n_test
        found = [
            self.forecast(min(horizon, len(demand) - first), demand[:first])
            for first in range(begun, len(demand), horizon)
        ]
        error = np.concatenate(found) - demand[begun:]
        # The last season that was known when the forecast was made.
        hour = np.arange(begun, len(demand))
        known = begun + (hour - begun) // horizon * horizon
        back = self.season_hours * -(-(hour - known + 1) // self.season_hours)
        naive = demand[hour - back] - demand[begun:]
        naive_mae = float(np.abs(naive).mean())
        mae = float(np.abs(error).mean())
        return {
            "mae": mae,
            "mse": float((error**2).mean()),
            "naive_mae": naive_mae,
            "naive_mse": float((naive**2).mean()),
            "mase": mae / naive_mae if naive_mae > 0 else float("nan"),
        }

    def _built(self) -> Any:
        import torch

        from strec.models.networks.stgcn import DemandNetwork, GraphTrunk

        edges = tensors(self.numbers_)["edges"]
        n_cells = self.numbers_["demand"].shape[1]
        sizes = _N_CHANNELS_IN, self.n_channels, self.n_hours, self.n_blocks, _KERNEL
        trunk = GraphTrunk(*sizes, edges, torch.ones(edges.shape[1]), n_cells)
        return DemandNetwork(trunk, self.n_channels, n_cells)

    def _train(self, watch: Watch) -> None:
        from torch.nn.functional import smooth_l1_loss

        demand, scale = self.numbers_["demand"], self.numbers_["scale"]
        hours = np.arange(self.season_hours + self.n_hours, len(demand))
        cut = max(1, int(0.85 * len(hours)))
        network = self._seeded()

        def collate(rows: np.ndarray, rng: np.random.Generator) -> "dict[str, torch.Tensor]":
            away = (demand[rows] - demand[rows - self.season_hours]) / scale
            batch = {"signal": self._signal(demand, rows), "target": away.astype(np.float32)}
            return tensors(batch)

        def loss(batch: "dict[str, torch.Tensor]") -> "torch.Tensor":
            return smooth_l1_loss(network(batch["signal"]), batch["target"])

        check = hours[cut:] if cut < len(hours) else hours
        task = RowTask(network, hours[:cut], check, self.batch_size, collate, loss)
        self.history_ = fit(task, self._settings(), watch=watch)
        self.network_ = network

    def _kept(self) -> tuple[Arrays, Texts]:
        self._fitted()
        return self._learned(), {}

    def _take(self, arrays: Arrays, texts: Texts) -> None:
        self._relearn(arrays)

    def _fitted(self) -> None:
        if self.network_ is None:
            raise ModelError(
                "The model must be fitted first.", "a model without training.", "Call fit(demand)."
            )

    def _signal(self, demand: np.ndarray, hours: np.ndarray) -> np.ndarray:
        """Return what is known before each hour, shape ``(n, 5, T, n_cells)``, float32.

        Signals: distance from the last season; the same a season ago, up to the hour asked
        about; level of demand; hour of the season as sine and cosine.
        """
        at = hours[:, None] + np.arange(-self.n_hours, 0)  # (n, T)
        season = self.season_hours
        away = (demand[at] - demand[at - season]) / self.numbers_["scale"]  # (n, T, n_cells)
        # A season before the hour asked about, so that the network sees what came next then.
        then = (demand[at + 1 - season] - self.numbers_["level"]) / self.numbers_["scale"]
        level = (demand[at] - self.numbers_["level"]) / self.numbers_["scale"]
        angle = np.broadcast_to((2 * np.pi * (at + 1) / season)[..., None], away.shape)
        signal = np.stack([away, then, level, np.sin(angle), np.cos(angle)], axis=1)
        return signal.astype(np.float32)

    def _checked(self, demand: np.ndarray) -> np.ndarray:
        demand = np.asarray(demand, dtype=np.float64)
        fewest = self.season_hours + self.n_hours + 1
        if demand.ndim != 2 or len(demand) < fewest or not demand.shape[1]:
            raise ModelError(
                f"Forecasting needs at least {fewest:,} hours of at least one cell.",
                f"an array of shape {demand.shape}.",
                "Use more hours, or a shorter season.",
            )
        if not np.isfinite(demand).all():
            raise ModelError(
                "Demand is a number in each hour and cell.",
                f"{int((~np.isfinite(demand)).sum()):,} that are not finite.",
                "Fill hours without check-ins with 0.",
            )
        return demand


@dataclass(kw_only=True, repr=False, eq=False)
class DemandSTLSTM(DemandSTGCN):
    """The article's model for counts: ŷ(t, x) = σ(W [h_t, h_x] + b).

    Parameters
    ----------
    n_hours : int
        Hours that the LSTM reads.
    n_channels : int
        Length of the states h_t and h_x.
    season_hours, n_blocks, n_neighbours, epochs, learning_rate, weight_decay, patience, batch_size,
    seed
        As in `DemandSTGCN`; it has no blocks.

    Examples
    --------
    >>> demand = np.tile(5 + 4 * np.sin(np.arange(240) * np.pi / 12), (3, 1)).T
    >>> DemandSTLSTM(epochs=1).fit(demand).forecast(24).shape
    (24, 3)
    """

    kind = "demand_st_lstm"

    def _built(self):
        from strec.models.networks.stgcn import StateNetwork

        edges = tensors(self.numbers_)["edges"]
        n_cells = self.numbers_["demand"].shape[1]
        return StateNetwork(_N_CHANNELS_IN, self.n_channels, edges, n_cells)


class NetworkDemand(DemandModel):
    """A network for counts behind the contract of `strec.demand`.

    Parameters
    ----------
    network : DemandSTGCN
        Unfitted; a copy of it is fitted, with seasons of a week where there are three.
    label : str
        How it is called.
    """

    sentence = "A network over the graph of places and the last hours."

    def __init__(self, network: DemandSTGCN, label: str):
        self.network, self.label = network, label

    def _fit(self, panel: Panel) -> None:
        season = HOURS_OF_WEEK if panel.n_hours >= 3 * HOURS_OF_WEEK else 24
        self.model = replace(self.network, season_hours=season)
        places = panel.places[["lat", "lon"]].to_numpy(dtype=float)
        known = places if np.isfinite(places).all() else None
        self.model.fit(np.nan_to_num(panel.values), known)

    def _predict(self, panel: Panel, origins: np.ndarray, horizon: int) -> np.ndarray:
        past = np.nan_to_num(panel.values)
        return np.stack([self.model.forecast(horizon, past[:origin]) for origin in origins])


def networks() -> dict[str, DemandModel]:
    """Return the networks for a backtest of demand, by their label, unfitted.

    Examples
    --------
    >>> list(networks())
    ['ST-LSTM', 'ST-GCN']
    """
    made = {"ST-LSTM": DemandSTLSTM(epochs=8), "ST-GCN": DemandSTGCN(epochs=8)}
    return {label: NetworkDemand(network, label) for label, network in made.items()}


def _neighbours(demand: np.ndarray, places: np.ndarray | None, n_neighbours: int) -> np.ndarray:
    """Return edges between cells in both directions, shape ``(2, n_edges)``, int64."""
    from sklearn.neighbors import NearestNeighbors

    n_cells = demand.shape[1]
    k = min(n_neighbours, n_cells - 1)
    if k < 1:
        return np.zeros((2, 0), dtype=np.int64)
    if places is None:
        # Standardised, the squared distance of two series falls with their correlation.
        spread = np.maximum(demand.std(axis=0), 1e-9)
        points = ((demand - demand.mean(axis=0)) / spread).T
    else:
        points = EARTH_RADIUS_KM * unit_vectors(*np.asarray(places, dtype=np.float64).T)
    graph: Any = NearestNeighbors(n_neighbors=k).fit(points).kneighbors_graph()
    found = (graph + graph.T).tocoo()
    return np.stack([found.row, found.col]).astype(np.int64)
