"""Files as strangers bring them: broken, odd, or just unusual. Each is made by code.

``make(name, folder)`` writes one and returns its path; `NAMES` tells for each whether reading it
without any answer is an ``"error"`` (a clear one) or ``"ok"``.

Examples
--------
>>> NAMES["empty"], NAMES["odd_ids"]
('error', 'ok')
"""

from pathlib import Path

from tests.corpus import broken, unusual
from tests.corpus.common import HEADER, MAKERS, N_ROWS, NAMES, rows, table

__all__ = ["HEADER", "NAMES", "N_ROWS", "broken", "make", "rows", "table", "unusual"]


def make(name: str, folder: Path) -> Path:
    """Write one file of the corpus into a folder and return its path."""
    return MAKERS[name](folder)
