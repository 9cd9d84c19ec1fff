"""What the gate says about the samples that ship with strec, tested beforehand.

The full test of a sample takes up to half a minute; its first look need not wait for that. Results
are kept by the fingerprint of a store's content: any other data are tested. The file is made by
`sample_data/make_gate.py`; a test compares it with new runs.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from strec.gate.result import DependenceResult

FILE = Path(__file__).parents[1] / "data" / "gate_results.json"
#: The full test, as the page asks for it.
FULL_TEST: dict[str, Any] = {"max_checkins": 200_000, "n_permutations": 99}


def result_of(fingerprint: str) -> DependenceResult | None:
    """Return the full test of the store with this content, None if it is not known.

    Parameters
    ----------
    fingerprint : str
        ``Store.fingerprint``.

    Examples
    --------
    >>> result_of("of other data") is None
    True
    """
    found = _known().get(fingerprint)
    return None if found is None else DependenceResult.from_dict(found)


@cache
def _known() -> dict[str, dict[str, Any]]:
    return json.loads(FILE.read_text()) if FILE.exists() else {}
