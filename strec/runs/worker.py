"""The process that trains: one run after another, every step on record."""

import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from strec.dataset import Dataset
from strec.errors import Cancelled, ModelError, SplitError, StrecError, check_is
from strec.evaluation import Regime, evaluate_model, leaderboard
from strec.llm.cache import cache_folder
from strec.models import MODELS, Model
from strec.runs.budget import shortage
from strec.runs.folder import Run, write_json
from strec.sealed import sealed
from strec.split import Split
from strec.store import Store, need_store
from strec.train import Watch, leave
from strec.train.task import cancelled

#: Queries of the validation part on which a finished model is measured at most.
MAX_SCORED = 2_000
#: The file that asks to stop is looked for so often.
_LOOK_SECONDS = 0.2
_TURN_SECONDS = 0.5


def train_run(
    run: Run, store: Store, *, on_event: Callable[[dict], None] | None = None
) -> dict | None:
    """Train a run to its end; its folder says how it went, whatever happens.

    Parameters
    ----------
    run : Run
        New, or made ready by `Run.prepare_resume`: it goes on from its last complete epoch.
    store : Store
        The data.
    on_event : callable, optional
        Called with each event, beside its record.

    Returns
    -------
    dict or None
        What `Run.results` says; None in all processes but the first of several.

    Raises
    ------
    Cancelled
        If somebody called `Run.cancel`.
    StrecError
        If the data does not fit or does not suffice, or training fails.

    Examples
    --------
    >>> import tempfile
    >>> from strec import Dataset
    >>> from strec.runs import create
    >>> store = Dataset.sample("travel").store
    >>> results = train_run(create(tempfile.mkdtemp(), "popularity", store), store)
    >>> sorted(results)
    ['fit_seconds', 'history', 'measures', 'regime', 'score_seconds']
    """
    check_is(run, Run, "A run is needed.", ModelError)
    store = need_store(store)
    is_first = _is_first()
    try:
        if run.is_cancelled():
            raise cancelled("before it began")
        if is_first:
            run.set_state("running", pid=os.getpid())
        return _train(run, store, on_event if is_first else None)
    except Cancelled:
        _record(run, "cancelled")
        raise
    except StrecError as error:
        _record(run, "failed", error=_in_words(error))
        raise
    except Exception as error:
        told = _unexpected(error)
        _record(run, "failed", error=_in_words(told))
        raise told from error


def work(runs: Sequence[Run], store_folder: Path, *, in_turn: bool) -> None:
    """Train several runs; one that fails does not keep the others from theirs.

    Where several processes train one run together, the first that stumbles ends them all: the
    others would wait for it.
    """
    log = logging.getLogger("strec.runs")
    together = int(os.environ.get("WORLD_SIZE", "1")) > 1
    with ExitStack() as held:
        if _is_first():
            for run in runs:
                # A page that looks whether anybody works here holds the lock for a moment.
                held.enter_context(run.lock.acquire(timeout=10))
                run.set_state("waiting", pid=os.getpid())
        for run in runs:
            try:
                with _turn(run) if in_turn else ExitStack():
                    train_run(run, Store(store_folder))
            except StrecError as error:
                if isinstance(error, Cancelled):
                    _record(run, "cancelled")
                else:
                    _record(run, "failed", error=_in_words(error))
                    log.warning("%s: %s", run.folder.name, error, exc_info=error.__cause__)
                if together:
                    raise SystemExit(1) from error
        leave()


def _train(run: Run, store: Store, on_event: Callable[[dict], None] | None) -> dict | None:
    run.check_fits(store)
    lacks = shortage(run.kind, store)
    if lacks:
        raise ModelError(
            f"{run.label} needs {lacks.split(' (it')[0] if lacks.count('(it') == 1 else 'more'}.",
            f"a table that lacks {lacks}.",
            "Use more check-ins, or a model that counts.",
        )
    watch = _watch(run, on_event)
    watch("Reading the check-ins", 0.0)
    parts, drawn = _parts(store)
    if drawn and _is_first():
        run.append({"event": "note", "text": drawn})
    model = MODELS[run.kind](**run.config["params"])
    begun = time.perf_counter()
    model.fit(parts.train, watch=watch)
    fit_seconds = time.perf_counter() - begun
    if not _is_first():
        return None
    # What was learned is safe before anything else can fail.
    model.save(run.folder)
    watch("Measuring how good it is", 1.0)
    # Over all its runs, where the model knows it.
    seconds = max(fit_seconds, model.history_.seconds) if model.history_ else fit_seconds
    results = _measure(model, parts) | {"fit_seconds": seconds, "history": _history(model)}
    if drawn:
        results["regime"] += f" Learned from and measured on {drawn}"
    try:
        write_json(run.folder / "results.json", sealed(results))
    except OSError as error:
        raise _no_space(run, error) from error
    share = results["history"]["share"] if results["history"] else 1.0
    run.set_state("done", seconds=results["fit_seconds"], share=share)
    # A training that ran out of time may go on.
    if share == 1:
        shutil.rmtree(run.folder / "checkpoint", ignore_errors=True)
    return results


def _parts(store: Store) -> tuple[Split, str]:
    """Return the check-ins cut by time; of a large store those of some users, and how many."""
    dataset = Dataset.from_store(store)
    return dataset.split, " ".join(dataset.notes)


def _watch(run: Run, on_event: Callable[[dict], None] | None) -> Watch:
    looked, asked = 0.0, False

    def should_stop() -> bool:
        nonlocal looked, asked
        if time.monotonic() - looked > _LOOK_SECONDS:
            looked, asked = time.monotonic(), run.is_cancelled()
        return asked

    def tell(event: dict) -> None:
        if not _is_first():
            return
        try:
            run.append(event)
        except OSError as error:
            raise _no_space(run, error) from error
        if on_event:
            on_event(event)

    return Watch(
        on_event=tell,
        should_stop=should_stop,
        checkpoint=run.folder / "checkpoint",
        max_seconds=run.config["max_seconds"],
        device=run.config["device"],
    )


def _measure(model: Model, parts: Split) -> dict:
    """Return measures on the validation part, with what was scored in words."""
    time_known = model.time_known is not False
    for scored in ("session_end", "every"):
        regime = Regime(scored=scored, time_known=time_known, at_most=MAX_SCORED)
        try:
            found = evaluate_model(model, parts, regime)
        except SplitError:
            continue
        row = leaderboard([found]).to_dicts()[0]
        return {
            "regime": regime.words(),
            "measures": {k: v for k, v in row.items() if k not in ("model", "kind")},
            "score_seconds": found.score_seconds,
        }
    return {"regime": "Nothing in the validation part could be scored.", "measures": {}}


def _history(model: Model) -> dict | None:
    history = model.history_
    if history is None:
        return None
    return {
        "epochs": len(history.epochs),
        "best_epoch": history.best_epoch,
        "stopped": history.stopped,
        "device": history.device,
        "batch_size": history.batch_size,
        "share": history.share,
    }


@contextmanager
def _turn(run: Run) -> Iterator[None]:
    """Wait until this machine has a place for one more training."""
    from filelock import FileLock, Timeout

    if not _is_first():
        while run.poll().state == "waiting":
            time.sleep(_TURN_SECONDS)
        yield
        return
    folder = cache_folder() / "turns"
    folder.mkdir(parents=True, exist_ok=True)
    # Two trainings on two cores each take twice as long, and longer still on one GPU.
    places = max(1, (os.cpu_count() or 1) // 4)
    locks = [FileLock(folder / f"{place}.lock") for place in range(places)]
    is_told = False
    while True:
        for lock in locks:
            try:
                with lock.acquire(timeout=0):
                    yield
                    return
            except Timeout:
                continue
        if run.is_cancelled():
            raise Cancelled(
                "A training begins when its turn comes.",
                "it was cancelled while it waited.",
                "Resume it to put it in the queue again.",
            )
        if not is_told:
            run.append({"event": "note", "text": "Waiting for another training on this machine"})
            is_told = True
        time.sleep(_TURN_SECONDS)


def _is_first() -> bool:
    """Whether this is the only process, or the first of those that train together."""
    return os.environ.get("RANK", "0") == "0"


def _record(run: Run, state: str, **more) -> None:
    """Write how a run ended; on a full disk its reader still sees that nobody works on it."""
    if not _is_first():
        return
    try:
        run.set_state(state, **more)
    except OSError:
        logging.getLogger("strec.runs").exception("the state of %s is not on disk", run.folder)


def _in_words(error: StrecError) -> dict[str, str]:
    return {"needed": error.needed, "found": error.found, "mend": error.mend}


def _unexpected(error: Exception) -> ModelError:
    from accelerate.utils.memory import should_reduce_batch_size

    # torch says in words of its own that memory ran out, and not only within the loop.
    if isinstance(error, MemoryError) or should_reduce_batch_size(error):
        return ModelError(
            "A training needs enough memory for its model and its data.",
            "memory ran out.",
            "Close other programs, use fewer items or check-ins, or a simpler model.",
        )
    return ModelError(
        "A training runs to its end.",
        f"an unexpected fault ({type(error).__name__}: {error}).",
        "Try again or choose another model; the run's log.txt says more.",
    )


def _no_space(run: Run, error: OSError) -> ModelError:
    return ModelError(
        "A training needs disk for its record and its weights.",
        f"{run.folder} cannot be written ({error.strerror or error}).",
        "Free some space, then resume: the last complete epoch is kept.",
    )
