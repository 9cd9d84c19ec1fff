"""Null worlds keep what they must keep, break what they must break, and p-values are right."""

import itertools
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from strec.gate import permutations
from strec.gate.design import design_of
from strec.gate.nested_models import fit_models
from strec.gate.permutation_test import holm, p_value
from strec.simulation import simulate
from strec.split import Vocabulary, encode


def prepared(scenario, **sliders):
    setting = dict(temporal=0, spatial=0, interaction=0) | sliders
    table = simulate(scenario, n_users=40, n_checkins=2_000, seed=2, **setting)
    design, labels = design_of(encode(table, Vocabulary.of(table)), np.random.default_rng(0))
    return design, labels, *fit_models(design, labels, {})


@pytest.fixture(scope="module")
def pois():
    return prepared("social", temporal=1.0)


@pytest.fixture(scope="module")
def products():
    return prepared("ecommerce", temporal=1.0)


def per_group(*columns):
    """Count the values of the last column within the groups of the others."""
    return Counter(zip(*(column.tolist() for column in columns), strict=True))


def test_time_worlds_deal_hours_anew_within_user_and_zone(pois):
    design, labels, *_ = pois
    drawn = permutations.TimeWorlds(design, labels).draw(np.random.default_rng(1))
    assert drawn.item is labels.item and drawn.zone is labels.zone
    before, after = (
        per_group(design.user, labels.zone_coarse, x.hour_of_week) for x in (labels, drawn)
    )
    assert before == after
    assert (drawn.hour_of_week != labels.hour_of_week).mean() > 0.7


def test_time_worlds_turn_the_hours_like_a_wheel():
    design = SimpleNamespace(user=np.zeros(6, int), place="none")
    labels = SimpleNamespace(hour_of_week=np.arange(6))
    wheel = permutations._Wheels(design.user)
    rng = np.random.default_rng(0)
    seen = {tuple(labels.hour_of_week[wheel.turn(rng)]) for _ in range(200)}
    assert seen == {tuple(np.roll(np.arange(6), -k)) for k in range(6)}


def test_place_worlds_of_products_turn_places_within_user_and_part_of_the_week(products):
    design, labels, *_ = products
    worlds = permutations.PlaceWorlds(design, labels)
    drawn = worlds.draw(np.random.default_rng(1))
    part = labels.day_part + 8 * (labels.hour_of_week >= 120)
    assert per_group(design.user, part, labels.zone) == per_group(design.user, part, drawn.zone)
    assert drawn.item is labels.item and (drawn.zone != labels.zone).any()


def test_place_worlds_of_pois_reorder_each_user_s_items_and_places_follow(pois):
    design, labels, steps, fitted = pois
    worlds = permutations.Swaps(steps, np.random.default_rng(0), fitted["M_T"])
    drawn = worlds.draw(np.random.default_rng(1))
    assert per_group(design.user, labels.item) == per_group(design.user, drawn.item)
    assert (drawn.item != labels.item).mean() > 0.5
    assert drawn.hour_of_week is labels.hour_of_week
    rows = np.flatnonzero(design.position > 0)
    assert (drawn.zone[rows] == design.item_zone[drawn.item[rows - 1]]).all()
    same = design.pair_user[drawn.pair] == design.user
    assert same.all() and (design.pair_item[drawn.pair] == drawn.item).all()


def test_place_worlds_keep_what_time_explains(pois):
    design, labels, steps, fitted = pois

    def association(x):
        table = np.zeros((design.n_classes, 8))
        np.add.at(table, (design.class_of_item[x.item], x.day_part), 1)
        share = table / table.sum()
        even = share.sum(1, keepdims=True) * share.sum(0)
        used = share > 0
        return (share[used] * np.log(share[used] / even[used])).sum()

    informed = permutations.Swaps(steps, np.random.default_rng(0), fitted["M_T"])
    blind = permutations.Swaps(steps, np.random.default_rng(0), None)
    with_time = association(informed.draw(np.random.default_rng(1)))
    without = association(blind.draw(np.random.default_rng(1)))
    # Odds as estimated from first halves are cautious: a part of the association is lost.
    assert 4 * without < 0.35 * association(labels) < with_time


def test_items_stay_in_their_block_of_neighbouring_check_ins(pois):
    design, labels, steps, _ = pois
    order = permutations.Swaps(steps, np.random.default_rng(0), None).hub
    block = design.position // permutations.SWAP_BLOCK
    assert (design.user[order] == design.user).all() and (block[order] == block).all()
    assert (order != np.arange(len(order))).mean() > 0.5


def test_the_day_of_a_move_stays_sharp():
    """Twenty check-ins at one place, then twenty at another: before is told from after."""
    apart = np.array([[0, 20], [20, 0]], np.uint8)
    design = SimpleNamespace(user=np.zeros(40, int), bin_table=apart)
    item = np.repeat([0, 1], 20)
    before, after = permutations._near_around(design, item, np.zeros(40, int))
    assert (before[4:20] > 0.7).all() and (after[19:36] < 0.01).all()
    was_before = permutations._side(design, item)
    assert was_before[19] > 0.9 and was_before[20] < 0.1


def test_only_the_part_of_time_asked_for_is_dealt_anew(pois):
    design, labels, *_ = pois
    worlds = permutations.TimeWorlds(design, labels)
    hour = worlds.draw(np.random.default_rng(1), only="hour")
    assert (hour.weekday == labels.weekday).all()
    assert (hour.hour_of_week != labels.hour_of_week).mean() > 0.5
    weekday = worlds.draw(np.random.default_rng(1), only="weekday")
    assert (weekday.hour_of_week % 24 == labels.hour_of_week % 24).all()
    assert (weekday.weekday != labels.weekday).mean() > 0.5


@pytest.mark.parametrize("chained", [False, True])
def test_swaps_settle_at_the_odds_of_the_model(chained, monkeypatch):
    """Many users with the same four check-ins: each order must have the model's exact chance."""
    monkeypatch.setattr(permutations, "SWAP_ROUNDS", 400)
    n, n_users, rng = 4, 4_000, np.random.default_rng(3)
    by_time, by_zone = rng.normal(0, 0.4, (n, n)), rng.normal(0, 0.4, (n, n))
    swaps = _same_check_ins(n, n_users, by_time, by_zone, chained)
    ends = swaps._swap(swaps.hub.copy(), rng).reshape(n_users, n) % n
    found = Counter(map(tuple, ends.tolist()))

    def chance(order):
        if chained:
            place = sum(by_zone[item, order[k]] for k, item in enumerate(order[1:]))
        else:
            place = sum(by_zone[item, k] for k, item in enumerate(order))
        return np.exp(place + sum(by_time[item, k] for k, item in enumerate(order)))

    weight = {order: chance(order) for order in itertools.permutations(range(n))}
    share = n_users / sum(weight.values())
    distance = sum((found[o] - share * w) ** 2 / (share * w) for o, w in weight.items())
    # Chi-square with 23 degrees of freedom: above 50 with a chance of 1 in 1,000.
    assert distance < 50
    identity = sum((n_users / 24 - share * w) ** 2 / (share * w) for w in weight.values())
    assert identity > 300


def _same_check_ins(n, n_users, by_time, by_zone, chained):
    """Swaps over users who all have items 0 to n - 1, at times and zones 0 to n - 1."""
    swaps = object.__new__(permutations.Swaps)
    rows = np.arange(n * n_users)
    position = rows % n
    swaps.design = SimpleNamespace(
        user=rows // n, position=position, item_zone=np.arange(n), bin_table=np.zeros((n, n), int),
        before=rows, previous=np.maximum(rows - 1, 0),
    )  # fmt: skip
    swaps.labels = SimpleNamespace(pair=position, item=position)
    fixed = by_time if chained else by_time + by_zone
    swaps.begin, swaps.static, swaps.by_zone = rows - position, fixed.T[position], by_zone
    swaps.by_distance = np.zeros(1) if chained else None
    swaps.chained = chained
    swaps.has_next, swaps.next = position < n - 1, np.minimum(rows + 1, len(rows) - 1)
    swaps.hub = rows
    return swaps


# ---------------------------------------------------------------- p-values


def test_a_p_value_counts_the_null_worlds_that_do_as_well():
    drawn = [3.0, 1.0, 2.0, 0.0, 5.0, 1.0, 1.0, 1.0, 1.0]
    found = p_value(2.0, lambda world: drawn[world], 9)
    assert found.p_value == (3 + 1) / (9 + 1)
    assert found.mean == pytest.approx(np.mean(drawn))
    assert (found.n_as_good, found.n_worlds) == (3, 9)


def test_a_test_without_hope_stops_early():
    found = p_value(0.0, lambda world: float(world % 2), 999)
    assert (found.n_worlds, found.p_value) == (5, 1.0)
    found = p_value(0.5, lambda world: float(world % 2), 999)
    assert (found.n_worlds, found.p_value) == (10, 0.5)


@pytest.mark.slow
def test_p_values_are_valid_when_nothing_is_there():
    rng = np.random.default_rng(0)
    found = []
    for _ in range(400):
        observed, drawn = rng.normal(), rng.normal(size=59)
        found.append(p_value(observed, lambda world, d=drawn: d[world], 59).p_value)
    for level in (0.05, 0.2, 0.5):
        assert np.mean(np.array(found) <= level) <= level + 2.5 * np.sqrt(level * (1 - level) / 400)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "adjusted"),
    [
        ({}, {}),
        ({"time": 0.04}, {"time": 0.04}),
        ({"time": 0.04, "space": 0.01, "interaction": 0.03}, [0.06, 0.03, 0.06]),
        ({"time": 0.5, "space": 0.4, "interaction": 1.0}, [1.0, 1.0, 1.0]),
    ],
)
def test_holm_corrects_for_the_tests_made(values, adjusted):
    wanted = adjusted if isinstance(adjusted, dict) else dict(zip(values, adjusted, strict=True))
    assert holm(values) == pytest.approx(wanted)
