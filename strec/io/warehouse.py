"""A table of a database, copied once to be read like a file.

An address is what Ibis connects to: ``postgres://me@host/shop``, ``duckdb:///data/shop.duckdb``,
``clickhouse://…``, ``bigquery://project/dataset``. The database sends the rows of one question,
piece by piece, into a Parquet file: what changes in it meanwhile changes nothing of the answer.
"""

import re
from pathlib import Path
from typing import Any

from strec.errors import ReadError, check_is
from strec.io.limits import disk_full, is_disk_full

_ADDRESS = re.compile(r"[a-z][a-z0-9+]+://")
_FILES = ("http", "https", "file", "s3", "gs", "ftp")


def is_address(text: str) -> bool:
    """Return whether this names a database rather than a file.

    Parameters
    ----------
    text : str
        What somebody gave as data.

    Examples
    --------
    >>> is_address("postgres://me@host/shop"), is_address("shop.csv")
    (True, False)
    """
    found = _ADDRESS.match(text)
    return found is not None and found.group()[:-3] not in _FILES


def fetch(
    address: str,
    path: Path,
    *,
    table: str | None = None,
    query: str | None = None,
    most: int | None = None,
) -> Path:
    """Copy a table, or what a query gives, into a Parquet file.

    Parameters
    ----------
    address : str
        What Ibis connects to.
    path : Path
        The file to write; it is there when all rows are.
    table : str, optional
        The name of a table or view, with its schema before a dot where it needs one.
    query : str, optional
        A SELECT in the words of the database, in place of a table.
    most : int, optional
        So many rows at most, to look at; all without it.

    Raises
    ------
    ReadError
        If the database or the table cannot be reached, or nothing was named. A password in the
        address is in no message.

    Examples
    --------
    >>> import ibis, tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> shop = ibis.duckdb.connect(folder / "shop.duckdb")
    >>> _ = shop.raw_sql("CREATE TABLE sold AS SELECT 'ann' AS customer, 'tea' AS product")
    >>> shop.disconnect()
    >>> fetch(f"duckdb://{folder}/shop.duckdb", folder / "sold.parquet", table="sold").name
    'sold.parquet'
    """
    check_is(address, str, "The address of a database is needed.", ReadError)
    connection = connected(address)
    # DuckDB and the others tell half-written files by no ending.
    fresh = Path(path).with_name(f".{Path(path).name}")
    try:
        rows = rows_of(connection, table, query, address)
        (rows if most is None else rows.limit(most)).to_parquet(fresh)
        fresh.replace(path)
    except ReadError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and is_disk_full(error):
            raise disk_full() from error
        raise ReadError(
            "The database must send its rows to the end.",
            f"it stopped: {said_by(error, address)}.",
            "See whether it still runs and the query is right, then try again.",
        ) from error
    finally:
        fresh.unlink(missing_ok=True)
        connection.disconnect()
    return Path(path)


def connected(address: str) -> Any:
    """Return a connection of Ibis to a database, or say why there is none.

    Parameters
    ----------
    address : str
        What Ibis connects to.

    Raises
    ------
    ReadError
        If nothing answers there, or the driver is not installed.
    """
    import ibis

    try:
        found = re.match(r"duckdb://(.+)", address)
        if found is not None:
            # What is only read is not locked for others, and a wrong path makes no new file.
            return ibis.duckdb.connect(found.group(1), read_only=True)
        return ibis.connect(address)
    except Exception as error:
        missing = isinstance(error, ImportError)
        kind = address.partition(":")[0].replace("postgresql", "postgres")
        raise ReadError(
            "A database that can be reached is needed.",
            f"{without_secret(address)}: {said_by(error, address)}.",
            f"Run: pip install 'ibis-framework[{kind}]'." if missing
            else "Check the address, whether the database runs, and who may read it.",
        ) from error  # fmt: skip


def rows_of(connection: Any, table: str | None, query: str | None, address: str) -> Any:
    """Return a table, or what a query gives, as an expression of columns that all readers have.

    Parameters
    ----------
    connection : ibis backend
        From `connected`.
    table, query : str, optional
        One of them, as in `fetch`.
    address : str
        Of the database.

    Raises
    ------
    ReadError
        If the database does not know it, or both or neither are given.
    """
    import ibis.expr.datatypes as dt

    if (table is None) == (query is None):
        raise ReadError(
            "One table, or one query, of a database is read.",
            "both." if table is not None else "neither.",
            "Name it: --table NAME, or --query 'SELECT …'.",
        )
    # What both databases and every reader of Parquet have; anything else comes as text.
    kept = dt.String | dt.Numeric | dt.Boolean | dt.Timestamp | dt.Date
    try:
        if query is not None:
            rows = _asked(connection, query.strip().rstrip(";"))
        else:
            place, _, name = str(table).rpartition(".")
            rows = connection.table(name, database=place or None)
        as_text = {
            name: rows[name].cast("string")
            for name, kind in rows.schema().items()
            if not isinstance(kind, kept)
        }
        return rows.mutate(**as_text) if as_text else rows
    except Exception as error:
        known = ""
        if query is None:
            names = _tables(connection)[:12]
            known = f"; it has {', '.join(names)}" if names else "; it has no tables"
        raise ReadError(
            "A table, or a query, that the database knows is needed.",
            f"{(table or query)!r:.200}: {said_by(error, address)}{known}.",
            "Check its name and who may read it; a schema is written before a dot.",
        ) from error


def _asked(connection: Any, query: str) -> Any:
    if connection.name != "duckdb":
        return connection.sql(query)
    # Ibis asks DuckDB for the columns of a query in a way that newer ones have no more.
    connection.raw_sql(f"CREATE TEMP VIEW strec_asked AS {query}")
    return connection.table("strec_asked", database=("temp", "main"))


def _tables(connection: Any) -> list[str]:
    if connection.name != "duckdb":
        return list(connection.list_tables())
    return [row[0] for row in connection.raw_sql("SHOW TABLES").fetchall()]


def without_secret(address: str) -> str:
    """Return an address without its password.

    Parameters
    ----------
    address : str
        What Ibis connects to.

    Examples
    --------
    >>> without_secret("postgres://me:s3cret@host/shop")
    'postgres://me:…@host/shop'
    """
    return re.sub(r"(://[^/@:]*):[^@]*@", r"\1:…@", address)


def said_by(error: Exception, address: str) -> str:
    """Return the first line of what a database said, without a password.

    Parameters
    ----------
    error : Exception
        What it raised.
    address : str
        With the password.
    """
    lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    secret = re.match(r"[^:]+://[^/@:]*:([^@]+)@", address)
    said = lines[0].strip()[:300].rstrip(".")
    return said.replace(secret.group(1), "…") if secret else said
