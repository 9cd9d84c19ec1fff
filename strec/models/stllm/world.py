"""What training teaches about items, whoever asks: counts, hours, moves, meaning, company."""

from dataclasses import dataclass, fields

import numpy as np
from scipy import sparse

from strec.models.counting.statistics import Statistics
from strec.split import Log

#: Items that keep one another company: so many neighbours of each are kept.
N_NEIGHBOURS = 50
#: Pairs of items looked at for it, about; a bound on time.
MAX_COMPANY = 50_000_000
#: "Lately" in the popularity of an item.
LATELY_DAYS = 28
#: Side of the squares in which a user's own area is told, and how far an area reaches, in km.
SQUARE_KM = 1.1
#: Rows of squares in a degree; trained models know this very grid.
SQUARES_PER_DEGREE = 1112 / 11
AREA_KM = (1.0, 4.0)
#: Busiest squares that are told apart; a bound on memory.
MAX_SQUARES = 2_000
_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class World:
    """Counts over a log, and the meaning of items.

    Attributes
    ----------
    statistics : Statistics
        The counts of the counter mix.
    lately : numpy.ndarray
        Shape ``(n_items,)``: check-ins in the last weeks of the log.
    end_share : numpy.ndarray
        Shape ``(n_items,)``: how often the item ends a session, smoothed.
    company : scipy.sparse.csr_matrix
        Shape ``(n_items, n_items)``: cosine of the users of two items, the nearest kept.
    square : numpy.ndarray
        Shape ``(n_items,)``: the square of the map the item is in, the last one for none.
    area : numpy.ndarray
        Shape ``(2, n_squares, n_squares)``: how much a visit in one square speaks for another.
    meaning : numpy.ndarray
        Shape ``(n_items, n_meaning)``: directions of the item's text, zeros without text.
    """

    statistics: Statistics
    lately: np.ndarray
    end_share: np.ndarray
    company: sparse.csr_matrix
    square: np.ndarray
    area: np.ndarray
    meaning: np.ndarray

    @classmethod
    def of(cls, train: Log, meaning: np.ndarray) -> "World":
        """Count a log."""
        n_items = len(train.vocabulary.items)
        known = train.item >= 0
        item = train.item[known]
        newest = train.time_us.max(initial=0)
        recent = train.time_us[known] > newest - LATELY_DAYS * _DAY_US
        ends = np.r_[np.diff(train.session) != 0, True][: len(train)]
        count = np.bincount(item, minlength=n_items)
        ended = np.bincount(item, weights=ends[known], minlength=n_items)
        usual = ends.mean() if len(ends) else 0.0
        square, area = _squares(train)
        return cls(
            statistics=Statistics.of(train),
            lately=np.bincount(item[recent], minlength=n_items).astype(np.float64),
            end_share=(ended + 2 * usual) / (count + 2),
            company=_company(train),
            square=square,
            area=area,
            meaning=meaning.astype(np.float32),
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything as arrays, for saving."""
        plain = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name not in ("statistics", "company")
        }
        return (
            self.statistics.arrays()
            | plain
            | {
                "company.data": self.company.data,
                "company.indices": self.company.indices,
                "company.indptr": self.company.indptr,
            }
        )

    @classmethod
    def restore(cls, arrays: dict[str, np.ndarray]) -> "World":
        """Return the world whose `arrays` these are."""
        n = len(arrays["lately"])
        pieces = (arrays[f"company.{name}"] for name in ("data", "indices", "indptr"))
        names = ("lately", "end_share", "square", "area", "meaning")
        return cls(
            statistics=Statistics.restore(arrays),
            company=sparse.csr_matrix(tuple(pieces), shape=(n, n)),
            **{name: arrays[name] for name in names},
        )


def _company(train: Log) -> sparse.csr_matrix:
    """Return which items have users in common: cosine over users, the nearest of each item."""
    n_items = len(train.vocabulary.items)
    known = train.item >= 0
    pairs = np.unique(train.owner[known].astype(np.int64) * n_items + train.item[known])
    # Time grows with the square of what a user took: of very much, every second item or fewer.
    most = max(10, int((MAX_COMPANY / max(len(train.owner_ids), 1)) ** 0.5))
    owner = pairs // n_items
    first = np.searchsorted(owner, owner)
    n_own = np.searchsorted(owner, owner, side="right") - first
    pairs = pairs[(np.arange(len(pairs)) - first) % (-(-n_own // most)) == 0]
    takes = sparse.csr_matrix(
        (np.ones(len(pairs), np.float32), (pairs // n_items, pairs % n_items)),
        shape=(len(train.owner_ids), n_items),
    )
    # Somebody who took everything says little about what goes with what.
    taken = np.diff(takes.indptr)
    takes = sparse.diags_array(1 / np.sqrt(np.maximum(taken, 1)), dtype=np.float32) @ takes
    length = np.sqrt(np.asarray(takes.power(2).sum(axis=0)).ravel())
    takes = (takes @ sparse.diags_array(1 / np.maximum(length, 1e-6), dtype=np.float32)).tocsc()
    found, step = [], 2_000
    for first in range(0, n_items, step):
        block = (takes[:, first : first + step].T @ takes).tocsr()
        found.append(_nearest(block, first))
    return sparse.vstack(found, format="csr") if found else sparse.csr_matrix((0, 0))


def _nearest(block: sparse.csr_matrix, first: int) -> sparse.csr_matrix:
    """Keep the `N_NEIGHBOURS` largest entries of each row, without the item itself."""
    row = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
    other = block.indices != row + first
    row, column, value = row[other], block.indices[other], block.data[other]
    order = np.lexsort((column, -value, row))
    row, column, value = row[order], column[order], value[order]
    start = np.searchsorted(row, row)
    kept = np.arange(len(row)) - start < N_NEIGHBOURS
    return sparse.csr_matrix((value[kept], (row[kept], column[kept])), shape=block.shape)


def _squares(train: Log) -> tuple[np.ndarray, np.ndarray]:
    """Return the square of each item, and how squares speak for one another."""
    vocabulary = train.vocabulary
    lat, lon = vocabulary.item_lat, vocabulary.item_lon
    placed = np.isfinite(lat)
    if not placed.any():
        return np.zeros(len(lat), dtype=np.int64), np.zeros((2, 1, 1), dtype=np.float32)
    east = np.cos(np.radians(np.nanmedian(lat))) * lon
    y, x = (
        np.floor(np.nan_to_num(SQUARES_PER_DEGREE * deg)).astype(np.int64) for deg in (lat, east)
    )
    keys, code, size = np.unique(
        y[placed] * 1_000_003 + x[placed], return_inverse=True, return_counts=True
    )
    kept = np.sort(np.argsort(-size, kind="stable")[:MAX_SQUARES])
    number = np.full(len(keys), len(kept))
    number[kept] = np.arange(len(kept))
    square = np.full(len(lat), len(kept))
    square[placed] = number[code]
    at_y, at_x = np.zeros(len(kept) + 1), np.zeros(len(kept) + 1)
    at_y[square[placed]], at_x[square[placed]] = y[placed], x[placed]
    km = SQUARE_KM * np.hypot(at_y[:, None] - at_y, at_x[:, None] - at_x)
    area = np.stack([np.exp(-km / reach) for reach in AREA_KM])
    area[:, -1], area[:, :, -1] = 0, 0
    return square, area.astype(np.float32)
