"""A check-in table as sorted arrays."""

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import polars as pl

from strec import schema
from strec.split.vocabulary import Vocabulary

GAP_US = schema.SESSION_GAP_HOURS * 3_600_000_000
#: Kinds of events that say how much somebody wants an item; the code of a kind is its position.
#: Anything else, and no event at all, is 0.
EVENTS = ("", "view", "cart", "purchase")
_SAME_EVENT = {"click": "view", "impression": "view", "pageview": "view", "basket": "cart",
               "add_to_cart": "cart", "addtocart": "cart", "wishlist": "cart", "fav": "cart",
               "favourite": "cart", "favorite": "cart", "buy": "purchase", "order": "purchase",
               "transaction": "purchase"}  # fmt: skip


@dataclass(frozen=True)
class Log:
    """Check-ins as arrays, sorted by user, time and item.

    Attributes
    ----------
    vocabulary : Vocabulary
        What the codes mean.
    owner_ids : numpy.ndarray
        Shape ``(n_owners,)``: the user ids in this log, sorted, known to the vocabulary or not.
    owner, user, item, category : numpy.ndarray
        Shape ``(n,)``, int32. `owner` points into `owner_ids`; the others into the vocabulary,
        -1 where it does not know them.
    time_us : numpy.ndarray
        Shape ``(n,)``, int64: microseconds since 1970, UTC.
    offset_min : numpy.ndarray
        Shape ``(n,)``, int64: minutes to add for local time.
    lat, lon : numpy.ndarray
        Shape ``(n,)``, degrees, NaN where unknown.
    event : numpy.ndarray
        Shape ``(n,)``, int8: what was done, a code of `EVENTS`.
    session : numpy.ndarray
        Shape ``(n,)``, int64: rises by one at each gap over 24 h and at each new user.
    """

    vocabulary: Vocabulary
    owner_ids: np.ndarray
    owner: np.ndarray
    user: np.ndarray
    item: np.ndarray
    category: np.ndarray
    time_us: np.ndarray
    offset_min: np.ndarray
    lat: np.ndarray
    lon: np.ndarray
    event: np.ndarray
    session: np.ndarray

    def __len__(self) -> int:
        return len(self.time_us)

    @cached_property
    def indptr(self) -> np.ndarray:
        """Shape ``(n_owners + 1,)``: rows of owner u are ``indptr[u]:indptr[u + 1]``."""
        return np.searchsorted(self.owner, np.arange(len(self.owner_ids) + 1))

    @cached_property
    def hour(self) -> np.ndarray:
        """Shape ``(n,)``: local hour of the day, 0 ≤ hour < 24, with minutes as fractions."""
        return local_hour(self.time_us, self.offset_min)

    @cached_property
    def weekday(self) -> np.ndarray:
        """Shape ``(n,)``: local weekday, Monday is 0."""
        return local_weekday(self.time_us, self.offset_min)

    @cached_property
    def before(self) -> np.ndarray:
        """Shape ``(n,)``: first row of the same owner that is not strictly earlier.

        Check-ins at the very time of a target have no known order to it, so they are not its
        history.
        """
        starts = np.r_[True, (np.diff(self.time_us) != 0) | (np.diff(self.owner) != 0)]
        return np.maximum.accumulate(np.where(starts[: len(self)], np.arange(len(self)), 0))

    def where(self, mask: np.ndarray) -> "Log":
        """Return the rows where the mask holds; sessions and owners keep their numbers.

        Parameters
        ----------
        mask : numpy.ndarray
            Shape ``(n,)``, bool.
        """
        kept = {
            f.name: vars(self)[f.name][mask]
            for f in fields(self)
            if f.name not in ("vocabulary", "owner_ids")
        }
        return Log(self.vocabulary, self.owner_ids, **kept)


def encode(checkins: pl.DataFrame, vocabulary: Vocabulary) -> Log:
    """Return canonical check-ins as a sorted `Log`, sessions told apart.

    Parameters
    ----------
    checkins : polars.DataFrame
        A canonical table.
    vocabulary : Vocabulary
        What the codes mean; users and items that it does not know have code -1.

    Examples
    --------
    >>> table = schema.example()
    >>> log = encode(table, Vocabulary.of(table))
    >>> log.session.tolist(), log.weekday.tolist()
    ([0, 0, 1, 1], [0, 0, 0, 1])
    """
    schema.validate(checkins)
    ordered = checkins.sort(schema.USER, schema.TIME, schema.ITEM)
    ids = ordered[schema.USER]
    owner_ids = np.array(ids.unique().sort().to_list(), dtype=object)
    owner = ids.rle_id().to_numpy()
    time_us = ordered[schema.TIME].dt.epoch("us").to_numpy()
    opens = np.r_[True, (np.diff(owner) != 0) | (np.diff(time_us) > GAP_US)][: len(owner)]
    nan = float("nan")
    return Log(
        vocabulary=vocabulary,
        owner_ids=owner_ids,
        owner=owner.astype(np.int32),
        user=vocabulary.user_codes(owner_ids)[owner] if len(owner) else owner.astype(np.int32),
        item=vocabulary.item_codes(ordered[schema.ITEM]),
        category=_categories(ordered, vocabulary),
        time_us=time_us,
        offset_min=ordered[schema.OFFSET].to_numpy().astype(np.int64),
        lat=ordered[schema.LAT].fill_null(nan).to_numpy().astype(np.float64),
        lon=ordered[schema.LON].fill_null(nan).to_numpy().astype(np.float64),
        event=_events(ordered),
        session=np.cumsum(opens).astype(np.int64) - 1,
    )


def local_us(time_us: np.ndarray, offset_min: np.ndarray) -> np.ndarray:
    """Return local wall-clock time in microseconds since 1970.

    Parameters
    ----------
    time_us, offset_min : numpy.ndarray
        Microseconds since 1970 in UTC, and minutes to add.
    """
    return time_us + offset_min * np.int64(60_000_000)


def local_hour(time_us: np.ndarray, offset_min: np.ndarray) -> np.ndarray:
    """Return the local hour of the day, with fractions.

    Parameters
    ----------
    time_us : numpy.ndarray
        Microseconds since 1970 (UTC), shape ``(n,)``.
    offset_min : numpy.ndarray
        Minutes east of UTC, shape ``(n,)``.

    Examples
    --------
    >>> local_hour(np.array([0]), np.array([90])).tolist()
    [1.5]
    """
    return (time_us / 3.6e9 + offset_min / 60) % 24


def local_weekday(time_us: np.ndarray, offset_min: np.ndarray) -> np.ndarray:
    """Return the local weekday; 1970-01-01 was a Thursday, Monday is 0.

    Parameters
    ----------
    time_us : numpy.ndarray
        Microseconds since 1970 (UTC), shape ``(n,)``.
    offset_min : numpy.ndarray
        Minutes east of UTC, shape ``(n,)``.

    Examples
    --------
    >>> local_weekday(np.array([0, 0]), np.array([0, -60])).tolist()
    [3, 2]
    """
    days = local_us(time_us, offset_min) // 86_400_000_000
    return (days + 3) % 7


def _categories(checkins: pl.DataFrame, vocabulary: Vocabulary) -> np.ndarray:
    if schema.CATEGORY not in checkins.columns:
        return np.full(len(checkins), -1, dtype=np.int32)
    return vocabulary.category_codes(checkins[schema.CATEGORY])


def _events(checkins: pl.DataFrame) -> np.ndarray:
    if schema.EVENT not in checkins.columns:
        return np.zeros(len(checkins), dtype=np.int8)
    codes = {name: code for code, name in enumerate(EVENTS)}
    codes |= {name: codes[same] for name, same in _SAME_EVENT.items()}
    plain = checkins[schema.EVENT].str.strip_chars().str.to_lowercase()
    return plain.replace_strict(codes, default=0, return_dtype=pl.Int8).fill_null(0).to_numpy()
