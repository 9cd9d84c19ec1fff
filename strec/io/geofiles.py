"""Points of GeoPackages and Shapefiles as tables with lat and lon in degrees."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from strec import schema
from strec.errors import ReadError
from strec.io.files import Opened
from strec.io.limits import explain

if TYPE_CHECKING:
    import geopandas
    import pandas as pd

#: What a file is called, by the suffix that tells the driver what it is.
KINDS = {".gpkg": "geopackage", ".shp": "shapefile"}
WGS84 = 4326


def read_points(
    path: Path, suffix: str, name: str, opened: Opened
) -> dict[str, tuple[pl.DataFrame, list[str]]]:
    """Return, for each layer of a file, the properties of its points with their coordinates.

    Raises
    ------
    ReadError
        If it cannot be read, or holds no point.
    """
    import geopandas
    import pyogrio

    if path.suffix != suffix:
        # The driver goes by the suffix, and must never see a name that a stranger chose.
        copy = opened.new_path().with_suffix(suffix)
        shutil.copyfile(path, copy)
        path = copy
    try:
        layers = [layer for layer, geometry in pyogrio.list_layers(path) if geometry is not None]
        frames = {layer: geopandas.read_file(path, layer=layer) for layer in layers or [None]}
    except Exception as problem:
        raise ReadError(
            "A valid GeoPackage or Shapefile with points is needed.",
            f"{name} cannot be read ({explain(problem)}).",
            "Export it again, or export the table as CSV with columns for latitude and longitude.",
        ) from problem
    found, problems = {}, []
    for layer, points in frames.items():
        try:
            found[str(layer)] = table_of_points(points, name)
        except ReadError as problem:
            problems.append(problem)
    if not found:
        raise problems[0]
    return found


def to_degrees(
    x: Sequence[float], y: Sequence[float], crs: str, name: str
) -> tuple[list[float], list[float], str]:
    """Return latitudes, longitudes and the name of the coordinate system that they came from.

    Raises
    ------
    ReadError
        If there is no such system, or it is not on the Earth's surface.
    """
    from pyproj import CRS, Transformer
    from pyproj.exceptions import ProjError

    try:
        known = CRS.from_user_input(crs)
        lon, lat = Transformer.from_crs(known, WGS84, always_xy=True).transform(x, y)
    except ProjError as problem:
        raise not_on_earth(str(crs)[:80], name) from problem
    return list(lat), list(lon), known.name


def not_on_earth(crs: str, name: str) -> ReadError:
    """Return the error of coordinates that no formula turns into degrees."""
    return ReadError(
        "Coordinates that can be converted to latitude and longitude are needed.",
        f"{name} is in {crs}, which says not where on Earth it is.",
        "Set its coordinate system where the file is made, or export degrees (EPSG:4326).",
    )


def table_of_points(points: "geopandas.GeoDataFrame", name: str) -> tuple[pl.DataFrame, list[str]]:
    """Return the columns of a geopandas frame and the places of its points, and notes.

    Raises
    ------
    ReadError
        If it holds no point.
    """
    import geopandas

    if not isinstance(points, geopandas.GeoDataFrame) or points.geometry.isna().all():
        raise ReadError(
            "A geographic file with points is needed.",
            f"{name} has no geometry.",
            "Choose the layer that holds the events.",
        )
    notes = []
    if points.crs is not None and points.crs.to_epsg() != WGS84:
        notes.append(f"Coordinates were converted from {points.crs.name} to degrees (WGS 84).")
        try:
            points = points.to_crs(WGS84)
        except Exception as problem:
            raise not_on_earth(points.crs.name, name) from problem
    is_point = points.geometry.geom_type == "Point"
    if not is_point.any():
        kinds = ", ".join(sorted(set(points.geometry.geom_type.dropna())))
        raise ReadError(
            "A geographic file with points is needed: one per event.",
            f"{name} holds {kinds}.",
            "Export points, for example the vertices of a track or the centre of each area.",
        )
    if not is_point.all():
        notes.append(f"{(~is_point).sum():,} shapes are not points; they have no place here.")
    where = points.geometry.where(is_point)
    table = points.drop(columns=points.geometry.name)
    columns = {str(column): _column(table[column]) for column in table.columns}
    columns = {column: each for column, each in columns.items() if not each.dtype.is_nested()}
    for wanted, values in ((schema.LAT, where.y), (schema.LON, where.x)):
        free = wanted if wanted not in columns else f"{wanted}_of_point"
        columns[free] = pl.Series(values.to_numpy(), nan_to_null=True)
    return pl.DataFrame(columns), notes


def _column(values: "pd.Series") -> pl.Series:
    """Return a column; values of several types become text."""
    try:
        return pl.from_pandas(values)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        texts = [None if each is None or each != each else str(each) for each in values]
        return pl.Series(str(values.name), texts, dtype=pl.String)
