"""A function over whole users of a store: piece by piece here, or on the workers of a cluster."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from strec import schema
from strec.errors import StoreError, as_path
from strec.ordered import whole_users
from strec.progress import Progress, silent
from strec.store.store import Store
from strec.store.writer import CHECKINS

#: Check-ins of one task of a cluster, about.
TASK_ROWS = 250_000
_TYPES = schema.REQUIRED | schema.OPTIONAL


def write_by_users(
    store: Store,
    work: Callable[[pl.DataFrame], pl.DataFrame],
    like: pl.DataFrame,
    out: Path | str,
    *,
    columns: Sequence[str],
    progress: Progress | None = None,
) -> int:
    """Write what a function makes of the check-ins of all users, some whole users at a time.

    Where a Spark cluster answers for the store, its workers call the function, each for some of
    the users; a worker that goes away loses nothing, as its users come to another one.

    Parameters
    ----------
    store : Store
        That names people.
    work : callable
        Takes the check-ins of whole users, sorted by user and time, and returns a frame. Workers
        get it pickled, and must have strec, and see the store and `out`, under the same paths.
    like : polars.DataFrame
        A frame, of no rows, with the columns that `work` returns.
    out : path
        What is written: a Parquet file, or by a cluster a folder of them. It appears, or takes an
        older one's place, only when all went well.
    columns : sequence of str
        Which canonical columns `work` reads.
    progress : callable, optional
        Called with a text and the share done.

    Returns
    -------
    int
        How many rows were written.

    Raises
    ------
    AnalysisError
        If nobody is named.
    StoreError
        If the store has not such a column, or the cluster stops.

    Examples
    --------
    >>> import tempfile
    >>> from strec import Dataset
    >>> store, out = Dataset.sample("travel").store, Path(tempfile.mkdtemp()) / "last.parquet"
    >>> last = lambda piece: piece.group_by("user_id", maintain_order=True).last()
    >>> names = ["user_id", "item_id"]
    >>> like = store.checkins(columns=names).clear()
    >>> n = write_by_users(store, last, like, out, columns=names)
    >>> n == store.meta["n_users"] == len(pl.read_parquet(out))
    True
    """
    store.need_people()
    if missing := [name for name in columns if name not in store.meta["columns"]]:
        raise StoreError(
            f"Columns of the store: {', '.join(store.meta['columns'])}.",
            f"{', '.join(missing)}.",
            "Choose among them.",
        )
    # In order of users, and of what each did.
    read = list(dict.fromkeys((schema.USER, schema.TIME, *columns)))
    given, made = list(columns), _arrow_schema(like)
    by_workers = "spark" in store.engine
    worked = partial(_worked, work, given, made)
    with _replacing(as_path(out), is_folder=by_workers) as fresh:
        if by_workers:
            with store._in_words():
                return _on_workers(store, worked, read, made, fresh)
        return _here(store, worked, read, made, fresh, progress or silent)


def _here(
    store: Store, worked: Callable, read: list[str], made: pa.Schema, fresh: Path, tell: Progress
) -> int:
    seen = rows = 0

    def told(batches: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        nonlocal seen
        for batch in batches:
            yield batch
            seen += batch.height
            tell(f"{seen:,} check-ins", seen / store.meta["n_checkins"])

    table = pl.scan_parquet(store.folder / CHECKINS).select(read)
    with pq.ParquetWriter(fresh, made) as writer:
        for batch in worked(told(table.collect_batches(chunk_size=TASK_ROWS))):
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def _on_workers(
    store: Store, worked: Callable, read: list[str], made: pa.Schema, fresh: Path
) -> int:
    from_arrow_schema = import_module("pyspark.sql.pandas.types").from_arrow_schema
    session: Any = store._connection._session
    n_tasks = -(-store.meta["n_checkins"] // TASK_ROWS)
    order = (schema.USER, schema.TIME)
    table = session.read.parquet(str(store.folder / CHECKINS)).select(*read)
    whole = table.repartitionByRange(n_tasks, schema.USER).sortWithinPartitions(*order)
    whole.mapInArrow(worked, from_arrow_schema(made)).write.parquet(str(fresh))
    n = session.read.parquet(str(fresh)).count()
    # What Hadoop leaves beside the files is no table to other readers.
    for path in fresh.iterdir():
        if path.suffix != ".parquet":
            path.unlink()
    return n


def _worked(
    work: Callable, given: list[str], made: pa.Schema, batches: Iterable[Any]
) -> Iterator[pa.RecordBatch]:
    """Give what is made of batches that are in the order of users."""
    types = pl.Schema({name: _TYPES[name] for name in given})
    for piece in whole_users(pl.DataFrame(batch) for batch in batches):
        found = work(piece.select(given).cast(types))
        table = found.to_arrow(compat_level=pl.CompatLevel.oldest())
        yield from table.select(made.names).cast(made).to_batches()


def _arrow_schema(like: pl.DataFrame) -> pa.Schema:
    """Return the columns as every engine reads them."""
    table = like.to_arrow(compat_level=pl.CompatLevel.oldest())
    plain = [pa.string() if pa.types.is_large_string(each) else each for each in table.schema.types]
    return pa.schema(zip(table.schema.names, plain, strict=True))


@contextmanager
def _replacing(out: Path, *, is_folder: bool) -> Iterator[Path]:
    """Give a path beside `out` that takes its place if nothing fails."""
    if out.is_dir() and not is_folder:
        raise StoreError("A file is written.", f"{out} is a folder.", "Choose another name.")
    if out.is_dir() and not all(each.suffix == ".parquet" for each in out.iterdir()):
        raise StoreError(
            "What a cluster wrote before may be replaced, and nothing else.",
            f"{out} holds other files.",
            "Choose another folder.",
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(f".{out.name}-{uuid.uuid4().hex[:8]}")
    try:
        yield fresh
        if out.is_dir():
            shutil.rmtree(out)
        elif is_folder:
            out.unlink(missing_ok=True)
        os.replace(fresh, out)
    finally:
        if fresh.is_dir():
            shutil.rmtree(fresh, ignore_errors=True)
        else:
            fresh.unlink(missing_ok=True)
