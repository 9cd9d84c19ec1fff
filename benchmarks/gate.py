"""Calibration of the dependence gate in strec's own worlds: false alarms, power, real data.

Prints Markdown tables of docs/gate.md::

    python benchmarks/gate.py                        # everything simulated, about 50 minutes
    python benchmarks/gate.py --only null power      # some of it
    python benchmarks/gate.py --scale 0.1            # a tenth of the worlds, to try it out
    python benchmarks/gate.py --into folder --minutes 5   # a piece; again for the next one
    STREC_DATA=folder python benchmarks/gate.py --only real

Worlds that share nothing with strec's own are in `gate_worlds.py`.
"""

import argparse
import itertools
import os
import sys
from pathlib import Path

# One thread per process: the worlds are what runs in parallel.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.gate_worlds import INGREDIENTS, answers
from benchmarks.piecewise import in_pieces
from strec import schema
from strec.gate import dependence_test
from strec.simulation import SCENARIOS, simulate

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
CURVE = (0.1, 0.15, 0.2, 0.3)
MODERATE = 0.5
PERMUTATIONS = 79
RATIOS = (0, 0.5, 0.8, 1.2, 1.6, 2.5, 20)


def main() -> None:
    """Run what is asked for and print the tables."""
    args = _arguments()
    if args.only == ["real"]:
        print(real_table(Path(os.environ["STREC_DATA"])))
        return
    file = args.into and args.into / "gate.jsonl"
    some = worlds(args.only, args.scale)
    rows = in_pieces(run, some, file, args.processes, args.minutes)
    print(tables([row["job"] | row for row in rows]))


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
        add("null", "no dependence", 200, SMALL)
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
    # A part of the work sees all kinds.
    return sorted(jobs, key=lambda job: job["seed"])


def run(job: dict) -> dict:
    """Simulate one world, test it, and return the answers."""
    setting = {k: v for k, v in job.items() if k not in ("group", "name", "drift")}
    # Seeds far from those used while the method was made.
    world = simulate(**(setting | {"seed": 20_000 + job["seed"]}))
    if job.get("drift"):
        world = with_drifting_taste(world, job["seed"])
    return answers(dependence_test(world, seed=job["seed"], n_permutations=PERMUTATIONS))


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
            "| world without dependence | size | worlds | time | place | interaction | order "
            "| any yes | any, by shuffles alone |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
    for name in dict.fromkeys(r["name"] for r in nulls):
        group = [r for r in nulls if r["name"] == name]
        cells = [str(_yes(group, i)) for i in INGREDIENTS]
        any_yes = sum(any(r["found"][i]["decision"] for i in INGREDIENTS) for r in group)
        raw = sum(any(_rejected(r["found"][i]) for i in INGREDIENTS) for r in group)
        text.append(f"| {name} | {_size(group[0])} | {len(group)} | {' | '.join(cells)} | "
                    f"**{any_yes}** | {raw} |")  # fmt: skip
    powers = [r for r in rows if r["group"] in ("power", "curve")]
    if powers:
        text += [
            "",
            "| only this acts | slider | size | found | effect (nats) | said to be seen in 80 % "
            "| false yes |",
            "|---|---|---|---|---|---|---|",
        ]
    for key in dict.fromkeys((r["group"], r["name"], r[SLIDER[r["name"]]]) for r in powers):
        some = [r for r in powers if (r["group"], r["name"], r[SLIDER[r["name"]]]) == key]
        name = key[1]
        # Where a dependence of both acts, a yes to either is none.
        others = {i for i in INGREDIENTS if i != name}
        wrong = sum(any(r["found"][i]["decision"] for i in others) for r in some)
        effect, least = (np.mean([r["found"][name][k] for r in some]) for k in ("effect", "least"))
        text.append(f"| {name} | {key[2]} | {_size(some[0])} | **{_yes(some, name)} of "
                    f"{len(some)}** | {effect:.3f} | {least:.3f} | {wrong} |")  # fmt: skip
    return "\n".join([*text, "", seen_table([r for r in powers if r["group"] == "curve"])])


def seen_table(rows: list[dict]) -> str:
    """Compare how often effects are found with what the gate says of their size.

    The true effect of a world is the mean over the worlds of its kind; a world is in the row of
    its ratio to the effect that is said to be seen in 80 %.
    """
    ratios: list[tuple[float, bool]] = []
    for key in dict.fromkeys((r["name"], r["scenario"], r[SLIDER[r["name"]]]) for r in rows):
        some = [r["found"][key[0]] for r in rows
                if (r["name"], r["scenario"], r[SLIDER[r["name"]]]) == key]  # fmt: skip
        true = np.mean([each["effect"] for each in some])
        ratios += [(true / each["least"], each["decision"]) for each in some]
    text = ["| effect, of that said to be seen in 80 % | worlds | found |", "|---|---|---|"]
    for low, high in itertools.pairwise(RATIOS):
        some = [yes for ratio, yes in ratios if low <= ratio < high]
        if some:
            text.append(f"| {low:g}–{high:g} | {len(some)} | {np.mean(some):.0%} |")
    return "\n".join(text) if len(text) > 2 else ""


def real_table(folder: Path) -> str:
    """Return the table of decisions on the research data sets in `folder`."""
    text = [
        "| data | check-ins | users | items | place | time | space | interaction | order | drift "
        "| route | s |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, checkins in real_data(folder):
        result = dependence_test(checkins)
        cells = [_cell(i) for i in result.ingredients]
        drift = f"{result.drift.effect_nats or 0:.3f}" if result.drift.decision else "no"
        place = result.place.split(",")[0].replace("the place of the ", "")
        text.append(
            f"| {name} | {result.n_checkins:,} | {result.n_users:,} | {result.n_items:,} | "
            f"{place} | {' | '.join(cells)} | {drift} | {result.route} | {result.seconds:.0f} |"
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


def _yes(rows: list[dict], name: str) -> int:
    return sum(row["found"][name]["decision"] for row in rows)


def _size(row: dict) -> str:
    return f"{row['n_users']} × {row['n_checkins'] // row['n_users']}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    choices = ["null", "robust", "power", "curve", "real"]
    parser.add_argument("--only", nargs="+", choices=choices, default=choices[:-1])
    parser.add_argument("--scale", type=float, default=1.0, help="share of the worlds to run")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--into", type=Path, help="keep each world's answers in this folder")
    parser.add_argument("--minutes", type=float, default=600, help="begin no world after so long")
    return parser.parse_args()


if __name__ == "__main__":
    main()
