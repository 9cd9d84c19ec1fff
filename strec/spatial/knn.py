"""Nearest neighbours: places near a place, and users who live alike."""

import numpy as np
import pandas as pd
from scipy import sparse

from strec.errors import AnalysisError, check_is
from strec.geo import EARTH_RADIUS_KM
from strec.spatial.lattice import centres
from strec.store import Frame, HasStore, Store, frame_of

HOURS_OF_WEEK = 168
#: Standard deviation of the bell that spreads a check-in over the hours near it.
BLUR_HOURS = 1.5
#: Who of two visits a hexagon.
WHO = ("only the first", "both", "only the second")


def nearest_places(
    items: Frame | HasStore | Store,
    item_id: str,
    k: int = 10,
    same_category: bool = False,
) -> pd.DataFrame:
    """Return the k places nearest to one, by great-circle distance.

    Parameters
    ----------
    items : pandas.DataFrame, polars.DataFrame, Dataset or Store
        `item_id`, `lat`, `lon` and any other columns; rows without a place are left out.
    item_id : str
        The place asked about.
    k : int
        How many.
    same_category : bool
        Whether to look only among those of its category.

    Returns
    -------
    pandas.DataFrame
        The rows of the neighbours with `distance_km`, nearest first; the place itself is not
        among them.

    Raises
    ------
    AnalysisError
        If the place is unknown or has no coordinates, or there is no other.

    Examples
    --------
    >>> items = pd.DataFrame({"item_id": ["a", "b", "c"], "lat": [0.0, 0.0, 0.0],
    ...                       "lon": [0.0, 1.0, 3.0]})
    >>> nearest_places(items, "a", 1)[["item_id", "distance_km"]].round(1).to_numpy().tolist()
    [['b', 111.2]]
    """
    from sklearn.neighbors import BallTree

    items = frame_of(items, ("item_id", "lat", "lon"), lambda store: store.items().to_pandas())
    placed = items.dropna(subset=["lat", "lon"]).reset_index(drop=True)
    row = np.flatnonzero(placed["item_id"].astype(str) == str(item_id))
    if not len(row):
        raise AnalysisError(
            "Nearest places are asked of one with a latitude and a longitude.",
            f"{item_id} has none, or is not in the data.",
            "Choose another one.",
        )
    others = placed.drop(index=row[0])
    if same_category:
        others = others[others["category"] == placed["category"].iloc[row[0]]]
    if not len(others):
        raise AnalysisError(
            "Nearest places need other places.", "there is no other.", "Loosen the choice."
        )
    tree = BallTree(np.radians(others[["lat", "lon"]].to_numpy(dtype=float)), metric="haversine")
    here = np.radians(placed.loc[row[:1], ["lat", "lon"]].to_numpy(dtype=float))
    distance, found = tree.query(here, k=min(k, len(others)))
    near = others.iloc[found[0]].reset_index(drop=True)
    return near.assign(distance_km=distance[0] * EARTH_RADIUS_KM)


def place_profiles(user_cells: pd.DataFrame) -> tuple[np.ndarray, sparse.csr_array]:
    """Return each user's weights of cells: log counts, less for cells where everybody goes.

    Parameters
    ----------
    user_cells : pandas.DataFrame
        `user`, `cell`, `n_checkins`: `Store.user_cells`.

    Returns
    -------
    users : numpy.ndarray
        Shape ``(n_users,)``, sorted.
    profiles : scipy.sparse.csr_array
        Shape ``(n_users, n_cells)``, rows of length 1: (1 + ln n) · (1 + ln(n_users / users of
        the cell)), the usual tf-idf.

    Examples
    --------
    >>> from strec import Dataset
    >>> visited = Dataset.sample("travel").store.user_cells(8)
    >>> users, weights = place_profiles(visited)
    >>> len(users) == weights.shape[0]
    True
    """
    from sklearn.feature_extraction.text import TfidfTransformer

    user_cells = frame_of(user_cells, ("user", "cell", "n_checkins"))
    users, row = np.unique(user_cells["user"].to_numpy(), return_inverse=True)
    cells, column = np.unique(user_cells["cell"].to_numpy(), return_inverse=True)
    counts = user_cells["n_checkins"].to_numpy(dtype=float)
    matrix = sparse.csr_matrix((counts, (row, column)), shape=(len(users), len(cells)))
    weigh = TfidfTransformer(sublinear_tf=True, smooth_idf=False)
    return users, sparse.csr_array(weigh.fit_transform(matrix))


def time_profiles(
    habits: pd.DataFrame, unit: str = "user", blur_hours: float = BLUR_HOURS
) -> tuple[np.ndarray, np.ndarray]:
    """Return how each unit's check-ins spread over the hours of the week.

    Parameters
    ----------
    habits : pandas.DataFrame
        `user` or `cell`, `hour_of_week`, `n_checkins`: `Store.user_weeks`, `Store.cell_weeks`.
    unit : str
        `user` or `cell`.
    blur_hours : float
        Check-ins are spread over the hours near theirs, around the week.

    Returns
    -------
    units : numpy.ndarray
        Shape ``(n,)``, sorted.
    profiles : numpy.ndarray
        Shape ``(n, 168)``; rows add up to 1.

    Examples
    --------
    >>> from strec import Dataset
    >>> weeks = Dataset.sample("travel").store.user_weeks()
    >>> users, shares = time_profiles(weeks)
    >>> shares.shape[1]
    168
    """
    from scipy.ndimage import gaussian_filter1d

    habits = frame_of(habits, (unit, "hour_of_week", "n_checkins"))
    units, row = np.unique(habits[unit].to_numpy(), return_inverse=True)
    counts = np.zeros((len(units), HOURS_OF_WEEK))
    np.add.at(counts, (row, habits["hour_of_week"].to_numpy()), habits["n_checkins"].to_numpy())
    if blur_hours:
        counts = gaussian_filter1d(counts, blur_hours, axis=1, mode="wrap")
    return units, counts / counts.sum(axis=1, keepdims=True)


def similar_users(users: np.ndarray, profiles, user: int, k: int = 10) -> pd.DataFrame:
    """Return the k users whose profile points most nearly the same way (cosine).

    Parameters
    ----------
    users, profiles :
        From `place_profiles` or `time_profiles`.
    user : int
        The one asked about.
    k : int
        How many at most.

    Returns
    -------
    pandas.DataFrame
        `user`, `similarity` (0: nothing in common, 1: the same mix), most similar first.

    Raises
    ------
    AnalysisError
        If the user has no profile, or is the only one.

    Examples
    --------
    >>> habits = pd.DataFrame({"user": [0, 1, 2], "hour_of_week": [8, 9, 80], "n_checkins": 5})
    >>> similar_users(*time_profiles(habits), user=0, k=1).user.to_list()
    [1]
    """
    from sklearn.neighbors import NearestNeighbors

    check_is(users, np.ndarray, "Users are an array, as place_profiles gives them.", AnalysisError)
    if getattr(profiles, "shape", ())[:1] != users.shape:
        raise AnalysisError(
            "Each user has one profile.",
            f"{users.size:,} users, and profiles of another number.",
            "Give both as place_profiles or time_profiles returns them.",
        )

    row = np.flatnonzero(users == user)
    if not len(row) or len(users) < 2:
        raise AnalysisError(
            "Similar users are asked of a user with enough check-ins, among others.",
            f"{len(users):,} users with a profile" + ("." if len(row) else ", not this one."),
            "Choose another user, or ask for fewer check-ins per user.",
        )
    searcher = NearestNeighbors(metric="cosine", algorithm="brute").fit(profiles)
    distance, found = searcher.kneighbors(profiles[row[:1]], n_neighbors=min(k + 1, len(users)))
    frame = pd.DataFrame({"user": users[found[0]], "similarity": 1 - distance[0]})
    frame = frame[frame["user"] != user].head(k)
    return frame.assign(similarity=frame["similarity"].clip(0, 1)).reset_index(drop=True)


def where_two_go(visits: Frame, one: int, other: int) -> pd.DataFrame:
    """Return the hexagons that one of two users visits, and which of them does.

    Parameters
    ----------
    visits : pandas.DataFrame
        `user`, `cell`, `n_checkins`, as `Store.user_cells` counts them.
    one, other : int
        The users, by their numbers there.

    Returns
    -------
    pandas.DataFrame
        `cell`, `lat`, `lon` (its centre), `n_one`, `n_other` and `n_checkins` (of one, of the
        other, of both), `n_users` (how many of the two) and `who`, one of `WHO`.

    Examples
    --------
    >>> visits = pd.DataFrame({"user": [1, 1, 2], "cell": [608725924560502783] * 3,
    ...                        "n_checkins": [4, 1, 2]})
    >>> where_two_go(visits, 1, 2)[["n_one", "n_other", "who"]].to_numpy().tolist()
    [[5, 2, 'both']]
    """
    visits = frame_of(visits, ("user", "cell", "n_checkins"))
    of_one, of_other = (
        visits[visits["user"] == user].groupby("cell")["n_checkins"].sum() for user in (one, other)
    )
    both = pd.DataFrame({"n_one": of_one, "n_other": of_other}).fillna(0).astype(int)
    lat, lon = centres(both.index.to_numpy())
    who = np.select([both.min(axis=1) > 0, both["n_one"] > 0], [WHO[1], WHO[0]], WHO[2])
    n = both["n_one"] + both["n_other"]
    found = both.assign(n_checkins=n, n_users=(both > 0).sum(axis=1), lat=lat, lon=lon, who=who)
    return found.reset_index()
