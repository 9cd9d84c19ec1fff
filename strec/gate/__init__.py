"""Does time and place matter for what people do next? A calibrated, predictive test.

The method, its null worlds and its calibration are in `docs/gate.md`.
"""

import time as clock
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from strec import schema
from strec.gate.accuracy import hits_at_one
from strec.gate.blocks import in_blocks
from strec.gate.design import PLACE_WORDS, Design, design_of
from strec.gate.illustrations import Illustrations, illustrate
from strec.gate.nested_models import FittedModel, fit_models, untestable
from strec.gate.permutation_test import holm, permutation_tests
from strec.gate.result import (
    INGREDIENTS,
    DependenceResult,
    Ingredient,
    NestedModel,
    Step,
    decide,
    route_of,
    sentence_of,
)
from strec.progress import Progress, part_of, silent
from strec.split import Log, Vocabulary, encode

if TYPE_CHECKING:
    from strec.dataset import Dataset

__all__ = [
    "DependenceResult",
    "Illustrations",
    "Ingredient",
    "Step",
    "dependence_test",
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
    data: "Dataset | Log | pl.DataFrame",
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
    data : Dataset, Log or polars.DataFrame
        Of a data set the training part is tested. A log, or a canonical table, is tested as a
        whole: pass *training* data only, since what is tested must not be seen before an
        evaluation.
    seed : int
        Fixes samples and shuffles.
    n_permutations : int
        Null worlds per ingredient; at least 59, or no p-value can be small enough.
    max_checkins : int
        More are cut down to so many check-ins of whole users, with a note.
    progress : callable, optional
        Called with a text and the share done, 0 to 1.

    Returns
    -------
    DependenceResult

    Raises
    ------
    SchemaError
        If a table is not canonical.
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
    tell("Counting the first half of every trajectory", 0.0)
    used, notes = _sample_users(in_blocks(_log_of(data)), max_checkins, seed, "The test used")
    rng = np.random.default_rng(seed)
    design, labels = design_of(used, rng)
    reasons = untestable(design, labels)
    nested, fitted = fit_models(design, labels, reasons)
    _, hits = hits_at_one(nested, fitted, rng)
    steps = _steps(design, fitted, hits, rng, reasons)
    smaller, more = _sample_users(used, MAX_PERMUTED, seed, "The shuffles used")
    tell("Shuffling", 0.1)
    found = permutation_tests(smaller, reasons, n_permutations, seed, part_of(tell, 0.1, 0.95))
    adjusted = holm({name: each.p_value for name, each in found.items()})
    step_of = {step.tests: step for step in steps}
    ingredients = [
        Ingredient(name, tested=False, why=reasons[name])
        if name in reasons
        else decide(name, step_of[name], found[name], adjusted[name])
        for name in INGREDIENTS
    ]
    share_returns = float(np.mean(np.bincount(labels.pair)[labels.pair] >= 2))
    words = used.vocabulary
    has_words = len(words.categories) > 0 or any(words.item_text)
    route, model = route_of(ingredients, share_returns, has_words)
    n_scored_users = 0 if used.is_anonymous else len(np.unique(design.user[design.scored]))
    tell("Measuring periodicity, Knox pairs and mutual information", 0.97)
    result = DependenceResult(
        *ingredients,
        route=route,
        recommended_model=model,
        sentence=sentence_of(ingredients, route, len(design.scored), n_scored_users),
        models=tuple(
            NestedModel(
                name,
                USES[name],
                gain_nats=float((fit.gain - fitted["M0"].gain).mean()),
                acc1=float(hits[name].mean()),
            )
            for name, fit in fitted.items()
        ),
        steps=tuple(steps),
        place=PLACE_WORDS["start" if used.has_origins else design.place],
        n_checkins=len(used),
        n_users=0 if used.is_anonymous else design.n_users,
        n_items=design.n_items,
        n_scored=len(design.scored),
        n_permuted=len(smaller),
        seed=seed,
        seconds=clock.perf_counter() - began,
        notes=(*notes, *more),
        illustrations=illustrate(used, seed),
    )
    tell("Done", 1.0)
    return result


# pytest takes every function called test_… or …_test for a test of its own.
dependence_test.__test__ = False  # type: ignore[attr-defined]


def _log_of(data: "Dataset | Log | pl.DataFrame") -> Log:
    if isinstance(data, Log):
        return data
    if isinstance(data, pl.DataFrame):
        table = schema.validate(data)
        return encode(table, Vocabulary.of(table))
    from strec.dataset import Dataset

    return Dataset.of(data).train


def _steps(
    design: Design,
    fitted: dict[str, FittedModel],
    hits: dict[str, np.ndarray],
    rng: np.random.Generator,
    reasons: dict[str, str],
) -> list[Step]:
    """Compare each model with those one ingredient below it."""
    both = not reasons
    pairs = [
        ("M_T", "M0", None if both else "time"),
        ("M_S", "M0", None if both else "space"),
        ("M_TS", "M_S", "time"),
        ("M_TS", "M_T", "space"),
        ("M_TxS", "M_TS", "interaction"),
    ]
    user = design.user[design.scored]
    return [
        Step(
            name,
            over,
            *_mean_and_interval(fitted[name].gain - fitted[over].gain, user, rng),
            acc1_gain=float((hits[name] - hits[over]).mean()),
            tests=tests,
        )
        for name, over, tests in pairs
        if name in fitted
    ]


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


def _sample_users(log: Log, limit: int, seed: int, what: str) -> tuple[Log, tuple[str, ...]]:
    """Return all check-ins of randomly drawn users, up to `limit` check-ins, and a note."""
    if len(log) <= limit:
        return log, ()
    owner, count = np.unique(log.owner, return_counts=True)
    users = pl.DataFrame({"owner": owner, "count": count})
    users = users.sample(fraction=1.0, shuffle=True, seed=seed)
    # A single user above the limit is passed over, so that one robot does not fill the sample.
    fits = users.filter(pl.col("count") <= limit)
    kept = fits.filter(pl.col("count").cum_sum() <= limit)["owner"]
    sample = log.where(np.isin(log.owner, kept))
    note = (
        f"{what} {len(sample):,} check-ins of {len(kept):,} users, drawn at random from "
        f"{len(log):,} check-ins of {len(users):,} users."
    )
    return sample, (note,)
