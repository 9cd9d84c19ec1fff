"""Cleaning steps against results that can be counted by hand."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from strec.cleaning import (
    Bots,
    ExactDuplicates,
    ImpossiblePlaces,
    ImpossibleTimes,
    KCore,
    NearDuplicates,
    Recipe,
    Stays,
    TidyText,
    clean,
)
from strec.errors import SchemaError
from strec.schema import CATEGORY, ITEM, LAT, LON, OFFSET, TIME, USER, derive, example, validate
from tests.tables import fixes

START = dt.datetime(2024, 6, 3, 8, tzinfo=dt.UTC)


def table(*rows, **columns) -> pl.DataFrame:
    """Build check-ins from (user, item, minutes after START[, lat, lon])."""
    full = [(*row, *(None, None))[:5] for row in rows]
    frame = pl.DataFrame(
        {
            USER: [row[0] for row in full],
            ITEM: [row[1] for row in full],
            TIME: [START + dt.timedelta(minutes=row[2]) for row in full],
            OFFSET: [0] * len(full),
            LAT: [row[3] for row in full],
            LON: [row[4] for row in full],
        }
        | columns,
        schema_overrides={
            USER: pl.String,
            ITEM: pl.String,
            TIME: pl.Datetime("us", "UTC"),
            OFFSET: pl.Int16,
            LAT: pl.Float64,
            LON: pl.Float64,
        },
    )
    return validate(frame)


def run(checkins: pl.DataFrame, *steps):
    return clean(checkins, Recipe(steps))


# ---------------------------------------------------------------- duplicates


def test_exact_duplicates_agree_in_every_column():
    visits = table(("a", "x", 0), ("a", "x", 0), ("a", "x", 0), ("a", "x", 5))
    cleaned, report = run(visits, ExactDuplicates())
    assert cleaned.height == 2
    assert report.steps[0].sentence == "2 check-ins removed (50 %)."
    # Same user, item and time with another category is another row, also with a row between.
    named = table(*[("a", "x", 0)] * 3, category=["p", "q", "p"])
    assert run(named, ExactDuplicates())[0][CATEGORY].to_list() == ["p", "q"]


def test_near_duplicates_are_measured_from_the_one_kept():
    # 0 is kept; 6 and 10 are within ten minutes of it; 12 is not, and rules 20 out; 23 is kept.
    visits = table(*[("a", "x", minute) for minute in (0, 6, 10, 12, 20, 23)], ("a", "y", 1),
                   ("b", "x", 2))  # fmt: skip
    cleaned, _ = run(visits, NearDuplicates(enabled=True, minutes=10))
    minutes = (cleaned.filter((pl.col(USER) == "a") & (pl.col(ITEM) == "x"))[TIME] - START) / 60e6
    assert minutes.dt.total_microseconds().to_list() == [0, 12, 23]
    assert cleaned.height == 5


# ---------------------------------------------------------------- places and times


def test_impossible_places_become_missing_or_go():
    visits = table(
        ("a", "ok", 0, 40.0, -74.0),
        ("a", "north", 1, 95.0, 10.0),
        ("a", "east", 2, 10.0, 181.0),
        ("a", "nan", 3, float("nan"), 0.0),
        ("a", "null", 4, 0.0, 0.0),
        ("a", "greenwich", 5, 51.5, 0.0),
        ("a", "edge", 6, -90.0, 180.0),
        ("a", "none", 7),
    )
    cleaned, report = run(visits, ImpossiblePlaces())
    known = cleaned.filter(pl.col(LAT).is_not_null())[ITEM].to_list()
    assert known == ["ok", "greenwich", "edge"]
    assert cleaned.height == 8 and report.changed == 4
    assert "3 beyond the edges of the map, 1 at 0/0" in report.steps[0].sentence
    assert "swapped" in report.steps[0].sentence
    dropped, _ = run(visits, ImpossiblePlaces(action="drop", null_island=False))
    assert dropped[ITEM].to_list() == ["ok", "null", "greenwich", "edge", "none"]


def times(*years) -> pl.DataFrame:
    visits = table(*[("a", f"i{n}", 0) for n in range(len(years))])
    moments = pl.Series(TIME, [dt.datetime(year, 5, 1, tzinfo=dt.UTC) for year in years])
    return visits.with_columns(moments.cast(pl.Datetime("us", "UTC")))


def test_times_before_1990_and_in_the_future_go():
    next_year = dt.datetime.now(dt.UTC).year + 1
    cleaned, report = run(times(1989, 1990, 2012, next_year), ImpossibleTimes())
    assert cleaned[TIME].dt.year().to_list() == [1990, 2012]
    assert "1 before 1990-01-01, 1 in the future" in report.steps[0].sentence
    assert report.steps[0].removed[TIME].dt.year().to_list() == [1989, next_year]


def test_the_last_day_allowed_is_allowed_to_its_end():
    visits = table(("a", "x", 15 * 60 + 59), ("a", "x", 16 * 60))  # 23:59 and midnight
    cleaned, _ = run(visits, ImpossibleTimes(latest="2024-06-03"))
    assert cleaned.height == 1


def test_a_clock_far_from_all_others_is_absurd():
    album = [2010, 2011, 2012, 2013] * 50
    cleaned, report = run(times(*album, 1994, 2007), ImpossibleTimes())
    assert cleaned[TIME].dt.year().min() == 2007
    assert "1 by a clock far from all others" in report.steps[0].sentence
    assert run(times(*album, 1994), ImpossibleTimes(absurd_clocks=False))[0].height == 201
    # Too few times to know what is usual.
    assert run(times(1994, 2012, 2013), ImpossibleTimes())[0].height == 3


def test_cameras_wrong_by_a_century_are_found(data_dir):
    raw = pl.read_csv(data_dir / "flickr_tours" / "traj-Toro.csv")
    visits = raw.select(
        pl.col("userID").alias(USER),
        pl.col("poiID").cast(pl.String).alias(ITEM),
        pl.from_epoch("startTime").dt.cast_time_unit("us").dt.replace_time_zone("UTC").alias(TIME),
        pl.lit(0, pl.Int16).alias(OFFSET),
        pl.lit(None, pl.Float64).alias(LAT),
        pl.lit(None, pl.Float64).alias(LON),
    )
    cleaned, report = run(visits, ImpossibleTimes())
    assert visits[TIME].dt.year().min() == 1903
    assert 0 < visits.height - cleaned.height < 0.02 * visits.height
    assert cleaned[TIME].dt.year().min() > 1990


# ---------------------------------------------------------------- texts, bots, k-core


def test_texts_are_trimmed_and_ids_are_not():
    visits = table(
        (" a ", "007", 0), (" a ", "x  y", 1), (" a ", "z", 2), (" a ", "w", 3),
        category=["  Coffee   Shop ", "NULL", "n/a", None],
        item_name=["Café ", "null", " ", "ok"],
    )  # fmt: skip
    cleaned, report = run(visits, TidyText())
    assert cleaned[CATEGORY].to_list() == ["Coffee Shop", None, None, None]
    # A shop may be called "null"; only an empty name is no name.
    assert cleaned["item_name"].to_list() == ["Café", "null", None, "ok"]
    assert cleaned[USER].unique().to_list() == [" a "]
    assert cleaned[ITEM].to_list() == ["007", "x  y", "z", "w"]
    assert report.changed == 5


def test_bots_are_too_busy_or_too_regular():
    busy = [("busy", f"i{n}", n * 1.37 + (n % 7)) for n in range(60)]
    clock = [("clock", f"i{n}", n * 300) for n in range(60)]
    human = [("human", f"i{n}", n * 300 + (n * n) % 47) for n in range(60)]
    cleaned, report = run(table(*busy, *clock, *human), Bots(enabled=True, max_per_day=40))
    assert cleaned[USER].unique().to_list() == ["human"]
    assert "1 user with more than 40 check-ins per active day" in report.steps[0].sentence
    assert report.steps[0].users_before - report.steps[0].users_after == 2


def test_regularity_is_not_judged_where_times_are_only_days():
    daily = table(*[("a", "x", n * 1440 - 480) for n in range(60)])
    cleaned, report = run(daily, Bots(enabled=True))
    assert cleaned.height == 60
    assert "regularity was not judged" in report.steps[0].sentence


def pairs(**counts) -> pl.DataFrame:
    rows = [key.split("_") for key, count in counts.items() for _ in range(count)]
    return table(*[(user, item, n) for n, (user, item) in enumerate(rows)])


def test_k_core_iterated_against_one_pass():
    # Item y has 2 only through user b, who falls below 3 once item z (1) is gone.
    visits = pairs(a_x=3, a_y=1, b_y=1, b_z=1, b_x=1)
    once, _ = run(visits, KCore(enabled=True, min_per_item=2, min_per_user=3, way="one_pass"))
    assert once.group_by(USER, ITEM).len().sort(USER, ITEM).rows() == [("a", "x", 3), ("a", "y", 1)]
    core, report = run(visits, KCore(enabled=True, min_per_item=2, min_per_user=3))
    assert core.group_by(USER, ITEM).len().rows() == [("a", "x", 3)]
    assert "3 rounds" in report.steps[0].sentence


def test_one_pass_filter_is_the_rule_of_the_literature():
    """Against pandas: POIs with at least 3 check-ins, then users with at least 3."""
    visits = pairs(a_x=2, b_x=1, b_y=2, c_y=3, c_z=1, d_z=1)
    frame = visits.to_pandas()
    frame = frame[frame.groupby("item_id")["user_id"].transform("size") >= 3]
    frame = frame[frame.groupby("user_id")["item_id"].transform("size") >= 3]
    once, _ = run(visits, KCore(enabled=True, min_per_item=3, min_per_user=3, way="one_pass"))
    assert once.select(USER, ITEM).rows() == list(frame[[USER, ITEM]].itertuples(index=False))


def test_a_core_may_be_empty():
    cleaned, report = run(pairs(a_x=1, b_y=1), KCore(enabled=True), ExactDuplicates())
    assert cleaned.height == 0 and cleaned.schema == example().drop(CATEGORY).schema
    assert report.sentence == "0 check-ins of 2 stay: 2 removed (100 %), 0 values changed."


# ---------------------------------------------------------------- the whole


def test_clean_reports_each_step_and_leaves_its_input_alone():
    visits = pl.concat([example(), example().head(2)])
    untouched = visits.clone()
    told = []
    cleaned, report = clean(visits, progress=lambda words, share: told.append((share, words)))
    assert_frame_equal(visits, untouched)
    assert_frame_equal(cleaned, example())
    frame = report.to_frame()
    assert frame["step"].to_list() == [step.name for step in Recipe.default().steps]
    assert frame.filter(step="exact_duplicates").row(0, named=True) == {
        "step": "exact_duplicates", "title": "Exact duplicates", "enabled": True,
        "rows_before": 6, "rows_after": 4, "users_before": 2, "users_after": 2,
        "items_before": 3, "items_after": 3, "changed": 0,
        "sentence": "2 check-ins removed (33 %).",
    }  # fmt: skip
    assert frame.filter(~pl.col("enabled"))["sentence"].unique().to_list() == ["Switched off."]
    assert told[0] == (0.0, "Tidy texts") and told[-1][0] == 1.0
    assert [share for share, _ in told] == sorted(share for share, _ in told)


def test_a_clean_table_is_said_to_be_clean():
    assert clean(example())[1].sentence == "Nothing had to be cleaned in 4 check-ins."


def test_derived_columns_are_dropped_as_places_may_change():
    assert clean(derive(example()))[0].columns == example().columns


def test_an_empty_table_stays_empty():
    cleaned, report = clean(example().clear())
    assert cleaned.height == 0 and report.rows_before == 0


def test_a_table_that_is_not_canonical_is_refused():
    with pytest.raises(SchemaError, match="user_id"):
        clean(pl.DataFrame({"a": [1]}))


visits_lists = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from("xyz"),
        st.integers(0, 40),
        st.sampled_from([(40.0, -74.0), (41.0, -74.0), (0.0, 0.0), (99.0, 0.0), (None, None)]),
    ),
    max_size=40,
)
EVERY_STEP = Recipe(
    tuple(
        type(step).from_dict(
            step.values()
            | {"enabled": True}
            | ({"min_per_item": 2, "min_per_user": 2} if step.name == "k_core" else {})
        )
        for step in Recipe.default().steps
    )
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(visits_lists, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_and_nobody_is_invented(visits, random):
    rows = [(user, item, minute, *place) for user, item, minute, place in visits]
    shuffled = random.sample(rows, len(rows))
    cleaned, _ = clean(table(*rows), EVERY_STEP)
    assert_frame_equal(cleaned, clean(table(*shuffled), EVERY_STEP)[0])
    was = {(user, item) for user, item, *_ in rows}
    assert set(cleaned.select(USER, ITEM).iter_rows()) <= was
    assert cleaned.height <= len(rows)


@settings(max_examples=25, deadline=None)
@given(visits_lists)
@pytest.mark.parametrize(
    "step",
    [
        ExactDuplicates(),
        NearDuplicates(enabled=True, minutes=7),
        KCore(enabled=True, min_per_item=2, min_per_user=3),
        ImpossiblePlaces(),
    ],
    ids=lambda step: step.name,
)
def test_a_second_run_changes_nothing(step, visits):
    rows = [(user, item, minute, *place) for user, item, minute, place in visits]
    once, _ = run(table(*rows), step)
    twice, report = run(once, step)
    assert_frame_equal(once, twice)
    assert report.changed == 0


def test_a_raw_track_is_cleaned_to_stays_also_from_a_file(tmp_path):
    track = fixes(days=2)
    cleaned, report = clean(track)
    assert report.sentence == (
        "This looks like a raw track: 2,880 fixes became 5 stays at 2 places. "
        "Nothing had to be cleaned in 5 check-ins."
    )
    track.write_parquet(tmp_path / "track.parquet")
    from_file, of_file = clean(tmp_path / "track.parquet")
    assert_frame_equal(from_file, cleaned)
    assert of_file.sentence == report.sentence
    untouched, _ = clean(track, Recipe.default().change("stays", enabled=False))
    assert untouched.height == 2_880
    assert clean(example(), Recipe((Stays(when="always"),)))[0].height == 2
