"""What a known format is: how it is recognised, what its columns mean, what may come with it."""

import re
from dataclasses import dataclass

import polars as pl

from strec.io.mapping import Mapping, Question
from strec.io.tables import Table

#: Rows that must fit the patterns of a format without header.
N_MATCHED = 50


@dataclass(frozen=True)
class Signature:
    """How to recognise a table: column names it has, or a pattern per column without header.

    `names` are given to the columns of a table without header.
    """

    columns: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def fits(self, table: Table) -> bool:
        """Tell whether the table looks like this."""
        if self.columns:
            return table.has_header and set(self.columns) <= set(table.columns)
        if table.has_header or len(table.columns) != len(self.patterns):
            return False
        rows = table.sample.head(N_MATCHED)
        return all(
            re.fullmatch(pattern, value or "") is not None
            for name, pattern in zip(table.columns, self.patterns, strict=True)
            for value in rows[name].cast(pl.String)
        )


@dataclass(frozen=True)
class Companion:
    """A second file that adds to the check-ins, joined by a key.

    Parameters
    ----------
    title : str
        What it is, in words.
    signature : Signature
        How to recognise it.
    key : tuple of str
        Column of the check-ins, column of this file.
    adds : dict
        Canonical field to column of this file. Only fills fields that the check-ins lack.
    note : str
        What a reader should know when it is used.
    """

    title: str
    signature: Signature
    key: tuple[str, str]
    adds: dict[str, str]
    note: str = ""


@dataclass(frozen=True)
class Format:
    """A known format.

    Parameters
    ----------
    key, title : str
        Its name for programs and for people.
    cite : str
        Its source and how to cite it.
    signature : Signature
        How to recognise the file with the check-ins.
    mapping : Mapping
        What the columns mean; columns that a variant lacks are left out.
    companions : tuple of Companion
        Files that may come with it.
    needs : str
        What the companion is called when the check-ins are of no use without it.
    questions : tuple of Question
        What the format leaves open, with a default.
    notes : tuple of str
        What a reader should know.
    """

    key: str
    title: str
    cite: str
    signature: Signature
    mapping: Mapping
    companions: tuple[Companion, ...] = ()
    needs: str = ""
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()
