"""When: the time of a check-in, and where it has one, its end."""

from functools import partial

import polars as pl

from strec.io.column_facts import Facts
from strec.io.column_names import EVENT_TIMES, OTHER_TIMES, coordinate, meaning, named, words_of
from strec.io.quantities import share
from strec.io.roles.draft import ENOUGH, SURE, Draft
from strec.io.times import WALL, parse_time

#: Words of times that end what another time begins, and are no end of a way.
_END_TIMES = {"end", "ended", "closed", "stop", "checkout", "exit", "expire", "departure"}


def when(draft: Draft) -> None:
    """Take the time, and the end of what has a start and an end."""
    scores = {column: _time_score(draft, draft.table[column]) for column in draft.free}
    best = draft.best("timestamp", scores, partial(_same_time, draft))
    draft.ranked["timestamp"] += [
        column
        for column in draft.free
        if not scores[column] and draft.table[column].is_number_time and not coordinate(column)
    ]
    if best:
        if best.confidence >= SURE or best.runner_up is None:
            draft.take("timestamp", best.column, best.confidence, best.runner_up, best.why)
        else:
            draft.doubt("timestamp", best.column, best.confidence, best.runner_up, best.why)
    start = draft.column("timestamp") or (best.column if best else None)
    if start is None or not draft.is_open("end_timestamp"):
        return
    # A pair of start and end; where both ends are called so, by the same other words.
    for column in draft.free:
        is_end = meaning(column).end == 1 or _END_TIMES & set(words_of(column))
        if scores[column] and column != start and is_end and _ends_later(draft, start, column):
            draft.take("end_timestamp", column, 0.9 if meaning(start).end == 0 else 0.75)
            break


def _time_score(draft: Draft, facts: Facts) -> float:
    name = named("timestamp", facts.column)
    if not (facts.is_written_time or (facts.is_number_time and name > 0)):
        return 0.0
    words = set(words_of(facts.column))
    score = 0.5 + name / 2 if name else 0.75
    if words & (OTHER_TIMES | _END_TIMES) or meaning(facts.column).end == 1:
        score -= 0.3
    elif words & EVENT_TIMES or meaning(facts.column).end == 0:
        score += 0.1
    if facts.n >= ENOUGH and facts.n_distinct == 1:
        score -= 0.3
    # A day is less than a moment.
    text = facts.looked.cast(pl.String)
    if facts.is_written_time and not share(text.str.contains(r"\d:\d\d|T\d\d|\d{12}")) > 0.5:
        score -= 0.05
    return min(max(score, 0.05), 1.0)


def _same_time(draft: Draft, one: str, other: str) -> bool:
    """Tell whether two columns write the same moments, so that either will do."""
    return (
        draft.table.dependence(one, other).is_shown
        and draft.table.dependence(other, one).is_shown
        and draft.table[one].distinct_share < 1
    )


def _ends_later(draft: Draft, start: str, end: str) -> bool:
    """Tell whether a time comes after another, both written in one way."""
    formats = [draft.table[column].time.time_format for column in (start, end)]
    if formats[0] is None or formats[0] != formats[1]:
        return False
    rows = draft.table.sample.head(1000)
    walls = [parse_time(rows[column], formats[0])[WALL] for column in (start, end)]
    return share(walls[1] >= walls[0]) >= 0.95 and share(walls[1] > walls[0]) >= 0.3
