"""To which group of weekly rhythms somebody belongs, by the self-organising map of all users."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from strec.errors import AnalysisError
from strec.split import Queries

#: A week of fewer check-ins than this is mostly chance.
MIN_CHECKINS = 20
#: At most so likely by chance alone; otherwise there are no groups to speak of.
_MOST_P = 0.05


@dataclass(frozen=True)
class Rhythms:
    """The groups of weekly rhythms of a data set.

    Attributes
    ----------
    names : list of str
        What each group is about, the largest group first.
    n_users : list of int
        How many users each has.
    profiles : numpy.ndarray
        Mean share of check-ins per hour of the week, shape ``(n_groups, 168)``.
    why_none : str
        Where there are no groups, why.
    """

    names: list[str]
    n_users: list[int]
    profiles: np.ndarray
    why_none: str = ""

    def group_of(self, query: Queries) -> int | None:
        """Return the group whose week is most like the visible past, None where that is short.

        Profiles are compared as the map compares them, by square roots of shares (Hellinger).
        """
        hours = hours_of_week(query)
        if hours.sum() < MIN_CHECKINS or not len(self.names):
            return None
        apart = np.sqrt(self.profiles) - np.sqrt(hours / hours.sum())
        return int((apart**2).sum(axis=1).argmin())

    def words(self, query: Queries, min_users: int) -> str:
        """Return in one sentence to which group somebody belongs.

        Parameters
        ----------
        query : Queries
            One row, for instance `Answer.query`.
        min_users : int
            A group of fewer is not told.
        """
        if not self.names:
            return f"No groups of weeks: {self.why_none}."
        group = self.group_of(query)
        if group is None:
            return f"No group of weeks yet: that takes {MIN_CHECKINS} check-ins."
        if self.n_users[group] < min_users:
            return f"The group of weeks is not shown: it has fewer than {min_users} people."
        return (
            f"Week: group {group + 1} of {len(self.names)}, {self.names[group]}, "
            f"{self.n_users[group]:,} people."
        )


def rhythms(habits: pd.DataFrame) -> Rhythms:
    """Return the groups of weekly rhythms; none where there are too few users, or only chance.

    Parameters
    ----------
    habits : pandas.DataFrame
        `user`, `hour_of_week`, `n_checkins`, as from `Store.user_weeks`.

    Examples
    --------
    >>> few = pd.DataFrame({"user": [0], "hour_of_week": [8], "n_checkins": [30]})
    >>> rhythms(few).names
    []
    """
    # The map needs scipy and scikit-learn, which the first answer of a page can do without.
    from strec.spatial import activity_map

    try:
        found = activity_map(habits, min_checkins=MIN_CHECKINS)
    except AnalysisError:
        return _none(f"too few people here have {MIN_CHECKINS} check-ins")
    if found.p > _MOST_P or len(found.clusters) < 2:
        return _none("that the weeks of people here differ cannot be told from chance")
    clusters = found.clusters.sort_values("cluster")
    return Rhythms(clusters["name"].to_list(), clusters["n_units"].to_list(), found.profiles)


def _none(why: str) -> Rhythms:
    return Rhythms([], [], np.empty((0, 168)), why)


def hours_of_week(query: Queries) -> np.ndarray:
    """Return the check-ins that a query sees per hour of the week, Monday 0:00 first; ``(168,)``.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import Vocabulary, ask, encode
    >>> log = encode(schema.example(), Vocabulary.of(schema.example()))
    >>> int(hours_of_week(ask(log, 0, [2**60 // 10**3 * 10**3], [0], [40.7], [-74.0])).sum())
    2
    """
    log, rows = query.log, query.indices
    hour = log.weekday[rows].astype(int) * 24 + log.hour[rows].astype(int)
    return np.bincount(hour, minlength=168)
