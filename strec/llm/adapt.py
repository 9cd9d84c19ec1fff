"""A language model with LoRA adapters that turns a trajectory, written as text, into a vector.

The model's own weights stay as they are. Beside each linear layer W x stands a narrow detour
B A x, which begins at zero; A and B are all that is trained and saved.

References
----------
Hu et al., "LoRA: low-rank adaptation of large language models", ICLR 2022.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path

import torch

from strec.errors import ModelError
from strec.llm.encoder import mean_states, padded, token_ids
from strec.llm.weights import load


class Reader(torch.nn.Module):
    """Reads texts as unit vectors of shape ``(n, dim)``, through adapters of width `rank`.

    Its state is the adapters alone, so that checkpoints stay small. Longer texts are cut.
    """

    def __init__(self, folder: Path, *, rank: int = 8, max_tokens: int = 96, seed: int = 0):
        from peft import LoraConfig, get_peft_model

        super().__init__()
        self.max_tokens = max_tokens
        self.tokenizer, model = load(folder, "encode")
        if model.config.is_encoder_decoder:
            model = model.get_encoder()
        self.config = model.config
        # peft warns of settings that it then mends by itself.
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings(action="ignore"):
            torch.manual_seed(seed)
            self.model = get_peft_model(
                model, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear")
            )
        #: The logarithm of what cosines are multiplied by.
        self.log_scale = torch.nn.Parameter(torch.ones(1))

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text's tokens."""
        return token_ids(self.tokenizer, self.config, texts, self.max_tokens)

    def pad(self, ids: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return tokens and mask, each of shape ``(n, n_tokens)``."""
        return padded(ids)

    def forward(
        self, tokens: torch.Tensor, mask: torch.Tensor, items: torch.Tensor
    ) -> torch.Tensor:
        """Return how well candidates fit trajectories.

        Shapes: tokens and mask ``(n, n_tokens)``, items ``(n, k, dim)``; answer ``(n, k)``.
        """
        read = mean_states(self.model, tokens, mask)  # (n, dim)
        return self.log_scale.exp() * torch.einsum("nd,nkd->nk", read, items)

    def trained(self) -> dict[str, torch.nn.Parameter]:
        """Return what is trained, by name."""
        return {name: p for name, p in self.named_parameters() if p.requires_grad}

    def state_dict(self, *args, **kwargs) -> dict[str, torch.Tensor]:
        """Return the adapters' numbers."""
        return {name: p.detach() for name, p in self.trained().items()}

    def load_state_dict(self, state, *args, **kwargs) -> None:  # pyrefly: ignore[bad-override]
        """Take the adapters' numbers; ModelError if they belong to another language model."""
        mine = self.trained()
        shapes, given = ({n: p.shape for n, p in each.items()} for each in (mine, state))
        if shapes != given:
            raise ModelError(
                "Adapters fit the language model they were trained with.",
                "adapters of other shapes.",
                "Train the model again.",
            )
        with torch.no_grad():
            for name, parameter in mine.items():
                parameter.copy_(state[name])
