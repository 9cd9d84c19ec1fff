"""Files of tracks as tables: GPX, KML, TCX, GeoLife's PLT and OwnTracks' own records."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.parsers import expat

import polars as pl

from strec.errors import ReadError
from strec.io.files import Opened

#: How such files begin; a byte order mark and blanks may come before a tag.
XML = re.compile(rb"(?i)(\xef\xbb\xbf)?\s*<(\?xml|!--|!doctype|html|gpx|kml|trainingcenter)")
PLT = b"Geolife traject"
OWNTRACKS = re.compile(rb"\d{4}-\d\d-\d\dT\d\d")
#: Lines above the fixes of a PLT file, and its columns.
PLT_ABOVE, PLT_COLUMNS = 6, ("lat", "lon", "zero", "altitude_ft", "days", "date", "clock")
#: GeoLife keeps the tracks of a person in a folder with the person's number.
PLT_PERSON = re.compile(r"(\w+)/Trajectory/[^/]*$")
#: Points that are written at a time, and that a look at a file reads.
CHUNK_ROWS, LOOKED_AT = 100_000, 20_000
#: Longest text of an element that is kept.
LONGEST_TEXT = 10_000
CHUNK_BYTES = 2**20
TRACKS = {"gpx": "GPX", "kml": "KML", "TrainingCenterDatabase": "TCX"}


def opener(magic: bytes) -> Callable[..., tuple[str, pl.LazyFrame, list[str]]] | None:
    """Return what reads a file that begins so, or None where it is no file of tracks.

    It takes the file's path, its name, `Opened` and whether all of it is wanted, and gives the
    kind, the columns and notes.

    Examples
    --------
    >>> opener(b"<?xml version='1") is read_xml, opener(b"user,item,time") is None
    (True, True)
    """
    if XML.match(magic):
        return read_xml
    if magic.startswith(PLT):
        return read_plt
    return read_owntracks if OWNTRACKS.match(magic) and b"\t" in magic else None


def read_plt(
    path: Path, name: str, opened: Opened, whole: bool
) -> tuple[str, pl.LazyFrame, list[str]]:
    """Return the fixes of a GeoLife file; the folder says whose they are."""
    lazy = pl.scan_csv(
        path,
        has_header=False,
        skip_lines=PLT_ABOVE,
        schema=dict.fromkeys(PLT_COLUMNS, pl.String()),
        missing_columns="insert",
        extra_columns="ignore",
        glob=False,
    )
    person = PLT_PERSON.search(name.replace("\\", "/"))
    who = [pl.lit(person.group(1)).alias("person")] if person else []
    at = (pl.col("date") + " " + pl.col("clock")).alias("plt_time")
    return "plt", lazy.select("lat", "lon", "altitude_ft", at, *who), []


def read_owntracks(
    path: Path, name: str, opened: Opened, whole: bool
) -> tuple[str, pl.LazyFrame, list[str]]:
    """Return the locations of OwnTracks' recorder: a time, a kind and a JSON object a line."""
    out = _Rows(opened, ("tid", "tst", "lat", "lon", "acc"))
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if (row := _location(line)) is not None:
                out.add(*(None if row.get(key) is None else str(row[key]) for key in out.columns))
    return "owntracks", out.lazy(name), []


def _location(line: str) -> dict | None:
    """Return the location that a line of the recorder holds, if it holds one."""
    parts = line.split("\t", 2)
    try:
        row = json.loads(parts[2]) if len(parts) == 3 else None
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) and row.get("_type") == "location" else None


def read_xml(
    path: Path, name: str, opened: Opened, whole: bool
) -> tuple[str, pl.LazyFrame, list[str]]:
    """Return the fixes of a GPX, KML or TCX file, or where it has none, its places with a time.

    No document type and no entity is followed, and nothing but one element is kept in memory. Of
    a file that is cut off, what is before the cut is read.

    Raises
    ------
    ReadError
        If it is another kind of XML, or holds no point.
    """
    points = _Points(opened)
    notes = points.parse(path, name, whole)
    kind = TRACKS.get(points.root, "")
    if not kind:
        raise ReadError(
            "A table, or a file of tracks (GPX, KML, TCX), is needed.",
            f"{name} is "
            + ("a web page." if points.root.lower() == "html" else f"XML of <{points.root[:40]}>."),
            "Export the data as CSV or JSON, or the track as GPX.",
        )
    stem = re.sub(r"\.\w+(\.gz)?$", "", name.rpartition("/")[2])
    fixes, places = points.fixes, points.places
    if fixes.n_rows:
        if places.n_rows:
            notes.append(f"{places.n_rows:,} places marked in {name} are apart from its track.")
        lazy = fixes.lazy(name).rename({"track": f"{kind.lower()}_track"})
    else:
        lazy = places.lazy(name)
        names = lazy.select("place").collect().to_series().drop_nulls()
        if names.n_unique() > 0.8 * len(names):
            # A name that never comes again is a title, not a place.
            lazy = lazy.rename({"place": "title"})
    return kind.lower(), lazy.with_columns(pl.lit(stem).alias("of_file")), notes


class _Rows:
    """Rows of text, written into a Parquet file some thousand at a time."""

    def __init__(self, opened: Opened, columns: tuple[str, ...]):
        self.opened, self.columns, self.n_rows = opened, columns, 0
        self._kept: list[tuple] = []
        self._paths: list[Path] = []

    def add(self, *row: str | None) -> None:
        self._kept.append(row)
        self.n_rows += 1
        if len(self._kept) >= CHUNK_ROWS:
            self._write()

    def _write(self) -> None:
        self.opened.limits.check_rows(self.n_rows, "the file")
        schema = dict.fromkeys(self.columns, pl.String())
        self._paths.append(self.opened.new_path())
        pl.DataFrame(self._kept, schema=schema, orient="row").write_parquet(self._paths[-1])
        self._kept = []

    def lazy(self, name: str) -> pl.LazyFrame:
        """Return all rows; raises `ReadError` where there is none."""
        if not self.n_rows:
            raise ReadError(
                "A file of tracks with at least one point and its time is needed.",
                f"{name} has none.",
                "Export the track with its times.",
            )
        if self._kept:
            self._write()
        return pl.scan_parquet(self._paths, glob=False)


class _Enough(Exception):
    """Ends the parsing of a file of which the beginning is enough."""


class _Points:
    """Points with their times in GPX, KML and TCX, as a parser comes by them."""

    #: Elements whose text is kept, by the names of their parents.
    WANTED = {
        "time": ("trkpt", "wpt", "rtept"),
        "ele": ("trkpt",),
        "name": ("trk", "wpt", "rtept", "Placemark"),
        "type": ("wpt",),
        "when": ("TimeStamp", "Track"),
        "begin": ("TimeSpan",),
        "end": ("TimeSpan",),
        "coord": ("Track",),
        "coordinates": ("Point",),
        "Id": ("Activity",),
        "Time": ("Trackpoint",),
        "AltitudeMeters": ("Trackpoint",),
        "LatitudeDegrees": ("Position",),
        "LongitudeDegrees": ("Position",),
    }

    def __init__(self, opened: Opened):
        self.root, self.opened = "", opened
        self.fixes = _Rows(opened, ("track", "time", "lat", "lon", "ele"))
        self.places = _Rows(opened, ("place", "category", "begin", "end", "lat", "lon"))
        self.most = 0
        self._path: list[str] = []
        self._text: list[str] | None = None
        self._point: dict[str, str] = {}
        self._track, self._n_tracks = "", 0
        self._when: list[str] = []
        self._where: list[str] = []

    def parse(self, path: Path, name: str, whole: bool) -> list[str]:
        """Go through a file, or its beginning; return notes."""
        self.most = 0 if whole else LOOKED_AT
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            with open(path, "rb") as file:
                parser.Parse(file.read(CHUNK_BYTES).lstrip(), False)
                while chunk := file.read(CHUNK_BYTES):
                    parser.Parse(chunk, False)
                parser.Parse(b"", True)
        except _Enough:
            return []
        except expat.ExpatError as problem:
            if not self.fixes.n_rows + self.places.n_rows:
                raise ReadError(
                    "A table, or a file of tracks (GPX, KML, TCX), is needed.",
                    f"{name} is no readable XML ({problem}).",
                    "Export it again.",
                ) from problem
            return [f"{name} is cut off or damaged ({problem}): what is before that was read."]
        return []

    def _doctype(self, root: str, *_) -> None:
        self.root = root
        raise _Enough

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        above = self._path[-1] if self._path else ""
        self.root = self.root or name
        self._path.append(name)
        self._text = [] if above in self.WANTED.get(name, ()) else None
        if name in ("trkpt", "wpt", "rtept", "Placemark", "Trackpoint"):
            self._point = {key: attributes[key] for key in ("lat", "lon") if key in attributes}
        if name in ("trk", "Track", "Activity"):
            self._n_tracks += 1
            self._track = str(self._n_tracks)
            self._when, self._where = [], []

    def _characters(self, text: str) -> None:
        if self._text is not None and len(self._text) < LONGEST_TEXT:
            self._text.append(text[:LONGEST_TEXT])

    def _end(self, tag: str) -> None:
        name = self._path.pop()
        above = self._path[-1] if self._path else ""
        if self._text is not None:
            self._take(name, above, "".join(self._text).strip())
            self._text = None
        point = self._point
        if name in ("trkpt", "rtept", "Trackpoint"):
            # Of a pause a trainer writes a time and no place.
            if "lat" in point:
                self._fix(point.get("time"), point.get("lat"), point.get("lon"), point.get("ele"))
        elif name == "Track" and self._where:
            for when, where in zip(self._when, self._where, strict=False):
                lon, lat, *rest = where.split() or ("", "")
                self._fix(when, lat, lon, rest[0] if rest else None)
        elif name in ("wpt", "Placemark") and "lat" in point and "begin" in point:
            self.places.add(*(point.get(key) for key in self.places.columns))
        if self.most and self.fixes.n_rows + self.places.n_rows >= self.most:
            raise _Enough

    def _fix(self, time: str | None, lat: str | None, lon: str | None, ele: str | None) -> None:
        self.fixes.add(self._track, time, lat, lon, ele)

    def _take(self, name: str, above: str, text: str) -> None:
        """Take the text of an element that has just ended."""
        if above == "Track":
            (self._when if name == "when" else self._where).append(text)
        elif above in ("trk", "Activity"):
            self._track = f"{self._n_tracks} {text}"
        elif name == "coordinates":
            lon, lat = (text.split(",") + ["", ""])[:2]
            self._point |= {"lat": lat, "lon": lon}
        elif above == "wpt" and name == "time":
            self._point["begin"] = text
        else:
            keys = {"Time": "time", "when": "begin", "name": "place", "type": "category",
                    "LatitudeDegrees": "lat", "LongitudeDegrees": "lon",
                    "AltitudeMeters": "ele"}  # fmt: skip
            self._point[keys.get(name, name)] = text
