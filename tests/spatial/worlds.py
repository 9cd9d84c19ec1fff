"""Small worlds with known answers, shared by the tests of space."""

import h3
import numpy as np
import pandas as pd


def disk(radius: int, resolution: int = 8, lat: float = 40.7, lon: float = -74.0) -> np.ndarray:
    """Return the H3 cells up to so many steps from a place, nearest first."""
    names = h3.grid_disk(h3.latlng_to_cell(lat, lon, resolution), radius)
    names = sorted(names, key=lambda name: (h3.grid_distance(names[0], name), name))
    return np.array([h3.str_to_int(name) for name in names], dtype=np.uint64)


def steps_from(cells: np.ndarray, centre: int) -> np.ndarray:
    """Return how many steps each cell is from one of them."""
    names = [h3.int_to_str(int(cell)) for cell in cells]
    return np.array([h3.grid_distance(h3.int_to_str(int(centre)), name) for name in names])


def counted(cells: np.ndarray, n_checkins, n_users=9) -> pd.DataFrame:
    """Return a frame as `Store.cells` gives it."""
    centres = np.array([h3.cell_to_latlng(h3.int_to_str(int(cell))) for cell in cells])
    return pd.DataFrame(
        {
            "cell": cells,
            "lat": centres[:, 0],
            "lon": centres[:, 1],
            "n_checkins": np.broadcast_to(n_checkins, len(cells)).astype(int),
            "n_users": np.broadcast_to(n_users, len(cells)).astype(int),
        }
    )
