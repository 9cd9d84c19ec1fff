"""Any file as a lazy table of raw columns: the one place where file kinds differ."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import polars as pl

from strec.errors import ReadError
from strec.io import geofiles, json_lines, traces
from strec.io.encodings import as_text
from strec.io.files import Opened, RawFile
from strec.io.json_lines import ROW
from strec.io.limits import Limits, size_text
from strec.io.sniff import Shape, sniff

#: Name of the file of a row, where several files are read as one table.
FILE = "__file"
#: What a line holds beyond the last column of its header.
SURPLUS = "__surplus"
SAMPLE_ROWS = 5000
HEAD_BYTES = 2**20


@dataclass
class Table:
    """One table before anything is known of its meaning.

    `lazy` has `ROW`, then `columns`, then possibly `SURPLUS`; text columns for text files, typed
    ones for Parquet and geographic files. `facts` is for showing. `mend` reads the file without
    the damage that stops a parser, and says what was done; it gives None where there is none.
    """

    name: str
    kind: str
    lazy: pl.LazyFrame
    columns: list[str]
    n_rows_estimate: int
    facts: dict = field(default_factory=dict)
    has_header: bool = True
    notes: list[str] = field(default_factory=list)
    mend: Callable[[Opened], tuple[pl.LazyFrame, str] | None] | None = None
    sample: pl.DataFrame = field(default_factory=pl.DataFrame)


def open_table(raw: RawFile, opened: Opened, whole: bool) -> Table:
    """Return a plain file as a table, recognised by its first bytes.

    With ``whole=False`` only the beginning matters (a look before reading).

    Raises
    ------
    ReadError
        If it is no table, or has no row.
    LimitError
        If it is wider or larger than the limits allow.
    """
    with open(raw.path, "rb") as file:
        magic = file.read(64)
    if magic.startswith(b"PAR1"):
        table = _parquet(raw, opened.limits)
    elif magic.startswith(b"SQLite format 3\x00"):
        table = _geographic(raw, raw.path, ".gpkg", opened)
    elif reader := traces.opener(magic):
        table = _trace(raw, reader, opened, whole)
    else:
        table = _text(raw, opened, whole)
    opened.limits.check_columns(len(table.columns), raw.name)
    opened.limits.check_rows(table.n_rows_estimate // 4, raw.name)
    table.facts = {
        "name": raw.name,
        "kind": table.kind,
        "compression": raw.compression or "none",
        "size": size_text(raw.n_bytes),
        "rows": table.n_rows_estimate,
    } | table.facts
    try:
        table.sample = _sample(table)
    except pl.exceptions.PolarsError as problem:
        mended = repaired(table, opened)
        if mended is None:
            raise damaged(table.name, problem) from problem
        return mended
    return table


def table_of(frame: pl.DataFrame) -> Table:
    """Return a table in memory as one to be read; raises `ReadError` where it has no row."""
    if frame.is_empty():
        raise ReadError(
            "A table with at least one row is needed.",
            f"{frame.width} columns and no row.",
            "Give a table with one row per event.",
        )
    numbered = frame.drop(ROW, strict=False).with_row_index(ROW).lazy()
    table = _typed("the table", "frame", numbered, frame.schema, frame.height)
    table.sample = _sample(table)
    return table


def renamed(table: Table, names: Iterable[str]) -> Table:
    """Return the table with other column names."""
    changes = dict(zip(table.columns, names, strict=True))
    return replace(
        table,
        lazy=table.lazy.rename(changes),
        columns=list(changes.values()),
        sample=table.sample.rename(changes),
    )


def with_column(table: Table, name: str, values: pl.Expr) -> Table:
    """Return the table with one more column, computed from the others."""
    return replace(
        table,
        lazy=table.lazy.with_columns(values.alias(name)),
        columns=[*table.columns, name],
        sample=table.sample.with_columns(values.alias(name)),
    )


def repaired(table: Table, opened: Opened) -> Table | None:
    """Return the table without the damage that stops a parser, or None when nothing helps."""
    mended = table.mend(opened) if table.mend else None
    if mended is None:
        return None
    changed = replace(table, lazy=mended[0], notes=[*table.notes, mended[1]], mend=None)
    try:
        changed.sample = _sample(changed)
    except pl.exceptions.PolarsError:
        return None
    return changed


def damaged(name: str, problem: Exception | None) -> ReadError:
    """Return the error of a table that no repair makes readable."""
    return ReadError(
        "A table that can be read to its end is needed.",
        f"{name} is damaged ({str(problem).splitlines()[0][:160]}).",
        "Export it again, as CSV with quoted texts or as Parquet.",
    )


def _sample(table: Table) -> pl.DataFrame:
    """Return the first rows; rows that are only blanks are left out."""
    rows = table.lazy.head(SAMPLE_ROWS).select(table.columns).collect(engine="streaming")
    return rows.filter(~pl.all_horizontal(pl.all().is_null()))


def _parquet(raw: RawFile, limits: Limits) -> Table:
    import pyarrow.parquet as pq

    try:
        meta = pq.ParquetFile(raw.path).metadata
        sizes = [meta.row_group(i).total_byte_size for i in range(meta.num_row_groups)]
        limits.check_rows(meta.num_rows, raw.name)
        limits.check_bytes(sum(sizes), raw.name)
        limits.check_columns(meta.num_columns, raw.name)
        lazy = pl.scan_parquet(raw.path, row_index_name=ROW, glob=False)
        schema = lazy.collect_schema()
    except pl.exceptions.DuplicateError as problem:
        raise ReadError(
            "Each column of a Parquet file needs a name of its own.",
            f"{raw.name}: {str(problem).splitlines()[0]}.",
            "Rename the columns where the file is made, or export it as CSV.",
        ) from problem
    except (OSError, ValueError, pl.exceptions.PolarsError) as problem:
        raise ReadError(
            "A complete Parquet file is needed.",
            f"{raw.name} begins like one but is damaged ({str(problem).splitlines()[0]}).",
            "Copy or upload it again: the end, which holds the index, is probably missing.",
        ) from problem
    return _typed(raw.name, "parquet", lazy, schema, meta.num_rows)


def _trace(raw: RawFile, reader: Callable, opened: Opened, whole: bool) -> Table:
    """Return a file of tracks; of one that is only looked at, as many rows as were read."""
    kind, lazy, notes = reader(raw.path, raw.name, opened, whole)
    n_rows = lazy.select(pl.len()).collect().item()
    lazy = lazy.with_row_index(ROW)
    table = _typed(raw.name, kind, lazy, lazy.collect_schema(), n_rows)
    table.notes = notes
    return table


def _typed(name: str, kind: str, lazy: pl.LazyFrame, schema: pl.Schema, n_rows: int) -> Table:
    """Return a table of typed columns, without those that hold no plain values."""
    columns, dropped = [], []
    for column, dtype in schema.items():
        usable = not dtype.is_nested() and dtype not in (pl.Binary, pl.Object, pl.Null)
        if column != ROW:
            (columns if usable else dropped).append(column)
    texts = [column for column in columns if schema[column] in (pl.Categorical, pl.Enum)]
    notes = [f"Left out columns that hold lists or bytes: {', '.join(dropped)}."] if dropped else []
    lazy = lazy.select(ROW, *columns).with_columns(pl.col(texts).cast(pl.String))
    return Table(name, kind, lazy, columns, n_rows, notes=notes)


def _text(raw: RawFile, opened: Opened, whole: bool) -> Table:
    text = as_text(raw.path, raw.name, opened.new_path(), HEAD_BYTES, whole)
    shape = sniff(text.head, raw.name, text.complete_head and raw.complete)
    if shape.kind == "geojson":
        table = _geographic(raw, text.path, ".geojson", opened)
    elif shape.kind in ("json", "jsonl"):
        table = _json(raw, text.path, text.head, shape.kind, opened)
    else:
        columns = list(shape.columns)
        opened.limits.check_columns(len(columns), raw.name)
        _check_line_lengths(text.head, raw.name)
        lazy, n_rows = _scan_delimited(text.path, shape), _estimate(text.head, raw.n_bytes)
        table = Table(raw.name, "csv", lazy, columns, n_rows)
        table.has_header, table.notes = shape.has_header, list(shape.notes)
        table.facts = {"delimiter": shape.delimiter, "header": shape.has_header}
        table.mend = partial(_without_stray_quotes, text.path, shape) if shape.quote else None
    table.facts = {"encoding": text.encoding} | table.facts
    return table


def _scan_delimited(path: Path, shape: Shape) -> pl.LazyFrame:
    """Return a lazy frame of text over a delimited file; every column is text."""
    return pl.scan_csv(
        path,
        has_header=False,
        separator=shape.delimiter,
        quote_char=shape.quote,
        skip_lines=shape.skip_lines + shape.has_header,
        schema=dict.fromkeys([*shape.columns, SURPLUS], pl.String()),
        missing_columns="insert",
        extra_columns="ignore",
        row_index_name=ROW,
        glob=False,
    )


def _without_stray_quotes(
    path: Path, shape: Shape, opened: Opened
) -> tuple[pl.LazyFrame, str] | None:
    """Take the quotation marks from lines in which one is unpaired."""
    target, n_lines = opened.new_path(), 0
    with open(path, "rb") as source, open(target, "wb") as out:
        for line in source:
            if line.count(b'"') % 2:
                n_lines += 1
                line = line.replace(b'"', b"")
            out.write(line)
    note = f"Quotation marks that were not paired were left out; lines: {n_lines:,}."
    return (_scan_delimited(target, shape), note) if n_lines else None


def _json(raw: RawFile, path: Path, head: str, kind: str, opened: Opened) -> Table:
    n_bytes = raw.n_bytes
    if kind == "json":
        path = json_lines.lines_of_array(path, raw.name, opened)
        n_bytes = path.stat().st_size
        with open(path, encoding="utf-8") as file:
            head = file.read(HEAD_BYTES)
    _check_line_lengths(head, raw.name)
    paths, notes = json_lines.columns_of(head, raw.name)
    opened.limits.check_columns(len(paths), raw.name)
    lazy, n_rows = json_lines.scan(path, paths), _estimate(head, n_bytes)
    mend = partial(json_lines.with_marked_damage, path, paths)
    return Table(raw.name, "jsonl", lazy, list(paths), n_rows, notes=notes, mend=mend)


def _geographic(raw: RawFile, path: Path, suffix: str, opened: Opened) -> Table:
    opened.limits.check_whole(path.stat().st_size, raw.name)
    frame, notes = geofiles.read_points(path, suffix, raw.name, opened)
    lazy, kind = frame.with_row_index(ROW).lazy(), geofiles.KINDS[suffix]
    return Table(raw.name, kind, lazy, frame.columns, frame.height, notes=notes)


def _estimate(head: str, n_bytes: int) -> int:
    """Return about how many rows a text has, from the length of its first lines."""
    n_lines = head.count("\n") or 1
    return max(1, round(n_bytes / max(len(head.encode()) / n_lines, 1)))


def _check_line_lengths(head: str, name: str) -> None:
    if len(head) >= HEAD_BYTES and "\n" not in head:
        raise ReadError(
            "A table has one row per line.",
            f"{name} has no line break in its first {size_text(len(head))}.",
            "Export it again as CSV.",
        )
