"""Sequential patterns of sessions, weighted by time: what follows the longest matching ending.

A *pattern* (a_1 … a_m → b) says that within sessions b came next after a_1 … a_m, in this order
and with at most `max_gap` other moments between any two of them; check-ins at one moment are a
set, in no order. Its strength is the decayed number of sessions that hold it:

    w(a → b) = Σ_{sessions with it} 2^(-age of the session / half-life) · decay^(moments between)

Mining is PrefixSpan's: grow patterns one item at a time, and look for the next item only in the
sessions where the pattern so far has been found. A query matches its recent check-ins against
the beginnings a_1 … a_m that end with the last one; the longest that is known speaks, shorter
ones speak `backoff` times as loud each, so that they rank what the longest leaves open.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from strec.models.base import Model
from strec.models.profiles import popularity, recent_rows
from strec.split import Log, Queries
from strec.train import Watch

#: Beginning → what follows it → weight.
Beginning = tuple[int, ...]
Rules = dict[Beginning, dict[int, float]]
#: The items of each moment, the moments in order.
Sequence = list[tuple[int, ...]]
#: Where something was found: session, position, moments left out so far.
Places = list[tuple[int, int, int]]


@dataclass(repr=False, eq=False)
class Patterns(Model):
    """Sequential pattern mining.

    Parameters
    ----------
    max_length : int
        Most items in the beginning of a pattern.
    min_sessions : int
        Fewest sessions that a pattern must be found in; a beginning and what follows it.
    max_gap : int
        Moments that may stand between two neighbours of a pattern.
    gap_decay : float
        Weight of a pattern with one moment between against one with none.
    half_life_days : float
        A session so many days before the end of training counts half.
    backoff : float
        Weight of a beginning against one that is longer by an item.
    n_recent : int
        Visits of the history that are matched.
    own : float
        How many strangers' sessions one session of the query's own history is worth; 0 leaves
        it out.

    References
    ----------
    Pei et al., "PrefixSpan: mining sequential patterns efficiently by prefix-projected pattern
    growth", ICDE 2001. The time weights follow the idea of temporal pattern mining for
    session-based recommendation (2019); the back-off is that of Brants et al., EMNLP 2007.

    Examples
    --------
    >>> from strec import schema
    >>> model = Patterns(min_sessions=1).fit(schema.example())
    >>> model.recommend(schema.example(), k=2).height
    4
    """

    kind = "patterns"
    label = "Sequential patterns"
    sentence = "What followed the same last steps before, recent sessions counting more."
    family = "traditional"
    order = 9

    max_length: int = 2
    min_sessions: int = 2
    max_gap: int = 1
    gap_decay: float = 0.5
    half_life_days: float = 90.0
    backoff: float = 0.3
    n_recent: int = 6
    own: float = 20.0

    def _fit(self, train: Log, watch: Watch) -> None:
        end_us, sequences = _sequences(train, np.arange(len(train)))
        age_days = (train.time_us.max() - end_us) / 86.4e9
        watch("Mining patterns", 0.1)
        self.rules_ = mine(
            sequences,
            0.5 ** (age_days / self.half_life_days),
            max_length=self.max_length,
            min_sessions=self.min_sessions,
            max_gap=self.max_gap,
            gap_decay=self.gap_decay,
        )
        self.popularity_ = popularity(train)
        watch("Done", 1.0)

    def _score(self, queries: Queries) -> np.ndarray:
        scores = np.tile(1e-6 * self.popularity_, (len(queries), 1))
        recent = recent_rows(queries, self.n_recent)
        for query in range(len(queries)):
            _, (past,) = _sequences(queries.log, recent[query][recent[query] >= 0], whole=True)
            here = int(queries.here[query])
            if here >= 0 and not (past and here in past[-1]):
                past.append((here,))
            matches = endings(past, self.max_length, self.max_gap)
            own = self._own_rules(queries, query, matches) if self.own and past else {}
            self._add(scores[query], matches, own)
        return scores

    def _add(self, scores: np.ndarray, matches: dict[Beginning, int], own: Rules) -> None:
        """Add what the matching beginnings say: each length shares out a weight of one."""
        found = defaultdict(lambda: defaultdict(float))
        for beginning, gaps in matches.items():
            quiet = self.gap_decay**gaps
            for rules, loud in ((self.rules_, 1.0), (own, self.own)):
                for item, weight in rules.get(beginning, {}).items():
                    found[len(beginning)][item] += loud * quiet * weight
        for shorter, length in enumerate(sorted(found, reverse=True)):
            total = sum(found[length].values())
            for item, weight in found[length].items():
                scores[item] += self.backoff**shorter * weight / total

    def _own_rules(self, queries: Queries, query: int, matches: dict[Beginning, int]) -> Rules:
        """Mine the visible history of one query for what followed these beginnings."""
        log = queries.log
        rows = queries.indices[queries.indptr[query] : queries.indptr[query + 1]]
        if log.is_anonymous:
            return {}
        end_us, sequences = _sequences(log, rows)
        age_days = np.maximum(queries.time_us[query] - end_us, 0) / 86.4e9
        return mine(
            sequences,
            0.5 ** (age_days / self.half_life_days),
            max_length=self.max_length,
            min_sessions=1,
            max_gap=self.max_gap,
            gap_decay=self.gap_decay,
            wanted=set(matches),
        )

    def _arrays(self) -> dict[str, np.ndarray]:
        rows = [
            (beginning, item, weight)
            for beginning, following in sorted(self.rules_.items())
            for item, weight in sorted(following.items())
        ]
        table = np.full((len(rows), self.max_length + 1), -1, dtype=np.int64)
        for row, (beginning, item, _) in enumerate(rows):
            table[row, : len(beginning)] = beginning
            table[row, -1] = item
        weights = np.array([weight for *_, weight in rows], dtype=np.float64)
        return {"rules": table, "weights": weights, "popularity": self.popularity_}

    def _restore(self, arrays: dict[str, np.ndarray]) -> None:
        self.rules_ = defaultdict(dict)
        for row, weight in zip(arrays["rules"].tolist(), arrays["weights"].tolist(), strict=True):
            beginning = tuple(code for code in row[:-1] if code >= 0)
            self.rules_[beginning][row[-1]] = weight
        self.popularity_ = arrays["popularity"]


def mine(
    sequences: list[Sequence],
    weights: np.ndarray,
    *,
    max_length: int = 3,
    min_sessions: int = 2,
    max_gap: int = 0,
    gap_decay: float = 1.0,
    wanted: set[Beginning] | None = None,
) -> Rules:
    """Return what follows each beginning that is frequent, with its decayed number of sessions.

    Each session counts by its weight. A beginning has `max_length` items at most and is looked for
    where it is `wanted`; beginning and follower must stand in `min_sessions`. Up to `max_gap`
    moments may stand between two neighbours, a factor `gap_decay` each; of several places in one
    session the closest counts. The answer is beginning → item → weight.

    Examples
    --------
    >>> mine([[(1,), (2,), (3,)], [(1,), (2, 4)], [(2,), (3,)]], np.ones(3), max_length=2)
    {(1,): {2: 2.0}, (2,): {3: 2.0}}
    """
    rules: Rules = {}
    grows = None if wanted is None else {p[:n] for p in wanted for n in range(1, len(p) + 1)}
    start = defaultdict(list)
    for number, sequence in enumerate(sequences):
        for position, items in enumerate(sequence):
            for item in items:
                if grows is None or (item,) in grows:
                    start[item].append((number, position, 0))
    stack: list[tuple[Beginning, Places]] = [
        ((item,), found) for item, found in sorted(start.items(), reverse=True)
    ]
    while stack:
        pattern, places = stack.pop()
        grown = _grow(sequences, places, max_gap)
        following = {}
        for item, found in sorted(grown.items()):
            # One session counts once, by its closest occurrence.
            closest: dict[int, int] = {}
            for number, _, gaps in found:
                closest[number] = min(gaps, closest.get(number, gaps))
            if len(closest) < min_sessions:
                continue
            following[item] = float(
                sum(weights[number] * gap_decay**gaps for number, gaps in closest.items())
            )
            longer = (*pattern, item)
            if len(pattern) < max_length and (grows is None or longer in grows):
                stack.append((longer, found))
        if following and (wanted is None or pattern in wanted):
            rules[pattern] = following
    return dict(sorted(rules.items()))


def endings(past: Sequence, max_length: int, max_gap: int) -> dict[Beginning, int]:
    """Return all beginnings that end in the last moment, and the fewest moments left out.

    Examples
    --------
    >>> endings([(7,), (8,), (9,)], max_length=2, max_gap=1)
    {(9,): 0, (8, 9): 0, (7, 9): 1}
    """
    found: dict[Beginning, int] = {}
    ends = past[-1] if past else ()
    stack: list[tuple[Beginning, int, int]] = [((item,), len(past) - 1, 0) for item in ends]
    while stack:
        pattern, position, gaps = stack.pop()
        found[pattern] = min(gaps, found.get(pattern, gaps))
        if len(pattern) < max_length:
            for between in range(max_gap, -1, -1):
                earlier = position - 1 - between
                for item in past[earlier] if earlier >= 0 else ():
                    stack.append(((item, *pattern), earlier, gaps + between))
    return found


def _grow(sequences: list[Sequence], places: Places, max_gap: int) -> dict[int, Places]:
    """Return where each next item is found: session, position, moments left out so far."""
    grown = defaultdict(list)
    for number, position, gaps in places:
        sequence = sequences[number]
        for between, items in enumerate(sequence[position + 1 : position + 2 + max_gap]):
            for item in items:
                grown[item].append((number, position + 1 + between, gaps + between))
    return grown


def _sequences(
    log: Log, rows: np.ndarray, whole: bool = False
) -> tuple[np.ndarray, list[Sequence]]:
    """Return when each session of some rows ended, and its known items by moment.

    With `whole`, all rows are one sequence.
    """
    rows = rows[log.item[rows] >= 0]
    if log.has_origins and not whole:
        rows = rows[log.came_from[rows] >= 0]
        steps = np.c_[log.came_from, log.item][rows].tolist()
        return log.time_us[rows], [[(start,), (end,)] for start, end in steps]
    session = log.session[rows] * (not whole)
    opens = np.flatnonzero(np.diff(session)) + 1
    of = np.searchsorted(opens, np.arange(len(rows)), side="right")
    sequences: list[Sequence] = [[] for _ in range(len(opens) + 1)]
    begins = np.flatnonzero(np.r_[True, np.diff(log.moment[rows]) != 0][: len(rows)])
    items = log.item[rows].tolist()
    for begin, end in zip(begins, [*begins, len(rows)][1:], strict=len(rows) > 0):
        sequences[of[begin]].append(tuple(dict.fromkeys(items[begin:end])))
    return log.time_us[rows[np.r_[opens - 1, len(rows) - 1]]] if len(rows) else rows, sequences
