"""What a cleaning step is: validated parameters, and a table in, a table out."""

import datetime as dt
import difflib
import inspect
import math
import re
from abc import ABC, abstractmethod
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any, ClassVar

import polars as pl

from strec.cleaning.pieces import Pieces
from strec.errors import RecipeError


@dataclass(frozen=True)
class Outcome:
    """What a step did: the new table, how many values it changed, and what it noticed.

    Parameters
    ----------
    checkins : polars.DataFrame
        The table after the step, its rows in the order in which they came.
    changed : int
        Values changed in the rows that stayed; a place (lat and lon) counts as one.
    found : dict of str to int
        What the step counted, which adds up over pieces of a table; `Step._say` makes notes of it.
    notes : tuple of str
        Plain sentences about what was found, shown in the report.
    remade : str
        Where the rows are no longer those that came in, the sentence that says what they became.
    """

    checkins: pl.DataFrame
    changed: int = 0
    found: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    remade: str = ""


@dataclass(frozen=True)
class Step(ABC):
    """One cleaning step with its parameters; subclasses are listed in `strec.cleaning.STEPS`.

    The fields of a step are its parameters. Each is declared with `param`, which carries the
    words and limits that the app, the command line and the checks all use. Its name in recipes
    comes from that of the class, its `help` is the docstring.

    Parameters
    ----------
    enabled : bool
        Whether a recipe runs the step; its settings stay either way.
    """

    enabled: bool = True

    name: ClassVar[str]
    title: ClassVar[str]
    help: ClassVar[str]
    #: Whether it compares check-ins of one person, so that it has nothing to say of nobody's.
    of_people: ClassVar[bool] = False

    def __init_subclass__(cls, title: str = "", **more: Any):
        super().__init_subclass__(**more)
        cls.name = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        says, examples, shown = inspect.cleandoc(cls.__doc__ or "").partition("\n\nExamples\n")
        cls.title, cls.help = title, " ".join(says.split())
        inherited = {name: spec for name, spec in cls.__dataclass_fields__.items() if spec.metadata}
        own = {name: spec for name, spec in vars(cls).items() if isinstance(spec, Field)}
        told = ["enabled : bool\n    Whether a recipe runs the step."]
        for name, spec in (inherited | own).items():
            kind: Any = cls.__annotations__[name] if name in own else spec.type
            told.append(f"{name} : {kind.__name__}\n    {spec.metadata['help']}".rstrip())
        cls.__doc__ = (
            "\n".join((cls.help, "", "Parameters", "----------", *told)) + examples + shown
        )

    def __post_init__(self):
        for spec in fields(self):
            _check(self.name, spec, self.values()[spec.name])

    @abstractmethod
    def _judge(self, checkins: pl.DataFrame, known: Any) -> Outcome:
        """Return the check-ins of some users after this step.

        Parameters
        ----------
        checkins : polars.DataFrame
            All check-ins of some users, sorted by user and time.
        known : object
            What `_look` returned for the whole table.
        """

    def _look(self, pieces: Pieces) -> Any:
        """Return what must be known of the whole table before some users can be judged.

        Parameters
        ----------
        pieces : Pieces
            The table in pieces of whole users, which can be gone through more than once.
        """
        return None

    def _needs_all(self, known: Any) -> bool:
        """Tell whether users cannot be judged apart, so that the table must fit into memory."""
        return False

    def _say(self, found: dict[str, int], known: Any) -> tuple[str, ...]:
        """Return the notes of what was counted in the whole table."""
        return ()

    def apply(self, checkins: pl.DataFrame) -> Outcome:
        """Return the table after this step.

        Parameters
        ----------
        checkins : polars.DataFrame
            A canonical table, sorted by user and time.

        Examples
        --------
        >>> from strec import schema
        >>> from strec.cleaning import STEPS
        >>> twice = pl.concat([schema.example(), schema.example()]).sort(schema.USER, schema.TIME)
        >>> len(STEPS["exact_duplicates"]().apply(twice).checkins)
        4
        """
        known = self._look(Pieces([checkins]))
        outcome = self._judge(checkins, known)
        return replace(outcome, notes=self._say(outcome.found, known))

    @classmethod
    def parameters(cls) -> dict[str, Any]:
        """Return the dataclass field of each parameter but `enabled`, by name.

        Examples
        --------
        >>> from strec.cleaning import STEPS
        >>> list(STEPS["near_duplicates"].parameters())
        ['minutes']
        """
        return {spec.name: spec for spec in fields(cls) if spec.name != "enabled"}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Step":
        """Build the step from a recipe's entry.

        Parameters
        ----------
        values : dict
            Parameters by name; what is absent keeps its default.

        Raises
        ------
        RecipeError
            If a parameter is unknown, or a value is not allowed.

        Examples
        --------
        >>> from strec.cleaning import KCore
        >>> KCore.from_dict({"min_per_user": 5}).min_per_user
        5
        """
        known = ["enabled", *cls.parameters()]
        for key in values:
            if key not in known:
                raise RecipeError(
                    f"The step {cls.name} takes the parameters {', '.join(known)}.",
                    f"the parameter {key!r}.",
                    suggestion(key, known) or f"Remove {key!r}.",
                )
        # An unquoted 1990-01-01 in YAML arrives as a date.
        texts: dict[str, Any] = {
            k: v.isoformat() if isinstance(v, dt.date) else v for k, v in values.items()
        }
        return cls(**texts)

    def to_dict(self) -> dict[str, Any]:
        """Return the step as a recipe's entry."""
        return {"step": self.name} | self.values()

    def values(self) -> dict[str, Any]:
        """Return the parameters, `enabled` first."""
        return dict(vars(self))


def param(
    default: Any,
    label: str,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: dict[str, str] | None = None,
    date: bool = False,
):
    """Declare a parameter: its default, its words, and the values it may take.

    Parameters
    ----------
    default : object
        Value when a recipe does not name the parameter.
    label, help : str
        A short name with its unit, and one sentence, both for people.
    low, high : float, optional
        Smallest and largest number allowed.
    choices : dict of str to str, optional
        Allowed values with the words that the app shows for them.
    date : bool
        The value is an ISO date, or ``"now"``.
    """
    words = {"label": label, "help": help, "low": low, "high": high}
    return field(default=default, metadata=words | {"choices": choices, "date": date})


def suggestion(word: str, known: list[str]) -> str:
    """Return “Did you mean …?” for the known word closest to `word`, or nothing."""
    close = difflib.get_close_matches(str(word), known, n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}?" if close else ""


def _check(step: str, spec: Any, value: Any) -> None:
    meta, kind = spec.metadata, spec.type
    if kind is bool:
        good, need = isinstance(value, bool), "true or false"
    elif meta.get("choices"):
        options = list(meta["choices"])
        good, need = value in options, "one of " + ", ".join(options)
    elif meta.get("date"):
        good, need = _is_date(value), "a date such as 2012-04-30, or now"
    else:
        low, high = meta["low"], meta["high"]
        number = isinstance(value, int if kind is int else (int, float))
        good = number and not isinstance(value, bool) and math.isfinite(value)
        good = good and (low is None or value >= low) and (high is None or value <= high)
        need = "a whole number" if kind is int else "a number"
        need += f" from {low:g}" if low is not None else ""
        need += f" to {high:g}" if high is not None else ""
    if not good:
        raise RecipeError(
            f"In the step {step}, {spec.name} is {need}.",
            f"{value!r}.",
            f"Write for instance {spec.name}: {_as_yaml(spec.default)}",
        )


def _as_yaml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_date(value: Any) -> bool:
    if value == "now":
        return True
    try:
        dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True
