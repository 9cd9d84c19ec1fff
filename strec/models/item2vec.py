"""item2vec: items that stand in the same sessions get similar vectors.

Skip-gram with negative sampling over sessions as sentences, by `gensim`:

    P(i in the session of j) ∝ exp(u_j · v_i)

An item is scored by its output vector v_i against the input vectors u_j of the recent visits,
the latest counting most:

    s(i) = (Σ_r d^r u_{j_r} / Σ_r d^r) · v_i,   r = 0 for the last visit, 1 for the one before …
"""

from dataclasses import dataclass

import numpy as np

from strec.models.profiles import HistoryModel, recent_items
from strec.split import Log, Queries
from strec.train import Watch


@dataclass(repr=False, eq=False)
class Item2Vec(HistoryModel):
    """word2vec over sessions.

    Parameters
    ----------
    n_factors : int
        Length of the vectors.
    window : int
        How many visits apart two items may stand to count as together.
    epochs : int
        Passes over the sessions.
    n_negatives : int
        Items drawn against each pair.
    n_recent : int
        Visits of the history that are looked at.
    decay : float
        Weight of each visit against the one after it, 0 to 1.
    by_user : bool
        Take whole trajectories as sentences instead of sessions.
    seed : int
        Seed of vectors and draws.

    References
    ----------
    Mikolov et al., "Distributed representations of words and phrases", NeurIPS 2013.
    Barkan and Koenigstein, "Item2vec: neural item embedding for collaborative filtering", 2016.

    Examples
    --------
    >>> from strec import schema
    >>> model = Item2Vec(n_factors=4, epochs=2).fit(schema.example())
    >>> model.recommend(schema.example(), k=2).height
    4
    """

    kind = "item2vec"
    label = "item2vec"
    sentence = "Items that stand close to the recent ones in other people's histories."
    family = "traditional"
    order = 8
    quick = {"n_factors": 16, "epochs": 3}
    packages = ("gensim",)

    n_factors: int = 32
    window: int = 5
    epochs: int = 30
    n_negatives: int = 10
    n_recent: int = 150
    decay: float = 0.95
    by_user: bool = True
    seed: int = 0

    def _learn(self, train: Log, watch: Watch) -> None:
        from gensim.models import Word2Vec
        from gensim.models.callbacks import CallbackAny2Vec

        class Report(CallbackAny2Vec):
            """Tells each epoch's end."""

            done = 0

            def on_epoch_end(report, model):
                report.done += 1
                watch("Fitting item2vec", report.done / self.epochs)

        # One worker: more would make the result depend on their race.
        words = Word2Vec(
            sentences=sentences(train, self.by_user),
            vector_size=self.n_factors,
            window=self.window,
            min_count=1,
            sg=1,
            # Frequent words say little in a text and are left out; frequent items say much.
            sample=0,
            negative=self.n_negatives,
            epochs=self.epochs,
            workers=1,
            seed=self.seed,
            callbacks=[Report()],
        )
        shape = (len(train.vocabulary.items), self.n_factors)
        self.input_, self.output_ = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        code = np.array(words.wv.index_to_key, dtype=np.int64)
        self.input_[code], self.output_[code] = words.wv.vectors, words.syn1neg

    def _relate(self, queries: Queries) -> np.ndarray:
        recent = recent_items(queries, self.n_recent)  # (n, n_recent), the latest last
        weight = self.decay ** np.arange(self.n_recent)[::-1] * (recent >= 0)
        weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
        mean = np.einsum("nr,nrf->nf", weight, self.input_[np.maximum(recent, 0)])
        return mean @ self.output_.T


def sentences(train: Log, by_user: bool = False) -> list[list[str]]:
    """Return the known items of each session, trajectory or trip, in time order, as text."""
    known = train.item >= 0
    if train.has_origins:
        trips = np.c_[train.came_from, train.item][known & (train.came_from >= 0)]
        return trips.astype(str).tolist()
    owner = (train.owner if by_user else train.session)[known]
    ends = np.flatnonzero(np.diff(owner)) + 1
    return [part.astype(str).tolist() for part in np.split(train.item[known], ends)]
