"""Look at files before reading them: what they are, what their columns mean, what to ask."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl

from strec import schema
from strec.errors import ReadError
from strec.io.column_facts import examples_of
from strec.io.files import Opened, Paths, open_files
from strec.io.infer_mapping import infer_mapping
from strec.io.limits import Limits, told
from strec.io.lists import unrolled
from strec.io.mapping import Mapping, Question
from strec.io.places import coordinates
from strec.io.recognise import Recognised, recognise
from strec.io.roles import Role
from strec.io.tables import Table, open_tables
from strec.io.times import WALL, parse_time
from strec.stays import DISTANCE_M, MINUTES, is_raw_track

PREVIEW_ROWS = 50
#: A look expands this much of a compressed file.
LOOK_BYTES = 4 * 2**20
#: Rows looked at to tell a track from events, and what is said of one.
TRACK_ROWS = 2_000
TRACK = (
    "This looks like a raw track: rows are fixes, a few seconds or minutes apart, and no events. "
    f"Cleaning turns them into stays: within {DISTANCE_M:g} m for {MINUTES:g} minutes (“Stays of "
    "raw tracks”; both can be changed)."
)


@dataclass(frozen=True)
class Inspection:
    """What a look at files has found, before anything is read as check-ins.

    `format` is the key of a known format or ``table``, `title` says it in words, `cite` how to
    cite it. `files` has facts per file (name, kind, compression, size, encoding, delimiter, about
    how many rows). `mapping` is the guess with every setting that could be decided, `confidence`
    rates it per field from 0 to 1; `questions` are what the files do not say, some with a default
    that is already in the mapping; `notes` say what was noticed. `preview` shows the first rows
    as text, companions joined.

    Parameters
    ----------
    format, title, cite : str
        Key of the format, its name in words, how to cite it.
    files : list of dict
        Facts per file.
    columns : list of str
        Columns of the table, companions joined.
    preview : polars.DataFrame
        The first rows, as text.
    mapping : Mapping
        The guess.
    confidence : dict of str to float
        Per field of the mapping, 0 to 1.
    roles : list of Role
        Per field what was taken, examples, how sure that is, the runner-up; doubts first.
    questions : list of Question
        What the files do not say.
    notes : list of str
        Plain sentences.
    n_rows_estimate : int
        About how many rows there are.
    is_raw_track : bool
        Whether rows are the fixes of tracks rather than events (see `strec.stays.is_raw_track`).
    made : tuple of str
        Columns that the files have not: strec put them together of others, as a date and a clock.
    """

    format: str
    title: str
    cite: str
    files: list[dict]
    columns: list[str]
    preview: pl.DataFrame
    mapping: Mapping
    confidence: dict[str, float]
    roles: list[Role]
    questions: list[Question]
    notes: list[str]
    n_rows_estimate: int
    is_raw_track: bool
    made: tuple[str, ...] = ()


def inspect(
    paths: Paths,
    *,
    names: Sequence[str] | None = None,
    mapping: Mapping | None = None,
    limits: Limits | None = None,
) -> Inspection:
    """Look at the beginning of files: format, columns, guessed mapping, open questions.

    Parameters
    ----------
    paths : path or sequence of paths
        Files that belong together, in any order: check-ins, and what adds to them.
    names : sequence of str, optional
        How to call the files in messages, where paths are temporary.
    mapping : Mapping, optional
        A mapping to examine in place of the guess, after a person changed it: the questions and
        notes are then about this one. Settings to be detected anew are None in it.
    limits : Limits, optional
        Safety limits.

    Raises
    ------
    ReadError, LimitError, MappingError
        If the files are no tables, too large, or cannot be check-ins.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "visits.csv"
    >>> _ = path.write_text("customer,shop,date\\n1,bakery,03/04/2024\\n1,bank,05/04/2024\\n")
    >>> [(question.key, question.must_be_answered) for question in inspect(path).questions]
    [('time_format', True), ('time_zone', False)]
    """
    looked = _look(paths, names, mapping, limits, LOOK_BYTES)
    asks_order = any(question.key == "time_format" for question in looked.questions)
    if asks_order and any(facts["compression"] != "none" for facts in looked.files):
        # The day above 12 that answers the question may lie beyond what was expanded.
        return _look(paths, names, mapping, limits, None)
    return looked


def _look(
    paths: Paths,
    names: Sequence[str] | None,
    mapping: Mapping | None,
    limits: Limits | None,
    head_bytes: int | None,
) -> Inspection:
    given = mapping or Mapping()
    with (
        told(called(paths, names)),
        opened_tables(paths, names, limits, head_bytes, given) as (opened, tables),
    ):
        found = recognise(tables, table=given.table)
        settled = given if given.columns() else found.mapping.under(given)
        found = infer_mapping(found, settled)
        opened.check_unchanged()
        is_new = not given.columns()
        is_track = _is_track(found)
        asked = found.format.questions if found.format and is_new else ()
        return Inspection(
            format=found.key,
            title=found.title,
            cite=found.cite,
            files=[table.facts for table in tables],
            columns=list(found.table.columns),
            preview=found.table.sample.head(PREVIEW_ROWS).select(pl.all().cast(pl.String)),
            mapping=found.mapping,
            confidence=found.confidence,
            roles=_roles(found),
            questions=[*asked, *found.questions],
            notes=[*opened.notes, *found.notes, *([TRACK] if is_track else [])],
            n_rows_estimate=found.table.n_rows_estimate,
            is_raw_track=is_track,
            made=found.table.made,
        )


def _is_track(found: Recognised) -> bool:
    """Tell from the first rows whether they are fixes of tracks, as far as they can be read."""
    mapping, sample = found.mapping, found.table.sample.head(TRACK_ROWS)
    if not (mapping.lat and mapping.timestamp and mapping.time_format) or mapping.origin_lat:
        return False
    if mapping.user_from in ("nobody", "row"):
        return False
    lat, lon, _ = coordinates(sample, mapping)
    moments = parse_time(sample[mapping.timestamp], mapping.time_format)[WALL]
    fixes = pl.DataFrame({schema.TIME: moments, schema.LAT: lat, schema.LON: lon}).with_columns(
        (sample[mapping.user_id].cast(pl.String) if mapping.user_id else pl.lit("one")).alias(
            schema.USER
        )
    )
    return is_raw_track(fixes.drop_nulls())


def _roles(found: Recognised) -> list[Role]:
    """Return what each field was taken to be, what is in doubt first."""
    taken = found.mapping.columns()
    guessed = found.guess.roles | found.guess.doubts if found.guess else {}
    roles = [role for role in (found.guess.doubts if found.guess else {}).values()]
    roles = [role for role in roles if role.field not in taken]
    for name, column in taken.items():
        role = guessed.get(name)
        if role is None or role.column != column:
            role = Role(name, column, 1.0, examples_of(found.table.sample[column]))
        roles.append(role)
    return sorted(roles, key=lambda role: role.is_sure)


def called(paths: Paths, names: Sequence[str] | None) -> str:
    """Return how to call files in a message about all of them."""
    given = list(paths) if isinstance(paths, Sequence) and not isinstance(paths, str) else [paths]
    return ", ".join(list(names or (os.path.basename(str(each)) for each in given))[:3])


@contextmanager
def opened_tables(
    paths: Paths,
    names: Sequence[str] | None,
    limits: Limits | None,
    head_bytes: int | None,
    given: Mapping | None = None,
) -> Iterator[tuple[Opened, list[Table]]]:
    """Open files as tables, of which one may hold several; archives may hold other things too.

    `given` may say which encoding texts are in.

    Raises
    ------
    ReadError
        If no file is a table, or none has a row.
    """
    with open_files(paths, names, limits, head_bytes) as opened:
        tables, problems = [], {}
        for raw in opened.files:
            try:
                whole, encoding = head_bytes is None, given.encoding if given else None
                tables += map(unrolled, open_tables(raw, opened, whole, encoding))
            except ReadError as problem:
                # A README in an archive is no reason to refuse the table beside it.
                if raw.compression != "zip" or len(opened.files) == 1:
                    raise
                problems[raw.name] = problem
        if not tables:
            raise next(iter(problems.values()))
        filled = [table for table in tables if not table.sample.is_empty()]
        without = [table.name for table in tables if table.sample.is_empty()]
        if not filled:
            raise ReadError(
                "A file with at least one row of data is needed.",
                f"{', '.join(without)}: a header and no rows.",
                "Export the file again, with its rows.",
            )
        opened.notes += [f"Passed over {name}: no table." for name in [*problems, *without]]
        yield opened, filled
