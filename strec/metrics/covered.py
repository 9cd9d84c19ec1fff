"""How much of the catalogue is ever suggested."""

import numpy as np

from strec.metrics.base import Metric


def coverage(recommended: np.ndarray, n_items: int) -> float:
    """Return the share of items that stand in at least one list.

    Parameters
    ----------
    recommended : numpy.ndarray
        Shape ``(n, k)``: item codes, -1 for none.
    n_items : int
        Items that could be recommended.

    Examples
    --------
    >>> coverage(np.array([[0, 1], [1, 2]]), n_items=4)
    0.75
    """
    return len(np.unique(recommended[recommended >= 0])) / n_items


COVERAGE = Metric(
    name="coverage@10",
    title="Coverage",
    sentence="The share of all items that stand in at least one list of ten.",
    order=90,
    of_all=lambda scored: coverage(scored.listed, scored.n_items),
)
