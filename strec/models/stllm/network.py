"""The network of ST-LLM: a pointer over past visits and a generator over all items.

P(i | q) ∝ exp(g(i, q)) + Σ_{j visited i} exp(a(j, q))

r_i    = T traits_i + residual_i            what an item is: meaning, hours, popularity
c      = GRU(r of the last check-ins), q    what the moment is
a(j,q) = visit MLP(x_j, h_i, q) + item MLP(x_i, r_i ⊙ c, q)
g(i,q) = gate(q) + log softmax_i( w(q) · φ_i + r_i · c' )     over items not yet visited
"""

import torch
from torch import nn
from torch.nn import functional as F

#: A logit that stands for "impossible".
NEVER = -1e9
Tensors = dict[str, torch.Tensor]


class Network(nn.Module):
    """See the module; sizes are numbers of columns.

    `traits`, ``(n_items, n_traits)``, tell what each item is; `start`, ``(n_spread,)``, are weights
    of the generator before training, per unit of a column; `on` are factors per column by the
    names of `sizes` (context, item, visit, prior, step, spread): 0 for columns left out.
    """

    traits: torch.Tensor
    start: torch.Tensor
    prior_on: torch.Tensor
    step_on: torch.Tensor
    spread_on: torch.Tensor
    spread_mean: torch.Tensor
    spread_spread: torch.Tensor

    def __init__(
        self,
        traits: torch.Tensor,
        sizes: dict[str, int],
        start: torch.Tensor,
        on: Tensors,
        *,
        hidden: int = 64,
        dim: int = 48,
        dropout: float = 0.1,
        identity: bool = True,
        identity_dropout: float = 0.3,
    ):
        super().__init__()
        self.register_buffer("traits", traits, persistent=False)
        self.register_buffer("start", start, persistent=False)
        for name, size in sizes.items():
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_spread", torch.ones(size))
            self.register_buffer(f"{name}_on", on[name], persistent=False)
        self.identity = nn.Embedding(len(traits), dim) if identity else None
        if self.identity is not None:
            nn.init.zeros_(self.identity.weight)
        self.identity_dropout = identity_dropout
        n_context = sizes["context"]
        self.represent_traits = nn.Linear(traits.shape[1], dim)
        self.recurrent = nn.GRU(dim + sizes["step"], dim, batch_first=True)
        self.moment = nn.Sequential(nn.Linear(dim + n_context, dim), nn.GELU(), nn.Dropout(dropout))
        self.to_visit, self.to_new = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.of_item = nn.Linear(sizes["item"] + dim, hidden)
        self.of_context = nn.Linear(n_context, hidden, bias=False)
        self.item_body = nn.Sequential(
            nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, hidden), nn.GELU(),
            nn.Dropout(dropout),
        )  # fmt: skip
        self.item_head = _silent(hidden, 1)
        half = hidden // 2
        self.of_visit = nn.Linear(sizes["visit"], half)
        self.item_to_visit = nn.Linear(hidden, half, bias=False)
        self.context_to_visit = nn.Linear(n_context, half, bias=False)
        self.visit_body = nn.Sequential(
            nn.GELU(), nn.Dropout(dropout), nn.Linear(half, half), nn.GELU(), _silent(half, 1)
        )
        self.gate = nn.Sequential(nn.Linear(n_context + dim, 32), nn.GELU(), _silent(32, 1))
        self.weigh = nn.Sequential(
            nn.Linear(n_context + dim, 32), nn.GELU(), _silent(32, sizes["spread"])
        )

    def scaled(self, name: str, numbers: torch.Tensor) -> torch.Tensor:
        """Return numbers about their means, in units of their spread, without extremes."""
        mean, spread = self.get_buffer(f"{name}_mean"), self.get_buffer(f"{name}_spread")
        # In place: a copy for each step would be most of what a batch takes.
        found = (numbers - mean).div_(spread).clamp_(-6, 6)
        return found.mul_(self.get_buffer(f"{name}_on"))

    def represent(self, items: torch.Tensor) -> torch.Tensor:
        """Return what items are, shape ``(*items.shape, dim)``; zeros for codes below 0."""
        distinct, place = torch.unique(items, return_inverse=True)
        known = (distinct >= 0).unsqueeze(1)
        code = distinct.clamp(min=0)
        found = self.represent_traits(self.traits[code])
        if self.identity is not None:
            own = self.identity(code)
            if self.training:
                kept = torch.rand(len(code), 1, device=own.device) >= self.identity_dropout
                own = own * kept
            found = found + own
        return (found * known)[place]

    def moment_of(self, batch: Tensors, context: torch.Tensor) -> torch.Tensor:
        """Return c, shape ``(Q, dim)``."""
        numbers = batch["step_numbers"].float() * self.step_on
        steps = torch.cat([self.represent(batch["steps"]), numbers], dim=-1)
        _, state = self.recurrent(steps)
        return self.moment(torch.cat([state[0], context], dim=-1))

    def point(
        self, batch: Tensors, context: torch.Tensor, moment: torch.Tensor, on: Tensors | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return log Σ_j exp(a) per item of the history, and a per visit.

        Factors `on` of 0 leave a column of ``item``, ``visit``, ``prior``, ``context`` or ``fit``
        at its mean. `context` is scaled, `moment` is c.
        """
        item_numbers = self.scaled("item", batch["item_numbers"])
        visit_numbers = self.scaled("visit", batch["visit_numbers"])
        prior = batch["prior"].float() * self.prior_on
        fit = self.represent(batch["item"]) * self.to_visit(moment)[batch["item_query"]]
        if on is not None:
            item_numbers, visit_numbers = item_numbers * on["item"], visit_numbers * on["visit"]
            context, fit = context * on["context"], fit * on["fit"]
            prior = prior * on["prior"]
        inner = self.of_item(torch.cat([item_numbers, fit], dim=-1))
        inner = self.item_body(inner + self.of_context(context)[batch["item_query"]])
        shared = self.item_to_visit(inner) + self.context_to_visit(context)[batch["item_query"]]
        voice = self.visit_body(self.of_visit(visit_numbers) + shared[batch["visit_item"]])
        voice = voice.squeeze(-1) + prior.sum(dim=-1)
        voice = voice + self.item_head(inner).squeeze(-1)[batch["visit_item"]]
        total = log_sum(voice, batch["visit_item"], len(batch["item"]))
        return torch.where(batch["item"] >= 0, total, torch.full_like(total, NEVER)), voice

    def gate_of(self, context: torch.Tensor, moment: torch.Tensor) -> torch.Tensor:
        """Return the logit of somewhere new, shape ``(Q,)``, against the visits' logits."""
        return self.gate(torch.cat([context, moment], dim=-1)).squeeze(-1)

    def weights_of(self, context: torch.Tensor, moment: torch.Tensor) -> torch.Tensor:
        """Return the weight of each spread column (scaled), shape ``(Q, n_spread)``."""
        learned = self.weigh(torch.cat([context, moment], dim=-1))
        return learned + self.start * self.spread_spread

    def loss(self, batch: Tensors) -> torch.Tensor:
        """Return the weighted mean of -log P(target)."""
        context = self.scaled("context", batch["context"])
        moment = self.moment_of(batch, context)
        n = len(context)
        gate = self.gate_of(context, moment)
        has_new = len(batch["new_query"]) > 0
        if batch["is_pointing"].any():
            items, _ = self.point(batch, context, moment)
            visited = log_sum(items, batch["item_query"], n)
            right = torch.where(batch["hit"], items, torch.full_like(items, NEVER))
            right = log_sum(right, batch["item_query"], n)
        else:
            visited = right = torch.full_like(gate, NEVER)
        total = torch.logaddexp(visited, gate)
        loss = total - torch.where(batch["is_new"], gate, right)
        weight = batch["weight"]
        value = (loss * weight).sum()
        if has_new:
            value = value + (self._new_loss(batch, context, moment)
                             * weight[batch["new_query"]]).sum()  # fmt: skip
        return value / weight.sum()

    def _new_loss(
        self, batch: Tensors, context: torch.Tensor, moment: torch.Tensor
    ) -> torch.Tensor:
        """Return -log softmax of the target among sampled candidates; the target is the first.

        Sampled items stand for all: their logits are lowered by the log of how often each is
        drawn (Bengio and Senécal 2008).
        """
        query = batch["new_query"]
        weights = self.weights_of(context, moment)[query]
        spread = self.scaled("spread", batch["spread"])  # (M, K, n_spread)
        logits = torch.einsum("mks,ms->mk", spread, weights)
        wanted = self.to_new(moment)[query]
        logits = logits + torch.einsum("mkd,md->mk", self.represent(batch["candidates"]), wanted)
        return -F.log_softmax(logits - batch["log_drawn"], dim=1)[:, 0]


def _silent(n_in: int, n_out: int) -> nn.Linear:
    """Return a last layer that is 0: before training only the start speaks."""
    layer = nn.Linear(n_in, n_out)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def log_sum(values: torch.Tensor, group: torch.Tensor, n: int) -> torch.Tensor:
    """Return log Σ exp of values by group, shape ``(n,)``; `NEVER` for an empty group.

    Examples
    --------
    >>> log_sum(torch.zeros(3), torch.tensor([0, 0, 2]), 3).exp().round().tolist()
    [2.0, 0.0, 1.0]
    """
    top = values.new_full((n,), NEVER).scatter_reduce(0, group, values.detach(), "amax")
    total = values.new_zeros(n).index_add(0, group, torch.exp(values - top[group]))
    return top + torch.log(total.clamp(min=1e-30))
