"""How rare the suggested items are."""

import numpy as np

from strec.metrics.base import Metric


def novelty_bits(recommended: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return the mean surprise of each list, -log2 of the item's share of check-ins.

    Parameters
    ----------
    recommended : numpy.ndarray
        Shape ``(n, k)``: item codes.
    count : numpy.ndarray
        Shape ``(n_items,)``: check-ins of each item in training; one is added to each.

    References
    ----------
    Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender systems", PNAS
    2010.

    Examples
    --------
    >>> novelty_bits(np.array([[0, 1]]), np.array([2, 0])).tolist()
    [1.207518749639422]
    """
    share = (count + 1) / (count + 1).sum()
    return -np.log2(share)[recommended].mean(axis=1)


NOVELTY = Metric(
    name="novelty bits",
    title="Novelty (bits)",
    sentence="How rare the suggested items are; popular items alone give little.",
    order=100,
    of_query=lambda ranked: novelty_bits(ranked.listed, ranked.counts),
    column="novelty_bits",
    digits=1,
    citation="Zhou et al., Solving the apparent diversity-accuracy dilemma of recommender "
    "systems, PNAS 2010.",
)
