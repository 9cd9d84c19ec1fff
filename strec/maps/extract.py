"""A person's own map file as the ground of maps: OpenStreetMap extracts, GeoPackage, GeoJSON, …

What GDAL reads is read once; roads, railways, water, green and names are recognised by the tags of
OpenStreetMap (also as Geofabrik's `fclass`) and simplified to a few metres.
"""

from pathlib import Path

import numpy as np

from strec.errors import ReadError
from strec.maps.ground import LINES, Ground

#: More is refused before it is read, or after: a map is of a city or a region.
MAX_MB, MAX_SHAPES = 400, 600_000
#: What is smaller than this in every direction is not seen on a map of a city, in degrees (3 m).
STEP_DEG = 0.00003
MIN_AREA_M2 = 4_000
_MEND = (
    "Give a file of OpenStreetMap (.osm, .osm.pbf), GeoPackage or GeoJSON of your city, for "
    "instance an extract of download.geofabrik.de or export.hotosm.org."
)
#: Columns that say what a shape is, and their values by kind.
_TAGS = ("highway", "railway", "waterway", "natural", "landuse", "leisure", "water", "place",
         "fclass", "class", "type", "kind")  # fmt: skip
_KINDS = {
    "motorway": ("motorway", "motorway_link", "trunk", "trunk_link"),
    "avenue": ("primary", "primary_link", "secondary", "secondary_link"),
    "street": ("tertiary", "tertiary_link", "unclassified", "street", "road"),
    "lane": ("residential", "living_street", "pedestrian", "lane"),
    "rail": ("rail", "light_rail", "tram", "narrow_gauge"),
    "stream": ("river", "canal", "stream", "riverbank"),
    "water": ("water", "reservoir", "basin", "bay", "riverbank", "dock", "wetland", "lake"),
    "park": ("park", "forest", "wood", "grass", "meadow", "garden", "nature_reserve", "cemetery",
             "recreation_ground", "golf_course", "village_green", "scrub", "heath", "allotments"),
    "urban": ("residential", "commercial", "retail", "industrial", "urban"),
    "district": ("suburb", "quarter", "neighbourhood", "borough", "city_district", "city", "town",
                 "village", "district"),
}  # fmt: skip
_LINES, _AREAS = LINES, ("water", "park", "urban")


def read_ground(
    path: str | Path, name: str | None = None, attribution: str | None = None
) -> Ground:
    """Read a map file as the ground of maps: `deck(..., ground=read_ground("city.osm.pbf"))`.

    Parameters
    ----------
    path : str or pathlib.Path
        OpenStreetMap (``.osm``, ``.osm.pbf``), GeoPackage, GeoJSON, FlatGeobuf, zipped Shapefile.
    name : str, optional
        What it is called in lists; the file's name otherwise.
    attribution : str, optional
        Whom maps shall thank; OpenStreetMap's contributors where its tags are found.

    Raises
    ------
    ReadError
        If there is no such file, it is too large, GDAL cannot read it, or it holds no streets,
        water, parks or names of districts.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> path = Path(mkdtemp()) / "city.geojson"
    >>> _ = path.write_text('{"type": "FeatureCollection", "features": [{"type": "Feature", '
    ...     '"properties": {"highway": "primary"}, "geometry": {"type": "LineString", '
    ...     '"coordinates": [[2.3, 48.8], [2.4, 48.9]]}}]}')
    >>> list(read_ground(path).shapes)
    ['avenue']
    """
    if not isinstance(path, str | Path) or "\0" in str(path) or not Path(path).is_file():
        raise ReadError("A map file is needed.", f"no file {path!r:.80}.", _MEND)
    path = Path(path)
    if (size := path.stat().st_size) > MAX_MB * 1e6:
        raise ReadError(
            f"A map file has at most {MAX_MB} MB.", f"{size / 1e6:,.0f} MB.",
            "Cut out your city, for instance with osmium extract, or ogr2ogr -spat.",
        )  # fmt: skip
    shapes: dict[str, list[np.ndarray]] = {}
    names: list[tuple[float, str, str, float, float]] = []
    has_tags = False
    for frame in _layers(path):
        tags = [column for column in _TAGS if column in frame]
        has_tags |= bool(tags)
        _collect(frame, tags, shapes, names)
        if sum(map(len, (part for parts in shapes.values() for part in parts))) > MAX_SHAPES:
            raise ReadError(
                f"The ground of a map has at most {MAX_SHAPES:,} shapes.", "more.",
                "Cut out your city, for instance with osmium extract, or ogr2ogr -spat.",
            )  # fmt: skip
    if not shapes:
        raise ReadError(
            "A map file holds roads, water, parks or railways.",
            "none that is named by OpenStreetMap's tags, and no lines.", _MEND,
        )  # fmt: skip
    thanks = attribution or (
        "Map: © OpenStreetMap contributors" if has_tags else f"Map: {name or path.name}"
    )
    kinds = [kind for kind in (*_AREAS, *_LINES) if kind in shapes]
    named = tuple((kind, said, lat, lon) for _, kind, said, lat, lon in sorted(names)[:400])
    return Ground(
        name or path.name, thanks, {kind: np.concatenate(shapes[kind]) for kind in kinds}, named
    )


def _layers(path: Path):
    """Yield the layers of a file as frames in degrees, with columns in lower case."""
    import geopandas
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    source = f"/vsizip/{path}" if path.suffix == ".zip" else str(path)
    try:
        listed = [str(layer) for layer, kind in pyogrio.list_layers(source) if kind is not None]
        is_osm = path.name.endswith((".osm", ".pbf"))
        for layer in listed:
            if is_osm and layer not in ("points", "lines", "multipolygons"):
                continue
            frame = geopandas.read_file(source, layer=layer, engine="pyogrio")
            if frame.crs is not None and frame.crs.to_epsg() != 4326:
                frame = frame.to_crs(4326)
            frame.columns = [
                each if each == frame.geometry.name else str(each).lower() for each in frame.columns
            ]
            yield frame[frame.geometry.notna() & ~frame.geometry.is_empty]
    except (DataSourceError, DataLayerError, ValueError,
            OSError) as error:  # fmt: skip
        raise ReadError(
            "A map file is one that GDAL reads.", f"{path.name}: {error}"[:300], _MEND
        ) from error


def _collect(frame, tags: list[str], shapes: dict, names: list) -> None:
    """Sort a layer's shapes by kind, simplified, and gather names of districts and water."""
    import shapely

    at = np.asarray(frame.geometry.to_numpy(), dtype=object)
    at = shapely.force_2d(at)
    size = shapely.get_dimensions(at)
    inside = _on_globe(shapely.bounds(at))
    said = [frame[column].astype("string").str.lower().fillna("").to_numpy() for column in tags]
    labels = frame["name"].astype("string").fillna("").to_numpy() if "name" in frame else None
    for kind, values in _KINDS.items():
        dimension = 0 if kind == "district" else 1 if kind in _LINES else 2
        # A street says so by itself, land use only where it is an area.
        chosen = inside & (size == dimension)
        if tags:
            chosen &= np.any([np.isin(each, values) for each in said], axis=0)
        elif kind not in ("street",):
            continue
        if kind == "district":
            if labels is not None:
                names += [
                    (values.index(_first(said, int(i), values)), "district", str(labels[i]),
                     float(at[i].y), float(at[i].x))
                    for i in np.flatnonzero(chosen & (shapely.get_type_id(at) == 0))
                    if labels[i]
                ]  # fmt: skip
            continue
        found = shapely.simplify(at[chosen], STEP_DEG)
        if dimension == 2:
            across = 111_195**2 * np.cos(np.radians(shapely.bounds(found)[:, 1]))
            found = found[shapely.area(found) * across > MIN_AREA_M2]
        found = shapely.get_parts(found)
        if len(found):
            shapes.setdefault(kind, []).append(found)


def _first(said: list[np.ndarray], row: int, values: tuple[str, ...]) -> str:
    return next(each[row] for each in said if each[row] in values)


def _on_globe(bounds: np.ndarray) -> np.ndarray:
    west, south, east, north = bounds.T
    return (west >= -181) & (east <= 181) & (south >= -90) & (north <= 90)
