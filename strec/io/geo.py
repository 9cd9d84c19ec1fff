"""Points of GeoJSON and GeoPackage files as a table with lat and lon in degrees."""

import shutil
from pathlib import Path

import polars as pl

from strec.errors import LimitError, ReadError
from strec.io.files import Opened
from strec.io.limits import Limits, size_text

LAT = "lat"
LON = "lon"


def read_points(
    path: Path, suffix: str, name: str, opened: Opened
) -> tuple[pl.DataFrame, list[str]]:
    """Return the properties of the points and their coordinates, and notes.

    Parameters
    ----------
    path : Path
        Plain bytes of a GeoJSON or GeoPackage.
    suffix : str
        ``.geojson`` or ``.gpkg``, which tells the driver what it is.
    name : str
        The name to show in errors.
    opened : Opened
        Gives the temporary folder.

    Raises
    ------
    ReadError
        If it cannot be read, or holds no point.
    """
    points, notes = _open(path, suffix, name, opened)
    table, more = table_of_points(points, name)
    return table, [*notes, *more]


def table_of_points(points, name: str) -> tuple[pl.DataFrame, list[str]]:
    """Return the columns of a geopandas frame and the places of its points, and notes.

    Raises
    ------
    ReadError
        If it holds no point.
    """
    import geopandas

    notes = []
    if not isinstance(points, geopandas.GeoDataFrame) or points.geometry.isna().all():
        raise ReadError(
            "A geographic file with points is needed.",
            f"{name} has no geometry.",
            "Choose the layer that holds the events.",
        )
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
    columns = {c: v for c, v in columns.items() if not v.dtype.is_nested()}
    columns[_free(LAT, columns)] = pl.Series(where.y.to_numpy(), nan_to_null=True)
    columns[_free(LON, columns)] = pl.Series(where.x.to_numpy(), nan_to_null=True)
    return pl.DataFrame(columns), notes


def _open(path: Path, suffix: str, name: str, opened: Opened):
    """Return the first layer with a geometry as a GeoDataFrame, and a note on the others."""
    import geopandas
    import pyogrio

    # The driver goes by the suffix, and must never see a name that a stranger chose.
    copy = opened.folder / f"{opened.new_path().name}{suffix}"
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
    others = f"Read the layer {layers[0]}; others: {', '.join(layers[1:6])}." if layers[1:] else ""
    return points, [others] if others else []


def _free(wanted: str, columns: dict) -> str:
    return wanted if wanted not in columns else f"{wanted}_of_point"


def check_size(path: Path, name: str, limits: Limits) -> None:
    """Raise `LimitError` when a file that must be read as a whole is too large for that."""
    size = path.stat().st_size
    if size > limits.max_json_bytes:
        raise LimitError(
            f"JSON arrays, GeoJSON and GeoPackage are read as a whole, up to "
            f"{size_text(limits.max_json_bytes)}.",
            f"{name} has {size_text(size)}.",
            "Convert it to CSV, Parquet or JSON Lines, which are read piece by piece.",
        )
