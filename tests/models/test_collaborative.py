"""Neighbours and factors against implicit's own answers and against scikit-learn."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.metrics.pairwise import cosine_similarity

from strec.errors import ModelError
from strec.models import ALS, BPR, ItemKNN, UserKNN
from strec.models.profiles import TIE_BREAK, popularity, profiles, user_items
from strec.simulation import simulate
from strec.split import ask, split

PARTS = split(simulate("social", n_users=20, n_checkins=900, seed=3))
TRAIN = PARTS.train
COUNTS = user_items(TRAIN)
TIES = TIE_BREAK * popularity(TRAIN)


def at_the_end_of_training():
    """Return one query per training user who sees exactly the training check-ins."""
    queries = PARTS.queries(scored="every", history="train")
    end = TRAIN.time_us.max() + 1
    each = [ask(TRAIN, owner, [end], [0], [np.nan], [np.nan])
            for owner in range(len(TRAIN.owner_ids))]  # fmt: skip
    assert len(queries)
    return each


def test_a_profile_counts_what_is_visible():
    for query in at_the_end_of_training():
        assert (profiles(query).toarray()[0] == COUNTS.toarray()[query.user[0]]).all()


def test_a_profile_halves_after_its_half_life():
    query = at_the_end_of_training()[0]
    age_days = (query.time_us[0] - TRAIN.time_us[query.indices]) / 86.4e9
    expected = np.bincount(
        TRAIN.item[query.indices], weights=0.5 ** (age_days / 7), minlength=COUNTS.shape[1]
    )
    assert profiles(query, 7.0).toarray()[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("measure", "name"),
    [("cosine", "CosineRecommender"), ("tfidf", "TFIDFRecommender"), ("bm25", "BM25Recommender")],
)
def test_item_knn_recommends_what_implicit_recommends(measure, name):
    from implicit import nearest_neighbours

    model = ItemKNN(n_neighbours=5, measure=measure).fit(TRAIN)
    theirs = getattr(nearest_neighbours, name)(K=5, num_threads=1)
    theirs.fit(COUNTS, show_progress=False)
    for query in at_the_end_of_training()[:5]:
        user = int(query.user[0])
        ids, scores = theirs.recommend(user, COUNTS[user], N=5, filter_already_liked_items=False)
        assert (model.score(query)[0] - TIES)[ids] == pytest.approx(scores)


def test_item_knn_with_all_neighbours_is_the_cosine():
    model = ItemKNN(n_neighbours=COUNTS.shape[1]).fit(TRAIN)
    expected = COUNTS @ cosine_similarity(COUNTS.T)
    for query in at_the_end_of_training()[:5]:
        assert model.score(query)[0] - TIES == pytest.approx(expected[query.user[0]])


def test_user_knn_sums_the_nearest_users():
    model = UserKNN(n_neighbours=3).fit(TRAIN)
    similar, dense = cosine_similarity(COUNTS), COUNTS.toarray()
    for query in at_the_end_of_training()[:5]:
        near = np.argsort(-similar[query.user[0]])[:3]
        expected = similar[query.user[0], near] @ dense[near]
        assert model.score(query)[0] - TIES == pytest.approx(expected)


def test_als_folds_in_as_implicit_does():
    from implicit.cpu.als import AlternatingLeastSquares

    model = ALS(n_factors=8, n_iterations=5).fit(TRAIN)
    theirs = AlternatingLeastSquares(
        factors=8, regularization=5.0, alpha=2.0, iterations=5, random_state=0, num_threads=1
    )
    theirs.fit(COUNTS.astype(np.float32), show_progress=False)
    for query in at_the_end_of_training()[:5]:
        user = int(query.user[0])
        ids, scores = theirs.recommend(
            user, COUNTS[user].astype(np.float32), N=5, filter_already_liked_items=False,
            recalculate_user=True,
        )  # fmt: skip
        assert model.score(query)[0][ids] == pytest.approx(scores, abs=1e-4)


def test_bpr_scores_known_users_as_implicit_does():
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    model = BPR(n_factors=8, n_iterations=20).fit(TRAIN)
    theirs = BayesianPersonalizedRanking(
        factors=8, learning_rate=0.1, regularization=0.005, iterations=20, random_state=0,
        num_threads=1,
    )  # fmt: skip
    # Every check-in is an entry, so that implicit draws it as often as it was made.
    ends = np.r_[0, np.cumsum(np.bincount(TRAIN.user))]
    one = csr_matrix((np.ones(len(TRAIN), np.float32), TRAIN.item, ends), COUNTS.shape)
    one.sort_indices()
    theirs.fit(one, show_progress=False)
    query = at_the_end_of_training()[4]
    ids, scores = theirs.recommend(
        int(query.user[0]), COUNTS[query.user[0]], N=5, filter_already_liked_items=False
    )
    assert model.score(query)[0][ids] == pytest.approx(scores, abs=1e-4)


@pytest.mark.parametrize("model", [UserKNN(), ItemKNN(), ALS(n_factors=4)])
def test_without_a_history_the_popular_comes_first(model):
    nobody = ask(TRAIN, -1, [TRAIN.time_us.max()], [0], [np.nan], [np.nan])
    assert model.fit(TRAIN).score(nobody)[0] == pytest.approx(TIES, abs=1e-12)


def test_unknown_options_are_refused_in_words():
    with pytest.raises(ModelError, match="cosine"):
        ItemKNN(measure="jaccard").fit(TRAIN)
    with pytest.raises(ModelError, match="count"):
        UserKNN(weight="much").fit(TRAIN)
