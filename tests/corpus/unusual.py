"""Files that are unusual and must be read: each with what it puts to the test."""

import gzip
import json
from datetime import datetime, timedelta

from tests.corpus.common import (
    HEADER,
    as_parquet,
    changed,
    feature_collection,
    register,
    rows,
    table,
    zipped,
)


@register("ok")
def plain():
    return table(rows())


@register("ok")
def latin1():
    return table(changed("venue", lambda row, i: f"Café {row[1]}")).encode("latin-1")


@register("ok")
def late_latin1():
    """The only byte beyond ASCII comes after more than a megabyte."""
    body = rows(40_000)
    return table([*body[:-1], (body[-1][0], "Café", *body[-1][2:])]).encode("latin-1")


@register("ok")
def utf16():
    return table(changed("venue", lambda row, i: f"Zoë {row[1]}")).encode("utf-16")


@register("ok")
def utf16_without_mark():
    return table(rows()).encode("utf-16-le")


@register("ok")
def utf8_mark():
    return table(rows()).encode("utf-8-sig")


@register("ok")
def chinese():
    body = [(row[0], f"咖啡馆{row[1]}", *row[2:]) for row in rows()]
    return table(body, ("用户", "地点", "签到时间", "纬度", "经度")).encode("gb18030")


@register("ok")
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


@register("ok")
def pipes():
    return table(rows(), delimiter="|")


@register("ok", ".tsv")
def tabs():
    return table(rows(), delimiter="\t")


@register("ok")
def mixed_delimiters():
    """Five lines are cut with semicolons in a file of commas."""
    lines = table(rows()).splitlines()
    return "\n".join(x.replace(",", ";") if i in range(20, 25) else x for i, x in enumerate(lines))


@register("ok")
def stray_quotes():
    """Two quotation marks that are never closed, ten lines apart."""
    lines = table(rows()).splitlines()
    for at in (20, 30):
        lines[at] = lines[at].replace(",v", ',"v')
    return "\n".join(lines) + "\n"


@register("ok")
def unclosed_quote():
    lines = table(rows()).splitlines()
    lines[20] = lines[20].replace(",v", ',"v')
    return "\n".join(lines) + "\n"


@register("ok")
def stray_among_quoted():
    """Properly quoted cells, and one quotation mark that swallows lines up to the next."""
    body = [(*row, f'"rainy, {i}"' if i != 20 else '"rainy, 20') for i, row in enumerate(rows())]
    return table(body, (*HEADER, "remark"))


@register("ok")
def inch_marks():
    return table(changed("venue", lambda row, i: f'5" pipe {row[1]}' if i % 3 else row[1]))


@register("ok")
def quoted_cells():
    """Commas, quotation marks and line breaks inside properly quoted cells."""
    body = [(row[0], f'"Joe\'s ""Bar"", {row[1]}"', *row[2:], '"two\nlines"') for row in rows()]
    return table(body, (*HEADER, "comment"))


@register("ok")
def surplus_cells():
    """Three lines have an unquoted comma in their last, unimportant column."""
    body = [(*row, "a, b" if i in (5, 6, 7) else "a") for i, row in enumerate(rows())]
    return table(body, (*HEADER, "remark"))


@register("ok")
def duplicate_columns():
    return table([(*row, row[2], "x") for row in rows()], (*HEADER, "time", "user"))


@register("ok")
def blank_lines():
    return table(rows()).replace("\n", "\n\n")


@register("ok")
def old_mac():
    return table(rows()).replace("\n", "\r")


@register("ok")
def windows_lines():
    return table(rows()).replace("\n", "\r\n")


@register("ok")
def spreadsheet_sep():
    return "sep=;\n" + table(rows(), delimiter=";")


@register("ok")
def title_above():
    return "Visits of March\nexported by hand\n\n" + table(rows())


@register("ok")
def title_of_a_sheet():
    """A title as spreadsheets export it: as many cells as the table, nearly all empty."""
    return "Visits of March;;;;\n;;;;\n" + table(rows(), delimiter=";")


@register("ok")
def r_row_names():
    body = [(str(i + 1), *row) for i, row in enumerate(rows())]
    return table(body, HEADER)


@register("ok")
def swapped():
    """Beijing, named the wrong way round: 116 cannot be a latitude."""
    return table(
        [(*row[:3], f"{116.3 + i / 1000:.4f}", f"{39.9 + i / 1000:.4f}")
         for i, row in enumerate(rows())]
    )  # fmt: skip


@register("ok")
def one_user():
    return table(changed("user", "u1"))


@register("ok")
def one_item():
    return table(changed("venue", "v1"))


@register("ok")
def one_row():
    return table(rows(1))


@register("ok")
def equal_times():
    return table(changed("time", "2024-03-01 08:00:00"))


@register("ok")
def future_times():
    return table(changed("time", lambda row, i: f"21{i:02d}-01-01 08:00:00"))


@register("ok")
def null_islands():
    body = changed("lat", lambda row, i: "0" if i % 4 == 0 else row[3])
    return table([(*r[:4], "0" if i % 4 == 0 else r[4]) for i, r in enumerate(body)])


@register("ok")
def impossible_places():
    return table(changed("lat", lambda row, i: "95.5" if i == 3 else row[3]))


@register("ok")
def half_places():
    return table(changed("lat", lambda row, i: "" if i in (3, 4) else row[3]))


@register("ok")
def coordinates_as_text():
    """A few cells hold words, degree signs or a comma instead of a plain number."""
    words = {3: "unknown", 5: "40.7512° N", 7: "40°45'4\"N"}
    return table(changed("lat", lambda row, i: words.get(i, row[3])))


@register("ok")
def odd_ids():
    """Emoji, commas, leading zeros, blanks, and words that mean nothing elsewhere."""
    names = ["007", "🍕 slice", '"a, b"', "NA", "Ωmega", "00"]
    return table(changed("user", lambda row, i: names[i % 6]))


@register("ok")
def gaps():
    """One row each without user, item and time, and one with an unreadable time."""
    body = [list(row) for row in rows()]
    body[10][0] = body[11][1] = body[12][2] = ""
    body[13][2] = "yesterday"
    return table([tuple(row) for row in body])


@register("ok")
def clock_changes():
    """Local times of New York in the hour that is skipped, and in the one that happens twice."""
    times = {3: "2024-03-10 02:30:00", 4: "2024-11-03 01:30:00"}
    return table(changed("time", lambda row, i: times.get(i, row[2])))


@register("ok")
def formulas():
    return table(changed("venue", lambda row, i: "=HYPERLINK(A1)" if i % 2 else "@sum"))


@register("ok")
def date_and_clock_apart():
    body = [(row[0], row[1], *row[2].split(" "), *row[3:]) for row in rows()]
    return table(body, ("user", "venue", "date", "clock", "lat", "lon"))


@register("ok")
def pair_in_one_column():
    body = [(*row[:3], f"{row[3]} {row[4]}") for row in rows()]
    return table(body, (*HEADER[:3], "where"))


@register("ok")
def cut_upload():
    """The transfer stopped in the middle of a time."""
    whole = table(rows())
    return whole[: whole.rindex(",2024") + 6]


@register("ok", ".jsonl")
def json_lines():
    return "".join(json.dumps(dict(zip(HEADER, row, strict=True))) + "\n" for row in rows())


@register("ok", ".jsonl")
def cut_json_lines():
    return json_lines()[:-40]


@register("ok", ".json")
def json_array():
    nested = [
        {"user": u, "venue": {"id": v}, "time": t, "place": {"lat": float(a), "lon": float(o)}}
        for u, v, t, a, o in rows()
    ]
    return json.dumps({"visits": nested}, indent=1)


@register("ok", ".geojson")
def geojson():
    shapes = [{"type": "Point", "coordinates": [float(row[4]), float(row[3])]} for row in rows()]
    return feature_collection(shapes)


@register("ok", ".parquet")
def parquet():
    return as_parquet()


@register("ok", ".csv.gz")
def gzipped():
    return gzip.compress(table(rows()).encode(), mtime=0)


@register("ok", ".zip")
def zipped_with_readme():
    files = {
        "__MACOSX/._visits.csv": b"\x00\x05\x16\x07",
        "README.txt": b"These are the visits.\n",
        "../../escape.csv": table(rows()).encode(),
        "pictures/map.png": b"\x89PNG\r\n\x1a\n",
    }
    return zipped(files)
