"""Data that name nobody, as the test sees them: blocks of whole days in place of users."""

from dataclasses import fields, replace

import numpy as np

from strec.split import Log, local_us

#: Days of a block at least, so that each of its halves has a whole one, and the most blocks.
DAYS_PER_BLOCK, MOST_BLOCKS = 2, 200
#: Blocks of days hold each weekday as often only if they are not dealt out week by week.
_WEEK = 7


def in_blocks(log: Log) -> Log:
    """Return a log whose owners are blocks of whole days, where nobody is named.

    What is resampled and shuffled within must hang together: days are dealt out to the blocks in
    turn, so that both halves of each block hold whole days of all the span. The place of a trip is
    where it begins, which is known when its end is asked for.

    Parameters
    ----------
    log : Log
        Check-ins; where users are named their trips alone get the place of their start.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import Vocabulary, encode
    >>> table = schema.example()
    >>> in_blocks(encode(table, Vocabulary.of(table))).owner_ids.tolist()
    ['ann', 'bob']
    """
    if log.has_origins:
        log = replace(log, lat=log.origin_lat, lon=log.origin_lon)
    if not log.is_anonymous or not len(log):
        return log
    day = local_us(log.time_us, log.offset_min) // 86_400_000_000
    _, day = np.unique(day, return_inverse=True)
    n_days = int(day.max()) + 1
    n = min(max(n_days // DAYS_PER_BLOCK, 1), MOST_BLOCKS)
    n -= n > _WEEK and n % _WEEK == 0
    owner = (day % n).astype(np.int32)
    order = np.lexsort((log.item, log.time_us, owner))
    rows = {
        each.name: vars(log)[each.name][order]
        for each in fields(log)
        if each.name not in ("vocabulary", "owner_ids", "owner", "is_anonymous")
    }
    names = np.array([f"block {k}" for k in range(n)], dtype=object)
    return replace(log, owner_ids=names, owner=owner[order], **rows)
