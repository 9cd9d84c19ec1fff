"""Coordinates whose side of the equator or of Greenwich stands in a column of its own."""

import polars as pl

from strec.io.column_names import tokens
from strec.io.mapping import Mapping
from strec.io.quantities import present, share
from strec.io.tables import Table, with_column

#: The first letters of the sides of each half of a place, and words in the names of such columns.
SIDES = {"lat": "NS", "lon": "EWO"}
SIDE_WORDS = {"n", "s", "e", "w", "ns", "ew", "hemisphere", "hemi", "dir", "direction", "side"}


def with_sides(table: Table, mapping: Mapping) -> tuple[Table, Mapping, list[str]]:
    """Join coordinates with the columns beside them that say N or S, E or W, and say so.

    Gives the table with a column for each whole coordinate, mapped to it; both as they were when
    there is no such column; and notes.
    """
    notes: list[str] = []
    if not mapping.lat or not mapping.lon or mapping.lat == mapping.lon:
        return table, mapping, notes
    found = {half: _side_column(table, letters) for half, letters in SIDES.items()}
    for half, side in found.items():
        column: str = vars(mapping)[half]
        # One letter is also how programs write "no": alone, only a name makes a side of it.
        if side and (all(found.values()) or SIDE_WORDS & set(tokens(side))):
            name = f"{column} {side}"
            letter = pl.col(side).str.strip_chars().str.slice(0, 1)
            number = pl.col(column).cast(pl.String).str.strip_chars()
            whole = pl.concat_str(number, letter, separator=" ")
            table = with_column(table, name, whole)
            freed = {f: None for f, taken in mapping.columns().items() if taken == side}
            mapping = mapping.replace(**freed | {half: name})
            notes.append(f"{side!r} says on which side {column!r} lies; they were put together.")
    return table, mapping, notes


def _side_column(table: Table, letters: str) -> str | None:
    pattern = "(?i)^(" + {"NS": "n|s|north|south", "EWO": "e|w|o|east|west"}[letters] + ")$"
    for name in table.columns:
        values = present(table.sample[name])
        if values.dtype == pl.String and share(values.str.contains(pattern)) > 0.95:
            return name
    return None
