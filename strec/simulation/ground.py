"""The map of an invented city: river, parks, streets and names, drawn to fit where things happen.

Streets run through the grid on which `strec.simulation.city` scatters places, the river where no
place is. Everything follows from the scenario, its seed and the places; nothing of it is used
by the simulation, which knows no streets.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from strec.errors import StrecError
from strec.geo import KM_PER_DEGREE, km_per_degree_east
from strec.simulation.city import BLOCK_KM, City, build_city, to_degrees
from strec.simulation.scenario import Scenario

#: The map reaches so many radii of the city from its centre, on a raster of so many points a side.
REACH, RASTER = 3.0, 111
#: Lanes surround a place by so many blocks; streets, every so many blocks, by a share of the city's
#: radius.
LANES_AROUND, STREET_EVERY, BUILT = 3, 4, 0.085
#: A place on a district's grid lies so close to one of its lines: degrees are rounded.
ON_LINE_KM = 0.0015
#: Half the river's width as a share of the city's radius; so much around places is kept dry.
RIVER, BANK_KM = 0.011, 0.05


@dataclass(frozen=True)
class Drawn:
    """What was drawn, in kilometres from the centre.

    `areas` and `lines` are corners by kind, names have a place.
    """

    areas: dict[str, list[np.ndarray]]
    lines: dict[str, list[np.ndarray]]
    names: list[tuple[str, str, np.ndarray]]


def draw(scenario: Scenario, seed: int, lat: np.ndarray, lon: np.ndarray) -> Drawn:
    """Draw the map of a simulated city, in longitude and latitude.

    Parameters
    ----------
    scenario : Scenario
        Of `SCENARIOS`.
    seed : int
        That of the simulation: it laid out the districts.
    lat, lon : numpy.ndarray
        Where check-ins are, in degrees, shape ``(n,)``; repetitions do no harm.
    """
    city = build_city(scenario, np.random.default_rng([seed, 0]))
    rng = np.random.default_rng([seed, 99])
    places = _in_km(scenario, lat, lon)
    near = _Near(places)
    river = _river(scenario, near, rng)
    streets, built = _streets(scenario, city, places, near)
    lines = {
        "motorway": list(_motorways(scenario, city, rng)),
        "avenue": list(_boulevards(city)),
        **streets,
    }
    areas = {
        "urban": built,
        "park": [*_parks(city, rng), *_woods(scenario, near, river, rng)],
        "water": _banks(river, scenario, near),
    }
    names = [
        ("district", name, centre)
        for (name, _), centre in zip(scenario.districts, city.centre_km, strict=True)
    ]
    # The river is named where it comes out of the city.
    away = np.abs(np.hypot(*river.T) - 0.75 * scenario.radius_km)
    names.append(("river", scenario.river, river[np.argmin(away)]))
    return Drawn(
        {kind: [_turned(scenario, way) for way in ways] for kind, ways in areas.items()},
        {kind: [_turned(scenario, way) for way in ways] for kind, ways in lines.items()},
        [(kind, name, _turned(scenario, at)) for kind, name, at in names],
    )


class _Near:
    """How far it is from anywhere to the nearest place."""

    def __init__(self, places: np.ndarray) -> None:
        from scipy.spatial import KDTree

        self.places, self._tree = places, KDTree(places)

    def __call__(self, at: np.ndarray) -> np.ndarray:
        return np.asarray(self._tree.query(at)[0])

    def which(self, at: np.ndarray) -> np.ndarray:
        """Return the number of the nearest place."""
        return np.asarray(self._tree.query(at)[1])


# ---------------------------------------------------------------- water


def _river(scenario: Scenario, near: _Near, rng: np.random.Generator) -> np.ndarray:
    """Return the middle of a river that winds past the centre where it disturbs no place."""
    from scipy.ndimage import gaussian_filter, gaussian_filter1d
    from scipy.sparse.csgraph import dijkstra

    radius = scenario.radius_km
    side = np.linspace(-REACH, REACH, RASTER) * radius
    at = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1)
    free = near(at.reshape(-1, 2)).reshape(RASTER, RASTER)
    hills = gaussian_filter(rng.normal(0, 1, free.shape), 4)
    at = at.reshape(-1, 2)
    from_centre = np.hypot(*at.T) / radius
    # It passes an empty spot by the centre; a wall keeps it from turning back there.
    spot = np.where(np.abs(from_centre - 0.28) < 0.14, free.ravel(), -1.0).argmax()
    towards = np.array([at[spot, 1], -at[spot, 0]]) / np.hypot(*at[spot])
    ahead, step = (at - at[spot]) @ towards, side[1] - side[0]
    wall = (np.abs(ahead) < 0.8 * step) & (np.hypot(*(at - at[spot]).T) > 1.5 * step)
    cost = 1 + 12 * np.exp(-((free / (0.05 * radius)) ** 2)) + 0.5 * np.exp(hills / hills.std())
    cost = cost + 1e4 * wall.reshape(cost.shape)
    away, before = dijkstra(_neighbours(cost), indices=spot, return_predecessors=True)
    edge = (from_centre > 2.85) & (from_centre < 2.95) & (np.abs(ahead) > 2 * radius)
    ends = [np.flatnonzero(edge & (sign * ahead > 0)) for sign in (1, -1)]
    first, last = (_walk(before, int(each[np.argmin(away[each])])) for each in ends)
    path = [*first[:-1], *last[::-1]]
    way = gaussian_filter1d(at[path], 1.6, axis=0, mode="nearest")
    way = _resampled(way, 0.02 * radius)
    wanted = RIVER * radius + BANK_KM
    for _ in range(60):
        # Whatever is still too close to a place is pushed away, and the bends stay smooth.
        off = way - near.places[near.which(way)]
        apart = np.hypot(*off.T)
        push = np.clip(wanted - apart, 0, None) / np.maximum(apart, 1e-9)
        way = gaussian_filter1d(way + 0.5 * off * push[:, None], 0.7, axis=0, mode="nearest")
    return way


def _neighbours(cost: np.ndarray):
    """Return the graph of a raster: each point and its eight neighbours."""
    from scipy.sparse import coo_array

    n = np.arange(cost.size).reshape(cost.shape)
    ends = [
        (n[:, 1:], n[:, :-1], 1.0), (n[1:], n[:-1], 1.0),
        (n[1:, 1:], n[:-1, :-1], 2**0.5), (n[1:, :-1], n[:-1, 1:], 2**0.5),
    ]  # fmt: skip
    a, b, weight = (np.concatenate(each) for each in zip(*(
        (a.ravel(), b.ravel(), length * (cost.flat[a.ravel()] + cost.flat[b.ravel()]) / 2)
        for a, b, length in ends), strict=True))  # fmt: skip
    both = np.r_[weight, weight], (np.r_[a, b], np.r_[b, a])
    return coo_array(both, shape=(cost.size, cost.size)).tocsr()


def _walk(before: np.ndarray, end: int) -> list[int]:
    path = [end]
    while before[path[-1]] >= 0:
        path.append(int(before[path[-1]]))
    return path


def _resampled(way: np.ndarray, step_km: float) -> np.ndarray:
    along = np.r_[0, np.cumsum(np.hypot(*np.diff(way, axis=0).T))]
    at = np.linspace(0, along[-1], max(int(along[-1] / step_km), 2))
    return np.stack([np.interp(at, along, part) for part in way.T], axis=1)


def _banks(river: np.ndarray, scenario: Scenario, near: _Near) -> list[np.ndarray]:
    """Return the river as areas, narrower where a place is close."""
    import shapely

    river = _resampled(river, 0.03)
    half = np.clip(near(river) - BANK_KM, 0, RIVER * scenario.radius_km)
    wide = np.minimum(half[:-1], half[1:])
    steps = np.stack([river[:-1], river[1:]], axis=1)[wide > 0.01]
    lines: Any = shapely.linestrings(steps)
    water = shapely.union_all(shapely.buffer(lines, wide[wide > 0.01], quad_segs=3))
    return [
        shapely.get_coordinates(part.exterior)
        for part in shapely.get_parts(shapely.simplify(water, 0.012))
    ]


# ---------------------------------------------------------------- streets


def _streets(scenario: Scenario, city: City, places: np.ndarray, near: _Near):
    """Return streets and lanes around places, on the turned grid of each district, and the
    ground that they cover."""
    import shapely

    owner, turn = _owners(city, places), _axes(city)
    wide = int(np.ceil(BUILT * scenario.radius_km / BLOCK_KM))
    streets: dict[str, list[np.ndarray]] = {}
    for kind, reach in (("street", wide), ("lane", LANES_AROUND)):
        around = np.arange(-reach, reach)
        around = np.stack(np.meshgrid(around, around, indexing="ij"), axis=-1).reshape(-1, 2)
        around = around[np.hypot(*(around + 0.5).T) < reach]
        streets[kind] = []
        for district, centre in enumerate(city.centre_km):
            mine = np.round((places[owner == district] - centre) @ turn.T / BLOCK_KM).astype(int)
            if not len(mine):
                continue
            blocks = np.unique((mine[:, None] + around).reshape(-1, 2), axis=0)
            middle = centre + (blocks + 0.5) * BLOCK_KM @ turn
            # Where districts meet, a block belongs to the nearest place's.
            blocks = blocks[owner[near.which(middle)] == district]
            for axis in (0, 1):
                for line, start, end in _runs(blocks[:, axis], blocks[:, 1 - axis]):
                    if (line % STREET_EVERY == 0) == (kind == "street"):
                        ends = np.zeros((2, 2))
                        ends[:, axis], ends[:, 1 - axis] = (start, end), line
                        streets[kind].append(centre + ends * BLOCK_KM @ turn)
    around = shapely.buffer(shapely.points(places), BUILT * scenario.radius_km, quad_segs=4)
    gap = 0.06 * scenario.radius_km
    built = shapely.buffer(shapely.buffer(shapely.union_all(around), gap), -gap)
    parts = shapely.get_parts(shapely.simplify(built, 0.03))
    return streets, [shapely.get_coordinates(part.exterior) for part in parts]


def _owners(city: City, places: np.ndarray) -> np.ndarray:
    """Return the district of each place: the closest of those on whose grid it lies."""
    off = (places[:, None] - city.centre_km) @ _axes(city).T
    astray = np.abs(off - np.round(off / BLOCK_KM) * BLOCK_KM).min(axis=2)
    away = np.hypot(off[..., 0] / 1.4, off[..., 1]) / city.spread_km
    return np.where(astray < ON_LINE_KM, away, away + 100).argmin(axis=1)


def _axes(city: City) -> np.ndarray:
    cos, sin = np.cos(city.street_angle), np.sin(city.street_angle)
    return np.array([[cos, sin], [-sin, cos]])


def _runs(along: np.ndarray, across: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Yield the sides of blocks as long lines: where across, from where to where along."""
    sides = np.unique(np.stack([np.r_[across, across + 1], np.r_[along, along]], axis=1), axis=0)
    if not len(sides):
        return
    new = (np.diff(sides[:, 0]) != 0) | (np.diff(sides[:, 1]) != 1)
    starts = np.r_[0, np.flatnonzero(new) + 1]
    for first, last in zip(starts, np.r_[starts[1:], len(sides)] - 1, strict=True):
        yield int(sides[first, 0]), int(sides[first, 1]), int(sides[last, 1]) + 1


def _boulevards(city: City) -> Iterator[np.ndarray]:
    """Yield gently bent roads between neighbouring districts (a Gabriel graph)."""
    at = city.centre_km
    for a in range(len(at)):
        for b in range(a):
            middle, reach = (at[a] + at[b]) / 2, np.hypot(*(at[a] - at[b])) / 2
            others = np.delete(np.hypot(*(at - middle).T), [a, b])
            if others.min() > reach * 0.98:
                yield _bent(at[a], at[b], 0.08 if (a + b) % 2 else -0.08)


def _motorways(scenario: Scenario, city: City, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield a ring around the city and the ways out of it."""
    radius = scenario.radius_km
    turn = np.linspace(0, 2 * np.pi, 73)
    wobble = sum(rng.normal(0, 0.025) * np.cos(k * turn + rng.uniform(0, 6)) for k in (2, 3, 5))
    ring = 1.06 * radius * (1 + wobble)
    yield np.stack([ring * np.cos(turn), ring * np.sin(turn)], axis=1)
    outer = city.centre_km[-5:]
    for start in outer:
        out = start / max(np.hypot(*start), 1e-9)
        sideways = np.array([-out[1], out[0]]) * rng.normal(0, 0.25)
        yield _bent(start, (out + sideways) * REACH * radius, rng.normal(0, 0.08))


def _bent(start: np.ndarray, end: np.ndarray, bend: float) -> np.ndarray:
    share = np.linspace(0, 1, 12)[:, None]
    across = np.array([start[1] - end[1], end[0] - start[0]]) * bend
    return start + share * (end - start) + 4 * share * (1 - share) * across


# ---------------------------------------------------------------- green


def _parks(city: City, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield the park of each district that is one, and squares in the others, on the grid."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
    turn = _axes(city)
    for centre, spread, kind in zip(city.centre_km, city.spread_km, city.kinds, strict=True):
        if kind == "park":
            size = np.ceil(np.array([1.1, 0.75]) * spread / BLOCK_KM)
            cut = np.array([[-0.6, -1], [0.75, -1], [1, -0.5], [1, 0.7], [0.6, 1], [-0.8, 1],
                            [-1, 0.5], [-1, -0.7], [-0.6, -1]])  # fmt: skip
            yield centre + cut * size * BLOCK_KM @ turn
            continue
        for _ in range(3):
            block = np.round(rng.normal(0, 0.8, 2) * np.array([1.4, 1]) * spread / BLOCK_KM)
            size = rng.integers(1, 3, 2)
            yield centre + (block + (corners + 1) / 2 * size) * BLOCK_KM @ turn


def _woods(
    scenario: Scenario, near: _Near, river: np.ndarray, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Yield woods where nothing happens: around the city, and the largest gaps within it."""
    radius = scenario.radius_km
    angle, away = rng.uniform(0, 2 * np.pi, 400), radius * np.sqrt(rng.uniform(0.05, 4, 400))
    at = np.stack([away * np.cos(angle), away * np.sin(angle)], axis=1)
    to_river = np.hypot(*(at[:, None] - river).transpose(2, 0, 1)).min(axis=1)
    room = np.minimum(near(at) - 0.15, to_river - 1.5 * RIVER * radius)
    turn = np.linspace(0, 2 * np.pi, 37)
    for _ in range(16):
        best = int(np.argmax(np.minimum(room, 0.2 * radius * rng.uniform(0.4, 1, len(at)))))
        size = min(room[best] * 0.85, 0.3 * radius * rng.uniform(0.3, 1))
        if size < 0.03 * radius:
            return
        wobble = np.ones(len(turn))
        for k in (2, 3, 4):
            wobble += rng.normal(0, 0.16 / k) * np.cos(k * turn + rng.uniform(0, 6))
        shape = np.stack([1.2 * np.cos(turn), 0.75 * np.sin(turn)], axis=1) * wobble[:, None]
        spin = rng.uniform(0, np.pi)
        cos, sin = np.cos(spin), np.sin(spin)
        yield at[best] + size * 0.8 * shape @ np.array([[cos, sin], [-sin, cos]])
        room = np.minimum(room, np.hypot(*(at - at[best]).T) - 1.2 * size)


# ---------------------------------------------------------------- degrees


def _in_km(scenario: Scenario, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Return places in kilometres east and north of the centre, each once."""
    lat, lon = np.asarray(lat, dtype=float), np.asarray(lon, dtype=float)
    known = np.isfinite(lat) & np.isfinite(lon)
    if not known.any():
        raise StrecError(
            "The map of a simulated city is drawn around its places.",
            "no place.",
            "Give the latitudes and longitudes of its check-ins.",
        )
    at = np.unique(np.stack([lon[known], lat[known]], axis=1).round(5), axis=0)
    scale = float(km_per_degree_east(scenario.lat)), KM_PER_DEGREE
    return (at - (scenario.lon, scenario.lat)) * scale


def _turned(scenario: Scenario, place_km: np.ndarray) -> np.ndarray:
    """Return longitudes and latitudes."""
    lat, lon = to_degrees(scenario, place_km)
    return np.stack([lon, lat], axis=-1)
