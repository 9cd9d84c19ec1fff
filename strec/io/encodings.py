"""From bytes to UTF-8 text: byte order marks, UTF-16, Latin-1 and GB18030."""

import codecs
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from strec.errors import ReadError

CHUNK_BYTES = 2**20
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Bytes that Windows-1252 does not define; a file with them is read as ISO 8859-1.
NOT_IN_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
#: What a beginning gives away about a file that is not a table.
SIGNATURES = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old Office document, such as an .xls workbook"),
    (b"\x80\x04\x95", "a Python pickle, which strec never opens because it can run code"),
    (b"\x80\x05\x95", "a Python pickle, which strec never opens because it can run code"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)


@dataclass(frozen=True)
class Text:
    """A file as UTF-8 text on disk: where, what it was, and its beginning."""

    path: Path
    encoding: str
    head: str
    complete_head: bool


def as_text(path: Path, name: str, target: Path, head_bytes: int, whole: bool) -> Text:
    """Return the file as UTF-8, converted into `target` only when it is something else.

    With `whole` every byte is checked, so that one late Latin-1 byte is not lost; without it only
    `head_bytes` are looked at, and converted. Raises `ReadError` where the file is not text.
    """
    with open(path, "rb") as file:
        head = file.read(head_bytes)
    _refuse_binary(head, name)
    encoding = _encoding(path, head, whole)
    old_mac = b"\r" in head and b"\n" not in head and encoding not in ("utf-16", "utf-32")
    if encoding != "utf-8" or old_mac:
        _convert(path, target, encoding, None if whole else head_bytes)
        path = target
        with open(path, "rb") as file:
            head = file.read(head_bytes)
    text = head.decode("utf-8", errors="ignore")
    return Text(path, encoding, text, len(head) < head_bytes)


def _refuse_binary(head: bytes, name: str) -> None:
    """Raise `ReadError` when the beginning of a file is not text."""
    found = next((what for magic, what in SIGNATURES if head.startswith(magic)), None)
    if head[257:262] == b"ustar":
        found = "a tar archive"
    if head[:500].lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        found = "a web page or XML, such as the page of a portal that asks to log in"
    wide = any(head.startswith(mark) for mark, _ in MARKS) or _wide(head)
    if found is None and not wide:
        control = sum(head[:65536].count(bytes([code])) for code in (*range(9), *range(14, 32)))
        if b"\x00" in head or control > len(head[:65536]) / 100:
            found = "binary data, not text"
    if found is not None:
        raise ReadError(
            "A table as text (CSV, TSV, JSON Lines), Parquet, GeoJSON or GeoPackage is needed.",
            f"{name} is {found}.",
            "Export the table as CSV and give that file; unpack archives other than zip and gz.",
        )


def _wide(head: bytes) -> str | None:
    """Return which UTF-16 this is when it has no mark: every second byte of English is zero."""
    sample = head[:4000]
    if len(sample) < 8:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) / 2
    if odd > 0.6 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 * half and odd < 0.05 * half else None


def _encoding(path: Path, head: bytes, whole: bool) -> str:
    """Return the encoding of a text file: from its mark, its validity, or its pattern."""
    marked = next((name for mark, name in MARKS if head.startswith(mark)), None) or _wide(head)
    if marked:
        return marked
    decoder = codecs.getincrementaldecoder("utf-8")()
    valid, strange = True, False
    high = bytearray()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            if not chunk.isascii():
                strange = strange or NOT_IN_CP1252.search(chunk) is not None
                if len(high) < CHUNK_BYTES:
                    high += chunk
            if valid:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    valid = False
            if not whole:
                break
    if valid:
        return "utf-8"
    if _looks_chinese(bytes(high)):
        return "gb18030"
    return "latin-1" if strange or not re.search(rb"[\x80-\x9f]", high) else "cp1252"


def _looks_chinese(raw: bytes) -> bool:
    """Tell GB18030 from Latin-1: its high bytes come in pairs, accents come alone."""
    runs = [len(run) for run in re.findall(rb"[\x81-\xfe]+", raw)]
    if not runs or sum(run % 2 == 0 and run >= 4 for run in runs) < 0.6 * len(runs):
        return False
    text = raw.decode("gb18030", errors="ignore")
    return len(re.findall("[\u4e00-\u9fff]", text)) > 0.2 * sum(runs)


def _convert(path: Path, target: Path, encoding: str, n_letters: int | None) -> None:
    """Write the file, or its beginning, as UTF-8 with line feeds."""
    with (
        open(path, encoding=encoding, errors="replace") as source,
        open(target, "w", encoding="utf-8", newline="\n") as out,
    ):
        if n_letters is None:
            shutil.copyfileobj(source, out, CHUNK_BYTES)
        else:
            out.write(source.read(n_letters))
