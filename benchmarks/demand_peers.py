"""Forecast the series of an .npz file with statsforecast; run by demand.py in its own Python.

The file holds `values` (hours × places), `origins`, and `horizon`; what each peer expects is
written to a second one, ``(n_origins, horizon, n_places)``, with its seconds.
"""

import sys
import time
import warnings

import numpy as np
from statsforecast.models import MSTL, AutoETS, SeasonalNaive

PEERS = {
    "SeasonalNaive": lambda: SeasonalNaive(168),
    "AutoETS": lambda: AutoETS(season_length=24),
    "MSTL": lambda: MSTL(season_length=[24, 168]),
}


def main(asked: str, answered: str) -> None:
    warnings.simplefilter("ignore")
    given = np.load(asked)
    values, origins, horizon = given["values"], given["origins"], int(given["horizon"])
    found = {}
    for name, make in PEERS.items():
        began = time.process_time()
        ahead = [
            [make().fit(values[:origin, place]).predict(horizon)["mean"]
             for place in range(values.shape[1])]
            for origin in origins
        ]  # fmt: skip
        found[name] = np.maximum(np.swapaxes(np.array(ahead), 1, 2), 0)
        found[f"{name} seconds"] = time.process_time() - began
        np.savez(answered, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
