"""Look at files, read them as check-ins, and write check-ins."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from strec import schema
from strec.errors import MappingError, ReadError
from strec.io.convert import convert
from strec.io.files import Opened, open_files
from strec.io.limits import Limits
from strec.io.mapping import Mapping, Question
from strec.io.recognise import Recognised, recognise
from strec.io.settle import settle
from strec.io.tables import Table, open_table, repaired

Paths = str | Path | Sequence[str | Path]
Progress = Callable[[float, str], None]

PREVIEW_ROWS = 50
#: Rows converted at a time: bounds the memory of a large file.
BATCH_ROWS = 1_000_000
#: Rejected rows that a report keeps to be looked at.
KEPT_REJECTED = 100_000
LOOK_BYTES = 8 * 2**20


@dataclass(frozen=True)
class Inspection:
    """What a look at files has found, before anything is read as check-ins.

    `mapping` is the guess with every setting that could be decided; `confidence` rates it per
    field from 0 to 1; `questions` are what the files do not say; `preview` shows the first rows
    as text; `files` has facts per file (encoding, delimiter, compression, size, rows).
    """

    format: str
    title: str
    cite: str
    files: list[dict]
    columns: list[str]
    preview: pl.DataFrame
    mapping: Mapping
    confidence: dict[str, float]
    questions: list[Question]
    notes: list[str]


@dataclass(frozen=True)
class ReadResult:
    """Check-ins read from files, and what could not be read.

    `checkins` is a canonical table; `rejected` has `row` (from 1), `reason` and the raw columns;
    `reasons` counts them. `mapping` reads the next file of this kind in the same way.
    """

    checkins: pl.DataFrame
    rejected: pl.DataFrame
    reasons: dict[str, int]
    mapping: Mapping
    format: str
    title: str
    cite: str
    notes: list[str]
    n_rows: int


@dataclass
class _Tally:
    """What accumulates over the batches of one reading."""

    n_rows: int = 0
    n_checkins: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    noticed: dict[str, int] = field(default_factory=dict)
    rejected: list[pl.DataFrame] = field(default_factory=list)


def inspect(
    paths: Paths, *, names: Sequence[str] | None = None, limits: Limits | None = None
) -> Inspection:
    """Look at the beginning of files: format, columns, guessed mapping, open questions.

    Parameters
    ----------
    paths : path or sequence of paths
        Files that belong together, in any order: check-ins, and what adds to them.
    names : sequence of str, optional
        How to call the files in messages, where paths are temporary.
    limits : Limits, optional
        Safety limits.

    Raises
    ------
    ReadError, LimitError, MappingError
        If the files are no tables, too large, or cannot be check-ins.
    """
    with _opened(paths, names, limits, LOOK_BYTES) as (opened, tables):
        found = recognise(tables)
        mapping, questions, notes = settle(found.table, found.mapping)
        opened.check_unchanged()
        return Inspection(
            format=found.key,
            title=found.title,
            cite=found.cite,
            files=[table.facts for table in tables],
            columns=list(found.table.columns),
            preview=found.table.sample.head(PREVIEW_ROWS).select(pl.all().cast(pl.String)),
            mapping=mapping,
            confidence=found.confidence,
            questions=questions,
            notes=[*found.notes, *notes],
        )


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
        Whether 03/04 is the 3rd of April.
    names, limits, progress
        As in `inspect`; `progress` is called with the share done, 0 to 1, and a text.

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
    pieces: list[pl.DataFrame] = []
    found, mapping, notes, tally = _run(
        paths, mapping, time_zone, day_first, names, limits, progress, pieces.append
    )
    checkins = pl.concat(pieces) if pieces else pl.DataFrame()
    return _result(found, mapping, notes, tally, checkins)


def ingest(
    paths: Paths,
    out: str | Path,
    mapping: Mapping | None = None,
    *,
    time_zone: str | None = None,
    day_first: bool | None = None,
    names: Sequence[str] | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> ReadResult:
    """Read files as check-ins into a Parquet file, batch by batch, for files beyond memory.

    The file appears only when all went well. `ReadResult.checkins` is empty; the rest is as in
    `read`.
    """
    import pyarrow.parquet as pq

    out = Path(out)
    partial = out.with_name(out.name + ".partial")
    writer: pq.ParquetWriter | None = None

    def write_batch(checkins: pl.DataFrame) -> None:
        nonlocal writer
        table = checkins.to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(partial, table.schema, compression="zstd")
        writer.write_table(table)

    try:
        found, mapping, notes, tally = _run(
            paths, mapping, time_zone, day_first, names, limits, progress, write_batch
        )
        if writer is not None:
            writer.close()
        result = _result(found, mapping, notes, tally, pl.DataFrame())
        os.replace(partial, out)
    finally:
        if writer is not None:
            writer.close()
        partial.unlink(missing_ok=True)
    return result


def _run(paths, mapping, time_zone, day_first, names, limits, progress, take):
    """Open, recognise, settle, then convert batch by batch; each batch goes to `take`."""
    report = progress or (lambda share, text: None)
    report(0.0, "Looking at the file")
    with _opened(paths, names, limits, None) as (opened, tables):
        found = recognise(tables)
        chosen = _answered(mapping or found.mapping, time_zone, day_first)
        mapping, questions, notes = settle(found.table, chosen)
        _refuse_open_questions(questions)
        notes = [*found.notes, *notes, *_defaults(questions)]
        tally = _Tally()
        for raw in _batches(found.table, opened, notes):
            checkins, rejected, noticed = convert(raw, mapping, found.table.columns)
            _count(tally, raw, checkins, rejected, noticed)
            opened.limits.check_rows(tally.n_rows, found.table.name)
            if len(checkins):
                take(checkins)
            done = tally.n_rows / max(found.table.n_rows_estimate, tally.n_rows, 1)
            report(min(done, 0.99), f"{tally.n_rows:,} rows read")
        opened.check_unchanged()
    if not tally.n_checkins:
        _refuse_nothing(found, tally)
    report(1.0, f"{tally.n_checkins:,} check-ins")
    return found, mapping, [*notes, *_notices(tally)], tally


@contextmanager
def _opened(
    paths: Paths, names: Sequence[str] | None, limits: Limits | None, head_bytes: int | None
) -> Iterator[tuple[Opened, list[Table]]]:
    with open_files(paths, names, limits, head_bytes) as opened:
        tables = [open_table(raw, opened, whole=head_bytes is None) for raw in opened.files]
        if not tables or all(table.sample.is_empty() for table in tables):
            raise ReadError(
                "A file with at least one row of data is needed.",
                f"{', '.join(table.name for table in tables) or 'the file'} has a header and "
                "no rows.",
                "Export the file again, with its rows.",
            )
        yield opened, tables


def _batches(table: Table, opened: Opened, notes: list[str]) -> Iterator[pl.DataFrame]:
    """Yield the rows of a table; a file that a parser stumbles over is repaired once."""
    try:
        yield from table.lazy.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True)
        return
    except pl.exceptions.PolarsError as problem:
        first_problem = problem
    mended = repaired(table, opened)
    if mended is None:
        raise _damaged(table, first_problem)
    notes += [note for note in mended.notes if note not in table.notes]
    try:
        yield from mended.lazy.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True)
    except pl.exceptions.PolarsError as problem:
        raise _damaged(table, problem) from problem


def _damaged(table: Table, problem: Exception) -> ReadError:
    return ReadError(
        "A table that can be read to its end is needed.",
        f"{table.name} is damaged ({str(problem).splitlines()[0][:160]}).",
        "Export it again, as CSV with quoted texts or as Parquet.",
    )


def _answered(mapping: Mapping, time_zone: str | None, day_first: bool | None) -> Mapping:
    changes: dict = {}
    if time_zone is not None:
        changes["time_zone"] = time_zone
    if day_first is not None and mapping.time_format is None:
        changes["time_format"] = "day_first" if day_first else "month_first"
    return mapping.replace(**changes)


def _refuse_open_questions(questions: list[Question]) -> None:
    for question in questions:
        if question.must_be_answered:
            answers = "; ".join(
                f"{option.label}: {', '.join(f'{k}={v!r}' for k, v in option.changes.items())}"
                for option in question.options[:6]
            )
            raise MappingError(
                question.text, "the file does not say.", f"Set in the mapping one of: {answers}."
            )


def _defaults(questions: list[Question]) -> list[str]:
    return [
        f"{question.text} Taken: {question.options[question.default].label}."
        for question in questions
        if question.default is not None
    ]


def _count(tally: _Tally, raw, checkins, rejected, noticed) -> None:
    tally.n_rows += len(raw)
    tally.n_checkins += len(checkins)
    for reason, count in rejected["reason"].value_counts().iter_rows():
        tally.reasons[reason] = tally.reasons.get(reason, 0) + count
    for name, count in noticed.items():
        tally.noticed[name] = tally.noticed.get(name, 0) + count
    room = KEPT_REJECTED - sum(len(piece) for piece in tally.rejected)
    tally.rejected.append(rejected.head(max(room, 0)))


def _notices(tally: _Tally) -> list[str]:
    words = {
        "skipped": "{} local times do not exist, as the clock was set forward; they are read "
        "with the offset before the change.",
        "double": "{} local times happened twice, as the clock was set back; the first is taken.",
        "half_places": "{} check-ins have only one of latitude and longitude; they count as "
        "without a place.",
    }
    return [words[name].format(f"{n:,}") for name, n in tally.noticed.items() if n]


def _refuse_nothing(found: Recognised, tally: _Tally) -> None:
    counts = ", ".join(f"{n:,} × {reason}" for reason, n in tally.reasons.items()) or "no rows"
    raise ReadError(
        "At least one row must be a check-in: a user, an item and a time.",
        f"none of {tally.n_rows:,} rows of {found.table.name} is ({counts}).",
        "Check which column is mapped to what, and how the time is written.",
    )


def _result(found, mapping, notes, tally, checkins) -> ReadResult:
    rejected = pl.concat(tally.rejected) if tally.rejected else pl.DataFrame()
    return ReadResult(
        checkins=checkins,
        rejected=rejected,
        reasons=dict(sorted(tally.reasons.items(), key=lambda entry: -entry[1])),
        mapping=mapping,
        format=found.key,
        title=found.title,
        cite=found.cite,
        notes=notes,
        n_rows=tally.n_rows,
    )


def write(checkins: pl.DataFrame, path: str | Path) -> Path:
    """Write check-ins as Parquet, CSV or JSON Lines, by the ending of the name.

    In CSV, texts that a spreadsheet would run as formulas are led by an apostrophe.

    Raises
    ------
    ReadError
        If the ending is none of these.
    """
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    ending = path.suffix.lower()
    if ending == ".parquet":
        checkins.write_parquet(partial, compression="zstd")
    elif ending == ".csv":
        plain = checkins.with_columns(
            pl.col(schema.TIME).dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ")
        )
        pl.DataFrame([_no_formula(plain[name]) for name in plain.columns]).write_csv(partial)
    elif ending in (".jsonl", ".ndjson"):
        checkins.with_columns(
            pl.col(schema.TIME).dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ")
        ).write_ndjson(partial)
    else:
        raise ReadError(
            "The name of the file to write ends in .parquet, .csv or .jsonl.",
            f"{path.name!r}.",
            "Choose one of these endings.",
        )
    os.replace(partial, path)
    return path


def _no_formula(values: pl.Series) -> pl.Series:
    if values.dtype != pl.String:
        return values
    risky = values.str.contains(r"^[=+\-@\t\r]")
    return pl.select(pl.when(risky).then("'" + values).otherwise(values).alias(values.name))[
        values.name
    ]
