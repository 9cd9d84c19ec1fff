"""Check-ins that arrive while the app runs: on the disk first, then acknowledged.

A folder of segments, one per process that ever wrote, each a line of JSON per check-in. A process
never goes on with the segment of another: a line that a crash cut short stays where it is, was
never acknowledged, and is left out. Reading needs nothing but the files. `strec.serve.merged` takes
them into a store.
"""

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from strec.errors import StoreError
from strec.llm.cache import cache_folder

EVENTS = "STREC_EVENTS"
_PATTERN = "events-*.jsonl"


#: A line is shorter, and so many segments are looked at for what came last.
_MOST_LINE, _MOST_SEGMENTS = 2_000, 20


def folder() -> Path:
    """Return the folder of check-ins that came through the API."""
    said = os.environ.get(EVENTS)
    return Path(said) if said else cache_folder() / "events"


def _event(line: bytes) -> dict | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


class EventLog:
    """Append check-ins so that none is lost that was acknowledged, whatever kills the process.

    Parameters
    ----------
    folder : Path
        Made if needed. Several processes may write to it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     log = EventLog(Path(folder))
    ...     log.append([{"user_id": "u", "item_id": "i"}])
    ...     [event["item_id"] for event in EventLog(Path(folder)).read()]
    ['i']
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._file: Any = None
        self._lock = threading.Lock()

    def append(self, events: Sequence[dict]) -> None:
        """Write check-ins; when this returns, they are on the disk.

        Parameters
        ----------
        events : sequence of dict
            Plain data each.

        Raises
        ------
        StoreError, LimitError
            If they could not be written; then none of them counts.
        """
        lines = b"".join(
            json.dumps(each, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
            for each in events
        )
        with self._lock:
            try:
                file = self._file or self._new_segment()
                self._file = None
                # All or none: what is cut short by a full disk is taken back.
                end = file.tell()
                try:
                    left = memoryview(lines)
                    while left:
                        left = left[file.write(left) :]
                    os.fsync(file.fileno())
                except OSError:
                    file.truncate(end)
                    raise
                self._file = file
            except OSError as error:
                from strec.io.limits import disk_full, is_disk_full

                raise (
                    disk_full()
                    if is_disk_full(error)
                    else StoreError(
                        "A folder that events can be written to is needed.",
                        f"{self.folder}: {error.strerror or error}.",
                        "Check the folder of STREC_EVENTS. The event was not taken.",
                    )
                ) from error

    def read(self) -> Iterator[dict]:
        """Give all check-ins that were written, segment by segment; torn lines are left out."""
        return iter(self.since({})[0])

    def since(self, places: Mapping[str, int]) -> tuple[list[dict], dict[str, int]]:
        """Return check-ins that were written after some places, and the places of now.

        Parameters
        ----------
        places : mapping of str to int
            How many bytes of each segment are known; what is not named is new.
        """
        events, now = [], dict(places)
        for path in sorted(self.folder.glob(_PATTERN)):
            begin = places.get(path.name, 0)
            with path.open("rb") as file:
                file.seek(begin)
                # A line is whole, or was never acknowledged.
                *lines, torn = file.read().split(b"\n")
            now[path.name] = begin + sum(len(line) + 1 for line in lines)
            events += [event for line in lines if (event := _event(line)) is not None]
        return events, now

    def latest(self, n: int) -> list[dict]:
        """Return the last check-ins that were written, the newest first.

        Parameters
        ----------
        n : int
            How many at most.
        """
        segments = sorted(self.folder.glob(_PATTERN), key=lambda path: -path.stat().st_mtime)
        found: list[dict] = []
        for path in segments[:_MOST_SEGMENTS]:
            with path.open("rb") as file:
                # From the end: a segment may be large.
                file.seek(max(0, path.stat().st_size - n * _MOST_LINE))
                lines = file.read().split(b"\n")[:-1]
            events = [each for line in reversed(lines) if (each := _event(line)) is not None]
            found += events[: n - len(found)]
            if len(found) >= n:
                break
        return found

    def _new_segment(self) -> Any:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        taken = [int(path.stem.split("-")[1]) for path in self.folder.glob("events-*.jsonl")]
        number = max(taken, default=0)
        while True:
            number += 1
            path = self.folder / f"events-{number:08d}.jsonl"
            try:
                # Unbuffered, and new: no other process writes here.
                file = open(path, "xb", buffering=0)  # noqa: SIM115
            except FileExistsError:
                continue
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)  # The file's name is on the disk too.
            finally:
                os.close(folder)
            return file
