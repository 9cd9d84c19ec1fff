"""How much time a training may take, what data it needs, and how long it will take."""

import inspect
from dataclasses import dataclass
from math import ceil
from typing import Any

import polars as pl

from strec import schema
from strec.errors import ModelError, check_choice
from strec.models import MODELS
from strec.runs.folder import Run
from strec.store import Store, need_store

#: Tables larger than this are never too small, so that their sessions need not be counted.
_LARGE = 20_000


@dataclass(frozen=True)
class Budget:
    """A choice between speed and care.

    Attributes
    ----------
    label, sentence : str
        For people.
    max_seconds : float
        After this time, and one pass at least, the best weights so far are taken.
    epochs_factor : float
        Multiplies the passes over the data that the model asks for.
    patience_extra : int
        More passes without progress before a training stops.

    Examples
    --------
    >>> BUDGETS["quick"].label, BUDGETS["quick"].max_seconds
    ('Quick', 60)
    """

    label: str
    sentence: str
    max_seconds: float
    epochs_factor: float
    patience_extra: int = 0


BUDGETS = {
    "quick": Budget(
        "Quick", "A first impression: about a minute, and one pass over the data at least.", 60, 0.5
    ),
    "normal": Budget("Normal", "What the models are made for: at most 10 minutes each.", 600, 1),
    "thorough": Budget("Thorough", "For the last bit of quality: up to an hour each.", 3600, 3, 2),
}


def parameters(
    kind: str, budget: str = "normal", *, seed: int = 0, store: Store | None = None, **given: Any
) -> dict[str, Any]:
    """Return a model's parameters under a budget; what is given has the last word.

    Parameters
    ----------
    kind : str
        A key of `strec.models.MODELS`.
    budget : str
        A key of `BUDGETS`.
    seed : int
        For models that have one.
    store : Store, optional
        What it will learn from: the language model inside is one that can read its names.
    **given
        Parameters of the model; None leaves the default.

    Examples
    --------
    >>> parameters("counter_mix", seed=3)["seed"]
    3
    """
    check_choice(kind, MODELS, "A kind of model", ModelError)
    check_choice(budget, BUDGETS, "A budget", ModelError)
    defaults = {
        name: each.default for name, each in inspect.signature(MODELS[kind]).parameters.items()
    }
    plan = BUDGETS[budget]
    params: dict[str, Any] = {}
    if "epochs" in defaults:
        params["epochs"] = max(1, ceil(defaults["epochs"] * plan.epochs_factor))
    if "patience" in defaults:
        params["patience"] = defaults["patience"] + plan.patience_extra
    if "seed" in defaults:
        params["seed"] = seed
    if store is not None and (language := MODELS[kind].language) is not None:
        reads = language_of(store, kind)
        if reads != language.choices[0]:
            params[language.parameter] = reads
    return params | {name: value for name, value in given.items() if value is not None}


def language_of(store: Store, kind: str) -> str:
    """Return the language model that a kind of model takes for the names of a store.

    Parameters
    ----------
    store : Store
        Its items' names and kinds decide by their script.
    kind : str
        A key of `strec.models.MODELS`, of a model that takes a language model.

    Raises
    ------
    ModelError
        If the model takes none.

    Examples
    --------
    >>> from strec import Dataset, schema
    >>> language_of(Dataset(schema.example()).store, "stllm")  # names in English
    'minilm'
    """
    check_choice(kind, MODELS, "A kind of model", ModelError)
    language = MODELS[kind].language
    if language is None:
        raise ModelError(
            "A model that takes a language model is needed.", f"{kind}.", "Choose stllm or content."
        )
    items = need_store(store).items().select(schema.ITEM_NAME, schema.CATEGORY)
    names = pl.concat([items[name].drop_nulls() for name in items.columns])
    return language.for_names(names.unique())


def shortage(kind: str, store: Store) -> str | None:
    """Return in words what a data set lacks to train a model, or None if it will do.

    Counting needs next to nothing; models that compare users need users; models that learn
    sequences need sessions with a next item.

    Parameters
    ----------
    kind : str
        A key of `strec.models.MODELS`.
    store : Store
        The data.

    Examples
    --------
    >>> from strec import Dataset
    >>> shortage("popularity", Dataset.sample("travel").store) is None
    True
    """
    check_choice(kind, MODELS, "A kind of model", ModelError)
    store = need_store(store)
    family = MODELS[kind].family
    meta = store.meta
    lacks = []
    if meta["n_items"] < 2:
        lacks.append(f"at least 2 items (it has {meta['n_items']})")
    checkins, users = {"counting": (10, 1), "traditional": (30, 3)}.get(family, (100, 1))
    if meta["n_checkins"] < checkins:
        lacks.append(f"at least {checkins} check-ins (it has {meta['n_checkins']:,})")
    if store.is_anonymous:
        # In place of users, places where trips begin are compared.
        if users > 1 and not store.has_trips:
            lacks.append("users, or where each trip begins (it names nobody)")
    elif meta["n_users"] < users:
        lacks.append(f"at least {users} users (it has {meta['n_users']:,})")
    reads_sessions = family not in ("counting", "traditional") and not store.is_anonymous
    if reads_sessions and meta["n_checkins"] < _LARGE:
        n_sessions = _sessions(store)
        if n_sessions < 10:
            lacks.append(f"at least 10 sessions of two or more check-ins (it has {n_sessions})")
    return " and ".join(lacks) or None


def expected_seconds(kind: str, store: Store, budget: str, past: list[Run]) -> float | None:
    """Return how long a training will take, from past ones here, or None if there are none.

    Time grows with the check-ins; runs under the same budget are the best witness.

    Parameters
    ----------
    kind : str
        A key of `strec.models.MODELS`.
    store : Store
        The data.
    budget : str
        A key of `BUDGETS`.
    past : list of Run
        Finished and other runs, the newest first.

    Examples
    --------
    >>> from strec import Dataset, schema
    >>> expected_seconds("stllm", Dataset(schema.example()).store, "quick", []) is None
    True
    """
    check_choice(kind, MODELS, "A kind of model", ModelError)
    store = need_store(store)
    n = store.meta["n_checkins"]
    found = []
    for run in past:
        results = run.results()
        if run.kind == kind and results and run.config["budget"] == budget:
            found.append(results["fit_seconds"] * n / max(run.config["data"]["n_checkins"], 1))
    return min(found[0], BUDGETS[budget].max_seconds) if found else None


def needs_several(kind: str) -> bool:
    """Whether a model gains from several processes: only those of the common loop do.

    Parameters
    ----------
    kind : str
        A key of `strec.models.MODELS`.

    Examples
    --------
    >>> needs_several("stllm"), needs_several("popularity")
    (True, False)
    """
    check_choice(kind, MODELS, "A kind of model", ModelError)
    return MODELS[kind].uses_loop


def _sessions(store: Store) -> int:
    rows = store.checkins(columns=[schema.USER, schema.SESSION])
    per_session = rows.group_by(schema.USER, schema.SESSION).len()
    return per_session.filter(pl.col("len") > 1).height
