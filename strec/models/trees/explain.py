"""Take a probability of the trees apart into named parts that add up to it.

What trees add to a row is the sum of what each column adds (TreeSHAP), and what counting gives is a
product of factors; both have a reason. The worth of a reason is its Shapley value in the game
"which reasons are heard", as for the counter mix and ST-LLM.
"""

from typing import TYPE_CHECKING

import numpy as np

from strec.models.base import Explanation, ScorePart
from strec.models.counting.newcomers import NEW_REASONS, SOURCES, shares_of_sources
from strec.models.counting.reasons import rows_behind, shapley, tones_of, visit_part
from strec.models.counting.visits import REASONS, visits_of
from strec.models.trees.boosting import shares_of_reasons, softmax
from strec.models.trees.numbers import new_table, visited_table
from strec.split import Queries

if TYPE_CHECKING:
    from strec.models.trees.model import Trees

#: Reasons of a visited item; habit is what is there without any other.
PLAYERS: tuple[str, ...] = (*REASONS[1:], "follows")
#: Reasons of a new item.
NEW_PLAYERS = (*NEW_REASONS, "others")

Parts = dict[int, tuple[ScorePart, ...]]


def explain_items(model: "Trees", query: Queries, items: np.ndarray) -> list[Explanation]:
    """Return the parts of the probability of each item for one query."""
    parts = parts_of(model, query, items)
    found = [(int(item), parts[int(item)]) for item in items]
    return [Explanation(i, float(sum(part.value for part in own)), own) for i, own in found]


def parts_of(model: "Trees", query: Queries, items: np.ndarray) -> Parts:
    """Return the parts of each item for one query."""
    reading = model.read(query)
    is_old = np.isin(items, reading.visited.item)
    somewhere_new = float(reading.chance[reading.visited.item < 0][0])
    parts: Parts = {}
    if is_old.any():
        parts |= _visited_parts(model, query, items[is_old], 1 - somewhere_new)
    if not is_old.all():
        parts |= _new_parts(model, query, items[~is_old], somewhere_new)
    return parts


def _visited_parts(model: "Trees", query: Queries, items: np.ndarray, share: float) -> Parts:
    draft, reasons, _ = visited_table(query, model.world_, model.mix_)
    table = draft.table()
    said = shares_of_reasons(model.visited_, table.numbers, reasons)
    held = np.flatnonzero(table.item >= 0)
    place = np.searchsorted(table.item[held], items)
    visits = visits_of(query, model.world_.statistics)
    tones: dict[str, np.ndarray] = {"follows": np.zeros(len(visits.item))}
    tones |= zip(REASONS, tones_of(model.mix_, visits), strict=True)
    group = np.searchsorted(table.item[held], visits.item)

    def logits(team: frozenset[str]) -> np.ndarray:
        heard = ["habit", *team]
        voice = sum((tones[reason] for reason in heard), np.zeros(len(visits.item)))
        top = voice.max()
        counted = np.log(np.bincount(group, np.exp(voice - top), len(held)) + 1e-300)
        voice = sum((said[reason] for reason in ("", *heard)), np.zeros(len(table.item)))
        return counted + (voice * table.speaks)[held]

    def worth(team: frozenset[str]) -> np.ndarray:
        return share * softmax(logits(team), np.array([0, len(held)]))[place]

    values = shapley(PLAYERS, worth)
    values["habit"] = values.pop("")
    loud = np.exp(np.sum(list(tones.values()), axis=0))
    tones = {name: tone - np.average(tone, weights=loud) for name, tone in tones.items()}
    found = {}
    for i, item in enumerate(items):
        own = np.flatnonzero(visits.item == item)
        found[int(item)] = tuple(
            visit_part(name, float(values[name][i]), visits.row[own], tones[name][own])
            for name in ("habit", *PLAYERS)
        )
    return found


def _new_parts(model: "Trees", query: Queries, items: np.ndarray, share: float) -> Parts:
    _, _, rates = visited_table(query, model.world_, model.mix_)
    table, reasons, likely = new_table(query, model.world_, rates)
    said = shares_of_reasons(model.new_, table.numbers, reasons)
    sources = np.stack([each[0] for each in shares_of_sources(query, model.world_.statistics)])
    weighed = rates[0][:, None] * sources / max((rates[0] @ sources).sum(), 1e-300)
    is_new = likely[0] > 0
    reason_of = [reason for reason, _ in SOURCES.values()]

    def worth(team: frozenset[str]) -> np.ndarray:
        heard = np.array([reason in team for reason in reason_of])
        chance = weighed[heard].sum(axis=0)
        # A source that is not heard gives every new item the same.
        chance = chance + weighed[~heard].sum() * is_new / max(is_new.sum(), 1)
        voice = sum((v for name, v in said.items() if name in team or name not in NEW_PLAYERS),
                    np.zeros(len(table.item)))  # fmt: skip
        among = chance[table.item]
        if len(among):
            raised = among * np.exp(voice - voice.max())
            chance[table.item] = raised / raised.sum() * among.sum()
        return share * chance[items]

    values = shapley(NEW_PLAYERS, worth)
    nothing = np.zeros(0, dtype=np.int64)
    return {
        int(item): (
            ScorePart("novelty", float(values[""][i]), nothing, np.zeros(0)),
            *(
                ScorePart(name, float(values[name][i]), rows, np.ones(len(rows)))
                for name in NEW_PLAYERS
                for rows in [rows_behind(query, name, int(item))]
            ),
        )
        for i, item in enumerate(items)
    }
