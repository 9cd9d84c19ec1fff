"""A query as a text: the moment asked about, and the recent check-ins, the latest first."""

import numpy as np

from strec.llm.texts import DAYPARTS, daypart_of_hour, item_texts
from strec.split import Queries

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_AGES_H = (
    (1, "just before"), (6, "some hours before"), (24, "within a day"), (48, "a day before"),
    (24 * 7, "within a week"), (24 * 31, "within a month"), (np.inf, "long ago"),
)  # fmt: skip


def trajectory_texts(queries: Queries, n_recent: int = 8) -> list[str]:
    """Return one text per query; nothing in it is later than what the query may know.

    Parameters
    ----------
    queries : Queries
        The queries.
    n_recent : int
        Check-ins told at most.

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
        ages = (queries.time_us[row] - log.time_us[rows]) / 3.6e9
        said = [
            f"{names[log.item[each]]}, {_age(age)}" for each, age in zip(rows, ages, strict=True)
        ]
        moment = "Some time"
        if queries.weekday[row] >= 0:
            hour = int(queries.hour[row])
            moment = f"{_DAYS[queries.weekday[row]]} {DAYPARTS[part[hour]][0]}"
        texts.append(f"{moment}. Before: {'; '.join(said) or 'nothing'}.")
    return texts


def _age(hours: float) -> str:
    return next(words for limit, words in _AGES_H if hours < limit)
