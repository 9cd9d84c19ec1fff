"""Which of the candidates came? A conditional logit, fitted on some users and read on others."""

import numpy as np
from scipy.special import log_softmax

RIDGE = 1.0
MAX_NEWTON_STEPS = 8
MAX_STEP = 4.0
#: Newton's method stops when no weight moves by more than this, or nothing is gained: nats per
#: check-in, far below what matters.
SMALL_STEP, SMALL_GAIN = 1e-3, 1e-6
#: A step is halved so often while it makes things worse, by more than rounding does.
MAX_HALVINGS, SMALL_LOSS = 6, 1e-2


def cross_fit(
    features: list[np.ndarray], n_free: int, start: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    r"""Fit weights on one half of the users and return the log-likelihood of the other's choices.

    .. math:: \log P(\text{the item came}) = w\cdot x_0 - \log\sum_{c} e^{w\cdot x_c} + \log C

    over the item that came (0) and its `C - 1` rivals; the last term makes it 0 for the model
    that cannot tell them apart. `features` has one array per half, ``(d, C, n)``; all but the
    first `n_free` weights are evidence, and not negative; `start` is ``(2, d)``. Returned are
    the nats per check-in of each half, ``(n,)``, and weights ``(2, d)``, of which row `f` was
    fitted on the *other* half and applied to half `f`.
    """
    weights = np.array([fit(features[1 - f], n_free, start[f]) for f in (0, 1)])
    return [log_likelihood(x, w) for x, w in zip(features, weights, strict=True)], weights


def log_likelihood(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the log-likelihood of candidate 0, plus log C, per row: shape ``(n,)``."""
    score = np.tensordot(weights.astype(features.dtype), features, 1)
    return log_softmax(score, axis=0)[0] + np.log(features.shape[1])


def fit(features: np.ndarray, n_free: int, start: np.ndarray) -> np.ndarray:
    """Maximise the ridge-penalised likelihood by Newton's method, evidence weights at least 0.

    A step that makes things worse is halved: where columns say nearly the same, Newton's alone
    would swing to and fro.
    """
    d = len(features)
    weights = np.array(start, dtype=float)
    if not features.size:
        return weights
    bounded = np.arange(d) >= n_free
    chance, value = _state(features, weights)
    spread = np.empty_like(features)
    for _ in range(MAX_NEWTON_STEPS):
        mean = np.einsum("dcn,cn->dn", features, chance)
        slope = (features[:, 0] - mean).sum(axis=1, dtype=float) - RIDGE * weights
        np.subtract(features, mean[:, None], out=spread)
        spread *= np.sqrt(chance)
        flat = spread.reshape(d, -1)
        curve = (flat @ flat.T).astype(float) + RIDGE * np.eye(d)
        step = _bounded_step(weights, slope, curve, bounded) - weights
        new = value
        for _ in range(MAX_HALVINGS):
            chance, new = _state(features, weights + step)
            if new >= value - SMALL_LOSS:
                break
            step /= 2
        weights, gained, value = weights + step, new - value, new
        if np.abs(step).max() < SMALL_STEP or gained < SMALL_GAIN * chance.shape[1]:
            break
    return weights


def _state(features: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the chances of the candidates, and the penalised log-likelihood."""
    score = np.tensordot(weights.astype(features.dtype), features, 1)
    score -= score.max(axis=0)
    first = score[0].sum(dtype=float)
    np.exp(score, out=score)
    total = score.sum(axis=0)
    score /= total
    value = first - np.log(total).sum(dtype=float) - RIDGE / 2 * float(weights @ weights)
    return score, value


def _bounded_step(
    weights: np.ndarray, slope: np.ndarray, curve: np.ndarray, bounded: np.ndarray
) -> np.ndarray:
    """Take one Newton step; evidence that would turn negative is held at 0."""
    held = np.zeros(len(weights), dtype=bool)
    while True:
        new = np.where(held, 0.0, weights)
        left = slope - curve @ (new - weights)
        free = ~held
        step = np.linalg.solve(curve[free][:, free], left[free])
        new[free] += np.clip(step, -MAX_STEP, MAX_STEP)
        wrong = (new < 0) & bounded & free
        if not wrong.any():
            return new
        held |= wrong
