"""Results of the models that only count, kept with a large store: the next process finds them.

They are known by the content of the store, the rules, the metrics and the code of strec: another
version scores anew, and so does whoever finds a file damaged.
"""

import hashlib
from dataclasses import asdict, fields

import numpy as np
import polars as pl

from strec.dataset import Dataset
from strec.errors import ModelError, StrecError, check_is
from strec.evaluation.experiment import counting_models
from strec.evaluation.regime import FIRST_LOOK, Regime
from strec.evaluation.scoring import Result, evaluate_model
from strec.metrics import METRICS
from strec.progress import Progress, part_of
from strec.store import HasStore, Store, need_store
from strec.store.answers import code, make_room, read_told, write_told

FOLDER = "evaluation"
#: What of a result is a table; the rest is said in a few words.
_TABLES = ("queries", "listed", "regime")


def load(store: Store, name: str, regime: Regime) -> Result | None:
    """Return a result that is kept with a store; None where it is not, or not whole.

    Parameters
    ----------
    store : Store
        Of any size; small ones keep none.
    name : str
        Of one of `counting_models`.
    regime : Regime
        The rules.
    """
    if not _is_kept(store) or (found := read_told(_path(store, name, regime))) is None:
        return None
    table, said = found
    frame = pl.DataFrame(table)
    return Result(
        queries=frame.drop("listed"),
        listed=np.stack(frame["listed"].to_list()).astype(np.int64),
        regime=regime,
        **said,
    )


def keep(store: Store, result: Result) -> None:
    """Keep a result with a large store, if its folder can be written.

    Parameters
    ----------
    store : Store
        Whose check-ins were scored.
    result : Result
        Of one of `counting_models`.
    """
    if not _is_kept(store):
        return
    said = {f.name: vars(result)[f.name] for f in fields(result) if f.name not in _TABLES}
    listed = pl.Series("listed", result.listed.tolist(), dtype=pl.List(pl.Int64))
    table = result.queries.with_columns(listed).to_arrow()
    if write_told(_path(store, result.name, result.regime), table, said):
        make_room(store.folder / FOLDER)


def evaluate_ahead(
    data: HasStore | Store, regime: Regime = FIRST_LOOK, *, progress: Progress | None = None
) -> int:
    """Score the models that only count, so that a first look at a large store finds the results.

    Parameters
    ----------
    data : Dataset or Store
        Whose folder can be written.
    regime : Regime
        The rules.
    progress : callable, optional
        Called with a text and the share done.

    Returns
    -------
    int
        How many models were scored; none of a small store, of one that keeps all results, or of
        one that cannot be split.

    Examples
    --------
    >>> evaluate_ahead(Dataset.sample("travel"))
    0
    """
    store = need_store(data)
    check_is(regime, Regime, 'A regime is needed, such as Regime(part="test").', ModelError)
    if not _is_kept(store) or store.is_raw_track:
        return 0
    models = counting_models(regime.time_known)
    waiting = [name for name in models if load(store, name, regime) is None]
    if not waiting:
        return 0
    try:
        parts = Dataset.from_store(store).split
        for number, name in enumerate(waiting):
            tell = part_of(progress, number / len(waiting), (number + 1) / len(waiting))
            model = models[name].fit(parts.train, progress=part_of(tell, 0.0, 0.9))
            keep(store, evaluate_model(model, parts, regime, name=name))
    except StrecError:
        # What these data cannot be asked is said when somebody asks it.
        return 0
    return len(waiting)


def _is_kept(store: Store) -> bool:
    """Return whether results are kept: of a store that is large, and with metrics of strec alone.

    Others' metrics may change without notice.
    """
    made = (getattr(each.of_query or each.of_all, "__module__", "") for each in METRICS.values())
    return store.keeps_answers and all(name.startswith("strec.") for name in made)


def _path(store: Store, name: str, regime: Regime):
    """Return where a result is kept; its name says of what it is."""
    of = store.fingerprint, code(), sorted(METRICS), name, asdict(regime)
    seen = hashlib.blake2b(repr(of).encode(), digest_size=16)
    return store.folder / FOLDER / seen.hexdigest()
