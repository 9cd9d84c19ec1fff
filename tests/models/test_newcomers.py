"""The sources of new items, held together, against each of them written out by itself."""

from functools import partial

import numpy as np
import polars as pl
import pytest

from strec.models import STLLM, CounterMix, Trees
from strec.models.counting.newcomers import SOURCES, Newcomers, category_lift, shares_of_sources
from strec.models.counting.statistics import Statistics, time_cell
from strec.models.profiles import last_items
from strec.simulation import simulate
from strec.split import Vocabulary, encode, queries_of_rows, split
from tests.tables import table as checkins

same = partial(np.testing.assert_allclose, rtol=1e-9, atol=1e-12)


def by_definition(queries, statistics) -> np.ndarray:
    """Return what each source says of each new item, one item and spot after the other."""
    lift = statistics.time_lift[:, time_cell(queries.hour, queries.weekday)].T.astype(float)
    popular = np.broadcast_to(statistics.popularity, lift.shape)
    liked = category_lift(queries, statistics)
    said = [popular, popular * lift, (last_items(queries) @ statistics.follows).toarray()]
    local = np.zeros((3, *lift.shape))
    if statistics.has_places:
        km = statistics.spot_distance_km(queries.lat, queries.lon)
        fade = np.nan_to_num(np.exp(-km / statistics.move_km[:, None, None]))
        local = fade @ statistics.at_spots.toarray().T * lift
    said += [*local]
    said += [local[1] * liked, local[2] * liked if statistics.has_places else said[1] * liked]
    seen = np.zeros(lift.shape, dtype=bool)
    item = queries.log.item[queries.indices]
    seen[queries.pair_query[item >= 0], item[item >= 0]] = True
    return np.where(seen, 0.0, np.stack(said))


@pytest.mark.parametrize("world", ["social", "ecommerce", "nowhere", "few"])
def test_what_is_held_together_is_what_each_source_says(world):
    kind = world if world == "ecommerce" else "social"
    table = simulate(kind, n_users=8, n_checkins=900, seed=3)
    if world == "nowhere":
        table = table.with_columns(lat=None, lon=None).cast({"lat": float, "lon": float})
    if world == "few":  # Most people have taken everything.
        table = table.filter(table["item_id"].is_in(table["item_id"].unique().sort()[:3].implode()))
    log = encode(table, Vocabulary.of(table))
    statistics = Statistics.of(log)
    queries = queries_of_rows(log, np.arange(len(log) % 7, len(log), 7))
    wanted, said = by_definition(queries, statistics), Newcomers(queries, statistics)
    for source, each in enumerate(wanted):
        same(said.each(source), each)
    same(said.totals, wanted.sum(axis=2).T)
    assert ((said.totals > 0) == (wanted > 0).any(axis=2).T).all()
    rows, items = np.nonzero(np.random.default_rng(0).random(wanted.shape[1:]) < 0.2)
    same(said.at(rows, items), wanted[:, rows, items].T)
    weights = np.random.default_rng(1).random((len(queries), len(SOURCES)))
    same(said.together(weights), np.einsum("qc,cqi->qi", weights, wanted))
    for share, each in zip(shares_of_sources(queries, statistics), wanted, strict=True):
        total = each.sum(axis=1, keepdims=True)
        same(share, each / np.where(total > 0, total, 1))


@pytest.mark.slow
@pytest.mark.parametrize("model", [CounterMix(), Trees(n_trees=5), STLLM(epochs=1, text="")])
def test_an_item_without_a_check_in_is_suggested_where_it_is(model):
    table = simulate("social", n_users=20, n_items=40, n_checkins=900, seed=1)
    kind, lat, lon = table["category"][0], table["lat"].median(), table["lon"].median()
    twins = {"item_id": ["near", "far"], "category": kind, "lat": [lat, lat + 0.5], "lon": lon}
    parts = split(table, fractions=(0.8, 0.2, 0.0), catalogue=pl.DataFrame(twins))
    near, far = parts.vocabulary.item_codes(np.array(["near", "far"]))
    scores = model.fit(parts.train).score(parts.queries(scored="every"))
    assert (scores[:, [near, far]] > 0).all()
    assert (scores[:, near] > scores[:, far]).mean() > 0.9
    assert scores[:, near].mean() < scores.mean()  # Nobody has been there, after all.


def test_what_is_expected_of_items_without_a_check_in_by_hand():
    # Twenty check-ins; the last three are at the club, which nobody had taken before. So three of
    # three places that were untaken then: one each in 15 % of the time, and no more than is usual.
    rows = [("ann", "shop", hour) for hour in range(17)] + [
        ("ann", "club", 17 + k) for k in range(3)
    ]
    catalogue = pl.DataFrame({"item_id": ["pub", "inn", "club"]})
    log = encode(checkins(*rows), Vocabulary.of(checkins(*rows), catalogue))
    assert log.vocabulary.items.tolist() == ["shop", "club", "inn", "pub"]
    found = Statistics.of(log).awaiting(log)
    same(found.count, [17, 3, 0, 0])
    same(found.expected, [17, 3, 1 / 0.15, 1 / 0.15])
