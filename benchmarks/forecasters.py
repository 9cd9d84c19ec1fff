"""strec's forecasters beside statsforecast and pmdarima: same windows, same pasts, one run.

The peers bring another pandas, so they live in an environment of their own and exchange numbers
through files. Prints a Markdown table for each series::

    python benchmarks/forecasters.py --env FOLDER            # prints how to make the environment
    STREC_DATA=folder python benchmarks/forecasters.py --python FOLDER/bin/python
    python benchmarks/forecasters.py --python … --series passengers sunspots
    python benchmarks/forecasters.py --python … --quick      # one window of one series, to try it

Series: passengers (Box and Jenkins, monthly), co2 (Mauna Loa, monthly), sunspots (yearly), and
check-ins per hour and day of the samples social and flights. Each model chooses its structure on
the first window's past and is fitted again for each window. Seconds are those of the processor,
on one thread, of choosing, fitting and forecasting all windows.
"""

import argparse
import json
import os
import runpy
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# One thread: times of different models compare, whatever else the machine does.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pandas as pd

from strec.io.samples import read_sample
from strec.temporal import TimeSeries, backtest, mase_scale, series, standard_models
from strec.temporal.backtesting import Backtest
from strec.temporal.forecasting import recent

WORKER = Path(__file__).with_name("forecasters_worker.py")
WORLDS = Path(__file__).parents[1] / "tests" / "temporal" / "worlds.py"
LEVEL = 0.9
MAKE = """python3.11 -m venv {env}
{env}/bin/pip install statsforecast pmdarima"""


def main() -> None:
    args = _arguments()
    if args.env:
        print(MAKE.format(env=args.env))
        return
    tables = {}
    for name in args.series:
        data = SERIES[name]()
        windows = 1 if args.quick else args.windows
        found, seconds = of_strec(data, windows, args.search)
        rows = strec_rows(found, seconds)
        if args.python:
            rows += of_peers(found, args)
        rows.sort(key=lambda row: row["mae"])
        tables[name] = rows
        print(f"\n{name}: {len(data):,} values, {found.windows} windows of {found.horizon}\n")
        print("| model | library | MAE | MASE | 90 % held | CPU s |\n|---|---|---:|---:|---:|---:|")
        for row in rows:
            print(line(row), flush=True)
    if args.out:
        args.out.write_text(json.dumps(tables, indent=2))


def co2() -> TimeSeries:
    """Return monthly means of the weekly values at Mauna Loa, gaps interpolated."""
    from statsmodels.datasets import co2 as source

    weekly = source.load_pandas().data["co2"]
    return TimeSeries.of(weekly.resample("MS").mean().interpolate(), grain="month", name="co2")


def sunspots() -> TimeSeries:
    """Return the yearly numbers of sunspots; their cycle lasts about eleven years."""
    from statsmodels.datasets import sunspots as source

    values = source.load_pandas().data["SUNACTIVITY"].to_numpy()
    return TimeSeries.of(values, periods=(11,), name="sunspots")


def passengers() -> TimeSeries:
    """Return thousands of airline passengers per month, 1949 to 1960."""
    return runpy.run_path(str(WORLDS))["air_passengers"]()


def sample(name: str, grain: str) -> Callable[[], TimeSeries]:
    """Return what reads a sample's check-ins per period."""
    return lambda: series(read_sample(name), grain)


SERIES = {
    "passengers": passengers,
    "co2": co2,
    "sunspots": sunspots,
    "social, day": sample("social", "day"),
    "flights, day": sample("flights", "day"),
    "social, hour": sample("social", "hour"),
    "flights, hour": sample("flights", "hour"),
}


def of_strec(data: TimeSeries, windows: int, search_s: float) -> tuple[Backtest, dict]:
    """Backtest strec's models; return it, and the processor's seconds of each."""
    models = standard_models(budget_s=search_s)
    begun: list[float] = []
    found = backtest(
        data,
        models,
        windows=windows,
        level=LEVEL,
        progress=lambda name, share: begun.append((name, time.process_time())),
    )
    begun.append(("", time.process_time()))
    seconds = dict.fromkeys(models, 0.0)
    for (name, start), (_, end) in zip(begun, begun[1:], strict=False):
        seconds[name.rsplit(", window", 1)[0]] += end - start
    return found, seconds


def strec_rows(found: Backtest, seconds: dict[str, float]) -> list[dict]:
    """Return rows of strec's own table."""
    return [
        {"model": row.model, "library": "strec", "mae": row.mae, "mase": row.mase,
         "held": row.coverage, "cpu_s": seconds[row.model]}
        for row in found.table.itertuples()
    ]  # fmt: skip


def of_peers(found: Backtest, args: argparse.Namespace) -> list[dict]:
    """Give the same pasts to the peers, and measure what they forecast."""
    windows = []
    for start in range(found.windows):
        split = len(found.series) - (found.windows - start) * found.horizon
        past = found.series.part(0, split)
        learned = recent(past)
        windows.append(
            {
                "past": learned.filled().tolist(),
                "periods": learned.usable_periods(),
                "observed": found.series.clock.to_numpy()[split : split + found.horizon].tolist(),
                "scale": mase_scale(past),
            }
        )
    given = [{key: window[key] for key in ("past", "periods")} for window in windows]
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder) / "asked.json", Path(folder) / "answered.json"
        asked.write_text(json.dumps({"horizon": found.horizon, "windows": given}))
        command = [args.python, WORKER, asked, answered, "--limit", args.limit]
        subprocess.run([*map(str, command)], check=True)
        answers = json.loads(answered.read_text())
    return [peer_row(answer, windows) for answer in answers]


def peer_row(answer: dict, windows: list[dict]) -> dict:
    """Return errors and coverage of one peer, as `backtest` computes its own."""
    row = {key: answer[key] for key in ("model", "library", "cpu_s")}
    if "failed" in answer:
        return row | {"mae": float("inf"), "failed": answer["failed"]}
    parts = []
    for window, ahead in zip(windows, answer["windows"], strict=True):
        part = pd.DataFrame(ahead | {"observed": window["observed"]}).assign(scale=window["scale"])
        ends = ["mean", "lower", "upper"]
        # Counts and concentrations are never below 0: strec knows, so the peers are told.
        part[ends] = part[ends].clip(lower=0) if min(window["past"]) >= 0 else part[ends]
        parts.append(part.dropna(subset="observed"))
    table = pd.concat(parts)
    error = (table["observed"] - table["mean"]).abs()
    inside = table["observed"].between(table["lower"], table["upper"])
    return row | {"mae": float(error.mean()), "mase": float((error / table["scale"]).mean()),
                  "held": float(inside.mean())}  # fmt: skip


def line(row: dict) -> str:
    """Return a line of the Markdown table."""
    if "failed" in row:
        cells = [row["failed"], "", ""]
    else:
        digits = 3 if row["mae"] < 10 else 1
        cells = [f"{row['mae']:.{digits}f}", f"{row['mase']:.3f}", f"{row['held']:.0%}"]
    return f"| {' | '.join([row['model'], row['library'], *cells, format(row['cpu_s'], '.1f')])} |"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--env", help="print how to make the peers' environment in this folder")
    parser.add_argument("--python", help="Python of that environment; without it strec alone")
    parser.add_argument("--series", nargs="+", choices=SERIES, default=list(SERIES))
    parser.add_argument("--windows", type=int, default=5)
    parser.add_argument("--search", type=float, default=8.0, metavar="SECONDS",
                        help="for each of strec's searches of an ARIMA order")  # fmt: skip
    parser.add_argument("--limit", type=float, default=120.0, metavar="SECONDS",
                        help="of the processor for a peer, then it is given up")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="one window of the shortest series")
    parser.add_argument("--out", type=Path, help="write the rows here as JSON")
    args = parser.parse_args()
    if args.quick:
        args.series, args.search, args.limit = ["passengers"], 1.0, 20.0
    return args


if __name__ == "__main__":
    main()
