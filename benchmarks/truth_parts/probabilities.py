"""Is "30 %" right in 30 of 100 cases? Three models on Foursquare New York, in both regimes.

A temperature for each regime is fitted inside training; beside it stands what the same model says
without one.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from strec.metrics import accuracy, calibration_error, standing
from strec.models import STLLM, CounterMix, Model, Trees
from strec.models.calibration import heated

DRAWS = 400
#: Of any check-in, so many are scored: trees and networks take a while.
AT_MOST = 4_000

MODELS: dict[str, Callable[[], Model]] = {
    "Counter mix": CounterMix, "Boosted trees": Trees, "ST-LLM": STLLM
}  # fmt: skip


def table() -> str:
    """Return what is stated, what came, and the calibration error beside a perfect model's."""
    from nyc import nyc

    parts = nyc(Path(os.environ["STREC_DATA"]))
    lines = [
        "| model | scored | temperature | queries | stated | right | ECE | of a perfect model |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, make in MODELS.items():
        model = make().fit(parts.train)
        for scored in ("session_end", "every"):
            queries = parts.queries("validation", scored=scored, at_most=AT_MOST)
            raw = [(model._score(piece), piece.target) for piece in queries.pieces(4_000_000)]
            for temperature in dict.fromkeys((model.temperature(scored), 1.0)):
                lines.append(
                    f"| {name} | {scored} | {temperature:.2f} | {_row(raw, temperature)} |"
                )
                print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join(lines)


def _row(raw: list[tuple[np.ndarray, np.ndarray]], temperature: float) -> str:
    stated = np.concatenate([heated(scores, temperature).max(axis=1) for scores, _ in raw])
    right = np.concatenate([accuracy(*standing(*each), 1) for each in raw])
    rng = np.random.default_rng(0)
    # Of a perfect model each first suggestion comes true as often as it says.
    perfect = np.mean(
        [calibration_error(stated, rng.random(len(stated)) < stated) for _ in range(DRAWS)]
    )
    numbers = stated.mean(), right.mean(), calibration_error(stated, right), perfect
    return f"{len(stated):,} | " + " | ".join(f"{number:.3f}" for number in numbers)
