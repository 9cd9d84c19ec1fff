"""What the columns of a table hold, measured once: the ground on which a role is taken."""

from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from strec.io.column_names import EVENT_VALUES
from strec.io.places import decimals_share, degrees, is_pair
from strec.io.quantities import MISSING, numbers_of, present, share
from strec.io.times import WALL, TimeGuess, detect_time, parse_time

#: A column is a time, or a coordinate, when at least this share of its values reads as one.
SHARE = 0.8
#: Values looked at to tell how times and numbers are written.
N_VALUES = 300
#: A number as people write it, with its currency or unit sign; "u10" is none.
NUMBER = r"^[€$£¥₩]?\s?[+-]?\d[\d.,'’\s]*([eE][+-]?\d+)?\s?[€$£¥₩%]?$|^[+-]?\.\d+$"
#: A text that a person reads: letters, and few digits among them.
READABLE = r"^[^\d]*\p{L}{2,}[^\d]*(\d{1,4}[^\d]*)?$"
FLAGS = {"y", "n", "yes", "no", "true", "false", "t", "f", "0", "1", "-1", "ja", "nein", "是", "否"}


@dataclass(frozen=True)
class Facts:
    """What one column of a sample holds; `values` are those present."""

    column: str
    values: pl.Series

    @property
    def n(self) -> int:
        """How many values are present."""
        return len(self.values)

    @cached_property
    def n_distinct(self) -> int:
        """How many of them differ."""
        return self.values.n_unique()

    @property
    def distinct_share(self) -> float:
        """Distinct values per value; 1 where none repeats."""
        return self.n_distinct / self.n if self.n else 1.0

    @cached_property
    def looked(self) -> pl.Series:
        """Values from the whole sample, few enough to be looked at closely."""
        return self.values.gather_every(max(1, self.n // N_VALUES)).head(N_VALUES)

    @cached_property
    def time(self) -> TimeGuess:
        """How the column is written if it is one of times."""
        few = self.looked.head(20)
        # Most columns are no times, and patterns are slow: a few values tell.
        if self.values.dtype == pl.String and not share(few.str.contains(r"\d")) >= 0.5:
            return TimeGuess(None, 0.0)
        return detect_time(self.looked)

    @cached_property
    def is_written_time(self) -> bool:
        """Whether these are dates as nobody writes anything else."""
        return self._reads_as_time and not self.is_number_time

    @cached_property
    def is_number_time(self) -> bool:
        """Whether these are numbers that can be times, as many other numbers can."""
        return self._reads_as_time and (
            self.time.is_count
            or self.time.time_format == "iso"
            and self.is_number
            and not share(self.looked.cast(pl.String).str.contains(r"^(19|20)\d{6}")) >= SHARE
        )

    @cached_property
    def _reads_as_time(self) -> bool:
        guess = self.time
        if guess.share < SHARE or not (guess.time_format is not None or guess.ambiguous):
            return False
        if guess.time_format is None or not self.is_number:
            return True
        # 20000010 is written like a day, and is none.
        read = parse_time(self.looked, guess.time_format)[WALL]
        return read.null_count() <= (1 - SHARE) * len(read)

    @cached_property
    def numbers(self) -> pl.Series:
        """The values looked at as numbers, without those that are none."""
        looked = self.looked
        if looked.dtype.is_numeric():
            return looked.cast(pl.Float64).drop_nulls()
        if looked.dtype != pl.String:
            return pl.Series(dtype=pl.Float64)
        return numbers_of(looked.filter(looked.str.contains(NUMBER))).drop_nulls()

    @cached_property
    def is_number(self) -> bool:
        """Whether nearly all values are numbers."""
        return self.n > 0 and len(self.numbers) >= SHARE * len(self.looked)

    @cached_property
    def has_fractions(self) -> bool:
        """Whether these are numbers of which some are not whole: measures, prices, degrees."""
        return self.is_number and share(self.numbers % 1 != 0) > 0.05

    @cached_property
    def is_fine(self) -> bool:
        """Whether these are numbers within 180 with the many decimals of coordinates."""
        read = degrees(self.looked)[0].drop_nulls().to_numpy()
        return (
            len(read) >= max(SHARE * len(self.looked), 1)
            and bool(abs(read).max() <= 360)
            and decimals_share(read) > SHARE
        )

    @cached_property
    def is_degrees(self) -> bool:
        """Whether nearly all values read as a coordinate."""
        return self.n > 0 and share(degrees(self.looked)[0].is_not_null()) >= SHARE

    @cached_property
    def is_pair(self) -> bool:
        """Whether each value holds both coordinates."""
        return is_pair(self.looked)

    @cached_property
    def is_flag(self) -> bool:
        """Whether these are yes and no, 0 and 1."""
        if self.values.dtype == pl.Boolean:
            return True
        kinds = {str(each).lower() for each in self.values.unique().head(3)}
        return self.n >= 20 and len(kinds) == 2 and kinds <= FLAGS

    @cached_property
    def is_small_count(self) -> bool:
        """Whether these are the small whole numbers of a count, a rating or a level."""
        numbers = self.numbers
        if not self.is_number or self.has_fractions:
            return False
        low, high = float(numbers.min() or 0), float(numbers.max() or 0)  # type: ignore[arg-type]
        return low >= 0 and high <= 20

    @cached_property
    def is_readable(self) -> bool:
        """Whether nearly all values are words, not codes."""
        text = self._text
        return text is not None and share(text.str.contains(READABLE)) >= SHARE

    @cached_property
    def is_long_text(self) -> bool:
        """Whether the values are sentences."""
        text = self._text
        return text is not None and share(text.str.count_matches(" ") >= 6) > 0.3

    @property
    def _text(self) -> pl.Series | None:
        return self.looked if self.looked.dtype == pl.String else None

    @cached_property
    def is_event(self) -> bool:
        """Whether the values are names of actions: view, cart, purchase."""
        kinds = {str(each).lower() for each in self.values.unique().head(40)}
        return 0 < len(kinds) <= 30 and len(kinds & EVENT_VALUES) >= max(1, len(kinds) / 2)

    def is_unique(self, most: float = 0.98) -> bool:
        """Whether hardly any value occurs twice, among enough rows to tell."""
        return self.n >= 50 and self.distinct_share >= most

    @property
    def examples(self) -> tuple[str, ...]:
        """Three values that differ."""
        return examples_of(self.values)


def examples_of(values: pl.Series) -> tuple[str, ...]:
    """Return three values of a column that differ, as text."""
    few = present(values.head(500)).unique(maintain_order=True).head(3)
    return tuple(str(each) for each in few)


@dataclass(frozen=True)
class TableFacts:
    """The facts of all columns of a sample, and which column depends on which."""

    sample: pl.DataFrame
    columns: dict[str, Facts]
    _known: dict[tuple[str, str], "Dependence"] = field(default_factory=dict)

    @classmethod
    def of(cls, sample: pl.DataFrame, columns: list[str]) -> "TableFacts":
        """Measure columns of a sample; each fact is made when it is asked for."""
        return cls(sample, {name: Facts(name, present(sample[name])) for name in columns})

    def __getitem__(self, column: str) -> Facts:
        known = self.columns.get(column)
        return known or Facts(column, present(self.sample[column]))

    @property
    def n_rows(self) -> int:
        """How many rows are looked at."""
        return len(self.sample)

    def dependence(self, on: str, column: str) -> "Dependence":
        """Return how far a column is a function of another."""
        if (on, column) not in self._known:
            self._known[on, column] = _dependence(self.sample, on, column)
        return self._known[on, column]


@dataclass(frozen=True)
class Dependence:
    """How far one column is a function of another.

    `share` is the part of the rows that agree with the commonest value of their group, counted
    over the `n_rows` in groups of at least two.
    """

    share: float
    n_rows: int

    @property
    def is_known(self) -> bool:
        """Whether enough rows repeat to tell."""
        return self.n_rows >= 10

    @property
    def holds(self) -> bool:
        """Whether it is a function in 95 % of the rows, as far as can be told."""
        return not self.is_known or self.share >= 0.95

    @property
    def is_shown(self) -> bool:
        """Whether the rows show that it is a function."""
        return self.is_known and self.share >= 0.95


def _dependence(sample: pl.DataFrame, on: str, column: str) -> Dependence:
    rows = sample.select(
        pl.col(on).alias("on"), pl.col(column).cast(pl.String).str.strip_chars().alias("of")
    )
    rows = rows.drop_nulls().filter(~pl.col("of").is_in(MISSING))
    groups = (
        rows.group_by("on", "of")
        .len()
        .group_by("on")
        .agg(pl.col("len").sum().alias("n"), pl.col("len").max().alias("most"))
        .filter(pl.col("n") > 1)
    )
    n = int(groups["n"].sum())
    return Dependence(int(groups["most"].sum()) / n if n else 1.0, n)
