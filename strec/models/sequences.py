"""Histories as padded sequences, for models that read check-ins in order.

A sequence is a start mark and then check-ins; at each step the next check-in is asked for. In
training one pass over a piece of a trajectory answers all its steps; in scoring the last step
alone is read. What a step may know is the same in both: the check-ins up to it, the place of the
last one, and the time asked about.
"""

from dataclasses import dataclass

import numpy as np

from strec.geo import KM_PER_DEGREE, km_per_degree_east
from strec.models.profiles import at_rows, recent_rows
from strec.split import Log, Queries, local_hour, local_weekday

#: Numbers that describe a moment: two waves of the day, weekdays, weekend, whether known.
N_TIME = 13
#: Numbers that describe a place: waves at several lengths, whether known.
WAVES_KM = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
N_PLACE = 4 * len(WAVES_KM) + 1
#: Numbers that describe the time between two check-ins.
N_GAP = 4


@dataclass(frozen=True)
class Windows:
    """Pieces of trajectories whose steps are targets: rows ``first:stop`` are asked for in turn."""

    first: np.ndarray  # (n_windows,)
    stop: np.ndarray
    target: np.ndarray  # rows from here on count, the ones before only lead in
    counts: np.ndarray  # (len(log),) bool: the rows that count at all


def windows(log: Log, rows: np.ndarray, length: int) -> Windows:
    """Cut trajectories so that each of some rows is a target once, after lead-in where there is.

    Of the longest window half is lead-in, except at the start of a trajectory.
    """
    counts = np.zeros(len(log), dtype=bool)
    counts[rows] = True
    # A check-in at the very time of the one before it does not know it, so is no fair target.
    counts &= (log.before == np.arange(len(log))) & (log.item >= 0)
    # Strangers' check-ins are no trajectory: each is asked for by itself.
    stride = 1 if log.is_anonymous else max(1, length // 2)
    start = log.indptr[log.owner]
    block = (np.arange(len(log)) - start) // stride
    target = np.unique((start + block * stride)[counts])
    owner = log.owner[target]
    return Windows(
        first=target
        if log.is_anonymous
        else np.maximum(target - (length - stride), log.indptr[owner]),
        stop=np.minimum(target + stride, log.indptr[owner + 1]),
        target=target,
        counts=counts,
    )


def window_batch(
    log: Log, pieces: Windows, chosen: np.ndarray, *, time_known: bool
) -> dict[str, np.ndarray]:
    """Return some windows as arrays; P is the longest of them.

    ``item`` (n, P): codes that a network embeds, see `item_tokens`; ``user`` (n,); ``seen``
    (n, P, N_TIME + N_GAP): about each check-in read; ``place`` (n, P, N_PLACE): where it was;
    ``asked`` (n, P, N_TIME + N_GAP): about the moment asked for; ``target`` (n, P): item codes,
    -1 where a step does not count.
    """
    first, stop = pieces.first[chosen], pieces.stop[chosen]
    step = np.arange(int((stop - first).max()))
    row = first[:, None] + step  # (n, P), the row asked for at each step
    inside = row < stop[:, None]
    row = np.where(inside, row, -1)
    read = np.where(inside & (step > 0), row - 1, -1)  # the row read at each step
    counts = inside & (row >= pieces.target[chosen][:, None]) & pieces.counts[row]
    asked_row = row if time_known else read
    time_us, offset = at_rows(log.time_us, asked_row), at_rows(log.offset_min, asked_row)
    batch = _read(log, read)
    if log.has_origins:
        # A step knows where the trip begins, as a query does.
        starts = place_numbers(
            at_rows(log.origin_lat, row) + np.where(inside, 0.0, np.nan),
            at_rows(log.origin_lon, row),
        )
        batch["place"] = np.where(starts[..., -1:] > 0, starts, batch["place"])
    return {
        **batch,
        "asked": _asked(log, read, time_us, offset, asked_row >= 0),
        "user": log.user[first].astype(np.int64),
        "target": np.where(counts, log.item[row], -1).astype(np.int64),
    }


def query_batch(queries: Queries, length: int) -> dict[str, np.ndarray]:
    """Return the recent history of queries as arrays like those of `window_batch`.

    The sequences begin with the start mark, and end at step ``last`` (n,), at which the query's
    own time and place stand.
    """
    log, n = queries.log, len(queries)
    recent = recent_rows(queries, length)  # (n, L), padded before
    n_read = (recent >= 0).sum(axis=1)
    # Moved so that padding comes after, with a start mark before.
    source = np.arange(length + 1) - 1 + (length - n_read)[:, None]
    read = np.where(
        (source >= (length - n_read)[:, None]) & (source < length),
        np.take_along_axis(recent, np.clip(source, 0, length - 1), axis=1),
        -1,
    )
    last, row = n_read, np.arange(n)
    following = np.concatenate([read[:, 1:], np.full((n, 1), -1)], axis=1)
    time_us, offset = at_rows(log.time_us, following), at_rows(log.offset_min, following)
    time_us[row, last], offset[row, last] = queries.time_us, queries.offset_min
    has_time = following >= 0
    has_time[row, last] = queries.weekday >= 0
    batch = _read(log, read)
    batch["place"][row, last] = place_numbers(queries.lat, queries.lon)
    return batch | {
        "asked": _asked(log, read, time_us, offset, has_time),
        "user": queries.user.astype(np.int64),
        "last": last,
    }


def item_tokens(item: np.ndarray, read: np.ndarray) -> np.ndarray:
    """Return what a network embeds: 0 for no check-in, 1 for an unknown item, then the items."""
    return np.where(read >= 0, item + 2, 0).astype(np.int64)


def time_numbers(
    hour: np.ndarray, weekday: np.ndarray, known: np.ndarray | None = None
) -> np.ndarray:
    """Return numbers about local moments, ``(…, N_TIME)``; zeros where no weekday is known.

    Examples
    --------
    >>> time_numbers(np.array([6.0]), np.array([5])).round(1).tolist()[0]
    [1.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0]
    """
    known = weekday >= 0 if known is None else known
    angle = 2 * np.pi * hour / 24
    waves = [f(k * angle) for k in (1, 2) for f in (np.sin, np.cos)]
    days = [weekday == day for day in range(7)]
    numbers = np.stack([*waves, *days, weekday >= 5, np.ones_like(angle)], axis=-1)
    return np.where(known[..., None], numbers, 0.0).astype(np.float32)


def place_numbers(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Return waves of latitude and longitude, zeros where unknown; shape ``(…, N_PLACE)``."""
    known = ~np.isnan(lat)
    north = np.nan_to_num(lat) * KM_PER_DEGREE
    east = np.nan_to_num(lon) * km_per_degree_east(np.nan_to_num(lat))
    angle = np.stack([north, east], axis=-1)[..., None] * (2 * np.pi / np.array(WAVES_KM))
    flat = angle.reshape(*angle.shape[:-2], -1)
    numbers = np.concatenate([np.sin(flat), np.cos(flat), known[..., None]], axis=-1)
    return np.where(known[..., None], numbers, 0.0).astype(np.float32)


def gap_numbers(hours: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return numbers about the time between check-ins, zeros where unknown: ``(…, N_GAP)``."""
    log_hours = np.log1p(np.maximum(hours, 0))
    numbers = np.stack([log_hours / 4, hours <= 2, hours <= 24, np.ones_like(log_hours)], axis=-1)
    return np.where(known[..., None], numbers, 0.0).astype(np.float32)


def _read(log: Log, read: np.ndarray) -> dict[str, np.ndarray]:
    """Return what is known of the check-ins read: item, time, gap before it, place."""
    known = read >= 0
    before = np.concatenate([np.full((len(read), 1), -1), read[:, :-1]], axis=1)
    gap = (at_rows(log.time_us, read) - at_rows(log.time_us, before)) / 3.6e9
    moment = time_numbers(at_rows(log.hour, read), at_rows(log.weekday, read), known)
    nan = np.where(known, 0.0, np.nan)
    return {
        "item": item_tokens(at_rows(log.item, read), read),
        "seen": np.concatenate([moment, gap_numbers(gap, known & (before >= 0))], axis=-1),
        "place": place_numbers(at_rows(log.lat, read) + nan, at_rows(log.lon, read) + nan),
    }


def _asked(
    log: Log, read: np.ndarray, time_us: np.ndarray, offset: np.ndarray, known: np.ndarray
) -> np.ndarray:
    gap = (time_us - at_rows(log.time_us, read)) / 3.6e9
    moment = time_numbers(local_hour(time_us, offset), local_weekday(time_us, offset), known)
    return np.concatenate([moment, gap_numbers(gap, known & (read >= 0))], axis=-1)
