"""Check-ins that came through the API, taken into a store beside the operator's.

The operator's store and the segments stay as they are: a merged store is another one, which says
how far into each segment it goes. It appears under its name at once and whole, or not at all; so
whatever kills the process, each event is in the store or after it, and never in both.
"""

import json
import logging
import os
import shutil
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from strec import schema
from strec.errors import StrecError
from strec.sealed import is_whole, sealed
from strec.serve.events import EventLog
from strec.store import Store, writer

RECORD = "merged.json"
#: Stores that stay: the latest, and the one that pages may still show.
KEEP = 2
#: What an item is everywhere, taken from what is known of it.
_OF_ITEMS = (schema.ITEM_NAME, schema.CATEGORY)


def latest(store: Path, events: Path) -> tuple[Path, dict[str, int]]:
    """Return the store with what was merged, and how far into each segment it goes.

    Parameters
    ----------
    store : Path
        The operator's.
    events : Path
        The folder of events.
    """
    of = _fingerprint(store)
    for folder in _merged(events):
        if (known := _record(folder)) is not None and known["of"] == of:
            return folder, known["segments"]
    return store, {}


def merge(store: Path, events: Path) -> Path | None:
    """Make a store of the latest and of what came since; return it, None where nothing came.

    Parameters
    ----------
    store : Path
        The operator's.
    events : Path
        The folder of events.

    Raises
    ------
    StoreError
        If the store cannot be read, or the disk does not take it.
    """
    from filelock import FileLock

    home = events / "merged"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(home / ".lock"):
        # What a killed process left.
        for draft in home.glob(".draft-*"):
            shutil.rmtree(draft, ignore_errors=True)
        base, done = latest(store, events)
        came, now = EventLog(events).since(done)
        if not came:
            return None
        draft = home / f".draft-{os.getpid()}"
        try:
            opened = Store(base)
            draft.mkdir()
            _table(base, came).sink_parquet(draft / "all.parquet")
            Store.create(
                draft / "all.parquet",
                draft / "store",
                name=opened.name,
                time_zone=opened.time_zone,
                source=opened.meta["source"],
                recipe=opened.meta.get("recipe"),
                pictures=opened.pictures,
                catalogue=opened.catalogue,
            )
            record = sealed({"of": _fingerprint(store), "segments": now})
            (draft / "store" / RECORD).write_text(json.dumps(record))
            for path in (*(draft / "store").iterdir(), draft / "store"):
                _onto_the_disk(path)
            number = max((int(each.name) for each in _merged(events)), default=0) + 1
            whole = home / f"{number:08d}"
            os.rename(draft / "store", whole)
            _onto_the_disk(home)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        for old in _merged(events)[KEEP:]:
            shutil.rmtree(old, ignore_errors=True)
    return whole


class Merger(threading.Thread):
    """Merges at its start and then every so often.

    Parameters
    ----------
    store, events : Path
        As in `merge`.
    then : callable
        What is done when there is a new store.
    every_s : float
        Seconds from one time to the next.
    """

    def __init__(self, store: Path, events: Path, then: Callable[[], object], every_s: float):
        super().__init__(name="strec-merger", daemon=True)
        self.store, self.events, self.then, self.every_s = store, events, then, every_s
        self.ended = threading.Event()

    def run(self) -> None:
        """Merge until `stop`; what goes wrong once is tried again the next time."""
        while True:
            try:
                if merge(self.store, self.events) is not None:
                    self.then()
            except (OSError, StrecError) as error:
                # No word of the error: it may quote ids of people.
                logging.getLogger("strec.api").error("not merged: %s", type(error).__name__)
            if self.ended.wait(self.every_s):
                return

    def stop(self) -> None:
        """End the thread."""
        self.ended.set()


def frame_of(events: list[dict]) -> pl.DataFrame:
    """Return events, as the log keeps them, as a table."""
    columns: dict[str, Any] = {name: [each.get(name) for each in events] for name in _EVENT}
    times = [datetime.fromisoformat(each[schema.TIME]) for each in events]
    return pl.DataFrame(columns | {schema.TIME: times}, schema=_EVENT)


_EVENT = {
    schema.USER: pl.String, schema.ITEM: pl.String, schema.TIME: pl.Datetime("us", "UTC"),
    schema.OFFSET: pl.Int16, schema.LAT: pl.Float64, schema.LON: pl.Float64,
}  # fmt: skip


def _table(base: Path, came: list[dict]) -> pl.LazyFrame:
    """Return the check-ins of a store and of events; what is known of an item is said again."""
    scan, events = pl.scan_parquet(base / writer.CHECKINS), frame_of(came)
    names = scan.collect_schema().names()
    scan = scan.select(name for name in names if name in schema.REQUIRED | schema.OPTIONAL)
    told = [name for name in _OF_ITEMS if name in names]
    # An item that was always at one place is there again.
    places = [name for name in (schema.LAT, schema.LON) if name in names]
    one = pl.all_horizontal(pl.col(name).drop_nulls().n_unique() == 1 for name in places or told)
    known = (
        scan.filter(pl.col(schema.ITEM).is_in(events[schema.ITEM].unique().implode()))
        .group_by(schema.ITEM)
        .agg(
            *(pl.col(name).drop_nulls().last() for name in told),
            *(pl.when(one).then(pl.col(name).drop_nulls().first()).alias(f"own_{name}")
              for name in places),
        )
        .collect()
    )  # fmt: skip
    events = events.join(known, on=schema.ITEM, how="left")
    nowhere = pl.col(schema.LAT).is_null()
    events = events.with_columns(
        pl.when(nowhere).then(f"own_{name}").otherwise(name).alias(name) for name in places
    ).drop(f"own_{name}" for name in places)
    return pl.concat([scan, events.lazy()], how="diagonal_relaxed")


def _merged(events: Path) -> list[Path]:
    """Return what was merged, the latest first."""
    found = (events / "merged").glob("[0-9]*")
    return sorted((each for each in found if each.name.isdigit()), reverse=True)


def _record(folder: Path) -> dict[str, Any] | None:
    try:
        record = json.loads((folder / RECORD).read_text())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and is_whole(record) else None


def _fingerprint(store: Path) -> str:
    try:
        return str(json.loads((store / writer.META).read_text())["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        # `Store` says what is wrong with it.
        return str(Store(store).fingerprint)


def _onto_the_disk(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
