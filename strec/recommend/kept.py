"""A fitted counter mix that is kept with a large store, so that the next process need not fit it.

Beside the model lie the check-ins that it answers from, as the arrays of their `Log`. Both are
known by the content of the store, by how many check-ins were drawn, and by the code of strec:
another version of it fits anew, and so does whoever finds a file damaged.
"""

from dataclasses import fields

import numpy as np
import pyarrow as pa

from strec.errors import ModelError
from strec.models import CounterMix, Model
from strec.split import Log
from strec.store import Store
from strec.store.answers import code, read_told, write_told

FOLDER = "recommend"
#: A fit takes as long for fewer, but what is small is left alone.
LEAST_CHECKINS = 50_000
_LOG = "log"
#: What a log has beside its columns.
_WHOLE = ("vocabulary", "owner_ids", "is_anonymous")


def load(store: Store, at_most: int) -> tuple[Model, Log] | None:
    """Return the model and the log kept with a store; None where they are not, or not whole.

    Parameters
    ----------
    store : Store
        Of any size; small ones keep none.
    at_most : int
        How many check-ins were drawn at most.
    """
    folder = store.folder / FOLDER
    if not _is_large(store) or (found := read_told(folder / _LOG)) is None:
        return None
    table, said = found
    if said.get("of") != _of(store, at_most):
        return None
    try:
        model = CounterMix.load(folder)
    except ModelError:
        return None
    vocabulary = model.vocabulary_
    if vocabulary is None or said["vocabulary"] != vocabulary.digest:
        return None
    columns = {name: table[name].to_numpy() for name in table.column_names}
    owners = np.array(said["owner_ids"], dtype=object)
    return model, Log(vocabulary, owners, is_anonymous=said["is_anonymous"], **columns)


def keep(store: Store, at_most: int, model: Model, log: Log) -> None:
    """Keep a model and its log with a large store, if its folder can be written.

    Parameters
    ----------
    store, at_most
        As in `load`.
    model : Model
        Fitted on the log.
    log : Log
        The check-ins drawn.
    """
    if not _is_large(store):
        return
    said = {
        "of": _of(store, at_most),
        "vocabulary": log.vocabulary.digest,
        "owner_ids": log.owner_ids.tolist(),
        "is_anonymous": log.is_anonymous,
    }
    columns = {f.name: vars(log)[f.name] for f in fields(log) if f.name not in _WHOLE}
    try:
        model.save(store.folder / FOLDER)
    except ModelError:
        return
    # The log comes last, as it says which model belongs to it.
    write_told(store.folder / FOLDER / _LOG, pa.table(columns), said)


def _is_large(store: Store) -> bool:
    return store.meta["n_checkins"] >= LEAST_CHECKINS


def _of(store: Store, at_most: int) -> str:
    return f"{store.fingerprint} {at_most} {code()}"
