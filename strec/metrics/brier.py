"""The squared distance of stated probabilities from what came."""

import numpy as np

from strec.metrics.base import Metric, Ranked


def squared_error(ranked: Ranked) -> np.ndarray:
    """Return the Brier score of each query, 0 to 2: Σ over items of (probability - came)²."""
    return (ranked.scores**2).sum(axis=1) - 2 * ranked.on_target + 1


MSE = Metric(
    name="mse",
    title="MSE (Brier)",
    sentence="The squared distance of the stated probabilities from what came, summed over all "
    "items: 0 is certain and right, about 1 says nothing, 2 is certain and wrong.",
    order=60,
    of_query=squared_error,
    is_paired=True,
    needs_probability=True,
    more_is_better=False,
    is_short=True,
    citation="Brier, Verification of forecasts expressed in terms of probability, 1950.",
)
