"""What a protection costs in accuracy."""

import json

import pytest

from strec.io.samples import read_sample
from strec.privacy import Protection, utility_loss
from tests.privacy.worlds import table


@pytest.fixture(scope="module")
def checkins():
    return read_sample("travel").head(4_000)


def test_doing_nothing_costs_nothing(checkins):
    found = utility_loss(checkins, Protection(pseudonymous=True), n_queries=100)
    for cost in found.accuracy.values():
        assert cost.before == cost.after > 0
        # Nothing changed for anybody, so there is nothing to draw an interval from.
        assert cost.low is None and not cost.is_real
    assert found.before == found.after and found.n_queries == 100 and found.n_lost == 0


def test_blurred_times_and_places_are_asked_about_the_same_checkins(checkins):
    found = utility_loss(checkins, Protection(noise_m=2_000, hours=24), n_queries=100)
    hit = found.accuracy["mrr"]
    assert found.n_queries == 100 and hit.before != hit.after
    assert hit.low <= hit.change <= hit.high
    assert json.loads(json.dumps(found.to_dict()))["accuracy"]["mrr"]["change"] == hit.change


def test_suppressed_queries_are_counted(checkins):
    found = utility_loss(checkins, Protection(k=60), n_queries=100)
    assert found.n_lost > 0 and found.n_queries + found.n_lost == 100


def test_where_nothing_can_be_asked_words_say_so(checkins):
    tiny = utility_loss(table([("u1", "A", 8), ("u2", "A", 9)]), Protection(hours=6))
    assert not tiny.accuracy and "Accuracy needs" in tiny.why
    nobody = utility_loss(checkins, Protection(k=100_000))
    assert not nobody.accuracy and nobody.why
