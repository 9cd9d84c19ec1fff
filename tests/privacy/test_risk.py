"""The risk report against counting by hand, and what must hold for every table."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from strec import schema
from strec.errors import SchemaError
from strec.io.samples import read_sample
from strec.privacy import Protection, RiskReport, risk
from strec.privacy.exposure import both, exposure, homes, workplaces
from strec.privacy.grid import Grid, located
from strec.privacy.unique import draw_known, share_found
from tests.privacy.worlds import MONDAY, table, without_places

#: u1 and u2 are together at A at 8; u1 alone goes to B at 9; u3 is where u2 was, hours later.
THREE = [("u1", "A", 8), ("u1", "B", 9), ("u2", "A", 8), ("u2", "C", 9), ("u3", "C", 15)]


def test_uniqueness_counted_by_hand():
    points = located(table(THREE), Grid())
    # The first point known of u1 and u2 is the one they share.
    known = points.with_columns(order=pl.Series([0, 1, 0, 1, 0]))
    # One point: only u3 is found. Two: everybody (u3 has one point, which suffices).
    assert share_found(points, known) == pytest.approx([1 / 3, 1, 1, 1])


def test_in_bins_of_a_day_two_become_alike():
    points = located(table(THREE), Grid(hours=24))
    known = points.with_columns(order=pl.Series([0, 1, 0, 1, 0]))
    # C on Monday is now a point of u2 and u3, so u3 is no longer found; u2 is, by A and C.
    assert share_found(points, known) == pytest.approx([0, 2 / 3, 2 / 3, 2 / 3])


def test_finding_agrees_with_looking_through_all_sets():
    checkins = read_sample("travel").filter(pl.col("user_id").hash(seed=1) % 20 == 0)
    points = located(checkins, Grid(7, 6))
    known = draw_known(points, seed=4)
    sets = {
        user: set(rows.select("place", "bin").iter_rows())
        for (user,), rows in points.group_by("user_id")
    }
    expected = np.zeros(4)
    for (user,), rows in known.group_by("user_id"):
        asked = rows.sort("order").select("place", "bin").rows()
        for k in range(4):
            matches = [each for each, held in sets.items() if set(asked[: k + 1]) <= held]
            expected[k] += matches == [user]
    found = share_found(points, known)
    assert found == pytest.approx((expected / len(sets)).tolist())
    assert 0 < found[0] < found[3]


def test_points_known_are_different_and_come_from_a_seed():
    points = located(table([*THREE, ("u1", "A", 8.5)]), Grid())
    known = draw_known(points, seed=1)
    assert len(known) == 5 and known.equals(draw_known(points, seed=1))
    assert len(known.unique(["user_id", "place", "bin"])) == 5
    assert draw_known(points, at_most=2, seed=1)["user_id"].n_unique() == 2


def test_homes_and_workplaces_by_hand():
    nights = [("u1", "A", 23), ("u1", "A", 26), ("u1", "B", 5), ("u2", "A", 22), ("u2", "A", 46),
              ("u2", "A", 1), ("u3", "C", 23), ("u3", "C", 3)]  # fmt: skip
    # u3 has two nights only; Saturday and six in the evening are no office hours.
    days = [("u1", "B", 9), ("u1", "B", 16.9), ("u1", "C", 18), ("u1", "B", 34),
            ("u2", "C", 5 * 24 + 10), ("u2", "C", 5 * 24 + 11), ("u2", "C", 10)]  # fmt: skip
    checkins = table(nights + days)
    home, work = homes(checkins, 9), workplaces(checkins, 9)
    assert home["user_id"].to_list() == ["u1", "u2"] and home["place"].n_unique() == 1
    assert work["user_id"].to_list() == ["u1"]
    assert exposure(home, k=2).n_exposed == 0 and exposure(home, k=3).n_exposed == 2
    assert len(both(home, work)) == 1
    report = risk(checkins, k=3)
    assert (report.home.n_guessed, report.home.n_exposed) == (2, 2)
    assert (report.work.n_guessed, report.both.n_exposed) == (1, 1)


def test_cells_with_few_users_are_counted():
    report = risk(table(THREE), k=2)
    # A: u1, u2. B: u1 alone. C: u2, u3.
    assert (report.n_cells, report.n_cells_below, report.share_below) == (3, 1, 0.2)


def test_without_places_items_stand_in():
    report = risk(without_places(table(THREE)))
    assert report.found is None and report.home is None and report.n_without_place == 5
    assert report.found_by_items[3] == 1.0
    many = without_places(table([(f"u{k}", "A", k) for k in range(9)]))
    assert "no places" in risk(many).sentences()[0]


def test_one_user_gets_words_instead_of_figures():
    (sentence,) = risk(table([("u1", "A", 8)])).sentences()
    assert "Only 1 user " in sentence and "%" not in sentence


def test_an_empty_table_is_refused_in_words():
    with pytest.raises(SchemaError, match="at least one check-in"):
        risk(table([]))


def test_the_report_is_plain_and_repeatable():
    checkins = read_sample("travel").head(3_000)
    report = risk(checkins, at_most=50, seed=3)
    assert isinstance(report, RiskReport) and report.n_tried == 50
    again = risk(checkins, at_most=50, seed=3)
    assert json.dumps(report.to_dict()) == json.dumps(again.to_dict())
    assert report.to_dict()["sentences"][0].startswith("Knowing four random points")


def test_coarse_times_do_not_hide_homes_by_a_trick_of_the_clock():
    # Three-hour bins: 22:30 goes to 21:00, which is no night; the middle of the bin is.
    checkins = table([("u1", "A", 22.5 + 24 * k) for k in range(3)] + [("u1", "B", 12)])
    report = risk(checkins, Protection(hours=3))
    assert (report.home.n_guessed, report.home.n_exposed) == (1, 1)


def test_noise_hides_homes_that_are_rare():
    checkins = read_sample("travel").head(6_000)
    plain, noisy = risk(checkins), risk(checkins, Protection(noise_m=20_000))
    assert noisy.found[0] < plain.found[0] / 2
    assert noisy.home.n_guessed == plain.home.n_guessed
    assert noisy.home.n_exposed <= plain.home.n_exposed


worlds = some.lists(
    some.tuples(
        some.sampled_from(["u1", "u2", "u3", "u4", "u5"]),
        some.sampled_from("ABCD"),
        some.integers(0, 60),
    ),
    min_size=1,
    max_size=40,
).map(table)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(worlds, some.sampled_from([9, 6, 4, 3]), some.sampled_from([1, 3, 6, 24]))
def test_coarser_never_singles_out_more(checkins, resolution, hours):
    before = risk(checkins)
    after = risk(checkins, Protection(resolution=resolution, hours=hours))
    assert np.all(np.array(after.found) <= np.array(before.found) + 1e-12)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(worlds, some.integers(2, 5))
def test_suppression_never_raises_risk(checkins, k):
    before, after = risk(checkins, k=k), risk(checkins, Protection(k=k), k=k)
    assert np.all(np.array(after.found) <= np.array(before.found) + 1e-12)
    assert after.home.n_exposed <= before.home.n_exposed
    assert after.work.n_exposed <= before.work.n_exposed
    assert after.n_cells_below == 0


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(worlds)
def test_more_points_never_find_fewer(checkins):
    found = risk(checkins).found
    assert all(a <= b + 1e-12 for a, b in zip(found, found[1:], strict=False))


def test_hours_are_local():
    shifted = table([("u1", "A", 23)]).with_columns(pl.lit(120, pl.Int16).alias(schema.OFFSET))
    days = located(shifted, Grid(hours=24))["bin"].item()
    assert days == (MONDAY.date() - MONDAY.date().replace(1970, 1, 1)).days + 1
