"""Check-ins written by strec itself."""

from dataclasses import replace

import polars as pl

from strec import schema
from strec.io.formats.base import ISO_UTC, Format, Signature
from strec.io.mapping import FIELDS
from strec.io.tables import Table

#: An apostrophe that `strec.write` put before what a spreadsheet would run as a formula.
GUARD = r"^'('*[=+\-@\t\r])"


def _without_guards(table: Table) -> Table:
    """Take off the apostrophes that `strec.write` put before formulas in CSV."""
    if table.kind != "csv":
        return table
    bare = pl.col(table.columns).str.replace(GUARD, "${1}")
    return replace(
        table, lazy=table.lazy.with_columns(bare), sample=table.sample.with_columns(bare)
    )


CHECKINS = Format(
    key="strec",
    label="Check-ins written by strec",
    sentence="One file with the columns of a check-in table.",
    signature=Signature(tuple(schema.REQUIRED)),
    mapping=ISO_UTC.replace(
        **{name: name for name in FIELDS},
        offset_unit="minutes",
        coordinate_order="lat_lon",
        decimal="point",
    ),
    prepare=_without_guards,
)
