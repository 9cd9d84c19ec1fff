"""Files become a store by the workers of a Spark cluster: read, sorted and cleaned by them."""

import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from strec import schema
from strec.cleaning import Recipe
from strec.cleaning.report import CleanReport, need_some
from strec.cleaning.run import ROOM, clean_pieces, piece_to_disk
from strec.errors import LimitError, ReadError, StoreError, StrecError, as_path
from strec.io import Mapping, ReadResult, ingest, inspect
from strec.io.limits import size_text
from strec.io.reading import KEPT_REJECTED
from strec.progress import Progress, part_of, silent
from strec.schema import ITEM, NOBODY, TIME, USER
from strec.store import engines
from strec.store.store import Store
from strec.wording import plural

#: Check-ins of one piece, about.
PIECE_ROWS = 500_000


@dataclass(frozen=True)
class Ingested:
    """What a cluster made of files.

    Attributes
    ----------
    store : Store
        What was written, answered by the same cluster.
    result : ReadResult
        What was read, as from `strec.ingest`; of rejected rows some of each file.
    report : CleanReport
        What cleaning did.
    """

    store: Store
    result: ReadResult
    report: CleanReport


def ingest_on_cluster(
    files: Sequence[Path],
    out: Path | str,
    recipe: Recipe | None = None,
    mapping: Mapping | None = None,
    *,
    engine: str | None = None,
    time_zone: str | None = None,
    day_first: bool | None = None,
    progress: Progress | None = None,
) -> Ingested:
    """Read, sort and clean files on the workers of a Spark cluster, and write a store.

    A file is read by one worker, so that many files are read at once; of all files the columns are
    those of the first. Users are sorted and cleaned in pieces by all workers. What must be known
    of the whole table before a user can be judged (how often an item was taken, say) is counted by
    workers and put together here, where the store is written too. A worker that goes away loses
    nothing: its pieces come to another one. The result is that of one machine.

    Parameters
    ----------
    files : sequence of path
        Tables of one kind, which every worker sees under the same path, and can read.
    out : path
        The folder of the store, which every worker sees and may write to.
    recipe : Recipe, optional
        The default recipe without it.
    mapping : Mapping, optional
        Which column is what; recognised or guessed from the first file without it.
    engine : str, optional
        `spark://HOST:PORT`, or `pyspark://`; that of the environment without it.
    time_zone, day_first
        As in `strec.read`.
    progress : callable, optional
        Called with a text and the share done.

    Raises
    ------
    MappingError, ReadError
        If something must be known that the first file does not say, or no row is a check-in.
    StoreError
        If no Spark cluster is named, it cannot be reached, it stops, or `out` holds other files.

    Examples
    --------
    >>> ingest_on_cluster([], "shop", engine="duckdb://")
    Traceback (most recent call last):
    ...
    strec.errors.StoreError: A Spark cluster is needed to read on several machines. Found: \
duckdb://. Mend: Name one, spark://HOST:PORT, or use strec.ingest.
    """
    url, out, tell = engines.chosen(engine), as_path(out).resolve(), progress or silent
    if "spark" not in url:
        raise StoreError(
            "A Spark cluster is needed to read on several machines.",
            f"{url}.",
            "Name one, spark://HOST:PORT, or use strec.ingest.",
        )
    # Clusters leave empty files beside the others, such as _SUCCESS.
    files = [path for path in map(as_path, files) if not path.is_file() or path.stat().st_size]
    files = [path.resolve() for path in files]
    if not files:
        raise ReadError("Files to read are needed.", "none.", "Name some, or their folder.")
    recipe = Recipe.default() if recipe is None else recipe
    before = _stamps(files)
    _need_room(sum(size for size, _ in before), out)
    # The beginning of the first file says how all are read.
    found = inspect(files[0], mapping=mapping).mapping
    read_one = partial(_read_one, partial(ingest, mapping=found, time_zone=time_zone,
                                          day_first=day_first))  # fmt: skip
    stage = out.with_name(f".{out.name}-{uuid.uuid4().hex[:8]}-parts")
    try:
        for name in ("read", "sorted", "cleaned"):
            (stage / name).mkdir(parents=True)
        connection = engines.connect(url, stage)
        session = connection._session
        each = partial(_each, session.sparkContext)
        with _in_words(url), engines.attended(url, connection):
            tell(f"Reading {plural(len(files), 'file')}", 0.0)
            result = _read_all(files, read_one, stage / "read", each)
            if (after := _stamps(files)) != before:
                n = sum(one != other for one, other in zip(before, after, strict=True))
                raise ReadError(
                    "Files stay as they are while they are read.",
                    f"{plural(n, 'file')} changed meanwhile.",
                    "Read them again when nobody writes to them.",
                )
            tell("Sorting", 0.3)
            pieces = _sorted(session, stage, result.n_checkins)
            report = clean_pieces(
                pieces, recipe, stage / "cleaned", mapper=each, progress=part_of(tell, 0.5, 0.8)
            )
        need_some(report)
        tell(f"Writing {out.name}", 0.8)
        zone = result.mapping.time_zone
        store = Store.create(
            stage / "cleaned",
            out,
            name=out.name,
            time_zone=None if zone == "place" else zone,
            source=result.cite or f"{files[0].name} and {len(files) - 1:,} more",
            recipe=Recipe(recipe.steps, result.mapping.to_dict()).to_dict(),
            engine=url,
        )
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return Ingested(store, result, report)


def _stamps(files: list[Path]) -> list[tuple[int, int]]:
    """Return size and time of what is read; what is not there is said when it is opened."""
    return [(each.st_size, each.st_mtime_ns) if each else (0, 0)
            for each in (path.stat() if path.exists() else None for path in files)]  # fmt: skip


def _need_room(n_bytes: int, out: Path) -> None:
    """Refuse what would fill the shared disk with what was read, the pieces and the store."""
    there = next(folder for folder in out.parents if folder.exists())
    free = shutil.disk_usage(there).free
    if free < ROOM * n_bytes:
        raise LimitError(
            f"About {size_text(ROOM * n_bytes)} of room on the disk are needed to read and clean.",
            f"{size_text(free)} are free at {there}.",
            "Make room, or write to a larger disk.",
        )


def _each(context: Any, function: Callable, things: Iterable) -> list:
    """Call a function for each thing on some worker, and return what it returns, in order."""
    things = list(things)
    return context.parallelize(things, len(things)).map(function).collect()


@contextmanager
def _in_words(url: str) -> Iterator[None]:
    try:
        yield
    except StrecError:
        raise
    except Exception as error:
        raise (engines.in_words(url, error) or error) from error


def _read_all(files: list[Path], read_one: Callable, folder: Path, each: Callable) -> ReadResult:
    """Read every file into one of canonical check-ins, and return what was read of all."""
    pairs = [(path, folder / f"{number:06d}.parquet") for number, path in enumerate(files)]
    read = []
    for done in each(read_one, pairs):
        if isinstance(done, StrecError):
            raise done
        read.append(done)
    reasons = sum((Counter(one.reasons) for one in read), Counter())
    return replace(
        read[0],
        n_checkins=sum(one.n_checkins for one in read),
        n_rows=sum(one.n_rows for one in read),
        rejected=pl.concat([one.rejected for one in read], how="diagonal").head(KEPT_REJECTED),
        reasons=dict(reasons.most_common()),
        notes=list(dict.fromkeys(note for one in read for note in one.notes)),
    )


def _read_one(read: Callable, paths: tuple[Path, Path]) -> ReadResult | StrecError:
    try:
        return read(*paths)
    except StrecError as error:
        # As it is; the cluster would make it a long text.
        return error


def _sorted(session: Any, stage: Path, n_checkins: int) -> list[Path]:
    """Sort what was read into pieces of whole users, and return their files in order."""
    read = session.read.option("mergeSchema", True).parquet(str(stage / "read"))
    known = schema.REQUIRED | schema.OPTIONAL
    read = read.select([name for name in known if name in read.columns])
    ids = read.select(ITEM).distinct().toArrow()
    items = pl.Series(ITEM, pl.DataFrame(ids)[ITEM]).sort()
    # Where nobody is named, moments stay whole in place of users.
    whole = USER if read.filter(read[USER] != NOBODY).limit(1).count() else TIME
    n_pieces = max(-(-n_checkins // PIECE_ROWS), 1)
    ranged = read.repartitionByRange(n_pieces, whole)
    written = ranged.mapInArrow(partial(_to_disk, stage / "sorted", items), "path string")
    return [Path(row.path) for row in written.collect()]


def _to_disk(
    folder: Path, items: pl.Series, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    frames = [pl.DataFrame(batch) for batch in batches]
    if not frames:
        return
    known = schema.REQUIRED | schema.OPTIONAL
    piece = pl.concat(frames)
    piece = piece.cast(pl.Schema({name: known[name] for name in piece.columns}))
    path = piece_to_disk(piece, items, folder / f"{uuid.uuid4().hex}.arrow")
    yield pa.RecordBatch.from_pydict({"path": [str(path)]})
