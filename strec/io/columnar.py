"""Parquet, Arrow and Feather: typed columns, all made into types that every engine reads alike."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from strec.errors import ReadError
from strec.io.files import Opened
from strec.io.json_lines import ROW
from strec.io.limits import explain

if TYPE_CHECKING:
    import pyarrow as pa

#: First bytes of Arrow's file format and of its first version.
ARROW, FEATHER = b"ARROW1", b"FEA1"
#: Rows taken at a time, and all that a look takes, where a file is written anew.
BATCH_ROWS, LOOK_ROWS = 65_536, 20_000
#: Bytes that are letters or a shape, and not pictures, are at most so many a cell.
MAX_CELL_BYTES = 4096


def scan(path: Path, magic: bytes, name: str, opened: Opened, whole: bool) -> pl.LazyFrame:
    """Return the rows of a Parquet, Arrow or Feather file.

    Raises
    ------
    ReadError
        If it is damaged or cut off, or two columns have the same name.
    LimitError
        If it is larger or wider than the limits allow.
    """
    import pyarrow as pa

    try:
        schema, n_rows, n_bytes, batches = _opened(path, magic)
        opened.limits.check_rows(n_rows, name)
        opened.limits.check_bytes(n_bytes, name)
        opened.limits.check_columns(len(schema), name)
        _check_names(schema.names, name)
        if magic.startswith(b"PAR1") and not any(_is_unusual(each.type) for each in schema):
            lazy = pl.scan_parquet(path, row_index_name=ROW, glob=False)
            lazy.collect_schema()
            return lazy
        target = opened.new_path()
        _write_plain(batches, target, None if whole else LOOK_ROWS)
        return pl.scan_parquet(target, row_index_name=ROW, glob=False)
    except (OSError, ValueError, pa.ArrowException, pl.exceptions.PolarsError) as problem:
        raise ReadError(
            "A complete Parquet, Arrow or Feather file is needed.",
            f"{name} begins like one but is damaged ({explain(problem)}).",
            "Copy or upload it again: the end, which holds the index, is probably missing.",
        ) from problem


def _opened(path: Path, magic: bytes) -> tuple["pa.Schema", int, int, Iterator["pa.RecordBatch"]]:
    """Return the schema, rows and bytes of a file, and what gives its batches."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import feather

    if magic.startswith(b"PAR1"):
        file = pq.ParquetFile(path)
        meta = file.metadata
        n_bytes = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
        return file.schema_arrow, meta.num_rows, n_bytes, file.iter_batches(BATCH_ROWS)
    if magic.startswith(FEATHER):
        table = feather.read_table(path)
        return table.schema, table.num_rows, table.nbytes, iter(table.to_batches())
    source = pa.memory_map(str(path))
    if magic.startswith(ARROW):
        reader = pa.ipc.open_file(source)
        batches = (reader.get_batch(i) for i in range(reader.num_record_batches))
        return reader.schema, 0, path.stat().st_size, batches
    stream = pa.ipc.open_stream(source)
    return stream.schema, 0, path.stat().st_size, iter(stream)


def _check_names(names: list[str], name: str) -> None:
    twice = sorted({each for each in names if names.count(each) > 1}) if names else []
    if twice:
        raise ReadError(
            "Each column of a Parquet or Arrow file needs a name of its own.",
            f"{name} has {', '.join(map(repr, twice[:5]))} more than once.",
            "Rename the columns where the file is made, or export it as CSV.",
        )


def _is_unusual(kind: "pa.DataType") -> bool:
    """Tell a type that engines read in different ways, or not at all."""
    import pyarrow as pa

    types = pa.types
    if types.is_timestamp(kind):
        return kind.tz is not None and not _is_zone(kind.tz)
    if types.is_list(kind) or types.is_large_list(kind):
        return _is_unusual(kind.value_type)
    return not (
        types.is_integer(kind)
        or (types.is_floating(kind) and not types.is_float16(kind))
        or types.is_boolean(kind)
        or types.is_date(kind)
        or types.is_time(kind)
        or types.is_duration(kind)
        or types.is_null(kind)
        or types.is_string(kind)
        or types.is_large_string(kind)
        or (types.is_dictionary(kind) and types.is_string(kind.value_type))
    )


def _is_zone(name: str) -> bool:
    """Tell a named zone from a fixed offset or a name that only one program knows."""
    return name in ("UTC", "GMT") or ("/" in name and not any(c in name for c in "()"))


def _write_plain(batches: Iterator["pa.RecordBatch"], target: Path, at_most: int | None) -> None:
    """Write batches anew as Parquet, with plain types alone."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer, n_rows = None, 0
    try:
        for batch in batches:
            # Lengths that a damaged file states must not be followed out of its memory.
            batch.validate(full=True)
            table = pa.Table.from_batches([batch])
            while any(pa.types.is_struct(each.type) for each in table.schema):
                table = table.flatten()
            columns = {}
            for name, values in zip(table.column_names, table.columns, strict=True):
                plain = _plain(values)
                if plain is not None:
                    columns[name] = plain
            table = pa.table(columns)
            if writer is None:
                writer = pq.ParquetWriter(target, table.schema)
            writer.write_table(table.cast(writer.schema))
            n_rows += table.num_rows
            if at_most is not None and n_rows >= at_most:
                break
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        pq.write_table(pa.table({}), target)


def _plain(values: "pa.ChunkedArray") -> "pa.ChunkedArray | None":
    """Return a column in a type that every engine reads, or None for what holds no values."""
    import pyarrow as pa

    kind, types = values.type, pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return _plain(pa.chunked_array([c.storage for c in values.chunks], kind.storage_type))
    if types.is_dictionary(kind):
        words = [_plain(pa.chunked_array([each.dictionary])) for each in values.chunks]
        return pa.chunked_array(
            [
                word.combine_chunks().take(each.indices)
                for word, each in zip(words, values.chunks, strict=True)
                if word is not None
            ]
        )
    if types.is_binary_view(kind):
        return _letters(values.cast(pa.large_binary()))
    if types.is_string_view(kind):
        return values.cast(pa.large_string())
    if types.is_float16(kind):
        return values.cast(pa.float32())
    if types.is_decimal(kind):
        return values.cast(pa.string() if kind.scale == 0 else pa.float64())
    if types.is_timestamp(kind) and kind.tz is not None and not _is_zone(kind.tz):
        return _with_offset(values, kind)
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return _letters(values)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        inner = kind.value_type
        if types.is_nested(inner) or _is_unusual(inner):
            return _as_json(values)
        return values.cast(pa.list_(inner))
    if types.is_nested(kind):
        return _as_json(values)
    return None if _is_unusual(kind) else values


def _with_offset(values: "pa.ChunkedArray", kind: "pa.TimestampType") -> "pa.ChunkedArray":
    """Return times of a fixed offset as texts that state it: 2024-05-01T08:00:00+02:00."""
    import pyarrow as pa

    instants = values.cast(pa.timestamp("us", "UTC"), safe=False)
    stated = re.fullmatch(r"([+-])(\d\d):?(\d\d)", kind.tz)
    if minutes := re.fullmatch(r"pytz\.FixedOffset\((-?\d+)\)", kind.tz):
        n = int(minutes[1])
    elif stated:
        n = int(f"{stated[1]}1") * (int(stated[2]) * 60 + int(stated[3]))
    else:
        return instants
    offset = f"{'-' if n < 0 else '+'}{abs(n) // 60:02d}:{abs(n) % 60:02d}"
    local = pl.Series(instants.cast(pa.timestamp("us"))) + timedelta(minutes=n)
    return _arrow(local.dt.strftime("%Y-%m-%dT%H:%M:%S") + offset)


def _letters(values: "pa.ChunkedArray") -> "pa.ChunkedArray | None":
    """Return bytes as the text that they are, or as hexadecimal digits where they are short."""
    import pyarrow as pa

    cells = pl.Series(values.cast(pa.large_binary()))
    try:
        text = cells.cast(pl.String)
        if not text.str.contains(r"[\x00-\x08\x0e-\x1f]").any():
            return _arrow(text)
    except pl.exceptions.PolarsError:
        pass
    longest = cells.bin.size().max()
    if isinstance(longest, int) and longest > MAX_CELL_BYTES:
        return None
    return _arrow(cells.bin.encode("hex"))


def _arrow(values: pl.Series) -> "pa.ChunkedArray":
    import pyarrow as pa

    return pa.chunked_array([values.to_arrow(compat_level=pl.CompatLevel.oldest())])


def _as_json(values: "pa.ChunkedArray") -> "pa.ChunkedArray":
    import pyarrow as pa

    cells = [None if each is None else json.dumps(each, default=str) for each in values.to_pylist()]
    return pa.chunked_array([pa.array(cells, pa.string())])
