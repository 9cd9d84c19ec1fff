"""What describes a world: its words, its city, its clock and its kinds of items."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

#: A bump of a daily profile: local hour of the peak, its width in hours, its weight.
Peak = tuple[float, float, float]


@dataclass(frozen=True)
class Category:
    """A kind of item: when and where it fits, how its items are called and described.

    Parameters
    ----------
    name : str
        The category as shown.
    peaks : tuple of (hour, width_hours, weight)
        When it fits, over the local day.
    open_hours : tuple of int
        Local opening and closing hour; closing may pass 24 (``(18, 27)``: until 3 at night).
    weekend : float
        How well it fits on Saturday and Sunday, relative to a weekday.
    kinds : tuple of str
        Kinds of district where it is at home.
    patterns : tuple of str
        Name patterns; each ``{}`` takes a word of `words`.
    noun, features : str and tuple of str
        For the description: ``{Adjective} {noun} in {district}, {feature}.``
    value : tuple of float
        Median of `value` (rating, price, minutes) and its spread as a log standard deviation.
    words : tuple of str
        Words for the patterns; the scenario's own words when empty.
    share : float
        Relative number of items.

    Examples
    --------
    >>> from strec.simulation import SCENARIOS
    >>> SCENARIOS["social"].categories[0].name
    'Coffee Shop'
    """

    name: str
    peaks: tuple[Peak, ...]
    open_hours: tuple[int, int]
    weekend: float
    kinds: tuple[str, ...]
    patterns: tuple[str, ...]
    noun: str
    features: tuple[str, ...]
    value: tuple[float, float] = (4.0, 0.15)
    words: tuple[str, ...] = ()
    share: float = 1.0


@dataclass(frozen=True)
class Scenario:
    """A world to simulate. The city is invented; only its centre and time zone are real.

    Parameters
    ----------
    title, world, story : str
        For people: a title, the world's name, two sentences of what to look for.
    item_word, item_word_plural, user_word : str
        What an item and a user are called here.
    city, lat, lon, radius_km, time_zone
        The anchor; every place lies within `radius_km` of it.
    item_is_place : bool
        True where the item is a POI and a check-in happens at the item; False where the item
        has no place of its own and a check-in happens where the user is.
    n_items : int
        Number of items by default.
    step_km : float
        The distance over which a place stops being near, for the spatial fit.
    loyalty : float
        How much a user prefers their few favourites, as a factor.
    stay_days : tuple of int, optional
        Each user is in the city only for so many days (shortest, longest).
    weekday_peaks, weekend_peaks : tuple of (hour, width_hours, weight)
        When people check in.
    weekday_weights : tuple of float
        Activity from Monday to Sunday.
    season : tuple of float
        Day of the year with most activity, and how much more there is, from 0 to 1.
    events : tuple of (str, float)
        Values of `event` and their shares.
    value_word : str
        What `value` is: a rating, a price, minutes.
    value_noise, value_limit : float
        How much the value varies between check-ins of an item, and the most it can be.
    river : str
        The name of the river that the map of the city shows.
    districts : tuple of (str, str)
        Name and kind; the first is the centre.
    categories : tuple of Category
        The kinds of items.
    words, adjectives : tuple of str
        Words for names and descriptions.

    Examples
    --------
    >>> from strec.simulation import SCENARIOS
    >>> SCENARIOS["travel"].item_is_place
    True
    """

    title: str
    world: str
    story: str
    item_word: str
    item_word_plural: str
    user_word: str
    city: str
    lat: float
    lon: float
    radius_km: float
    time_zone: str
    item_is_place: bool
    n_items: int
    step_km: float
    loyalty: float
    weekday_peaks: tuple[Peak, ...]
    weekend_peaks: tuple[Peak, ...]
    weekday_weights: tuple[float, ...]
    season: tuple[float, float]
    events: tuple[tuple[str, float], ...]
    value_word: str
    value_noise: float
    value_limit: float
    river: str
    districts: tuple[tuple[str, str], ...]
    categories: tuple[Category, ...]
    words: tuple[str, ...]
    adjectives: tuple[str, ...]
    stay_days: tuple[int, int] | None = None


def read_scenario(name: str) -> Scenario:
    """Return a scenario of `strec/data/scenarios` by the name of its file."""
    # The loader in C is ten times as fast; not every build of PyYAML has it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = files("strec").joinpath("data", "scenarios", f"{name}.yaml").read_text("utf-8")
    found = yaml.load(text, Loader=loader)
    categories = tuple(Category(**_as_tuples(each)) for each in found.pop("categories"))
    return Scenario(**_as_tuples(found), categories=categories)


def _as_tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_tuples(each) for key, each in value.items()}
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value
