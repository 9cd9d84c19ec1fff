"""`strec privacy`: what a table gives away, protections, and what they cost."""

from pathlib import Path
from typing import Annotated

import typer

from strec.cli import AsJson, Data, shell
from strec.cli._common import DayFirst, TimeZone, load, note, print_json, progress, table


@shell.command()
def privacy(
    data: Data,
    coarsen_km: Annotated[
        float | None,
        typer.Option(min=0.05, help="Move places to the centre of hexagons about so wide."),
    ] = None,
    coarsen_hours: Annotated[
        int | None,
        typer.Option(min=1, max=168, help="Move times to the start of bins of so many hours."),
    ] = None,
    noise_m: Annotated[
        float | None,
        typer.Option(
            min=1, help="Planar Laplace noise: 95 % of the places stay within so many metres."
        ),
    ] = None,
    suppress_below: Annotated[
        int | None, typer.Option(min=2, help="Leave out hexagons with fewer users.")
    ] = None,
    pseudonymous: Annotated[
        bool, typer.Option("--pseudonyms", help="Replace user ids by keyed hashes.")
    ] = False,
    items: Annotated[
        str,
        typer.Option(
            help="What becomes of items: keep; pseudonyms (keyed hashes, without names, texts and "
            "pictures); or kind (the category takes the place of the item)."
        ),
    ] = "keep",
    key_file: Annotated[
        Path | None,
        typer.Option(
            help="A file with the secret of the pseudonyms, so that they stay the same next "
            "time; a new secret that nobody keeps else."
        ),
    ] = None,
    k: Annotated[int, typer.Option("-k", min=2, help="Users that make a crowd.")] = 5,
    seed: Annotated[int, typer.Option(help="Of all that is drawn to measure.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write the protected check-ins to .csv, .parquet or .jsonl, and beside them a "
            "note of what was done."
        ),
    ] = None,
    time_zone: TimeZone = None,
    day_first: DayFirst = None,
    as_json: AsJson = False,
) -> None:
    """Tell what check-ins give away of people; protect them; say what it costs in accuracy.

    **Examples**

    - `strec privacy social`

    - `strec privacy social --coarsen-km 2 --coarsen-hours 6`

    - `strec privacy checkins.csv --noise-m 500 --pseudonyms --items kind --out protected.csv`
    """  # fmt: skip
    from strec.privacy import Protection, need_room, risk, utility_loss

    protection = Protection(
        noise_m=noise_m,
        resolution=None if coarsen_km is None else _resolution(coarsen_km),
        hours=coarsen_hours,
        k=suppress_below,
        pseudonymous=pseudonymous or key_file is not None,
        items=items,
    )
    secret = _secret(key_file)
    loaded = load(data, time_zone=time_zone, day_first=day_first)
    if out is not None:
        need_room(loaded)
    with progress(quiet=as_json) as report:
        report("Counting who could be found", 0.0)
        before = risk(loaded, k=k, seed=seed)
        found = None
        if not protection.does_nothing:
            found = utility_loss(loaded, protection, before=before, k=k, seed=seed, progress=report)
    written = {}
    if out is not None:
        written = _write(loaded.checkins, protection, secret, out)
    if as_json:
        result = {"before": before.to_dict()} if found is None else found.to_dict()
        print_json(result | {"protection": protection.words()} | written)
        return
    for sentence in before.sentences():
        typer.echo(f"- {sentence}")
    if found is not None:
        _compare(found, protection)


def _compare(found, protection) -> None:
    from strec.privacy.sentences import before_after, utility_loss_words

    typer.secho("\nAfter protection", bold=True)
    for sentence in protection.words():
        typer.echo(f"- {sentence}")
    typer.echo("\n" + table(before_after(found), ("", "before", "after")))
    typer.echo("\n" + utility_loss_words(found))


def _resolution(width_km: float) -> int:
    """Return the H3 resolution whose hexagons come nearest to a width."""
    from math import log

    from strec.spatial import hexagon_width_km

    return min(range(11), key=lambda each: abs(log(hexagon_width_km(each) / width_km)))


def _secret(path: Path | None) -> str | None:
    from strec.errors import ReadError

    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(
            "The secret of the pseudonyms is a text file.",
            f"{path} cannot be read.",
            "Write at least 16 random characters into a file that you keep apart from the data.",
        ) from error


def _write(checkins, protection, secret: str | None, out: Path) -> dict[str, str]:
    from strec.io import write

    # Noise that is given away is drawn from the system: a seed would let others take it off.
    path = write(protection.apply(checkins, key=secret), out)
    about = path.with_name(path.name + ".txt")
    about.write_text("\n".join(protection.words()) + "\n", encoding="utf-8")
    note(f"Written to {path}; what was done is in {about.name}.")
    return {"written": str(path), "note": str(about)}
