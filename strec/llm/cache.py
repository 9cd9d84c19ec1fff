"""What need not be computed twice: a folder for converted weights, a file for encoded texts."""

import hashlib
import os
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

#: Keys asked of SQLite at once, below its limit on variables.
_KEYS_AT_ONCE = 900


def cache_folder() -> Path:
    """Return strec's cache folder, created if needed: STREC_CACHE, or the system's usual place.

    Only its owner may read it.

    Examples
    --------
    >>> cache_folder().is_dir()
    True
    """
    chosen = os.environ.get("STREC_CACHE")
    folder = Path(chosen) if chosen else _usual() / "strec"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


class VectorCache:
    """Vectors by the content of their texts, in one SQLite file per encoder.

    The file holds digests and numbers, not the texts. Several processes may use it at once, and
    a process that dies leaves it whole. A file that is not readable is begun anew: it is a cache.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     cache = VectorCache(Path(folder) / "vectors.sqlite")
    ...     cache.put(["coffee"], np.ones((1, 2), dtype=np.float32))
    ...     found = cache.get(["coffee", "tea"])
    >>> {text: vector.tolist() for text, vector in found.items()}
    {'coffee': [1.0, 1.0]}
    """

    def __init__(self, path: Path):
        self.path = path

    def get(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Return the vectors that are known, by text."""
        if not self.path.exists():
            return {}
        by_key = {_key(text): text for text in texts}
        keys, found = list(by_key), {}
        try:
            with closing(self._open()) as database:
                for first in range(0, len(keys), _KEYS_AT_ONCE):
                    asked = keys[first : first + _KEYS_AT_ONCE]
                    marks = ",".join("?" * len(asked))
                    rows = database.execute(
                        f"SELECT key, vector FROM vectors WHERE key IN ({marks})", asked
                    )
                    found |= {by_key[k]: np.frombuffer(v, dtype="<f4") for k, v in rows}
        except (sqlite3.DatabaseError, ValueError):  # No database, or what is no vector.
            return {}
        return found

    def put(self, texts: Sequence[str], vectors: np.ndarray) -> None:
        """Keep one vector per text; where that is not possible, nothing is kept."""
        rows = [
            (_key(text), vector.astype("<f4").tobytes())
            for text, vector in zip(texts, vectors, strict=True)
        ]
        for _ in range(2):
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with closing(self._open()) as database, database:
                    database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
                return
            except sqlite3.OperationalError:  # Full disk, no right to write, locked for too long.
                return
            except sqlite3.DatabaseError:
                self.path.unlink(missing_ok=True)
            except OSError:
                return

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=20)
        database.execute(
            "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID"
        )
        return database


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:16]


def _usual() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    variable = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
    return Path(os.environ.get(variable) or Path.home() / ".cache")
