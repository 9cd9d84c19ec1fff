"""Sequences are the same in training and in scoring; the graph and the loss are exact."""

import numpy as np
import pytest
import torch

from strec.evaluation import Regime, evaluate_model
from strec.models import LSTM, STLSTM
from strec.models.networks import items as losses
from strec.models.sequences import query_batch, window_batch, windows
from strec.simulation import simulate
from strec.split import queries_of_rows, split

PARTS = split(simulate("social", n_users=6, n_checkins=300, seed=1))
TRAIN = PARTS.train


def test_every_row_is_a_target_once():
    rows = np.flatnonzero(TRAIN.before == np.arange(len(TRAIN)))
    pieces = windows(TRAIN, rows, 16)
    batch = window_batch(TRAIN, pieces, np.arange(len(pieces.first)), time_known=True)
    counted = batch["target"][batch["target"] >= 0]
    assert (np.sort(counted) == np.sort(TRAIN.item[rows])).all()
    assert batch["item"].shape[1] <= 16 and (batch["item"][:, 0] == 0).all()


@pytest.mark.parametrize("time_known", [True, False])
def test_a_step_of_training_knows_what_a_query_knows(time_known):
    pieces = windows(TRAIN, np.arange(len(TRAIN)), 1000)
    batch = window_batch(TRAIN, pieces, np.arange(len(pieces.first)), time_known=time_known)
    for window, step in ((0, 5), (1, 12), (2, 0)):
        row = pieces.first[window] + step
        query = queries_of_rows(TRAIN, np.array([row]), time_known=time_known)
        asked = query_batch(query, 500)
        assert asked["last"][0] == step
        for name in ("item", "seen", "place"):
            assert np.allclose(asked[name][0, : step + 1], batch[name][window, : step + 1])
        assert np.allclose(asked["asked"][0, step], batch["asked"][window, step])


def test_the_network_gives_a_step_the_same_answer_in_both():
    model = STLSTM(dim=8, n_recent=400, epochs=1).fit(TRAIN)
    row = int(TRAIN.indptr[1] + 9)
    query = queries_of_rows(TRAIN, np.array([row]))
    pieces = windows(TRAIN, np.array([row]), 1000)
    arrays = window_batch(TRAIN, pieces, np.arange(1), time_known=True)
    batch = {name: torch.from_numpy(value) for name, value in arrays.items()}
    with torch.inference_mode():
        items = model.network_.items()
        wanted = model.network_(batch, items)[0, row - pieces.first[0]]
        expected = torch.softmax(wanted @ items[2:].T + model.network_.bias, dim=0)
    assert np.allclose(model.score(query)[0], expected.numpy(), atol=1e-6)


def test_the_graph_layer_is_the_mean_of_neighbours():
    model = STLSTM(dim=8, epochs=1).fit(TRAIN)
    network = model.network_
    state = network.embedding.weight[2:].detach()
    source, target = network.edges
    mean = torch.stack([state[source[target == i]].mean(0) if (target == i).any()
                        else torch.zeros(8) for i in range(len(state))])  # fmt: skip
    layer = network.sage[0]
    heard = mean @ layer.lin_l.weight.T + layer.lin_l.bias + state @ layer.lin_r.weight.T
    expected = state + torch.relu(heard)
    assert torch.allclose(network.items()[2:], expected, atol=1e-5)


def test_lstm_does_not_look_at_time_or_place():
    model = LSTM(dim=8, epochs=1).fit(TRAIN)
    queries = PARTS.queries(scored="every")
    assert np.allclose(model.score(queries), model.score(queries.blind()))


def test_an_lstm_can_be_asked_with_and_without_the_time():
    model = LSTM(dim=8, epochs=1).fit(TRAIN)
    for time_known in (True, False):
        found = evaluate_model(model, PARTS, Regime(scored="every", time_known=time_known))
        assert len(found.queries) == len(PARTS.queries(scored="every"))


def test_st_lstm_does():
    model = STLSTM(dim=8, epochs=1).fit(TRAIN)
    queries = PARTS.queries(scored="every")
    assert not np.allclose(model.score(queries), model.score(queries.blind()), rtol=1e-3)


def test_the_sampled_loss_comes_close_to_the_exact_one(monkeypatch):
    torch.manual_seed(0)
    query, items = torch.randn(64, 8), torch.randn(2000, 8) / 3
    bias, target = torch.randn(2000) / 3, torch.randint(2000, (64,))
    exact = losses.item_loss(query, items, bias, target)
    monkeypatch.setattr(losses, "FULL_SOFTMAX", 100)
    sampled = losses.item_loss(query, items, bias, target)
    assert float(sampled) == pytest.approx(float(exact), rel=0.01)
    assert sampled != exact
