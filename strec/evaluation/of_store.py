"""Cut a store for evaluation: all of it, or some of its users where it is very large."""

import numpy as np
import polars as pl

from strec import schema
from strec.split import Split, split
from strec.store import Filters, Store

#: Check-ins that are encoded at once; of a larger store whole users are drawn.
MOST_CHECKINS = 1_000_000


def split_of_store(
    store: Store, *, at_most: int = MOST_CHECKINS, seed: int = 0
) -> tuple[Split, str]:
    """Return a store's check-ins cut 80/10/10 by time, and a note where users were drawn.

    Raises
    ------
    SplitError
        If there are too few check-ins.

    Examples
    --------
    >>> import tempfile
    >>> store = Store.create(schema.example(), tempfile.mkdtemp() + "/s", name="Example")
    >>> parts, note = split_of_store(store)
    >>> len(parts.log), note
    (4, '')
    """
    n = store.meta["n_checkins"]
    columns = [*schema.REQUIRED, *(c for c in schema.OPTIONAL if store.has(c))]
    if n <= at_most:
        return split(store.checkins(columns=columns)), ""
    users = _draw(store.users(), at_most, seed)
    drawn = store.checkins(Filters(users=tuple(users)), columns=columns)
    note = (
        f"{len(drawn):,} of {n:,} check-ins: {len(users):,} of {store.meta['n_users']:,} users, "
        "drawn by chance, with all they did."
    )
    return split(drawn), note


def _draw(users: pl.DataFrame, at_most: int, seed: int) -> list[str]:
    """Return users in random order whose check-ins together stay within a number."""
    order = np.random.default_rng(seed).permutation(len(users))
    shuffled = users[order]
    n = int((shuffled["n_checkins"].cum_sum() <= at_most).sum())
    # At least one user: else there is nothing to say.
    return shuffled[schema.USER].head(max(n, 1)).to_list()
