"""What all questions of a store rest on: its folder, its engine, its check-ins."""

import json
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from strec import schema
from strec.errors import AnalysisError, StoreError, StrecError, as_path
from strec.store import aggregates, engines, writer
from strec.store.aggregates import ITEM_CODE, USER_CODE, WHO
from strec.store.answers import Answers
from strec.store.counted import counted
from strec.store.filters import Filters

#: Check-ins of one part of the users, where people are counted part by part.
PART_ROWS = 1_000_000
#: So many are asked at once where the engine itself must hold on to what it has seen.
PIECE_ROWS = 20_000_000
_DTYPES = schema.REQUIRED | schema.OPTIONAL | schema.DERIVED


class OpenStore:
    """A folder that says what it holds, and an engine that answers expressions."""

    def __init__(self, folder: Path | str, engine: str | None = None):
        self.folder = as_path(folder)
        self.engine = engines.chosen(engine)
        self.meta = _read_meta(self.folder)
        self._stamp = self._stamp_now()
        self._connection = engines.connect(self.engine, self.folder)
        try:
            with self._in_words():
                path = str(self.folder / writer.CHECKINS)
                self.table: ir.Table = self._connection.read_parquet(path)
        except StrecError:
            raise
        except Exception as error:
            raise StoreError(
                "A store's check-ins are a Parquet file.",
                f"{writer.CHECKINS} in {self.folder} is damaged ({type(error).__name__}).",
                "Load the data again on the Data page, or with strec clean.",
            ) from error
        engine = f"{self._connection.name} {self._connection.version}"
        self._answers = Answers(self.folder, self.meta, engine)
        # One connection answers one question at a time; pages run in several threads.
        self._lock: AbstractContextManager = threading.Lock()

    @property
    def keeps_answers(self) -> bool:
        """Whether answers are kept with the store, because counting anew takes a while."""
        return self._answers.are_kept

    @property
    def is_elsewhere(self) -> bool:
        """Whether check-ins stay in a database: what reads whole ones needs a copy."""
        return False

    @property
    def name(self) -> str:
        """How the data set is called."""
        return self.meta["name"]

    @property
    def fingerprint(self) -> str:
        """A hash of the canonical content: equal for equal check-ins and catalogues."""
        return self.meta["fingerprint"]

    @cached_property
    def catalogue(self) -> pl.DataFrame | None:
        """Items that may have no check-in yet (`strec.schema.catalogue`); None where none are."""
        return self._beside(writer.CATALOGUE) if self.meta.get("catalogue") else None

    @property
    def time_zone(self) -> str | None:
        """IANA name of the local times, if it is known."""
        return self.meta["time_zone"]

    @property
    def pictures(self) -> Path | None:
        """The folder with the files that the column `image` names, if they may be shown."""
        folder = self.meta.get("pictures")
        return Path(folder) if folder else None

    @property
    def has_places(self) -> bool:
        """Whether any check-in has a place."""
        return self.meta["n_places"] > 0

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody is named: there are check-ins, but no users."""
        return self.meta.get("is_anonymous", False)

    @property
    def has_trips(self) -> bool:
        """Whether check-ins are trips: where each began is known."""
        return schema.has_origins(self.meta["columns"])

    @cached_property
    def has_clock(self) -> bool:
        """Whether the times say more than the day; where not, nothing can be said of hours."""
        known = self.meta.get("has_clock")
        if known is None:
            # Stores of earlier versions do not say it.
            known = schema.has_clock(self.checkins(columns=[schema.TIME, schema.OFFSET]))
        return known

    @property
    def is_raw_track(self) -> bool:
        """Whether the check-ins are fixes of tracks (see `strec.stays.is_raw_track`)."""
        return self.meta.get("is_raw_track", False)

    def has(self, column: str) -> bool:
        """Whether the check-ins have this optional column.

        Parameters
        ----------
        column : str
            A name of `schema.OPTIONAL`.
        """
        return column in self.meta["columns"]

    def checkins(
        self, filters: Filters | None = None, columns: list[str] | None = None
    ) -> pl.DataFrame:
        """Return canonical and derived columns of the check-ins kept, by user and time.

        Parameters
        ----------
        filters : Filters, optional
            All check-ins without it.
        columns : list of str, optional
            Only these columns.

        Raises
        ------
        AnalysisError
            If the store has no such column.
        """
        if filters is not None and filters != Filters():
            return self._rows(self._kept(filters), columns)
        # The file is in order, so that no engine has to read and sort it.
        columns = self._columns(columns)
        with self._in_words():
            frame = pl.read_parquet(self.folder / writer.CHECKINS, columns=columns)
        return frame.cast({name: _DTYPES[name] for name in columns if name in _DTYPES})

    def _columns(self, columns: list[str] | None) -> list[str]:
        """Return the columns asked for, all of check-ins without any, or refuse."""
        columns = columns or [name for name in _DTYPES if name in self.table.columns]
        self._need(*columns)
        return columns

    def _rows(self, kept: ir.Table, columns: list[str] | None) -> pl.DataFrame:
        """Return rows of an expression as `checkins` does."""
        columns = self._columns(columns)
        order = [name for name in (USER_CODE, schema.TIME, ITEM_CODE) if name not in columns]
        frame = self._polars(kept.select(*columns, *order))
        # Engines keep no order; sorting rows that are in order already costs little.
        frame = frame.sort(USER_CODE, schema.TIME, ITEM_CODE).select(columns)
        return frame.cast({name: _DTYPES[name] for name in columns if name in _DTYPES})

    def items(self) -> pl.DataFrame:
        """Return one row per item, by item id: name, category, median place, spread, counts.

        Returns
        -------
        polars.DataFrame
            `item_id`, `item_name`, `category`, `image` (null where unknown), `lat`, `lon`
            (medians), `spread_km` (half of the check-ins are this close to the median place; 0
            for a POI), `n_checkins`, `n_users`. A row's position is the item's code in `table`.
        """
        return self._beside(writer.ITEMS)

    def users(self) -> pl.DataFrame:
        """Return one row per user, by user id: `n_checkins`, `n_items`, `first`, `last` (UTC).

        Where nobody is named there is none.
        """
        return self._beside(writer.USERS)

    def _beside(self, name: str) -> pl.DataFrame:
        """Return one of the small tables beside the check-ins."""
        with self._in_words():
            return pl.read_parquet(self.folder / name)

    def _kept(self, filters: Filters | None) -> ir.Table:
        return (filters or Filters()).apply(self.table)

    @property
    def engine_in_words(self) -> str:
        """What answers the questions: the engine, its version, where it is, how many work."""
        return engines.described(self.engine, self._connection)

    def _run(self, expression: ir.Table) -> pd.DataFrame:
        with self._lock, self._in_words():
            found = self._answers.of(expression, self.table, expression.to_pyarrow)
            return found.to_pandas()

    def _count(self, table: ir.Table, **keys: ir.Value) -> pd.DataFrame:
        """Return check-ins and distinct users of each group, see `aggregates.count`.

        Of a large store some users at a time: nobody is in two parts, so their counts add up, and
        who was where fits into the processor's cache. Ask so where groups are few.
        """
        whole = aggregates.count(table, **keys)
        if len(self._parts) < 2:
            return self._run(whole)

        def ask() -> pa.Table:
            rows = table.select(**{WHO: table[USER_CODE]}, **keys)
            found: list[Future[pa.Table]] = []
            with ThreadPoolExecutor(1) as thread:
                for part in self._in_parts(rows):
                    # One part is counted while the engine reads the next, and no more wait.
                    if found:
                        found[-1].result()
                    found.append(thread.submit(counted, part, WHO))
            counts = ["n_checkins", "n_users"]
            grouped = pa.concat_tables(each.result() for each in found).group_by(list(keys))
            added = grouped.aggregate([(name, "sum") for name in counts])
            return added.rename_columns([*keys, *counts])

        with self._lock, self._in_words():
            return self._answers.of(whole, self.table, ask).to_pandas()

    def _in_parts(self, rows: ir.Table) -> Iterator[pa.Table]:
        """Give rows with `WHO` part by part; to write the question anew for each takes a while."""
        name, connection = f"parts_{uuid.uuid4().hex}", self._connection
        types = rows.schema().to_pyarrow()
        connection.create_view(name, rows)
        try:
            for low, high in self._parts:
                asked = f"SELECT * FROM {name} WHERE {WHO} >= {low} AND {WHO} < {high}"
                yield connection.con.sql(asked).to_arrow_table().cast(types)
        finally:
            connection.raw_sql(f"DROP VIEW {name}")

    def _by_users(self, rows: ir.Table) -> list[ir.Table]:
        """Return check-ins in pieces of whole users, of about `PIECE_ROWS` each."""
        every = max(PIECE_ROWS // PART_ROWS, 1)
        edges = [self._parts[k : k + every] for k in range(0, len(self._parts), every)]
        if len(edges) < 2:
            return [rows]
        user = cast(ir.IntegerColumn, rows[USER_CODE])
        return [rows.filter(user >= each[0][0], user < each[-1][1]) for each in edges]

    @cached_property
    def _parts(self) -> list[tuple[int, int]]:
        """The users in parts of about so many check-ins, by the first code and that after the last.

        Another engine has ways of its own to work on parts.
        """
        n = self.meta["n_checkins"] // PART_ROWS
        if n < 2 or self.is_anonymous or self.engine != engines.EMBEDDED:
            return []
        together = self.users()["n_checkins"].cum_sum().to_numpy()
        inner = np.searchsorted(together, np.arange(1, n) * (together[-1] / n), side="right")
        edges = np.unique([0, *inner, len(together)]).tolist()
        return list(pairwise(edges))

    def _polars(self, expression: ir.Table) -> pl.DataFrame:
        with self._lock, self._in_words():
            return pl.DataFrame(expression.to_pyarrow())

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Say in words when a cluster goes away, or the files are others than were opened."""
        if self._stamp_now() != self._stamp:
            raise StoreError(
                "A store stays as it was opened while questions are put to it.",
                f"{self.folder.name} was replaced, changed or removed meanwhile.",
                "Open it again.",
            )
        try:
            with engines.attended(self.engine, self._connection):
                yield
        except Exception as error:
            if (said := engines.in_words(self.engine, error)) is None:
                raise
            raise said from error

    def _stamp_now(self) -> tuple[int, int, int] | None:
        """Return what tells these check-ins from others; None where there are none."""
        try:
            now = (self.folder / writer.CHECKINS).stat()
        except OSError:
            return None
        return now.st_ino, now.st_size, now.st_mtime_ns

    def _need(self, *columns: str) -> None:
        missing = [name for name in columns if name not in self.table.columns]
        if missing:
            raise AnalysisError(
                f"This view needs the column {', '.join(missing)}.",
                f"{self.name} has {', '.join(self.meta['columns'])}.",
                "Map such a column when reading the file, or choose another view.",
            )

    def need_people(self) -> None:
        """Refuse a question about people where nobody is named.

        Raises
        ------
        AnalysisError
            If this store is anonymous.
        """
        if self.is_anonymous:
            raise AnalysisError(
                "This view needs to know who did what.",
                f"{self.name}, which names nobody.",
                "The views of time, space and flows work without; or map a column that says who.",
            )

    def _need_places(self, resolution: int = 0) -> None:
        if not self.has_places:
            raise AnalysisError(
                "This view needs places (latitude and longitude).",
                f"no check-in of {self.name} has one.",
                "Map latitude and longitude when reading the file; the views of time work without.",
            )
        if not 0 <= resolution <= schema.CELL_RESOLUTION:
            raise AnalysisError(
                f"Cells have a resolution from 0 (coarse) to {schema.CELL_RESOLUTION} (fine).",
                f"{resolution}.",
                "Choose a resolution in between.",
            )


def largest_first(found: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return groups by falling count; the keys decide between equals."""
    order = [False] + [True] * len(keys)
    return found.sort_values(["n_checkins", *keys], ascending=order, ignore_index=True)


def _read_meta(folder: Path) -> dict[str, Any]:
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
    if (changed := writer.changed_file(folder, meta)) is not None:
        raise StoreError(
            "The files of a store are as strec wrote them.",
            f"{changed} in {folder} was changed, cut short or lost.",
            mend,
        )
    return meta
