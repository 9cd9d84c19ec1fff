"""The store answers exactly what counting by hand (Polars on the raw frame) answers."""

from datetime import date
from types import SimpleNamespace

import h3
import ibis.expr.operations as ops
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strec import ordered, schema
from strec.errors import AnalysisError, SchemaError, StoreError
from strec.split import Vocabulary
from strec.store import Filters, Store


def world(n: int = 4000, seed: int = 0) -> pl.DataFrame:
    """Check-ins of 40 users at 60 items over five weeks; one in ten has no place."""
    rng = np.random.default_rng(seed)
    item = rng.integers(0, 60, n)
    place = rng.normal(0, 0.05, (60, 2)) + (40.7, -74.0)
    absent = item % 10 == 0
    start = np.datetime64("2024-02-20T00:00:00", "us")
    return pl.DataFrame(
        {
            "user_id": [f"u{i:02d}" for i in rng.integers(0, 40, n)],
            "item_id": [f"i{i}" for i in item],
            "timestamp": start + (rng.integers(0, 35 * 86_400, n) * 1_000_000).astype("m8[us]"),
            "utc_offset_min": np.full(n, -300, dtype=np.int16),
            "lat": [None if a else place[i, 0] for i, a in zip(item, absent, strict=True)],
            "lon": [None if a else place[i, 1] for i, a in zip(item, absent, strict=True)],
            "category": [None if i % 7 == 0 else f"kind {i % 5}" for i in item],
            "item_name": [f"Place {i}, =sum(1)" for i in item],
        }
    ).with_columns(pl.col("timestamp").dt.replace_time_zone("UTC"))


@pytest.fixture(scope="module")
def derived() -> pl.DataFrame:
    return schema.derive(world())


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    return Store.create(world(), tmp_path_factory.mktemp("s") / "w", name="World", time_zone="UTC")


def aggregates_of(store: Store) -> dict[str, pd.DataFrame]:
    """Every aggregate of a store, with and without filters."""
    some = Filters(
        date_from=date(2024, 2, 22),
        date_to=date(2024, 3, 15),
        hours=(7, 8, 9, 18),
        weekdays=(0, 2, 4, 6),
        categories=("kind 1", "kind 2"),
        users=tuple(f"u{i:02d}" for i in range(25)),
        cells=tuple(int(cell) for cell in store.cells(4, min_users=1).cell),
    )
    found = {}
    for name, filters in (("all", None), ("some", some)):
        found |= {
            f"summary {name}": pd.DataFrame([store.summary(filters)]),
            f"hour_weekday {name}": store.hour_weekday(filters),
            f"calendar {name}": store.calendar(filters),
            f"by_category {name}": store.by_category(3, filters),
            f"category_hours {name}": store.category_hours(3, filters),
            f"cells {name}": store.cells(8, filters, min_users=3),
            f"cell_hours {name}": store.cell_hours(5, filters, min_users=3),
            f"cell_steps {name}": store.cell_steps(5, "week", filters, min_users=3),
            f"cell_weekdays {name}": store.cell_steps(5, "weekday", filters, min_users=3),
            f"flows {name}": store.flows(filters, min_users=1),
            f"cell flows {name}": store.flows(filters, resolution=7, min_users=2, min_count=3),
            f"busiest flows {name}": store.busiest_flows(7, filters, most=4),
            f"points {name}": store.points(filters, min_users=1),
            f"cell weeks {name}": store.cell_weeks(7, filters, min_users=3),
            f"cell days {name}": store.cell_days(7, filters, min_users=3),
            f"steps {name}": store.steps(filters),
            f"gyration {name}": store.gyration(filters),
            f"user weeks {name}": store.user_weeks(filters, most=30),
            f"user cells {name}": store.user_cells(7, filters, min_checkins=2),
        }
        for grain in ("hour", "week", "month"):
            found[f"trend {grain} {name}"] = store.trend(grain, filters)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["polars://", "pyspark://"])
def test_every_aggregate_is_the_same_on_another_engine(store, engine):
    if engine == "pyspark://":
        pytest.importorskip("pyspark", reason="PySpark is not installed")
    expected = aggregates_of(store)
    found = aggregates_of(Store(store.folder, engine))
    for name, frame in expected.items():
        assert len(frame), name
        assert frame.attrs == found[name].attrs, name
        pd.testing.assert_frame_equal(frame, found[name], obj=name, check_dtype=False)


def test_rows_come_back_as_they_were_derived(store, derived):
    keys = ["user_id", "timestamp", "item_id"]
    assert store.checkins().sort(keys).equals(derived.sort(keys).select(store.checkins().columns))


@pytest.mark.parametrize("engine", ["duckdb://", "polars://"])
def test_rows_can_be_filtered(store, derived, engine):
    filters = Filters(hours=(8,), weekdays=(5, 6), users=("u01", "u02", "u03"))
    found = Store(store.folder, engine).checkins(filters, ["user_id", "hour_of_week"])
    weekend = [5 * 24 + 8, 6 * 24 + 8]
    expected = derived.filter(
        pl.col("user_id").is_in(["u01", "u02", "u03"]), pl.col("hour_of_week").is_in(weekend)
    ).select("user_id", "hour_of_week")
    assert found.equals(expected)


def test_hour_weekday_counts_local_time(store, derived):
    local = derived["timestamp"].dt.replace_time_zone(None) - pl.duration(minutes=300)
    expected = (
        derived.select(local=local, user="user_id")
        .group_by(weekday=pl.col("local").dt.weekday() - 1, hour=pl.col("local").dt.hour())
        .agg(n_checkins=pl.len(), n_users=pl.col("user").n_unique())
        .sort("weekday", "hour")
    )
    assert store.hour_weekday().to_numpy().tolist() == [list(row) for row in expected.rows()]


def test_hours_that_are_filtered_out_are_not_listed_as_zero(store):
    week = store.hour_weekday(Filters(hours=(7, 8), weekdays=(6,)))
    assert week[["weekday", "hour"]].to_numpy().tolist() == [[6, 7], [6, 8]]


def test_weekdays_that_never_came_are_not_listed_as_zero(store):
    day = Filters(date_from=date(2024, 2, 24), date_to=date(2024, 2, 25))
    assert set(store.hour_weekday(day)["weekday"]) == {5, 6}
    assert len(store.hour_weekday(day)) == 48


def test_cells_are_those_of_h3_and_hide_small_groups(store, derived):
    expected = (
        derived.drop_nulls("cell")
        .with_columns(
            cell=pl.col("cell").map_elements(
                lambda cell: h3.str_to_int(h3.cell_to_parent(h3.int_to_str(cell), 7)), pl.UInt64
            )
        )
        .group_by("cell")
        .agg(n_checkins=pl.len(), n_users=pl.col("user_id").n_unique())
    )
    shown = expected.filter(pl.col("n_users") >= 35)
    found = store.cells(7, min_users=35)
    assert found.cell.dtype == np.uint64
    assert set(found.cell) == set(shown["cell"])
    assert dict(zip(found.cell, found.n_checkins, strict=True)) == dict(
        shown.select("cell", "n_checkins").rows()
    )
    assert found.attrs["hidden"] == expected.height - shown.height > 0
    assert found.attrs["hidden_checkins"] == (
        expected["n_checkins"].sum() - shown["n_checkins"].sum()
    )


def test_flows_count_steps_within_a_session(tmp_path):
    hours = [0, 1, 2, 40, 41]  # a → b → a, a day's gap, c → a
    rows = schema.example().head(1).select(pl.all().repeat_by(5)).explode(pl.all())
    rows = rows.with_columns(
        item_id=pl.Series(["a", "b", "a", "c", "a"]),
        timestamp=pl.col("timestamp") + pl.Series(hours) * pl.duration(hours=1),
    )
    flows = Store.create(rows, tmp_path / "s", name="Steps").flows(min_users=1)
    pairs = flows[["origin", "destination", "n_checkins"]].to_numpy().tolist()
    assert sorted(pairs) == [["a", "b", 1], ["b", "a", 1], ["c", "a", 1]]


def test_flows_between_the_busiest_are_those_of_all_flows(store):
    every = store.flows(resolution=7, min_users=1)
    ends = pd.concat(
        [every.groupby(side)["n_checkins"].sum() for side in ("origin", "destination")]
    )
    n = ends.groupby(level=0).sum().rename_axis("cell").reset_index(name="n")
    busy = n.sort_values(["n", "cell"], ascending=[False, True])["cell"].head(5)
    inside = every["origin"].isin(busy) & every["destination"].isin(busy)
    expected = every[inside].drop(columns="n_users").reset_index(drop=True)
    assert 1 < len(expected) < len(every)
    pd.testing.assert_frame_equal(store.busiest_flows(7, most=5), expected, check_like=True)


def haversine_km(lat, lon, lat_2, lon_2):
    lat, lon, lat_2, lon_2 = map(np.radians, (lat, lon, lat_2, lon_2))
    half = np.sin((lat - lat_2) / 2) ** 2
    half += np.cos(lat) * np.cos(lat_2) * np.sin((lon - lon_2) / 2) ** 2
    return 2 * 6371.0088 * np.arcsin(np.sqrt(half))


def test_steps_are_great_circles_within_a_session(store, derived):
    both = derived.with_columns(
        pl.col("lat", "lon").shift().over("session_id").name.suffix("_before")
    ).drop_nulls(["lat", "lat_before"])
    km = haversine_km(*(both[c].to_numpy() for c in ("lat", "lon", "lat_before", "lon_before")))
    found = store.steps()
    moved = km >= 0.01
    assert found.n_checkins.sum() == moved.sum() and found.attrs["n_still"] == (~moved).sum()
    assert found.km.sum() == pytest.approx(km[moved].sum(), rel=1e-5)
    assert found.attrs["n_users"] == both["user_id"].n_unique()
    bins, counts = np.unique(np.floor(np.log10(km[moved]) * 20), return_counts=True)
    assert np.abs(found.set_index("bin").n_checkins.reindex(bins) - counts).max() <= 1


def test_the_radius_of_gyration_is_its_definition(store, derived):
    found = store.gyration().set_index("user")
    ids = store.users()["user_id"].to_list()
    for code in (0, 17, 39):
        own = derived.filter(pl.col("user_id") == ids[code]).drop_nulls("lat")
        lat, lon = own["lat"].to_numpy(), own["lon"].to_numpy()
        # In a city, the mean of the degrees is the centre (scikit-mobility takes it so).
        away = haversine_km(lat, lon, lat.mean(), lon.mean())
        assert found.gyration_km[code] == pytest.approx(np.sqrt((away**2).mean()), rel=1e-4)
        assert (found.lat[code], found.lon[code]) == pytest.approx(
            (lat.mean(), lon.mean()), abs=1e-4
        )
        assert found.n_checkins[code] == len(own)


def test_gyration_by_hand_across_the_date_line(tmp_path):
    rows = schema.example().head(1).select(pl.all().repeat_by(2)).explode(pl.all())
    rows = rows.with_columns(lat=pl.lit(0.0), lon=pl.Series([179.0, -179.0]))
    found = Store.create(rows, tmp_path / "s", name="Fiji").gyration()
    # Each is one degree from the middle on the equator.
    assert found.gyration_km[0] == pytest.approx(6371.0088 * np.pi / 180)
    assert abs(found.lon[0]) == pytest.approx(180)


@pytest.mark.parametrize("engine", ["duckdb://", "polars://"])
def test_an_item_that_jitters_across_the_date_line_stays_there(tmp_path, engine):
    rows = schema.example().head(1).select(pl.all().repeat_by(5)).explode(pl.all())
    east_deg = np.array([-0.003, -0.001, 0.0005, 0.001, 0.002])
    rows = rows.with_columns(lat=pl.lit(0.0), lon=(180 + east_deg + 180) % 360 - 180)
    folder = Store.create(rows, tmp_path / "s", name="Fiji").folder
    pier = Store(folder, engine).items().row(0, named=True)
    # The middle is the third; half of the visits lie within the third of 3.5, 1.5, 0, .5, 1.5.
    assert pier["lon"] == pytest.approx(-180 + 0.0005, abs=1e-9)
    assert pier["spread_km"] == pytest.approx(0.0015 * 111.195, rel=1e-4)
    described = Vocabulary.of(rows)
    assert described.item_lon[0] == pytest.approx(pier["lon"], abs=1e-9)
    assert described.item_spread_km[0] == pytest.approx(pier["spread_km"], rel=1e-4)


def test_habits_are_counts_of_users_with_enough_check_ins(store, derived):
    week = store.user_weeks(min_checkins=100)
    ids = np.array(store.users()["user_id"].to_list())
    sizes = derived.group_by("user_id").len().filter(pl.col("len") >= 100)
    assert set(ids[week.user.unique()]) == set(sizes["user_id"])
    assert week.n_checkins.sum() == sizes["len"].sum()
    own = derived.filter(pl.col("user_id") == ids[week.user[0]])
    expected = own.group_by("hour_of_week").len().sort("hour_of_week")["len"].to_list()
    assert week[week.user == week.user[0]].n_checkins.to_list() == expected
    few = store.user_cells(7, most=10, seed=3)
    assert few.user.nunique() == 10 and few.attrs == {"n_users": 40, "sampled": True}
    assert few.equals(store.user_cells(7, most=10, seed=3))
    with pytest.raises(AnalysisError, match="nobody"):
        store.user_weeks(min_checkins=10_000)


def test_sequences_are_the_latest_check_ins_in_order(store, derived):
    found = store.sequences(most=5, longest=20, seed=1)
    assert found["user"].n_unique() == 5 and (found.group_by("user").len()["len"] == 20).all()
    user = found["user"][0]
    own = derived.filter(pl.col("user_id") == store.users()["user_id"][int(user)])
    latest = own.sort("timestamp", "item_id").tail(20)["item_id"].to_list()
    names = store.items()["item_id"]
    assert [names[int(k)] for k in found.filter(pl.col("user") == user)["item"]] == latest


def test_cells_over_time_hide_the_cells_of_few(store):
    shown = store.cells(7, min_users=35)
    for frame in (store.cell_weeks(7, min_users=35), store.cell_days(7, min_users=35)):
        totals = frame.groupby("cell").n_checkins.sum()
        assert totals.to_dict() == shown.set_index("cell").n_checkins.to_dict()
        assert frame.attrs == shown.attrs and frame.attrs["hidden"] > 0
    everything = store.cell_days(7, min_users=1)
    assert everything.attrs["hidden"] == 0
    assert everything.n_checkins.sum() == store.cells(7, min_users=1).n_checkins.sum()


def test_trend_lists_missing_periods_as_zero(tmp_path):
    store = Store.create(schema.example(), tmp_path / "s", name="Two days")
    hours = store.trend("hour")
    assert len(hours) == 25  # Monday 08:00 to Tuesday 08:00 in New York
    assert hours.n_checkins.tolist() == [1, 1, 1] + [0] * 21 + [1]
    # Hours that the filter leaves out are not zero, they are not asked about.
    assert len(store.trend("hour", Filters(hours=(8,)))) == 2


def test_items_and_users(store, derived):
    items = store.items()
    assert items["item_id"].to_list() == sorted(derived["item_id"].unique())
    row = items.row(by_predicate=pl.col("item_id") == "i11", named=True)
    raw = derived.filter(pl.col("item_id") == "i11")
    assert row["n_checkins"] == raw.height
    assert row["n_users"] == raw["user_id"].n_unique()
    assert (row["category"], row["item_name"]) == ("kind 1", "Place 11, =sum(1)")
    assert (row["lat"], row["spread_km"]) == (pytest.approx(raw["lat"][0]), pytest.approx(0))
    assert items.filter(pl.col("item_id") == "i10")["lat"].item() is None
    users = store.users()
    raw = derived.filter(pl.col("user_id") == "u07")
    row = users.row(by_predicate=pl.col("user_id") == "u07", named=True)
    assert (row["n_checkins"], row["n_items"]) == (raw.height, raw["item_id"].n_unique())
    assert (row["first"], row["last"]) == (raw["timestamp"].min(), raw["timestamp"].max())


@pytest.mark.slow
def test_a_file_in_small_chunks_gives_the_same_store(store, tmp_path, monkeypatch):
    """User, session and look-back numbers go on across chunk borders."""
    path = tmp_path / "checkins.parquet"
    world().sample(fraction=1, shuffle=True, seed=1).write_parquet(path)
    monkeypatch.setattr(ordered, "PIECE_ROWS", 37)
    again = Store.create(path, tmp_path / "again", name="World")
    assert again.fingerprint == store.fingerprint
    columns = [*store.table.columns]
    one, two = (
        pl.read_parquet(s.folder / "checkins.parquet", columns=columns) for s in (store, again)
    )
    assert one.equals(two)
    assert again.items().equals(store.items())
    assert sorted(p.name for p in again.folder.iterdir()) == [
        "checkins.parquet",
        "items.parquet",
        "meta.json",
        "users.parquet",
    ]


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 90)), min_size=1, max_size=12))
@settings(max_examples=15, deadline=None)
def test_the_order_of_rows_does_not_change_the_fingerprint(tmp_path_factory, visits):
    rows = pl.concat([schema.example().head(1)] * len(visits)).with_columns(
        user_id=pl.Series([user for user, _ in visits]),
        timestamp=pl.col("timestamp")
        + pl.Series([hour for _, hour in visits]) * pl.duration(hours=1),
    )
    folder = tmp_path_factory.mktemp("order")
    one = Store.create(rows, folder / "one", name="One")
    two = Store.create(rows.reverse(), folder / "two", name="Two")
    assert one.fingerprint == two.fingerprint
    assert one.trend("week").n_checkins.sum() == len(visits)


def test_a_failed_write_leaves_the_old_store(tmp_path):
    folder = tmp_path / "s"
    Store.create(schema.example(), folder, name="Old")
    with pytest.raises(SchemaError, match="missing item_id"):
        Store.create(schema.example().drop("item_id"), folder, name="New")
    with pytest.raises(StoreError, match="at least one check-in"):
        Store.create(schema.example().head(0), folder, name="New")
    assert Store(folder).meta["name"] == "Old"
    assert [p.name for p in tmp_path.iterdir()] == ["s"]


def test_a_store_does_not_overwrite_other_files(tmp_path):
    (tmp_path / "letter.txt").write_text("dear all")
    with pytest.raises(StoreError, match="other files"):
        Store.create(schema.example(), tmp_path, name="New")
    assert (tmp_path / "letter.txt").exists()


def test_broken_stores_and_engines_say_what_to_do(tmp_path):
    with pytest.raises(StoreError, match="Load the data again"):
        Store(tmp_path / "nothing")
    folder = Store.create(schema.example(), tmp_path / "s", name="S").folder
    with pytest.raises(StoreError, match="duckdb://"):
        Store(folder, "nosuchengine://")
    (folder / "meta.json").write_text("{")
    with pytest.raises(StoreError, match="damaged"):
        Store(folder)


def test_data_without_places_or_categories(tmp_path):
    rows = schema.example().drop("category")
    rows = rows.with_columns(pl.lit(None, pl.Float64).alias(name) for name in ("lat", "lon"))
    store = Store.create(rows, tmp_path / "s", name="Shop")
    assert not store.has_places
    assert store.items()["category"].to_list() == [None] * 3
    for question in (lambda: store.cells(7), store.points, lambda: store.flows(resolution=5)):
        with pytest.raises(AnalysisError, match="latitude"):
            question()
    with pytest.raises(AnalysisError, match="category"):
        store.by_category()
    assert len(store.flows(min_users=1)) == 2


def test_filters_that_keep_nothing(store):
    nothing = Filters(users=())
    assert store.summary(nothing)["n_checkins"] == 0
    assert store.summary(nothing)["first_date"] is None
    assert store.hour_weekday(nothing).n_checkins.tolist() == [0] * 168
    for frame in (
        store.trend("hour", nothing),
        store.by_category(filters=nothing),
        store.category_hours(filters=nothing),
        store.cells(7, nothing),
        store.flows(nothing),
        store.points(nothing),
        store.checkins(nothing),
    ):
        assert len(frame) == 0


def test_a_cell_of_any_resolution_can_be_looked_into(store):
    cells = store.cells(6, min_users=1)
    chosen = Filters(cells=(int(cells.cell[1]),))
    assert store.summary(chosen)["n_checkins"] == cells.n_checkins[1]
    finer = store.cells(8, chosen, min_users=1)
    assert finer.n_checkins.sum() == cells.n_checkins[1]
    both = Filters(cells=(int(cells.cell[1]), int(finer.cell[0])))
    assert store.summary(both)["n_checkins"] == cells.n_checkins[1]
    assert store.summary(Filters(cells=()))["n_checkins"] == 0


def test_filters_are_hashable_whatever_they_are_made_of():
    assert hash(Filters(hours=[9, 8])) == hash(Filters(hours=(8, 9)))


@pytest.mark.parametrize("engine", ["duckdb://", "polars://"])
def test_some_users_are_drawn_whole_by_the_engine(store, derived, engine):
    opened = Store(store.folder, engine)
    found, note = opened.some_users(1_000, ["user_id", "item_id"])
    ids = store.users()["user_id"].filter(pl.Series(store.drawn_users(1_000)))
    assert found.equals(store.checkins(Filters(users=tuple(ids)), ["user_id", "item_id"]))
    # Each of 40 users has about 100: as many as fit in are taken.
    assert 900 < len(found) <= 1_000 and f"{len(ids)} of 40 users" in note
    assert opened.some_users(len(derived), ["user_id"])[1] == "" and store.drawn_users(9_999).all()
    assert store.some_users(1)[0]["user_id"].n_unique() == 1


def test_where_nobody_is_named_moments_are_drawn(tmp_path):
    nobody = world().with_columns(user_id=pl.lit(""))
    found, note = Store.create(nobody, tmp_path / "s", name="Nobody").some_users(1_000)
    assert 850 < len(found) < 1_150 and note.endswith("check-ins, drawn by chance.")


def test_a_store_that_is_replaced_while_it_is_open_says_so(tmp_path):
    """Its counts would be mixed with those of the other one."""
    first = Store.create(schema.example(), tmp_path / "store", name="First")
    second = Store.create(schema.example().head(2), tmp_path / "store", name="Second")
    for ask in (first.summary, first.checkins, first.points):
        with pytest.raises(StoreError, match="replaced"):
            ask()
    assert second.summary()["n_checkins"] == 2


def test_a_long_question_draws_no_bar_of_the_engine_s_own(store):
    asked = store._connection.raw_sql("SELECT current_setting('enable_progress_bar')")
    assert asked.fetchone() == (False,)


def test_people_counted_part_by_part_are_those_counted_at_once(store, monkeypatch):
    some = Filters(hours=(8, 9, 10), weekdays=(0, 1, 2, 3))
    asked = (
        lambda store: store.hour_weekday(some), lambda store: store.trend("week"),
        lambda store: store.by_category(), lambda store: store.category_hours(3, some),
        lambda store: store.cells(7), lambda store: store.cell_hours(6, some),
        lambda store: store.cell_steps(6, "month"),
        lambda store: store.gyration(), lambda store: store.gyration(some),
    )  # fmt: skip
    whole = Store(store.folder)
    at_once = [ask(whole) for ask in asked]
    monkeypatch.setattr("strec.store.base.PART_ROWS", 500)
    monkeypatch.setattr("strec.store.base.PIECE_ROWS", 1_000)
    in_parts = Store(store.folder)
    assert len(in_parts._parts) > 5 and len(in_parts._by_users(in_parts.table)) > 2
    for expected, ask in zip(at_once, asked, strict=True):
        found = ask(in_parts)
        pd.testing.assert_frame_equal(expected, found)
        assert expected.attrs == found.attrs


@pytest.mark.parametrize("engine", ["duckdb://", "polars://", "pyspark://"])
@pytest.mark.parametrize("in_parts", [False, True])
def test_many_named_are_those_named_one_by_one(store, monkeypatch, engine, in_parts):
    if engine == "pyspark://":
        pytest.importorskip("pyspark", reason="PySpark is not installed")
    users = tuple(f"u{i:02d}" for i in range(4, 90, 2))
    some = Filters(hours=(8, 9, 10), users=users, categories=("kind 1", "kind 2", "kind 9"))
    asked = (
        lambda store: pd.DataFrame([store.summary(some), store.summary(Filters(users=users))]),
        lambda store: store.trend("week", some), lambda store: store.cells(7, some),
        lambda store: store.flows(Filters(users=users), min_users=1),
        lambda store: store.checkins(some).to_pandas(),
    )  # fmt: skip
    if in_parts:
        monkeypatch.setattr("strec.store.base.PART_ROWS", 500)
    opened = Store(store.folder, engine)
    named = [ask(opened) for ask in asked]
    monkeypatch.setattr("strec.store.filters.MOST_NAMED", 2)
    for expected, ask in zip(named, asked, strict=True):
        assert len(expected)
        pd.testing.assert_frame_equal(expected, ask(opened))


def test_a_database_that_may_not_be_written_to_is_sent_names_and_no_table(store, monkeypatch):
    monkeypatch.setattr("strec.store.filters.MOST_NAMED", 2)
    some = Filters(users=("u04", "u06", "u08"))
    assert some.apply(store.table).op().find(ops.InMemoryTable)
    monkeypatch.setattr(ir.Table, "get_backend", lambda self: SimpleNamespace(name="postgres"))
    assert not some.apply(store.table).op().find(ops.InMemoryTable)


def test_points_of_items_that_stay_are_known_from_the_items(tmp_path):
    some = Filters(weekdays=(0, 1), categories=("kind 1", "kind 2"))
    placed = world().filter(pl.col("lat").is_not_null())
    for name, table in {"all": placed, "part": world()}.items():
        store = Store.create(table, tmp_path / name, name=name)
        assert store.meta["items_stay"]
        known = [store.points(), store.points(some, limit=5)]
        # As a store of an earlier version, which does not say it.
        store.meta["items_stay"] = False
        for one, other in zip(known, [store.points(), store.points(some, limit=5)], strict=True):
            assert len(one)
            pd.testing.assert_frame_equal(one, other, check_dtype=False)
            assert one.attrs == other.attrs
    moved = placed.with_columns(lat=pl.col("lat") + pl.int_range(pl.len()) % 2)
    assert not Store.create(moved, tmp_path / "moved", name="moved").meta["items_stay"]
