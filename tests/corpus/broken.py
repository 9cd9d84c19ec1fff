"""Files that cannot be read, or only after an answer: each must give a clear error."""

import gzip
import pickle

from tests.corpus.common import (
    HEADER,
    as_parquet,
    changed,
    feature_collection,
    register,
    rows,
    table,
    zip_of_zeros,
    zipped,
)


@register("error")
def empty():
    return b""


@register("error")
def blank():
    return " \n\n\t\n"


@register("error")
def header_only():
    return table([])


@register("error")
def prose():
    return "Dear colleagues,\nplease find attached the numbers.\nBest regards\n"


@register("error")
def binary_junk():
    return bytes(i * i % 251 for i in range(5000))


@register("error")
def picture():
    return b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8


@register("error")
def pickled():
    return pickle.dumps({"user": [1, 2], "item": [3, 4]}, protocol=4)


@register("error")
def login_page():
    return "<!DOCTYPE html>\n<html><body>Please log in, then download again.</body></html>\n"


@register("error", ".xlsx")
def workbook():
    return zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})


@register("error")
def one_long_line():
    return "u1,v1,2024-03-01 08:00:00," * 60_000


@register("error")
def ten_thousand_columns():
    names = ",".join(f"item{i}" for i in range(10_000))
    return f"{names}\n{','.join('1' * 10_000)}\n"


@register("error", ".zip")
def zip_bomb():
    """One gigabyte of zeros in a megabyte."""
    return zip_of_zeros(2**30)


@register("error", ".csv.gz")
def gz_bomb():
    """One gigabyte of zeros as 64 members of 16 MB, each a copy."""
    return gzip.compress(b"0" * 2**24, 9, mtime=0) * 64


@register("error", ".csv.gz")
def truncated_gz():
    whole = gzip.compress(table(rows(2000)).encode(), mtime=0)
    return whole[: len(whole) // 2]


@register("error", ".zip")
def truncated_zip():
    whole = zipped({"visits.csv": table(rows(2000)).encode()})
    return whole[: len(whole) // 2]


@register("error", ".zip")
def zip_of_nothing():
    return zipped({"readme.txt": b""})


@register("error", ".parquet")
def truncated_parquet():
    whole = as_parquet()
    return whole[: len(whole) * 2 // 3]


@register("error")
def ambiguous_dates():
    return table(changed("time", lambda row, i: f"0{i % 9 + 1}/0{i % 7 + 1}/2024 08:00"))


@register("error")
def no_user():
    return table([row[1:] for row in rows()], HEADER[1:])


@register("error")
def no_time():
    return table([row[:2] for row in rows()], HEADER[:2])


@register("error")
def times_unreadable():
    return table(changed("time", "some day"))


@register("error")
def projected():
    """Metres of a map projection instead of degrees."""
    body = changed("lat", lambda row, i: str(4_500_000 + i * 37))
    return table([(*row[:4], str(580_000 + i * 41)) for i, row in enumerate(body)])


@register("error")
def swapped_new_york():
    """Swapped, yet both within 90 degrees: a person must say so."""
    return table([(*row[:3], row[4], row[3]) for row in rows()])


@register("error", ".json")
def broken_json():
    return '[{"user": "u1", "venue": "v1", "time": "2024-03-01"}, {"user": '


@register("error", ".geojson")
def geojson_of_areas():
    ring = [[-74.0, 40.7], [-73.9, 40.7], [-73.9, 40.8], [-74.0, 40.7]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    return feature_collection([shape])
