"""H3 cells by bit arithmetic, which every engine can do without an extension.

An H3 index keeps its resolution in bits 52 to 55 and three bits per resolution below bit 45; those
finer than the resolution are all ones.
"""

import ibis
import ibis.expr.types as ir


def parent(cell: ir.IntegerValue, resolution: int) -> ir.IntegerValue:
    """The H3 cell of a coarser resolution that holds this cell, as int64."""
    unused_digits = (1 << (3 * (15 - resolution))) - 1
    without_resolution = cell.cast("int64") & ibis.literal(~(0xF << 52), "int64")
    return without_resolution | ibis.literal((resolution << 52) | unused_digits, "int64")


def resolution_of(cell: int) -> int:
    """Return the resolution of a cell.

    Examples
    --------
    >>> resolution_of(608725924560502783)
    7
    """
    return int(cell) >> 52 & 0xF
