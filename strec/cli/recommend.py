"""`strec recommend`: where next, for one person or for a file of questions."""

from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strec.cli import AsJson, Data, shell
from strec.cli._common import (
    Catalogue,
    DayFirst,
    TimeZone,
    check_writable,
    fitted,
    load,
    note,
    print_json,
    progress,
    table,
)
from strec.errors import ModelError, ReadError
from strec.progress import Progress

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from strec.models import Model
    from strec.recommend import Answer, Recommender
    from strec.store import Store

#: Of a file of questions, what is looked at to see how its columns are separated.
HEAD_CHARACTERS = 100_000


@shell.command()
def recommend(
    data: Data,
    user: Annotated[str | None, typer.Option(help="Who asks; somebody new when not given.")] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", help="Where the trip begins, by id, of data that name nobody."),
    ] = None,
    shop: Annotated[
        str | None, typer.Option(help="The id of a shop: ask there, for what it sells.")
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(help="Local time, '2024-06-05 18:30'; that of the last check-in else."),
    ] = None,
    place: Annotated[
        str | None, typer.Option(help="LAT,LON in degrees; that of the last check-in else.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="The folder of a trained run or a saved model; the counter mix else."),
    ] = None,
    k: Annotated[int, typer.Option("-k", "--k", min=1, help="Length of the list.")] = 10,
    strategy: Annotated[
        str, typer.Option(help="balanced, interest, context or learned.")
    ] = "balanced",
    new_only: Annotated[bool, typer.Option("--new-only", help="Leave out earlier items.")] = False,
    category: Annotated[
        list[str] | None, typer.Option(help="Keep this kind; may be repeated.")
    ] = None,
    max_km: Annotated[
        float | None, typer.Option(min=0, help="Keep what is at most so far.")
    ] = None,
    diversity: Annotated[float, typer.Option(min=0, max=1, help="Items differ more.")] = 0.0,
    novelty: Annotated[float, typer.Option(min=0, max=1, help="What few take comes up.")] = 0.0,
    wish: Annotated[str | None, typer.Option(help="What is wanted, in words.")] = None,
    queries: Annotated[
        Path | None,
        typer.Option(
            help="A file of questions (.csv, .tsv, .parquet, .jsonl) with user_id and, "
            "where known, time, lat, lon."
        ),
    ] = None,
    everybody: Annotated[
        bool,
        typer.Option(
            "--everybody",
            help="Write a list for each user of a store, to --out: a .parquet file, or of a "
            "cluster (--engine spark://…) a folder of them.",
        ),
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write the answers to .csv, .parquet or .jsonl.")
    ] = None,
    catalogue: Catalogue = None,
    time_zone: TimeZone = None,
    day_first: DayFirst = None,
    as_json: AsJson = False,
) -> None:
    """Recommend what comes next for somebody, at a time and a place, with reasons.

    Each suggestion comes with its probability among all items and, where the model can be taken
    apart, with sentences on why.

    **Examples**

    - `strec recommend social --user member_291 --time "2024-08-09 22:00"`

    - `strec recommend checkins.csv --user 42 --place 40.73,-73.99 --new-only --json`

    - `strec recommend social --user member_291 --wish "quiet coffee near the park"`

    - `strec recommend social --queries questions.csv --out answers.csv`

    - `strec recommend shop --everybody --out next.parquet`, shop being a store of `strec clean`
    """  # fmt: skip
    from strec.io.writing import writer_for
    from strec.recommend import Recommender
    from strec.recommend.learning import learn_mix

    if everybody:
        if out is None or queries is not None or user or place or start or shop or wish:
            raise ModelError(
                "--everybody goes with --out FILE.parquet, and not with one question or a wish.",
                "no --out." if out is None else "--out, and what is for one question.",
                "Give --out alone; --time, --model, --k and filters may stay.",
            )
    elif out is not None:
        check_writable(out)
        writer_for(out)
    if queries is not None and (user or time or place or start or shop):
        raise ModelError(
            "Questions come from a file, or from --user, --time and --place.",
            "both were given.",
            "Put all questions into the file.",
        )
    how: dict[str, Any] = {
        "strategy": strategy,
        "new_only": new_only,
        "categories": tuple(category or ()) or None,
        "max_distance_km": max_km,
        "diversity": diversity,
        "novelty": novelty,
    }
    loaded = load(data, time_zone=time_zone, day_first=day_first, catalogue=catalogue)
    learned = None if model is None else fitted(model)
    if everybody and out is not None:
        if strategy == "learned":
            how["exponent"] = learn_mix(Recommender.of_store(loaded.store).log).exponent
        _everybody(loaded.store, out, learned, as_json, when=_moment(time), k=k, **how)
        return
    with progress(quiet=as_json) as report:
        recommender = Recommender(loaded, learned, progress=report)
        if strategy == "learned":
            mix = learn_mix(recommender.log, progress=report)
            how["exponent"] = mix.exponent
            note(mix.words())
        if wish:
            how["wish"] = _wished(wish, recommender, report)
    if queries is not None:
        _many(recommender, queries, out, as_json, k=k, **how)
        return
    who = start if start is not None else user
    answer = recommender.answer(who, _moment(time), *_place(place), k=k, shop=shop, **how)
    _one(answer, out, as_json)


def _wished(words: str, recommender: "Recommender", report: Progress) -> "np.ndarray":
    from strec.llm.wish import read_wish

    found = read_wish(words, recommender.log.vocabulary, recommender.log, progress=report)
    for text in found.notes:
        note(text)
    return found.scores


def _everybody(store: "Store", out: Path, model: "Model | None", as_json: bool, **how: Any) -> None:
    from strec.recommend import recommend_everybody

    with progress(quiet=as_json) as report:
        n = recommend_everybody(store, out, model, progress=report, **how)
    if as_json:
        print_json({"n_users": store.meta["n_users"], "n_suggestions": n, "file": str(out)})
        return
    note(f"{n:,} suggestions for {store.meta['n_users']:,} users. Written to {out}.")


def _one(answer: "Answer", out: Path | None, as_json: bool) -> None:
    from strec.explanation import explain

    for text in answer.notes:
        note(text)
    ranks = range(1, len(answer.frame) + 1) if answer.model.explains else ()
    reasons = [explain(answer, rank) for rank in ranks]
    if out is not None:
        _write(answer.frame, out)
    if as_json:
        found = answer.frame.to_dicts()
        for row, why in zip(found, reasons, strict=False):
            row["parts"] = dict(why.parts.select("part", "value").iter_rows())
            row["reasons"] = why.sentences
        print_json({"notes": answer.notes, "suggestions": found})
        return
    typer.echo(_as_table(answer.frame))
    if reasons:
        typer.echo(f"\nWhy {reasons[0].item_name}: {' '.join(reasons[0].sentences)}")


def _many(
    recommender: "Recommender", queries: Path, out: Path | None, as_json: bool, **how
) -> None:
    asked = read_questions(queries)
    begun = perf_counter()
    answers = recommender.answer_many(asked, **how)
    seconds = perf_counter() - begun
    note(f"{len(asked):,} questions answered in {seconds:.2f} s.")
    if out is not None:
        _write(answers, out)
    if as_json:
        print_json(answers.to_dicts())
    elif out is None:
        from strec.export import to_csv

        typer.echo(to_csv(answers.drop("last_visit")), nl=False)


def read_questions(path: Path) -> "pl.DataFrame":
    """Return a file of questions as a table; ids stay text."""
    import polars as pl

    from strec.io.sniff import sniff

    if not path.is_file():
        raise ReadError("A file of questions is needed.", f"there is no {path}.", "Check the path.")
    kind = path.suffix.lower()
    try:
        if kind == ".parquet":
            return pl.read_parquet(path)
        if kind in (".jsonl", ".ndjson"):
            return pl.read_ndjson(path)
        with open(path, encoding="utf-8", errors="replace") as file:
            head = file.read(HEAD_CHARACTERS)
        separator = sniff(head, path.name, complete=False).delimiter if head.strip() else ","
        table = pl.read_csv(path, separator=separator or ",", infer_schema=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ReadError(
            "Questions come as .csv, .tsv, .parquet or .jsonl.",
            f"{path.name} cannot be read ({str(error).splitlines()[0]}).",
            "Save the table again in one of these formats.",
        ) from error
    # An empty cell means: not known.
    return table.with_columns(pl.all().str.strip_chars().replace("", None))


def _write(frame: "pl.DataFrame", path: Path) -> None:
    from strec.io import write

    note(f"Written to {write(frame, path)}.")


def _as_table(frame: "pl.DataFrame") -> str:
    rows = [
        (
            row["item_name"],
            row["category"] or "",
            "" if row["distance_km"] is None else f"{row['distance_km']:,.1f} km",
            f"{row['score']:.3g}"
            if row["probability"] is None
            else f"{100 * row['probability']:.1f} %",
            f"{row['n_visits']:,}",
        )
        for row in frame.iter_rows(named=True)
    ]
    return table(rows, ("suggestion", "kind", "distance", "probability", "visits"), left=2)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ModelError(
            "A time is written as 2024-06-05 18:30.", f"{text!r}.", "Write it so, in local time."
        ) from error


def _place(text: str | None) -> tuple[float | None, float | None]:
    if text is None:
        return None, None
    try:
        lat, lon = (float(each) for each in text.split(","))
    except ValueError as error:
        raise ModelError(
            "A place is written as latitude,longitude, such as 40.73,-73.99.",
            f"{text!r}.",
            "Write two numbers with a comma between.",
        ) from error
    return lat, lon
