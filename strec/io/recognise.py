"""From opened tables to one: the known format, its companions, and what is left over."""

from dataclasses import dataclass, field, replace

import polars as pl

from strec.errors import ReadError
from strec.io.formats import FORMATS, Companion, Format
from strec.io.json_lines import ROW, UNREADABLE
from strec.io.mapping import Mapping, Option, Question
from strec.io.quantities import share
from strec.io.roles import guess_mapping, named, plain
from strec.io.tables import FILE, SURPLUS, Table, renamed
from strec.io.time_parts import with_whole_times

#: Kinds of table that are called by their own name, with the words for it.
GEOGRAPHIC = {"geojson": "GeoJSON points", "geopackage": "GeoPackage points"}
#: A table that describes items or users has at most this many rows.
MAX_DESCRIBED = 5_000_000
#: A key is one only when it finds at least this share of the values looked at.
MIN_FOUND = 0.8
KEY = "__key"


@dataclass
class Recognised:
    """One table of raw columns with its companions joined, and what it was taken for.

    `questions` are what the table does not say; `infer_mapping` asks them.
    """

    table: Table
    format: Format | None
    mapping: Mapping
    confidence: dict[str, float]
    notes: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    def ask(self, key: str, text: str, *options: Option, default: int | None = None) -> None:
        """Add a question; an answer taken until a person gives another is put into the mapping."""
        self.questions = [*self.questions, Question(key, text, options, default)]
        if default is not None:
            self.set(**options[default].changes)

    def set(self, **changes) -> None:
        """Change entries of the mapping."""
        self.mapping = self.mapping.replace(**changes)

    @property
    def key(self) -> str:
        """The format's key, or ``table``, ``geojson``, ``geopackage``."""
        if self.format:
            return self.format.key
        return self.table.kind if self.table.kind in GEOGRAPHIC else "table"

    @property
    def title(self) -> str:
        """The format in words."""
        if self.format:
            return self.format.label
        return f"{GEOGRAPHIC.get(self.key, 'A table')} whose columns were guessed"

    @property
    def cite(self) -> str:
        """How to cite the source, where it is known."""
        return self.format.citation if self.format else ""


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
    for known in FORMATS.values():
        mains = [table for table in tables if known.signature.fits(table)]
        if mains:
            found = _known(known, mains, [each for each in tables if each not in mains])
            return replace(found, mapping=found.mapping.under(given)) if given else found
    _refuse_companion_alone(tables)
    return _unknown(tables, given)


def _known(known: Format, mains: list[Table], others: list[Table]) -> Recognised:
    if known.signature.cells:
        mains = [renamed(table, known.signature.cells) for table in mains]
    if known.prepare:
        mains = [known.prepare(table) for table in mains]
    main, notes = _stacked(mains)
    notes += known.notes
    absent = [
        name for name, column in known.mapping.columns().items() if column not in main.columns
    ]
    mapping = known.mapping.replace(**dict.fromkeys(absent))
    used: list[Table] = []
    for companion in known.companions:
        fitting = [table for table in others if companion.signature.fits(table)]
        if known.needs and (len(mains), len(fitting)) != (1, 1):
            found = f"{len(mains)} and {len(fitting)} files" if fitting else "no such file"
            raise ReadError(
                f"{known.label}: {', '.join(table.name for table in mains)} needs {known.needs}.",
                f"{found}.",
                f"Give exactly one file of visits together with its {companion.label}; ids repeat "
                "between files, so read one pair at a time.",
            )
        if fitting:
            used += fitting
            main, mapping, said = _with_companion(main, mapping, companion, fitting)
            notes += said
    confidence = dict.fromkeys(mapping.columns(), 1.0)
    left_out = [table for table in others if table not in used]
    return Recognised(main, known, mapping, confidence, notes + _left_out(left_out))


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
        key = _find_key(main, other)
        if key:
            adds = [name for name in other.columns if name != key[1]]
            main, _, share = _joined(main, other, key, adds)
            others.remove(other)
            notes.append(
                f"Joined {other.name} by {key[0]}: {share:.0%} of the rows looked at are in it."
            )
    mapping, confidence = guess_mapping(main.sample, given)
    said: list[str] = []
    if given is None or given.timestamp is None:
        main, mapping, said = with_whole_times(main, mapping)
    return Recognised(main, None, mapping, confidence, [*notes, *said, *_left_out(others)])


def _with_companion(
    main: Table, mapping: Mapping, companion: Companion, fitting: list[Table]
) -> tuple[Table, Mapping, list[str]]:
    """Join a companion file; its columns get the fields that the check-ins lack."""
    if companion.signature.cells:
        fitting = [renamed(table, companion.signature.cells) for table in fitting]
    other, notes = _stacked(fitting)
    have = mapping.columns()
    adds = {
        name: column
        for name, column in companion.adds.items()
        if name not in have and column in other.columns
    }
    if not adds:
        return main, mapping, [*notes, f"{other.name} adds nothing that the check-ins lack."]
    main, labels, share = _joined(main, other, companion.key, list(adds.values()))
    if share == 0:
        raise ReadError(
            f"The {companion.label} must belong to the check-ins.",
            f"no {companion.key[0]} of {main.name} is in {other.name}.",
            "Give the two files of the same city or release.",
        )
    note = f"Joined {other.name}: {companion.label}"
    note += f"; {1 - share:.1%} of the rows looked at are not in it." if share < 1 else "."
    changed = mapping.replace(**{name: labels[column] for name, column in adds.items()})
    return main, changed, [*notes, note, *filter(None, [companion.note])]


def _joined(
    main: Table, other: Table, key: tuple[str, str], columns: list[str]
) -> tuple[Table, dict[str, str], float]:
    """Left-join columns of a second table, whose first row counts where a key occurs twice.

    Returns the table, what each column is now called, and the share of the sampled rows found.
    """
    left, right = key
    labels = {name: name if name not in main.columns else f"{name} (joined)" for name in columns}
    extra = (
        other.lazy.select(pl.col(right).cast(pl.String).str.strip_chars().alias(KEY), *labels)
        .drop_nulls(KEY)
        .unique(KEY, keep="first", maintain_order=True)
        .rename(labels)
        .collect()
    )
    key_of_row = pl.col(left).cast(pl.String).str.strip_chars().alias(KEY)

    def add(lazy: pl.LazyFrame) -> pl.LazyFrame:
        keyed = lazy.with_columns(key_of_row)
        return keyed.join(extra.lazy(), on=KEY, how="left", maintain_order="left").drop(KEY)

    known = main.sample.select(key_of_row.is_in(extra[KEY].implode())).to_series()
    table = replace(
        main,
        lazy=add(main.lazy),
        sample=add(main.sample.lazy()).collect(),
        columns=[*main.columns, *labels.values()],
    )
    return table, labels, share(known)


def _find_key(main: Table, other: Table) -> tuple[str, str] | None:
    """Return the columns by which a table describes the items or users of another, if any.

    The values must occur once each in `other` and explain at least `MIN_FOUND` of those in
    `main`; columns with the same name come first, then columns that both name an item.
    """
    if other.n_rows_estimate > MAX_DESCRIBED:
        return None
    both = [(a, b) for a in main.columns for b in other.columns]
    pairs = [(a, b) for a, b in both if plain(a) == plain(b)]
    pairs += [
        (a, b) for a, b in both if named("item_id", a) and (named("item_id", b) or plain(b) == "id")
    ]
    for left, right in dict.fromkeys(pairs):
        values = other.lazy.select(pl.col(right).cast(pl.String)).collect().to_series()
        values = values.drop_nulls()
        if values.is_empty() or values.n_unique() < len(values):
            continue
        looked_at = main.sample[left].cast(pl.String).drop_nulls().unique()
        if share(looked_at.is_in(values.implode())) >= MIN_FOUND:
            return left, right
    return None


def _stacked(tables: list[Table]) -> tuple[Table, list[str]]:
    """Put tables with the same columns one below the other; each row keeps its file's name."""
    first = tables[0]
    notes = list(dict.fromkeys(note for table in tables for note in table.notes))
    if len(tables) == 1:
        return first, notes
    pieces = [table.lazy.with_columns(pl.lit(table.name).alias(FILE)) for table in tables]
    order = [ROW, FILE, *first.columns, SURPLUS, UNREADABLE]
    # What only some of the tables have is missing in the others.
    stacked = pl.concat(pieces, how="diagonal_relaxed")
    present = stacked.collect_schema().names()
    table = replace(
        first,
        lazy=stacked.select(name for name in order if name in present),
        name=", ".join(table.name for table in tables),
        n_rows_estimate=sum(table.n_rows_estimate for table in tables),
        sample=pl.concat([table.sample for table in tables], how="vertical_relaxed"),
    )
    return table, [*notes, f"{len(tables)} files with the same columns were put together."]


def _left_out(tables: list[Table]) -> list[str]:
    return [f"{table.name} was left out: its columns do not fit the rest." for table in tables]


def _refuse_companion_alone(tables: list[Table]) -> None:
    if len(tables) != 1:
        return
    for known in FORMATS.values():
        for companion in known.companions:
            if companion.signature.fits(tables[0]):
                columns = ", ".join(known.mapping.columns().values())
                raise ReadError(
                    f"{known.label}: the file with the check-ins themselves is needed.",
                    f"only {tables[0].name}, the {companion.label}.",
                    f"Give it together with the file that has {columns}.",
                )
