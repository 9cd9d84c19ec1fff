"""From opened tables to one: the known format, its companions, and what is left over."""

from dataclasses import dataclass, field, replace

import polars as pl

from strec.errors import MappingError, ReadError
from strec.io.column_names import named, plain
from strec.io.formats import FORMATS, Companion, Format
from strec.io.json_lines import ROW, UNREADABLE
from strec.io.mapping import Mapping, Option, Question
from strec.io.place_sides import with_sides
from strec.io.quantities import share
from strec.io.roles import Guess, guess_roles
from strec.io.tables import FILE, SURPLUS, Table, renamed
from strec.io.time_parts import with_whole_times

#: Kinds of table that are called by their own name, with the words for it.
GEOGRAPHIC = {
    "geojson": "GeoJSON points",
    "geopackage": "GeoPackage points",
    "shapefile": "Points of a Shapefile",
}
#: A table that describes items or users has at most this many rows.
MAX_DESCRIBED = 5_000_000
#: A key is one only when it finds at least this share of the values looked at.
MIN_FOUND = 0.8
KEY = "__key"


@dataclass
class Recognised:
    """One table of raw columns with its companions joined, and what it was taken for.

    `guess` is how the columns of a table in no known format were taken; `questions` are what the
    table does not say; `infer_mapping` asks them.
    """

    table: Table
    format: Format | None
    mapping: Mapping
    confidence: dict[str, float]
    notes: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    guess: Guess | None = None

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
        """The format's key, or ``table``, ``geojson``, ``geopackage``, ``shapefile``."""
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


def recognise(
    tables: list[Table], given: Mapping | None = None, table: str | None = None
) -> Recognised:
    """Find the check-ins among tables given together, and join what adds to them.

    What is given of the mapping stands; the rest is guessed around it. `table` names the one with
    the check-ins, where a person has said it.

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
        if mains and (table is None or any(_is_called(each, table) for each in mains)):
            found = _known(known, mains, [each for each in tables if each not in mains])
            found = replace(found, mapping=found.mapping.under(given)) if given else found
            break
    else:
        _refuse_companion_alone(tables)
        found = _unknown(tables, given, table)
    _ask_encoding(found, tables)
    return found


def _is_called(table: Table, name: str) -> bool:
    return name in (table.part, table.name)


def _ask_encoding(found: Recognised, tables: list[Table]) -> None:
    """Ask how a text is to be read where its bytes fit several encodings."""
    readings = next((table.readings for table in tables if table.readings), {})
    if readings:
        options = [Option(name, shown, {"encoding": name}) for name, shown in readings.items()]
        found.ask("encoding", "Which of these is how the names are written?", *options, default=0)


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


def _unknown(tables: list[Table], given: Mapping | None, wanted: str | None) -> Recognised:
    """Guess the columns of tables in no known format; a second table may describe the items."""
    alike: dict[tuple[str, ...], list[Table]] = {}
    for table in tables:
        alike.setdefault(tuple(table.columns), []).append(table)
    groups = sorted(map(_candidate, alike.values()), key=lambda each: each.rank, reverse=True)
    if wanted is not None:
        named_so = [each for each in groups if any(_is_called(t, wanted) for t in each.tables)]
        if not named_so:
            raise MappingError(
                "The table with the check-ins is one of those in the file.",
                f"table={wanted!r}; there are {', '.join(each.label for each in groups)[:200]}.",
                "Choose one of them.",
            )
        others = [each for each in groups if each not in named_so]
        groups = [_named(each, wanted) for each in named_so] + others
    first, *others = groups
    main, notes = first.table, first.notes
    left = []
    for other in others:
        found = _find_key(main, other.table, _no_keys(first.guess) | _no_keys(other.guess))
        if isinstance(found, tuple):
            adds = [name for name in other.table.columns if name != found[1]]
            for left_key, prefix in _ends(first.guess, found[0]).items():
                key = left_key, found[1]
                main, _, part = _joined(main, other.table, key, adds, prefix)
                notes.append(
                    f"Joined {other.table.name} by {left_key}: {100 * part:.0f} % of the rows "
                    "looked at are in it."
                )
        else:
            left.append(other)
            notes.append(f"{other.table.name} was left out: {found}.")
    is_known = main is first.table and given is None
    # What is joined describes items or users: it says not when something was done, nor by whom.
    own = Mapping().replace(**{
        name: role.column
        for name in ("user_id", "timestamp")
        if (role := first.guess.roles.get(name)) and role.is_sure
    })  # fmt: skip
    guess = first.guess if is_known else guess_roles(main.sample, given or own)
    mapping, said = guess.mapping, list(guess.notes)
    if given is None or given.timestamp is None:
        main, mapping, of_times = with_whole_times(main, mapping)
        said += of_times
    if given is None or given.lat is None:
        main, mapping, of_sides = with_sides(main, mapping)
        said += of_sides
    done = Recognised(main, None, mapping, guess.confidence, [*notes, *said], guess=guess)
    _ask_table(done, first, [each for each in left if each.n_roles >= 2], wanted)
    return done


@dataclass
class _Candidate:
    """Tables with the same columns, put together, and how much they look like check-ins."""

    tables: list[Table]
    table: Table
    notes: list[str]
    guess: Guess

    @property
    def has_time(self) -> bool:
        return self.guess.mapping.timestamp is not None

    @property
    def n_roles(self) -> int:
        guess = self.guess.mapping
        roles = [guess.user_id, guess.item_id or guess.lat, guess.timestamp]
        return len(roles) - roles.count(None)

    @property
    def rank(self) -> tuple[bool, int, int]:
        return self.has_time, self.n_roles, self.table.n_rows_estimate

    @property
    def label(self) -> str:
        return self.tables[0].part or self.tables[0].name


def _candidate(tables: list[Table]) -> _Candidate:
    table, notes = _stacked(tables)
    return _Candidate(tables, table, notes, guess_roles(table.sample))


def _ask_table(
    done: Recognised, first: _Candidate, left: list[_Candidate], wanted: str | None
) -> None:
    """Ask which table holds the check-ins where others look like it too."""
    others = [each for each in left if each.has_time]
    if not others:
        if wanted is not None:
            done.set(table=wanted)
        elif len(first.tables) > 1 and all(each.part for each in first.tables):
            _ask_whether_one(done, first.tables)
        return
    options = []
    for each in (first, *others):
        columns = ", ".join(each.table.columns[:6])
        n = each.table.n_rows_estimate
        options.append(Option(f"{each.label} ({n:,} rows)", columns, {"table": each.label}))
    is_clear = wanted is not None or all(first.n_roles > each.n_roles for each in others)
    done.ask(
        "table",
        "Several tables hold times. Which one holds who did what, when?",
        *options,
        default=0 if is_clear else None,
    )


def _named(candidate: _Candidate, wanted: str) -> _Candidate:
    """Return one of the tables that were put together, where a person has named it."""
    own = [each for each in candidate.tables if _is_called(each, wanted)]
    return candidate if len(own) in (0, len(candidate.tables)) else _candidate(own)


def _ask_whether_one(done: Recognised, parts: list[Table]) -> None:
    """Ask whether tables of a file with the same columns are parts of one."""
    options = [
        Option(f"{each.part} alone", f"{each.n_rows_estimate:,} rows", {"table": each.part})
        for each in parts[:10]
    ]
    together = Option("yes: they stand one below the other", "", {"table": None})
    names = ", ".join(each.part for each in parts[:5])
    text = f"{len(parts)} tables have the same columns ({names}). Are they parts of one?"
    done.ask("table", text, together, *options, default=0)


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
            f"no {companion.key[0]} of {main.name} is among the {companion.key[1]} of {other.name}"
            f"{_examples(main, other, companion.key)}.",
            "Give the two files of the same city or release.",
        )
    note = f"Joined {other.name}: {companion.label}"
    note += (
        f"; {100 * (1 - share):.1f} % of the rows looked at are not in it." if share < 1 else "."
    )
    changed = mapping.replace(**{name: labels[column] for name, column in adds.items()})
    return main, changed, [*notes, note, *filter(None, [companion.note])]


def _examples(main: Table, other: Table, key: tuple[str, str]) -> str:
    """Return a value of each of two columns that should meet."""
    shown = [
        next(iter(table.sample[column].drop_nulls()), None)
        for table, column in zip((main, other), key, strict=True)
    ]
    return f" (for instance {shown[0]!r} and {shown[1]!r})"


def _ends(guess: Guess, key: str) -> dict[str, str]:
    """Return the columns a table is joined by, with what goes before the names of its columns.

    What describes the stations of trips is joined at both ends.
    """
    item, origin = guess.mapping.item_id, guess.mapping.origin_id
    if guess.is_trip and item and origin and key in (item, origin):
        return {item: "end ", origin: "start "}
    return {key: ""}


def _joined(
    main: Table, other: Table, key: tuple[str, str], columns: list[str], prefix: str = ""
) -> tuple[Table, dict[str, str], float]:
    """Left-join columns of a second table, whose first row counts where a key occurs twice.

    Returns the table, what each column is now called, and the share of the sampled rows found.
    """
    left, right = key
    labels = {name: f"{prefix}{name}" for name in columns}
    labels = {a: b if b not in main.columns else f"{b} (joined)" for a, b in labels.items()}
    extra = (
        other.lazy.select(_key_of(right).alias(KEY), *labels)
        .drop_nulls(KEY)
        .unique(KEY, keep="first", maintain_order=True)
        .rename(labels)
        .collect()
    )
    key_of_row = _key_of(left).alias(KEY)

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


def _no_keys(guess: Guess) -> set[str]:
    """Return the columns that no table is joined by: when and where something was is no name."""
    found = guess.mapping
    moments = {found.timestamp, found.end_timestamp, found.value}
    return {name for name in moments | {found.lat, found.lon, found.origin_lat} if name}


def _find_key(main: Table, other: Table, no_keys: set[str]) -> tuple[str, str] | str:
    """Return the columns by which a table describes the items or users of another, or why none.

    The values must occur once each in `other` and explain at least `MIN_FOUND` of those in
    `main`; columns with the same name come first, then columns that both name an item or a place.
    """
    if other.n_rows_estimate > MAX_DESCRIBED:
        return f"it has more than {MAX_DESCRIBED:,} rows, too many to describe items"
    why = ""
    tried: dict[str, pl.Series] = {}
    for left, right in _likely_keys(main, other):
        if {left, right} & no_keys:
            continue
        if right not in tried:
            values = other.lazy.select(_key_of(right)).collect().to_series().drop_nulls()
            tried[right] = values
        values = tried[right]
        looked_at = main.sample.select(_key_of(left)).to_series().drop_nulls().unique()
        if values.is_empty() or looked_at.is_empty():
            continue
        part = share(looked_at.is_in(values.implode()))
        n_twice = len(values) - values.n_unique()
        if part >= MIN_FOUND and not n_twice:
            return left, right
        if not why:
            pair = f"{left!r}" if left == right else f"{left!r} = {right!r}"
            shown = f"{looked_at[0]!r} and {values[0]!r}"
            why = (
                f"by {pair} {100 * part:.0f} % of the values looked at are in it "
                f"(for instance {shown})"
            )
            if n_twice:
                why += f", and {n_twice:,} of its rows repeat a key"
    return why or "no column of it has the name of a column of the rest, or holds its values"


def _likely_keys(main: Table, other: Table) -> list[tuple[str, str]]:
    """Return pairs of columns that may be one key: by their names, then by what they hold."""
    both = [(a, b) for a in main.columns for b in other.columns]
    pairs = [(a, b) for a, b in both if plain(a) == plain(b)]
    pairs += [(a, b) for a, b in both if _names_key(a) and (_names_key(b) or plain(b) == "id")]
    # LocationID beside PULocationID, station_id beside start_station_id.
    pairs += [(a, b) for a, b in both if len(plain(b)) > 3 and plain(a).endswith(plain(b))]
    return list(dict.fromkeys(pairs))


def _names_key(column: str) -> float:
    return named("item_id", column) or named("place_id", column) or named("origin_id", column)


def _key_of(column: str) -> pl.Expr:
    """Return a key as text; "1.0", as tables with gaps write whole numbers, is "1"."""
    return pl.col(column).cast(pl.String).str.strip_chars().str.replace(r"^(-?\d+)\.0+$", "$1")


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
                if guess_roles(tables[0].sample).mapping.timestamp is not None:
                    return
                columns = ", ".join(known.mapping.columns().values())
                raise ReadError(
                    f"{known.label}: the file with the check-ins themselves is needed.",
                    f"only {tables[0].name}, the {companion.label}.",
                    f"Give it together with the file that has {columns}.",
                )
