"""Long calibrations in pieces: each result is kept at once, and what is done is not done again."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

Job = dict


def in_pieces(
    run: Callable[[Job], Job], jobs: list[Job], file: Path | None, processes: int, minutes: float
) -> list[Job]:
    """Run the jobs that `file` (JSON lines) does not hold yet; return the rows of all that is done.

    No job is begun after so many minutes.
    """
    done = {}
    if file is not None and file.exists():
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        done = {_key(row["job"]): row for row in rows}
    left = [job for job in jobs if _key(job) not in done]
    for row in _side_by_side(run, left, processes, time.monotonic() + 60 * minutes):
        done[_key(row["job"])] = row
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a") as out:
                out.write(json.dumps(row) + "\n")
    found = [done[_key(job)] for job in jobs if _key(job) in done]
    if len(found) < len(jobs):
        print(f"{len(found)} of {len(jobs)} done: run the same again for the others.\n")
    return found


class Unfinished(Exception):
    """A table of what is done so far."""


def only_if_done(table: str, rows: list[Job], jobs: list[Job]) -> str:
    """Return the table; one of a part of the jobs is raised, so that nobody takes it for whole."""
    if len(rows) < len(jobs):
        raise Unfinished(table)
    return table


def _side_by_side(
    run: Callable[[Job], Job], jobs: list[Job], processes: int, until: float
) -> Iterator[Job]:
    """Yield ``{"job": job, **answer}`` as they come."""
    waiting, under_way = iter(jobs), dict[Future, Job]()
    with ProcessPoolExecutor(processes) as pool:
        while True:
            while len(under_way) < processes and time.monotonic() < until:
                job = next(waiting, None)
                if job is None:
                    break
                under_way[pool.submit(run, job)] = job
            if not under_way:
                return
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                yield {"job": under_way.pop(future), **future.result()}


def _key(job: Job) -> str:
    return json.dumps(job, sort_keys=True)
