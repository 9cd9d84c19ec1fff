"""Groups of users that every data set has."""

from datetime import timedelta

import polars as pl

from strec import schema
from strec.errors import AnalysisError
from strec.export import MIN_USERS
from strec.store import Filters, HasStore, Store, need_store

#: Who is seen over a shorter span is a visitor (Girardin et al. 2008).
VISIT_DAYS = 30


def user_groups(data: HasStore | Store) -> dict[str, dict[str, Filters]]:
    """Return pairs of groups of users: by how much they do, how long they stay, when they came.

    Parameters
    ----------
    data : Dataset or Store
        Whose users; a pair in which a group is of fewer than five users is left out.

    Returns
    -------
    dict
        What a pair is called → two names, each with the filters of its users.

    Raises
    ------
    AnalysisError
        If nobody is named.

    References
    ----------
    Girardin et al. 2008, *Digital footprinting: uncovering tourists with user-generated content*,
    IEEE Pervasive Computing.

    Examples
    --------
    >>> from strec.dataset import Dataset
    >>> list(user_groups(Dataset.sample("social")))[0]
    'The most active users and the others'
    """
    store = need_store(data)
    store.need_people()
    users = store.users().sort("n_checkins", schema.USER, descending=[True, False])
    if users.is_empty():
        raise AnalysisError("Groups need users.", "no check-ins.", "Add data.")
    tenth = max(users.height // 10, 1)
    busiest = pl.Series([row < tenth for row in range(users.height)])
    pairs = {
        "The most active users and the others": (
            busiest, f"the {tenth:,} most active users", "all other users"
        ),
    }  # fmt: skip
    first, last = users["first"].min(), users["last"].max()
    if last - first > timedelta(days=2 * VISIT_DAYS):  # type: ignore[operator]
        short = (users["last"] - users["first"]) < pl.duration(days=VISIT_DAYS)
        pairs["Visitors and residents"] = (
            users.select(short=short)["short"], f"visitors (seen over less than {VISIT_DAYS} days)",
            f"residents (seen over {VISIT_DAYS} days or more)",
        )  # fmt: skip
    middle = first + (last - first) / 2  # type: ignore[operator]
    pairs["Newcomers and old hands"] = (
        users["first"] > middle, "newcomers (first seen in the second half)",
        "old hands (seen in the first half)",
    )  # fmt: skip
    made = {}
    for title, (mask, one, other) in pairs.items():
        if min(int(mask.sum()), int((~mask).sum())) >= MIN_USERS:
            made[title] = {
                name: Filters(users=tuple(sorted(users.filter(who)[schema.USER])))
                for name, who in ((one, mask), (other, ~mask))
            }
    return made
