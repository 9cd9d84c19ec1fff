"""The invented city: districts, items with names and texts, and the people who live there.

Everything is laid out in kilometres east and north of the real centre, and turned into degrees
at the very end. Districts alternate between two *rhythms* (+1 and -1, like a chequerboard):
the interaction term lets items swap their hours between the two.
"""

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from strec.geo import KM_PER_DEGREE, km_per_degree_east
from strec.simulation.scenario import Category, Scenario

#: Where people live, where they work, and where they meet: weights by kind of district.
HOME = {"residential": 1.0, "centre": 0.25, "campus": 0.3, "old town": 0.3, "nightlife": 0.2}
WORK = {"office": 1.0, "centre": 0.6, "campus": 0.5, "shopping": 0.3, "station": 0.2}
MEET = {"centre": 1.0, "shopping": 0.7, "nightlife": 0.5, "park": 0.3, "old town": 0.6}
#: A kind of district where a category is at home has this many times more of its items.
AT_HOME = 8.0
#: The centre has so many times more of everything.
CENTRE = 2.0
BLOCK_KM = 0.11
GOLDEN_ANGLE = np.pi * (3 - 5**0.5)


@dataclass(frozen=True)
class City:
    """Districts: centres (km), spread (km), kinds, and rhythm; shape ``(n_districts,)`` each."""

    centre_km: np.ndarray
    spread_km: np.ndarray
    kinds: tuple[str, ...]
    rhythm: np.ndarray
    street_angle: float


@dataclass(frozen=True)
class Items:
    """Items: ``(n_items,)`` arrays, `place_km` ``(n_items, 2)``; district -1 is "no place"."""

    ids: list[str]
    names: list[str]
    texts: list[str]
    category: np.ndarray
    district: np.ndarray
    place_km: np.ndarray
    popularity: np.ndarray
    value: np.ndarray


@dataclass(frozen=True)
class People:
    """Users: four places each (home, work, two meeting places) and how often they are there.

    `district` is ``(n_users, 4)``, `place_km` ``(n_users, 4, 2)``, `weight` ``(n_users, 4)``,
    `preference` ``(n_users, n_items)`` with rows that sum to one.
    """

    district: np.ndarray
    place_km: np.ndarray
    weight: np.ndarray
    preference: np.ndarray


def build_city(scenario: Scenario, rng: np.random.Generator) -> City:
    """Lay the districts out on a spiral around the centre, so that none covers another."""
    n = len(scenario.districts)
    rank = np.arange(n)
    radius = 0.78 * scenario.radius_km * np.sqrt(rank / (n - 1))
    angle = rank * GOLDEN_ANGLE + rng.uniform(0, 2 * np.pi) + rng.normal(0, 0.12, n)
    centre = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    spread = scenario.radius_km * rng.uniform(0.06, 0.1, n)
    kinds = tuple(kind for _, kind in scenario.districts)
    rhythm = np.where(rank % 2 == 0, 1, -1)
    return City(centre, spread, kinds, rhythm, rng.uniform(0, np.pi / 2))


def build_items(
    scenario: Scenario, city: City, n_items: int, popularity_skew: float, rng: np.random.Generator
) -> Items:
    """Give every item a category, a district, a place, a name, a text and a popularity."""
    share = np.array([c.share for c in scenario.categories])
    category = np.sort(
        np.concatenate(
            [
                np.arange(len(share)),
                rng.choice(len(share), max(n_items - len(share), 0), p=share / share.sum()),
            ]
        )[:n_items]
    )
    if scenario.item_is_place:
        chance = np.array([_at_home(c.kinds, city.kinds) for c in scenario.categories])
        district = _draw(chance[category], rng)
        place = _scatter(scenario, city, district, rng)
    else:
        district = np.full(n_items, -1)
        place = np.full((n_items, 2), np.nan)
    names = _names(scenario, category, rng)
    texts = [
        _text(scenario, scenario.categories[c], district[i], rng) for i, c in enumerate(category)
    ]
    rank = rng.permutation(n_items) + 1.0
    median, spread = np.array([c.value for c in scenario.categories])[category].T
    return Items(
        ids=[f"{scenario.item_word}_{i + 1:04d}" for i in range(n_items)],
        names=names,
        texts=texts,
        category=category,
        district=district,
        place_km=place,
        popularity=rank**-popularity_skew,
        value=median * np.exp(rng.normal(0, spread)),
    )


def build_people(
    scenario: Scenario, city: City, items: Items, n_users: int, rng: np.random.Generator
) -> People:
    """House the users and give each a preference over all items that never changes."""
    district = np.stack([_people_districts(city, w, n_users, rng) for w in (HOME, WORK, MEET)], 1)
    fourth = _people_districts(city, MEET, n_users, rng)
    # All places on one rhythm would leave that user without any contrast of places.
    rhythm = city.rhythm[district]
    alike = (np.abs(rhythm.sum(1)) == 3) & (city.rhythm[fourth] == rhythm[:, 0])
    for user in np.flatnonzero(alike):
        fourth[user] = rng.choice(np.flatnonzero(city.rhythm != rhythm[user, 0]))
    district = np.concatenate([district, fourth[:, None]], axis=1)
    place = _scatter(scenario, city, district.ravel(), rng).reshape(n_users, 4, 2)
    weight = np.array([0.5, 0.25, 0.15, 0.1]) * rng.gamma(6, 1 / 6, (n_users, 4))
    weight = _even(weight, city.rhythm[district])
    return People(district, place, weight, _preference(scenario, city, items, place, rng))


def category_signs(scenario: Scenario) -> np.ndarray:
    """Return +1 or -1 per category: half of them are early where the other half is late."""
    return np.where(np.arange(len(scenario.categories)) % 2 == 0, 1, -1)


def to_degrees(scenario: Scenario, place_km: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn kilometres east and north of the centre into latitude and longitude."""
    lat = scenario.lat + place_km[..., 1] / KM_PER_DEGREE
    lon = scenario.lon + place_km[..., 0] / km_per_degree_east(scenario.lat)
    return lat.round(5), lon.round(5)


def _preference(
    scenario: Scenario, city: City, items: Items, place_km: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Popularity × taste for the category × nearness of home or work × favourites, evened out."""
    n_users, n_items = len(place_km), len(items.ids)
    taste = rng.gamma(0.8, 1.0, (n_users, len(scenario.categories))) + 0.05
    preference = items.popularity * taste[:, items.category]
    preference *= np.exp(rng.normal(0, 0.7, (n_users, n_items)))
    if scenario.item_is_place:
        apart = np.min(
            [
                np.hypot(
                    place_km[:, k, None, 0] - items.place_km[:, 0],
                    place_km[:, k, None, 1] - items.place_km[:, 1],
                )
                for k in (0, 1)
            ],
            axis=0,
        )
        preference *= np.exp(-apart / (0.45 * scenario.radius_km))
    favourites = rng.random((n_users, n_items)) * preference
    worst = np.partition(favourites, -min(6, n_items), axis=1)[:, -min(6, n_items), None]
    preference = np.where(favourites >= worst, preference * scenario.loyalty, preference)
    group = category_signs(scenario)[items.category]
    if scenario.item_is_place:
        group = 2 * group + city.rhythm[items.district]
    return _even(preference, np.broadcast_to(group, preference.shape))


def _even(weight: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Scale each row so that its groups weigh the same and it sums to one.

    With early and late categories, and the two rhythms, evenly preferred by every user, the
    interaction term leaves no trace in either margin: see `strec.simulation.simulate`.
    """
    names = np.unique(group)
    total = np.stack([np.where(group == g, weight, 0).sum(1) for g in names], axis=1)
    scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    even = weight * np.take_along_axis(scale, np.searchsorted(names, group), axis=1)
    return even / even.sum(1, keepdims=True)


def _people_districts(
    city: City, weights: dict[str, float], n_users: int, rng: np.random.Generator
) -> np.ndarray:
    weight = np.array([weights.get(kind, 0.02) for kind in city.kinds])
    return rng.choice(len(weight), n_users, p=weight / weight.sum())


def _at_home(wanted: tuple[str, ...], kinds: tuple[str, ...]) -> np.ndarray:
    weight = np.array([AT_HOME if kind in wanted else 1.0 for kind in kinds])
    weight[0] *= CENTRE
    return weight / weight.sum()


def _draw(chance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw one column per row of a table of probabilities."""
    return (np.cumsum(chance, axis=1) < rng.random(len(chance))[:, None]).sum(1)


def _scatter(
    scenario: Scenario, city: City, district: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Scatter places around their district's centre, along the streets of a turned grid."""
    offset = rng.normal(0, 1, (len(district), 2)) * city.spread_km[district, None]
    offset[:, 0] *= 1.4
    along = rng.integers(0, 2, len(district))
    rows = np.arange(len(district))
    offset[rows, along] = np.round(offset[rows, along] / BLOCK_KM) * BLOCK_KM
    cos, sin = np.cos(city.street_angle), np.sin(city.street_angle)
    place = city.centre_km[district] + offset @ np.array([[cos, sin], [-sin, cos]])
    reach = np.hypot(place[:, 0], place[:, 1]) / (0.98 * scenario.radius_km)
    return place / np.maximum(reach, 1.0)[:, None]


def _names(scenario: Scenario, category: np.ndarray, rng: np.random.Generator) -> list[str]:
    """Name every item after its category's patterns; a number is added when words run out."""
    used: set[str] = set()
    names = []
    pools = {}
    for c in category:
        if c not in pools:
            pools[c] = _pool(scenario, scenario.categories[c], rng)
        name, number = next((n for n in pools[c] if n not in used), None), 2
        if name is None:
            base = names[int(np.flatnonzero(category == c)[0])]
            while f"{base} {number}" in used:
                number += 1
            name = f"{base} {number}"
        used.add(name)
        names.append(name)
    return names


def _pool(scenario: Scenario, category: Category, rng: np.random.Generator):
    """Yield a category's possible names in random order, the patterns taking turns."""
    words = category.words or scenario.words
    pools = []
    for pattern in category.patterns:
        fills = list(permutations(words, pattern.count("{}")))
        order = rng.permutation(len(fills))
        pools.append([pattern.format(*fills[k]) for k in order])
    for turn in range(max(map(len, pools))):
        yield from (pool[turn] for pool in pools if turn < len(pool))


def _text(scenario: Scenario, category: Category, district: int, rng: np.random.Generator) -> str:
    """Describe an item in one sentence."""
    adjective = scenario.adjectives[rng.integers(len(scenario.adjectives))]
    feature = category.features[rng.integers(len(category.features))]
    where = f" in {scenario.districts[district][0]}" if district >= 0 else ""
    joined = not where and feature.split()[0] in ("that", "for", "with", "in", "on", "from", "to")
    return f"{adjective} {category.noun}{where}{'' if joined else ','} {feature}."
