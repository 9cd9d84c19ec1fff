"""Mutated and hostile files: none may break the reading, or take too much memory or time.

Makes files by code from a seed, inspects and reads each as the library does, and counts what came
of it: tracebacks, ends of the process, over 2 GB, over 20 CPU seconds; all four are to be 0::

    python benchmarks/hostile.py                        # 2,000 files
    python benchmarks/hostile.py --first 0 --files 200  # a part of them
    python benchmarks/hostile.py --only 1234            # one file, with its traceback

The same seed and number make the same file. Each is read in a process that is watched: the memory
and the processor's time are those of the file alone.
"""

import argparse
import bz2
import gzip
import io
import json
import lzma
import random
import resource
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.corpus import forms

MOST_GB, MOST_CPU_S = 2.0, 20.0
SECONDS = 120
HEADER = ("user", "item", "time", "lat", "lon", "note")


def main() -> None:
    """Make and read the files asked for, and print the table."""
    parser = argparse.ArgumentParser(description="Read mutated and hostile files.")
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so many")
    parser.add_argument("--only", type=int, help="read this file here, and show what is raised")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        _work(arguments.seed)
    elif arguments.only is not None:
        _show(arguments.seed, arguments.only)
    else:
        _run(range(arguments.first, arguments.first + arguments.files),
             arguments.seed, arguments.seconds)  # fmt: skip


def _run(numbers: range, seed: int, seconds: float) -> None:
    begun = time.perf_counter()
    rows, worker = [], None
    for number in numbers:
        worker = worker if worker and worker.poll() is None else _worker(seed)
        rows.append(_asked(worker, number))
        if rows[-1]["came"] in BAD or rows[-1]["gb"] > MOST_GB or rows[-1]["cpu"] > MOST_CPU_S:
            print(rows[-1], file=sys.stderr, flush=True)
        if time.perf_counter() - begun > seconds:
            numbers = range(numbers.start, number + 1)
            break
    if worker:
        worker.kill()
    print(_table(rows))
    minutes = (time.perf_counter() - begun) / 60
    print(f"\nFiles {numbers.start} to {numbers.stop - 1} of seed {seed}; {minutes:.1f} minutes.")


BAD = ("traceback", "process ended", "hung")


def _table(rows: list[dict]) -> str:
    came = ("read", "asked", "refused", *BAD)
    lines = [
        "| files | n | " + " | ".join(came) + " | over 2 GB | over 20 CPU s | most GB | most s |"
    ]
    lines.append("|---" * (len(came) + 6) + "|")
    for kind in [*sorted({row["kind"] for row in rows}), "all"]:
        of = [row for row in rows if kind in (row["kind"], "all")]
        counts = Counter(row["came"] for row in of)
        gb, cpu = [row["gb"] for row in of], [row["cpu"] for row in of]
        cells = [kind, len(of), *(counts[each] for each in came), sum(x > MOST_GB for x in gb),
                 sum(x > MOST_CPU_S for x in cpu), f"{max(gb):.2f}", f"{max(cpu):.1f}"]  # fmt: skip
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _worker(seed: int) -> subprocess.Popen:
    command = [sys.executable, __file__, "--work", "--seed", str(seed)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def _asked(worker: subprocess.Popen, number: int) -> dict:
    """Have one file read; a process that ends or hangs is what came of it."""
    assert worker.stdin is not None and worker.stdout is not None
    worker.stdin.write(f"{number}\n")
    worker.stdin.flush()
    line = worker.stdout.readline()
    if line:
        return json.loads(line)
    code = worker.wait()
    came = "hung" if code == -9 or code == -24 else "process ended"
    return {"number": number, "kind": "(ended)", "came": came, "gb": 0.0, "cpu": 0.0, "code": code}


def _work(seed: int) -> None:
    """Read the files whose numbers come in, and say what came of each."""
    import strec.io.reading  # noqa: F401

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        number = int(line)
        kind, data = _made(number, random.Random(f"{seed} {number}"))
        used = time.process_time()
        # Past its time the system ends this process, which the other side sees.
        resource.setrlimit(resource.RLIMIT_CPU, (int(used) + SECONDS, resource.RLIM_INFINITY))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            path.write_bytes(data)
            _forget_peak()
            before = _peak_gb()
            came, error = _came(path)
            row = {"number": number, "kind": kind, "came": came, "error": error,
                   "gb": round(max(_peak_gb() - before, 0), 3),
                   "cpu": round(time.process_time() - used, 2)}  # fmt: skip
        print(json.dumps(row), flush=True)


def _came(path: Path) -> tuple[str, str]:
    from strec.errors import MappingError, StrecError
    from strec.io import ingest, inspect

    came = "read"
    for door in (inspect, lambda each: ingest(each, path.with_name("out.parquet"))):
        try:
            door(path)
        except MappingError as error:
            came, text = "asked", str(error)
        except StrecError as error:
            return "refused", str(error)[:200]
        except BaseException as error:
            return "traceback", f"{type(error).__name__}: {error}"[:200]
    return came, "" if came == "read" else text


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak_gb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 2**20


def _show(seed: int, number: int) -> None:
    from strec.errors import StrecError
    from strec.io import ingest, inspect

    kind, data = _made(number, random.Random(f"{seed} {number}"))
    print(number, kind, len(data), data[:300])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        for door in (inspect, lambda each: ingest(each, path.with_name("out.parquet"))):
            begun = time.process_time()
            try:
                found = door(path)
                print(type(found).__name__, found.mapping.to_dict(), found.notes)
            except StrecError as error:
                print(type(error).__name__, error)
            except BaseException:
                traceback.print_exc()
            print(f"{time.process_time() - begun:.2f} CPU s, peak {_peak_gb():.2f} GB")


# ---------------------------------------------------------------- good files


def _rows(rng: random.Random) -> list[tuple[str, ...]]:
    start = datetime(2024, 3, 1, tzinfo=UTC)
    notes = ("", "fine", 'said "no"', "a, b", "Café", "北京", "x\ty")
    return [
        (
            f"u{rng.randrange(9)}",
            f"p{(place := rng.randrange(20))}",
            (start + timedelta(minutes=37 * i)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            f"{40.7 + place / 100:.4f}",
            f"{-74 + place / 100:.4f}",
            rng.choice(notes),
        )
        for i in range(rng.choice((3, 30, 300)))
    ]


def _csv(rng: random.Random) -> bytes:
    cut = rng.choice(",;\t|")
    rows = [cut.join(f'"{c}"' if cut in c or '"' in c else c for c in row)
            for row in [HEADER, *_rows(rng)]]  # fmt: skip
    text = rng.choice(("\n", "\r\n", "\r")).join(rows)
    return text.encode(rng.choice(("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le")))


def _records(rng: random.Random) -> list[dict]:
    return [dict(zip(HEADER, row, strict=True)) for row in _rows(rng)]


def _json_lines(rng: random.Random) -> bytes:
    return "\n".join(map(json.dumps, _records(rng))).encode()


def _json(rng: random.Random) -> bytes:
    records = _records(rng)
    columns = {name: {str(i): row[name] for i, row in enumerate(records)} for name in HEADER}
    whole = rng.choice((records, columns, {"a": {"b": records}}, {"u": {"visits": records}}))
    return json.dumps(whole, indent=rng.choice((None, 1))).encode()


def _geojson(rng: random.Random) -> bytes:
    features = [
        {"type": "Feature", "properties": row,
         "geometry": {"type": "Point", "coordinates": [float(row["lon"]), float(row["lat"])]}}
        for row in _records(rng)
    ]  # fmt: skip
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def _frame(rng: random.Random) -> pl.DataFrame:
    frame = pl.DataFrame(_rows(rng), schema=list(HEADER), orient="row")
    changes = (
        pl.col("time").str.to_datetime(time_zone="UTC"),
        pl.col("lat", "lon").cast(pl.Float64),
        pl.col("user").cast(pl.Categorical),
        pl.struct("lat", "lon").alias("where"),
        pl.concat_list("lat", "lon").alias("pair"),
        pl.col("note").cast(pl.Binary),
    )
    return frame.with_columns(rng.sample(changes, rng.randrange(len(changes))))


def _parquet(rng: random.Random) -> bytes:
    out = io.BytesIO()
    _frame(rng).write_parquet(out, compression=rng.choice(("zstd", "snappy", "uncompressed")))
    return out.getvalue()


def _arrow(rng: random.Random) -> bytes:
    out = io.BytesIO()
    rng.choice((pl.DataFrame.write_ipc, pl.DataFrame.write_ipc_stream))(_frame(rng), out)
    return out.getvalue()


def _book(rng: random.Random) -> bytes:
    sheets = {f"S{i}": [HEADER, *_rows(rng)] for i in range(rng.randrange(1, 3))}
    return rng.choice((forms.xlsx, forms.ods))(sheets)


def _database(rng: random.Random) -> bytes:
    base = sqlite3.connect(":memory:")
    for i in range(rng.randrange(1, 3)):
        base.execute(f"create table t{i} ({', '.join(HEADER)})")
        base.executemany(f"insert into t{i} values (?, ?, ?, ?, ?, ?)", _rows(rng))
    base.commit()
    return base.serialize()


def _gpx(rng: random.Random) -> bytes:
    points = "".join(f'<trkpt lat="{r[3]}" lon="{r[4]}"><time>{r[2]}</time></trkpt>'
                     for r in _rows(rng))  # fmt: skip
    return f"<?xml version='1.0'?><gpx><trk><trkseg>{points}</trkseg></trk></gpx>".encode()


def _packed(rng: random.Random) -> bytes:
    inner = rng.choice((_csv, _json_lines, _parquet, _book))(rng)
    if rng.random() < 0.6:
        return rng.choice((gzip, bz2, lzma)).compress(inner)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", inner)
        archive.writestr("read me", b"words")
    return out.getvalue()


GOOD: dict[str, Callable[[random.Random], bytes]] = {
    "csv": _csv, "json lines": _json_lines, "json": _json, "geojson": _geojson,
    "parquet": _parquet, "arrow": _arrow, "workbook": _book, "database": _database,
    "gpx": _gpx, "packed": _packed,
}  # fmt: skip


# ---------------------------------------------------------------- what is done to them


def _mutated(data: bytes, rng: random.Random) -> bytes:
    """Return a file after one to four accidents."""
    raw = bytearray(data)
    for _ in range(rng.randrange(1, 5)):
        if not raw:
            break
        at, n = rng.randrange(len(raw)), rng.choice((1, 4, 64, 1000))
        way = rng.randrange(9)
        if way == 0:
            raw[at] ^= 1 << rng.randrange(8)
        elif way == 1:
            raw = raw[:at]
        elif way == 2:
            raw[at : at + n] = rng.randbytes(n)
        elif way == 3:
            del raw[at : at + n]
        elif way == 4:
            raw[at:at] = raw[max(at - n, 0) : at] * rng.choice((1, 3, 50))
        elif way == 5:
            raw[at:at] = rng.choice((b'"', b"\x00", b"\r", b"\n", b"\xff\xfe", b"{", b"[", b"'"))
        elif way == 6:
            number = rng.choice((0, 1, 2**31 - 1, 2**32 - 1, 2**63 - 1, -1))
            raw[at : at + 8] = struct.pack("<q", number)
        elif way == 7:
            years = (b"-9999", b"999999999", b"1e400", b"\xd9\xa2\xd9\xa0", b"")
            raw = bytearray(bytes(raw).replace(b"2024", rng.choice(years), rng.randrange(9)))
        else:
            raw = raw[at:] + raw[:at]
    return bytes(raw)


def _zip(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def _far_cell(rng: random.Random) -> bytes:
    book = io.BytesIO(forms.xlsx({"S": [HEADER, *_rows(rng)]}))
    with zipfile.ZipFile(book) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    where = rng.choice((b"XFD1048576", b"ZZ900000", b"A1048576"))
    row = b"<row><c r='%s'><v>1</v></c></row>" if rng.random() < 0.5 else (
        b'<row><c r="%s"><v>1</v></c></row>')  # fmt: skip
    members[name] = members[name].replace(b"</sheetData>", row % where + b"</sheetData>")
    return _zip(members)


def _other_method(rng: random.Random) -> bytes:
    data = bytearray(_zip({"a.csv": _csv(rng)}))
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = data.index(mark)
        data[at + place : at + place + 2] = struct.pack("<H", rng.choice((1, 9, 93, 98)))
    return bytes(data)


def _late_damage(rng: random.Random) -> bytes:
    line = json.dumps(dict(zip(HEADER, _rows(rng)[0], strict=True))).encode() + b"\n"
    lines = [line] * (2_500_000 // len(line))
    lines[rng.randrange(len(lines) // 2, len(lines))] = rng.choice(
        (b"\xff\xfe\xfa\n", b'{"user": \n', b"\x00\x00\n", b'{"user": "\xed\xa0\x80"}\n', b"{}}\n")
    )
    return b"".join(lines)


def _wide(rng: random.Random) -> bytes:
    n, rows = rng.choice((1500, 2000, 2001, 60_000)), rng.choice((2, 40))
    cells = rng.choice((b"", b"7", b"x", b"2024-05-01"))
    header = rng.choice((b",".join([cells] * n), b",".join(b"c%d" % i for i in range(n))))
    return header + b"\n" + b"\n".join([b",".join([cells] * n)] * rows)


def _deep(rng: random.Random) -> bytes:
    n = rng.choice((60, 600, 5_000, 100_000))
    begin, end = rng.choice(((b"[", b"]"), (b'{"a":', b"}")))
    core = begin * n + rng.choice((b"1", b"")) + end * rng.choice((n, n - 1, 0))
    around = rng.choice((b"%s", b'{"type": "FeatureCollection", "features": [%s]}',
        b'{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": '
        b'"Point", "coordinates": %s}}]}', b'{"user": "a", "x": %s}\n{"user": "b"}'))  # fmt: skip
    return around % core


def _huge_cell(rng: random.Random) -> bytes:
    text = rng.choice((b"a", b"9", b"\xc3\xa9", b" ", b"'", b"1,", b"12:")) * rng.choice(
        (10**5, 5 * 10**6)
    )
    return b"user,item,time\nu1,p1,2024-05-01\nu2," + text + b",2024-05-02\n"


def _numbers(rng: random.Random) -> bytes:
    odd = ("1e400", "-1e400", "nan", "inf", "9" * 400, "1" + "0" * 30, "-0", "0x10", "1_000",
           "٣", "1e-400", "2024-13-45", "0000-00-00", "99999-01-01", "24:61:61")  # fmt: skip
    rows = [[cell if rng.random() < 0.6 else rng.choice(odd) for cell in row] for row in _rows(rng)]
    return "\n".join(",".join(row) for row in [list(HEADER), *rows]).encode()


def _bomb(rng: random.Random) -> bytes:
    size = rng.choice((60, 400)) * 2**20
    body = rng.choice((b"\n", b"a,b,c\n", b"[", b"\x00"))
    plain = body * (size // len(body))
    if rng.random() < 0.5:
        return gzip.compress(plain, 6)
    return _zip({rng.choice(("a.csv", "xl/workbook.xml", "x.shp", "content.xml")): plain})


def _xml(rng: random.Random) -> bytes:
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
    head = f'<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY e0 "ha">{entities}]>'
    tags = rng.choice(("gpx", "kml"))
    deep = "<a>" * rng.choice((10, 200_000))
    return f"{rng.choice((head, ''))}<{tags}>{rng.choice(('&e11;', deep, '&x;'))}</{tags}>".encode()


def _odd_types(rng: random.Random) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    when = [datetime(2024, 5, 1, i) for i in range(6)]
    columns = {
        "user": pa.array(list("ababab")),
        "item": pa.array([b"x", b"\xff", b"y"] * 2, pa.binary()),
        "time": pa.array(
            when,
            pa.timestamp(
                rng.choice(("s", "us", "ns")),
                rng.choice(
                    ("+02:00", "-11:30", "pytz.FixedOffset(120)", "Mars/Base", "UTC", "EST5EDT")
                ),
            ),
        ),
        "stay": pa.array([timedelta(i) for i in range(6)], pa.duration("us")),
        "price": pa.array(range(6), pa.decimal256(60, 2)),
        "map": pa.array([[("a", 1)]] * 6, pa.map_(pa.string(), pa.int64())),
        "deep": pa.array([[[[1]]]] * 6),
        "rows": pa.array([[{"a": 1, "t": when[0]}] * 3] * 6),
        "none": pa.nulls(6),
        "year": pa.array([2**40] * 6, pa.timestamp("s")),
    }
    names = ["user", "time", *rng.sample(sorted(set(columns) - {"user", "time"}), 4)]
    out = io.BytesIO()
    pq.write_table(pa.table({name: columns[name] for name in names}), out)
    return out.getvalue()


def _patterns(rng: random.Random) -> bytes:
    """Texts on which patterns with choices within choices would take for ever."""
    cell = rng.choice(("2024-05-01 08:00:00, " * 3000 + "x", "1 " * 40_000, "[[1.5,2.5]," * 9000,
        "LINESTRING (" + "1 2," * 9000, "a" * 50_000 + "!", "12.12.12 " * 5000, '""' * 20_000,
        "-" * 50_000, "1:1:1:" * 9000, "POINT(" + " " * 50_000))  # fmt: skip
    return "\n".join(["user;when;where", *(f"u{i};{cell};{cell}" for i in range(20))]).encode()


HOSTILE = (_far_cell, _other_method, _late_damage, _wide, _deep, _huge_cell, _numbers, _bomb, _xml,
           _odd_types, _patterns)  # fmt: skip


def _made(number: int, rng: random.Random) -> tuple[str, bytes]:
    """Return the kind and the bytes of one file: every fifth is hostile, the others mutated."""
    if number % 5 == 4:
        make = HOSTILE[number // 5 % len(HOSTILE)]
        return f"hostile: {make.__name__[1:].replace('_', ' ')}", make(rng)
    kind = list(GOOD)[number % len(GOOD)] if rng.random() < 0.5 else rng.choice(list(GOOD))
    return f"mutated: {kind}", _mutated(GOOD[kind](rng), rng)


if __name__ == "__main__":
    main()
