"""A public STGCN on the panel of an .npz file; run by demand.py in its own Python.

The layers are those of torch-geometric-temporal (`STConv`: Yu, Yin and Zhu 2018); what is around
them is the paper's: two blocks, a last convolution over time, squares of errors, the weights that
were best on the last tenth of the past, where the loss has not fallen for so many passes; the step
is halved before. It goes on from the file `kept` where one is, and stops after so many seconds. It
reads the last twelve hours of both directions, and the
same hours a week before together with the one that is asked for. The file holds `values`
(hours × places × 2), `near` (places × places), `begun` (the first hour of the test), and `first`
(weekday and hour of the first row); answered is what is expected of each hour from `begun` on.
"""

import resource
import sys
import time
import types
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import mse_loss

# Only EvolveGCN needs torch-sparse, which is built from source and is not used here.
sys.modules.setdefault("torch_sparse", types.SimpleNamespace(SparseTensor=None))
from torch_geometric_temporal.nn.attention.stgcn import STConv, TemporalConv  # noqa: E402

N_HOURS, WEEK, EPOCHS, PATIENCE, BATCH = 12, 168, 400, 15, 32


class Block(STConv):
    """The library's block; its loop over samples and hours is one call here."""

    def forward(self, X, edge_index, edge_weight=None):
        found = self._temporal_conv2(torch.relu(self._graph_conv(self._temporal_conv1(X),
                                                                 edge_index)))  # fmt: skip
        return self._batch_norm(found.permute(0, 2, 1, 3)).permute(0, 2, 1, 3)


class STGCN(torch.nn.Module):
    """Two blocks, and what the last hours of each place say together."""

    def __init__(self, n_places: int, n_in: int):
        super().__init__()
        self.one = Block(n_places, n_in, 16, 32, 3, 3)
        self.two = Block(n_places, 32, 16, 32, 3, 3)
        self.last = TemporalConv(32, 32, N_HOURS - 8)
        self.out = torch.nn.Linear(32, 2)

    def forward(self, signal, edges):
        found = self.two(self.one(signal, edges), edges)
        return self.out(self.last(found)[:, 0])


def main(asked: str, answered: str, kept: str, seconds: str) -> None:
    given = np.load(asked)
    torch.manual_seed(0)
    torch.set_num_threads(1)
    began = time.process_time()
    until = time.monotonic() + float(seconds)
    values, begun = given["values"].astype(np.float32), int(given["begun"])
    edges = torch.from_numpy(np.stack(np.nonzero(given["near"])))
    mean, spread = values[:begun].mean(), values[:begun].std()
    scaled = (values - mean) / spread
    week = (np.arange(len(values)) + int(given["first"])) % WEEK
    angle = 2 * np.pi * (week % 24) / 24
    clock = np.stack([np.sin(angle), np.cos(angle), week >= 120], axis=1).astype(np.float32)

    def batch(hours: np.ndarray):
        at = hours[:, None] + np.arange(-N_HOURS, 0)
        # A week before the hours read, moved on by one: the last is the hour asked for.
        then = scaled[at - WEEK + 1]
        when = np.broadcast_to(clock[at + 1][:, :, None], (*at.shape, values.shape[1], 3))
        signal = np.concatenate([scaled[at], then, when], axis=-1)
        return torch.from_numpy(signal), torch.from_numpy(scaled[hours])

    hours = np.arange(WEEK + N_HOURS, begun)
    cut = int(0.9 * len(hours))
    network = STGCN(values.shape[1], 7)
    steps = torch.optim.Adam(network.parameters(), lr=2e-3)
    slower = torch.optim.lr_scheduler.ReduceLROnPlateau(steps, factor=0.5, patience=5)
    rng = np.random.default_rng(0)
    now = {"epoch": 0, "best": np.inf, "since": 0, "weights": None, "seconds": 0.0}
    parts = {"network": network, "steps": steps, "slower": slower}
    if Path(kept).exists():
        found = torch.load(kept, weights_only=True)
        now, rng.bit_generator.state = found["now"], found["rng"]
        for name, each in parts.items():
            each.load_state_dict(found[name])
    before = now["seconds"]

    def ahead(of: np.ndarray) -> np.ndarray:
        network.eval()
        parts = np.array_split(of, max(len(of) // 64, 1))
        with torch.inference_mode():
            return np.concatenate([network(batch(each)[0], edges).numpy() for each in parts])

    while now["epoch"] < EPOCHS and now["since"] <= PATIENCE:
        if time.monotonic() > until:
            print("to be continued", flush=True)
            return
        network.train()
        for each in np.array_split(rng.permutation(hours[:cut]), cut // BATCH):
            signal, target = batch(each)
            steps.zero_grad()
            mse_loss(network(signal, edges), target).backward()
            steps.step()
        loss = float(((ahead(hours[cut:]) - scaled[hours[cut:]]) ** 2).mean())
        slower.step(loss)
        now |= {"epoch": now["epoch"] + 1, "since": now["since"] + 1}
        now["seconds"] = before + time.process_time() - began
        if loss < now["best"]:
            weights = {name: each.clone() for name, each in network.state_dict().items()}
            now |= {"best": loss, "since": 0, "weights": weights}
        print(f"{now['epoch']}: {loss:.4f}, {now['seconds']:.0f} s", flush=True)
        states = {name: each.state_dict() for name, each in parts.items()}
        torch.save(states | {"now": now, "rng": rng.bit_generator.state}, kept)
    network.load_state_dict(now["weights"])
    found = np.maximum(ahead(np.arange(begun, len(values))) * spread + mean, 0)
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    np.savez(answered, found=found, seconds=now["seconds"], gb=size, passes=now["epoch"])


if __name__ == "__main__":
    main(*sys.argv[1:])
