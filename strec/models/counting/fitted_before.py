"""Weights of the counter mix for the samples that ship with strec, fitted beforehand.

They are what `fitting.fit_weights` returns, kept by a digest of what it was given, so that the
first look at a sample need not wait for the fit. Any other data are fitted. The file is made by
`sample_data/make_fits.py`; a test fits anew and compares.
"""

import hashlib
import json
from functools import cache
from pathlib import Path

import numpy as np

from strec.split import Log

FILE = Path(__file__).parents[2] / "data" / "counter_mix_fits.json"


def weights_of(train: Log, settings: tuple) -> np.ndarray | None:
    """Return the weights that a fit of this log with these settings gives, None if not known."""
    sizes, known = _known()
    # Large data are not read for a digest that nobody has.
    if len(train) not in sizes:
        return None
    found = known.get(digest_of(train, settings))
    return None if found is None else np.array(found)


def digest_of(train: Log, settings: tuple) -> str:
    """Return a fingerprint of all that a fit depends on."""
    seen = hashlib.blake2b(digest_size=16)
    seen.update(repr((train.vocabulary.digest, *settings)).encode())
    for values in (train.vocabulary.item_category, train.vocabulary.item_spread_km):
        seen.update(np.ascontiguousarray(values).tobytes())
    for values in (train.owner, train.item, train.category, train.time_us, train.offset_min,
                   train.lat, train.lon, train.session):  # fmt: skip
        seen.update(np.ascontiguousarray(values).tobytes())
    return seen.hexdigest()


@cache
def _known() -> tuple[frozenset[int], dict[str, list[float]]]:
    if not FILE.exists():
        return frozenset(), {}
    kept = json.loads(FILE.read_text())
    return frozenset(kept["sizes"]), kept["weights"]
