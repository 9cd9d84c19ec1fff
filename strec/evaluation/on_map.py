"""Where on the map a model errs: hits and distances per H3 cell of where people went."""

from collections.abc import Iterable

import numpy as np
import polars as pl

from strec import schema
from strec.errors import AnalysisError, check_choice
from strec.evaluation.scoring import Result, n_users_of
from strec.evaluation.slices import slice_of, ways_to_slice
from strec.evaluation.summary import check_results
from strec.export import MIN_USERS, enough_people

RESOLUTIONS = (8, 7, 6, 5, 4, 3)


def errors_on_map(
    result: Result,
    measure: str = "acc@1",
    *,
    by: str | None = None,
    resolution: int | None = None,
    min_users: int = MIN_USERS,
) -> pl.DataFrame:
    """Return a measure per cell of where the targets were.

    Parameters
    ----------
    result : Result
        Of one model.
    measure : str
        A column of `Result.queries`.
    by : str, optional
        A key of `SLICES`, such as ``"time"`` or ``"weekday"``: cells are counted in each slice.
    resolution : int, optional
        H3 resolution; without one the finest at which half of the queries are shown, with `by` at
        most two steps coarser than without.
    min_users : int
        Cells with fewer distinct users, in their slice, are left out.

    Returns
    -------
    polars.DataFrame
        ``cell, lat, lon, n_checkins, n_users, value, miss, distance_error_km`` (`n_checkins`
        counts queries, `miss` is 1 - value, the distance is the median of the first guess), with
        `by` also ``slice``.

    Raises
    ------
    AnalysisError
        If no query has a place, or no cell has enough users.

    Examples
    --------
    >>> from strec import Dataset, evaluate
    >>> found = evaluate(["user_counts"], Dataset.sample("travel"))
    >>> errors_on_map(found[0], "acc@1", resolution=7).columns
    ['cell', 'lat', 'lon', 'n_checkins', 'n_users', 'value', 'miss', 'distance_error_km']
    """
    check_results([result], measure)
    placed = result.queries.drop_nulls(["lat", "lon"])
    if placed.is_empty():
        raise AnalysisError(
            "A map of errors needs check-ins with a place.",
            f"{len(result.queries):,} scored check-ins, none with latitude and longitude.",
            "Map latitude and longitude when reading the file; the other views work without.",
        )
    cells, at = _shown(placed, measure, [resolution] if resolution is not None else RESOLUTIONS,
                       min_users)  # fmt: skip
    if by is not None:
        check_choice(by, ways_to_slice([result]), "A way to slice these", AnalysisError)
        placed = placed.with_columns(slice_of(placed, by).alias("slice"))
        wider = range(at, at - 1 if resolution is not None else max(at - 3, 0), -1)
        cells, _ = _shown(placed, measure, wider, min_users)
    if cells.is_empty():
        raise AnalysisError(
            f"A cell is shown where at least {min_users} users were scored.",
            f"{n_users_of(placed):,} users, spread too thinly.",
            "Use more data, or score every check-in.",
        )
    return cells


def _shown(
    placed: pl.DataFrame, measure: str, resolutions: Iterable[int], min_users: int
) -> tuple[pl.DataFrame, int]:
    """Return the cells of enough users at the first resolution that shows half of the queries."""
    for resolution in resolutions:
        cells = _cells(placed, measure, resolution)
        cells = cells.filter(enough_people(cells, min_users))
        if cells["n_checkins"].sum() * 2 >= len(placed):
            break
    return cells, resolution  # pyrefly: ignore[unbound-name]: there is always one resolution


def _cells(placed: pl.DataFrame, measure: str, resolution: int) -> pl.DataFrame:
    from h3ronpy.vector import cells_to_coordinates

    slices = [name for name in ("slice",) if name in placed.columns]

    cells = (
        placed.with_columns(schema.cells_of(placed["lat"], placed["lon"], resolution).alias("cell"))
        .drop_nulls(["cell", measure])
        .group_by("cell", *slices)
        .agg(
            pl.len().alias("n_checkins"),
            pl.col("user_id")
            .filter(pl.col("user_id") != schema.NOBODY)
            .n_unique()
            .alias("n_users"),
            pl.mean(measure).alias("value"),
            (1 - pl.mean(measure)).alias("miss"),
            pl.median("distance_error_km"),
        )
        .sort("n_checkins", "cell", *slices, descending=[True, False, *(False for _ in slices)])
    )
    centre = cells_to_coordinates(cells["cell"].to_numpy())
    lat, lon = (np.asarray(centre.column(name)) for name in ("lat", "lng"))
    return cells.insert_column(1, pl.Series("lat", lat)).insert_column(2, pl.Series("lon", lon))
