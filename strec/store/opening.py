"""Open a store: read what its folder says about itself, and reach the engine."""

import json
from pathlib import Path

from strec.errors import StoreError
from strec.store import writer


def read_meta(folder: Path) -> dict:
    """Return what `meta.json` says, or raise a StoreError that says how to mend it."""
    mend = "Load the data again on the Data page, or with strec clean."
    try:
        meta = json.loads((folder / writer.META).read_text(encoding="utf-8"))
    except OSError as error:
        raise StoreError("A folder made by strec is needed.", f"no store in {folder}.", mend) from (
            error
        )
    except ValueError as error:
        raise StoreError("meta.json must be JSON.", f"it is damaged in {folder}.", mend) from error
    if not isinstance(meta, dict) or meta.get("format") != writer.FORMAT:
        raise StoreError(
            f"A store of format {writer.FORMAT} is needed.",
            f"{folder} has format {meta.get('format') if isinstance(meta, dict) else 'unknown'}.",
            mend,
        )
    if not (folder / writer.CHECKINS).exists():
        raise StoreError("A store holds checkins.parquet.", f"{folder} has only meta.json.", mend)
    return meta


def connect(engine: str, folder: Path):
    """Return the Ibis connection of an engine's URL."""
    import ibis

    try:
        connection = ibis.connect(engine)
    except Exception as error:
        raise StoreError(
            "The engine is a URL that Ibis can connect to, such as duckdb://.",
            f"{engine} ({error}).",
            "Install the engine (pip install 'ibis-framework[…]'), or use duckdb://.",
        ) from error
    if connection.name == "duckdb":
        # By default DuckDB spills into the working directory.
        connection.raw_sql(f"SET temp_directory = '{str(folder / 'spill').replace(chr(39), '')}'")
    return connection
