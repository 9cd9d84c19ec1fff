"""Cutting by time: nothing is lost, sessions come first, training knows nothing of later."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from strec.errors import SplitError
from strec.split import TRAIN, VALIDATION, Vocabulary, encode, split
from tests.tables import table


def test_cuts_by_time_over_all_users_not_per_user():
    rows = [("ann", "a", h) for h in range(8)] + [("bob", "b", h) for h in (100, 101)]
    parts = split(table(*rows), fractions=(0.8, 0.1, 0.1))
    late = parts.log.owner == 1
    assert (parts.part[~late] == TRAIN).all()
    assert parts.part[late].tolist() == [1, 2]
    # Bob came later than all training: nobody knows him.
    assert (parts.log.user[late] == -1).all()


def test_sessions_are_told_apart_before_the_cut():
    # One session of six check-ins an hour apart; the cut falls into it.
    parts = split(table(*[("ann", "ab"[h % 2], h) for h in range(6)]), fractions=(0.5, 0.5, 0))
    assert len(set(parts.log.session.tolist())) == 1
    # The published rule scores its last check-in: the part holds three, so it is not alone.
    assert parts.scored_rows("validation", "session_end").tolist() == [5]


@pytest.mark.parametrize("gap_hours, n_sessions", [(24, 1), (24.001, 2)])
def test_a_session_ends_where_the_gap_exceeds_24_hours(gap_hours, n_sessions):
    log = split(table(("ann", "a", 0), ("ann", "a", gap_hours)), fractions=(0.5, 0.5, 0)).log
    assert len(set(log.session.tolist())) == n_sessions


@pytest.mark.parametrize("codes", [[-1, 0, 1], [1, -1], [-1], []])
def test_what_the_vocabulary_does_not_know_has_no_name_wherever_it_stands(codes):
    vocabulary = Vocabulary.of(table(("a", "x", 0), ("a", "y", 1)))
    named = vocabulary.item_ids(np.array(codes, dtype=np.int64)).to_list()
    assert named == [{-1: None, 0: "x", 1: "y"}[code] for code in codes]


def test_vocabulary_is_learned_from_training_alone():
    parts = split(table(("a", "x", 0), ("a", "y", 1), ("b", "z", 2), ("b", "x", 3)),
                  fractions=(0.5, 0.5, 0))  # fmt: skip
    assert parts.vocabulary.users.tolist() == ["a"]
    assert parts.vocabulary.items.tolist() == ["x", "y"]
    assert parts.log.item[parts.part == VALIDATION].tolist() == [-1, 0]


def test_session_end_wants_two_check_ins_and_known_user_and_item():
    train = [("ann", "x", 0), ("ann", "y", 1), ("bob", "x", 2)]
    later = [
        ("ann", "x", 100), ("ann", "y", 101),  # scored: y
        ("ann", "x", 200),  # a session of one
        ("bob", "x", 100), ("bob", "new", 101),  # ends with an unknown item
        ("cat", "x", 100), ("cat", "y", 101),  # an unknown user
    ]  # fmt: skip
    parts = split(table(*train), table(*later))
    queries = parts.queries("validation")
    assert parts.log.owner_ids[parts.log.owner[queries.row]].tolist() == ["ann"]
    assert parts.vocabulary.items[queries.target].tolist() == ["y"]
    every = parts.queries("validation", scored="every")
    assert len(every) == 7 and (every.target == -1).sum() == 1 and (every.user == -1).sum() == 2


def test_check_ins_at_one_moment_are_a_set():
    # Two baskets of a day: no cut goes through one, and all of the last one is asked for.
    rows = [("ann", item, hour) for hour in (0, 20, 40, 50) for item in "xyz"]
    parts = split(table(*rows), fractions=(0.45, 0.55, 0))
    assert parts.part.tolist() == [0] * 6 + [1] * 6
    queries = parts.queries()
    assert sorted(parts.vocabulary.items[queries.target]) == ["x", "y", "z"]
    # Each sees what came before the set, and nothing of it.
    assert queries.length.tolist() == [9, 9, 9]
    first, stop = queries.moments
    assert first[:9].tolist() == [0] * 3 + [3] * 3 + [6] * 3 and (stop - first == 3).all()


def test_neither_names_nor_the_order_of_rows_say_anything():
    rows = [("ann", "abcd"[k % 4], k // 3) for k in range(20)] + [("bob", "a", 9)]
    other = {"a": "d", "b": "a", "c": "b", "d": "c"}
    renamed = [(user, other[item], hour) for user, item, hour in rows][::-1]
    one, two = (split(table(*each).with_columns(lat=0.0)) for each in (rows, renamed))
    assert [other[item] for item in one.vocabulary.items] == two.vocabulary.items.tolist()
    assert one.log.item.tolist() == two.log.item.tolist()
    # The commonest item has the first code.
    assert one.vocabulary.items[0] == "a"


def test_given_parts_may_not_overlap():
    early, late = table(("a", "x", 0), ("a", "x", 5)), table(("a", "x", 4))
    with pytest.raises(SplitError, match="begins"):
        split(early, late)


@pytest.mark.parametrize(
    "rows, fractions",
    [([], (0.8, 0.1, 0.1)), ([("a", "x", 0)], (0.8, 0.1, 0.1)),
     ([("a", "x", 0), ("a", "x", 1)], (0.5, 0.6, 0.1)),
     ([("a", "x", 0), ("a", "x", 1)], (1.2, -0.1, -0.1))],
)  # fmt: skip
def test_what_cannot_be_cut_is_said(rows, fractions):
    with pytest.raises(SplitError):
        split(table(*rows), fractions=fractions)


def test_nothing_to_score_is_said():
    parts = split(table(("a", "x", 0), ("a", "x", 1), ("a", "x", 500)), fractions=(0.7, 0.3, 0))
    with pytest.raises(SplitError, match="every"):
        parts.queries("validation")
    assert len(parts.queries("validation", scored="every")) == 1


def test_a_sample_of_queries_is_drawn_by_seed():
    parts = split(table(*[("ann", "ab"[h % 2], h) for h in range(60)]), fractions=(0.5, 0.5, 0))
    drawn = [parts.queries("validation", scored="every", at_most=10, seed=s) for s in (0, 0, 1)]
    assert [len(each) for each in drawn] == [10] * 3
    assert (np.diff(drawn[0].row) > 0).all() and (parts.part[drawn[0].row] == VALIDATION).all()
    assert drawn[0].row.tolist() == drawn[1].row.tolist() != drawn[2].row.tolist()
    assert len(parts.queries("validation", scored="every", at_most=1000)) == 30


checkins = some.lists(
    some.tuples(some.sampled_from("abc"), some.sampled_from("xyz"), some.integers(0, 400)),
    min_size=3, max_size=40,
).filter(lambda rows: len({hour for *_, hour in rows}) > 1)  # fmt: skip


@pytest.mark.slow
@given(checkins)
@settings(max_examples=60, deadline=None)
def test_laws_of_a_cut(rows):
    parts = split(table(*rows), fractions=(0.6, 0.2, 0.2))
    log = parts.log
    assert len(log) == len(rows) == len(parts.part)
    # By time over all users: no part begins before the one before it has ended.
    for early, late in ((0, 1), (1, 2), (0, 2)):
        if (parts.part == early).any() and (parts.part == late).any():
            first, last = (
                log.time_us[parts.part == late].min(),
                log.time_us[parts.part == early].max(),
            )
            assert first > last
    # Sessions are those of the whole table, whatever the cut.
    whole = encode(table(*rows), Vocabulary.of(table(*rows)))
    assert whole.session.tolist() == log.session.tolist()
    assert len(parts.train) == (parts.part == TRAIN).sum()


@pytest.mark.slow
@given(checkins, some.booleans(), some.sampled_from(["streaming", "train"]))
@settings(max_examples=60, deadline=None)
def test_queries_see_strictly_earlier_check_ins_of_their_user(rows, time_known, history):
    parts = split(table(*rows), fractions=(0.6, 0.4, 0))
    queries = parts.queries(scored="every", history=history, time_known=time_known)
    log = queries.log
    for q, row in enumerate(queries.row):
        own = log.owner == log.owner[row]
        earlier = own & (log.time_us < log.time_us[row])
        if history == "train":
            earlier &= (parts.part == TRAIN) | (log.session == log.session[row])
        seen = queries.indices[queries.indptr[q] : queries.indptr[q + 1]]
        assert seen.tolist() == np.flatnonzero(earlier).tolist()
        if time_known:
            assert queries.time_us[q] == log.time_us[row]
        elif len(seen):
            assert queries.time_us[q] == log.time_us[seen[-1]]
            assert queries.lat[q] == log.lat[seen[-1]]
