"""``python -m strec.runs --store FOLDER RUN…``: train runs one after another."""

import argparse
from pathlib import Path

from strec.io.apart import make_way
from strec.runs.folder import Run
from strec.runs.worker import work


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(prog="python -m strec.runs", description=__doc__)
    parser.add_argument("--store", type=Path, required=True, help="folder of the data")
    parser.add_argument("--in-turn", action="store_true", help="wait for other trainings here")
    parser.add_argument("runs", type=Path, nargs="+", help="folders of runs")
    asked = parser.parse_args()
    make_way()
    work([Run(folder) for folder in asked.runs], asked.store, in_turn=asked.in_turn)


if __name__ == "__main__":
    main()
