"""Known formats, second tables, and what does not belong."""

import json

import pytest

from strec.errors import ReadError
from strec.io import inspect, read
from tests import corpus


def write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_second_table_brings_places_and_names(tmp_path):
    visits = corpus.table([row[:3] for row in corpus.rows()], ("customer", "shop_id", "time"))
    shops = "id,name,lat,lon,type\n" + "".join(
        f"v{i},Shop {i},{40.7 + i / 100:.4f},{-74 + i / 100:.4f},bakery\n" for i in range(10)
    )
    paths = [write(tmp_path, "b.csv", shops), write(tmp_path, "a.csv", visits)]
    result = read(paths)
    first = result.checkins.row(1, named=True)
    assert (first["item_id"], first["item_name"], first["lat"]) == ("v7", "Shop 7", 40.77)
    assert any("Joined b.csv" in note for note in result.notes)


def test_a_table_that_does_not_belong_is_left_out_and_said(tmp_path):
    other = write(tmp_path, "other.csv", "colour,hex\nred,ff0000\nblue,0000ff\n")
    result = read([other, corpus.make("plain", tmp_path)])
    assert result.n_checkins == corpus.N_ROWS
    assert any("other.csv was left out" in note for note in result.notes)


def test_known_formats_without_a_real_file(tmp_path):
    yelp = [{"review_id": "r", "user_id": "u1", "business_id": "b1", "stars": 4.0,
             "text": "Good\nsoup", "date": "2018-07-07 22:09:11"}] * 3  # fmt: skip
    shops = [{"business_id": "b1", "name": "Soup", "latitude": 40.0, "longitude": -75.1,
              "categories": "Soup, Food", "hours": {"Mon": "9-5"}, "attributes": None}]  # fmt: skip
    review = write(tmp_path, "r.json", "".join(json.dumps(row) + "\n" for row in yelp))
    business = write(tmp_path, "b.json", "".join(json.dumps(row) + "\n" for row in shops))
    result = read([business, review])
    row = result.checkins.row(0, named=True)
    assert result.format == "yelp" and row["item_name"] == "Soup" and row["lat"] == 40.0
    assert (row["value"], row["text"], row["utc_offset_min"]) == (4.0, "Good\nsoup", -240)
    with pytest.raises(ReadError, match="check-ins themselves"):
        read(business)

    ratings = write(tmp_path, "ratings.csv",
                    "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n")  # fmt: skip
    movies = write(tmp_path, "movies.csv",
                   'movieId,title,genres\n31,"Dangerous Minds, a film",Drama\n')  # fmt: skip
    row = read([ratings, movies]).checkins.row(0, named=True)
    assert (row["item_name"], row["category"]) == ("Dangerous Minds, a film", "Drama")

    inter = write(tmp_path, "x.inter",
                  "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
                  "007\t9\t3\t881250949\n")  # fmt: skip
    result = read(inter)
    assert result.format == "recbole" and result.checkins["user_id"][0] == "007"

    dat = write(tmp_path, "ratings.dat", "1::1193::5::978300760\n1::661::3::978302109\n")
    result = read(dat)
    assert result.format == "movielens_1m" and result.checkins["item_id"].to_list() == [
        "1193",
        "661",
    ]

    venue = "4b15508cf964a520c3b023e3"
    tist = write(tmp_path, "c.txt", f"50756\t{venue}\tTue Apr 03 18:00:06 +0000 2012\t240\n")
    pois = write(tmp_path, "p.txt", f"{venue}\t55.696132\t37.557842\tTheater\tRU\n")
    row = read([tist, pois]).checkins.row(0, named=True)
    assert (row["lat"], row["category"], row["utc_offset_min"]) == (55.696132, "Theater", 240)


def test_the_wrong_city_for_a_companion_is_refused(tmp_path):
    visits = write(tmp_path, "v.csv", "userID,trajID,poiID,startTime\na,1,5,1277719324\n")
    sights = write(tmp_path, "s.csv", "poiID,poiCat,poiLon,poiLat\n9,Park,2.3,48.8\n")
    with pytest.raises(ReadError, match="same city"):
        read([visits, sights])


def test_geopackage_in_metres_becomes_degrees(tmp_path):
    geopandas = pytest.importorskip("geopandas")
    frame = geopandas.GeoDataFrame(
        {
            "user": ["007", "008"],
            "item": ["a", "b"],
            "time": ["2024-05-01 08:00:00", "2024-05-02 09:30:00"],
        },
        geometry=geopandas.points_from_xy([2.35, 2.36], [48.85, 48.86]),
        crs=4326,
    )
    frame.to_crs(2154).to_file(tmp_path / "x.gpkg", layer="visits")
    result = read(tmp_path / "x.gpkg")
    assert result.format == "geopackage" and result.checkins["user_id"].to_list() == ["007", "008"]
    assert result.checkins["lat"].to_list() == pytest.approx([48.85, 48.86], abs=1e-6)
    assert any("converted from RGF93" in note for note in result.notes)


# ---------------------------------------------------------------- second files of public data


def beside(folder, events, header, lines, described, about):
    """Write a table of events and a table that describes them; return both paths."""
    paths = [folder / events, folder / described]
    paths[0].write_text("\n".join([header, *lines]), encoding="utf-8")
    paths[1].write_text(about, encoding="utf-8")
    return paths


@pytest.mark.slow
def test_the_venues_of_gowalla_say_where_and_not_when(tmp_path):
    """Liu et al.'s release: the spots have a time of their own, when they were made."""
    lines = [f"{1000 + i % 12},{400000 + i * 7 % 25},2011-08-{1 + i % 28:02d}T09:{i % 60:02d}:00Z"
             for i in range(200)]  # fmt: skip
    spots = ["id,created_at,lng,lat,photos_count,checkins_count,users_count,radius_meters,"
             "highlights_count,items_count,max_items_count,spot_categories"]  # fmt: skip
    spots += [f"{400000 + p},2008-12-05T01:{p:02d}:10Z,{-97.7 + p / 300:.6f},{30.2 + p / 400:.6f},"
              f"{p % 5},{30 + p},{9 + p},35,0,10,10,food" for p in range(30)]  # fmt: skip
    paths = beside(tmp_path, "gowalla_checkins.csv", "userid,placeid,datetime", lines,
                   "gowalla_spots_subset1.csv", "\n".join(spots))  # fmt: skip
    look = inspect(paths[::-1])
    assert look.mapping.columns() == {
        "user_id": "userid", "item_id": "placeid", "timestamp": "datetime", "lat": "lat",
        "lon": "lng",
    }  # fmt: skip
    first = read(paths).checkins.filter(item_id="400007").row(0, named=True)
    assert (first["lat"], first["lon"]) == (30.2175, -97.676667)
    assert first["timestamp"].year == 2011


STATIONS = "\n".join(
    ["code,name,latitude,longitude"]
    + [f"{6000 + p},de la Commune / {p},{45.5 + p / 300:.6f},{-73.55 - p / 500:.6f}"
       for p in range(27)]
)  # fmt: skip
GBFS = json.dumps({"last_updated": 1, "ttl": 5, "data": {"stations": [
    {"station_id": str(6000 + p), "name": f"de la Commune / {p}", "lat": round(45.5 + p / 300, 6),
     "lon": round(-73.55 - p / 500, 6), "capacity": 20} for p in range(27)]}})  # fmt: skip


@pytest.mark.parametrize(
    "name, about", [("Stations_2017.csv", STATIONS), ("station_information.json", GBFS)]
)
def test_a_list_of_stations_says_where_trips_begin_and_end(tmp_path, name, about):
    header = "start_date,start_station_code,end_date,end_station_code,duration_sec,is_member"
    lines = [
        f"2017-05-{1 + i % 28:02d} 08:{i % 60:02d},{6000 + i % 25},2017-05-{1 + i % 28:02d} "
        f"09:{i % 60:02d},{6000 + i * 7 % 25},{3600 + i},{i % 2}"
        for i in range(200)
    ]
    paths = beside(tmp_path, "OD_2017-05.csv", header, lines, name, about)
    result = read(paths)
    assert result.mapping.user_from == "nobody"
    row = result.checkins.filter(origin_id="6001", item_id="6007").row(0, named=True)
    assert (row["item_name"], row["origin_name"]) == ("de la Commune / 7", "de la Commune / 1")
    assert (row["lat"], row["origin_lat"]) == (45.523333, 45.503333)
    assert (row["lon"], row["origin_lon"]) == (-73.564, -73.552)


@pytest.mark.slow
def test_the_zones_of_taxis_name_both_ends(tmp_path):
    header = "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,"
    header += "RatecodeID,store_and_fwd_flag,PULocationID,DOLocationID,payment_type,total_amount"
    lines = [f"{1 + i % 2},2023-01-{1 + i % 28:02d} 08:{i % 60:02d}:00,2023-01-{1 + i % 28:02d} "
             f"09:{i % 60:02d}:00,{1 + i % 3},{i % 9 + 0.37},1,N,{40 + i % 25},{40 + i * 7 % 25},"
             f"1,{i % 30 + 5.5}" for i in range(200)]  # fmt: skip
    zones = ['"LocationID","Borough","Zone","service_zone"']
    zones += [f'{i},"{("Queens", "Bronx", "Manhattan")[i % 3]}","Old {chr(65 + i % 26)} Heights '
              f'{i}","Boro Zone"' for i in range(1, 266)]  # fmt: skip
    paths = beside(tmp_path, "yellow.csv", header, lines, "taxi_zone_lookup.csv", "\n".join(zones))
    result = read(paths)
    assert result.mapping.user_from == "nobody"
    row = result.checkins.filter(origin_id="41", item_id="47").row(0, named=True)
    assert (row["item_name"], row["origin_name"]) == ("Old V Heights 47", "Old P Heights 41")
