"""Run a recipe over a table of check-ins, or a file of any size, and say what each step did."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import TypeVar

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from strec.cleaning.base import Step
from strec.cleaning.pieces import Mapper, Pieces, Source, coded, read, through
from strec.cleaning.recipe import Recipe
from strec.cleaning.report import CleanReport, Count, StepResult, Tally
from strec.cleaning.tracks import Stays
from strec.errors import LimitError, RecipeError, as_path, check_is
from strec.io.limits import size_text, told
from strec.ordered import ITEM_CODE, InOrder, pieces_of, with_item_codes
from strec.progress import Progress, silent
from strec.schema import DERIVED, ITEM, REQUIRED, TIME, USER, validate
from strec.wording import plural

T = TypeVar("T")
#: A file of up to so many check-ins is cleaned in memory, which is quicker.
IN_MEMORY = 1_000_000
#: Disk that sorting and cleaning may take, in sizes of the file.
ROOM = 8
_NOBODY = "These data name nobody: what looks the same, or too fast, may be two people's."


def clean(
    checkins: pl.DataFrame | Path,
    recipe: "Recipe | None" = None,
    *,
    progress: Progress | None = None,
) -> "tuple[pl.DataFrame, CleanReport]":
    """Run the steps of a recipe and report what each did.

    Parameters
    ----------
    checkins : polars.DataFrame or Path
        A canonical table; it is not changed. Derived columns are dropped, as cleaning would
        make them wrong; the store derives them again. Or a Parquet file of one, see `clean_file`,
        whose result fits into memory.
    recipe : Recipe, optional
        The default recipe without it.
    progress : callable, optional
        Called with the title of the step that comes next, and the share done, 0 to 1.

    Returns
    -------
    polars.DataFrame
        Sorted by user and time, whatever the order of the input.
    CleanReport
        Before and after counts, and a sentence, per step.

    Raises
    ------
    SchemaError
        If the table is not a canonical check-in table.

    Examples
    --------
    >>> from strec.schema import example
    >>> cleaned, report = clean(pl.concat([example(), example()]))
    >>> cleaned.height, report.sentence
    (4, '4 check-ins of 8 stay: 4 removed (50 %), 0 values changed.')
    """
    if isinstance(checkins, Path):
        with tempfile.TemporaryDirectory(prefix="strec-") as folder:
            out = Path(folder) / "cleaned.parquet"
            report = clean_file(checkins, out, recipe, progress=progress)
            return pl.read_parquet(out, memory_map=False), report
    recipe = Recipe.default() if recipe is None else recipe
    check_is(recipe, Recipe, "What to do is a cleaning recipe.", RecipeError)
    run = _Run(*_in_memory(checkins), recipe, progress or silent)
    return pl.concat(run.pieces()), run.report()


def clean_file(
    path: Path, out: Path, recipe: "Recipe | None" = None, *, progress: Progress | None = None
) -> "CleanReport":
    """Run the steps of a recipe over a Parquet file of any size, and write the result as one.

    The steps are those of `clean`, and so are the results. Users are judged in parts of about half
    a million check-ins, which wait on the disk beside `out`. In memory as a whole are only tables
    of up to a million check-ins, and those in which a missing value is filled along time from the
    check-ins of other users. A raw track that becomes stays (see `Stays`) becomes so first of all.

    Parameters
    ----------
    path : Path
        A Parquet file of canonical check-ins, in any order.
    out : Path
        The file to write, sorted by user and time; it appears, or replaces an older one, only
        when all went well.
    recipe, progress
        As in `clean`.

    Raises
    ------
    ReadError
        If the file is no Parquet file.
    SchemaError
        If it is not a canonical check-in table.
    LimitError
        If there is no room left, on the disk or in memory.

    Examples
    --------
    >>> from strec.schema import example
    >>> folder = Path(tempfile.mkdtemp())
    >>> pl.concat([example(), example()]).write_parquet(folder / "read.parquet")
    >>> clean_file(folder / "read.parquet", folder / "cleaned.parquet").rows_after
    4
    """
    path, out = as_path(path), as_path(out)
    with told(path.name), _room_beside(out) as folder:
        run, done, writer = _begun(path, folder, recipe, progress), folder / "done", None
        try:
            for piece in run.pieces():
                rows = piece.to_arrow(compat_level=pl.CompatLevel.oldest())
                writer = writer or pq.ParquetWriter(done, rows.schema, compression="snappy")
                writer.write_table(rows)
        finally:
            if writer is not None:
                writer.close()
        os.replace(done, out)
    return run.report()


@contextmanager
def cleaned(
    path: Path, recipe: "Recipe | None" = None, *, progress: Progress | None = None
) -> "Iterator[tuple[pl.DataFrame | InOrder, CleanReport]]":
    """Run the steps of a recipe over a Parquet file of any size, and give what a store is made of.

    The same check-ins as from `clean_file`, but not written as a file of their own: a small table
    is in memory, of a large one the pieces wait on the disk beside `path` while the context lasts.

    Parameters
    ----------
    path : Path
        A Parquet file of canonical check-ins, in any order.
    recipe, progress
        As in `clean`.

    Yields
    ------
    tuple
        What `strec.store.Store.create` takes, and the report.

    Raises
    ------
    ReadError, SchemaError, LimitError
        As in `clean_file`.

    Examples
    --------
    >>> from strec.schema import example
    >>> path = Path(tempfile.mkdtemp()) / "read.parquet"
    >>> pl.concat([example(), example()]).write_parquet(path)
    >>> with cleaned(path) as (checkins, report):
    ...     checkins.height, report.rows_after
    (4, 4)
    """
    path = as_path(path)
    with _room_beside(path) as folder:
        with told(path.name):
            run = _begun(path, folder, recipe, progress)
            rows = pl.concat(run.pieces()) if run.in_memory else run.in_order(folder)
        yield rows, run.report()


@contextmanager
def _room_beside(path: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=".strec-", dir=path.parent) as name:
        yield Path(name)


def _begun(path: Path, folder: Path, recipe: "Recipe | None", progress: Progress | None) -> "_Run":
    """Put a file on its way through a recipe; where it is large, its pieces into a folder."""
    tell = progress or silent
    recipe = Recipe.default() if recipe is None else recipe
    check_is(recipe, Recipe, "What to do is a cleaning recipe.", RecipeError)
    table, begun = _of_file(path, recipe)
    if table is not None:
        return _Run(*_in_memory(table), recipe, tell, begun)
    tell("Sorting", 0.0)
    pieces, first, ids, done = _on_disk(path, folder, recipe)
    return _Run(pieces, first, recipe, tell, ids=ids, done=done)


@dataclass
class _Run:
    """Pieces on their way through a recipe, and what is counted until the last one is out."""

    source: Sequence[pl.DataFrame | Path]
    first: Count
    recipe: Recipe
    tell: Progress
    #: What a raw track became before it came here.
    begun: StepResult | None = None
    mapper: Mapper = map
    #: Ids of items by their numbers, of pieces on disk.
    ids: pl.Series | None = None
    #: What the first steps did, that the pieces have gone through before.
    done: tuple[Tally, ...] = ()
    results: list[Tally | StepResult] = field(default_factory=list)

    def __post_init__(self):
        pieces = Pieces(self.source, mapper=self.mapper)
        before, n_steps = self.first, len(self.recipe.steps)
        is_anonymous = self.first.rows > 0 and not self.first.users
        for tally in self.done:
            self.results.append(tally)
            before = tally.after
        for number, step in list(enumerate(self.recipe.steps))[len(self.done) :]:
            self.tell(step.title, number / n_steps * (1.0 if pieces.in_memory else 0.5))
            if self.begun and isinstance(step, Stays):
                self.results.append(self.begun)
                continue
            tally = _tally(step, before, is_anonymous)
            tally.known = step._look(pieces) if tally.runs else None
            if tally.runs and step._needs_all(tally.known):
                pieces = pieces.gathered()
            pieces, before = pieces.then(tally), tally.after
            self.results.append(tally)
        self._pieces, self.last = pieces, before

    @property
    def in_memory(self) -> bool:
        """Whether what is left comes as one table."""
        return self._pieces.in_memory

    def pieces(self) -> Iterator[pl.DataFrame]:
        """Give what is left, in order."""
        for piece in self._coded():
            yield piece.drop(ITEM_CODE)

    def in_order(self, folder: Path) -> InOrder:
        """Put what is left on disk, piece by piece, each in place of what it was made of."""
        assert self.ids is not None
        files = []
        for source, piece in zip(self.source, self._coded(), strict=True):
            if isinstance(source, Path) and not self._is_changed and piece.height == _rows(source):
                # No step had anything to do: the piece is there as it was.
                files.append(source)
                continue
            files.append(folder / f"{len(files)}.cleaned")
            piece.write_ipc(files[-1])
            if isinstance(source, Path):
                # Some systems do not let go of what was just read.
                with suppress(OSError):
                    source.unlink()
        taken = np.zeros(len(self.ids), dtype=bool)
        taken[: len(self.last.taken)] = self.last.taken
        return InOrder(files, self.ids, taken)

    def _coded(self) -> Iterator[pl.DataFrame]:
        """Give what is left, in order, with numbers of the items."""
        for piece in self.finished(lambda piece: piece):
            # A changed value may come elsewhere in the order: a second run must find nothing to do.
            yield piece.sort(_order(piece.columns)) if self._is_changed else piece

    @property
    def _is_changed(self) -> bool:
        """Whether any value is another than it was, in the pieces that are out."""
        return any(each.changed for each in self.results)

    def finished(self, function: Callable[[pl.DataFrame], T]) -> Iterator[T]:
        """Give what a function makes of each piece of what is left."""
        n = len(self._pieces.source)
        for number, made in enumerate(self._pieces.finished(function)):
            if not self._pieces.in_memory:
                self.tell(f"{plural(self.last.rows, 'check-in')} cleaned", 0.5 + number / n / 2)
            yield made
        self.tell("Done", 1.0)

    def report(self) -> CleanReport:
        """Return what was done, after the last piece."""
        results = tuple(each.result() if isinstance(each, Tally) else each for each in self.results)
        rows = self.begun.rows_before if self.begun else self.first.rows
        return CleanReport(results, rows, self.last.rows)


def clean_pieces(
    source: Sequence[Path],
    recipe: Recipe,
    out: Path,
    *,
    mapper: Mapper,
    progress: Progress | None = None,
) -> CleanReport:
    """Run the steps of a recipe over pieces on a disk that workers share, and write what is left.

    Parameters
    ----------
    source : sequence of Path
        Arrow files of whole users with `ITEM_CODE`, in order, as `piece_to_disk` writes them.
    recipe : Recipe
        The steps, as in `clean`.
    out : Path
        An empty folder for Parquet files in the same order; read one after the other they are
        what `clean_file` writes.
    mapper : callable
        Like `map`: calls a function that can be pickled for each of some files, in any process.
    progress : callable, optional
        As in `clean`.

    Examples
    --------
    >>> from strec.schema import example
    >>> folder = Path(tempfile.mkdtemp())
    >>> piece = piece_to_disk(example(), example()[ITEM].unique(), folder / "0.arrow")
    >>> clean_pieces([piece], Recipe.default(), folder, mapper=map).rows_after
    4
    """
    first = Count()
    for each in mapper(_count, source):
        first.take(each)
    run = _Run(source, first, recipe, progress or silent, mapper=mapper)
    for number, written in enumerate(run.finished(partial(_to_parquet, out))):
        written.rename(out / f"{number:06d}.parquet")
    # Of workers that went away before they had said what they wrote.
    for left in out.glob("*.part"):
        left.unlink()
    return run.report()


def piece_to_disk(piece: pl.DataFrame, items: pl.Series, path: Path) -> Path:
    """Write a piece with numbers of its items, in an order that its rows' order does not change.

    Parameters
    ----------
    piece : polars.DataFrame
        Canonical check-ins of whole users.
    items : polars.Series
        Ids of all items, by their numbers.
    path : Path
        The Arrow file; it appears when it is whole.
    """
    ordered = validate(piece).sort(_order(piece.columns))
    part = path.with_suffix(".part")
    with_item_codes(ordered, items).write_ipc(part, compression="lz4")
    os.replace(part, path)
    return path


def _rows(path: Path) -> int:
    return pl.scan_ipc(path).select(pl.len()).collect().item()


def _count(source: Source) -> Count:
    count = Count()
    count.add(read(source))
    return count


def _to_parquet(folder: Path, piece: pl.DataFrame) -> Path:
    left, path = piece.drop(ITEM_CODE), folder / f"{uuid.uuid4().hex}.part"
    left.sort(_order(left.columns)).write_parquet(path, compression="snappy")
    return path


def _of_file(path: Path, recipe: Recipe) -> tuple[pl.DataFrame | None, StepResult | None]:
    """Read a small file; of a raw track make stays, where the recipe wants them."""
    with told(path.name):
        lazy = pl.scan_parquet(path)
        missing = set(REQUIRED) - set(lazy.collect_schema().names())
        n = lazy.select(pl.len()).collect().item()
    step = next((each for each in recipe.steps if isinstance(each, Stays) and each.enabled), None)
    if missing or step is None or not step.concerns(path):
        return (pl.read_parquet(path) if missing or n <= IN_MEMORY else None), None
    outcome = step.made_of(path)
    before = lazy.select(pl.col(USER).n_unique(), pl.col(ITEM).n_unique())
    users, items = before.collect(engine="streaming").row(0)
    after = Count()
    after.add(coded(outcome.checkins.sort(USER)))
    counts = (n, after.rows, users, after.users, items, after.items)
    nothing = outcome.checkins.clear()
    return outcome.checkins, StepResult(
        step.name, step.title, True, *counts, 0, outcome.remade, nothing, True
    )


def _in_memory(checkins: pl.DataFrame) -> tuple[list[pl.DataFrame], Count]:
    """Return a table as one piece."""
    table = validate(checkins)
    table = table.drop(name for name in DERIVED if name in table.columns)
    piece, count = coded(table.sort(_order(table.columns)).rechunk()), Count()
    count.add(piece)
    return [piece], count


def _tally(step: Step, before: Count, is_anonymous: bool) -> Tally:
    notes = (_NOBODY,) if step.enabled and step.of_people and is_anonymous else ()
    return Tally(step, None, notes, step.enabled and not notes, before)


def _on_disk(
    path: Path, folder: Path, recipe: Recipe
) -> tuple[list[Path], Count, pl.Series, tuple[Tally, ...]]:
    """Sort a file and put its pieces on disk, after the first steps that need know nothing more.

    Returns the pieces, what was counted before any step, ids of items by their numbers, and what
    the steps did.
    """
    n_bytes, free = path.stat().st_size, shutil.disk_usage(folder).free
    if free < ROOM * n_bytes:
        raise LimitError(
            f"About {size_text(ROOM * n_bytes)} of room on the disk are needed to sort and clean "
            f"{path.name}.",
            f"{size_text(free)} are free.",
            "Make room, or write to a larger disk.",
        )
    files, count = [], Count()
    steps: list[Tally] = []
    with pieces_of(path, folder) as (pieces, ids, is_anonymous):
        for step in takewhile(lambda step: type(step)._look is Step._look, recipe.steps):
            steps.append(_tally(step, steps[-1].after if steps else count, is_anonymous))
        for piece in pieces:
            validate(piece)
            keys = [USER, TIME, ITEM]
            ties = piece.select(pl.all_horizontal(pl.col(keys) == pl.col(keys).shift()).any())
            if ties.item():
                piece = piece.sort(_order(piece.columns))
            own = Count()
            own.add(piece)
            count.take(own)
            files.append(folder / f"{len(files)}.arrow")
            # Packing them takes longer than all steps.
            write = partial(pl.DataFrame.write_ipc, file=files[-1])
            for tally, counted in zip(steps, through(steps, write, piece, own)[1], strict=True):
                tally.add(counted)
    return files, count, ids, tuple(steps)


def _order(columns: list[str]) -> list[str]:
    """User, time and item first, then all others: the result cannot depend on the input's order."""
    return [USER, TIME, ITEM, *(name for name in columns if name not in (USER, TIME, ITEM))]
