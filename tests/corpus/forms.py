"""The same check-ins in the forms that programs keep tables in."""

import io
import sqlite3
import struct
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

HEADER = ("user", "item", "time", "lat", "lon")


def xlsx(sheets: dict[str, list[tuple]]) -> bytes:
    """Return a workbook: texts inline, numbers as numbers; ``("t", 44927.5)`` is a time."""
    names = "".join(
        f'<sheet name="{escape(name)}" sheetId="{i}" r:id="rId{i}"/>'
        for i, name in enumerate(sheets, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{i}" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        f'relationships/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, len(sheets) + 1)
    )
    links += (
        '<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/styles" Target="styles.xml"/>'
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", '<Types xmlns="http://schemas.openxmlformats.org/'
                         'package/2006/content-types"/>')  # fmt: skip
        archive.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="r" Type="{relations}/officeDocument" Target="xl/workbook.xml"/>'
            "</Relationships>",
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>{names}</sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f"{links}</Relationships>",
        )
        archive.writestr(
            "xl/styles.xml",
            f'<styleSheet xmlns="{main}"><cellXfs count="2"><xf/>'
            '<xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>',
        )
        for i, rows in enumerate(sheets.values(), 1):
            body = "".join(
                f'<row r="{r}">{"".join(_cell(r, c, v) for c, v in enumerate(row))}</row>'
                for r, row in enumerate(rows, 1)
            )
            archive.writestr(
                f"xl/worksheets/sheet{i}.xml",
                f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>',
            )
    return packed.getvalue()


def _cell(row: int, column: int, value: object) -> str:
    where = f'r="{chr(65 + column)}{row}"'
    if isinstance(value, tuple):
        return f'<c {where} s="1"><v>{value[1]}</v></c>'
    if isinstance(value, int | float):
        return f"<c {where}><v>{value}</v></c>"
    return f'<c {where} t="inlineStr"><is><t>{escape(str(value))}</t></is></c>' if value else ""


def ods(sheets: dict[str, list[tuple]]) -> bytes:
    """Return an OpenDocument workbook of texts."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    body = "".join(
        f'<table:table table:name="{name}">' + "".join(
            "<table:table-row>" + "".join(
                f'<table:table-cell office:value-type="string"><text:p>{escape(str(cell))}</text:p>'
                "</table:table-cell>" for cell in row
            ) + "</table:table-row>" for row in rows
        ) + "</table:table>" for name, rows in sheets.items()
    )  # fmt: skip
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", '<manifest:manifest xmlns:manifest="urn:oasis:'
                         'names:tc:opendocument:xmlns:manifest:1.0"/>')  # fmt: skip
        archive.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:spreadsheet>{body}"
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return packed.getvalue()


def sqlite(path: Path, tables: dict[str, list[tuple]]) -> Path:
    """Write a database: of each table the first row names the columns."""
    base = sqlite3.connect(path)
    for name, (header, *rows) in tables.items():
        base.execute(f'create table "{name}" ({", ".join(map(repr, header))})')
        marks = ", ".join("?" * len(header))
        base.executemany(f'insert into "{name}" values ({marks})', rows)
    base.commit()
    base.close()
    return path


def xls(sheets: dict[str, list[tuple]]) -> bytes:
    """Return a workbook of Excel 97 with one sheet: a BIFF8 stream in a compound file."""
    ((sheet, rows),) = sheets.items()

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def cell(row: int, column: int, value: object) -> bytes:
        where = struct.pack("<HHH", row, column, 0)
        if isinstance(value, int | float):
            return record(0x0203, where + struct.pack("<d", value))
        text = str(value)
        return record(0x0204, where + struct.pack("<HB", len(text), 1) + text.encode("utf-16-le"))

    def begin(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0, 1997, 0, 6))

    end = record(0x000A, b"")
    name = struct.pack("<BB", len(sheet), 0) + sheet.encode("latin-1")
    start = len(begin(5) + record(0x0085, b"\0" * 6 + name) + end)
    book = begin(5) + record(0x0085, struct.pack("<IH", start, 0) + name) + end + begin(16)
    book += b"".join(cell(r, c, value) for r, row in enumerate(rows) for c, value in enumerate(row))
    # Streams of less than 4,096 bytes would lie in a stream of their own.
    book = (book + end).ljust(4096, b"\0")
    n = -(-len(book) // 512)
    nowhere, chain_end, of_table, free = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
    chains = [of_table, chain_end, *range(3, n + 2), chain_end]
    table = struct.pack(f"<{len(chains)}I", *chains).ljust(512, b"\xff")

    def entry(called: str, kind: int, child: int, first: int, size: int) -> bytes:
        text = (called + "\0").encode("utf-16-le")
        return text.ljust(64, b"\0") + struct.pack(
            "<HBBIII16xI16xIQ", len(text) if called else 0, kind, 1, nowhere, nowhere, child, 0,
            first, size,
        )  # fmt: skip

    folder = entry("Root Entry", 5, 1, chain_end, 0) + entry("Workbook", 2, nowhere, 2, len(book))
    folder += entry("", 0, nowhere, 0, 0) * 2
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    head += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, chain_end, 0,
                        chain_end, 0)  # fmt: skip
    head += struct.pack("<109I", 0, *[free] * 108)
    return head + table + folder + book.ljust(n * 512, b"\0")
