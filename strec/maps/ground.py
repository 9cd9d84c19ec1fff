"""The ground of a map without a network: streets, water, parks and names, drawn by MapLibre.

A `Ground` is what a person's own map file or the simulator of an invented city gives
(`maps.read_ground`, `Ground.simulated`): shapes by kind, in longitude and latitude. `deck` takes
one, clips it to what is looked at, and simplifies it to what can be seen there.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from strec.errors import AnalysisError, ReadError, check_choice
from strec.io.samples import FOLDER
from strec.maps.land import geojson
from strec.maps.view import View
from strec.simulation import SCENARIOS
from strec.simulation.ground import draw

#: The ground of a store lies in its folder, under this name.
GROUND = "ground.parquet"
SIMULATED = "Streets: simulated"
#: From below to above. Lanes and streets end where parks and water begin; large roads cross them.
AREAS, LINES = ("urban", "park", "water"), (
    "stream", "lane", "street", "rail", "avenue", "motorway",
)  # fmt: skip
_ORDER = ("urban", "lane", "street", "park", "water", "stream", "rail", "avenue", "motorway")
#: A kind of line appears at this zoom, is so wide there, and so wide at zoom 16, in pixels.
_WIDTHS = {
    "lane": (12.0, 0.6, 5), "street": (10.0, 0.8, 7), "avenue": (8, 1.2, 10),
    "motorway": (4, 1.4, 13), "rail": (9, 0.6, 2), "stream": (9, 0.7, 4),
}  # fmt: skip
_COLOURS = {
    False: {"urban": "#E9E3D6", "park": "#D3E3C4", "water": "#CDE3ED", "stream": "#CDE3ED",
            "lane": "#F6F2E9", "street": "#FCFAF6", "avenue": "#FFFFFF", "motorway": "#F6D9A4",
            "rail": "#BEB8AE", "edge": "#CBC2B0"},
    True: {"urban": "#243038", "park": "#1B352D", "water": "#13303F", "stream": "#13303F",
           "lane": "#2E3B44", "street": "#384852", "avenue": "#4A5C68", "motorway": "#6B634D",
           "rail": "#3F4E57", "edge": "#151D22"},
}  # fmt: skip
#: A map draws so many corners; where there would be more, small roads are left out.
MAX_CORNERS = 30_000
MIN_STEP_PX = 0.4


@dataclass(frozen=True, eq=False)
class Ground:
    """Streets, water, parks and names of some part of the world.

    Parameters
    ----------
    name : str
        What it is called in a list.
    attribution : str
        Whom to thank; maps say it.
    shapes : mapping of str to numpy.ndarray
        Shapely geometries in degrees by kind: `urban`, `park`, `water`, `stream`, `lane`, `street`,
        `rail`, `avenue`, `motorway`.
    names : tuple of (str, str, float, float)
        Kind, name, latitude, longitude, the most important first.

    Examples
    --------
    >>> ground = Ground.simulated("travel", 13, [50.08, 50.09], [14.43, 14.44])
    >>> ground.attribution, ground.names[0][1]
    ('Streets: simulated', 'Clock Square')
    """

    name: str
    attribution: str
    shapes: Mapping[str, np.ndarray]
    names: tuple[tuple[str, str, float, float], ...] = ()

    @classmethod
    def simulated(cls, scenario: str, seed: int, lat, lon) -> "Ground":
        """Return the map of a simulated city, which fits where its check-ins are.

        Parameters
        ----------
        scenario, seed : str and int
            Those given to `strec.simulate`.
        lat, lon : array-like
            Degrees of the check-ins, shape ``(n,)``.

        Examples
        --------
        >>> sorted(Ground.simulated("travel", 13, [50.08], [14.43]).shapes)[:3]
        ['avenue', 'lane', 'motorway']
        """
        import shapely

        check_choice(scenario, tuple(SCENARIOS), "A scenario", AnalysisError)
        world = SCENARIOS[scenario]
        drawn = draw(world, seed, lat, lon)
        shapes = {
            kind: np.array([as_shape(way) for way in ways])
            for as_shape, part in (
                (shapely.Polygon, drawn.areas),
                (shapely.LineString, drawn.lines),
            )
            for kind, ways in part.items()
        }
        names = tuple((kind, name, float(at[1]), float(at[0])) for kind, name, at in drawn.names)
        return cls(world.title, SIMULATED, shapes, names)

    @classmethod
    def sample(cls, name: str) -> "Ground | None":
        """Return the ground of a sample, as its simulator drew it; None for a real one.

        Parameters
        ----------
        name : str
            As in `strec.io.samples`.

        Examples
        --------
        >>> Ground.sample("flights") is None
        True
        """
        return _sample(name)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the content: equal grounds are the same."""
        import shapely

        digest = hashlib.blake2b(repr((self.attribution, self.names)).encode(), digest_size=12)
        for kind in sorted(self.shapes):
            digest.update(kind.encode())
            digest.update(shapely.get_coordinates(self.shapes[kind]).tobytes())
        return digest.hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ground) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def save(self, path: str | Path) -> None:
        """Keep it as one Parquet file, which `Ground.load` opens.

        Parameters
        ----------
        path : str or pathlib.Path
            The file, which is written over.

        Examples
        --------
        >>> from tempfile import mkdtemp
        >>> path = Path(mkdtemp()) / "ground.parquet"
        >>> Ground.sample("travel").save(path)
        >>> Ground.load(path) == Ground.sample("travel")
        True
        """
        import pyarrow as pa
        import pyarrow.parquet as pq
        import shapely

        rows = [
            (kind, "", shape)
            for kind, shapes in self.shapes.items()
            for shape in shapely.to_wkb(shapes)
        ]
        rows += [
            (f"name of {kind}", name, shapely.to_wkb(shapely.Point(lon, lat)))
            for kind, name, lat, lon in self.names
        ]
        kinds, names, shapes = zip(*rows, strict=True)
        table = pa.table({"kind": kinds, "name": names, "geometry": list(shapes)})
        said = {"name": self.name, "attribution": self.attribution}
        pq.write_table(table.replace_schema_metadata(said), path, compression="zstd")

    @classmethod
    def load(cls, path: str | Path) -> "Ground":
        """Open what `save` has kept.

        Parameters
        ----------
        path : str or pathlib.Path
            The file.

        Examples
        --------
        >>> from strec.io.samples import FOLDER
        >>> Ground.load(FOLDER / "travel.ground.parquet").attribution
        'Streets: simulated'
        """
        import pyarrow as pa
        import pyarrow.parquet as pq
        import shapely

        try:
            table = pq.read_table(path)
            said = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
            kinds = np.array(table["kind"].to_pylist())
            shapes = shapely.from_wkb(np.array(table["geometry"].to_pylist(), dtype=object))
            named = [
                (kind.removeprefix("name of "), name, shape.y, shape.x)
                for kind, name, shape in zip(kinds, table["name"].to_pylist(), shapes, strict=True)
                if kind.startswith("name of ")
            ]
            by_kind = {k: shapes[kinds == k] for k in _ORDER if (kinds == k).any()}
            return cls(said["name"], said["attribution"], by_kind, tuple(named))
        except (
            OSError,
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            pa.ArrowException,
            shapely.errors.ShapelyError,
        ) as error:
            raise ReadError(
                "The ground of a map is a file that strec has kept.", f"{error!r:.200}",
                "Read the map file again.",
            ) from error  # fmt: skip

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        import shapely

        every = np.concatenate(list(self.shapes.values()))
        west, south, east, north = shapely.total_bounds(every).tolist()
        return west, south, east, north

    def covers(self, view: View) -> bool:
        """Return whether the middle of a view lies on it.

        Parameters
        ----------
        view : View
            What a map shows.

        Examples
        --------
        >>> from strec.maps import view_of
        >>> Ground.sample("travel").covers(view_of([0.0], [0.0]))
        False
        """
        west, south, east, north = self.box
        return west <= view.lon <= east and south <= view.lat <= north


@lru_cache(maxsize=8)
def _sample(name: str) -> Ground | None:
    path = FOLDER / f"{name}.ground.parquet"
    return Ground.load(path) if path.is_file() else None


@lru_cache(maxsize=32)
def drawn(ground: Ground, view: View, dark: bool) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the source and the layers of a MapLibre style for what is in and around a view."""
    pieces = dict(_pieces(ground, view))
    # One source for all kinds: the browser cuts each source into tiles by itself.
    features = [
        {"type": "Feature", "properties": {"kind": kind}, "geometry": geometry}
        for kind, geometry in pieces.items()
    ]
    source = {
        "type": "geojson", "attribution": ground.attribution,
        "data": {"type": "FeatureCollection", "features": features},
    }  # fmt: skip
    layers = [layer for kind in _ORDER if kind in pieces for layer in _layers(kind, dark)]
    return {"ground": source}, layers


def _pieces(ground: Ground, view: View) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the GeoJSON of each kind, the most important first until there is enough."""
    import shapely

    margin = 1.6 * view.span_deg
    box = view.west - margin, view.south - margin, view.east + margin, view.north + margin
    step = MIN_STEP_PX * view.span_deg / 640
    digits = int(np.clip(4 - np.log10(view.span_deg), 2, 5))
    left = MAX_CORNERS
    for kind in (*AREAS, *reversed(LINES)):
        found = ground.shapes.get(kind, np.array([]))
        found = found[shapely.intersects(shapely.box(*box), found)] if len(found) else found
        found = shapely.simplify(shapely.clip_by_rect(found, *box), step)
        parts = shapely.get_parts(found)
        wanted = "Polygon" if kind in AREAS else "LineString"
        parts = [p for p in parts if p.geom_type == wanted and not p.is_empty]
        n = int(shapely.get_num_coordinates(parts).sum()) if parts else 0
        if not n or n > left:
            continue
        left -= n
        yield kind, geojson(f"Multi{wanted}", (parts, digits))


def _layers(kind: str, dark: bool) -> Iterator[dict[str, Any]]:
    colours = _COLOURS[dark]
    said = {"id": f"ground-{kind}", "source": "ground", "filter": ["==", ["get", "kind"], kind]}
    if kind in AREAS:
        yield said | {"type": "fill", "paint": {"fill-color": colours[kind]}}
        return
    first, thin, wide = _WIDTHS[kind]
    for part, colour, more in (("edge", colours["edge"], 1.6), ("", colours[kind], 0)):
        if part and kind not in ("avenue", "motorway"):
            continue
        width = ["interpolate", ["exponential", 1.5], ["zoom"],
                 first, thin + more * 0.8, 16, wide + more]  # fmt: skip
        yield said | {
            "id": f"ground-{kind}{part}", "type": "line", "minzoom": first,
            "layout": {"line-cap": "round", "line-join": "round"},
            "paint": {"line-color": colour, "line-width": width},
        }  # fmt: skip


def area_colour(kind: str, dark: bool) -> str:
    """Return the colour of a kind of area."""
    return _COLOURS[dark][kind]


def line_width(said: float | list, zoom: float) -> float:
    """Return how wide a line of a style is at a zoom: a number, or what `drawn` writes."""
    if not isinstance(said, list):
        return float(said)
    _, (_, base), _, first, thin, last, wide = said
    share = (base ** np.clip(zoom - first, 0, last - first) - 1) / (base ** (last - first) - 1)
    return float(thin + share * (wide - thin))
