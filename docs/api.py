"""Make the API reference, one page for each room of the library: ``python docs/api.py [folder]``.

It shows what the rooms name in ``__all__``, from their docstrings, by pdoc; with ``--no-source``
without the code below each, in three quarters of the time.
"""

import sys
import warnings
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import pdoc
import pdoc.render

import strec

NOT_PUBLIC = {"strec.data", "strec.cli"}


def main(folder: Path, with_source: bool = True) -> None:
    # Types that only a type checker imports stay as they are written.
    warnings.filterwarnings("ignore", "Error parsing type annotation")
    rooms = [f"strec.{each.name}" for each in iter_modules(strec.__path__)]
    names = ["strec", *(room for room in rooms if room not in NOT_PUBLIC)]
    for name in names:
        _load_all(import_module(name))
    pdoc.render.configure(
        docformat="numpy", footer_text=f"strec {strec.__version__}", show_source=with_source
    )
    pdoc.pdoc(*names, output_directory=folder)
    print(f"{len(names)} pages in {folder}")


def _load_all(room: ModuleType) -> None:
    """Load what a room imports at its first use only: pdoc looks at what is there."""
    found = {name: getattr(room, name) for name in getattr(room, "__all__", ())}
    # A room has a page of its own.
    room.__all__ = [name for name, each in found.items() if not isinstance(each, ModuleType)]
    vars(room).update(found)


if __name__ == "__main__":
    given = [each for each in sys.argv[1:] if each != "--no-source"]
    main(Path(given[0] if given else "site"), "--no-source" not in sys.argv)
