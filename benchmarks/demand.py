"""How well is demand forecast, and how long does it take?

    python benchmarks/demand.py bikes            # NYCBike 2014, one hour and a day ahead
    python benchmarks/demand.py panels           # samples, Divvy, flights: against counting
    python benchmarks/demand.py speed            # 500 places, a week ahead
    python benchmarks/demand.py first            # until the first forecast, and until the best
    python benchmarks/demand.py store FOLDER     # the counts of a store of any size
    python benchmarks/demand.py peers PYTHON     # beside statsforecast, in that Python
    python benchmarks/demand.py stgcn PYTHON FOLDER SECONDS   # a public STGCN on NYCBike 2014, in
                                                 # that Python; goes on where it stopped
    python benchmarks/demand.py networks         # ST-LSTM and ST-GCN on the sample traffic
    python benchmarks/demand.py quantiles        # trees of quantiles, or errors of one

`STREC_DATA` names the folder of the research data. Tables: docs/demand.md.
"""

import os
import subprocess
import sys
import tempfile
import time
from copy import copy
from pathlib import Path

import numpy as np
import pandas as pd

from strec import Dataset
from strec.demand import (
    QUANTILES,
    Backtest,
    Bands,
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
from strec.demand.scoring import crossed, crossed_bands

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


def panels(*names: str) -> None:
    """Weighted quantile loss against counting, a day ahead."""
    for name in names or ("social", "ecommerce", "travel", "traffic", "flights", "divvy"):
        data = divvy() if name == "divvy" else Dataset.sample(name)
        counted = panel(data, where="items" if name == "divvy" else None)
        began = time.process_time()
        found = backtest(counted, horizon=24, calendar=Calendar("US"))
        took = time.process_time() - began
        rows = found.table.set_index("model")
        best = rows.loc["Blend"]
        low, high = crossed_bands(counted, found.expected["Blend"], found.truth)[1][:2]
        inside = (found.truth >= low) & (found.truth <= high)
        held = inside[found.expected["Blend"] >= 1].mean()
        print(
            f"{name:10s} {counted.n_hours} h × {counted.n_places}: counting "
            f"{rows.loc['Counting', 'wql']:.4f}, blend {best['wql']:.4f}, gain {best['gain']:+.2%} "
            f"({best['gain_low']:+.2%} to {best['gain_high']:+.2%}), proposed {found.proposed}, "
            f"80 % {best['cover_80']:.0%}, where one or more is expected {held:.0%}, "
            f"95 % {best['cover_95']:.0%}, {took:.1f} s"
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


def first(name: str = "") -> None:
    """Seconds of a core until a first forecast is there, and until that of the best of all."""
    if not name:
        for each in ("traffic", "flights", "divvy"):
            subprocess.run([sys.executable, __file__, "first", each], check=True)
        return
    from strec.demand import demand, standard_models

    store = (divvy() if name == "divvy" else Dataset.sample(name)).store
    began = time.process_time()
    counted = panel(store, where="items" if name == "divvy" else None)
    times = [time.process_time() - began]
    for models in (standard_models(0), None):
        began = time.process_time()
        demand(counted, models=models, calendar=Calendar("US"), refit=False)
        times.append(time.process_time() - began)
    print(f"{name}: counts {times[0]:.1f}, first {times[1]:.1f}, all {times[2]:.1f} s of a core")


def store(folder: str) -> None:
    """Seconds of a core that the counts of a store take, asked twice."""
    from strec.store import Store

    found = Store(folder)
    for where in (None, "items", "all"):
        for _ in range(2):
            began = time.process_time()
            counted = panel(found, where=where)
            print(f"{counted.where}: {counted.n_hours} h × {counted.n_places} in "
                  f"{time.process_time() - began:.2f} s of a core")  # fmt: skip


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


def stgcn(python: str, folder: str, seconds: str = "3600") -> None:
    """The STGCN of torch-geometric-temporal, one hour ahead, fitted once on what is before."""
    both = bike_panels()
    one = both["arrivals"]
    begun, last = (int(one.hours.get_loc(pd.Timestamp(at))) for at in (FIRST, LAST))
    values = np.stack([each.values[: last + 1] for each in both.values()], axis=2)
    lat, lon = (one.places[name].to_numpy() for name in ("lat", "lon"))
    apart = np.maximum(np.abs(lat[:, None] - lat), np.abs(lon[:, None] - lon))
    near = (apart > 0) & (apart < 0.015)
    at = Path(folder)
    at.mkdir(parents=True, exist_ok=True)
    asked, answered, kept = (str(at / name) for name in ("asked.npz", "answered.npz", "kept.pt"))
    first = one.start.day_of_week * 24 + one.start.hour
    np.savez(asked, values=values, near=near, begun=begun, first=first)
    worker = Path(__file__).with_name("demand_stgcn.py")
    subprocess.run([python, str(worker), asked, answered, kept, seconds], check=True)
    if not Path(answered).exists():
        return
    found = dict(np.load(answered))
    print(f"{float(found['seconds']):.0f} s of a core, {float(found['gb']):.1f} GB, "
          f"{int(found['passes'])} passes")  # fmt: skip
    for k, name in enumerate(both):
        truth = values[begun:, :, k]
        error = np.abs(found["found"][:, :, k] - truth)
        print(f"{name:12s} MAE {error[truth > BUSY].mean():.3f}  all {error.mean():.3f}")


def networks() -> None:
    """ST-LSTM and ST-GCN beside the other models, hexagons of the sample traffic, a day ahead."""
    from strec.demand import standard_models
    from strec.models.demand import networks as all_networks

    counted = panel(Dataset.sample("traffic"))
    found = backtest(counted, standard_models() | all_networks(), calendar=Calendar("US"))
    shown = ["model", "mae", "wql", "gain", "gain_low", "gain_high", "cover_80", "seconds"]
    print(found.table[shown].round(4).to_string(index=False))


def quantiles(*names: str) -> None:
    """Weighted quantile loss of Poisson trees with conformal bands, and of trees of quantiles."""
    bikes = bike_panels()["arrivals"]
    last = int(bikes.hours.get_loc(pd.Timestamp(FIRST)))
    panels = {name: panel(Dataset.sample(name)) for name in ("traffic", "flights")}
    panels |= {"Divvy": panel(divvy(), where="items"), "bikes": bikes.part(0, last)}
    for name in names or panels:
        counted = panels[name]
        past = backtest(counted, {Trees.label: Trees()}, horizon=24, calendar=Calendar("US"))
        expected, truth = past.expected[Trees.label], past.truth
        made = {"conformal": (crossed_bands(counted, expected, truth)[0], 0.0)}
        for label, (taus, lighter) in FORMS.items():
            began = time.process_time()
            lines = _between(taus, _of_quantiles(past, taus, lighter))
            seconds = time.process_time() - began
            if not lighter:
                made[label] = lines, seconds
            # Each half of the test corrects the other one.
            made[f"{label}, corrected"] = np.stack(
                [crossed(len(truth), truth.shape, _corrected(counted, line, truth, tau))
                 for tau, line in zip(QUANTILES, lines, strict=True)]
            ), seconds  # fmt: skip
        print(f"\n{name}")
        for label, (lines, seconds) in made.items():
            loss, held = _loss_of(np.sort(lines, axis=0), truth)
            print(f"  {label:34s} WQL {loss:.4f}, 80 % hold {held:.1%}, {seconds:.1f} s of a core",
                  flush=True)  # fmt: skip


def _between(taus: tuple[float, ...], lines: np.ndarray) -> np.ndarray:
    """Return all quantiles from those learned: between them, and beyond, on a straight line."""
    lines, found = np.sort(lines, axis=0), []
    for tau in QUANTILES:
        k = int(np.clip(np.searchsorted(taus, tau) - 1, 0, len(taus) - 2))
        along = (tau - taus[k]) / (taus[k + 1] - taus[k])
        found.append(np.maximum(lines[k] * (1 - along) + lines[k + 1] * along, 0))
    return np.stack(found)


def _corrected(counted: Panel, line: np.ndarray, truth: np.ndarray, tau: float):
    return lambda fit, use: Bands(line[fit], truth[fit], counted.is_signed).around(
        line[use], (tau,)
    )[0]


def _loss_of(lines: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Return the weighted quantile loss, and how much whole numbers between 10 and 90 % hold."""
    away = truth - lines
    taus = np.array(QUANTILES)[:, None, None, None]
    loss = 2 * np.where(away > 0, taus * away, (taus - 1) * away)
    low, high = (np.floor(lines[at] + 0.5) for at in (1, -2))
    held = ((truth >= low) & (truth <= high))[np.isfinite(truth)].mean()
    return float(np.nansum(loss) / len(QUANTILES) / np.nansum(truth)), float(held)


#: Quantiles that are learned, and whether from a third of the rows by half as many trees.
FORMS = {"quantiles": (QUANTILES, False), "lighter": (QUANTILES, True),
         "lighter, five": ((0.025, 0.2, 0.5, 0.8, 0.975), True)}  # fmt: skip


def _of_quantiles(past: Backtest, taus: tuple[float, ...], lighter: bool) -> np.ndarray:
    """Return what trees with the objective of each quantile say, from the same columns."""
    import lightgbm

    trees, counted = past.fitted[Trees.label], past.panel
    assert isinstance(trees, Trees)
    before = counted.part(0, int(past.origins[0]))
    n_trees = trees._n_trees(before)
    if lighter:
        trees, n_trees = copy(trees), n_trees // 2
        trees.most_rows = trees.most_rows // 3
    origins, ahead = trees._drawn(before)
    rates = trees.counting.rates(before, before.n_hours)
    table = trees._table(before, origins, ahead, rates, learning=True)
    # In units of a count's noise, from what days alike expect.
    target = (before.values[origins + ahead].ravel() - table.base) / np.sqrt(table.base + 0.25)
    known = np.isfinite(target)
    found = np.empty((len(taus), *past.truth.shape))
    asked = [(mine, trees._table(
        counted, np.repeat(past.origins[mine], past.horizon),
        np.tile(np.arange(past.horizon), len(mine)), trees.counting.rates(counted, until)))
        for until, mine in trees.counting.by_day(past.origins)]  # fmt: skip
    for k, tau in enumerate(taus):
        settings = trees.booster.params | {"objective": "quantile", "alpha": tau}
        settings |= {"boost_from_average": True}
        if lighter:
            settings["learning_rate"] *= 2
        data = lightgbm.Dataset(table.features[known], target[known])
        booster = lightgbm.train(settings, data, n_trees)
        for mine, each in asked:
            score = np.asarray(booster.predict(each.features))
            line = np.maximum(each.base + score * np.sqrt(each.base + 0.25), 0)
            line = np.where(each.base <= 0, 0.0, line)
            found[k][mine] = line.reshape(len(mine), past.horizon, -1)
    return found


KINDS = {
    "quantiles": quantiles,
    "stgcn": stgcn,
    "first": first,
    "store": store,
    "bikes": bikes, "panels": panels, "speed": speed, "peers": peers, "networks": networks,
}  # fmt: skip

if __name__ == "__main__":
    KINDS[sys.argv[1]](*sys.argv[2:])
