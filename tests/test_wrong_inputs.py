"""Every public door answers wrong input with a StrecError, whatever the input is."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import strec
from strec import evaluation, explanation, maps, privacy, schema, spatial, split, temporal
from strec.errors import StrecError
from strec.models import MODELS, Popularity
from strec.recommend import RankingOptions, Recommender
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
    "a path": Path("/nowhere/at all.csv"),
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
DATASET = strec.Dataset.sample("travel")
PARTS = split.split(EXAMPLE, fractions=(0.5, 0.25, 0.25))
MODEL = Popularity().fit(DATASET)
RESULTS = strec.evaluate("popularity", DATASET, strec.Regime(at_most=30))
RECOMMENDER = Recommender(DATASET, MODEL)
QUERIES = PARTS.queries(scored="every")
SERIES, REPEAT = [1.0, 5.0] * 20, {"Repeat": temporal.SeasonalNaive(2)}

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
    "quality": strec.quality,
    "clean": strec.clean,
    "clean, the recipe": lambda x: strec.clean(EXAMPLE, x),
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
    "slices, by": lambda x: strec.slices(RESULTS, x),
    "slices, the measure": lambda x: strec.slices(RESULTS, "time", x),
    "compare": lambda x: strec.compare(x, RESULTS[0]),
    "difference": lambda x: evaluation.difference(RESULTS[0], RESULTS[0], x),
    "propose": evaluation.propose,
    "errors_on_map": evaluation.errors_on_map,
    "to_csv": evaluation.to_csv,
    "to_html": evaluation.to_html,
    "to_markdown": evaluation.to_markdown,
    "load_model": strec.load_model,
    "Recommender": Recommender,
    "Recommender, the model": lambda x: Recommender(EXAMPLE, x if x is not None else 7),
    "Recommender.answer": lambda x: RECOMMENDER.answer(x if x is not None else 7),
    "Recommender.answer, when": lambda x: RECOMMENDER.answer(None, x),
    "Recommender.answer, where": lambda x: RECOMMENDER.answer(None, None, x, 10.0),
    "Recommender.answer_many": RECOMMENDER.answer_many,
    "RankingOptions": lambda x: RankingOptions(strategy=x),
    "RankingOptions, a number": lambda x: RankingOptions(novelty=x, diversity=x),
    "explain, the model": lambda x: strec.explain(x, DATASET),
    "explain, the data": lambda x: strec.explain(MODEL, x),
    "explain, where": lambda x: strec.explain(MODEL, DATASET, None, None, x),
    "explanation.explain": explanation.explain,
    "replay": replay,
    "privacy.risk": privacy.risk,
    "privacy.protect": lambda x: privacy.protect(x, privacy.Protection()),
    "privacy.protect, how": lambda x: privacy.protect(EXAMPLE, x),
    "privacy.utility_loss": lambda x: privacy.utility_loss(x, privacy.Protection()),
    "split": split.split,
    "split, the parts": lambda x: split.split(EXAMPLE, x if x is not None else 7),
    "split, the shares": lambda x: split.split(EXAMPLE, fractions=x),
    "Split.queries": lambda x: PARTS.queries(x),
    "Split.queries, what is scored": lambda x: PARTS.queries(scored=x),
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
    "temporal.diagnose": temporal.diagnose,
    "spatial.suggest_resolution": spatial.suggest_resolution,
    "spatial.resolution_that_shows": spatial.resolution_that_shows,
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
    "maps.view_of": lambda x: maps.view_of(x, x),
    "maps.hexagons": maps.hexagons,
    "maps.heatmap": maps.heatmap,
    "maps.points": maps.points,
    "maps.arcs": maps.arcs,
    "maps.columns": maps.columns,
    "model.fit": lambda x: Popularity().fit(x),
    "model.score": MODEL.score,
    "model.top": MODEL.top,
    "model.recommend": MODEL.recommend,
    "model.recommend, users": lambda x: MODEL.recommend(DATASET, x if x is not None else 7, k=1),
    "model.recommend, when": lambda x: MODEL.recommend(DATASET, "tourist_0001", x),
    "model.recommend, where": lambda x: MODEL.recommend(DATASET, "tourist_0001", None, x),
    "model.recommend, k": lambda x: MODEL.recommend(DATASET, "tourist_0001", k=x),
    "model.explain": lambda x: MODEL.explain(x, 0, np.array([0])),
    "model.load": Popularity.load,
    "model.set_params": lambda x: Popularity().set_params(nonsense=x),
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
            ask(DATASET)
    with pytest.raises(StrecError):
        model.score(QUERIES)
    with pytest.raises(StrecError):
        model.save("never made")


def test_every_public_name_has_a_door_here():
    named = {door.split(",")[0].split(".")[0] for door in DOORS}
    data = {"METRICS", "MODELS", "StrecError", "__version__", "samples", "privacy"}
    # Settings that are checked where they are used.
    settings = {"Filters", "Blend", "CounterMix", "STLLM", "Mapping", "Recipe"}
    assert set(strec.__all__) - data - settings <= named
