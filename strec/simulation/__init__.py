"""Simulated worlds whose dependence on time and place is known, because a slider sets it."""

from datetime import date

import numpy as np
import polars as pl

from strec import schema
from strec.errors import StrecError
from strec.progress import Progress, silent
from strec.simulation.activity import draw_places, draw_times, user_counts
from strec.simulation.choice import build_fits, choose_from_places, choose_in_sequence
from strec.simulation.city import Items, build_city, build_items, build_people, to_degrees
from strec.simulation.scenario import Category, Scenario, read_scenario

__all__ = ["SCENARIOS", "Category", "Scenario", "simulate"]

#: Each is a file in `strec/data/scenarios`.
SCENARIOS = {name: read_scenario(name) for name in ("ecommerce", "social", "travel", "traffic")}
MIN_ITEMS = 20


def simulate(
    scenario: str = "social",
    *,
    n_users: int = 200,
    n_checkins: int = 20_000,
    temporal: float = 0.6,
    spatial: float = 0.6,
    interaction: float = 0.5,
    seed: int = 0,
    days: int = 180,
    start: date = date(2024, 3, 4),
    n_items: int | None = None,
    popularity_skew: float = 0.7,
    activity_skew: float = 0.6,
    burstiness: float = 0.4,
    time_grain_minutes: float = 0.0,
    commuting: float = 0.0,
    progress: Progress | None = None,
) -> pl.DataFrame:
    r"""Simulate check-ins of an invented city with a known dependence on time and place.

    The user `u`, at local hour of the week `h` and at place `z`, takes item `i` with chance

    .. math::
       P(i \mid u, h, z) \propto \exp\bigl(\log\pi_u(i)
         + \text{temporal}\cdot\beta\, T(i, h)
         + \text{spatial}\cdot\beta\, S(i, z)
         + \text{interaction}\cdot\beta\, s_i\, a(h)\, b(z)\bigr)

    with :math:`\beta = 1.5`. The preference :math:`\pi_u` never changes; `T` is the item's
    weekly profile within its opening hours; `S` is nearness and route from the previous place
    where an item is a place, and local demand where it is not; both are centred and have a
    standard deviation of 1. In the last term all three factors are +1 or -1: categories swap
    their hours (`a`: early or late in the day) between districts of two kinds (`b`).

    The place `z` is the previous check-in's where the item is a place (social, travel, traffic),
    and the check-in's own where it is not (e-commerce). Times, and in e-commerce places, are
    drawn first and know nothing of the items. Hence:

    - at 0, 0, 0 the items of a user are independent draws from :math:`\pi_u`: nothing about
      the time or place tells anything more;
    - with only `spatial` above 0 the items are independent of the times;
    - with only `interaction` above 0 the item is independent of the time alone and of the place
      alone, given the user, but not of the two together: every user is early as often as late,
      and likes both kinds of categories and of districts equally.

    With only `temporal` above 0 the previous *item* is still informative in so far as it tells
    the time of day; given the time it is not.

    Parameters
    ----------
    scenario : str
        A key of `SCENARIOS`: ``"ecommerce"``, ``"social"``, ``"travel"`` or ``"traffic"``.
    n_users, n_checkins : int
        Size of the world; each user has at least one check-in.
    temporal, spatial, interaction : float
        The three dependences, 0 (none) to 1 (strong).
    seed : int
        The same seed gives the same city, people and times, whatever the three sliders say.
    days : int
        Length in days from `start`.
    start : datetime.date
        The first local day.
    n_items : int, optional
        Number of items, at least 20; the scenario's own by default. An item that nobody takes
        does not appear.
    popularity_skew : float
        Exponent of Zipf's law for the items, 0 is even.
    activity_skew : float
        Log standard deviation of the users' activity, 0 is even.
    burstiness : float
        Chance that a check-in falls on the same day as another of the user, 0 to 0.95.
    time_grain_minutes : float
        Times are rounded down to so many minutes; 0 keeps seconds.
    commuting : float
        Where items have no place: how strictly the clock decides whether the shopper is at work
        or at home, 0 to 1. Above 0 time and place go together, whatever the sliders say.
    progress : callable, optional
        Called with a text and the share done, 0 to 1.

    Returns
    -------
    polars.DataFrame
        Canonical check-ins, shape ``(n_checkins, 11)``, sorted by user and time.

    Raises
    ------
    StrecError
        If the scenario is unknown or a number is out of its range.

    Examples
    --------
    >>> world = simulate("travel", n_users=20, n_checkins=500, seed=1)
    >>> world.shape
    (500, 11)
    >>> world["user_id"].n_unique()
    20
    """
    chosen = _scenario(scenario)
    n_items = chosen.n_items if n_items is None else n_items
    _check_ranges(
        n_users=(n_users, 1, None),
        n_checkins=(n_checkins, n_users, None),
        temporal=(temporal, 0, 1),
        spatial=(spatial, 0, 1),
        interaction=(interaction, 0, 1),
        days=(days, 1, 36_500),
        n_items=(n_items, MIN_ITEMS, 20_000),
        popularity_skew=(popularity_skew, 0, 5),
        activity_skew=(activity_skew, 0, 5),
        burstiness=(burstiness, 0, 0.95),
        time_grain_minutes=(time_grain_minutes, 0, 1_440),
        commuting=(commuting, 0, 1),
    )
    report = progress or silent

    def tell(n_done: int) -> None:
        report("Walking through the city", n_done / n_checkins)

    report("Building the city", 0.0)
    # A generator of its own for each part, so that one knob does not shake the others.
    rng = [np.random.default_rng([seed, part]) for part in range(7)]
    city = build_city(chosen, rng[0])
    items = build_items(chosen, city, n_items, popularity_skew, rng[1])
    people = build_people(chosen, city, items, n_users, rng[2])
    counts = user_counts(n_users, n_checkins, activity_skew, rng[3])
    times = draw_times(chosen, counts, start, days, burstiness, time_grain_minutes, rng[4])
    fits = build_fits(chosen, city, items, temporal, spatial, interaction, rng[5])
    user, hour = times["user"].to_numpy(), times["hour_of_week"].to_numpy().astype(np.int64)
    if chosen.item_is_place:
        first = _nearest_item(people.place_km[:, 0], items.place_km)
        item = choose_in_sequence(people.preference, fits, counts, hour, first, rng[6], tell)
        place_km = items.place_km[item]
    else:
        where = draw_places(people.weight, user, hour, commuting, rng[4])
        place_km = people.place_km[user, where]
        district = people.district[user, where]
        item = choose_from_places(people.preference, fits, user, hour, district, rng[6], tell)
    return _frame(chosen, items, times, item, place_km, rng[6])


def _scenario(name: str) -> Scenario:
    if name not in SCENARIOS:
        raise StrecError(
            f"A scenario is one of {', '.join(SCENARIOS)}.", f"{name!r}.", "Choose one of them."
        )
    return SCENARIOS[name]


def _check_ranges(**ranges: tuple[float, float, float | None]) -> None:
    for name, (value, low, high) in ranges.items():
        is_number = isinstance(value, int | float | np.number)
        if not (is_number and low <= value and (high is None or value <= high)):
            span = f"at least {low:,}" if high is None else f"from {low:,} to {high:,}"
            raise StrecError(f"{name} is {span}.", f"{value!r:.80}.", f"Change {name}.")


def _nearest_item(home_km: np.ndarray, place_km: np.ndarray) -> np.ndarray:
    """Return the item nearest to each home: where a user's first step starts from."""
    apart = [((home_km - place) ** 2).sum(1) for place in place_km]
    return np.argmin(apart, axis=0)


def _frame(
    scenario: Scenario,
    items: Items,
    times: pl.DataFrame,
    item: np.ndarray,
    place_km: np.ndarray,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Put the pieces together as a canonical table."""
    lat, lon = to_degrees(scenario, place_km)
    names, shares = zip(*scenario.events, strict=True)
    event = rng.choice(len(names), len(item), p=shares)
    noise = 1 + scenario.value_noise * rng.normal(0, 1, len(item)).clip(-2, 2)
    value = np.minimum(items.value[item] * noise, scenario.value_limit)
    catalogue = pl.DataFrame(
        {
            schema.ITEM: items.ids,
            schema.CATEGORY: [scenario.categories[c].name for c in items.category],
            schema.ITEM_NAME: items.names,
            schema.TEXT: items.texts,
        }
    )
    width = len(str(times["user"][-1] + 1))
    return schema.validate(
        times.select(
            pl.format(
                f"{scenario.user_word}_{{}}",
                (pl.col("user") + 1).cast(pl.String).str.zfill(max(width, 3)),
            ).alias(schema.USER),
            schema.TIME,
            schema.OFFSET,
            pl.Series(schema.LAT, lat),
            pl.Series(schema.LON, lon),
            pl.Series(schema.EVENT, list(names))[event].alias(schema.EVENT),
            pl.Series(schema.VALUE, value).round(2),
        ).with_columns(catalogue[item])
    )
