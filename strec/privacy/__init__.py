"""What check-ins give away of people, protections against it, and what they cost.

A risk report first, then protections that turn check-ins into check-ins: pseudonyms, coarser
places and times, suppression of lonely places, planar Laplace noise. `price` sets what a
protection buys beside what it costs in accuracy.
"""

from strec.privacy.exposure import Exposure
from strec.privacy.noise import epsilon_of, noise, noise_words, radius_m
from strec.privacy.price import Cost, Price, price
from strec.privacy.protect import coarsen, hide_items, new_key, pseudonyms, suppress
from strec.privacy.protection import ITEMS, Protection
from strec.privacy.risk import RiskReport, risk
from strec.privacy.words import percent, width_words

__all__ = [
    "ITEMS",
    "Cost",
    "Exposure",
    "Price",
    "Protection",
    "RiskReport",
    "coarsen",
    "epsilon_of",
    "hide_items",
    "new_key",
    "noise",
    "noise_words",
    "percent",
    "price",
    "pseudonyms",
    "radius_m",
    "risk",
    "suppress",
    "width_words",
]
