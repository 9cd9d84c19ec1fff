"""See the shape of a text: JSON or delimited, which delimiter, quotes, header."""

import csv
import io
import json
import re
from collections import Counter
from dataclasses import dataclass, replace

from strec.io.files import nothing_in

DELIMITERS = (",", "\t", ";", "|")
N_LINES = 300
#: What is between two cells of lines whose columns stand below each other; lines in quotation
#: marks as a whole have their delimiter inside.
MENDS = {"wide_blanks": r"[ \t]{2,}", "blanks": r"[ \t]+", "whole_quotes": ""}
#: A cell that a header would not hold: a number, a time, or a coordinate.
DATA_CELL = re.compile(
    r"[+-]?\d+([.,:/\- T]\d+)*\.?\d*([eE][+-]?\d+)?Z?"
    r"|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|\w{3} \w{3} \d\d [\d:]{8}.*"
)


@dataclass(frozen=True)
class Shape:
    """What kind of text it is: ``csv``, ``jsonl`` or ``json``; and how to cut it.

    `mend` names a rewriting of each line that comes first, one of `MENDS`.
    """

    kind: str
    delimiter: str = ""
    quote: str | None = None
    has_header: bool = True
    skip_lines: int = 0
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    mend: str = ""


def mended(line: str, mend: str) -> str:
    """Return a line with one delimiter between its cells, where blanks or quotes hid it.

    Examples
    --------
    >>> mended("u1   p 7  2024-05-01", "wide_blanks"), mended('"a,b"', "whole_quotes")
    ('u1\\tp 7\\t2024-05-01', 'a,b')
    """
    if mend == "whole_quotes":
        return re.sub(r'^"(.*)"$', r"\1", line.strip()).replace('""', '"')
    return re.sub(MENDS[mend], "\t", line.strip())


def sniff(head: str, name: str, complete: bool, delimiter: str | None = None) -> Shape:
    """Return the shape of a text from its beginning; a last line that may be cut is left out.

    Where a delimiter is given, it is a delimited text.

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
    if delimiter:
        return _delimited(text.split("\n"), name, delimiter)
    start = text.lstrip()[:1]
    if start in "{[":
        kind = _json_kind(text.lstrip(), start)
        if kind:
            return Shape(kind)
    if re.match(r"\s*[A-Za-z_$][\w.$]*\s*=\s*[\[{]", text):
        return Shape("json")
    return _delimited(text.split("\n"), name)


def is_data(cell: str) -> bool:
    """Tell a cell that a header would not hold: a number, a time, or a coordinate.

    Examples
    --------
    >>> is_data("2024-05-01"), is_data("Visit 7")
    (True, False)
    """
    return DATA_CELL.fullmatch(cell.strip()) is not None


def _json_kind(text: str, start: str) -> str | None:
    if start == "[":
        return "json" if re.match(r"\[\s*(\{|\]|\[|\")", text) else None
    if re.match(r'\{\s*"', text) is None:
        return None
    first, _, rest = text.partition("\n")
    try:
        parsed = json.loads(first)
    except (ValueError, RecursionError):
        parsed = {}
    # One object that is the whole text may hold rows in many shapes.
    return "jsonl" if parsed and rest.strip() else "json"


def _delimited(lines: list[str], name: str, given: str | None = None) -> Shape:
    lines = [line.rstrip("\r") for line in lines]
    skipped, declared = _preamble(lines)
    declared = given or declared
    body = [line for line in lines[skipped : skipped + N_LINES] if line.strip()]
    if not body:
        found = f"{name} holds only comments or blank lines."
        raise nothing_in(found, "Export or upload it again.")
    # MovieLens writes "::", which is a colon and an empty cell.
    candidates = (*DELIMITERS, ":") if "::" in body[0] else DELIMITERS
    delimiter = declared or max(candidates, key=lambda each: _fitness(body, each))
    if not declared and _fitness(body, delimiter) == (0.0, 1):
        if _cut_by_blanks(body):
            delimiter = " "
        elif mend := _hidden_delimiter(body):
            inner = _delimited([mended(line, mend) for line in lines], name)
            return replace(inner, mend=mend) if len(inner.columns) > 1 else inner
    rows = _cut(body, delimiter)
    width = _usual([len(row) for row in rows])
    commented = _commented_header(lines[:skipped], rows, delimiter, width)
    if commented:
        names, notes = unique_names(commented, width)
        quote = _quote(body, delimiter)
        return Shape("csv", delimiter, quote, True, skipped - 1, tuple(names), tuple(notes))
    above = _header_at(rows[:20], width)
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


def _commented_header(
    above: list[str], rows: list[list[str]], delimiter: str, width: int
) -> list[str]:
    """Return the names in the last comment line, where they name the columns below it."""
    if not above or width < 2 or not any(map(is_data, rows[0])):
        return []
    line = above[-1].lstrip("#% ")
    line = "#" + line if line.startswith(delimiter) else line
    names = [cell.strip() for cell in _cut([line], delimiter)[0]]
    return names if len(names) == width and all(names) and not any(map(is_data, names)) else []


def _header_at(rows: list[list[str]], width: int) -> int:
    """Return which row begins the table: not a title, nor one of several cells above the names."""
    first = next((i for i, row in enumerate(rows) if not _is_title(row, width)), 0)
    for i, row in enumerate(rows[first:], first):
        names = [cell.strip() for cell in row if cell.strip()]
        if len(names) >= width - 1 > 1 and len(set(names)) == len(names):
            return first if any(map(DATA_CELL.fullmatch, names)) else i
        if 2 * len(names) > width:
            break
    return first


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


def _hidden_delimiter(lines: list[str]) -> str:
    """Return which of `MENDS` cuts nearly all lines into as many cells, if any does."""
    many = 0.9 * len(lines)
    if len(lines) < 2:
        return ""
    if sum(len(line) > 2 and line[0] == line.rstrip()[-1] == '"' for line in lines) > many:
        return "whole_quotes"
    fitting = []
    for mend in ("wide_blanks", "blanks"):
        counts = [mended(line, mend).count("\t") for line in lines]
        if (usual := _usual(counts)) > 1 and counts.count(usual) > many:
            fitting.append((counts[0] != usual, mend))
    # Numbers that fill their column stand one blank apart: then the header has more cells.
    return min(fitting, key=lambda each: each[0])[1] if fitting else ""


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
