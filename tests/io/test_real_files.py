"""The real files, in their published form: recognised by content and read as pandas reads them."""

import shutil
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from strec import schema
from strec.errors import ReadError
from strec.io import FORMATS, ingest, inspect, read

pytestmark = pytest.mark.slow

#: Files, format, check-ins, users, items; counted with pandas.
FILES = [
    (["foursquare_nyc/train.csv.gz"], "foursquare_getnext", 83467, 1047, 4981),
    (["foursquare_nyc/val.csv.gz", "foursquare_nyc/pois.csv"], "foursquare_getnext",
     10339, 513, 2558),
    (["foursquare_calgary/checkins.csv.gz"], "foursquare_calgary", 5652, 301, 1266),
    (["divvy_2013/trips.csv.gz"], "divvy", 50000, 1, 139),
    (["divvy_2013/stations.csv", "divvy_2013/trips.csv.gz"], "divvy", 50000, 1, 139),
    (["flickr_tours/traj-Edin.csv", "flickr_tours/poi-Edin.csv"], "flickr_tours", 7853, 1454, 28),
    (["flickr_tours/poi-Osak.csv", "flickr_tours/traj-Osak.csv"], "flickr_tours", 1372, 450, 27),
    (["flickr_tours/traj-Toro.csv", "flickr_tours/poi-Toro.csv"], "flickr_tours", 7607, 1395, 29),
    (["movielens_100k/u.data"], "movielens_100k", 100000, 943, 1682),
    (["movielens_100k/u.data", "movielens_100k/ml-100k.item",
      "movielens_100k/users_with_zip_latlon.csv"], "movielens_100k", 100000, 943, 1682),
    (["nycflights13/visits.csv.gz"], "nycflights13", 320960, 4037, 100),
    (["nycflights13/airports.csv", "nycflights13/visits.csv.gz"], "nycflights13",
     320960, 4037, 100),
    (["format_samples/dataset_TSMC2014_sample.txt"], "foursquare_tsmc2014", 5000, None, None),
    (["format_samples/loc-gowalla_format_sample.txt"], "snap", 5000, None, None),
    (["format_samples/citibike.csv.gz"], "bike_rides", 9964, None, None),
    (["format_samples/geolife_small.csv.gz"], "geolife_points", 5908, None, None),
]  # fmt: skip


@pytest.mark.parametrize("names, key, n, users, items", FILES, ids=lambda x: str(x)[:60])
def test_a_real_file_is_recognised_whatever_its_name(
    data_dir, tmp_path, names, key, n, users, items
):
    paths = []
    for i, name in enumerate(names):
        # Neither name nor ending may help.
        paths.append(tmp_path / f"upload{i}")
        shutil.copyfile(data_dir / name, paths[-1])
    look = inspect(paths)
    assert look.format == key and look.title == FORMATS[key].label and look.cite
    assert not any(question.must_be_answered for question in look.questions)
    result = read(paths)
    assert result.n_checkins == n
    assert result.n_rows == n + sum(result.reasons.values())
    if users:
        assert result.checkins["user_id"].n_unique() == users
        assert result.checkins["item_id"].n_unique() == items


def test_foursquare_new_york_equals_pandas(data_dir):
    path = data_dir / "foursquare_nyc/val.csv.gz"
    raw = pd.read_csv(path, dtype={"user_id": str})
    table = read([data_dir / "foursquare_nyc/pois.csv", path]).checkins.to_pandas()
    assert (table["user_id"] == raw["user_id"]).all()
    assert (table["timestamp"] == pd.to_datetime(raw["UTC_time"])).all()
    local = table["timestamp"] + pd.to_timedelta(table["utc_offset_min"], unit="min")
    assert (local.dt.tz_localize(None) == raw["local_time"].str[:19].astype("datetime64[us]")).all()
    assert (table["lat"] == raw["latitude"]).all() and (
        table["category"] == raw["POI_catname"]
    ).all()
    names = pd.read_csv(data_dir / "foursquare_nyc/pois.csv").set_index("POI_id")["POI_name"]
    expected = raw["POI_id"].map(names)
    assert (table["item_name"].fillna("") == expected.fillna("")).all() and expected.notna().any()


def test_tsmc2014_is_latin_1_without_header(data_dir):
    path = data_dir / "format_samples/dataset_TSMC2014_sample.txt"
    assert inspect(path).files[0]["encoding"] == "latin-1"
    raw = pd.read_csv(path, sep="\t", header=None, encoding="latin-1", quoting=3, dtype=str)
    table = read(path).checkins.to_pandas()
    assert (table["item_id"] == raw[1]).all()
    assert (table["category"].fillna("") == raw[3].fillna("")).all()
    expected = pd.to_datetime(raw[7], format="%a %b %d %H:%M:%S %z %Y")
    assert (table["timestamp"] == expected).all()
    assert (table["utc_offset_min"] == raw[6].astype(int)).all()


def test_calgary_times_are_utc_with_the_offset_beside_them(data_dir):
    path = data_dir / "foursquare_calgary/checkins.csv.gz"
    raw = pd.read_csv(path)
    table = read(path).checkins.to_pandas()
    # The column called local time repeats the UTC time, day first, without seconds.
    again = pd.to_datetime(raw["Local_sg_time"], format="%d/%m/%Y %H:%M")
    assert (table["timestamp"].dt.tz_localize(None).dt.floor("min") == again).mean() > 0.99
    assert (table["utc_offset_min"] == raw["Zone"]).all()


def test_divvy_times_are_chicago(data_dir):
    first = read(data_dir / "divvy_2013/trips.csv.gz").checkins.row(0, named=True)
    # 18:52 daylight time in Chicago; "1,539" seconds.
    assert first["timestamp"].isoformat() == "2013-06-28T23:52:00+00:00"
    assert first["utc_offset_min"] == -300 and first["value"] == 1539.0


def test_divvy_without_coordinates_takes_them_from_the_stations(data_dir, tmp_path):
    trips = pl.read_csv(data_dir / "divvy_2013/trips.csv.gz", infer_schema=False).head(500)
    bare = tmp_path / "trips.csv"
    trips.drop("to_lat", "to_lon", "from_lat", "from_lon").write_csv(bare)
    table = read([bare, data_dir / "divvy_2013/stations.csv"]).checkins
    for found, column in (("lat", "to_lat"), ("origin_lat", "from_lat")):
        known = table.filter(pl.col(found).is_not_null())
        assert len(known) > 450
        expected = trips.filter(table[found].is_not_null())[column].cast(pl.Float64)
        assert (known[found] - expected).abs().median() < 1e-4


def test_flickr_keeps_clocks_that_are_wrong_by_a_century(data_dir):
    years = set()
    for city in ("Edin", "Osak", "Toro"):
        folder = data_dir / "flickr_tours"
        table = read([folder / f"poi-{city}.csv", folder / f"traj-{city}.csv"]).checkins
        assert table["lat"].null_count() == 0 and table["category"].null_count() == 0
        years |= set(table["timestamp"].dt.year())
    assert min(years) < 1990 or max(years) > 2020


def test_flickr_needs_both_files_of_one_city(data_dir):
    folder = data_dir / "flickr_tours"
    with pytest.raises(ReadError, match="list of sights"):
        read(folder / "traj-Edin.csv")
    with pytest.raises(ReadError, match="check-ins themselves"):
        read(folder / "poi-Edin.csv")
    with pytest.raises(ReadError, match="exactly one"):
        read(
            [folder / f"{kind}-{city}.csv" for kind in ("poi", "traj") for city in ("Edin", "Osak")]
        )


def test_movielens_titles_genres_and_places(data_dir):
    folder = data_dir / "movielens_100k"
    paths = [folder / "users_with_zip_latlon.csv", folder / "u.data", folder / "ml-100k.item"]
    result = read(paths)
    films = result.checkins.filter(pl.col("item_id") == "1")
    assert films["item_name"].unique().to_list() == ["Toy Story"]
    assert films["category"].unique().to_list() == ["Animation Children's Comedy"]
    first_user = result.checkins.filter(pl.col("user_id") == "1").row(0, named=True)
    assert (first_user["lat"], first_user["lon"]) == (32.214075, -110.883744)
    # Tucson keeps standard time all year.
    assert first_user["utc_offset_min"] == -420
    assert any("where the user lives" in note for note in result.notes)


def test_nycflights_asks_for_the_zone_with_a_default_from_the_places(data_dir):
    path = data_dir / "nycflights13/visits.csv.gz"
    (question,) = inspect(path).questions
    assert question.key == "time_zone" and not question.must_be_answered
    assert question.options[question.default].changes == {"time_zone": "America/New_York"}
    raw = pd.read_csv(path, usecols=["local_time"])["local_time"].astype("datetime64[us]")
    expected = raw.dt.tz_localize("America/New_York", ambiguous=True).dt.tz_convert("UTC")
    assert (read(path).checkins["timestamp"].to_pandas() == expected).all()
    chicago = read(path, time_zone="America/Chicago").checkins["utc_offset_min"]
    assert set(chicago) == {-300, -360}


def test_citi_bike_names_nobody(data_dir):
    path = data_dir / "format_samples/citibike.csv.gz"
    look = inspect(path)
    assert any("carry no rider" in note for note in look.notes)
    assert not [q for q in look.questions if q.key == "user"]
    table = read(path).checkins
    assert set(table["user_id"]) == {schema.NOBODY}
    # Station ids such as 6170.02 are text.
    assert table["origin_id"][0] == "6170.02"
    assert (table["end_timestamp"] >= table["timestamp"]).mean() > 0.99
    # A mapping that was saved when the station of the start stood for the user still opens.
    before = look.mapping.replace(
        user_from=None, user_id="start_station_id", origin_id=None, origin_name=None,
        origin_lat=None, origin_lon=None, end_timestamp=None,
    )  # fmt: skip
    former = read(path, before)
    assert former.checkins["user_id"][0] == "6170.02"
    assert former.rejected["reason"].is_in(["no user", "no item"]).all()


def test_geolife_points_become_cells(data_dir):
    import h3

    table = read(data_dir / "format_samples/geolife_small.csv.gz").checkins
    row = table.row(100, named=True)
    assert row["item_id"] == h3.latlng_to_cell(row["lat"], row["lon"], 10)
    assert set(table["utc_offset_min"]) == {480}


def test_train_and_val_together_keep_the_file_of_a_rejected_row(data_dir, tmp_path):
    broken = tmp_path / "broken.csv"
    rows = pl.read_csv(data_dir / "foursquare_nyc/val.csv.gz", infer_schema=False).head(10)
    rows.with_columns(pl.lit("?").alias("UTC_time")).write_csv(broken)
    result = read([data_dir / "foursquare_nyc/train.csv.gz", broken])
    assert result.n_checkins == 83467
    assert result.rejected.select("file", "row").row(0) == ("broken.csv", 1)


@pytest.mark.parametrize("name", ["foursquare_nyc/train.csv.gz", "nycflights13/visits.csv.gz"])
def test_ingest_equals_read(data_dir, tmp_path, name):
    path = Path(data_dir / name)
    ingest(path, tmp_path / "out.parquet")
    assert pl.read_parquet(tmp_path / "out.parquet").equals(read(path).checkins)
