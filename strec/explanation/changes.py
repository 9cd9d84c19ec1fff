"""What changed between two answers, and because of which part."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from strec.explanation.reasons import label_of, need_answer
from strec.recommend import Answer

_SAID = 3


@dataclass(frozen=True)
class Change:
    """One item before and after.

    Attributes
    ----------
    item_id, item_name : str
        The item.
    rank_before, rank_after : int or None
        Its rank in the two lists, None where it is not in the list.
    probability_before, probability_after : float
        What the model gave to it.
    parts : dict of str to float
        By how much each part moved; the values add up to the difference of the probabilities.
    because : str
        The label of the part that moved the most in the direction of the change.
    """

    item_id: str
    item_name: str
    rank_before: int | None
    rank_after: int | None
    probability_before: float
    probability_after: float
    parts: dict[str, float]
    because: str


def changes(before: Answer, after: Answer, most: int = _SAID) -> list[Change]:
    """Return what moved between two lists of one model, the most telling first.

    Items of the first places of either list are compared; what moved most in probability comes
    first. Empty when the two questions give the same probabilities, or the model has no parts.

    Parameters
    ----------
    before, after : Answer
        Two answers of one model.
    most : int
        How many changes at most.

    Examples
    --------
    >>> from datetime import datetime
    >>> from strec import schema
    >>> from strec.models import CounterMix
    >>> from strec.recommend import Recommender
    >>> table = schema.example()
    >>> recommender = Recommender(table, CounterMix(slice_share=0).fit(table))
    >>> noon, night = (recommender.answer("ann", datetime(2024, 6, 5, h)) for h in (12, 23))
    >>> moved = changes(noon, night)[0]
    >>> abs(sum(moved.parts.values()) - (moved.probability_after - moved.probability_before)) < 1e-9
    True
    """
    need_answer(before)
    need_answer(after)
    if before.model is not after.model or not after.model.explains:
        return []
    codes = list(dict.fromkeys([*after.codes[:5].tolist(), *before.codes[:5].tolist()]))
    if not codes:
        return []
    old, new = (each.model.explain(each.query, 0, np.array(codes)) for each in (before, after))
    found = []
    for code, was, now in zip(codes, old, new, strict=True):
        parts = {part.name: -part.value for part in was.parts}
        for part in now.parts:
            parts[part.name] = parts.get(part.name, 0.0) + part.value
        change = now.score - was.score
        if abs(change) < 1e-6:
            continue
        because = max(parts, key=lambda name: parts[name] * np.sign(change))
        vocabulary = after.query.vocabulary
        found.append(
            Change(
                item_id=str(vocabulary.items[code]),
                item_name=str(vocabulary.item_name[code]),
                rank_before=_rank(before, code),
                rank_after=_rank(after, code),
                probability_before=was.score,
                probability_after=now.score,
                parts=parts,
                because=label_of(because, after.query, code)[0],
            )
        )
    found.sort(key=lambda each: -abs(each.probability_after - each.probability_before))
    return found[:most]


def rank_moves(before: Answer, after: Answer) -> pl.DataFrame:
    """Return for each suggestion of the new list where it stood in the old one.

    Parameters
    ----------
    before, after : Answer
        The old list and the new one.

    Returns
    -------
    polars.DataFrame
        ``rank, item_id, rank_before``; null where it was not in the old list.

    Examples
    --------
    >>> from strec import Dataset
    >>> from strec.recommend import Recommender
    >>> recommender = Recommender(Dataset.sample("travel"))
    >>> morning, night = (recommender.answer(None, f"2024-06-05 {h}:00", k=2) for h in (10, 22))
    >>> rank_moves(morning, night).columns
    ['rank', 'item_id', 'rank_before']
    """
    need_answer(before)
    need_answer(after)
    old = before.frame.select("item_id", rank_before="rank")
    return after.frame.select("rank", "item_id").join(
        old, on="item_id", how="left", maintain_order="left"
    )


def _rank(answer: Answer, code: int) -> int | None:
    at = np.flatnonzero(answer.codes == code)
    return int(at[0]) + 1 if len(at) else None
