"""Read a list of what there is, also of what nobody took yet: a row per item, and no events."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from strec import schema
from strec.errors import MappingError, ReadError
from strec.io.column_names import coordinate, meaning, named
from strec.io.files import Paths
from strec.io.inspection import called, opened_tables
from strec.io.limits import Limits, told
from strec.io.mapping import Mapping
from strec.io.places import coordinates, detect_order, is_pair
from strec.io.quantities import MISSING
from strec.io.tables import Table, table_of
from strec.wording import plural

#: What is asked of the names of columns, the surest first.
_FIELDS = (schema.ITEM, schema.ITEM_NAME, schema.CATEGORY, schema.TEXT)
#: A catalogue is read as a whole, and every model scores each of its items.
LIMITS = Limits(max_bytes=2**30, max_rows=1_000_000)


@dataclass(frozen=True)
class Catalogue:
    """Items that may have no check-in, and how they were read.

    Parameters
    ----------
    items : polars.DataFrame
        See `strec.schema.catalogue`.
    columns : dict of str to str
        Which column was taken for what.
    notes : list of str
        What was left out, and what is not known of some items.
    """

    items: pl.DataFrame
    columns: dict[str, str]
    notes: list[str]

    def taken(self, checkins: pl.DataFrame) -> list[str]:
        """Return what is to be said where some of the items were taken after all.

        Parameters
        ----------
        checkins : polars.DataFrame
            With the column `item_id`.

        Examples
        --------
        >>> found = read_catalogue(pl.DataFrame({"item": ["cafe", "pool"]}))
        >>> found.taken(schema.example())
        ['1 of the 2 items has check-ins already: what these say of it counts.']
        """
        n = self.items.join(checkins, on=schema.ITEM, how="semi").height
        has, what = ("has", "it") if n == 1 else ("have", "them")
        of = f"{n:,} of the {plural(len(self.items), 'item')} {has} check-ins already"
        return [f"{of}: what these say of {what} counts."] * (n > 0)


def read_catalogue(
    given: Paths | pl.DataFrame,
    *,
    names: Sequence[str] | None = None,
    limits: Limits | None = None,
) -> Catalogue:
    """Read items that nobody took yet: a table with a row for each.

    Which column is what is guessed from names, as for check-ins: the item, what it is called, its
    kind, its place, a text about it. Only the item must be there; a column with its name will do.

    Parameters
    ----------
    given : path, sequence of paths, or polars.DataFrame
        A file of any kind that `strec.read` takes, or a frame.
    names : sequence of str, optional
        How to call files in messages, where paths are temporary.
    limits : Limits, optional
        Safety limits; at most a million items without it.

    Raises
    ------
    MappingError
        If no column says what the item is.
    ReadError, LimitError
        If it is no table, has no row, or is too large.

    Examples
    --------
    >>> shops = pl.DataFrame({"shop": ["b7", "b7", ""], "title": ["Bakery", "Bakery", "?"],
    ...                       "type": "food", "latitude": "52,5", "longitude": "13,4"})
    >>> found = read_catalogue(shops)
    >>> found.items.row(0)
    ('b7', 'Bakery', 'food', 52.5, 13.4, None)
    >>> found.notes
    ['Left out: 1 row without an item, 1 row that names an item again.']
    """
    if isinstance(given, pl.DataFrame):
        return _of_table(table_of(given))
    with (
        told(called(given, names)),
        opened_tables(given, names, limits or LIMITS, None) as (opened, tables),
    ):
        # Of several sheets or files the one that tells most of items.
        best = max(tables, key=lambda table: len(_columns(table)))
        opened.limits.check_rows(best.lazy.select(pl.len()).collect().item(), best.name)
        found = _of_table(best)
        opened.check_unchanged()
        return found


def _of_table(table: Table) -> Catalogue:
    columns = _columns(table)
    if schema.ITEM not in columns:
        raise MappingError(
            "A list of items has a column that says which item each row is.",
            f"columns {', '.join(table.columns)[:200]}.",
            f"Name that column {schema.ITEM}, with the ids that check-ins have.",
        )
    order, notes = "lat_lon", []
    if "lat" in columns:
        mapping = Mapping(lat=columns["lat"], lon=columns["lon"])
        lat, lon, _ = coordinates(table.sample, mapping)
        found = detect_order(lat, lon)
        order, notes = found.order or order, [found.note] if found.note else []
    raw = table.lazy.select(list(dict.fromkeys(columns.values()))).collect()
    mapping = Mapping(lat=columns.get("lat"), lon=columns.get("lon"), coordinate_order=order)
    lat, lon, _ = coordinates(raw, mapping)
    said = raw.select(_text(columns[field]).alias(field) for field in _FIELDS if field in columns)
    items = schema.catalogue(said.with_columns(lat=lat, lon=lon))
    if items.is_empty():
        raise ReadError(
            "A list of items names at least one.",
            f"{plural(len(said), 'row')}, and nothing in {columns[schema.ITEM]!r}.",
            "Fill the column with the ids that check-ins have, or name another item_id.",
        )
    return Catalogue(items, columns, notes + _losses(said, items))


def _columns(table: Table) -> dict[str, str]:
    """Return which column is what, by their names."""
    found: dict[str, str] = {}
    free = list(table.columns)
    halves = {half: [c for c in free if coordinate(c) == half] for half in ("lat", "lon")}
    pairs = [c for c in free if is_pair(table.sample[c].drop_nulls().head(20))]
    if halves["lat"] and halves["lon"]:
        found |= {half: columns[0] for half, columns in halves.items()}
    elif pairs:
        found |= {"lat": pairs[0], "lon": pairs[0]}
    free = [c for c in free if c not in found.values()]
    for field in _FIELDS:
        fits = {column: _fits(field, column) for column in free}
        best = max(fits, key=lambda column: fits[column], default="")
        if best and fits[best] > 0:
            found[field] = best
            free.remove(best)
    # Where items go by their names, one column is both.
    if schema.ITEM not in found and schema.ITEM_NAME in found:
        found[schema.ITEM] = found[schema.ITEM_NAME]
    return found


def _fits(field: str, column: str) -> float:
    """Return how well a column's name fits; in a list of items a bare "id" is the item's."""
    if field == schema.ITEM and meaning(column).head == "name":
        return 0.0
    if field == schema.ITEM and (meaning(column).head, meaning(column).noun) == ("id", ""):
        return 0.5
    return named(field, column)


def _text(column: str) -> pl.Expr:
    text = pl.col(column).cast(pl.String, strict=False).str.strip_chars()
    return pl.when(~text.is_in(MISSING)).then(text)


def _losses(said: pl.DataFrame, items: pl.DataFrame) -> list[str]:
    """Say what was left out, and of how many items place or kind are not known."""
    n_blank = said[schema.ITEM].null_count()
    n_again = len(said) - n_blank - len(items)
    out = [f"{plural(n_blank, 'row')} without an item"] if n_blank else []
    out += [f"{plural(n_again, 'row')} that name{'s' if n_again == 1 else ''} an item again"] * (
        n_again > 0
    )
    lacks = [
        f"{plural(n, 'item')} without a {word}"
        for word, n in (
            ("place", items["lat"].null_count()),
            ("kind", items["category"].null_count()),
        )
        if n
    ]
    notes = [f"Left out: {', '.join(out)}."] if out else []
    return notes + ([f"{', '.join(lacks)}: what is not known tells nothing of them."] * bool(lacks))
