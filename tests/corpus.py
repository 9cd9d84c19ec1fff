"""Files as strangers bring them: broken, odd, or just unusual. Each is made by code.

``make(name, folder)`` writes one and returns its path; `NAMES` tells for each whether reading it
without any answer is an ``"error"`` (a clear one) or ``"ok"``.

Examples
--------
>>> NAMES["empty"], NAMES["odd_ids"]
('error', 'ok')
"""

import gzip
import io
import json
import pickle
import zipfile
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

NAMES: dict[str, str] = {}
_MAKERS: dict[str, Callable[[Path], Path]] = {}

HEADER = ("user", "venue", "time", "lat", "lon")
N_ROWS = 60


def make(name: str, folder: Path) -> Path:
    """Write one file of the corpus into a folder and return its path."""
    return _MAKERS[name](folder)


def rows(n: int = N_ROWS) -> list[tuple[str, ...]]:
    """Return good check-ins around New York as text: 6 users, 10 venues, one every 7 hours."""
    start = datetime(2024, 4, 1, 8)
    return [
        (
            f"u{i % 6}",
            f"v{i * 7 % 10}",
            (start + timedelta(hours=7 * i)).strftime("%Y-%m-%d %H:%M:%S"),
            f"{40.7 + i * 7 % 10 / 100 + 0.0012:.4f}",
            f"{-74.0 + i * 7 % 10 / 100 + 0.0034:.4f}",
        )
        for i in range(n)
    ]


def table(body: list[tuple[str, ...]], header=HEADER, delimiter: str = ",") -> str:
    """Return rows as delimited text, without any quoting."""
    return "\n".join(delimiter.join(row) for row in [header, *body]) + "\n"


def _file(expected: str, suffix: str = ".csv"):
    """Register a function that returns the content of a file, text or bytes."""

    def register(content: Callable[[], str | bytes]):
        name = content.__name__

        def write(folder: Path) -> Path:
            path = Path(folder) / f"{name}{suffix}"
            data = content()
            path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
            return path

        NAMES[name], _MAKERS[name] = expected, write
        return content

    return register


def _changed(column: str, value) -> list[tuple[str, ...]]:
    """Return the good rows with one column set: to a text, or by a function of row and number."""
    at = HEADER.index(column)
    new = value if callable(value) else lambda row, i: value
    return [(*row[:at], new(row, i), *row[at + 1 :]) for i, row in enumerate(rows())]


# --- what cannot be read -------------------------------------------------------------------------


@_file("error")
def empty():
    return b""


@_file("error")
def blank():
    return " \n\n\t\n"


@_file("error")
def header_only():
    return table([])


@_file("error")
def prose():
    return "Dear colleagues,\nplease find attached the numbers.\nBest regards\n"


@_file("error")
def binary_junk():
    return bytes(i * i % 251 for i in range(5000))


@_file("error")
def picture():
    return b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8


@_file("error")
def pickled():
    return pickle.dumps({"user": [1, 2], "item": [3, 4]}, protocol=4)


@_file("error")
def login_page():
    return "<!DOCTYPE html>\n<html><body>Please log in, then download again.</body></html>\n"


@_file("error", ".xlsx")
def workbook():
    return _zip({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})


@_file("error")
def one_long_line():
    return "u1,v1,2024-03-01 08:00:00," * 60_000


@_file("error")
def ten_thousand_columns():
    names = ",".join(f"item{i}" for i in range(10_000))
    return f"{names}\n{','.join('1' * 10_000)}\n"


@_file("error", ".zip")
def zip_bomb():
    """One gigabyte of zeros in a megabyte."""
    return _bomb_zip(2**30)


@_file("error", ".csv.gz")
def gz_bomb():
    """One gigabyte of zeros as 64 members of 16 MB, each a copy."""
    return gzip.compress(b"0" * 2**24, 9, mtime=0) * 64


@_file("error", ".csv.gz")
def truncated_gz():
    whole = gzip.compress(table(rows(2000)).encode(), mtime=0)
    return whole[: len(whole) // 2]


@_file("error", ".zip")
def truncated_zip():
    whole = _zip({"visits.csv": table(rows(2000)).encode()})
    return whole[: len(whole) // 2]


@_file("error", ".zip")
def zip_of_nothing():
    return _zip({"readme.txt": b""})


@_file("error", ".parquet")
def truncated_parquet():
    whole = _parquet()
    return whole[: len(whole) * 2 // 3]


@_file("error")
def ambiguous_dates():
    return table(_changed("time", lambda row, i: f"0{i % 9 + 1}/0{i % 7 + 1}/2024 08:00"))


@_file("error")
def no_user():
    return table([row[1:] for row in rows()], HEADER[1:])


@_file("error")
def no_time():
    return table([row[:2] for row in rows()], HEADER[:2])


@_file("error")
def times_unreadable():
    return table(_changed("time", "some day"))


@_file("error")
def projected():
    """Metres of a map projection instead of degrees."""
    body = _changed("lat", lambda row, i: str(4_500_000 + i * 37))
    return table([(*row[:4], str(580_000 + i * 41)) for i, row in enumerate(body)])


@_file("error")
def swapped_new_york():
    """Swapped, yet both within 90 degrees: a person must say so."""
    return table([(*row[:3], row[4], row[3]) for row in rows()])


@_file("error", ".json")
def broken_json():
    return '[{"user": "u1", "venue": "v1", "time": "2024-03-01"}, {"user": '


@_file("error", ".geojson")
def geojson_of_areas():
    ring = [[-74.0, 40.7], [-73.9, 40.7], [-73.9, 40.8], [-74.0, 40.7]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    return _geojson([shape])


# --- what is unusual, and read -------------------------------------------------------------------


@_file("ok")
def plain():
    return table(rows())


@_file("ok")
def latin1():
    return table(_changed("venue", lambda row, i: f"Café {row[1]}")).encode("latin-1")


@_file("ok")
def late_latin1():
    """The only byte beyond ASCII comes after more than a megabyte."""
    body = rows(40_000)
    return table([*body[:-1], (body[-1][0], "Café", *body[-1][2:])]).encode("latin-1")


@_file("ok")
def utf16():
    return table(_changed("venue", lambda row, i: f"Zoë {row[1]}")).encode("utf-16")


@_file("ok")
def utf16_without_mark():
    return table(rows()).encode("utf-16-le")


@_file("ok")
def utf8_mark():
    return table(rows()).encode("utf-8-sig")


@_file("ok")
def chinese():
    body = [(row[0], f"咖啡馆{row[1]}", *row[2:]) for row in rows()]
    return table(body, ("用户", "地点", "签到时间", "纬度", "经度")).encode("gb18030")


@_file("ok")
def german():
    """Semicolons, decimal commas, day first with days above 12."""
    start = datetime(2024, 3, 1, 8)
    body = [
        (row[0], row[1], f"{start + timedelta(hours=7 * i):%d.%m.%Y %H:%M}",
         row[3].replace(".", ","), row[4].replace(".", ","), f"{i},50")
        for i, row in enumerate(rows())
    ]  # fmt: skip
    header = ("Kunde", "Filiale", "Zeitpunkt", "Breitengrad", "Längengrad", "Preis")
    return table(body, header, ";")


@_file("ok")
def pipes():
    return table(rows(), delimiter="|")


@_file("ok", ".tsv")
def tabs():
    return table(rows(), delimiter="\t")


@_file("ok")
def mixed_delimiters():
    """Five lines are cut with semicolons in a file of commas."""
    lines = table(rows()).splitlines()
    return "\n".join(x.replace(",", ";") if i in range(20, 25) else x for i, x in enumerate(lines))


@_file("ok")
def stray_quotes():
    """Two quotation marks that are never closed, ten lines apart."""
    lines = table(rows()).splitlines()
    for at in (20, 30):
        lines[at] = lines[at].replace(",v", ',"v')
    return "\n".join(lines) + "\n"


@_file("ok")
def unclosed_quote():
    lines = table(rows()).splitlines()
    lines[20] = lines[20].replace(",v", ',"v')
    return "\n".join(lines) + "\n"


@_file("ok")
def stray_among_quoted():
    """Properly quoted cells, and one quotation mark that swallows lines up to the next."""
    body = [(*row, f'"rainy, {i}"' if i != 20 else '"rainy, 20') for i, row in enumerate(rows())]
    return table(body, (*HEADER, "remark"))


@_file("ok")
def inch_marks():
    return table(_changed("venue", lambda row, i: f'5" pipe {row[1]}' if i % 3 else row[1]))


@_file("ok")
def quoted_cells():
    """Commas, quotation marks and line breaks inside properly quoted cells."""
    body = [(row[0], f'"Joe\'s ""Bar"", {row[1]}"', *row[2:], '"two\nlines"') for row in rows()]
    return table(body, (*HEADER, "comment"))


@_file("ok")
def surplus_cells():
    """Three lines have an unquoted comma in their last, unimportant column."""
    body = [(*row, "a, b" if i in (5, 6, 7) else "a") for i, row in enumerate(rows())]
    return table(body, (*HEADER, "remark"))


@_file("ok")
def duplicate_columns():
    return table([(*row, row[2], "x") for row in rows()], (*HEADER, "time", "user"))


@_file("ok")
def blank_lines():
    return table(rows()).replace("\n", "\n\n")


@_file("ok")
def old_mac():
    return table(rows()).replace("\n", "\r")


@_file("ok")
def windows_lines():
    return table(rows()).replace("\n", "\r\n")


@_file("ok")
def spreadsheet_sep():
    return "sep=;\n" + table(rows(), delimiter=";")


@_file("ok")
def title_above():
    return "Visits of March\nexported by hand\n\n" + table(rows())


@_file("ok")
def r_row_names():
    body = [(str(i + 1), *row) for i, row in enumerate(rows())]
    return table(body, HEADER)


@_file("ok")
def swapped():
    """Beijing, named the wrong way round: 116 cannot be a latitude."""
    return table(
        [(*row[:3], f"{116.3 + i / 1000:.4f}", f"{39.9 + i / 1000:.4f}")
         for i, row in enumerate(rows())]
    )  # fmt: skip


@_file("ok")
def one_user():
    return table(_changed("user", "u1"))


@_file("ok")
def one_item():
    return table(_changed("venue", "v1"))


@_file("ok")
def one_row():
    return table(rows(1))


@_file("ok")
def equal_times():
    return table(_changed("time", "2024-03-01 08:00:00"))


@_file("ok")
def future_times():
    return table(_changed("time", lambda row, i: f"21{i:02d}-01-01 08:00:00"))


@_file("ok")
def null_islands():
    body = _changed("lat", lambda row, i: "0" if i % 4 == 0 else row[3])
    return table([(*r[:4], "0" if i % 4 == 0 else r[4]) for i, r in enumerate(body)])


@_file("ok")
def impossible_places():
    return table(_changed("lat", lambda row, i: "95.5" if i == 3 else row[3]))


@_file("ok")
def half_places():
    return table(_changed("lat", lambda row, i: "" if i in (3, 4) else row[3]))


@_file("ok")
def coordinates_as_text():
    """A few cells hold words, degree signs or a comma instead of a plain number."""
    words = {3: "unknown", 5: "40.7512° N", 7: "40°45'4\"N"}
    return table(_changed("lat", lambda row, i: words.get(i, row[3])))


@_file("ok")
def odd_ids():
    """Emoji, commas, leading zeros, blanks, and words that mean nothing elsewhere."""
    names = ["007", "🍕 slice", '"a, b"', "NA", "Ωmega", "00"]
    return table(_changed("user", lambda row, i: names[i % 6]))


@_file("ok")
def gaps():
    """One row each without user, item and time, and one with an unreadable time."""
    body = [list(row) for row in rows()]
    body[10][0] = body[11][1] = body[12][2] = ""
    body[13][2] = "yesterday"
    return table([tuple(row) for row in body])


@_file("ok")
def clock_changes():
    """Local times of New York in the hour that is skipped, and in the one that happens twice."""
    times = {3: "2024-03-10 02:30:00", 4: "2024-11-03 01:30:00"}
    return table(_changed("time", lambda row, i: times.get(i, row[2])))


@_file("ok")
def formulas():
    return table(_changed("venue", lambda row, i: "=HYPERLINK(A1)" if i % 2 else "@sum"))


@_file("ok")
def date_and_clock_apart():
    body = [(row[0], row[1], *row[2].split(" "), *row[3:]) for row in rows()]
    return table(body, ("user", "venue", "date", "clock", "lat", "lon"))


@_file("ok")
def pair_in_one_column():
    body = [(*row[:3], f"{row[3]} {row[4]}") for row in rows()]
    return table(body, (*HEADER[:3], "where"))


@_file("ok")
def cut_upload():
    """The transfer stopped in the middle of a time."""
    whole = table(rows())
    return whole[: whole.rindex(",2024") + 6]


@_file("ok", ".jsonl")
def json_lines():
    return "".join(json.dumps(dict(zip(HEADER, row, strict=True))) + "\n" for row in rows())


@_file("ok", ".jsonl")
def cut_json_lines():
    return json_lines()[:-40]


@_file("ok", ".json")
def json_array():
    nested = [
        {"user": u, "venue": {"id": v}, "time": t, "place": {"lat": float(a), "lon": float(o)}}
        for u, v, t, a, o in rows()
    ]
    return json.dumps({"visits": nested}, indent=1)


@_file("ok", ".geojson")
def geojson():
    shapes = [{"type": "Point", "coordinates": [float(row[4]), float(row[3])]} for row in rows()]
    return _geojson(shapes)


@_file("ok", ".parquet")
def parquet():
    return _parquet()


@_file("ok", ".csv.gz")
def gzipped():
    return gzip.compress(table(rows()).encode(), mtime=0)


@_file("ok", ".zip")
def zipped_with_readme():
    files = {
        "__MACOSX/._visits.csv": b"\x00\x05\x16\x07",
        "README.txt": b"These are the visits.\n",
        "../../escape.csv": table(rows()).encode(),
        "pictures/map.png": b"\x89PNG\r\n\x1a\n",
    }
    return _zip(files)


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _bomb_zip(n_bytes: int) -> bytes:
    """Return an archive of zeros, built from copies of one compressed block."""
    block = b"\0" * 2**20
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    deflated = piece * (n_bytes // 2**20) + packer.flush()
    archive = bytearray(_zip({"zeros.csv": b"0" * 64}))
    # Keep the frame of a small archive and put the sizes of the large one into it.
    name = b"zeros.csv"
    sizes = len(deflated).to_bytes(4, "little") + n_bytes.to_bytes(4, "little")
    local, central = archive.index(b"PK\x03\x04"), archive.index(b"PK\x01\x02")
    head = bytearray(archive[local : local + 30 + len(name)])
    entry = bytearray(archive[central : central + 46 + len(name)])
    head[18:26], entry[20:28] = sizes, sizes
    end = bytearray(archive[archive.index(b"PK\x05\x06") :])
    body = bytes(head) + deflated
    end[16:20] = len(body).to_bytes(4, "little")
    return body + bytes(entry) + bytes(end)


def _geojson(shapes: list[dict]) -> str:
    features = [
        {
            "type": "Feature",
            "properties": {"user": row[0], "venue": row[1], "time": row[2]},
            "geometry": shape,
        }
        for row, shape in zip(rows(), shapes, strict=False)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


def _parquet() -> bytes:
    columns = dict(zip(HEADER, zip(*rows(), strict=True), strict=True))
    frame = pl.DataFrame({name: list(values) for name, values in columns.items()}).with_columns(
        pl.col("time").str.to_datetime(), pl.col("lat", "lon").cast(pl.Float64)
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()
