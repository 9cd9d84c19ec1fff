"""Any file as a lazy table of raw columns: the one place where file kinds differ."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import polars as pl

from strec.errors import ReadError
from strec.io import columnar, geofiles, json_lines, sheets, traces
from strec.io.encodings import as_text
from strec.io.files import OLE, Opened, RawFile
from strec.io.json_lines import ROW
from strec.io.limits import explain, size_text
from strec.io.sniff import Shape, mended, sniff, unique_names

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
    ones for Parquet and geographic files. `part` is its name in a file with several tables.
    `readings` are samples of a text by the encodings that it may be in. `facts` is for showing.
    `mend` reads the file without
    the damage that stops a parser, and says what was done; it gives None where there is none.
    `made` are columns that the file has not: strec put them together of others.
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
    part: str = ""
    readings: dict[str, str] = field(default_factory=dict)
    made: tuple[str, ...] = ()


def open_tables(
    raw: RawFile, opened: Opened, whole: bool, encoding: str | None = None
) -> list[Table]:
    """Return the tables of a plain file, recognised by its first bytes.

    With ``whole=False`` only the beginning matters (a look before reading). `encoding` is that of
    a text that is not UTF-8, where a person has said it.

    Raises
    ------
    ReadError
        If it is no table, or has no row.
    LimitError
        If it is wider or larger than the limits allow.
    """
    with open(raw.path, "rb") as file:
        magic = file.read(64)
    if magic.startswith((b"PAR1", columnar.ARROW, columnar.FEATHER)) or magic[:4] == b"\xff" * 4:
        tables = [_columnar(raw, magic, opened, whole)]
    elif magic.startswith(sheets.SQLITE) and not sheets.has_features(raw.path):
        tables = _database(raw, opened, whole)
    elif magic.startswith(sheets.SQLITE):
        tables = _geographic(raw, ".gpkg", opened)
    elif magic.startswith(b"\x00\x00\x27\x0a") and raw.path.suffix == ".shp":
        tables = _geographic(raw, ".shp", opened)
    elif magic.startswith((b"PK\x03\x04", OLE)):
        tables = _workbook(raw, opened)
    elif reader := traces.opener(magic):
        tables = [_trace(raw, reader, opened, whole)]
    else:
        tables = _text(raw, opened, whole, encoding)
    for table in tables:
        opened.limits.check_columns(len(table.columns), table.name)
        opened.limits.check_rows(table.n_rows_estimate // 4, table.name)
        if len(tables) > 1:
            table.name = f"{raw.name}: {table.part}"
    tables = [_sampled(table, opened) for table in tables]
    for table in tables:
        if raw.complete and 0 < len(table.sample) < SAMPLE_ROWS:
            table.n_rows_estimate = len(table.sample)
        table.facts = {
            "name": table.name,
            "kind": table.kind,
            "compression": raw.compression or "none",
            "size": size_text(raw.n_bytes),
            "rows": table.n_rows_estimate,
        } | table.facts
    return tables


def _sampled(table: Table, opened: Opened) -> Table:
    """Return the table with its first rows, mended where they cannot be read otherwise."""
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
        made=(*table.made, name),
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
        f"{name} is damaged ({explain(problem) if problem else 'no row can be read'}).",
        "Export it again, as CSV with quoted texts or as Parquet.",
    )


def _sample(table: Table) -> pl.DataFrame:
    """Return the first rows; rows that are only blanks are left out."""
    rows = table.lazy.head(SAMPLE_ROWS).select(table.columns).collect(engine="streaming")
    return rows.filter(~pl.all_horizontal(pl.all().is_null()))


def _columnar(raw: RawFile, magic: bytes, opened: Opened, whole: bool) -> Table:
    lazy = columnar.scan(raw.path, magic, raw.name, opened, whole)
    n_rows = lazy.select(pl.len()).collect().item()
    kind = "parquet" if magic.startswith(b"PAR1") else "arrow"
    return _typed(raw.name, kind, lazy, lazy.collect_schema(), n_rows)


def _workbook(raw: RawFile, opened: Opened) -> list[Table]:
    """Return the sheets of a workbook, the columns of each found as in a text."""
    tables = []
    for part in sheets.sheets_of(raw.path, raw.name, opened):
        with open(part.path, encoding="utf-8") as file:
            head = file.read(HEAD_BYTES)
        shape = sniff(head, raw.name, len(head) < HEAD_BYTES, ",")
        table = Table(raw.name, "workbook", _scan_delimited(part.path, shape), list(shape.columns),
                      part.n_rows, part=part.name)  # fmt: skip
        table.has_header, table.notes = shape.has_header, list(shape.notes)
        tables.append(table)
    return tables


def _database(raw: RawFile, opened: Opened, whole: bool) -> list[Table]:
    tables = []
    for part in sheets.tables_of(raw.path, raw.name, opened, whole):
        columns, notes = unique_names(list(part.columns), len(part.columns))
        shape = Shape("csv", ",", '"', has_header=False, columns=tuple(columns))
        lazy = _scan_delimited(part.path, shape)
        tables.append(
            Table(raw.name, "sqlite", lazy, columns, part.n_rows, notes=notes, part=part.name)
        )
    return tables


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
        is_list = isinstance(dtype, pl.List) and not dtype.inner.is_nested()
        usable = is_list or not (dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Null))
        if column != ROW:
            (columns if usable else dropped).append(column)
    texts = [column for column in columns if schema[column] in (pl.Categorical, pl.Enum)]
    numbers = [column for column in columns if schema[column].is_decimal()]
    lengths = [column for column in columns if schema[column] == pl.Duration]
    notes = (
        [f"Left out columns that hold no plain values: {', '.join(dropped)}."] if dropped else []
    )
    lazy = lazy.select(ROW, *columns).with_columns(
        pl.col(texts).cast(pl.String),
        pl.col(numbers).cast(pl.Float64),
        pl.col(lengths).dt.total_microseconds() / 1e6,
    )
    return Table(name, kind, lazy, columns, n_rows, notes=notes)


def _text(raw: RawFile, opened: Opened, whole: bool, encoding: str | None) -> list[Table]:
    text = as_text(raw.path, raw.name, opened.new_path(), HEAD_BYTES, whole, encoding)
    shape = sniff(text.head, raw.name, text.complete_head and raw.complete)
    if shape.kind == "json":
        tables = _json(raw, text.path, opened)
    elif shape.kind == "jsonl":
        tables = [_json_lines(raw, text.path, text.head, raw.n_bytes, opened)]
    else:
        columns = list(shape.columns)
        if shape.mend:
            text = replace(text, path=_rewritten(text.path, shape.mend, opened))
        opened.limits.check_columns(len(columns), raw.name)
        _check_line_lengths(text.head, raw.name)
        lazy = _scan_delimited(text.path, shape)
        n_above = shape.skip_lines + shape.has_header
        n_rows = max(1, _estimate(text.head, raw.n_bytes) - n_above)
        table = Table(raw.name, "csv", lazy, columns, n_rows)
        table.has_header, table.notes = shape.has_header, list(shape.notes)
        table.facts = {
            "delimiter": "blanks" if "blanks" in shape.mend else shape.delimiter,
            "header": shape.has_header,
        }
        table.mend = partial(_without_stray_quotes, text.path, shape) if shape.quote else None
        tables = [table]
    for table in tables:
        table.facts = {"encoding": text.encoding} | table.facts
        table.readings = text.readings
    return tables


def _rewritten(path: Path, mend: str, opened: Opened) -> Path:
    """Write each line with the delimiter that blanks or quotes hide."""
    target = opened.new_path()
    with (
        open(path, encoding="utf-8", errors="replace") as source,
        open(target, "w", encoding="utf-8") as out,
    ):
        out.writelines(mended(line.rstrip("\n"), mend) + "\n" for line in source)
    return target


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


def _json(raw: RawFile, path: Path, opened: Opened) -> list[Table]:
    kind, found, notes = json_lines.tables_of(path, raw.name, opened)
    tables = []
    for part, lines in found.items():
        with open(lines, encoding="utf-8") as file:
            head = file.read(HEAD_BYTES)
        try:
            table = _json_lines(raw, lines, head, lines.stat().st_size, opened)
        except ReadError:
            # A list without objects is no reason to refuse the others.
            if len(found) == 1:
                raise
            continue
        table.part, table.notes = part, [*notes, *table.notes]
        table.kind = "geojson" if kind == "geojson" else table.kind
        tables.append(table)
    return tables


def _json_lines(raw: RawFile, path: Path, head: str, n_bytes: int, opened: Opened) -> Table:
    _check_line_lengths(head, raw.name)
    unrolled, more = json_lines.unroll(path, head, opened), []
    if unrolled:
        path, said = unrolled
        more, n_bytes = [said], path.stat().st_size
        with open(path, encoding="utf-8") as file:
            head = file.read(HEAD_BYTES)
    paths, notes = json_lines.columns_of(head, raw.name)
    opened.limits.check_columns(len(paths), raw.name)
    lazy, n_rows = json_lines.scan(path, paths), _estimate(head, n_bytes)
    mend = partial(json_lines.with_marked_damage, path, paths)
    return Table(raw.name, "jsonl", lazy, list(paths), n_rows, notes=[*more, *notes], mend=mend)


def _geographic(raw: RawFile, suffix: str, opened: Opened) -> list[Table]:
    opened.limits.check_whole(raw.path.stat().st_size, raw.name)
    tables, kind = [], geofiles.KINDS[suffix]
    for part, (frame, notes) in geofiles.read_points(raw.path, suffix, raw.name, opened).items():
        lazy = frame.with_row_index(ROW).lazy()
        tables.append(
            Table(raw.name, kind, lazy, frame.columns, frame.height, notes=notes, part=part)
        )
    return tables


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
