"""Points of GeoJSON and GeoPackage files as a table with lat and lon in degrees."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from strec import schema
from strec.errors import ReadError
from strec.io.files import Opened

if TYPE_CHECKING:
    import geopandas

#: What a file is called, by the suffix that tells the driver what it is.
KINDS = {".geojson": "geojson", ".gpkg": "geopackage"}


def read_points(
    path: Path, suffix: str, name: str, opened: Opened
) -> tuple[pl.DataFrame, list[str]]:
    """Return the properties of the points in a file and their coordinates, and notes.

    Raises
    ------
    ReadError
        If it cannot be read, or holds no point.
    """
    import geopandas
    import pyogrio

    # The driver goes by the suffix, and must never see a name that a stranger chose.
    copy = opened.new_path().with_suffix(suffix)
    shutil.copyfile(path, copy)
    try:
        layers = [layer for layer, geometry in pyogrio.list_layers(copy) if geometry is not None]
        points = geopandas.read_file(copy, layer=layers[0] if layers else None)
    except Exception as problem:
        raise ReadError(
            "A valid GeoJSON or GeoPackage with points is needed.",
            f"{name} cannot be read ({str(problem).splitlines()[0][:200]}).",
            "Export it again, or export the table as CSV with columns for latitude and longitude.",
        ) from problem
    table, notes = table_of_points(points, name)
    if layers[1:]:
        notes.insert(0, f"Read the layer {layers[0]}; others: {', '.join(layers[1:6])}.")
    return table, notes


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
    if points.crs is not None and points.crs.to_epsg() != 4326:
        notes.append(f"Coordinates were converted from {points.crs.name} to degrees (WGS 84).")
        points = points.to_crs(4326)
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
    columns = {str(column): pl.from_pandas(table[column]) for column in table.columns}
    columns = {column: each for column, each in columns.items() if not each.dtype.is_nested()}
    for wanted, values in ((schema.LAT, where.y), (schema.LON, where.x)):
        free = wanted if wanted not in columns else f"{wanted}_of_point"
        columns[free] = pl.Series(values.to_numpy(), nan_to_null=True)
    return pl.DataFrame(columns), notes
