"""Distance decay and predictability, against known worlds and against direct definitions."""

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy

from strec import spatial
from strec.errors import AnalysisError
from strec.geo import distance_km
from strec.spatial import mobility
from strec.spatial.decay import EXPONENTIAL, POWER


def gravity_world(f, n: int = 40, n_steps: int = 30_000, seed: int = 0) -> pd.DataFrame:
    """Flows among n places in a city, with popularity times f(distance in km)."""
    rng = np.random.default_rng(seed)
    lat, lon = 40.7 + rng.normal(0, 0.05, n), -74 + rng.normal(0, 0.06, n)
    mass = rng.pareto(1.5, n) + 0.5
    away = distance_km(lat[:, None], lon[:, None], lat, lon)
    np.fill_diagonal(away, 1)
    weight = mass * f(away)
    np.fill_diagonal(weight, 0)
    share = mass[:, None] * weight / weight.sum(axis=1, keepdims=True)
    counts = rng.multinomial(n_steps, (share / share.sum()).ravel()).reshape(n, n)
    i, j = np.nonzero(counts)
    return pd.DataFrame(
        {
            "origin": i, "destination": j, "n_checkins": counts[i, j],
            "from_lat": lat[i], "from_lon": lon[i], "to_lat": lat[j], "to_lon": lon[j],
        }
    )  # fmt: skip


def test_the_exponent_of_a_power_law_comes_back():
    found = spatial.distance_decay(gravity_world(lambda d: d**-1.4))
    assert found.better == POWER and found.support > 0.95
    assert found.exponent == pytest.approx(1.4, abs=0.03)
    assert found.exponent_low < found.exponent < found.exponent_high and found.p == 0.002
    assert "Twice as far" in found.sentence


def test_intervals_hold_the_truth_as_often_as_they_say():
    held = []
    for seed in range(20):
        flows = gravity_world(lambda d: d**-1.4, n=25, n_steps=2_000, seed=seed)
        found = spatial.distance_decay(flows, permutations=1)
        held.append(found.exponent_low <= 1.4 <= found.exponent_high)
    # Of 20 intervals at 95 %, fewer than 16 hold in 3 of 1,000 such tests.
    assert sum(held) >= 16


def test_the_scale_of_an_exponential_comes_back():
    found = spatial.distance_decay(gravity_world(lambda d: np.exp(-d / 3)))
    assert found.better == EXPONENTIAL and found.scale_km == pytest.approx(3, rel=0.03)
    assert found.scale_low < found.scale_km < found.scale_high
    observed = found.frame["ratio"].to_numpy()
    assert found.frame["exponential"].to_numpy() == pytest.approx(observed, rel=0.15, abs=0.05)


def test_without_decay_the_sentence_says_so():
    p = [
        spatial.distance_decay(gravity_world(np.ones_like, seed=k), permutations=99, bootstraps=9).p
        for k in range(12)
    ]
    assert np.mean(np.array(p) <= 0.05) <= 0.25
    found = spatial.distance_decay(gravity_world(np.ones_like, seed=3))
    assert abs(found.exponent) < 0.06
    assert found.frame["ratio"].to_numpy() == pytest.approx(np.ones(len(found.frame)), abs=0.1)


def test_sixty_steps_make_no_law():
    steps = gravity_world(lambda d: d**-0.5, n=8, n_steps=60, seed=2)
    found = spatial.distance_decay(steps, bootstraps=200, permutations=99)
    assert found.exponent_low < 0 < found.exponent_high and not found.is_certain
    assert found.sentence.startswith("These 60 steps do not tell")
    # Even where the shuffled maps would speak: both must.
    assert "do not tell" in replace(found, p=0.01).sentence
    assert "do not tell" in replace(found, exponent_low=0.2).sentence


def test_which_law_is_said_only_where_resampling_agrees():
    found = spatial.distance_decay(gravity_world(lambda d: d**-1.4), bootstraps=50, permutations=99)
    assert "cannot be told" not in found.sentence
    assert "which of the two it is cannot be told" in replace(found, support=0.7).sentence


def test_classes_of_distance_count_every_step():
    flows = gravity_world(lambda d: d**-1.0)
    found = spatial.distance_decay(flows, bootstraps=9, permutations=9)
    assert found.frame["n_checkins"].sum() == found.n_steps == flows["n_checkins"].sum()
    assert found.frame["expected"].sum() == pytest.approx(found.n_steps)
    assert found.frame["km"].is_monotonic_increasing


def test_too_few_steps_are_said_in_words():
    flows = gravity_world(np.ones_like)
    for few in (flows.head(0), flows.head(3)):
        with pytest.raises(AnalysisError, match="50 steps"):
            spatial.distance_decay(few)


# ---------------------------------------------------------------- predictability


def lempel_ziv(sequence: list) -> float:
    """The definition of Song et al. 2010, run by run, with an end mark as scikit-mobility has."""
    n = len(sequence)

    def seen(before, run):
        return any(before[k : k + len(run)] == run for k in range(len(before) - len(run) + 1))

    total = 1 + 2
    for start in range(1, n - 1):
        end = start + 1
        while end < n and seen(sequence[:start], sequence[start:end]):
            end += 1
        total += (end + 1 if end == n else end) - start
    return n * np.log2(n) / total


@given(st.lists(st.integers(0, 4), min_size=2, max_size=40))
@settings(max_examples=80, deadline=None)
def test_the_real_entropy_is_its_definition(places):
    sequence = mobility.codes(places)
    assert mobility.real_entropy(sequence) == pytest.approx(lempel_ziv(sequence))


def test_entropies_by_hand():
    # A A B A: runs A, AB (from 1: A seen, AB not), from 2: B not seen.
    assert mobility.real_entropy([0, 0, 1, 0]) == pytest.approx(4 * 2 / (1 + 2 + 2 + 1))
    assert mobility.real_entropy([0]) == 0
    visits = pl.DataFrame({"user": [0] * 4 + [1] * 2, "item": [0, 0, 1, 0, 5, 5]})
    frame = spatial.predictability(visits, min_visits=2).frame
    assert frame["uncorrelated_bits"].to_list() == pytest.approx([entropy([3, 1], base=2), 0])


@given(st.integers(2, 200), st.floats(0.05, 0.95))
@settings(max_examples=50, deadline=None)
def test_the_limit_of_predictability_solves_fano(n_places, share):
    entropy_bits = share * np.log2(n_places)
    limit = mobility.fano(entropy_bits, n_places)
    back = entropy([limit, 1 - limit], base=2) + (1 - limit) * np.log2(max(n_places - 1, 1))
    assert 1 / n_places <= limit <= 1 and back == pytest.approx(entropy_bits, abs=1e-6)


def sequences(make, n_users: int = 12, n: int = 120) -> pl.DataFrame:
    rows = [(user, place) for user in range(n_users) for place in make(user, n)]
    return pl.DataFrame(rows, schema=["user", "item"], orient="row")


def test_a_routine_is_predictable_and_its_order_matters():
    found = spatial.predictability(sequences(lambda user, n: [k % 4 for k in range(n)]))
    assert found.p == 0.01 and found.frame["predictability"].min() > 0.9
    assert found.frame["predictability_unordered"].max() < 0.3
    assert found.frame["random_bits"].eq(2).all() and found.frame["uncorrelated_bits"].eq(2).all()


def test_random_visits_have_no_order():
    rng = np.random.default_rng(0)
    found = spatial.predictability(sequences(lambda user, n: rng.integers(0, 4, n).tolist()))
    assert found.p > 0.05 and "cannot be seen" in found.sentence
    assert "no method" not in found.sentence


def test_eight_places_at_random_allow_an_eighth_even_in_short_histories():
    rng = np.random.default_rng(1)
    visits = sequences(lambda user, n: rng.integers(0, 8, n).tolist(), n_users=20, n=60)
    found = spatial.predictability(visits)
    # Lempel and Ziv's estimate as it is says 0.42.
    assert found.frame["predictability"].median() == pytest.approx(1 / 8, abs=0.06)
    raw = mobility.real_entropy(mobility.codes(visits["item"].head(60).to_list()))
    assert mobility.fano(raw, 8) > 0.35


def test_a_bound_of_order_is_none_for_who_knows_the_hour():
    rng = np.random.default_rng(2)
    hours = rng.integers(0, 24, (12, 120))
    # At each hour another of twelve places; the hours come as they like.
    visits = sequences(lambda user, n: (hours[user] // 2).tolist())
    found = spatial.predictability(visits.with_columns(hour=hours.ravel()))
    assert found.frame["predictability"].median() < 0.2 < 0.4 < found.by_hour
    assert "guesses better" in found.sentence and f"{100 * found.by_hour:.0f} %" in found.sentence


@pytest.mark.slow
def test_check_ins_of_one_moment_have_no_order():
    # Baskets of four, written by ascending item: sorted ids are no habit.
    rng = np.random.default_rng(3)
    visits = sequences(
        lambda user, n: (
            np.sort(rng.permuted(np.tile(np.arange(12), (n // 4, 1)), axis=1)[:, :4])
            .ravel()
            .tolist()
        )
    )
    moments = np.arange(visits.height) // 4
    assert spatial.predictability(visits).p == 0.01
    assert spatial.predictability(visits.with_columns(time=moments)).p > 0.05


def test_short_histories_are_said_in_words():
    with pytest.raises(AnalysisError, match="50 or more"):
        spatial.predictability(sequences(lambda user, n: [0, 1], n=2))
    one_place = spatial.predictability(sequences(lambda user, n: [5] * n, n_users=1))
    assert one_place.frame["predictability"].to_list() == [1.0]


def test_quantiles_of_steps():
    steps = pd.DataFrame({"bin": [0, 20], "n_checkins": [50, 50]})
    half, most = spatial.step_quantiles(steps, (0.5, 0.75))
    assert half == pytest.approx(10 ** (1 / 20)) and most == pytest.approx(10 ** (20.5 / 20))
