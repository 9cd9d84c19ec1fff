"""Google's location history: Takeout's records and visits, and the timeline of a phone."""

from dataclasses import replace

import polars as pl

from strec.io.formats.base import MINE, Format, Signature
from strec.io.tables import Table

CITATION = "Google Takeout, takeout.google.com; Timeline export of Android and iOS"
NOTE = "The export names nobody: all rows are one person's."
#: Ten millionths of a degree; some exports write what is below 0 as 2 to the 32 more.
E7, WRAP = 1e-7, 2**32
WAYS = "entries are ways between places, not visits: they are apart."
PAIR = r"(-?\d+(?:\.\d+)?)[°\s]*,\s*(-?\d+(?:\.\d+)?)"


def _with(
    table: Table, added: dict[str, pl.Expr], apart: pl.Expr | None = None, words: str = ""
) -> Table:
    """Return the table with more columns, without the rows that are apart, which a note counts."""
    notes = list(table.notes)
    lazy, sample = table.lazy, table.sample.lazy()
    if apart is not None:
        n = lazy.select(apart.sum()).collect().item()
        notes += [f"{n:,} {words}"] if n else []
        lazy, sample = lazy.filter(~apart), sample.filter(~apart)
    new = sample.with_columns(**added).collect()
    return replace(
        table, lazy=lazy.with_columns(**added), sample=new, columns=new.columns, notes=notes
    )


def _e7(lat: str, lon: str) -> dict[str, pl.Expr]:
    """Return degrees of columns in ten millionths."""

    def degrees(column: str, most: int) -> pl.Expr:
        number = pl.col(column).cast(pl.Float64, strict=False)
        back = pl.when(number > most * 1e7).then(number - WRAP).otherwise(number)
        return (back * E7).round(7).cast(pl.String)

    return {"lat": degrees(lat, 90), "lon": degrees(lon, 180)}


def _time_ms(column: str) -> pl.Expr:
    """Return milliseconds as a time in words."""
    number = pl.col(column).cast(pl.Int64, strict=False)
    return pl.from_epoch(number, "ms").dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")


def _when(table: Table, stem: str, name: str) -> dict[str, pl.Expr]:
    """Return a time that exports of different years write under two names."""
    forms = [pl.col(stem)] if stem in table.columns else []
    forms += [_time_ms(f"{stem}Ms")] if f"{stem}Ms" in table.columns else []
    return {name: pl.coalesce(forms)} if forms else {}


def _pair(column: str) -> dict[str, pl.Expr]:
    """Return degrees of a text such as "40.7°, -74.0°" or "geo:40.7,-74.0"."""
    return {"lat": pl.col(column).str.extract(PAIR, 1), "lon": pl.col(column).str.extract(PAIR, 2)}


def _records(table: Table) -> Table:
    return _with(table, _e7("latitudeE7", "longitudeE7") | _when(table, "timestamp", "at"))


def _visits(table: Table) -> Table:
    """Keep the visits; the ways between them are apart."""
    visit, times = "placeVisit.location.", "placeVisit.duration."
    added = _e7(f"{visit}latitudeE7", f"{visit}longitudeE7")
    added |= _when(table, f"{times}startTimestamp", "begin")
    added |= _when(table, f"{times}endTimestamp", "end")
    return _with(table, added, pl.col(f"{visit}latitudeE7").is_null(), WAYS)


def _raw_signals(table: Table) -> Table:
    return _with(table, _pair("position.LatLng"))


RECORDS = Format(
    key="google_records",
    label="Google location history: Records.json",
    sentence="Fixes of a phone in ten millionths of a degree; the hexagon of each is its item.",
    citation=CITATION,
    signature=Signature(("latitudeE7", "longitudeE7"), kind="json"),
    mapping=MINE.replace(timestamp="at", item_from_place=True),
    prepare=_records,
    notes=(NOTE,),
)
SEMANTIC = Format(
    key="google_visits",
    label="Google location history: visits (Semantic Location History)",
    sentence="Visits of places with their names, one file a month.",
    citation=CITATION,
    signature=Signature(("placeVisit.location.latitudeE7", "placeVisit.location.longitudeE7")),
    mapping=MINE.replace(
        item_id="placeVisit.location.placeId",
        item_name="placeVisit.location.name",
        category="placeVisit.location.semanticType",
        timestamp="begin",
        end_timestamp="end",
    ),
    prepare=_visits,
    notes=(NOTE,),
)


def _timeline(key: str, label: str, place: str, item: str) -> Format:
    """Return the timeline of a kind of phone; the ways between its visits are apart."""
    visit = "visit.topCandidate."
    place, item = visit + place, visit + item
    return Format(
        key=key,
        label=f"Google Timeline of an {label}",
        sentence="Visits of places, with their kind where the phone knows it (home, work).",
        citation=CITATION,
        signature=Signature(("startTime", place, item)),
        mapping=MINE.replace(
            item_id=item,
            category=f"{visit}semanticType",
            timestamp="startTime",
            end_timestamp="endTime",
        ),
        prepare=lambda table: _with(table, _pair(place), pl.col(place).is_null(), WAYS),
        notes=(NOTE,),
    )


ANDROID = _timeline(
    "google_timeline", "Android phone (Timeline.json)", "placeLocation.latLng", "placeId"
)
IOS = _timeline("google_timeline_ios", "iPhone (location-history.json)", "placeLocation", "placeID")
SIGNALS = Format(
    key="google_signals",
    label="Google Timeline of an Android phone: raw signals",
    sentence="Fixes of a phone; the hexagon of each is its item.",
    citation=CITATION,
    signature=Signature(("position.LatLng", "position.timestamp")),
    mapping=MINE.replace(timestamp="position.timestamp", item_from_place=True),
    prepare=_raw_signals,
    notes=(NOTE,),
)
