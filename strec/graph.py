"""The item graph: which item follows which, and which places are near one another.

Two sparse relations over the same items, each with weights from 0 to 1. *Follows* holds the
commonest transitions within sessions; *near* holds the nearest places, fading with distance.
Graph models read both as edges; neither needs more memory than ``n_items × neighbours``.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy import sparse

from strec.geo import EARTH_RADIUS_KM
from strec.split import Log, Vocabulary
from strec.split.queries import ranges


def item_graph(train: Log, *, n_follows: int = 20, n_near: int = 10) -> "ItemGraph":
    """Return the item graph of training check-ins.

    Parameters
    ----------
    train : Log
        Training check-ins (`Split.train`).
    n_follows : int
        Commonest successors kept per item.
    n_near : int
        Nearest places kept per item.

    Returns
    -------
    ItemGraph
        The weight of a successor is its share of the item's transitions; that of a near place
        is ``exp(-distance / reach)``, where reach is the median distance of the pairs kept.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import encode
    >>> table = schema.example()
    >>> graph = item_graph(encode(table, Vocabulary.of(table)), n_near=1)
    >>> graph.follows.toarray().tolist()  # cafe → office, cafe → park
    [[0.0, 0.5, 0.5], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    follows = strongest(transitions(train), n_follows)
    total = np.asarray(follows.sum(axis=1)).ravel()
    follows = sparse.diags_array(1 / np.where(total > 0, total, 1)) @ follows
    return ItemGraph(sparse.csr_array(follows), near_places(train.vocabulary, n_near))


@dataclass(frozen=True)
class ItemGraph:
    """Two weighted relations between items.

    Attributes
    ----------
    follows, near : scipy.sparse.csr_array
        Shape ``(n_items, n_items)``, weights from 0 to 1; `follows` points from an item to its
        successors, `near` is symmetric where both keep each other.

    Examples
    --------
    >>> from strec import Dataset, schema
    >>> item_graph(Dataset(schema.example()).train).follows.shape
    (2, 2)
    """

    follows: sparse.csr_array
    near: sparse.csr_array

    @property
    def n_items(self) -> int:
        return len(self.follows.indptr) - 1

    def edges(self) -> tuple[np.ndarray, np.ndarray]:
        """Return both relations as one set of undirected edges, in both directions.

        Returns
        -------
        tuple of numpy.ndarray
            Source and target, shape ``(2, n_edges)``, int64, sorted and without repetition;
            weights, shape ``(n_edges,)``, float32: the larger where relations overlap.

        Examples
        --------
        >>> from strec import Dataset, schema
        >>> between, weight = item_graph(Dataset(schema.example()).everything).edges()
        >>> between.shape, weight.dtype.name
        ((2, 6), 'float32')
        """
        relations = (self.follows, self.follows.T, self.near, self.near.T)
        both = sparse.csr_array(self.follows.shape)
        for relation in relations:
            both = sparse.csr_array(both.maximum(sparse.csr_array(relation)))
        both.setdiag(0)
        both.eliminate_zeros()
        both.sort_indices()
        found = both.tocoo()
        return np.stack([found.row, found.col]).astype(np.int64), found.data.astype(np.float32)


def transitions(train: Log) -> sparse.csr_matrix:
    """Count what follows what, shape ``(n_items, n_items)``: within sessions, or by trips.

    Of n check-ins at one moment and m at the next, each of the n leads to each of the m with a
    weight of 1 / (n m): the order within a moment is not known.

    Parameters
    ----------
    train : Log
        Training check-ins.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import Vocabulary, encode
    >>> log = encode(schema.example(), Vocabulary.of(schema.example()))
    >>> transitions(log).toarray().tolist()
    [[0.0, 1.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    moment, n_items = train.moment, len(train.vocabulary.items)
    size = np.bincount(moment)
    share, shape = 1 / size[moment], (len(size), n_items)
    before = tally(moment, train.item, shape, share)
    after = tally(moment, np.where(train.origin >= 0, -1, train.item), shape, share)
    # The session of each moment: that of any of its rows.
    session = train.session[train.before == np.arange(len(train))]
    linked = np.flatnonzero(np.diff(session) == 0)
    trips = tally(train.origin, train.item, (n_items, n_items))
    found = sparse.csr_matrix(trips + cast(sparse.csr_matrix, before[linked]).T @ after[linked + 1])
    found.sort_indices()
    return found


def tally(
    row: np.ndarray,
    column: np.ndarray,
    shape: tuple[int, int],
    weight: np.ndarray | None = None,
) -> sparse.csr_matrix:
    """Sum weights, or count, by row and column; what has a code below 0 is left out.

    Parameters
    ----------
    row, column : numpy.ndarray
        Codes, shape ``(n,)``.
    shape : tuple of int
        Of the answer.
    weight : numpy.ndarray, optional
        Shape ``(n,)``; each counts 1 when not given.

    Examples
    --------
    >>> tally(np.array([0, 0, 1, 1]), np.array([1, 1, 0, -1]), (2, 2)).toarray().tolist()
    [[0.0, 2.0], [1.0, 0.0]]
    """
    known = (row >= 0) & (column >= 0)
    values = np.ones(int(known.sum())) if weight is None else weight[known]
    matrix = sparse.csr_matrix((values, (row[known], column[known])), shape=shape)
    matrix.sum_duplicates()
    return matrix


def _without_weak(matrix: sparse.csr_matrix, k: int) -> sparse.csr_matrix:
    """Return long rows without what is surely not among their k largest entries."""
    size = np.diff(matrix.indptr)
    long = np.flatnonzero(size > k)
    if not len(long) or not k:
        return matrix
    least = np.full(len(size), -np.inf, dtype=np.float64)
    # Rows that are about as long are looked at together.
    long = long[np.argsort(size[long], kind="stable")]
    for some in np.array_split(long, -(-len(long) // 64)):
        width = int(size[some[-1]])
        own = np.full((len(some), width), -np.inf)
        place = ranges(matrix.indptr[some], matrix.indptr[some + 1])[1]
        own[np.arange(width) < size[some, None]] = matrix.data[place]
        least[some] = np.partition(own, width - k, axis=1)[:, width - k]
    kept = matrix.data >= np.repeat(least, size)
    indptr = np.r_[0, np.cumsum(kept)][matrix.indptr]
    return sparse.csr_matrix((matrix.data[kept], matrix.indices[kept], indptr), matrix.shape)


def near_places(vocabulary: Vocabulary, n_near: int) -> sparse.csr_array:
    """Return how near the nearest places are, shape ``(n_items, n_items)``.

    Parameters
    ----------
    vocabulary : Vocabulary
        The items; those that are no places have no neighbours.
    n_near : int
        Nearest places kept per item.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import Vocabulary
    >>> near_places(Vocabulary.of(schema.example()), 1).shape
    (3, 3)
    """
    from sklearn.neighbors import BallTree

    n_items = len(vocabulary.items)
    place = np.flatnonzero(vocabulary.item_is_place)
    n_near = min(n_near, len(place) - 1)
    if n_near < 1:
        return sparse.csr_array((n_items, n_items))
    at = np.radians(np.stack([vocabulary.item_lat[place], vocabulary.item_lon[place]], axis=1))
    # Its nearest place is itself, or another at the very same spot; the diagonal goes below.
    away, other = BallTree(at, metric="haversine").query(at, k=n_near + 1)
    km = (away * EARTH_RADIUS_KM).ravel()
    source, target = np.repeat(place, n_near + 1), place[other.ravel()]
    kept = source != target
    km, source, target = km[kept], source[kept], target[kept]
    reach_km = max(float(np.median(km)), 0.05)
    return sparse.csr_array((np.exp(-km / reach_km), (source, target)), shape=(n_items, n_items))


def strongest(matrix: sparse.csr_matrix, k: int) -> sparse.csr_matrix:
    """Return the k largest entries of each row; equal ones keep the order of columns.

    Parameters
    ----------
    matrix : scipy.sparse matrix
        Numbers of any kind.
    k : int
        Entries kept per row.

    Examples
    --------
    >>> strongest(sparse.csr_matrix([[1, 3, 2], [0, 0, 4]]), 2).toarray().tolist()
    [[0, 3, 2], [0, 0, 4]]
    """
    matrix = _without_weak(sparse.csr_matrix(matrix), k)
    matrix.sort_indices()
    size = np.diff(matrix.indptr)
    row = np.repeat(np.arange(len(size)), size)
    kept = (size <= k)[row]
    # Only equal entries are left to be told apart.
    rest = np.flatnonzero(~kept)
    order = rest[np.lexsort((matrix.indices[rest], np.negative(matrix.data[rest]), row[rest]))]
    first = np.searchsorted(row[rest], row[rest])
    kept[order[np.arange(len(rest)) - first < k]] = True
    entries = (matrix.data[kept], (row[kept], matrix.indices[kept]))
    return sparse.csr_matrix(entries, shape=matrix.shape)
