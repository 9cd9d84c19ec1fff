"""What training teaches about items, whoever asks: counts, hours, moves, meaning, company.

What items mean is told in directions of the language model's vectors in which they differ most.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from strec.graph import strongest, tally
from strec.llm import Encoder, item_texts
from strec.models.counting.statistics import Statistics
from strec.models.keys import distinct, firsts
from strec.models.saved import Arrays, packed, unpacked
from strec.progress import Progress
from strec.split import Log, Vocabulary

#: Items that keep one another company: so many neighbours of each are kept.
N_NEIGHBOURS = 50
#: Pairs of items looked at for it, about; a bound on time.
MAX_COMPANY = 5_000_000
#: "Lately" in the popularity of an item.
LATELY_DAYS = 28
#: And in to how many people an item was new.
NEW_DAYS = (28, 7)
#: Side of the squares in which a user's own area is told, and how far an area reaches, in km.
SQUARE_KM = 1.1
#: Rows of squares in a degree; trained models know this very grid.
SQUARES_PER_DEGREE = 1112 / 11
AREA_KM = (1.0, 4.0)
#: Busiest squares that are told apart; a bound on memory.
MAX_SQUARES = 2_000
#: Directions in which the meaning of items is told.
N_DIRECTIONS = 64
_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class World:
    """Counts over a log, and the meaning of items."""

    statistics: Statistics  # the counts of the counter mix
    lately: np.ndarray  # (n_items,) check-ins in the last weeks of the log
    end_share: np.ndarray  # (n_items,) how often the item ends a session, smoothed
    new_to: np.ndarray  # (3, n_items) to how many people the item was new: ever, in `NEW_DAYS`
    company: sparse.csr_matrix  # (n_items, n_items) cosine of users, the nearest kept
    square: np.ndarray  # (n_items,) square of the map the item is in, the last one for none
    area: np.ndarray  # (2, n_squares, n_squares) how much a visit in one speaks for another
    meaning: np.ndarray  # (n_items, n_meaning) zeros without text

    @classmethod
    def of(
        cls,
        train: Log,
        meaning: np.ndarray,
        *,
        squares: tuple[np.ndarray, np.ndarray] | None = None,
        statistics: Statistics | None = None,
        first: np.ndarray | None = None,
    ) -> "World":
        """Count a log; its squares, statistics and `first_takes` may be known already."""
        n_items = len(train.vocabulary.items)
        known = train.item >= 0
        item = train.item[known]
        newest = train.time_us.max(initial=0)
        recent = train.time_us[known] > newest - LATELY_DAYS * _DAY_US
        ends = train.ends_session
        count = np.bincount(item, minlength=n_items)
        ended = np.bincount(item, weights=ends[known], minlength=n_items)
        usual = ends.mean() if len(ends) else 0.0
        square, area = squares or squares_of(train.vocabulary)
        return cls(
            statistics=statistics or Statistics.of(train),
            lately=np.bincount(item[recent], minlength=n_items).astype(np.float64),
            end_share=(ended + 2 * usual) / (count + 2),
            new_to=_new_to(train, first_takes(train) if first is None else first),
            company=_company(train),
            square=square,
            area=area,
            meaning=meaning.astype(np.float32),
        )

    def awaiting(self, train: Log) -> "World":
        """Return the same with what may be expected of items without a check-in."""
        return replace(self, statistics=self.statistics.awaiting(train))

    @cached_property
    def direction(self) -> np.ndarray:
        """Shape ``(n_items, n_meaning)``: the meaning of each item, of length 1."""
        length = np.linalg.norm(self.meaning, axis=1, keepdims=True)
        return self.meaning / np.maximum(length, 1e-6)

    def arrays(self) -> Arrays:
        """Return everything as arrays, for saving."""
        company = packed({"company": self.company})
        del company["company.shape"]
        return self.statistics.arrays() | company | {
            "lately": self.lately,
            "end_share": self.end_share,
            "new_to": self.new_to,
            "square": self.square,
            "area": self.area,
            "meaning": self.meaning,
        }  # fmt: skip

    @classmethod
    def restore(cls, arrays: Arrays) -> "World":
        """Return the world whose `arrays` these are."""
        n = len(arrays["lately"])
        # Models saved before December 2026 were not told to how many people an item was new.
        unknown = {"new_to": np.zeros((1 + len(NEW_DAYS), n))}
        plain = unpacked(unknown | arrays | {"company.shape": np.array([n, n])})
        return cls(statistics=Statistics.restore(arrays), **plain)


def first_takes(train: Log) -> np.ndarray:
    """Return which check-ins are the first of their owner at their item, shape ``(n,)``, bool.

    Items that the vocabulary does not know are as one. What was the first in a log is it in every
    earlier part of it.
    """
    found = np.zeros(len(train), dtype=bool)
    # Rows are in order of time within a person: the first of each pair is the discovery.
    width = np.int64(len(train.vocabulary.items) + 1)
    found[firsts(train.owner * width + train.item + 1)] = True
    return found


def _new_to(train: Log, first: np.ndarray) -> np.ndarray:
    """Return to how many people each item was new, ever and in the last `NEW_DAYS` of the log."""
    n_items = len(train.vocabulary.items)
    first = np.flatnonzero(first & (train.item >= 0))
    age_us = train.time_us.max(initial=0) - train.time_us[first]
    return np.stack(
        [
            np.bincount(train.item[first[age_us < days * _DAY_US]], minlength=n_items)
            for days in (np.inf, *NEW_DAYS)
        ]
    ).astype(np.float64)


def _company(train: Log) -> sparse.csr_matrix:
    """Return which items have users in common: cosine over users, the nearest of each item."""
    n_items = len(train.vocabulary.items)
    known = train.item >= 0
    pairs = distinct(train.owner[known].astype(np.int64) * n_items + train.item[known])
    owner = pairs // n_items
    size = np.bincount(owner)
    first, n_own = (np.cumsum(size) - size)[owner], size[owner]
    # Time grows with the square of what a user took: of very much, every second item or fewer.
    most = _largest(size, MAX_COMPANY)
    pairs = pairs[(np.arange(len(pairs)) - first) % (-(-n_own // most)) == 0]
    takes = tally(pairs // n_items, pairs % n_items, (len(train.owner_ids), n_items))
    takes = sparse.csr_matrix(takes, dtype=np.float32)
    # Somebody who took everything says little about what goes with what.
    rows = 1 / np.sqrt(np.maximum(np.diff(takes.indptr), 1))
    takes = sparse.csr_matrix(sparse.diags_array(rows, dtype=np.float32) @ takes)
    length = np.sqrt(np.asarray(takes.multiply(takes).sum(axis=0)).ravel())
    columns = sparse.diags_array(1 / np.maximum(length, 1e-6), dtype=np.float32)
    takes = sparse.csr_matrix(takes @ columns)
    by_item, found, step = sparse.csr_matrix(takes.T), [], 2_000
    for first in range(0, n_items, step):
        block = sparse.csr_matrix(by_item[first : first + step] @ takes)
        # Nobody is company to itself.
        size = np.diff(block.indptr)
        row = np.repeat(first + np.arange(len(size)), size)
        block.data[row == block.indices] = 0
        block.eliminate_zeros()
        found.append(strongest(block, N_NEIGHBOURS))
    return sparse.csr_matrix(sparse.vstack(found)) if found else sparse.csr_matrix((0, 0))


def _largest(n_own: np.ndarray, most_pairs: int) -> int:
    """Return how many items of a user may be paired, so that all pairs are about so many."""
    sizes = np.sort(n_own).astype(np.float64)
    # Were all from here on as large as this one.
    pairs = np.cumsum(sizes**2) + sizes**2 * np.arange(len(sizes))[::-1]
    fits = sizes[pairs <= most_pairs]
    return max(10, int(fits.max(initial=(most_pairs / max(len(sizes), 1)) ** 0.5)))


def squares_of(vocabulary: Vocabulary) -> tuple[np.ndarray, np.ndarray]:
    """Return the square of each item, and how squares speak for one another."""
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


def meaning_of(
    vocabulary: Vocabulary, text: str, directions: np.ndarray | None, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """Return the meaning of each item, and the directions it is told in.

    Both have shapes: ``(n_items, 64)``, with numbers of the size of 1, and ``(dim, 1 + 64)``, the
    mean vector, then the directions. Those of an earlier call make meanings comparable; without
    the name of an encoder in `text`, nothing has a meaning.
    """
    n_items = len(vocabulary.items)
    if not text:
        return np.zeros((n_items, N_DIRECTIONS), np.float32), np.zeros((0, 1 + N_DIRECTIONS))
    vectors = Encoder(text).encode(item_texts(vocabulary), progress=progress).astype(np.float64)
    if directions is None:
        directions = _directions(vectors)
    center, axes = directions[:, :1], directions[:, 1:]
    return ((vectors - center.T) @ axes).astype(np.float32), directions


def _directions(vectors: np.ndarray) -> np.ndarray:
    """Return the mean and the principal directions, scaled: shape ``(dim, 1 + 64)``."""
    mean = vectors.mean(axis=0)
    spread, axes = np.linalg.eigh(np.cov(vectors.T, bias=True) + 1e-9 * np.eye(vectors.shape[1]))
    axes = axes[:, ::-1][:, :N_DIRECTIONS]
    # The sign of an eigenvector is free: its largest entry shall be positive.
    largest = np.abs(axes).argmax(axis=0)
    axes = axes * np.sign(axes[largest, np.arange(axes.shape[1])])
    size = np.sqrt(max(spread[::-1][:N_DIRECTIONS].mean(), 1e-6))
    padded = np.zeros((len(axes), N_DIRECTIONS))
    padded[:, : axes.shape[1]] = axes / size
    return np.hstack([mean[:, None], padded])
