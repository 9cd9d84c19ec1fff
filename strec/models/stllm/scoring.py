"""Scores of ST-LLM: probabilities over all items, in double precision."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from strec.models.counting.mixture import chunks
from strec.models.stllm.batches import tensors_of
from strec.models.stllm.features import Numbers, numbers_of, shorten
from strec.models.stllm.network import Tensors, log_sum
from strec.models.stllm.spread import SPREAD, spread_columns
from strec.split import Queries

if TYPE_CHECKING:
    from strec.models.stllm.model import STLLM

_CHUNK_NUMBERS = 4_000_000
#: Below this share of all probability there is nothing new to offer.
_NOTHING = -1e9


@dataclass(frozen=True)
class Reading:
    """What the network makes of some queries; logits are comparable within a query.

    Attributes
    ----------
    queries : Queries
        With histories as long as the model reads.
    numbers : Numbers
        What was read.
    batch : dict of tensors
        The same as tensors.
    context, moment : torch.Tensor
        Scaled context, and what the moment is.
    pointed : numpy.ndarray
        Shape ``(G,)``: logit of each item of the history.
    visited, gate : numpy.ndarray
        Shape ``(Q,)``: logits of all visits, and of somewhere new.
    """

    queries: Queries
    numbers: Numbers
    batch: Tensors
    context: torch.Tensor
    moment: torch.Tensor
    pointed: np.ndarray
    visited: np.ndarray
    gate: np.ndarray


def scores_of(model: "STLLM", queries: Queries) -> np.ndarray:
    """Return probabilities, shape ``(n_queries, n_items)``."""
    n_items = len(queries.vocabulary.items)
    scores = np.zeros((len(queries), n_items))
    if not len(queries):
        return scores
    model.network_.eval()
    with torch.inference_mode():
        items = model.network_.represent(torch.arange(n_items))  # (n_items, dim)
        for rows in chunks(queries, _CHUNK_NUMBERS):
            scores[rows] = _score(model, queries.take(rows), items)
    return scores


def read(model: "STLLM", queries: Queries) -> Reading:
    """Return what the network makes of queries."""
    network = model.network_
    queries = shorten(queries, model.n_history)
    numbers, _ = numbers_of(queries, model.world_)
    batch, _ = tensors_of(numbers, np.arange(len(queries)))
    context = network.scaled("context", batch["context"])
    moment = network.moment_of(batch, context)
    gate = network.gate_of(context, moment)
    if model.remembers and len(numbers.item):
        pointed, _ = network.point(batch, context, moment)
        visited = log_sum(pointed.double(), batch["item_query"], len(queries))
    else:
        pointed = torch.zeros(0)
        visited = torch.full((len(queries),), _NOTHING, dtype=torch.float64)
    return Reading(
        queries, numbers, batch, context, moment,
        pointed.double().numpy(), visited.numpy(), gate.double().numpy(),
    )  # fmt: skip


def _score(model: "STLLM", queries: Queries, items: torch.Tensor) -> np.ndarray:
    reading = read(model, queries)
    logits = sum(evidence for _, evidence in generator_parts(model, reading, items))
    logits[~unvisited(model, reading)] = -np.inf
    top = logits.max(axis=1, keepdims=True)
    new = np.exp(logits - np.where(np.isfinite(top), top, 0.0), dtype=np.float64)
    total = new.sum(axis=1)
    gate, all_ = shares(reading, total > 0)
    new *= np.divide(np.exp(gate - all_), total, out=np.zeros_like(total), where=total > 0)[:, None]
    if len(reading.pointed):
        item, query = reading.numbers.item, reading.batch["item_query"].numpy()
        known = item >= 0
        new[query[known], item[known]] = np.exp(reading.pointed - all_[query])[known]
    return new


def shares(reading: Reading, has_new: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the logit of somewhere new, and of everything; shape ``(Q,)`` each."""
    gate = np.where(has_new, reading.gate, -np.inf)
    return gate, np.logaddexp(reading.visited, gate)


def unvisited(model: "STLLM", reading: Reading) -> np.ndarray:
    """Return which items the generator speaks of, shape ``(Q, n_items)``."""
    n_items = len(model.world_.lately)
    new = np.ones((len(reading.queries), n_items), dtype=bool)
    if model.remembers:
        item = reading.numbers.item
        known = item >= 0
        new[reading.batch["item_query"].numpy()[known], item[known]] = False
    return new


def generator_parts(
    model: "STLLM", reading: Reading, items: torch.Tensor
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the reason and the logits of each column of the generator, then of the meaning.

    Parameters
    ----------
    items : torch.Tensor
        Shape ``(n_items, dim)``: the representation of all items.
    """
    network = model.network_
    weights = network.weights_of(reading.context, reading.moment).numpy()
    mean, spread = network.spread_mean.numpy(), network.spread_spread.numpy()
    on = network.spread_on.numpy()
    columns = spread_columns(reading.queries, model.world_)
    for k, ((reason, _), column) in enumerate(zip(SPREAD.values(), columns, strict=True)):
        if on[k]:
            scaled = np.clip((column - mean[k]) / spread[k], -6, 6).astype(np.float32)
            yield reason, scaled * weights[:, k, None]
    yield "text", (network.to_new(reading.moment) @ items.T).numpy()
