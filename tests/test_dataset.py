"""A data set from frames, files and samples: what strangers' frames look like, and what is made."""

import gc

import numpy as np
import pandas as pd
import polars as pl
import pytest

import strec
from strec import Dataset, schema
from strec.errors import MappingError, ReadError, SchemaError, StrecError
from strec.split import split


def visits(n: int = 60) -> pd.DataFrame:
    """A frame as a data scientist has it: three people, five shops, names of their own."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "customer": [f"c{k % 3}" for k in range(n)],
            "shop": [f"shop {k}" for k in rng.integers(0, 5, n)],
            "visited_at": pd.date_range("2024-05-01 08:00", periods=n, freq="5h"),
            "latitude": 52.5 + rng.random(n) / 10,
            "longitude": 13.4 + rng.random(n) / 10,
        }
    )


def test_a_pandas_frame_is_guessed_like_a_file(tmp_path):
    frame = visits()
    frame.to_csv(tmp_path / "visits.csv", index=False)
    of_file = Dataset.from_files(tmp_path / "visits.csv")
    of_frame = Dataset.from_frame(frame)
    assert of_frame.checkins.equals(of_file.checkins)
    assert any("user='customer'" in note for note in of_frame.notes)
    assert any("Berlin" in note for note in of_frame.notes)


def test_polars_and_pandas_give_the_same():
    assert Dataset.from_frame(pl.from_pandas(visits())).checkins.equals(
        Dataset.from_frame(visits()).checkins
    )


def test_named_columns_go_before_guessed_ones():
    frame = visits().assign(clerk="someone")
    dataset = Dataset.from_frame(frame, user="shop", item="customer", time="visited_at")
    assert set(dataset.checkins["user_id"]) == set(frame["shop"])
    assert set(dataset.checkins["item_id"]) == set(frame["customer"])


def test_an_index_of_times_is_a_column():
    frame = visits().set_index("visited_at")
    assert len(Dataset.from_frame(frame)) == len(frame)
    frame.index.name = None
    assert len(Dataset.from_frame(frame, time="index")) == len(frame)


def test_geopandas_points_of_any_coordinate_system_are_places():
    import geopandas

    frame = visits()
    points = geopandas.points_from_xy(frame["longitude"], frame["latitude"], crs=4326)
    geo = geopandas.GeoDataFrame(frame.drop(columns=["latitude", "longitude"]), geometry=points)
    dataset = Dataset.from_frame(geo.to_crs(3857))
    assert np.allclose(dataset.checkins["lat"], frame["latitude"], atol=1e-6)
    assert any("converted" in note for note in dataset.notes)


def test_ids_of_several_types_become_text():
    frame = visits()
    frame["customer"] = [7 if k % 2 else "x7" for k in range(len(frame))]
    assert set(Dataset.from_frame(frame, user="customer").checkins["user_id"]) == {"7", "x7"}


def test_periods_are_times_and_a_lazy_frame_is_collected():
    frame = visits().assign(visited_at=pd.period_range("2024-05-01", periods=60, freq="D"))
    assert Dataset.from_frame(frame).checkins["timestamp"].dt.date().n_unique() == 60
    lazy = pl.from_pandas(visits()).lazy()
    assert len(Dataset.from_frame(lazy)) == 60
    with pytest.raises(ReadError, match="lazy"):
        Dataset.from_frame(lazy.select("nothing"))


def test_rows_without_a_user_are_set_aside_with_a_reason():
    frame = visits()
    frame.loc[:4, "customer"] = None
    dataset = Dataset.from_frame(frame)
    assert len(dataset) == len(frame) - 5 and sum(dataset.reasons.values()) == 5
    assert "5 rows set aside" in repr(dataset)


def test_the_message_names_the_argument_to_add():
    with pytest.raises(MappingError, match="user='a'|user_from='constant'"):
        Dataset.from_frame(
            pd.DataFrame(
                {
                    "a": ["x", "y", "x"],
                    "b": ["u", "v", "w"],
                    "when": pd.to_datetime(["2024-01-01"] * 3),
                }
            )
        )


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(MappingError, match="'buyer'"):
        Dataset.from_frame(visits(), user="buyer")
    with pytest.raises(MappingError, match="colour"):
        Dataset.from_frame(visits(), colour="red")


@pytest.mark.parametrize("wrong", [None, 7, [1, 2], {"a": 1}, np.arange(3), "no such file.csv"])
def test_what_is_no_data_is_refused(wrong):
    with pytest.raises(StrecError):
        Dataset.of(wrong)
    if not isinstance(wrong, str):
        with pytest.raises(ReadError):
            Dataset.from_frame(wrong)
        with pytest.raises(SchemaError):
            Dataset(wrong)


@pytest.mark.parametrize("empty", [pd.DataFrame(), pl.DataFrame(), visits().head(0)])
def test_an_empty_frame_is_refused(empty):
    with pytest.raises(ReadError):
        Dataset.from_frame(empty)


@pytest.mark.slow
def test_what_is_made_of_a_sample(tmp_path):
    dataset = Dataset.sample("travel")
    checkins = strec.read_sample("travel")
    assert dataset.checkins.equals(checkins)
    same = split(checkins)
    assert np.array_equal(dataset.split.part, same.part)
    assert dataset.vocabulary.digest == same.vocabulary.digest
    assert len(dataset.log) == len(dataset) == len(checkins) and len(dataset.train) < len(checkins)
    assert dataset.split is dataset.split and dataset.store is dataset.store
    assert len(dataset.users) == checkins["user_id"].n_unique()
    assert len(dataset.items) == checkins["item_id"].n_unique()
    again = Dataset(checkins, folder=tmp_path / "store")
    assert again.fingerprint == dataset.fingerprint and (tmp_path / "store").is_dir()
    opened = Dataset.of(tmp_path / "store")
    assert "checkins" not in vars(opened) and len(opened) == len(dataset)
    assert repr(opened).replace("data", "travel") == repr(dataset)
    assert np.array_equal(opened.split.part, dataset.split.part)


def test_of_a_large_store_whole_users_are_drawn(monkeypatch):
    monkeypatch.setattr("strec.dataset.MOST_CHECKINS", 1_000)
    whole = Dataset.sample("travel")
    assert len(whole.log) == len(whole)
    opened = Dataset.from_store(whole.store)
    assert 0 < len(opened.log) <= 1_000 and "drawn by chance" in opened.notes[-1]
    counts = whole.checkins["user_id"].value_counts()
    ids = opened.log.owner_ids
    kept = counts.filter(pl.col("user_id").is_in(list(ids)))["count"].sum()
    assert kept == len(opened.log)


@pytest.mark.slow
def test_a_store_lives_as_long_as_somebody_uses_it():
    store = Dataset(schema.example()).store
    gc.collect()
    assert store.checkins().height == 4
    folder = store.folder
    del store
    gc.collect()
    assert not folder.exists()


def test_of_takes_a_data_set_as_it_is():
    dataset = Dataset(schema.example())
    assert Dataset.of(dataset) is dataset
    assert Dataset.of(dataset.store).store is dataset.store


def test_the_zone_of_each_place_is_no_name_of_a_zone(tmp_path):
    table = pd.DataFrame(
        {
            "user": ["ann", "bob"],
            "item": ["cafe", "bar"],
            "time": ["2024-06-03 12:00:00", "2024-06-03 12:00:00"],
            "lat": [52.52, 35.68],
            "lon": [13.40, 139.69],
        }
    )
    table.to_csv(tmp_path / "visits.csv", index=False)
    read = Dataset.from_files(tmp_path / "visits.csv", time_zone="place")
    for dataset in (read, Dataset.from_frame(table, time_zone="place")):
        assert dataset.time_zone is None and dataset.store.time_zone is None
        assert sorted(dataset.checkins["utc_offset_min"]) == [120, 540]


# ---------------------------------------------------------------- items that nobody took yet


@pytest.fixture
def shops(tmp_path):
    """A list with one shop that people took, and one beside it that is new."""
    path = tmp_path / "shops.csv"
    path.write_text("shop,lat,lon\nshop 1,52.55,13.45\nnew,52.55,13.45\n")
    return path


def test_items_that_nobody_took_reach_split_models_and_lists(tmp_path, shops):
    visits().to_csv(tmp_path / "visits.csv", index=False)
    known = Dataset.from_files(tmp_path / "visits.csv")
    told = Dataset.from_files(tmp_path / "visits.csv", catalogue=shops)
    assert told.notes[-1] == "1 of the 2 items has check-ins already: what these say of it counts."
    assert set(told.vocabulary.items) == {*known.vocabulary.items, "new"}
    assert told.checkins.equals(known.checkins) and told.users.equals(known.users)
    # What is kept of the data set by its fingerprint follows from the list too.
    assert told.fingerprint != known.fingerprint
    listed = strec.Recommender(told).recommend("c0", k=9)
    assert "new" in listed["item_id"].to_list()
    found = strec.evaluate("popularity", told, strec.Regime(scored="every"), reference=False)
    assert len(found) == 1
    cleaned, _ = strec.clean(told)
    assert cleaned.catalogue.equals(told.catalogue)


def test_a_store_keeps_the_list_and_can_be_without(tmp_path, shops):
    told = Dataset.from_frame(visits()).with_catalogue(shops)
    again = Dataset.from_store(told.store.folder)
    assert again.catalogue.equals(told.catalogue) and "new" in again.vocabulary.items
    assert again.fingerprint == told.fingerprint
    without = told.store.with_catalogue(None, tmp_path / "without")
    assert without.catalogue is None
    assert without.fingerprint == Dataset.from_frame(visits()).fingerprint
    of_store = Dataset.from_store(without).with_catalogue(shops)
    assert of_store.fingerprint == told.fingerprint and len(of_store) == len(told)
    assert strec.Recommender.of_store(of_store).log.vocabulary.items[-1] == "new"


def test_a_list_that_was_changed_is_noticed(shops):
    store = Dataset.from_frame(visits()).with_catalogue(shops).store
    other = store.catalogue.with_columns(lat=pl.lit(1.0))
    other.write_parquet(store.folder / "catalogue.parquet")
    with pytest.raises(StrecError, match=r"catalogue\.parquet"):
        strec.Store(store.folder)


def test_the_training_part_tells_of_them(shops):
    table = Dataset.from_frame(visits()).checkins.sort("timestamp")
    train, later = Dataset(table[:40]), Dataset(table[40:])
    parts = Dataset.from_parts(train.with_catalogue(shops), later)
    assert "new" in parts.vocabulary.items
    with pytest.raises(StrecError, match="before the parts are put together"):
        parts.with_catalogue(shops)


def test_a_project_takes_the_list_along(shops):
    told = Dataset.from_frame(visits()).with_catalogue(shops)
    project = strec.Project.open(strec.Project.of(told, with_data=True).to_bytes())
    assert project.dataset().fingerprint == told.fingerprint
    assert "1 items" not in project.lacks_data().found and "2 items" in project.lacks_data().found
