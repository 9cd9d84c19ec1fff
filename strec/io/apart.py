"""Run a function of strec in a process of its own, with a limit on memory and on time.

What a stranger's file makes a library do, a panic, a bomb, a hang, ends that process and not this
one. Arguments and results cross as JSON and Parquet: nothing that the other process says is run.
"""

import atexit
import importlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, ParamSpec, TypeVar

import polars as pl

from strec.errors import LimitError, ReadError, StrecError
from strec.io.limits import told, too_much_memory
from strec.progress import Progress

P = ParamSpec("P")
T = TypeVar("T")


def _gb_here() -> float:
    """Return the memory of this computer in GB, where the system tells it."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    except (AttributeError, OSError, ValueError):
        return 8.0


#: What a process may take, and how long it may say nothing.
MEMORY_GB, SECONDS = min(6.0, 0.7 * _gb_here()), 120.0
with suppress(KeyError, ValueError):
    MEMORY_GB = min(MEMORY_GB, max(float(os.environ["STREC_READING_GB"]), 0.5))
POLL_S = 0.05
#: A process that has grown beyond this is not used again.
KEPT_BYTES = 700 * 2**20
#: The mark of what is no plain JSON.
MARK = "__is"
#: How far a process stands back behind the pages.
_NICE = 10
_spare: list["_Worker"] = []
_lock = threading.Lock()


def apart(
    function: Callable[P, T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run a function in a process of its own; what it raises on purpose is raised here too.

    The process may take `MEMORY_GB` and be silent for `SECONDS`; ``progress`` among the arguments
    is called here. Where no process can be started, or the function cannot be found by its name,
    it runs here.

    Parameters
    ----------
    function : callable
        A function of strec that stands in a module under its own name.
    *args, **kwargs
        Paths, numbers, texts, and frames and records of strec, as it takes them.

    Returns
    -------
    object
        What the function returns.

    Raises
    ------
    StrecError
        What the function raises.
    LimitError
        If it takes too much memory or time.
    ReadError
        If it ends without a word, as after a panic of a library.

    Examples
    --------
    >>> from strec.io.limits import size_text
    >>> apart(size_text, 1536)
    '1.5 KB'
    """
    progress = kwargs.pop("progress", None)
    worker = None if "<locals>" in function.__qualname__ else _taken()
    if worker is None:
        if progress is not None:
            kwargs["progress"] = progress
        return function(*args, **kwargs)
    done = False
    try:
        with tempfile.TemporaryDirectory(prefix=f"strec-apart-p{os.getpid()}-") as folder:
            job = {
                "call": f"{function.__module__}:{function.__qualname__}",
                "args": _packed(list(args), Path(folder)),
                "kwargs": _packed(dict(kwargs), Path(folder)),
                "tells": progress is not None,
                "folder": folder,
            }
            answer = worker.ask(job, progress, MEMORY_GB * 2**30, SECONDS)  # type: ignore[arg-type]
            done = True
            if "error" in answer:
                raise _unpacked_error(answer["error"])
            return _unpacked(answer["result"], Path(folder))
    finally:
        _given_back(worker, done)


class _Worker:
    """A process that waits for one job at a time."""

    def __init__(self):
        root = str(Path(__file__).parents[2])
        paths = [root, os.environ.get("PYTHONPATH", "")]
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from strec.io.apart import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
        self.lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        out = self.process.stdout
        while out is not None and (line := out.readline()):
            self.lines.put(line)
        self.lines.put(b"")

    def ask(
        self, job: dict, progress: Progress | None, max_bytes: float, seconds: float
    ) -> dict[str, Any]:
        """Give a job and return its answer, while memory and time are watched."""
        heard = time.monotonic()
        try:
            stdin: IO[bytes] | None = self.process.stdin
            assert stdin is not None
            stdin.write(json.dumps(job).encode() + b"\n")
            stdin.flush()
        except OSError:
            self.lines.put(b"")
        while True:
            try:
                line = self.lines.get(timeout=POLL_S)
            except queue.Empty:
                if self.n_bytes() > max_bytes:
                    raise _beyond_memory() from None
                if time.monotonic() - heard > seconds:
                    raise LimitError(
                        f"A file that is read within {seconds:.0f} seconds a step is needed.",
                        "reading it took longer, and was stopped.",
                        "Give a part of it, or save it as CSV or Parquet.",
                    ) from None
                continue
            if not line:
                code = self.process.wait()
                if code in (-9, 137) or code == MEMORY_EXIT:
                    raise _beyond_memory()
                raise ReadError(
                    "A file that can be read to its end is needed.",
                    "a library broke down while reading it.",
                    "Export it again, as CSV UTF-8 or as Parquet.",
                )
            heard = time.monotonic()
            said = json.loads(line)
            if "progress" not in said:
                return said
            if progress is not None:
                progress(*said["progress"])

    def n_bytes(self) -> int:
        """Return the memory in use, where the system tells it."""
        try:
            with open(f"/proc/{self.process.pid}/statm", "rb") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, ValueError, IndexError):
            return 0

    def end(self) -> None:
        """Stop the process."""
        with suppress(OSError):
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


#: How a process ends that could not have the memory it wanted.
MEMORY_EXIT = 77


def _beyond_memory() -> LimitError:
    return too_much_memory("reading this")


def _taken() -> _Worker | None:
    """Return a process that waits, or a new one; another is made ready for the next time."""
    with _lock:
        while _spare:
            worker = _spare.pop()
            if worker.process.poll() is None:
                return worker
            worker.end()
    try:
        return _Worker()
    except OSError:
        return None


def _given_back(worker: _Worker, done: bool) -> None:
    """Keep a process for the next job, or end one that is spoilt or has grown."""
    with _lock:
        is_fit = done and worker.process.poll() is None and worker.n_bytes() < KEPT_BYTES
        if is_fit and not _spare:
            _spare.append(worker)
            return
    worker.end()


@atexit.register
def _end_all() -> None:
    while _spare:
        _spare.pop().end()


# ---------------------------------------------------------------- in the other process


def serve() -> None:
    """Answer jobs, one a line, until the other side closes."""
    # What libraries print must not be taken for an answer.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    _bound_memory()
    make_way()
    import strec.io.reading  # noqa: F401  (what every job needs)

    for line in sys.stdin:
        job = json.loads(line)
        folder = Path(job["folder"])
        # What is left behind when this process is ended goes with the folder.
        tempfile.tempdir = job["folder"]

        def tell(text: str, share: float) -> None:
            print(json.dumps({"progress": [text, share]}), file=out, flush=True)

        try:
            with told("the file"):
                module, name = job["call"].split(":")
                function = getattr(importlib.import_module(module), name)
                kwargs = _unpacked(job["kwargs"], folder)
                kwargs |= {"progress": tell} if job["tells"] else {}
                found = function(*_unpacked(job["args"], folder), **kwargs)
                answer = {"result": _packed(found, folder)}
        except StrecError as error:
            answer = {"error": _packed_error(error)}
        print(json.dumps(answer), file=out, flush=True)


def make_way() -> None:
    """Let this process, on a server for strangers, work when the pages have nothing to do."""
    if os.environ.get("STREC_PUBLIC") == "1":
        with suppress(AttributeError, OSError):
            os.nice(_NICE)


def _bound_memory() -> None:
    """Refuse this process more memory than `MEMORY_GB`, where the system can; else it is watched.

    The limit is on data, which files that are mapped into memory are no part of.
    """
    try:
        import resource
    except ImportError:
        return
    most = int(MEMORY_GB * 2**30)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


# ---------------------------------------------------------------- what crosses


def _packed(value: Any, folder: Path) -> Any:
    """Return a value as JSON; frames lie in files of the folder."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, pl.DataFrame):
        path = folder / f"{len(list(folder.iterdir()))}.parquet"
        value.write_parquet(path, compression="uncompressed")
        return {MARK: "frame", "file": path.name}
    if is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        entries = {each.name: _packed(getattr(value, each.name), folder) for each in fields(value)}
        return {MARK: f"{kind.__module__}:{kind.__qualname__}", "fields": entries}
    if isinstance(value, os.PathLike):
        return {MARK: "path", "text": os.fspath(value)}
    if isinstance(value, datetime | date):
        return {MARK: type(value).__name__, "text": value.isoformat()}
    if isinstance(value, tuple):
        return {MARK: "tuple", "entries": [_packed(each, folder) for each in value]}
    if isinstance(value, list):
        return [_packed(each, folder) for each in value]
    if isinstance(value, dict):
        return {MARK: "dict", "pairs": [[_packed(k, folder), _packed(v, folder)]
                                        for k, v in value.items()]}  # fmt: skip
    raise TypeError(f"a {type(value).__name__} cannot cross to another process")


def _unpacked(value: Any, folder: Path) -> Any:
    """Return what `_packed` packed; of classes, only records of strec are made."""
    if isinstance(value, list):
        return [_unpacked(each, folder) for each in value]
    if not isinstance(value, dict):
        return value
    kind = value[MARK]
    if kind == "frame":
        return pl.read_parquet(folder / Path(value["file"]).name)
    if kind == "path":
        return Path(value["text"])
    if kind in ("datetime", "date"):
        return (datetime if kind == "datetime" else date).fromisoformat(value["text"])
    if kind == "tuple":
        return tuple(_unpacked(each, folder) for each in value["entries"])
    if kind == "dict":
        return {_unpacked(k, folder): _unpacked(v, folder) for k, v in value["pairs"]}
    module, name = kind.split(":")
    made = getattr(sys.modules.get(module), name, None) if module.startswith("strec.") else None
    if not (isinstance(made, type) and is_dataclass(made)):
        raise ReadError("A record of strec is needed.", f"{kind}.", "Report this.")
    return made(**{key: _unpacked(each, folder) for key, each in value["fields"].items()})


def _packed_error(error: StrecError) -> dict[str, str]:
    said = {"needed": error.needed, "found": error.found, "mend": error.mend}
    return said | {"kind": type(error).__name__}


def _unpacked_error(said: dict[str, str]) -> StrecError:
    import strec.errors

    kind = getattr(strec.errors, said["kind"], ReadError)
    is_known = isinstance(kind, type) and issubclass(kind, StrecError)
    return (kind if is_known else ReadError)(said["needed"], said["found"], said["mend"])
