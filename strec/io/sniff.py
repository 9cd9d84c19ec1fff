"""See the shape of a text: JSON or delimited, which delimiter, quotes, header."""

import csv
import io
import json
import re
from collections import Counter
from dataclasses import dataclass

from strec.io.files import nothing_in

DELIMITERS = (",", "\t", ";", "|")
N_LINES = 300
#: A cell that a header would not hold: a number, a time, or a coordinate.
DATA_CELL = re.compile(
    r"[+-]?\d+([.,:/\- T]\d+)*\.?\d*([eE][+-]?\d+)?Z?"
    r"|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|\w{3} \w{3} \d\d [\d:]{8}.*"
)


@dataclass(frozen=True)
class Shape:
    """What kind of text it is: ``csv``, ``jsonl``, ``json`` or ``geojson``; and how to cut it."""

    kind: str
    delimiter: str = ""
    quote: str | None = None
    has_header: bool = True
    skip_lines: int = 0
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def sniff(head: str, name: str, complete: bool) -> Shape:
    """Return the shape of a text from its beginning; a last line that may be cut is left out.

    Raises
    ------
    ReadError
        If there is nothing but blanks, or a JSON text without rows.

    Examples
    --------
    >>> sniff("who;what;when\\na;b;2024-05-01\\n", "x.csv", True).delimiter
    ';'
    """
    text = head if complete else head[: head.rfind("\n") + 1] or head
    if not text.strip():
        raise nothing_in(f"{name} holds nothing but blanks.", "Export or upload it again.")
    start = text.lstrip()[:1]
    if start in "{[":
        kind = _json_kind(text.lstrip(), start)
        if kind:
            return Shape(kind)
    return _delimited(text.split("\n"), name)


def _json_kind(text: str, start: str) -> str | None:
    if start == "[":
        return "json" if re.match(r"\[\s*(\{|\])", text) else None
    if re.match(r'\{\s*"', text) is None:
        return None
    first, _, rest = text.partition("\n")
    try:
        parsed = json.loads(first)
    except (ValueError, RecursionError):
        parsed = {}
    if parsed.get("type") == "FeatureCollection" or '"FeatureCollection"' in text[:2000]:
        return "geojson"
    rows = [value for value in parsed.values() if isinstance(value, list) and value]
    if not rest.strip() and any(isinstance(value[0], dict) for value in rows):
        # One object that holds the rows, as many services answer.
        return "json"
    return "jsonl" if parsed else "json"


def _delimited(lines: list[str], name: str) -> Shape:
    lines = [line.rstrip("\r") for line in lines]
    skipped, declared = _preamble(lines)
    body = [line for line in lines[skipped : skipped + N_LINES] if line.strip()]
    if not body:
        found = f"{name} holds only comments or blank lines."
        raise nothing_in(found, "Export or upload it again.")
    # MovieLens writes "::", which is a colon and an empty cell.
    candidates = (*DELIMITERS, ":") if "::" in body[0] else DELIMITERS
    delimiter = declared or max(candidates, key=lambda each: _fitness(body, each))
    if not declared and _fitness(body, delimiter) == (0.0, 1) and _cut_by_blanks(body):
        delimiter = " "
    rows = _cut(body, delimiter)
    width = _usual([len(row) for row in rows])
    above = next((i for i, row in enumerate(rows[:20]) if not _is_title(row, width)), 0)
    if above and width > 1:
        skipped = lines.index(body[above], skipped)
        rows = rows[above:]
    first = rows[0]
    has_header = not any(DATA_CELL.fullmatch(cell.strip()) for cell in first if cell.strip())
    notes = [f"Lines skipped above the table: {skipped}."] if skipped else []
    if has_header and len(first) == width - 1 and all(len(row) == width for row in rows[1:]):
        # R writes row names without a header of their own.
        first = ["row_name", *first]
    columns, more = unique_names([cell.strip() for cell in first] if has_header else [], width)
    quote, notes = _quote(body, delimiter), (*notes, *more)
    return Shape("csv", delimiter, quote, has_header, skipped, tuple(columns), notes)


def _is_title(row: list[str], width: int) -> bool:
    """Tell a line above the table: few cells, or few filled ones, as spreadsheets export them.

    A header may lack only the name of the first column.
    """
    filled = sum(bool(cell.strip()) for cell in row)
    return len(row) < max(width - 1, 2) or (width > 2 and filled <= max(1, width // 4))


def _preamble(lines: list[str]) -> tuple[int, str | None]:
    """Count comment lines at the top; Excel's ``sep=;`` line declares the delimiter."""
    declared = None
    for i, line in enumerate(lines):
        if match := re.fullmatch(r"sep=(.)", line.strip("\ufeff \r"), re.IGNORECASE):
            declared = match.group(1)
        elif line.strip() and not line.startswith("#"):
            return i, declared
    return len(lines), declared


def _fitness(lines: list[str], delimiter: str) -> tuple[float, int]:
    """Rate a delimiter: how alike the lines are cut, then into how many cells."""
    counts = [len(row) for row in _cut(lines, delimiter)]
    usual = _usual(counts)
    alike = sum(count == usual for count in counts) / len(counts)
    if usual == 1:
        return 0.0, 1
    # The first line decides between "a;b" with decimal commas and a comma file.
    return alike * (1.0 if counts[0] == usual else 0.6), usual


def _cut_by_blanks(lines: list[str]) -> bool:
    """Tell whether blanks, which any text has, cut all lines alike."""
    counts = {len(row) for row in _cut(lines, " ")}
    return len(lines) > 1 and len(counts) == 1 and counts.pop() >= 3


def _usual(counts: list[int]) -> int:
    return Counter(counts).most_common(1)[0][0]


def _cut(lines: list[str], delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter)
    try:
        return [row for row in reader if row] or [[""]]
    except csv.Error:
        return [line.split(delimiter) for line in lines]


def _quote(lines: list[str], delimiter: str) -> str | None:
    """Return the quote character, unless it only occurs inside texts, as in 5" pipe."""
    opened = re.compile(rf'(^|{re.escape(delimiter)})\s?"')
    if any('"' in line for line in lines):
        return '"' if any(opened.search(line) for line in lines) else None
    return '"' if delimiter == "," else None


def unique_names(names: list[str], width: int) -> tuple[list[str], list[str]]:
    """Return column names without gaps or repeats, and notes on what was renamed.

    Examples
    --------
    >>> unique_names(["a", "", "a"], 4)[0]
    ['a', 'column_2', 'a_2', 'column_4']
    """
    taken: set[str] = set()
    unique, renamed = [], []
    for i in range(max(width, len(names))):
        wanted = names[i].strip("\ufeff") if i < len(names) else ""
        base = wanted or f"column_{i + 1}"
        name, n = base, 1
        while name in taken:
            n += 1
            name = f"{base}_{n}"
        if n > 1:
            renamed.append(f"{base} → {name}")
        taken.add(name)
        unique.append(name)
    notes = [f"Column names that occur twice were numbered: {', '.join(renamed[:5])}."]
    return unique, notes if renamed else []
