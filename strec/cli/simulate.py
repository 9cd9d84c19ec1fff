"""`strec simulate`: an invented city whose dependence on time and place is known."""

from pathlib import Path
from typing import Annotated

import typer

from strec.cli import AsJson, shell
from strec.cli._common import check_writable, print_json, progress
from strec.progress import part_of


@shell.command()
def simulate(
    scenario: Annotated[str, typer.Argument(help="ecommerce, social, travel or traffic.")],
    out: Annotated[Path, typer.Option(help="File to write: .parquet, .csv or .jsonl.")],
    temporal: Annotated[float, typer.Option(min=0, max=1, help="How much time matters.")] = 0.6,
    spatial: Annotated[float, typer.Option(min=0, max=1, help="How much place matters.")] = 0.6,
    interaction: Annotated[
        float, typer.Option(min=0, max=1, help="How much their combination matters.")
    ] = 0.5,
    users: Annotated[int, typer.Option(min=1, help="Number of users.")] = 200,
    checkins: Annotated[int, typer.Option(min=1, help="Number of check-ins.")] = 20_000,
    days: Annotated[int, typer.Option(min=1, help="Length in days.")] = 180,
    seed: Annotated[int, typer.Option(help="The same seed gives the same world.")] = 0,
    store: Annotated[
        Path | None, typer.Option(help="A folder to write it to as a store too, with its map.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Simulate the check-ins of an invented city and write them to a file.

    At 0, 0, 0 what people do next depends on their taste alone; each of the three sliders adds
    one dependence.

    **Examples**

    - `strec simulate social --out city.parquet`

    - `strec simulate traffic --temporal 0 --spatial 0 --interaction 0 --out chance.csv`

    - `strec simulate social --out city.parquet --store city`, then `strec app --data city`

    - `strec simulate travel --users 1000 --checkins 200000 --seed 7 --out large.parquet`
    """
    from strec import maps, schema
    from strec.io import write
    from strec.io.writing import writer_for
    from strec.simulation import SCENARIOS
    from strec.simulation import simulate as build
    from strec.store import Store

    check_writable(out)
    writer_for(out)
    with progress(quiet=as_json) as tell:
        world = build(
            scenario,
            n_users=users,
            n_checkins=checkins,
            temporal=temporal,
            spatial=spatial,
            interaction=interaction,
            days=days,
            seed=seed,
            progress=part_of(tell, 0.0, 0.9),
        )
        tell("Writing", 0.9)
        write(world, out)
        if store is not None:
            title, zone = SCENARIOS[scenario].title, SCENARIOS[scenario].time_zone
            made = Store.create(world, store, name=f"{title}, draw {seed}", time_zone=zone)
            maps.Ground.simulated(scenario, seed, world[schema.LAT], world[schema.LON]).save(
                made.folder / maps.GROUND
            )
    if as_json:
        print_json({"out": str(out), "n_checkins": len(world), "n_users": users, "seed": seed})
    else:
        typer.echo(
            f"{len(world):,} check-ins of {users:,} users, simulated "
            f"({SCENARIOS[scenario].title}), written to {out}."
        )
