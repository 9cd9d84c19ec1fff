"""torch's optimizers without its compiler, which strec does not use: two seconds less to load."""

from inspect import unwrap
from typing import TypeVar, cast

import torch

Kind = TypeVar("Kind", bound=type[torch.optim.Optimizer])


def without_compiler(kind: Kind) -> Kind:
    """Return an optimizer whose methods do not guard against the compiler.

    Each of these guards imports all of `torch._dynamo` at its first call, in every process that
    trains.

    Parameters
    ----------
    kind : type
        One of torch's optimizers.

    Examples
    --------
    >>> weights = torch.nn.Linear(3, 1).parameters()
    >>> without_compiler(torch.optim.Adam)(weights, lr=0.01).defaults["lr"]
    0.01
    """
    guarded = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")
    freed = {name: unwrap(getattr(kind, name)) for name in guarded}
    # One of the guards of `step` also turns gradients off.
    freed["step"] = torch.no_grad()(unwrap(kind.step))
    return cast(Kind, type(kind.__name__, (kind,), freed))
