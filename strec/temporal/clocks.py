"""Periods of local time: which existed, how long they were, and what falls into them.

Where there is one clock, a period of an hour or less is an interval of real time: on the day that
clocks go back the hour from one to two exists twice, on the day that they go forward the hour from
two to three does not exist. Where check-ins come from many clocks, a period is what each clock
showed.
"""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from strec.temporal.grains import Grain

#: Check-ins whose own offset must be the zone's before its clock is taken for all.
AGREE = 0.99
#: Offsets change at multiples of this.
_ATOM = pd.Timedelta(minutes=15)


def exists(time_zone: str | None) -> bool:
    """Return whether this is the name of a time zone."""
    try:
        return isinstance(time_zone, str) and bool(ZoneInfo(time_zone).key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def share_on(found: pd.DataFrame, time_zone: str) -> float:
    """Return the share of check-ins (`n_checkins`) whose own offset was the zone's at the time."""
    same = _offsets(pd.DatetimeIndex(_utc(found)), time_zone) == found["utc_offset_min"].to_numpy()
    counts = found["n_checkins"].to_numpy()
    return float(counts[same].sum() / max(counts.sum(), 1))


def axis(
    first: pd.Timestamp, last: pd.Timestamp, grain: Grain, time_zone: str | None
) -> pd.DataFrame:
    """Return every period from the one that holds `first` to the one that holds `last`.

    Times are wall-clock times; the frame has `start`, `utc_offset_min` and `hours`.
    """
    begin = floor(pd.DatetimeIndex([first]), grain)[0]
    end = pd.date_range(floor(pd.DatetimeIndex([last]), grain)[0], periods=2, freq=grain.freq)[1]
    starts = pd.date_range(begin, end, freq=grain.freq).as_unit("s")
    if time_zone is None:
        return periods(starts[:-1], None, np.diff(starts.values) / np.timedelta64(1, "h"))
    if grain.hours > 1:
        instants = _instants(starts, time_zone)
        hours = np.diff(instants.tz_localize(None).values) / np.timedelta64(1, "h")
        return periods(starts[:-1], _offsets(instants[:-1], time_zone), hours)
    ends = _instants(pd.DatetimeIndex([begin, end]), time_zone)
    atoms = pd.date_range(ends[0], ends[1], freq=_ATOM, inclusive="left")
    offset = _offsets(atoms, time_zone)
    local = atoms.tz_localize(None) + pd.to_timedelta(offset, unit="m")
    key = pd.DataFrame({"start": floor(local, grain).as_unit("s"), "utc_offset_min": offset})
    parts = key.value_counts(sort=False).reset_index(name="n")
    parts = parts.iloc[np.argsort(_utc(parts), kind="stable")]
    hours = parts["n"].to_numpy() * (_ATOM / pd.Timedelta("1h"))
    return periods(pd.DatetimeIndex(parts["start"]), parts["utc_offset_min"].to_numpy(), hours)


def periods(starts: pd.Index, offsets: np.ndarray | None, hours: np.ndarray | float):
    """Return a frame of periods; without offsets there is no single clock."""
    known = [pd.NA] * len(starts) if offsets is None else offsets
    offset = pd.array(known, dtype="Int32")
    return pd.DataFrame({"start": starts, "utc_offset_min": offset, "hours": hours})


def place(found: pd.DataFrame, periods: pd.DataFrame, measure: str) -> np.ndarray:
    """Return the sum of the measure in each period of an axis."""
    values = np.zeros(len(periods))
    one_clock = periods["utc_offset_min"].notna().all()
    if one_clock and "utc_offset_min" in found:
        # By instants, so that a stray from another zone is counted when it happened.
        begin, at = _utc(periods), _utc(found)
    else:
        begin, at = (frame["start"].to_numpy("datetime64[s]") for frame in (periods, found))
    row = np.searchsorted(begin, at, side="right") - 1
    # A stray's own clock may put it just outside; it still happened.
    np.add.at(values, np.maximum(row, 0), found[measure].to_numpy(dtype=float))
    return values


def floor(local: pd.DatetimeIndex, grain: Grain) -> pd.DatetimeIndex:
    """Return the starts of the wall-clock periods that hold these times."""
    if grain.name == "week":
        return local.normalize() - pd.to_timedelta(local.day_of_week, unit="D")
    if grain.name == "month":
        return local.normalize() - pd.to_timedelta(local.day - 1, unit="D")
    return local.floor(grain.freq)


def _instants(local: pd.DatetimeIndex, time_zone: str) -> pd.DatetimeIndex:
    """Moments of wall-clock times: the first of two, and the next where there is none."""
    first = np.ones(len(local), dtype=bool)
    return local.tz_localize(time_zone, ambiguous=first, nonexistent="shift_forward").tz_convert(
        "UTC"
    )


def _utc(frame: pd.DataFrame) -> np.ndarray:
    offset = frame["utc_offset_min"].to_numpy(dtype="int64") * 60
    return frame["start"].to_numpy("datetime64[s]") - offset.astype("timedelta64[s]")


def _offsets(utc: pd.DatetimeIndex, time_zone: str) -> np.ndarray:
    """Minutes that the zone is ahead of UTC at these moments, shape ``(n,)``."""
    utc = utc.tz_localize("UTC") if utc.tz is None else utc
    local = utc.tz_convert(time_zone).tz_localize(None)
    return ((local - utc.tz_localize(None)) / pd.Timedelta("1min")).to_numpy().astype("int64")
