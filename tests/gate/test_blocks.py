"""What follows depends on hour and start, also where nobody is named."""

import numpy as np
import polars as pl
import pytest

from strec.dataset import Dataset
from strec.gate import dependence_test
from strec.gate.blocks import in_blocks
from strec.split import local_us
from tests.trips import everybody, shops, trips


def test_blocks_are_whole_days_of_all_the_span():
    log = in_blocks(Dataset(trips()).everything)
    day = local_us(log.time_us, log.offset_min) // 86_400_000_000
    # 28 days in 14 blocks would hold one weekday each: 13 do not.
    assert len(log.owner_ids) == 13 and (np.diff(log.owner) >= 0).all()
    for each in np.unique(day):
        assert len(np.unique(log.owner[day == each])) == 1
    span = [np.ptp(day[log.owner == owner]) for owner in range(13)]
    assert min(span) >= 13
    within = np.diff(log.owner) == 0
    assert (np.diff(log.time_us)[within] >= 0).all()


def test_a_trip_is_at_its_start_when_its_end_is_asked_for():
    dataset = Dataset(trips(500))
    log, blocks = dataset.everything, in_blocks(dataset.everything)
    assert sorted(blocks.lat) == sorted(log.origin_lat)
    named = in_blocks(Dataset(trips(500).with_columns(user_id=pl.lit("ann"))).everything)
    assert named.owner_ids.tolist() == ["ann"] and sorted(named.lat) == sorted(log.origin_lat)


def test_users_stay_users():
    log = Dataset(shops(300)).everything
    assert in_blocks(log) is log


@pytest.mark.slow
def test_hour_and_start_matter_together_and_a_shuffled_hour_does_not():
    found = dependence_test(Dataset(trips()), n_permutations=79)
    assert (found.space.decision, found.interaction.decision) == (True, True)
    assert found.place == "the place where the trip begins" and found.n_users == 0
    assert "name nobody" in found.details[-1]
    shuffled = trips().with_columns(pl.col("timestamp").shuffle(seed=3))
    without = dependence_test(Dataset(shuffled), n_permutations=79)
    assert (without.space.decision, without.interaction.decision) == (True, False)
    assert not dependence_test(Dataset(everybody()), n_permutations=79).time.decision
