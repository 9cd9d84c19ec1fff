"""The results that ship for the samples are those of a new test, and stand for nothing else."""

import json
from functools import cache

import pytest

from strec import gate
from strec.gate import tested_before
from strec.gate.result import DependenceResult
from strec.io.samples import read_sample, samples
from strec.split import split
from strec.store import Store

NAMES = [sample.name for sample in samples()]
#: Of all samples the quickest, with three yes and a no; of the others what comes before shuffles.
FULLY_TESTED = "ecommerce"


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")

    @cache
    def store(name: str) -> Store:
        return Store.create(read_sample(name), folder / name, name=name)

    return store


def run(store: Store, **setting) -> DependenceResult:
    return gate.dependence_test(split(store.checkins()).train, **setting)


def numbers(result: DependenceResult) -> dict[str, float]:
    """What is measured before any shuffle."""
    gains = {
        f"{each.model} over {each.over}": each.gain_nats
        for each in result.steps
        # What order is judged beyond depends on the shuffles of place.
        if each.tests != "order"
    }
    return gains | {each.name: each.acc1 for each in result.models}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_known_and_measures_the_same_today(name, stores):
    shipped = tested_before.result_of(stores(name).fingerprint)
    is_full = name == FULLY_TESTED
    fresh = run(stores(name), **(tested_before.FULL_TEST if is_full else {"n_permutations": 1}))
    # Another machine rounds otherwise; a test that was changed differs by far more.
    assert numbers(fresh) == pytest.approx(numbers(shipped), abs=2e-3)
    notes = fresh.notes
    if is_full:
        comes_to_the_same_decision(fresh, shipped)
    else:
        (too_few,) = (note for note in fresh.notes if "no answer can be a yes" in note)
        notes = tuple(note for note in fresh.notes if note != too_few)
    assert (fresh.n_scored, fresh.n_permuted, notes, fresh.place) == (
        shipped.n_scored, shipped.n_permuted, shipped.notes, shipped.place,
    )  # fmt: skip


def comes_to_the_same_decision(fresh: DependenceResult, shipped: DependenceResult) -> None:
    assert (fresh.route, fresh.recommended_model) == (shipped.route, shipped.recommended_model)
    for new, old in zip(fresh.ingredients, shipped.ingredients, strict=True):
        assert (new.decision, new.effect) == (old.decision, old.effect)
        assert new.p_value == pytest.approx(old.p_value, abs=0.1)
        assert new.shuffled_nats == pytest.approx(old.shuffled_nats, abs=2e-3)


def test_a_result_outlives_its_way_through_json(stores):
    shipped = tested_before.result_of(stores("travel").fingerprint)
    assert DependenceResult.from_dict(json.loads(json.dumps(shipped.to_dict()))) == shipped


def test_other_data_are_not_known(tmp_path):
    fewer = read_sample("travel").head(2_000)
    assert tested_before.result_of(Store.create(fewer, tmp_path, name="x").fingerprint) is None
