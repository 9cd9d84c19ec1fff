"""NeuMF against its equation, and how it learns who takes what."""

import numpy as np
import pytest
import torch

from strec.models import NeuMF
from strec.split import split
from tests.models import worlds

PARTS = split(worlds.alternating())
QUERIES = PARTS.queries(scored="every")


def test_a_score_is_the_equation():
    model = NeuMF(dim=4, layers=(8, 4), epochs=1).fit(PARTS.train)
    net, user, item = model.network_, int(QUERIES.user[0]), 2
    log = QUERIES.log
    rows = QUERIES.indices[QUERIES.indptr[0] : QUERIES.indptr[1]]
    weight = 0.5 ** ((QUERIES.time_us[0] - log.time_us[rows]) / (90 * 86.4e9))
    share = np.bincount(log.item[rows], weights=weight / weight.sum(), minlength=4)
    share = torch.from_numpy(share).float()
    with torch.inference_mode():
        gmf = net.users_gmf.weight[user + 1] + net.volume * share @ net.items_gmf.weight
        gmf = gmf * net.items_gmf.weight[item]
        both = net.users_mlp.weight[user + 1] + share @ net.items_mlp.weight
        both = torch.cat([both, net.items_mlp.weight[item]])
        layer = net.mlp[0]
        mlp = torch.relu(layer.weight @ both + layer.bias)
        out = net.out.weight[0] @ torch.cat([gmf, mlp]) + net.out.bias + net.bias.weight[item]
    assert np.isclose(model.score(QUERIES)[0, item], float(out[0]), atol=1e-5)


@pytest.mark.slow
def test_users_get_the_two_items_that_they_take():
    model = NeuMF(dim=8, layers=(8, 4), epochs=30, patience=30, batch_size=64).fit(PARTS.train)
    best, _ = model.top(QUERIES, 2)
    pair = np.array([item in "AB" for item in PARTS.vocabulary.items])
    assert (pair[best] == pair[QUERIES.target][:, None]).all()
