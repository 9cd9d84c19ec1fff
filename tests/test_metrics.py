"""Measures: as a specification, against scikit-learn, and laws that hold for any scores."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays
from scipy import stats
from sklearn.calibration import calibration_curve
from sklearn.metrics import f1_score, ndcg_score, top_k_accuracy_score

from strec import metrics

RNG = np.random.default_rng(7)
SCORES = RNG.normal(size=(80, 12))
TARGET = RNG.integers(0, 12, 80)


def standing(*scores: float, target: int = 0):
    return metrics.standing(np.array([scores]), np.array([target]))


# ---------------------------------------------------------------- hand-computed


@pytest.mark.parametrize(
    "scores, acc1, acc2, mrr, ndcg5",
    [
        ((9, 1, 2, 3), 1, 1, 1, 1),  # first
        ((2, 9, 1, 0), 0, 1, 1 / 2, 1 / np.log2(3)),  # second
        ((0, 1, 2, 3), 0, 0, 1 / 4, 1 / np.log2(5)),  # last
        ((5, 5, 1, 0), 1 / 2, 1, (1 + 1 / 2) / 2, (1 + 1 / np.log2(3)) / 2),  # two share the top
        ((1, 1, 1, 1), 1 / 4, 1 / 2, (1 + 1 / 2 + 1 / 3 + 1 / 4) / 4,
         (1 + 1 / np.log2(3) + 1 / 2 + 1 / np.log2(5)) / 4),  # all tied
        ((2, 9, 2, 0), 0, 1 / 2, (1 / 2 + 1 / 3) / 2, (1 / np.log2(3) + 1 / 2) / 2),
    ],
)  # fmt: skip
def test_one_target(scores, acc1, acc2, mrr, ndcg5):
    better, tied = standing(*scores)
    assert metrics.accuracy(better, tied, 1) == pytest.approx([acc1])
    assert metrics.accuracy(better, tied, 2) == pytest.approx([acc2])
    assert metrics.reciprocal_rank(better, tied) == pytest.approx([mrr])
    assert metrics.ndcg(better, tied, 5) == pytest.approx([ndcg5])


def test_a_target_that_cannot_be_ranked_stands_below_all_items():
    better, tied = standing(3.0, 2.0, 1.0, target=-1)
    assert metrics.expected_rank(better, tied).tolist() == [4.0]
    assert metrics.accuracy(better, tied, 3).tolist() == [0.0]


def test_ties_are_the_mean_over_all_orders():
    scores = np.array([2.0, 7.0, 2.0, 2.0, 1.0])
    ranks = [1 + order.index(0) + 1 for order in itertools.permutations([0, 2, 3])]
    better, tied = metrics.standing(scores[None], np.array([0]))
    assert metrics.expected_rank(better, tied)[0] == pytest.approx(np.mean(ranks))
    assert metrics.reciprocal_rank(better, tied)[0] == pytest.approx(np.mean(1 / np.array(ranks)))
    assert metrics.accuracy(better, tied, 3)[0] == pytest.approx(np.mean(np.array(ranks) <= 3))


def test_coverage_and_novelty():
    assert metrics.coverage(np.array([[0, 0], [0, 3]]), n_items=8) == 0.25
    rare, common = metrics.novelty_bits(np.array([[1], [0]]), np.array([6, 0]))
    # (6 + 1) and (0 + 1) of 8 check-ins.
    assert rare == pytest.approx(3.0) and common == pytest.approx(-np.log2(7 / 8))


# ---------------------------------------------------------------- against scikit-learn


@pytest.mark.parametrize("k", [1, 3, 10])
def test_accuracy_is_top_k_accuracy(k):
    ours = metrics.accuracy(*metrics.standing(SCORES, TARGET), k).mean()
    assert ours == pytest.approx(top_k_accuracy_score(TARGET, SCORES, k=k, labels=range(12)))


@pytest.mark.parametrize("k", [1, 5, 12])
@pytest.mark.parametrize("scores", [SCORES, SCORES.round(0)], ids=["distinct", "tied"])
def test_ndcg_is_that_of_scikit_learn_with_one_relevant_item(scores, k):
    relevance = np.eye(12)[TARGET]
    ours = metrics.ndcg(*metrics.standing(scores, TARGET), k).mean()
    assert ours == pytest.approx(ndcg_score(relevance, scores, k=k))


def test_macro_f1_is_that_of_scikit_learn():
    guess = RNG.integers(0, 12, 80)
    expected = f1_score(TARGET, guess, average="macro")
    assert metrics.macro_f1(TARGET, guess) == pytest.approx(expected)


def test_reliability_is_the_calibration_curve_of_scikit_learn():
    said = RNG.uniform(size=500)
    hit = RNG.uniform(size=500) < said**2
    observed, stated = calibration_curve(hit, said, n_bins=10)
    ours = metrics.reliability(said, hit)
    assert ours["observed"] == pytest.approx(observed)
    assert ours["stated"] == pytest.approx(stated)
    assert ours["n"].sum() == 500
    assert (ours["low"] <= ours["observed"]).all() and (ours["observed"] <= ours["high"]).all()
    gap = np.average(abs(observed - stated), weights=ours["n"])
    assert metrics.calibration_error(said, hit) == pytest.approx(gap)


def test_wilson_interval_is_that_of_statsmodels():
    from statsmodels.stats.proportion import proportion_confint

    ours = metrics.reliability(np.full(40, 0.35), np.arange(40) < 13)
    expected = proportion_confint(13, 40, method="wilson")
    assert [ours["low"][0], ours["high"][0]] == pytest.approx(expected, abs=1e-6)


def test_reliability_over_users_is_their_interval():
    said, users = np.r_[np.full(60, 0.35), np.full(5, 0.95)], np.arange(65) // 4
    hit = np.random.default_rng(0).uniform(size=65) < said
    ours = metrics.reliability(said, hit, users=users)
    assert (ours["low"][0], ours["high"][0]) == metrics.user_interval(hit[:60], users[:60])
    assert np.isnan([ours["low"][1], ours["high"][1]]).all()


# ---------------------------------------------------------------- laws

# Few distinct values, so that ties are common.
tables = arrays.arrays(
    np.float64, some.tuples(some.integers(1, 6), some.integers(2, 9)), elements=some.integers(-3, 3)
)


@given(tables, some.data())
@settings(max_examples=150, deadline=None)
def test_laws_of_ranking(scores, data):
    n, n_items = scores.shape
    target = np.array(data.draw(some.lists(some.integers(0, n_items - 1), min_size=n, max_size=n)))
    better, tied = metrics.standing(scores, target)
    hits = np.stack([metrics.accuracy(better, tied, k) for k in range(n_items + 1)])
    assert (np.diff(hits, axis=0) >= 0).all() and not hits[0].any() and (hits[-1] == 1).all()
    # Acc@1..n tell the whole distribution of the rank, hence its mean.
    assert (1 - hits).sum(axis=0) == pytest.approx(metrics.expected_rank(better, tied))
    mrr = metrics.reciprocal_rank(better, tied)
    assert (mrr >= 1 / n_items - 1e-12).all() and (mrr <= 1 + 1e-12).all()
    assert (mrr >= hits[1] - 1e-12).all()

    order = np.array(data.draw(some.permutations(range(n_items))))
    moved = np.argsort(order)[target]
    for same in (scores + 17.0, scores * 4.0):
        assert all(map(np.array_equal, metrics.standing(same, target), (better, tied)))
    assert all(map(np.array_equal, metrics.standing(scores[:, order], moved), (better, tied)))


@given(tables, some.integers(1, 12))
@settings(max_examples=150, deadline=None)
def test_best_first_is_a_stable_sort(scores, k):
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    assert metrics.best_first(scores, k).tolist() == expected.tolist()


@given(some.lists(some.tuples(some.integers(0, 15), some.floats(0, 1)), min_size=1, max_size=60))
@settings(max_examples=100, deadline=None)
def test_interval_holds_the_mean_or_there_is_none(rows):
    users, values = (np.array(each) for each in zip(*rows, strict=True))
    low, high = metrics.user_interval(values, users)
    alike = np.ptp([values[users == user].mean() for user in set(users.tolist())]) < 1e-13
    if len(set(users.tolist())) < metrics.FEWEST_USERS or alike:
        assert low is None and high is None
        return
    assert low is not None
    assert values.min() <= low <= values.mean() + 1e-9 and values.mean() - 1e-9 <= high
    assert high <= values.max()
    # The names of users and the order of queries say nothing.
    again = metrics.user_interval(values[::-1], np.array([f"user {u}" for u in users])[::-1])
    assert again == pytest.approx((low, high))


def test_with_a_value_per_user_the_interval_is_students():
    values = np.random.default_rng(0).normal(size=12)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert metrics.user_interval(values, np.arange(12)) == pytest.approx(tuple(expected))


def test_equal_models_are_told_apart_in_one_of_twenty_cases():
    # Two models as often right as each other; users differ in number and in taste.
    rng, real = np.random.default_rng(0), 0
    for _ in range(1000):
        users = np.repeat(np.arange(12), np.ceil(np.exp(rng.normal(2.5, 0.7, 12))).astype(int))
        taste = rng.normal(0, 0.15, 12)[users]
        low, high = metrics.user_interval(taste + rng.integers(-1, 2, len(users)), users)
        real += low > 0 or high < 0
    # A percentile bootstrap errs in 11 %.
    assert 0.035 <= real / 1000 <= 0.065


@pytest.mark.parametrize("n_users", [20, 40])
def test_the_error_holds_where_few_users_are_asked_most_and_have_all_the_taste(n_users):
    rng, real = np.random.default_rng(1), 0
    for _ in range(1200):
        size = np.ceil(np.exp(rng.normal(2.5, 1.2, n_users))).astype(int)
        users, taste = np.repeat(np.arange(n_users), size), rng.gamma(0.5, 0.2, n_users) - 0.1
        luck = rng.choice((-1, 0, 1), len(users), p=(0.2, 0.6, 0.2))
        low, high = metrics.user_interval(taste[users] + luck, users)
        real += low > 0 or high < 0
    # With the degrees of freedom of the sizes alone it errs in 6 to 8 %; chance adds ± 1.3 %.
    assert 0.035 <= real / 1200 <= 0.073


def test_an_interval_over_users_is_wider_than_one_that_takes_queries_for_independent():
    users = np.repeat(np.arange(20), 30)
    values = np.repeat(np.arange(20) % 2, 30).astype(float)
    wide = np.diff(metrics.user_interval(values, users))
    narrow = np.diff(metrics.user_interval(values, np.arange(len(users))))
    assert wide > 3 * narrow
