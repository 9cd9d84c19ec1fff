"""ST-GCN: signals and graph by hand; demand against repeating the season."""

import numpy as np
import pytest
import torch

from strec.errors import ModelError
from strec.models.demand import DemandSTGCN
from strec.models.networks.stgcn import GraphConvolution, mean_of_neighbours
from strec.models.stgcn import _signals
from strec.split import Vocabulary, ask, encode
from tests.models import worlds


def test_visits_fall_into_slots_of_age_and_hour():
    table = worlds.table([("u", "A", 0), ("u", "A", 1), ("u", "B", 40), ("u", "A", 45)])
    log = encode(table, Vocabulary.of(table))
    moment = int(worlds.START.timestamp() * 1e6) + int(49 * 3.6e9)  # 1:00, two days later
    signal = _signals(ask(log, 0, [moment], [0], [np.nan], [np.nan]))["signal"][0]
    # Up to 14 h ago: one A, one B; 14 to 60 h ago: two A, both at about this hour.
    assert signal[0, 5] == pytest.approx(np.log1p([1, 1]))
    assert signal[0, 4] == pytest.approx(np.log1p([2, 0]))
    assert signal[1, 4] == pytest.approx(np.log1p([2, 0]))
    assert not signal[1, 5].any() and not signal[:, :4].any()


def test_graph_convolution_is_the_first_order_filter():
    rng = np.random.default_rng(0)
    weights = rng.random((5, 5)) * (rng.random((5, 5)) < 0.6)
    weights = np.triu(weights, 1) + np.triu(weights, 1).T
    at = np.nonzero(weights)
    graph = mean_of_neighbours(torch.from_numpy(np.stack(at)), torch.from_numpy(weights[at]), 5)
    half = np.diag(1 / np.sqrt(np.maximum(weights.sum(1), 1e-12)))
    scaled = half @ weights @ half
    assert np.allclose(graph.to_dense().numpy(), scaled, atol=1e-6)
    layer, x = GraphConvolution(3), torch.randn(2, 3, 4, 5)
    mix, bias = layer.mix.weight.detach().numpy()[..., 0, 0], layer.mix.bias.detach().numpy()
    both = np.concatenate([x.numpy(), x.numpy() @ scaled.T], axis=1)
    expected = np.maximum(np.einsum("oc,bctn->botn", mix, both) + bias[:, None, None], 0)
    assert np.allclose(layer(x, graph).detach().numpy(), expected, atol=1e-5)


def waves(n_hours: int = 24 * 25, seed: int = 0) -> np.ndarray:
    """Return demand with days, and surges that reach the next cell an hour later."""
    rng, hours = np.random.default_rng(seed), np.arange(n_hours)
    demand = 20 + 8 * np.sin(2 * np.pi * hours / 24)[:, None] + rng.normal(0, 1, (n_hours, 4))
    for begin in rng.choice(n_hours - 8, 60, replace=False):
        for cell in range(4):
            demand[begin + cell : begin + cell + 4, cell] += 15
    return np.maximum(demand, 0)


@pytest.mark.slow
def test_demand_beats_repeating_yesterday_where_surges_travel():
    demand = waves()
    model = DemandSTGCN(n_channels=8, epochs=8, learning_rate=0.01).fit(demand[:-72])
    found = model.backtest(demand, 72)
    assert found["mase"] < 0.7 and found["mse"] < found["naive_mse"]


@pytest.mark.slow
def test_the_naive_errors_are_those_of_the_last_known_season():
    demand = waves(24 * 8)
    model = DemandSTGCN(n_channels=4, epochs=1).fit(demand[:-48])
    found = model.backtest(demand, 48, horizon=48)
    # Two days ahead, the last season known is the same for both days.
    expected = demand[-48:] - np.tile(demand[-72:-48], (2, 1))
    assert found["naive_mae"] == pytest.approx(np.abs(expected).mean())
    assert found["naive_mse"] == pytest.approx((expected**2).mean())


@pytest.mark.slow
def test_a_forecast_reads_its_own_hours_and_repeats_under_its_seed():
    demand, places = waves(24 * 6), np.array([[40.0, -74.0 + k] for k in range(4)])
    model, again = (DemandSTGCN(n_channels=4, epochs=1).fit(demand, places) for _ in range(2))
    ahead = model.forecast(30)
    assert ahead.shape == (30, 4) and ahead.min() >= 0
    assert (again.forecast(30) == ahead).all()
    longer = np.concatenate([demand, ahead[:1]])
    assert model.forecast(1, longer)[0] == pytest.approx(ahead[1])


@pytest.mark.slow
def test_a_saved_model_forecasts_the_same_and_tampering_is_seen(tmp_path):
    demand = waves(24 * 6)
    model = DemandSTGCN(n_channels=4, epochs=1, season_hours=12).fit(demand)
    again = DemandSTGCN.load(model.save(tmp_path))
    assert again.season_hours == 12 and (again.forecast(5) == model.forecast(5)).all()
    assert again.backtest(demand, 12) == model.backtest(demand, 12)
    (tmp_path / "model.safetensors").write_bytes(b"else")
    with pytest.raises(ModelError, match="changed after"):
        DemandSTGCN.load(tmp_path)


def test_without_training_there_is_nothing_to_save_or_to_forecast(tmp_path):
    for asked in (lambda: DemandSTGCN().save(tmp_path), lambda: DemandSTGCN().forecast(3)):
        with pytest.raises(ModelError, match="fitted first"):
            asked()


@pytest.mark.parametrize("demand", [np.zeros((10, 2)), np.zeros(100), np.full((100, 2), np.nan)])
def test_too_little_or_broken_demand_is_refused(demand):
    with pytest.raises(ModelError):
        DemandSTGCN().fit(demand)


def test_networks_forecast_demand_behind_its_contract():
    from strec.demand import Panel
    from strec.models.demand import DemandSTLSTM, NetworkDemand

    hour = np.arange(24 * 12)
    counts = 5 + 4 * np.sin(2 * np.pi * hour / 24)[:, None] * np.ones(3)
    panel = Panel.of(counts, "2024-06-03")
    for network in (DemandSTLSTM(epochs=1, n_channels=4), DemandSTGCN(epochs=1, n_channels=4)):
        found = NetworkDemand(network, "a network").fit(panel, 24)
        expected = found.predict(panel, np.array([250, 264]), 24)
        assert expected.shape == (2, 24, 3)
        assert np.abs(expected[1] - counts[264:288]).max() < 1
