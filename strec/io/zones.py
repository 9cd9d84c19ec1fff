"""From wall clocks to UTC: time zones, their changes of clock, and zones of places."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast
from zoneinfo import available_timezones

import numpy as np
import polars as pl

from strec.errors import MappingError
from strec.geo import median_longitude_column
from strec.io.quantities import absent, share
from strec.io.written_times import STATED, WALL

UTC = "utc"
OFFSET = "offset_min"
#: Places are rounded to this many degrees before their zone is looked up (about 5 km).
GRID_DEGREES = 0.05
#: Letters that hardly anybody uses outside of one country, or who in one far more than elsewhere.
WRITINGS = {
    "[ぁ-ヿ]": "Asia/Tokyo",
    "[가-힣]": "Asia/Seoul",
    "[一-鿿]": "Asia/Shanghai",
    "[฀-๿]": "Asia/Bangkok",
    "[ऀ-ൿ]": "Asia/Kolkata",
    "[֐-׿]": "Asia/Jerusalem",
    "[Ͱ-Ͽ]": "Europe/Athens",
    "[Ѐ-ӿ]": "Europe/Moscow",
    "[ßẞ]": "Europe/Berlin",
    "[łŁżŻ]": "Europe/Warsaw",
    "[řŘůŮ]": "Europe/Prague",
    "[ğĞıİ]": "Europe/Istanbul",
    "[ơƠưƯ]": "Asia/Ho_Chi_Minh",
}
#: Zones in which hardly anybody checks in: the open sea and Antarctica.
EMPTY_ZONES = ("Etc/", "Antarctica/")
SOUTHERNMOST = -60
#: A column is written in letters that this part of its values has.
WRITTEN_SHARE = 0.2


@dataclass
class ClockCounts:
    """How many local times a change of the clock made impossible or double."""

    skipped: int = 0
    double: int = 0


def localise(
    wall: pl.Series, zone: str, who: pl.Series | None = None
) -> tuple[pl.DataFrame, ClockCounts]:
    """Turn local wall clocks of one zone into UTC and the offset then in force.

    Where the clock was set back, an hour occurs twice: the rows of each user (`who`) that stand in
    the order of their times show which of the two is meant, otherwise the first one is taken. Where
    it was set forward, an hour is skipped: a time in it is read with the offset before the change,
    so 02:30 becomes 03:30. Gives columns `UTC` (without zone) and `OFFSET` (minutes), and counts.

    Examples
    --------
    >>> from datetime import datetime
    >>> localise(pl.Series([datetime(2024, 3, 10, 2, 30)]), "America/New_York")[0].row(0)
    (datetime.datetime(2024, 3, 10, 7, 30), -240)
    """
    early, late = _in_utc(wall, zone, "earliest"), _in_utc(wall, zone, "latest")
    is_double = (early != late).fill_null(False)
    counts = ClockCounts(early.null_count() - wall.null_count(), int(is_double.sum()))
    utc = early
    if counts.double and who is not None:
        utc = late.zip_with(_second_time(wall, is_double, who), early)
    if counts.skipped:
        # A day earlier the clock was not yet set forward.
        before = _in_utc(wall.dt.offset_by("-1d"), zone, "earliest").dt.offset_by("1d")
        utc = utc.zip_with(utc.is_not_null(), before)
    return pl.DataFrame({UTC: utc, OFFSET: offset_at(utc, zone)}), counts


def _second_time(wall: pl.Series, is_double: pl.Series, who: pl.Series) -> pl.Series:
    """Tell which of the double times come after the clock was set back: time steps back there.

    Nothing is told of users whose other rows are not in the order of their times, or against it.
    """
    rows = pl.DataFrame({"wall": wall, "double": is_double, "who": who}).with_row_index("i")
    users = rows.filter("double")["who"].unique()
    rows = rows.filter(pl.col("who").is_in(users.implode()), pl.col("wall").is_not_null())
    others = rows.filter(~pl.col("double"))
    step = pl.col("wall").diff().over("who")
    back, forth = others.select(
        (step < pl.duration()).sum().alias("back"), (step > pl.duration()).sum().alias("forth")
    ).row(0)
    if min(back, forth) > 0.01 * (back + forth):
        return pl.repeat(False, len(wall), eager=True)
    rows = rows.reverse() if back > forth else rows
    day = pl.col("wall").dt.date()
    second = (step.fill_null(pl.duration()) < pl.duration()).cum_max().over("who", day)
    rows = rows.filter("double").select("i", second.alias("second"))
    where = rows.filter("second")["i"]
    flags = pl.repeat(False, len(wall), eager=True)
    return flags.scatter(where, True) if len(where) else flags


def _in_utc(wall: pl.Series, zone: str, which: Literal["earliest", "latest"]) -> pl.Series:
    local = wall.dt.replace_time_zone(zone, ambiguous=which, non_existent="null")
    return local.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def offset_at(utc: pl.Series, zone: str) -> pl.Series:
    """Return the offset in minutes (Int16) that a zone has at each UTC time.

    Examples
    --------
    >>> from datetime import datetime
    >>> offset_at(pl.Series([datetime(2024, 1, 1), datetime(2024, 7, 1)]), "Europe/Paris").to_list()
    [60, 120]
    """
    hour_us = 3_600_000_000
    hour = utc.cast(pl.Datetime("us")).to_physical() // hour_us
    first, last = cast(tuple[int | None, int | None], (hour.min(), hour.max()))
    if first is None or last is None or last - first > len(utc):
        return _offset_of_each(utc, zone)
    # Looking each moment up takes long: there are far fewer hours than check-ins.
    edges = pl.int_range(first, last + 2, eager=True) * hour_us
    at_edge = _offset_of_each(edges.cast(pl.Datetime("us")), zone)
    offset = at_edge.gather(hour - first)
    # Some clocks are changed between hours of UTC, and long ago at any second.
    changes = (at_edge != at_edge.shift(-1)).fill_null(False)
    if not changes.any():
        return offset
    rows = changes.gather(hour - first).fill_null(False).arg_true()
    return offset.scatter(rows, _offset_of_each(utc.gather(rows), zone)) if len(rows) else offset


def _offset_of_each(utc: pl.Series, zone: str) -> pl.Series:
    local = utc.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    return (local.dt.base_utc_offset() + local.dt.dst_offset()).dt.total_minutes().cast(pl.Int16)


def resolve(
    parsed: pl.DataFrame,
    offsets: pl.Series | None,
    zones: pl.Series | str,
    time_is: str,
    who: pl.Series | None = None,
) -> tuple[pl.DataFrame, ClockCounts]:
    """Decide UTC and local offset of each time, as columns `UTC` and `OFFSET`, and count.

    Parameters
    ----------
    parsed : polars.DataFrame
        `WALL` and `STATED`, from `strec.io.times.parse_time`.
    offsets : polars.Series, optional
        The offset column in minutes (Int16); it is believed wherever it is present.
    zones : polars.Series or str
        One IANA zone, or one per row; used where no local offset is known. An offset of zero in
        a text tells the instant, not the local clock, so the zone gives the local clock.
    time_is : str
        ``utc`` or ``local``: what a time without a stated offset means.
    who : polars.Series, optional
        Users: the order of their rows tells the two hours of a clock that was set back.
    """
    offsets = absent(len(parsed), pl.Int16) if offsets is None else offsets
    stated = pl.col(STATED).fill_null(0) if time_is == "utc" else pl.col(STATED)
    instant = pl.coalesce(stated, offsets)
    read = parsed.select(
        (pl.col(WALL) - pl.duration(minutes=instant)).alias(UTC),
        pl.coalesce(offsets, pl.when(stated != 0).then(stated)).alias(OFFSET),
        WALL,
        (pl.lit("") if who is None else who).alias("who"),
    ).with_row_index("i")
    counts = ClockCounts()
    if not (read[OFFSET].is_null() & read[WALL].is_not_null()).any():
        return read.select(UTC, OFFSET), counts
    pieces = []
    for zone, rows in _by_zone(read, zones):
        is_open = rows[UTC].is_null() & rows[WALL].is_not_null()
        if is_open.any():
            local, counted = localise(
                rows[WALL].set(~is_open, None), zone, None if who is None else rows["who"]
            )
            rows = rows.with_columns(
                pl.coalesce(pl.col(name), local[name]) for name in local.columns
            )
            counts.skipped += counted.skipped
            counts.double += counted.double
        pieces.append(rows.with_columns(pl.coalesce(pl.col(OFFSET), offset_at(rows[UTC], zone))))
    return pl.concat(pieces).sort("i").select(UTC, OFFSET), counts


def _by_zone(read: pl.DataFrame, zones: pl.Series | str) -> list[tuple[str, pl.DataFrame]]:
    if isinstance(zones, str):
        return [(zones, read)]
    grouped = read.with_columns(zones.alias("zone")).partition_by("zone", as_dict=True)
    return [(zone or "UTC", rows.drop("zone")) for (zone,), rows in grouped.items()]


def check_zone(zone: str) -> str:
    """Return the zone, or raise `MappingError` when there is none of this name."""
    known = available_timezones()
    if zone not in known:
        near = [name for name in sorted(known) if zone.lower() in name.lower()][:3]
        raise MappingError(
            "time_zone is an IANA name such as Europe/Berlin, or 'place'.",
            f"time_zone={zone!r}.",
            f"Did you mean {', '.join(near)}?" if near else "Use Area/City; 'UTC' is fine too.",
        )
    return zone


def zones_of(lat: pl.Series, lon: pl.Series) -> pl.Series:
    """Return the IANA zone of each place (null where it is missing or not on Earth)."""
    grid = pl.DataFrame({"lat": lat, "lon": lon}).select(
        (pl.all() / GRID_DEGREES).round() * GRID_DEGREES
    )
    distinct = grid.unique().drop_nulls()
    found = [_zone_at(*place) for place in distinct.iter_rows()]
    known = distinct.with_columns(pl.Series("zone", found, dtype=pl.String))
    return grid.join(known, on=["lat", "lon"], how="left", maintain_order="left")["zone"]


@lru_cache(maxsize=200_000)
def _zone_at(lat: float, lon: float) -> str | None:
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        return None
    from timezonefinder import timezone_at

    return timezone_at(lat=lat, lng=lon)


def zone_near(lat: pl.Series, lon: pl.Series) -> str | None:
    """Return the zone of the median place, or None without places.

    Examples
    --------
    >>> zone_near(pl.Series([40.7, 40.8, None]), pl.Series([-74.0, -73.9, None]))
    'America/New_York'
    """
    places = pl.DataFrame({"lat": lat, "lon": lon})
    on_earth = places.filter(
        pl.col("lat").abs() <= 90, pl.col("lon").abs() <= 180, pl.col("lat") != 0
    )
    if on_earth.is_empty():
        return None
    middle = on_earth.select(pl.col("lat").median(), median_longitude_column(pl.col("lon")))
    return _zone_at(*middle.row(0))


def zone_of_writing(columns: list[str], texts: Iterable[pl.Series]) -> str | None:
    """Return the zone of the country whose letters head a table, or fill one of its columns.

    Examples
    --------
    >>> zone_of_writing(["会员", "时间"], []), zone_of_writing(["who"], [pl.Series(["Ann"])])
    ('Asia/Shanghai', None)
    """
    heads, texts = pl.Series(columns), list(texts)
    for letters, zone in WRITINGS.items():
        if heads.str.contains(letters).any():
            return zone
        if any(share(text.str.contains(letters)) > WRITTEN_SHARE for text in texts):
            return zone
    return None


def inhabited_share(lat: np.ndarray, lon: np.ndarray) -> float:
    """Return the share of places that lie in a zone where people live."""
    found = [_zone_at(float(a), float(b)) for a, b in zip(lat, lon, strict=True)]
    # Some stations of the far south keep the time of their countries.
    lived = [
        zone is not None and not zone.startswith(EMPTY_ZONES) and place > SOUTHERNMOST
        for zone, place in zip(found, lat, strict=True)
    ]
    return sum(lived) / max(len(lived), 1)
