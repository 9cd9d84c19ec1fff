"""The front door: each question of strec as one function that takes a data set.

`Dataset.of` makes one of a frame, a file, a store or the name of a sample, so each of these
functions takes all of them. What a function does is said in full where it comes from.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strec.dataset import Dataset
from strec.errors import AnalysisError, ModelError, ReadError

if TYPE_CHECKING:
    import polars as pl

    from strec.cleaning import CleanReport, Recipe
    from strec.dataset import DatasetLike
    from strec.explanation import Reasons
    from strec.gate import DependenceResult
    from strec.groups import Comparison
    from strec.models import Model
    from strec.profiling import QualityReport
    from strec.progress import Progress
    from strec.store import Filters


def quality(data: "DatasetLike") -> "QualityReport":
    """Return how complete, how clean and how dense a data set is.

    Parameters
    ----------
    data : Dataset
        Or what `strec.Dataset.of` makes one of.

    Examples
    --------
    >>> quality("travel").n_users
    2200
    """
    from strec import profiling

    return profiling.quality(Dataset.of(data).checkins)


def clean(
    data: "DatasetLike",
    recipe: "Recipe | str | Path | None" = None,
    *,
    progress: "Progress | None" = None,
) -> "tuple[Dataset, CleanReport]":
    """Run the steps of a cleaning recipe, and report what each did.

    Parameters
    ----------
    data : Dataset
        Or what `strec.Dataset.of` makes one of.
    recipe : Recipe or path, optional
        What to do; the usual steps when not given.
    progress : callable, optional
        Called with a text and the share done.

    Returns
    -------
    tuple of Dataset and CleanReport
        The cleaned data set, and what was done.

    Raises
    ------
    RecipeError
        If the recipe cannot be read.

    Examples
    --------
    >>> cleaned, report = clean("travel")
    >>> cleaned.name, report.rows_after == len(cleaned)
    ('travel', True)
    """
    from strec import cleaning

    dataset = Dataset.of(data)
    if isinstance(recipe, str | Path):
        recipe = cleaning.Recipe.load(recipe)
    checkins, report = cleaning.clean(dataset.checkins, recipe, progress=progress)
    cleaned = Dataset(
        checkins,
        name=dataset.name,
        time_zone=dataset.time_zone,
        notes=dataset.notes,
        catalogue=dataset.catalogue,
    )
    return cleaned, report


def simulate(scenario: str = "social", *, name: str | None = None, **settings: Any) -> Dataset:
    """Return a data set of an invented city with a known dependence on time and place.

    Parameters
    ----------
    scenario : str
        ``"ecommerce"``, ``"social"``, ``"travel"`` or ``"traffic"``.
    name : str, optional
        How to call it; the scenario when not given.
    **settings
        As in `strec.simulation.simulate`: ``n_users``, ``n_checkins``, ``temporal``,
        ``spatial``, ``interaction``, ``seed`` and more.

    Raises
    ------
    StrecError
        If the scenario is unknown or a number is out of its range.

    Examples
    --------
    >>> len(simulate("travel", n_users=20, n_checkins=500, seed=1))
    500
    """
    from strec import simulation

    try:
        checkins = simulation.simulate(scenario, **settings)
    except TypeError as error:
        raise ReadError(
            "A simulated world takes the settings of strec.simulation.simulate.",
            f"{error}.",
            "Check their names and numbers.",
        ) from error
    return Dataset(checkins, name=name or scenario)


def dependence(
    data: "DatasetLike",
    *,
    seed: int = 0,
    n_permutations: int = 99,
    max_checkins: int = 200_000,
    dates: "pl.DataFrame | None" = None,
    progress: "Progress | None" = None,
) -> "DependenceResult":
    """Test whether time, place, their combination and order help to predict the next item.

    The training part alone is looked at, so that what is decided here stays honest when models
    are evaluated later. See `strec.gate.dependence_test` for the method.

    Parameters
    ----------
    data : Dataset
        Or what `strec.Dataset.of` makes one of.
    seed : int
        Fixes samples and shuffles.
    n_permutations : int
        Null worlds per ingredient, at least 79.
    max_checkins : int
        A larger table is cut down to so many check-ins of whole users, with a note.
    dates : polars.DataFrame, optional
        What was so on which date, such as the weather or public holidays: one column of dates
        and columns of your own, each of which becomes a part of *time*. `strec.gate.dates` reads
        such a table from a file, and makes one of a country's holidays.
    progress : callable, optional
        Called with a text and the share done.

    Raises
    ------
    AnalysisError
        If there is too little to hold anything out, the rows are raw fixes of tracks, or the
        shuffled worlds are too few for any yes.

    Examples
    --------
    >>> dependence("travel", max_checkins=600, n_permutations=79).route in (
    ...     "ST-LLM", "sequence", "traditional")
    True
    """
    from strec.gate import MIN_PERMUTATIONS, dependence_test

    if n_permutations < MIN_PERMUTATIONS:
        raise AnalysisError(
            f"The test needs at least {MIN_PERMUTATIONS} shuffled worlds: with fewer no answer "
            "can be a yes.",
            f"n_permutations={n_permutations}.",
            f"Give {MIN_PERMUTATIONS} or more.",
        )
    return dependence_test(
        Dataset.of(data).need_events().training,
        seed=seed,
        n_permutations=n_permutations,
        max_checkins=max_checkins,
        dates=dates,
        progress=progress,
    )


def compare_groups(
    data: "DatasetLike",
    a: "Filters",
    b: "Filters | None" = None,
    *,
    within: "Filters | None" = None,
    names: "Sequence[str] | None" = None,
    measure: str | None = None,
    resolution: int | None = None,
    alpha: float = 0.05,
) -> "Comparison":
    """Compare two groups of check-ins: what is done more often, when and where, and how sure.

    See `strec.groups.compare_groups` for the method.

    Parameters
    ----------
    data : Dataset
        Or what `strec.Dataset.of` makes one of.
    a, b : Filters
        The groups, which have no check-in in common; without `b`, all that are not in `a`.
    within : Filters, optional
        What both are taken from.
    names : sequence of str, optional
        What A and B are called; what the filters say when not given.
    measure : str, optional
        ``rate``, how often, or ``share`` of all check-ins of the group; what suits when not given.
    resolution : int, optional
        Of the hexagons, H3, 0 to 10.
    alpha : float
        The share of false ones that is accepted among the differences named.

    Raises
    ------
    AnalysisError
        If the groups overlap, or have too few users or days.

    Examples
    --------
    >>> from strec import Filters
    >>> found = compare_groups("social", Filters(weekdays=(5, 6)))
    >>> found.sentence.startswith("Weekends have")
    True
    """
    from strec import groups

    return groups.compare_groups(
        Dataset.of(data).store, a, b, within=within, names=names, measure=measure,
        resolution=resolution, alpha=alpha,
    )  # fmt: skip


def explain(
    model: "Model",
    data: "DatasetLike",
    user: str | None = None,
    when: datetime | str | None = None,
    where: tuple[float, float] | None = None,
    *,
    item: str | None = None,
    rank: int = 1,
) -> "Reasons":
    """Return why a model suggests an item: parts that add up, the check-ins behind them, words.

    Parameters
    ----------
    model : Model
        A fitted model that `explains`: the counter mix, ST-LLM, the LLM ranker.
    data : Dataset
        The history of the users; or what `strec.Dataset.of` makes a data set of.
    user, when, where
        The question, as in `Model.recommend`, of one user; somebody new without a user.
    item : str, optional
        The item to explain; that of `rank` when not given.
    rank : int
        Which suggestion of the list, 1 is the first.

    Returns
    -------
    Reasons
        With ``sentences``, ``parts`` and ``evidence``.

    Raises
    ------
    ModelError
        If the model has no parts, or user, moment, place or item cannot be.

    Examples
    --------
    >>> from strec.models import CounterMix
    >>> reasons = explain(CounterMix().fit("travel"), "travel", "tourist_0001", "2024-06-05 10:00")
    >>> abs(reasons.parts["value"].sum() - reasons.probability) < 1e-9
    True
    """
    from strec import explanation
    from strec.recommend import Recommender

    recommender = Recommender(data, model)
    lat, lon = (None, None) if where is None else _pair(where)
    vocabulary = recommender.log.vocabulary
    answer = recommender.answer(
        user, when, lat, lon, k=rank if item is None else len(vocabulary.items)
    )
    if item is not None:
        ids = answer.frame["item_id"].to_list()
        if item not in ids:
            raise ModelError(
                "An item that the model knows.", f"{item!r:.60}.", "Check the id of the item."
            )
        rank = ids.index(item) + 1
    return explanation.explain(answer, rank)


def report(
    data: "DatasetLike",
    path: str | Path | None = None,
    *,
    missing: str = "zero",
    progress: "Progress | None" = None,
) -> str:
    """Return the whole analysis of a data set as one self-contained HTML page.

    Parameters
    ----------
    data : Dataset
        Or what `strec.Dataset.of` makes one of.
    path : path, optional
        A file to write it to as well.
    missing : str
        What a day without check-ins means to a series: ``zero``, nothing happened, or ``gap``,
        nothing is known.
    progress : callable, optional
        Called with the title of a section and the share done.

    Raises
    ------
    ReadError
        If the file cannot be written.

    Examples
    --------
    >>> html = report("travel", "travel.html")  # doctest: +SKIP
    """
    from strec.reporting import analyse

    html = analyse(Dataset.of(data).store, missing=missing, progress=progress).html()
    if path is not None:
        try:
            Path(path).write_text(html, encoding="utf-8")
        except (OSError, TypeError) as error:
            raise ReadError(
                "A file that can be written.", f"{error}.", "Check the path."
            ) from error
    return html


def _pair(where: Any) -> tuple[float, float]:
    try:
        lat, lon = where
    except (TypeError, ValueError) as error:
        raise ModelError(
            "A place is (latitude, longitude).", f"{where!r:.60}.", "Give both, in degrees."
        ) from error
    return lat, lon
