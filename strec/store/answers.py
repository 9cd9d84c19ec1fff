"""Answers of a large store that are kept beside it: asked once, they are there at once.

An answer is found by its question: the SQL of the whole expression, with every filter in it, the
engine that counts and the content of the store. What is asked otherwise, also by another version of
strec, never finds it. A file begins with a digest of the rest: a damaged one counts as none.
"""

import hashlib
import json
import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, cast

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa

#: The folder within that of the store.
FOLDER = "answers"
#: Fewer check-ins are counted as quickly as a file is found.
LEAST_CHECKINS = 500_000
#: What a store's answers may take on the disk, and one of them; the oldest make room.
MOST_BYTES, MOST_BYTES_EACH = 256 * 2**20, 32 * 2**20
_DIGEST = 16
_SAID = b"strec"
#: Counts up when the form of the files changes.
_FORM = 1


class Answers:
    """The answers that are kept with one store.

    Parameters
    ----------
    folder : Path
        The store's.
    meta : dict
        What it says of itself.
    engine : str
        What answers, and its version: engines may differ in the last digit of a mean.
    """

    def __init__(self, folder: Path, meta: dict, engine: str):
        self.folder = folder / FOLDER
        self._of = (_FORM, meta["fingerprint"], meta.get("time_zone"), engine)
        self.are_kept = meta["n_checkins"] >= LEAST_CHECKINS

    def of(self, expression: ir.Table, table: ir.Table, ask: Callable[[], pa.Table]) -> pa.Table:
        """Return what is kept of a question, or ask and keep it.

        Parameters
        ----------
        expression : ibis Table
            The question.
        table : ibis Table
            The check-ins, whose name in the question is another in each process.
        ask : callable
            Puts the question to the engine.
        """
        path = self._path(expression, table) if self.are_kept else None
        if path is None:
            return ask()
        if (known := read_whole(path)) is not None:
            return known
        found = ask()
        self._keep(path, found)
        return found

    def _path(self, expression: ir.Table, table: ir.Table) -> Path:
        """Return where the answer is kept."""
        # DuckDB's words serve for every engine: here they are a name.
        question = str(ibis.to_sql(expression, dialect="duckdb")).replace(table.get_name(), "t")
        for each in expression.op().find(ops.InMemoryTable):
            # What is sent along has a new name each time; it counts by its content.
            sent = cast(ops.InMemoryTable, each)
            question = question.replace(sent.name, _content(sent))
        seen = hashlib.blake2b(repr((*self._of, question)).encode(), digest_size=_DIGEST)
        return self.folder / seen.hexdigest()

    def _keep(self, path: Path, found: pa.Table) -> None:
        if write_whole(path, found, MOST_BYTES_EACH):
            make_room(self.folder)


def make_room(folder: Path) -> None:
    """Delete the oldest files of a folder: the others take `MOST_BYTES` at most.

    Parameters
    ----------
    folder : Path
        Of files alone.
    """
    with suppress(OSError):
        files = [(each.stat(), each.path) for each in os.scandir(folder) if each.is_file()]
        files.sort(key=lambda each: each[0].st_mtime_ns, reverse=True)
        held = 0
        for facts, path in files:
            held += facts.st_size
            if held > MOST_BYTES:
                Path(path).unlink(missing_ok=True)


def write_whole(path: Path, table: pa.Table, at_most: int | None = None) -> bool:
    """Write a table, packed and with a digest, whole or not at all; say whether it is written.

    Parameters
    ----------
    path : Path
        Its folder is made where there is none.
    table : pyarrow.Table
        Of a size that fits into memory twice.
    at_most : int, optional
        Bytes of the file; a larger one is not written.
    """
    sink = pa.BufferOutputStream()
    packed = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_file(sink, table.schema, options=packed) as writer:
        writer.write_table(table)
    content = sink.getvalue()
    if at_most is not None and content.size > at_most:
        return False
    draft = path.with_name(f".{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(exist_ok=True)
        with draft.open("wb") as file:
            file.write(_digest_of(content))
            file.write(content)
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        return False
    return True


def read_whole(path: Path) -> pa.Table | None:
    """Return the table that `write_whole` wrote; None where there is none, or it is damaged.

    Parameters
    ----------
    path : Path
        Of the file.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return None
    table = memoryview(content)[_DIGEST:]
    if content[:_DIGEST] != _digest_of(table):
        return None
    return pa.ipc.open_file(pa.py_buffer(table)).read_all()


@cache
def code() -> str:
    """Return a digest of strec's own code: what is fitted and kept is of one version only."""
    seen = hashlib.blake2b(digest_size=_DIGEST)
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        seen.update(path.read_bytes())
    return seen.hexdigest()


def write_told(path: Path, table: pa.Table, said: dict[str, Any]) -> bool:
    """Write a table as `write_whole` does, with what is to be said of it.

    Parameters
    ----------
    path, table
        As in `write_whole`.
    said : dict
        What JSON can hold.
    """
    return write_whole(path, table.replace_schema_metadata({_SAID: json.dumps(said).encode()}))


def read_told(path: Path) -> tuple[pa.Table, dict[str, Any]] | None:
    """Return what `write_told` wrote; None where there is none, or it is damaged.

    Parameters
    ----------
    path : Path
        Of the file.
    """
    if (table := read_whole(path)) is None:
        return None
    return table, json.loads((table.schema.metadata or {}).get(_SAID, b"{}"))


def _content(sent: ops.InMemoryTable) -> str:
    """Return what tells a table that is sent along with a question from others."""
    table = sent.data.to_pyarrow(sent.schema).combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return _digest_of(sink.getvalue()).hex()


def _digest_of(content) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST).digest()
