"""What the sources of new items say where items are many: the best of them, without all of them.

See `strec.models.counting.blocks`. Sums and scores are those of `Newcomers`, of which a list needs
only the items of blocks that are near, that hold something visited, or that can reach the list.
"""

from collections.abc import Callable

import numpy as np

from strec.geo import unit_vectors
from strec.models.counting.blocks import exact_km
from strec.models.counting.newcomers import SOURCES, Newcomers, heard, taste_of, visited
from strec.models.counting.statistics import Statistics, time_cell
from strec.models.counting.visits import after_last
from strec.split import Queries

#: Blocks looked into at first, and what rounding may take from the bound of a block.
_AT_ONCE, _ROUNDING = 64, 1 + 1e-5


def newcomers(queries: Queries, statistics: Statistics) -> "Newcomers | NewAmongMany":
    """Return what the sources say; of one query over many items without looking at all of them."""
    few = len(queries) != 1 or statistics.item_blocks is None
    return Newcomers(queries, statistics) if few else NewAmongMany(queries, statistics)


class NewAmongMany:
    """`Newcomers` of one query, for many items.

    Parameters
    ----------
    query : Queries
        One.
    statistics : Statistics
        With `item_blocks`.
    """

    def __init__(self, query: Queries, statistics: Statistics):
        blocks = statistics.item_blocks
        assert blocks is not None
        self._query, self._statistics, self._blocks = query, statistics, blocks
        self._hour = blocks.hour(int(time_cell(query.hour, query.weekday)[0]))
        self._kinds = blocks.kinds(query.vocabulary.item_category)
        self._liked = taste_of(query, statistics)[0]
        self._visited = np.unique(visited(query)[1])
        follows = after_last(query, statistics)
        new = ~np.isin(follows.indices, self._visited)
        self._follows = follows.indices[new], follows.data[new]
        n, self._size = blocks.item.shape
        self._is_opened = np.zeros(n, dtype=bool)
        self._is_opened[blocks.position[self._visited] // self._size] = True
        #: How check-ins of each block fade with the way, of each length; which are near.
        self._fade, self._is_near = np.zeros((3, n)), np.zeros(n, dtype=bool)
        self._here = np.zeros(3)
        if blocks.places is not None and not np.isnan(query.lat).any():
            km, near = blocks.places.ways_km(query.lat, query.lon)
            self._fade[:, : len(near[0])] = np.exp(-km[0] / statistics.move_km[:, None])
            self._is_near[: len(near[0])] = near[0]
            self._is_opened |= self._is_near
            self._here = unit_vectors(query.lat, query.lon)[0]
        self._opened = np.flatnonzero(self._is_opened)
        self._said = self._of_blocks(self._opened)
        block, column = np.divmod(blocks.position[self._visited], self._size)
        self._said[np.searchsorted(self._opened, block) * self._size + column] = 0.0
        self._tasted, self._most_tasted = self._taste()
        self.totals = heard(self._totals())

    def _taste(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the weights of what is liked by block: together, and the greatest."""
        together, best = np.zeros((2, len(self._blocks.item)))
        sums, most = np.zeros((2, len(together)), dtype=np.float32)
        heard = ~self._is_opened
        if self._blocks.places is not None:
            heard &= self._fade[2] > 0
        liked, ones = self._liked.astype(np.float32), np.ones(self._size, dtype=np.float32)
        if not liked.any():
            return together, best
        # So many at once stay near the processor.
        for first in range(0, len(heard), 512):
            some = slice(first, first + 512)
            if heard[some].any():
                weights = np.take(liked, self._kinds[some])
                weights *= self._hour.weight[some]
                np.matmul(weights, ones, out=sums[some])
                np.max(weights, axis=1, out=most[some])
        together[heard], best[heard] = sums[heard], most[heard]
        return together, best

    def _totals(self) -> np.ndarray:
        found, hour, far = self._said.sum(axis=0), self._hour, ~self._is_opened
        found[0] += self._blocks.popular[far].sum()
        found[1] += hour.popular[far].sum()
        found[2] = self._follows[1].sum()
        if self._blocks.places is None:
            found[7] += self._tasted[far].sum()
        else:
            fade = self._fade[:, far]
            found[3:6] += fade @ hour.total[far]
            found[6:] += fade[1:] @ self._tasted[far]
        return found[None]

    def _of_blocks(self, rows: np.ndarray) -> np.ndarray:
        """Return what each source says of all items of some blocks, shape ``(n, n_sources)``.

        That is of visited ones too, and without what follows the last item.
        """
        block = np.repeat(rows, self._size)
        return self._spoken(lambda each: each[rows].reshape(len(block), *each.shape[2:]), block)

    def _of_places(self, position: np.ndarray) -> np.ndarray:
        """Return the same of the items at some positions."""
        block = position // self._size
        return self._spoken(lambda each: each[block, position % self._size], block)

    def _spoken(self, take: Callable[[np.ndarray], np.ndarray], block: np.ndarray) -> np.ndarray:
        blocks, hour = self._blocks, self._hour
        popular, lift = take(blocks.popularity), take(hour.lift).astype(np.float64)
        # One source after another lies together.
        said = np.zeros((len(SOURCES), len(block)))
        said[0], said[1] = popular, popular * lift
        liked = self._liked[take(self._kinds)]
        if blocks.places is None:
            said[7] = said[1] * liked
            return said.T
        said[3:6] = self._fade[:, block]
        near = np.flatnonzero(self._is_near[block])
        km = exact_km(take(blocks.xyz)[near], self._here)
        said[3:6, near] = np.exp(-km / self._statistics.move_km[:, None])
        said[3:6] *= take(blocks.count) * lift
        np.multiply(said[4:6], liked, out=said[6:])
        return said.T

    def at(self, query: np.ndarray, item: np.ndarray) -> np.ndarray:
        """Return what each source says of some items; see `Newcomers.at`."""
        said = self._of_places(self._blocks.position[item])
        known, follows = self._follows
        said[:, 2] = looked_up(known, follows, item)
        said[np.isin(item, self._visited)] = 0.0
        return said

    def together(self, weights: np.ndarray) -> np.ndarray:
        """Return the weighted sum of what is said of every item; see `Newcomers.together`."""
        return Newcomers(self._query, self._statistics).together(weights)

    def best(
        self,
        weights: np.ndarray,
        visits: tuple[np.ndarray, np.ndarray],
        k: int,
        among: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the k items of the highest scores and these, best first; ties go by code.

        Parameters
        ----------
        weights : numpy.ndarray
            Shape ``(n_sources,)``.
        visits : tuple of numpy.ndarray
            Visited items, each once, in order, and what their visits add.
        k : int
            How many at most.
        among : numpy.ndarray, optional
            Shape ``(n_items,)``, bool: no others.
        """
        blocks, hour = self._blocks, self._hour
        bound = weights[0] * blocks.most_popular + weights[1] * hour.most_popular
        if blocks.places is None:
            bound += weights[7] * self._most_tasted
        else:
            bound += (weights[3:6] @ self._fade) * hour.best
            bound += (weights[6:] @ self._fade[1:]) * self._most_tasted
        bound *= _ROUNDING
        bound[self._is_opened] = -np.inf
        if among is not None:
            bound[~np.append(among, False)[blocks.item].any(axis=1)] = -np.inf
        # What is visited, or follows, is looked at one by one; then blocks, the best bound first.
        named = np.union1d(visits[0], self._follows[0])
        added = looked_up(*visits, named)
        best = _Best(k, among, named, self.at(np.zeros_like(named), named) @ weights + added)
        scores = self._said @ weights
        items = blocks.item[self._opened].ravel()
        best.add(items, scores, besides=named)
        step = _AT_ONCE
        while (bound >= best.bar).any():
            rows = np.flatnonzero(bound >= best.bar)
            if len(rows) > step:
                rows = rows[np.argpartition(-bound[rows], step)[:step]]
            scores = self._of_blocks(rows) @ weights
            best.add(blocks.item[rows].ravel(), scores, besides=named)
            bound[rows] = -np.inf
            step *= 4
        return best.sorted()


class _Best:
    """The k best items so far; all that equal the last of them are kept."""

    def __init__(self, k: int, among: np.ndarray | None, items: np.ndarray, scores: np.ndarray):
        self._k, self._among = k, among
        self._items, self._scores = np.zeros(0, dtype=np.int64), np.zeros(0)
        self.bar = -1.0
        self.add(items, scores)

    def add(self, items: np.ndarray, scores: np.ndarray, besides: np.ndarray | None = None) -> None:
        """Look at more items, but for those that have been looked at by name, and for -1."""
        able = np.flatnonzero((scores >= self.bar) & (items >= 0))
        items, scores = items[able], scores[able]
        if besides is not None:
            new = ~np.isin(items, besides)
            items, scores = items[new], scores[new]
        if self._among is not None:
            scores, items = scores[self._among[items]], items[self._among[items]]
        items, scores = np.append(self._items, items), np.append(self._scores, scores)
        if len(items) > self._k:
            kept = scores >= np.partition(scores, len(scores) - self._k)[len(scores) - self._k]
            items, scores = items[kept], scores[kept]
        self._items, self._scores = items, scores
        if len(items) >= self._k:
            self.bar = float(scores.min())

    def sorted(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the items and their scores, best first, ties by code."""
        order = np.lexsort((self._items, -self._scores))[: self._k]
        return self._items[order], self._scores[order]


def looked_up(known: np.ndarray, values: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Return the values of items, 0 for those that are not among the known, in order."""
    if not len(known):
        return np.zeros(len(items))
    place = np.minimum(np.searchsorted(known, items), len(known) - 1)
    return np.where(known[place] == items, values[place], 0.0)
