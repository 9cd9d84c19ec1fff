"""Trees as a model of strec: training, scores, explanation, files.

    P(i | q) = softmax_i( log m(i | q) + f(x_i) )     over the items of the history and "new"
    P(i | q) = P(new | q) · softmax_i( log m(i | new, q) + g(y_i) )    over what is new

m is the counter mix, f and g are sums of regression trees. Without a tree it is the counter mix.
"""

from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from strec.models.base import Explanation, Model, with_scores
from strec.models.calibration import kept_aside, late, temperatures
from strec.models.counting import CounterMix
from strec.models.counting.mixture import chunks
from strec.models.features.training_data import FIRST_SHARE
from strec.models.features.world import World
from strec.models.profiles import moment_at
from strec.models.saved import Arrays, prefixed, under
from strec.models.trees.boosting import Binned, Lesson, as_array, as_trees, softmax, told
from strec.models.trees.lessons import lessons_of
from strec.models.trees.numbers import Table, new_table, visited_table
from strec.progress import Progress, part_of
from strec.split import Log, Queries
from strec.train import Watch, give_back

if TYPE_CHECKING:
    import lightgbm

_CHUNK_NUMBERS = 4_000_000
#: Share of training, the latest, of which what is no target tells how sure to be.
_LATEST = 0.15
#: Queries held out to know how many trees help: a share, and at least so many.
_CHECK_SHARE, _FEWEST_CHECKED = 0.1, 100


class Reading(NamedTuple):
    """What trees make of some queries."""

    visited: Table
    new: Table
    likely: np.ndarray  # (Q, n_items) what counting gives each item among the new
    chance: np.ndarray  # (R,) of each row of `visited`
    among_new: np.ndarray  # (N,) of each row of `new`, among them


@dataclass(repr=False, eq=False)
class Trees(Model):
    """Boosted trees that correct the counter mix, item by item.

    Parameters
    ----------
    time_known : bool
        Whether the time of a query is given; else that of the last check-in stands for it.
    n_targets : int
        Training check-ins drawn as targets at most, of the last 70 %.
    n_trees, n_leaves, learning_rate : int, int, float
        Trees at most (as many stay as help on a tenth held out), leaves of each, and how much
        of each is added.
    members : int
        Forests grown from different seeds, which are averaged.
    end_weight : float
        How much the last check-in of a session counts among the targets, against 1 for others.
    fade : float
        Later targets count more: the weight falls by e over this share of the training time.
    seed : int
        Seed of everything drawn.

    References
    ----------
    Ke et al., "LightGBM: a highly efficient gradient boosting decision tree", NeurIPS 2017.

    Examples
    --------
    >>> from strec import schema
    >>> model = Trees().fit(schema.example())
    >>> model.recommend(schema.example(), k=2).height
    4
    """

    kind = "trees"
    label = "Boosted trees"
    sentence = "Counting, corrected by trees that look at each candidate's hours, gaps and places."
    family = "spatio-temporal"
    order = 1
    quick = {"n_targets": 2_000, "n_trees": 30, "members": 1}
    is_probability = True
    explains = True
    packages = ("lightgbm",)

    time_known: bool = True
    n_targets: int = 30_000
    n_trees: int = 200
    n_leaves: int = 31
    learning_rate: float = 0.1
    members: int = 2
    end_weight: float = 3.0
    fade: float = 0.5
    seed: int = 0

    def _fit(self, train: Log, watch: Watch) -> None:
        since = moment_at(train.time_us, 1 - _LATEST)
        n_known = max(len(late(train, moment_at(train.time_us, FIRST_SHARE))), 1)
        left_out = max(0.0, 1 - self.n_targets / n_known)
        targets = self.learn(train, kept_aside(train, since, left_out, self.seed), watch)
        self.vocabulary_ = train.vocabulary
        unseen = np.setdiff1d(late(train, since), targets)
        given = {"time_known": self.time_known, "seed": self.seed}
        before = self.adapt(World.of(train.where(train.time_us < since), self.world_.meaning))
        self.calibration_ = temperatures(
            before._score, train, since, every=unseen, ends=unseen, **given
        )
        watch("Done", 1.0)

    def learn(self, train: Log, held: np.ndarray, watch: Watch) -> np.ndarray:
        """Learn from training check-ins, but for some that shall judge; return the others' rows.

        Parameters
        ----------
        train : Log
            Training check-ins.
        held : numpy.ndarray
            Rows that are no targets.
        watch : Watch
            Listens, and may stop it.

        Examples
        --------
        >>> from strec import Dataset, schema
        >>> model, log = Trees(), Dataset(schema.example()).everything
        >>> model.learn(log, np.array([3]), Watch()).tolist()
        [2]
        >>> model.mix_.vocabulary_ is log.vocabulary
        True
        """
        first = Watch(progress=part_of(watch, 0.0, 0.4), should_stop=watch.should_stop)
        rows, lessons = self.study(train, held, first)
        self.grow(lessons, part_of(watch, 0.4, 0.95))
        return rows

    def study(
        self,
        train: Log,
        held: np.ndarray,
        watch: Watch,
        worlds: dict[float, World] | None = None,
    ) -> tuple[np.ndarray, list[Binned | None]]:
        """Count, and return the targets' rows with the lessons that trees `grow` from.

        Lessons are made small here, before whoever grows them beside other work begins.

        Parameters
        ----------
        train, held, watch
            As for `learn`.
        worlds : dict, optional
            Takes what is counted of parts of the log, for whoever learns from it next (see
            `strec.models.features.training_data.blocks_of`).

        Examples
        --------
        >>> from strec import Dataset, schema
        >>> model, log = Trees(), Dataset(schema.example()).everything
        >>> rows, lessons = model.study(log, np.array([3]), Watch())
        >>> model.grow(lessons, print)
        >>> len(model.visited_)
        0
        """
        counting = Watch(progress=part_of(watch, 0.0, 0.25), should_stop=watch.should_stop)
        self.mix_ = CounterMix(time_known=self.time_known, seed=self.seed)
        self.mix_.calibrates = False
        self.mix_.fit(train, watch=counting)
        self.visited_, self.new_ = [], []
        found = lessons_of(
            train,
            self.mix_,
            held,
            n_targets=self.n_targets,
            time_known=self.time_known,
            end_weight=self.end_weight,
            fade=self.fade,
            seed=self.seed,
            progress=part_of(watch, 0.25, 1.0),
            worlds=worlds,
        )
        give_back()
        nothing = np.zeros((len(train.vocabulary.items), 1))
        # The counter mix has counted all of it, and what is awaited.
        self.world_ = World.of(train, nothing, statistics=self.mix_.statistics_)
        if found is None:
            return np.zeros(0, dtype=np.int64), []
        rows, lessons = found.rows, [found.new, found.visited]
        del found
        visited, new = self._binned(lessons.pop()), self._binned(lessons.pop())
        return rows, [new, visited]

    def grow(
        self, lessons: list[Binned | None], progress: Progress, n_threads: int | None = None
    ) -> None:
        """Grow the trees; takes the lessons out of their list, so that nobody holds them longer.

        Parameters
        ----------
        lessons : list
            From `study`.
        progress : callable
            Told how far it is.
        n_threads : int, optional
            To grow on; all of the machine's without it. They make the same trees.
        """
        if lessons:
            self.visited_ = self._boosted(lessons.pop(), part_of(progress, 0.0, 0.8), n_threads)
            self.new_ = self._boosted(lessons.pop(), part_of(progress, 0.8, 1.0), n_threads)

    def _binned(self, lesson: Lesson | None) -> Binned | None:
        """Return a lesson to grow from; None where it is too little to see whether trees help."""
        if lesson is None:
            return None
        n = len(lesson.weight)
        drawn = [np.random.default_rng(seed).random(n) < _CHECK_SHARE for seed in self._seeds]
        drawn = list(takewhile(lambda held: held.sum() >= _FEWEST_CHECKED, drawn))
        if not drawn:
            return None
        binned = Binned(
            lesson,
            drawn,
            n_leaves=self.n_leaves,
            learning_rate=self.learning_rate,
            seed=self.seed,
        )
        # From here on nobody holds the numbers.
        del lesson
        give_back()
        return binned

    def _boosted(
        self, binned: Binned | None, progress: Progress, n_threads: int | None
    ) -> "list[lightgbm.Booster]":
        """Return forests; none where none helps."""
        if binned is None:
            return []
        n, found = len(binned.drawn), []
        for member in range(n):
            told_of = part_of(progress, member / n, (member + 1) / n)
            trees = binned.boosted(
                member,
                n_trees=self.n_trees,
                on_share=partial(told_of, "Growing trees"),
                seed=self._seeds[member],
                n_threads=n_threads,
            )
            found += [trees] if trees is not None else []
        return found

    @property
    def _seeds(self) -> list[int]:
        return [self.seed + 1_000 * each for each in range(self.members)]

    # ------------------------------------------------------------ scores

    def _score(self, queries: Queries) -> np.ndarray:
        scores = np.zeros((len(queries), len(queries.vocabulary.items)))
        for rows in chunks(queries, _CHUNK_NUMBERS):
            scores[rows] = self._chances(queries.take(rows))
        return scores

    def _chances(self, queries: Queries) -> np.ndarray:
        """Return probabilities, shape ``(Q, n_items)``."""
        reading = self.read(queries)
        visited, new, among_new = reading.visited, reading.new, reading.likely.copy()
        among_new[new.query, new.item] = reading.among_new
        somewhere_new = visited.item < 0
        found = reading.chance[somewhere_new][:, None] * among_new
        old = ~somewhere_new
        found[visited.query[old], visited.item[old]] = reading.chance[old]
        return found

    def read(self, queries: Queries) -> Reading:
        """Return what trees make of queries.

        Parameters
        ----------
        queries : Queries
            Who asks, when and where.
        """
        draft, _, rates = visited_table(queries, self.world_, self.mix_)
        visited = draft.table()
        new, _, likely = new_table(queries, self.world_, rates)
        said = told(self.visited_, visited.numbers) * visited.speaks
        chance = softmax(visited.start + said, visited.ptr)
        # Trees share among the likely new items what counting gives these together.
        shared = np.bincount(new.query, np.exp(new.start), len(queries))
        among_new = softmax(new.start + told(self.new_, new.numbers), new.ptr) * shared[new.query]
        return Reading(visited, new, likely, chance, among_new)

    def explain(self, queries: Queries, row: int, items: np.ndarray) -> list[Explanation]:
        from strec.models.trees.explain import explain_items

        self._check(queries)
        query = queries.take(slice(row, row + 1))
        found = explain_items(self, query, np.asarray(items))
        return with_scores(found, self.score(query)[0])

    def adapt(self, world: World) -> "Trees":
        """Return the same trees for the counts of other check-ins, without training.

        Parameters
        ----------
        world : World
            Counts of the other check-ins.

        Examples
        --------
        >>> from strec import schema
        >>> model = Trees().fit(schema.example())
        >>> model.adapt(model.world_).world_ is model.world_
        True
        """
        mix, other = CounterMix(**self.mix_.params()), Trees(**self.params())
        mix._restore(self.mix_._arrays() | world.statistics.arrays())
        other.mix_, other.world_ = mix, world
        other.visited_, other.new_ = self.visited_, self.new_
        return other

    # ------------------------------------------------------------ files

    def _arrays(self) -> Arrays:
        arrays = prefixed("mix.", self.mix_._arrays()) | prefixed("world.", self.world_.arrays())
        for name, forests in (("visited", self.visited_), ("new", self.new_)):
            for member, trees in enumerate(forests):
                arrays[f"trees.{name}.{member}"] = as_array(trees)
        return arrays

    def _restore(self, arrays: Arrays) -> None:
        self.mix_ = CounterMix(time_known=self.time_known, seed=self.seed)
        self.mix_._restore(under(arrays, "mix."))
        self.world_ = World.restore(under(arrays, "world."))
        self.visited_, self.new_ = (
            [as_trees(text) for _, text in sorted(under(arrays, f"trees.{name}.").items())]
            for name in ("visited", "new")
        )
