"""From opened tables to one: the known format, its companions, and what is left over."""

from dataclasses import dataclass, field

import polars as pl

from strec.errors import ReadError
from strec.io.columns import guess_mapping
from strec.io.formats import KNOWN, Companion, Format
from strec.io.mapping import Mapping
from strec.io.tables import SURPLUS, UNREADABLE, Table


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
        """The format's key, or ``table``."""
        return self.format.key if self.format else "table"

    @property
    def title(self) -> str:
        """The format in words."""
        return self.format.title if self.format else "A table whose columns were guessed"

    @property
    def cite(self) -> str:
        """How to cite the source, where it is known."""
        return self.format.cite if self.format else ""


def recognise(tables: list[Table]) -> Recognised:
    """Find the check-ins among tables given together, and join what adds to them.

    Raises
    ------
    ReadError
        If only a companion file was given, or a file that the format needs is missing.
    """
    for known in KNOWN:
        mains = [table for table in tables if known.signature.fits(table)]
        if mains:
            return _known(known, mains, [each for each in tables if each not in mains])
    _refuse_companion_alone(tables)
    main = max(tables, key=lambda table: (table.n_rows_estimate, len(table.columns)))
    same = [table for table in tables if table.columns == main.columns]
    notes = _left_out([table for table in tables if table not in same])
    merged = _stacked(same)
    mapping, confidence = guess_mapping(merged)
    return Recognised(merged, None, mapping, confidence, [*merged.notes, *notes])


def _known(known: Format, mains: list[Table], others: list[Table]) -> Recognised:
    main = _stacked(mains)
    if known.signature.names:
        main = _renamed(main, known.signature.names)
    mapping = Mapping(
        **{
            name: value
            for name, value in known.mapping.to_dict().items()
            if name not in known.mapping.columns() or value in main.columns
        }
    )
    notes = [*main.notes, *known.notes]
    for companion in known.companions:
        fitting = [table for table in others if companion.signature.fits(table)]
        if fitting:
            others = [table for table in others if table not in fitting]
            main, mapping = _joined(main, mapping, companion, fitting[0])
            notes.append(f"Joined {fitting[0].name}: {companion.title}.")
        elif known.needs:
            raise ReadError(
                f"{known.title}: needs also {known.needs}.",
                f"only {main.name}.",
                "Give both files together.",
            )
    confidence = dict.fromkeys(mapping.columns(), 1.0)
    return Recognised(main, known, mapping, confidence, notes + _left_out(others))


def _joined(
    main: Table, mapping: Mapping, companion: Companion, table: Table
) -> tuple[Table, Mapping]:
    """Left-join a companion by its key; its columns get the fields that the check-ins lack."""
    if companion.signature.names:
        table = _renamed(table, companion.signature.names)
    left, right = companion.key
    adds = {name: column for name, column in companion.adds.items() if not getattr(mapping, name)}
    labels = {column: f"{column} ({table.name})" for column in dict.fromkeys(adds.values())}
    key = "__key"
    extra = table.lazy.select(pl.col(right).cast(pl.String).alias(key), *labels).unique(
        key, keep="first", maintain_order=True
    )
    lazy = (
        main.lazy.with_columns(pl.col(left).cast(pl.String).alias(key))
        .join(extra.rename(labels), on=key, how="left", maintain_order="left")
        .drop(key)
    )
    columns = [*main.columns, *labels.values()]
    sample = lazy.head(len(main.sample)).select(columns).collect()
    changed = Table(**{**main.__dict__, "lazy": lazy, "columns": columns, "sample": sample})
    return changed, mapping.replace(**{name: labels[column] for name, column in adds.items()})


def _stacked(tables: list[Table]) -> Table:
    """Put tables with the same columns one below the other."""
    first = tables[0]
    if len(tables) == 1:
        return first
    kept = [*first.columns, *(name for name in (SURPLUS, UNREADABLE) if _has(first, name))]
    lazy = pl.concat([table.lazy.select(kept) for table in tables], how="vertical_relaxed")
    return Table(
        **{
            **first.__dict__,
            "lazy": lazy.with_row_index("__row"),
            "name": ", ".join(table.name for table in tables),
            "n_rows_estimate": sum(table.n_rows_estimate for table in tables),
            "notes": [note for table in tables for note in table.notes]
            + [f"{len(tables)} files with the same columns were put together."],
        }
    )


def _renamed(table: Table, names: tuple[str, ...]) -> Table:
    changes = dict(zip(table.columns, names, strict=True))
    return Table(
        **{
            **table.__dict__,
            "lazy": table.lazy.rename(changes),
            "columns": list(names),
            "sample": table.sample.rename(changes),
        }
    )


def _has(table: Table, name: str) -> bool:
    return name in table.lazy.collect_schema()


def _left_out(tables: list[Table]) -> list[str]:
    return [f"{table.name} was left out: its columns do not fit the rest." for table in tables]


def _refuse_companion_alone(tables: list[Table]) -> None:
    for known in KNOWN:
        for companion in known.companions:
            for table in tables:
                if companion.signature.fits(table) and len(tables) == 1:
                    raise ReadError(
                        f"{known.title}: the check-ins themselves are needed.",
                        f"only {table.name}, the {companion.title}.",
                        "Give the file with the check-ins together with this one.",
                    )
