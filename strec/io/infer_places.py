"""Decide what numbers of places mean and which way round they are, or ask; say what is lost."""

import re

import numpy as np
import polars as pl

from strec.io.degrees import THOUSANDS
from strec.io.mapping import Option
from strec.io.place_codes import code_name
from strec.io.place_forms import FORMS, PROJECTIONS, fitting_projections, in_degrees, sixtieths_fit
from strec.io.places import coordinates, detect_order, numbers
from strec.io.quantities import offset_minutes, present, share
from strec.io.recognise import Recognised
from strec.io.tables import Table
from strec.io.times import STATED, WALL, parse_time
from strec.io.zones import inhabited_share, offset_at, zones_of

#: Metres of a projection lie between: Web Mercator ends at 20,037,508.
METRES = 2e4, 2.1e7
#: Columns whose names promise a place; single letters and "breite" promise too little.
PROMISES = (
    r"(?i)latitud|longitud|(^|[^a-z])(lat|lon|lng)([^a-z]|$)|^(geo|poi|venue|start|end)?"
    r"(lat|lng|lon)$|geo.?hash|^geom(etry)?$|wkt|wkb|coordinate|latl(o|n)ng?|^h3|纬度|经度|緯度|経度"
    r"|широта|долгота|breitengrad|längengrad|laengengrad"
)
N_LOOKED_AT = 200
#: A stated offset and that of the place may differ by the hour of summer, and a little more.
FAR_MINUTES = 90
WITHOUT: dict = {"lat": None, "lon": None}


def infer_places(table: Table, done: Recognised) -> None:
    """Decide the form and the order of the coordinates, or ask."""
    if not done.mapping.lat:
        _say_lost_places(table, done)
        return
    if done.mapping.coordinate_form is None and done.mapping.crs is None:
        _form(table, done)
    _say_form(table, done)
    if done.mapping.coordinate_order is None and done.mapping.lat:
        _order(table, done)


def _say_form(table: Table, done: Recognised) -> None:
    """Say what places were taken for, if they are no degrees."""
    mapping = done.mapping
    form = mapping.coordinate_form or "degrees"
    values = present(table.sample[mapping.lat]) if mapping.lat else pl.Series()
    code = code_name(values) if mapping.lat == mapping.lon else ""
    if values.is_empty() or (form == "degrees" and not mapping.crs and not code):
        return
    lat, lon, _ = coordinates(table.sample, mapping.replace(coordinate_order=None))
    first = pl.DataFrame({"lat": lat, "lon": lon}).drop_nulls().head(1).rows()
    mangled = share(values.cast(pl.String).str.contains(THOUSANDS)) > 0.2
    said = [f"The places are read as {code or mapping.crs or FORMS[form][0]}."]
    said += ["A spreadsheet has put points for thousands into them."] if mangled else []
    said += [f"{_text_of(table, mapping.lat)} is at {a:.4f}, {b:.4f}." for a, b in first]
    done.notes.append(" ".join(said))


def _say_lost_places(table: Table, done: Recognised) -> None:
    """Ask whether to go on without places where columns are named as if they held some."""
    taken = done.mapping.columns().values()
    named = [name for name in table.columns if re.search(PROMISES, name) and name not in taken]
    examples = {name: next(iter(present(table.sample[name]).head(1)), None) for name in named}
    shown = [f"{name!r} ({value})" for name, value in examples.items() if value is not None]
    if not shown or done.mapping.origin_lat:
        return
    text = (
        f"{', '.join(shown[:4])}: named like places, and not understood as places. "
        "Choose the columns of latitude and longitude, or read without places."
    )
    done.ask("places", text, Option("read the file without places", "", WITHOUT), default=0)


def _form(table: Table, done: Recognised) -> None:
    """Decide whether the numbers are degrees, and ask what else they are."""
    mapping = done.mapping
    lat, lon, _ = numbers(table.sample, mapping)
    places = pl.DataFrame({"lat": lat, "lon": lon}).drop_nulls().unique(maintain_order=True)
    places = places.filter((pl.col("lat") != 0) | (pl.col("lon") != 0)).head(N_LOOKED_AT)
    if places.is_empty():
        return
    y, x = places["lat"].to_numpy(), places["lon"].to_numpy()
    if mapping.coordinate_order == "lon_lat":
        y, x = x, y
    if np.mean((abs(y) <= 180) & (abs(x) <= 180)) > 0.5:
        _look_at_small(done, y, x)
        return
    if np.mean((abs(y) <= 90) & (x >= 0) & (x <= 360)) > 0.95:
        done.set(coordinate_form="lon_360")
        return
    called = f"{mapping.lat} {mapping.lon}".lower()
    forms = _fitting_forms(y, x, called)
    may_be_metres = METRES[0] <= max(abs(y).max(), abs(x).max()) <= METRES[1]
    projections = fitting_projections(x, y) if may_be_metres else {}
    backward = fitting_projections(y, x) if may_be_metres else {}
    text = _text_of(table, mapping.lat)
    options = [
        Option(FORMS[form][0], _place_text(y, x, form, None), {"coordinate_form": form})
        for form in forms
    ]
    for order, found in (("lat_lon", projections), ("lon_lat", backward)):
        swapped = ", the two columns swapped" if order == "lon_lat" else ""
        options += [
            Option(
                f"{crs}, {PROJECTIONS[crs]}{swapped}",
                f"the middle is at {lat:.3f}, {lon:.3f}",
                {"crs": crs, "coordinate_order": order},
            )
            for crs, (lat, lon) in found.items()
        ]
    without = WITHOUT | ({"item_from_place": False} if mapping.item_from_place else {})
    options.append(Option("read the file without places", "", without))
    if len(forms) == 1 and not projections and not backward:
        done.set(coordinate_form=forms[0])
        return
    # Whole numbers of a known size are taken as a guess that is shown; a projection never is.
    is_guess = bool(forms) and not projections and not backward
    done.ask(
        "places",
        f"The coordinates are not degrees, for instance {text}. What are they? (For metres of a "
        "map projection its number is needed, such as crs=EPSG:25832.)",
        *options,
        default=0 if is_guess else None,
    )


def _look_at_small(done: Recognised, y: np.ndarray, x: np.ndarray) -> None:
    """Tell radians, and longitudes from 0 to 360 of which only some are beyond 180."""
    beyond = (x > 180) & (x <= 360)
    if beyond.any() and (x >= 0).all() and (abs(y) <= 90).all() and (x <= 360).all():
        done.set(coordinate_form="lon_360")
        return
    is_small = (abs(y) <= np.pi / 2).all() and (abs(x) <= np.pi).all()
    if (
        is_small
        and len(y) > 2
        and _inhabited(y, x) < 0.2
        and _inhabited(*map(np.degrees, (y, x))) > 0.8
    ):
        done.set(coordinate_form="radians")
        return
    done.set(coordinate_form="degrees")


def _fitting_forms(y: np.ndarray, x: np.ndarray, called: str) -> list[str]:
    """Return the forms that put nearly all places where people live, the likeliest first."""
    is_whole = np.mean((y % 1 == 0) & (x % 1 == 0)) > 0.8
    by_name = re.search(r"e([567])(?![0-9a-z])", called)
    if by_name and is_whole:
        return [f"e{by_name[1]}"]
    forms = ["ddmmss", "e5", "e6", "e7"] if is_whole else ["nmea"]
    fits = []
    for form in forms:
        if form in ("nmea", "ddmmss"):
            n_parts = 1 if form == "nmea" else 2
            if not (sixtieths_fit(y, n_parts) and sixtieths_fit(x, n_parts)):
                continue
        lat, lon = in_degrees(y, x, form, None)
        if np.mean((abs(lat) <= 90) & (abs(lon) <= 180)) > 0.95 and _inhabited(lat, lon) > 0.8:
            fits.append(form)
    return fits


def _inhabited(lat: np.ndarray, lon: np.ndarray) -> float:
    step = max(1, len(lat) // 40)
    return inhabited_share(lat[::step], lon[::step])


def _place_text(y: np.ndarray, x: np.ndarray, form: str, crs: str | None) -> str:
    lat, lon = in_degrees(y[:1], x[:1], form, crs)
    return f"{lat[0]:.4f}, {lon[0]:.4f}"


def _text_of(table: Table, column: str | None) -> str:
    text = str(next(iter(present(table.sample[column]).head(1)), "")) if column else ""
    return text if len(text) < 60 else f"{text[:50]}…"


def _order(table: Table, done: Recognised) -> None:
    """Decide which of the two is the latitude, or ask."""
    lat, lon, _ = coordinates(table.sample, done.mapping)
    order = detect_order(lat, lon)
    if order.order is None:
        done.ask(
            "coordinate_order",
            f"{order.note} Are latitude and longitude swapped?",
            Option("swapped: read them the other way round", "", {"coordinate_order": "lon_lat"}),
            Option("as named", "", {"coordinate_order": "lat_lon"}),
        )
    else:
        done.notes += [order.note] if order.note else []
        done.set(coordinate_order=order.order)


def say_far_zone(table: Table, done: Recognised) -> None:
    """Say where the times state an offset, or a zone is given, that is not that of the places."""
    mapping = done.mapping
    if not (mapping.lat and mapping.timestamp and mapping.time_format):
        return
    sample = table.sample.head(N_LOOKED_AT)
    parsed = parse_time(sample[mapping.timestamp], mapping.time_format)
    stated = parsed[STATED].set(parsed[STATED] == 0, None)
    if mapping.utc_offset_min:
        stated = offset_minutes(sample[mapping.utc_offset_min], mapping.offset_unit or "minutes")
    lat, lon, _ = coordinates(sample, mapping)
    rows = pl.DataFrame({"wall": parsed[WALL], "stated": stated, "zone": zones_of(lat, lon)})
    rows = rows.drop_nulls()
    pieces = [
        piece.with_columns(offset_at(piece["wall"], str(zone)).alias("here"))
        for (zone,), piece in rows.partition_by("zone", as_dict=True).items()
    ]
    if not pieces:
        return
    rows = pl.concat(pieces)
    is_far = (rows["stated"].cast(pl.Int32) - rows["here"].cast(pl.Int32)).abs() > FAR_MINUTES
    if share(is_far) > 0.5:
        first = rows.filter(is_far).row(0, named=True)
        done.notes.append(
            f"The times state UTC{first['stated'] / 60:+g}, but the places lie in {first['zone']} "
            f"(UTC{first['here'] / 60:+g}): the sign or the order of the coordinates, or the "
            "offset, may be wrong."
        )
