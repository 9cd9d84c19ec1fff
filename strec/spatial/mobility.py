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
MIN_VISITS = 50
SHUFFLES = 99
#: The order of visits is tested on so many users, and the latest visits of each.
TESTED_USERS, TESTED_VISITS = 60, 200
#: Shuffles of each user that tell how much too low a short history makes the entropy.
BIAS_SHUFFLES = 8
#: The more order there is, the less of the bias remains; by this power of what shuffles leave.
_BIAS_FADES = 4
#: A favourite of the hour is looked for among earlier visits so many hours around.
_HOURS_AROUND = 1


@dataclass(frozen=True)
class Predictability:
    """Entropy and predictability of users.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row per user: `user`, `n_visits`, `n_places`, `random_bits`, `uncorrelated_bits`,
        `real_bits` (freed of the bias of short histories), `predictability` (Fano's limit for the
        real entropy: what the order of places alone allows), `predictability_unordered` (for
        the uncorrelated).
    p : float
        Share of shuffled worlds whose visits are as orderly.
    n_tested : int
        Users in that test.
    by_hour : float
        Of their later half of visits, the share at the place that was until then their favourite
        of that hour; NaN where hours are not known.
    noun : str
        What a place is: an item or a hexagon.
    """

    frame: pd.DataFrame
    p: float
    n_tested: int
    by_hour: float
    noun: str

    @property
    def sentence(self) -> str:
        """What the numbers mean."""
        middle = self.frame["predictability"].median()
        whom = f"half of {len(self.frame):,} users" if len(self.frame) > 1 else "this user"
        words = (
            f"From the order of visits alone, the next {self.noun} of {whom} could be guessed "
            f"right about {100 * middle:.0f} % of the time at most (Fano’s limit, estimated). "
        )
        if self.p <= 0.05:
            words += f"Order tells more than favourites alone (p = {self.p:.2f}). "
        else:
            words += (
                "That order tells more than favourites alone cannot be seen in these visits "
                f"(p = {self.p:.2f}). "
            )
        if np.isnan(self.by_hour):
            return f"{words}Who knows more, such as the hour, may guess better."
        return (
            f"{words}Who knows more {'guesses' if self.by_hour > middle else 'may guess'} better: "
            f"the favourite of the hour was right in {100 * self.by_hour:.0f} % of later visits."
        )


def predictability(
    sequences: pl.DataFrame | HasStore | Store,
    by: str = "item",
    min_visits: int = MIN_VISITS,
    seed: int = 0,
) -> Predictability:
    """Return entropies, and the limit of what the order of places alone predicts, of each user.

    Parameters
    ----------
    sequences : polars.DataFrame, Dataset or Store
        `user` and the column named, in the order of time: `Store.sequences`. With `time`, visits of
        one moment are taken in random order; with `hour`, favourites of the hour are tried too.
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
    S = -Π log₂ Π - (1-Π) log₂(1-Π) + (1-Π) log₂(N-1). It is a limit for methods that know the
    order of places and nothing else.

    Lempel and Ziv's estimate is too low in short histories (60 visits drawn from eight places at
    random: a limit of 42 % where 12.5 % is true). Shuffles of a history, whose entropy is the
    uncorrelated one (with Miller's correction), tell by how much; the more order a history has,
    the less is corrected. Order that takes long to show is still underestimated.

    Examples
    --------
    >>> there_and_back = pl.DataFrame({"user": ["ann"] * 80, "item": ["home", "work"] * 40})
    >>> found = predictability(there_and_back)
    >>> round(float(found.frame["predictability"][0]), 1)
    0.9
    """
    from scipy.stats import entropy

    if by not in NOUNS:
        raise AnalysisError(f"A place is {' or '.join(NOUNS)}.", f"{by}.", "Choose one of them.")
    rng = np.random.default_rng(seed)
    known = _without_ties(_sequences(sequences, by).filter(pl.col(by).is_not_null()), rng)
    if "hour" not in known.columns:
        known = known.with_columns(hour=-1)
    clock = pl.col("hour").fill_null(-1)
    grouped = known.group_by("user", maintain_order=True).agg(by, "moment", clock.alias("hours"))
    rows, visits, hours = [], [], []
    for user, places, moments, clock in grouped.sort("user").iter_rows():
        if len(places) < min_visits:
            continue
        sequence = codes(places)
        n_places = max(sequence) + 1
        real = corrected_entropy(sequence, rng, moments)
        unordered = float(entropy(np.bincount(sequence), base=2))
        visits.append((sequence, moments))
        hours.append(clock)
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
    if not rows:
        raise AnalysisError(
            f"Predictability needs users with {min_visits} or more check-ins.",
            "nobody has so many.",
            "Loosen the filters, or add data over a longer time.",
        )
    chosen = rng.permutation(len(visits))[:TESTED_USERS]
    p = _order_matters([visits[k] for k in chosen], rng)
    known_hours = [k for k in chosen if min(hours[k]) >= 0 and len(set(hours[k])) > 1]
    guessed = [_by_hour(visits[k][0], hours[k]) for k in known_hours]
    by_hour = float(np.mean(guessed)) if guessed else float("nan")
    return Predictability(pd.DataFrame(rows), p, len(chosen), by_hour, NOUNS[by])


def corrected_entropy(
    sequence: list[int], rng: np.random.Generator, moments: Sequence[int] | None = None
) -> float:
    """Return `real_entropy` freed of what a short history makes it too low, at most log2 N."""
    from scipy.stats import entropy

    n, counts = len(sequence), np.bincount(sequence)
    real = real_entropy(sequence)
    at = range(n) if moments is None else moments
    drawn = [real_entropy(_shuffled(sequence, at, rng)) for _ in range(BIAS_SHUFFLES)]
    by_chance = float(np.mean(drawn))
    if real <= 0 or by_chance <= 0 or len(counts) < 2:
        return real
    unordered = float(entropy(counts, base=2)) + (len(counts) - 1) / (2 * n * np.log(2))
    if real > by_chance - 2 * np.std(drawn, ddof=1):
        return float(min(np.log2(len(counts)), unordered))
    left = min(1.0, real / by_chance) ** _BIAS_FADES
    return float(min(np.log2(len(counts)), real * max(1.0, unordered / by_chance) ** left))


def _without_ties(known: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Check-ins of one moment are a set: the order of a file must not pass for a habit."""
    if "time" not in known.columns:
        return known.with_row_index("moment")
    mixed = known.with_columns(tie=rng.random(known.height)).sort("user", "time", "tie")
    return mixed.with_columns(moment=pl.struct("user", "time").rle_id())


def _shuffled(sequence: list[int], moments: Sequence[int], rng: np.random.Generator) -> list[int]:
    """Places with the moments in random order, and those of one moment too."""
    _, at = np.unique(np.asarray(moments), return_inverse=True)
    order = np.lexsort((rng.random(len(at)), rng.random(len(at))[at]))
    return codes(np.asarray(sequence)[order].tolist())


def _by_hour(sequence: list[int], hours: list[int]) -> float:
    """Share of the later half of visits at the favourite of that hour among earlier ones."""
    n_places, half = max(sequence) + 1, len(sequence) // 2
    # What was seen at any hour breaks ties, and stands in at hours never seen.
    seen = np.zeros((24, n_places))
    overall = np.zeros(n_places)
    right = 0
    for k, (place, hour) in enumerate(zip(sequence, hours, strict=True)):
        if k >= half:
            around = [(hour + step) % 24 for step in range(-_HOURS_AROUND, _HOURS_AROUND + 1)]
            guess = (seen[around].sum(axis=0) + 1e-6 * overall).argmax()
            right += guess == place
        seen[hour, place] += 1
        overall[place] += 1
    return right / (len(sequence) - half)


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


def _order_matters(sequences: list[tuple[list[int], list[int]]], rng: np.random.Generator) -> float:
    """Compare the mean real entropy with that of the same moments in random order."""
    tested = [(each[-TESTED_VISITS:], at[-TESTED_VISITS:]) for each, at in sequences]
    observed = np.mean([real_entropy(codes(each)) for each, _ in tested])
    as_orderly = 0
    for _ in range(SHUFFLES):
        shuffled = [real_entropy(_shuffled(each, at, rng)) for each, at in tested]
        as_orderly += np.mean(shuffled) <= observed
    return float((1 + as_orderly) / (1 + SHUFFLES))
