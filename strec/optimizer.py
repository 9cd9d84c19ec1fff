"""torch's optimizers without its compiler, which strec does not use: two seconds less to load.

They guard their methods against the compiler, and each guard imports all of `torch._dynamo` at its
first call, in every process that trains.
"""

from inspect import unwrap

import torch

_no_grad = torch.no_grad()


class AdamW(torch.optim.AdamW):
    """torch's AdamW, its methods freed of their guards.

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.
    """

    add_param_group = unwrap(torch.optim.AdamW.add_param_group)
    zero_grad = unwrap(torch.optim.AdamW.zero_grad)
    state_dict = unwrap(torch.optim.AdamW.state_dict)
    load_state_dict = unwrap(torch.optim.AdamW.load_state_dict)
    step = _no_grad(unwrap(torch.optim.AdamW.step))


class Adam(torch.optim.Adam):
    """torch's Adam, likewise.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015.
    """

    add_param_group = unwrap(torch.optim.Adam.add_param_group)
    zero_grad = unwrap(torch.optim.Adam.zero_grad)
    step = _no_grad(unwrap(torch.optim.Adam.step))
