"""Open what a person gives: plain, compressed or archived files, safely.

Nothing is believed about a name: the first bytes decide. Compressed files are expanded into a
temporary folder under a hard limit; the files given are never changed.
"""

import bz2
import gzip
import lzma
import os
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedIOBase
from pathlib import Path
from typing import IO

from strec.errors import ReadError
from strec.io.limits import Limits, disk_full, is_disk_full

#: What can be opened: a file, a folder, or several.
Paths = str | os.PathLike | Sequence[str | os.PathLike]
CHUNK_BYTES = 2**20
STREAMS = {"gzip": (b"\x1f\x8b", gzip), "bzip2": (b"BZh", bz2), "xz": (b"\xfd7zXZ\x00", lzma)}
BROKEN = (
    *(EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile, OSError),
    # Another method of packing, a name or a date that no archive has.
    *(NotImplementedError, RuntimeError, ValueError, struct.error),
)
#: The first bytes of an xls workbook, and of other old Office documents.
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: The files that make one Shapefile.
SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
#: Members of an archive that are never tables.
CLUTTER = ("__MACOSX/", ".DS_Store", "Thumbs.db")


@dataclass(frozen=True)
class RawFile:
    """One file with plain bytes on disk.

    `name` is for showing. `complete` is False when only the beginning was taken; `n_bytes` is
    then an estimate.
    """

    name: str
    path: Path
    compression: str
    n_bytes: int
    complete: bool


@dataclass
class Opened:
    """Open files, the temporary folder they may need, and their state when opened."""

    limits: Limits
    folder: Path = Path()
    files: list[RawFile] = field(default_factory=list)
    states: dict[Path, tuple[int, int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    n_parts: int = 0

    def check_unchanged(self) -> None:
        """Raise `ReadError` when a file was changed or removed since it was opened."""
        for path, state in self.states.items():
            if not path.exists() or _state(path) != state:
                raise ReadError(
                    "A file must not change while it is read.",
                    f"{path.name} changed during reading, so some rows may be old and some new.",
                    "Wait until it is completely written, then read it again.",
                )

    def new_path(self) -> Path:
        """Return a fresh path in the temporary folder."""
        self.n_parts += 1
        return self.folder / f"part{self.n_parts}"


@contextmanager
def open_files(
    paths: Paths,
    names: Sequence[str] | None = None,
    limits: Limits | None = None,
    head_bytes: int | None = None,
) -> Iterator[Opened]:
    """Open files for reading; with `head_bytes`, expand only the beginning of compressed ones.

    Raises
    ------
    ReadError
        If a file is missing, empty, truncated, encrypted or not readable.
    LimitError
        If the files are larger than `limits` allows, before or while they are expanded.
    """
    limits = limits or Limits()
    given = _listed(paths, names)
    with tempfile.TemporaryDirectory(prefix=f"strec-p{os.getpid()}-") as folder:
        opened = Opened(limits, Path(folder))
        for path, name in given:
            opened.states[path] = _state(path)
            opened.files += _expand(path, name, opened, head_bytes)
            n_files = len(opened.files)
            limits.check_files(n_files, f"{n_files:,} so far, members of archives included.")
            limits.check_bytes(sum(raw.n_bytes for raw in opened.files), name)
        yield opened


def there_is(path: Path) -> bool:
    """Tell whether a path leads somewhere; one that cannot be a path does not.

    Examples
    --------
    >>> there_is(Path(".")), there_is(Path("a" * 5000))
    (True, False)
    """
    try:
        return path.exists()
    except OSError:
        return False


def from_home(text: str) -> Path:
    """Return the path that a person wrote; ``~`` is their home folder.

    Examples
    --------
    >>> from_home("~/x.csv") == Path.home() / "x.csv", from_home("~nobody-here/x.csv").parts[0]
    (True, '~nobody-here')
    """
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def files_in(folder: Path) -> list[Path]:
    """Return the files of a folder; of a store's folder, the one with the check-ins."""
    if (folder / "meta.json").is_file() and (folder / "checkins.parquet").is_file():
        return [folder / "checkins.parquet"]
    return [each for each in sorted(folder.iterdir()) if each.is_file() and each.name[:1] != "."]


def not_there(path: str | Path, or_else: str = "") -> ReadError:
    """Return the error of a path that leads nowhere, with a hint of the caller's."""
    shown = str(path) if len(str(path)) <= 200 else f"{str(path)[:200]}…"
    mend = f"Check the path{or_else}."
    if re.match(r"\w+:/+\w", shown):
        shown, mend = re.sub(":/+", "://", shown), "Download it, and give the path of the file."
    return ReadError("A file or folder that exists is needed.", f"there is no {shown}.", mend)


def _listed(paths: Paths, names: Sequence[str] | None) -> list[tuple[Path, str]]:
    """Return the files meant and how to call them, looking into folders; every path exists."""
    given = _as_paths(paths)
    shown = [path.name for path in given] if names is None else list(names)
    if len(shown) != len(given):
        raise ReadError(
            "Each file has one name to show.",
            f"{len(given)} files and {len(shown)} names.",
            "Give as many names as paths, or none.",
        )
    files: list[tuple[Path, str]] = []
    for path, name in zip(given, shown, strict=True):
        if not there_is(path):
            raise not_there(path, ", and that the drive is connected")
        inside = [(each, each.name) for each in files_in(path)] if path.is_dir() else [(path, name)]
        files += inside
    if not files:
        raise ReadError(
            "At least one file is needed.",
            f"the folder {given[0].name} has none." if given else "no file was given.",
            "Give the path of a file, or of a folder with files.",
        )
    return files


def _as_paths(paths: Paths) -> list[Path]:
    if isinstance(paths, str | os.PathLike):
        return [Path(paths)]
    given = list(paths) if isinstance(paths, Sequence | Iterator) else [paths]
    wrong = [type(each) for each in given if not isinstance(each, str | os.PathLike)]
    if wrong:
        raise ReadError(
            "The path of a file or folder is needed, or several paths.",
            f"a {wrong[0].__name__} ({wrong[0].__module__.split('.')[0]}).",
            "Give a table in memory to strec.Dataset.from_frame instead.",
        )
    return [Path(each) for each in given]


def _state(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def nothing_in(found: str, mend: str) -> ReadError:
    """Return the error of a file without any content."""
    return ReadError("A file with a table of check-ins is needed.", found, mend)


def _expand(path: Path, name: str, opened: Opened, head_bytes: int | None) -> list[RawFile]:
    """Return the plain files inside one given file."""
    size = path.stat().st_size
    if size == 0:
        raise nothing_in(
            f"{name} is empty (0 bytes).",
            "Export or upload it again; the last transfer may have been interrupted.",
        )
    try:
        with open(path, "rb") as file:
            start = file.read(16)
    except PermissionError as problem:
        raise ReadError(
            "A file that this account may read is needed.",
            f"{name} may not be read ({problem.strerror}).",
            "Change its permissions, or copy it to a folder of your own.",
        ) from problem
    is_zip = start[:4] == b"PK\x03\x04"
    try:
        if is_zip and not zipfile.is_zipfile(path):
            raise zipfile.BadZipFile("its list of members is missing")
        if is_zip:
            return _expand_zip(path, name, opened, head_bytes)
        for compression, (magic, module) in STREAMS.items():
            if start.startswith(magic):
                with open(path, "rb") as raw, module.open(raw) as stream:
                    target, taken, complete = _copy(stream, size, name, opened, head_bytes)
                    if not complete:
                        taken = int(taken * size / max(raw.tell(), 1))
                return [RawFile(name, target, compression, taken, complete)]
    except BROKEN as problem:
        if is_disk_full(problem):
            raise disk_full() from problem
        if isinstance(problem, NotImplementedError):
            raise ReadError(
                "An archive packed by a usual method (deflate, bzip2, LZMA) is needed.",
                f"{name} is packed in another way.",
                "Unpack it and give the files inside, or pack it again as an ordinary zip.",
            ) from problem
        raise ReadError(
            "A complete compressed file is needed.",
            f"{name} is damaged or cut off ({problem}).",
            "Download, upload or pack it again: the last transfer was probably interrupted.",
        ) from problem
    opened.limits.check_bytes(size, name)
    return [RawFile(name, path, "", size, True)]


def _expand_zip(path: Path, name: str, opened: Opened, head_bytes: int | None) -> list[RawFile]:
    """Expand the members of an archive, after checking the sizes that they declare."""
    files = []
    with zipfile.ZipFile(path) as archive:
        members = _members(archive, path, name, opened.limits)
        if {"xl/workbook.xml", "xl/workbook.bin", "content.xml"} & set(archive.namelist()):
            return [RawFile(name, path, "", path.stat().st_size, True)]
        shapes, members = _shapes(members)
        for stem, together in shapes.items():
            target = opened.new_path()
            for member in together:
                suffix = Path(member.filename).suffix.lower()
                with archive.open(member) as stream, open(f"{target}{suffix}", "wb") as out:
                    shutil.copyfileobj(stream, out, CHUNK_BYTES)
            shape = target.with_name(f"{target.name}.shp")
            files.append(RawFile(f"{name}: {stem}.shp", shape, "zip", shape.stat().st_size, True))
        for member in members:
            label = f"{name}: {member.filename}"
            with archive.open(member) as stream:
                packed = member.compress_size
                target, taken, complete = _copy(stream, packed, label, opened, head_bytes)
            n_bytes = taken if complete else member.file_size
            files.append(RawFile(label, target, "zip", n_bytes, complete))
    if not files:
        raise ReadError(
            "An archive with at least one table is needed.",
            f"{name} holds no file with content.",
            "Check what was packed.",
        )
    return files


def _shapes(
    members: list[zipfile.ZipInfo],
) -> tuple[dict[str, list[zipfile.ZipInfo]], list[zipfile.ZipInfo]]:
    """Part the files of Shapefiles, which belong together, from the other members."""
    stems = {each.filename[:-4] for each in members if each.filename.lower().endswith(".shp")}
    shapes: dict[str, list[zipfile.ZipInfo]] = {}
    others = []
    for each in members:
        stem, ending = os.path.splitext(each.filename)
        if stem in stems and ending.lower() in SHAPEFILE:
            shapes.setdefault(stem, []).append(each)
        elif not any(each.filename.startswith(f"{stem}.") for stem in stems):
            others.append(each)
    return shapes, others


def _members(
    archive: zipfile.ZipFile, path: Path, name: str, limits: Limits
) -> list[zipfile.ZipInfo]:
    """Return the members with content, once their number and declared sizes are in bounds."""
    members = [
        member
        for member in archive.infolist()
        if member.file_size and not any(part in member.filename for part in CLUTTER)
    ]
    if any(member.filename == "[Content_Types].xml" for member in members) and not any(
        member.filename.startswith("xl/workbook.") for member in members
    ):
        raise ReadError(
            "A table as text (CSV), a workbook, Parquet or JSON Lines is needed.",
            f"{name} is an Office document without sheets.",
            "Open it, copy the table into a sheet, and save that.",
        )
    limits.check_files(len(members), f"{name} has {len(members):,} members.")
    total = sum(member.file_size for member in members)
    limits.check_bytes(total, name)
    limits.check_ratio(total, path.stat().st_size, name)
    if any(member.flag_bits & 1 for member in members):
        raise ReadError(
            "An archive without a password is needed.",
            f"{name} is encrypted.",
            "Unpack it with its password and give the files inside.",
        )
    return members


def _copy(
    stream: IO[bytes] | BufferedIOBase,
    n_compressed: int,
    name: str,
    opened: Opened,
    head_bytes: int | None,
) -> tuple[Path, int, bool]:
    """Copy a decompressing stream to a temporary file: its path, bytes, and whether it ended."""
    target = opened.new_path()
    taken = 0
    with open(target, "wb") as out:
        while chunk := stream.read(CHUNK_BYTES):
            taken += len(chunk)
            opened.limits.check_bytes(taken, name)
            opened.limits.check_ratio(taken, n_compressed, name)
            out.write(chunk)
            if taken == len(chunk) and _is_one_piece(chunk):
                head_bytes = None
            if head_bytes is not None and taken >= head_bytes and stream.read(1):
                out.truncate(taken - len(chunk) + chunk.rfind(b"\n") + 1 or taken)
                return target, taken, False
    if taken == 0:
        raise nothing_in(f"{name} is empty inside its compression.", "Check what was packed.")
    return target, taken, True


def _is_one_piece(start: bytes) -> bool:
    """Tell whether a file means nothing without its end.

    Parquet and GeoPackage keep their index there, XML closes its tags; a JSON text is one, unless
    it has an object a line.
    """
    first = start.lstrip().split(b"\n", 1)[0].rstrip()
    return (
        start.startswith((b"PAR1", b"ARROW1", b"FEA1", b"PK\x03\x04", b"SQLite format 3", OLE))
        or first.startswith(b"[")
        or first.startswith((b"<", b"\xef\xbb\xbf<"))
        or (first.startswith(b"{") and not first.endswith(b"}"))
    )
