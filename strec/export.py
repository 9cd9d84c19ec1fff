"""What leaves the program: CSV, JSON, Markdown and HTML in which nothing of the data is run.

Names, kinds and ids are what strangers typed. A spreadsheet would run a cell that begins with an
equals sign, a browser a script in a name: every file is written by a function of this module.
"""

import json
from functools import cache
from typing import TYPE_CHECKING, Any, overload

import polars as pl

if TYPE_CHECKING:
    import jinja2
    import pandas as pd

__all__ = [
    "FORMULA", "MIN_USERS", "enough_people", "enough_users", "html_page", "json_text",
    "markdown_cell", "no_formula", "safe_table", "to_csv", "without_few",
]  # fmt: skip

#: What a spreadsheet would run as a formula, also behind an apostrophe that was there before.
FORMULA = r"^'*[=+\-@\t\r]"
#: Groups of fewer users could point at a person: they are neither shown nor passed on.
MIN_USERS = 5
#: What tells of a group where it is or what it did; without one of these it is a time of day or
#: the whole, which points at nobody.
_TELLING = frozenset(
    ("item_id", "item_name", "category", "kind", "event", "place_id", "place_name", "cell", "lat",
     "lon", "slice", "from", "to", "name", "origin", "destination", "group")
)  # fmt: skip


def to_csv(frame: "pl.DataFrame | pd.DataFrame", min_users: int = MIN_USERS) -> str:
    """Return a table as CSV that a spreadsheet reads as what it is, and that points at nobody.

    Parameters
    ----------
    frame : polars.DataFrame or pandas.DataFrame
        The index of a pandas frame is left out.
    min_users : int
        Counts of groups of fewer users are blank, see `without_few`.

    Examples
    --------
    >>> to_csv(pl.DataFrame({"=A1": ["=1+1", None], "km": [-2.5, 3.0]})).splitlines()
    ["'=A1,km", "'=1+1,-2.5", ',3.0']
    """
    return without_few(safe_table(frame), min_users).write_csv()


def without_few(table: pl.DataFrame, min_users: int = MIN_USERS) -> pl.DataFrame:
    """Return a table whose groups of few users are not counted: the last door of what leaves.

    Rooms hide small counts where they count them; this is so that none is forgotten. It looks at
    tables with `n_users` whose groups say what or where.

    Parameters
    ----------
    table : polars.DataFrame
        Any table.
    min_users : int
        Columns that begin with ``n_`` are blank in groups of one user or more, but fewer than this.

    Examples
    --------
    >>> without_few(pl.DataFrame({"item_id": ["a", "b"], "n_visits": [9, 2], "n_users": [6, 1]}))[
    ...     "n_visits"
    ... ].to_list()
    [9, None]
    """
    if "n_users" not in table.columns or not _TELLING & set(table.columns):
        return table
    few = pl.col("n_users").is_between(1, min_users - 1).fill_null(False)
    counts = [name for name in table.columns if name.startswith("n_")]
    return table.with_columns(pl.when(~few).then(pl.col(name)).alias(name) for name in counts)


def enough_users(frame: "pd.DataFrame", min_users: int = MIN_USERS) -> "pd.DataFrame":
    """Return counts of groups in which nobody stands out: those of fewer users are blank.

    Parameters
    ----------
    frame : pandas.DataFrame
        Groups with `n_users`; all columns that begin with ``n_`` count in them.
    min_users : int
        Groups of one user or more, but fewer than so many, are hidden.

    Returns
    -------
    pandas.DataFrame
        The same rows; ``attrs["hidden"]`` says of how many the counts are hidden.

    Examples
    --------
    >>> import pandas as pd
    >>> hours = pd.DataFrame({"hour": [8, 9], "n_checkins": [40, 3], "n_users": [12, 1]})
    >>> enough_users(hours)["n_checkins"].to_list()
    [40.0, nan]
    """
    few = frame["n_users"].between(1, min_users - 1)
    shown = frame.copy()
    shown.attrs = frame.attrs | {"hidden": int(few.sum()), "min_users": min_users}
    if few.any():
        for name in [name for name in map(str, frame) if name.startswith("n_")]:
            shown[name] = frame[name].astype(float).mask(few)
    return shown


@overload
def enough_people(frame: pl.DataFrame, min_users: int = ...) -> pl.Series: ...
@overload
def enough_people(frame: "pd.DataFrame", min_users: int = ...) -> "pd.Series": ...
def enough_people(
    frame: "pd.DataFrame | pl.DataFrame", min_users: int = MIN_USERS
) -> "pd.Series | pl.Series":
    """Tell which groups are large enough to be shown: no group may point at a person.

    Parameters
    ----------
    frame : pandas.DataFrame or polars.DataFrame
        `n_users` and `n_checkins` of each group. Where nobody is named, `n_users` is 0, and the
        check-ins are counted in place of people: there are no more people than those.
    min_users : int
        The fewest.

    Examples
    --------
    >>> import pandas as pd
    >>> groups = pd.DataFrame({"n_checkins": [9, 9, 3], "n_users": [4, 0, 0]})
    >>> enough_people(groups, 5).to_list()
    [False, True, False]
    """
    if isinstance(frame, pl.DataFrame):
        people = pl.when(pl.col("n_users") > 0).then("n_users").otherwise("n_checkins")
        return frame.select(people >= min_users).to_series()
    return frame["n_users"].where(frame["n_users"] > 0, frame["n_checkins"]) >= min_users


def safe_table(frame: "pl.DataFrame | pd.DataFrame") -> pl.DataFrame:
    """Return a table in which neither a text nor a header is a formula; numbers stay numbers.

    Parameters
    ----------
    frame : polars.DataFrame or pandas.DataFrame
        In pandas, whatever is no number becomes text.

    Examples
    --------
    >>> import polars as pl
    >>> safe_table(pl.DataFrame({"=1+1": ["=2", "x"], "n": [1, -2]})).rows()
    [("'=2", 1), ('x', -2)]
    """
    table = frame if isinstance(frame, pl.DataFrame) else _of_pandas(frame)
    of_text = (pl.String, pl.Categorical, pl.Enum)
    texts = [name for name, dtype in table.schema.items() if dtype.base_type() in of_text]
    safe = table.with_columns(
        no_formula(pl.col(name).cast(pl.String)).alias(name) for name in texts
    )
    return safe.rename(dict(zip(safe.columns, no_formula(pl.Series(safe.columns)), strict=True)))


def no_formula(values: Any) -> Any:
    """Return text in which nothing is a formula to a spreadsheet: an apostrophe leads it.

    Parameters
    ----------
    values : polars.Expr or polars.Series
        Text.

    Returns
    -------
    polars.Expr or polars.Series

    Examples
    --------
    >>> no_formula(pl.Series(["=1+1", "a=b", "-5", "'=x"])).to_list()
    ["'=1+1", 'a=b', "'-5", "''=x"]
    """
    if isinstance(values, pl.Series):
        return pl.select(no_formula(pl.lit(values))).to_series()
    return pl.when(values.str.contains(FORMULA)).then(pl.lit("'") + values).otherwise(values)


def json_text(value: Any, min_users: int = MIN_USERS) -> str:
    """Return readable JSON: dates as text, and null for NaN, which JSON does not know.

    Parameters
    ----------
    value : object
        Dictionaries, lists, numbers, texts, dates.
    min_users : int
        Counts of groups of fewer users are null, as in `without_few`.

    Examples
    --------
    >>> from datetime import date
    >>> print(json_text({"day": date(2024, 6, 3), "share": float("nan")}))
    {
      "day": "2024-06-03",
      "share": null
    }
    """
    return json.dumps(_plain(value, min_users), indent=2, default=str, ensure_ascii=False)


def html_page(template: str, **values: Any) -> str:
    """Return a self-contained page; every value is escaped wherever the template shows it.

    Parameters
    ----------
    template : str
        A name in ``strec/templates``, without its ending; pages extend ``base``.
    **values
        What the template shows. Only `markupsafe.Markup` is taken as HTML.

    Examples
    --------
    >>> html_page("base", title="Mine").startswith("<!doctype html>")
    True
    """
    return _templates().get_template(f"{template}.html.j2").render(values)


def markdown_cell(text: str) -> str:
    """Return text that stays in its cell of a Markdown table.

    Parameters
    ----------
    text : str
        May have line breaks and bars.

    Examples
    --------
    >>> markdown_cell("a|b")
    'a\\\\|b'
    """
    return " ".join(text.splitlines()).replace("|", "\\|")


@cache
def _templates() -> "jinja2.Environment":
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("strec"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _of_pandas(frame: "pd.DataFrame") -> pl.DataFrame:
    from pandas.api.types import is_numeric_dtype

    columns = {}
    for name, values in frame.items():
        known = values if is_numeric_dtype(values) else values.astype(str).where(values.notna())
        column = pl.from_pandas(known)
        # A count of which some are hidden is a whole number still.
        is_count = str(name).startswith("n_") and column.dtype.is_float()
        columns[str(name)] = column.cast(pl.Int64, strict=False) if is_count else column
    return pl.DataFrame(columns)


def _plain(value: Any, min_users: int) -> Any:
    if isinstance(value, dict):
        told = {str(key): _plain(each, min_users) for key, each in value.items()}
        users = told.get("n_users")
        if isinstance(users, int | float) and 1 <= users < min_users and _TELLING & told.keys():
            told |= dict.fromkeys(name for name in told if name.startswith("n_"))
        return told
    if isinstance(value, list | tuple):
        return [_plain(each, min_users) for each in value]
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    return None if isinstance(value, float) and value != value else value
