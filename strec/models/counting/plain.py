"""The plainest counts: what everybody takes, what the user takes, what follows what."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from strec.errors import ModelError
from strec.graph import tally, transitions
from strec.models.base import Model
from strec.models.calibration import NONE, temperatures
from strec.models.counting.visits import Pairs
from strec.models.profiles import TIE_BREAK, last_items, moment_at, popularity, profiles
from strec.models.saved import Arrays
from strec.split import Log, Queries
from strec.train import Watch

#: Share of training, the latest, whose ends of sessions tell how sure to be of them.
_LATEST = 0.15


class Popularity(Model):
    """The share of training check-ins of each item: the same answer to everybody.

    Examples
    --------
    >>> from strec import schema
    >>> Popularity().fit(schema.example()).recommend(schema.example(), k=1)["item_id"].to_list()
    ['cafe', 'cafe']
    """

    kind = "popularity"
    reads_order = False
    label = "Popularity"
    sentence = "What most people take, the same for everybody."
    family = "counting"
    order = 1
    is_probability = True

    def _fit(self, train: Log, watch: Watch) -> None:
        if self.is_probability:
            cut = moment_at(train.time_us, 1 - _LATEST)
            self.share_ = popularity(train.where(train.time_us < cut))
            # What everybody takes is stated as it is counted; ends of sessions may differ.
            self.calibration_ = temperatures(self._score, train, cut, every=NONE)
        self.share_ = popularity(train)

    def _score(self, queries: Queries) -> np.ndarray:
        return np.tile(self.share_, (len(queries), 1))


class UserCounts(Popularity):
    """How often the user has taken each item; equal counts go by popularity."""

    kind = "user_counts"
    label = "User counts"
    sentence = "What this user has taken most often."
    family = "counting"
    order = 2
    is_probability = False

    def _score(self, queries: Queries) -> np.ndarray:
        # Shares of popularity are below 1, so they only order equal counts.
        return profiles(queries).toarray() + self.share_


@dataclass(repr=False, eq=False)
class Markov(Popularity):
    """What followed the last item before: in the user's own past, or in everybody's.

    Parameters
    ----------
    scope : str
        ``"user"``: transitions in the visible history of the user. ``"global"``: transitions
        within sessions of the training check-ins.

    Notes
    -----
    Equal counts, and users whose last item is new, go by popularity. Check-ins at one moment are
    a set: each of it leads to each of the next with an equal part of one transition.

    Examples
    --------
    >>> from strec import Dataset, schema
    >>> Markov().fit(Dataset(schema.example()).everything).label
    'Markov'
    """

    kind = "markov"
    reads_order = True
    label = "Markov"
    sentence = "What this user took after the same item before."
    family = "counting"
    order = 3
    is_probability = False

    scope: str = "user"

    def _fit(self, train: Log, watch: Watch) -> None:
        if self.scope not in ("user", "global"):
            raise ModelError(
                "scope is one of user, global.", f"{self.scope!r}.", "Choose one of them."
            )
        super()._fit(train, watch)
        self.follows_ = transitions(train)

    def _score(self, queries: Queries) -> np.ndarray:
        if self.scope == "user":
            pairs, (first, stop) = Pairs(queries), queries.moments
            after = pairs.after_last / np.maximum(stop - first, 1)
            shape = (len(queries), len(self.share_))
            counts = tally(pairs.query, pairs.item, shape, after)
        else:
            counts = sparse.csr_matrix(last_items(queries) @ self.follows_)
        return counts.toarray() + TIE_BREAK * self.share_

    def _arrays(self) -> Arrays:
        follows = self.follows_
        return {"share": self.share_, "next_indptr": follows.indptr,
                "next_indices": follows.indices, "next_count": follows.data}  # fmt: skip

    def _restore(self, arrays: Arrays) -> None:
        self.share_ = arrays["share"]
        n = len(self.share_)
        parts = (arrays["next_count"], arrays["next_indices"], arrays["next_indptr"])
        self.follows_ = sparse.csr_matrix(parts, shape=(n, n))
