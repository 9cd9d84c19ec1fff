"""Take a suggestion's probability apart into named parts, with the check-ins behind each."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from strec import palette
from strec.errors import ModelError, check_is
from strec.explanation.sentences import names_in_labels, sentences
from strec.models.base import ScorePart
from strec.recommend import Answer
from strec.split import Queries, local_us

#: Each part of a probability: the words for it, and its colour in every bar and dot. No two look
#: alike, to any eye.
LABELS: dict[str, tuple[str, str]] = {
    "habit": ("Habit", palette.USER),
    "recency": ("How recently", palette.INTERACTION),
    "hour": ("This hour", palette.TIME),
    "weekday": ("This weekday", palette.WEEKDAY),
    "sequence": ("After {last}", palette.TRANSITION),
    "near": ("Distance from here", palette.SPACE),
    "popular": ("Popular overall", palette.POPULARITY),
    "popular now": ("Popular at this hour", palette.POPULAR_NOW),
    "follows": ("Others go on there", palette.FOLLOWS),
    "close by": ("A usual distance", palette.CLOSE_BY),
    "taste": ("A liked kind: {category}", palette.TASTE),
    "others": ("People with a like past", palette.OTHERS),
    "text": ("Like what came before", palette.TEXT),
    "novelty": ("Any new item", palette.NOVELTY),
}
#: What else the words for a part are where trips begin somewhere, and where nobody is named.
_OF_TRIPS = {"sequence": "From {last}", "follows": "Others go there from {last}"}
_OF_NOBODY = {
    "habit": "What everybody does",
    "follows": "People go there from {last}",
    "taste": "A usual kind: {category}",
    "others": "Starts with like trips",
    "novelty": "Anywhere else",
}
#: And of an item that nobody took yet.
_OF_UNTAKEN = {
    "popular": "As others of its kind when new",
    "popular now": "The hours of its kind",
}


@dataclass(frozen=True)
class Reasons:
    """Why one suggestion stands where it stands.

    Attributes
    ----------
    item_id, item_name : str
        The suggestion.
    probability : float
        What the parts add up to.
    parts : polars.DataFrame
        Columns ``part, label, value, colour, n_checkins``: `value` is the share of the
        probability, largest first; negative where the reason speaks against the item.
    evidence : dict of str to polars.DataFrame
        For each part the user's own check-ins behind it: ``item_name, local_time, strength,
        lat, lon``.
    sentences : list of str
        One to three sentences in words.
    """

    item_id: str
    item_name: str
    probability: float
    parts: pl.DataFrame
    evidence: dict[str, pl.DataFrame]
    sentences: list[str]


def explain(answer: Answer, rank: int = 1) -> Reasons:
    """Take the probability of one suggestion apart.

    Parameters
    ----------
    answer : Answer
        From `Recommender.answer`.
    rank : int
        Which suggestion, 1 is the first.

    Raises
    ------
    ModelError
        If there is no such suggestion, or the model's scores have no parts.

    Examples
    --------
    >>> from datetime import datetime
    >>> from strec import schema
    >>> from strec.models import CounterMix
    >>> from strec.recommend import Recommender
    >>> table = schema.example()
    >>> model = CounterMix(slice_share=0).fit(table)
    >>> answer = Recommender(table, model).answer("ann", datetime(2024, 6, 5, 8))
    >>> reasons = explain(answer, rank=1)
    >>> abs(reasons.parts["value"].sum() - answer.frame["probability"][0]) < 1e-9
    True
    """
    code = code_of_rank(answer, rank)
    explanation = answer.model.explain(answer.query, 0, np.array([code]))[0]
    labels = [label_of(part.name, answer.query, code) for part in explanation.parts]
    parts = pl.DataFrame(
        {
            "part": [part.name for part in explanation.parts],
            "label": [label for label, _ in labels],
            "value": [part.value for part in explanation.parts],
            "colour": [colour for _, colour in labels],
            "n_checkins": [len(part.rows) for part in explanation.parts],
        }
    ).sort("value", descending=True, maintain_order=True)
    vocabulary = answer.query.vocabulary
    return Reasons(
        item_id=str(vocabulary.items[code]),
        item_name=str(vocabulary.item_name[code]),
        probability=explanation.score,
        parts=parts,
        evidence={part.name: _evidence(answer.query, part) for part in explanation.parts},
        sentences=[
            *sentences(answer.query, code, explanation),
            *([] if answer.shop is None else [answer.shop.sentence(code)]),
        ],
    )


def parts_of_list(answer: Answer) -> pl.DataFrame:
    """Return the parts of every suggestion of a list, one row per suggestion and part.

    Parameters
    ----------
    answer : Answer
        The list, by a model that knows its parts.

    Returns
    -------
    polars.DataFrame
        Columns ``rank, item_id, item_name, part, label, value, colour``.

    Examples
    --------
    >>> from strec import Dataset
    >>> from strec.recommend import Recommender
    >>> answer = Recommender(Dataset.sample("travel")).answer(None, "2024-06-05 10:00", k=2)
    >>> parts_of_list(answer).columns
    ['rank', 'item_id', 'item_name', 'part', 'label', 'value', 'colour']
    """
    need_answer(answer)
    explained = answer.model.explain(answer.query, 0, answer.codes) if len(answer.codes) else []
    vocabulary = answer.query.vocabulary
    rows = []
    for rank, each in enumerate(explained, 1):
        item = (rank, str(vocabulary.items[each.item]), str(vocabulary.item_name[each.item]))
        for part in each.parts:
            label, colour = label_of(part.name, answer.query, each.item)
            rows.append((*item, part.name, label, part.value, colour))
    columns = ["rank", "item_id", "item_name", "part", "label", "value", "colour"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def label_of(part: str, query: Queries, code: int) -> tuple[str, str]:
    """Return the words for a part of an item's score, and its colour."""
    if part in LABELS:
        words, colour = LABELS[part]
        if query.log.has_origins:
            words = _OF_TRIPS.get(part, words)
        if query.log.untaken[code]:
            words = _OF_UNTAKEN.get(part, words)
        if query.log.is_anonymous:
            words = _OF_NOBODY.get(part, words)
            if part == "habit" and query.here[0] >= 0:
                words = "What everybody does from here"
        return words.format(**names_in_labels(query, code)), colour
    # A model may name parts that are not of the counter mix; the same name keeps its colour.
    colour = palette.CATEGORICAL[sum(part.encode()) % len(palette.CATEGORICAL)]
    return part[:1].upper() + part[1:].replace("_", " "), colour


def need_answer(answer: object) -> None:
    """Refuse what is no answer."""
    check_is(answer, Answer, "What is explained is an answer of a Recommender.", ModelError)


def code_of_rank(answer: Answer, rank: int) -> int:
    """Return the item code of a suggestion, 1 is the first."""
    need_answer(answer)
    if not 1 <= rank <= len(answer.codes):
        raise ModelError(
            f"A rank from 1 to {len(answer.codes)} is needed.",
            f"rank {rank}.",
            "Choose a suggestion of the list.",
        )
    return int(answer.codes[rank - 1])


def _evidence(query: Queries, part: ScorePart) -> pl.DataFrame:
    log, vocabulary = query.log, query.vocabulary
    item = log.item[part.rows]
    names = np.where(item >= 0, vocabulary.item_name[item], "(not in training)")
    local = local_us(log.time_us[part.rows], log.offset_min[part.rows])
    return pl.DataFrame(
        {
            "item_name": pl.Series(names, dtype=pl.String),
            "local_time": pl.Series(local, dtype=pl.Int64).cast(pl.Datetime("us")),
            "strength": pl.Series(part.weights, dtype=pl.Float64),
            "lat": pl.Series(log.lat[part.rows], dtype=pl.Float64),
            "lon": pl.Series(log.lon[part.rows], dtype=pl.Float64),
        }
    ).with_columns(pl.col("lat", "lon").fill_nan(None))
