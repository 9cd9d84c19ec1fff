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
    """Return whether this is the name of a time zone.

    Examples
    --------
    >>> exists("Europe/Paris"), exists("Mars/Base"), exists(None)
    (True, False, False)
    """
    try:
        return time_zone is not None and bool(ZoneInfo(time_zone).key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def share_on(found: pd.DataFrame, time_zone: str) -> float:
    """Return the share of check-ins whose own offset is that of the zone at the time.

    Parameters
    ----------
    found : pandas.DataFrame
        `start` (wall clock), `utc_offset_min`, `n_checkins`.
    """
    zone = _offsets(pd.DatetimeIndex(_utc(found)), time_zone)
    same = zone == found["utc_offset_min"].to_numpy()
    counts = found["n_checkins"].to_numpy()
    return float(counts[same].sum() / max(counts.sum(), 1))


def axis(
    first: pd.Timestamp, last: pd.Timestamp, grain: Grain, time_zone: str | None
) -> pd.DataFrame:
    """Return every period from the one that holds `first` to the one that holds `last`.

    Parameters
    ----------
    first, last : pandas.Timestamp
        Local wall-clock times.
    time_zone : str or None
        The one clock, or None.

    Returns
    -------
    pandas.DataFrame
        `start`, `utc_offset_min`, `hours`.
    """
    begin = floor(pd.DatetimeIndex([first]), grain)[0]
    end = pd.date_range(floor(pd.DatetimeIndex([last]), grain)[0], periods=2, freq=grain.freq)[1]
    if time_zone is None:
        starts = pd.date_range(begin, end, freq=grain.freq, inclusive="left")
        hours = np.diff(starts.append(pd.DatetimeIndex([end])).values) / np.timedelta64(1, "h")
        return pd.DataFrame(
            {
                "start": starts.astype("datetime64[s]"),
                "utc_offset_min": pd.array([pd.NA] * len(starts), dtype="Int32"),
                "hours": hours,
            }
        )
    ends = pd.DatetimeIndex([begin, end]).tz_localize(
        time_zone, ambiguous=np.array([True, True]), nonexistent="shift_forward"
    )
    if grain.hours > 1:
        starts = pd.date_range(begin, end, freq=grain.freq)
        instants = starts.tz_localize(
            time_zone, ambiguous=np.ones(len(starts), dtype=bool), nonexistent="shift_forward"
        ).tz_convert("UTC")
        starts, hours = (
            starts[:-1],
            np.diff(instants.tz_localize(None).values) / np.timedelta64(1, "h"),
        )
        offsets = _offsets(instants[:-1], time_zone)
    else:
        atoms = pd.date_range(*ends.tz_convert("UTC"), freq=_ATOM, inclusive="left")
        offset = _offsets(atoms, time_zone)
        local = atoms.tz_localize(None) + pd.to_timedelta(offset, unit="m")
        key = pd.DataFrame({"start": floor(local, grain), "utc_offset_min": offset})
        parts = key.groupby(["start", "utc_offset_min"]).size().reset_index(name="n")
        order = np.argsort(_utc(parts), kind="stable")
        starts, offsets, hours = (
            parts[name].to_numpy()[order] for name in ("start", "utc_offset_min", "n")
        )
        hours = hours * (_ATOM / pd.Timedelta("1h"))
    return pd.DataFrame(
        {
            "start": pd.DatetimeIndex(starts).astype("datetime64[s]"),
            "utc_offset_min": pd.array(offsets, dtype="Int32"),
            "hours": hours.astype(float),
        }
    )


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


def _utc(frame: pd.DataFrame) -> np.ndarray:
    offset = frame["utc_offset_min"].to_numpy(dtype="int64") * 60
    return frame["start"].to_numpy("datetime64[s]") - offset.astype("timedelta64[s]")


def _offsets(utc: pd.DatetimeIndex, time_zone: str) -> np.ndarray:
    utc = utc.tz_localize("UTC") if utc.tz is None else utc
    local = utc.tz_convert(time_zone).tz_localize(None)
    return ((local - utc.tz_localize(None)) / pd.Timedelta("1min")).to_numpy().astype("int64")
