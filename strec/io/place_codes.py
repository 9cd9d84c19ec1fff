"""Places in one cell: two numbers, WKT, WKB, GeoJSON, geo: addresses, H3 cells, geohashes."""

import re

import h3
import numpy as np
import polars as pl

from strec.io.degrees import degrees
from strec.io.quantities import absent

_NUMBER = r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?"
_NAME = r"(?i:(?:lat|lon|lng|long|latitude|longitude)\s*[:=]?\s*)?"
#: Two numbers in one text: "40.7, -74.0", "40,7; -74,0", "40.7°, -74.0°", "geo:40.7,-74.0;u=35".
PAIR_PARTS = rf"^[^\d+-]*({_NUMBER})\s*°?\s*[,;|/ ]\s*{_NAME}({_NUMBER})\s*°?\s*[)\]]?(?:[;?]\S*)?$"
#: Two texts with a side each: 40°42'46"N 74°0'22"W.
SIDED_PARTS = r"^(.*\d.*[NSns])[\s,;/]*(.*\d.*[EWOewo])$"
SIDES_FIRST_PARTS = r"^([NSns].*\d[^\dEWOewo]*)[\s,;/]*([EWOewo].*\d[^\d]*)$"
#: One number with a decimal comma, not two whole numbers.
DECIMAL_COMMA = r"^[+-]?\d+,\d+$"
WKT = (
    rf"(?i)^(?:SRID=\d+;)?POINT\s*[ZM]*\s*\(\s*({_NUMBER})[ ,]\s*({_NUMBER})"
    rf"(?:[ ,]+{_NUMBER})*\s*\)$"
)
GEOJSON = rf'"coordinates"\s*:\s*\[\s*({_NUMBER})\s*,\s*({_NUMBER})'
WKB = r"^(?:0[01])[0-9A-Fa-f]{40,}$"
H3_CELL = r"^(?:0x)?0?8[0-9A-Fa-f]{14}$|^[56]\d{17}$"
GEOHASH = r"^[0-9b-hjkmnp-zB-HJKMNP-Z]{4,12}$"
_BASE32 = "0123456789bcdefghjkmnpqrstuvwxyz"
#: How a column of geohashes is called.
CALLED_GEOHASH = r"(?i)geo.?hash|^gh\d*$"
#: What nothing but a place looks like.
CODES = f"{WKT}|{WKB}|{H3_CELL}|{SIDED_PARTS}|{SIDES_FIRST_PARTS}|{GEOJSON}"


def pair(values: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Read latitude and longitude from one cell; two bare numbers are (lat, lon).

    Examples
    --------
    >>> [series.to_list() for series in pair(pl.Series(["40.7, -74.0", "POINT (-74.0 40.7)"]))]
    [[40.7, 40.7], [-74.0, -74.0]]
    """
    if values.dtype == pl.Binary:
        return _from_wkb(values)
    text = values.cast(pl.String).str.strip_chars().str.replace_many(["\u2212", "–"], ["-", "-"])
    # Two series, as a scatter changes the one that it is called on.
    lat, lon = absent(len(text), pl.Float64), absent(len(text), pl.Float64)
    two_numbers = (_from_wkt, _from_two, _from_geojson, _from_sides)
    for reader in (*two_numbers, _from_wkb, _from_h3, _from_geohash):
        missed = lat.is_null() & text.is_not_null()
        if not missed.any():
            break
        where, read = missed.arg_true(), reader(text.filter(missed))
        lat, lon = lat.scatter(where, read[0]), lon.scatter(where, read[1])
    return lat, lon


def code_name(values: pl.Series) -> str:
    """Return what codes of places are called, empty for two plain numbers.

    Examples
    --------
    >>> code_name(pl.Series(["872a1072dffffff"])), code_name(pl.Series(["40.7, -74.0"]))
    ('H3 cells, the middle of each', '')
    """
    if values.dtype == pl.Binary:
        return "WKB"
    first = str(next(iter(values.drop_nulls().head(1)), "")).strip()
    names = {WKT: "WKT", WKB: "WKB", H3_CELL: "H3 cells, the middle of each", PAIR_PARTS: "",
             GEOJSON: "GeoJSON", GEOHASH: "geohashes, the middle of each"}  # fmt: skip
    return next((name for form, name in names.items() if re.search(form, first)), "")


def _from_two(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    parts = text.str.extract_groups(PAIR_PARTS).struct.unnest()
    lat, lon = parts.select(_decimal(pl.col("1", "2"))).get_columns()
    return lat, lon


def _from_wkt(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    return _swapped(text.str.extract_groups(WKT))


def _from_geojson(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    return _swapped(text.str.extract_groups(GEOJSON))


def _swapped(parts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Read groups that are longitude and latitude."""
    lon, lat = parts.struct.unnest().select(_decimal(pl.col("1", "2"))).get_columns()
    return lat, lon


def _from_sides(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    parts = text.str.extract_groups(SIDED_PARTS).struct.unnest()
    other = text.str.extract_groups(SIDES_FIRST_PARTS).struct.unnest()
    lat, lon = (parts[i].zip_with(parts[i].is_not_null(), other[i]) for i in ("1", "2"))
    return degrees(lat)[0], degrees(lon)[0]


def _from_wkb(values: pl.Series) -> tuple[pl.Series, pl.Series]:
    import shapely

    if values.dtype == pl.String:
        values = values.set(~values.str.contains(WKB).fill_null(False), None)
    distinct = values.drop_nulls().unique()
    shapes = shapely.from_wkb(distinct.to_numpy(), on_invalid="ignore")
    # x and y of what is no point are NaN.
    lon, lat = shapely.get_x(shapes), shapely.get_y(shapes)
    return _joined(values, distinct, lat, lon)


def _from_h3(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    is_cell = text.str.contains(H3_CELL).fill_null(False)
    cells = text.set(~is_cell, None)
    distinct = cells.drop_nulls().unique()
    places = np.full((len(distinct), 2), np.nan)
    for i, name in enumerate(distinct):
        cell = h3.int_to_str(int(name)) if name[0] in "56" and name.isdigit() else name.lower()
        cell = cell.removeprefix("0x").lstrip("0")
        if h3.is_valid_cell(cell):
            places[i] = h3.cell_to_latlng(cell)
    return _joined(cells, distinct, places[:, 0], places[:, 1])


def _from_geohash(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Decode geohashes to the middle of their boxes: bits of longitude and latitude by turns."""
    hashes = text.set(~text.str.contains(GEOHASH).fill_null(False), None).str.to_lowercase()
    distinct = hashes.drop_nulls().unique()
    places = np.full((len(distinct), 2), np.nan)
    for i, name in enumerate(distinct):
        low, size, axis = [-90.0, -180.0], [180.0, 360.0], 1
        for letter in name:
            for bit in f"{_BASE32.index(letter):05b}":
                size[axis] /= 2
                low[axis] += size[axis] if bit == "1" else 0
                axis = 1 - axis
        places[i] = [low[0] + size[0] / 2, low[1] + size[1] / 2]
    return _joined(hashes, distinct, places[:, 0], places[:, 1])


def _joined(
    values: pl.Series, distinct: pl.Series, lat: np.ndarray, lon: np.ndarray
) -> tuple[pl.Series, pl.Series]:
    """Give each value the place that was found for it."""
    if distinct.is_empty():
        return absent(len(values), pl.Float64), absent(len(values), pl.Float64)
    known = pl.DataFrame({"code": distinct, "lat": lat, "lon": lon})
    read = pl.DataFrame({"code": values}).join(known, on="code", how="left", maintain_order="left")
    return read["lat"].fill_nan(None), read["lon"].fill_nan(None)


def _decimal(text: pl.Expr) -> pl.Expr:
    return text.str.replace(",", ".").cast(pl.Float64, strict=False)
