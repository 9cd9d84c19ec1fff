"""Precision and recall of the first suggestion, each item counting the same."""

import numpy as np
import polars as pl

from strec.metrics.base import Metric, Scored


def macro_f1(target: np.ndarray, predicted: np.ndarray) -> float:
    """Return F1 averaged over the items that are a target or a prediction.

    F1 of an item is the harmonic mean of precision (of the times it was predicted, how often it
    came) and recall (of the times it came, how often it was predicted).

    Parameters
    ----------
    target, predicted : numpy.ndarray
        Shape ``(n,)``: what came and what was predicted, as codes.

    Examples
    --------
    >>> round(macro_f1(np.array([0, 0, 1]), np.array([0, 1, 1])), 4)
    0.6667
    """
    items = np.unique(np.r_[target, predicted])
    true, guess = np.searchsorted(items, target), np.searchsorted(items, predicted)
    n = len(items)
    hits = np.bincount(true[true == guess], minlength=n)
    total = np.bincount(true, minlength=n) + np.bincount(guess, minlength=n)
    return float(np.mean(2 * hits / total))


def _of_all(scored: Scored) -> float | None:
    known = scored.known
    if known.is_empty():
        return None
    both = pl.concat([known["item_id"], known["guess"]]).rank("dense").to_numpy()
    return macro_f1(both[: len(known)], both[len(known) :])


MACRO_F1 = Metric(
    name="macro f1",
    title="F1 (macro)",
    sentence="Precision and recall of the first suggestion in one number, each item counting the "
    "same, however rare it is.",
    order=50,
    of_all=_of_all,
    is_short=True,
)
