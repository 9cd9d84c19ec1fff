"""How far people go, and how predictable they are, as scikit-mobility defines it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
import polars as pl

from strec.errors import AnalysisError
from strec.store import HasStore, Store, frame_of, store_of
from strec.store.aggregates import STEP_BINS_PER_DECADE

NOUNS = {"item": "item", "cell": "hexagon"}
#: A sequence shorter than this says nothing about order.
MIN_VISITS = 20
SHUFFLES = 99
#: The order of visits is tested on so many users, and the latest visits of each.
TESTED_USERS, TESTED_VISITS = 60, 200


@dataclass(frozen=True)
class Predictability:
    """Entropy and predictability of users.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row per user: `user`, `n_visits`, `n_places`, `random_bits`, `uncorrelated_bits`,
        `real_bits`, `predictability` (the highest share of next places that any method could
        guess right, from the real entropy), `predictability_unordered` (from the uncorrelated).
    p : float
        Share of shuffled worlds whose visits are as orderly.
    n_tested : int
        Users in that test.
    noun : str
        What a place is: an item or a hexagon.
    """

    frame: pd.DataFrame
    p: float
    n_tested: int
    noun: str

    @property
    def sentence(self) -> str:
        """What the numbers mean."""
        middle = self.frame["predictability"].median()
        order = (
            f"The order of visits adds to it (p = {self.p:.2f})"
            if self.p <= 0.05
            else f"The order of visits adds nothing that chance would not (p = {self.p:.2f})"
        )
        whom = f"For half of {len(self.frame):,} users" if len(self.frame) > 1 else "For this user"
        return (
            f"{whom}, no method could guess the next {self.noun} "
            f"right more often than {middle:.0%} of the time. {order}."
        )


def predictability(
    sequences: pl.DataFrame | HasStore | Store,
    by: str = "item",
    min_visits: int = MIN_VISITS,
    seed: int = 0,
) -> Predictability:
    """Return entropies and the limit of predictability of each user.

    Parameters
    ----------
    sequences : polars.DataFrame, Dataset or Store
        `user` and the column named, in the order of time: `Store.sequences`.
    by : str
        `item` or `cell`: what counts as a place.
    min_visits : int
        Leave out users with fewer.
    seed : int
        Of the shuffles.

    Raises
    ------
    AnalysisError
        If nobody has enough visits.

    References
    ----------
    Song, Qu, Blumm and Barabási 2010, *Limits of predictability in human mobility*.

    Notes
    -----
    With N places and share p_i of visits: random entropy log₂ N, uncorrelated entropy
    -Σ p_i log₂ p_i, real entropy n log₂ n / Σ Λ_i by Lempel and Ziv, where Λ_i is the length of
    the shortest run from visit i on that did not occur before. Predictability Π solves Fano's
    S = -Π log₂ Π - (1-Π) log₂(1-Π) + (1-Π) log₂(N-1).
    """
    from scipy.stats import entropy

    if by not in NOUNS:
        raise AnalysisError(f"A place is {' or '.join(NOUNS)}.", f"{by}.", "Choose one of them.")
    known = _sequences(sequences, by).filter(pl.col(by).is_not_null())
    grouped = known.group_by("user", maintain_order=True).agg(pl.col(by)).sort("user")
    visits = {u: codes(places) for u, places in grouped.iter_rows() if len(places) >= min_visits}
    if not visits:
        raise AnalysisError(
            f"Predictability needs users with {min_visits} or more check-ins.",
            "nobody has so many.",
            "Loosen the filters, or add data over a longer time.",
        )
    rows = []
    for user, sequence in visits.items():
        n_places = max(sequence) + 1
        real, unordered = real_entropy(sequence), float(entropy(np.bincount(sequence), base=2))
        rows.append(
            {
                "user": user,
                "n_visits": len(sequence),
                "n_places": n_places,
                "random_bits": float(np.log2(n_places)),
                "uncorrelated_bits": unordered,
                "real_bits": real,
                "predictability": fano(real, n_places),
                "predictability_unordered": fano(unordered, n_places),
            }
        )
    p, n_tested = _order_matters(list(visits.values()), seed)
    return Predictability(pd.DataFrame(rows), p, n_tested, NOUNS[by])


def _sequences(data: pl.DataFrame | HasStore | Store, by: str) -> pl.DataFrame:
    if (store := store_of(data)) is not None:
        return store.sequences()
    if isinstance(data, pl.DataFrame) and {"user", by} <= set(data.columns):
        return data
    raise AnalysisError(
        f"A data set, a store, or a polars frame with user, {by} is needed.",
        f"a {type(data).__name__}.",
        "Make a data set with strec.Dataset.of(…), or ask a store for its sequences.",
    )


def codes(places: Sequence[Any]) -> list[int]:
    """Return places as numbers in the order of their first visit."""
    return pd.factorize(np.asarray(places))[0].tolist()


def real_entropy(sequence: list[int]) -> float:
    """Return the Lempel-Ziv estimate of the entropy of place numbers, in bits per visit."""
    n = len(sequence)
    if n < 2:
        return 0.0
    # One character per place, below the code points that are no characters.
    text = "".join(chr(code + 1 if code < 0xD000 else code + 0x1000) for code in sequence)
    # As scikit-mobility counts: 1 and 2 for the first and the last visit.
    total, length = 3, 0
    for start in range(1, n - 1):
        # What was seen from one visit on was also seen, less one, from the next.
        length = max(length - 1, 0)
        while start + length < n and text.find(text[start : start + length + 1], 0, start) >= 0:
            length += 1
        # A run that reaches the end counts as if an end mark, never seen before, stood there.
        total += length + 1 if start + length + 1 < n else n + 1 - start
    return float(n * np.log2(n) / total)


def fano(entropy_bits: float, n_places: int) -> float:
    """Return the limit of predictability Π for an entropy and a number of places."""
    from scipy.optimize import brentq

    if n_places < 2 or entropy_bits <= 0:
        return 1.0
    if entropy_bits >= np.log2(n_places):
        return 1 / n_places

    def surplus(share: float) -> float:
        rest = 1 - share
        own = -share * np.log2(share) - (rest * np.log2(rest) if rest > 0 else 0)
        return own + rest * np.log2(n_places - 1) - entropy_bits

    return float(cast(float, brentq(surplus, 1 / n_places, 1.0)))


def step_quantiles(
    steps: pd.DataFrame | HasStore | Store, shares: Sequence[float] = (0.5, 0.9)
) -> list[float]:
    """Return lengths in km that these shares of the steps stay below, from their classes.

    Parameters
    ----------
    steps : pandas.DataFrame, Dataset or Store
        `bin`, `n_checkins`: `Store.steps`.
    shares : sequence of float
        Between 0 and 1.

    Examples
    --------
    >>> round(step_quantiles(pd.DataFrame({"bin": [0, 20], "n_checkins": [5, 5]}), [0.5])[0], 2)
    1.12
    """
    steps = frame_of(steps, ("bin", "n_checkins"), lambda store: store.steps())
    bins = steps["bin"].to_numpy(dtype=float)
    upto = (steps["n_checkins"].cumsum() / steps["n_checkins"].sum()).to_numpy()
    row = np.minimum(np.searchsorted(upto, shares), len(steps) - 1)
    before = np.concatenate([[0.0], upto])[row]
    within = (np.asarray(shares) - before) / np.maximum(upto[row] - before, 1e-12)
    return (10 ** ((bins[row] + within) / STEP_BINS_PER_DECADE)).tolist()


def _order_matters(sequences: list[list[int]], seed: int) -> tuple[float, int]:
    """Compare the mean real entropy with that of the same visits in random order."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(sequences))[:TESTED_USERS]
    tested = [codes(sequences[k][-TESTED_VISITS:]) for k in chosen]
    observed = np.mean([real_entropy(each) for each in tested])
    as_orderly = 0
    for _ in range(SHUFFLES):
        shuffled = [real_entropy(codes(rng.permutation(each).tolist())) for each in tested]
        as_orderly += np.mean(shuffled) <= observed
    return float((1 + as_orderly) / (1 + SHUFFLES)), len(tested)
