"""Worlds for the calibration of the gate that share nothing with strec's own simulator.

People here choose by utility (home, habit, exploration and preferential return, fashion, what is
open) from a table of chances that is written down before each choice, so that the oracle's nats
are known: how much more probable the item that came is to who knows the cause than to who knows
all but the cause. The kinds of worlds are functions; each takes a random generator (and, with a
dependence, its strength) and returns a `World`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

START = datetime(2024, 1, 1, tzinfo=UTC)  # a Monday
HALF_YEAR, YEAR = 182, 365


@dataclass
class World:
    """People, what there is to choose, and one rule by which they choose.

    `base(k, state)` gives log chances ``(n_users, n_items)`` of choice k, whatever the cause;
    `cause` is ``(n_contexts, n_items)``, or one such table per person, added in the context that
    holds; `context(k, state)` names it per user and `weight` says how common each is, for the
    oracle.
    """

    when: np.ndarray
    kind: np.ndarray
    at: np.ndarray | None
    base: Callable[[int, "State"], np.ndarray]
    cause: np.ndarray | None = None
    context: Callable[[int, "State"], np.ndarray] | None = None
    weight: np.ndarray | None = None
    where: np.ndarray | None = None
    dates: pl.DataFrame | None = None
    may_find: tuple[str, ...] = ()


@dataclass
class State:
    """What has happened so far: the choice before, the one before that, and all counts."""

    last: np.ndarray
    before_last: np.ndarray
    counts: np.ndarray
    chosen: list[np.ndarray] = field(default_factory=list)


def live(world: World, rng: np.random.Generator) -> tuple[pl.DataFrame, float]:
    """Let everybody choose; return the check-ins and the oracle's nats per check-in."""
    n_users, n_choices = world.when.shape
    n_items = len(world.kind)
    nobody = np.full(n_users, -1)
    state = State(nobody, nobody, np.zeros((n_users, n_items)))
    everybody, nats = np.arange(n_users), []
    for k in range(n_choices):
        base = world.base(k, state)
        chance, without = shares(base), None
        if world.cause is not None and world.context is not None and world.weight is not None:
            # A cause may be each person's own: (n_users, n_contexts, n_items).
            cause = np.broadcast_to(world.cause, (n_users, *world.cause.shape[-2:]))
            context = world.context(k, state)
            chance = shares(base + (context >= 0)[:, None] * cause[everybody, context])
            if k >= n_choices // 2:
                without = sum(w * shares(base + cause[:, c]) for c, w in enumerate(world.weight))
        luck = rng.random((n_users, 1))
        item = np.minimum((chance.cumsum(axis=1) < luck).sum(axis=1), n_items - 1)
        if isinstance(without, np.ndarray):
            nats.append(np.log(chance[everybody, item] / without[everybody, item]))
        state.counts[everybody, item] += 1
        state.chosen.append(item)
        state.before_last, state.last = state.last, item
    chosen = np.stack(state.chosen, axis=1)
    return table_of(world, chosen), float(np.mean(nats)) if nats else 0.0


def shares(log_chance: np.ndarray) -> np.ndarray:
    """Return chances that add up to 1 in each row."""
    raised = np.exp(log_chance - log_chance.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def table_of(world: World, chosen: np.ndarray) -> pl.DataFrame:
    """Write the choices down as a canonical table."""
    n_users, n_choices = chosen.shape
    item = chosen.ravel()
    if world.where is not None:
        place = world.where.reshape(-1, 2)
    elif world.at is not None:
        place = world.at[item]
    else:
        place = np.full((len(item), 2), np.nan)
    second = (world.when.ravel() * 86_400).astype(np.int64)
    return pl.DataFrame(
        {
            "user_id": [f"u{u:04d}" for u in np.repeat(np.arange(n_users), n_choices)],
            "item_id": [f"i{i:04d}" for i in item],
            "timestamp": START + pl.Series(second * 1_000_000).cast(pl.Duration("us")),
            "utc_offset_min": pl.Series(np.zeros(len(item)), dtype=pl.Int16),
            # About a degree's hundredth is a kilometre.
            "lat": 48 + place[:, 0] / 111,
            "lon": 11 + place[:, 1] / 75,
            "category": [f"kind {k}" for k in world.kind[item]],
        }
    ).with_columns(
        pl.col("timestamp").cast(pl.Datetime("us", "UTC")),
        pl.col("lat", "lon").fill_nan(None),
    )


# ---------------------------------------------------------------- pieces of worlds


def clock(rng, n_users: int, n_choices: int, days: int, owls: bool = False) -> np.ndarray:
    """Return sorted times in days: any day, hours around each person's own habit."""
    day = np.floor(rng.random((n_users, n_choices)) * days)
    middle = rng.uniform(9, 21, (n_users, 1)) if owls else np.full((n_users, 1), 15.0)
    hour = np.clip(rng.normal(middle, 4.5, (n_users, n_choices)), 0, 23.99)
    return np.sort(day + hour / 24, axis=1)


def popularity(rng, n_items: int) -> np.ndarray:
    return -0.8 * np.log1p(rng.permutation(n_items))


def tastes(rng, n_users: int, n_items: int, spread: float = 1.3) -> np.ndarray:
    """Return what is popular and what each person likes, log chances ``(n_users, n_items)``."""
    return popularity(rng, n_items) + rng.normal(0, spread, (n_users, n_items))


def town(rng, n_items: int, km: float = 12) -> np.ndarray:
    """Return places in a few quarters."""
    middle = rng.uniform(-km, km, (7, 2))
    return middle[rng.integers(0, 7, n_items)] + rng.normal(0, 1.2, (n_items, 2))


def nearness(a: np.ndarray, b: np.ndarray, km: float = 2.5) -> np.ndarray:
    """Return log chances that fall with the distance from each place in `a` to each in `b`."""
    return -np.linalg.norm(a[:, None] - b[None], axis=-1) / km


def returning(rng, first: np.ndarray, explore: float = 0.6, gamma: float = 0.2):
    """Return a base of exploration and preferential return (Song et al. 2010)."""

    def base(k: int, state: State) -> np.ndarray:
        seen = state.counts > 0
        n_seen = seen.sum(axis=1, keepdims=True)
        new = explore * np.maximum(n_seen, 1.0) ** -gamma
        new = np.where(n_seen == 0, 1.0, np.where(seen.all(axis=1, keepdims=True), 0.0, new))
        fresh = shares(np.where(seen, -50.0, first))
        old = state.counts / np.maximum(state.counts.sum(axis=1, keepdims=True), 1)
        return np.log(new * fresh + (1 - new) * old + 1e-9)

    return base


def steady(log_chance: np.ndarray):
    return lambda k, state: log_chance


def kinds(rng, n_items: int, n_kinds: int = 8) -> np.ndarray:
    return rng.integers(0, n_kinds, n_items)


# ---------------------------------------------------------------- worlds without a dependence


def plain(rng) -> World:
    """Everybody has tastes, nothing else."""
    return World(clock(rng, 90, 50, HALF_YEAR), kinds(rng, 80), town(rng, 80),
                 steady(tastes(rng, 90, 80)))  # fmt: skip


def homes(rng) -> World:
    """People go to what is near their home, from wherever they are."""
    at = town(rng, 90)
    near = nearness(town(rng, 90), at) + popularity(rng, 90)
    return World(clock(rng, 90, 50, HALF_YEAR), kinds(rng, 90), at, steady(near))


def exploration(rng) -> World:
    """Exploration around home, and preferential return."""
    at = town(rng, 150)
    first = nearness(town(rng, 90), at, 4) + popularity(rng, 150)
    return World(clock(rng, 90, 60, HALF_YEAR), kinds(rng, 150), at, returning(rng, first))


def bursts(rng) -> World:
    """Days with ten check-ins, weeks with none."""
    days = np.repeat(np.floor(rng.random((90, 7)) * HALF_YEAR), 8, axis=1)
    when = np.sort(days + rng.uniform(8, 23, days.shape) / 24, axis=1)
    return World(when, kinds(rng, 80), town(rng, 80), steady(tastes(rng, 90, 80)))


def cohorts(rng) -> World:
    """People come in waves of six weeks, each wave with its own taste."""
    wave = rng.integers(0, 6, 90)
    when = np.sort(wave[:, None] * 30 + 42 * rng.random((90, 50)), axis=1)
    liked = rng.normal(0, 1.2, (6, 80))[wave] + tastes(rng, 90, 80, 0.8)
    return World(when, kinds(rng, 80), town(rng, 80), steady(liked))


def wandering(rng) -> World:
    """Each person's taste wanders over the half year."""
    when = clock(rng, 90, 50, HALF_YEAR)
    path = np.cumsum(rng.normal(0, 0.45, (27, 90, 80)), axis=0) + tastes(rng, 90, 80)

    def base(k: int, state: State) -> np.ndarray:
        return path[(when[:, k] // 7).astype(int), np.arange(90)]

    return World(when, kinds(rng, 80), town(rng, 80), base)


def moving(rng) -> World:
    """Everybody moves house once, on a day of their own."""
    when, at = clock(rng, 90, 50, HALF_YEAR), town(rng, 90)
    old, new = (nearness(town(rng, 90), at) for _ in range(2))
    day, liked = rng.uniform(20, 160, 90), popularity(rng, 90)

    def base(k: int, state: State) -> np.ndarray:
        return liked + np.where((when[:, k] < day)[:, None], old, new)

    return World(when, kinds(rng, 90), at, base)


def second_home(rng) -> World:
    """Half of the people live elsewhere for three months."""
    when, at = clock(rng, 90, 50, HALF_YEAR), town(rng, 90)
    usual, other = (nearness(town(rng, 90), at) for _ in range(2))
    begin, liked = rng.uniform(10, 90, 90), popularity(rng, 90)
    has_two = rng.random(90) < 0.5

    def base(k: int, state: State) -> np.ndarray:
        away = has_two & (when[:, k] >= begin) & (when[:, k] < begin + 90)
        return liked + np.where(away[:, None], other, usual)

    return World(when, kinds(rng, 90), at, base)


def openings(rng) -> World:
    """Each shop is open for a fifth of the half year."""
    when, at = clock(rng, 90, 50, HALF_YEAR), town(rng, 90)
    liked = tastes(rng, 90, 90, 1.0)
    begin = rng.uniform(-0.1 * HALF_YEAR, 0.9 * HALF_YEAR, 90)

    def base(k: int, state: State) -> np.ndarray:
        day = when[:, k][:, None]
        return np.where((day >= begin) & (day < begin + 0.2 * HALF_YEAR), liked, -12.0)

    return World(when, kinds(rng, 90), at, base)


def one_season(rng) -> World:
    """Kinds have their season, once in the single year there is."""
    when = clock(rng, 90, 60, YEAR)
    kind, liked = kinds(rng, 80), tastes(rng, 90, 80, 1.0)
    peak = rng.random(8) * YEAR

    def base(k: int, state: State) -> np.ndarray:
        wave = 1.2 * np.cos(2 * np.pi * (when[:, k][:, None] - peak[kind]) / YEAR)
        return liked + wave

    return World(when, kind, town(rng, 80), base)


def specials(rng) -> World:
    """Each week three items are on offer."""
    when, liked = clock(rng, 90, 50, HALF_YEAR), tastes(rng, 90, 80, 1.0)
    offer = np.zeros((HALF_YEAR // 7 + 1, 80))
    for week in offer:
        week[rng.choice(80, 3, replace=False)] = 2.5

    def base(k: int, state: State) -> np.ndarray:
        return liked + offer[(when[:, k] // 7).astype(int)]

    return World(when, kinds(rng, 80), town(rng, 80), base)


def trends(rng) -> World:
    """Some items rise all half year long, others fall."""
    when, liked = clock(rng, 90, 50, HALF_YEAR), tastes(rng, 90, 80, 1.0)
    slope = rng.normal(0, 1.5, 80)

    def base(k: int, state: State) -> np.ndarray:
        return liked + slope * (when[:, k][:, None] / HALF_YEAR - 0.5)

    return World(when, kinds(rng, 80), town(rng, 80), base)


def baskets(rng) -> World:
    """Eight different products at one moment, bought wherever the person is."""
    moment = np.sort(np.floor(rng.random((100, 6)) * HALF_YEAR), axis=1) + 0.5
    moment += rng.integers(-4, 5, moment.shape) / 24
    when = np.repeat(moment, 8, axis=1)
    liked = tastes(rng, 100, 100, 0.8)

    def base(k: int, state: State) -> np.ndarray:
        held = np.zeros((100, 100), bool)
        for chosen in state.chosen[k - k % 8 : k]:
            held[np.arange(100), chosen] = True
        return np.where(held, -30.0, liked)

    where = np.repeat(town(rng, 100 * 6, 6).reshape(100, 6, 2), 8, axis=1)
    return World(when, kinds(rng, 100), None, base, where=where)


def few_users(rng) -> World:
    """A dozen people and three hundred items."""
    return World(clock(rng, 12, 350, YEAR), kinds(rng, 300), town(rng, 300),
                 returning(rng, tastes(rng, 12, 300)))  # fmt: skip


def night_owls(rng) -> World:
    """Owls and larks like different things, at any hour."""
    when = clock(rng, 90, 50, HALF_YEAR, owls=True)
    late = (np.median(when % 1, axis=1, keepdims=True) - 0.6) * 8
    liked = tastes(rng, 90, 80, 0.9) + late * rng.normal(0, 1, 80)
    return World(when, kinds(rng, 80), town(rng, 80), steady(liked))


def commuters(rng) -> World:
    """People are at work by day and at home else; what they buy is theirs."""
    when = clock(rng, 90, 50, HALF_YEAR)
    house, office = town(rng, 90), town(rng, 90, 4)
    busy = (when % 1 > 9 / 24) & (when % 1 < 17 / 24) & (when % 7 < 5)
    where = np.where(busy[..., None], office[:, None], house[:, None])
    where = where + rng.normal(0, 0.1, where.shape)
    return World(when, kinds(rng, 80), None, steady(tastes(rng, 90, 80)), where=where)


# ---------------------------------------------------------------- worlds with one dependence


def by_date(
    rng, of_day: Callable[[np.ndarray], np.ndarray], n: int, strength: float, days: int, **more
) -> World:
    """Return a world where a context that holds for a moment says which kinds are wanted."""
    when, kind = clock(rng, 100, 60, days), kinds(rng, 80)
    cause = strength * rng.normal(0, 1, (n, 8))[:, kind]
    common = np.bincount(of_day(when).ravel(), minlength=n) / when.size
    return World(when, kind, town(rng, 80), steady(tastes(rng, 100, 80, 1.0)), cause,
                 lambda k, state: of_day(when[:, k]), common, may_find=("time",),
                 **more)  # fmt: skip


def hours(rng, s: float) -> World:
    """Six parts of the day."""
    return by_date(rng, lambda day: (day % 1 * 6).astype(int), 6, 0.9 * s, HALF_YEAR)


def weekdays(rng, s: float) -> World:
    """Each weekday is its own kind of day."""
    return by_date(rng, lambda day: day.astype(int) % 7, 7, 0.9 * s, HALF_YEAR)


def market_day(rng, s: float) -> World:
    """On Wednesdays there is a market: two kinds are wanted then, and at no other time more."""
    world = by_date(rng, lambda day: (day.astype(int) % 7 == 2).astype(int), 2, 1.0, HALF_YEAR)
    world.cause = np.stack([np.zeros(80), 2.5 * s * (world.kind < 2)])
    return world


def payday(rng, s: float) -> World:
    """In the four days from the 25th on two kinds are wanted."""
    dates = np.array([(START + timedelta(days=d)).day for d in range(YEAR)])
    paid = ((dates >= 25) & (dates < 29)).astype(int)
    world = by_date(rng, lambda day: paid[day.astype(int)], 2, 1.0, YEAR)
    world.cause = np.stack([np.zeros(80), 2.5 * s * (world.kind < 2)])
    return world


def months(rng, s: float) -> World:
    """Kinds have their months, in each of two and a half years."""
    return by_date(rng, lambda day: (day % 365.25 / 365.25 * 12).astype(int) % 12, 12, 0.9 * s, 900)


def rain(rng, s: float) -> World:
    """Rain comes in spells; the person brings a table of wet days."""
    wet = np.zeros(HALF_YEAR, int)
    for d in range(1, HALF_YEAR):
        wet[d] = rng.random() < (0.65 if wet[d - 1] else 0.2)
    days = [(START + timedelta(days=d)).date() for d in range(HALF_YEAR)]
    dates = pl.DataFrame({"date": days, "rain": ["wet" if w else "dry" for w in wet]})
    return by_date(rng, lambda day: wet[day.astype(int)], 2, 0.9 * s, HALF_YEAR, dates=dates)


def near_the_last(rng, s: float) -> World:
    """The next place is near the last one."""
    at = town(rng, 90)
    base = steady(tastes(rng, 100, 90, 1.0))
    return World(clock(rng, 100, 60, HALF_YEAR), kinds(rng, 90), at, base,
                 s * nearness(at, at, 5.0), lambda k, state: state.last, np.full(90, 1 / 90),
                 may_find=("space", "order"))  # fmt: skip


def districts(rng, s: float) -> World:
    """What people buy depends on the district they are in."""
    middle = rng.uniform(-8, 8, (8, 2))
    here = rng.integers(0, 8, (100, 60))
    kind = kinds(rng, 80)
    where = middle[here] + rng.normal(0, 0.4, (100, 60, 2))
    cause = 0.9 * s * rng.normal(0, 1, (8, 8))[:, kind]
    return World(clock(rng, 100, 60, HALF_YEAR), kind, None, steady(tastes(rng, 100, 80, 1.0)),
                 cause, lambda k, state: here[:, k], np.full(8, 1 / 8), where=where,
                 may_find=("space",))  # fmt: skip


def hour_and_district(rng, s: float) -> World:
    """In the one half of the town mornings are for what the other half wants in the evening."""
    when, kind = clock(rng, 100, 60, HALF_YEAR), kinds(rng, 80)
    here = rng.integers(0, 8, (100, 60))
    middle = np.column_stack([np.linspace(-9, 9, 8), rng.uniform(-3, 3, 8)])
    where = middle[here] + rng.normal(0, 0.4, (100, 60, 2))
    late = (when % 1 > 15 / 24).astype(int)
    wanted = rng.choice([-1.0, 1.0], 8)[kind]
    cause = 0.9 * s * np.stack([wanted, -wanted])
    return World(when, kind, None, steady(tastes(rng, 100, 80, 1.0)), cause,
                 lambda k, state: late[:, k] ^ (here[:, k] < 4), np.full(2, 0.5), where=where,
                 may_find=("interaction",))  # fmt: skip


def round_trips(rng, s: float) -> World:
    """From home to somewhere and home again."""
    house = rng.integers(0, 80, 100)
    liked = tastes(rng, 100, 80, 1.0)
    liked[np.arange(100), house] = liked.max(axis=1) + 1.0
    cause = np.zeros((100, 2, 80))
    cause[np.arange(100), 0, house] = -2.0 * s
    cause[np.arange(100), 1, house] = 2.0 * s
    return World(clock(rng, 100, 60, HALF_YEAR), kinds(rng, 80), town(rng, 80), steady(liked),
                 cause, lambda k, state: (state.last != house).astype(int), np.full(2, 0.5),
                 may_find=("space", "order"))  # fmt: skip


def series(rng, s: float) -> World:
    """What comes next is the next episode, and nothing has a place."""
    follow = np.full((80, 80), 0.0)
    follow[np.arange(80), (np.arange(80) + 1) % 80] = 3.5 * s
    return World(clock(rng, 100, 60, HALF_YEAR), kinds(rng, 80), None,
                 steady(tastes(rng, 100, 80, 1.0)), follow, lambda k, state: state.last,
                 np.full(80, 1 / 80), may_find=("order",))  # fmt: skip


def tours(rng, s: float) -> World:
    """Sights are seen along a trail that crosses the town to and fro."""
    trail = rng.permutation(60)
    follow = np.zeros((60, 60))
    for step, gain in ((1, 2.5), (2, 1.2)):
        follow[trail, np.roll(trail, -step)] = gain * s
    return World(clock(rng, 100, 60, HALF_YEAR), kinds(rng, 60), town(rng, 60),
                 steady(tastes(rng, 100, 60, 1.0)), follow, lambda k, state: state.last,
                 np.full(60, 1 / 60), may_find=("space", "order"))  # fmt: skip


NULL = (plain, homes, exploration, bursts, cohorts, wandering, moving, second_home, openings,
        one_season, specials, trends, baskets, few_users, night_owls, commuters)  # fmt: skip
POWER = (hours, weekdays, market_day, payday, months, rain, near_the_last, districts,
         hour_and_district, round_trips, series, tours)  # fmt: skip
KINDS: dict[str, Callable[..., World]] = {each.__name__: each for each in (*NULL, *POWER)}
