"""Run a recipe over a table of check-ins and say what each step did."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from strec.cleaning.base import Outcome, Step
from strec.cleaning.recipe import Recipe
from strec.cleaning.tracks import Stays
from strec.errors import ReadError, RecipeError, check_is
from strec.progress import Progress, silent
from strec.schema import DERIVED, ITEM, NOBODY, REQUIRED, TIME, USER, is_anonymous, validate
from strec.wording import plural

#: Removed check-ins that a report keeps of each step, to be looked at.
SAMPLE_ROWS = 5
_NOBODY = "These data name nobody: what looks the same, or too fast, may be two people's."


def clean(
    checkins: pl.DataFrame | Path,
    recipe: "Recipe | None" = None,
    *,
    progress: Progress | None = None,
) -> "tuple[pl.DataFrame, CleanReport]":
    """Run the steps of a recipe and report what each did.

    Parameters
    ----------
    checkins : polars.DataFrame or Path
        A canonical table; it is not changed. Derived columns are dropped, as cleaning would
        make them wrong; the store derives them again. A Parquet file of one is read; where it
        is a raw track that becomes stays (see `Stays`), first of all and a part at a time, so
        that it may be larger than memory.
    recipe : Recipe, optional
        The default recipe without it.
    progress : callable, optional
        Called with the title of the step that comes next, and the share done, 0 to 1.

    Returns
    -------
    polars.DataFrame
        Sorted by user and time, whatever the order of the input.
    CleanReport
        Before and after counts, and a sentence, per step.

    Raises
    ------
    SchemaError
        If the table is not a canonical check-in table.

    Examples
    --------
    >>> from strec.schema import example
    >>> cleaned, report = clean(pl.concat([example(), example()]))
    >>> cleaned.height, report.sentence
    (4, '4 check-ins of 8 stay: 4 removed (50 %), 0 values changed.')
    """
    recipe, tell = Recipe.default() if recipe is None else recipe, progress or silent
    check_is(recipe, Recipe, "What to do is a cleaning recipe.", RecipeError)
    begun: StepResult | None = None
    if isinstance(checkins, Path):
        checkins, begun = _of_file(checkins, recipe)
    table = validate(checkins)
    table = table.drop(name for name in DERIVED if name in table.columns)
    table = table.sort(_order(table.columns)).rechunk()
    rows, results = begun.rows_before if begun else table.height, []
    counts = _distinct(table)
    for number, step in enumerate(recipe.steps):
        tell(step.title, number / len(recipe.steps))
        if begun and isinstance(step, Stays):
            results.append(begun)
            begun = None
            continue
        outcome = Outcome(table)
        if step.enabled and step.of_people and is_anonymous(table):
            outcome = Outcome(table, notes=(_NOBODY,))
        elif step.enabled and table.height:
            outcome = step.apply(table)
        after = counts if outcome.checkins.height == table.height else _distinct(outcome.checkins)
        results.append(_result(step, table, outcome, counts, after))
        table, counts = outcome.checkins, after
    if any(result.changed for result in results):
        # A changed value may come elsewhere in the order: a second run must find nothing to do.
        table = table.sort(_order(table.columns))
    tell("Done", 1.0)
    return table, CleanReport(tuple(results), rows, table.height)


@dataclass(frozen=True)
class StepResult:
    """What one step of a recipe did to the table.

    Parameters
    ----------
    step, title : str
        The name in the recipe, and for people.
    enabled : bool
        Whether the step ran.
    rows_before, rows_after, users_before, users_after, items_before, items_after : int
        Check-ins, distinct users and distinct items.
    changed : int
        Values changed in the check-ins that stayed; a place counts as one value.
    sentence : str
        What was done, in plain words.
    removed : polars.DataFrame
        Up to five of the check-ins removed, as they were before the step.
    remade : bool
        Whether the rows after the step are others: stays, where there were fixes.

    Examples
    --------
    >>> from strec.schema import example
    >>> first = clean(example())[1].steps[0]
    >>> first.step, first.rows_before, first.rows_after, first.sentence
    ('tidy_text', 4, 4, 'Nothing to do.')
    """

    step: str
    title: str
    enabled: bool
    rows_before: int
    rows_after: int
    users_before: int
    users_after: int
    items_before: int
    items_after: int
    changed: int
    sentence: str
    removed: pl.DataFrame = field(repr=False, compare=False)
    remade: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers and words, without the sample of removed check-ins."""
        apart = ("removed", "remade")
        return {name: value for name, value in vars(self).items() if name not in apart}


@dataclass(frozen=True)
class CleanReport:
    """What cleaning did: a `StepResult` per step, those switched off included.

    Parameters
    ----------
    steps : tuple of StepResult
        In the order of the recipe.
    rows_before, rows_after : int
        Check-ins before the first and after the last step.

    Examples
    --------
    >>> from strec.schema import example
    >>> _, report = clean(example())
    >>> report.to_frame().select("step", "rows_before", "rows_after").head(2).rows()
    [('tidy_text', 4, 4), ('exact_duplicates', 4, 4)]
    """

    steps: tuple[StepResult, ...]
    rows_before: int
    rows_after: int

    @property
    def changed(self) -> int:
        """Values changed by all steps together."""
        return sum(step.changed for step in self.steps)

    @property
    def sentence(self) -> str:
        """What cleaning did, in one sentence."""
        remade = self.remade
        # What became of the fixes of a track is no loss.
        rows = self.rows_before - (remade.rows_before - remade.rows_after if remade else 0)
        removed = rows - self.rows_after
        if not removed and not self.changed:
            said = f"Nothing had to be cleaned in {plural(rows, 'check-in')}."
        else:
            said = (
                f"{plural(self.rows_after, 'check-in')} of {rows:,} stay: {removed:,} "
                f"removed{_share(removed, rows)}, {plural(self.changed, 'value')} changed."
            )
        return f"{remade.sentence} {said}" if remade else said

    @property
    def remade(self) -> "StepResult | None":
        """The step that made other rows of those read: stays of the fixes of a raw track."""
        return next((step for step in self.steps if step.remade), None)

    def to_frame(self) -> pl.DataFrame:
        """Return one row per step, for tables and downloads."""
        kinds = {str: pl.String, bool: pl.Boolean, int: pl.Int64}
        schema = {
            name: kinds[kind]
            for name, kind in StepResult.__annotations__.items()
            if name not in ("removed", "remade")
        }
        return pl.DataFrame([step.to_dict() for step in self.steps], schema=schema)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain numbers and texts, for JSON."""
        return {
            "rows_before": self.rows_before,
            "rows_after": self.rows_after,
            "changed": self.changed,
            "sentence": self.sentence,
            "steps": [step.to_dict() for step in self.steps],
        }


def _of_file(path: Path, recipe: Recipe) -> tuple[pl.DataFrame, StepResult | None]:
    """Read a file of check-ins; of a raw track read only the stays, where the recipe wants them."""
    try:
        missing = set(REQUIRED) - set(pl.scan_parquet(path).collect_schema().names())
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ReadError(
            "A table of check-ins, or a Parquet file of one, is cleaned.",
            f"{path.name} cannot be read as Parquet ({type(error).__name__}).",
            "Read the file with strec.read first.",
        ) from error
    step = next((each for each in recipe.steps if isinstance(each, Stays) and each.enabled), None)
    if missing or step is None or not step.concerns(path):
        return pl.read_parquet(path), None
    outcome = step.made_of(path)
    lazy = pl.scan_parquet(path)
    before = lazy.select(pl.len(), pl.col(USER).n_unique(), pl.col(ITEM).n_unique())
    n, users, items = before.collect(engine="streaming").row(0)
    after = _distinct(outcome.checkins)
    counts = (n, outcome.checkins.height, users, after[0], items, after[1])
    nothing = outcome.checkins.clear()
    return outcome.checkins, StepResult(
        step.name, step.title, True, *counts, 0, outcome.remade, nothing, True
    )


def _result(
    step: Step, before: pl.DataFrame, outcome: Outcome, counts: tuple, after: tuple
) -> StepResult:
    removed = before.height - outcome.checkins.height
    return StepResult(
        step=step.name,
        title=step.title,
        enabled=step.enabled,
        rows_before=before.height,
        rows_after=outcome.checkins.height,
        users_before=counts[0],
        users_after=after[0],
        items_before=counts[1],
        items_after=after[1],
        changed=outcome.changed,
        sentence=_sentence(step, removed, before.height, outcome),
        remade=bool(outcome.remade),
        removed=before.clear()
        if outcome.remade or not removed
        else _sample(before, outcome.checkins),
    )


def _sentence(step: Step, removed: int, rows: int, outcome: Outcome) -> str:
    if not step.enabled:
        return "Switched off."
    if outcome.remade:
        return outcome.remade
    done = []
    if removed:
        done.append(f"{plural(removed, 'check-in')} removed{_share(removed, rows)}")
    if outcome.changed:
        done.append(f"{plural(outcome.changed, 'value')} changed")
    first = " and ".join(done) + "." if done else "Nothing to do."
    return " ".join((first, *outcome.notes))


def _share(part: int, whole: int) -> str:
    share = 100 * part / whole if whole else 0
    if not part or share < 0.1:
        return ""
    return f" ({share:.0f} %)" if share >= 1 else f" ({share:.1f} %)"


def _sample(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Return the first few rows of `before` that are not in `after`, a subsequence of it."""
    # No step changes these, so the first difference is the next row removed.
    keys = [USER, TIME, ITEM]
    old, new = before.select(keys), after.select(keys)
    removed: list[int] = []
    start = 0
    while len(removed) < SAMPLE_ROWS and start < old.height:
        ahead = new.slice(start - len(removed))
        both = min(old.height - start, ahead.height)
        here = old.slice(start, both)
        differ = here.select(
            pl.any_horizontal(here[key] != ahead[key].head(both) for key in keys)
        ).to_series()
        start += differ.arg_max() or 0 if differ.any() else both
        if start < old.height:
            removed.append(start)
            start += 1
    return before[removed]


def _distinct(checkins: pl.DataFrame) -> tuple[int, int]:
    # Sorted by user: counting borders is faster than hashing.
    users = checkins[USER].rle().struct.field("value")
    return int((users != NOBODY).sum()), checkins[ITEM].n_unique()


def _order(columns: list[str]) -> list[str]:
    """User, time and item first, then all others: the result cannot depend on the input's order."""
    return [USER, TIME, ITEM, *(name for name in columns if name not in (USER, TIME, ITEM))]
