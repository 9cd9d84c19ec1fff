"""The base of neural models: what is held out, which rows a batch holds, what a file holds."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from strec.errors import Cancelled, ModelError
from strec.models.networks.items import ItemNetwork
from strec.models.neural import NeuralModel, RowTask, inner_split
from strec.models.profiles import popularity
from strec.split import Queries, queries_of_rows, split
from strec.train import Watch
from tests.models import worlds


class FollowsNetwork(ItemNetwork):
    """A logit per pair of last and next item; what is popular is added to the logit."""

    def __init__(self, n_items: int, share: torch.Tensor):
        super().__init__()
        self.pairs = torch.nn.Embedding(n_items + 1, n_items)
        self.register_buffer("share", share)

    def logits(self, batch):
        return self.pairs(batch["last"])

    def scores(self, batch):
        return self.logits(batch) + self.share


@dataclass(kw_only=True, repr=False, eq=False)
class Follows(NeuralModel):
    """What follows what, and a popularity that is counted."""

    kind = "follows"
    learns_from_all = True

    epochs: int = 3
    learning_rate: float = 0.1
    batch_size: int = 64

    def _numbers(self, train, inner):
        return {"share": popularity(train)}

    def _built(self):
        share = torch.from_numpy(self.numbers_["share"]).float()
        return FollowsNetwork(len(share), share)

    def _read(self, queries: Queries):
        last = np.where(queries.last >= 0, queries.log.item[queries.last], -1)
        return {"last": last.astype(np.int64) + 1}


def parts():
    return split(worlds.alternating())


def test_a_few_lines_make_a_model_that_learns_saves_and_scores(tmp_path):
    model = Follows(epochs=20).fit(parts().train)
    queries = parts().queries(scored="every")
    assert (model.top(queries, 1)[0][:, 0] == queries.target).mean() > 0.9
    again = Follows.load(model.save(tmp_path))
    assert np.array_equal(again.score(queries), model.score(queries))
    assert again.params()["epochs"] == 20
    assert model.history_.epochs[-1]["validation"]["loss"] < model.history_.epochs[0]["loss"]


def test_scoring_in_pieces_changes_nothing(monkeypatch):
    model = Follows().fit(parts().train)
    queries = parts().queries(scored="every")
    whole = model.score(queries)
    monkeypatch.setattr(Follows, "score_batch", 7)
    assert np.allclose(model.score(queries), whole, atol=1e-6)


def test_progress_and_checkpoints_reach_the_watch(tmp_path):
    told = []
    watch = Watch(checkpoint=tmp_path)
    Follows().fit(parts().train, progress=lambda *said: told.append(said), watch=watch)
    assert {path.name for path in tmp_path.iterdir()} == {"epoch-0003-end", "last-pass"}
    shares = [share for _, share in told]
    assert shares == sorted(shares) and shares[-1] == 1
    assert any("Pass 3: loss" in text for text, _ in told)
    assert told[-2][0] == "Learning from the latest check-ins too"


def changed():
    """Return a log where A is followed by B, but by C in its latest twentieth."""
    pairs = [("A", "B")] * 190 + [("A", "C")] * 10
    items = [item for pair in pairs for item in pair]
    return split(
        worlds.table([("u", item, 2 * hour) for hour, item in enumerate([*items, "A"])]),
        fractions=(400 / 401, 1 / 401, 0),
    ).train


def chance_of_c(model, log):
    """Return how much higher C scores than an item that never follows A, its popularity apart."""
    queries = queries_of_rows(log, np.array([len(log) - 1]))
    a, c = (log.vocabulary.items.tolist().index(name) for name in "AC")
    score = model.score(queries)[0] - model.network_.share.numpy()
    return score[c] - score[a]


def test_the_latest_check_ins_are_learned_from_after_they_told_when_to_stop(monkeypatch):
    log = changed()
    learned = Follows().fit(log)
    monkeypatch.setattr(Follows, "learns_from_all", False)
    held_out = Follows().fit(log)
    assert chance_of_c(learned, log) > chance_of_c(held_out, log) + 0.1
    assert learned.history_.epochs[-1]["validation"] == held_out.history_.epochs[-1]["validation"]


def test_cancelled_in_the_last_pass_it_resumes_to_the_same_model(tmp_path):
    log, told = changed(), []
    watch = Watch(
        checkpoint=tmp_path,
        on_event=lambda event: told.append(event.get("text", "")),
        should_stop=lambda: any("latest" in text for text in told),
    )
    with pytest.raises(Cancelled):
        Follows().fit(log, watch=watch)
    starts = []
    resumed = Follows().fit(log, watch=Watch(checkpoint=tmp_path, on_event=starts.append))
    through = Follows().fit(log)
    assert next(e["epochs_done"] for e in starts if e["event"] == "start") == 3
    for name, value in through.network_.state_dict().items():
        assert torch.equal(resumed.network_.state_dict()[name], value)


def test_a_training_out_of_time_makes_no_last_pass(tmp_path):
    model = Follows().fit(changed(), watch=Watch(checkpoint=tmp_path, max_seconds=0.0001))
    assert model.history_.stopped == "time"
    assert not (tmp_path / "last-pass").exists()


def test_a_file_of_another_shape_is_refused(tmp_path):
    model = Follows().fit(parts().train)
    model.network_.register_buffer("extra", torch.zeros(1))
    with pytest.raises(ModelError, match="does not fit this version"):
        Follows.load(model.save(tmp_path))


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(
    times=st.lists(st.integers(0, 50), min_size=1, max_size=60),
    share=st.floats(0.05, 0.5),
    most=st.integers(1, 30),
)
def test_what_is_held_out_is_later_than_all_that_is_learned_from(times, share, most):
    log = split(
        worlds.table([(f"u{k % 3}", "A", hour) for k, hour in enumerate([*times, 99])]),
        fractions=(len(times) / (len(times) + 1), 1 / (len(times) + 1), 0),
    ).train
    inner = inner_split(log, share, most=most)
    if np.array_equal(inner.fit_rows, inner.check_rows):
        # Everything at one moment: there is nothing to hold out.
        assert len(inner.fit_rows) == len(log)
        return
    assert log.time_us[inner.fit_rows].max() < inner.cut_us <= log.time_us[inner.check_rows].min()
    assert 1 <= len(inner.check_rows) <= most
    assert (np.diff(inner.check_rows) > 0).all()


def test_an_epoch_holds_every_row_once_in_an_order_of_its_own():
    seen = []
    task = RowTask(
        torch.nn.Linear(1, 1), np.arange(10), np.arange(3), 4,
        collate=lambda rows, rng: seen.extend(rows) or {"rows": torch.from_numpy(rows)},
        loss=lambda batch: batch["rows"].float().mean(),
    )  # fmt: skip
    assert task.n_batches == 3
    assert [len(b["rows"]) for b in task.batches(0, np.random.default_rng(1))] == [4, 4, 2]
    assert sorted(seen) == list(range(10)) != seen
    # Batches of unequal size weigh by their size: the mean of 0, 1, 2 in batches of 2.
    task.batch_size = 2
    assert task.validate() == {"loss": 1.0}
