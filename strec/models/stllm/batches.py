"""Batches of numbers as tensors."""

import numpy as np
import torch

from strec.models.stllm.features import Numbers
from strec.models.stllm.network import Tensors
from strec.models.stllm.training_data import TrainingData
from strec.split.queries import ranges


def tensors_of(numbers: Numbers, queries: np.ndarray) -> tuple[Tensors, np.ndarray]:
    """Return what the pointer reads about some queries, and the items' places in `numbers`."""
    item_ptr, items = ranges(numbers.item_ptr[queries], numbers.item_ptr[queries + 1])
    visit_ptr, visits = ranges(numbers.visit_ptr[items], numbers.visit_ptr[items + 1])
    found = {
        "context": numbers.context[queries],
        "item_numbers": numbers.item_numbers[items],
        "visit_numbers": numbers.visit_numbers[visits],
        "prior": numbers.prior[visits],
        "item": numbers.item[items],
        "item_query": np.repeat(np.arange(len(queries)), np.diff(item_ptr)),
        "visit_item": np.repeat(np.arange(len(items)), np.diff(visit_ptr)),
        "steps": numbers.steps[queries],
        "step_numbers": numbers.step_numbers[queries],
    }
    return {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in found.items()}, items


def training_batch(data: TrainingData, chosen: np.ndarray, remember: bool) -> Tensors:
    """Return one batch of targets to learn from."""
    queries = np.sort(chosen)
    batch, items = tensors_of(data.numbers, queries)
    owner = batch["item_query"].numpy()
    target = data.target[queries]
    hit = data.numbers.item[items] == target[owner]
    is_new = np.bincount(owner, weights=hit, minlength=len(queries)) == 0
    if not remember:
        is_new[:] = True
    first = np.searchsorted(data.new, queries)
    among = np.minimum(first, max(len(data.new) - 1, 0))
    drawn = np.flatnonzero(data.new[among] == queries) if len(data.new) else np.zeros(0, int)
    place = among[drawn]
    return batch | {
        "hit": torch.from_numpy(hit),
        "is_new": torch.from_numpy(is_new),
        "is_pointing": torch.tensor([remember and len(items) > 0]),
        "weight": torch.from_numpy(data.weight[queries]),
        "new_query": torch.from_numpy(drawn),
        "candidates": torch.from_numpy(data.candidates[place]),
        "log_drawn": torch.from_numpy(data.log_drawn[place]),
        "spread": torch.from_numpy(data.spread[place]),
    }
