"""Items and queries as texts that a language model understands.

An item is its kind, its name, and when it is busy; a query is the moment asked about and the recent
check-ins, the latest first.
"""

import numpy as np

from strec import schema
from strec.llm.encoder import Encoder
from strec.progress import Progress
from strec.split import Log, Queries, Vocabulary
from strec.wording import WEEKDAYS

#: Parts of the day: name, first hour, number of hours.
DAYPARTS = (
    ("mornings", 5, 6),
    ("at noon", 11, 3),
    ("afternoons", 14, 4),
    ("evenings", 18, 5),
    ("at night", 23, 6),
)
_AGES_H = (
    (1, "just before"), (6, "some hours before"), (24, "within a day"), (48, "a day before"),
    (24 * 7, "within a week"), (24 * 31, "within a month"), (np.inf, "long ago"),
)  # fmt: skip
#: With fewer check-ins an hour profile is chance.
_ENOUGH = 8
#: A part of the day or week is worth words when it is this much busier than the average.
_CLEARLY = 1.3
#: Encoders read little more of a description.
MOST_LETTERS = 300


def item_texts(vocabulary: Vocabulary, train: Log | None = None) -> list[str]:
    """Return one description per item of the vocabulary.

    Parameters
    ----------
    vocabulary : Vocabulary
        The items, with names and categories where the data has them.
    train : Log, optional
        Training check-ins; with them a description says when an item is busiest.

    Returns
    -------
    list of str
        Shape ``(n_items,)``: for instance ``"Coffee Shop: Third Rail. A quiet room with a view,
        busiest weekday mornings"``: kind, name, description, as far as they are known.

    Examples
    --------
    >>> from strec import schema
    >>> item_texts(Vocabulary.of(schema.example()))[:1]
    ['Coffee Shop']
    """
    times = busiest(train, len(vocabulary.items)) if train is not None else None
    texts = []
    for code, (item, name) in enumerate(zip(vocabulary.items, vocabulary.item_name, strict=True)):
        category = vocabulary.item_category[code]
        kind = str(vocabulary.categories[category]) if category >= 0 else ""
        # An id without a name says nothing, nor does where a hexagon is, unless nothing else is
        # known.
        says = name != item and not schema.is_cell_name(str(item))
        own = str(name) if says or not kind else ""
        text = ": ".join(part for part in (kind, own) if part)
        about = str(vocabulary.item_text[code])[:MOST_LETTERS].rstrip(" .")
        text = f"{text}. {about}" if about else text
        texts.append(f"{text}, busiest {times[code]}" if times and times[code] else text)
    return texts


def item_vectors(
    vocabulary: Vocabulary,
    train: Log | None = None,
    encoder: Encoder | None = None,
    *,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return one unit vector per item, ``(n_items, dim)``: half its description, half its category.

    A name may lead astray ("Third Rail" is a coffee shop). On 24 wishes over 1,500 places of New
    York, 0.71 of the ten nearest were of a fitting kind; 0.63 with the description alone, 0.68
    with the category alone.

    Examples
    --------
    >>> from strec import schema
    >>> item_vectors(Vocabulary.of(schema.example())).shape
    (3, 384)
    """
    encoder = encoder or Encoder()
    texts = item_texts(vocabulary, train)
    names = np.append(vocabulary.categories, "")  # Category -1 is the empty text, a zero vector.
    kinds = [str(names[code]) for code in vocabulary.item_category]
    both = encoder.encode([*texts, *kinds], progress=progress).reshape(2, len(texts), -1).sum(0)
    return both / np.maximum(np.linalg.norm(both, axis=1, keepdims=True), 1e-12)


def trajectory_texts(queries: Queries, n_recent: int = 8) -> list[str]:
    """Return one text per query; nothing in it is later than what the query may know.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import split
    >>> parts = split(schema.example(), fractions=(0.75, 0.25, 0))
    >>> trajectory_texts(parts.queries(scored="every"))
    ['Tuesday mornings. Before: Coffee Shop, within a day.']
    """
    log, names = queries.log, item_texts(queries.vocabulary)
    part = daypart_of_hour()
    texts = []
    for row in range(len(queries)):
        rows = queries.indices[queries.indptr[row] : queries.indptr[row + 1]]
        rows = rows[log.item[rows] >= 0][-n_recent:][::-1]
        start = -1 if queries.origin is None else queries.here[row]
        here = f"From {names[start]}. " if start >= 0 else ""
        if log.is_anonymous:
            rows = rows[:0]
        ages = (queries.time_us[row] - log.time_us[rows]) / 3.6e9
        said = [
            f"{names[log.item[each]]}, {_age(age)}" for each, age in zip(rows, ages, strict=True)
        ]
        moment = "Some time"
        if queries.weekday[row] >= 0:
            hour = int(queries.hour[row])
            moment = f"{WEEKDAYS[queries.weekday[row]]} {DAYPARTS[part[hour]][0]}"
        texts.append(f"{moment}. {here}Before: {'; '.join(said) or 'nothing'}.")
    return texts


def busiest(log: Log, n_items: int) -> list[str]:
    """Return when each item is busiest, per hour and in words; empty where no time stands out."""
    known = log.item >= 0
    item = log.item[known]
    part = daypart_of_hour()[log.hour[known].astype(int)]
    by_part = _counts(item, part, n_items, len(DAYPARTS))  # (n_items, n_parts)
    weekend = _counts(item, (log.weekday[known] >= 5).astype(int), n_items, 2)
    n = by_part.sum(axis=1)
    hours = np.array([length for _, _, length in DAYPARTS])
    rate = by_part / hours
    peak = rate.argmax(axis=1)
    stands_out = (n >= _ENOUGH) & (rate.max(axis=1) * 24 > _CLEARLY * n)
    days = np.array([5, 2])
    day_peak = (weekend / days).argmax(axis=1)
    day_stands_out = (weekend / days).max(axis=1) * 7 > _CLEARLY * n
    words = []
    for code in range(n_items):
        day = ("weekday", "weekend")[day_peak[code]] if day_stands_out[code] else ""
        words.append(_words(DAYPARTS[peak[code]][0], day) if stands_out[code] else "")
    return words


def _words(part: str, day: str) -> str:
    """Return a part of the day and of the week in words.

    Examples
    --------
    >>> _words("mornings", "weekday"), _words("at noon", "weekend"), _words("at night", "")
    ('weekday mornings', 'at noon on weekends', 'at night')
    """
    if part.startswith("at "):
        return f"{part} on {day}s" if day else part
    return f"{day} {part}".strip()


def daypart_of_hour() -> np.ndarray:
    """Return the index into `DAYPARTS` of each hour, shape ``(24,)``."""
    part = np.empty(24, dtype=int)
    for i, (_, first, length) in enumerate(DAYPARTS):
        part[(first + np.arange(length)) % 24] = i
    return part


def _counts(item: np.ndarray, group: np.ndarray, n_items: int, n_groups: int) -> np.ndarray:
    flat = np.bincount(item * n_groups + group, minlength=n_items * n_groups)
    return flat.reshape(n_items, n_groups)


def _age(hours: float) -> str:
    return next(words for limit, words in _AGES_H if hours < limit)
