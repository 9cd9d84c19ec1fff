"""Planar Laplace noise: places that are near the true one, with a guarantee."""

from numbers import Real

import numpy as np
import polars as pl
from scipy.special import lambertw

from strec import schema
from strec.errors import AnalysisError, check_is
from strec.geo import destination

#: The distance that people name holds for this share of the places.
SHARE = 0.95


def noise(checkins: pl.DataFrame, within_m: float, *, seed: int | None = None) -> pl.DataFrame:
    """Move each place in a random direction by a random distance (planar Laplace).

    Each user's place is moved once, and all their check-ins there with it: otherwise the mean of
    many visits would give the home away.

    Parameters
    ----------
    checkins : polars.DataFrame
        Canonical check-ins.
    within_m : float
        With 95 % the shown place is within so many metres of the true one; `epsilon_of` tells
        the privacy parameter.
    seed : int, optional
        For repeatable experiments only: whoever knows the seed can take the noise off. Drawn
        from the system when not given.

    Notes
    -----
    The density at distance :math:`r` is :math:`\\epsilon^2 / 2\\pi \\cdot e^{-\\epsilon r}`. Two
    true places at distance :math:`d` show any place with odds that differ by a factor of
    :math:`e^{\\epsilon d}` at most (geo-indistinguishability). Visits to different places add up:
    n of them at distance d differ by :math:`e^{n \\epsilon d}`.

    References
    ----------
    Andrés, Bordenabe, Chatzikokolakis & Palamidessi, "Geo-indistinguishability: differential
    privacy for location-based systems", CCS 2013.

    Examples
    --------
    >>> moved = noise(schema.example(), within_m=500, seed=1)
    >>> moved["lat"].is_not_null().all(), moved["lat"][0] == 40.71
    (True, False)
    """
    schema.validate(checkins)
    epsilon = epsilon_of(within_m)
    places = (
        checkins.select(schema.USER, schema.LAT, schema.LON)
        .drop_nulls()
        .unique()
        .sort(schema.USER, schema.LAT, schema.LON)
    )
    random = np.random.default_rng(seed)
    distance_m = radius_m(random.random(len(places)), epsilon)
    bearing = random.uniform(0, 2 * np.pi, len(places))
    lat, lon = destination(
        places[schema.LAT].to_numpy(), places[schema.LON].to_numpy(), distance_m / 1000, bearing
    )
    shown = places.with_columns(_lat=pl.Series(lat), _lon=pl.Series(lon))
    return (
        checkins.join(
            shown, on=[schema.USER, schema.LAT, schema.LON], how="left", maintain_order="left"
        )
        .with_columns(pl.col("_lat").alias(schema.LAT), pl.col("_lon").alias(schema.LON))
        .drop("_lat", "_lon", *(name for name in schema.DERIVED if name in checkins.columns))
    )


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
    >>> noise_words(500).split(":")[0]
    'With 95 % the shown place is within 500 m of the true one'
    """
    epsilon = epsilon_of(within_m)
    return (
        f"With 95 % the shown place is within {within_m:,.0f} m of the true one: two places "
        f"{within_m / radius_m(SHARE, 1.0) * np.log(2):,.0f} m apart can be told apart with odds "
        f"of two to one at best (ε = {epsilon * 1000:.2g} per km)."
    )
