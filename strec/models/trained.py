"""What everything trained by the one loop shares: its settings, its seeds, its weights on disk."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from strec.models.saved import Arrays, Saved, under
from strec.train import Settings
from strec.train.device import choose

if TYPE_CHECKING:
    import torch


@dataclass(kw_only=True, repr=False, eq=False)
class Trained(Saved):
    """A network that the loop of `strec.train` trains.

    Subclasses are dataclasses too: their parameters are the fields, beside these.

    Parameters
    ----------
    epochs : int
        Passes over the training examples at most.
    learning_rate, weight_decay : float
        Of AdamW.
    patience : int
        Stop after this many epochs without a lower loss on what is held out.
    batch_size : int
        Examples in one step of training.
    seed : int
        Seed of the first weights, of batches and of dropout.

    Notes
    -----
    Fitted state: `network_` (a torch module), `numbers_` (arrays counted before training that
    the network is built from), `history_` (a `strec.train.TrainingHistory`; not saved).
    """

    epochs: int = 12
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    patience: int = 2
    batch_size: int = 1024
    seed: int = 0

    #: How the learning rate goes, see `strec.train.Settings`.
    schedule: ClassVar[Literal["constant", "cosine"]] = "constant"

    network_ = None
    history_ = None

    @abstractmethod
    def _built(self) -> "torch.nn.Module":
        """Return the unfitted network; loading builds it again from the same `numbers_`.

        Buffers that safetensors cannot keep (sparse matrices) are made from `numbers_` and
        registered with ``persistent=False``.
        """

    def _settings(self) -> Settings:
        return Settings(
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            patience=self.patience,
            schedule=self.schedule,
            seed=self.seed,
        )

    def _seeded(self) -> "torch.nn.Module":
        """Return the unfitted network with the first weights of the seed."""
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            return self._built()

    @property
    def device(self) -> "torch.device":
        """Where the fitted network is."""
        return device_of(self.network_)

    def _learned(self) -> Arrays:
        """Return `numbers_` and the weights as arrays to save."""
        state = self.network_.state_dict()
        return {f"numbers.{name}": value for name, value in self.numbers_.items()} | {
            f"network.{name}": value.detach().cpu().numpy() for name, value in state.items()
        }

    def _relearn(self, arrays: Arrays) -> None:
        """Set `numbers_` and `network_` from the arrays of `_learned`."""
        self.numbers_ = under(arrays, "numbers.")
        network = self._built()
        try:
            network.load_state_dict(tensors(under(arrays, "network.")))
        except RuntimeError as error:
            raise ValueError(" ".join(str(error).split())) from error
        self.network_ = network.to(choose().kind).eval()


def device_of(module: "torch.nn.Module") -> "torch.device":
    """Return where a module's parameters are."""
    return next(module.parameters()).device


def tensors(arrays: Arrays, device: "torch.device | None" = None) -> dict[str, "torch.Tensor"]:
    """Return arrays as tensors that may be written to, on a device.

    Examples
    --------
    >>> import numpy as np
    >>> tensors({"a": np.arange(2)})["a"].tolist()
    [0, 1]
    """
    import torch

    return {name: torch.tensor(value, device=device) for name, value in arrays.items()}
