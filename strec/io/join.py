"""Join a second table to the check-ins by a key: places, names, categories."""

import re
from dataclasses import replace

import polars as pl

from strec.io.column_synonyms import named
from strec.io.tables import Table

#: A table that describes items or users has at most this many rows.
MAX_DESCRIBED = 5_000_000
#: A key is one only when it finds at least this share of the values looked at.
MIN_FOUND = 0.8
KEY = "__key"


def joined(
    main: Table, other: Table, key: tuple[str, str], columns: dict
) -> tuple[Table, dict[str, str], float]:
    """Left-join columns of a second table.

    Parameters
    ----------
    main, other : Table
        Check-ins, and a table that describes their items or users. Its first row counts where a
        key occurs twice.
    key : tuple of str
        The key's column in each.
    columns : dict
        Its keys are the columns of `other` to add.

    Returns
    -------
    tuple of Table, dict and float
        `main` with the columns; what each is now called; and the share of the sampled rows that
        were found.
    """
    left, right = key
    labels = {name: name if name not in main.columns else f"{name} (joined)" for name in columns}
    extra = (
        other.lazy.select(pl.col(right).cast(pl.String).str.strip_chars().alias(KEY), *labels)
        .drop_nulls(KEY)
        .unique(KEY, keep="first", maintain_order=True)
        .rename(labels)
        .collect()
    )
    key_of_row = pl.col(left).cast(pl.String).str.strip_chars().alias(KEY)

    def add(frame):
        return frame.with_columns(key_of_row).join(
            extra.lazy() if isinstance(frame, pl.LazyFrame) else extra,
            on=KEY,
            how="left",
            maintain_order="left",
        )

    known = main.sample.select(key_of_row.is_in(extra[KEY].implode())).to_series()
    table = replace(
        main,
        lazy=add(main.lazy).drop(KEY),
        sample=add(main.sample).drop(KEY),
        columns=[*main.columns, *labels.values()],
    )
    return table, labels, float(known.mean() or 0)


def find_key(main: Table, other: Table) -> tuple[str, str] | None:
    """Return the columns by which a table describes the items or users of another, if any.

    The values must occur once each in `other` and explain at least `MIN_FOUND` of those in
    `main`; columns with the same name come first, then columns that both name an item.
    """
    if other.n_rows_estimate > MAX_DESCRIBED:
        return None
    pairs = [(a, b) for a in main.columns for b in other.columns if _plain(a) == _plain(b)]
    pairs += [
        (a, b)
        for a in main.columns
        for b in other.columns
        if named("item_id", a) and (named("item_id", b) or _plain(b) == "id")
    ]
    for left, right in dict.fromkeys(pairs):
        values = other.lazy.select(pl.col(right).cast(pl.String)).collect().to_series()
        values = values.drop_nulls()
        if values.is_empty() or values.n_unique() < len(values):
            continue
        looked_at = main.sample[left].cast(pl.String).drop_nulls().unique()
        if len(looked_at) and looked_at.is_in(values.implode()).mean() >= MIN_FOUND:
            return left, right
    return None


def _plain(column: str) -> str:
    return re.sub(r"[\W_]", "", column).lower()
