"""Is "30 %" right in 30 of 100 cases? The counter mix on Foursquare New York, in both regimes."""

import os
from pathlib import Path

import numpy as np

from strec.evaluation import Regime, evaluate_model
from strec.metrics import calibration_error
from strec.models import CounterMix

DRAWS = 400


def table() -> str:
    """Return what is stated, what came, and the calibration error beside a perfect model's."""
    from nyc import nyc

    parts = nyc(Path(os.environ["STREC_DATA"]))
    model, rng, lines = CounterMix().fit(parts.train), np.random.default_rng(0), []
    plain = CounterMix()
    vars(plain).update(vars(model) | {"temperature_": np.ones(1)})
    for scored in ("session_end", "every"):
        for name, each in (("calibrated for it", model), ("for any check-in", plain)):
            found = evaluate_model(each, parts, Regime(scored=scored)).queries
            stated, hit = (found[key].to_numpy().astype(float) for key in ("guess_score", "is_hit"))
            error = calibration_error(stated, hit)
            # Of a perfect model each first suggestion comes true as often as it says.
            perfect = np.mean(
                [calibration_error(stated, rng.random(len(stated)) < stated) for _ in range(DRAWS)]
            )
            numbers = (stated.mean(), hit.mean(), error, perfect)
            lines.append(
                f"| {scored} | {name} | {len(found):,} | "
                + " | ".join(f"{number:.3f}" for number in numbers)
                + " |"
            )
    head = "| scored | probabilities | queries | stated | right | ECE | of a perfect model |"
    return "\n".join([head, "|---|---|---:|---:|---:|---:|---:|", *lines])
