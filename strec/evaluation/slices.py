"""Where a model is good and where it is not: the same measures on slices of the queries."""

from collections.abc import Sequence

import polars as pl

from strec.errors import ModelError, check_choice
from strec.evaluation.scoring import Result, blocks_of, n_users_of
from strec.evaluation.summary import check_results
from strec.export import MIN_USERS, enough_people
from strec.metrics import user_interval
from strec.wording import WEEKDAYS

#: Each way to slice, in words.
SLICES = {
    "kind": "Return or discovery",
    "activity": "User activity",
    "time": "Time of day",
    "weekday": "Weekday",
    "category": "Category",
    "distance": "Distance from the last check-in",
    "newness": "New users and items",
}
_OF_PEOPLE = ("kind", "activity", "newness")
_TIMES = ((5, "night (0–5)"), (11, "morning (5–11)"), (14, "midday (11–14)"),
          (18, "afternoon (14–18)"), (24, "evening (18–24)"))  # fmt: skip
_PASTS = ((0, "no check-in before"), (9, "1–9 check-ins before"), (49, "10–49"),
          (199, "50–199"), (10**12, "200 and more"))  # fmt: skip
_DISTANCES = ((0.1, "same place (under 100 m)"), (1, "100 m – 1 km"), (3, "1–3 km"),
              (10, "3–10 km"), (1e9, "over 10 km"))  # fmt: skip
MOST_CATEGORIES = 8
_SCHEMA = {
    "slice": pl.String, "model": pl.String, "n_queries": pl.Int64, "n_users": pl.Int64,
    "value": pl.Float64, "low": pl.Float64, "high": pl.Float64,
}  # fmt: skip


def slices(
    results: Sequence[Result],
    by: str,
    measure: str = "acc@1",
    *,
    min_users: int = MIN_USERS,
) -> pl.DataFrame:
    """Return the mean of a measure per slice and model, with 95 % intervals over users.

    A slice of fewer than `strec.metrics.FEWEST_USERS` users has none.

    Parameters
    ----------
    results : sequence of Result
        Scored on the same queries.
    by : str
        A key of `SLICES`.
    measure : str
        A column of `Result.queries`.
    min_users : int
        Slices of fewer are left out, unless there are no more users in all.

    Returns
    -------
    polars.DataFrame
        ``slice, model, n_queries, n_users, value, low, high``, in the order of the slices.

    Examples
    --------
    >>> from strec.evaluation import Regime, evaluate_model
    >>> from strec.models import UserCounts
    >>> from strec.split import split
    >>> from strec import schema
    >>> parts = split(schema.example(), fractions=(0.75, 0.25, 0))
    >>> result = evaluate_model(UserCounts().fit(parts.train), parts, Regime(scored="every"))
    >>> slices([result], "time")["slice"].to_list()
    ['morning (5–11)']
    """
    check_results(results, measure)
    check_choice(by, ways_to_slice(results), "A way to slice these", ModelError)
    rows = []
    for result in results:
        marked = result.queries.with_columns(slice_of(result.queries, by).alias("slice"))
        for (_, name), group in sorted(
            marked.drop_nulls(measure).group_by(pl.col("slice").to_physical().alias("n"), "slice")
        ):
            low, high = user_interval(group[measure].to_numpy(), blocks_of(group))
            rows.append(
                {
                    "slice": name,
                    "model": result.name,
                    "n_queries": len(group),
                    "n_users": n_users_of(group),
                    "value": group[measure].mean(),
                    "low": low,
                    "high": high,
                }
            )
    found = pl.DataFrame(rows, schema=_SCHEMA)
    if 0 < n_users_of(results[0].queries) < min_users:
        return found
    return found.filter(enough_people(found.rename({"n_queries": "n_checkins"}), min_users))


def ways_to_slice(results: Sequence[Result]) -> dict[str, str]:
    """Return the keys of `SLICES` that results can be cut by, in words.

    Returns, activity and new users are a person's: where nobody is named they are left out.

    Parameters
    ----------
    results : sequence of Result
        Scored on the same queries.
    """
    named = n_users_of(results[0].queries) > 0
    return {key: words for key, words in SLICES.items() if named or key not in _OF_PEOPLE}


def slice_of(queries: pl.DataFrame, by: str) -> pl.Series:
    """Return the slice of each query as an ordered `Enum`."""
    name, names = {
        "kind": _kind,
        "activity": lambda: _banded(pl.col("n_history"), _PASTS),
        "time": lambda: _banded(pl.col("hour").floor() + 1, _TIMES),
        "weekday": lambda: (pl.col("weekday").replace_strict(dict(enumerate(WEEKDAYS)),
                                                             return_dtype=pl.String), WEEKDAYS),
        "category": lambda: _category(queries),
        "distance": lambda: _banded(pl.col("distance_km"), _DISTANCES, "place not known"),
        "newness": _newness,
    }[by]()  # fmt: skip
    return queries.select(name.cast(pl.Enum(names)).alias("slice"))["slice"]


def _kind() -> tuple[pl.Expr, list[str]]:
    names = ["return", "discovery", "item not in training"]
    kind = pl.when(~pl.col("is_known_item")).then(pl.lit(names[2]))
    return kind.when("is_return").then(pl.lit(names[0])).otherwise(pl.lit(names[1])), names


def _newness() -> tuple[pl.Expr, list[str]]:
    names = ["known user and item", "new user", "new item", "new user and item"]
    new = (~pl.col("is_known_user")).cast(pl.Int8) + 2 * (~pl.col("is_known_item")).cast(pl.Int8)
    return new.replace_strict(dict(enumerate(names)), return_dtype=pl.String), names


def _banded(value: pl.Expr, bands, unknown: str | None = None) -> tuple[pl.Expr, list[str]]:
    """Return the name of the first band whose upper end is not exceeded."""
    names = [name for _, name in bands]
    found = pl.lit(names[-1])
    for end, name in reversed(bands[:-1]):
        found = pl.when(value <= end).then(pl.lit(name)).otherwise(found)
    if unknown is None:
        return found, names
    return pl.when(value.is_null()).then(pl.lit(unknown)).otherwise(found), [*names, unknown]


def _category(queries: pl.DataFrame) -> tuple[pl.Expr, list[str]]:
    counts = queries["category"].drop_nulls().value_counts(sort=True)
    largest = counts.sort("count", "category", descending=[True, False])["category"]
    largest = largest.head(MOST_CATEGORIES).to_list()
    other, unknown = "other categories", "no category"
    name = pl.when(pl.col("category").is_null()).then(pl.lit(unknown))
    name = name.when(pl.col("category").is_in(largest)).then("category").otherwise(pl.lit(other))
    names = [*largest, *(each for each in (other, unknown) if each not in largest)]
    return name, names
