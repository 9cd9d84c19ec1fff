"""Does time and place matter for what people do next? A calibrated, predictive test.

The method, its null worlds and its calibration are in `docs/gate.md`.
"""

import time as clock

import numpy as np
import polars as pl

from strec import schema
from strec.gate.accuracy import hits_at_one
from strec.gate.design import Design, design_of
from strec.gate.illustrations import Illustrations, illustrate
from strec.gate.nested_models import FittedModel, fit_models, untestable
from strec.gate.permutation_test import holm, permutation_tests
from strec.gate.result import (
    DependenceResult,
    Ingredient,
    NestedModel,
    Step,
    decide,
    route_of,
    sentence_of,
)
from strec.progress import Progress, part_of, silent
from strec.split import TRAIN, split

__all__ = [
    "DependenceResult",
    "Illustrations",
    "Ingredient",
    "NestedModel",
    "Step",
    "dependence_test",
    "training_part",
]

#: The permutations refit the models a hundred times, on whole users up to so many check-ins.
MAX_PERMUTED = 20_000
BOOTSTRAP_SAMPLES = 1_000
USES = {
    "M0": "who the user is and what is popular",
    "M_T": "M0, hour and weekday",
    "M_S": "M0 and the current place",
    "M_TS": "M0, time and place, each for itself",
    "M_TxS": "M_TS and time and place in combination",
}


def dependence_test(
    checkins: pl.DataFrame,
    *,
    seed: int = 0,
    n_permutations: int = 99,
    max_checkins: int = 200_000,
    progress: Progress | None = None,
) -> DependenceResult:
    """Test whether time, place and their combination help to predict the next item.

    Each trajectory is cut in two halves. Models that count the first halves predict the second:
    M0 knows the user and what is popular, M_T adds the hour and weekday, M_S the current place,
    M_TS both, M_TxS their combination. Time is judged by the gain of M_TS over M_S, space by
    M_TS over M_T, interaction by M_TxS over M_TS. An ingredient matters if (1) worlds where
    it alone is shuffled within users rarely gain as much (p-value, Holm-corrected over the tests
    made), (2) the gain's 95 % interval over resampled users lies above the mean gain of these
    worlds, and above 0, and (3) the gain exceeds that mean by at least 0.005 nats per check-in.

    Parameters
    ----------
    checkins : polars.DataFrame
        A canonical table. Pass *training* data only: what is tested here must not be seen
        before an evaluation.
    seed : int
        Fixes samples and shuffles.
    n_permutations : int
        Null worlds per ingredient; at least 59, or no p-value can be small enough.
    max_checkins : int
        A larger table is cut down to so many check-ins of whole users, with a note.
    progress : callable, optional
        Called with a text and the share done, 0 to 1.

    Returns
    -------
    DependenceResult

    Raises
    ------
    SchemaError
        If the table is not canonical.
    AnalysisError
        If there is too little to hold anything out.

    References
    ----------
    Besag and Clifford (1991) for the sequential p-values, Holm (1979) for the correction,
    Berrett, Wang, Barber and Samworth (2020) for the shuffles of the interaction.

    Examples
    --------
    >>> from strec.simulation import simulate
    >>> world = simulate("social", n_users=60, n_checkins=3_000, temporal=1, spatial=0,
    ...                  interaction=0, seed=1)
    >>> result = dependence_test(world, n_permutations=59)
    >>> result.time.decision, result.space.decision, result.route
    (True, False, 'ST-LLM')
    """
    began, tell = clock.perf_counter(), progress or silent
    table = schema.validate(checkins)
    tell("Counting the first half of every trajectory", 0.0)
    used, notes = _sample_users(table, max_checkins, seed, "The test used")
    rng = np.random.default_rng(seed)
    design, labels = design_of(used, rng)
    reasons = untestable(design, labels)
    nested, fitted = fit_models(design, labels, reasons)
    which, hits = hits_at_one(nested, fitted, rng)
    steps = _steps(design, fitted, which, hits, rng, reasons)
    smaller, more = _sample_users(used, MAX_PERMUTED, seed, "The shuffles used")
    tell("Shuffling", 0.1)
    found = permutation_tests(
        smaller, reasons, n_permutations, seed,
        part_of(tell, 0.1, 0.95),
    )  # fmt: skip
    adjusted = holm({name: each.p_value for name, each in found.items()})
    ingredients = tuple(
        Ingredient(name, tested=False, why=reasons[name])
        if name in reasons
        else decide(
            name, next(s for s in steps if s.tests == name), found[name], adjusted[name]
        )
        for name in ("time", "space", "interaction")
    )  # fmt: skip
    share_returns = float(np.mean(np.bincount(labels.pair)[labels.pair] >= 2))
    has_words = schema.CATEGORY in used.columns or schema.TEXT in used.columns
    route, model = route_of(ingredients, share_returns, has_words)
    n_scored_users = len(np.unique(design.user[design.scored]))
    tell("Measuring periodicity, Knox pairs and mutual information", 0.97)
    result = DependenceResult(
        *ingredients,
        route=route,
        recommended_model=model,
        sentence=sentence_of(ingredients, route, len(design.scored), n_scored_users),
        models=tuple(
            NestedModel(name, USES[name], float((fit.gain - fitted["M0"].gain).mean()),
                  float(hits[name].mean()))
            for name, fit in fitted.items()
        ),
        steps=tuple(steps),
        place=design.place_words,
        n_checkins=len(used),
        n_users=design.n_users,
        n_items=design.n_items,
        n_scored=len(design.scored),
        n_permuted=len(smaller),
        seed=seed,
        seconds=clock.perf_counter() - began,
        notes=(*notes, *more),
        illustrations=illustrate(used, seed),
    )  # fmt: skip
    tell("Done", 1.0)
    return result


def training_part(checkins: pl.DataFrame) -> pl.DataFrame:
    """Return the check-ins that a split by time gives to training: what the gate may see.

    Examples
    --------
    >>> training_part(schema.example())["timestamp"].max().day
    3
    """
    ordered = checkins.sort(schema.USER, schema.TIME, schema.ITEM)
    return ordered.filter(pl.Series(split(ordered).part == TRAIN))


# pytest takes every function called test_… for a test.
dependence_test.__test__ = False


def _steps(
    design: Design,
    fitted: dict[str, FittedModel],
    which: np.ndarray,
    hits: dict[str, np.ndarray],
    rng: np.random.Generator,
    reasons: dict[str, str],
) -> list[Step]:
    """Compare each model with those one ingredient below it."""
    pairs = [("M_T", "M0", None), ("M_S", "M0", None), ("M_TS", "M_S", "time"),
             ("M_TS", "M_T", "space"), ("M_TxS", "M_TS", "interaction")]  # fmt: skip
    if reasons:
        pairs = [("M_T", "M0", "time"), ("M_S", "M0", "space")]
    user = design.user[design.scored]
    return [
        Step(name, over, *_mean_and_interval(fitted[name].gain - fitted[over].gain, user, rng),
             float((hits[name] - hits[over]).mean()), tests)
        for name, over, tests in pairs
        if name in fitted
    ]  # fmt: skip


def _mean_and_interval(
    gain: np.ndarray, user: np.ndarray, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Return the mean and its 95 % interval over resampled users (percentile bootstrap)."""
    _, code = np.unique(user, return_inverse=True)
    total, n = np.bincount(code, weights=gain), np.bincount(code)
    means = []
    for _ in range(BOOTSTRAP_SAMPLES):
        drawn = np.bincount(rng.integers(0, len(n), len(n)), minlength=len(n))
        means.append(drawn @ total / (drawn @ n))
    low, high = np.quantile(means, [0.025, 0.975])
    return float(gain.mean()), float(low), float(high)


def _sample_users(
    table: pl.DataFrame, limit: int, seed: int, what: str
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return all check-ins of randomly drawn users, up to `limit` check-ins, and a note."""
    if len(table) <= limit:
        return table, ()
    counts = table[schema.USER].value_counts().sort(schema.USER)
    counts = counts.sample(fraction=1.0, shuffle=True, seed=seed)
    # A single user above the limit is passed over, so that one robot does not fill the sample.
    fits = counts.filter(pl.col("count") <= limit)
    kept = fits.filter(pl.col("count").cum_sum() <= limit)[schema.USER]
    sample = table.filter(pl.col(schema.USER).is_in(kept.implode()))
    note = (
        f"{what} {len(sample):,} check-ins of {len(kept):,} users, drawn at random from "
        f"{len(table):,} check-ins of {len(counts):,} users."
    )
    return sample, (note,)
