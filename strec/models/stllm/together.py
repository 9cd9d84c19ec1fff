"""Network and trees as one model: a weighted geometric mean of their probabilities.

    ours(i | q) = network(i)^v · trees(i)^w / Z
    P(i | q)    = ours(i)^t · counting(i)^(1 - t) / Z

v and w are those under which check-ins that neither has learned from are most likely. A network
that is not yet worth anything gets next to no weight, and the trees begin as the counter mix: a
training that ends early is not below counting. t is 1 where both together are surely ahead of the
counter mix on these check-ins; where that may be chance, it is as large as pays for certain (see
`trust`). Each model's parts are shares of what it says; the parts of all are the weighted mean of
these shares, of P: they add up to it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from strec.models.base import Explanation, ScorePart
from strec.models.calibration import late_ends
from strec.split import Log

#: Held out to weigh the two: drawn from what is later than this share of the check-ins.
_LATE = 0.825
_SHARE, _MOST, MAX_CELLS = 0.1, 1_000, 10_000_000
#: How strongly the weights are held at half each, per query and in all, and where they may lie. The
#: held-out check-ins lie among those that are learned from, which favours what remembers best: the
#: weights move far only where one of the two is clearly worse.
_RIDGE, _BOUNDS = (0.3, 10.0), (0.0, 1.5)
#: Ends of sessions that are wanted among what is held out.
_ENDS = 400
_TINY = 1e-12
#: How far the gain over counting is looked at from below, in standard errors, and the shares of it
#: that are tried where it may be chance.
_SURE, _TRUSTS = 1.96, np.linspace(0.0, 1.0, 11)


def held_out(train: Log, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows to weigh by, and which rows of the log are before all of them."""
    share = train.share_before
    known = np.flatnonzero((train.item >= 0) & (share >= _LATE))
    most = min(_MOST, MAX_CELLS // max(len(train.vocabulary.items), 1))
    n = min(most, int(_SHARE * (train.item >= 0).sum()), len(known) // 2)
    return np.sort(np.random.default_rng(seed).permutation(known)[:n]), share < _LATE


def ends_held_out(train: Log, held: np.ndarray, since_us: int, seed: int) -> np.ndarray:
    """Return more rows to hold out: ends of sessions, enough to know how sure to be of them."""
    ends = late_ends(train, since_us)
    among = np.isin(ends, held)
    n = min(_ENDS - int(among.sum()), int(_SHARE * len(ends)))
    return np.sort(np.random.default_rng(seed).permutation(ends[~among])[: max(n, 0)])


def weights_for(
    network: np.ndarray, trees: np.ndarray, target: np.ndarray, told: np.ndarray
) -> np.ndarray:
    """Return the weights v and w, shape ``(2,)``; a query counts as `told`.

    `network` and `trees` are probabilities, ``(Q, n_items)``.

    References
    ----------
    Hinton, "Training products of experts by minimizing contrastive divergence", 2002; Heskes,
    "Selecting weighting factors in logarithmic opinion pools", NIPS 1997.
    """
    from scipy.optimize import minimize

    logs = np.log(np.stack([network, trees]) + _TINY)  # (2, Q, n_items)
    right = logs[:, np.arange(len(target)), target]
    told = told / max(told.mean(), _TINY) if len(told) else told
    half, ridge = np.full(2, 0.5), _RIDGE[0] * len(target) + _RIDGE[1]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        logits = np.tensordot(weights, logs, 1)
        top = logits.max(axis=1, keepdims=True)
        chance = np.exp(logits - top)
        total = chance.sum(axis=1, keepdims=True)
        chance /= total
        surprise = np.log(total[:, 0]) + top[:, 0] - weights @ right
        slope = ((logs * chance).sum(axis=2) - right) @ told
        away = weights - half
        return float(told @ surprise + ridge / 2 * away @ away), slope + ridge * away

    found = minimize(loss, half, jac=True, method="L-BFGS-B", bounds=[_BOUNDS] * 2)
    return found.x


def trust(
    ours: np.ndarray, counted: np.ndarray, target: np.ndarray, told: np.ndarray, owner: np.ndarray
) -> float:
    """Return how much to trust what was learned, against counting: 0 to 1.

    All of it where it makes what came more likely by more than chance, its interval over people
    taken; else the share of which the least gain that is likely is largest: never a loss.

    Parameters
    ----------
    ours, counted : numpy.ndarray
        Probabilities of the same queries, ``(Q, n_items)``.
    target, told, owner : numpy.ndarray
        Shape ``(Q,)``: what came, how much each counts, and whose it is.
    """
    logs = np.log(np.stack([ours, counted]) + _TINY)
    row = np.arange(len(target))
    told = told / max(told.mean(), _TINY) if len(told) else told

    def least(share: float) -> float:
        logits = share * logs[0] + (1 - share) * logs[1]
        top = logits.max(axis=1)
        total = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top
        gain = told * (logits[row, target] - total - logs[1, row, target])
        mean = gain.mean()
        apart = np.bincount(owner, gain - mean)
        return float(mean - _SURE * np.sqrt((apart**2).sum()) / len(gain))

    if not len(target):
        return 0.0
    if least(1.0) > 0:
        return 1.0
    return float(_TRUSTS[np.argmax([least(share) for share in _TRUSTS])])


def combined(answers: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """Return the probabilities of several together, shape ``(Q, n_items)``."""
    logits = sum(
        (weight * np.log(each + _TINY) for each, weight in zip(answers, weights, strict=True)),
        np.zeros(answers[0].shape),
    )
    logits -= logits.max(axis=1, keepdims=True, initial=-np.inf)
    raised = np.exp(logits, out=logits)
    return raised / raised.sum(axis=1, keepdims=True)


def added(score: float, found: Sequence[Explanation], weights: np.ndarray) -> Explanation:
    """Return the explanation of one item's score from those of several models."""
    parts: dict[str, ScorePart] = {}
    for each, share in zip(found, weights / max(weights.sum(), _TINY), strict=True):
        factor = share * score / max(each.score, _TINY)
        for part in each.parts:
            value = factor * part.value + (parts[part.name].value if part.name in parts else 0.0)
            # The check-ins behind a reason are those of the first who names it.
            parts[part.name] = replace(parts.get(part.name, part), value=value)
    return Explanation(
        found[0].item, float(sum(p.value for p in parts.values())), tuple(parts.values())
    )
