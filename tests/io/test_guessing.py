"""Guessing unknown tables: names in several languages, content, shapes, second tables."""

import json
import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strec.errors import MappingError, ReadError
from strec.io import Mapping, inspect, read
from strec.io.places import degrees, detect_order, pair
from strec.io.quantities import numbers_of, offset_minutes
from strec.io.roles import SYNONYMS, guess_mapping, named, rank_identities
from strec.io.sniff import sniff
from tests import corpus

TIMES = ["2024-05-01 08:00:00", "2024-05-02 09:30:00", "2024-05-02 10:00:00"]
WORLD = {
    "user": ["7", "7", "8"],
    "item": ["a", "b", "a"],
    "time": TIMES,
    "lat": ["48.8512", "48.8613", "48.8512"],
    "lon": ["2.3514", "2.3415", "2.3514"],
    "kind": ["bar", "park", "bar"],
    "price": ["3,50", "2,00", "1,25"],
}
HEADERS = [
    ["user_id", "item_id", "timestamp", "lat", "lon", "category", "price"],
    ["CustomerID", "ProductName", "Order Date", "Latitude", "Longitude", "Type", "Amount"],
    ["Kunde", "Filiale", "Zeitpunkt", "Breitengrad", "Längengrad", "Kategorie", "Preis"],
    ["用户ID", "商品ID", "下单时间", "纬度", "经度", "类别", "价格"],
    ["utilisateur", "lieu", "date_heure", "latitude", "longitude", "catégorie", "prix"],
    ["usuario", "producto", "fecha", "latitud", "longitud", "categoría", "precio"],
    ["visitor", "venue_id", "visited_at", "geo_lat", "geo_lng", "venue_category", "spend"],
    ["bike_id", "to_station", "start_time", "to_lat", "to_lon", "type", "duration"],
]
FIELDS = ["user_id", "item_id", "timestamp", "lat", "lon", "category", "value"]


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header[0])
def test_names_in_several_languages(header):
    frame = pl.DataFrame(dict(zip(header, WORLD.values(), strict=True)))
    mapping, confidence = guess_mapping(frame)
    assert mapping.columns() == dict(zip(FIELDS, header, strict=True))
    assert all(0.2 < confidence[field] <= 1 for field in FIELDS)


@given(order=st.permutations(range(7)))
@settings(max_examples=20, deadline=None)
def test_the_order_of_the_columns_does_not_matter(order):
    header = HEADERS[2]
    columns = dict(zip(header, WORLD.values(), strict=True))
    frame = pl.DataFrame({header[i]: columns[header[i]] for i in order})
    assert guess_mapping(frame)[0].columns() == dict(zip(FIELDS, header, strict=True))


def test_a_name_is_not_believed_against_the_content():
    frame = pl.DataFrame({"user": ["a", "b"], "item": ["x", "y"], "time": ["soon", "late"],
                          "when it was": TIMES[:2], "lat": ["north", "south"],
                          "lon": ["1.5", "2.5"]})  # fmt: skip
    mapping, _ = guess_mapping(frame)
    assert mapping.timestamp == "when it was" and mapping.lat is mapping.lon is None


def test_coordinates_without_a_name_are_found_by_content():
    frame = pl.DataFrame({"who": ["a", "b"], "what": ["x", "y"], "when": TIMES[:2],
                          "p": ["48.85123", "48.86134"], "q": ["2.35142", "2.34151"],
                          "n": ["1", "2"]})  # fmt: skip
    mapping, confidence = guess_mapping(frame)
    assert (mapping.lat, mapping.lon) == ("p", "q") and confidence["lat"] < 0.5


def test_decimal_commas_are_no_pairs():
    frame = pl.DataFrame({"who": ["a", "b"], "what": ["x", "y"], "when": TIMES[:2],
                          "Breite": ["52,5", "52,51"], "Länge": ["13,4", "13,45"]})  # fmt: skip
    mapping, _ = guess_mapping(frame)
    assert (mapping.lat, mapping.lon) == ("Breite", "Länge")
    pairs = frame.with_columns(
        pl.Series("Länge", ["52,5, 13,4", "52,51 13,45"]), Breite=pl.lit("1")
    )
    mapping, _ = guess_mapping(pairs)
    assert mapping.lat == mapping.lon == "Länge"


def test_the_destination_of_a_trip_brings_its_coordinates():
    header = ["rider", "start_station", "end_station", "started", "start_lat", "start_lng",
              "end_lat", "end_lng"]  # fmt: skip
    rows = [["a", "s", "e", TIMES[0], "1.2345", "2.3456", "3.4567", "4.5678"]] * 3
    mapping, _ = guess_mapping(pl.DataFrame(rows, schema=header, orient="row"))
    assert (mapping.item_id, mapping.lat, mapping.lon) == ("end_station", "end_lat", "end_lng")


@pytest.mark.parametrize(
    ("column", "values", "found"),
    [
        ("img_url", ["https://x.org/a.jpg", "https://x.org/b.jpg?size=2"], True),
        ("Thumbnail", ["https://cdn.x.org/1", "https://cdn.x.org/2"], True),
        ("Bild", ["bilder/a.PNG", None], True),
        ("column 9", ["a.webp", "b.jpeg"], True),
        ("image", ["yes", "no"], False),
        ("photos", ["3", "5"], False),
        ("link", ["https://x.org/shop", "https://x.org/bar"], False),
    ],
)
def test_pictures_are_found_by_names_and_by_content(column, values, found):
    frame = pl.DataFrame({"user": ["a", "b"], "item": ["x", "y"], "time": TIMES[:2],
                          column: values})  # fmt: skip
    mapping, _ = guess_mapping(frame)
    assert mapping.image == (column if found else None)
    assert (mapping.user_id, mapping.item_id, mapping.timestamp) == ("user", "item", "time")


def test_identities_come_first_among_the_answers():
    n = 40
    frame = pl.DataFrame(
        {
            "row": [str(i) for i in range(n)],
            "temperature": [f"{i / 7:.2f}" for i in range(n)],
            "badge": [f"b{i % 5}" for i in range(n)],
            "moment": [f"2024-05-01 08:00:{i:02d}" for i in range(n)],
        }
    )
    assert rank_identities(frame, frame.columns)[:2] == ["badge", "row"]


def test_no_word_names_two_fields_first():
    firsts = [words[0] for words in SYNONYMS.values()]
    assert len(set(firsts)) == len(firsts)
    assert named("lat", "platform") == 0 and named("user_id", "user_name") > 0


# --- shapes --------------------------------------------------------------------------------------

plain_cells = st.text("abcXYZ019 _-éß中🍕", min_size=1, max_size=8).map(lambda s: f"x{s}x")


@given(
    rows=st.lists(st.lists(plain_cells, min_size=3, max_size=3), min_size=1, max_size=12),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
@settings(max_examples=60, deadline=None)
def test_any_delimiter_is_seen(rows, delimiter, end):
    text = end.join(delimiter.join(row) for row in [["who", "what", "note"], *rows]) + end
    shape = sniff(text, "x.csv", complete=True)
    assert (shape.delimiter, shape.columns) == (delimiter, ("who", "what", "note"))


@given(delimiter=st.sampled_from([",", ";", "\t", "|"]), seed=st.integers(0, 10**6))
@settings(max_examples=12, deadline=None)
def test_quoted_cells_may_hold_anything(tmp_path_factory, delimiter, seed):
    rng = random.Random(seed)
    pieces = [",", ";", "\t", "|", "'", " ", "ü", "9", "a", "\n"]
    cells = ["c" + "".join(rng.choices(pieces, k=6)).strip() + "c" for _ in range(12)]
    rows = [["u1", cell, "2024-05-01 08:00:00"] for cell in cells]
    lines = [["user", "item", "time"], *([a, '"' + b + '"', c] for a, b, c in rows)]
    path = tmp_path_factory.mktemp("quoted") / "x.csv"
    path.write_text("\n".join(delimiter.join(line) for line in lines), newline="")
    assert read(path).checkins["item_id"].to_list() == cells


def test_a_table_without_header_is_seen():
    shape = sniff("7\t2024-05-01\tbar\n8\t2024-05-02\tpub\n", "x.txt", True)
    assert not shape.has_header and shape.columns == ("column_1", "column_2", "column_3")
    assert sniff("a;b\n1,5;2,5\n3,5;4,5\n", "x.csv", True).delimiter == ";"


@pytest.mark.parametrize(
    "text, degree",
    [("40.7", 40.7), ("40,7", 40.7), ("-74", -74), ("40.7° N", 40.7), ("74.006 W", -74.006),
     ("S 33.9", -33.9), ("40°45'36\"N", 40.76), ("4.07e1", 40.7)],
)  # fmt: skip
def test_degrees_as_people_write_them(text, degree):
    assert degrees(pl.Series([text]))[0][0] == pytest.approx(degree, abs=1e-9)


def test_what_is_no_degree():
    assert degrees(pl.Series(["north", "12:30", "1.2.3", "", "NA"]))[0].null_count() == 5


@pytest.mark.parametrize("text", ["40.5, -74.25", "(40.5 -74.25)", "POINT (-74.25 40.5)",
                                  "40,5; -74,25", "40.5|-74.25"])  # fmt: skip
def test_two_coordinates_in_one_cell(text):
    lat, lon = pair(pl.Series([text]))
    assert (lat[0], lon[0]) == (40.5, -74.25)


def test_order_of_coordinates():
    paris = pl.Series([48.85, 48.86]), pl.Series([2.35, 2.34])
    assert detect_order(*paris).order == "lat_lon"
    assert detect_order(paris[1], paris[0]).order is None
    assert detect_order(pl.Series([5e6]), pl.Series([4e5])).projected
    # Spots of bad data do not make a swap.
    assert detect_order(pl.Series([48.85] * 30 + [95.0]), pl.Series([2.35] * 31)).order == "lat_lon"


def test_numbers_and_offsets_as_people_write_them():
    texts = pl.Series(["3", "1,539", "1.234,5", "2,5", "$ 4.20", "12 €", "1 000", "x", "NA", None])
    assert numbers_of(texts).to_list() == [3, 1539, 1234.5, 2.5, 4.2, 12, 1000, None, None, None]
    assert offset_minutes(pl.Series(["-5", "5.5", "99"]), "hours").to_list() == [-300, 330, None]
    assert offset_minutes(pl.Series([-14400]), "seconds").to_list() == [-240]


@pytest.mark.parametrize(
    ("delimiter", "texts", "values", "sign", "is_said"),
    [
        (";", ["1.234,50", "1.234", "12,5", "999"], [1234.5, 1234, 12.5, 999], "comma", False),
        (";", ["0,125", "1,126", "2,5 €"], [0.125, 1.126, 2.5], "comma", False),
        (";", ["0,125", "1,126"], [0.125, 1.126], "comma", False),
        (";", ["3,125", "1,126"], [3.125, 1.126], "comma", True),
        (",", ["1,539", "12", "7"], [1539, 12, 7], "point", True),
        (",", ["1,539", "$ 12.50", "7"], [1539, 12.5, 7], "point", False),
        (",", ["1.234", "12.345"], [1.234, 12.345], "point", True),
        (",", ["3.5", "4,5"], [3.5, 4.5], None, False),
        (",", ["3", "4", "NA"], [3, 4, None], None, False),
    ],
)
def test_a_column_has_one_decimal_sign(tmp_path, delimiter, texts, values, sign, is_said):
    frame = pl.DataFrame(
        {"user": "a", "item": [f"i{i}" for i in range(len(texts))], "time": "2024-05-01T08:00Z",
         "price": texts}
    )  # fmt: skip
    frame.write_csv(tmp_path / "x.csv", separator=delimiter)
    result = read(tmp_path / "x.csv")
    assert result.checkins["value"].to_list() == values
    assert result.mapping.decimal == sign
    assert any("not certain" in note for note in result.notes) == is_said
    assert read(tmp_path / "x.csv", result.mapping).checkins.equals(result.checkins)


# --- whole files ---------------------------------------------------------------------------------


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


def test_pickup_by_content_only_asks_who_and_what(tmp_path):
    text = "\n".join("\t".join(row[:3]) for row in corpus.rows())
    look = inspect(write(tmp_path, "bare.txt", text))
    assert look.mapping.timestamp == "column_3"
    asked = {question.key: question for question in look.questions if question.must_be_answered}
    assert set(asked) == {"user", "item"}
    mapping = look.mapping
    mapping = mapping.replace(user_id="column_1", item_id="column_2")
    assert read(tmp_path / "bare.txt", mapping).n_checkins == corpus.N_ROWS


def test_a_changed_mapping_is_examined_anew(tmp_path):
    path = corpus.make("plain", tmp_path)
    changed = inspect(path, mapping=Mapping(user_id="venue", item_id="user", timestamp="time"))
    assert changed.mapping.user_id == "venue" and changed.mapping.lat is None
    assert changed.mapping.time_zone == "UTC"
    with pytest.raises(MappingError, match="no column 'x'"):
        inspect(path, mapping=Mapping(user_id="x", item_id="user", timestamp="time"))
    with pytest.raises(MappingError, match="together"):
        read(path, inspect(path).mapping.replace(lat=None))


def test_mapping_refuses_what_it_does_not_know():
    with pytest.raises(MappingError, match="unknown entries colour"):
        Mapping.from_dict({"colour": "red"})
    with pytest.raises(MappingError, match="one of utc, local"):
        Mapping(time_is="gmt")


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
        {"user": ["007", "008"], "item": ["a", "b"], "time": TIMES[:2]},
        geometry=geopandas.points_from_xy([2.35, 2.36], [48.85, 48.86]),
        crs=4326,
    )
    frame.to_crs(2154).to_file(tmp_path / "x.gpkg", layer="visits")
    result = read(tmp_path / "x.gpkg")
    assert result.format == "geopackage" and result.checkins["user_id"].to_list() == ["007", "008"]
    assert result.checkins["lat"].to_list() == pytest.approx([48.85, 48.86], abs=1e-6)
    assert any("converted from RGF93" in note for note in result.notes)
