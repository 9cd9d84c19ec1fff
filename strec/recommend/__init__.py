"""From a question in a person's words (who, when, where, how) to a ranked list."""

from strec.recommend.everybody import recommend_everybody
from strec.recommend.ranking import STRATEGIES, RankingOptions
from strec.recommend.recommender import Answer, Recommender, Shop

__all__ = [
    "STRATEGIES",
    "Answer",
    "RankingOptions",
    "Recommender",
    "Shop",
    "recommend_everybody",
]
