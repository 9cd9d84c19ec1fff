"""From opened tables to one: the known format, its companions, and what is left over."""

from dataclasses import dataclass, field, replace

import polars as pl

from strec.errors import ReadError
from strec.io.columns import guess_mapping
from strec.io.formats import KNOWN, Companion, Format
from strec.io.join import find_key, joined
from strec.io.json_lines import ROW, UNREADABLE
from strec.io.mapping import Mapping, Question
from strec.io.tables import FILE, SURPLUS, Table, renamed
from strec.io.time_parts import with_whole_times

#: An apostrophe that `write` put before what a spreadsheet would run as a formula.
GUARD = r"^'('*[=+\-@\t\r])"


@dataclass
class Recognised:
    """One table of raw columns with its companions joined, and what it was taken for."""

    table: Table
    format: Format | None
    mapping: Mapping
    confidence: dict[str, float]
    notes: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The format's key, or ``table``, ``geojson``, ``geopackage``."""
        if self.format:
            return self.format.key
        return self.table.kind if self.table.kind in ("geojson", "geopackage") else "table"

    @property
    def title(self) -> str:
        """The format in words."""
        if self.format:
            return self.format.title
        names = {"geojson": "GeoJSON points", "geopackage": "GeoPackage points"}
        return f"{names.get(self.key, 'A table')} whose columns were guessed"

    @property
    def cite(self) -> str:
        """How to cite the source, where it is known."""
        return self.format.cite if self.format else ""

    @property
    def questions(self) -> list[Question]:
        """What this format leaves to the person, with a default."""
        return list(self.format.questions) if self.format else []


def recognise(tables: list[Table], given: Mapping | None = None) -> Recognised:
    """Find the check-ins among tables given together, and join what adds to them.

    What is given of the mapping stands; the rest is guessed around it.

    Raises
    ------
    ReadError
        If only a companion file was given, a file that the format needs is missing, or two files
        do not belong together.
    """
    if given is not None:
        given.check_columns(tables[0].columns)
    for known in KNOWN:
        mains = [table for table in tables if known.signature.fits(table)]
        if mains:
            found = _known(known, mains, [each for each in tables if each not in mains])
            return replace(found, mapping=found.mapping.under(given)) if given else found
    _refuse_companion_alone(tables)
    return _unknown(tables, given)


def _known(known: Format, mains: list[Table], others: list[Table]) -> Recognised:
    if known.signature.names:
        mains = [renamed(table, known.signature.names) for table in mains]
    if known.key == "strec":
        mains = [_unguarded(table) for table in mains]
    main, notes = _stacked(mains)
    notes += known.notes
    mapping = _present(known.mapping, main)
    for companion in known.companions:
        fitting = [table for table in others if companion.signature.fits(table)]
        if known.needs:
            _refuse_other_than_one(known, companion, mains, fitting)
        if fitting:
            others = [table for table in others if table not in fitting]
            main, mapping, said = _with_companion(main, mapping, companion, fitting)
            notes += said
    confidence = dict.fromkeys(mapping.columns(), 1.0)
    return Recognised(main, known, mapping, confidence, notes + _left_out(others))


def _unknown(tables: list[Table], given: Mapping | None) -> Recognised:
    """Guess the columns of tables in no known format; a second table may describe the items."""
    alike: dict[tuple[str, ...], list[Table]] = {}
    for table in tables:
        alike.setdefault(tuple(table.columns), []).append(table)
    groups = [_stacked(group) for group in alike.values()]

    def rank(group: tuple[Table, list[str]]) -> tuple[bool, int]:
        return guess_mapping(group[0].sample)[0].timestamp is not None, group[0].n_rows_estimate

    main, notes = max(groups, key=rank) if len(groups) > 1 else groups[0]
    others = [table for table, _ in groups if table is not main]
    for other in list(others):
        key = find_key(main, other) if len(alike) > 1 else None
        if key:
            adds = {name: name for name in other.columns if name != key[1]}
            main, _, share = joined(main, other, key, adds)
            others.remove(other)
            notes.append(
                f"Joined {other.name} by {key[0]}: {share:.0%} of the rows looked at are in it."
            )
    mapping, confidence = guess_mapping(main.sample, given)
    said: list[str] = []
    if given is None or given.timestamp is None:
        main, mapping, said = with_whole_times(main, mapping)
    return Recognised(main, None, mapping, confidence, [*notes, *said, *_left_out(others)])


def _present(mapping: Mapping, table: Table) -> Mapping:
    """Return the mapping without the columns that this table does not have."""
    absent = {name for name, column in mapping.columns().items() if column not in table.columns}
    return mapping.replace(**dict.fromkeys(absent))


def _with_companion(
    main: Table, mapping: Mapping, companion: Companion, fitting: list[Table]
) -> tuple[Table, Mapping, list[str]]:
    """Join a companion file; its columns get the fields that the check-ins lack."""
    if companion.signature.names:
        fitting = [renamed(table, companion.signature.names) for table in fitting]
    other, notes = _stacked(fitting)
    adds = {
        name: column
        for name, column in companion.adds.items()
        if not getattr(mapping, name) and column in other.columns
    }
    if not adds:
        return main, mapping, [*notes, f"{other.name} adds nothing that the check-ins lack."]
    main, labels, share = joined(main, other, companion.key, dict.fromkeys(adds.values()))
    if share == 0:
        raise ReadError(
            f"The {companion.title} must belong to the check-ins.",
            f"no {companion.key[0]} of {main.name} is in {other.name}.",
            "Give the two files of the same city or release.",
        )
    note = f"Joined {other.name}: {companion.title}"
    note += f"; {1 - share:.1%} of the rows looked at are not in it." if share < 1 else "."
    changed = mapping.replace(**{name: labels[column] for name, column in adds.items()})
    return main, changed, [*notes, note, *filter(None, [companion.note])]


def _stacked(tables: list[Table]) -> tuple[Table, list[str]]:
    """Put tables with the same columns one below the other; each row keeps its file's name."""
    first = tables[0]
    notes = list(dict.fromkeys(note for table in tables for note in table.notes))
    if len(tables) == 1:
        return first, notes
    extra = [
        name
        for name in (SURPLUS, UNREADABLE)
        if any(name in table.lazy.collect_schema() for table in tables)
    ]
    pieces = []
    for table in tables:
        absent = [name for name in extra if name not in table.lazy.collect_schema()]
        lazy = table.lazy.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
        lazy = lazy.with_columns(pl.lit(table.name).alias(FILE))
        pieces.append(lazy.select(ROW, FILE, *first.columns, *extra))
    stacked = replace(
        first,
        lazy=pl.concat(pieces, how="vertical_relaxed"),
        name=", ".join(table.name for table in tables),
        n_rows_estimate=sum(table.n_rows_estimate for table in tables),
        sample=pl.concat([table.sample for table in tables], how="vertical_relaxed"),
    )
    return stacked, [*notes, f"{len(tables)} files with the same columns were put together."]


def _unguarded(table: Table) -> Table:
    """Take off the apostrophes that `write` put before formulas in CSV."""
    if table.kind != "csv":
        return table
    bare = [pl.col(name).str.replace(GUARD, "${1}") for name in table.columns]
    return replace(
        table, lazy=table.lazy.with_columns(bare), sample=table.sample.with_columns(bare)
    )


def _left_out(tables: list[Table]) -> list[str]:
    return [f"{table.name} was left out: its columns do not fit the rest." for table in tables]


def _refuse_other_than_one(
    known: Format, companion: Companion, mains: list[Table], fitting: list[Table]
) -> None:
    if len(mains) == 1 and len(fitting) == 1:
        return
    found = "no such file" if not fitting else f"{len(mains)} and {len(fitting)} files"
    raise ReadError(
        f"{known.title}: {', '.join(table.name for table in mains)} needs {known.needs}.",
        f"{found}.",
        f"Give exactly one file of visits together with its {companion.title}; ids repeat "
        "between files, so read one pair at a time.",
    )


def _refuse_companion_alone(tables: list[Table]) -> None:
    for known in KNOWN:
        for companion in known.companions:
            for table in tables:
                if len(tables) == 1 and companion.signature.fits(table):
                    raise ReadError(
                        f"{known.title}: the file with the check-ins themselves is needed.",
                        f"only {table.name}, the {companion.title}.",
                        f"Give it together with the file that has "
                        f"{', '.join(known.mapping.columns().values())}.",
                    )
