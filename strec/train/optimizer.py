"""AdamW without the compiler of torch."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.optim.adamw import adamw


class AdamW:
    """The steps of `torch.optim.AdamW`, by torch's function of that name.

    The class of torch loads the compiler of torch with its first parameters: two CPU seconds of
    each process that trains, for a loop that compiles nothing.

    Parameters
    ----------
    parameters : iterable of torch.Tensor
        What is learned.
    lr, weight_decay : float
        The size of a step, and what is taken off each weight in it, per unit of the rate.

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.
    """

    def __init__(self, parameters: Iterable[torch.Tensor], *, lr: float, weight_decay: float):
        #: As torch has it: whoever sets the rate, or scales gradients, looks here.
        self.param_groups: list[dict[str, Any]] = [
            {"params": list(parameters), "lr": lr, "weight_decay": weight_decay}
        ]
        self.state: dict[torch.Tensor, dict[str, torch.Tensor]] = {}

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:
        """Move the parameters that have a gradient; no closure is asked for."""
        (group,) = self.param_groups
        moved = [p for p in group["params"] if p.grad is not None]
        if not moved:
            return
        for p in moved:
            if p not in self.state:
                # The count stays beside the processor, also of parameters on a card.
                self.state[p] = {
                    "step": torch.tensor(0.0),
                    "exp_avg": torch.zeros_like(p),
                    "exp_avg_sq": torch.zeros_like(p),
                }
        mean, square, steps = (
            [self.state[p][name] for p in moved] for name in ("exp_avg", "exp_avg_sq", "step")
        )
        adamw(
            moved,
            [p.grad for p in moved],
            mean,
            square,
            [],
            steps,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=1e-8,
            maximize=False,
        )

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Let go of the gradients."""
        for p in self.param_groups[0]["params"]:
            p.grad = None

    def state_dict(self) -> dict[str, Any]:
        """Return the running averages, by the number of their parameter."""
        numbered = enumerate(self.param_groups[0]["params"])
        return {"state": {i: dict(self.state[p]) for i, p in numbered if p in self.state}}

    def load_state_dict(self, given: dict[str, Any]) -> None:
        """Take running averages from a `state_dict`; how steps are taken stays as it is."""
        for index, values in given["state"].items():
            p = self.param_groups[0]["params"][index]
            self.state[p] = {
                name: value.to("cpu" if name == "step" else p.device)
                for name, value in values.items()
            }
