"""How the adapters of `strec.models.llm_ranker` learn: examples, the task, the weight."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from strec.models.base import Explanation, Model, ScorePart
from strec.models.neural import RowTask, device_of
from strec.models.profiles import moment_at
from strec.split import Log, Queries, queries_of_rows
from strec.train import Settings, Watch, fit

if TYPE_CHECKING:
    from strec.models.llm_ranker import LLMRanker

#: Share of the training check-ins, the latest, from which queries are drawn.
_LATEST = 0.2
_HELD_OUT = 0.2
_MOST_WEIGHT = 3.0


@dataclass(frozen=True)
class Ranked:
    """Queries with the best candidates of the first stage."""

    candidates: np.ndarray  # (n, k) item codes, best first
    prior: np.ndarray  # (n, k) their log-probabilities
    tokens: list[list[int]]  # each trajectory as token ids

    def __len__(self) -> int:
        return len(self.tokens)

    def likeness(self, reader, items: np.ndarray) -> np.ndarray:
        """Return what a reader says of each candidate, shape ``(n, k)``."""
        import torch

        from strec.llm.encoder import batches

        device = device_of(reader)
        found = np.empty(self.prior.shape)
        with torch.inference_mode():
            for rows in batches([len(row) for row in self.tokens]):
                tokens, mask = reader.pad([self.tokens[row] for row in rows])
                about = torch.from_numpy(items[self.candidates[rows]])
                read = reader(*(each.to(device) for each in (tokens, mask, about)))
                found[rows] = read.cpu().numpy()
        return found


@dataclass(frozen=True)
class Example(Ranked):
    """Queries whose answer is among the candidates."""

    right: np.ndarray  # (n,) the position of the item that came


def examples_of(model: "LLMRanker", train: Log, watch: Watch) -> tuple[Example, Example]:
    """Return examples to learn from, and later ones held out.

    The first stage that names their candidates has seen only what lies before all of them.
    """
    rows = np.flatnonzero(train.item >= 0)
    rows = rows[np.argsort(train.time_us[rows], kind="stable")]
    cut = moment_at(train.time_us[rows], 1 - _LATEST)
    before = train.where(train.time_us < cut)
    later = rows[train.time_us[rows] >= cut]
    rng = np.random.default_rng(model.seed)
    if len(later) > model.n_queries:
        later = later[np.sort(rng.choice(len(later), model.n_queries, replace=False))]
    n_fit = int((1 - _HELD_OUT) * len(later)) if (before.item >= 0).any() else 0
    if not n_fit:
        nothing = np.empty((0, 0))
        empty = Example(nothing.astype(int), nothing, [], np.empty(0, dtype=int))
        return empty, empty
    first = model._new_first().fit(before, progress=lambda text, share: watch(text, 0.2 * share))
    fit_rows, held_out = later[:n_fit], later[n_fit:]
    return _examples(model, first, train, fit_rows), _examples(model, first, train, held_out)


def _examples(model: "LLMRanker", first, train: Log, rows: np.ndarray) -> Example:
    queries = queries_of_rows(train, rows, time_known=model.time_known)
    ranked = model._ranked(queries, first.score(queries))
    hit = ranked.candidates == queries.target[:, None]
    kept = np.flatnonzero(hit.any(axis=1))
    return Example(
        ranked.candidates[kept],
        ranked.prior[kept],
        [ranked.tokens[row] for row in kept],
        hit[kept].argmax(axis=1),
    )


def train_reader(model: "LLMRanker", learn: Example, held_out: Example, watch: Watch) -> None:
    """Train the adapters of a ranker in place."""
    import torch

    reader, n_learn = model.reader_, len(learn)

    def collate(chosen: np.ndarray, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        # Numbers below n_learn are examples to learn from, the others are held out.
        source, at = (held_out, chosen - n_learn) if chosen[0] >= n_learn else (learn, chosen)
        tokens, mask = reader.pad([source.tokens[row] for row in at])
        return {
            "tokens": tokens,
            "mask": mask,
            "items": torch.from_numpy(model.items_[source.candidates[at]]),
            "prior": torch.from_numpy(source.prior[at].astype(np.float32)),
            "right": torch.from_numpy(source.right[at]),
        }

    def loss(batch: dict[str, torch.Tensor]) -> torch.Tensor:
        likeness = reader(batch["tokens"], batch["mask"], batch["items"])  # (n, k)
        return torch.nn.functional.cross_entropy(batch["prior"] + likeness, batch["right"])

    task = RowTask(
        module=reader,
        rows=np.arange(n_learn),
        check_rows=n_learn + np.arange(len(held_out)),
        batch_size=model.batch_size,
        collate=collate,
        loss=loss,
    )
    settings = Settings(
        epochs=model.epochs,
        learning_rate=model.learning_rate,
        patience=model.patience,
        seed=model.seed,
    )
    fit(task, settings, watch=watch)


def fit_weight(held_out: Example, likeness: np.ndarray) -> float:
    """Return the weight under which the items that came are likeliest; 0 if none helps.

    Examples
    --------
    >>> two = Example(np.zeros((2, 2), int), np.zeros((2, 2)), [[1], [1]], np.array([0, 1]))
    >>> fit_weight(two, np.array([[-1.0, 0.0], [0.0, -1.0]]))
    0.0
    """
    hit = np.arange(held_out.prior.shape[1]) == held_out.right[:, None]
    return likeliest_weight(held_out.prior, likeness, hit, 1e-4 * len(held_out))


def with_words(
    first: Model, query: Queries, total: np.ndarray, items: np.ndarray
) -> list[Explanation]:
    """Return the parts of a first model's scores, and one for what a language model adds to them.

    Parameters
    ----------
    first : Model
        It explains.
    query : Queries
        One.
    total : numpy.ndarray
        Shape ``(n_items,)``: the scores of both together.
    items : numpy.ndarray
        Item codes, shape ``(n,)``.
    """
    nothing = np.empty(0, dtype=int), np.empty(0)
    explained = []
    for each in first.explain(query, 0, items):
        score = float(total[each.item])
        part = ScorePart("language model", score - each.score, *nothing)
        explained.append(Explanation(each.item, score, (*each.parts, part)))
    return explained


def likeliest_weight(
    prior: np.ndarray, advice: np.ndarray, hit: np.ndarray, least_gain: float
) -> float:
    """Return the weight of advice under which what came is likeliest, 0 where it gains too little.

    Parameters
    ----------
    prior, advice : numpy.ndarray
        Shape ``(n, k)``: log-probabilities of the candidates, and what speaks for each.
    hit : numpy.ndarray
        Shape ``(n, k)``, bool: which one came; rows without one count for nothing.
    least_gain : float
        Of log-likelihood over all rows.

    Examples
    --------
    >>> prior, hit = np.zeros((40, 2)), np.tile([[True, False]], (40, 1))
    >>> likeliest_weight(prior, np.tile([[1.0, -1.0]], (40, 1)), hit, 1.0) > 1
    True
    >>> likeliest_weight(prior, np.tile([[-1.0, 1.0]], (40, 1)), hit, 1.0)
    0.0
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    if not hit.any():
        return 0.0

    def loss(weight: float) -> float:
        return -log_softmax(prior + weight * advice, axis=1)[hit].sum()

    # The stubs know the result as an object.
    best: Any = minimize_scalar(loss, bounds=(0.0, _MOST_WEIGHT), method="bounded")
    return float(best.x) if loss(best.x) < loss(0.0) - least_gain else 0.0
