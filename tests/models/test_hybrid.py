"""The hybrid: features by hand, both losses by hand, new items by their category."""

import numpy as np
import pytest
import torch

from strec.errors import ModelError
from strec.models import Blend, Hybrid
from strec.models.hybrid import item_features
from strec.models.networks.pairs import bpr, warp
from strec.split import Vocabulary, split
from tests.models import worlds

PARTS = split(worlds.paired(n_steps=10))


def test_items_share_categories_and_cells():
    places = {"ax": (40.0, -74.0), "ay": (40.0, -74.0), "bx": (50.0, 10.0)}
    table = worlds.table([("u", "ax", 0), ("u", "ay", 1), ("u", "bx", 2), ("u", "c", 3)], places)
    features = item_features(Vocabulary.of(table)).toarray()
    # Three categories (a, b, c), then two cells at each of two resolutions.
    assert features.shape == (4, 7)
    assert (features[0] == features[1]).all() and not features[0] @ features[2]
    assert features.sum(axis=1).tolist() == [3, 3, 3, 1]


def test_bpr_is_the_mean_log_chance_of_the_right_order():
    lead = torch.tensor([[0.0, 2.0]])
    expected = -(np.log(0.5) + np.log(1 / (1 + np.exp(-2)))) / 2
    assert float(bpr(lead, 10)) == pytest.approx(expected, rel=1e-5)


def test_warp_weighs_the_first_close_item_by_the_guessed_rank():
    # The second draw is the first within 1: hinge 0.5, rank guess (101 - 1) // 2 = 50.
    lead = torch.tensor([[3.0, 0.5, -4.0], [2.0, 2.0, 2.0]])
    assert float(warp(lead, 101)) == pytest.approx(np.log(51) * 0.5 / 2, rel=1e-5)


def test_a_score_is_the_product_of_the_sums_of_features():
    model = Hybrid(dim=4, loss="bpr", epochs=1).fit(PARTS.train)
    query = PARTS.queries(scored="every").take(slice(0, 1))
    features = item_features(PARTS.vocabulary).toarray()
    n_items, n_shared = features.shape
    log = query.log
    age_days = (query.time_us[0] - log.time_us[query.indices]) / 86.4e9
    weight = 0.5 ** (age_days / 30)
    share = weight @ features[log.item[query.indices]] / weight.sum()
    kept = np.argsort(-share, kind="stable")[:16]
    net = model.network_
    users, items = net.user_table.weight.detach().numpy(), net.item_table.weight.detach().numpy()
    bias = net.item_bias.weight.detach().numpy()[:, 0]
    user = users[n_shared + 1 + query.user[0]] + share[kept] @ users[kept]
    item = items[n_shared:] + features @ items[:n_shared]
    taken = np.bincount(log.item[query.indices], weights=weight / weight.sum(), minlength=n_items)
    assert (taken > 0).sum() <= 32
    user = user + net.volume.item() * taken @ item
    expected = item @ user + bias[n_shared:] + features @ bias[:n_shared]
    assert len(np.unique(share[share > 0])) and n_items == len(expected)
    assert np.allclose(model.score(query)[0], expected, atol=1e-3)


def test_an_unknown_loss_is_refused():
    with pytest.raises(ModelError, match="warp"):
        Hybrid(loss="hinge").fit(PARTS.train)


def test_losses_that_rank_alone_give_no_probabilities(tmp_path):
    queries = PARTS.queries(scored="every")
    ranks = Hybrid(dim=4, loss="bpr", epochs=1).fit(PARTS.train)
    assert not ranks.is_probability and not Hybrid.load(ranks.save(tmp_path)).is_probability
    assert Hybrid(dim=4, epochs=1).fit(PARTS.train).is_probability
    blend = Blend(("popularity", Hybrid(dim=4, loss="bpr", epochs=1))).fit(PARTS.train)
    assert blend.score(queries).sum(axis=1) == pytest.approx(1.0)
