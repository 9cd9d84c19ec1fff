"""What a known format is: how it is recognised, what its columns mean, what may come with it."""

import re
from collections.abc import Callable
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field

import polars as pl

from strec.io.mapping import Mapping, Question
from strec.io.tables import Table

#: Patterns of cells that several formats have.
ID = r"\d+"
NUMBER = r"-?\d+(\.\d+)?([eE]-?\d+)?"
#: How several formats write their times.
ISO_UTC = Mapping(time_format="iso", time_is="utc")
ISO_LOCAL = Mapping(time_format="iso", time_is="local")
UNIX_SECONDS = Mapping(time_format="unix_s", time_is="utc")
#: Fixes of several, each in a hexagon that is its item, and what one person's device wrote.
FIXES = ISO_UTC.replace(item_from_place=True)
MINE = ISO_UTC.replace(lat="lat", lon="lon", user_from="constant")
#: Rows that must fit the patterns of a format without header.
N_MATCHED = 50


@dataclass(frozen=True)
class Signature:
    """How a table is recognised: by names in its header, or without one by what its cells hold.

    Parameters
    ----------
    columns : tuple of str
        Names that the header has, among others.
    cells : mapping of str to str
        For a table without header: the name that each column is given, in order, and the regular
        expression that its cells match.
    kind : str
        The kind of file, where the names alone could be those of any table: ``json``.

    Examples
    --------
    >>> Signature(cells={"user": ID, "time": ".+"}).n_columns
    2
    """

    columns: tuple[str, ...] = ()
    cells: Dictionary[str, str] = field(default_factory=dict)
    kind: str = ""

    @property
    def n_columns(self) -> int:
        """How many columns it asks for."""
        return len(self.columns) + len(self.cells)

    def fits(self, table: Table) -> bool:
        """Tell whether the table looks like this."""
        if not table.kind.startswith(self.kind):
            return False
        if self.columns:
            return table.has_header and set(self.columns) <= set(table.columns)
        if table.has_header or len(table.columns) != len(self.cells):
            return False
        rows = table.sample.head(N_MATCHED)
        return all(
            re.fullmatch(pattern, value or "") is not None
            for name, pattern in zip(table.columns, self.cells.values(), strict=True)
            for value in rows[name].cast(pl.String)
        )


@dataclass(frozen=True)
class Companion:
    """A second file that adds to the check-ins, joined by a key.

    Parameters
    ----------
    label : str
        What it is, in words.
    signature : Signature
        How to recognise it.
    key : tuple of str
        Column of the check-ins, column of this file.
    adds : mapping of str to str
        Canonical field to column of this file. Only fills fields that the check-ins lack.
    note : str
        What a reader should know when it is used.
    """

    label: str
    signature: Signature
    key: tuple[str, str]
    adds: Dictionary[str, str]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Format:
    """A known format.

    Parameters
    ----------
    key, label : str
        Its name for programs and for people.
    sentence : str
        What the files are.
    citation : str
        Their source and how to cite it.
    signature : Signature
        How to recognise the file with the check-ins.
    mapping : Mapping
        What the columns mean; columns that a variant lacks are left out.
    prepare : callable, optional
        What is done to the table before its columns are read.
    companions : tuple of Companion
        Files that may come with it.
    needs : str
        What the companion is called when the check-ins are of no use without it.
    questions : tuple of Question
        What the format leaves open, with a default.
    notes : tuple of str
        What a reader should know.

    Examples
    --------
    >>> from strec.io import FORMATS
    >>> FORMATS["snap"].label
    'SNAP Gowalla / Brightkite'
    """

    key: str
    label: str
    sentence: str
    citation: str = ""
    signature: Signature
    mapping: Mapping
    prepare: Callable[[Table], Table] | None = None
    companions: tuple[Companion, ...] = ()
    needs: str = ""
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()
