"""Network and trees as one model: their answers are averaged, part by part.

    P(i | q) = (1 - n) · s_i   of the history,    n · l_i   of what is new
    n, s, l  = w · the network's + (1 - w) · the trees',    a weight w each

The weights are those under which check-ins that neither has learned from are most likely. A network
that is not yet worth anything gets none of it, and the trees begin as the counter mix: a training
that ends early is not below counting.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from strec.models.base import Explanation, ScorePart
from strec.models.blend import mixture_weights
from strec.models.counting.newcomers import unvisited
from strec.models.stllm.training_data import share_of_time
from strec.split import Log, Queries

#: Held out to weigh the two: drawn from what is later than this share of the check-ins.
_LATE = 0.825
_SHARE, _MOST = 0.1, 1_000
#: So many check-ins say "half each" before any is looked at.
_PRIOR = 4
_TINY = 1e-300


class Factors(NamedTuple):
    """What a probability of each model is multiplied with, shape ``(Q,)`` each."""

    visited: tuple[np.ndarray, np.ndarray]  # the network's and the trees'
    new: tuple[np.ndarray, np.ndarray]


def held_out(train: Log, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows to weigh by, and which rows of the log are before all of them."""
    share = share_of_time(train)
    known = np.flatnonzero((train.item >= 0) & (share >= _LATE))
    n = min(_MOST, int(_SHARE * (train.item >= 0).sum()), len(known) // 2)
    return np.sort(np.random.default_rng(seed).permutation(known)[:n]), share < _LATE


def weights_for(
    network: np.ndarray, trees: np.ndarray, queries: Queries, weight: np.ndarray
) -> np.ndarray:
    """Return the network's weights, shape ``(3,)``: for the history, what is new, and which.

    `network` and `trees` are probabilities, ``(Q, n_items)``; a query counts as `weight`.
    """
    new, row = unvisited(queries), np.arange(len(queries))
    is_new = new[row, queries.target]
    chance, share = [], []
    for found in (network, trees):
        somewhere_new = (found * new).sum(axis=1)
        share.append(np.where(is_new, somewhere_new, 1 - somewhere_new))
        chance.append(found[row, queries.target] / np.maximum(share[-1], _TINY))
    chances, shares = np.stack(chance, axis=1), np.stack(share, axis=1)
    return np.array(
        [
            mixture_weights(those, weight=told, prior=_PRIOR)[0]
            for those, told in (
                (chances[~is_new], weight[~is_new]),
                (chances[is_new], weight[is_new]),
                (shares, weight),
            )
        ]
    )


def factors_of(
    network: np.ndarray, trees: np.ndarray, new: np.ndarray, weights: np.ndarray
) -> Factors:
    """Return how the two make one, from their probabilities and which items are new."""
    shares = [(found * new).sum(axis=1) for found in (network, trees)]
    for_visited, for_new, for_which = weights
    share = for_which * shares[0] + (1 - for_which) * shares[1]
    return Factors(
        _parts(for_visited, 1 - share, 1 - shares[0], 1 - shares[1]),
        _parts(for_new, share, shares[0], shares[1]),
    )


def combined(
    network: np.ndarray, trees: np.ndarray, new: np.ndarray, factors: Factors
) -> np.ndarray:
    """Return the probabilities of both together, shape ``(Q, n_items)``."""
    found = np.zeros(network.shape)
    for of_visited, of_new, chance in zip(*factors, (network, trees), strict=True):
        found += np.where(new, of_new[:, None], of_visited[:, None]) * chance
    return found


def added(found: Sequence[Explanation], factors: Sequence[float]) -> Explanation:
    """Return the sum of explanations of one item, each times a factor; like parts are one."""
    parts: dict[str, ScorePart] = {}
    for each, factor in zip(found, factors, strict=True):
        for part in each.parts:
            value = factor * part.value + (parts[part.name].value if part.name in parts else 0.0)
            # The check-ins behind a reason are those of the first who names it.
            parts[part.name] = replace(parts.get(part.name, part), value=value)
    score = float(sum(part.value for part in parts.values()))
    return Explanation(found[0].item, score, tuple(parts.values()))


def _parts(
    weight: float, share: np.ndarray, first: np.ndarray, second: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return factors by which two distributions that sum to less than 1 sum to `share`."""
    # Who gives nothing to any of these items has no voice on them; a weight of 0 is then enough.
    heard = [(weight + 1e-9) * (first > 1e-12), (1 - weight + 1e-9) * (second > 1e-12)]
    total = np.maximum(heard[0] + heard[1], _TINY)
    return (
        heard[0] / total * share / np.maximum(first, 1e-12),
        heard[1] / total * share / np.maximum(second, 1e-12),
    )
