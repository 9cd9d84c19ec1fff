"""What every model of strec must do, whatever it is: run for each kind there is.

A new kind in `strec.models.MODELS` is tested without a line here.
"""

import inspect
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone

import strec.split.log
from strec import Dataset, schema
from strec.errors import Cancelled, ModelError, StrecError
from strec.models import FAMILIES, MODELS, Model
from strec.simulation import simulate
from strec.split import Log, Queries, Split, ask, encode, queries_of_rows, split
from strec.train import Watch
from tests.models import worlds

#: Kinds that look at what a user took, not at the order of it.
NO_ORDER = {kind for kind, model in MODELS.items() if not model.reads_order}
#: Kinds that do not know what makes the answer of a world obvious.
BLIND = {
    "alternating": NO_ORDER,
    # The most frequent item is the right one there; these rank likeness above frequency.
    "nightly": {kind for kind in NO_ORDER if MODELS[kind].family != "counting"},
    "paired": NO_ORDER,
}
#: Of the held-out queries, at least so many are answered by the obvious item first.
RIGHT = 0.8

COUNTING = [kind for kind, model in MODELS.items() if model.family == "counting"]
#: Kinds that take seconds to fit, however little there is.
HEAVY, SLOW = ("hybrid", "stllm", "llm_ranker", "st_lstm"), (pytest.mark.slow,)
KEEN = ("stllm", "ctr", "lstm", "st_lstm", "llm_ranker", "llm_adviser", "trees")

every_kind = pytest.mark.parametrize(
    "kind", [pytest.param(k, marks=SLOW * (k in HEAVY)) for k in MODELS]
)
#: To learn a world well these take long.
every_kind_keen = pytest.mark.parametrize(
    "kind",
    [pytest.param(k, marks=pytest.mark.slow if k in KEEN else ()) for k in MODELS],
)


# ---------------------------------------------------------------- obvious answers


@pytest.mark.slow
@every_kind_keen
def test_who_alternates_will_alternate(kind):
    assert _share_right(kind, "alternating") >= RIGHT


@every_kind_keen
def test_what_everybody_takes_at_night_comes_at_night(kind):
    assert _share_right(kind, "nightly", lambda q: (q.hour > 20) & (q.length > 0)) >= RIGHT


@every_kind_keen
def test_who_comes_to_a_town_takes_the_item_next_door(kind):
    # The second of two in a town: the last check-in was an hour ago.
    assert _share_right(kind, "paired", lambda q: q.session_length == 1) >= RIGHT


# ---------------------------------------------------------------- form


@every_kind
def test_scores_have_their_shape_and_are_finite(kind):
    scores = _fitted(kind).score(_queries())
    assert scores.shape == (len(_queries()), len(_parts().vocabulary.items))
    assert scores.dtype == np.float64 and np.isfinite(scores).all()
    # A model that says the same of every item says nothing.
    assert (scores.std(axis=1) > 0).all()


@every_kind
def test_the_best_items_come_first(kind):
    scores = _fitted(kind).score(_queries())
    best, value = _fitted(kind).top(_queries(), 5)
    assert (np.diff(value, axis=1) <= 0).all()
    assert (value == np.take_along_axis(scores, best, axis=1)).all()
    assert (value[:, 0] == scores.max(axis=1)).all()


@every_kind
def test_users_of_a_data_set_get_a_frame(kind):
    world = Dataset(_world())
    users = world.checkins[schema.USER].unique().sort()[:2].to_list()
    found = _fitted(kind).recommend(world, [*users, None], "2024-06-05 18:30", k=3)
    assert found["user_id"].to_list() == [user for user in (*users, None) for _ in range(3)]
    assert found["rank"].to_list() == [1, 2, 3] * 3
    assert (found["probability"].null_count() == 0) == MODELS[kind].is_probability


@every_kind
def test_a_query_is_answered_alike_alone_and_among_others(kind):
    together = _fitted(kind).score(_queries())
    for row in (0, len(_queries()) // 2):
        alone = _fitted(kind).score(_queries().take(slice(row, row + 1)))
        assert np.allclose(alone[0], together[row], rtol=1e-4, atol=1e-6)


@every_kind
def test_the_same_seed_gives_the_same_model(kind):
    again = _make(kind).fit(_parts().train)
    assert (again.score(_queries()) == _fitted(kind).score(_queries())).all()


@pytest.mark.slow
@every_kind
def test_a_new_process_scores_the_same_after_loading(kind, reloaded):
    expected = _fitted(kind).score(_queries())
    assert np.allclose(reloaded[kind], expected, rtol=1e-6, atol=1e-9)


@every_kind
def test_parts_of_an_explanation_add_up(kind):
    model, items = _fitted(kind), np.array([0, 3])
    try:
        explained = model.explain(_queries(), 1, items)
    except ModelError:
        assert type(model).explain is Model.explain
        return
    scores = model.score(_queries().take(slice(1, 2)))[0]
    for item, each in zip(items, explained, strict=True):
        assert each.item == item
        assert each.score == pytest.approx(scores[item], abs=1e-6)
        assert sum(part.value for part in each.parts) == pytest.approx(each.score, abs=1e-6)


@every_kind
def test_a_model_says_who_it_is(kind):
    model, parameters = MODELS[kind], inspect.signature(MODELS[kind]).parameters
    assert model.label and model.sentence.endswith(".") and model.family in FAMILIES
    assert model.explains == (model.explain is not Model.explain)
    assert ("time_known" in parameters) == (model().time_known is not None)
    assert _make(kind).params().keys() == parameters.keys()


@every_kind
def test_a_model_says_whether_its_scores_are_probabilities(kind):
    scores = _fitted(kind).score(_queries())
    adds_up = (scores >= 0).all() and np.allclose(scores.sum(axis=1), 1.0, atol=1e-6)
    assert MODELS[kind].is_probability == adds_up


@every_kind
def test_parameters_are_read_changed_and_cloned_as_scikit_learn_does_it(kind):
    model = _make(kind)
    parameters = inspect.signature(MODELS[kind]).parameters
    assert list(model.get_params()) == list(parameters)
    for name, value in MODELS[kind].quick.items():
        assert model.get_params()[name] is value
    again = clone(model)
    assert type(again) is type(model) and again.get_params() == model.get_params()
    if "seed" in parameters:
        assert again.set_params(seed=7) is again
        assert again.get_params()["seed"] == 7 and model.get_params()["seed"] == 0
    with pytest.raises(ModelError, match="nonsense"):
        model.set_params(nonsense=1)


# ---------------------------------------------------------------- no order within a moment


@pytest.mark.parametrize("kind", [pytest.param(k, marks=SLOW * (k in HEAVY)) for k in MODELS])
def test_names_of_items_and_order_of_rows_change_no_score(kind):
    one, two = _tied(), _tied(renamed=True)
    assert (one.train.before != np.arange(len(one.train))).mean() > 0.2
    assert one.vocabulary.items.tolist() != two.vocabulary.items.tolist()
    scores, others = (
        _make(kind).fit(each.train).score(each.queries(scored="every")) for each in (one, two)
    )
    assert np.allclose(scores, others, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    "kind", [k for k in MODELS if MODELS[k].family == "counting"] + ["patterns"]
)
def test_what_counts_sees_no_order_within_a_moment(kind, monkeypatch):
    drawn = strec.split.log._lots
    scores = []
    for lots in (drawn, lambda code, time: ~drawn(code, time)):
        monkeypatch.setattr("strec.split.log._lots", lots)
        parts = _tied(without_places=True)
        model = _make(kind, **({"n_recent": 50} if kind == "patterns" else {}))
        queries = parts.queries(scored="every")
        queries = queries.take(np.lexsort((queries.target, queries.time_us, queries.user)))
        scores.append(model.fit(parts.train).score(queries))
    assert np.allclose(*scores, rtol=1e-4, atol=1e-7)


# ---------------------------------------------------------------- unusual queries and data


@every_kind
def test_newcomers_unknown_items_and_empty_histories_are_answered(kind):
    log = _log_with_strangers()
    rows = np.flatnonzero(log.user < 0)
    assert len(rows) > 3 and (log.item < 0).any()
    assert np.isfinite(_fitted(kind).score(queries_of_rows(log, rows))).all()
    noon = np.array([log.time_us.max()])
    nobody = ask(log, -1, noon, [0], [np.nan], [np.nan])
    assert np.isfinite(_fitted(kind).score(nobody)).all()
    assert _fitted(kind).score(_queries().take(slice(0, 0))).shape[0] == 0


@every_kind
def test_times_that_are_not_known_are_no_obstacle(kind):
    parameters = inspect.signature(MODELS[kind]).parameters
    more = {"time_known": False} if "time_known" in parameters else {}
    model = _make_brief(kind, **more)
    queries = _parts().queries(scored="every", time_known=False)
    assert np.isfinite(model.fit(_parts().train).score(queries)).all()


@pytest.mark.slow
@every_kind
def test_missing_places_are_no_obstacle(kind):
    bare = _world().with_columns(pl.lit(None, pl.Float64).alias(c) for c in ("lat", "lon"))
    for table in (bare, bare.drop(schema.CATEGORY)):
        parts = split(table)
        scores = _make_brief(kind).fit(parts.train).score(parts.queries(scored="every"))
        assert np.isfinite(scores).all()


@every_kind
@pytest.mark.parametrize("name", ["one user", "one item", "one check-in", "one kind, no names"])
def test_hardly_any_data_is_learned_from_or_refused_in_words(kind, name):
    rows = {
        "one user": [("u", "ABC"[k % 3], 5 * k) for k in range(20)],
        "one item": [(f"u{k % 4}", "A", 5 * k) for k in range(20)],
        "one check-in": [("u", "A", 0), ("u", "A", 5)],
        "one kind, no names": [(f"u{k % 4}", "ABCDE"[k % 5], 5 * k) for k in range(40)],
    }[name]
    table = worlds.table(rows)
    if "kind" in name:
        nothing = pl.lit(None, pl.String).alias(schema.ITEM_NAME)
        table = table.with_columns(pl.lit("shop").alias(schema.CATEGORY), nothing)
    parts = split(table, fractions=(0.5, 0.5, 0))
    try:
        model = _make_brief(kind).fit(parts.train)
    except StrecError as error:
        assert error.needed and error.mend
        return
    assert np.isfinite(model.score(parts.queries(scored="every"))).all()


# ---------------------------------------------------------------- honesty


@every_kind
def test_no_model_reads_the_future(kind):
    queries, poisoned = _honest_and_poisoned()
    assert (queries.log.item != poisoned.log.item).mean() > 0.1
    scores = _fitted(kind).score(queries)
    assert (scores == _fitted(kind).score(poisoned)).all()


@every_kind
def test_a_cancelled_model_is_not_a_model(kind):
    model = _make(kind)
    with pytest.raises(Cancelled):
        model.fit(_parts().train, watch=Watch(should_stop=lambda: True))
    with pytest.raises(ModelError, match="fitted first"):
        model.score(_queries())


@every_kind
def test_other_items_are_refused(kind):
    other = split(worlds.alternating(n_steps=8)).queries(scored="every")
    with pytest.raises(ModelError, match="vocabulary"):
        _fitted(kind).score(other)


# ---------------------------------------------------------------- what the tests share


def _make(kind: str, **more) -> Model:
    return MODELS[kind](**(MODELS[kind].quick | more))


def _make_brief(kind: str, **more) -> Model:
    """Return a model that goes over the world twice, for what does not hang on what it learns."""
    has_epochs = "epochs" in inspect.signature(MODELS[kind]).parameters
    return _make(kind, **({"epochs": 2} if has_epochs else {}), **more)


def _make_keen(kind: str) -> Model:
    """Return a model that goes over a tiny world often enough to learn it."""
    parameters = inspect.signature(MODELS[kind]).parameters
    # ST-LLM sees all of them in five passes.
    epochs = 5 if kind == "stllm" else 15
    more = {"epochs": epochs, "learning_rate": 0.02, "batch_size": 256, "patience": 15}
    return _make(kind, **{name: value for name, value in more.items() if name in parameters})


def _share_right(kind: str, name: str, chosen=lambda q: q.length > 0) -> float:
    if kind in BLIND[name]:
        pytest.skip("cannot know what makes the answer obvious")
    parts = split(getattr(worlds, name)())
    queries = parts.queries(scored="every")
    queries = queries.take(np.flatnonzero(chosen(queries)))
    assert len(queries) >= 10
    guess, _ = _make_keen(kind).fit(parts.train).top(queries, 1)
    return float((guess[:, 0] == queries.target).mean())


@cache
def _world() -> pl.DataFrame:
    return simulate("social", n_users=12, n_checkins=500, seed=5).head(500)


@cache
def _parts() -> Split:
    return split(_world())


@cache
def _queries() -> Queries:
    return _parts().queries(scored="every")


@cache
def _fitted(kind: str) -> Model:
    return _make(kind).fit(_parts().train)


def _tied(renamed: bool = False, without_places: bool = False) -> Split:
    """Return a world whose users take several items at one moment."""
    table = _world().with_columns(pl.col(schema.TIME).dt.truncate("8h"))
    if without_places:
        table = table.with_columns(lat=pl.lit(None, pl.Float64), lon=pl.lit(None, pl.Float64))
    if renamed:
        ids = table[schema.ITEM].unique().sort()
        names = dict(zip(ids, ids.shuffle(seed=1), strict=True))
        table = table.with_columns(pl.col(schema.ITEM).replace_strict(names))
        table = table.sample(fraction=1.0, shuffle=True, seed=2)
    return split(table)


def _log_with_strangers() -> Log:
    """Return the validation part as the check-ins of people nobody has seen, at new items too."""
    is_new = pl.int_range(pl.len()) % 5 == 0
    strangers = _world().with_columns(
        ("stranger " + pl.col(schema.USER)).alias(schema.USER),
        pl.when(is_new).then(pl.lit("new item")).otherwise(pl.col(schema.ITEM)).alias(schema.ITEM),
    )
    return encode(pl.concat([_world(), strangers.tail(60)]), _parts().vocabulary)


def _honest_and_poisoned() -> tuple[Queries, Queries]:
    """Return each user's first query after a moment, with and without the truth after it."""
    log = _parts().log
    moment = np.quantile(log.time_us, 0.85).astype(np.int64)
    later = np.flatnonzero(log.time_us >= moment)
    _, first = np.unique(log.owner[later], return_index=True)
    queries = queries_of_rows(log, later[first])
    rng, after = np.random.default_rng(0), log.time_us >= moment
    n_items = len(log.vocabulary.items)
    poison = replace(
        log,
        item=np.where(after, rng.integers(0, n_items, len(log)), log.item).astype(np.int32),
        category=np.where(after, -1, log.category).astype(np.int32),
        lat=np.where(after, rng.uniform(-60, 60, len(log)), log.lat),
        lon=np.where(after, rng.uniform(-60, 60, len(log)), log.lon),
    )
    changed = (queries.target + 1) % n_items
    return queries, replace(queries, log=poison, target=changed)


_CHILD = """
import sys
import numpy as np, polars as pl
from strec.models import load_model
from strec.split import split
folder, kinds = sys.argv[1], sys.argv[2:]
parts = split(pl.read_parquet(f"{folder}/world.parquet"))
queries = parts.queries(scored="every")
np.savez(f"{folder}/scores.npz", **{k: load_model(f"{folder}/{k}").score(queries) for k in kinds})
"""


@pytest.fixture(scope="module")
def reloaded(tmp_path_factory) -> dict[str, np.ndarray]:
    """Scores of all kinds, saved here and loaded in one other process."""
    folder: Path = tmp_path_factory.mktemp("models")
    _world().write_parquet(folder / "world.parquet")
    for kind in MODELS:
        _fitted(kind).save(folder / kind)
    subprocess.run([sys.executable, "-c", _CHILD, str(folder), *MODELS], check=True)
    return dict(np.load(folder / "scores.npz"))
