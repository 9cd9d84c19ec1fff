"""Backtests that are kept with a large store: the next process tests no model again.

They are known by the content of the panel, the calendar and the code of strec. Forecasts are kept,
not models: those that are needed learn again from what was before the test, as they did for it.
"""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from strec.demand.backtesting import BLEND, Backtest, standard_models
from strec.demand.calendar import Calendar
from strec.demand.counting import HourOfWeek
from strec.demand.panels import Panel
from strec.store import Store
from strec.store.answers import code, make_room, read_told, write_told

FOLDER = "demand"


def load(store: Store, panel: Panel, calendar: Calendar) -> Backtest | None:
    """Return the backtest of the usual models that is kept with a store; None where none is.

    Parameters
    ----------
    store : Store
        Of any size; small ones keep none.
    panel : Panel
        What was counted of it.
    calendar : Calendar
        Without columns of the person's own.

    Returns
    -------
    Backtest
        With those models fitted that the proposed one needs.
    """
    if not _is_kept(store, calendar):
        return None
    if (found := read_told(_path(store, panel, calendar))) is None:
        return None
    table, said = found
    origins, horizon = np.array(said["origins"]), said["horizon"]
    shape = len(origins), horizon, panel.n_places
    past = Backtest(
        pd.DataFrame(said["table"]),
        {name: table[name].to_numpy().reshape(shape) for name in table.column_names},
        panel.values[origins[:, None] + np.arange(horizon)],
        origins,
        said["weights"],
        panel,
        said["failed"],
        {},
        {name: np.array(loss) for name, loss in said["daily"].items()},
    )
    members = [name for name, share in past.weights.items() if share > 0]
    needed = {HourOfWeek.label, *(members if past.proposed == BLEND else [past.proposed])}
    begun = int(origins[0])
    for name, model in standard_models(begun).items():
        if name in needed:
            past.fitted[name] = model.fit(panel.part(0, begun), horizon, calendar)
    return past


def keep(store: Store, past: Backtest, calendar: Calendar) -> None:
    """Keep a backtest of the usual models with a large store, if its folder can be written.

    Parameters
    ----------
    store : Store
        Whose check-ins were counted.
    past : Backtest
        What is kept.
    calendar : Calendar
        The one it was made with; one with columns of the person's own is not kept.
    """
    if not _is_kept(store, calendar):
        return
    said = {
        "table": past.table.to_dict("list"),
        "origins": past.origins.tolist(),
        "horizon": past.horizon,
        "weights": past.weights,
        "failed": past.failed,
        "daily": {name: loss.tolist() for name, loss in past.daily.items()},
    }
    table = pa.table({name: made.ravel() for name, made in past.expected.items()})
    if write_told(_path(store, past.panel, calendar), table, said):
        make_room(store.folder / FOLDER)


def _is_kept(store: Store, calendar: Calendar) -> bool:
    return store.keeps_answers and not calendar.names


def _path(store: Store, panel: Panel, calendar: Calendar) -> Path:
    """Return where a backtest is kept; its name says of what it is."""
    places = panel.places[["place", "lat", "lon"]].to_dict("list")
    seen = hashlib.blake2b(digest_size=16)
    # Trees may be installed here and not there.
    models = list(standard_models())
    seen.update(repr((code(), models, calendar.country, panel.what, panel.start, places)).encode())
    for values in (panel.values, panel.beside):
        if values is not None:
            seen.update(np.ascontiguousarray(values).data)
    return store.folder / FOLDER / seen.hexdigest()
