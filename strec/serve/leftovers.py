"""What visitors and killed processes leave behind, and how long it stays.

A thread of the app sweeps at its start and then every three minutes, whether anybody comes or not.
"""

import logging
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from strec.errors import StrecError
from strec.llm.cache import cache_folder
from strec.serve import settings
from strec.serve.trainings import sample_runs, visits_folder

KEEP_RUNS_DAYS = "STREC_KEEP_RUNS_DAYS"
EVERY_S = 180
#: A folder that is made beside another, and takes its place, is finished within this time.
DRAFT_S = 6 * 3600
_OF_PROCESS = re.compile(r"strec-(?:[a-z]+-)?p(\d+)-")


def sweep(now: float | None = None) -> list[Path]:
    """Delete what is too old, and what processes that are gone left behind; return what went.

    Parameters
    ----------
    now : float, optional
        Seconds since 1970, for tests.
    """
    now = time.time() if now is None else now
    hours = settings.keep_hours()
    gone = [each for each in _folders(visits_folder()) if now - last_used(each) > hours * 3600]
    gone += [each for each in _folders(Path(tempfile.gettempdir())) if _is_of_the_dead(each)]
    for kind in ("samples", "models"):
        drafts = (each for each in _folders(cache_folder() / kind) if each.name.startswith("."))
        gone += [each for each in drafts if now - last_used(each) > DRAFT_S]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    days = settings.number(KEEP_RUNS_DAYS, 365, 7)
    for run in sample_runs():
        if now - last_used(run.folder) > days * 86400 and not run.poll().is_active:
            gone.append(run.folder)
            run.delete()
    return gone


def last_used(folder: Path) -> float:
    """Return when anything in a folder, two levels down, was last written, as `time.time` does."""
    times = [0.0]
    for path in (folder, *folder.glob("*"), *folder.glob("*/*"), *folder.glob("runs/*/*")):
        try:
            times.append(path.stat().st_mtime)
        except OSError:
            continue
    return max(times)


class Sweeper(threading.Thread):
    """Sweeps while the app runs.

    Parameters
    ----------
    also : callable, optional
        What else is done each time.
    every_s : float
        Seconds from one time to the next.
    """

    def __init__(self, also: Callable[[], object] | None = None, every_s: float = EVERY_S):
        super().__init__(name="strec-sweeper", daemon=True)
        self.also, self.every_s, self.ended = also, every_s, threading.Event()

    def run(self) -> None:
        """Sweep until `stop`; what goes wrong once is tried again the next time."""
        while True:
            try:
                sweep()
                if self.also is not None:
                    self.also()
            except (OSError, StrecError):
                logging.getLogger("strec.app").exception("what is old could not be deleted")
            if self.ended.wait(self.every_s):
                return

    def stop(self) -> None:
        """End the thread."""
        self.ended.set()


def _folders(parent: Path) -> list[Path]:
    try:
        return [each for each in parent.iterdir() if each.is_dir() and not each.is_symlink()]
    except OSError:
        return []


def _is_of_the_dead(folder: Path) -> bool:
    """Whether a folder names a process of ours that is gone."""
    named = _OF_PROCESS.match(folder.name)
    try:
        if named is None or (hasattr(os, "getuid") and folder.stat().st_uid != os.getuid()):
            return False
        os.kill(int(named[1]), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        return False
    return False
