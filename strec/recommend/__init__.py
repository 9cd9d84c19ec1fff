"""From a question in a person's words (who, when, where, how) to a ranked list."""

from strec.recommend.asking import FAR_DAYS, FAR_KM
from strec.recommend.diversity import PLACE_SPREAD_KM
from strec.recommend.ranking import STRATEGIES, Ranker, RankingOptions
from strec.recommend.recommender import Answer, Recommender

__all__ = [
    "FAR_DAYS",
    "FAR_KM",
    "PLACE_SPREAD_KM",
    "STRATEGIES",
    "Answer",
    "RankingOptions",
    "Ranker",
    "Recommender",
]
