"""How well is demand forecast, and how long does it take?

    python benchmarks/demand.py bikes            # NYCBike 2014, one hour and a day ahead
    python benchmarks/demand.py panels           # samples, Divvy, flights: against counting
    python benchmarks/demand.py speed            # 500 places, a week ahead
    python benchmarks/demand.py peers PYTHON     # beside statsforecast, in that Python
    python benchmarks/demand.py networks         # ST-LSTM and ST-GCN on the sample traffic

`STREC_DATA` names the folder of the research data. Tables: docs/demand.md.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from strec import Dataset
from strec.demand import (
    Calendar,
    DaysAlike,
    HourOfWeek,
    LastWeek,
    Panel,
    Trees,
    backtest,
    panel,
)  # fmt: skip
from strec.demand.backtesting import _mixed, _weights
from strec.demand.harmonic import Harmonic
from strec.demand.scoring import crossed_bands

#: Fitted on what is before; the later half of September is left alone.
FIRST, LAST = "2014-08-26", "2014-09-12 23:00"
BUSY = 5


def bike_panels() -> dict[str, Panel]:
    """Return arrivals and departures of NYCBike 2014, each with the other beside it."""
    folder = Path(os.environ["STREC_DATA"])
    table = pd.read_parquet(folder / "nycbike_2014/nycbike_2014.parquet")
    table["place"] = table["row"].astype(str) + "-" + table["col"].astype(str)
    arrivals, departures = (
        table.pivot(index="hour", columns="place", values=name)
        for name in ("arrivals", "departures")
    )
    at = [name.split("-") for name in arrivals.columns]
    # The grid has no coordinates; its rows and columns are as good as degrees.
    places = pd.DataFrame({"place": arrivals.columns})
    places["lat"], places["lon"] = np.array(at, dtype=float).T * 0.01
    start = arrivals.index[0]
    return {
        "arrivals": Panel.of(arrivals, start, places, what="arrivals", beside=departures),
        "departures": Panel.of(departures, start, places, what="departures", beside=arrivals),
    }


def bikes() -> None:
    """MAE where more than five came, one hour ahead and a day ahead."""
    for horizon in (1, 24):
        for name, counted in bike_panels().items():
            first, last = (int(counted.hours.get_loc(pd.Timestamp(at))) for at in (FIRST, LAST))
            ahead(counted, first, last + 1, horizon, name, 1 if horizon == 1 else 6)


def ahead(
    counted: Panel, first: int, last: int, horizon: int, name: str, days_between_fits: int
) -> None:
    """Print the errors of each model, all refitted every so many days on what was before."""
    made: dict[str, list[np.ndarray]] = {}
    began = time.process_time()
    step = 24 * days_between_fits
    starts = list(range(first, last - horizon + 1, step))
    for start in starts:
        past = counted.part(0, start)
        origins = np.arange(start, min(start + step, last - horizon + 1), 1 if horizon == 1 else 3)
        for model in models():
            found = model.fit(past, horizon, Calendar("US")).predict(counted, origins, horizon)
            made.setdefault(model.label, []).append(found)
    expected = {label: np.concatenate(each) for label, each in made.items()}
    origins = np.concatenate(
        [
            np.arange(start, min(start + step, last - horizon + 1), 1 if horizon == 1 else 3)
            for start in starts
        ]
    )
    truth = counted.values[origins[:, None] + np.arange(horizon)]
    weeks = np.stack(
        [counted.values[origins[:, None] + np.arange(horizon) - 168 * k] for k in (1, 2, 3)]
    )
    expected["Mean of three weeks"] = weeks.mean(axis=0)
    expected["Blend"] = rolling_blend(expected, truth)
    busy = truth > BUSY
    print(f"\n{name}, {horizon} h ahead, {time.process_time() - began:.0f} s")
    for label, found in expected.items():
        ends = crossed_bands(counted, found, truth)[1]
        inside = (truth >= ends[0]) & (truth <= ends[1])
        many = found >= BUSY
        print(
            f"  {label:22s} MAE {np.abs(found - truth)[busy].mean():6.3f}  all "
            f"{np.abs(found - truth).mean():6.3f}  80 % bands {inside.mean():.1%}, where five or "
            f"more are expected {inside[many].mean():.1%}"
        )


def rolling_blend(expected: dict[str, np.ndarray], truth: np.ndarray) -> np.ndarray:
    """Blend by weights from what was forecast before, day by day."""
    labels = [Trees.label, DaysAlike.label, Harmonic.label, HourOfWeek.label]
    parts = [expected[label] for label in labels]
    per_day = 24 if truth.shape[1] == 1 else 8
    found = np.mean(parts[:2], axis=0)
    for start in range(per_day, len(truth), per_day):
        before, today = slice(0, start), slice(start, start + per_day)
        gap = 0 if truth.shape[1] == 1 else per_day
        before = slice(0, max(start - gap, 1))
        weights = _weights([each[before] for each in parts], truth[before])
        found[today] = _mixed([each[today] for each in parts], weights)
    return found


def models() -> list:
    """Return unfitted models."""
    return [LastWeek(), HourOfWeek(), DaysAlike(), Harmonic(), Trees()]


def panels() -> None:
    """Weighted quantile loss against counting, a day ahead."""
    for name in ("social", "ecommerce", "travel", "traffic", "flights", "divvy"):
        data = divvy() if name == "divvy" else Dataset.sample(name)
        counted = panel(data, where="items" if name == "divvy" else None)
        began = time.process_time()
        found = backtest(counted, horizon=24, calendar=Calendar("US"))
        took = time.process_time() - began
        rows = found.table.set_index("model")
        best = rows.loc["Blend"]
        print(
            f"{name:10s} {counted.n_hours} h × {counted.n_places}: counting "
            f"{rows.loc['Counting', 'wql']:.4f}, blend {best['wql']:.4f}, gain {best['gain']:+.2%} "
            f"({best['gain_low']:+.2%} to {best['gain_high']:+.2%}), proposed {found.proposed}, "
            f"80 % {best['cover_80']:.0%}, 95 % {best['cover_95']:.0%}, {took:.1f} s"
        )


def divvy() -> Dataset:
    """Return the trips of Divvy with their stations."""
    folder = Path(os.environ["STREC_DATA"]) / "divvy_2013"
    return Dataset.from_files([folder / "trips.csv.gz"])


def speed() -> None:
    """500 places of 26 weeks, a week ahead: backtest, and fit and forecast alone."""
    rng = np.random.default_rng(0)
    hour = np.arange(26 * 168)
    shape = 1 + 0.8 * np.sin(2 * np.pi * hour / 24)
    counted = Panel.of(rng.poisson(shape[:, None] * rng.gamma(1, 2, 500)), "2024-03-04")
    from strec.demand import demand

    began, wall = time.process_time(), time.perf_counter()
    past = backtest(counted, horizon=168)
    print(f"backtest {time.process_time() - began:.1f} s of a core")
    began = time.process_time()
    demand(counted, past=past, model="Blend")
    print(f"fit and forecast {time.process_time() - began:.1f} s of a core")
    began = time.process_time()
    demand(counted, past=past, model="Blend", refit=False)
    print(f"forecast as tested {time.process_time() - began:.1f} s of a core")
    print(f"in all {time.perf_counter() - wall:.1f} s on this machine")


def peers(python: str) -> None:
    """AutoETS and MSTL beside days alike: the busiest cells, a day ahead from midnight on."""
    counted = bike_panels()["arrivals"]
    busiest = np.argsort(counted.values.sum(axis=0))[::-1][:24]
    hours = counted.hours
    days = pd.date_range(FIRST, LAST, freq="3D")
    origins = np.array([hours.get_loc(day) for day in days])
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = (str(Path(folder) / name) for name in ("asked.npz", "answered.npz"))
        np.savez(asked, values=counted.values[:, busiest], origins=origins, horizon=24)
        worker = Path(__file__).with_name("demand_peers.py")
        subprocess.run([python, str(worker), asked, answered], check=True)
        found = dict(np.load(answered))
    for model in models():
        began, made = time.process_time(), []
        for origin in origins:
            model.fit(counted.part(0, int(origin)), 24, Calendar("US"))
            made.append(model.predict(counted, np.array([origin]), 24)[0][:, busiest])
        found[model.label] = np.stack(made)
        found[f"{model.label} seconds"] = time.process_time() - began
    truth = counted.values[origins[:, None] + np.arange(24)][:, :, busiest]
    for name in [name for name in found if not name.endswith(" seconds")]:
        error = np.abs(found[name] - truth)[truth > BUSY].mean()
        print(f"{name:20s} MAE {error:6.3f}  {float(found[f'{name} seconds']):6.1f} s of a core")


def networks() -> None:
    """ST-LSTM and ST-GCN beside the other models, hexagons of the sample traffic, a day ahead."""
    from strec.demand import standard_models
    from strec.models.demand import networks as all_networks

    counted = panel(Dataset.sample("traffic"))
    found = backtest(counted, standard_models() | all_networks(), calendar=Calendar("US"))
    shown = ["model", "mae", "wql", "gain", "gain_low", "gain_high", "cover_80", "seconds"]
    print(found.table[shown].round(4).to_string(index=False))


KINDS = {
    "bikes": bikes, "panels": panels, "speed": speed, "peers": peers, "networks": networks,
}  # fmt: skip

if __name__ == "__main__":
    KINDS[sys.argv[1]](*sys.argv[2:])
