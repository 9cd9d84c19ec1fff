"""Write check-ins as a store: sorted, derived, coded, in one atomic step and bounded memory."""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from strec import schema
from strec.errors import StoreError, as_path
from strec.geo import distance_column
from strec.ordered import InOrder, pieces_of, whole_users, with_item_codes
from strec.sealed import is_whole, sealed
from strec.stays import is_raw_track
from strec.store.aggregates import (
    END_DATE,
    END_HOUR_OF_WEEK,
    FROM_CELL,
    FROM_ITEM,
    ITEM_CODE,
    STEP_KM,
    USER_CODE,
)
from strec.store.counted import distinct_pairs

#: Counts up when the layout of the folder changes.
FORMAT = 3
CHECKINS = "checkins.parquet"
ITEMS = "items.parquet"
USERS = "users.parquet"
#: Items that may have no check-in; a store that was told of none has no such file.
CATALOGUE = "catalogue.parquet"
META = "meta.json"
_FILES = (CHECKINS, ITEMS, USERS)
#: What `meta.json` said before it had a seal.
_META = ("format", "created", "name", "time_zone", "source", "recipe", "pictures", "n_checkins",
         "n_users", "n_items", "n_places", "is_anonymous", "columns", "has_clock", "is_raw_track",
         "first_date", "last_date", "fingerprint", "files")  # fmt: skip
#: Of larger files the size is known, and the digest of so many bytes, spread over them.
DIGEST_BYTES, _PIECES = 64 * 2**20, 64
#: Rows of a table in memory that are made ready at once, and of a Parquet row group (a unit of
#: parallel reading).
CHUNK_ROWS = 500_000
ROW_GROUP_ROWS = 250_000
#: Columns by whose bounds an engine may leave out row groups.
SKIPPED_BY = (USER_CODE, ITEM_CODE, schema.TIME, schema.LOCAL_DATE, schema.HOUR_OF_WEEK)


@dataclass(frozen=True)
class Written:
    """What was written: the meta data of the store, and what was counted on the way.

    `items` has `item_id`, `n_checkins`, `n_users`, a row for each code; `users` what
    `Store.users` returns.
    """

    meta: dict
    items: pl.DataFrame
    users: pl.DataFrame


def write_checkins(checkins: pl.DataFrame | Path | InOrder, folder: Path) -> Written:
    """Write `checkins.parquet` into a folder and return its counts and fingerprint.

    Parameters
    ----------
    checkins : polars.DataFrame, Path or InOrder
        Canonical check-ins in memory, a Parquet file of them of any size, or what cleaning has
        left of one.
    folder : Path
        An existing folder; the sort of a large file spills into it.

    Returns
    -------
    Written
        Its `meta`: `n_checkins`, `n_users`, `n_items`, `n_places` (check-ins with a
        place), `columns`, `has_clock` (whether times say more than the day), `is_raw_track`
        (see `strec.stays`), `first_date`, `last_date` (ISO text), `fingerprint` (a hash of the
        content).
    """
    if isinstance(checkins, pl.DataFrame):
        valid = schema.validate(checkins)
        # What is alike in all three stays as it came, as in a file.
        ordered = valid.sort(schema.USER, schema.TIME, schema.ITEM, maintain_order=True)
        items = ordered[schema.ITEM].unique().sort()
        slices = with_item_codes(ordered, items).iter_slices(CHUNK_ROWS)
        chunks = whole_users(slices, is_anonymous=schema.is_anonymous(ordered))
        return _write_chunks(chunks, items, folder)
    if isinstance(checkins, InOrder):
        return _write_chunks(checkins.pieces(), checkins.items, folder)
    with pieces_of(as_path(checkins), folder) as (chunks, items, _):
        return _write_chunks(chunks, items, folder)


def write_meta(folder: Path, meta: dict) -> None:
    """Write `meta.json`, adding the format, the time of writing, and a seal."""
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    whole = sealed({"format": FORMAT, "created": stamp} | meta)
    text = json.dumps(whole, indent=2, ensure_ascii=False)
    (folder / META).write_text(text, encoding="utf-8")


def write_catalogue(folder: Path, items: pl.DataFrame | None, meta: dict) -> dict:
    """Write `catalogue.parquet`, or none; return what `meta.json` says then.

    What is computed of a store is kept by its fingerprint, and follows from both.
    """
    of_checkins = (meta.get("catalogue") or meta)["fingerprint"]
    if items is None or not (listed := schema.catalogue(items)).height:
        rest = {name: value for name, value in meta.items() if name != "catalogue"}
        return rest | {"fingerprint": of_checkins}
    listed.write_parquet(folder / CATALOGUE)
    whole = hashlib.blake2b(of_checkins.encode(), digest_size=16)
    hashers: dict = {}
    _hash(hashers, listed.to_arrow(compat_level=pl.CompatLevel.oldest()))
    whole.update(_digests(hashers))
    said = {"n_items": listed.height, "fingerprint": of_checkins}
    return meta | {"catalogue": said, "fingerprint": whole.hexdigest()}


def copy_checkins(store: Path, folder: Path) -> None:
    """Bring the files of a store that no catalogue changes; where the disk allows it, as links."""
    for name in _FILES:
        try:
            os.link(store / name, folder / name)
        except OSError:
            shutil.copy2(store / name, folder / name)


def seal(folder: Path, meta: dict) -> None:
    """Write `meta.json` with the size of each file beside it, and a digest of the small ones."""
    write_meta(folder, meta | {"files": {name: _facts(folder / name) for name in _files(meta)}})


def _files(meta: dict) -> tuple[str, ...]:
    return (*_FILES, CATALOGUE) if meta.get("catalogue") else _FILES


def changed_file(folder: Path, meta: dict) -> str | None:
    """Return which file is not as it was written, None where all are; older stores do not say."""
    if not is_whole(meta, _META):
        return META
    known = meta.get("files")
    if not isinstance(known, dict):
        return None
    for name in _files(meta):
        try:
            said = list(known.get(name, ()))
            # Earlier versions kept the size of large files alone.
            if not said or said != _facts(folder / name)[: len(said)]:
                return name
        except (OSError, TypeError):
            return name
    return None


def _facts(path: Path) -> list:
    """Return the size of a file, and the digest of what is quickly read of it."""
    n_bytes, digest = path.stat().st_size, hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        if n_bytes <= DIGEST_BYTES:
            digest.update(file.read())
        else:
            for piece in range(_PIECES):
                file.seek(piece * (n_bytes - DIGEST_BYTES // _PIECES) // (_PIECES - 1))
                digest.update(file.read(DIGEST_BYTES // _PIECES))
    return [n_bytes, digest.hexdigest()]


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Give an empty folder beside `folder` that takes its place if nothing fails.

    A reader sees the old store or the new one, never half of one; an error leaves the old one.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists() and any(folder.iterdir()) and not (folder / META).exists():
        raise StoreError(
            "A store is written to a new folder, or in place of another store.",
            f"{folder} holds other files.",
            "Choose another folder.",
        )
    fresh = folder.with_name(f".{folder.name}-{uuid.uuid4().hex[:8]}")
    fresh.mkdir()
    try:
        yield fresh
        if folder.exists():
            old = folder.with_name(f"{fresh.name}-old")
            os.rename(folder, old)
            os.rename(fresh, folder)
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.rename(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _write_chunks(chunks: Iterator[pl.DataFrame], items: pl.Series, folder: Path) -> Written:
    counts = {"n_checkins": 0, "n_users": 0, "n_items": len(items), "n_places": 0}
    dates: list[date] = []
    users: list[pl.DataFrame] = []
    of_items = np.zeros((2, len(items)), dtype=np.int64)
    hashers: dict = {}
    last: pl.DataFrame | None = None
    has_clock = is_raw = False
    # Packing and hashing a chunk go on while the next one is sorted and derived.
    with _parquet(folder / CHECKINS) as write, ThreadPoolExecutor(2) as threads:
        pending: list[Future] = []
        for chunk in chunks:
            if not chunk.height:
                continue
            derived = schema.derive(schema.validate(chunk), in_order=True, code=chunk[ITEM_CODE])
            coded = _coded(derived.with_columns(chunk[ITEM_CODE]), items, last)
            for done in pending:
                done.result()
            table = coded.to_arrow(compat_level=pl.CompatLevel.oldest())
            pending = [threads.submit(write, table), threads.submit(_hash, hashers, table)]
            users.append(_count(coded, of_items))
            last = coded.tail(1)
            has_clock = has_clock or schema.has_clock(coded)
            is_raw = is_raw if counts["n_checkins"] else is_raw_track(chunk)
            dates += coded[schema.LOCAL_DATE].unique().to_list()
            counts["n_checkins"] += coded.height
            counts["n_places"] += coded.height - coded[schema.CELL].null_count()
        for done in pending:
            done.result()
    if last is None:
        raise StoreError(
            "A store needs at least one check-in.",
            "the table is empty.",
            "Choose another file, or loosen the cleaning steps that removed every row.",
        )
    is_anonymous = last[USER_CODE].item() is None
    counts["n_users"] = 0 if is_anonymous else last[USER_CODE].item() + 1
    digest = hashlib.blake2b(digest_size=16)
    digest.update(_digests(hashers))
    meta = counts | {
        "is_anonymous": is_anonymous,
        "columns": [name for name in last.columns if name in schema.REQUIRED | schema.OPTIONAL],
        "has_clock": has_clock,
        "is_raw_track": is_raw,
        "first_date": min(dates).isoformat(),
        "last_date": max(dates).isoformat(),
        "fingerprint": digest.hexdigest(),
    }
    n_checkins, n_users = of_items
    counted = pl.DataFrame({schema.ITEM: items, "n_checkins": n_checkins, "n_users": n_users})
    return Written(meta, counted, pl.concat(users))


def _count(coded: pl.DataFrame, of_items: np.ndarray) -> pl.DataFrame:
    """Add check-ins and users of each item; return one row for each user of these check-ins."""
    all_items = of_items.shape[1]
    of_items[0] += np.bincount(coded[ITEM_CODE].to_numpy(), minlength=all_items)
    # Check-ins are in the order of users and times: numbers need no table of what came before.
    named = coded.select(schema.USER, schema.TIME, USER_CODE, ITEM_CODE)
    if named[USER_CODE].has_nulls():
        named = named.filter(pl.col(USER_CODE).is_not_null())
    user = named[USER_CODE].to_numpy().astype(np.int64)
    begins = np.flatnonzero(np.diff(user, prepend=-1))
    ends = np.append(begins[1:], len(user))[: len(begins)]
    pairs = distinct_pairs(user, named[ITEM_CODE].to_numpy(), all_items)
    pair_user, pair_item = np.divmod(pairs, all_items)
    of_items[1] += np.bincount(pair_item, minlength=all_items)
    n_items = np.bincount(pair_user, minlength=len(begins))
    time = named[schema.TIME]
    return pl.DataFrame(
        {
            schema.USER: named[schema.USER].gather(begins),
            "n_checkins": (ends - begins).astype(np.int64),
            "n_items": n_items.astype(np.int64),
            "first": time.gather(begins),
            "last": time.gather(ends - 1),
        }
    )


@contextmanager
def _parquet(path: Path) -> Iterator[Callable[[pa.Table], None]]:
    """Give a function that writes the check-ins chunk by chunk."""
    writer: pq.ParquetWriter | None = None

    def write(table: pa.Table) -> None:
        nonlocal writer
        writer = writer or pq.ParquetWriter(path, table.schema, **_layout(table.schema))
        writer.write_table(table, row_group_size=ROW_GROUP_ROWS)

    try:
        yield write
    finally:
        if writer is not None:
            writer.close()


def _layout(columns: pa.Schema) -> dict:
    """How columns are packed: dictionaries where values repeat, bounds where readers skip by them.

    Snappy, which every engine reads, takes half the time of zstd for files a tenth larger. Of
    numbers it makes little that their dictionary has not made of them.
    """
    is_packed = {each.name: pa.types.is_large_string(each.type) for each in columns}
    is_packed[schema.SESSION] = True
    rarely_repeat = (schema.TIME, schema.SESSION, STEP_KM, schema.TEXT, schema.VALUE)
    return {
        "compression": {name: "snappy" if packed else "none" for name, packed in is_packed.items()},
        "use_dictionary": [name for name in columns.names if name not in rarely_repeat],
        "write_statistics": [name for name in columns.names if name in SKIPPED_BY],
    }


def _coded(derived: pl.DataFrame, items: pl.Series, last: pl.DataFrame | None) -> pl.DataFrame:
    """Number users and sessions over all chunks and look back one check-in within the session."""
    same_user = same_session = False
    user_before = session_before = -1
    if last is not None:
        user_before, session_before = last[USER_CODE].item() or 0, last[schema.SESSION].item()
        same_user = derived[schema.USER][0] == last[schema.USER].item()
        gap = derived[schema.TIME][0] - last[schema.TIME].item()
        in_time = gap.total_seconds() <= 3600 * schema.SESSION_GAP_HOURS
        same_session = same_user and in_time and derived[schema.USER][0] != schema.NOBODY
    first_user = user_before + (0 if same_user else 1)
    first_session = session_before + (0 if same_session else 1)
    coded = derived.with_columns(
        pl.when(pl.col(schema.USER) != schema.NOBODY)
        .then(pl.col(schema.USER).rle_id() + first_user)
        .cast(pl.UInt32)
        .alias(USER_CODE),
        pl.col(schema.SESSION) + first_session,
    )
    if schema.has_origins(coded.columns):
        return _with_trips(coded, items)
    columns = [schema.SESSION, ITEM_CODE, schema.CELL, schema.LAT, schema.LON]
    before = coded.select(pl.col(columns).shift())
    if last is not None:
        before = pl.concat([last.select(columns), before.slice(1)])
    goes_on = (coded[schema.SESSION] == before[schema.SESSION]).fill_null(False)
    placed = goes_on & coded[schema.CELL].is_not_null() & before[schema.CELL].is_not_null()
    # Most check-ins of most data begin a session: only the others went some way.
    rows = placed.arg_true()
    here, there = coded[rows], before[rows]
    step_km = here.select(
        distance_column(
            pl.col(schema.LAT), pl.col(schema.LON), there[schema.LAT], there[schema.LON]
        ).cast(pl.Float32)
    ).to_series()
    none = pl.repeat(None, coded.height, dtype=pl.Float32, eager=True)
    return coded.with_columns(
        pl.when(goes_on).then(before[ITEM_CODE]).alias(FROM_ITEM),
        pl.when(goes_on).then(before[schema.CELL]).alias(FROM_CELL),
        (none.scatter(rows, step_km) if len(rows) else none).alias(STEP_KM),
    )


def _with_trips(coded: pl.DataFrame, items: pl.Series) -> pl.DataFrame:
    """Add where each trip came from, how far it went, and when it ended."""
    lat, lon = schema.origin_places(coded)
    start = coded.select(schema.origins(coded).alias(schema.ITEM))
    item = with_item_codes(start, items)[ITEM_CODE]
    step_km = distance_column(pl.col(schema.LAT), pl.col(schema.LON), lat, lon)
    trips = coded.with_columns(
        item.alias(FROM_ITEM),
        schema.cells_of(lat, lon).alias(FROM_CELL),
        step_km.cast(pl.Float32).alias(STEP_KM),
    )
    if schema.END_TIME not in trips.columns:
        return trips
    local = schema.local_time(schema.END_TIME)
    return trips.with_columns(
        schema.hour_of_week(local).alias(END_HOUR_OF_WEEK), local.dt.date().alias(END_DATE)
    )


def _digests(hashers: dict) -> bytes:
    return b"".join(name.encode() + hashers[name].digest() for name in sorted(hashers))


def _hash(hashers: dict, coded: pa.Table) -> None:
    """Feed the values to running hashes, one per buffer, so that chunk borders do not matter."""
    for name in schema.REQUIRED | schema.OPTIONAL:
        if name not in coded.column_names:
            continue
        for column in coded[name].chunks:
            nulls = np.zeros(len(column), dtype=bool)
            if column.null_count:
                nulls = column.is_null().to_numpy(zero_copy_only=False)
            buffers: dict[str, Any] = {"null": nulls}
            if pa.types.is_large_string(column.type):
                filled = column.fill_null("") if column.null_count else column
                _, ends, content = filled.buffers()
                ends = np.frombuffer(ends, np.int64)[filled.offset :][: len(filled) + 1]
                buffers["length"] = np.diff(ends).astype(np.uint32)
                buffers["value"] = memoryview(content or b"")[ends[0] : ends[-1]]
            else:
                if pa.types.is_timestamp(column.type):
                    column = column.cast(pa.int64())
                filled = column.fill_null(0) if column.null_count else column
                buffers["value"] = np.ascontiguousarray(filled.to_numpy())
            for part, content in buffers.items():
                hasher = hashers.setdefault(f"{name} {part}", hashlib.blake2b(digest_size=16))
                hasher.update(content)
