"""The models under the gate, against plain loops and an independent optimiser."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from strec import schema
from strec.gate import accuracy, evidence, logit, nested_models
from strec.gate.design import CANDIDATES, TIME_BINS, Lookup, design_of, pairs_of
from strec.gate.geometry import zones
from strec.gate.permutations import Swaps
from strec.simulation import simulate
from strec.split import Vocabulary, encode


@pytest.fixture(scope="module", params=["social", "ecommerce"])
def laid_out(request):
    table = simulate(request.param, n_users=20, n_checkins=600, seed=2)
    return design_of(encode(table, Vocabulary.of(table)), np.random.default_rng(0))


# ---------------------------------------------------------------- design


def test_the_first_half_is_counted_and_the_second_scored(laid_out):
    design, _ = laid_out
    assert (design.position[design.past] < design.length[design.user[design.past]] // 2).all()
    assert (design.position[design.scored] >= design.length[design.user[design.scored]] // 2).all()
    assert (design.position[design.past] > 0).all()
    usable = (design.length[design.user] >= 4) & (design.position > 0)
    assert len(design.past) + len(design.scored) == usable.sum()


def test_rivals_come_from_first_halves_and_never_from_the_row_itself(laid_out):
    design, _ = laid_out
    assert design.scored_candidates.shape == (len(design.scored), 1 + CANDIDATES)
    assert (design.scored_candidates[:, 0] == design.scored).all()
    assert design.is_past[design.scored_candidates[:, 1:]].all()
    assert design.is_past[design.past_candidates[:, 1:]].all()
    own = design.user[design.scored_candidates[:, 1:]] == design.user[design.scored][:, None]
    assert own.mean() >= design.own_share - 0.05


def test_pairs_are_those_of_the_row_s_user_and_the_candidate_s_item(laid_out):
    design, labels = laid_out
    found = pairs_of(design, labels, design.scored, design.scored_candidates)
    known = {key: k for k, key in enumerate(zip(design.pair_user, design.pair_item, strict=True))}
    for row in range(0, len(design.scored), 37):
        user = design.user[design.scored[row]]
        for c, candidate in enumerate(design.scored_candidates[row]):
            assert found[row, c] == known.get((user, labels.item[candidate]), -1)


def test_the_current_place_is_the_item_before_or_the_check_in_s_own(laid_out):
    design, labels = laid_out
    if design.place == "item":
        row = design.scored[5]
        assert labels.zone[row] == design.item_zone[labels.item[row - 1]]
    else:
        assert design.place == "checkin" and len(labels.zone) == len(design.user)


def test_what_is_looked_up_is_the_same_in_a_table_and_by_search():
    keys, values, wanted = np.array([1, 4, 6]), np.array([10, 40, 60]), np.array([[0, 4], [6, 7]])
    for n_cells in (8, 10**9):
        assert Lookup(keys, values, n_cells, missing=-1)(wanted).tolist() == [[-1, 40], [60, -1]]


def test_hours_are_local():
    table = simulate("social", n_users=10, n_checkins=400, seed=1)
    _, labels = design_of(encode(table, Vocabulary.of(table)), np.random.default_rng(0))
    ordered = schema.derive(table)
    assert labels.hour_of_week.tolist() == ordered["hour_of_week"].to_list()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, unique=True),
       st.integers(1, 4))  # fmt: skip
def test_zones_are_numbered_without_gaps_and_cut_where_places_differ(places, splits):
    place = np.array(places, dtype=float)
    zone = zones(place, np.ones(len(place)), splits)
    assert set(zone) == set(range(zone.max() + 1))
    assert zone.max() + 1 == min(len(place), 2**splits) or len(place) > zone.max() + 1
    if len(place) >= 2:
        assert zone.max() >= 1


# ---------------------------------------------------------------- conditional logit


def test_the_logit_finds_the_optimum_of_an_independent_optimiser():
    rng = np.random.default_rng(4)
    features = rng.normal(size=(4, 6, 300))
    features[:, 0] += np.array([0.5, -0.8, 0.6, -0.5])[:, None]

    def loss(w):
        score = np.tensordot(w, features, 1)
        chosen = score[0] - np.log(np.exp(score).sum(axis=0))
        return -chosen.sum() + logit.RIDGE / 2 * (w**2).sum()

    bounds = [(None, None), (None, None), (0, None), (0, None)]
    wanted = minimize(loss, np.zeros(4), bounds=bounds, method="L-BFGS-B", tol=1e-12)
    found = logit.fit(features, 2, np.full(4, 0.5))
    assert found == pytest.approx(wanted.x, abs=2e-4)
    assert found[1] < 0 and found[3] == 0


def test_a_model_that_cannot_tell_gains_nothing():
    features = np.random.default_rng(0).normal(size=(3, 9, 50))
    assert logit.log_likelihood(features, np.zeros(3)) == pytest.approx(np.zeros(50))


def test_weights_are_fitted_on_the_other_half():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(1, 5, 400)), rng.normal(size=(1, 5, 400))
    first[:, 0] += 1
    gain, weights = logit.cross_fit([first, second], 0, np.zeros((2, 1)))
    # The half without signal is charged for the other's weight, and the other way round.
    assert weights[1, 0] > 0.7 and weights[0, 0] < 0.3
    assert gain[1].mean() < 0


# ---------------------------------------------------------------- evidence


@pytest.mark.slow
def test_lifts_are_those_of_plain_counting(laid_out):
    design, labels = laid_out
    total = evidence.pair_totals(design, labels)
    counts = evidence.count(design, labels, labels.zone, design.n_zones, total)
    rows = design.scored[:40]
    items = np.tile(np.arange(0, design.n_items, 17), (len(rows), 1))
    key = {k: n for n, k in enumerate(zip(design.pair_user, design.pair_item, strict=True))}
    pair = np.array([[key.get((design.user[r], i), -1) for i in items[0]] for r in rows])
    found = evidence.lifts(
        design, counts, evidence.Candidates(rows, items, pair), labels.zone[rows]
    )
    for k in range(0, len(rows), 7):
        for c in range(items.shape[1]):
            wanted = _lift_by_hand(design, labels, design.user[rows[k]], items[k, c],
                                   labels.zone[rows[k]])  # fmt: skip
            assert found[0][k, c] == pytest.approx(wanted[0], abs=1e-4)
            assert found[1][k, c] == pytest.approx(wanted[1], abs=1e-4)


def _lift_by_hand(design, labels, user, item, zone):
    """The formulas of docs/gate.md, one count at a time."""
    past = [(design.user[r], labels.item[r], labels.zone[r]) for r in design.past]
    n_zones = design.n_zones
    overall = np.array([0.5 + sum(z == x for _, _, z in past) for x in range(n_zones)])
    overall = overall / overall.sum()

    def profile(u):
        n = [sum(v == u and z == x for v, _, z in past) for x in range(n_zones)]
        return (np.array(n) + 5 * overall) / (sum(n) + 5)

    profiles = {u: profile(u) for u in {v for v, _, _ in past}}
    same = design.class_of_item == design.class_of_item[item]

    def lift_of(belongs):
        seen = sum(z == zone for _, i, z in past if belongs(i))
        return seen, sum(profiles[v][zone] for v, i, _ in past if belongs(i))

    seen, expected = lift_of(lambda i: same[i])
    class_lift = (seen + 5) / (expected + 5)
    seen, expected = lift_of(lambda i: i == item)
    lift = (seen + 5 * class_lift) / (expected + 5)
    own = sum(v == user and i == item for v, i, _ in past)
    here = sum(v == user and i == item and z == zone for v, i, z in past)
    ever = any((design.user == user) & (labels.item == item))
    share = profiles[user][zone] * lift
    personal = np.log((here + 3 * share) / ((own + 3) * share)) if ever else 0.0
    return np.log(lift), personal


def test_the_recent_past_is_that_before_the_row(laid_out):
    design, labels = laid_out
    rows = design.scored[:30]
    items = labels.item[np.maximum(rows[:, None] - np.arange(1, 15), 0)]
    nowhere = np.full(items.shape, -1)
    candidates = evidence.Candidates(rows, items, nowhere)
    recent = evidence.drift(design, labels, candidates)[0]
    (last,) = evidence.last(design, labels, candidates)
    for k, row in enumerate(rows):
        before = labels.item[design.start[design.user[row]] : row][::-1][: evidence.RECENT + 1]
        for c, item in enumerate(items[k]):
            # The second and third back count a half, the fourth and fifth a quarter, …
            wanted = sum(1 / (2 * (back // 2)) for back, i in enumerate(before, 1)
                         if i == item and back > 1)  # fmt: skip
            assert recent[k, c] == pytest.approx(np.log1p(evidence.RECENT * wanted), abs=1e-5)
            assert last[k, c] == (before[0] == item)


def test_a_row_s_own_check_in_is_left_out_of_its_counts(laid_out):
    design, labels = laid_out
    steps = nested_models.NestedModels(design, labels)
    once = steps.total[labels.pair[design.past]] == 1
    in_history = steps.columns("habits", steps.past)[0]
    assert not in_history[once, 0].any() and in_history[~once, 0].all()


def of_sequence(items, n_users=16, hours=None, **columns):
    """Lay out users who all take these items in turn, an hour apart."""
    hours = np.arange(len(items)) if hours is None else np.asarray(hours)
    start = datetime(2024, 3, 4, tzinfo=UTC)
    table = pl.DataFrame(
        {
            schema.USER: np.repeat([f"u{u}" for u in range(n_users)], len(items)),
            schema.ITEM: list(items) * n_users,
            schema.TIME: [start + timedelta(hours=int(h)) for h in hours] * n_users,
        }
    ).with_columns(
        pl.col(schema.TIME).cast(pl.Datetime("us", "UTC")),
        pl.lit(0, pl.Int16).alias(schema.OFFSET),
        *(pl.lit(None, pl.Float64).alias(name) for name in (schema.LAT, schema.LON)),
        *(pl.Series(name, list(values) * n_users) for name, values in columns.items()),
    )
    return design_of(encode(table, Vocabulary.of(table)), np.random.default_rng(0))


def test_home_elsewhere_home_is_an_order_and_not_a_drift():
    design, labels = of_sequence("habacadaeafagahaiajakalamana")
    rows = design.start[0] + np.arange(16, 24)
    home = np.zeros((len(rows), 1), int)
    candidates = evidence.Candidates(rows, home, np.full(home.shape, -1))
    lately = evidence.drift(design, labels, candidates)[0][:, 0]
    assert np.ptp(lately) < 1e-6
    (last,) = evidence.last(design, labels, candidates)
    assert last[:, 0].tolist() == [0, 1] * 4 or last[:, 0].tolist() == [1, 0] * 4


def test_what_follows_what_is_counted_in_the_first_halves():
    design, labels = of_sequence("abcabcabcabc")
    total = evidence.pair_totals(design, labels)
    found = evidence.transitions(design, labels, total)
    # Five steps of each first half of six: a-b, b-c, c-a, a-b, b-c.
    counts = dict(zip(found.item_counts.keys, found.item_counts.values, strict=True))
    assert counts == {0 * 3 + 1: 32, 1 * 3 + 2: 32, 2 * 3 + 0: 16}
    row = design.start[0] + 9  # after a, b, c comes a
    items = np.arange(3)[None]
    pair = np.array([[np.flatnonzero((design.pair_user == 0) & (design.pair_item == i))[0]
                      for i in range(3)]])  # fmt: skip
    candidates = evidence.Candidates(np.array([row]), items, pair)
    everybody, own, back = evidence.order(design, labels, total, found, candidates)
    assert everybody[0].argmax() == 0 and own[0].argmax() == 0
    assert back[0].tolist() == [0, 1, 0]


def test_what_is_in_fashion_is_known_from_earlier_check_ins_alone():
    design, labels = of_sequence("aaaabbbb", hours=np.arange(8) * 8)
    short, _ = evidence.fashion(design, labels, np.arange(2), 2)
    assert (short[:, 0] == 0).all()  # nothing came before
    late = design.calendar[design.start[0] + 7]
    assert short[1, late] > 0 > short[0, late]
    first_b = design.calendar[design.start[0] + 4]
    assert short[1, first_b] < 0  # b is not known before it was taken


def test_the_check_in_before_is_that_of_an_earlier_moment():
    design, labels = of_sequence("abcdefgh", hours=[0, 1, 1, 1, 2, 2, 3, 4])
    first = design.start[0]
    assert (design.before[first : first + 8] - first).tolist() == [0, 1, 1, 1, 4, 4, 6, 7]
    # Half of eight is four, and no moment is cut: a, then b, c, d together.
    assert design.n_past[0] == 4 and design.is_past[first : first + 8].sum() == 4
    swaps = Swaps(nested_models.NestedModels(design, labels), np.random.default_rng(0), None)
    assert swaps.has_next[first : first + 8].tolist() == [1, 0, 0, 1, 0, 1, 1, 0]


def test_blurred_hours_keep_their_weight():
    blur = evidence.blur_of_time()
    assert blur.shape == (TIME_BINS, TIME_BINS)
    assert blur.sum(axis=1) == pytest.approx(np.ones(TIME_BINS))
    assert blur[0, 11] == pytest.approx(blur[0, 1])  # 23 o'clock is next to midnight
    assert blur[0, 1] > blur[0, 12] > blur[0, 6]


def test_the_joint_lift_sees_only_what_no_margin_shows():
    rng = np.random.default_rng(0)
    shape = (2, 8, 2)
    margins = np.exp(rng.normal(size=(2, 8, 1)) + rng.normal(size=(2, 1, 2)))
    two_way = np.round(200 * margins * np.ones(shape)).astype(int)
    assert np.abs(_joint_lift(two_way)).max() < 0.02
    sign = np.array([1, -1])[:, None, None] * np.array([1, -1])[None, None, :]
    early = np.where(np.arange(8) < 4, 1, -1)[None, :, None]
    lift = _joint_lift(np.round(two_way * np.exp(0.7 * sign * early)).astype(int))
    middle = lift[:, [1, 2, 5, 6]] * (sign * early)[:, [1, 2, 5, 6]]
    assert (middle > 0.2).all()


def _joint_lift(table):
    """Rows with these counts of (class, part of the day, zone), expected to be even."""
    cells = np.repeat(np.arange(table.size), table.ravel())
    part_zone = cells % 16
    rivals = np.stack([cells, part_zone, part_zone + 16], axis=1)
    chance = np.broadcast_to([0.0, 0.5, 0.5], rivals.shape)
    return evidence.lift_beyond_margins(rivals, chance, table.shape).reshape(table.shape)


# ---------------------------------------------------------------- ranking all items


def test_hits_at_one_agree_with_ranking_by_hand(laid_out):
    design, labels = laid_out
    steps, fitted = nested_models.fit_models(design, labels, {})
    which, hits = accuracy.hits_at_one(steps, fitted, np.random.default_rng(0))
    row = design.scored[which[3]]
    user, fold = design.user[row], design.fold[design.user[row]]
    everybody = np.bincount(labels.item[design.is_past], minlength=design.n_items)
    mine = (design.user == user) & design.is_past & (design.position > 0)
    n = np.bincount(labels.item[mine], minlength=design.n_items)
    chance = design.own_share * n / (design.length[user] // 2)
    chance = chance + (1 - design.own_share) * everybody / everybody.sum()
    items = np.arange(design.n_items)
    key = {k: j for j, k in enumerate(zip(design.pair_user, design.pair_item, strict=True))}
    pair = np.array([[key.get((user, item), -1) for item in items]])
    candidates = evidence.Candidates(np.array([row]), items[None], pair)
    columns = [
        x[0] for part in ("habits", "drift", "last") for x in steps.columns(part, candidates)
    ]
    score = np.log(np.maximum(chance, 1e-12)) + fitted["M0"].weights[fold] @ np.array(columns)
    best = np.flatnonzero(np.isclose(score, score.max()))
    wanted = 1 / len(best) if labels.item[row] in best else 0
    assert hits["M0"][3] == pytest.approx(wanted)
    assert all(((h >= 0) & (h <= 1)).all() for h in hits.values())


def test_items_without_categories_are_grouped_by_place_or_by_themselves():
    table = simulate("social", n_users=20, n_checkins=600, seed=2).drop("category")
    design, _ = design_of(encode(table, Vocabulary.of(table)), np.random.default_rng(0))
    assert (design.joint_class_of_item == design.item_zone_coarse).all()
    table = simulate("ecommerce", n_users=20, n_checkins=600, seed=2).drop("category")
    design, labels = design_of(encode(table, Vocabulary.of(table)), np.random.default_rng(0))
    popular = np.bincount(labels.item).argmax()
    assert design.joint_class_of_item[popular] == 0
    assert pl.Series(design.joint_class_of_item).n_unique() == 64
