"""Which column is what: names in several languages, and what the columns hold."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strec.io.column_names import SYNONYMS, named
from strec.io.roles import guess_roles


def guess_mapping(frame):
    guess = guess_roles(frame)
    return guess.mapping, guess.confidence


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
    ["Müşteri No", "Ürün Kodu", "Tarih", "lat", "lon", "kategori", "Tutar"],
    ["tessera", "museo", "data_ingresso", "lat", "long", "categoria", "prezzo"],
    ["patient_nbr", "ward", "admit_dt", "lat", "lon", "kind", "cost"],
    ["bike_id", "to_station", "start_time", "to_lat", "to_lon", "type", "duration"],
]
FIELDS = ["user_id", "item_id", "timestamp", "lat", "lon", "category", "value"]


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header[0])
def test_names_in_several_languages(header):
    frame = pl.DataFrame(dict(zip(header, WORLD.values(), strict=True)))
    mapping, confidence = guess_mapping(frame)
    assert mapping.columns() == dict(zip(FIELDS, header, strict=True))
    assert all(0.2 < confidence[field] <= 1 for field in FIELDS)


@pytest.mark.slow
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


def test_no_word_names_two_fields_first():
    firsts = [words[0] for words in SYNONYMS.values()]
    assert len(set(firsts)) == len(firsts)
    assert named("lat", "platform") == 0 and named("user_id", "user_name") > 0


def shop_visits(n=120):
    """Purchases of ten customers in three shops: a town per customer, a name per product."""
    return pl.DataFrame(
        {
            "customer_id": [f"c{i % 10}" for i in range(n)],
            "town": [f"town {i % 10 % 4}" for i in range(n)],
            "card_name": [f"Ann {i % 10}" for i in range(n)],
            "product_id": [f"p{i * 7 % 12}" for i in range(n)],
            "product_name": [f"Tea number {i * 7 % 12}" for i in range(n)],
            "store_id": [f"s{i % 3}" for i in range(n)],
            "passenger_count": [str(1 + i % 6) for i in range(n)],
            "bought_at": [f"2024-05-{1 + i % 28:02d} 08:{i % 60:02d}:00" for i in range(n)],
        }
    )


def test_a_shop_is_a_place_beside_its_products():
    guess = guess_roles(shop_visits())
    assert guess.mapping.columns() == {
        "user_id": "customer_id",
        "item_id": "product_id",
        "timestamp": "bought_at",
        "item_name": "product_name",
        "place_id": "store_id",
    }
    assert all(role.is_sure and len(role.examples) == 3 for role in guess.roles.values())


def test_a_count_of_people_is_nobody_and_two_ids_are_a_question():
    frame = shop_visits().drop("customer_id", "card_name")
    assert guess_roles(frame).mapping.user_id is None
    twice = shop_visits().with_columns(parent_product_id=pl.col("product_id") + "x")
    doubt = guess_roles(twice.drop("product_name")).doubts["item_id"]
    assert {doubt.column, doubt.runner_up} == {"product_id", "parent_product_id"}
    assert not doubt.is_sure and "nearly as well" in doubt.why


def test_delays_are_no_ends_of_a_way_and_neither_is_what_never_changes():
    n = 200
    flights = pl.DataFrame(
        {
            "tail_num": [f"N{i % 20:03d}" for i in range(n)],
            "fl_date": [f"2024-05-{1 + i % 28:02d} 08:00:00" for i in range(n)],
            "origin": [("JFK", "LGA", "EWR")[i % 3] for i in range(n)],
            "dest": [("BOS", "ORD", "LAX", "SFO", "MIA")[i % 5] for i in range(n)],
            "dep_delay": [i * 7 % 50 for i in range(n)],
            "arr_delay": [i * 11 % 60 for i in range(n)],
            "dep_fix": ["A"] * n,
            "arr_fix": ["B"] * n,
        }
    )
    mapping = guess_roles(flights).mapping
    assert (mapping.item_id, mapping.origin_id) == ("dest", "origin")


def test_two_places_are_few_for_a_world_of_items():
    n = 200
    classes = pl.DataFrame(
        {
            "client_id": [f"c{i % 20}" for i in range(n)],
            "location": [("Uptown", "Downtown")[i * 7 % 3 % 2] for i in range(n)],
            "visited_at": [f"2024-05-{1 + i % 28:02d} 08:{i % 60:02d}:00" for i in range(n)],
        }
    )
    role = guess_roles(classes).roles["item_id"]
    assert role.column == "location" and not role.is_sure and "few different" in role.why


@pytest.mark.parametrize(
    "ends", [("salida", "llegada"), ("inicio", "fin"), ("início", "fim"), ("debut", "fin")]
)
def test_trips_are_known_in_other_languages(ends):
    sides = [f"{what}_{end}" for what in ("estacion", "fecha", "lat", "lon") for end in ends]
    rows = [
        (f"c{i % 9}", f"E{i % 5}", f"E{i % 4}", f"2023-03-{i % 28 + 1:02d} {8 + i % 10:02d}:10",
         f"2023-03-{i % 28 + 1:02d} {8 + i % 10:02d}:{20 + i % 30}",
         40.4 + i % 5 / 100, 40.4 + i % 4 / 100, -3.7 + i % 5 / 100, -3.7 + i % 4 / 100)
        for i in range(60)
    ]  # fmt: skip
    table = pl.DataFrame(rows, schema=["usuario", *sides], orient="row")
    found = guess_roles(table).mapping.to_dict()
    first, last = ends
    assert found["origin_id"] == f"estacion_{first}" and found["item_id"] == f"estacion_{last}"
    assert found["timestamp"] == f"fecha_{first}" and found["end_timestamp"] == f"fecha_{last}"
    assert found["origin_lat"] == f"lat_{first}" and found["lat"] == f"lat_{last}"
