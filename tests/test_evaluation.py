"""Evaluation: regimes on a world seen at a glance, real data, and what is said about results."""

import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from strec import schema
from strec.dataset import Dataset
from strec.errors import AnalysisError, ModelError
from strec.evaluation import (
    SLICES,
    Regime,
    compare,
    counting_models,
    difference,
    errors_on_map,
    evaluate,
    evaluate_model,
    leaderboard,
    propose,
    slices,
    to_csv,
    to_html,
    to_markdown,
)
from strec.io import read
from strec.metrics import METRICS, Metric
from strec.models import MODELS, CounterMix, ItemKNN, Model, Popularity, UserCounts
from strec.simulation import simulate
from strec.split import split
from tests.tables import table


class Oracle(Model):
    """Looks at the target, as no honest model may: the best there can be."""

    kind = "oracle"
    is_probability = True

    def __init__(self, right_share: float = 1.0):
        self.right_share = right_share

    def _fit(self, train, watch):
        self.n_items_ = len(train.vocabulary.items)

    def _score(self, queries):
        known = np.arange(len(queries)) % 100 < 100 * self.right_share
        guess = np.where(known, queries.target, 0)
        return np.eye(self.n_items_)[guess]

    def _arrays(self):
        return {}

    def _restore(self, arrays):
        pass


@pytest.fixture(scope="module")
def world() -> pl.DataFrame:
    return simulate("social", n_users=60, n_checkins=4_000, temporal=1, spatial=1, seed=5)


@pytest.fixture(scope="module")
def parts(world):
    return split(world)


@pytest.fixture(scope="module")
def results(parts):
    models = {"counts": UserCounts(), "popular": Popularity(), "oracle": Oracle()}
    return [
        evaluate_model(model.fit(parts.train), parts, name=name) for name, model in models.items()
    ]


class Blank(Oracle):
    """Its scores are no numbers, as those of a network that came apart."""

    kind = "blank"

    def _score(self, queries):
        return np.full((len(queries), self.n_items_), np.nan)


# ---------------------------------------------------------------- regimes


def test_streaming_history_sees_what_came_after_training_and_train_history_does_not():
    train = table(*[("ann", "x", h) for h in range(4)], ("ann", "y", 4))
    later = table(
        *[("ann", "y", 100 + h) for h in range(6)],  # a session of its own
        ("ann", "x", 200), ("ann", "y", 201),  # the next one: is it y?
    )  # fmt: skip
    cut = split(train, later)
    model = UserCounts().fit(cut.train)
    last = {
        history: evaluate_model(model, cut, Regime(history=history)).queries.row(-1, named=True)
        for history in ("streaming", "train")
    }
    # Streaming: y 7, x 5. Training and the running session: x 5, y 1.
    assert last["streaming"]["guess"] == "y" and last["streaming"]["n_history"] == 12
    assert last["train"]["guess"] == "x" and last["train"]["n_history"] == 6


def test_without_the_time_of_the_target_the_hour_cannot_help():
    # Everyone takes n at night and d by day, and asks at both.
    rows = [("ann", "n" if h % 24 < 12 else "d", h) for h in range(0, 24 * 60, 12)]
    known, unknown = (
        evaluate(
            {"mix": CounterMix(time_known=time)},
            table(*rows),
            Regime(scored="every", time_known=time),
        )[0]
        for time in (True, False)
    )
    assert known.queries["acc@1"].mean() == 1.0
    # The clock stands still at the last check-in; the sequence still tells.
    assert (unknown.queries["score"] <= known.queries["score"] + 1e-9).all()


def test_a_model_for_the_other_knowledge_of_time_is_refused(parts):
    model = CounterMix(time_known=False, slice_share=0).fit(parts.train)
    with pytest.raises(ModelError, match="time_known"):
        evaluate_model(model, parts, Regime(time_known=True))


@pytest.mark.parametrize("name", list(counting_models()))
def test_no_counting_model_reads_the_target_or_what_comes_later(parts, name):
    model = counting_models()[name]
    model = CounterMix(slice_share=0) if name == "Counter mix" else model
    model.fit(parts.train)
    queries = parts.queries(at_most=40)
    log, first = queries.log, queries.take(slice(0, 1))
    later = log.time_us >= first.time_us[0]
    poisoned = replace(
        log,
        item=np.where(later, (log.item + 7) % len(parts.vocabulary.items), log.item),
        lat=np.where(later, 0.0, log.lat),
        lon=np.where(later, 0.0, log.lon),
    )
    blinded = replace(first, log=poisoned, target=np.array([-1]), row=np.array([-1]))
    assert np.array_equal(model.score(first), model.score(blinded))


def test_new_users_and_items_stay_in_the_denominator_when_every_check_in_is_scored():
    train = table(("ann", "x", 0), ("ann", "x", 1))
    later = table(("ann", "x", 50), ("ann", "new", 51), ("bob", "x", 52))
    found = evaluate(
        {"counts": UserCounts()}, Dataset.from_parts(train, later), Regime(scored="every")
    )[0]
    assert found.queries["acc@1"].to_list() == [1.0, 0.0, 1.0]
    assert found.queries["item_id"].to_list() == ["x", None, "x"]
    by_newness = slices([found], "newness")
    assert dict(by_newness.select("slice", "value").iter_rows()) == {
        "known user and item": 1.0, "new user": 1.0, "new item": 0.0,
    }  # fmt: skip


def test_scores_that_are_no_numbers_win_nothing(parts):
    with pytest.raises(ModelError, match="no numbers"):
        evaluate_model(Blank().fit(parts.train), parts)


def test_the_words_say_what_was_scored_and_known():
    words = Regime("test", "every", "train", False, at_most=500).words()
    for part in ("test part", "every check-in", "500", "running session", "not the time"):
        assert part in words


# ---------------------------------------------------------------- against an independent count


@pytest.mark.slow
def test_user_counts_on_real_data_are_those_of_a_plain_loop(data_dir):
    folder = data_dir / "foursquare_nyc"
    frames = [read(folder / name).checkins for name in ("train.csv.gz", "val.csv.gz")]
    users = frames[1][schema.USER].unique().sort()[:25]
    train, later = (frame.filter(pl.col(schema.USER).is_in(users.implode())) for frame in frames)
    found = evaluate({"counts": UserCounts()}, Dataset.from_parts(train, later))[0]
    popular = dict(train[schema.ITEM].value_counts().iter_rows())
    whole = pl.concat([train, later]).sort(schema.TIME)
    checked = 0
    for row in found.queries.iter_rows(named=True):
        past = whole.filter(
            (pl.col(schema.USER) == row["user_id"]) & (pl.col(schema.TIME) < row["timestamp"])
        )[schema.ITEM].to_list()
        score = {item: past.count(item) + popular[item] / len(train) for item in popular}
        own = score[row["item_id"]]
        better = sum(value > own + 1e-12 for value in score.values())
        tied = sum(abs(value - own) <= 1e-12 for value in score.values())
        assert row["rank"] == pytest.approx(better + (tied + 1) / 2)
        assert row["is_return"] == (row["item_id"] in past)
        checked += 1
    assert checked > 20


@pytest.mark.slow
def test_the_protocol_on_foursquare_new_york_scores_what_the_literature_scores(data_dir):
    folder = data_dir / "foursquare_nyc"
    train, later = (read(folder / name).checkins for name in ("train.csv.gz", "val.csv.gz"))
    found = evaluate({"counts": UserCounts()}, Dataset.from_parts(train, later))[0]
    assert abs(len(found.queries) - 1_400) <= 20
    assert found.queries["acc@1"].mean() == pytest.approx(0.24, abs=0.03)


# ---------------------------------------------------------------- leaderboards and comparisons


def test_the_leaderboard_has_every_measure_and_the_best_first(results):
    board = leaderboard(results)
    assert board["model"].to_list() == ["oracle", "counts", "popular"]
    assert set(METRICS) <= set(board.columns)
    best = board.row(0, named=True)
    for measure in ("acc@1", "acc@20", "mrr", "ndcg@10", "macro f1", "return acc@1"):
        assert best[measure] == 1.0
    assert best["mse"] == 0.0 and best["calibration error"] == pytest.approx(0.0)
    assert best["distance error km"] < 0.1
    # User counts are no probabilities, so nothing is said about their calibration.
    assert board.filter(model="counts").select("mse", "calibration error").row(0) == (None, None)


def test_mse_is_the_squared_distance_of_probabilities_from_what_came():
    cut = split(table(("a", "x", 0), ("a", "x", 1), ("a", "y", 2)), table(("a", "y", 50)))
    found = evaluate_model(Popularity().fit(cut.train), cut, Regime(scored="every"))
    # Said x 2/3, y 1/3; y came.
    assert found.queries["mse"].to_list() == pytest.approx([(2 / 3) ** 2 + (1 - 1 / 3) ** 2])


def test_a_difference_is_paired_and_turns_its_sign_with_the_models(results):
    counts, popular, _ = results
    there, back = difference(counts, popular), difference(popular, counts)
    assert there["difference"] == pytest.approx(-back["difference"])
    assert there["low"] == pytest.approx(-back["high"], abs=0.01)
    assert there["low"] <= there["difference"] <= there["high"]
    same = difference(counts, counts)
    assert (same["low"], same["high"], same["is_real"]) == (None, None, False)
    # "mse" is left out, since counts are no probabilities.
    assert compare(counts, popular)["measure"].to_list() == [
        "acc@1", "acc@5", "acc@10", "acc@20", "mrr", "ndcg@10"
    ]  # fmt: skip


def test_results_of_other_queries_are_not_compared(parts, results):
    other = evaluate_model(Popularity().fit(parts.train), parts, Regime(history="train"))
    with pytest.raises(ModelError, match="same queries"):
        difference(results[0], other)


def test_a_trained_model_is_proposed_only_when_it_is_better(parts, results):
    counts, popular, oracle = results
    assert propose([counts, popular, oracle]).model == "oracle"
    # The oracle is right in so few that counting is as good.
    share = counts.queries["acc@1"].mean()
    rival = evaluate_model(Oracle(share + 0.01).fit(parts.train), parts, name="rival")
    proposal = propose([rival, counts, popular])
    assert proposal.model == "counts" and "cannot be told apart here" in proposal.sentence
    assert "rival" in proposal.as_good
    with pytest.raises(ModelError):
        propose([])


@pytest.mark.parametrize("by", list(SLICES))
def test_slices_part_the_queries(results, by):
    found = slices(results, by, "acc@10", min_users=1)
    for result in results:
        own = found.filter(model=result.name)
        assert own["n_queries"].sum() == len(result.queries)
        mean = np.average(own["value"], weights=own["n_queries"])
        assert mean == pytest.approx(result.queries["acc@10"].mean())
        assert (own["low"] <= own["value"] + 1e-9).all()


def test_slices_of_few_users_are_left_out(results):
    for by in SLICES:
        every, shown = slices(results, by, min_users=1), slices(results, by)
        assert shown.equals(every.filter(pl.col("n_users") >= 5)), by
    two = results[0].queries["user_id"].unique(maintain_order=True)[:2].implode()
    few = replace(results[0], queries=results[0].queries.filter(pl.col("user_id").is_in(two)))
    assert len(slices([few], "time"))


def test_slices_come_in_their_natural_order(results):
    days = slices(results[:1], "weekday")["slice"].to_list()
    week = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    assert days == [day for day in week if day in days] and len(days) > 3
    hours = results[0].queries["hour"]
    times = slices(results[:1], "time", min_users=1)
    night = times.filter(pl.col("slice") == "night (0–5)")["n_queries"].sum()
    assert night == ((hours >= 0) & (hours < 5)).sum()


# ---------------------------------------------------------------- maps, files, stores


def test_errors_on_the_map_hide_cells_of_few_users(results):
    counts = results[0]
    cells = errors_on_map(counts, "acc@10", resolution=6, min_users=1)
    assert cells["n_checkins"].sum() == len(counts.queries)
    mean = np.average(cells["value"], weights=cells["n_checkins"])
    assert mean == pytest.approx(counts.queries["acc@10"].mean())
    assert (cells["miss"] + cells["value"]).to_list() == pytest.approx([1.0] * len(cells))
    assert (errors_on_map(counts)["n_users"] >= 5).all()
    days = errors_on_map(counts, "acc@10", by="weekday", resolution=6, min_users=1)
    together = days.group_by("cell").agg(pl.sum("n_checkins")).sort("cell")
    assert together["n_checkins"].to_list() == cells.sort("cell")["n_checkins"].to_list()
    assert days["slice"].n_unique() == counts.queries["weekday"].n_unique()
    with pytest.raises(AnalysisError, match="A way to slice"):
        errors_on_map(counts, by="the moon")
    with pytest.raises(AnalysisError, match="at least 10000 users"):
        errors_on_map(counts, min_users=10_000)


def test_errors_without_places_are_said_not_drawn(world):
    nowhere = world.with_columns(lat=pl.lit(None, pl.Float64), lon=pl.lit(None, pl.Float64))
    found = evaluate({"counts": UserCounts()}, nowhere)[0]
    assert found.queries["distance_error_km"].null_count() == len(found.queries)
    with pytest.raises(AnalysisError, match="place"):
        errors_on_map(found)
    assert slices([found], "distance")["slice"].to_list() == ["place not known"]


def test_exports_hold_the_leaderboard_and_nothing_that_runs(results):
    named = [replace(results[0], name="=1+1"), replace(results[1], name="<b>|x")]
    board = pl.read_csv(to_csv(named).encode())
    assert board["model"].to_list() == ["'=1+1", "<b>|x"]
    assert board["acc@1"].to_list() == pytest.approx(
        [each.queries["acc@1"].mean() for each in named]
    )
    markdown = to_markdown(named)
    assert f"{len(named[0].queries):,} scored check-ins" in markdown and "<b>\\|x" in markdown
    # One form of number: a share is never 20.6 % in one place and 0.206 in the other.
    numbers = re.findall(r"\d*\.\d+ ?%?", "".join(markdown.splitlines()[-2:]))
    assert len(numbers) > 20 and all(re.fullmatch(r"[01]\.\d{3} ?", each) for each in numbers)
    html = to_html(named)
    assert "<b>|x" not in html and "&lt;b&gt;|x" in html and "<script" not in html
    assert all(measure.sentence.replace("'", "&#39;") in html for measure in METRICS.values())


# ---------------------------------------------------------------- the front door


def test_models_and_a_frame_give_a_leaderboard_with_the_counter_mix_as_reference(world):
    found = evaluate(["item_knn", ItemKNN(n_neighbours=5)], world, Regime(at_most=50))
    assert set(found.leaderboard["model"]) == {"Similar items", "Similar items 2", "Counter mix"}
    assert found.proposal.model in repr(found)
    assert evaluate("item_knn", world, Regime(at_most=50), reference=False)[0].kind == "item_knn"


def test_a_fitted_model_is_scored_as_it_is(parts, world):
    model = Popularity().fit(parts.train)
    found = evaluate(model, world)[0]
    assert found.fit_seconds is None and found.queries.equals(evaluate_model(model, parts).queries)


def test_a_metric_of_another_package_is_in_every_leaderboard(results, monkeypatch):
    middle = Metric(name="median rank", title="Median rank", sentence="The middle rank.",
                    of_all=lambda scored: scored.queries["rank"].median())  # fmt: skip
    monkeypatch.setitem(METRICS._found, "median rank", middle)
    assert leaderboard(results)["median rank"].is_not_null().all()
    assert "The middle rank." in to_html(results)


def test_below_ten_users_nothing_is_called_better():
    rows = [(f"u{u}", "ab"[k % 2], 5 * k) for u in range(4) for k in range(30)]
    found = evaluate(["popularity", "markov"], Dataset(table(*rows)), Regime(scored="every"))
    board = found.leaderboard
    assert board["acc@1 low"].null_count() == 2 and board["acc@1"].to_list() == [1.0, 0.5]
    assert not difference(*found)["is_real"]
    beside = propose([_as_trained(found[1]), found[0]])
    assert "4 users are too few" in beside.sentence and not beside.is_told
    assert "proposed" not in beside.sentence
    alone = propose(found).sentence
    assert "4 users are too few" in alone and "is the best" not in alone


def test_with_users_enough_one_is_proposed():
    rows = [(f"u{u}", "ab"[k % 2], 5 * k) for u in range(12) for k in range(30)]
    found = evaluate(["popularity", "markov"], Dataset(table(*rows)), Regime(scored="every"))
    assert propose(found).is_told


def _as_trained(result):
    right = result.queries.with_columns(pl.lit(1.0).alias("acc@1"))
    return replace(result, family="traditional", queries=right)


def test_one_word_stands_for_one_thing():
    # "counting" is the family, wherever it is typed; a model is named once, by its label.
    board = evaluate("counting", Dataset(simulate("social", n_users=20, n_checkins=800)))
    labels = {MODELS[kind].label for kind in MODELS if MODELS[kind].family == "counting"}
    assert {name.split(",")[0] for name in board.leaderboard["model"]} == labels
    assert set(counting_models()) == set(board.leaderboard["model"])
