"""item2vec against the vectors that gensim learns."""

import numpy as np
from gensim.models import Word2Vec

from strec.models import Item2Vec
from strec.models.item2vec import sentences
from strec.split import split
from tests.models import worlds

PARTS = split(worlds.alternating())
QUERIES = PARTS.queries(scored="every")


def test_vectors_are_those_of_gensim():
    model = Item2Vec(n_factors=8, epochs=2, seed=3).fit(PARTS.train)
    theirs = Word2Vec(
        sentences(PARTS.train, True), vector_size=8, window=5, min_count=1, sg=1, negative=10,
        epochs=2, workers=1, seed=3, sample=0,
    )  # fmt: skip
    for code in range(4):
        assert (model.input_[code] == theirs.wv[str(code)]).all()


def test_a_score_is_the_decayed_mean_times_the_output():
    model = Item2Vec(n_factors=8, epochs=2, n_recent=2, decay=0.5).fit(PARTS.train)
    query = QUERIES.take(slice(0, 1))
    before, last = query.log.item[query.indices[-2:]]
    mean = (model.input_[last] + 0.5 * model.input_[before]) / 1.5
    expected = model.output_ @ mean + 1e-6 * model.popularity_
    assert np.allclose(model.score(query)[0], expected)


def test_sentences_end_with_sessions_or_users():
    rows = [("u", "A", 0), ("u", "B", 1), ("u", "A", 60), ("v", "B", 0)]
    train = split(worlds.table([*rows, ("v", "B", 70)]), fractions=(0.8, 0.2, 0)).train
    # B was taken first, by v.
    assert train.vocabulary.items.tolist() == ["B", "A"]
    assert sentences(train) == [["1", "0"], ["1"], ["0"]]
    assert sentences(train, by_user=True) == [["1", "0", "1"], ["0"]]


def test_items_taken_together_are_found_from_each_other():
    # Ten circles of three items, each taken round and round by its user.
    rows = [(f"u{k}", f"i{3 * k + step % 3:02}", step) for k in range(10) for step in range(60)]
    parts = split(worlds.table(rows))
    # As many negatives as circles would tell an item's own circle from the others by nothing:
    # the products end at log(P(i | j) / P(i)) - log(n_negatives).
    model = Item2Vec(n_factors=16, epochs=100, n_negatives=5).fit(parts.train)
    queries = parts.queries(scored="every")
    best, _ = model.top(queries, 3)
    circle = np.array([int(item[1:]) // 3 for item in parts.vocabulary.items])
    assert (circle[best] == circle[queries.target][:, None]).all()
