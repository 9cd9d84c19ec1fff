"""A table in pieces of whole users on its way through steps, gone through here or by workers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from strec.ordered import ITEM_CODE, read_piece, with_item_codes
from strec.schema import ITEM

if TYPE_CHECKING:
    from strec.cleaning.report import Count, Counted, Tally

T = TypeVar("T")
#: A piece in memory, or an Arrow file of one.
Source = pl.DataFrame | Path
#: What calls a function for each of some things and gives the results in order: `map`, or workers.
Mapper = Callable[[Callable[[Source], T], Sequence[Source]], Iterable[T]]


@dataclass(frozen=True)
class Pieces:
    """The check-ins at one point of a recipe, in pieces that can be gone through again.

    Pieces in memory are what the steps left of them; those on disk are as they were at first, and
    go through the steps whenever they are read.
    """

    source: Sequence[Source]
    steps: "tuple[Tally, ...]" = ()
    mapper: Mapper = map

    def each(
        self, function: Callable[[pl.DataFrame], T], columns: Sequence[str] | None = None
    ) -> Iterable[T]:
        """Return what a function, which needs some columns, makes of each piece.

        Workers get it pickled.
        """
        return self.mapper(partial(_seen, self.steps, function, columns), self.source)

    def first(self) -> pl.DataFrame:
        """Return the first piece."""
        return _seen(self.steps, _same, None, self.source[0])

    def finished(self, function: Callable[[pl.DataFrame], T]) -> Iterator[T]:
        """Give what a function makes of each piece for the last time, and count what steps did."""
        for made, counted in self.mapper(partial(through, self.steps, function), self.source):
            for tally, piece in zip(self.steps, counted, strict=True):
                tally.add(piece)
            yield made

    @property
    def in_memory(self) -> bool:
        """Whether no piece is on disk."""
        return isinstance(self.source[0], pl.DataFrame)

    def then(self, tally: "Tally") -> "Pieces":
        """Return the pieces after one more step."""
        after = replace(self, steps=(*self.steps, tally))
        return after.gathered() if self.in_memory else after

    def gathered(self) -> "Pieces":
        """Return the table as one piece in memory."""
        return Pieces([coded(pl.concat(self.finished(_same)))])


def coded(checkins: pl.DataFrame) -> pl.DataFrame:
    """Return check-ins with numbers of their items."""
    if ITEM_CODE in checkins.columns:
        return checkins
    return with_item_codes(checkins, checkins[ITEM].unique())


def _same(piece: pl.DataFrame) -> pl.DataFrame:
    return piece


def read(source: Source, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Return a piece from memory, or some columns of one from disk."""
    if not isinstance(source, Path):
        return source
    piece = read_piece(source)
    return piece if columns is None else piece.select(columns)


def _seen(
    steps: "tuple[Tally, ...]",
    function: Callable[[pl.DataFrame], T],
    columns: Sequence[str] | None,
    source: Source,
) -> T:
    # Steps may look at any column.
    piece = read(source, None if steps else columns)
    for tally in steps:
        piece = tally.judge(piece).checkins
    return function(piece)


def through(
    steps: "Sequence[Tally]",
    function: Callable[[pl.DataFrame], T],
    source: Source,
    before: "Count | None" = None,
) -> "tuple[T, list[Counted]]":
    """Return what a function makes of a piece after some steps, and what each of them did."""
    piece, counted = read(source), []
    for tally in steps:
        outcome = tally.judge(piece)
        counted.append(tally.of(piece, outcome, before))
        piece, before = outcome.checkins, counted[-1].after
    return function(piece), counted
