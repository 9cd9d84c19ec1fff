"""Calibration of the dependence gate from outside: worlds that share nothing with strec's own.

The worlds are in `outside_worlds.py`; of those with a dependence the oracle's nats are known::

    python benchmarks/gate_worlds.py                       # all, about 25 minutes on two cores
    python benchmarks/gate_worlds.py --only null --scale 0.25
    python benchmarks/gate_worlds.py --into folder --minutes 5    # a piece; again for the next one

Tables are printed; with `--into` the figure of docs/gate.md is drawn from what is there.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy.optimize import minimize

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.outside_worlds import KINDS, NULL, POWER, live
from benchmarks.piecewise import in_pieces
from strec.gate import dependence_test
from strec.gate.result import DependenceResult

FIGURE = Path(__file__).parent.parent / "docs" / "figures" / "gate-outside.svg"
PERMUTATIONS = 79
INGREDIENTS = ("time", "space", "interaction", "order")
#: How many worlds of each kind without a dependence, and with one of each strength.
N_NULL, N_POWER = 20, 2
STRENGTHS = (0.2, 0.4, 0.6, 0.8, 1.0)


def main() -> None:
    """Run what is asked for and print the tables."""
    args = _arguments()
    file = args.into and args.into / "gate_worlds.jsonl"
    some = jobs(args.only, args.kinds, args.scale)
    rows = in_pieces(run, some, file, args.processes, args.minutes)
    print(tables(rows))
    if file and any("strength" in row["job"] for row in rows):
        draw(rows, FIGURE)


def jobs(only: list[str], kinds: list[str] | None = None, scale: float = 1.0) -> list[dict]:
    """Return the settings of every world."""
    found = []
    if "null" in only:
        found += [dict(kind=make.__name__, seed=k)
                  for make in NULL for k in range(max(1, round(N_NULL * scale)))]  # fmt: skip
    if "power" in only:
        seeds = range(max(1, round(N_POWER * scale)))
        found += [dict(kind=make.__name__, seed=k, strength=strength)
                  for make in POWER for strength in STRENGTHS for k in seeds]  # fmt: skip
    # One world of each kind after the other, so that a part of the work sees all kinds.
    return sorted(
        (job for job in found if not kinds or job["kind"] in kinds), key=lambda job: job["seed"]
    )


def run(job: dict) -> dict:
    """Live through one world, test it, and return the answers."""
    name = job["kind"]
    # Seeds that were not used while the method was made.
    rng = np.random.default_rng([1_000 + job["seed"], list(KINDS).index(name), 77])
    strength = [job["strength"]] if "strength" in job else []
    world = KINDS[name](rng, *strength)
    table, nats = live(world, rng)
    result = dependence_test(
        table, seed=job["seed"], n_permutations=PERMUTATIONS, dates=world.dates
    )
    return answers(result) | dict(nats=nats, may_find=world.may_find, n=len(table))


def answers(result: DependenceResult) -> dict:
    """Return what a table needs of a result."""
    found = {
        each.name: dict(
            decision=each.decision,
            effect=each.effect_nats or 0.0,
            least=each.detectable_nats,
            p=each.p_value if each.tested else 1.0,
            p_adjusted=each.p_adjusted if each.tested else 1.0,
            why=each.why,
        )
        for each in (*result.ingredients, result.drift)
    }
    parts = {each.name: each.decision for each in result.time_parts}
    return dict(found=found, parts=parts, seconds=result.seconds)


def is_found(row: dict) -> bool:
    """Say whether the gate said yes to what acts, by one of its names."""
    return any(row["found"][name]["decision"] for name in row["may_find"])


def false_yes(row: dict) -> list[str]:
    """Return the ingredients that got a yes and do not act."""
    return [i for i in INGREDIENTS if row["found"][i]["decision"] and i not in row["may_find"]]


def tables(rows: list[dict]) -> str:
    """Return the Markdown tables."""
    text = []
    null = [row for row in rows if "strength" not in row["job"]]
    if null:
        text += [
            "| world without a dependence | what it is | worlds | time | place | interaction "
            "| order | any | drift |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
    for kind in dict.fromkeys(row["job"]["kind"] for row in null):
        some = [row for row in null if row["job"]["kind"] == kind]
        cells = [f"{sum(row['found'][i]['decision'] for row in some)}" for i in INGREDIENTS]
        drift = sum(row["found"]["drift"]["decision"] for row in some)
        text.append(f"| {kind.replace('_', ' ')} | {KINDS[kind].__doc__} | {len(some)} | "
                    f"{' | '.join(cells)} | **{sum(map(bool, map(false_yes, some)))}** "
                    f"| {drift} |")  # fmt: skip
    power = [row for row in rows if "strength" in row["job"]]
    if power:
        text += [
            "",
            "| one dependence | what it is | oracle’s nats | found | named | nats found in 80 % "
            "| false yes |",
            "|---|---|---|---|---|---|---|",
        ]
    for kind in dict.fromkeys(row["job"]["kind"] for row in power):
        some = [row for row in power if row["job"]["kind"] == kind]
        nats = [row["nats"] for row in some]
        parts = dict.fromkeys(part for row in some for part in row["parts"])
        names = [f"{i} {n}" for i in (*INGREDIENTS, *parts)
                 if (n := sum(_named(row, i) for row in some))]  # fmt: skip
        text.append(
            f"| {kind.replace('_', ' ')} | {KINDS[kind].__doc__} | {min(nats):.3f}–{max(nats):.3f} "
            f"| **{sum(map(is_found, some))} of {len(some)}** | {', '.join(names)} "
            f"| {found_from(some):.3f} | {sum(map(bool, map(false_yes, some)))} |"
        )
    return "\n".join(text)


def _named(row: dict, name: str) -> bool:
    if name in INGREDIENTS:
        return row["found"][name]["decision"] and name in row["may_find"]
    return row["parts"].get(name, False)


def found_from(rows: list[dict], share: float = 0.8) -> float:
    """Return the oracle's nats from which so many worlds are found, by a logistic curve."""
    at = np.log(np.array([max(row["nats"], 1e-4) for row in rows]))
    yes = np.array([is_found(row) for row in rows], float)

    def loss(w: np.ndarray) -> float:
        score = np.exp(w[1]) * (at - w[0])
        # A weak prior: a slope where all or nothing was found has none of its own.
        return float((np.logaddexp(0, score) - yes * score).sum() + 0.5 * (w[1] - 1.2) ** 2
                     + 0.02 * (w[0] + 3.5) ** 2)  # fmt: skip

    middle, slope = minimize(loss, [-3.5, 1.2], method="Nelder-Mead").x
    return float(np.exp(middle + np.log(share / (1 - share)) / np.exp(slope)))


def draw(rows: list[dict], path: Path) -> None:
    """Write found and not found against the oracle's nats as SVG."""
    import plotly.graph_objects as go

    power = [row for row in rows if "strength" in row["job"]]
    kinds = list(dict.fromkeys(row["job"]["kind"] for row in power))[::-1]
    figure = go.Figure()
    for is_yes, name, marker in (
        (True, "found", {"color": "#2F7E6D", "size": 10}),
        (False, "not found", {"color": "#B0552D", "size": 10, "symbol": "x-thin", "line": {
            "width": 2, "color": "#B0552D"}}),
    ):  # fmt: skip
        some = [row for row in power if is_found(row) == is_yes]
        figure.add_scatter(
            x=[row["nats"] for row in some],
            y=[row["job"]["kind"].replace("_", " ") for row in some],
            mode="markers", name=name, marker=marker,
        )  # fmt: skip
    figure.update_xaxes(
        type="log", title="what an oracle gains, nats per check-in",
        tickvals=[0.003, 0.01, 0.03, 0.1, 0.3, 1], range=[-3, 0.2],
    )  # fmt: skip
    figure.update_yaxes(
        categoryorder="array", categoryarray=[kind.replace("_", " ") for kind in kinds]
    )
    figure.update_layout(
        template="plotly_white", width=760, height=440, font_family="sans-serif",
        title="Found by the gate, by kind of dependence", margin={"l": 130, "r": 20},
        legend={"orientation": "h", "y": 1.08},
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.write_image(path)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=["null", "power"], default=["null", "power"])
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS))
    parser.add_argument("--scale", type=float, default=1.0, help="share of the worlds to run")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--into", type=Path, help="keep each world's answers in this folder")
    parser.add_argument("--minutes", type=float, default=600, help="begin no world after so long")
    return parser.parse_args()


if __name__ == "__main__":
    main()
