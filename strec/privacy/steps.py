"""Make check-ins tell less of people: pseudonyms, coarse places and times, suppression."""

import hashlib
import hmac
import secrets
from numbers import Integral

import numpy as np
import polars as pl

from strec import schema
from strec.errors import AnalysisError, check_is
from strec.privacy.exposure import users_per_cell
from strec.privacy.grid import PLACE_COLUMN, Grid, coarse_cells

#: Hexadecimal digits of a pseudonym: 64 bits, so that two of a million people collide with a
#: chance of 3 in 100 million.
_DIGITS = 16
_US_PER_HOUR = 3_600_000_000
#: What stands for an item without a category where items are left out.
NO_KIND = "item"
#: Columns that tell which item it is.
_TELLING = (schema.ITEM_NAME, schema.TEXT, schema.IMAGE)


def new_key() -> str:
    """Return a random key of 256 bits for `pseudonyms`; keep it apart from the data.

    Examples
    --------
    >>> len(new_key()), new_key() == new_key()
    (64, False)
    """
    return secrets.token_hex(32)


def pseudonyms(checkins: pl.DataFrame, key: str, *, items: bool = False) -> pl.DataFrame:
    """Replace user ids by a keyed hash (HMAC-SHA-256): same key, same pseudonym.

    Without the key nobody can compute who a pseudonym is, not even by trying all ids. The key is
    never written beside the data; whoever loses it cannot go back.

    Parameters
    ----------
    checkins : polars.DataFrame
        Canonical check-ins.
    key : str
        The secret, at least 16 characters; see `new_key`.
    items : bool
        Replace item ids as well; see `hide_items`.

    Raises
    ------
    AnalysisError
        If the key is too short to be a secret.

    Examples
    --------
    >>> hidden = pseudonyms(schema.example(), "a key of 16 letters or more")
    >>> hidden["user_id"].n_unique(), hidden["user_id"][0] == hidden["user_id"][1]
    (2, True)
    """
    schema.validate(checkins)
    _check_key(key)
    hidden = checkins.with_columns(_hashed(checkins[schema.USER], key, "user"))
    return hide_items(hidden, key) if items else _without_derived(hidden)


def hide_items(checkins: pl.DataFrame, key: str | None = None) -> pl.DataFrame:
    """Leave out names, texts and pictures of items, and replace their ids.

    Parameters
    ----------
    checkins : polars.DataFrame
        Canonical check-ins.
    key : str, optional
        With a secret, an id becomes a keyed hash: the same item, the same pseudonym. Without
        one items are no longer told apart: an item's category takes the place of its id, or one
        word for all where there is no category.

    Raises
    ------
    AnalysisError
        If the key is too short to be a secret.

    Examples
    --------
    >>> hide_items(schema.example())["item_id"].to_list()
    ['Coffee Shop', 'Office', 'Coffee Shop', 'Park']
    """
    schema.validate(checkins)
    if key is not None:
        _check_key(key)
        ids = _hashed(checkins[schema.ITEM], key, "item")
    elif schema.CATEGORY in checkins.columns:
        ids = checkins[schema.CATEGORY].fill_null(NO_KIND).alias(schema.ITEM)
    else:
        ids = pl.Series(schema.ITEM, [NO_KIND]).new_from_index(0, len(checkins))
    telling = [name for name in _TELLING if name in checkins.columns]
    return _without_derived(checkins.with_columns(ids).drop(telling))


def coarsen(
    checkins: pl.DataFrame, resolution: int | None = None, hours: int | None = None
) -> pl.DataFrame:
    """Move places to the centre of their H3 cell, and times to the start of their time bin.

    Parameters
    ----------
    checkins : polars.DataFrame
        Canonical check-ins.
    resolution : int, optional
        H3 resolution, 0 (coarse) to 10; places stay as they are when not given.
    hours : int, optional
        Width of a time bin in local hours, counted from midnight; times stay when not given.

    Examples
    --------
    >>> coarsen(schema.example(), hours=3)["timestamp"].dt.hour().to_list()
    [10, 13, 13, 10]
    """
    schema.validate(checkins)
    coarse = checkins
    if resolution is not None:
        _check("The resolution of cells", resolution, 0, schema.CELL_RESOLUTION)
        coarse = coarse.with_columns(*_centres(coarse_cells(checkins, resolution)))
    if hours is not None:
        _check("The width of a time bin in hours", hours, 1, 168)
        offset_us = pl.col(schema.OFFSET).cast(pl.Int64) * 60_000_000
        local_us = pl.col(schema.TIME).dt.epoch("us") + offset_us
        start_us = local_us // (hours * _US_PER_HOUR) * (hours * _US_PER_HOUR) - offset_us
        coarse = coarse.with_columns(start_us.cast(pl.Datetime("us", "UTC")).alias(schema.TIME))
    return _without_derived(coarse)


def suppress(checkins: pl.DataFrame, k: int = 5, resolution: int = 9) -> pl.DataFrame:
    """Leave out check-ins in cells that fewer than k different users visited.

    Check-ins without a place stay.

    Parameters
    ----------
    checkins : polars.DataFrame
        Canonical check-ins.
    k : int
        Users that a cell needs.
    resolution : int
        H3 resolution of the cells.

    Examples
    --------
    >>> len(suppress(schema.example(), k=2)), len(suppress(schema.example(), k=1))
    (2, 4)
    """
    schema.validate(checkins)
    _check("The number of users that a cell needs", k, 1, 10**9)
    few = users_per_cell(checkins, Grid(resolution)).filter(pl.col("n_users") < k)[PLACE_COLUMN]
    inside = coarse_cells(checkins, resolution).is_in(few.implode())
    return _without_derived(checkins.filter(~inside.fill_null(False)))


def _check_key(key: str) -> None:
    check_is(key, str, "The key of pseudonyms is a text.", AnalysisError)
    if len(key) < 16:
        raise AnalysisError(
            "The key of pseudonyms is a secret of at least 16 characters.",
            f"{len(key)} characters.",
            "Make one with strec.privacy.new_key and keep it apart from the data.",
        )


def _hashed(ids: pl.Series, key: str, what: str) -> pl.Series:
    distinct = ids.unique()
    secret = f"{what}\0{key}".encode()
    names = [
        f"{what}_" + hmac.new(secret, each.encode(), hashlib.sha256).hexdigest()[:_DIGITS]
        for each in distinct
    ]
    return ids.replace_strict(distinct, pl.Series(names, dtype=pl.String)).alias(ids.name)


def _centres(cells: pl.Series) -> tuple[pl.Series, pl.Series]:
    from h3ronpy.vector import cells_to_coordinates

    known = cells.is_not_null().to_numpy()
    lat, lon = np.full(len(cells), np.nan), np.full(len(cells), np.nan)
    if known.any():
        centres = pl.DataFrame(cells_to_coordinates(cells.drop_nulls().to_numpy()))
        lat[known], lon[known] = centres["lat"].to_numpy(), centres["lng"].to_numpy()
    return (
        pl.Series(schema.LAT, lat).fill_nan(None),
        pl.Series(schema.LON, lon).fill_nan(None),
    )


def _without_derived(checkins: pl.DataFrame) -> pl.DataFrame:
    """Leave out stored cells, sessions and dates: they would tell the place and time as it was."""
    return checkins.drop([name for name in schema.DERIVED if name in checkins.columns])


def _check(what: str, value: int, least: int, most: int) -> None:
    check_is(value, Integral, f"{what} is a whole number.", AnalysisError)
    if not least <= value <= most:
        raise AnalysisError(
            f"{what} is between {least:,} and {most:,}.", f"{value:,}.", "Choose a value within."
        )
