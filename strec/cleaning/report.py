"""What cleaning did: counts and sentences of each step, and how they are counted."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from strec.cleaning.base import Outcome, Step
from strec.cleaning.pieces import coded
from strec.errors import ReadError
from strec.ordered import ITEM_CODE
from strec.schema import ITEM, NOBODY, TIME, USER
from strec.wording import plural

#: Removed check-ins that a report keeps of each step, to be looked at.
SAMPLE_ROWS = 5


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
    >>> from strec.cleaning import clean
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
    >>> from strec.cleaning import clean
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


def need_some(report: CleanReport) -> None:
    """Refuse a recipe that leaves no check-in, and name the step that took the last ones.

    Parameters
    ----------
    report : CleanReport
        Of check-ins that there were.

    Raises
    ------
    ReadError
        If none is left.
    """
    if report.rows_after:
        return
    last = next(step for step in report.steps if not step.rows_after)
    raise ReadError(
        "At least one check-in must be left after cleaning.",
        f"none of {report.rows_before:,} ({last.title}: {last.sentence}).",
        f"Leave that step out (--without {last.step}), or loosen it in a recipe (--recipe).",
    )


class Count:
    """Check-ins, users and items at one point of a recipe, added up over pieces of whole users."""

    def __init__(self):
        self.rows = self.users = 0
        self._items = np.zeros(0, dtype=bool)

    @property
    def taken(self) -> np.ndarray:
        """Which items there are, by their numbers, up to the largest one."""
        return self._items

    @property
    def items(self) -> int:
        """Distinct items."""
        return int(self._items.sum())

    def add(self, piece: pl.DataFrame) -> None:
        """Add a piece, which has `ITEM_CODE`."""
        self.rows += piece.height
        self.users += int((piece[USER].rle().struct.field("value") != NOBODY).sum())
        codes = piece[ITEM_CODE].to_numpy()
        if len(codes):
            self._grow(int(codes.max()) + 1)
        self._items[codes] = True

    def take(self, other: "Count") -> None:
        """Add what was counted of another piece."""
        self.rows += other.rows
        self.users += other.users
        self._grow(len(other._items))
        self._items[: len(other._items)] |= other._items

    def _grow(self, n: int) -> None:
        if n > len(self._items):
            self._items = np.r_[self._items, np.zeros(n - len(self._items), dtype=bool)]


@dataclass(frozen=True)
class Counted:
    """What a step did to one piece."""

    after: Count
    changed: int
    remade: str
    found: dict[str, int]
    removed: pl.DataFrame


@dataclass
class Tally:
    """What a step did, added up over pieces."""

    step: Step
    known: Any
    notes: tuple[str, ...]
    runs: bool
    before: Count
    after: Count = field(default_factory=Count)
    changed: int = 0
    remade: str = ""
    found: Counter[str] = field(default_factory=Counter)
    removed: pl.DataFrame | None = None

    def judge(self, piece: pl.DataFrame) -> Outcome:
        """Return a piece after the step."""
        if not self.runs or not piece.height:
            return Outcome(piece)
        outcome = self.step._judge(piece, self.known)
        # Stays are at items of their own.
        return replace(outcome, checkins=coded(outcome.checkins))

    def of(self, piece: pl.DataFrame, outcome: Outcome, before: Count | None = None) -> "Counted":
        """Return what became of a piece; `before` is what was counted of it, if it is known."""
        after, removed = before, piece.clear()
        if after is None or outcome.remade or outcome.checkins.height < piece.height:
            after = Count()
            after.add(outcome.checkins)
        if outcome.checkins.height < piece.height and not (outcome.remade or self._has_samples):
            removed = _sample(piece, outcome.checkins)
        return Counted(after, outcome.changed, outcome.remade, outcome.found, removed)

    def add(self, counted: "Counted") -> None:
        """Add what became of a piece."""
        self.after.take(counted.after)
        self.changed += counted.changed
        self.found.update(counted.found)
        self.remade = self.remade or counted.remade
        before = counted.removed.clear() if self.removed is None else self.removed
        self.removed = pl.concat([before, counted.removed]).head(SAMPLE_ROWS)

    @property
    def _has_samples(self) -> bool:
        return self.removed is not None and self.removed.height >= SAMPLE_ROWS

    def result(self) -> StepResult:
        """Return all of it."""
        step, before, after = self.step, self.before, self.after
        notes = self.notes or (step._say(self.found, self.known) if self.runs else ())
        outcome = Outcome(pl.DataFrame(), self.changed, notes=notes, remade=self.remade)
        removed = pl.DataFrame() if self.removed is None else self.removed
        return StepResult(
            step=step.name,
            title=step.title,
            enabled=step.enabled,
            rows_before=before.rows,
            rows_after=after.rows,
            users_before=before.users,
            users_after=after.users,
            items_before=before.items,
            items_after=after.items,
            changed=self.changed,
            sentence=_sentence(step, before.rows - after.rows, before.rows, outcome),
            remade=bool(self.remade),
            removed=removed.drop(ITEM_CODE, strict=False),
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
