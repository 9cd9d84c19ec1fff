"""How many trainings a server takes: of one visitor, of all together, and how many it keeps."""

import tempfile
from pathlib import Path

from strec.errors import ModelError
from strec.llm.cache import cache_folder
from strec.runs import Run, runs_in
from strec.serve import settings

KEPT, WAITING = "STREC_TRAININGS_KEPT", "STREC_TRAININGS_WAITING"
EACH = "STREC_TRAININGS_EACH"


def visits_folder() -> Path:
    """Return the folder of what visitors bring: a folder each, named by a secret."""
    return Path(tempfile.gettempdir()) / "strec-data-sets"


def sample_runs() -> list[Run]:
    """Return the trainings on samples, which all visitors share."""
    return [run for root in (cache_folder() / "runs").glob("*/") for run in runs_in(root)]


def check_room(root: Path, n: int = 1, owner: str = "") -> None:
    """Refuse more trainings where a visitor, or all together, have too many.

    Parameters
    ----------
    root : Path
        Where trainings on this data set are kept.
    n : int
        How many more are asked for.
    owner : str
        Whose they are, on a data set that all share; else all of `root` are one visitor's.

    Raises
    ------
    ModelError
        If there is no room, and for whose trainings.
    """
    here = runs_in(root)
    kept, waiting = settings.number(KEPT, 1000, 200), settings.number(WAITING, 100, 12)
    each = settings.number(EACH, 100, 4, or_none=True)
    if not each:
        raise ModelError(
            "Models are not trained on this server.",
            f"{n:,} to be trained.",
            "Take one that is trained already, a counting model, or strec on your own computer.",
        )
    active = [run for run in here if run.poll().is_active]
    mine = [run for run in active if not owner or run.owner == owner]
    if len(mine) + n > each:
        raise ModelError(
            f"One visitor trains at most {each:.0f} models at a time.",
            f"{len(mine):,} of yours run or wait, and {n:,} more were asked for.",
            "Choose fewer, or come back when yours are done.",
        )
    others = [run for folder in _roots() if folder != root for run in runs_in(folder)]
    n_active = len(active) + sum(run.poll().is_active for run in others)
    if len(here) >= kept or n_active >= waiting:
        full = n_active < waiting
        raise ModelError(
            "Room for one more training is needed.",
            f"{len(here):,} are kept here." if full else f"{n_active:,} wait or run before yours.",
            "Discard some of yours, or come back later: old ones are deleted in time." if full
            else "Come back in some minutes, or take a model that is trained already.",
        )  # fmt: skip


def _roots() -> list[Path]:
    return [*(cache_folder() / "runs").glob("*/"), *visits_folder().glob("*/runs")]
