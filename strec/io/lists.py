"""What holds several events in one row, or several points in one cell, as rows and columns."""

from collections.abc import Callable
from dataclasses import replace

import polars as pl

from strec.io.column_names import named
from strec.io.mapping import FIELDS
from strec.io.quantities import share
from strec.io.roles import guess_roles
from strec.io.tables import Table

#: One time with its date, and a cell with several of them.
_TIME = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?Z?"
TIMES = rf"^\s*{_TIME}(?:\s*[,;|]\s*{_TIME})*\s*$"
SEVERAL = rf"{_TIME}\s*[,;|]\s*{_TIME}"
_NUMBER = r"(-?\d+(?:\.\d+)?)"
#: A line of points: how the first and the last are written, longitude before latitude.
LINES = {
    r"^\s*\[\s*\[": (
        rf"^\s*\[\s*\[\s*{_NUMBER}\s*,\s*{_NUMBER}",
        rf"\[\s*{_NUMBER}\s*,\s*{_NUMBER}[^\[\]]*\]\s*\]\s*$",
    ),
    r"^\s*LINESTRING": (
        rf"^\s*LINESTRING[ ZM]*\(\s*{_NUMBER}\s+{_NUMBER}",
        rf"{_NUMBER}\s+{_NUMBER}\s*\)\s*$",
    ),
}
#: Rows looked at to see what the cells hold.
N_LOOKED = 300
#: Columns of a wide table that are kept, beside those with the name of a field.
N_COLUMNS = 150
WANTED = ("timestamp", "item_id")


def unrolled(table: Table) -> Table:
    """Return the table with a row per event, and the ends of each line in columns of their own."""
    for step in (_narrowed, _lists, _times, _lines):
        table = step(table)
    return table


def _narrowed(table: Table) -> Table:
    """Return a wide table without the columns far right that have the name of no field."""
    if len(table.columns) <= 2 * N_COLUMNS:
        return table
    is_named = [any(named(field, column) for field in FIELDS) for column in table.columns]
    called = [column for column, yes in zip(table.columns, is_named, strict=True) if yes]
    kept = {*table.columns[:N_COLUMNS], *called[:N_COLUMNS]}
    columns = [column for column in table.columns if column in kept]
    gone = [column for column in table.columns if column not in kept]
    return replace(
        table,
        lazy=table.lazy.drop(gone),
        sample=table.sample.select(columns),
        columns=columns,
        notes=[*table.notes, f"{len(gone):,} of {len(table.columns):,} columns were left out."],
    )


def _changed(
    table: Table, change: Callable[[pl.LazyFrame], pl.LazyFrame], note: str, factor: float = 1.0
) -> Table:
    """Return the table after a change of its rows, or of their columns."""
    sample = change(table.sample.lazy()).collect()
    return replace(
        table,
        lazy=change(table.lazy),
        sample=sample,
        columns=sample.columns,
        n_rows_estimate=max(1, round(table.n_rows_estimate * factor)),
        notes=[*table.notes, note],
    )


def _lists(table: Table) -> Table:
    """Give each entry of lists a row where they hold the items or times; else one text a list."""
    sample = table.sample.head(N_LOOKED)
    lists = [name for name in table.columns if isinstance(sample.schema[name], pl.List)]
    if not lists:
        return table
    alike: dict[tuple, list[str]] = {}
    for name in lists:
        alike.setdefault(tuple(sample[name].list.len().fill_null(0)), []).append(name)
    rest = sample.drop(lists)
    have = _roles(rest)
    gains = {}
    for lengths, together in alike.items():
        if max(lengths, default=0) > 1:
            whole = pl.concat([rest, sample.select(together)], how="horizontal")
            gains[tuple(together)] = len(_roles(whole.explode(together)) - have)
    best = max(gains, key=lambda each: gains[each], default=())
    if not gains or not gains[best]:
        best = ()
    texts = [
        pl.col(name).list.eval(pl.element().cast(pl.String)).list.join(", ")
        for name in lists
        if name not in best
    ]

    def change(lazy: pl.LazyFrame) -> pl.LazyFrame:
        lazy = lazy.with_columns(texts) if texts else lazy
        return lazy.explode(list(best)) if best else lazy

    if not best:
        return _changed(table, change, f"Lists were read as one text each: {', '.join(lists)}.")
    n = sample.select(pl.col(best[0]).list.len().sum()).item() or 0
    note = f"Lists give a row for each of their entries: {', '.join(best)}."
    return _changed(table, change, note, n / max(len(sample), 1))


def _roles(frame: pl.DataFrame) -> set[str]:
    return set(guess_roles(frame).mapping.columns()) & set(WANTED)


def _times(table: Table) -> Table:
    """Give each time of a cell that lists several a row of its own."""
    for name in table.columns:
        values = table.sample[name].drop_nulls().head(N_LOOKED)
        if values.dtype != pl.String or share(values.str.contains(SEVERAL)) < 0.2:
            continue
        if share(values.str.contains(TIMES)) < 0.9:
            continue
        each = pl.col(name).str.extract_all(_TIME)

        def change(lazy: pl.LazyFrame, name: str = name, each: pl.Expr = each) -> pl.LazyFrame:
            return lazy.with_columns(each.alias(name)).explode(name)

        n = values.str.count_matches(_TIME).mean()
        note = f"Cells of {name!r} list several times: each has a row of its own."
        return _changed(table, change, note, float(n) if isinstance(n, float) else 1.0)
    return table


def _lines(table: Table) -> Table:
    """Add the first and the last point of each line as the ends of a trip."""
    for name in table.columns:
        values = table.sample[name].drop_nulls().head(N_LOOKED)
        if values.dtype != pl.String:
            continue
        for begins, (first, last) in LINES.items():
            if share(values.str.contains(begins)) < 0.9:
                continue
            ends = {
                f"{end}_{axis}": pl.col(name).str.extract(pattern, group)
                for end, pattern in (("start", first), ("end", last))
                for group, axis in ((1, "lon"), (2, "lat"))
            }
            if set(ends) & set(table.columns):
                continue
            added = [values.alias(column) for column, values in ends.items()]
            note = f"{name!r} holds lines: where each begins and ends was taken."
            return _changed(table, lambda lazy, added=added: lazy.with_columns(added), note)
    return table
