"""One to three sentences about a suggestion, every number counted from visible check-ins."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from strec.export import MIN_USERS
from strec.geo import distance_km
from strec.models.base import Explanation, ScorePart
from strec.split import Log, Queries, local_us
from strec.wording import WEEKDAYS, distance, plural, share

#: A part is worth words when it is at least this share of the probability, for or against.
_WORTH_SAYING = 0.1
#: What is had in several places was had near here within this distance.
_NEAR_KM = 1.0
#: A distance is compared with the person's own steps when there are at least so many.
_FEWEST_STEPS = 5
#: Distances that differ by less are the same.
_SAME_KM = 1e-3
#: So much more than half of what it is compared with must be on one side of a fact.
_CLEARLY = 0.1
_MORE = {1: "more ", 0: "", -1: "less "}


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
    said = [_past(query, visits) if len(visits) else _new(query, code)]
    # Habit is what the first sentence tells.
    parts = sorted(explanation.parts, key=lambda part: -part.value)
    least = _WORTH_SAYING * explanation.score
    worth = [part for part in parts if part.name != "habit" and abs(part.value) > least]
    # A fact takes a side only where it and its part point the same way; else it takes none.
    facts: dict[int, list[str]] = {1: [], -1: [], 0: []}
    for part in worth:
        fact = _fact(query, code, part, visits)
        if fact.text and fact.text not in sum(facts.values(), []):
            facts[fact.side if fact.side * part.value > 0 else 0].append(fact.text)
    for opening, chosen in (("In its favour", facts[1][:2]), ("Against it", facts[-1][-1:])):
        if chosen:
            said.append(f"{opening}: {', and '.join(chosen)}.")
    if len(said) == 1 and facts[0]:
        said.append(f"Neither for nor against it: {facts[0][0]}.")
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
    """Return the names that labels of parts need: where one is, and the item's category."""
    vocabulary, last = query.vocabulary, int(query.here[0])
    category = vocabulary.item_category[code]
    return {
        "last": str(vocabulary.item_name[last])
        if last >= 0
        else "anywhere"
        if query.log.is_anonymous
        else "the last check-in",
        "category": str(vocabulary.categories[category]) if category >= 0 else "unknown",
    }


def from_where(query: Queries) -> str:
    """Return what is looked back at where nobody is named: trips from one place, or everything.

    Empty where a person asks.
    """
    if not query.log.is_anonymous:
        return ""
    if query.here[0] >= 0:
        return f"trips from {quoted(names_in_labels(query, -1)['last'])}"
    return "check-ins of everybody"


def _past(query: Queries, visits: np.ndarray) -> str:
    n, total = len(visits), int(query.length[0])
    last = local_us(query.log.time_us[visits[-1:]], query.log.offset_min[visits[-1:]])
    day = pl.Series(last).cast(pl.Datetime("us")).dt.strftime("%-d %b %Y")[0]
    checkins = from_where(query) or "check-ins"
    if n == 1:
        counted = f"{total:,} {checkins}" if total > 1 else "1 check-in"
        return f"Chosen once before, on {day}, in {counted}."
    return f"Chosen {n:,} times in {total:,} {checkins} ({100 * n / total:.0f} %), last on {day}."


def nobody_yet(log: Log, code: int) -> str:
    """Return that nobody took an item yet, in the words for a place or a thing; else nothing.

    Parameters
    ----------
    log : Log
        All check-ins.
    code : int
        The item.

    Examples
    --------
    >>> from strec import Dataset, schema
    >>> pool = pl.DataFrame({"item_id": ["pool", "app"], "lat": [40.7, None], "lon": [-74.0, None]})
    >>> log = Dataset(schema.example(), catalogue=pool).everything
    >>> [nobody_yet(log, int(code)) for code in log.vocabulary.item_codes(pool["item_id"])]
    ['nobody has been here yet', 'nobody took it yet']
    """
    if not log.untaken[code]:
        return ""
    is_place = bool(log.vocabulary.item_is_place[code])
    return "nobody has been here yet" if is_place else "nobody took it yet"


def _new(query: Queries, code: int) -> str:
    if said := nobody_yet(query.log, code):
        return f"{said[0].upper()}{said[1:]}: what is known of it speaks."
    n, checkins = int(query.length[0]), from_where(query)
    if checkins:
        if n:
            return f"Not among the {n:,} earlier {checkins}: what is done elsewhere speaks."
        return "From wherever it may be: what everybody does speaks."
    if not n:
        return "Nothing is known of this person's past: only what others do can speak."
    if n == 1:
        return "Something new: not that of the one earlier check-in."
    return f"Something new: not among the {n:,} earlier check-ins."


@dataclass(frozen=True)
class _Fact:
    """What can be counted behind a part, and whether it is more (1) or less (-1) than usual."""

    text: str
    side: int = 0


def _fact(query: Queries, code: int, part: ScorePart, visits: np.ndarray) -> _Fact:
    """Return the fact behind one part, counted from visible check-ins, beside its base rate."""
    log = query.log
    if part.name == "hour" and not log.has_clock:
        return _Fact("")
    if part.name == "hour":
        counted = _counted(query, visits, _near_in_time, f"within two hours of {_clock(query)}")
        return counted if counted.side * part.value > 0 else _others_now(query, code)
    if part.name == "weekday":
        return _counted(query, visits, _same_weekday, f"on a {WEEKDAYS[int(query.weekday[0])]}")
    if part.name == "sequence":
        if log.is_anonymous:
            return _Fact("")  # All that is looked back at began here.
        last = quoted(names_in_labels(query, code)["last"])
        itself = " itself" if query.here[0] == code else ""
        how = "from" if log.has_origins else "right after"
        return _counted(query, visits, _after_last, f"{how} {last}{itself}")
    if part.name == "recency":
        return _how_recent(query, visits)
    if part.name in ("near", "close by"):
        return _how_far(query, code, visits)
    if part.name == "taste":
        return _taste(query, code)
    if part.name == "popular":
        return _others_often(query, code)
    if part.name == "popular now":
        return _others_now(query, code)
    if part.name == "follows":
        return _others_after(query, code)
    # What the model says itself, and nothing here can count.
    alike = (
        "people choose it from starts with like trips"
        if log.is_anonymous
        else ("people with a like past choose it")
    )
    said = {"others": alike, "text": "it is like what came before"}
    return _Fact(said.get(part.name, ""), int(np.sign(part.value)))


def _side(own: float, usual: float) -> int:
    return int(np.sign(own - usual)) if own == own and usual == usual else 0


def _side_of_middle(part: float) -> int:
    """Return whether a share of all is clearly more than half of it, or clearly less."""
    return int(np.sign(part - 0.5)) if abs(part - 0.5) >= _CLEARLY else 0


def _counted(
    query: Queries, visits: np.ndarray, holds: Callable[[Queries, np.ndarray], np.ndarray], how: str
) -> _Fact:
    """Return in how many of the visits something holds, beside all of the person's check-ins."""
    if not len(visits):
        return _Fact("")
    count, usual = int(holds(query, visits).sum()), float(holds(query, query.indices).mean())
    text = f"{_of_them(count, len(visits))} {how} (all check-ins: {share(usual)})"
    # That none is where less than one would be expected says nothing.
    is_telling = count or usual * len(visits) >= 1
    return _Fact(text, _side(count / len(visits), usual) if is_telling else 0)


def _near_in_time(query: Queries, rows: np.ndarray) -> np.ndarray:
    apart = np.abs(query.log.hour[rows] - query.hour[0])
    return np.minimum(apart, 24 - apart) <= 2


def _same_weekday(query: Queries, rows: np.ndarray) -> np.ndarray:
    return query.log.weekday[rows] == query.weekday[0]


def _after_last(query: Queries, rows: np.ndarray) -> np.ndarray:
    """Tell which check-ins came right after the item of the last one."""
    return (query.log.came_from[rows] == query.here[0]) & (query.here[0] >= 0)


def _how_recent(query: Queries, visits: np.ndarray) -> _Fact:
    log, own = query.log, query.indices
    # The last visit of each item of the history; rows are in order of time.
    _, first_from_the_end = np.unique(log.item[own][::-1], return_index=True)
    latest = log.time_us[own[::-1][first_from_the_end]]
    when = log.time_us[visits[-1]]
    text = f"the last visit was {_ago((query.time_us[0] - when) / 86.4e9, log.has_clock)}"
    if len(latest) < 2:
        return _Fact(text)
    earlier = float((latest < when).sum() / (len(latest) - 1))
    which = "more" if earlier >= 0.5 else "less"
    most = _most(max(earlier, 1 - earlier))
    return _Fact(f"{text} ({which} recent than {most} of the others)", _side_of_middle(earlier))


def _taste(query: Queries, code: int) -> _Fact:
    vocabulary, log = query.vocabulary, query.log
    category = vocabulary.item_category[code]
    same, n = int((_categories(query) == category).sum()), int(query.length[0])
    earlier = _earlier(query)
    alike = earlier[log.category[earlier] == category]
    if not n or not _points_at_nobody(query, alike):
        return _Fact("")
    usual = len(alike) / len(earlier)
    text = (
        f"{same:,} of {n:,} earlier check-ins {'is' if same == 1 else 'are'} "
        f"{quoted(names_in_labels(query, code)['category'])} too (of everybody's: {share(usual)})"
    )
    return _Fact(text, _side(same / n, usual))


def _most(part: float) -> str:
    """Return a share that is not said to be more than it is."""
    return f"{int(100 * part)} %" if part < 1 else "all"


def _earlier(query: Queries) -> np.ndarray:
    """Return the rows of all people before the moment asked about."""
    if not query.time_known:
        return np.arange(len(query.log))
    return np.flatnonzero(query.log.time_us < query.time_us[0])


def _of_others(query: Queries) -> np.ndarray:
    rows = _earlier(query)
    if not len(query.indices) or query.log.is_anonymous:
        return rows
    return rows[query.log.owner[rows] != query.log.owner[query.indices[0]]]


def _points_at_nobody(query: Queries, rows: np.ndarray) -> bool:
    """Whether enough people made these check-ins to count them aloud; few people are told all."""
    log = query.log
    if log.is_anonymous:
        return len(rows) >= MIN_USERS
    return len(log.owner_ids) < MIN_USERS or len(np.unique(log.owner[rows])) >= MIN_USERS


def _others_often(query: Queries, code: int) -> _Fact:
    rows = _of_others(query)
    item = query.log.item[rows]
    if not _points_at_nobody(query, rows[item == code]):
        return _Fact("")
    counts = np.bincount(item[item >= 0], minlength=len(query.vocabulary.items))
    if not counts[code]:
        return _Fact("")
    above = float((counts < counts[code]).mean())
    text = f"{_who(query)} chose it {plural(int(counts[code]), 'time')}"
    # Of equal counts nobody is ahead: compare with the middle of them.
    side = _side(float(counts[code]), float(np.median(counts)))
    return _Fact(f"{text} (more often than {_most(above)} of all)" if side > 0 else text, side)


def _others_now(query: Queries, code: int) -> _Fact:
    if np.isnan(query.hour[0]) or not query.log.has_clock:
        return _others_often(query, code)
    rows = _of_others(query)
    of_item = rows[query.log.item[rows] == code]
    if not len(of_item) or not _points_at_nobody(query, of_item):
        return _Fact("")
    own, usual = (float(_near_in_time(query, each).mean()) for each in (of_item, rows))
    side = _side(own, usual)
    said = f"{share(own)} of their check-ins there, {share(usual)} anywhere"
    return _Fact(f"{_who(query)} choose it {_MORE[side]}around {_clock(query)} ({said})", side)


def _others_after(query: Queries, code: int) -> _Fact:
    rows = _of_others(query)
    after = rows[_after_last(query, rows)]
    is_it = query.log.item[after] == code
    told = after[is_it] if is_it.any() else after
    if not len(told) or not _points_at_nobody(query, told):
        return _Fact("")
    usual = float((query.log.item[rows] == code).mean())
    side = _side(float(is_it.mean()), usual)
    last = quoted(names_in_labels(query, code)["last"])
    said = f"{is_it.sum():,} of {len(after):,} times, {share(usual)} of all check-ins"
    how = "from" if query.log.has_origins else "after"
    return _Fact(f"{_who(query)} choose it {_MORE[side]}{how} {last} ({said})", side)


def _who(query: Queries) -> str:
    return "people" if query.log.is_anonymous else "others"


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


def _ago(days: float, has_clock: bool) -> str:
    if days < 1 and has_clock:
        hours = max(round(days * 24), 1)
        return f"{plural(hours, 'hour')} before"
    return f"{plural(round(days), 'day')} before"


def _how_far(query: Queries, code: int, visits: np.ndarray) -> _Fact:
    vocabulary, log = query.vocabulary, query.log
    here = query.lat[0], query.lon[0]
    if not vocabulary.item_is_place[code]:
        # What is had in several places is near where it was had.
        lat, lon = log.lat[query.indices], log.lon[query.indices]
        near = dict(zip(query.indices, distance_km(*here, lat, lon) <= _NEAR_KM, strict=True))
        return _counted(
            query,
            visits,
            lambda _, rows: np.array([near[row] for row in rows]),
            f"within {distance(_NEAR_KM)} of here",
        )
    lat, lon = vocabulary.item_lat, vocabulary.item_lon
    km = float(distance_km(*here, lat[code], lon[code]))
    rows = query.indices[1:]
    linked = rows[log.session[rows - 1] == log.session[rows]] if len(rows) else rows
    start = log.lat[linked - 1], log.lon[linked - 1]
    of_what = "the steps so far"
    if log.has_origins:
        linked, of_what = query.indices, "the trips so far"
        start = log.origin_lat[linked], log.origin_lon[linked]
    usual_km = distance_km(*start, log.lat[linked], log.lon[linked])
    usual_km = usual_km[~np.isnan(usual_km)]
    if len(usual_km) < _FEWEST_STEPS:
        usual_km, of_what = distance_km(*here, lat, lon), "all places"
        usual_km = usual_km[~np.isnan(usual_km)]
    # The way back is as long as the way there, whatever the last digit says.
    nearer = float((usual_km > km + _SAME_KM).mean())
    farther = float((usual_km < km - _SAME_KM).mean())
    which, most = ("nearer", nearer) if nearer >= farther else ("farther", farther)
    text = f"it is {distance(km)} away ({which} than {_most(most)} of {of_what})"
    return _Fact(text, _side_of_middle((1 + nearer - farther) / 2))


def _categories(query: Queries) -> np.ndarray:
    item = query.log.item[query.indices]
    own = query.vocabulary.item_category[item]
    return np.where(item >= 0, own, query.log.category[query.indices])


def _clock(query: Queries) -> str:
    minutes = int(round(query.hour[0] * 60)) % 1440
    return f"{minutes // 60}:{minutes % 60:02d}"
