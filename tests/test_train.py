"""The loop: it learns, stops early, keeps the best, resumes exactly, and fails in words."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from strec.errors import Cancelled, ModelError
from strec.train import Settings, Watch, devices, fit
from strec.train.device import choose


class Curve:
    """Learn y = 2 x0 - x1² from 68 points with a small network."""

    def __init__(self, batch_size: int = 8, dropout: float = 0.2):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.module = torch.nn.Sequential(
                torch.nn.Linear(3, 16),
                torch.nn.ReLU(),
                torch.nn.Dropout(dropout),
                torch.nn.Linear(16, 1),
            )
        rng = np.random.default_rng(0)
        self.x = torch.tensor(rng.normal(size=(68, 3)), dtype=torch.float32)
        self.y = 2 * self.x[:, :1] - self.x[:, 1:2] ** 2
        self.batch_size = batch_size

    @property
    def n_batches(self) -> int:
        return -(-len(self.x) // self.batch_size)

    def batches(self, epoch, rng):
        order = rng.permutation(len(self.x))
        for first in range(0, len(order), self.batch_size):
            rows = torch.as_tensor(order[first : first + self.batch_size])
            yield {"x": self.x[rows], "y": self.y[rows]}

    def loss(self, batch):
        return ((self.module(batch["x"]) - batch["y"]) ** 2).mean()

    def validate(self):
        return {"loss": float(self.loss({"x": self.x, "y": self.y}))}


def weights(task) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in task.module.state_dict().items()}


def same(first, second) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


# ---------------------------------------------------------------- learning


def test_it_does_what_a_loop_written_out_does():
    """Against plain torch: same batches, same steps, same weights."""
    task, plain = Curve(dropout=0), Curve(dropout=0)
    fit(task, Settings(epochs=2, learning_rate=0.01, weight_decay=0.1, clip_norm=0, patience=9))
    optimizer = torch.optim.AdamW(plain.module.parameters(), lr=0.01, weight_decay=0.1)
    for epoch in range(2):
        for batch in plain.batches(epoch, np.random.default_rng([0, epoch])):
            optimizer.zero_grad()
            plain.loss(batch).backward()
            optimizer.step()
    expected = weights(plain)
    for name, value in weights(task).items():
        torch.testing.assert_close(value, expected[name])


@pytest.mark.slow
def test_it_learns_and_says_so():
    events = []
    history = fit(
        Curve(), Settings(epochs=30, learning_rate=0.02, patience=30), watch=Watch(events.append)
    )
    losses = [epoch["validation"]["loss"] for epoch in history.epochs]
    assert losses[-1] < losses[0] / 3
    assert events[0]["event"] == "start" and events[0]["n_parameters"] == 3 * 16 + 16 + 16 + 1
    assert events[-1]["event"] == "end" and events[-1]["stopped"] == "epochs"
    told = [event for event in events if event["event"] == "epoch"]
    assert [event["epoch"] for event in told] == list(range(1, 31))
    assert all(event["seconds_left"] >= 0 for event in told) and told[-1]["seconds_left"] == 0


def test_the_same_seed_gives_the_same_weights_and_leaves_the_world_alone():
    first, second, third = Curve(), Curve(), Curve()
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    fit(first, Settings(epochs=2, seed=3))
    assert torch.equal(before, torch.random.get_rng_state())
    fit(second, Settings(epochs=2, seed=3))
    fit(third, Settings(epochs=2, seed=4))
    assert same(weights(first), weights(second)) and not same(weights(first), weights(third))


def test_it_stops_early_and_keeps_the_best():
    class Worse(Curve):
        """Validation is best after the second epoch, whatever is learned."""

        seen = ()

        def validate(self):
            self.seen = (*self.seen, weights(self))
            return {"loss": [3.0, 1.0, 2.0, 2.0, 0.0][len(self.seen) - 1]}

    task = Worse()
    history = fit(task, Settings(epochs=9, patience=2))
    assert (history.stopped, history.best_epoch, len(history.epochs)) == ("patience", 2, 4)
    assert same(weights(task), task.seen[1])
    assert not task.module.training


@pytest.mark.parametrize(
    "share, expected", [(0.0, 0.0), (0.05, 0.5), (0.1, 1.0), (0.55, 0.5), (1.0, 0.0)]
)
def test_the_learning_rate_warms_up_and_falls_like_a_cosine(share, expected):
    settings = Settings(learning_rate=1.0, schedule="cosine", warmup_share=0.1)
    assert settings.learning_rate_at(share) == pytest.approx(expected, abs=1e-12)


def test_time_that_is_up_ends_it_with_what_was_learned():
    task = Curve()
    start = weights(task)
    history = fit(task, Settings(epochs=10_000, patience=10_000), watch=Watch(max_seconds=0.3))
    assert history.stopped == "time" and 0.3 < history.seconds < 3 and 0 < history.share < 1
    assert not same(weights(task), start)


def test_the_first_pass_is_whole_and_more_time_lets_it_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr("strec.train.loop.GRACE", 1e12)
    short = fit(Curve(), Settings(epochs=5), watch=Watch(checkpoint=tmp_path, max_seconds=1e-9))
    through, resumed = Curve(), Curve()
    assert (short.stopped, len(short.epochs)) == ("time", 1) and short.share == 0.2
    whole = fit(resumed, Settings(epochs=5), watch=Watch(checkpoint=tmp_path, max_seconds=60))
    fit(through, Settings(epochs=5))
    assert whole.share == 1 and len(whole.epochs) == 5 and same(weights(through), weights(resumed))


# ---------------------------------------------------------------- stopping and going on


def stop_after(n: int):
    asked = iter(range(n))
    return lambda: next(asked, None) is None


@pytest.mark.parametrize("n_batches", [3, 8, 20, 31])
def test_cancelled_and_resumed_is_as_if_it_had_run_through(tmp_path, n_batches):
    settings = Settings(epochs=4, learning_rate=0.01, schedule="cosine", warmup_share=0.1)
    through, resumed = Curve(), Curve()
    expected = fit(through, settings)
    with pytest.raises(Cancelled, match="Resume it"):
        watch = Watch(checkpoint=tmp_path, should_stop=stop_after(n_batches))
        fit(Curve(), settings, watch=watch)
    history = fit(resumed, settings, watch=Watch(checkpoint=tmp_path))
    assert same(weights(through), weights(resumed))
    assert [e["loss"] for e in history.epochs] == [e["loss"] for e in expected.epochs]


def test_a_finished_training_is_not_trained_again(tmp_path):
    first, again, events = Curve(), Curve(), []
    fit(first, Settings(epochs=2), watch=Watch(checkpoint=tmp_path))
    fit(again, Settings(epochs=2), watch=Watch(events.append, checkpoint=tmp_path))
    assert same(weights(first), weights(again))
    assert [event["event"] for event in events] == ["start", "end"]


@pytest.mark.slow
def test_a_process_killed_in_the_middle_loses_at_most_the_last_epoch(tmp_path):
    """kill -9 in the third epoch; another process goes on from the second."""
    code = f"""
import os, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_train import *
def kill(event):
    # torch's compiler, which nothing here uses, would take two seconds more of each process.
    assert "torch._dynamo" not in sys.modules
    if event["event"] == "batch" and event["epoch"] == 3:
        os.kill(os.getpid(), signal.SIGKILL)
fit(Curve(), Settings(epochs=5), watch=Watch(kill, checkpoint=Path({str(tmp_path)!r})))
"""
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -9
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-0002"]
    through, resumed, events = Curve(), Curve(), []
    fit(through, Settings(epochs=5))
    fit(resumed, Settings(epochs=5), watch=Watch(events.append, checkpoint=tmp_path))
    assert events[0]["epochs_done"] == 2
    assert same(weights(through), weights(resumed))


def stopped_at(folder: Path) -> Path:
    with pytest.raises(Cancelled):
        fit(Curve(), Settings(epochs=4), watch=Watch(checkpoint=folder, should_stop=stop_after(10)))
    (found,) = folder.iterdir()
    return found


def test_a_checkpoint_that_was_changed_is_refused(tmp_path):
    weights_file = stopped_at(tmp_path) / "state.safetensors"
    data = bytearray(weights_file.read_bytes())
    data[-1] ^= 1
    weights_file.write_bytes(data)
    with pytest.raises(ModelError, match="changed after they were saved"):
        fit(Curve(), Settings(epochs=4), watch=Watch(checkpoint=tmp_path))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 1}', '{"version": 99}'])
def test_a_checkpoint_that_is_broken_is_refused(tmp_path, content):
    (stopped_at(tmp_path) / "state.json").write_text(content)
    with pytest.raises(ModelError, match="goes on from its own checkpoint"):
        fit(Curve(), Settings(epochs=4), watch=Watch(checkpoint=tmp_path))


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    stopped_at(tmp_path)
    with pytest.raises(ModelError, match="other settings"):
        fit(Curve(), Settings(epochs=4, seed=1), watch=Watch(checkpoint=tmp_path))


def test_a_full_disk_is_said_and_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    from strec.train import checkpoint

    first = stopped_at(tmp_path)
    before = {path.name: path.read_bytes() for path in first.iterdir()}

    def full(path, data):
        path.write_bytes(data[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "_write", full)
    with pytest.raises(ModelError, match="No space left on device"):
        fit(Curve(), Settings(epochs=4), watch=Watch(checkpoint=tmp_path))
    assert list(tmp_path.iterdir()) == [first]
    assert {path.name: path.read_bytes() for path in first.iterdir()} == before


# ---------------------------------------------------------------- what can go wrong


@pytest.mark.parametrize("where", ["loss", "validation"])
def test_a_loss_that_is_no_number_is_said(where):
    class Broken(Curve):
        def loss(self, batch):
            return super().loss(batch) * (float("nan") if where == "loss" else 1)

        def validate(self):
            return {"loss": float("nan" if where == "validation" else 1)}

    with pytest.raises(ModelError, match="Lower the learning rate"):
        fit(Broken(), Settings())


def out_of_memory_above(limit: int) -> Curve:
    class Hungry(Curve):
        def loss(self, batch):
            if len(batch["x"]) > limit:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")
            return super().loss(batch)

        def validate(self):
            return {"loss": 1.0}

    return Hungry(batch_size=32)


def test_when_memory_runs_out_the_batch_halves():
    events = []
    history = fit(out_of_memory_above(9), Settings(epochs=1), watch=Watch(events.append))
    assert history.batch_size == 8
    notes = [event["text"] for event in events if event["event"] == "note"]
    assert notes == [f"Memory ran out; going on with {n} in a batch." for n in (16, 8)]


def test_when_one_example_is_too_much_it_says_so():
    with pytest.raises(ModelError, match="memory ran out with 1 in a batch"):
        fit(out_of_memory_above(0), Settings(epochs=1))


def test_when_memory_runs_out_while_it_validates_the_pass_is_not_lost():
    class Hungry(Curve):
        passes = 0

        def batches(self, epoch, rng):
            self.passes += 1
            return super().batches(epoch, rng)

        def validate(self):
            if self.batch_size > 8:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")
            return {"loss": 1.0}

    task = Hungry(batch_size=32)
    assert fit(task, Settings(epochs=1)).batch_size == 8
    assert task.passes == 1


@pytest.mark.parametrize("where", ["loss", "validate"])
def test_a_device_that_fails_is_said(where):
    class Lost(Curve):
        pass

    def fail(*_):
        raise RuntimeError("CUDA error: device-side assert triggered\nmore lines")

    setattr(Lost, where, fail)
    with pytest.raises(ModelError, match="Resume from the last complete epoch"):
        fit(Lost(), Settings())


def test_nothing_to_learn_from_is_said():
    class Empty(Curve):
        def batches(self, epoch, rng):
            return iter(())

    with pytest.raises(ModelError, match="at least one example"):
        fit(Empty(), Settings())


def test_devices_are_named_and_the_cpu_is_always_there():
    assert devices()[-1].kind == "cpu" and "CPU" in devices()[-1].words()
    assert choose("cpu").kind == "cpu"
    with pytest.raises(ModelError, match="this machine has"):
        choose("abacus")


# ---------------------------------------------------------------- several processes


@pytest.mark.slow
def test_two_processes_learn_what_one_does(tmp_path):
    """Two processes on the CPU with gloo: the loss is that of one.

    Accelerate's launcher, which starts them for `strec train`, is in tests/test_runs.py.
    """
    code = f"""
import json, os, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_train import *
from strec.train import leave
events = []
watch = Watch(events.append, device="cpu", checkpoint=Path({str(tmp_path / "kept")!r}))
history = fit(Curve(dropout=0), Settings(epochs=3, learning_rate=0.01), watch=watch)
if os.environ["RANK"] == "0":
    told = [history.epochs, events[0]["n_processes"], history.batch_size]
    Path({str(tmp_path / "told.json")!r}).write_text(json.dumps(told))
else:
    assert not events
leave()
"""
    # A port that is free now may be taken a moment later: once more then.
    for _ in range(2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        shutil.rmtree(tmp_path / "kept", ignore_errors=True)
        started = [
            subprocess.Popen(
                [sys.executable, "-c", code], stderr=subprocess.PIPE, text=True,
                env=os.environ | {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": "2",
                                  "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port},
            )
            for rank in "01"
        ]  # fmt: skip
        said = [each.communicate()[1] for each in started]
        if not any(each.returncode for each in started):
            break
    assert not any(each.returncode for each in started), said
    epochs, n_processes, batch_size = json.loads((tmp_path / "told.json").read_text())
    alone = fit(Curve(dropout=0), Settings(epochs=3, learning_rate=0.01))
    assert (n_processes, batch_size) == (2, 8)
    for two, one in zip(epochs, alone.epochs, strict=True):
        # The last batch holds 4 examples: all of them in the first process, none in the second.
        assert two["loss"] == pytest.approx(one["loss"], rel=1e-4)
        assert two["validation"]["loss"] == pytest.approx(one["validation"]["loss"], rel=1e-4)
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["epoch-0003-end"]


@pytest.mark.parametrize("said, heard", [(None, "PASSIVE"), ("active", "ACTIVE")])
def test_threads_sleep_while_they_wait_unless_somebody_wants_otherwise(said, heard):
    given = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
    given |= {"OMP_DISPLAY_ENV": "TRUE"} | ({"OMP_WAIT_POLICY": said} if said else {})
    # Without the rest of torch's imports: what its threads run on tells.
    code = "import strec, ctypes; ctypes.CDLL('libgomp.so.1')"
    done = subprocess.run([sys.executable, "-c", code], env=given, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("needs GNU's OpenMP")
    assert f"OMP_WAIT_POLICY = '{heard}'" in done.stderr
