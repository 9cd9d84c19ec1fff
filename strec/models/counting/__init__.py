"""Counting models: the reference that every trained model must beat."""

from strec.models.counting.mixture import CounterMix
from strec.models.counting.plain import Markov, Popularity, UserCounts

__all__ = ["CounterMix", "Markov", "Popularity", "UserCounts"]
