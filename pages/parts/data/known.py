"""Files that this visitor has made a data set of before: the same content opens it at once.

What is noted is where the data set lies, under a digest of the files' content and of the code that
reads and cleans, in the folder of this visitor alone (see `recent.folder`). It grows old as the
data set itself does; another version of strec reads anew.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import strec
from pages.parts.keep import recent
from strec.errors import StrecError
from strec.store import Store

#: So many are noted.
MOST = 50
_CODE = ("io", "cleaning", "store", "schema.py", "stays.py", "ordered.py")
_PIECE = 2**20


def digest_of(paths: Sequence[Path]) -> str:
    """Return what files are known by: their content, whatever they are called, and our code."""
    seen = hashlib.blake2b(_code(), digest_size=16)
    for path in _files(paths):
        with path.open("rb") as file:
            one = hashlib.blake2b(digest_size=16)
            while piece := file.read(_PIECE):
                one.update(piece)
        seen.update(one.digest())
    return seen.hexdigest()


def stamps_of(paths: Sequence[Path]) -> list[tuple[int, int, int]]:
    """Return what tells whether files were changed meanwhile."""
    facts = [path.stat() for path in _files(paths)]
    return [(each.st_ino, each.st_size, each.st_mtime_ns) for each in facts]


def found(digest: str) -> Store | None:
    """Return the data set that this visitor made of such files last, if it is still there."""
    with suppress(StrecError, OSError, ValueError):
        return Store(Path((_folder() / digest).read_text(encoding="utf-8")))
    return None


def note(digest: str, store: Store) -> None:
    """Note which data set was made of such files."""
    folder = _folder()
    with suppress(OSError):
        (folder / digest).write_text(str(store.folder.resolve()), encoding="utf-8")
        for old in sorted(folder.iterdir(), key=lambda each: -each.stat().st_mtime)[MOST:]:
            old.unlink(missing_ok=True)


def _folder() -> Path:
    folder = recent.folder() / "files"
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.is_file())
        else:
            yield path


@cache
def _code() -> bytes:
    """Return a digest of the code that makes check-ins of files."""
    seen = hashlib.blake2b(digest_size=16)
    root = Path(str(strec.__file__)).parent
    for name in _CODE:
        room = root / name
        for path in sorted(room.rglob("*.py")) if room.is_dir() else [room]:
            seen.update(path.read_bytes())
    return seen.digest()
