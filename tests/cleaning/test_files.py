"""A file cleaned in pieces gives what the same table gives in memory."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from strec import ordered, schema
from strec.cleaning import STEPS, Recipe, clean, clean_file, run
from strec.errors import LimitError, ReadError, SchemaError
from strec.schema import CATEGORY, ITEM, LAT, LON, TIME, USER, VALUE
from strec.store import Store

START = dt.datetime(2024, 6, 3, 8, tzinfo=dt.UTC)
PLACES = [(40.0, -74.0), (41.0, -74.0), (60.0, 10.0), (0.0, 0.0), (99.0, 0.0), (None, None)]
#: Settings under which a few check-ins make each step do something.
EAGER = {
    "impossible_speed": {"limit_kmh": 50},
    "near_duplicates": {"minutes": 7},
    "bots": {"max_per_day": 4, "min_checkins": 3, "regular_share": 0.6},
    "k_core": {"min_per_item": 2, "min_per_user": 3},
}
#: Each way in which what is missing is filled.
WAYS = [
    ("missing_place", {"way": way, "item_first": first})
    for way, first in (("item", True), ("delete", True), ("linear", False), ("mean", True))
] + [
    (f"missing_{column}", {"way": way, "within": within})
    for column, ways in (("category", ("mode", "nearest")), ("value", ("mean", "median", "spline")))
    for way in ways
    for within in ("item", "user", "all")
]
visits = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", "Zoë", "z", "李"]),
        st.sampled_from("xyz"),
        st.integers(0, 40),
        st.sampled_from(PLACES),
        st.sampled_from(["Bar", " Bar", "n/a", None]),
        st.sampled_from([1.0, 2.5, float("nan"), None]),
    ),
    min_size=1,
    max_size=40,
)


def table(rows) -> pl.DataFrame:
    users, items, minutes, places, categories, values = zip(*rows, strict=True)
    frame = pl.DataFrame(
        {
            USER: users, ITEM: items, TIME: [START + dt.timedelta(minutes=m) for m in minutes],
            schema.OFFSET: [0] * len(rows), LAT: [place[0] for place in places],
            LON: [place[1] for place in places], CATEGORY: categories, VALUE: values,
        },
        schema_overrides=schema.REQUIRED | {CATEGORY: pl.String, VALUE: pl.Float64},
    )  # fmt: skip
    return schema.validate(frame)


def every_step(*changes) -> Recipe:
    recipe = Recipe(
        tuple(
            kind.from_dict({"enabled": True} | EAGER.get(name, {})) for name, kind in STEPS.items()
        )
    )
    for name, values in changes:
        recipe = recipe.change(name, **values)
    return recipe


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


def in_pieces(checkins, recipe, folder, piece_rows=9):
    checkins.write_parquet(folder / "read.parquet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "IN_MEMORY", 0)
        patch.setattr(ordered, "PIECE_ROWS", piece_rows)
        report = clean_file(folder / "read.parquet", folder / "out.parquet", recipe)
    return pl.read_parquet(folder / "out.parquet", memory_map=False), report


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(visits, st.sampled_from(WAYS), st.booleans())
def test_a_file_in_pieces_gives_what_the_table_gives(folder, rows, way, one_pass):
    checkins = table(rows)
    if one_pass:
        recipe = every_step(way, ("k_core", {"way": "one_pass"}))
    else:
        recipe = every_step(way, ("k_core", {"enabled": False}))
    expected, of_table = clean(checkins, recipe)
    cleaned, of_file = in_pieces(checkins, recipe, folder)
    assert_frame_equal(cleaned, expected)
    assert of_file.to_dict() == of_table.to_dict()
    for one, other in zip(of_file.steps, of_table.steps, strict=True):
        assert_frame_equal(one.removed, other.removed)


@pytest.mark.slow
@settings(max_examples=3, deadline=None)
@given(visits)
def test_the_default_recipe_and_nobody_are_the_same_too(folder, rows):
    for checkins in (table(rows), table(rows).with_columns(pl.lit("").alias(USER))):
        for recipe in (Recipe.default(), every_step()):
            expected, of_table = clean(checkins, recipe)
            cleaned, of_file = in_pieces(checkins, recipe, folder)
            assert_frame_equal(cleaned, expected)
            assert of_file.to_dict() == of_table.to_dict()


def test_nobodys_check_ins_are_one_users_in_every_piece(folder):
    visits = enumerate("yyyyyyyzzzz")
    rows = [("ann", item, 10 * moment, PLACES[0], "Bar", 1.0) for moment, item in visits]
    checkins = table(rows).with_columns(pl.lit("").alias(USER))
    recipe = every_step(("k_core", {"min_per_item": 4, "min_per_user": 4}))
    expected, of_table = clean(checkins, recipe)
    cleaned, of_file = in_pieces(checkins, recipe, folder, piece_rows=5)
    assert expected["item_id"].n_unique() == 2
    assert_frame_equal(cleaned, expected)
    assert of_file.to_dict() == of_table.to_dict()


def test_a_store_of_pieces_is_the_store_of_the_cleaned_file(tmp_path, monkeypatch):
    visits = [
        (user, item, 5 * moment, PLACES[moment % 5], " Bar", 1.0)
        for user in ("ann", "bob", "Zoë")
        for moment, item in enumerate("yyxzyyxw")
    ]
    checkins = table(visits).with_columns(pl.col(ITEM) + pl.col(USER).str.slice(0, 1))
    # An item in the middle of the order goes, and another loses its place.
    recipe = every_step(("k_core", {"min_per_item": 2, "min_per_user": 2}))
    cleaned, _ = in_pieces(checkins, recipe, tmp_path)
    assert 0 < cleaned[ITEM].n_unique() < checkins[ITEM].n_unique()
    for n_rows, name in ((0, "pieces"), (100, "table")):
        monkeypatch.setattr(run, "IN_MEMORY", n_rows)
        monkeypatch.setattr(ordered, "PIECE_ROWS", 9)
        with run.cleaned(tmp_path / "read.parquet", recipe) as (found, report):
            assert isinstance(found, ordered.InOrder) == (name == "pieces")
            store = Store.create(found, tmp_path / name, name="x")
        expected = Store.create(cleaned, tmp_path / "expected", name="x")
        assert report.rows_after == cleaned.height
        assert store.fingerprint == expected.fingerprint
        for file in ("checkins", "items", "users"):
            one, other = (pl.read_parquet(s.folder / f"{file}.parquet") for s in (store, expected))
            assert_frame_equal(one, other)
    assert not list(tmp_path.glob(".strec-*"))


def test_what_cannot_be_cleaned_leaves_what_was_there(tmp_path, monkeypatch):
    out = tmp_path / "out.parquet"
    out.write_text("as it was")
    (tmp_path / "read.parquet").write_text("no Parquet")
    with pytest.raises(ReadError, match="read.parquet"):
        clean_file(tmp_path / "read.parquet", out)
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "read.parquet")
    with pytest.raises(SchemaError, match="user_id"):
        clean_file(tmp_path / "read.parquet", out)
    schema.example().write_parquet(tmp_path / "read.parquet")
    monkeypatch.setattr(run, "IN_MEMORY", 0)
    monkeypatch.setattr(run, "ROOM", 10**15)
    with pytest.raises(LimitError, match="room on the disk"):
        clean_file(tmp_path / "read.parquet", out)
    assert out.read_text() == "as it was" and len(list(tmp_path.iterdir())) == 2
