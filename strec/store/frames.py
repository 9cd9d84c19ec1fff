"""What happens to every small frame before a store hands it out."""

import numpy as np
import pandas as pd


def largest_first(found: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return groups by falling count; the keys decide between equals."""
    order = [False] + [True] * len(keys)
    return found.sort_values(["n_checkins", *keys], ascending=order, ignore_index=True)


def suppress(found: pd.DataFrame, min_users: int) -> pd.DataFrame:
    """Leave out groups with fewer users, and keep in `attrs` how many were left out."""
    enough = found.n_users >= min_users
    kept = found[enough].reset_index(drop=True)
    kept.attrs = {
        "hidden": int((~enough).sum()),
        "hidden_checkins": int(found.n_checkins[~enough].sum()),
        "min_users": min_users,
    }
    return kept


def with_centre(found: pd.DataFrame, cell: str, lat: str, lon: str) -> pd.DataFrame:
    """Add the centre of an H3 cell, and make the cell itself uint64."""
    from h3ronpy.vector import cells_to_coordinates

    found[cell] = found[cell].astype("uint64")
    centre = cells_to_coordinates(found[cell].to_numpy())
    found[lat], found[lon] = (np.asarray(centre[name]) for name in ("lat", "lng"))
    return found
