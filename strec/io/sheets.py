"""Workbooks and SQLite files: each of their tables is written out as CSV, and then read as one."""

import csv
import re
import sqlite3
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from strec.errors import LimitError, ReadError
from strec.io.files import Opened
from strec.io.limits import explain

SQLITE = b"SQLite format 3\x00"
#: Rows of a table of a database that a look takes.
LOOK_ROWS = 20_000
#: A sheet's cells are made in memory, blank ones between filled ones too.
MAX_CELLS = 60_000_000
CELL = re.compile(rb"""<c [^>]*\br=["']([A-Z]{1,3})(\d{1,7})""")
#: Excel keeps times as fractions of a day; this close to a whole second, one is meant.
NEARLY_US = 60_000


@dataclass(frozen=True)
class Part:
    """One table written out: its name in its file, and where it lies now, with or without the
    names of its columns, as `columns` then say."""

    name: str
    path: Path
    columns: tuple[str, ...] = ()
    n_rows: int = 0


def sheets_of(path: Path, name: str, opened: Opened) -> list[Part]:
    """Return the filled sheets of an xlsx, xls or ods workbook.

    Raises
    ------
    ReadError
        If it is damaged, locked with a password, or has nothing in it.
    LimitError
        If a sheet has too many cells.
    """
    from python_calamine import CalamineError, load_workbook

    opened.limits.check_whole(path.stat().st_size, name)
    _check_extent(path, name)
    parts = []
    try:
        with open(path, "rb") as file, load_workbook(file) as book:
            for sheet_of in book.sheets_metadata:
                if not str(sheet_of.typ).endswith("WorkSheet"):
                    continue
                sheet = book.get_sheet_by_name(sheet_of.name)
                if sheet.height:
                    target = opened.new_path()
                    n_rows = _write(target, map(_texts, sheet.iter_rows()), opened, name)
                    parts.append(Part(sheet_of.name, target, n_rows=n_rows))
    except (CalamineError, ValueError, OverflowError) as problem:
        raise ReadError(
            "A workbook with a sheet of cells, without a password, is needed.",
            f"{name} cannot be read as one ({explain(problem)}).",
            "Open it and save the sheet as CSV UTF-8.",
        ) from problem
    if not parts:
        raise ReadError(
            "A workbook with at least one filled sheet is needed.",
            f"the sheets of {name} are blank.",
            "Export it again, with its cells.",
        )
    return parts


def tables_of(path: Path, name: str, opened: Opened, whole: bool) -> list[Part]:
    """Return the tables with rows of a SQLite file, which is never written to.

    Raises
    ------
    ReadError
        If it is damaged, or has no table with rows.
    """
    address = f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1"
    parts = []
    try:
        with closing(sqlite3.connect(address, uri=True)) as base:
            base.text_factory = lambda raw: raw.decode("utf-8", "replace")
            # What SQLite advises for files of strangers.
            base.execute("PRAGMA trusted_schema = OFF")
            base.execute("PRAGMA cell_size_check = ON")
            found = base.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite^_%' "
                "ESCAPE '^' AND sql NOT LIKE 'create virtual%'"
            )
            names = [str(each) for (each,) in found]
            opened.limits.check_files(len(names), f"{name} has {len(names):,} tables.")
            for table in names:
                marked = '"' + table.replace('"', '""') + '"'
                rows = base.execute(
                    f"SELECT * FROM {marked}" + ("" if whole else f" LIMIT {LOOK_ROWS}")
                )
                columns = tuple(str(each[0]) for each in rows.description)
                target = opened.new_path()
                n_rows = _write(target, map(_texts, rows), opened, name)
                if n_rows == LOOK_ROWS and not whole:
                    n_rows = base.execute(f"SELECT count(*) FROM {marked}").fetchone()[0]
                if n_rows:
                    parts.append(Part(table, target, columns, n_rows))
    except sqlite3.Error as problem:
        raise ReadError(
            "A complete SQLite file is needed.",
            f"{name} begins like one but is damaged ({explain(problem)}).",
            "Copy or upload it again, while no program has it open.",
        ) from problem
    if not parts:
        raise ReadError(
            "A database with at least one table that has rows is needed.",
            f"{name} has none.",
            "Export it again; rows still in a '-wal' file beside it are seen after the program "
            "that writes them is closed.",
        )
    return parts


def has_features(path: Path) -> bool:
    """Tell a GeoPackage with layers of shapes from other SQLite files."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?immutable=1", uri=True)) as base:
            found = base.execute("SELECT 1 FROM gpkg_contents WHERE data_type = 'features'")
            return found.fetchone() is not None
    except sqlite3.Error:
        return False


def _check_extent(path: Path, name: str) -> None:
    """Refuse a sheet with few cells far apart, for which all cells between would be made."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            if not re.fullmatch(r"xl/worksheets/[^/]+\.xml", member):
                continue
            last_row, widest, kept = 0, "", b""
            with archive.open(member) as file:
                while chunk := file.read(2**20):
                    cells = CELL.findall(kept + chunk)
                    kept = chunk[-30:]
                    if cells:
                        last_row = max(last_row, int(cells[-1][1]))
                        widest = max({c.decode() for c, _ in cells} | {widest}, key=_column_key)
            width = 0
            for letter in widest:
                width = width * 26 + ord(letter) - 64
            if last_row * width > MAX_CELLS:
                raise LimitError(
                    f"A sheet of at most {MAX_CELLS:,} cells can be read here.",
                    f"a sheet of {name} reaches to row {last_row:,} and column {widest}.",
                    "Delete the cells far from the table, or save the sheet as CSV UTF-8.",
                )


def _column_key(letters: str) -> tuple[int, str]:
    return len(letters), letters


def _write(target: Path, rows: Iterable[Sequence[str]], opened: Opened, name: str) -> int:
    """Write rows as CSV, within the limit of bytes; return their number."""
    n_rows = 0
    with open(target, "w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for row in rows:
            n_rows += 1
            writer.writerow(row)
            if n_rows % 10_000 == 0:
                opened.limits.check_bytes(file.tell(), name)
    return n_rows


def _texts(row: Iterable[object]) -> list[str]:
    return [_text(value) for value in row]


def _text(value: object) -> str:
    """Return a cell as text: 7.0 as 7, which ids are; times as ISO, to the second they mean."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime):
        rest = value.microsecond
        if min(rest, 1_000_000 - rest) < NEARLY_US:
            value = (value + timedelta(microseconds=NEARLY_US)).replace(microsecond=0)
        return value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)
