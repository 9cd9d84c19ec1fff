"""Counting models against counts and weights worked out by hand."""

import json
import warnings

import numpy as np
import pytest

from strec.errors import ModelError
from strec.models import MODELS, Blend, CounterMix, Markov, Popularity, UserCounts, base, load_model
from strec.models.counting import fitting
from strec.models.counting.fitting import fit_weights
from strec.models.counting.newcomers import SOURCES, shares_of_sources
from strec.models.counting.statistics import Statistics
from strec.models.counting.visits import COLUMNS, N_COLUMNS
from strec.sealed import sealed
from strec.simulation import simulate
from strec.split import Queries, Vocabulary, ask, encode, split
from tests.models import worlds

#: One user: A, B, A, C, A, B within a day, so that A came before B twice and before C once.
ROWS = [("u", item, hour) for hour, item in enumerate("ABACAB")]
OTHERS = [("v", "C", hour) for hour in (0, 1, 30)]


def asked(rows=ROWS, hour: float = 6.0) -> tuple:
    """Return the log of some check-ins, and the first user's query at an hour after the start."""
    table = worlds.table(rows)
    log = encode(table, Vocabulary.of(table))
    moment = int(worlds.START.timestamp() * 1e6) + int(hour * 3.6e9)
    return log, ask(log, 0, [moment], [0], [np.nan], [np.nan])


def silent_mix(log, **weights: float) -> CounterMix:
    """Return a counter mix that hears the past alone, with some weights set and others 0."""
    model = CounterMix(slice_share=0).fit(log)
    names = [name for columns in COLUMNS.values() for name in columns]
    model.visit_weights_ = np.array([weights.get(name, 0.0) for name in names])
    model.source_weights_ = np.full(len(SOURCES), -60.0)
    model.novelty_weights_ = np.zeros_like(model.novelty_weights_)
    return model


def test_popularity_is_the_share_of_check_ins():
    log, query = asked(ROWS + OTHERS)
    # C 1 + 3, A 3, B 2 of nine: the commonest item comes first.
    assert Popularity().fit(log).score(query)[0] == pytest.approx([4 / 9, 3 / 9, 2 / 9])


def test_own_counts_come_first_and_popularity_breaks_ties():
    log, query = asked(ROWS + OTHERS)
    assert UserCounts().fit(log).score(query)[0] == pytest.approx([1 + 4 / 9, 3 + 3 / 9, 2 + 2 / 9])


def test_own_transitions_count_what_followed_the_last_item():
    log, query = asked([*ROWS, ("u", "A", 6)], hour=7)
    # After A came B, C, B; the last A has no successor yet.
    scores = Markov("user").fit(log).score(query)[0]
    assert scores == pytest.approx([0, 2, 1], abs=1e-5) and scores[0] > 0


def test_of_two_at_one_moment_each_is_half_a_step():
    # u: A and B at once, then C, then A and D at once; v asks after C.
    rows = [("u", "A", 0), ("u", "B", 0), ("u", "C", 1), ("u", "A", 2), ("u", "D", 2)]
    log, query = asked([*rows, ("v", "C", 0)], hour=1)
    place = [log.vocabulary.items.tolist().index(item) for item in "ABCD"]
    follows = Markov("global").fit(log).follows_.toarray()[np.ix_(place, place)]
    assert follows.tolist() == [[0, 0, 0.5, 0], [0, 0, 0.5, 0], [0.5, 0, 0, 0.5], [0, 0, 0, 0]]
    # u's own: after A came C; of the last two, A and D, half is A, of which half a step led to C.
    _, query = asked(rows, hour=3)
    own = Markov("user").fit(query.log).score(query)[0]
    led_to = query.vocabulary.items.tolist().index("C")
    assert own[led_to] == pytest.approx(0.25, abs=1e-5) and own.sum() < 0.26


def test_everybodys_transitions_stay_within_sessions():
    # v took C, C within an hour, and C again after a gap of 29 hours.
    log, query = asked([*OTHERS, ("u", "C", 0)], hour=1)
    model = Markov("global").fit(log)
    assert model.follows_.toarray().tolist() == [[1.0]]


def test_an_unknown_scope_is_refused():
    with pytest.raises(ModelError, match="user, global"):
        Markov("everybody").fit(asked()[0])


def test_the_future_of_a_user_is_not_counted():
    log, query = asked(hour=2.5)  # A, B, A are visible
    share = Popularity().fit(log).score(query)[0]
    assert UserCounts().fit(log).score(query)[0] - share == pytest.approx([2, 1, 0])


def test_with_no_weight_the_mix_is_the_share_of_visits():
    log, query = asked()
    assert silent_mix(log).score(query)[0] == pytest.approx([3 / 6, 2 / 6, 1 / 6])


def test_a_visit_fades_with_its_age():
    log, query = asked([("u", "A", 0), ("u", "B", 2)], hour=3)
    # exp(-log(1 + age)): A was 3 hours ago and weighs 1/4, B 1 hour and weighs 1/2.
    model = silent_mix(log, **{"slope of log age from 0 h": -1.0})
    assert model.score(query)[0] == pytest.approx([1 / 3, 2 / 3])


def test_a_visit_at_the_same_hour_is_louder():
    log, query = asked([("u", "A", 0), ("u", "B", 12)], hour=24)
    model = silent_mix(log, **{"0 h apart": np.log(3)})
    assert model.score(query)[0] == pytest.approx([3 / 4, 1 / 4])


def test_what_followed_the_same_item_is_louder():
    # After the last A: B followed an A before, the two A and the C did not follow one.
    log, query = asked([("u", i, h) for h, i in enumerate("ABCA")], hour=4)
    model = silent_mix(log, **{"after the same item": np.log(5)})
    assert model.score(query)[0] == pytest.approx([2 / 8, 5 / 8, 1 / 8])


def test_probabilities_sum_to_one_for_everybody():
    parts = split(worlds.paired(n_steps=8))
    queries = parts.queries(scored="every")
    scores = CounterMix(n_queries=100).fit(parts.train).score(queries)
    assert scores.min() >= 0 and scores.sum(axis=1) == pytest.approx(np.ones(len(queries)))


def test_sources_of_the_new_leave_out_what_was_visited():
    log, query = asked(ROWS + OTHERS + [("v", "D", 31)])
    shares = list(shares_of_sources(query, Statistics.of(log)))
    popular = shares[list(SOURCES).index("popular")][0]
    assert popular == pytest.approx([0, 0, 0, 1])
    for each in shares:
        assert each[0].sum() == pytest.approx(1) or not each.any()


def test_fitted_weights_make_the_held_out_slice_likelier():
    parts = split(worlds.alternating())
    queries = parts.queries(scored="every")

    def log_chance(model: CounterMix, queries: Queries) -> float:
        scores = model.fit(parts.train).score(queries)
        return float(np.log(scores[np.arange(len(queries)), queries.target]).mean())

    assert log_chance(CounterMix(), queries) > log_chance(CounterMix(slice_share=0), queries) + 0.1


def test_too_few_check_ins_leave_the_weights_as_they_are():
    log, _ = asked()
    start = np.arange(N_COLUMNS + len(SOURCES) + 6, dtype=float)
    fitted = fit_weights(log, start, Statistics.of(log), since_us=int(log.time_us.max()),
                         time_known=True, n_queries=10, ridge=1.0, seed=0,
                         progress=lambda text, share: None)  # fmt: skip
    assert (fitted == start).all()


def test_without_any_past_the_mix_is_what_others_choose():
    rows = [(f"u{i % 6}", "ABCDEFGHIJ"[i * 7 % 10], 0) for i in range(60)]
    log, query = asked(rows, hour=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = CounterMix().fit(log)
    assert model.score(query).sum() == pytest.approx(1)


def test_the_fit_ends_where_plain_steps_end_and_its_gradient_is_the_loss_s():
    from scipy.optimize import check_grad, minimize

    train = split(worlds.alternating()).train
    cut = np.quantile(train.time_us, 0.85)
    problem = fitting._problem(
        fitting._draw(train, cut, True, 300, 0),
        Statistics.of(train.where(train.time_us < cut)),
        lambda text, share: None,
    )
    start = CounterMix(slice_share=0).fit(train)
    start = np.r_[start.visit_weights_, start.source_weights_, start.novelty_weights_]
    scale, ridge = problem.scale(), 3.0

    def loss(moved: np.ndarray) -> tuple[float, np.ndarray]:
        return problem.loss(moved, start, scale, ridge)

    zero = np.zeros_like(start)
    gradient = loss(zero)[1]
    error = check_grad(lambda x: loss(x)[0], lambda x: loss(x)[1], zero, epsilon=1e-5, rng=0)
    assert error < 1e-2 * np.linalg.norm(gradient)
    each = problem.gradients(start).sum(axis=0) / scale
    assert each == pytest.approx(gradient, rel=1e-4, abs=1e-3 * np.abs(gradient).max())
    plain = minimize(loss, zero, jac=True, method="L-BFGS-B", options={"maxiter": 5000})
    found = fitting._best(problem, start, ridge, lambda text, share: None)
    assert loss((found - start) * scale)[0] <= plain.fun + 0.01


def test_a_counter_mix_that_an_earlier_version_saved_opens(tmp_path):
    table = simulate("social", n_users=5, n_checkins=200, seed=1)
    model = CounterMix(slice_share=0).fit(encode(table, Vocabulary.of(table)))
    head = json.loads((model.save(tmp_path / "model") / "model.json").read_text())
    assert head["kind"] == "counter_mix"
    (tmp_path / "model" / "model.json").write_text(json.dumps(sealed(head | {"kind": "counting"})))
    for load in (load_model, CounterMix.load):
        assert load(tmp_path / "model").params() == model.params()
    assert MODELS["counting"] is CounterMix and "counting" not in list(MODELS)
    assert Blend(({"kind": "counting", "params": {}}, "popularity")).params()["models"][0] == {
        "kind": "counter_mix", "params": CounterMix().params(),
    }  # fmt: skip


def test_ends_of_sessions_have_a_temperature_of_their_own():
    # Sessions wander over ten items and end at home; at their ends people are easy to foresee.
    rng, rows = np.random.default_rng(0), []
    for user in range(45):
        for day in range(20):
            for step in range(3):
                rows.append((f"u{user}", f"i{rng.integers(10)}", 40 * day + 2 * step))
            rows.append((f"u{user}", f"home{user}", 40 * day + 9))
    parts = split(worlds.table(rows))
    model = CounterMix(n_queries=400).fit(parts.train)
    queries = parts.queries()
    scores = model.score(queries)
    right = (scores.argmax(axis=1) == queries.target).mean()
    ends, every = (model.calibrated(scores, scored) for scored in ("session_end", "every"))
    assert (every == scores).all() and ends.sum(axis=1) == pytest.approx(1)
    assert (ends.argmax(axis=1) == scores.argmax(axis=1)).all()
    gaps = [abs(each.max(axis=1).mean() - right) for each in (ends, every)]
    assert gaps[0] <= gaps[1] + 1e-9 and gaps[0] < 0.05


def test_the_best_of_many_are_found_in_pieces(monkeypatch):
    parts = split(worlds.paired(n_steps=8))
    model, queries = CounterMix(n_queries=100).fit(parts.train), parts.queries(scored="every")
    whole = model.top(queries, 3)
    sizes, score = [], CounterMix._score

    def counted(self, piece: Queries) -> np.ndarray:
        sizes.append(len(piece))
        return score(self, piece)

    monkeypatch.setattr(CounterMix, "_score", counted)
    monkeypatch.setattr(base, "_NUMBERS_AT_ONCE", 5 * len(queries.vocabulary.items))
    pieces = model.top(queries, 3)
    assert max(sizes) == 5 and sum(sizes) == len(queries)
    assert (pieces[0] == whole[0]).all() and pieces[1] == pytest.approx(whole[1])
    assert [each.shape for each in model.top(queries.take(slice(0, 0)), 3)] == [(0, 3), (0, 3)]
