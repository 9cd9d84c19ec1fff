"""Workbooks, databases, typed columns and JSON of any shape hold the same check-ins."""

import json
import zipfile
from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strec.errors import LimitError, MappingError, ReadError
from strec.io import Mapping, inspect, read
from tests import corpus
from tests.corpus import forms

ROWS = [tuple(row) for row in corpus.rows()]
TABLE = [forms.HEADER, *(row[:5] for row in ROWS)]
SHOPS = [("id", "shop name"), *((item, f"Shop {item}") for item in sorted({r[1] for r in ROWS}))]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    path = tmp_path_factory.mktemp("plain") / "x.csv"
    path.write_text(corpus.table(corpus.rows()))
    return read(path).checkins


def same(result, plain) -> bool:
    names = ["user_id", "item_id", "timestamp", "lat", "lon"]
    return result.checkins.select(names).equals(plain.select(names))


@pytest.mark.parametrize("make", [forms.xlsx, forms.xls, forms.ods])
def test_a_workbook_with_one_sheet_is_taken(make, tmp_path, plain):
    path = tmp_path / "book"
    path.write_bytes(make({"Visits": TABLE}))
    assert same(read(path), plain)
    assert inspect(path).files[0]["kind"] == "workbook"


def test_times_of_a_workbook_are_the_seconds_they_mean(tmp_path):
    # 1 January 2023 is day 44927; ten hours in eleven digits, as Excel writes them.
    rows = [(f"u{h % 3}", f"p{h % 4}", ("t", round(44927 + h / 24, 6))) for h in range(24)]
    path = tmp_path / "hours.xlsx"
    path.write_bytes(forms.xlsx({"S": [("user", "item", "time"), *rows]}))
    found = read(path, time_zone="UTC").checkins
    assert found["timestamp"].dt.hour().to_list() == list(range(24))
    assert found["timestamp"].dt.minute().to_list() == [0] * 24


@pytest.mark.slow
def test_sheets_that_describe_are_joined_and_others_are_asked_about(tmp_path, plain):
    path = tmp_path / "book.xlsx"
    path.write_bytes(forms.xlsx({"Shops": SHOPS, "Visits": TABLE}))
    result = read(path)
    assert same(result, plain)
    assert any("Joined" in note and "Shops" in note for note in result.notes)
    other = [forms.HEADER[:3] + ("a", "b"), *(row[:5] for row in ROWS[:20])]
    path.write_bytes(forms.xlsx({"2023": TABLE, "2024": other}))
    (question,) = [q for q in inspect(path).questions if q.key == "table"]
    assert [option.changes["table"] for option in question.options] == ["2023", "2024"]
    with pytest.raises(MappingError, match="Several tables"):
        read(path)
    assert read(path, Mapping(table="2024")).n_checkins == 20
    chosen = read(path, Mapping(table="2023"))
    assert same(chosen, plain) and chosen.mapping.table == "2023"
    assert same(read(path, chosen.mapping), plain)
    with pytest.raises(MappingError, match="2023, 2024"):
        read(path, Mapping(table="2025"))


def test_a_sheet_with_two_cells_far_apart_is_refused(tmp_path):
    path = tmp_path / "far.xlsx"
    path.write_bytes(forms.xlsx({"S": TABLE}))
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    members[sheet] = members[sheet].replace(b"</sheetData>", far)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(LimitError, match="column XFD"):
        read(path)


def test_a_database_is_read_and_never_written(tmp_path, plain):
    path = forms.sqlite(tmp_path / "any.db", {"visits": TABLE, "shop": SHOPS, "none": [("a",)]})
    before = path.read_bytes()
    result = read(path)
    assert same(result, plain) and path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    assert {facts["kind"] for facts in inspect(path).files} == {"sqlite"}


@pytest.mark.parametrize("write", ["write_ipc", "write_ipc_stream", "write_parquet"])
def test_typed_files(write, tmp_path, plain):
    frame = pl.DataFrame(
        {name: [row[i] for row in ROWS] for i, name in enumerate(forms.HEADER)}
    ).with_columns(pl.col("user").cast(pl.Categorical), pl.col("lat", "lon").cast(pl.Float64))
    path = tmp_path / "x"
    getattr(frame, write)(path)
    assert same(read(path), plain)


def test_odd_types_of_parquet(tmp_path):
    when = [datetime(2024, 5, 1, 6, tzinfo=UTC) + timedelta(hours=i) for i in range(6)]
    table = pa.table(
        {
            "who": pa.array([b"ann", b"ben"] * 3, pa.binary()),
            "what": pa.array(["inn", "bar", "inn"] * 2).dictionary_encode(),
            "when": pa.array(when, pa.timestamp("us", "+02:00")),
            "price": pa.array(range(6), pa.decimal256(60, 2)),
            "stay": pa.array([timedelta(minutes=i) for i in range(6)], pa.duration("us")),
            "geo": pa.array([{"lat": 52.5, "lon": 13.4}] * 6),
            "photo": pa.array([b"\xff" * 9000] * 6),
        }
    )
    pq.write_table(table, tmp_path / "odd.parquet")
    result = read(tmp_path / "odd.parquet")
    assert result.checkins["timestamp"].to_list() == when
    assert result.checkins["utc_offset_min"].to_list() == [120] * 6
    assert result.checkins["user_id"].to_list() == ["ann", "ben"] * 3
    assert result.checkins["lat"].to_list() == [52.5] * 6
    pandas = pd.DataFrame({"user": ["a", "b"], "item": ["x", "y"], "stay": pd.to_timedelta([1, 2]),
        "time": pd.to_datetime(when[:2]).tz_convert(timezone(timedelta(hours=-5)))})  # fmt: skip
    pandas.to_parquet(tmp_path / "pandas.parquet")
    assert read(tmp_path / "pandas.parquet").checkins["timestamp"].to_list() == when[:2]


def test_lists_give_a_row_for_each_event(tmp_path):
    frame = pl.DataFrame({
        "user": ["a", "b"],
        "items": [["x", "y"], ["z"]],
        "times": [["2024-05-01 08:00", "2024-05-01 09:00"], ["2024-05-02 08:00"]],
        "tags": [["new", "big"], ["old"]],
    })  # fmt: skip
    frame.write_parquet(tmp_path / "lists.parquet")
    mapping = Mapping(user_id="user", item_id="items", timestamp="times", time_zone="UTC")
    result = read(tmp_path / "lists.parquet", mapping)
    assert result.checkins["item_id"].to_list() == ["x", "y", "z"]
    path = tmp_path / "times.jsonl"
    times = "2024-05-01 08:00:00, 2024-05-02 08:00:00, 2024-05-03 08:00:00"
    path.write_text("".join(f'{{"business_id": "b{i}", "date": "{times}"}}\n' for i in range(4)))
    assert read(path, Mapping(user_from="row", time_zone="UTC")).n_checkins == 12


def test_lines_become_the_ends_of_trips(tmp_path):
    path = tmp_path / "trips.csv"
    path.write_text('taxi,when,POLYLINE\n1,2024-05-01 08:00,"[[-8.6,41.1],[-8.61,41.2]]"\n'
                    '2,2024-05-01 09:00,"[[-8.7,41.3],[-8.62,41.15],[-8.63,41.4]]"\n')  # fmt: skip
    preview = inspect(path).preview
    ends = preview.select("start_lon", "start_lat", "end_lon", "end_lat").rows()
    assert ends == [("-8.6", "41.1", "-8.61", "41.2"), ("-8.7", "41.3", "-8.63", "41.4")]


FRAME = pd.DataFrame(ROWS).iloc[:, :5].set_axis(list(forms.HEADER), axis=1)


@pytest.mark.parametrize("orient", ["columns", "index", "records", "split", "table"])
@pytest.mark.parametrize("indent", [None, 2])
def test_pandas_to_json_in_each_orientation(orient, indent, tmp_path, plain):
    path = tmp_path / "x.json"
    FRAME.to_json(path, orient=orient, indent=indent)
    assert same(read(path), plain)


def _documents():
    records = json.loads(FRAME.to_json(orient="records"))
    mongo = [{"_id": {"$oid": f"{i:024x}"}, "user": row["user"], "item": row["item"],
              "time": {"$date": row["time"].replace(" ", "T") + "Z"},
              "where": {"type": "Point", "coordinates": [float(row["lon"]), float(row["lat"])]}}
             for i, row in enumerate(records)]  # fmt: skip
    by_user: dict = {}
    for row in records:
        by_user.setdefault(row["user"], []).append(row)
    orders = [{"user": row["user"], "time": row["time"], "lines": [
        {"sku": row["item"], "n": 1}, {"sku": "bag", "n": 2}]} for row in records]  # fmt: skip
    return {
        "values": [list(forms.HEADER), *(list(row.values()) for row in records)],
        "lists": {name: [row[name] for row in records] for name in forms.HEADER},
        "answer": {"took": 3, "hits": {"total": 9, "hits": [{"_id": i, "_source": row}
                   for i, row in enumerate(records)]}},
        "mongo": mongo,
        "firebase": {"checkins": {f"-K{i:04}": row for i, row in enumerate(records)}},
        "by_user": {name: rows for name, rows in by_user.items()},
        "orders": {"orders": orders},
    }  # fmt: skip


@pytest.mark.parametrize("shape", ["values", "lists", "answer", "firebase"])
def test_json_of_other_shapes(shape, tmp_path, plain):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(_documents()[shape]))
    assert same(read(path), plain)


@pytest.mark.slow
def test_json_of_databases_and_orders(tmp_path, plain):
    documents = _documents()
    path = tmp_path / "x.json"
    path.write_text("\n".join(map(json.dumps, documents["mongo"])))
    result = read(path)
    assert result.mapping.columns() == {"user_id": "user", "item_id": "item", "timestamp": "time",
                                        "lat": "where.lat", "lon": "where.lon"}  # fmt: skip
    assert result.checkins["lat"].equals(plain["lat"])
    path.write_text(json.dumps(documents["by_user"]))
    assert read(path).n_checkins == len(ROWS)
    path.write_text(json.dumps(documents["orders"], indent=1))
    mapping = Mapping(user_id="user", item_id="lines.sku", timestamp="time", time_zone="UTC")
    assert read(path, mapping).n_checkins == 2 * len(ROWS)
    path.write_text("window.YTD.part0 = " + json.dumps(documents["values"]))
    assert read(path).n_checkins == len(ROWS)


def test_a_zipped_shapefile(tmp_path, plain):
    import geopandas

    points = geopandas.points_from_xy(FRAME["lon"].astype(float), FRAME["lat"].astype(float))
    shape = geopandas.GeoDataFrame(FRAME[["user", "item", "time"]], geometry=points, crs=4326)
    (tmp_path / "in").mkdir()
    shape.to_crs(3857).to_file(tmp_path / "in" / "stops.shp")
    with zipfile.ZipFile(tmp_path / "stops.zip", "w") as archive:
        for each in (tmp_path / "in").iterdir():
            archive.write(each, f"deep/{each.name}")
    result = read(tmp_path / "stops.zip")
    assert result.checkins["user_id"].equals(plain["user_id"])
    assert (result.checkins["lat"] - plain["lat"]).abs().max() < 1e-6


ALIGNED = "user    item  time\nu1      p 1   2024-05-01 08:00\nu22     p2    2024-05-01 09:00\n"
COMMENTED = "# made by x\n# user,item,time\nu1,p 1,2024-05-01 08:00\nu22,p2,2024-05-01 09:00\n"
QUOTED = '"user,item,time"\n"u1,p 1,2024-05-01 08:00"\n"u22,p2,2024-05-01 09:00"\n'
ENDS = "user,item,time\r\nu1,p 1,2024-05-01 08:00\ru22,p2,2024-05-01 09:00\n"


@pytest.mark.parametrize("text", [ALIGNED, COMMENTED, QUOTED, ENDS])
def test_texts_of_unusual_layout(text, tmp_path):
    path = tmp_path / "x.txt"
    path.write_bytes(text.encode())
    found = read(path, time_zone="UTC").checkins
    assert found.select("user_id", "item_id").rows() == [("u1", "p 1"), ("u22", "p2")]


def test_geojson_of_another_system_or_none(tmp_path):
    point = {"type": "Feature", "properties": {"user": "a", "item": "x", "time": "2024-05-01T08Z"},
             "geometry": {"type": "Point", "coordinates": [1491636.0, 6894699.0]}}  # fmt: skip
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
    path = tmp_path / "x.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [point] * 3}))
    preview = inspect(path).preview
    assert float(preview["lon"][0]) == pytest.approx(13.4, abs=0.01)
    crs["properties"]["name"] = "LOCAL:nowhere"
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [point] * 3}))
    with pytest.raises(ReadError, match="which says not where"):
        inspect(path)
    path.write_text('{"type": "FeatureCollection", "features": [' + "[" * 600 + "]" * 600 + "]}")
    with pytest.raises(ReadError):
        inspect(path)
