"""ST-LLM: its numbers against hand counts, its data against peeking, its parts against sums."""

import json
import time
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from strec.errors import Cancelled, ModelError
from strec.models import STLLM, CounterMix, Explanation, ScorePart, Trees, load_model
from strec.models.counting.reasons import shapley
from strec.models.features.candidates import CANDIDATE_FEATURES, candidate_features
from strec.models.features.numbers import Columns, Gathered, numbers_of, shorten, stacked, tents
from strec.models.features.pairs import Pairs
from strec.models.features.training_data import training_data_of
from strec.models.features.world import N_DIRECTIONS, World, first_takes
from strec.models.stllm.network import NEVER, log_sum
from strec.models.stllm.together import added, combined, trust, weights_for
from strec.sealed import sealed
from strec.simulation import simulate
from strec.split import Log, Split, Vocabulary, encode, queries_of_rows, split
from tests.models import worlds

QUICK = {"epochs": 1, "text": ""}


@cache
def _parts() -> Split:
    return split(simulate("social", n_users=20, n_items=40, n_checkins=900, seed=1))


@cache
def _model(**parameters) -> STLLM:
    model = STLLM(**QUICK, **parameters).fit(_parts().train)
    # All three speak, whatever the few check-ins held out say of them.
    model.weights_ = np.array([0.5, 0.4, 0.1])
    return model


def _nothing(n_items: int) -> np.ndarray:
    return np.zeros((n_items, N_DIRECTIONS), dtype=np.float32)


def _lessons(train: Log, worlds: dict[float, World] | None = None):
    return training_data_of(
        train,
        _nothing(len(train.vocabulary.items)),
        np.zeros(0, dtype=np.int64),
        n_history=50,
        time_known=True,
        end_weight=1.0,
        fade=1.0,
        remember=True,
        seed=0,
        progress=lambda text, share: None,
        worlds=worlds,
    )


# ---------------------------------------------------------------- trees beside the network


def test_trees_that_fail_beside_the_network_are_told_of(monkeypatch):
    def grow(self, lessons, progress, n_threads):
        raise MemoryError("no room for trees")

    monkeypatch.setattr(Trees, "grow", grow)
    with pytest.raises(MemoryError, match="no room for trees"):
        STLLM(**QUICK).fit(_parts().train)


def test_trees_stop_growing_where_the_network_fails(monkeypatch):
    ended = []

    def grow(self, lessons, progress, n_threads):
        try:
            while True:
                progress("Growing trees", 0.5)
                time.sleep(0.01)
        except Cancelled:
            ended.append(True)

    def learn(self, *given):
        raise ModelError("a", "b", "c")

    monkeypatch.setattr(Trees, "grow", grow)
    monkeypatch.setattr(STLLM, "_learn", learn)
    with pytest.raises(ModelError):
        STLLM(**QUICK).fit(_parts().train)
    assert ended


# ---------------------------------------------------------------- numbers


def test_pairs_of_three_visits_counted_by_hand():
    # A at 0 h, B at 24 h, A at 26 h, and the question is what comes at 48 h.
    log = _log([("u", "A", 0), ("u", "B", 24), ("u", "A", 26), ("u", "B", 48)])
    pairs = Pairs(queries_of_rows(log, np.array([3])))
    assert pairs.group_item.tolist() == [0, 1] and pairs.count.tolist() == [2, 1]
    assert np.expm1(pairs.age).tolist() == pytest.approx([48, 24, 22])
    assert pairs.rank.tolist() == [2, 1, 0]
    # Only B, at 24 h, came right after an A, the last item.
    assert pairs.same_before.tolist() == [False, True, False]
    assert np.expm1(pairs.since_same)[2] == pytest.approx(26)
    assert pairs.days.tolist() == [2, 1, 1]
    assert pairs.apart.tolist() == pytest.approx([0, 0, 2])


@given(st.lists(st.floats(-5, 50), min_size=1, max_size=20))
def test_tents_share_each_value_among_two_knots(values):
    knots = np.array([0.0, 1.0, 4.0, 9.0])
    curves = np.stack(tents(np.array(values), knots))
    assert np.allclose(curves.sum(axis=0), 1, atol=1e-5) and (curves >= -1e-6).all()
    assert np.allclose(knots @ curves, np.clip(values, 0, 9), atol=1e-4)


def test_log_sum_agrees_with_torch():
    values = torch.tensor([1.0, -50.0, 60.0, 2.0])
    found = log_sum(values, torch.tensor([0, 0, 2, 2]), 3)
    assert found[0] == pytest.approx(float(values[:2].logsumexp(0)), abs=1e-5)
    assert found[2] == pytest.approx(float(values[2:].logsumexp(0)), abs=1e-5)
    assert found[1] < NEVER / 2


def test_the_company_of_an_item_is_who_shares_its_users():
    rows = [(user, item, hour) for user in "uv" for hour, item in enumerate("AB")]
    log = _log([*rows, ("w", "C", 0)])
    company = World.of(log, _nothing(3)).company.toarray()
    assert company[0, 1] == pytest.approx(1.0) and company[0, 2] == 0
    assert np.diag(company).tolist() == [0, 0, 0]


def test_to_how_many_people_an_item_was_new_counted_by_hand():
    day = 24
    rows = [("u", "A", 0), ("u", "A", 40 * day), ("v", "A", 39 * day), ("w", "A", 20 * day)]
    log = _log([*rows, ("w", "B", 40 * day)])
    # u knew A long since; v found it a day ago, w 20 days ago.
    assert World.of(log, _nothing(2)).new_to.T.tolist() == [[3, 2, 1], [1, 1, 1]]
    # What was the first in the log is it in an earlier part of it.
    early = log.time_us < log.time_us.max()
    known = World.of(log.where(early), _nothing(2), first=first_takes(log)[early])
    assert known.new_to.tolist() == World.of(log.where(early), _nothing(2)).new_to.tolist()


def test_tables_stand_side_by_side_and_what_a_row_lacks_is_no_number():
    left, right = Columns(), Columns()
    left("habit", np.arange(3.0))
    right("near", np.arange(5.0), -np.arange(5.0))
    # More rows than are written at once.
    rows, others = np.resize([2, -1, 0], 2_500), np.resize([4, 1], 2_500)
    found = stacked([(left, rows), (right, others)])
    wanted = np.stack([np.where(rows < 0, np.nan, rows), others, -others], axis=1)
    assert np.array_equal(found, wanted, equal_nan=True)


# ---------------------------------------------------------------- data


@pytest.mark.slow
def test_a_lesson_does_not_know_what_comes_after_its_block():
    train = _parts().train
    late = train.time_us > np.quantile(train.time_us, 0.8)
    item = train.item.copy()
    item[late] = np.random.default_rng(0).permutation(item[late])
    honest, changed = _lessons(train), _lessons(replace(train, item=item))
    # The same targets, in blocks by time: those of the first blocks are early.
    n = int(0.4 * len(honest.target))
    visits = honest.numbers.item_ptr[n]
    assert (honest.target[:n] == changed.target[:n]).all()
    assert (honest.numbers.item_numbers[:visits] == changed.numbers.item_numbers[:visits]).all()
    assert (honest.numbers.context[:n] == changed.numbers.context[:n]).all()
    early = (honest.new < n).sum()
    assert early and (honest.spread[:early] == changed.spread[:early]).all()
    # The late ones do differ: the comparison above could have failed.
    assert (honest.target != changed.target).any()


def test_blocks_that_were_counted_before_teach_the_same():
    worlds: dict[float, World] = {}
    first = _lessons(_parts().train, worlds)
    assert worlds and all(not world.meaning.any() for world in worlds.values())
    again = _lessons(_parts().train, worlds)
    # What has been read is not held.
    assert not worlds
    for name in ("candidates", "log_drawn", "spread"):
        assert np.array_equal(vars(first)[name], vars(again)[name]), name
    assert np.array_equal(first.numbers.item_numbers, again.numbers.item_numbers)


def test_a_target_is_never_its_own_rival():
    data = _lessons(_parts().train)
    rivals = data.candidates[:, 1:] == data.candidates[:, :1]
    assert rivals.any() and (data.log_drawn[:, 1:][rivals] > 1e3).all()
    assert (data.candidates[:, 0] == data.target[data.new]).all()


# ---------------------------------------------------------------- scores and parts


@pytest.mark.slow
def test_scores_are_probabilities_and_parts_add_up_to_them():
    queries = _parts().queries(scored="every")
    scores = _model().score(queries)
    assert np.allclose(scores.sum(axis=1), 1, atol=1e-9) and (scores >= 0).all()
    row = int(np.argmax(queries.length))
    items = np.arange(scores.shape[1])
    explained = _model().explain(queries, row, items)
    taken = set(queries.log.item[shorten(queries.take([row]), 200).indices].tolist())
    for item, each in zip(items, explained, strict=True):
        assert each.score == pytest.approx(scores[row, item], abs=1e-6)
        assert sum(part.value for part in each.parts) == pytest.approx(scores[row, item], abs=1e-6)
        # What the user has taken is habit and its reasons, the rest is something new.
        first = "habit" if int(item) in taken else "novelty"
        assert each.parts[0].name == first and each.parts[0].value >= 0
        for part in each.parts:
            if first == "habit":
                assert (queries.log.item[part.rows] == item).all()


@pytest.mark.slow
def test_what_was_saved_explains_too(tmp_path):
    model, queries = _model(), _parts().queries(scored="every").take(slice(0, 1))
    saved = STLLM.load(model.save(tmp_path / "model"))
    saved.weights_ = np.array([0.5, 0.3, 0.2])  # trees and counting have a voice
    scores = saved.score(queries)[0]
    for item, each in enumerate(saved.explain(queries, 0, np.arange(3))):
        assert sum(part.value for part in each.parts) == pytest.approx(scores[item], abs=1e-6)


@pytest.mark.slow
def test_several_networks_speak_with_one_voice():
    model, queries = _model(members=2), _parts().queries(scored="every").take(slice(0, 5))
    first, second = STLLM(**QUICK), STLLM(**QUICK)
    for alone, network in ((first, model.networks_[0]), (second, model.networks_[1])):
        alone.world_, alone.reasons_ = model.world_, model.reasons_
        alone.vocabulary_, alone.networks_ = model.vocabulary_, [network]
    mean = (first.score(queries) + second.score(queries)) / 2
    assert np.allclose(model._network_scores(queries), mean, atol=1e-12)
    assert np.abs(first.score(queries) - second.score(queries)).max() > 1e-6


def test_shapley_values_of_a_game_known_by_hand():
    worths = {"": 0.0, "a": 1.0, "b": 3.0, "ab": 6.0}
    values = shapley("ab", lambda team: np.array([worths["".join(sorted(team))]]))
    assert [float(values[name][0]) for name in ("", "a", "b")] == [0.0, 2.0, 4.0]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["time", "place"])
def test_what_is_left_out_changes_nothing(name):
    model, queries = _model(without=(name,)), _parts().queries(scored="every").take(slice(0, 8))
    full = _model()
    if name == "place":
        elsewhere = replace(queries, lat=queries.lat + 0.05)
    else:
        elsewhere = replace(queries, offset_min=queries.offset_min + 6 * 60)
    assert np.allclose(model.score(elsewhere), model.score(queries), atol=2e-3)
    assert np.abs(full.score(elsewhere) - full.score(queries)).max() > 2e-3


@pytest.mark.slow
def test_without_history_everything_comes_from_the_generator():
    model, queries = _model(without=("history",)), _parts().queries(scored="every")
    assert np.allclose(model.score(queries).sum(axis=1), 1)
    part = model.explain(queries, 5, queries.target[5:6])[0].parts[0]
    assert part.name == "novelty"


def test_an_unknown_ingredient_is_refused():
    with pytest.raises(ModelError, match="left out"):
        STLLM(without=["salt"]).fit(_parts().train)


# ---------------------------------------------------------------- network and trees


@pytest.mark.slow
def test_a_network_that_has_learned_nothing_has_hardly_a_voice():
    """A training that ends before its first step is not below counting."""
    parts = _parts()
    queries = parts.queries(scored="every")
    model = STLLM(**QUICK, learning_rate=1e-12).fit(parts.train)
    counted = CounterMix().fit(parts.train).score(queries)
    row = np.arange(len(queries))
    surprise = [
        -np.log(scores[row, queries.target]).mean() for scores in (model.score(queries), counted)
    ]
    assert model.weights_[0] < 0.3 < model.weights_[1:].sum()
    assert surprise[0] < surprise[1] + 0.02


def test_two_answers_make_one_by_hand():
    network, trees = np.array([[0.5, 0.5, 0.0]]), np.array([[0.1, 0.4, 0.5]])
    found = combined([network, trees], np.array([1.0, 1.0]))
    assert found[0] == pytest.approx([0.2, 0.8, 0.0], abs=1e-6)
    second = combined([network, trees], np.array([0.0, 1.0]))
    assert second[0] == pytest.approx(trees[0], abs=1e-6)
    pair = [
        Explanation(1, 0.5, (_part("habit", 0.4), _part("hour", 0.1))),
        Explanation(1, 0.4, (_part("habit", 0.1), _part("near", 0.3))),
    ]
    parts = {part.name: part.value for part in added(0.8, pair, np.array([1.0, 1.0])).parts}
    # Half of 0.8 by the shares of each: four and one fifths, one and three quarters.
    assert parts == pytest.approx({"habit": 0.32 + 0.1, "hour": 0.08, "near": 0.3})


def test_who_knows_gets_the_weight():
    rng = np.random.default_rng(0)
    knows = rng.dirichlet(np.ones(5), 2_000)
    target = np.array([rng.choice(5, p=each) for each in knows])
    weights = weights_for(rng.dirichlet(np.ones(5), 2_000), knows, target, np.ones(2_000))
    assert weights == pytest.approx([0.0, 1.0], abs=0.3)


def test_what_is_learned_is_trusted_as_far_as_its_gain_is_no_chance():
    rng = np.random.default_rng(0)
    knows = rng.dirichlet(np.ones(5), 600)
    target = np.array([rng.choice(5, p=each) for each in knows])
    told, owner, flat = np.ones(600), np.arange(600) % 60, np.full((600, 5), 0.2)
    assert trust(knows, flat, target, told, owner) == 1.0
    # What is surely worse, or tells nothing, or is not tried, leaves counting as it is.
    assert trust(flat, knows, target, told, owner) == 0.0
    assert trust(flat, flat, target, told, owner) == 0.0
    assert trust(flat[:0], flat[:0], target[:0], told[:0], owner[:0]) == 0.0
    # Somebody who knows but is far too sure is heard in part.
    sure = knows**6 / (knows**6).sum(axis=1, keepdims=True)
    assert 0.0 < trust(sure, flat, target, told, owner) < 0.5


def _part(name: str, value: float) -> ScorePart:
    return ScorePart(name, value, np.zeros(0, dtype=np.int64), np.zeros(0))


@pytest.mark.slow
def test_a_network_saved_alone_still_opens(tmp_path):
    model = _model(without=("trees",))
    assert model.trees_ is None
    queries = _parts().queries(scored="every").take(slice(0, 5))
    folder = model.save(tmp_path)
    head = json.loads((folder / "model.json").read_text())
    # Version 0.3 knew no trees.
    head["params"].pop("trees")
    (folder / "model.json").write_text(json.dumps(sealed(head)))
    assert np.allclose(load_model(folder).score(queries), model.score(queries))


def test_a_network_that_was_told_less_of_the_new_says_what_it_said():
    """Models of before opened: three columns about new items came after them."""
    model, queries = _model(), _parts().queries(scored="every").take(slice(0, 20))
    arrays = model._arrays()
    names = [f"network0.{each}" for each in ("spread_mean", "weigh.2.weight", "weigh.2.bias")]
    for name in names:
        arrays[name] = np.concatenate([arrays[name][:-3], np.zeros_like(arrays[name][-3:])])
    arrays["network0.spread_spread"][-3:] = 1
    short = {name: arrays[name][:-3] for name in (*names, "network0.spread_spread")}
    full, before = STLLM(**QUICK), STLLM(**QUICK)
    for each, kept in ((full, arrays), (before, arrays | short)):
        each.vocabulary_ = model.vocabulary_
        each._restore(kept)
    assert np.allclose(full.score(queries), before.score(queries), atol=1e-12)
    assert np.abs(full.score(queries) - model.score(queries)).max() > 1e-6


# ---------------------------------------------------------------- elsewhere


def test_another_city_is_served_without_training():
    there = split(simulate("social", n_users=15, n_items=30, n_checkins=600, seed=9))
    moved = _model().adapt(there.train)
    scores = moved.score(there.queries(scored="every"))
    assert scores.shape[1] == len(there.vocabulary.items) and np.allclose(scores.sum(axis=1), 1)
    # An item's residual is of the items that were trained on; here there are others.
    assert not moved.networks_[0].identity.weight.any()
    own = _model().networks_[0].state_dict()
    assert (moved.networks_[0].state_dict()["gate.0.weight"] == own["gate.0.weight"]).all()


def test_a_new_check_in_changes_the_next_answer_without_training():
    parts = _parts()
    queries = parts.queries(scored="every")
    row = int(np.argmax(queries.length))
    full = queries.take(np.array([row]))
    fewer = shorten(full, 3)
    assert full.length[0] > 3
    assert np.abs(_model().score(full) - _model().score(fewer)).max() > 1e-3


def test_numbers_do_not_depend_on_who_else_asks():
    queries = _parts().queries(scored="every").take(slice(0, 6))
    together, _ = numbers_of(queries, _model().world_)
    alone, _ = numbers_of(queries.take(slice(5, 6)), _model().world_)
    mine = slice(together.item_ptr[5], together.item_ptr[6])
    assert np.allclose(together.item_numbers[mine], alone.item_numbers, atol=1e-5)
    assert np.allclose(together.context[5], alone.context[0], atol=1e-6)


def test_numbers_in_pieces_are_the_numbers_of_all():
    queries = _parts().queries(scored="every").take(slice(0, 6))
    whole, _ = numbers_of(queries, _model().world_)
    gathered = Gathered(9, len(queries.indices) + 5)
    for rows in (slice(0, 2), slice(2, 6)):
        gathered.add(numbers_of(queries.take(rows), _model().world_)[0])
    found = gathered.numbers()
    for name in set(vars(whole)) - {"row"}:
        wanted = vars(whole)[name]
        wanted = wanted.astype(np.float16) if wanted.dtype == np.float32 else wanted
        assert np.array_equal(vars(found)[name], wanted), name


def test_some_items_have_the_numbers_that_all_have():
    """What is looked up is what is worked out for all, for whoever has no place too."""
    queries, world = _parts().queries(scored="every").take(slice(0, 4)), _model().world_
    lat, lon = (np.where(np.arange(4) == 1, np.nan, place) for place in (queries.lat, queries.lon))
    queries = replace(queries, lat=lat, lon=lon)
    assert world.statistics.single_spots is not None
    vars(elsewhere := replace(world.statistics))["single_spots"] = None
    spread = replace(world, statistics=elsewhere)
    query, item = np.array([0, 1, 1, 3]), np.array([5, 0, 39, 5])
    for one, several, name in zip(
        candidate_features(queries, world),
        candidate_features(queries, spread),
        CANDIDATE_FEATURES,
        strict=True,
    ):
        assert one.all().dtype == one.at(query, item).dtype == np.float32, name
        assert np.array_equal(one.all()[query, item], one.at(query, item)), name
        assert np.allclose(one.all(), several.all(), atol=1e-5), name


def _log(rows: list[tuple]) -> Log:
    table = worlds.table(rows)
    return encode(table, Vocabulary.of(table))
