"""Which places run empty or full, from the balance of arrivals and departures."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from strec.errors import AnalysisError

if TYPE_CHECKING:
    from strec.demand.forecast import Demand


def risk(ahead: "Demand", capacity: float | np.ndarray, filled: float | np.ndarray) -> pd.DataFrame:
    """Return when places run empty or full; see `Demand.risk`."""
    if ahead.panel.what != "balance":
        raise AnalysisError(
            "Whether a place runs empty or full is told from its balance.",
            f"a forecast of {ahead.panel.unit}.",
            "Forecast the balance of arrivals and departures.",
        )
    steps = min(24, len(ahead.expected), ahead.backtest.horizon)
    room = np.broadcast_to(np.asarray(capacity, dtype=float), ahead.panel.n_places)
    stock = np.broadcast_to(np.asarray(filled, dtype=float), room.shape) * room
    sums = np.cumsum(ahead.expected[:steps], axis=0)
    made = ahead.backtest.expected[ahead.model][:, :steps]
    error = np.cumsum(np.nan_to_num(ahead.backtest.truth[:, :steps] - made), axis=1)
    after = stock + sums + error  # (n_origins, steps, n_places)
    rows = []
    for word, over in (("empty", after <= 0), ("full", after >= room)):
        chance = over.mean(axis=0)
        for at in np.flatnonzero((chance >= 0.5).any(axis=0)):
            hour = int((chance[:, at] >= 0.5).argmax())
            rows.append((at, word, ahead.hours[hour], chance[hour, at], sums[hour, at]))
    columns = ["at", "runs", "hour", "chance", "balance"]
    found = pd.DataFrame(rows, columns=pd.Index(columns))
    about = ahead.panel.places[["place", "name", "lat", "lon"]]
    found = about.iloc[found["at"]].reset_index(drop=True).join(found.drop(columns="at"))
    return found.sort_values(["hour", "chance"], ascending=[True, False], ignore_index=True)


def rooms(places: pd.DataFrame, table: pd.DataFrame, otherwise: float) -> np.ndarray:
    """Return how much each place holds; see `Demand.room`."""
    need = "A table of rooms has a column place (id or name) and a column capacity of numbers."
    if not {"place", "capacity"} <= set(table):
        raise AnalysisError(need, f"{', '.join(map(str, table)) or 'none'}.", "Rename its columns.")
    sizes = pd.to_numeric(table["capacity"], errors="coerce").to_numpy(dtype=float)
    if not (sizes > 0).all():
        raise AnalysisError(
            need, f"{int((~(sizes > 0)).sum())} rows without a number above 0.", "Correct them."
        )
    known = dict(zip(table["place"].astype(str), sizes, strict=True))
    known_by = places[["place", "name"]].astype(str)
    found = known_by["place"].map(known).fillna(known_by["name"].map(known))
    if found.isna().all():
        raise AnalysisError(
            need, "no place of the forecast in it.", "Name places as the forecast does."
        )
    return found.fillna(float(otherwise)).to_numpy(dtype=float)
