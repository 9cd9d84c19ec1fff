"""Boosted trees: they start as the counter mix, find what it cannot see, and explain exactly."""

from dataclasses import replace

import numpy as np
import pytest

from strec.models import CounterMix, Trees, load_model
from strec.models.trees.boosting import shares_of_reasons, softmax, told
from strec.models.trees.lessons import lessons_of
from strec.models.trees.numbers import visited_table
from strec.progress import silent
from strec.simulation import simulate
from strec.split import split
from strec.train import Watch


@pytest.fixture(scope="module")
def parts():
    return split(simulate("social", n_users=60, n_checkins=4_000, seed=2))


@pytest.fixture(scope="module")
def trees(parts):
    return Trees(n_trees=40, n_leaves=7).fit(parts.train)


@pytest.mark.slow
def test_without_a_tree_it_is_the_counter_mix(parts, trees):
    queries = parts.queries(scored="every")
    bare = Trees()
    vars(bare).update(
        vars(trees) | {"visited_": [], "new_": [], "calibration_": np.full(2, np.nan)}
    )
    assert np.allclose(bare.score(queries), CounterMix().fit(parts.train).score(queries), atol=1e-9)


def test_trees_grow_where_they_help_and_parts_add_up(parts, trees, tmp_path):
    assert len(trees.visited_) == 2
    queries = parts.queries(scored="every").take(slice(0, 20))
    scores = trees.score(queries)
    assert np.allclose(scores.sum(axis=1), 1) and (scores >= 0).all()
    for row in range(3):
        items = np.r_[np.argsort(-scores[row])[:5], 0, 7]
        for item, found in zip(items, trees.explain(queries, row, items), strict=True):
            assert sum(part.value for part in found.parts) == pytest.approx(scores[row, item])
    again = load_model(trees.save(tmp_path / "trees"))
    assert np.allclose(again.score(queries), scores)


def test_one_thread_grows_the_same_trees_as_two(parts):
    trees = Trees(n_trees=20, n_leaves=7)
    _, lessons = trees.study(parts.train, np.zeros(0, dtype=int), Watch())
    queries = parts.queries(scored="every")
    trees.vocabulary_ = parts.vocabulary
    found = {}
    for n_threads in (1, 2):
        trees.grow(list(lessons), silent, n_threads)
        found[n_threads] = trees.score(queries)
    assert trees.visited_ and np.array_equal(found[1], found[2])


@pytest.mark.slow
def test_a_lesson_knows_counts_of_what_was_before_alone(parts):
    """What is told of a target does not change when everything after it does."""
    train = parts.train
    mix = CounterMix().fit(train)
    late = train.time_us > np.quantile(train.time_us, 0.8)
    n_items = len(train.vocabulary.items)
    other = np.where(late, (train.item + 1) % n_items, train.item).astype(np.int32)
    seen = [
        lessons_of(log, mix, np.zeros(0, int), n_targets=1_000, time_known=True, end_weight=1.0,
                   fade=0.5, seed=0, progress=silent).visited
        for log in (train, replace(train, item=other))
    ]  # fmt: skip
    n = int(0.4 * min(len(each.table.numbers) for each in seen))
    assert np.array_equal(*(each.table.numbers[:n] for each in seen), equal_nan=True)
    assert not np.array_equal(*(each.hit[-n:] for each in seen))


def test_softmax_of_queries_with_and_without_rows():
    found = softmax(np.log([1.0, 3.0, 5.0]), np.array([0, 0, 2, 3, 3]))
    assert found == pytest.approx([0.25, 0.75, 1.0])


def test_trees_that_were_told_fewer_columns_hear_the_first_alone(trees, parts):
    queries = parts.queries(scored="every").take(slice(0, 5))
    draft, reasons, _ = visited_table(queries, trees.world_, trees.mix_)
    table = draft.table()
    more = np.hstack([table.numbers, np.ones((len(table.item), 3), np.float32)])
    assert np.array_equal(told(trees.visited_, more), told(trees.visited_, table.numbers))
    parts_of = shares_of_reasons(trees.visited_, more, [*reasons, "near", "near", "near"])
    assert np.allclose(sum(parts_of.values()), told(trees.visited_, more), atol=1e-6)
