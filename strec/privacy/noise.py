"""Planar Laplace noise: places that are near the true one, with a guarantee."""

from numbers import Real

import numpy as np
import polars as pl
from h3ronpy.vector import cells_to_coordinates
from scipy.special import lambertw

from strec import schema
from strec.errors import AnalysisError, check_is
from strec.geo import destination
from strec.spatial import hexagon_width_km
from strec.wording import round_distance

#: The distance that people name holds for this share of the places.
SHARE = 0.95


def noise(checkins: pl.DataFrame, within_m: float, *, seed: int | None = None) -> pl.DataFrame:
    """Move each place in a random direction by a random distance (planar Laplace).

    A place is a small hexagon (`resolution_of`): all that happened in it, whoever was there, is
    shown at one point, drawn once for the table. Otherwise the mean of many visits, or of many
    visitors of one item, would give the true place away.

    Parameters
    ----------
    checkins : polars.DataFrame
        Canonical check-ins.
    within_m : float
        With 95 % the shown place is within so many metres of the middle of the true hexagon;
        `epsilon_of` tells the privacy parameter.
    seed : int, optional
        For repeatable experiments only: whoever knows the seed can take the noise off. Drawn
        from the system when not given.

    Notes
    -----
    The density at distance :math:`r` is :math:`\\epsilon^2 / 2\\pi \\cdot e^{-\\epsilon r}`. Two
    true hexagons at distance :math:`d` show any place with odds that differ by a factor of
    :math:`e^{\\epsilon d}` at most (geo-indistinguishability). Visits to different hexagons add
    up: n of them at distance d differ by :math:`e^{n \\epsilon d}`. Whoever knows the true place
    of one check-in knows by how much all of its hexagon was moved.

    References
    ----------
    Andrés, Bordenabe, Chatzikokolakis & Palamidessi, "Geo-indistinguishability: differential
    privacy for location-based systems", CCS 2013.

    Examples
    --------
    >>> moved = noise(schema.example(), within_m=500, seed=1)
    >>> moved["lat"].is_not_null().all(), moved["lat"][0] == moved["lat"][2] != 40.71
    (True, True)
    """
    schema.validate(checkins)
    epsilon = epsilon_of(within_m)
    cells = schema.cells_of(checkins[schema.LAT], checkins[schema.LON], resolution_of(within_m))
    distinct = cells.drop_nulls().unique().sort()
    centre = pl.DataFrame(cells_to_coordinates(distinct.to_numpy()))
    random = np.random.default_rng(seed)
    distance_m = radius_m(random.random(len(distinct)), epsilon)
    bearing = random.uniform(0, 2 * np.pi, len(distinct))
    lat, lon = destination(
        centre["lat"].to_numpy(), centre["lng"].to_numpy(), distance_m / 1000, bearing
    )
    shown = pl.DataFrame({"_cell": distinct, schema.LAT: lat, schema.LON: lon})
    moved = pl.DataFrame({"_cell": cells}).join(
        shown, on="_cell", how="left", maintain_order="left"
    )
    return checkins.with_columns(moved[schema.LAT], moved[schema.LON]).drop(
        name for name in schema.DERIVED if name in checkins.columns
    )


def resolution_of(within_m: float) -> int:
    """Return the H3 resolution of the hexagons that noise moves as one.

    They are the widest of at most a third of the distance: what a GPS receiver scatters stays in
    one or a few of them.

    Parameters
    ----------
    within_m : float
        The distance that holds for 95 % of the places, in metres.

    Examples
    --------
    >>> resolution_of(500), resolution_of(5000)
    (10, 8)
    """
    widths = {fine: 1000 * hexagon_width_km(fine) for fine in range(5, 14)}
    return next((fine for fine, wide_m in widths.items() if wide_m <= within_m / 3), 13)


def epsilon_of(within_m: float, share: float = SHARE) -> float:
    """Return the privacy parameter, per metre, for which this share of places stays within.

    Parameters
    ----------
    within_m : float
        A distance in metres, above 0.
    share : float
        Of the places, 0 to 1.

    Raises
    ------
    AnalysisError
        If the distance is not above 0.

    Examples
    --------
    >>> round(1 / epsilon_of(474.4))
    100
    """
    check_is(within_m, Real, "Noise needs a distance in metres.", AnalysisError)
    if not (np.isfinite(within_m) and within_m > 0):
        raise AnalysisError(
            "Noise needs a distance in metres above 0.", f"{within_m}.", "Choose for instance 500."
        )
    return float(radius_m(share, 1.0) / within_m)


def radius_m(probability: np.ndarray | float, epsilon: float) -> np.ndarray:
    """Return the distance below which the noise stays with this probability.

    The inverse of :math:`1 - (1 + \\epsilon r) e^{-\\epsilon r}`, by the Lambert W function's
    branch -1.

    Parameters
    ----------
    probability : float or numpy.ndarray
        From 0 to below 1.
    epsilon : float
        Privacy parameter per metre.

    Examples
    --------
    >>> round(float(radius_m(0.95, 0.01)), 1)
    474.4
    """
    # At 0 the argument is the branch point, where rounding may give not a number.
    w = lambertw((np.asarray(probability, dtype=float) - 1) / np.e, -1).real
    return -(np.where(np.isnan(w), -1.0, w) + 1) / epsilon


def noise_words(within_m: float) -> str:
    """Say what the noise means.

    Examples
    --------
    >>> noise_words(500).split(",")[0]
    'With 95 % the shown place is within 500 m of the true one'
    """
    epsilon = epsilon_of(within_m)
    wide = round_distance(hexagon_width_km(resolution_of(within_m)))
    return (
        f"With 95 % the shown place is within {within_m:,.0f} m of the true one, where a place is "
        f"a hexagon {wide} across: all that happened in it is shown at one point. Two places "
        f"{within_m / radius_m(SHARE, 1.0) * np.log(2):,.0f} m apart can be told apart with odds "
        f"of two to one at best (ε = {epsilon * 1000:.2g} per km)."
    )
