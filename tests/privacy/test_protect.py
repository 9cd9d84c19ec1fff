"""Protections: what changes, what stays, and the noise against its closed form."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.integrate import quad
from scipy.stats import kstest

from strec import schema
from strec.errors import AnalysisError
from strec.geo import distance_km
from strec.io.samples import read_sample
from strec.privacy import (
    Protection,
    coarsen,
    hide_items,
    new_key,
    noise,
    pseudonyms,
    risk,
    suppress,
)
from strec.privacy.averaging import averaged
from strec.privacy.grid import coarse_cells
from strec.privacy.noise import epsilon_of, radius_m
from tests.privacy.worlds import PLACES, table, without_places

KEY = "a key of sixteen letters or more"
FEW = [("u1", "A", 8), ("u1", "B", 9), ("u2", "A", 8.5), ("u2", "C", 9), ("u3", "C", 15)]


@pytest.mark.parametrize(
    "protect",
    [
        lambda t: pseudonyms(t, KEY),
        lambda t: coarsen(t, 7, 6),
        lambda t: suppress(t, 2),
        lambda t: noise(t, 300, seed=1),
        lambda t: Protection(300, 7, 6, 2, True).apply(t),
    ],
)
def test_checkins_go_in_and_come_out(protect):
    checkins = schema.derive(table(FEW))
    copy = checkins.clone()
    protected = protect(checkins)
    assert checkins.equals(copy)
    assert schema.validate(protected).columns == protected.columns
    # Cells, hours and dates as they were would undo the protection.
    assert not set(schema.DERIVED) & set(protected.columns)


def test_pseudonyms_tell_nothing_without_the_key():
    hidden = pseudonyms(table(FEW), KEY)
    assert not set(hidden["user_id"]) & {"u1", "u2", "u3"}
    assert hidden["user_id"].equals(pseudonyms(table(FEW), KEY)["user_id"])
    other = pseudonyms(table(FEW), new_key())["user_id"]
    assert not set(other) & set(hidden["user_id"])
    with pytest.raises(AnalysisError, match="at least 16"):
        pseudonyms(table(FEW), "short")


def test_items_can_be_hidden_with_their_names():
    named = read_sample("travel").head(50)
    hidden = pseudonyms(named, KEY, items=True)
    assert not {"item_name", "text"} & set(hidden.columns)
    assert hidden["item_id"].n_unique() == named["item_id"].n_unique()
    # The same word as a user and as an item has two pseudonyms.
    twins = table([("A", "A", 8)])
    both = pseudonyms(twins, KEY, items=True)
    assert both["user_id"].item()[5:] != both["item_id"].item()[5:]


def test_items_can_be_left_out_for_their_kind():
    named = read_sample("travel").head(50).with_columns(image=pl.lit("a.png"))
    kinds = hide_items(named)
    assert kinds["item_id"].equals(named["category"].alias("item_id"))
    assert not {"item_name", "text", "image"} & set(kinds.columns)
    some_known = schema.example().with_columns(
        category=pl.Series(["Café", None, None, "Park"], dtype=pl.String)
    )
    assert hide_items(some_known)["item_id"].to_list() == ["Café", "item", "item", "Park"]
    assert set(hide_items(schema.example().drop("category"))["item_id"]) == {"item"}


def test_a_setting_hides_items_with_or_without_users():
    checkins = schema.example()
    alone = Protection(items="pseudonyms").apply(checkins, key=KEY)
    assert alone["user_id"].equals(checkins["user_id"])
    assert alone["item_id"].str.starts_with("item_").all() and alone["item_id"].n_unique() == 3
    # One key for both: the same file joins with pseudonyms made elsewhere.
    both = Protection(items="pseudonyms", pseudonymous=True).apply(checkins, key=KEY)
    assert both.equals(pseudonyms(checkins, KEY, items=True))
    with pytest.raises(AnalysisError, match="keep, pseudonyms, kind"):
        Protection(items="all")


def test_what_is_done_to_items_is_said():
    exact = " ".join(Protection(items="kind").words())
    assert "its category" in exact and "they tell which" in exact
    coarse = " ".join(Protection(items="pseudonyms", resolution=7).words())
    assert "well-known" in coarse and "tell which" not in coarse and "still tells" not in coarse
    assert "still tells where" in " ".join(Protection(resolution=7).words())
    # Only places, times and rows are measured.
    assert Protection(items="kind").does_nothing


ids = some.lists(some.text(max_size=5), min_size=1, max_size=20)


@settings(max_examples=25, deadline=None)
@given(ids, ids)
def test_pseudonyms_keep_all_joins(first, second):
    """Two tables hidden with one key join exactly where they joined before."""
    frames = [
        pl.concat([table([("u", "A", k)]) for k in range(len(users))]).with_columns(
            pl.Series(schema.USER, users, dtype=pl.String)
        )
        for users in (first, second)
    ]
    hidden = [pseudonyms(frame, KEY) for frame in frames]
    pairs, hidden_pairs = (
        a.with_row_index("i").join(b.with_row_index("j"), on=schema.USER).select("i", "j")
        for a, b in (frames, hidden)
    )
    assert sorted(pairs.rows()) == sorted(hidden_pairs.rows())


def test_coarse_places_are_centres_of_their_cells():
    checkins = read_sample("travel").head(500)
    coarse = coarsen(checkins, 7)
    assert coarse_cells(coarse, 7).equals(coarse_cells(checkins, 7))
    assert coarse.select("lat", "lon").n_unique() == coarse_cells(checkins, 7).n_unique()
    moved_km = distance_km(*(t[c].to_numpy() for t in (checkins, coarse) for c in ("lat", "lon")))
    assert 0 < moved_km.max() < 2.0  # the outer radius of a hexagon at resolution 7 is 1.4 km
    assert coarse["timestamp"].equals(checkins["timestamp"])


def test_coarse_times_begin_their_local_bin():
    checkins = table([("u1", "A", 13.7)]).with_columns(pl.lit(-240, pl.Int16).alias(schema.OFFSET))
    coarse = coarsen(checkins, hours=6)
    # 9:42 local time goes to 6:00 local time, 10:00 in UTC.
    assert coarse["timestamp"].item().hour == 10 and coarse["lat"].item() == 40.70


def test_suppression_leaves_out_lonely_cells_only():
    assert suppress(table(FEW), 2)["item_id"].to_list() == ["A", "A", "C", "C"]
    assert len(suppress(table(FEW), 3)) == 0
    assert len(suppress(without_places(table(FEW)), 3)) == 5


def test_bad_settings_are_refused_in_words():
    for wrong in (lambda t: coarsen(t, 11), lambda t: coarsen(t, hours=0),
                  lambda t: suppress(t, 0), lambda t: noise(t, 0),
                  lambda t: noise(t, float("nan"))):  # fmt: skip
        with pytest.raises(AnalysisError):
            wrong(table(FEW))


# ---------------------------------------------------------------- noise


def test_the_radius_inverts_the_integral_of_the_density():
    epsilon = 0.01
    for probability in (0.0, 0.1, 0.5, 0.95, 0.999):
        r = radius_m(probability, epsilon)
        mass, _ = quad(lambda s: epsilon**2 * s * np.exp(-epsilon * s), 0, r)
        assert mass == pytest.approx(probability, abs=1e-9)


def test_noise_follows_planar_laplace():
    n = 4_000
    random = np.random.default_rng(5)
    checkins = pl.concat([table([("u1", "A", 1)])] * n).with_columns(
        lat=pl.Series(random.uniform(-70, 70, n)), lon=pl.Series(random.uniform(-180, 180, n))
    )
    moved = noise(checkins, within_m=500, seed=7)
    old_lat, old_lon, lat, lon = (
        t[c].to_numpy() for t in (checkins, moved) for c in ("lat", "lon")
    )
    metres = distance_km(old_lat, old_lon, lat, lon) * 1000
    epsilon = epsilon_of(500)
    assert kstest(metres, lambda r: 1 - (1 + epsilon * r) * np.exp(-epsilon * r)).pvalue > 0.01
    assert np.mean(metres <= 500) == pytest.approx(0.95, abs=0.015)
    east = (lon - old_lon + 180) % 360 - 180
    direction = np.arctan2(lat - old_lat, east * np.cos(np.radians(old_lat)))
    assert kstest((direction + np.pi) / (2 * np.pi), "uniform").pvalue > 0.01


def test_a_place_moves_once_whoever_is_there():
    checkins = table([("u1", "A", 1), ("u1", "A", 30), ("u2", "A", 2), ("u2", "B", 3)])
    moved = noise(checkins, 200, seed=2)
    assert moved["lat"][0] == moved["lat"][1] == moved["lat"][2]
    assert moved["lat"][3] - PLACES["B"][0] != moved["lat"][0] - PLACES["A"][0]
    assert noise(checkins, 200)["lat"][0] != noise(checkins, 200)["lat"][0]


def _scattered(n_places: int, n_each: int, metres: float) -> pl.DataFrame:
    """Return places far apart, each recorded often by a receiver that is a little off.

    Each place is the item of all its check-ins and the home of one user, at 23:00 UTC.
    """
    random = np.random.default_rng(3)
    place = np.repeat(np.arange(n_places), n_each)
    off = random.normal(0, metres / 111_195, (2, len(place)))
    lat = random.uniform(-50, 50, n_places)[place]
    return pl.concat([table([("u", "A", 23)])] * len(place)).with_columns(
        user_id=pl.Series(place).cast(pl.String),
        item_id=pl.Series(place).cast(pl.String),
        lat=pl.Series(lat + off[0]),
        lon=pl.Series(
            random.uniform(-170, 170, n_places)[place] + off[1] / np.cos(np.radians(lat))
        ),
    )


def test_a_mean_of_many_visits_does_not_take_the_noise_off():
    checkins = _scattered(n_places=200, n_each=200, metres=8)
    moved = noise(checkins, 500, seed=4).with_columns(
        true_lat=checkins["lat"], true_lon=checkins["lon"]
    )
    mean = moved.group_by("item_id").agg(pl.col("lat", "lon", "true_lat", "true_lon").mean())
    metres = 1000 * distance_km(*(mean[n].to_numpy() for n in mean.columns[1:3] + mean.columns[3:]))
    # One visit is a median of 177 m away; a place on the edge of hexagons is drawn a few times.
    assert np.median(metres) > 130 and np.mean(metres <= 100) < 0.35


@pytest.mark.parametrize("items", ["keep", "kind"])
def test_the_onlooker_who_averages_is_counted(items):
    checkins = _scattered(n_places=60, n_each=30, metres=8).with_row_index("row")
    anew = np.random.default_rng(1).normal(0, 0.002, (2, len(checkins)))
    naive = checkins.with_columns(lat=pl.col("lat") + anew[0], lon=pl.col("lon") + anew[1])
    found = averaged(checkins, naive, "row", items=items == "keep")
    assert found.homes > 0.8 and (items == "kind" or found.items > 0.8)
    report = risk(checkins.drop("row"), Protection(noise_m=500, items=items)).averaged
    assert report is not None and report.homes < 0.35
    assert np.isnan(report.items) == (items == "kind")


def test_where_items_can_be_told_apart_it_is_said():
    for items, apart in (("keep", True), ("pseudonyms", True), ("kind", False)):
        said = " ".join(Protection(noise_m=500, items=items).words())
        assert ("Items can be told apart" in said) == apart


def test_no_place_gets_no_noise():
    assert noise(without_places(table(FEW)), 200)["lat"].null_count() == 5
