"""One's own recent projects: kept for whom the browser is, and for nobody else."""

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pages.shared import state, visitor
from strec.errors import StrecError
from strec.llm.cache import cache_folder
from strec.project import ENDING, Project
from strec.serve.visitors import COOKIE, folder_of
from strec.store import Store

#: So many are kept; they hold no data.
MOST = 20


@dataclass(frozen=True)
class Recent:
    """A project of this visitor's, and where its data were."""

    project: Project
    path: Path

    def store(self) -> Store | None:
        """Return the data set, if it is still there."""
        with suppress(StrecError, OSError):
            store = Store(Path(self.path.with_suffix(".data").read_text(encoding="utf-8")))
            return store if self.project.fits(store) else None
        return None

    def forget(self) -> None:
        """Delete it."""
        self.path.unlink(missing_ok=True)
        self.path.with_suffix(".data").unlink(missing_ok=True)


def folder() -> Path:
    """Where they are kept: of the person at this computer for good, of visitors for a day."""
    if visitor.is_person():
        mine = cache_folder()
    else:
        mine = folder_of(st.context.cookies.get(COOKIE))
        if mine is None:
            state.VISITOR.value = state.VISITOR.value or secrets.token_urlsafe(32)
            mine = folder_of(state.VISITOR.value)
    made = Path(str(mine)) / "projects"
    made.mkdir(parents=True, exist_ok=True, mode=0o700)
    return made


def keep(project: Project, store_folder: Path | None, into: Path) -> None:
    """Keep a project without its data, in place of one of the same name on the same data."""
    about = f"{project.name}\n{project.source.fingerprint}".encode()
    path = into / f"{hashlib.blake2b(about, digest_size=12).hexdigest()}{ENDING}"
    fresh = path.with_name(f".{secrets.token_hex(6)}")
    try:
        fresh.write_bytes(project.to_bytes())
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    if store_folder is not None:
        path.with_suffix(".data").write_text(str(store_folder), encoding="utf-8")
    for old in _newest_first(into)[MOST:]:
        old.unlink(missing_ok=True)
        old.with_suffix(".data").unlink(missing_ok=True)


def mine() -> Iterator[Recent]:
    """Yield this visitor's projects, the latest first."""
    for path in _newest_first(folder()):
        # One that is damaged is no reason not to show the others.
        with suppress(StrecError):
            yield Recent(Project.open(path), path)


def _newest_first(where: Path) -> list[Path]:
    return sorted(where.glob(f"*{ENDING}"), key=lambda each: -each.stat().st_mtime)
