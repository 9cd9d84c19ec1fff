"""Scores of ST-LLM: probabilities over all items, in double precision."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from strec.models.counting.mixture import chunks
from strec.models.counting.newcomers import unvisited
from strec.models.features.candidates import candidate_features
from strec.models.features.numbers import Numbers, numbers_of, shorten
from strec.models.stllm.network import NEVER, Network, Tensors, log_sum
from strec.split import Queries

if TYPE_CHECKING:
    from strec.models.stllm.model import STLLM

_CHUNK_NUMBERS = 4_000_000


@dataclass(frozen=True)
class Reading:
    """What one network makes of some queries; logits are comparable within a query."""

    network: Network
    queries: Queries  # with histories as long as the model reads
    numbers: Numbers  # what is read,
    batch: Tensors  # and the same as tensors
    context: torch.Tensor  # (Q, n_context) scaled
    moment: torch.Tensor  # (Q, dim) what the moment is
    pointed: np.ndarray  # (G,) logit of each item of the history
    visited: np.ndarray  # (Q,) logit of all visits
    gate: np.ndarray  # (Q,) logit of somewhere new

    @property
    def item_query(self) -> np.ndarray:
        return self.batch["item_query"].numpy()


def scores_of(model: "STLLM", queries: Queries) -> np.ndarray:
    """Return probabilities, shape ``(n_queries, n_items)``: the mean over the networks."""
    n_items = len(queries.vocabulary.items)
    scores = np.zeros((len(queries), n_items))
    if not len(queries):
        return scores
    with torch.inference_mode():
        items = [network.represent(torch.arange(n_items)) for network in model.networks_]
        for rows in chunks(queries, _CHUNK_NUMBERS):
            readings = read(model, queries.take(rows))
            new = may_be_new(model, readings[0])
            for reading, logits in zip(
                readings, generator_logits(model, readings, items), strict=True
            ):
                scores[rows] += _mixed(reading, logits, new) / len(readings)
    return scores


def read(model: "STLLM", queries: Queries) -> list[Reading]:
    """Return what each network makes of queries."""
    queries = shorten(queries, model.n_history)
    numbers, _ = numbers_of(queries, model.world_)
    batch, _ = numbers.tensors(np.arange(len(queries)))
    found = []
    for network in model.networks_:
        network.eval()
        context = network.scaled("context", batch["context"])
        moment = network.moment_of(batch, context)
        gate = network.gate_of(context, moment)
        if model.remembers and len(numbers.item):
            pointed, _ = network.point(batch, context, moment)
            visited = log_sum(pointed.double(), batch["item_query"], len(queries))
        else:
            pointed = torch.zeros(0)
            visited = torch.full((len(queries),), NEVER, dtype=torch.float64)
        read_by = (pointed.double().numpy(), visited.numpy(), gate.double().numpy())
        found.append(Reading(network, queries, numbers, batch, context, moment, *read_by))
    return found


def _mixed(reading: Reading, logits: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return the probabilities of one network from its generator's logits and its visits."""
    top = np.where(new, logits, -np.inf).max(axis=1, keepdims=True)
    found = np.exp(logits - np.where(np.isfinite(top), top, 0.0), dtype=np.float64) * new
    total = found.sum(axis=1)
    gate, everything = shares(reading, total > 0)
    share = np.exp(gate - everything)
    found *= np.divide(share, total, out=np.zeros_like(total), where=total > 0)[:, None]
    if len(reading.pointed):
        item, query = reading.numbers.item, reading.item_query
        known = item >= 0
        pointed = np.exp(reading.pointed - everything[query])
        found[query[known], item[known]] = pointed[known]
    return found


def shares(reading: Reading, has_new: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the logit of somewhere new, and of everything; shape ``(Q,)`` each."""
    gate = np.where(has_new, reading.gate, -np.inf)
    return gate, np.logaddexp(reading.visited, gate)


def may_be_new(model: "STLLM", reading: Reading) -> np.ndarray:
    """Return which items the generator speaks of, shape ``(Q, n_items)``."""
    new = unvisited(reading.queries)
    return new if model.remembers else np.ones_like(new)


def generator_logits(
    model: "STLLM", readings: list[Reading], items: list[torch.Tensor]
) -> list[np.ndarray]:
    """Return the generator's logits for each network, shape ``(Q, n_items)`` each."""
    totals = [meaning_logits(*pair) for pair in zip(readings, items, strict=True)]
    for k, column in enumerate(candidate_features(readings[0].queries, model.world_)):
        for reading, total in zip(readings, totals, strict=True):
            if reading.network.spread_on[k]:
                total += column_logits(reading, k, column.all())
    return totals


def column_logits(reading: Reading, k: int, column: np.ndarray) -> np.ndarray:
    """Return what one column of the generator adds to its logits."""
    network = reading.network
    weight = network.weights_of(reading.context, reading.moment)[:, k].numpy()
    mean, spread = float(network.spread_mean[k]), float(network.spread_spread[k])
    # The same as scaling first: limits and slope are those of the scaled column.
    bounded = np.clip(column, mean - 6 * spread, mean + 6 * spread, dtype=np.float32)
    bounded -= np.float32(mean)
    bounded *= (weight / spread)[:, None]
    return bounded


def meaning_logits(reading: Reading, items: torch.Tensor) -> np.ndarray:
    """Return what the representations of items, ``(n_items, dim)``, add to the logits."""
    return (reading.network.to_new(reading.moment) @ items.T).numpy()
