"""What the API answers, without the web: recommendations that count every event at once."""

import threading
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from strec import schema
from strec.dataset import Dataset
from strec.errors import SchemaError
from strec.io.samples import read_sample
from strec.models import Model, load_model
from strec.recommend import Recommender
from strec.runs import Run
from strec.serve import merged
from strec.serve.events import EventLog
from strec.serve.merged import frame_of
from strec.split import Log, encode
from strec.store import Store

MOST_EVENTS, MOST_ITEMS, MOST_LETTERS = 1_000, 100, 200
#: Of one person so many of the latest events are looked at.
MOST_OF_ONE = 2_000
#: Whole pasts that are kept.
MOST_PASTS = 10_000


class Answers:
    """Recommend from a data set and from the events that came since.

    Events are part of the counts of all at the next start, and of their person's past at once.

    Parameters
    ----------
    store : Path, optional
        The folder of a store; the sample of the app else.
    events : Path
        The folder of events.
    model : Path, optional
        The folder of a trained run or a saved model; the counter mix else.
    """

    def __init__(self, store: Path | None, events: Path, model: Path | None = None):
        self.log = EventLog(events)
        self._seen: dict[str, int] = {}
        if store is not None:
            store, self._seen = merged.latest(store, events)
        known = None if store is None else Store(store)
        table = read_sample("social") if known is None else known.checkins()
        table = table.select(name for name in table.columns if name not in schema.DERIVED)
        # One person's rows are found without looking through all.
        self._table = table.sort(schema.USER, maintain_order=True)
        self.offset_min = int(np.median(table[schema.OFFSET].drop_nulls().to_numpy()))
        came, self._seen = self.log.since(self._seen)
        past = [self._checked(event) for event in came]
        if past:
            table = pl.concat([table, frame_of(past)], how="diagonal_relaxed")
        learned = None if model is None else saved(model)
        catalogue = None if known is None else known.catalogue
        self._recommender = Recommender(Dataset(table, catalogue=catalogue), learned)
        # What counts answers several at once; networks and trees take all cores for one.
        self._one_by_one = nullcontext() if learned is None else threading.Lock()
        self._by_user: dict[str, list[dict]] = {}
        #: Whole pasts of people of whom events came: how many events, and what a model sees.
        self._pasts: dict[str, tuple[int, Log]] = {}
        for event in past:
            self._by_user.setdefault(event[schema.USER], []).append(event)
        self.n_events = len(past)
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Take in what others have written into the log since."""
        came, self._seen = self.log.since(self._seen)
        with self._lock:
            for event in map(self._checked, came):
                self._by_user.setdefault(event[schema.USER], []).append(event)
            self.n_events += len(came)

    def add(self, events: Any) -> dict[str, Any]:
        """Take check-ins: on the disk first, then into their people's past.

        Parameters
        ----------
        events : list of dict
            Each with ``user_id``, ``item_id``, ``timestamp`` and, where known, ``lat``, ``lon``.

        Raises
        ------
        SchemaError
            If one cannot be a check-in; then none is taken.
        """
        if not isinstance(events, list) or not 0 < len(events) <= MOST_EVENTS:
            raise SchemaError(
                f"A list of 1 to {MOST_EVENTS:,} events is needed.",
                f"{len(events):,} events." if isinstance(events, list) else "no list.",
                'Send {"events": [{"user_id": …, "item_id": …, "timestamp": …}]}.',
            )
        checked = [self._checked(each) for each in events]
        self.log.append(checked)
        with self._lock:
            for event in checked:
                self._by_user.setdefault(event[schema.USER], []).append(event)
            self.n_events += len(checked)
        return {"accepted": len(checked), "events": self.n_events}

    def recommend(self, asked: Any) -> dict[str, Any]:
        """Answer a question: who, when, where, how.

        Parameters
        ----------
        asked : dict
            ``user_id``, ``time`` (local, or with a zone), ``lat``, ``lon``, ``k``, ``new_only``,
            ``max_distance_km``, ``categories``, ``parts``: all may be left out.

        Raises
        ------
        SchemaError, ModelError
            If the question cannot be understood.
        """
        asked = _record(asked)
        k, parts = asked.get("k", 10), asked.get("parts", True)
        if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= MOST_ITEMS:
            raise _wrong("k", f"a whole number from 1 to {MOST_ITEMS}", k)
        categories = asked.get("categories")
        if categories is not None and not (
            isinstance(categories, list) and all(isinstance(each, str) for each in categories)
        ):
            raise _wrong("categories", "a list of texts", categories)
        lat, lon = _place(asked)
        who = self._who(_text(asked, "user_id", may_lack=True))
        with self._one_by_one:
            answer = self._recommender.answer(
                who,
                _text(asked, "time", may_lack=True),
                lat,
                lon,
                k=k,
                new_only=bool(asked.get("new_only", False)),
                max_distance_km=_number(asked, "max_distance_km"),
                categories=None if not categories else tuple(categories),
            )
            rows = answer.rows()
            if parts and rows and answer.model.explains:
                found = answer.model.explain(answer.query, 0, answer.codes)
                for row, explanation in zip(rows, found, strict=True):
                    row["parts"] = {part.name: float(part.value) for part in explanation.parts}
        return {"model": answer.model.kind, "notes": answer.notes, "suggestions": rows}

    def _who(self, user: str | None) -> str | Log | None:
        """Return an id, or where events came since, the whole past of that person."""
        with self._lock:
            came = self._by_user.get(user or "", ())
            n, new = len(came), list(came[-MOST_OF_ONE:])
            kept = self._pasts.get(user or "", (0, None))
        if user is None or not new:
            return user
        if kept[0] == n and kept[1] is not None:
            return kept[1]
        ids = self._table[schema.USER]
        first, stop = (int(ids.search_sorted(user, side)) for side in ("left", "right"))
        frame = pl.concat([self._table[first:stop], frame_of(new)], how="diagonal_relaxed").unique(
            [schema.ITEM, schema.TIME], maintain_order=True
        )
        past = encode(schema.validate(frame), self._recommender.log.vocabulary)
        with self._lock:
            while len(self._pasts) >= MOST_PASTS:
                del self._pasts[next(iter(self._pasts))]
            self._pasts[user] = n, past
        return past

    def _checked(self, event: Any) -> dict[str, Any]:
        """Return an event as it is kept, or raise what is wrong with it."""
        event = _record(event)
        said = _text(event, schema.TIME)
        try:
            time = datetime.fromisoformat(said or "")
        except ValueError:
            raise _wrong(schema.TIME, "a time like 2024-06-05T18:30:00+02:00", said) from None
        offset = time.utcoffset()
        minutes = self.offset_min if offset is None else int(offset.total_seconds() // 60)
        kept = event.get(schema.OFFSET)
        if isinstance(kept, int) and abs(kept) <= 14 * 60:
            minutes = kept
        if offset is None:
            time = (time - timedelta(minutes=minutes)).replace(tzinfo=UTC)
        if not 1970 <= time.year <= 2100 or abs(minutes) > 14 * 60:
            raise _wrong(schema.TIME, "a time between 1970 and 2100", said)
        lat, lon = _place(event)
        return {
            schema.USER: _text(event, schema.USER), schema.ITEM: _text(event, schema.ITEM),
            schema.TIME: time.astimezone(UTC).isoformat(), schema.OFFSET: minutes,
            schema.LAT: lat, schema.LON: lon,
        }  # fmt: skip


def saved(folder: Path) -> Model:
    """Return the model of a run's folder, or of one that a model was saved in."""
    return Run(folder).model() if (folder / "run.json").is_file() else load_model(folder)


def _record(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise _wrong("the body", "a JSON object", given)
    return given


def _text(given: dict, name: str, may_lack: bool = False) -> str | None:
    value = given.get(name)
    if value is None and may_lack:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= MOST_LETTERS:
        raise _wrong(name, f"a text of 1 to {MOST_LETTERS} letters", value)
    return value.strip()


def _number(given: dict, name: str) -> float | None:
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise _wrong(name, "a number", value)
    return float(value)


def _place(given: dict) -> tuple[float | None, float | None]:
    lat, lon = _number(given, schema.LAT), _number(given, schema.LON)
    if (lat is None) != (lon is None) or abs(lat or 0) > 90 or abs(lon or 0) > 180:
        raise _wrong("lat and lon", "two numbers in degrees, or none", [lat, lon])
    return lat, lon


def _wrong(name: str, needed: str, found: Any) -> SchemaError:
    return SchemaError(f"{name}: {needed}.", f"{str(found)[:60]!r}.", "See /api/openapi.json.")
