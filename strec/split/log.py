"""A check-in table as sorted arrays."""

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import polars as pl

from strec import schema
from strec.geo import unit_vectors
from strec.split.vocabulary import Vocabulary

GAP_US = schema.SESSION_GAP_HOURS * 3_600_000_000
#: Kinds of events that say how much somebody wants an item; the code of a kind is its position.
#: Anything else, and no event at all, is 0.
EVENTS = ("", "view", "cart", "purchase")
#: The column that says whose check-in it is: the user, or the group where nobody is named.
SUBJECT = "subject"
#: Of what everybody does, the latest so many check-ins of a group are looked back at.
MOST_OF_GROUP = 2_000
#: So many trips back to their start are due by lot before their absence says that there are none.
_FEWEST_BY_LOT = 3
_SAME_EVENT = {"click": "view", "impression": "view", "pageview": "view", "basket": "cart",
               "add_to_cart": "cart", "addtocart": "cart", "wishlist": "cart", "fav": "cart",
               "favourite": "cart", "favorite": "cart", "buy": "purchase", "order": "purchase",
               "transaction": "purchase"}  # fmt: skip


@dataclass(frozen=True)
class Log:
    """Check-ins as arrays, sorted by user and time; see `in_order` for equal times.

    Where nobody is named, a group of check-ins stands in the place of a user (see
    `schema.subjects`): those that begin at one place, or all. Its history is what everybody did.

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
        Shape ``(n,)``, int64: rises by one at each gap over 24 h and at each new user; where
        nobody is named, each check-in is a session of its own.
    origin : numpy.ndarray
        Shape ``(n,)``, int32: the item at which a trip began, -1 where there is none or it is
        not an item.
    origin_lat, origin_lon : numpy.ndarray
        Shape ``(n,)``, degrees: where a trip began, NaN where unknown.
    is_anonymous : bool
        Whether nobody is named.
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
    origin: np.ndarray
    origin_lat: np.ndarray
    origin_lon: np.ndarray
    is_anonymous: bool = False

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
    def xyz(self) -> np.ndarray:
        """Shape ``(n, 3)``: the place of each as a point of the unit sphere, NaN where unknown."""
        return unit_vectors(self.lat, self.lon)

    @cached_property
    def has_clock(self) -> bool:
        """Whether the times say more than the day."""
        return bool((local_us(self.time_us, self.offset_min) % 86_400_000_000 != 0).any())

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

    @cached_property
    def untaken(self) -> np.ndarray:
        """Shape ``(n_items,)``, bool: nobody took the item, here at least."""
        return np.bincount(self.item[self.item >= 0], minlength=len(self.vocabulary.items)) == 0

    @cached_property
    def has_origins(self) -> bool:
        """Whether it holds trips: where any check-in began is known."""
        return bool((self.origin >= 0).any() or not np.isnan(self.origin_lat).all())

    @cached_property
    def has_round_trips(self) -> bool:
        """Whether a trip may end where it began.

        One does, or so few would by lot that none says nothing; so too where there are no trips.
        """
        known = (self.item >= 0) & (self.origin >= 0)
        n_items = len(self.vocabulary.items)
        starts, ends = (
            np.bincount(code[known], minlength=n_items).astype(np.float64)
            for code in (self.origin, self.item)
        )
        by_lot = starts @ ends / max(known.sum(), 1)
        return bool((self.item == self.origin)[known].any() or by_lot < _FEWEST_BY_LOT)

    @cached_property
    def share_before(self) -> np.ndarray:
        """Shape ``(n,)``: which share of the check-ins is of earlier moments than each."""
        moments = np.sort(self.time_us)
        return np.searchsorted(moments, self.time_us) / max(len(moments), 1)

    @cached_property
    def came_from(self) -> np.ndarray:
        """Shape ``(n,)``: the item before each check-in, -1 for none.

        That is where the trip began, else the check-in before in the same session.
        """
        # Of several at the moment before, one drawn by lot.
        row = self.before - 1
        linked = (row >= 0) & (self.session[row] == self.session)
        before = np.where(linked, self.item[row], -1)
        return np.where(self.origin >= 0, self.origin, before)

    @cached_property
    def start_item(self) -> np.ndarray:
        """Shape ``(n_owners,)``: the item where the trips of a group begin, -1 where none is."""
        code = np.full(len(self.owner_ids), -1, dtype=np.int32)
        if self.is_anonymous:
            code[self.owner] = self.origin
        return code

    @cached_property
    def starts(self) -> pl.DataFrame:
        """One row per owner: where its trips begin, `name`, `lat`, `lon`; null where unknown."""
        places = pl.DataFrame({"owner": self.owner, "lat": self.origin_lat, "lon": self.origin_lon})
        middle = places.fill_nan(None).group_by("owner").median()
        named = pl.DataFrame(
            {
                "owner": np.arange(len(self.owner_ids), dtype=np.int32),
                "name": pl.Series(
                    [
                        str(self.vocabulary.item_name[item]) if item >= 0 else str(owner)
                        for item, owner in zip(self.start_item, self.owner_ids, strict=True)
                    ],
                    dtype=pl.String,
                ),
            }
        )
        return named.join(middle, on="owner", how="left", maintain_order="left").drop("owner")

    def visible_from(self, owner: np.ndarray, stop: np.ndarray) -> np.ndarray:
        """Return the first row that is looked back at from before `stop`.

        Parameters
        ----------
        owner, stop : numpy.ndarray
            Whose rows, and the row after the last visible one; shape ``(n,)``.

        Examples
        --------
        >>> from strec import schema
        >>> log = encode(schema.example(), Vocabulary.of(schema.example()))
        >>> log.visible_from(np.array([1]), np.array([4])).tolist()
        [2]
        """
        first = self.indptr[owner]
        return np.maximum(first, stop - MOST_OF_GROUP) if self.is_anonymous else first

    @cached_property
    def moment(self) -> np.ndarray:
        """Shape ``(n,)``, int64: rises by one with each new time of an owner, and each owner."""
        return np.cumsum(self.before == np.arange(len(self))) - 1

    @cached_property
    def ends_session(self) -> np.ndarray:
        """Shape ``(n,)``, bool: the check-in is of the last moment of its session."""
        first, size = self._sessions
        last = np.repeat(first + size - 1, size)
        return self.moment == self.moment[last]

    @cached_property
    def is_alone(self) -> np.ndarray:
        """Shape ``(n,)``, bool: the check-in is the only one of its session."""
        size = self._sessions[1]
        return np.repeat(size == 1, size)

    @property
    def _sessions(self) -> tuple[np.ndarray, np.ndarray]:
        """The first row of each session, and how many it has."""
        first = np.flatnonzero(np.diff(self.session, prepend=-1))
        return first, np.diff(first, append=len(self))

    def where(self, mask: np.ndarray) -> "Log":
        """Return the rows where the mask holds; sessions and owners keep their numbers.

        Parameters
        ----------
        mask : numpy.ndarray
            Shape ``(n,)``, bool.

        Examples
        --------
        >>> log = encode(schema.example(), Vocabulary.of(schema.example()))
        >>> log.where(log.user == 0).item.tolist()
        [0, 1]
        """
        kept = {
            f.name: vars(self)[f.name][mask]
            for f in fields(self)
            if f.name not in ("vocabulary", "owner_ids", "is_anonymous")
        }
        found = Log(self.vocabulary, self.owner_ids, is_anonymous=self.is_anonymous, **kept)
        # What was worked out row by row is not worked out again.
        for name in ("hour", "weekday", "xyz"):
            if name in vars(self):
                vars(found)[name] = vars(self)[name][mask]
        return found


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
    is_anonymous = schema.is_anonymous(schema.validate(checkins))
    ordered = in_order(checkins, vocabulary)
    ids = ordered[SUBJECT]
    owner_ids = np.array(ids.unique().sort().to_list(), dtype=object)
    owner = ids.rle_id().to_numpy()
    time_us = ordered[schema.TIME].dt.epoch("us").to_numpy()
    opens = np.r_[True, (np.diff(owner) != 0) | (np.diff(time_us) > GAP_US)][: len(owner)]
    opens |= is_anonymous
    nan = float("nan")
    origin = vocabulary.item_codes(schema.origins(ordered))
    origin_lat, origin_lon = (
        places.fill_null(nan).to_numpy().astype(np.float64)
        for places in schema.origin_places(ordered)
    )
    nowhere = np.isnan(origin_lat) & (origin >= 0)
    origin_lat[nowhere] = vocabulary.item_lat[origin[nowhere]]
    origin_lon[nowhere] = vocabulary.item_lon[origin[nowhere]]
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
        origin=origin,
        origin_lat=origin_lat,
        origin_lon=origin_lon,
        is_anonymous=is_anonymous,
    )


def in_order(checkins: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """Return check-ins in the order of their `Log`, with whose they are as the column `SUBJECT`.

    Check-ins at one moment are a set: they stand as if drawn by lot. The lot is a hash of code and
    time: no model can learn from it, it depends on no id (see `Vocabulary.items`), and it is the
    same for shuffled rows.

    Parameters
    ----------
    checkins : polars.DataFrame
        A canonical table; other columns are kept.
    vocabulary : Vocabulary
        What the codes mean.

    Examples
    --------
    >>> table = schema.example()
    >>> in_order(table.reverse(), Vocabulary.of(table))[SUBJECT].to_list()
    ['ann', 'ann', 'bob', 'bob']
    """
    # Columns that tell apart what has one code: unknown items, or one item taken twice.
    further = [c for c in (schema.CATEGORY, schema.EVENT) if c in checkins.columns]
    lot = _lots(vocabulary.item_codes(checkins[schema.ITEM]), checkins[schema.TIME])
    named = checkins.with_columns(schema.subjects(checkins).alias(SUBJECT), _lot=lot)
    ordered = named.sort(
        SUBJECT, schema.TIME, "_lot", schema.LAT, schema.LON, *further, schema.ITEM,
        maintain_order=True,
    )  # fmt: skip
    return ordered.drop("_lot")


def _lots(code: np.ndarray, time: pl.Series) -> np.ndarray:
    """Return a hash of code and time, uint64 (the finalizer of SplitMix64)."""
    key = time.dt.epoch("us").to_numpy().astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    key ^= (code.astype(np.int64) + 2).astype(np.uint64) * np.uint64(0xD1342543DE82EF95)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        key = (key ^ (key >> np.uint64(shift))) * np.uint64(factor)
    return key ^ (key >> np.uint64(31))


def local_us(time_us: np.ndarray, offset_min: np.ndarray) -> np.ndarray:
    """Return local wall-clock time in microseconds since 1970.

    Parameters
    ----------
    time_us, offset_min : numpy.ndarray
        Microseconds since 1970 in UTC, and minutes to add.

    Examples
    --------
    >>> local_us(np.array([0]), np.array([90])).tolist()
    [5400000000]
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
