"""One to three sentences about a suggestion, every number counted from visible check-ins."""

import numpy as np
import polars as pl

from strec.geo import distance_km
from strec.models.base import Explanation, ScorePart
from strec.split import Queries, local_us
from strec.wording import distance, plural

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
#: A part is worth words when it is at least this share of the probability, for or against.
_WORTH_SAYING = 0.1
_WEEK_US = 7 * 86_400_000_000


def sentences(query: Queries, code: int, explanation: Explanation) -> list[str]:
    """Return what the visible check-ins say for and against an item.

    Parameters
    ----------
    query : Queries
        The question, one row.
    code : int
        The item.
    explanation : Explanation
        The parts of its probability.
    """
    visits = query.indices[query.log.item[query.indices] == code]
    said = [_past(query, visits) if len(visits) else _new(query)]
    # Habit is what the first sentence tells.
    parts = sorted(explanation.parts, key=lambda part: -part.value)
    least = _WORTH_SAYING * explanation.score
    for_it = [part for part in parts if part.name != "habit" and part.value > least][:2]
    against = [part for part in parts if part.name != "habit" and part.value < -least][-1:]
    for opening, chosen in (("In its favour", for_it), ("Against it", against)):
        phrases = [_phrase(query, code, part, visits) for part in chosen]
        phrases = list(dict.fromkeys(filter(None, phrases)))
        if phrases:
            said.append(f"{opening}: {', and '.join(phrases)}.")
    return said


def quoted(name: str) -> str:
    """Return a name in quotes that it cannot close: it is data, whatever it says.

    Examples
    --------
    >>> quoted("Joe”s, and best of all “Bars")
    '“Joe"s, and best of all "Bars”'
    """
    return "“" + " ".join(name.replace("“", '"').replace("”", '"').split()) + "”"


def names_in_labels(query: Queries, code: int) -> dict[str, str]:
    """Return the names that labels of parts need: the last item, and the item's category."""
    vocabulary, log = query.vocabulary, query.log
    last = log.item[query.last[0]] if query.last[0] >= 0 else -1
    category = vocabulary.item_category[code]
    return {
        "last": str(vocabulary.item_name[last]) if last >= 0 else "the last check-in",
        "category": str(vocabulary.categories[category]) if category >= 0 else "unknown",
    }


def _past(query: Queries, visits: np.ndarray) -> str:
    n, total = len(visits), int(query.length[0])
    last = local_us(query.log.time_us[visits[-1:]], query.log.offset_min[visits[-1:]])
    day = pl.Series(last).cast(pl.Datetime("us")).dt.strftime("%-d %b %Y")[0]
    if n == 1:
        return f"Chosen once before, on {day}, in {plural(total, 'check-in')}."
    return f"Chosen {n:,} times in {total:,} check-ins ({100 * n / total:.0f} %), last on {day}."


def _new(query: Queries) -> str:
    n = int(query.length[0])
    if not n:
        return "Nothing is known of this person's past: only what others do can speak."
    if n == 1:
        return "Something new: not that of the one earlier check-in."
    return f"Something new: not among the {n:,} earlier check-ins."


def _phrase(query: Queries, code: int, part: ScorePart, visits: np.ndarray) -> str:
    """Return the fact behind one part, in numbers counted from the visible check-ins.

    Empty where the count would speak the other way: the part then rests on what others do.
    """
    log, n, names = query.log, len(visits), names_in_labels(query, code)
    if part.name == "hour":
        apart = np.abs(log.hour[visits] - query.hour[0])
        close = int((np.minimum(apart, 24 - apart) <= 2).sum())
        said = f"{_of_them(close, n)} within two hours of {_clock(query.hour[0])}"
        return said if close or part.value < 0 else "others choose it at this hour"
    if part.name == "weekday":
        day = int(query.weekday[0])
        same = int((log.weekday[visits] == day).sum())
        return f"{_of_them(same, n)} on a {DAYS[day]}" if same or part.value < 0 else ""
    if part.name == "recency":
        days = (query.time_us[0] - log.time_us[visits[-1]]) / 86.4e9
        return f"the last visit was {_ago(days)}"
    if part.name == "sequence":
        return _sequence(query, code, part, visits)
    if part.name in ("near", "close by"):
        return _how_far(query, code, visits)
    if part.name == "taste":
        same = int((_categories(query) == query.vocabulary.item_category[code]).sum())
        return (
            f"{same:,} of {query.length[0]:,} earlier check-ins {'is' if same == 1 else 'are'} "
            f"{quoted(names['category'])} too"
        )
    return {
        "popular": "others choose it often",
        "popular now": "others choose it often"
        if np.isnan(query.hour[0])
        else f"others choose it around {_clock(query.hour[0])}",
        "follows": f"others choose it after {quoted(names['last'])}",
        "others": "people with a like past choose it",
        "text": "it is like what came before",
    }.get(part.name, "")


def _sequence(query: Queries, code: int, part: ScorePart, visits: np.ndarray) -> str:
    last = names_in_labels(query, code)["last"]
    if query.log.item[query.last[0]] == code:
        return "it was the last check-in"
    after = _after(query, visits)
    if after:
        return f"{_of_them(after, len(visits))} right after {quoted(last)}"
    return f"{_of_them(0, len(visits))} right after {quoted(last)}" if part.value < 0 else ""


def _of_them(count: int, n: int) -> str:
    """Return how many of n visits, with a verb.

    Examples
    --------
    >>> _of_them(0, 3), _of_them(1, 3), _of_them(1, 1)
    ('none of the 3 visits was', '1 of the 3 visits was', 'the visit was')
    """
    if n == 1:
        return "the visit was" if count else "the visit was not"
    if not count:
        return f"none of the {n:,} visits was"
    return f"{count:,} of the {n:,} visits {'was' if count == 1 else 'were'}"


def _ago(days: float) -> str:
    if days < 1:
        hours = max(round(days * 24), 1)
        return f"{plural(hours, 'hour')} before"
    return f"{plural(round(days), 'day')} before"


def _after(query: Queries, visits: np.ndarray) -> int:
    """Count the visits that came right after the item of the last check-in."""
    log = query.log
    before = np.maximum(visits - 1, 0)
    linked = (log.session[before] == log.session[visits]) & (before < visits)
    return int((linked & (log.item[before] == log.item[query.last[0]])).sum())


def _how_far(query: Queries, code: int, visits: np.ndarray) -> str:
    vocabulary, log = query.vocabulary, query.log
    if vocabulary.item_is_place[code]:
        lat, lon = vocabulary.item_lat[code], vocabulary.item_lon[code]
        km = float(distance_km(query.lat[0], query.lon[0], lat, lon))
        return f"it is {distance(km)} away"
    km = distance_km(query.lat[0], query.lon[0], log.lat[visits], log.lon[visits])
    if not len(visits) or np.isnan(km).all():
        return "others choose it near here"
    return f"the nearest of the visits was {distance(float(np.nanmin(km)))} from here"


def _categories(query: Queries) -> np.ndarray:
    item = query.log.item[query.indices]
    own = query.vocabulary.item_category[item]
    return np.where(item >= 0, own, query.log.category[query.indices])


def _clock(hour: float) -> str:
    minutes = int(round(hour * 60)) % 1440
    return f"{minutes // 60}:{minutes % 60:02d}"
