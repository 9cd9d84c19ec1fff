"""The quality report against numbers counted by hand, and faults that it must name."""

import datetime as dt
import json
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strec import schema
from strec.errors import AnalysisError, SchemaError
from strec.io import read_sample
from strec.plots import quality as figures
from strec.profiling import quality
from strec.profiling.html import facts
from strec.schema import CATEGORY, ITEM, LAT, LON, OFFSET, TIME, USER, VALUE

START = dt.datetime(2024, 6, 3, 8, tzinfo=dt.UTC)


def table(rows, **columns) -> pl.DataFrame:
    """Build check-ins from (user, item, hours after START, lat, lon)."""
    rows = [(*row, None, None)[:5] for row in rows]
    names = [USER, ITEM, TIME, LAT, LON]
    values = dict(zip(names, zip(*rows, strict=True), strict=True))
    values[TIME] = [START + dt.timedelta(hours=hours) for hours in values[TIME]]
    frame = pl.DataFrame(
        {name: list(column) for name, column in values.items()} | columns,
        schema_overrides={LAT: pl.Float64, LON: pl.Float64},
    )
    return schema.validate(
        frame.with_columns(
            pl.col(TIME).cast(pl.Datetime("us", "UTC")), pl.lit(0, pl.Int16).alias(OFFSET)
        )
    )


SMALL = table(
    [
        ("a", "x", 0, 0.0, 10.0),
        ("a", "x", 0, 0.0, 10.0),  # an exact duplicate
        ("a", "x", 0.1, 0.0, 10.0),  # again after six minutes
        ("a", "y", 24, 0.0, 11.0),
        ("b", "x", 24 * 10, 0.0, 12.0),
        ("b", "z", 24 * 10 + 1),
    ],
    value=[1.0, 1.0, None, float("nan"), 2.0, 3.0],
    category=["p", "p", None, "p", "q", "q"],
)


def words(report) -> str:
    return "\n".join(f"{f.severity}: {f.title}. {f.text}" for f in report.findings)


def test_the_small_table_counted_by_hand():
    report = quality(SMALL)
    assert (report.n_checkins, report.n_users, report.n_items) == (6, 2, 3)
    assert (report.n_exact_duplicates, report.n_near_duplicates) == (1, 1)
    # Pairs a-x, a-y, b-x, b-z out of 2 × 3; two of six check-ins come back to an item.
    assert report.n_pairs == 4
    assert report.sparsity == pytest.approx(2 / 6) and report.return_share == pytest.approx(2 / 6)
    assert report.per_user == {"min": 2, "median": 3.0, "mean": 3.0, "max": 4}
    assert report.per_item == {"min": 1, "median": 1.0, "mean": 2.0, "max": 4}
    # 3 to 13 June, with check-ins on the 3rd, 4th and 13th.
    assert (report.n_days, report.n_days_without) == (11, 8)
    assert report.silence_hours == 9 * 24
    assert (report.silence_from.day, report.silence_to.day) == (4, 13)
    assert report.hours[8] == 5 and report.hours[9] == 1 and sum(report.hours) == 6


def test_completeness_counts_what_is_missing_places_once_and_nan_as_missing():
    columns = {c.name: (c.n_known, c.n_missing, c.n_distinct) for c in quality(SMALL).columns}
    assert columns == {
        USER: (6, 0, 2),
        ITEM: (6, 0, 3),
        TIME: (6, 0, 5),
        "place": (5, 1, 3),
        CATEGORY: (5, 1, 2),
        VALUE: (4, 2, 3),
    }


def test_the_spread_of_places_is_a_distance_on_the_globe():
    report = quality(SMALL)
    # On the equator a degree is 111.195 km; the median of 10, 10, 10, 11, 12 is 10.
    assert report.middle == (0.0, 10.0)
    assert report.spread_km == 0.0
    assert report.reach_km == pytest.approx(2 * 111.195, rel=1e-4)
    assert (report.n_without_place, report.n_places) == (1, 3)


def test_the_timeline_has_its_gaps_and_all_check_ins():
    report = quality(SMALL)
    assert report.bar_days == 1
    assert report.timeline["n_checkins"].to_list() == [3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    long = quality(table([("a", "x", 0), ("b", "y", 24 * 5000)]))
    assert long.bar_days == 28 and long.timeline.height <= 200
    assert long.timeline["n_checkins"].sum() == 2


def test_users_are_counted_by_their_number_of_check_ins():
    counts = {"u1": 1, "u2": 2, "u3": 2, "u4": 3, "u5": 7}
    rows = [(user, "x", hour) for user, n in counts.items() for hour in range(n)]
    histogram = quality(table(rows)).users_by_checkins
    assert histogram.rows() == [(1, 1, 1), (2, 2, 2), (3, 5, 1), (6, 10, 1)]


@pytest.mark.parametrize("name", ["social", "flights"])
def test_a_sample_equals_pandas(name):
    checkins = read_sample(name)
    report, frame = quality(checkins), checkins.to_pandas()
    per_user = frame.groupby("user_id").size()
    assert report.per_user["median"] == per_user.median()
    pairs = frame[["user_id", "item_id"]].drop_duplicates()
    assert report.n_pairs == len(pairs)
    assert report.return_share == pytest.approx(
        frame.sort_values(["user_id", "timestamp"]).duplicated(["user_id", "item_id"]).mean()
    )
    local = frame["timestamp"].dt.tz_localize(None) + np.array(
        frame["utc_offset_min"], dtype="timedelta64[m]"
    )
    assert list(report.hours) == local.dt.hour.value_counts().reindex(range(24)).fillna(0).tolist()
    silence = frame["timestamp"].sort_values().diff().max()
    assert report.silence_hours == pytest.approx(silence.total_seconds() / 3600)
    assert report.n_days == (local.max().normalize() - local.min().normalize()).days + 1
    assert report.users_by_checkins["n_users"].sum() == report.n_users
    assert not [f for f in report.findings if f.severity == "serious"]


# ---------------------------------------------------------------- what looks suspicious


def many(**changes) -> pl.DataFrame:
    """Return 600 good check-ins of 20 users, with some columns replaced."""
    rng = np.random.default_rng(5)
    rows = [
        (f"u{n % 20}", f"i{rng.integers(30)}", float(n // 20 * 9 + rng.random() * 5),
         40.7 + n % 20 / 500, -74.0)
        for n in range(600)
    ]  # fmt: skip
    return table(rows).with_columns(**changes)


def test_a_good_table_has_nothing_suspicious():
    assert quality(many()).findings == ()


@pytest.mark.parametrize(
    ("changes", "severity", "expected"),
    [
        ({USER: pl.lit("u")}, "serious", "Only one user"),
        ({ITEM: pl.lit("i")}, "serious", "Only one item"),
        ({TIME: pl.col(TIME).min()}, "serious", "All check-ins have the same time"),
        ({LAT: pl.lit(40.7)}, "check", "All places are the same"),
        ({LAT: pl.lit(95.0)}, "serious", "600 places not on Earth"),
        ({LAT: pl.lit(0.0), LON: pl.lit(0.0)}, "serious", "600 places at latitude 0"),
        ({LAT: pl.lit(None, pl.Float64), LON: pl.lit(None, pl.Float64)}, "note", "No places"),
        ({TIME: pl.col(TIME).dt.offset_by("80y")}, "serious", "600 check-ins in the future"),
        ({TIME: pl.col(TIME).dt.offset_by("-50y")}, "serious", "600 check-ins before 1990"),
        ({TIME: pl.col(TIME).dt.truncate("1d")}, "check", "only known to the day"),
        ({TIME: pl.col(TIME).dt.truncate("1h")}, "note", "only known to the hour"),
        ({CATEGORY: pl.when(pl.int_range(pl.len()) > 5).then(pl.lit("c"))}, "note",
         "1.0 % of the check-ins have no category"),
        ({TIME: pl.when(pl.int_range(pl.len()) < 3).then(pl.col(TIME).dt.offset_by("-12y"))
          .otherwise(TIME)}, "check", "3 check-ins years away from all others"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_severity(changes, severity, expected):
    report = quality(many(**changes))
    assert any(f.severity == severity and expected in f.title for f in report.findings), words(
        report
    )


def test_swapped_coordinates_are_suspected():
    report = quality(many(**{LAT: pl.lit(-112.0), LON: pl.lit(33.4)}))
    assert "may be swapped" in words(report)


def test_a_clockwork_user_an_airliner_and_a_long_silence_are_named():
    robot = table([("robot", f"i{n % 30}", n * 0.5, 40.7, -74.0) for n in range(200)])
    assert "1 user who may be a program (200 check-ins)" in words(
        quality(pl.concat([many(), robot]))
    )
    jump = table([("jump", "i1", 0, 40.0, -74.0), ("jump", "i2", 1, -33.0, 151.0)])
    assert "1 check-in reached faster than an airliner" in words(quality(pl.concat([many(), jump])))
    later = table([("u1", "i1", 24 * 400)])
    assert "days without any check-in" in words(quality(pl.concat([many(), later])))


def test_duplicates_are_graded_by_their_share():
    few = quality(pl.concat([many(), many().head(3)]))
    assert "check: 3 exact duplicates" in words(few)
    assert "serious: 600 exact duplicates" in words(quality(pl.concat([many(), many()])))


def test_the_most_serious_comes_first():
    severities = [f.severity for f in quality(SMALL.with_columns(pl.lit("u").alias(USER))).findings]
    assert severities == sorted(severities, key=["serious", "check", "note"].index)
    assert severities[0] == "serious"


# ---------------------------------------------------------------- as a page, as figures, as JSON


class Reader(HTMLParser):
    """Collects the tags and texts of a page."""

    def __init__(self):
        super().__init__()
        self.tags, self.links, self.texts = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "onload")]

    def handle_data(self, data):
        self.texts.append(data)


def test_the_page_stands_alone_and_escapes_what_the_file_says():
    nasty = "<script>alert(1)</script>&\"'"
    page = quality(SMALL).html(nasty, notes=(nasty,))
    reader = Reader()
    reader.feed(page)
    assert "script" not in reader.tags and reader.links == [] and "http" not in page
    assert nasty in reader.texts and reader.tags.count("svg") == 3
    assert any("1 exact duplicate" in text for text in reader.texts)


def test_the_report_is_plain_json():
    report = json.loads(json.dumps(quality(SMALL).to_dict()))
    assert report["n_pairs"] == 4 and report["columns"][3]["n_missing"] == 1
    assert report["timeline"][0] == {"start": "2024-06-03", "n_checkins": 3}
    assert {f["severity"] for f in report["findings"]} <= {"serious", "check", "note"}


def test_the_figures_show_the_numbers():
    report = quality(SMALL)
    known, missing = figures.completeness(report).data
    assert list(known.y) == ["User", "Item", "Time", "Place", "Category", "Value"]
    np.testing.assert_allclose(np.add(known.x, missing.x), 100)
    assert sum(figures.timeline(report).data[0].y) == 6
    assert list(figures.users_by_checkins(report).data[0].x) == ["1", "2", "3–5"]
    assert dict((label, value) for label, value, _ in facts(report))["Returns"] == "33 %"


def test_nothing_to_measure_and_no_check_ins_are_refused():
    with pytest.raises(AnalysisError, match="the table is empty"):
        quality(schema.example().clear())
    with pytest.raises(SchemaError):
        quality(pl.DataFrame({"a": [1]}))


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.sampled_from("xyz"),
            st.floats(0, 1e5, allow_nan=False),
            st.none() | st.floats(-200, 200),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_numbers_hold_together_for_any_table(rows):
    checkins = table([(u, i, h, lat, None if lat is None else 0.5) for u, i, h, lat in rows])
    report = quality(checkins)
    assert report.to_dict() == quality(checkins.reverse()).to_dict()
    assert 0 <= report.sparsity < 1 and 0 <= report.return_share < 1
    assert report.n_checkins >= report.n_pairs >= max(report.n_users, report.n_items)
    assert report.timeline["n_checkins"].sum() == sum(report.hours) == report.n_checkins
    assert report.n_days_without < report.n_days
    assert report.html()
