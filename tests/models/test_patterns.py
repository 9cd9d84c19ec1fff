"""Patterns against sequences counted by hand, and mining against trying everything."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strec.models import Patterns
from strec.models.patterns import endings, mine
from strec.split import split
from tests.models import worlds


def by_trying_everything(sequences, weights, max_length, min_sessions, max_gap, gap_decay):
    """Return what `mine` returns, from all choices of positions in each session."""
    found = {}
    for number, sequence in enumerate(sequences):
        best = {}
        for size in range(2, max_length + 2):
            for places in combinations(range(len(sequence)), size):
                steps = np.diff(places) - 1
                if (steps <= max_gap).all():
                    for pattern in product(*(sequence[p] for p in places)):
                        best[pattern] = min(best.get(pattern, 99), int(steps.sum()))
        for pattern, gaps in best.items():
            found.setdefault(pattern, []).append(weights[number] * gap_decay**gaps)
    rules = {}
    for pattern, worth in sorted(found.items()):
        if len(worth) >= min_sessions:
            rules.setdefault(pattern[:-1], {})[pattern[-1]] = sum(worth)
    return rules


moment = st.sets(st.integers(0, 3), min_size=1, max_size=2)
sessions = st.lists(st.lists(moment, max_size=5), max_size=5)


@given(sessions, st.integers(1, 3), st.integers(1, 2), st.integers(0, 2))
@settings(max_examples=60, deadline=None)
def test_mining_finds_what_trying_everything_finds(sequences, length, fewest, gap):
    weights = 1 / (1 + np.arange(len(sequences)))
    rules = mine(
        sequences, weights, max_length=length, min_sessions=fewest, max_gap=gap, gap_decay=0.5
    )
    expected = by_trying_everything(sequences, weights, length, fewest, gap, 0.5)
    assert rules.keys() == expected.keys()
    for beginning, following in rules.items():
        assert following == pytest.approx(expected[beginning])


def test_only_wanted_beginnings_are_mined():
    sequences = [[{1}, {2}, {3}], [{2}, {3}, {1}]]
    every = mine(sequences, np.ones(2), min_sessions=1)
    some = mine(sequences, np.ones(2), min_sessions=1, wanted={(1, 2), (3,)})
    assert some == {p: every[p] for p in ((1, 2), (3,))}


def test_endings_name_the_fewest_left_out():
    past = [(5,), (6,), (5,), (7,)]
    assert endings(past, max_length=2, max_gap=2) == {(7,): 0, (5, 7): 0, (6, 7): 1}
    assert endings([(5, 6), (7, 8)], max_length=2, max_gap=0) == {
        (7,): 0, (8,): 0, (5, 7): 0, (6, 7): 0, (5, 8): 0, (6, 8): 0
    }  # fmt: skip
    assert endings([], max_length=2, max_gap=1) == {}


def score_after(past: str, sessions_of_others: list[str], **options) -> dict[str, float]:
    """Return scores for somebody who took `past`, from the sessions of others."""
    rows = [
        (f"s{k}", item, h) for k, s in enumerate(sessions_of_others) for h, item in enumerate(s)
    ]
    rows += [("u", item, 100 + h) for h, item in enumerate(past + "A")]
    parts = split(worlds.table(rows), fractions=((len(rows) - 1) / len(rows), 1 / len(rows), 0))
    model = Patterns(min_sessions=1, own=0, half_life_days=1e9, **options).fit(parts.train)
    scores = model.score(parts.queries(scored="every"))[0]
    return dict(zip(parts.vocabulary.items, scores, strict=True))


def test_the_longest_matching_ending_speaks_first():
    # After B alone C is commoner, but after A B it was D.
    scores = score_after("AB", ["ABD", "BC", "BC", "BC"], max_gap=0, backoff=0.1)
    # Length 2: D has all. Length 1, a tenth as loud: C 3/4, D 1/4.
    assert scores["D"] == pytest.approx(1 + 0.1 / 4, abs=1e-5)
    assert scores["C"] == pytest.approx(0.1 * 3 / 4, abs=1e-5)


def test_a_step_between_makes_a_pattern_quieter():
    scores = score_after("B", ["BC", "BXD"], max_length=1, max_gap=1, gap_decay=0.5)
    # C 1, X 1, D ½ of 2.5.
    assert scores["C"] == pytest.approx(1 / 2.5, abs=1e-5)
    assert scores["D"] == pytest.approx(0.5 / 2.5, abs=1e-5)


def test_recent_sessions_count_more():
    rows = [("a", "B", 0), ("a", "C", 1), ("b", "B", 240), ("b", "D", 241), ("u", "B", 250)]
    parts = split(worlds.table([*rows, ("u", "D", 251)]), fractions=(5 / 6, 1 / 6, 0))
    model = Patterns(min_sessions=1, half_life_days=10.0, own=0).fit(parts.train)
    b, c, d = (list(parts.vocabulary.items).index(x) for x in "BCD")
    # The two sessions ended ten days apart.
    assert model.rules_[(b,)][d] == pytest.approx(2 * model.rules_[(b,)][c])


def test_own_sessions_count_for_many():
    rows = [(f"s{k}", item, h) for k in range(3) for h, item in enumerate("BC")]
    rows += [("u", "B", 50), ("u", "D", 51), ("u", "B", 100), ("u", "D", 101)]
    parts = split(worlds.table(rows), fractions=(0.9, 0.1, 0))
    queries = parts.queries(scored="every")
    best = [
        parts.vocabulary.items[Patterns(own=own).fit(parts.train).top(queries, 1)[0][0, 0]]
        for own in (0.0, 20.0)
    ]
    assert best == ["C", "D"]
