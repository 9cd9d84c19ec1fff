"""The parts of time that are tested: hour, weekday, day of the month, month, the person's own."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from strec.errors import AnalysisError

#: Days of data below which a part cannot repeat often enough to be told from what passes once.
DAYS_FOR_WEEKDAY, DAYS_FOR_DAY_OF_MONTH = 14, 90
#: The month is learnt from the first year at least, and read this much later: what was taken last
#: month is fashion, what was taken a year ago at this time is the season.
DAYS_OF_A_YEAR, DAYS_BETWEEN_SEASONS, DAYS_TO_READ = 365, 150, 60
#: With this share of the check-ins at one and the same time of day, the table has dates, not times.
SHARE_AT_ONE_TIME = 0.99
MAX_LEVELS, QUANTILES = 12, 5
#: How far neighbouring days of the month, and months, count for each other.
BLUR_DAYS, BLUR_MONTHS = 1.2, 0.7


def _nothing() -> np.ndarray:
    return np.zeros(0, int)


@dataclass(frozen=True)
class TimePart:
    """One form of dependence on time: a context that each check-in has.

    `of_day` is the context per date ``(n_days,)`` and `day` the date of each row ``(n,)``, where
    the context is a matter of the date; `block` numbers the dates among which contexts may be
    dealt anew. The month has `counted` and `read` instead, ``(n,)``: the rows it is learnt from,
    and those that are late enough for it. With a reason in `why` it is not tested.
    """

    name: str
    words: str
    n_contexts: int = 0
    why: str = ""
    blur: np.ndarray | None = None
    day: np.ndarray = field(default_factory=_nothing)
    of_day: np.ndarray = field(default_factory=_nothing)
    block: np.ndarray = field(default_factory=_nothing)
    counted: np.ndarray = field(default_factory=_nothing)
    read: np.ndarray = field(default_factory=_nothing)

    def dealt_anew(self, rng: np.random.Generator) -> np.ndarray:
        """Return the contexts ``(n,)`` when dates are turned like a wheel within each block."""
        of_day, blocks = self.of_day.copy(), np.unique(self.block)
        # A single wheel has few positions: the one it stands at is not drawn.
        least = int(len(blocks) == 1)
        for block in blocks:
            dates = np.flatnonzero(self.block == block)
            of_day[dates] = np.roll(of_day[dates], rng.integers(least, len(dates)))
        return of_day[self.day]


def time_parts_of(
    local_us: np.ndarray, dates: pl.DataFrame | None
) -> tuple[tuple[TimePart, ...], dict[str, np.ndarray]]:
    """Return the parts of time, tested or not, and the contexts of those of the date.

    `local_us` is local time in microseconds, ``(n,)``; `dates` has a date and columns of the
    person's own.
    """
    date = local_us // 86_400_000_000
    first, last = int(date.min()), int(date.max())
    n_days = last - first + 1
    day = date - first
    every = np.datetime64(first, "D") + np.arange(n_days)
    month = every.astype("datetime64[M]")
    parts = [
        TimePart(
            "hour", "the hour of the day (of working days and of weekends)", why=_one_time(local_us)
        ),
        TimePart(
            "weekday", "the weekday", 7,
            why=_too_short(n_days, DAYS_FOR_WEEKDAY, "two weeks"),
        ),
        TimePart(
            "day of the month", "the day of the month", 31,
            why=_too_short(n_days, DAYS_FOR_DAY_OF_MONTH, "three months"),
            blur=_near(31, BLUR_DAYS), day=day,
            of_day=(every - month.astype("datetime64[D]")).astype(int),
            block=(month - month[0]).astype(int),
        ),
        _season(day, every),
    ]  # fmt: skip
    if dates is not None:
        parts += _own(dates, day, every)
    contexts = {
        part.name: part.of_day[part.day] for part in parts if not part.why and len(part.of_day)
    }
    return tuple(parts), contexts


def _one_time(local_us: np.ndarray) -> str:
    _, n = np.unique(local_us // 60_000_000 % 1_440, return_counts=True)
    if n.max() < SHARE_AT_ONE_TIME * len(local_us):
        return ""
    return "all check-ins carry the same time of day"


def _too_short(n_days: int, needed: int, words: str) -> str:
    if n_days >= needed:
        return ""
    return f"it takes {words} of data, what is tested spans {n_days} days"


def _near(n: int, width: float) -> np.ndarray:
    """Return how much each of `n` contexts in a circle counts in each other, rows sum to 1."""
    step = np.arange(n)
    apart = np.abs((step[:, None] - step + n // 2) % n - n // 2)
    near = np.exp(-0.5 * (apart / width) ** 2)
    return (near / near.sum(axis=1, keepdims=True)).astype(np.float32)


def _season(day: np.ndarray, every: np.ndarray) -> TimePart:
    n_days, words = len(every), "the month of the year"
    learnt = max(DAYS_OF_A_YEAR, n_days // 2)
    needed = DAYS_OF_A_YEAR + DAYS_BETWEEN_SEASONS + DAYS_TO_READ
    if n_days < needed:
        return TimePart("month", words, why=_too_short(n_days, needed, "nineteen months"))
    return TimePart(
        "month", words, 12, blur=_near(12, BLUR_MONTHS), day=day,
        of_day=every.astype("datetime64[M]").astype(int) % 12,
        counted=day < learnt, read=day >= learnt + DAYS_BETWEEN_SEASONS,
    )  # fmt: skip


def _own(dates: pl.DataFrame, day: np.ndarray, every: np.ndarray) -> list[TimePart]:
    """Return a part per column of the person's table of dates."""
    keys = [name for name, dtype in dates.schema.items() if dtype == pl.Date]
    if len(keys) != 1 or dates.width < 2 or dates[keys[0]].is_duplicated().any():
        raise AnalysisError(
            "A table of dates has one column of dates, each date once, and what was so on them.",
            f"columns {', '.join(f'{name} ({dtype})' for name, dtype in dates.schema.items())}.",
            "Give a frame such as date, rain, with one row per date.",
        )
    whole = pl.DataFrame({keys[0]: pl.Series(every).cast(pl.Date)})
    joined = whole.join(dates, on=keys[0], how="left", maintain_order="left")
    return [_column(joined[name], day) for name in dates.columns if name != keys[0]]


def _column(values: pl.Series, day: np.ndarray) -> TimePart:
    """Return the levels of a column of text or few numbers, or fifths of many numbers."""
    words = f"{values.name} (your table of dates)"
    if values.dtype.is_numeric() and values.n_unique() > MAX_LEVELS:
        edges = np.nanquantile(values.drop_nulls().to_numpy(), np.arange(1, QUANTILES) / QUANTILES)
        level = np.searchsorted(edges, values.fill_null(float("nan")).to_numpy())
        level = np.where(values.is_null().to_numpy(), QUANTILES, level)
    else:
        text = values.cast(pl.String).fill_null("")
        common = text.value_counts(sort=True)[values.name].head(MAX_LEVELS).to_list()
        level = np.array([common.index(x) if x in common else len(common) for x in text])
    level = np.unique(level, return_inverse=True)[1]
    why = "" if level.max() else "it is the same on all dates"
    return TimePart(values.name, words, int(level.max()) + 1, why=why, day=day, of_day=level,
                    block=np.zeros(len(level), int))  # fmt: skip
