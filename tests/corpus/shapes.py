"""Forms of files as programs write them: JSON of many shapes, databases, Arrow, lists, columns."""

import base64
import io
import json
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from strec import schema
from tests.corpus.notations import (
    N_EVENTS,
    NEW_YORK,
    PLACED,
    PLAIN,
    SHARED,
    Check,
    differs,
    ewkb,
    instants,
    lat,
    local,
    lon,
    near,
    rows,
    seconds,
)
from tests.corpus.public import CITY, Kind, lat_of, lon_of, value_of

NOBODY_ELSE: dict = {"user_from": "constant"}


def formed(
    name: str, source: str, form: str, content: Callable[[list[dict]], str | bytes],
    right: dict, *checks: Check, n: int = N_EVENTS, encoding: str = "utf-8",
    city: tuple[float, float] = CITY,
) -> Kind:  # fmt: skip
    """Return a kind that is a form of file of its own."""
    return Kind(name, source, {}, right, form=form, content=content, checks=checks, n_events=n,
                encoding=encoding, city=city)  # fmt: skip


def _in_utc(event: dict, zone: str = NEW_YORK) -> datetime:
    return event["at"].replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _frame(events: list[dict], **more) -> pl.DataFrame:
    columns = {"user": "user", "venue": "item", "time": "time", "lat": "lat", "lon": "lon"} | more
    return pl.DataFrame(
        {name: [value_of(event, what) for event in events] for name, what in columns.items()}
    )


def _bytes(write: Callable[[io.BytesIO], object]) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def _e7(event: dict) -> dict:
    return {"latitudeE7": round(lat(event) * 1e7), "longitudeE7": round(lon(event) * 1e7)}


def _records(events: list[dict]) -> str:
    return json.dumps({"locations": [
        {"timestamp": f"{_in_utc(e):%Y-%m-%dT%H:%M:%S}.123Z", **_e7(e), "accuracy": 20,
         "source": "WIFI", "deviceTag": 12345} for e in events]})  # fmt: skip


def _records_old(events: list[dict]) -> str:
    return json.dumps({"locations": [
        {"timestampMs": str(int(_in_utc(e).timestamp() * 1000)), **_e7(e), "accuracy": 20,
         "activity": [{"timestampMs": "1", "activity": [{"type": "STILL", "confidence": 80}]}]}
        for e in events]})  # fmt: skip


def _semantic(events: list[dict]) -> str:
    objects = []
    for e in events:
        at = _in_utc(e)
        spans = [at - timedelta(minutes=9), at, at + timedelta(minutes=30)]
        before, begin, end = (f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in spans)
        objects.append({"activitySegment": {
            "startLocation": _e7(e), "endLocation": _e7(e), "activityType": "WALKING",
            "duration": {"startTimestamp": before, "endTimestamp": begin}}})  # fmt: skip
        objects.append({"placeVisit": {
            "location": _e7(e) | {"placeId": f"p{e['p']}", "name": f"Place {e['p']}"},
            "duration": {"startTimestamp": begin, "endTimestamp": end}}})  # fmt: skip
    return json.dumps({"timelineObjects": objects})


def _on_device(events: list[dict]) -> str:
    return json.dumps({"semanticSegments": [
        {"startTime": f"{e['at']:%Y-%m-%dT%H:%M:%S}.000-05:00",
         "endTime": f"{e['end']:%Y-%m-%dT%H:%M:%S}.000-05:00",
         "startTimeTimezoneUtcOffsetMinutes": -300,
         "visit": {"hierarchyLevel": 0, "probability": 0.8, "topCandidate": {
             "placeId": f"p{e['p']}", "semanticType": "UNKNOWN", "probability": 0.6,
             "placeLocation": {"latLng": f"{lat(e)}°, {lon(e)}°"}}}} for e in events]})  # fmt: skip


def _yelp(events: list[dict]) -> str:
    dates: dict[str, list[str]] = {}
    for event in events:
        dates.setdefault(f"p{event['p']}", []).append(f"{event['at']:%Y-%m-%d %H:%M:%S}")
    return "".join(json.dumps({"business_id": item, "date": ", ".join(times)}) + "\n"
                   for item, times in dates.items())  # fmt: skip


def _lists(events: list[dict]) -> bytes:
    frame = _frame(events).select(user_id="user", items="venue", times="time")
    listed = frame.group_by("user_id", maintain_order=True).all()
    return _bytes(listed.write_parquet)


def _porto(events: list[dict]) -> str:
    head = '"TRIP_ID","CALL_TYPE","ORIGIN_CALL","ORIGIN_STAND","TAXI_ID","TIMESTAMP",' \
        '"DAY_TYPE","MISSING_DATA","POLYLINE"'  # fmt: skip
    lines = [
        f'"{137000000 + e["n"]}","C","","15","{20000001 + e["u"]}","{seconds(e["at"])}","A",'
        f'"False","[[{lon_of(e["s"])},{lat_of(e["s"])}],[{lon(e)},{lat(e)}]]"'
        for e in events
    ]
    return "\n".join([head, *lines]) + "\n"


def _ties(minutes: int) -> Callable[[list[dict]], str]:
    """Write eight random items at each moment, or a minute apart."""

    def content(events: list[dict]) -> str:
        lines = ["user_id,item_id,timestamp"]
        random = np.random.default_rng(3)
        for basket in range(60):
            at = datetime(2023, 1, 10, 0, 30) + timedelta(hours=5 * (basket // 12))
            for k, item in enumerate(random.integers(0, 100, 8)):
                moment = at + timedelta(minutes=minutes * k)
                lines.append(f"u{basket % 12:03d},i{item:03d},{moment:%Y-%m-%dT%H:%M:%SZ}")
        return "\n".join(lines) + "\n"

    return content


def _set_back(events: list[dict]) -> str:
    begin = datetime(2023, 11, 5, 1)
    times = [begin + timedelta(minutes=20 * i) for i in (0, 1, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8)]
    lines = [f"u1,p{i:02d},{at:%Y-%m-%d %H:%M:%S},40.74,-73.99" for i, at in enumerate(times)]
    return "\n".join(["user_id,item_id,time,lat,lon", *lines]) + "\n"


def _in_order(events: list[dict], table: pl.DataFrame) -> str:
    wanted = [f"p{i:02d}" for i in range(12)]
    return differs("item", wanted, table.sort("timestamp")["item_id"].to_list())


def _each_hour(events: list[dict]) -> str:
    lines = [f"u{h % 7},p{h % 11},{45000 + h / 24:.11f}" for h in range(240)]
    return "\n".join(["user_id,item_id,time", *lines]) + "\n"


def _ten_an_hour(events: list[dict], table: pl.DataFrame) -> str:
    counts = table.select(schema.local_time().dt.hour().alias("h")).to_series().value_counts()
    return "" if counts["count"].to_list() == [10] * 24 else "hours are not ten each"


def _elastic(events: list[dict]) -> str:
    return json.dumps({"hits": {"total": len(events), "hits": [
        {"_index": "a", "_id": str(e["n"]), "_source": {
            "user": value_of(e, "user"), "@timestamp": f"{e['at']:%Y-%m-%dT%H:%M:%SZ}",
            "venue": {"name": value_of(e, "item"), "location": {"lat": lat(e), "lon": lon(e)}}}}
        for e in events]}})  # fmt: skip


def _mongo(events: list[dict]) -> str:
    return "\n".join(json.dumps({
        "_id": {"$oid": f"{e['n']:024x}"}, "user": value_of(e, "user"), "venue":
        value_of(e, "item"), "time": {"$date": {"$numberLong": str(seconds(e["at"]) * 1000)}},
        "loc": {"type": "Point", "coordinates": [lon(e), lat(e)]}}) for e in events)  # fmt: skip


def _sqlite(*tables: str) -> Callable[[list[dict]], bytes]:
    def content(events: list[dict]) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.db"
            base = sqlite3.connect(path)
            for name in tables:
                base.execute(f"create table {name} (user, venue, time, lat, lon)")
                base.executemany(f"insert into {name} values (?,?,?,?,?)", _frame(events).rows())
            base.commit()
            base.close()
            return path.read_bytes()

    return content


def _orient(orient: str) -> Callable[[list[dict]], str]:
    return lambda events: _frame(events).to_pandas().to_json(orient=orient)  # type: ignore[call-overload]


def _aligned(events: list[dict]) -> str:
    head = "user       venue   time                 lat       lon"
    lines = [f"{u:10s} {v:7s} {t.replace(' ', 'T'):20s} {a:9.5f} {o:9.5f}"
             for u, v, t, a, o in _frame(events).rows()]  # fmt: skip
    return "\n".join([head, *lines]) + "\n"


def _mixed_ends(events: list[dict]) -> bytes:
    lines = _frame(events).write_csv().splitlines()
    return "".join(f"{x}{chr(13) if i % 3 else ''}\n" for i, x in enumerate(lines)).encode()


def _fixed_offset(events: list[dict]) -> bytes:
    frame = _frame(events).to_pandas()
    zone = timezone(timedelta(hours=-5))
    frame["time"] = [event["at"].replace(tzinfo=zone) for event in events]
    return _bytes(frame.to_parquet)


def _line(events: list[dict]) -> str:
    """Write measurements as InfluxDB answers: names, values, columns apart."""
    return json.dumps({"data": [list(row) for row in _frame(events).rows()], "columns":
                       ["user", "venue", "time", "lat", "lon"]})  # fmt: skip


VENUES = {"user_id": "user", "item_id": "venue", "timestamp": "time", "lat": "lat", "lon": "lon"}
TAKEOUT: dict = NOBODY_ELSE | {"timestamp": "at", "lat": "lat", "lon": "lon"}
HERE = local(NEW_YORK)

FORMS = (
    formed("excel_whole_hours", SHARED + "x_excel_hours: 11 decimals", "csv", _each_hour, PLAIN |
           {"user_id": ("user_id", "?")}, _ten_an_hour),
    formed("set_back", SHARED + "y_fallback: the hour that happens twice", "csv", _set_back,
           PLACED, _in_order),
    formed("ties", SHARED + "x_tie_a: baskets at one moment", "csv", _ties(0), PLAIN |
           {"timestamp": "timestamp"}, rows(480)),
    formed("no_ties", SHARED + "x_tie_c: a minute apart", "csv", _ties(1), PLAIN |
           {"timestamp": "timestamp"}, rows(480)),
    Kind("owntracks", SHARED + "h_owntracks", {"tid": "user", "tst": "unix", "lat": "lat", "lon":
         "lon", "acc": "=10", "batt": "=80", "SSID": "=wifi"}, {"user_id": "tid", "item_id":
         "hexagon", "timestamp": "tst", "lat": "lat", "lon": "lon"}, checks=(instants, near())),
    formed("takeout_records", SHARED + "f_takeout_records", "json", _records, TAKEOUT |
           {"item_id": "hexagon"}, HERE, near()),
    formed("takeout_old", SHARED + "f_takeout_old", "json", _records_old, TAKEOUT |
           {"item_id": "hexagon"}, HERE, near()),
    formed("takeout_semantic", SHARED + "f_takeout_semantic", "json", _semantic, TAKEOUT | {
        "timestamp": "begin", "end_timestamp": "end", "item_id": "placeVisit.location.placeId",
        "item_name": "placeVisit.location.name"}, HERE, near()),
    formed("timeline_device", SHARED + "f_timeline_device", "json", _on_device, TAKEOUT | {
        "timestamp": "startTime", "end_timestamp": "endTime", "item_id":
        "visit.topCandidate.placeId", "category": "visit.topCandidate.semanticType"}, HERE,
        near()),
    formed("yelp_checkin", SHARED + "f_yelp_checkin", "json", _yelp, {
        "user_from": "?", "user_id": "?", "item_id": "business_id", "timestamp": "date"}),
    formed("parquet_lists", SHARED + "f_parquet_list", "parquet", _lists, {
        "user_id": "user_id", "item_id": "items", "timestamp": "times"}, rows(N_EVENTS)),
    formed("porto_lines", SHARED + "f_porto: first and last point of a line", "csv", _porto, {
        "user_id": ("TAXI_ID", "?"), "item_id": "hexagon", "timestamp": "TIMESTAMP", "lat":
        "end_lat", "lon": "end_lon", "origin_lat": "start_lat", "origin_lon": "start_lon"},
        instants, near()),
    # From public documentation.
    formed("elastic_hits", "Elasticsearch, answer of a search", "json", _elastic, {
        "user_id": "user", "item_id": "venue.name", "timestamp": "@timestamp", "lat":
        "venue.location.lat", "lon": "venue.location.lon"}, instants, near()),
    formed("mongo_extended", "MongoDB Extended JSON v2", "json", _mongo, {
        "user_id": "user", "item_id": "venue", "timestamp": ("time", "time.$date"), "lat":
        ("loc", "lat", "loc.lat"), "lon": ("loc", "lon", "loc.lon")}, instants, near()),
    formed("sqlite", "SQLite database file format", "db", _sqlite("visits"), VENUES, HERE, near()),
    formed("sqlite_two", "SQLite, two tables of events", "db", _sqlite("visits", "orders"),
           VENUES | {"table": "?"}, HERE),
    *(formed(f"to_json_{orient}", f"pandas DataFrame.to_json, orient={orient}", "json",
             _orient(orient), VENUES, HERE, near())
      for orient in ("records", "split", "index", "table")),
    formed("to_json_values", "pandas DataFrame.to_json, orient=values", "json", _orient("values"),
           {"user_id": "?", "item_id": "?", "timestamp": "column_3", "lat": ("column_4", "?"),
            "lon": ("column_5", "?")}),
    formed("columns_and_data", "Plotly and Dash, columns beside data", "json", _line, VENUES, HERE,
           near()),
    formed("feather", "Apache Arrow IPC", "feather", lambda e: _bytes(_frame(e).write_ipc),
           VENUES, HERE, near()),
    formed("fixed_offset", "pandas and Parquet, times of a fixed offset", "parquet",
           _fixed_offset, VENUES, HERE, near()),
    formed("blank_aligned", "Fortran and R, columns one blank apart", "txt", _aligned, VENUES,
           HERE, near(1e-5)),
    formed("mixed_line_ends", "RFC 4180, CRLF and LF in one file", "csv", _mixed_ends, VENUES,
           HERE, near(), rows(N_EVENTS)),
    formed("comment_header", "GNU Octave and gnuplot, # before the header", "csv",
           lambda e: "# " + _frame(e).write_csv(), VENUES, HERE, near()),
    formed("base64_points", "PostGIS in a JSON export, WKB in base64 is not understood", "csv",
           lambda e: _frame(e).select("user", "venue", "time").with_columns(geom=pl.Series(
               [base64.b64encode(ewkb(each)).decode() for each in e])).write_csv(),
           {"user_id": "user", "item_id": "venue", "timestamp": "time", "places": "?"}),
)  # fmt: skip
