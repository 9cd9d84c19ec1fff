"""Land, water, borders and country names of a part of the globe, from what ships with strec."""

import io
import lzma
from functools import lru_cache, partial
from importlib import resources
from typing import Any

import numpy as np

from strec.maps.view import View

#: Level of detail of the land: up to this many degrees across.
LEVELS = ((12.0, "10m"), (100.0, "50m"), (400.0, "110m"))
#: A point of the background lies this many pixels or more from the next, at the first zoom.
MIN_STEP_PX = 0.4
#: A view is near a city, whose coast is drawn as it is, from this many degrees across to that many;
#: seen nearer, a coast that is a hundred metres off tells something wrong.
CITY_DEG = (0.12, 1.5)
#: A view may look over the date line, so the globe is laid out three times.
TURNS_DEG = (-360, 0, 360)


def background(view: View) -> dict:
    """Return GeoJSON features of land and borders: detailed in and around the view, coarse beyond.

    Returns
    -------
    dict
        `land` (polygons), `coast` and `borders` (lines), each a GeoJSON geometry.
    """
    import shapely

    level = next(level for limit, level in LEVELS if view.span_deg <= limit)
    near = _around(view)
    tolerance = MIN_STEP_PX * view.span_deg / 640
    fine, coast, rest = [], [], []
    for shift in TURNS_DEG:
        land = _land(level, shift)
        fine += _clipped(land, near, tolerance)
        coast += _clipped(shapely.boundary(land), near, tolerance)
        if level != "110m":
            rest += _clipped(_land("110m", shift), (view.lon - 180, -90, view.lon + 180, 90), 0)
    if rest:
        rest = shapely.difference(shapely.make_valid(rest), shapely.box(*near))
    borders = _clipped(_borders(), near, tolerance)
    digits = int(np.clip(4 - np.log10(view.span_deg), 2, 5))
    return {
        "land": geojson("MultiPolygon", (fine, digits), (rest, 1)),
        "coast": geojson("MultiLineString", (coast, digits)),
        "borders": geojson("MultiLineString", (borders, digits)),
    }


def water(view: View) -> dict | None:
    """Return sea and lakes in and around a view of a city, a GeoJSON geometry.

    None where there is none, and from too near or far from any large city, where it is not known
    well enough.
    """
    import shapely

    if not CITY_DEG[0] <= view.span_deg < CITY_DEG[1]:
        return None
    known = _squares()
    seen = _squares_of(view.west, view.south, view.east, view.north)
    if any(square not in known for square in seen):
        return None
    polygons, owners = _water()
    box = _around(view)
    found = []
    for square in _squares_of(*box):
        if square in known:
            found += list(polygons[owners == known[square]])
        else:
            # Beyond the cities the outline of the world serves.
            west, south = square
            block = shapely.box(west, south, west + 1, south + 1)
            dry = [_clipped(_land("10m", turn), block.bounds, 0) for turn in TURNS_DEG]
            found.append(shapely.difference(block, shapely.union_all(sum(dry, []))))
    pieces = _clipped(np.array(found), box, MIN_STEP_PX * view.span_deg / 640)
    digits = int(np.clip(4 - np.log10(view.span_deg), 2, 5))
    return geojson("MultiPolygon", (pieces, digits)) if pieces else None


def is_near(view: View) -> bool:
    """Return whether there is land in a view or a few kilometres around it."""
    import shapely

    box = shapely.box(view.west - 0.05, view.south - 0.05, view.east + 0.05, view.north + 0.05)
    return any(shapely.intersects(_land("10m", shift), box).any() for shift in TURNS_DEG)


def countries(view: View, most: int = 40) -> list[dict]:
    """Return `name`, `lat`, `lon` of countries in the view, the largest first."""
    data = _data()
    lon, lat = data["country_place"].T
    lon = view.unwrap(lon)
    inside = (lon > view.west) & (lon < view.east) & (lat > view.south) & (lat < view.north)
    # A country whose name is wider than itself only clutters.
    large = np.sqrt(data["country_area"]) > view.span_deg / 25
    chosen = np.flatnonzero(inside & large)[:most]
    return [
        {"name": str(data["country_name"][i]), "lat": float(lat[i]), "lon": float(lon[i])}
        for i in chosen
    ]


@lru_cache(maxsize=1)
def _data() -> dict[str, np.ndarray]:
    return _read("land.npz.xz")


@lru_cache(maxsize=1)
def _waters() -> dict[str, np.ndarray]:
    return _read("water.npz.xz")


def _read(name: str) -> dict[str, np.ndarray]:
    packed = (resources.files("strec") / "data" / name).read_bytes()
    with np.load(io.BytesIO(lzma.decompress(packed)), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@lru_cache(maxsize=9)
def _land(level: str, shift_deg: int) -> np.ndarray:
    """Polygons of the land, shape (n,), moved east by whole turns of the globe."""
    return _polygons(_data(), f"land_{level}", shift_deg)


@lru_cache(maxsize=1)
def _water() -> tuple[np.ndarray, np.ndarray]:
    """Polygons of sea and lakes in the squares around cities, and each one's square."""
    return _polygons(_waters(), "water"), _waters()["water_square"]


@lru_cache(maxsize=1)
def _squares() -> dict[tuple[int, int], int]:
    """Numbers of the squares of one degree whose water is known, by their south-western corner."""
    return {(int(west), int(south)): k for k, (west, south) in enumerate(_waters()["squares"])}


def _squares_of(west: float, south: float, east: float, north: float) -> list[tuple[int, int]]:
    """South-western corners of the squares of one degree that a box touches."""
    return [
        (x, y)
        for x in range(int(np.floor(west)), int(np.ceil(east)))
        for y in range(int(np.floor(south)), int(np.ceil(north)))
    ]


def _polygons(data: dict[str, np.ndarray], name: str, shift_deg: int = 0) -> np.ndarray:
    import shapely

    points, owners = _points(data, name)
    rings: Any = shapely.linearrings(points + (shift_deg, 0), indices=owners)
    counts = data[f"{name}_rings"]
    owner = np.repeat(np.arange(len(counts)), counts)
    return np.asarray(shapely.polygons(rings, indices=owner))


def _clipped(shapes: np.ndarray, box: tuple, tolerance: float) -> list:
    import shapely

    bounds = shapely.bounds(shapes)
    meets = (bounds[:, :2] < box[2:]).all(axis=1) & (bounds[:, 2:] > box[:2]).all(axis=1)
    pieces = shapely.simplify(shapely.clip_by_rect(shapes[meets], *box), tolerance)
    return list(pieces[~shapely.is_empty(pieces)])


@lru_cache(maxsize=1)
def _borders() -> np.ndarray:
    import shapely

    points, owners = _points(_data(), "borders")
    return np.asarray(shapely.linestrings(points, indices=owners))


def _points(data: dict[str, np.ndarray], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates in degrees, shape (n, 2), and the line that each belongs to, shape (n,)."""
    scale_x, scale_y, shift_x, shift_y = data[f"{name}_grid"]
    x = np.cumsum(data[f"{name}_x"], dtype=np.int64) * scale_x + shift_x
    y = np.cumsum(data[f"{name}_y"], dtype=np.int64) * scale_y + shift_y
    lengths = data[f"{name}_lengths"]
    return np.column_stack([x, y]), np.repeat(np.arange(len(lengths)), lengths)


def _around(view: View) -> tuple[float, float, float, float]:
    """The box with detail: as far as a person pans before zooming out."""
    margin = (1.5 if view.span_deg < 20 else 0.4) * view.span_deg + 0.2
    west, east = view.west - margin, view.east + margin
    if east - west > 360:
        west, east = view.lon - 180, view.lon + 180
    return west, max(view.south - margin, -85.0), east, min(view.north + margin, 85.0)


def geojson(kind: str, *groups: tuple[Any, int]) -> dict[str, Any]:
    """Return the coordinates of shapes, each group rounded to its number of digits."""
    import shapely

    coordinates = []
    for shapes, digits in groups:
        for part in shapely.get_parts(shapes):
            if part.geom_type == kind.removeprefix("Multi") and not part.is_empty:
                rounded = shapely.transform(part, partial(np.round, decimals=digits))
                coordinates.append(rounded.__geo_interface__["coordinates"])
    return {"type": kind, "coordinates": coordinates}
