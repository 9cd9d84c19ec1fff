"""How the next item is chosen: preference, and what time and place add to it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from strec.simulation.activity import bumps, hour_weights, is_early
from strec.simulation.city import City, Items, category_signs
from strec.simulation.scenario import Category, Scenario

#: What a slider at 1 multiplies its fit with; every fit has a standard deviation of about 1.
TEMPORAL_STRENGTH = 1.5
SPATIAL_STRENGTH = 1.5
INTERACTION_STRENGTH = 1.5
#: A fit is cut off here, so that no item is ever impossible.
LIMIT = 2.5
ROWS_AT_ONCE = 2_048


@dataclass(frozen=True)
class Fits:
    """What time and place add to the log of an item's chance, as factors ``exp(slider·β·fit)``.

    `time` is ``(168, n_items)``, `place` ``(n_places, n_items)`` (a place is an item's own in
    POI worlds, a district otherwise), `joint` ``(2, n_items)``: row 1 where time and place
    agree (early in a district of rhythm +1, or late in one of rhythm -1); `rhythm`
    ``(n_places,)``. A factor that is one throughout is None.
    """

    time: np.ndarray | None
    place: np.ndarray | None
    joint: np.ndarray | None
    rhythm: np.ndarray


def build_fits(
    scenario: Scenario,
    city: City,
    items: Items,
    temporal: float,
    spatial: float,
    interaction: float,
    rng: np.random.Generator,
) -> Fits:
    """Work out the factors for the three sliders."""
    time_fit = _time_fit(scenario, items, rng)
    place_fit = _place_fit(scenario, city, items, rng)
    joint_fit = np.array([[-1.0], [1.0]]) * category_signs(scenario)[items.category]
    rhythm = city.rhythm[items.district] if scenario.item_is_place else city.rhythm
    return Fits(
        _factor(temporal * TEMPORAL_STRENGTH, time_fit),
        _factor(spatial * SPATIAL_STRENGTH, place_fit),
        _factor(interaction * INTERACTION_STRENGTH, joint_fit),
        rhythm,
    )


def choose_from_places(
    preference: np.ndarray,
    fits: Fits,
    user: np.ndarray,
    hour_of_week: np.ndarray,
    place: np.ndarray,
    rng: np.random.Generator,
    tell: Callable[[int], None],
) -> np.ndarray:
    """Choose an item per check-in where the place is given (where the user is).

    `tell` hears how many check-ins are done.
    """
    luck = rng.random(len(user))
    preference = preference.astype(np.float32)
    chosen = np.empty(len(user), dtype=np.int64)
    for begin in range(0, len(user), ROWS_AT_ONCE):
        rows = slice(begin, begin + ROWS_AT_ONCE)
        chosen[rows] = _pick(
            preference[user[rows]], fits, hour_of_week[rows], place[rows], luck[rows]
        )
        tell(min(rows.stop, len(user)))
    return chosen


def choose_in_sequence(
    preference: np.ndarray,
    fits: Fits,
    counts: np.ndarray,
    hour_of_week: np.ndarray,
    first_place: np.ndarray,
    rng: np.random.Generator,
    tell: Callable[[int], None],
) -> np.ndarray:
    """Choose an item per check-in where the place is that of the user's previous item.

    All users take their first step together, then their second, and so on; the busiest users
    come first, so that those still walking are always the first rows. `tell` hears how many
    check-ins are done.
    """
    luck = rng.random(counts.sum())
    order = np.argsort(-counts, kind="stable")
    start, length = (np.cumsum(counts) - counts)[order], counts[order]
    preference, place = preference[order].astype(np.float32), first_place[order].copy()
    chosen = np.empty(counts.sum(), dtype=np.int64)
    walking = np.searchsorted(-length, -np.arange(length[0]), side="left")
    for step, n in enumerate(walking):
        for begin in range(0, n, ROWS_AT_ONCE):
            users = slice(begin, min(begin + ROWS_AT_ONCE, n))
            rows = start[users] + step
            place[users] = _pick(
                preference[users].copy(), fits, hour_of_week[rows], place[users], luck[rows]
            )
            chosen[rows] = place[users]
        tell(int(walking[: step + 1].sum()))
    return chosen


def _pick(
    weight: np.ndarray, fits: Fits, hour_of_week: np.ndarray, place: np.ndarray, luck: np.ndarray
) -> np.ndarray:
    """Draw one item per row with chance proportional to preference × factors (in place)."""
    if fits.time is not None:
        weight *= fits.time[hour_of_week]
    if fits.place is not None:
        weight *= fits.place[place]
    if fits.joint is not None:
        agree = is_early(hour_of_week) == (fits.rhythm[place] > 0)
        weight *= fits.joint[agree.astype(np.int64)]
    total = np.cumsum(weight, axis=1)
    chosen = (total < (luck * total[:, -1])[:, None]).sum(1)
    return np.minimum(chosen, weight.shape[1] - 1)


def _time_fit(scenario: Scenario, items: Items, rng: np.random.Generator) -> np.ndarray:
    """Return how well each hour of the week fits each item: its profile, within opening hours."""
    profiles = np.stack([_log_profile(c) for c in scenario.categories])[items.category]
    # Two cafés do not keep the same hours: shift each item's week by up to an hour.
    shift = rng.integers(-1, 2, len(profiles))
    hours = (np.arange(168) - shift[:, None]) % 168
    return _standard(np.take_along_axis(profiles, hours, axis=1).T, hour_weights(scenario))


def _log_profile(category: Category) -> np.ndarray:
    """Return the log of a category's week, shape ``(168,)``; closed hours are at the bottom."""
    hours = np.arange(168)
    fit = np.log(bumps(category.peaks, hours % 24 + 0.5) + 0.03)
    fit += np.log(category.weekend) * (hours // 24 >= 5)
    opens, closes = category.open_hours
    is_open = (hours % 24 - opens) % 24 < closes - opens
    return np.where(is_open, fit, np.log(0.01))


def _place_fit(
    scenario: Scenario, city: City, items: Items, rng: np.random.Generator
) -> np.ndarray:
    """Return how well each item fits each place: near and on the way, or asked for there."""
    n_districts = len(city.kinds)
    if not scenario.item_is_place:
        wanted = np.array([[k in c.kinds for c in scenario.categories] for k in city.kinds])
        regional = rng.normal(0, 0.35, (n_districts, len(items.ids)))
        fit = wanted[:, items.category] + regional
        return _standard(fit, np.full(n_districts, 1 / n_districts))
    apart = np.hypot(*(items.place_km[:, None] - items.place_km[None]).transpose(2, 0, 1))
    route = rng.normal(0, 0.35, (n_districts, n_districts))[items.district][:, items.district]
    fit = _standard(
        route - np.log1p(apart / scenario.step_km), items.popularity / items.popularity.sum()
    )
    # Nobody goes next to where they already are.
    np.fill_diagonal(fit, -LIMIT)
    return fit


def _standard(fit: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Centre each item's column and scale all to a standard deviation of 1, cut at `LIMIT`."""
    centred = fit - weight @ fit
    scale = np.sqrt((weight @ centred**2).mean())
    return np.clip(centred / scale, -LIMIT, LIMIT)


def _factor(strength: float, fit: np.ndarray) -> np.ndarray | None:
    return np.exp(strength * fit).astype(np.float32) if strength else None
