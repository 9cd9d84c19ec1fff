"""Take a probability of ST-LLM apart into named parts that add up to it.

A visited item owes its probability to the visits. The networks mix their numbers, so the worth
of a reason is its Shapley value in the game "which reasons are heard": a reason that is not
heard has its columns at their mean. With none, the item has what habit alone gives; with all,
its probability. A new item owes its probability to the generator, in the same way: with no
reason heard, all new items are equally likely.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from strec.models.base import Explanation, ScorePart
from strec.models.counting.reasons import rows_behind, shapley, visit_part
from strec.models.features.candidates import CANDIDATE_FEATURES, candidate_features
from strec.models.features.candidates import REASONS as NEW_REASONS
from strec.models.features.numbers import REASONS
from strec.models.stllm.network import Tensors
from strec.models.stllm.scoring import (
    Reading,
    column_logits,
    may_be_new,
    meaning_logits,
    read,
    shares,
)
from strec.split import Queries

if TYPE_CHECKING:
    from strec.models.stllm.model import STLLM

#: Reasons of a visited item; habit is what is there without any other.
PLAYERS = (*(reason for reason in REASONS if reason != "habit"), "text")


def explain_items(model: "STLLM", query: Queries, items: np.ndarray) -> list[Explanation]:
    """Return the parts of the probability of each item for one query.

    A score is the mean over the networks, so its parts are the means of theirs.
    """
    with torch.inference_mode():
        readings = read(model, query)
        new = may_be_new(model, readings[0])[0]
        old = np.array([item for item in items if not new[item]], dtype=np.int64)
        fresh = np.array([item for item in items if new[item]], dtype=np.int64)
        found = []
        for reading in readings:
            gate, total = shares(reading, new[None].any(axis=1))
            parts: dict[int, tuple[ScorePart, ...]] = {}
            if len(old):
                parts |= _visited_parts(
                    model, reading, old, float(np.exp(reading.visited - total)[0])
                )
            if len(fresh):
                parts |= _new_parts(model, reading, fresh, new, float(np.exp(gate - total)[0]))
            found.append(parts)
    return [_mean(int(item), [parts[int(item)] for parts in found]) for item in items]


def _mean(item: int, found: list[tuple[ScorePart, ...]]) -> Explanation:
    """Return the mean of what several networks say; the check-ins behind it are the first's."""
    parts = tuple(
        replace(same[0], value=float(np.mean([part.value for part in same])))
        for same in zip(*found, strict=True)
    )
    return Explanation(item, float(sum(part.value for part in parts)), parts)


def _visited_parts(
    model: "STLLM", reading: Reading, items: np.ndarray, share: float
) -> dict[int, tuple[ScorePart, ...]]:
    network, held = reading.network, reading.numbers.item
    place = {int(item): int(np.flatnonzero(held == item)[0]) for item in items}
    places = [place[int(item)] for item in items]

    def voices(team: frozenset[str]) -> tuple[np.ndarray, np.ndarray]:
        totals, visits = network.point(
            reading.batch, reading.context, reading.moment, _heard(model, team)
        )
        return totals.double().numpy(), visits.double().numpy()

    def worth(team: frozenset[str]) -> np.ndarray:
        totals, _ = voices(team)
        raised = np.exp(totals - totals.max())
        return share * raised[places] / raised.sum()

    values = shapley(PLAYERS, worth)
    everything = frozenset(PLAYERS)
    _, loud = voices(everything)
    tones = {p: loud - voices(everything - {p})[1] for p in PLAYERS}
    tones["habit"] = loud
    weights = np.exp(loud - loud.max())
    tones = {name: tone - np.average(tone, weights=weights) for name, tone in tones.items()}
    ptr = reading.numbers.visit_ptr
    found = {}
    for i, item in enumerate(items):
        own = np.arange(ptr[places[i]], ptr[places[i] + 1])
        named = {"habit": values[""][i]} | {p: values[p][i] for p in PLAYERS}
        found[int(item)] = tuple(
            visit_part(name, float(value), reading.numbers.row[own], tones[name][own])
            for name, value in named.items()
        )
    return found


def _heard(model: "STLLM", team: frozenset[str]) -> Tensors:
    """Return the factors of columns when only a team (and habit) is heard."""
    heard = team | {"habit"}
    on = {
        kind: torch.tensor([float(reason in heard) for reason in reasons])
        for kind, reasons in model.reasons_.items()
    }
    return on | {"fit": torch.tensor(float("text" in heard))}


def _new_parts(
    model: "STLLM", reading: Reading, items: np.ndarray, new: np.ndarray, share: float
) -> dict[int, tuple[ScorePart, ...]]:
    everything = reading.network.represent(torch.arange(len(new)))
    logits = {reason: np.zeros(len(new)) for reason in NEW_REASONS}
    logits["text"] += meaning_logits(reading, everything)[0]
    columns = zip(
        CANDIDATE_FEATURES.values(), candidate_features(reading.queries, model.world_), strict=True
    )
    for k, ((reason, _), column) in enumerate(columns):
        if reading.network.spread_on[k]:
            logits[reason] += column_logits(reading, k, column.all())[0]

    def worth(team: frozenset[str]) -> np.ndarray:
        total = sum((logits[reason] for reason in team), np.zeros(len(new)))
        raised = np.exp(total - total[new].max()) * new
        return share * raised[items] / raised.sum()

    values = shapley(NEW_REASONS, worth)
    return {
        int(item): (
            ScorePart("novelty", float(values[""][i]), np.zeros(0, np.int64), np.zeros(0)),
            *(
                ScorePart(name, float(values[name][i]), rows, np.ones(len(rows)))
                for name in NEW_REASONS
                for rows in [rows_behind(reading.queries, name, int(item))]
            ),
        )
        for i, item in enumerate(items)
    }
