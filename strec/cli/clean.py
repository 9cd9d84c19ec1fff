"""`strec clean`: any file to a clean table of check-ins, by a recipe."""

import re
import tempfile
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from strec.cli import AsJson, Data, shell
from strec.cli._common import (
    Catalogue,
    DayFirst,
    DbQuery,
    DbTable,
    TimeZone,
    check_writable,
    files_of,
    is_database,
    note,
    print_json,
    progress,
    table,
)
from strec.errors import MappingError, ReadError
from strec.progress import Progress, part_of

if TYPE_CHECKING:
    from strec.cleaning import CleanReport, Recipe
    from strec.io import Mapping, ReadResult
    from strec.store import Store

#: Testing models takes longer than reading fewer check-ins did.
TESTED_AHEAD = 3_000_000


@shell.command()
def clean(
    data: Data,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="What to write: .parquet, .csv or .jsonl; a name without "
                     "an ending makes a store, which all commands and the app open at once.")
    ],
    recipe: Annotated[
        Path | None,
        typer.Option(help="A recipe (YAML or JSON), such as the Data page saves.",
                     show_default="the default steps")
    ] = None,
    map: Annotated[
        list[str] | None,
        typer.Option(help="Which column is what: user=…, item=…, time=…, lat=…, lon=…, category=…, "
                     "name=…, value=…, event=…, text=…, image=…, offset=…; also time_format=…, "
                     "coordinate_order=lon_lat, coordinate_form=e7, crs=EPSG:25832, "
                     "item_from_place=true, user_from=row, table=…, encoding=….",
                     show_default="guessed")
    ] = None,
    db_table: DbTable = None,
    query: DbQuery = None,
    catalogue: Catalogue = None,
    time_zone: TimeZone = None,
    day_first: DayFirst = None,
    rejected: Annotated[
        Path | None,
        typer.Option(help="Where rows that are no check-ins go.",
                     show_default="OUT.rejected.csv, if there are any")
    ] = None,
    save_recipe: Annotated[
        Path | None,
        typer.Option(help="Where the recipe goes that repeats this.",
                     show_default="OUT.recipe.yaml")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write the quality report as HTML.")
    ] = None,
    cleaning: Annotated[
        bool, typer.Option("--cleaning/--no-cleaning", help="Whether the recipe runs.")
    ] = True,
    without: Annotated[
        list[str] | None, typer.Option(help="A step of the recipe that is left out.")
    ] = None,
    ahead: Annotated[
        bool, typer.Option("--ahead/--no-ahead", help="Whether a large store is counted at once, "
                           "and models are tested on one of three million check-ins or more, so "
                           "that the app's first looks need not wait.")
    ] = True,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Read files, clean them step by step, and write a table of check-ins.

    Known formats are recognised by content; of any other table the columns are guessed, and what
    was assumed is said. Rows that cannot be check-ins are kept apart with the reason.

    **Examples**

    - `strec clean visits.csv --out visits.parquet`

    - `strec clean visits.csv --recipe recipe.yaml --out visits.parquet`

    - `strec clean sales.csv --map user=customer,item=shop,time=date --day-first --out sales`

    - `strec clean traj-Edin.csv poi-Edin.csv --out edinburgh --report quality.html --json`

    - `strec clean social --out social.csv`

    - `strec clean visits.csv --catalogue shops.csv --out visits && strec app --data visits`

    - `strec --engine spark://HOST:7077 clean /shared/visits/ --out /shared/store`: a cluster reads
      many files at once

    - `strec clean postgres://me@host/shop --table sales --map user=customer,item=product --out s`
    """

    from strec.cleaning import Recipe
    from strec.io import fetch, ingest, read, write
    from strec.io.apart import apart
    from strec.io.catalogue import read_catalogue
    from strec.io.writing import writer_for
    from strec.store import Store
    from strec.store.engines import chosen

    of_database = is_database(data, db_table, query)
    files = [] if of_database else files_of(data)
    if out.exists() and any(path.exists() and path.samefile(out) for path in files):
        raise ReadError(
            "The result goes into a file of its own.", f"{out} is read.", "Choose another --out."
        )
    rows_apart = rejected or out.with_name(out.stem + ".rejected.csv")
    for each in (out, rows_apart) if out.suffix else (rows_apart,):
        check_writable(each)
        writer_for(each)
    check_writable(save_recipe, report)
    if catalogue is not None and out.suffix:
        raise ReadError(
            "Items that nobody took yet are kept in a store, beside its check-ins.",
            f"--out {out}, a file.",
            f"Leave the ending away: --out {out.stem}.",
        )
    untaken = None if catalogue is None else apart(read_catalogue, [catalogue])
    steps = Recipe.load(recipe) if recipe else Recipe.default()
    for step in without or ():
        steps = steps.change(step, enabled=False)
    with (
        progress(quiet=as_json) as tell,
        tempfile.TemporaryDirectory(prefix=".strec-", dir=out.parent) as folder,
    ):
        if of_database:
            tell("Asking the database", 0.0)
            named = re.sub(r"\W+", "_", db_table or "query")[:80]
            (Path(folder) / "given").mkdir()
            given = Path(folder) / "given" / f"{named}.parquet"
            files = [fetch(data[0], given, table=db_table, query=query)]
        on_cluster = "spark" in chosen() and not (out.suffix or of_database)
        options = {"time_zone": time_zone, "time_format": day_first}
        stated = [name for name, value in options.items() if value is not None]
        mapping, taken = _mapping(files[:1] if on_cluster else files, map, stated, steps)
        if on_cluster:
            from strec.store.cluster import ingest_on_cluster

            made = ingest_on_cluster(
                files,
                out,
                Recipe(steps.steps if cleaning else (), steps.mapping),
                mapping,
                time_zone=time_zone,
                day_first=day_first,
                progress=part_of(tell, 0.0, 0.93),
            )
            result, done = made.result, made.report
        else:
            piece = Path(folder) / "read.parquet"
            result = apart(
                ingest,
                files,
                piece,
                mapping=mapping,
                time_zone=time_zone,
                day_first=day_first,
                progress=part_of(tell, 0.0, 0.7),
            )
            full = Recipe(steps.steps if cleaning else (), result.mapping.to_dict())
            done = _write(piece, full, out, result, files, tell)
        if untaken is not None:
            Store(out).with_catalogue(untaken.items, out)
        if ahead and not out.suffix:
            ask_ahead(Store(out), part_of(tell, 0.93, 1.0))
    # What was taken beside --map is given to reading, which says nothing of it.
    taken = [text for text in taken if text not in result.notes]
    result = replace(result, notes=[*result.notes, *taken])
    written = {"out": out}
    full = Recipe(steps.steps if cleaning else (), result.mapping.to_dict())
    written["recipe"] = full.save(save_recipe or out.with_name(out.stem + ".recipe.yaml"))
    if result.reasons:
        written["rejected"] = write(result.rejected, rows_apart)
    if report:
        from strec.profiling import quality

        checkins = read(out).checkins if out.suffix else Store(out).checkins()
        page = quality(checkins).html(files[0].name, tuple(result.notes))
        report.write_text(page, encoding="utf-8")
        written["report"] = report
    for text in untaken.notes if untaken is not None else ():
        note(f"{Path(str(catalogue)).name}: {text}")
    _tell(result, done, written, as_json)


def _mapping(
    files: list[Path], entries: list[str] | None, stated: list[str], recipe: "Recipe"
) -> "tuple[Mapping | None, list[str]]":
    """Return the mapping, None where all is guessed, and what it assumes beside what is given."""
    from strec.io import Mapping, inspect
    from strec.io.apart import apart
    from strec.io.mapping import SOURCE, mapping_of
    from strec.io.reading import assumed

    base = Mapping.from_dict(recipe.mapping) if recipe.mapping else None
    if not entries:
        return base, []
    named, taken = mapping_of(entries), []
    if base is None:
        # Which table is read, and how its letters are written, comes before its columns.
        source = {name: value for name, value in named.items() if name in SOURCE}
        try:
            looked = apart(inspect, files, mapping=Mapping(**source))
            base, taken = looked.mapping, assumed(looked.questions, [*named, *stated])
        except MappingError:
            # What cannot be guessed may be just what is given.
            base = Mapping(**source)
    return base.remap(**named), taken


def _write(
    piece: Path,
    recipe: "Recipe",
    out: Path,
    result: "ReadResult",
    files: list[Path],
    tell: Progress,
) -> "CleanReport | None":
    """Clean what was read and write it; neither need fit into memory."""
    import polars as pl

    from strec.cleaning import clean_file
    from strec.cleaning.report import need_some
    from strec.cleaning.run import cleaned
    from strec.io import write
    from strec.store import Store

    cleaning = part_of(tell, 0.7, 0.9)
    if not out.suffix:
        zone, as_read = result.mapping.time_zone, nullcontext((piece, None))
        with cleaned(piece, recipe, progress=cleaning) if recipe.steps else as_read as found:
            checkins, done = found
            if done:
                need_some(done)
            tell(f"Writing {out.name}", 0.9)
            Store.create(
                checkins,
                out,
                name=out.name,
                time_zone=None if zone == "place" else zone,
                source=result.cite or ", ".join(path.name for path in files),
                recipe=recipe.to_dict(),
                # What came from a database has no files beside it.
                pictures=None if piece.parent in files[0].parents else files[0].parent,
            )
        return done
    done = clean_file(piece, piece, recipe, progress=cleaning) if recipe.steps else None
    if done:
        need_some(done)
    tell(f"Writing {out.name}", 0.9)
    if out.suffix == ".parquet":
        piece.replace(out)
    else:
        write(pl.read_parquet(piece), out)
    return done


def ask_ahead(store: "Store", tell: Progress) -> None:
    """Count, fit and test what every first look at a large store shows; it is kept with it."""
    if not store.keeps_answers:
        return
    # Of a small store none of this is loaded, which takes as long as cleaning it.
    from strec.demand import count_ahead, forecast_ahead
    from strec.evaluation import evaluate_ahead
    from strec.recommend import Recommender

    count_ahead(store, progress=part_of(tell, 0.0, 0.3))
    if not store.is_raw_track:
        Recommender.of_store(store, progress=part_of(tell, 0.3, 0.5))
    if store.meta["n_checkins"] >= TESTED_AHEAD:
        forecast_ahead(store, progress=part_of(tell, 0.5, 0.7))
        evaluate_ahead(store, progress=part_of(tell, 0.7, 1.0))


def _tell(result: "ReadResult", done: "CleanReport | None", written: dict, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "format": result.format,
                "n_rows": result.n_rows,
                "n_read": result.n_checkins,
                "n_checkins": done.rows_after if done else result.n_checkins,
                "rejected": result.reasons,
                "mapping": result.mapping.to_dict(),
                "notes": result.notes,
                "cleaning": done.to_dict() if done else None,
                "files": {name: str(path) for name, path in written.items()},
            }
        )
        return
    for text in result.notes:
        note(text)
    typer.echo(f"{result.title}: {result.n_checkins:,} check-ins in {result.n_rows:,} rows.")
    for reason, n in result.reasons.items():
        typer.echo(f"  set aside: {n:,} × {reason}")
    if done:
        rows = [
            (step.title, f"{step.rows_before:,}", f"{step.rows_after:,}", f"{step.changed:,}")
            for step in done.steps
            if step.enabled
        ]
        typer.echo("\n" + table(rows, ("Step", "before", "after", "changed")) + "\n")
        typer.echo(done.sentence)
    for name, path in written.items():
        typer.echo(f"{name.capitalize()}: {path}")
