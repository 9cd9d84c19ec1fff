"""Where on the map a model errs: hits and distances per H3 cell of where people went."""

import numpy as np
import polars as pl

from strec import schema
from strec.errors import AnalysisError
from strec.evaluation.scoring import Result, n_users_of
from strec.evaluation.summary import check_results
from strec.export import MIN_USERS, enough_people

RESOLUTIONS = (8, 7, 6, 5, 4, 3)


def errors_on_map(
    result: Result,
    measure: str = "acc@1",
    *,
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
    resolution : int, optional
        H3 resolution; without one the finest at which half of the queries are shown.
    min_users : int
        Cells with fewer distinct users are left out.

    Returns
    -------
    polars.DataFrame
        ``cell, lat, lon, n_checkins, n_users, value, miss, distance_error_km`` (`n_checkins`
        counts queries, `miss` is 1 - value, the distance is the median of the first guess).

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
    for each in [resolution] if resolution is not None else RESOLUTIONS:
        cells = _cells(placed, measure, each)
        cells = cells.filter(enough_people(cells, min_users))
        if cells["n_checkins"].sum() * 2 >= len(placed):
            break
    if cells.is_empty():
        raise AnalysisError(
            f"A cell is shown where at least {min_users} users were scored.",
            f"{n_users_of(placed):,} users, spread too thinly.",
            "Use more data, or score every check-in.",
        )
    return cells


def _cells(placed: pl.DataFrame, measure: str, resolution: int) -> pl.DataFrame:
    from h3ronpy.vector import cells_to_coordinates

    cells = (
        placed.with_columns(schema.cells_of(placed["lat"], placed["lon"], resolution).alias("cell"))
        .drop_nulls(["cell", measure])
        .group_by("cell")
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
        .sort("n_checkins", "cell", descending=[True, False])
    )
    centre = cells_to_coordinates(cells["cell"].to_numpy())
    lat, lon = (np.asarray(centre.column(name)) for name in ("lat", "lng"))
    return cells.insert_column(1, pl.Series("lat", lat)).insert_column(2, pl.Series("lon", lon))
