"""Check-ins of any number in the order of users, times and items, in pieces of whole users.

A file larger than memory is sorted by DuckDB, which spills to disk; one that is in order already
is only gone through.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from strec import schema
from strec.errors import LimitError, ReadError, SchemaError, StrecError
from strec.schema import ITEM, NOBODY, TIME, USER

#: Check-ins of a piece, about; the last user of it is there with all check-ins.
PIECE_ROWS = 500_000
#: What the sort of a file may use before it spills.
SORT_MEMORY = "1GB"
#: The column that a piece has beside the canonical ones: the number of its item, by item id.
ITEM_CODE = "item_code"
_KEYS = (USER, TIME, ITEM)


@dataclass(frozen=True)
class InOrder:
    """Check-ins in the order of users, times and items, as pieces of whole users on disk.

    Attributes
    ----------
    files : sequence of Path
        Arrow files with canonical columns and `ITEM_CODE`; no user is in two of them.
    ids : polars.Series
        Ids of items by their number.
    taken : numpy.ndarray
        Shape ``(n_ids,)``, bool: which of the items are in the files.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "0.arrow"
    >>> ids = pl.Series(["bar", "cafe", "office", "park"])
    >>> with_item_codes(schema.example(), ids).write_ipc(path)
    >>> waiting = InOrder([path], ids, np.array([False, True, True, True]))
    >>> waiting.items.to_list(), [piece[ITEM_CODE].to_list() for piece in waiting.pieces()]
    (['cafe', 'office', 'park'], [[0, 1, 0, 2]])
    """

    files: Sequence[Path]
    ids: pl.Series
    taken: np.ndarray

    @property
    def items(self) -> pl.Series:
        """Ids of the items that are in the files, in order."""
        return self.ids.filter(pl.Series(self.taken))

    def pieces(self) -> Iterator[pl.DataFrame]:
        """Yield the pieces, the items numbered as in `items`."""
        number = pl.Series(np.maximum(np.cumsum(self.taken) - 1, 0).astype(np.uint32))
        for file in self.files:
            piece = read_piece(file)
            if not self.taken.all():
                piece = piece.with_columns(number.gather(piece[ITEM_CODE]).alias(ITEM_CODE))
            yield piece


def read_piece(path: Path) -> pl.DataFrame:
    """Return the table of an Arrow file that strec has written itself.

    Without a look at each text whether it is one, which takes most of the time of reading.

    Parameters
    ----------
    path : Path
        As `polars.DataFrame.write_ipc` writes it.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "0.arrow"
    >>> schema.example().write_ipc(path)
    >>> read_piece(path).equals(schema.example())
    True
    """
    with pa.memory_map(str(path)) as file:
        return pl.DataFrame(pl.from_arrow(pa.ipc.open_file(file).read_all()))


@contextmanager
def pieces_of(path: Path, spill: Path) -> Iterator[tuple[Iterator[pl.DataFrame], pl.Series, bool]]:
    """Give the check-ins of a Parquet file in order, piece by piece, and the ids of its items.

    Parameters
    ----------
    path : Path
        A Parquet file of canonical check-ins, in any order.
    spill : Path
        An existing folder, for what the sort does not hold in memory.

    Yields
    ------
    tuple
        Pieces with canonical columns and `ITEM_CODE`, sorted by user, time and item; no user is in
        two of them; where all are `NOBODY`, no moment is. The ids of the items by their code, and
        whether all are `NOBODY`.

    Raises
    ------
    ReadError
        If the file is no Parquet file.
    SchemaError
        If a column is missing.
    LimitError
        If disk or memory are full.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> schema.example().reverse().write_parquet(folder / "read.parquet")
    >>> with pieces_of(folder / "read.parquet", folder) as (pieces, items, nobody):
    ...     [piece[USER].to_list() for piece in pieces], items.to_list(), nobody
    ([['ann', 'ann', 'bob', 'bob']], ['cafe', 'office', 'park'], False)
    """
    with _in_words(path.name):
        scan = pl.scan_parquet(path)
        names = scan.collect_schema().names()
    if missing := [name for name in schema.REQUIRED if name not in names]:
        raise SchemaError(
            f"A check-in table needs the columns {', '.join(schema.REQUIRED)}.",
            f"{path.name} has no {', '.join(missing)}.",
            "Read the file with strec.read or strec.ingest, which map columns.",
        )
    columns = [name for name in schema.REQUIRED | schema.OPTIONAL if name in names]
    folder = spill / "spill"
    try:
        with _in_words(path.name):
            items = _distinct(scan, ITEM)
            in_order = _is_in_order(scan)
        made = _batches if in_order else _sorted_batches
        with _in_words(path.name):
            # Where the first row names somebody, the others need not be read.
            of_nobody = (pl.col(USER) == NOBODY).all()
            nobody = scan.head(1).select(of_nobody).collect().item() and (
                scan.select(of_nobody).collect(engine="streaming").item()
            )
        batches = _guarded(path.name, lambda: made(path, columns, items, folder))
        yield whole_users(batches, is_anonymous=nobody), items, nobody
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def with_item_codes(checkins: pl.DataFrame, items: pl.Series) -> pl.DataFrame:
    """Return the check-ins with the number that each item has among `items`.

    Parameters
    ----------
    checkins : polars.DataFrame
        With a column of item ids.
    items : polars.Series
        Distinct ids.

    Examples
    --------
    >>> items = pl.Series(["cafe", "office", "park"])
    >>> with_item_codes(schema.example(), items)["item_code"].to_list()
    [0, 1, 0, 2]
    """
    codes = pl.DataFrame({ITEM: items}).with_row_index(ITEM_CODE)
    return checkins.join(codes, on=ITEM, how="left", maintain_order="left")


def _sorted_batches(
    path: Path, columns: list[str], items: pl.Series, spill: Path
) -> Iterator[pl.DataFrame]:
    import duckdb

    users = _distinct(pl.scan_parquet(path), USER)
    with duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{SORT_MEMORY}'")
        connection.execute("SET temp_directory = ?", [str(spill)])
        connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
        connection.read_parquet(str(path), file_row_number=True).create_view("checkins")
        for name, ids in ((USER, users), (ITEM, items)):
            numbered = pl.DataFrame({name: ids}).with_row_index("number").to_arrow()
            connection.register(f"{name}_numbers", numbered)
        # Numbers are sorted in little more than half the time that ids take, which are texts.
        batches = connection.sql(
            f"""
            SELECT users.number AS {USER}, items.number AS {ITEM_CODE},
                   {", ".join(f'checkins."{name}"' for name in columns[2:])}
            FROM checkins
            LEFT JOIN {USER}_numbers AS users USING ({USER})
            LEFT JOIN {ITEM}_numbers AS items USING ({ITEM})
            ORDER BY users.number, {TIME}, items.number, file_row_number
            """
        ).to_arrow_reader(PIECE_ROWS)
        known = schema.REQUIRED | schema.OPTIONAL
        for batch in batches:
            numbers = pl.DataFrame(batch)
            yield numbers.with_columns(
                users.gather(numbers[USER]).alias(USER),
                items.gather(numbers[ITEM_CODE]).alias(ITEM),
            ).select(*(pl.col(name).cast(known[name]) for name in columns), ITEM_CODE)


def _batches(
    path: Path, columns: list[str], items: pl.Series, spill: Path
) -> Iterator[pl.DataFrame]:
    for batch in pl.scan_parquet(path).select(columns).collect_batches(chunk_size=PIECE_ROWS):
        yield with_item_codes(batch, items)


def _is_in_order(scan: pl.LazyFrame) -> bool:
    """Tell whether the rows are in order; of a file that is not, little is read."""
    last: tuple | None = None
    for batch in scan.select(_KEYS).collect_batches(chunk_size=PIECE_ROWS // 5):
        if batch.is_empty():
            continue
        later: pl.Expr = pl.lit(True)
        for name in reversed(_KEYS):
            now, before = pl.col(name), pl.col(name).shift()
            later = (now > before) | ((now == before) & later)
        if not batch.select(later.fill_null(True).all()).item():
            return False
        if last is not None and batch.row(0) < last:
            return False
        last = batch.row(-1)
    return True


def _distinct(scan: pl.LazyFrame, column: str) -> pl.Series:
    """Return the ids of a column in the order of their bytes."""
    found = scan.select(pl.col(column).unique()).collect(engine="streaming")[column]
    return found.drop_nulls().sort()


def whole_users(
    batches: Iterator[pl.DataFrame], *, is_anonymous: bool = False
) -> Iterator[pl.DataFrame]:
    """Put batches together, and hold back the last user, whose check-ins may go on.

    Parameters
    ----------
    batches : iterator of polars.DataFrame
        Sorted by user and time.
    is_anonymous : bool
        Whether nobody is named; then the last moment is held back.

    Examples
    --------
    >>> [len(piece) for piece in whole_users(schema.example().iter_slices(1))]
    [4]
    """
    kept: list[pl.DataFrame] = []
    height = 0
    for batch in batches:
        kept.append(batch)
        height += batch.height
        if height < PIECE_ROWS or not batch.height:
            continue
        column = TIME if is_anonymous else USER
        goes_on = pl.col(column) == batch[column][-1]
        if kept[0].select(goes_on.first()).item():
            continue
        together = pl.concat(kept)
        last = together.select(goes_on.arg_true().first()).item()
        yield together[:last]
        kept, height = [together[last:]], together.height - last
    if height:
        yield pl.concat(kept)


def _guarded(name: str, batches: Callable[[], Iterator[pl.DataFrame]]) -> Iterator[pl.DataFrame]:
    with _in_words(name):
        yield from batches()


@contextmanager
def _in_words(name: str) -> Iterator[None]:
    """Say in words what polars and DuckDB raise where a file, the disk or memory fails them."""
    import duckdb

    try:
        yield
    except StrecError:
        raise
    except (duckdb.Error, pl.exceptions.PolarsError, OSError, MemoryError) as error:
        text = str(error).lower()
        if isinstance(error, MemoryError | duckdb.OutOfMemoryException) or "no space" in text:
            raise LimitError(
                "Room on the disk, and a gigabyte of memory, are needed to sort a large file.",
                f"there was too little for {name}.",
                "Make room, or set TMPDIR to a larger disk, and try again.",
            ) from error
        raise ReadError(
            "A Parquet file of check-ins is needed.",
            f"{name} could not be read as Parquet, or changed meanwhile ({type(error).__name__}).",
            "Read the file with strec.read or strec.ingest first.",
        ) from error
