"""Counts put together: consecutive hours, the largest places, gaps, both directions of trips."""

from dataclasses import replace

import numpy as np
import pandas as pd

from strec.demand.base import HOURS_OF_WEEK
from strec.demand.panels import Panel
from strec.errors import AnalysisError
from strec.export import enough_people
from strec.wording import plural

#: Nothing anywhere for so many hours is taken for a gap, if at least so much was to be expected.
_GAP_HOURS, _GAP_COUNT = 12, 20


def largest(sizes: pd.DataFrame, most: int, min_users: int) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the largest places that enough people visit, and what is to be said of the others.

    `sizes` has the index `key`, and `n_checkins`, `n_users`.
    """
    shown, notes = enough_people(sizes, min_users), ()
    if (~shown).any():
        n = int((~shown).sum())
        notes += (f"{plural(n, 'place')} with too few people {'is' if n == 1 else 'are'} hidden.",)
    kept = sizes[shown].sort_values("n_checkins", ascending=False, kind="stable")
    if len(kept) > most:
        notes += (f"The {most:,} largest of {plural(len(kept), 'place')} are forecast.",)
        kept = kept.head(most)
    if kept.empty:
        raise AnalysisError(
            f"Demand is shown of places with at least {min_users} people.",
            f"none of {plural(len(sizes), 'place')} has as many.",
            "Choose wider hexagons, or everywhere together.",
        )
    return kept, notes


def assembled(
    found: pd.DataFrame, counts: str, kept: pd.DataFrame, span: tuple[pd.Timestamp, pd.Timestamp],
    places: pd.DataFrame, min_users: int,
) -> Panel:  # fmt: skip
    """Put counts of places and hours into a table of consecutive hours."""
    first, last = span
    when = pd.to_datetime(found["day"]) + pd.to_timedelta(found["hour"], unit="h")
    row = ((when - first) / pd.Timedelta("1h")).to_numpy().astype(int)
    place = kept.index.get_indexer(pd.Index(found["key"]))
    values = np.zeros((int((last - first) / pd.Timedelta("1h")) + 1, len(kept)))
    values[row, place] = found[counts]
    people = np.zeros(values.shape, dtype=np.int32)
    people[row, place] = found["n_users"]
    few = (people > 0) & (people < min_users) if min_users > 1 else None
    values, gaps = with_gaps(values)
    notes = ()
    if gaps:
        notes += (f"{plural(gaps, 'hour')} without anything anywhere are taken as unknown.",)
    return Panel(values, first, places, few=few, notes=notes)


def with_gaps(values: np.ndarray) -> tuple[np.ndarray, int]:
    """Set hours in which nothing is known to NaN: long silences where much was to be expected.

    What is to be expected say the same hours of other weeks: who is closed on Sundays is silent,
    not unknown. Hours of the week that only the silence holds are taken for those of the day.
    """
    total = values.sum(axis=1)
    silent = total == 0
    edges = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(int)))
    unknown = np.zeros(len(values), dtype=bool)
    every = np.arange(len(values))
    for begin, end in edges.reshape(-1, 2):
        if end - begin < _GAP_HOURS:
            continue
        other = (every < begin) | (every >= end)
        if _expected(total, every, other)[begin:end].sum() >= _GAP_COUNT:
            unknown[begin:end] = True
    return np.where(unknown[:, None], np.nan, values), int(unknown.sum())


def _expected(total: np.ndarray, every: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return for each hour the mean of its like among others: of the week, else of the day."""
    found = np.full(len(total), np.nan)
    for period in (24, HOURS_OF_WEEK):
        at = every % period
        n = np.bincount(at[other], minlength=period)
        sums = np.bincount(at[other], total[other], minlength=period)
        found = np.where(n[at] > 0, sums[at] / np.maximum(n[at], 1), found)
    return np.nan_to_num(found)


def named(kept: pd.DataFrame, names: pd.DataFrame, where: str) -> pd.DataFrame:
    places = kept.reset_index().rename(columns={"index": "key"})
    if where != "cells":
        return places.merge(names.drop(columns=["n_checkins", "n_users"], errors="ignore"),
                            on="key", how="left").drop(columns="key")  # fmt: skip
    from h3ronpy.vector import cells_to_coordinates

    known = places["key"].map(names.set_index("key")["name"])
    cells = places.pop("key").astype("uint64")
    centre = cells_to_coordinates(cells.to_numpy())
    hexes = [f"{cell:x}" for cell in cells]
    named = [f"Around {name}" if isinstance(name, str) else f"Hexagon {cell}"
             for name, cell in zip(known, hexes, strict=True)]  # fmt: skip
    lat, lon = (np.asarray(centre[name]) for name in ("lat", "lng"))
    return places.assign(place=hexes, name=named, lat=lat, lon=lon, cell=cells.to_numpy())


def difference(arrivals: Panel, departures: Panel, most: int) -> Panel:
    """Return arrivals less departures of the places that have either."""
    sides = arrivals, departures
    first, last = min(side.start for side in sides), min(side.end for side in sides)
    n_hours = int((last - first) / pd.Timedelta("1h"))
    both = pd.concat([side.places for side in sides])
    sizes = both.groupby("place")["n_checkins"].sum().sort_values(ascending=False, kind="stable")
    ids = sizes.index[:most]
    places = both.drop_duplicates("place").set_index("place").loc[ids].reset_index()
    places["n_checkins"] = sizes.loc[ids].to_numpy()
    tables, few = [], np.zeros((n_hours, len(ids)), dtype=bool)
    for side in sides:
        shift = int((side.start - first) / pd.Timedelta("1h"))
        column = pd.Series(np.arange(side.n_places), index=side.places["place"]).reindex(ids)
        known = column.notna().to_numpy()
        take = column[known].astype(int).to_numpy()
        rows = slice(0, n_hours - shift)
        table = np.zeros((n_hours, len(ids)))
        table[shift:, known] = side.values[rows][:, take]
        if side.few is not None:
            few[shift:, known] |= side.few[rows][:, take]
        tables.append(table)
    return replace(
        arrivals, values=tables[0] - tables[1], start=first, places=places, what="balance", few=few
    )
