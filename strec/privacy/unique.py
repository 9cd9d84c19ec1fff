"""Who can be found by a few points known of them (de Montjoye et al. 2013)."""

from typing import cast

import numpy as np
import polars as pl
from scipy import sparse

from strec import schema
from strec.privacy.grid import BIN_COLUMN, PLACE_COLUMN

#: An onlooker knows one to this many points.
MOST_POINTS = 4
#: Users that are looked for at once; bounds the memory.
_CHUNK = 64
_POINT = [PLACE_COLUMN, BIN_COLUMN]


def share_found(published: pl.DataFrame, known: pl.DataFrame) -> list[float]:
    """Return the share of users found by their first 1, 2, 3 and 4 known points.

    Somebody is found if exactly one published user was at all their known points, and it is them.
    Matches are counted exactly, among all published users. A known point that nobody has in the
    published table (it was suppressed, say) rules nobody out.

    Parameters
    ----------
    published : polars.DataFrame
        ``user_id, place, bin``, see `strec.privacy.grid.located`.
    known : polars.DataFrame
        ``user_id, order, place, bin`` with `order` 0 to 3, see `draw_known`.

    Returns
    -------
    list of float
        Shape ``(4,)``; not a number where nobody is looked for.

    References
    ----------
    de Montjoye, Hidalgo, Verleysen & Blondel, "Unique in the Crowd: The privacy bounds of human
    mobility", Scientific Reports 3, 1376, 2013.

    Examples
    --------
    >>> published = pl.DataFrame({"user_id": ["a", "a", "b"], "place": [1, 2, 1], "bin": [0, 5, 0]})
    >>> share_found(published, published.with_columns(order=pl.Series([0, 1, 0])))
    [0.0, 0.5, 0.5, 0.5]
    """
    people = known[schema.USER].unique(maintain_order=True)
    if not len(people):
        return [float("nan")] * MOST_POINTS
    # Of all that is published only the points asked for can tell users apart.
    held, users, points = _who_was_where(
        published.join(known.select(_POINT).unique(), on=_POINT, how="semi")
    )
    asked = _asked(known, people, points)
    own = pl.DataFrame({schema.USER: people}).join(
        users, on=schema.USER, how="left", maintain_order="left"
    )
    own = own["index"].fill_null(-1).to_numpy().astype(np.int64)
    found = np.zeros(MOST_POINTS)
    for first in range(0, len(people), _CHUNK):
        part = slice(first, first + _CHUNK)
        found += _found_in(held, asked[part], own[part])
    return [float(share) for share in found / len(people)]


def draw_known(
    points: pl.DataFrame, *, at_most: int = 2000, seed: int = 0, n_points: int = MOST_POINTS
) -> pl.DataFrame:
    """Draw the points known of each user: up to four of their different ones, in random order.

    Users with fewer points are known by all they have. The points for k are among those for
    k + 1.

    Parameters
    ----------
    points : polars.DataFrame
        ``user_id, place, bin``; further columns (a row number, say) are kept for the first
        check-in of each point.
    at_most : int
        Users drawn where there are more.

    Examples
    --------
    >>> points = pl.DataFrame({"user_id": ["a", "a", "b"], "place": [1, 1, 1], "bin": [0, 0, 0]})
    >>> draw_known(points)["order"].to_list()
    [0, 0]
    """
    random = np.random.default_rng(seed)
    placed = points.drop_nulls(PLACE_COLUMN)
    users = placed[schema.USER].unique().sort()
    if len(users) > at_most:
        chosen = np.sort(random.choice(len(users), at_most, replace=False))
        placed = placed.filter(pl.col(schema.USER).is_in(users.gather(chosen).implode()))
    distinct = placed.unique([schema.USER, *_POINT], keep="first", maintain_order=True)
    shuffled = distinct.with_columns(_by_chance=pl.Series(random.random(len(distinct))))
    ordered = shuffled.sort(schema.USER, "_by_chance").drop("_by_chance")
    numbered = ordered.with_columns(order=pl.int_range(pl.len(), dtype=pl.Int64).over(schema.USER))
    return numbered.filter(pl.col("order") < n_points)


def _who_was_where(published: pl.DataFrame):
    """Return a matrix users × points, and the numbers of both."""
    distinct = published.drop_nulls(PLACE_COLUMN).unique([schema.USER, *_POINT])
    users = published.select(schema.USER).unique().sort(schema.USER).with_row_index()
    points = distinct.select(_POINT).unique().with_row_index("point")
    pairs = distinct.join(points, on=_POINT).join(users, on=schema.USER)
    held = sparse.csc_array(
        (
            np.ones(len(pairs), dtype=np.int8),
            (pairs["index"].to_numpy(), pairs["point"].to_numpy()),
        ),
        shape=(len(users), len(points) + 1),
    )
    return held, users, points


def _asked(known: pl.DataFrame, people: pl.Series, points: pl.DataFrame) -> np.ndarray:
    """Return the number of each known point, -1 where nobody has it: shape (n_people, 4)."""
    number = pl.DataFrame({schema.USER: people}).with_row_index("who")
    rows = known.join(number, on=schema.USER).join(points, on=_POINT, how="left")
    asked = np.full((len(people), MOST_POINTS), -1, dtype=np.int64)
    asked[rows["who"].to_numpy(), rows["order"].to_numpy()] = (
        rows["point"].cast(pl.Int64).fill_null(-1).to_numpy()
    )
    return asked


def _found_in(held: sparse.csc_array, asked: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return how many of these people are found by their first 1 to 4 points."""
    n_users, _ = cast(tuple[int, int], held.shape)
    found = np.zeros(MOST_POINTS)
    if not n_users:
        return found
    matches = np.ones((n_users, len(asked)), dtype=bool)
    anything = np.zeros(len(asked), dtype=bool)
    for k in range(MOST_POINTS):
        there = asked[:, k] >= 0
        matches[:, there] &= cast(sparse.csc_array, held[:, asked[there, k]]).toarray() > 0
        anything |= there
        right = matches[own, np.arange(len(asked))] & (own >= 0)
        found[k] = (right & anything & (matches.sum(axis=0) == 1)).sum()
    return found
