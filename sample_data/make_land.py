"""Make land.npz.xz, the offline background of every map, from the npm package world-atlas.

Run once, when the source changes:

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python sample_data/make_land.py package

The file holds coordinates as whole numbers on the grid of the source (0.0036° of longitude, 0.0017°
of latitude), each as the difference to the one before: 400,000 points in less than 1 MB.
"""

import io
import json
import lzma
import sys
from pathlib import Path

import numpy as np
from shapely.geometry import MultiPolygon, Polygon
from shapely.ops import polylabel

LEVELS = ("110m", "50m", "10m")


def main(package: Path) -> None:
    """Read the TopoJSON files of the unpacked package and write land.npz.xz into strec/data."""
    arrays = {}
    for level in LEVELS:
        topology = json.loads((package / f"land-{level}.json").read_text())
        (land,) = topology["objects"]["land"]["geometries"]
        polygons = _polygons(land)
        turn = 360 / topology["transform"]["scale"][0]
        south = (-90 - topology["transform"]["translate"][1]) / topology["transform"]["scale"][1]
        rings = [
            _unwrapped(_ring(ring, topology["arcs"]), turn, south)
            for polygon in polygons
            for ring in polygon
        ]
        arrays |= _pack(f"land_{level}", rings, topology["transform"])
        arrays[f"land_{level}_rings"] = np.array([len(polygon) for polygon in polygons], np.int32)
    topology = json.loads((package / "countries-50m.json").read_text())
    countries = topology["objects"]["countries"]["geometries"]
    arrays |= _pack("borders", _shared_arcs(countries, topology["arcs"]), topology["transform"])
    arrays |= _labels(countries, topology)
    content = io.BytesIO()
    np.savez(content, **arrays)
    packed = lzma.compress(content.getvalue(), preset=9 | lzma.PRESET_EXTREME)
    (Path(__file__).parents[1] / "strec/data/land.npz.xz").write_bytes(packed)


def _polygons(geometry: dict) -> list:
    """Rings of each polygon; a TopoJSON Polygon and MultiPolygon look alike from here on."""
    arcs = geometry.get("arcs", [])
    return [arcs] if geometry["type"] == "Polygon" else arcs


def _ring(indices: list[int], arcs: list) -> np.ndarray:
    """Join the arcs of a ring; a negative index means that arc backwards (its complement)."""
    parts = []
    for index in indices:
        points = np.cumsum(np.array(arcs[index if index >= 0 else ~index]), axis=0)
        parts.append(points[1:] if index >= 0 else points[::-1][1:])
    return np.concatenate([parts[-1][-1:], *parts])


def _unwrapped(ring: np.ndarray, turn: float, south: float) -> np.ndarray:
    """Let a ring that crosses the date line go on beyond 180°; close Antarctica over the pole."""
    steps = np.diff(ring[:, 0], prepend=ring[0, 0])
    x = ring[:, 0] - np.cumsum(np.round(steps / turn) * turn)
    ring = np.column_stack([x, ring[:, 1]]).round().astype(int)
    if abs(ring[-1, 0] - ring[0, 0]) > turn / 2:
        pole = [[ring[-1, 0], south], [ring[0, 0], south], ring[0]]
        ring = np.concatenate([ring, np.round(pole).astype(int)])
    # The source's zero is at 180° west; the middle of a ring belongs on the first turn.
    turns = np.floor(ring[:, 0].mean() / turn)
    return ring - np.array([round(turns * turn), 0])


def _shared_arcs(countries: list[dict], arcs: list) -> list[np.ndarray]:
    """Arcs that two countries share: their borders on land."""
    uses = np.zeros(len(arcs), dtype=int)
    for country in countries:
        used = [i if i >= 0 else ~i for polygon in _polygons(country) for r in polygon for i in r]
        uses[np.unique(used)] += 1
    return [np.cumsum(np.array(arcs[i]), axis=0) for i in np.flatnonzero(uses == 2)]


def _pack(name: str, lines: list[np.ndarray], transform: dict) -> dict:
    points = np.concatenate(lines)
    return {
        f"{name}_x": np.diff(points[:, 0], prepend=0).astype(np.int32),
        f"{name}_y": np.diff(points[:, 1], prepend=0).astype(np.int32),
        f"{name}_lengths": np.array([len(line) for line in lines], np.int32),
        f"{name}_grid": np.array([*transform["scale"], *transform["translate"]]),
    }


def _labels(countries: list[dict], topology: dict) -> dict:
    """Name each country at the middle of its largest part, largest countries first."""
    scale, shift = (np.array(topology["transform"][k]) for k in ("scale", "translate"))
    rows = []
    for country in countries:
        parts = [
            Polygon(_ring(polygon[0], topology["arcs"]) * scale + shift).buffer(0)
            for polygon in _polygons(country)
        ]
        if parts:
            largest = max(parts, key=lambda part: part.area)
            if isinstance(largest, MultiPolygon):
                largest = max(largest.geoms, key=lambda part: part.area)
            middle = polylabel(largest, tolerance=0.1)
            rows.append((largest.area, country["properties"]["name"], middle.x, middle.y))
    rows.sort(reverse=True)
    return {
        "country_name": np.array([row[1] for row in rows]),
        "country_area": np.array([row[0] for row in rows], np.float32),
        "country_place": np.array([row[2:] for row in rows], np.float32),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
