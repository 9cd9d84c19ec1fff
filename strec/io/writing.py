"""Write check-ins as Parquet, CSV or JSON Lines."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import polars as pl

from strec import schema
from strec.errors import ReadError, as_path, check_is
from strec.export import safe_table

TIME_PATTERN = "%Y-%m-%dT%H:%M:%S%.6fZ"


def write(checkins: pl.DataFrame, path: str | Path) -> Path:
    """Write a table of check-ins by the ending of the name; the file appears complete or not.

    In CSV, a text that a spreadsheet would run as a formula is led by an apostrophe, which
    `strec.io.read` takes off again.

    Parameters
    ----------
    checkins : polars.DataFrame
        Canonical check-ins, or any table with text, numbers and times (such as rejected rows).
    path : path
        Ends in ``.parquet``, ``.csv``, ``.jsonl`` or ``.ndjson``.

    Raises
    ------
    ReadError
        If the ending is none of these, or the folder does not exist.

    Examples
    --------
    >>> path = write(schema.example(), Path(tempfile.mkdtemp()) / "visits.csv")
    >>> path.read_text().splitlines()[1]
    'ann,cafe,2024-06-03T12:00:00.000000Z,-240,40.71,-74.0,Coffee Shop'
    """
    path = as_path(path)
    check_is(checkins, pl.DataFrame, "A polars frame is written.", ReadError)
    writer = writer_for(path)
    with tempfile.TemporaryDirectory(prefix=".strec-", dir=path.parent) as folder:
        partial = Path(folder) / "partial"
        writer(checkins, partial)
        os.replace(partial, path)
    return path


def writer_for(path: Path) -> Callable[[pl.DataFrame, Path], None]:
    """Return what writes a file of this name; raises `ReadError` where nothing can.

    Examples
    --------
    >>> writer_for(Path("visits.CSV")).__name__
    '_csv'
    """
    writers = {".parquet": _parquet, ".csv": _csv, ".jsonl": _json_lines, ".ndjson": _json_lines}
    writer = writers.get(path.suffix.lower())
    if writer is None or not path.parent.is_dir() or path.is_dir():
        raise ReadError(
            "A file in an existing folder whose name ends in .parquet, .csv or .jsonl is needed.",
            f"{path.name!r} in {path.parent}" + (", a folder." if path.is_dir() else "."),
            "Choose one of these endings, and make the folder first.",
        )
    return writer


def _parquet(checkins: pl.DataFrame, path: Path) -> None:
    checkins.write_parquet(path, compression="zstd")


def _csv(checkins: pl.DataFrame, path: Path) -> None:
    safe_table(_with_plain_times(checkins)).write_csv(path)


def _json_lines(checkins: pl.DataFrame, path: Path) -> None:
    _with_plain_times(checkins).write_ndjson(path)


def _with_plain_times(checkins: pl.DataFrame) -> pl.DataFrame:
    if schema.TIME not in checkins.columns or checkins.schema[schema.TIME] == pl.String:
        return checkins
    return checkins.with_columns(pl.col(schema.TIME).dt.to_string(TIME_PATTERN))
