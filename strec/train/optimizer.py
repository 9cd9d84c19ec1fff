"""AdamW without torch's compiler, which strec does not use and which takes two seconds to load."""

from inspect import unwrap

import torch

_PLAIN = torch.optim.AdamW


class AdamW(_PLAIN):
    """torch's AdamW, its methods freed of what tells the compiler to leave them alone.

    These guards import all of `torch._dynamo` at their first call, in each process that trains.

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.
    """

    add_param_group = unwrap(_PLAIN.add_param_group)
    zero_grad = unwrap(_PLAIN.zero_grad)
    state_dict = unwrap(_PLAIN.state_dict)
    load_state_dict = unwrap(_PLAIN.load_state_dict)
    step = torch.no_grad()(unwrap(_PLAIN.step))
