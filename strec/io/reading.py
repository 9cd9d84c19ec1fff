"""Read files, or a table in memory, as check-ins, with a reason per rejected row."""

import os
import shlex
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from strec import schema
from strec.errors import MappingError, ReadError, as_path, check_is
from strec.io.convert import Converted, convert
from strec.io.files import Opened, Paths
from strec.io.infer_mapping import infer_mapping
from strec.io.inspection import called, opened_tables
from strec.io.limits import Interrupted, Limits, is_disk_full, told
from strec.io.mapping import Mapping, Question
from strec.io.recognise import Recognised, recognise
from strec.io.returns import ask_late_returns, is_exception
from strec.io.tables import Table, damaged, repaired, table_of
from strec.io.times import DAY_FIRST, MONTH_FIRST
from strec.progress import Progress, silent

#: Raw text converted at a time; bounds the memory that a large file takes.
BATCH_BYTES = 24 * 2**20
BATCH_ROWS = (5_000, 250_000)
#: What polars raises on a damaged file, or on one that shrinks while it is read.
BROKEN = (pl.exceptions.PolarsError, OSError)
#: Columns of which a dictionary would be as large.
_RARELY_REPEAT = (schema.TIME, schema.END_TIME, schema.VALUE, schema.TEXT)
#: Rejected rows that a report keeps to be looked at; all are counted.
KEPT_REJECTED = 100_000
NOTICES = {
    "skipped": "Local times that do not exist, as the clock was set forward: {}. They are read "
    "with the offset before the change.",
    "double": "Local times that happened twice, as the clock was set back: {}. The order of the "
    "rows tells which is meant; where it does not, the first is taken.",
    "half_places": "Check-ins with only one of latitude and longitude: {}. They count as "
    "without a place.",
    "repaired_coordinates": "Coordinates written with decimal commas or degree signs: {}.",
    "no_offset": "Check-ins without a readable UTC offset: {}. The time zone gives it.",
    "no_stated": "Times without a UTC offset among times with one: {}. They are read as UTC; "
    "another zone may be set (time_is=local, time_zone=...).",
    "bad_values": "Values that are not numbers: {}. They count as missing.",
    "returns": "Rows that give back or cancel something: {}. So many are what the table is about, "
    "and count like the others (returns=aside sets them aside).",
    "surplus": "Lines with more cells than the header: {}. The surplus was left out.",
}


@dataclass(frozen=True)
class ReadResult:
    """Check-ins read, and what could not be read.

    `checkins` is a canonical table (empty after `ingest`, which writes it), `n_checkins` its
    rows; `rejected` has `row` (from 1, the header not counted), `reason` and the raw columns as
    text, `reasons` counts all of them; `n_rows` counts the rows that are not blank. `mapping` is
    complete and reads the next file of this kind in the same way; `notes` say what was noticed
    and what was assumed.

    Parameters
    ----------
    checkins : polars.DataFrame
        Canonical, sorted by user and time.
    n_checkins, n_rows : int
        Check-ins read, and rows that are not blank.
    rejected : polars.DataFrame
        Rows that could not be read: `row`, `reason`, raw columns.
    reasons : dict of str to int
        How many rows were rejected, per reason.
    mapping : Mapping
        What was read with.
    questions : list of Question
        What was assumed where the files do not say, also what showed only while they were read.
    format, title, cite : str
        Key of the format, its name in words, how to cite it.
    notes : list of str
        Plain sentences.
    """

    checkins: pl.DataFrame
    n_checkins: int
    rejected: pl.DataFrame
    reasons: dict[str, int]
    mapping: Mapping
    questions: list[Question]
    format: str
    title: str
    cite: str
    notes: list[str]
    n_rows: int


def read(
    paths: Paths,
    mapping: Mapping | None = None,
    *,
    time_zone: str | None = None,
    day_first: bool | None = None,
    names: Sequence[str] | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> ReadResult:
    """Read files as check-ins, in memory.

    Parameters
    ----------
    paths : path or sequence of paths
        Files that belong together, in any order.
    mapping : Mapping, optional
        Which column is what; recognised or guessed without it.
    time_zone : str, optional
        IANA zone of local times, or ``place``.
    day_first : bool, optional
        Whether 03/04 is the 3rd of April; of no matter to dates that are not written so.
    names : sequence of str, optional
        How to call the files in messages.
    limits : Limits, optional
        Safety limits.
    progress : callable, optional
        Called with a text and the share done, 0 to 1; an exception that it raises stops reading.

    Returns
    -------
    ReadResult
        Check-ins in the order of the files.

    Raises
    ------
    MappingError
        If something must be known that the files do not say (see `Inspection.questions`).
    ReadError, LimitError
        If the files are no tables or too large, or no row is a check-in.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "visits.csv"
    >>> _ = path.write_text("customer;shop;visited_at\\n007;bakery;2024-05-01T08:00:00Z\\n")
    >>> result = read(path, time_zone="Europe/Berlin")
    >>> result.checkins["user_id"].to_list(), result.checkins["utc_offset_min"].to_list()
    (['007'], [120])
    """
    wishes = _Wishes(mapping, time_zone, day_first)
    with (
        _told(called(paths, names)),
        opened_tables(paths, names, limits, None, mapping) as (opened, tables),
    ):
        return _result(_best_pass(tables, opened, wishes, _rising(progress), None), opened)


def read_frame(
    frame: pl.DataFrame,
    mapping: Mapping | None = None,
    *,
    time_zone: str | None = None,
    day_first: bool | None = None,
    progress: Progress | None = None,
) -> ReadResult:
    """Read a table in memory as check-ins, as if it were a file.

    Parameters
    ----------
    frame : polars.DataFrame
        One row per event, shape ``(n, n_columns)``.
    mapping : Mapping, optional
        What is known of the columns; what it leaves open is recognised or guessed.
    time_zone, day_first, progress
        As in `read`.

    Returns
    -------
    ReadResult
        Check-ins in the order of the rows.

    Raises
    ------
    MappingError
        If something must be known that the table does not say.
    ReadError
        If the table is empty, or no row is a check-in.

    Examples
    --------
    >>> from datetime import datetime
    >>> frame = pl.DataFrame({"customer": [7], "shop": ["bakery"], "stop": ["12 b"],
    ...                       "visited_at": [datetime(2024, 5, 1, 8)]})
    >>> read_frame(frame, Mapping(item_id="stop"), time_zone="UTC").mapping.columns()
    {'user_id': 'customer', 'item_id': 'stop', 'timestamp': 'visited_at'}
    """
    check_is(frame, pl.DataFrame, "A polars frame is read.", ReadError)
    table, opened = table_of(frame), Opened(limits=Limits())
    wishes = _Wishes(mapping, time_zone, day_first, is_partial=True)
    with _told("the table"):
        return _result(_best_pass([table], opened, wishes, _rising(progress), None), opened)


def ingest(
    paths: Paths,
    out_parquet: str | Path,
    mapping: Mapping | None = None,
    *,
    time_zone: str | None = None,
    day_first: bool | None = None,
    names: Sequence[str] | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> ReadResult:
    """Read files as check-ins into a Parquet file, batch by batch, for files beyond memory.

    The file has the canonical columns, in the order of the rows read; it appears, or replaces an
    older one, only when all went well.

    Parameters
    ----------
    out_parquet : path
        The file to write; its folder exists.
    paths, mapping, time_zone, day_first, names, limits, progress
        As in `read`.

    Returns
    -------
    ReadResult
        As from `read`, with an empty `checkins`.

    Raises
    ------
    MappingError, ReadError, LimitError
        As from `read`.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "in.csv").write_text("who,what,when\\nann,cafe,2024-05-01T08:00:00Z\\n")
    >>> ingest(folder / "in.csv", folder / "out.parquet", time_zone="UTC").n_checkins
    1
    """
    out = as_path(out_parquet)
    if not out.parent.is_dir():
        raise ReadError(
            "The folder to write to must exist.", f"there is no {out.parent}.", "Make it first."
        )
    wishes = _Wishes(mapping, time_zone, day_first)
    # Beside the result, so that putting it in place is one atomic step.
    with (
        _told(called(paths, names)),
        tempfile.TemporaryDirectory(prefix=".strec-", dir=out.parent) as folder,
        opened_tables(paths, names, limits, None, mapping) as (opened, tables),
    ):
        done = _best_pass(tables, opened, wishes, _rising(progress), Path(folder))
        result = _result(done, opened)
        if done.path is not None:
            os.replace(done.path, out)
    return result


@dataclass(frozen=True)
class _Wishes:
    """What the caller has said about the columns: all of it, or some of it (`is_partial`)."""

    mapping: Mapping | None
    time_zone: str | None
    day_first: bool | None
    is_partial: bool = False

    def __post_init__(self):
        if self.mapping is not None:
            check_is(self.mapping, Mapping, "Columns are named by a Mapping.", MappingError)

    def over(self, guess: Mapping) -> Mapping:
        """Return the mapping to complete: the guess, or what the caller gave instead."""
        mapping = guess
        if self.mapping is not None and not self.is_partial:
            # One that names no column leaves them to be guessed.
            is_whole = self.mapping.columns()
            mapping = self.mapping if is_whole else guess.under(self.mapping)
        if self.time_zone is not None:
            mapping = mapping.replace(time_zone=self.time_zone)
        if self.day_first is not None and mapping.time_format in (DAY_FIRST, MONTH_FIRST):
            mapping = mapping.replace(time_format=DAY_FIRST if self.day_first else MONTH_FIRST)
        return mapping


@dataclass
class _Pass:
    """One pass over the tables: what it has read, and what it has counted.

    The check-ins are in `pieces`, or in the Parquet file at `path`.
    """

    tables: list[Table]
    found: Recognised
    path: Path | None
    pieces: list[pl.DataFrame] = field(default_factory=list)
    n_rows: int = 0
    n_checkins: int = 0
    n_line_breaks: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    noticed: Counter[str] = field(default_factory=Counter)
    rejected: list[pl.DataFrame] = field(default_factory=list)

    def count(self, done: Converted) -> None:
        """Add a batch to the counts, and keep some of its rejected rows."""
        self.n_checkins += len(done.checkins)
        self.n_rows += len(done.checkins) + len(done.rejected)
        self.reasons.update(done.rejected["reason"])
        self.noticed.update(done.noticed)
        room = KEPT_REJECTED - sum(len(piece) for piece in self.rejected)
        self.rejected.append(done.rejected.head(max(room, 0)))


def _result(done: _Pass, opened: Opened) -> ReadResult:
    opened.check_unchanged()
    if not done.n_checkins:
        _refuse_nothing(done)
    counted = [NOTICES[name].format(f"{n:,}") for name, n in done.noticed.items() if n]
    nothing = pl.DataFrame(schema=schema.REQUIRED)
    return ReadResult(
        checkins=pl.concat(done.pieces) if done.pieces else nothing,
        n_checkins=done.n_checkins,
        rejected=pl.concat(done.rejected),
        reasons=dict(done.reasons.most_common()),
        mapping=done.found.mapping,
        questions=done.found.questions,
        format=done.found.key,
        title=done.found.title,
        cite=done.found.cite,
        notes=[*opened.notes, *done.found.notes, *assumed(done.found.questions), *counted],
        n_rows=done.n_rows,
    )


def assumed(questions: Sequence[Question], given: Iterable[str] = ()) -> list[str]:
    """Return in words what was taken where files do not say it, and nobody did.

    Parameters
    ----------
    questions : sequence of Question
        Of an `Inspection` or a `ReadResult`.
    given : iterable of str
        Entries of the mapping that somebody has given.

    Examples
    --------
    >>> from strec.io.mapping import Option
    >>> utc = Option("UTC", changes={"time_zone": "UTC"})
    >>> asked = Question("time_zone", "Whose clock is it?", (utc,), default=0)
    >>> assumed([asked]), assumed([asked], ["time_zone"])
    (['Whose clock is it? Taken: UTC.'], [])
    """
    taken = [(each, each.options[each.default]) for each in questions if each.default is not None]
    return [
        f"{question.text} Taken: {option.label}."
        for question, option in taken
        if not {question.key, *option.changes} & set(given)
    ]


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Let no library's error out as it is, but what the caller's own progress raised."""
    try:
        with told(what):
            yield
    except Interrupted as stop:
        raise stop.__cause__ or stop from None


def _rising(progress: Progress | None) -> Progress:
    """Return a reporter whose share never falls, also when a file is read a second time."""
    tell, highest = progress or silent, 0.0

    def report(text: str, share: float) -> None:
        nonlocal highest
        highest = max(highest, share)
        try:
            tell(text, highest)
        except BaseException as problem:
            raise Interrupted from problem

    return report


def _best_pass(
    tables: list[Table], opened: Opened, wishes: _Wishes, report: Progress, folder: Path | None
) -> _Pass:
    """Read; where quotation marks or lines are damaged, mend them and read again.

    An unpaired quotation mark either stops the parser or silently swallows the lines up to the
    next one. The second shows as cells with line breaks, which honest texts have too: so both
    ways are read, and the one with more check-ins counts.
    """
    report("Looking at the file", 0.0)
    passes: list[_Pass] = []
    problem: Exception | None = None
    try:
        passes.append(_pass(tables, opened, wishes, report, folder))
    except BROKEN as error:
        if is_disk_full(error):
            raise
        opened.check_unchanged()
        problem = error
    if problem is not None or passes[0].n_line_breaks:
        mended = [repaired(table, opened) for table in tables]
        if any(mended):
            chosen = [new or old for new, old in zip(mended, tables, strict=True)]
            try:
                passes.append(_pass(chosen, opened, wishes, report, folder))
            except BROKEN as error:
                if is_disk_full(error):
                    raise
                problem = problem or error
            except ReadError:
                # Honest line breaks may not survive mending; then the first way was right.
                if not passes:
                    raise
    if not passes:
        raise damaged(", ".join(table.name for table in tables), problem) from problem
    best = max(passes, key=lambda done: done.n_checkins)
    if is_exception(n := best.noticed["returns"], best.n_checkins):
        # They first show after the rows looked at: asked of early ones, they are set aside.
        found = best.found
        known = replace(wishes, mapping=found.mapping.replace(returns="aside"), is_partial=False)
        n_all = best.n_checkins
        best = _pass(best.tables, opened, known, report, folder)
        best.found = replace(found, mapping=best.found.mapping)
        ask_late_returns(best.found, n, n_all)
    report(f"{best.n_checkins:,} check-ins", 1.0)
    return best


def _pass(
    tables: list[Table], opened: Opened, wishes: _Wishes, report: Progress, folder: Path | None
) -> _Pass:
    given = wishes.mapping
    found = recognise(tables, given if wishes.is_partial else None, given.table if given else None)
    found = infer_mapping(found, wishes.over(found.mapping), wishes.day_first)
    _refuse_open_questions(found.questions)
    table = found.table
    path = folder / f"{len(list(folder.iterdir()))}.parquet" if folder else None
    done = _Pass(tables, found, path)
    with _parquet(path) if path else nullcontext(done.pieces.append) as take:
        for raw in table.lazy.collect_batches(chunk_size=_batch_rows(table), maintain_order=True):
            converted = convert(raw, found.mapping, table.columns)
            done.count(converted)
            done.n_line_breaks += _line_breaks(raw, table)
            opened.limits.check_rows(done.n_rows, table.name)
            if len(converted.checkins):
                take(converted.checkins)
            share = done.n_rows / max(table.n_rows_estimate, done.n_rows, 1)
            report(f"{done.n_rows:,} rows read", min(share, 0.99))
    return done


@contextmanager
def _parquet(path: Path) -> Iterator[Callable[[pl.DataFrame], None]]:
    """Give a function that writes a batch into the file, while the next one is converted."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer: pq.ParquetWriter | None = None
    last: Future | None = None

    def write(checkins: pl.DataFrame) -> None:
        nonlocal writer
        table = checkins.to_arrow(compat_level=pl.CompatLevel.oldest())
        # Moments hardly repeat, and packing what a dictionary has packed saves little.
        repeats = [name for name in table.column_names if name not in _RARELY_REPEAT]
        packing = {
            each.name: "snappy" if pa.types.is_large_string(each.type) else "none"
            for each in table.schema
        }
        # pyarrow's annotations know one way for all columns.
        packed: dict[str, Any] = {"compression": packing, "use_dictionary": repeats}
        writer = writer or pq.ParquetWriter(path, table.schema, write_statistics=False, **packed)
        writer.write_table(table)

    def take(checkins: pl.DataFrame) -> None:
        nonlocal last
        if last is not None:
            last.result()
        last = thread.submit(write, checkins)

    thread = ThreadPoolExecutor(1)
    try:
        yield take
        if last is not None:
            last.result()
    finally:
        thread.shutdown()
        if writer is not None:
            writer.close()


def _batch_rows(table: Table) -> int:
    per_row = table.sample.estimated_size() / max(len(table.sample), 1) + 1
    return int(min(max(BATCH_BYTES / per_row, BATCH_ROWS[0]), BATCH_ROWS[1]))


def _line_breaks(raw: pl.DataFrame, table: Table) -> int:
    """Count the cells of a CSV with line breaks; none without quotation marks."""
    if table.kind != "csv":
        return 0
    text = [pl.col(name).str.contains("\n", literal=True).sum() for name in table.columns]
    return raw.select(pl.sum_horizontal(text)).item() or 0


def _refuse_open_questions(questions: list[Question]) -> None:
    for question in questions:
        if question.must_be_answered and not question.options:
            raise MappingError(
                question.text,
                "no column that could.",
                "Add a column, the same word in each row if need be (what was chosen, bought or "
                "visited), or name one in the mapping: item_id=….",
            )
        if question.must_be_answered:
            answers = "; ".join(
                f"{', '.join(f'{k}={v!r}' for k, v in option.changes.items())} ({option.label})"
                for option in question.options[:6]
            )
            hint = (
                " (read: day_first=True or False; strec clean: --day-first or --month-first)"
                if question.key == "time_format" and "first" in question.options[0].label
                else f" (strec clean: --map {shlex.quote(question.options[0].entries)})"
            )
            raise MappingError(
                question.text, "the file does not say.", f"Set in the mapping{hint}: {answers}."
            )


def _refuse_nothing(done: _Pass) -> None:
    counts = ", ".join(f"{n:,} × {reason}" for reason, n in done.reasons.items()) or "no rows"
    raise ReadError(
        "At least one row must be a check-in: a user, an item and a time.",
        f"none of {done.n_rows:,} rows of {done.found.table.name} is ({counts}).",
        "Check which column is mapped to what, and how the time is written.",
    )
