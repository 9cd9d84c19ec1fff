"""A table of a database as a store: every aggregate is a question that the database answers.

The table stays where it is. Its columns become those of check-ins by expressions; three small
tables, made here once and sent along with the questions that need them, say what a database cannot:
the H3 cell of each place, and the numbers of items and users. A question gets only the columns it
needs.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn, cast

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pandas as pd
import polars as pl

from strec import schema
from strec.errors import MappingError, StoreError, StrecError, check_is
from strec.geo import EARTH_RADIUS_KM
from strec.io import Mapping, inspect
from strec.io.warehouse import connected, fetch, rows_of, said_by, without_secret
from strec.store import aggregates, writer
from strec.store.aggregates import (
    FROM_CELL,
    FROM_ITEM,
    ITEM_CODE,
    STEP_KM,
    USER_CODE,
    WHO,
)
from strec.store.items import item_table
from strec.store.mapped import TYPES, as_checkins, understood
from strec.store.store import Store

#: So many places, items or users at most are sent along with a question.
MOST_SENT = 200_000
#: So many rows are looked at to guess which column is what.
LOOKED_AT = 2_000
#: How databases are called whose names Ibis writes in small letters.
_NAMES = {"duckdb": "DuckDB", "postgres": "Postgres", "clickhouse": "ClickHouse",
          "bigquery": "BigQuery", "mysql": "MySQL", "sqlite": "SQLite"}  # fmt: skip
#: What a question gets only where it needs it.
_COSTLY = (USER_CODE, ITEM_CODE, schema.CELL, FROM_ITEM, FROM_CELL, STEP_KM)


class Warehouse(Store):
    """A table of a database, as it is: the questions of a `Store`, answered there.

    Nothing is copied and nothing cleaned: what is counted is what the table holds at that moment.
    Rows without user, item or time are left out, and what is on no place of the Earth has none.

    Parameters
    ----------
    address : str
        What Ibis connects to: `postgres://me@host/shop`, `duckdb:///data/shop.duckdb`, …
    table : str, optional
        A table or view, with its schema before a dot where it needs one.
    query : str, optional
        A SELECT in the words of the database, in place of a table.
    mapping : Mapping or dict
        Which column is what, `{"user_id": "customer", "item_id": "product", "timestamp": "sold"}`;
        also `lat`, `lon`, `category`, … Times are of a type of time (`query` can make them so); of
        those without a zone `time_is` says what they mean. Where nobody is named,
        `{"user_from": "nobody"}`.
    time_zone : str, optional
        IANA name of the local times; UTC without it.
    name : str, optional
        How the data set is called: as the table without it.

    Raises
    ------
    ReadError
        If the database or the table cannot be reached.
    MappingError
        If a column is not there or not of its type, or the mapping needs a copy.
    StoreError
        If no row is a check-in.

    Notes
    -----
    Users, items and places are those of the moment at which they were first needed: a new one
    counts in all questions but those about cells, items or single users, until the table is opened
    again. Of local times in the hour that a clock repeats the first is taken. As the table may have
    changed, no two openings have the same `fingerprint`.

    Examples
    --------
    >>> import tempfile
    >>> path = tempfile.mkdtemp() + "/shop.duckdb"
    >>> shop = ibis.duckdb.connect(path)
    >>> _ = shop.raw_sql("CREATE TABLE sold AS SELECT 'ann' AS who, 'tea' AS what, now() AS at")
    >>> shop.disconnect()
    >>> columns = {"user_id": "who", "item_id": "what", "timestamp": "at"}
    >>> Warehouse(f"duckdb://{path}", table="sold", mapping=columns).summary()["n_checkins"]
    1
    """

    def __init__(
        self,
        address: str,
        *,
        table: str | None = None,
        query: str | None = None,
        mapping: Mapping | dict,
        time_zone: str | None = None,
        name: str | None = None,
    ):
        check_is(address, str, "The address of a database is needed.", StoreError)
        self._address, self._lock = address, threading.RLock()
        self._source = {"address": address, "table": table, "query": query}
        self.engine = without_secret(address)
        self._mapping = understood(mapping, time_zone)
        self._connection = connected(address)
        rows = rows_of(self._connection, table, query, address)
        self._mapping.check_columns(rows.columns)
        with self._in_words():
            self._base = as_checkins(rows, self._mapping, self._asked)
        columns = {name: self._base[name].type() for name in self._base.columns}
        columns |= {name: TYPES[name] for name in _COSTLY}
        # What questions are about; each is answered by the columns that it needs.
        self.table = ibis.table(columns, name="checkins")
        self.meta = self._described(name or table or "a query")

    @classmethod
    def guessed(
        cls,
        address: str,
        *,
        table: str | None = None,
        query: str | None = None,
        given: dict | None = None,
        time_zone: str | None = None,
        name: str | None = None,
    ) -> "Warehouse":
        """Open a table whose columns are guessed by its first rows, as those of a file are.

        Parameters
        ----------
        address, table, query, time_zone, name
            As of a `Warehouse`.
        given : dict, optional
            Entries of a `Mapping` that stand in place of the guess.

        Raises
        ------
        MappingError
            If the rows do not say which column is what, and no entry does.

        Examples
        --------
        >>> import tempfile
        >>> path = tempfile.mkdtemp() + "/shop.duckdb"
        >>> shop = ibis.duckdb.connect(path)
        >>> rows = "SELECT 'ann' AS customer, 'tea' AS product, now() AS sold_at"
        >>> _ = shop.raw_sql(f"CREATE TABLE sold AS {rows}")
        >>> shop.disconnect()
        >>> given = {"user_id": "customer", "item_id": "product"}
        >>> Warehouse.guessed(f"duckdb://{path}", table="sold", given=given).mapping.timestamp
        'sold_at'
        """
        check_is(address, str, "The address of a database is needed.", StoreError)
        given = {} if given is None else given
        check_is(given, dict, "Entries of a mapping are a dictionary.", MappingError)
        with TemporaryDirectory(prefix="strec-") as folder:
            first = Path(folder) / "rows.parquet"
            fetch(address, first, table=table, query=query, most=LOOKED_AT)
            look = inspect(first, names=[table or "the query"])
        for question in look.questions:
            says = {entry for option in question.options for entry in option.changes}
            if question.must_be_answered and not says & given.keys():
                choices = "; ".join(each.entries for each in question.options[:6] if each.changes)
                raise MappingError(
                    question.text,
                    f"the columns {', '.join(look.columns[:20])}.",
                    f"Say it in the mapping, with --map in the shell: {choices}.",
                )
        return cls(
            address, table=table, query=query, mapping=look.mapping.remap(**given),
            time_zone=time_zone, name=name,
        )  # fmt: skip

    @property
    def keeps_answers(self) -> bool:
        """Whether answers are kept: not of a table that others may change."""
        return False

    @property
    def is_elsewhere(self) -> bool:
        """Whether check-ins stay in a database: always."""
        return True

    @property
    def mapping(self) -> Mapping:
        """Which column is what."""
        return self._mapping

    @property
    def source(self) -> dict[str, Any]:
        """The `address`, `table` and `query` that it was opened with; a password is among them."""
        return dict(self._source)

    @property
    def engine_in_words(self) -> str:
        """What answers the questions: the database, its version, and where it is."""
        name = _NAMES.get(self._connection.name, self._connection.name)
        return f"{name} {self._connection.version} at {self.engine}"

    @property
    def folder(self) -> Any:  # pyrefly: ignore[bad-override]
        """A database has none; what is kept beside a store needs a copy."""
        self._needs_copy()

    # Pages ask by the functions of `Store`: what differs here differs below them.
    def _beside(self, name: str) -> pl.DataFrame:
        return self._items if name == writer.ITEMS else self._users

    def _rows(self, kept: ir.Table, columns: list[str] | None) -> pl.DataFrame:
        self._needs_copy()

    def _needs_copy(self) -> NoReturn:
        raise StoreError(
            "Cleaning, models and all that reads whole check-ins need a copy of the table.",
            f"{self.name}, which is counted where it is.",
            f"Copy it: strec clean {self.engine} --table … --map … --out FOLDER.",
        )

    # ------------------------------------------------------------ asking

    def _run(self, expression: ir.Table) -> pd.DataFrame:
        return self._polars(expression).to_arrow().to_pandas()

    def _polars(self, expression: ir.Table) -> pl.DataFrame:
        with self._lock:
            return self._asked(self._resolved(expression))

    def _asked(self, question: ir.Table) -> pl.DataFrame:
        """Return what the database answers to a question about its own table."""
        with self._lock, self._in_words():
            return pl.DataFrame(question.to_pyarrow())

    def _resolved(self, expression: ir.Table) -> ir.Table:
        """Return a question about `table` as one about the database, with what it needs."""
        root = self.table.op()
        needed = {name for name in _COSTLY if _without(expression.op(), root, {name}) is None}
        rows = self._with(needed).op()
        return _without(expression.op(), root, {*_COSTLY} - needed, rows).to_expr()

    def _with(self, needed: set[str]) -> ir.Table:
        """Return the check-ins with some of the columns that are looked up."""
        rows = self._base
        steps = needed & {FROM_ITEM, FROM_CELL, STEP_KM}
        if steps:
            # The order of check-ins of one moment is that of their items.
            needed = needed | {ITEM_CODE, schema.CELL}
        if USER_CODE in needed:
            rows = rows.left_join(self._user_codes, schema.USER).drop(f"{schema.USER}_right")
        if ITEM_CODE in needed:
            rows = rows.left_join(self._item_codes, schema.ITEM).drop(f"{schema.ITEM}_right")
        if schema.CELL in needed:
            at = [schema.LAT, schema.LON]
            rows = rows.left_join(self._cells_of_places, at).drop(*(f"{one}_right" for one in at))
        return _with_steps(rows) if steps else rows

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except StrecError:
            raise
        except Exception as error:
            # A server that comes back answers the next question.
            if self._connection.name != "duckdb":
                with suppress(Exception):
                    self._connection.reconnect()
            raise StoreError(
                "The database must answer.",
                f"{self.engine}: {said_by(error, self._address)}.",
                "See whether it still runs and the table is as it was, then open it again.",
            ) from error

    # ------------------------------------------------------------ what is looked up

    @cached_property
    def _item_codes(self) -> ir.Table:
        return _sent(self._counts.select(schema.ITEM).with_row_index(ITEM_CODE), "items")

    @cached_property
    def _user_codes(self) -> ir.Table:
        return _sent(self._users.select(schema.USER).with_row_index(USER_CODE), "users")

    @cached_property
    def _cells_of_places(self) -> ir.Table:
        placed = self._base.filter(self._base[schema.LAT].notnull())
        found = self._asked(placed.select(schema.LAT, schema.LON).distinct().limit(MOST_SENT + 1))
        cells = schema.cells_of(found[schema.LAT], found[schema.LON])
        return _sent(found.with_columns(cells.cast(pl.Int64)), "places")

    @cached_property
    def _counts(self) -> pl.DataFrame:
        """Check-ins and users of each item, in the order of their codes."""
        base = self._base
        return self._asked(aggregates.count(base, item_id=base[schema.ITEM])).sort(schema.ITEM)

    @cached_property
    def _items(self) -> pl.DataFrame:
        n = self.meta["n_checkins"]
        return item_table(self._polars, self.table, self._counts, n)[0]

    @cached_property
    def _users(self) -> pl.DataFrame:
        named = self._base.filter(self._base[WHO].notnull())
        found = named.group_by(schema.USER).agg(
            n_checkins=named.count(), n_items=named[schema.ITEM].nunique(),
            first=named[schema.TIME].min(), last=named[schema.TIME].max(),
        )  # fmt: skip
        return self._asked(found).sort(schema.USER)

    def _described(self, name: str) -> dict[str, Any]:
        """Return what the `meta.json` of a store says."""
        base = self._base
        found = base.agg(
            n_checkins=base.count(), n_users=base[WHO].nunique(),
            n_items=base[schema.ITEM].nunique(),
            n_places=base[schema.LAT].count(), first_date=base[schema.LOCAL_DATE].min(),
            last_date=base[schema.LOCAL_DATE].max(), clock=(_seconds(base) % 86_400).max(),
            first=base[schema.TIME].min(), last=base[schema.TIME].max(),
        )  # fmt: skip
        said = self._asked(found).row(0, named=True)
        if not said["n_checkins"]:
            raise StoreError(
                "At least one row with a user, an item and a time is needed.",
                f"none in {name} of {self.engine}.",
                "See whether the columns are mapped right.",
            )
        opened = datetime.now(UTC)
        content = repr((self.engine, name, self._mapping.to_dict(), said, opened))
        return said | {
            "name": name,
            "created": opened.isoformat(timespec="seconds"),
            "time_zone": self._mapping.time_zone,
            "source": f"{name} of {self.engine}",
            "recipe": None,
            "pictures": None,
            "columns": [each for each in schema.REQUIRED | schema.OPTIONAL if each in base.columns],
            "is_anonymous": self._mapping.user_id is None,
            "has_clock": bool(said["clock"]),
            "is_raw_track": False,
            "first_date": said["first_date"].isoformat(),
            "last_date": said["last_date"].isoformat(),
            "fingerprint": hashlib.blake2b(content.encode(), digest_size=16).hexdigest(),
        }


def _seconds(base: ir.Table) -> Any:
    time = cast(Any, base[schema.TIME]).epoch_seconds().cast("int64")
    return time + aggregates.whole(base, schema.OFFSET) * 60


def _with_steps(rows: ir.Table) -> ir.Table:
    """Look back one check-in of the same user, as `strec.store.writer` does."""
    names = (schema.TIME, ITEM_CODE, schema.CELL, schema.LAT, schema.LON)
    back = ibis.window(group_by=rows[WHO], order_by=[rows[name] for name in names])
    before = {f"{name}_before": rows[name].lag().over(back) for name in names}
    rows = rows.mutate(**before)
    t = cast(Any, rows)
    gap = t[schema.TIME].epoch_seconds() - t[f"{schema.TIME}_before"].epoch_seconds()
    goes_on = t[WHO].notnull() & (gap <= 3600 * schema.SESSION_GAP_HOURS)
    phi, before_phi = t[schema.LAT].radians(), t[f"{schema.LAT}_before"].radians()
    half_lon = (t[schema.LON].radians() - t[f"{schema.LON}_before"].radians()) / 2
    sines = ((phi - before_phi) / 2).sin(), half_lon.sin()
    square = sines[0] * sines[0] + phi.cos() * before_phi.cos() * sines[1] * sines[1]
    km = 2 * EARTH_RADIUS_KM * cast(Any, ibis.least(square, 1.0)).sqrt().asin()
    found = {
        FROM_ITEM: t[f"{ITEM_CODE}_before"],
        FROM_CELL: t[f"{schema.CELL}_before"],
        STEP_KM: km,
    }
    found = {
        name: ibis.ifelse(goes_on, value, None).cast(TYPES[name]) for name, value in found.items()
    }
    return rows.mutate(**found).drop(*before)


def _sent(table: pl.DataFrame, what: str) -> ir.Table:
    """Return a small table as one that goes along with questions."""
    if len(table) > MOST_SENT:
        raise StoreError(
            f"Questions that need cells, or numbers of items or users, take {MOST_SENT:,} at most.",
            f"more {what}.",
            "Copy the table with strec clean, or give a query with fewer.",
        )
    codes = pl.col(table.columns[0] if table.columns[0] in _COSTLY else table.columns[-1])
    return ibis.memtable(table.with_columns(codes.cast(pl.Int64)))


class _Gone(Exception):
    """A column that is not there is needed; the class itself stands for such a column."""


def _without(question: Any, root: Any, gone: set[str], rows: Any = None) -> Any:
    """Return a question without some columns of its table; None where it needs one of them.

    Columns that are handed on and never used are left out on the way.
    """
    kept = {name: kind for name, kind in root.schema.items() if name not in gone}
    rows = rows or ibis.table(kept, name="without").op()

    def replaced(node: Any, changed: Any) -> Any:
        if node == root:
            return rows
        if changed is None:
            return node
        if isinstance(node, ops.Field) and node.name not in changed["rel"].schema:
            return _Gone
        if isinstance(node, ops.Project | ops.JoinChain):
            values = changed["values"].items()
            changed["values"] = {name: value for name, value in values if value is not _Gone}
        for value in changed.values():
            parts = value if isinstance(value, tuple) else [value]
            if _Gone in (value.values() if isinstance(value, dict) else parts):
                raise _Gone
        return node.__recreate__(changed)

    try:
        found = question.replace(replaced)
    except _Gone:
        return None
    return found if found.schema == question.schema else None
