"""Do time, place and order matter for what people do next? A calibrated, predictive test.

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
from strec.gate.permutation_test import (
    FEW_WORLDS,
    Excess,
    PermutationTests,
    Shuffled,
    holm,
    order_models,
)
from strec.gate.result import (
    INGREDIENTS,
    WEAK_NATS,
    DependenceResult,
    Ingredient,
    NestedModel,
    PartOfTime,
    Step,
    decide,
    effect_word,
    may_be_a_yes,
    route_of,
)
from strec.gate.sentences import FORMS, details_of, verdict_of
from strec.gate.time_parts import TimePart
from strec.progress import Progress, part_of, silent
from strec.split import Log, Vocabulary, encode
from strec.wording import listed

if TYPE_CHECKING:
    from strec.dataset import Dataset

__all__ = [
    "DependenceResult",
    "Illustrations",
    "Ingredient",
    "PartOfTime",
    "Step",
    "dependence_test",
]

#: The permutations refit the models a hundred times, on whole users up to so many check-ins.
MAX_PERMUTED = 12_000
#: With fewer null worlds no p-value is small enough for a yes: four tests share 0.05 (Holm).
MIN_PERMUTATIONS = 79
BOOTSTRAP_SAMPLES = 1_000
#: The models that people are shown.
USES = {
    "M0": "who the user is, what is popular, and what was taken lately",
    "M_T": "M0 and the time",
    "M_S": "M0 and the current place",
    "M_TS": "M0, time and place, each for itself",
    "M_TxS": "M_TS and time and place in combination",
    "M_O": "M0, time, place, and what follows what",
}
DRIFT = "what the user, and everybody, took lately"


def dependence_test(
    data: "Dataset | Log | pl.DataFrame",
    *,
    seed: int = 0,
    n_permutations: int = 99,
    max_checkins: int = 200_000,
    dates: pl.DataFrame | None = None,
    progress: Progress | None = None,
) -> DependenceResult:
    """Test whether time, place, their combination and order help to predict the next item.

    Each trajectory is cut in two halves. Models that count the first halves predict the second:
    M0 knows the user, what is popular, and what was taken lately, M_T adds the time, M_S the
    current place, M_TS both, M_TxS their combination, M_O what follows what. Time is judged by
    the gain of M_TS over M_S, space by M_TS over M_T, interaction by M_TxS over M_TS, order by
    M_O over a model without the check-in before. An ingredient matters if (1) worlds where it
    alone is shuffled within users rarely gain as much (p-value, Holm-corrected over the tests
    made), (2) the gain's 95 % interval over resampled users lies above the mean gain of these
    worlds, and above 0, and (3) the gain exceeds that mean by at least 0.005 nats per check-in.
    What drifts is M0's, and reported by itself.

    Parameters
    ----------
    data : Dataset, Log or polars.DataFrame
        Of a data set the training part is tested. A log, or a canonical table, is tested as a
        whole: pass *training* data only, since what is tested must not be seen before an
        evaluation.
    seed : int
        Fixes samples and shuffles.
    n_permutations : int
        Null worlds per ingredient; at least 79, or no p-value can be small enough.
    max_checkins : int
        More are cut down to so many check-ins of whole users, with a note.
    dates : polars.DataFrame, optional
        What was so on which date: one column of dates (each once), and columns of the person's
        own such as the weather or public holidays. Each becomes a part of *time*; of numbers
        with more than 12 values fifths are made.
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
        If there is too little to hold anything out, or the table of dates is of another form.

    References
    ----------
    Besag and Clifford (1991) for the sequential p-values, Holm (1979) for the correction,
    Berrett, Wang, Barber and Samworth (2020) for the shuffles of the interaction.

    Examples
    --------
    >>> from strec.simulation import simulate
    >>> world = simulate("social", n_users=60, n_checkins=3_000, temporal=1, spatial=0,
    ...                  interaction=0, seed=1)
    >>> result = dependence_test(world, n_permutations=79)
    >>> result.time.decision, result.space.decision, result.route
    (True, False, 'ST-LLM')
    >>> result.time.effect, [part.name for part in result.time_parts]
    ('strong', ['hour', 'weekday', 'day of the month', 'month'])
    """
    began, tell = clock.perf_counter(), progress or silent
    tell("Counting the first half of every trajectory", 0.0)
    used, notes = _sample_users(in_blocks(_log_of(data)), max_checkins, seed, "The test used")
    if n_permutations < MIN_PERMUTATIONS:
        notes = (*notes, f"With {n_permutations} shuffled worlds no answer can be a yes.")
    rng = np.random.default_rng(seed)
    design, labels = design_of(used, rng, dates)
    reasons = untestable(design, labels)
    nested, fitted = fit_models(design, labels, reasons)
    shown = {name: fit for name, fit in fitted.items() if name in USES}
    _, hits = hits_at_one(nested, fitted, rng)
    steps = _steps(design, fitted, hits, rng)
    smaller, more = _sample_users(used, MAX_PERMUTED, seed, "The shuffles used")
    tell("Shuffling", 0.1)
    if smaller is not used:
        few = design_of(smaller, np.random.default_rng([seed, 1]), dates)
        tests = PermutationTests(*fit_models(*few, reasons), seed)
    else:
        tests = PermutationTests(nested, fitted, seed)
    step_of = {step.tests: step for step in steps}
    found: dict[str, Shuffled] = {}
    for k, name in enumerate(name for name in INGREDIENTS if name not in reasons):
        told = part_of(tell, 0.1 + 0.175 * k, 0.275 + 0.175 * k)
        given_place = False
        if name == "order":
            space = found.get("space")
            by_itself = space and decide("space", step_of["space"], space, space.p_value)
            given_place = bool(by_itself and by_itself.decision)
            step_of[name] = _step(design, fitted, hits, rng, *order_models(given_place), name)
            steps.append(step_of[name])
        # Where the gain alone says no, a few worlds tell what shuffled data gain.
        n_worlds = n_permutations if may_be_a_yes(step_of[name]) else FEW_WORLDS
        found[name] = tests.p_value(name, min(n_worlds, n_permutations), told, given_place)
    adjusted = holm({name: each.p_value for name, each in found.items()})
    drift = _drift(tests.drift(part_of(tell, 0.8, 0.85)), step_of["drift"], rng)
    drift_nats = drift.effect_nats or 0.0
    looked = [part.words for part in design.time_parts if not part.why]
    forms = FORMS | {"time": listed(looked) if looked else ""}
    forms["space"] = FORMS.get(design.place, "")
    ingredients = [
        Ingredient(name, tested=False, why=reasons[name])
        if name in reasons
        else decide(name, step_of[name], found[name], adjusted[name], forms[name], drift_nats)
        for name in INGREDIENTS
    ]
    time_parts = tuple(
        PartOfTime(part.name, part.words, tested=False, why=part.why)
        if part.why
        else _part_of_time(part, tests, ingredients[0].decision, rng, part_of(tell, 0.85, 0.95))
        for part in design.time_parts
    )
    share_returns = float(np.mean(np.bincount(labels.pair)[labels.pair] >= 2))
    words = used.vocabulary
    has_words = len(words.categories) > 0 or any(words.item_text)
    route, model = route_of(ingredients, share_returns, has_words)
    n_scored_users = 0 if used.is_anonymous else len(np.unique(design.user[design.scored]))
    tell("Measuring periodicity, Knox pairs and mutual information", 0.97)
    time, space, interaction, order = ingredients
    result = DependenceResult(
        time,
        space,
        interaction,
        order=order,
        drift=drift,
        time_parts=time_parts,
        route=route,
        recommended_model=model,
        sentence=verdict_of(ingredients, time_parts, route, drift),
        details=details_of(ingredients, drift, len(design.scored), n_scored_users),
        models=tuple(
            NestedModel(
                name,
                USES[name],
                gain_nats=float((fit.gain - fitted["M0"].gain).mean()),
                acc1=float(hits[name].mean()),
            )
            for name, fit in shown.items()
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
) -> list[Step]:
    """Compare each model with those one ingredient below it, but for order."""
    both = "M_TS" in fitted
    pairs = [
        ("M0", "M_H", "drift"),
        ("M_T", "M0", None if both else "time"),
        ("M_S", "M0", None if both else "space"),
        ("M_TS", "M_S", "time"),
        ("M_TS", "M_T", "space"),
        ("M_TxS", "M_TS", "interaction"),
    ]
    return [
        _step(design, fitted, hits, rng, name, over, tests)
        for name, over, tests in pairs
        if name in fitted
    ]


def _step(
    design: Design,
    fitted: dict[str, FittedModel],
    hits: dict[str, np.ndarray],
    rng: np.random.Generator,
    name: str,
    over: str,
    tests: str | None,
) -> Step:
    user = design.user[design.scored]
    interval = _mean_and_interval(fitted[name].gain - fitted[over].gain, user, rng)
    return Step(name, over, *interval, float((hits[name] - hits[over]).mean()), tests)


def _drift(excess: Excess, step: Step, rng: np.random.Generator) -> Ingredient:
    """Say whether what was taken lately says more than habits: none of the few may do as well."""
    effect, low, high = _mean_and_interval(excess.beyond, excess.user, rng)
    decision = not excess.n_as_good and low > 0 and effect >= WEAK_NATS
    return Ingredient(
        "drift",
        tested=True,
        decision=decision,
        effect=effect_word(effect) if decision else "none",
        effect_nats=effect,
        gain_nats=step.gain_nats,
        low=low,
        high=high,
        shuffled_nats=step.gain_nats - effect,
        acc1_gain=step.acc1_gain,
        p_value=(excess.n_as_good + 1) / (excess.n_worlds + 1),
        p_adjusted=(excess.n_as_good + 1) / (excess.n_worlds + 1),
        n_as_good=excess.n_as_good,
        n_permutations=excess.n_worlds,
        why="" if decision else "what was taken lately says no more than habits do",
        forms=DRIFT,
    )


def _part_of_time(
    part: TimePart, tests: PermutationTests, is_asked: bool, rng: np.random.Generator,
    progress: Progress,
) -> PartOfTime:  # fmt: skip
    """Say what one part adds to the others, where time as a whole matters."""
    if not is_asked or part.name not in tests.design.tested_parts:
        return PartOfTime(part.name, part.words)
    excess = tests.time_part(part.name, progress)
    effect, low, high = _mean_and_interval(excess.beyond, excess.user, rng)
    decision = not excess.n_as_good and low > 0 and effect >= WEAK_NATS
    return PartOfTime(part.name, part.words, True, decision, effect, low, high)


def _mean_and_interval(
    gain: np.ndarray, user: np.ndarray, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Return the mean and its 95 % interval over resampled users (percentile bootstrap)."""
    _, code = np.unique(user, return_inverse=True)
    total, n = np.bincount(code, weights=gain), np.bincount(code)
    # Whole numbers up to the number of users, which float64 holds exactly.
    users, weight = len(n), n.astype(float)
    means = []
    for _ in range(BOOTSTRAP_SAMPLES):
        drawn = np.bincount(rng.integers(0, users, users), minlength=users).astype(float)
        means.append(drawn @ total / (drawn @ weight))
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
