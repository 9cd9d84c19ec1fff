"""Every public door answers wrong input with a StrecError, whatever the input is."""

import importlib
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest

import strec
from strec import (
    cleaning,
    demand,
    evaluation,
    explanation,
    gate,
    groups,
    io,
    maps,
    plots,
    privacy,
    profiling,
    reporting,
    runs,
    schema,
    spatial,
    split,
    store,
    temporal,
)
from strec.errors import StrecError
from strec.models import MODELS, Popularity
from strec.recommend import RankingOptions, Recommender, recommend_everybody
from strec.recommend.replay import replay

EXAMPLE = schema.example()
#: What somebody may hand over in place of what is needed.
WRONG = {
    "nothing": None,
    "a number": 7,
    "a fraction": 0.5,
    "a text": "no such thing",
    "an empty text": "",
    "bytes": b"abc",
    "a list": [1, "a"],
    "an empty list": [],
    "a dictionary": {"a": 1},
    "an object": object(),
    "a class": dict,
    "an array": np.arange(6).reshape(2, 3),
    "a path": Path(__file__, "at all.csv"),
    "a pandas frame of other things": pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    "an empty pandas frame": pd.DataFrame(),
    "a polars frame of other things": pl.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    "an empty polars frame": EXAMPLE.clear(),
    "wrong types": EXAMPLE.with_columns(
        pl.col("lat").cast(pl.String), pl.lit(None).alias("user_id")
    ),
    "an unfitted model": Popularity(),
    "a moment": datetime(2024, 6, 5, 18),
}
PLAYED = pl.DataFrame({"item_name": "Bar", "lat": 40.7, "lon": -74.0, "rank": [2], "top": [["Bar"]],
                       "guess_lat": 40.7, "guess_lon": -74.0})  # fmt: skip
VIEW, LAT = maps.view_of([40.7, 40.8], [-74.1, -74.0]), np.array([40.7])
SERIES, REPEAT = [1.0, 5.0] * 20, {"Repeat": temporal.SeasonalNaive(2)}


#: What the doors need besides. It is made before the first test: who collects tests needs none.
MADE = SimpleNamespace()


@pytest.fixture(scope="module", autouse=True)
def made():
    MADE.dataset = strec.Dataset.sample("travel")
    MADE.parts = split.split(EXAMPLE, fractions=(0.5, 0.25, 0.25))
    MADE.model = Popularity().fit(MADE.dataset)
    MADE.results = strec.evaluate("popularity", MADE.dataset, strec.Regime(at_most=30))
    MADE.recommender = Recommender(MADE.dataset, MADE.model)
    MADE.queries = MADE.parts.queries(scored="every")
    MADE.panel = demand.Panel.of(np.ones((24 * 60, 2)), "2024-01-01")


#: Each public callable, with the wrong input in the place of one argument.
DOORS = {
    "Dataset": strec.Dataset,
    "Dataset.of": strec.Dataset.of,
    "Dataset.from_frame": strec.Dataset.from_frame,
    "Dataset.from_frame, a column": lambda x: strec.Dataset.from_frame(EXAMPLE, user=x, item=x),
    "Dataset.from_files": strec.Dataset.from_files,
    "Dataset.from_store": strec.Dataset.from_store,
    "Dataset.from_parts": lambda x: strec.Dataset.from_parts(x, EXAMPLE),
    "Dataset.sample": strec.Dataset.sample,
    "Store": strec.Store,
    "Warehouse": lambda x: strec.Warehouse(x, table="t", mapping={}),
    "Warehouse, mapping": lambda x: strec.Warehouse("duckdb://x", table="t", mapping=x),
    "Store.create": lambda x: strec.Store.create(x, "never made", name="x"),
    "read": strec.read,
    "read, a mapping": lambda x: strec.read(__file__, x),
    "read_sample": strec.read_sample,
    "inspect": strec.inspect,
    "ingest": lambda x: strec.ingest(x, "never made.parquet"),
    "ingest, the result": lambda x: strec.ingest(__file__, x),
    "write": lambda x: strec.write(x, "never made.csv"),
    "write, the file": lambda x: strec.write(EXAMPLE, x),
    "Mapping.from_dict": strec.Mapping.from_dict,
    "Recipe.load": strec.Recipe.load,
    "Recipe.from_dict": strec.Recipe.from_dict,
    "Filters.from_dict": strec.Filters.from_dict,
    "Project.of": strec.Project.of,
    "Project.of, a field": lambda x: strec.Project.of(MADE.dataset, **{str(x): x}),
    "Project.open": strec.Project.open,
    "Project.save": lambda x: strec.Project.of(MADE.dataset).save(x),
    "Project.fits": lambda x: strec.Project.of(MADE.dataset).fits(x),
    "reporting.pinned_report": reporting.pinned_report,
    "quality": strec.quality,
    "clean": strec.clean,
    "clean, the recipe": lambda x: strec.clean(EXAMPLE, x),
    "cleaning.clean_file": lambda x: cleaning.clean_file(x, "never made.parquet"),
    "cleaning.clean_file, the recipe": lambda x: cleaning.clean_file(Path(__file__), "x", x),
    "simulate": strec.simulate,
    "simulate, a setting": lambda x: strec.simulate("travel", n_users=x, n_checkins=100),
    "dependence": strec.dependence,
    "report": strec.report,
    "evaluate, the models": lambda x: strec.evaluate(x, EXAMPLE, reference=False),
    "evaluate, the data": lambda x: strec.evaluate("popularity", x),
    "evaluate, the regime": lambda x: strec.evaluate("popularity", EXAMPLE, x),
    "Regime": strec.Regime,
    "leaderboard": strec.leaderboard,
    "slices": lambda x: strec.slices(x, "time"),
    "slices, by": lambda x: strec.slices(MADE.results, x),
    "slices, the measure": lambda x: strec.slices(MADE.results, "time", x),
    "compare": lambda x: strec.compare(x, MADE.results[0]),
    "evaluation.difference": lambda x: evaluation.difference(MADE.results[0], MADE.results[0], x),
    "evaluation.propose": evaluation.propose,
    "evaluation.errors_on_map": evaluation.errors_on_map,
    "evaluation.to_csv": evaluation.to_csv,
    "evaluation.to_html": evaluation.to_html,
    "evaluation.to_markdown": evaluation.to_markdown,
    "load_model": strec.load_model,
    "Recommender": Recommender,
    "Recommender, the model": lambda x: Recommender(EXAMPLE, x if x is not None else 7),
    "Recommender.answer": lambda x: MADE.recommender.answer(x if x is not None else 7),
    "Recommender.answer, when": lambda x: MADE.recommender.answer(None, x),
    "Recommender.answer, where": lambda x: MADE.recommender.answer(None, None, x, 10.0),
    "Recommender.answer_many": lambda x: MADE.recommender.answer_many(x),
    "recommend.RankingOptions": lambda x: RankingOptions(strategy=x),
    "recommend.RankingOptions, a number": lambda x: RankingOptions(novelty=x, diversity=x),
    "explain, the model": lambda x: strec.explain(x, MADE.dataset),
    "explain, the data": lambda x: strec.explain(MADE.model, x),
    "explain, where": lambda x: strec.explain(MADE.model, MADE.dataset, None, None, x),
    "explanation.explain": explanation.explain,
    "recommend.recommend_everybody": lambda x: recommend_everybody(x, "never made.parquet"),
    "recommend.recommend_everybody, the model": lambda x: recommend_everybody(
        MADE.dataset, "never made.parquet", x if x is not None else 7
    ),
    "recommend.replay": replay,
    "demand.count_ahead": demand.count_ahead,
    "demand.forecast_ahead": demand.forecast_ahead,
    "demand.usual_question": demand.usual_question,
    "evaluation.evaluate_ahead": evaluation.evaluate_ahead,
    "evaluation.evaluate_ahead, regime": lambda x: evaluation.evaluate_ahead(MADE.dataset, x),
    "privacy.risk": privacy.risk,
    "privacy.need_room": privacy.need_room,
    "privacy.protect": lambda x: privacy.protect(x, privacy.Protection()),
    "privacy.protect, how": lambda x: privacy.protect(EXAMPLE, x),
    "privacy.utility_loss": lambda x: privacy.utility_loss(x, privacy.Protection()),
    "split.split": split.split,
    "split.split, the parts": lambda x: split.split(EXAMPLE, x if x is not None else 7),
    "split.split, the shares": lambda x: split.split(EXAMPLE, fractions=x),
    "split.split, the catalogue": lambda x: split.split(
        EXAMPLE, catalogue=x if x is not None else 7
    ),
    "Split.queries": lambda x: MADE.parts.queries(x),
    "Split.queries, what is scored": lambda x: MADE.parts.queries(scored=x),
    "temporal.series": temporal.series,
    "temporal.series, the grain": lambda x: temporal.series(EXAMPLE, x),
    "temporal.series, the slice": lambda x: temporal.series(EXAMPLE, filters=x),
    "temporal.series, the zone": lambda x: temporal.series(EXAMPLE, time_zone=x),
    "temporal.series_by": lambda x: temporal.series_by(x, "category"),
    "temporal.TimeSeries.of": temporal.TimeSeries.of,
    "temporal.stationarity": temporal.stationarity,
    "temporal.autocorrelation": temporal.autocorrelation,
    "temporal.decompose": temporal.decompose,
    "temporal.decompose, the seasons": lambda x: temporal.decompose(SERIES, x),
    "temporal.periodogram": temporal.periodogram,
    "temporal.anomalies": temporal.anomalies,
    "temporal.level_shifts": temporal.level_shifts,
    "temporal.backtest": temporal.backtest,
    "temporal.backtest, the horizon": lambda x: temporal.backtest(SERIES, REPEAT, horizon=x),
    "temporal.outlook": lambda x: temporal.outlook(x, REPEAT["Repeat"], 3),
    "temporal.outlook, the model": lambda x: temporal.outlook(SERIES, x, 3),
    "temporal.outlook, the horizon": lambda x: temporal.outlook(SERIES, REPEAT["Repeat"], x),
    "temporal.conformal": temporal.conformal,
    "temporal.conformal, the level": lambda x: temporal.conformal(np.ones((9, 2)), x),
    "temporal.diagnose": temporal.diagnose,
    "spatial.suggest_resolution": spatial.suggest_resolution,
    "spatial.resolution_that_shows": spatial.resolution_that_shows,
    "spatial.shown_from": spatial.shown_from,
    "spatial.hotspots": spatial.hotspots,
    "spatial.emerging": spatial.emerging,
    "spatial.change": lambda x: spatial.change(x, x, x, x),
    "spatial.distance_decay": spatial.distance_decay,
    "spatial.step_quantiles": spatial.step_quantiles,
    "spatial.predictability": spatial.predictability,
    "spatial.activity_map": spatial.activity_map,
    "spatial.nearest_places": lambda x: spatial.nearest_places(x, "a"),
    "spatial.place_profiles": spatial.place_profiles,
    "spatial.time_profiles": spatial.time_profiles,
    "spatial.as_geojson": spatial.as_geojson,
    "maps.track_layer": maps.track_layer,
    "maps.view_of": lambda x: maps.view_of(x, x),
    "maps.hexagons": maps.hexagons,
    "maps.heatmap": maps.heatmap,
    "maps.points": maps.points,
    "maps.arcs": maps.arcs,
    "maps.columns": maps.columns,
    "maps.suggestions": maps.suggestions,
    "maps.visits": maps.visits,
    "maps.way": lambda x: maps.way(x, x),
    "maps.replayed": lambda x: maps.replayed(x, 1),
    "maps.replayed, how many": lambda x: maps.replayed(PLAYED, x),
    "maps.first_kinds": lambda x: maps.first_kinds(x, x),
    "model.fit": lambda x: Popularity().fit(x),
    "model.score": lambda x: MADE.model.score(x),
    "model.top": lambda x: MADE.model.top(x),
    "model.recommend": lambda x: MADE.model.recommend(x),
    "model.recommend, users": lambda x: MADE.model.recommend(
        MADE.dataset, x if x is not None else 7, k=1
    ),
    "model.recommend, when": lambda x: MADE.model.recommend(MADE.dataset, "tourist_0001", x),
    "model.recommend, where": lambda x: MADE.model.recommend(MADE.dataset, "tourist_0001", None, x),
    "model.recommend, k": lambda x: MADE.model.recommend(MADE.dataset, "tourist_0001", k=x),
    "model.explain": lambda x: MADE.model.explain(x, 0, np.array([0])),
    "model.load": Popularity.load,
    "model.set_params": lambda x: Popularity().set_params(nonsense=x),
    "spatial.grid_around": lambda x: spatial.grid_around(x, 7),
    "spatial.per_user": spatial.per_user,
    "spatial.concentration": spatial.concentration,
    "spatial.hidden_in_words": spatial.hidden_in_words,
    "spatial.resolution_that_touches": lambda x: spatial.resolution_that_touches(
        x if x is not dict else 7, 7
    ),
    "spatial.similar_users": lambda x: spatial.similar_users(x, x, 0),
    "spatial.where_two_go": lambda x: spatial.where_two_go(x, 1, 2),
    "spatial.hexagon_width_km": spatial.hexagon_width_km,
    "spatial.one_run": spatial.one_run,
    "spatial.moran": lambda x: spatial.moran(x, x),
    "temporal.mase_scale": temporal.mase_scale,
    "temporal.standard_models": temporal.standard_models,
    "maps.attribution": maps.attribution,
    "maps.deck": lambda x: maps.deck(x, VIEW),
    "maps.chosen_layer": maps.chosen_layer,
    "maps.pixels": lambda x: maps.pixels(x, [40.4], [-3.7], size_px=(900, 500)),
    "maps.pixels, the places": lambda x: maps.pixels(maps.deck([], VIEW), x, x, size_px=(900, 500)),
    "maps.deck, the view": lambda x: maps.deck([], x),
    "maps.deck, the ground": lambda x: maps.deck([], VIEW, ground=x),
    "maps.read_ground": maps.read_ground,
    "maps.Ground.simulated": lambda x: maps.Ground.simulated(x, 1, [40.4], [-3.7]),
    "maps.Ground.load": maps.Ground.load,
    "maps.to_html": maps.to_html,
    "maps.to_svg": maps.to_svg,
    "maps.legend_html": lambda x: maps.legend_html("Check-ins", x),
    "maps.here_layer": lambda x: maps.here_layer(x, x),
    "maps.hexagon_layer": maps.hexagon_layer,
    "maps.history_layer": maps.history_layer,
    "maps.label_layer": lambda x: maps.label_layer(x, VIEW),
    "maps.picking_layer": maps.picking_layer,
    "maps.point_layer": maps.point_layer,
    "maps.suggestion_layers": lambda x: maps.suggestion_layers(x, VIEW),
    "plots.calendar": plots.calendar,
    "plots.category_bars": plots.category_bars,
    "plots.category_hours": plots.category_hours,
    "plots.clock": plots.clock,
    "plots.hour_weekday": plots.hour_weekday,
    "plots.in_words": lambda x: plots.in_words("trend", x),
    "plots.in_words, the kind": lambda x: plots.in_words(x, pd.DataFrame()),
    "plots.note": plots.note,
    "plots.parts": plots.parts,
    "plots.trend": plots.trend,
    "plots.weekdays": plots.weekdays,
    "plots.what_if_hours": plots.what_if_hours,
    "privacy.coarsen": lambda x: privacy.coarsen(x, 7, 3),
    "privacy.hide_items": privacy.hide_items,
    "privacy.pseudonyms": lambda x: privacy.pseudonyms(x, privacy.new_key()),
    "privacy.pseudonyms, the key": lambda x: privacy.pseudonyms(EXAMPLE, x),
    "privacy.suppress": privacy.suppress,
    "privacy.noise": lambda x: privacy.noise(x, 500),
    "privacy.noise, the distance": lambda x: privacy.noise(EXAMPLE, x),
    "privacy.width_words": privacy.width_words,
    "privacy.Protection": privacy.Protection,
    "evaluation.counting_models": evaluation.counting_models,
    "evaluation.evaluate_model": lambda x: evaluation.evaluate_model(x, MADE.parts),
    "evaluation.evaluate_model, the parts": lambda x: evaluation.evaluate_model(MADE.model, x),
    "explanation.best_by_hour": explanation.best_by_hour,
    "explanation.best_by_place": lambda x: explanation.best_by_place(x, LAT, LAT),
    "explanation.card": lambda x: explanation.card(x, "User 1"),
    "explanation.changes": lambda x: explanation.changes(x, x),
    "explanation.counterfactual": explanation.counterfactual,
    "explanation.parts_of_list": explanation.parts_of_list,
    "explanation.rank_moves": lambda x: explanation.rank_moves(x, x),
    "explanation.walk": lambda x: explanation.walk(x, 40.7, -74.0),
    "explanation.what_if_hours": explanation.what_if_hours,
    "explanation.wished": explanation.wished,
    "explanation.what_if_places": lambda x: explanation.what_if_places(x, LAT, LAT),
    "demand.panel": demand.panel,
    "demand.panel, what": lambda x: demand.panel(MADE.dataset, x),
    "demand.panel, where": lambda x: demand.panel(MADE.dataset, where=x),
    "demand.people_at": lambda x: demand.people_at(x, [], "2024-06-05"),
    "demand.usual_resolution": demand.usual_resolution,
    "demand.backtest": demand.backtest,
    "demand.demand": demand.demand,
    "demand.effect": lambda x: demand.effect(x, "2024-06-05", []),
    "demand.effect, the day": lambda x: demand.effect(MADE.panel, x, ["0"]),
    "demand.effect, the places": lambda x: demand.effect(MADE.panel, "2024-02-05", x),
    "demand.country_of": demand.country_of,
    "compare_groups": lambda x: strec.compare_groups(x, strec.Filters(weekdays=(5, 6))),
    "compare_groups, a group": lambda x: strec.compare_groups(MADE.dataset, x),
    "groups.compare_groups": lambda x: groups.compare_groups(x, strec.Filters(weekdays=(5, 6))),
    "groups.user_groups": groups.user_groups,
    "plots.group_days": lambda x: plots.group_days((x, x), ("A", "B")),
    "io.read_frame": io.read_frame,
    "io.fetch": lambda x: io.fetch(x, Path("never made"), table="visits"),
    "io.read_frame, a mapping": lambda x: io.read_frame(EXAMPLE, x),
    "cleaning.clean": cleaning.clean,
    "store.frame_of": lambda x: store.frame_of(x, ("cell",)),
    "store.store_of": store.store_of,
    "store.need_store": store.need_store,
    "split.encode": lambda x: split.encode(x, MADE.parts.vocabulary),
    "split.questions_of": split.questions_of,
    "profiling.quality": profiling.quality,
    "gate.dependence_test": gate.dependence_test,
    "reporting.analyse": reporting.analyse,
    "reporting.demand_report": reporting.demand_report,
    "runs.Run": runs.Run,
    "runs.create": lambda x: runs.create(x, "popularity", MADE.dataset.store),
    "runs.create, the kind": lambda x: runs.create("never made", x, MADE.dataset.store),
    "runs.create, the store": lambda x: runs.create("never made", "popularity", x),
    "runs.end": lambda x: runs.end(x, "never made"),
    "runs.expected_seconds": lambda x: runs.expected_seconds("popularity", x, "normal", []),
    "runs.expected_seconds, the kind": lambda x: runs.expected_seconds(
        x, MADE.dataset.store, "normal", []
    ),
    "runs.home": runs.home,
    "runs.language_of": lambda x: runs.language_of(x, "stllm"),
    "runs.language_of, the kind": lambda x: runs.language_of(MADE.dataset.store, x),
    "runs.needs_several": runs.needs_several,
    "runs.parameters": runs.parameters,
    "runs.parameters, the budget": lambda x: runs.parameters("stllm", x),
    "runs.prune": runs.prune,
    "runs.reach": lambda x: runs.reach(x, MADE.dataset.store, "quick", []),
    "runs.reach, the store": lambda x: runs.reach("stllm", x, "quick", []),
    "runs.reach, the budget": lambda x: runs.reach("stllm", MADE.dataset.store, x, []),
    "runs.runs_in": runs.runs_in,
    "runs.shortage": lambda x: runs.shortage("popularity", x),
    "runs.shortage, the kind": lambda x: runs.shortage(x, MADE.dataset.store),
    "runs.start": lambda x: runs.start(x, "never made"),
    "runs.train_run": lambda x: runs.train_run(x, MADE.dataset.store),
}
#: The steps of a recipe, and the models of time series, by their first setting.
DOORS |= {
    f"{room}.{kind.__name__}": kind
    for room, kinds in (
        ("cleaning", cleaning.STEPS.values()),
        ("temporal", (temporal.ExponentialSmoothing, temporal.HarmonicRegression)),
        ("temporal", (temporal.LSTMForecaster, temporal.Sarima, temporal.SeasonalNaive)),
    )
    for kind in kinds
}
#: The rooms whose public callables all have a door above, or a reason below.
ROOMS = [
    "spatial", "temporal", "maps", "plots", "privacy", "evaluation", "explanation", "recommend",
    "io", "cleaning", "store", "split", "profiling", "gate", "reporting", "models", "metrics",
    "runs", "demand", "groups",
]  # fmt: skip
SETTINGS = "settings, checked by the function that takes them"
RESULT = "what a function of strec returns; nobody makes one by hand"
ARRAYS = "arithmetic on arrays of a Log or of scores, called once per batch"
EXEMPT = {
    "StrecError": "an error",
    "Filters": SETTINGS,
    "Mapping": SETTINGS + "; Mapping.from_dict has a door",
    "Recipe": SETTINGS + "; Recipe.from_dict has a door",
    "samples": "takes nothing",
    "demand.countries": "takes nothing",
    "plots.group_hours": "takes a Comparison",
    "plots.group_ratios": "takes a Comparison",
    "groups.capital": "a text",
    "groups.in_words": "takes Filters",
    "privacy.new_key": "takes nothing",
    "temporal.Forecaster": "an abstract class",
    "cleaning.Step": "an abstract class",
    "demand.DemandModel": "an abstract class",
    "demand.Panel": "what panel returns; Panel.of takes arrays",
    "demand.standard_models": SETTINGS,
    "models.Model": "an abstract class",
    "store.HasStore": "a protocol",
    "split.Question": "a form of a tuple",
    "maps.Look": "a form of a dictionary",
    "io.Limits": SETTINGS,
    "metrics.Metric": "checked when a metric is registered",
    "models.Language": RESULT,
    "split.Questions": "takes the Log of a Split",
    "split.ask": "takes the Log of a Split",
    "split.notes_on": "takes the Log of a Split",
    "split.queries_of_rows": "takes the Log of a Split",
}
EXEMPT |= {
    f"{room}.{name}": reason
    for reason, of_room in (
        (
            RESULT,
            {
                "spatial": "ActivityMap Change DistanceDecay Emerging Hotspots Moran "
                "Predictability",
                "temporal": "Anomalies Autocorrelation Backtest ChangePoints Decomposition "
                "Diagnosis Outlook Periodogram Reach Stationarity",
                "maps": "Classes Scale View",
                "privacy": "Exposure RiskReport UtilityLoss",
                "evaluation": "Evaluation Proposal Result",
                "explanation": "Change Reasons",
                "recommend": "Answer Shop",
                "io": "Inspection Option Question ReadResult Sample",
                "cleaning": "CleanReport StepResult",
                "split": "Asked Log Queries Split Vocabulary",
                "profiling": "Finding QualityReport",
                "gate": "DependenceResult Illustrations Ingredient PartOfTime Step",
                "reporting": "Analysis Figure Section",
                "models": "Explanation ScorePart",
                "metrics": "Ranked Scored",
                "runs": "Budget Status",
                "demand": "Backtest Bands Demand Effect",
                "groups": "Comparison",
            },
        ),
        (SETTINGS, {"demand": "Calendar DaysAlike Harmonic HourOfWeek LastWeek Trees"}),
        (
            ARRAYS,
            {
                "split": "local_hour local_us local_weekday ranges",
                "metrics": "accuracy best_first calibration_error coverage expected_rank macro_f1 "
                "mean_of ndcg novelty_bits reciprocal_rank reliability standing user_interval",
            },
        ),
    )
    for room, names in of_room.items()
    for name in names.split()
}


@pytest.mark.parametrize("door", DOORS)
def test_a_door_answers_in_words(door, tmp_path, monkeypatch):
    # Some doors write to the name that they are given.
    monkeypatch.chdir(tmp_path)
    otherwise = {}
    for what, wrong in WRONG.items():
        try:
            DOORS[door](wrong)
        except StrecError as error:
            assert error.needed and error.found and error.mend
        except Exception as error:
            otherwise[what] = f"{type(error).__name__}: {error}"
    assert not otherwise


def test_a_folder_is_no_file_to_write(tmp_path):
    (tmp_path / "visits.csv").mkdir()
    with pytest.raises(StrecError, match="folder"):
        strec.write(EXAMPLE, tmp_path / "visits.csv")


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("what", ["a pandas frame of other things", "nothing", "wrong types"])
def test_every_model_refuses_what_is_no_data(kind, what):
    with pytest.raises(StrecError):
        MODELS[kind]().fit(WRONG[what])


@pytest.mark.parametrize("kind", MODELS)
def test_every_model_refuses_to_answer_before_it_is_fitted(kind):
    model = MODELS[kind]()
    for ask in (model.recommend, model.log_of):
        with pytest.raises(StrecError, match="fitted"):
            ask(MADE.dataset)
    with pytest.raises(StrecError):
        model.score(MADE.queries)
    with pytest.raises(StrecError):
        model.save("never made")


def public_callables() -> dict[str, object]:
    """Return every public callable of strec and of its rooms, by its name in the doors."""
    found = {name: getattr(strec, name) for name in strec.__all__}
    inside = list(found.values())
    for room in ROOMS:
        module = importlib.import_module(f"strec.{room}")
        # What strec shows too has its door there.
        found |= {
            f"{room}.{name}": thing
            for name in module.__all__
            if not any((thing := getattr(module, name)) is other for other in inside)
        }
    data = ("METRICS", "MODELS", "LANGUAGE_MODELS", "FORMATS")
    return {
        name: thing
        for name, thing in found.items()
        if callable(thing) and name.split(".")[-1] not in data
    }


def test_every_public_callable_has_a_door_or_a_reason():
    knocked = {door.split(",")[0] for door in DOORS}
    # A method's door is one of its class.
    knocked |= {door.rpartition(".")[0] for door in knocked}
    fitted = list(MODELS.values())
    bare = [
        name
        for name, thing in public_callables().items()
        if name not in knocked | set(EXEMPT) and not any(thing is model for model in fitted)
    ]
    assert not bare


def test_reasons_are_for_what_is_public_and_has_no_door():
    assert not set(EXEMPT) - set(public_callables())
    assert not set(EXEMPT) & {door.split(",")[0] for door in DOORS}
