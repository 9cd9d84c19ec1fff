"""A run's folder: what is in it, how it stands, and whether it fits the data."""

import json
import os
import shutil
import time
from datetime import datetime
from functools import cached_property
from pathlib import Path

from strec.errors import ModelError, as_path
from strec.llm.cache import cache_folder
from strec.models import LANGUAGE_MODELS, MODELS, Model, load_model
from strec.runs.status import ACTIVE, STATES, Status, status_of
from strec.sealed import SEAL, is_whole, of_line, sealed, sealed_line
from strec.split import Vocabulary
from strec.store import Store, need_store

FORMAT, FORMAT_VERSION = "strec-run", 1
#: What was written before it had a seal.
_HEAD = ("format", "version", "id", "kind", "params", "seed", "budget", "max_seconds", "device",
         "owner", "created", "data", "versions", "machine")  # fmt: skip
_RESULTS = ("regime", "measures", "fit_seconds", "history")
_STATE = ("state", "since", "pid", "seconds", "share", "error")
#: How a training stands whose record cannot be relied on.
_NOT_KNOWN = {
    "state": "interrupted",
    "since": 0.0,
    "error": {
        "needed": "The record of how a training stands is as strec wrote it.",
        "found": "state.json was changed, cut short or lost.",
        "mend": "Resume it: it goes on from its last checkpoint. Or discard it.",
    },
}
#: A process may take so long from its start to its first sign of life.
STARTUP_SECONDS = 60


def home(store: Store, is_shared: bool = False) -> Path:
    """Return where the runs on a data set are kept.

    Beside the store, so that they are deleted with it; for data that all visitors share (the
    samples), in the user's cache folder, so that everybody finds them again.

    Parameters
    ----------
    store : Store
        The data.
    is_shared : bool
        Whether all visitors share the data.

    Examples
    --------
    >>> from strec import Dataset, schema
    >>> home(Dataset(schema.example()).store).name
    'runs'
    """
    store = need_store(store)
    if is_shared:
        return cache_folder() / "runs" / store.fingerprint
    return store.folder.parent / "runs"


def runs_in(root: Path, fingerprint: str | None = None) -> list["Run"]:
    """Return the runs below a folder, the newest first; of one data set if its hash is given.

    Folders that are not runs, or are broken, are left out.

    Parameters
    ----------
    root : Path
        The folder, see `home`.
    fingerprint : str, optional
        `Store.fingerprint` of a data set.

    Examples
    --------
    >>> import tempfile
    >>> runs_in(Path(tempfile.mkdtemp()))
    []
    """
    root = as_path(root)
    found = []
    for path in root.glob("*/run.json") if root.is_dir() else []:
        try:
            run = Run(path.parent)
        except ModelError:
            continue
        if fingerprint in (None, run.config["data"]["fingerprint"]):
            found.append(run)
    return sorted(found, key=lambda run: run.config["created"], reverse=True)


def prune(root: Path, keep: int = 40, owner: str | None = None) -> None:
    """Delete the oldest runs that nobody works on, beyond so many.

    Parameters
    ----------
    root : Path
        The folder of runs.
    keep : int
        How many stay, the newest.
    owner : str, optional
        Whose runs are counted and deleted, where several people share the folder; else all.

    Examples
    --------
    >>> import tempfile
    >>> from strec import Dataset, schema
    >>> from strec.runs import create
    >>> root, store = Path(tempfile.mkdtemp()), Dataset(schema.example()).store
    >>> for name in "abc":
    ...     create(root / name, "popularity", store).set_state("done")
    >>> prune(root, keep=2)
    >>> [run.folder.name for run in runs_in(root)]
    ['c', 'b']
    """
    for run in [run for run in runs_in(root) if owner in (None, run.owner)][keep:]:
        if not run.poll().is_active:
            run.delete()


class Run:
    """A training and what came of it; see the package.

    Parameters
    ----------
    folder : path
        As made by `create`.

    Raises
    ------
    ModelError
        If the folder holds no run.

    Examples
    --------
    >>> import tempfile
    >>> from strec import Dataset, schema
    >>> from strec.runs import create
    >>> store = Dataset(schema.example()).store
    >>> run = create(tempfile.mkdtemp(), "popularity", store)
    >>> run.poll().state, run.pid(), run.events(), run.results()
    ('waiting', None, [], None)
    >>> run.cancel()
    >>> run.is_cancelled()
    True
    >>> run.set_state("cancelled")  # by the process that trains
    >>> run.check_fits(store)
    >>> run.prepare_resume(store)
    >>> run.poll().state
    'waiting'
    >>> run.set_state("done")
    >>> run.delete()
    >>> run.folder.exists()
    False
    """

    def __init__(self, folder: Path | str):
        self.folder = as_path(folder)
        try:
            self.config = json.loads((self.folder / "run.json").read_text())
            known = (self.config["format"], self.config["version"])
            _check_head(self.config)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _no_run(self.folder, f"run.json cannot be read ({error})") from error
        if known != (FORMAT, FORMAT_VERSION) or self.config.get("kind") not in MODELS:
            raise _no_run(self.folder, "run.json is of another version of strec")
        if not is_whole(self.config, _HEAD):
            raise _no_run(self.folder, "run.json was changed after it was written")
        self.config.pop(SEAL, None)

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @property
    def kind(self) -> str:
        return MODELS[self.config["kind"]].kind

    @property
    def label(self) -> str:
        """The model's name for people, with the language model where it is not the usual one."""
        label, language = MODELS[self.kind].label, MODELS[self.kind].language
        if language is None:
            return label
        usual = language.choices[0]
        inside = self.config["params"].get(language.parameter, usual)
        name, _ = LANGUAGE_MODELS.get(inside, (str(inside), ""))
        return label if inside == usual else f"{label} ({name})"

    @property
    def owner(self) -> str:
        """The mark of who started it; empty where nobody left one."""
        return str(self.config.get("owner", ""))

    @cached_property
    def lock(self):
        """Held by the process that trains; the system lets go of it whenever that dies."""
        from filelock import FileLock

        return FileLock(self.folder / "lock", thread_local=False)

    # ------------------------------------------------------------ reading

    def poll(self) -> Status:
        """Return how the run stands now."""
        state = self._state()
        if state["state"] in ACTIVE and not self._is_alive(state):
            state["state"] = "cancelled" if self.is_cancelled() else "interrupted"
        return status_of(state, self.events(), makes_passes=MODELS[self.kind].uses_loop)

    def events(self) -> list[dict]:
        """Return all events so far; a line that was changed or cut short is left out."""
        try:
            lines = (self.folder / "events.jsonl").read_text(errors="replace").splitlines()
        except OSError:
            return []
        events = [of_line(line) for line in lines]
        return [each for each in events if isinstance(each, dict) and "event" in each]

    def results(self) -> dict | None:
        """Return the measures on the validation part, None before the end or where changed."""
        found = _read(self.folder / "results.json")
        if not is_whole(found, _RESULTS):
            return None
        found.pop(SEAL, None)
        return found if {"regime", "measures", "fit_seconds"} <= found.keys() else None

    def model(self, data: Store | Vocabulary | None = None) -> Model:
        """Return the trained model.

        Parameters
        ----------
        data : Store or Vocabulary, optional
            What it shall be used on; refused where it was trained on something else.

        Raises
        ------
        ModelError
            If it is not trained yet, was changed since, or does not fit the data.
        """
        if isinstance(data, Store):
            self.check_fits(data)
        state = self.poll().state
        if state != "done":
            raise ModelError(
                "A model is ready when its training is done.",
                f"{self.label} is {state}.",
                "Wait for it, or resume it.",
            )
        model = load_model(self.folder)
        known = model.vocabulary_
        if isinstance(data, Vocabulary) and known is not None and data.digest != known.digest:
            raise self._other_data(f"{len(data.users):,} users and {len(data.items):,} items")
        return model

    def check_fits(self, store: Store) -> None:
        """Raise `ModelError` if the data is not what the run was made for.

        Parameters
        ----------
        store : Store
            The data it shall be trained or used on.
        """
        if store.fingerprint != self.config["data"]["fingerprint"]:
            raise self._other_data(f"“{store.name}”, {store.meta['n_checkins']:,} check-ins")

    def is_cancelled(self) -> bool:
        """Whether somebody asked it to stop."""
        return (self.folder / "cancel").exists()

    def pid(self) -> int | None:
        """Return the number of the process that works on it or waits to, None before its start."""
        found = self._state().get("pid")
        return found if isinstance(found, int) else None

    # ------------------------------------------------------------ acting

    def cancel(self) -> None:
        """Ask the training to stop after its present batch; `prepare_resume` is the way on."""
        (self.folder / "cancel").touch()

    def prepare_resume(self, store: Store) -> None:
        """Make a run that ended early ready to go on.

        One whose time ran out gets as much again, and is no finished model until it ends.

        Parameters
        ----------
        store : Store
            The data it was made for.

        Raises
        ------
        ModelError
            If it is at work or done, or the data is not the same.
        """
        self.check_fits(store)
        status = self.poll()
        state = status.state
        if state == "done" and status.reached < 1 and self.config["max_seconds"] is not None:
            self.config["max_seconds"] += status.seconds
            write_json(self.folder / "run.json", sealed(self.config))
        elif state in (*ACTIVE, "done"):
            raise ModelError(
                "Only a training that has stopped can be resumed.",
                f"{self.label} is {state}.",
                "Wait for it, cancel it, or start a new one.",
            )
        (self.folder / "cancel").unlink(missing_ok=True)
        self.append({"event": "resume"})
        self.set_state("waiting")

    def delete(self) -> None:
        """Remove the folder with all that is in it.

        Raises
        ------
        ModelError
            If a process works on it.
        """
        if self.poll().is_active:
            raise ModelError(
                "A run can be deleted when nobody works on it.",
                f"{self.label} is being trained.",
                "Cancel it first.",
            )
        shutil.rmtree(self.folder, ignore_errors=True)

    def set_state(self, state: str, **more) -> None:
        """Say how it stands; called by whoever trains.

        Parameters
        ----------
        state : str
            One of `strec.runs.status.STATES`.
        **more
            What else is kept beside it, as JSON.
        """
        said = {"state": state, "since": time.time()} | more
        write_json(self.folder / "state.json", sealed(said))

    def append(self, event: dict) -> None:
        """Add an event; called by whoever trains.

        Parameters
        ----------
        event : dict
            Plain data; the time is added.
        """
        line = sealed_line({"at": round(time.time(), 3)} | event)
        with (self.folder / "events.jsonl").open("a") as file:
            file.write(line + "\n")

    def _state(self) -> dict:
        found = _read(self.folder / "state.json")
        usable = found.get("state") in STATES and isinstance(found.get("since"), int | float)
        return found if usable and is_whole(found, _STATE) else dict(_NOT_KNOWN)

    def _is_alive(self, state: dict) -> bool:
        from filelock import Timeout

        # Between its start and its first sign of life a process holds no lock yet.
        if not state.get("pid") and time.time() - state["since"] < STARTUP_SECONDS:
            return True
        try:
            with self.lock.acquire(timeout=0):
                return False
        except Timeout:
            return True

    def _other_data(self, found: str) -> ModelError:
        data = self.config["data"]
        return ModelError(
            f"{self.label} was trained on “{data['name']}” with {data['n_checkins']:,} check-ins, "
            "and works on these alone.",
            f"{found}, or a table that was changed since.",
            "Train it on the data in use, or open the data it was trained on.",
        )


def write_json(path: Path, content: dict) -> None:
    """Write a file that a reader finds whole or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(json.dumps(content, indent=2, ensure_ascii=False, default=float))
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _read(path: Path) -> dict:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _check_head(config: dict) -> None:
    """Raise one of the usual errors where something lacks that readers rely on."""
    datetime.fromisoformat(config["created"])
    texts = (config["budget"], config["device"], config["data"]["fingerprint"],
             config["data"]["name"])  # fmt: skip
    kinds = [(text, str) for text in texts]
    kinds += [(config["params"], dict), (config["data"]["n_checkins"], int)]
    kinds += [(config["max_seconds"], int | float | None)]
    for value, kind in kinds:
        if not isinstance(value, kind):
            raise TypeError(f"{value!r} where {kind} is needed")


def _no_run(folder: Path, why: str) -> ModelError:
    return ModelError(
        "A run is a folder that strec train or the Train page has made.",
        f"{folder}: {why}.",
        "Choose another folder, or train again.",
    )
