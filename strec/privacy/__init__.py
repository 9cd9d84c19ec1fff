"""What check-ins give away of people, protections against it, and what they cost.

A risk report first, then protections that turn check-ins into check-ins: pseudonyms, coarser
places and times, suppression of lonely places, planar Laplace noise. `utility_loss` sets what a
protection buys beside what it costs in accuracy.
"""

from strec.privacy.exposure import Exposure
from strec.privacy.noise import noise
from strec.privacy.protection import ITEMS, Protection, protect
from strec.privacy.risk import RiskReport, need_room, risk
from strec.privacy.sentences import width_words
from strec.privacy.steps import coarsen, hide_items, new_key, pseudonyms, suppress
from strec.privacy.utility_loss import UtilityLoss, utility_loss

__all__ = [
    "coarsen", "Exposure", "hide_items", "ITEMS", "need_room", "new_key", "noise",
    "protect", "Protection", "pseudonyms", "risk", "RiskReport",
    "suppress", "utility_loss", "UtilityLoss", "width_words",
]  # fmt: skip
