"""What is taken so far: the columns of a table, and the fields that some of them are."""

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from strec.io.column_facts import Facts, TableFacts
from strec.io.column_names import meaning
from strec.io.mapping import Mapping

#: A role is certain from here on.
SURE = 0.7
#: A column is taken for a role, though it be asked, from here on.
TAKEN = 0.45
#: A runner-up as close as this makes a role uncertain.
GAP = 0.25
#: From so many rows on a table must show what a column claims; a few lines of an example cannot.
ENOUGH = 100
OF_ROWS = "each row has another one"


@dataclass(frozen=True)
class Role:
    """One field of the mapping: the column taken, how sure that is, and what else it might be.

    `confidence` goes from 0 to 1, `examples` are three values, `runner_up` is the next best
    column, `why` says what the doubt is.
    """

    field: str
    column: str
    confidence: float
    examples: tuple[str, ...] = ()
    runner_up: str | None = None
    why: str = ""

    @property
    def is_sure(self) -> bool:
        """Whether nothing needs to be asked."""
        return self.confidence >= SURE


@dataclass(frozen=True)
class Guess:
    """What the columns of a table are taken for.

    `mapping` has what may be read without an answer; `roles` all that was taken, `doubts` the best
    columns of the fields that must be asked, `ranked` per field the columns that may be meant,
    likeliest first. `is_trip` tells whether rows go from one place to another, `notes` say what is
    called like a field and is not used.
    """

    mapping: Mapping
    roles: dict[str, Role]
    doubts: dict[str, Role] = field(default_factory=dict)
    ranked: dict[str, list[str]] = field(default_factory=dict)
    is_trip: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def confidence(self) -> dict[str, float]:
        """How sure each field of the mapping is."""
        return {name: role.confidence for name, role in self.roles.items()}


class Draft:
    """The roles of one table, decided one after the other: each leaves fewer columns free."""

    def __init__(self, sample: pl.DataFrame, given: Mapping):
        self.given = given
        self.decided = set(given.columns())
        self.decided |= {"user_id"} if given.user_from else set()
        self.decided |= {"item_id"} if given.item_from_place else set()
        used = set(given.columns().values())
        self.table = TableFacts.of(sample, [name for name in sample.columns if name not in used])
        self.free = list(self.table.columns)
        self.roles: dict[str, Role] = {}
        self.doubts: dict[str, Role] = {}
        self.ranked: dict[str, list[str]] = {}
        self.refused: dict[str, str] = {}
        #: Columns whose doubt is no reason not to read them so.
        self.soft: set[str] = set()
        self.is_trip = False
        self.coordinates: set[str] = set()

    def is_open(self, name: str) -> bool:
        return name not in self.decided and name not in self.roles

    def column(self, name: str) -> str | None:
        """Return the column of a field that is given or was taken."""
        role = self.roles.get(name)
        return role.column if role else self.given.columns().get(name)

    def take(self, name: str, column: str, sure: float, runner_up=None, why: str = "") -> None:
        if not self.is_open(name):
            return
        role = Role(name, column, round(sure, 2), self.table[column].examples, runner_up, why)
        self.roles[name] = role
        if column in self.free:
            self.free.remove(column)

    def doubt(self, name: str, column: str, sure: float, runner_up=None, why: str = "") -> None:
        examples = self.table[column].examples
        self.doubts[name] = Role(name, column, round(sure, 2), examples, runner_up, why)
        if column in self.free:
            self.free.remove(column)

    def best(
        self, name: str, scores: dict[str, float], alike: Callable[[str, str], bool] | None = None
    ) -> Role | None:
        """Return the best column of a field; how sure it is falls with the runner-up's score."""
        order = sorted(scores, key=lambda column: -scores[column])
        order = [column for column in order if scores[column] > 0]
        self.ranked[name] = order
        if not order or not self.is_open(name):
            return None
        best = order[0]
        rivals = [each for each in order[1:] if not (alike and alike(best, each))]
        runner_up = order[1] if len(order) > 1 else None
        gap = scores[best] - scores[rivals[0]] if rivals else GAP
        sure = scores[best] * min(1.0, 0.4 + 0.6 * gap / GAP)
        why = f"{rivals[0]!r} fits nearly as well" if gap < GAP / 2 else ""
        return Role(name, best, sure, (), rivals[0] if rivals else runner_up, why)

    def refuse(self, column: str, why: str) -> float:
        self.refused.setdefault(column, why)
        return 0.0

    def soften(self, column: str, why: str) -> float:
        """Doubt a column that has the right name, without refusing it."""
        self.soft.add(column)
        self.refused.setdefault(column, why)
        return SURE - 0.05

    def item(self) -> str | None:
        """Return the column that names the item, for certain or the likeliest."""
        doubt = self.doubts.get("item_id")
        return self.column("item_id") or (doubt.column if doubt else None)

    def user(self) -> str | None:
        """Return the column that names the user, for certain or the likeliest."""
        doubt = self.doubts.get("user_id")
        return self.column("user_id") or (doubt.column if doubt else None)

    def same_partition(self, one: str, other: str) -> bool:
        """Tell whether two columns name the same things, such as ids and names of customers."""
        return (
            self.table.dependence(one, other).is_shown
            and self.table.dependence(other, one).is_shown
        )

    def may_be_id(self, facts: Facts) -> bool:
        """Tell whether values may say who or what: no times, measures, flags, texts, places."""
        return not (
            facts.n == 0
            or facts.is_written_time
            or facts.has_fractions
            or facts.is_flag
            or facts.is_long_text
            or facts.is_pair
            or facts.column in self.coordinates
        )


def why_not(facts: Facts) -> str:
    if facts.n == 0:
        return "it is empty"
    if facts.is_written_time:
        return "it holds times"
    if facts.is_pair or facts.is_fine:
        return "it holds coordinates"
    if facts.has_fractions:
        return "it holds numbers with decimals"
    return "it holds yes and no" if facts.is_flag else "it holds sentences"


def is_product(column: str) -> bool:
    """Tell whether a column is called after what is sold."""
    return meaning(column).noun == "product"


def is_place(column: str) -> bool:
    """Tell whether a column is called after a place."""
    return meaning(column).noun == "place"
