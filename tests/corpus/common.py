"""How a file of the corpus is made and registered, and the good rows it starts from."""

import io
import json
import zipfile
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

NAMES: dict[str, str] = {}
MAKERS: dict[str, Callable[[Path], Path]] = {}

HEADER = ("user", "venue", "time", "lat", "lon")
N_ROWS = 60


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


def register(expected: str, suffix: str = ".csv"):
    """Register a function that returns the content of a file, text or bytes."""

    def keep(content: Callable[[], str | bytes]):
        name = content.__name__

        def write(folder: Path) -> Path:
            path = Path(folder) / f"{name}{suffix}"
            data = content()
            path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
            return path

        NAMES[name], MAKERS[name] = expected, write
        return content

    return keep


def changed(column: str, value) -> list[tuple[str, ...]]:
    """Return the good rows with one column set: to a text, or by a function of row and number."""
    at = HEADER.index(column)
    new = value if callable(value) else lambda row, i: value
    return [(*row[:at], new(row, i), *row[at + 1 :]) for i, row in enumerate(rows())]


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def zip_of_zeros(n_bytes: int) -> bytes:
    """Return an archive of zeros, built from copies of one compressed block."""
    block = b"\0" * 2**20
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    deflated = piece * (n_bytes // 2**20) + packer.flush()
    archive = bytearray(zipped({"zeros.csv": b"0" * 64}))
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


def feature_collection(shapes: list[dict]) -> str:
    features = [
        {
            "type": "Feature",
            "properties": {"user": row[0], "venue": row[1], "time": row[2]},
            "geometry": shape,
        }
        for row, shape in zip(rows(), shapes, strict=False)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


def as_parquet() -> bytes:
    columns = dict(zip(HEADER, zip(*rows(), strict=True), strict=True))
    frame = pl.DataFrame({name: list(values) for name, values in columns.items()}).with_columns(
        pl.col("time").str.to_datetime(), pl.col("lat", "lon").cast(pl.Float64)
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()
