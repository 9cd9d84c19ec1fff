"""Start trainings in a process of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from strec.errors import ModelError, check_is
from strec.runs.folder import Run, runs_in

#: A process that was ended lets go of its locks within this time.
_END_SECONDS = 5


def start(
    runs: Sequence[Run], store_folder: Path, *, n_processes: int = 1, in_turn: bool = True
) -> subprocess.Popen:
    """Train runs one after another, in a process that outlives this one.

    Parameters
    ----------
    runs : sequence of Run
        New ones, or stopped ones made ready by `Run.prepare_resume`.
    store_folder : Path
        The data they were made for.
    n_processes : int
        Train in so many processes at once, by Accelerate's launcher: one per GPU.
    in_turn : bool
        Wait while other trainings take the machine.

    Raises
    ------
    ModelError
        If the process cannot be started.

    Examples
    --------
    >>> from strec import Dataset
    >>> from strec.runs import create
    >>> store = Dataset.sample("travel").store
    >>> process = start([create("run", "stllm", store)], store.folder)  # doctest: +SKIP
    """
    if (
        not isinstance(runs, Sequence)
        or not runs
        or not all(isinstance(each, Run) for each in runs)
    ):
        raise ModelError(
            "A training needs a list of runs.", f"a {type(runs).__name__}.", "See runs.create."
        )
    words = command(runs, store_folder, n_processes=n_processes, in_turn=in_turn)
    try:
        with (runs[0].folder / "log.txt").open("ab") as log:
            # A session of its own: it goes on when the app's server stops.
            return subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )
    except OSError as error:
        raise ModelError(
            "A training needs a process of its own.",
            f"it cannot be started ({error.strerror or error}).",
            "Free memory or disk, and try again.",
        ) from error


def end(run: Run, store_folder: Path) -> bool:
    """End by force a training that does not heed `Run.cancel`, and say whether it was at work.

    Runs that waited for their turn in the same process are started anew in one of their own.

    Parameters
    ----------
    run : Run
        One that was cancelled.
    store_folder : Path
        The data that it and the others beside it were made for.

    Examples
    --------
    >>> import tempfile
    >>> from strec import Dataset, schema
    >>> from strec.runs import create
    >>> store = Dataset(schema.example()).store
    >>> end(create(tempfile.mkdtemp(), "popularity", store), store.folder)  # nobody is at work
    False
    """
    from filelock import Timeout

    check_is(run, Run, "A run is needed.", ModelError)

    pid = run.pid()
    if pid is None or run.poll().state != "running":
        return False
    fingerprint = run.config["data"]["fingerprint"]
    beside = runs_in(run.folder.parent, fingerprint)[::-1]
    waiting = [
        each
        for each in beside
        if each.pid() == pid and each.poll().state == "waiting" and not each.is_cancelled()
    ]
    with suppress(ProcessLookupError):
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    try:
        # Of several pages that are open, one sees to what is left.
        with run.lock.acquire(timeout=_END_SECONDS):
            if run.pid() != pid:
                return False
            run.set_state("cancelled")
            for each in waiting:
                each.set_state("waiting")
    except Timeout:
        return False
    if waiting:
        start(waiting, store_folder)
    return True


def command(
    runs: Sequence[Run], store_folder: Path, *, n_processes: int = 1, in_turn: bool = True
) -> list[str]:
    """Return the command line that trains runs.

    Examples
    --------
    >>> command([], Path("data"))[1:]
    ['-m', 'strec.runs', '--in-turn', '--store', 'data']
    """
    words = [sys.executable]
    if n_processes > 1:
        # The launcher's name for "several processes"; the device is the run's.
        words += ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_machines", "1"]
        words += ["--num_processes", str(n_processes), "--main_process_port", "0"]
        words += ["--mixed_precision", "no", "--dynamo_backend", "no"]
    words += ["-m", "strec.runs", *(["--in-turn"] if in_turn else [])]
    return [*words, "--store", str(store_folder), *(str(run.folder) for run in runs)]
