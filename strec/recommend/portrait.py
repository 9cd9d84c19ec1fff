"""Who somebody is, at coarse grain: rhythm, favourite kinds, radius, share of returns."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from strec.geo import distance_km, median_longitude
from strec.split import Queries

#: Radii are given as one of these (km), so that a portrait does not draw a map of a life.
RADII_KM = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 20_000)
_PARTS_OF_DAY = (("at night", 23, 5), ("in the morning", 5, 11), ("around noon", 11, 14),
                 ("in the afternoon", 14, 18), ("in the evening", 18, 23))  # fmt: skip


@dataclass(frozen=True)
class Portrait:
    """A person's visible past in a few coarse numbers.

    Attributes
    ----------
    n_checkins, n_items : int
        Visible check-ins, and different items in them.
    first, last : datetime.date or None
        Local dates of the first and the last.
    hours : numpy.ndarray
        Shape ``(24,)``: check-ins per local hour.
    categories : list of tuple
        The most frequent categories with their share, largest first, at most five.
    radius_km : int or None
        Half of the check-ins lie this near to their middle, rounded up to one of `RADII_KM`.
    return_share : float
        Share of check-ins with an item taken before.
    has_clock : bool
        Whether the data set's times say more than the day.
    is_anonymous : bool
        Whether nobody is named: then these are check-ins of everybody, and no portrait.
    """

    n_checkins: int
    n_items: int
    first: date | None
    last: date | None
    hours: np.ndarray
    categories: list[tuple[str, float]]
    radius_km: int | None
    return_share: float
    has_clock: bool = True
    is_anonymous: bool = False

    def words(self, items: str = "items") -> str:
        """Return the portrait in one line.

        Parameters
        ----------
        items : str
            What items are called, in the plural.
        """
        if self.is_anonymous:
            known = "No person is known: these data name nobody"
            if not self.n_checkins:
                return f"{known}."
            when = f", mostly {self.part_of_day()}" if self.has_clock else ""
            return f"{known}. What everybody does from here: {self.n_checkins:,} times{when}."
        if not self.n_checkins:
            return "Nobody yet: no check-ins are known."
        noun = "check-in" if self.n_checkins == 1 else "check-ins"
        if self.n_checkins < 5:
            return f"{self.n_checkins} {noun} so far: too little for habits."
        said = [f"{self.n_checkins:,} {noun}", f"{self.n_items:,} different {items}"]
        said += [f"mostly {self.part_of_day()}"] if self.has_clock else []
        if self.categories:
            said.append(f"likes {' and '.join(name for name, _ in self.categories[:2])}")
        if self.radius_km is not None:
            said.append(f"half of them within {self.radius_km:,} km")
        said.append(f"{100 * self.return_share:.0f} % returns")
        return " · ".join(said)

    def part_of_day(self) -> str:
        """Return the part of the day with the most check-ins per hour, "" without a clock."""
        if not self.has_clock:
            return ""
        return max(_PARTS_OF_DAY, key=lambda part: _per_hour(self.hours, *part[1:]))[0]


def portrait(query: Queries) -> Portrait:
    """Return the portrait of the person who asks, from the check-ins that the query sees.

    Parameters
    ----------
    query : Queries
        One row, for instance `Answer.query`.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import Vocabulary, ask, encode
    >>> log = encode(schema.example(), Vocabulary.of(schema.example()))
    >>> portrait(ask(log, 0, [2**60 // 10**3 * 10**3], [0], [40.7], [-74.0])).n_checkins
    2
    """
    log, rows = query.log, query.indices
    item, vocabulary = log.item[rows], query.vocabulary
    category = np.where(item >= 0, vocabulary.item_category[item], log.category[rows])
    counts = np.bincount(category[category >= 0], minlength=len(vocabulary.categories))
    top = np.argsort(-counts, kind="stable")[:5]
    n = len(rows)
    dates = [
        _date(int(log.time_us[row]), int(log.offset_min[row]))
        for row in (rows[[0, -1]] if n else [])
    ]
    return Portrait(
        n_checkins=n,
        n_items=len(np.unique(item)),
        first=dates[0] if n else None,
        last=dates[1] if n else None,
        hours=np.bincount(log.hour[rows].astype(int), minlength=24),
        categories=[
            (str(vocabulary.categories[code]), float(counts[code] / n))
            for code in top
            if counts[code]
        ],
        radius_km=_radius_km(log.lat[rows], log.lon[rows]),
        return_share=1 - len(np.unique(item)) / n if n else 0.0,
        has_clock=log.has_clock,
        is_anonymous=log.is_anonymous,
    )


def pseudonyms(users: Iterable[str], salt: str, word: str = "user") -> dict[str, str]:
    """Return a name for each user that does not tell the id, and stays the same in a data set.

    Parameters
    ----------
    users : iterable of str
        All user ids of the data set.
    salt : str
        The data set's fingerprint.
    word : str
        What a user is called there.

    Examples
    --------
    >>> names = pseudonyms(["ann", "bob"], "a data set")
    >>> sorted(names.values())
    ['User 1', 'User 2']
    """
    order = sorted(users, key=lambda user: hashlib.sha256(f"{salt}\0{user}".encode()).digest())
    width = len(str(len(order)))
    return {user: f"{word.capitalize()} {k:0{width}d}" for k, user in enumerate(order, 1)}


def history_table(query: Queries) -> pl.DataFrame:
    """Return the visible past by item and place, the most frequent first.

    Returns
    -------
    polars.DataFrame
        ``item_id, item_name, category, lat, lon, n_checkins``; `lat` and `lon` are null where
        the place is not known.
    """
    log, rows, vocabulary = query.log, query.indices, query.vocabulary
    item = log.item[rows]
    known = item >= 0
    frame = pl.DataFrame(
        {
            "item_id": vocabulary.item_ids(item[known]),
            "item_name": pl.Series(vocabulary.item_name[item[known]], dtype=pl.String),
            "category": vocabulary.item_categories(item[known]),
            # Five decimals are one metre: visits to one place fall together.
            "lat": log.lat[rows][known].round(5),
            "lon": log.lon[rows][known].round(5),
        }
    ).with_columns(pl.col("lat", "lon").fill_nan(None))
    grouped = frame.group_by(frame.columns, maintain_order=True).len("n_checkins")
    return grouped.sort("n_checkins", descending=True, maintain_order=True)


def _per_hour(hours: np.ndarray, start: int, end: int) -> float:
    inside = np.arange(start, end if end > start else end + 24) % 24
    return float(hours[inside].mean())


def _radius_km(lat: np.ndarray, lon: np.ndarray) -> int | None:
    known = ~np.isnan(lat)
    if known.sum() < 2:
        return None
    middle = np.median(lat[known]), median_longitude(lon[known])
    half = np.median(distance_km(lat[known], lon[known], *middle))
    return next((radius for radius in RADII_KM if half <= radius), RADII_KM[-1])


def _date(time_us: int, offset_min: int) -> date:
    return (datetime(1970, 1, 1) + timedelta(microseconds=time_us, minutes=offset_min)).date()
