"""A language model that is asked only where counting is unsure.

    P(i) ∝ P₁(i) · exp(w · a_i)     for the first k candidates of P₁, where log P₁ of the best
                                    is less than g above that of the second
    P(i) = P₁(i)                    otherwise

P₁ is another model, the counter mix unless said otherwise. a_i is how strongly the language model
takes candidate i, read from facts about the candidates that were counted, less its usual liking for
that position in a list. The gap g leaves the share of questions that may be asked; the weight w is
fitted on training check-ins held out, and where the language model does not help there it is 0:
then it is not asked at all.

What it reads holds kinds, counts, ages and distances: no user, no name, no id, no coordinate.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from strec.dataset import Dataset
from strec.errors import ModelError
from strec.geo import distance_km
from strec.llm.cache import VectorCache, cache_folder
from strec.llm.remote import configured
from strec.models.base import Explanation, Model
from strec.models.language import Language
from strec.models.llm_training import likeliest_weight, with_words
from strec.models.profiles import in_chunks, moment_at
from strec.models.saved import Arrays, prefixed, under
from strec.split import Log, Queries, queries_of_rows
from strec.train import Watch
from strec.wording import WEEKDAYS, distance, duration, plural

if TYPE_CHECKING:
    from strec.dataset import DatasetLike

#: Share of the training check-ins, the latest, from which questions are drawn.
_LATEST = 0.15
#: Fewer unsure questions than this say nothing about the language model.
_FEWEST = 20
#: Half the square of 1.64: a useless adviser gains as much of log-likelihood in one of twenty.
_LEAST_GAIN = 1.35
_CHUNK_NUMBERS = 20_000_000
_LETTERS = "ABCDEFGHIJ"
#: A visit at "this hour" was at most so many hours from it.
_NEAR_H = 2.0
_SYSTEM = (
    "You predict where somebody goes next. You read what was counted about the places that are "
    "likeliest, and answer with one letter."
)


class Adviser(Protocol):
    """What answers questions with options: `strec.llm.Writer`, or `strec.llm.RemoteWriter`."""

    @property
    def fingerprint(self) -> str:
        """Those with the same fingerprint answer alike."""
        ...

    def choose(self, prompts: Sequence[str], options: Sequence[str], system: str) -> np.ndarray:
        """Return how strongly each option is taken, ``(n_prompts, n_options)``; NaN: no answer."""
        ...


@dataclass(repr=False, eq=False)
class LLMAdviser(Model):
    """Another model's answer, looked over by a language model where its best two are close.

    Parameters
    ----------
    llm : str
        ``"smollm2"``, ``"tiny"``, the folder of any causal transformers model, a hub id that is on
        this machine, or ``"server"``.
    server, server_model : str
        With ``llm="server"``: the base address of a server that speaks OpenAI's protocol, and the
        model's name there. A key is taken from the environment (``STREC_LLM_KEY``), never kept.
    first : str
        Kind of the model that answers first; its scores must be probabilities.
    share : float
        Of the questions, at most about this share is asked.
    n_candidates : int
        Options of a question, 2 to 10.
    n_questions : int
        Unsure training check-ins on which the weight is fitted.
    max_minutes : float
        Time for asking while it is fitted; with what was answered by then it goes on.
    time_known : bool
        Whether the time of a query is given.
    seed : int
        Seed of the first model and of the draw.

    References
    ----------
    Zhao et al., "Calibrate before use", ICML 2021 (the liking for a position is taken off).

    Examples
    --------
    >>> from strec import schema
    >>> model = LLMAdviser("tiny").fit(schema.example())
    >>> model.remark
    'Too few unsure check-ins to tell what the language model is worth: it is not asked.'
    """

    kind = "llm_adviser"
    label = "LLM adviser"
    sentence = (
        "Counting answers; where its two best are close, a language model reads what was counted "
        "and takes a side."
    )
    family = "llm"
    order = 3
    quick = {"llm": "tiny", "n_questions": 60, "n_candidates": 3}
    language = Language("llm", ("smollm2", "tiny", "server"))
    is_probability = True
    explains = True
    packages = ("torch", "transformers")

    llm: str = "smollm2"
    server: str = ""
    server_model: str = ""
    first: str = "counter_mix"
    share: float = 0.2
    n_candidates: int = 5
    n_questions: int = 200
    max_minutes: float = 5.0
    time_known: bool = True
    seed: int = 0

    @property
    def remark(self) -> str:
        n, share = int(self.asked_[0]), self.asked_[0] / max(self.asked_[1], 1)
        if n < _FEWEST:
            return (
                "Too few unsure check-ins to tell what the language model is worth: it is not "
                "asked."
            )
        own, counted, both = self.asked_[3:]
        took = "" if np.isnan(self.asked_[2]) else f", {self.asked_[2]:.1f} s each"
        said = (
            f"Asked {plural(n, 'question')} where the two best were close{took}: its own choice "
            f"was right in {100 * own:.0f} %, that of {self.first_.label} in {100 * counted:.0f} %"
        )
        if self.weight_ == 0:
            return f"{said}. That both together are better may be chance: it is not asked."
        return (
            f"{said}, both together in {100 * both:.0f} %. "
            f"It is asked in {100 * share:.0f} % of the cases."
        )

    def _fit(self, train: Log, watch: Watch) -> None:
        if not (2 <= self.n_candidates <= len(_LETTERS) and 0 < self.share <= 1):
            raise ModelError(
                f"An adviser chooses among 2 to {len(_LETTERS)} candidates, for a share in (0, 1].",
                f"n_candidates={self.n_candidates}, share={self.share}.",
                "Use n_candidates=5 and share=0.2.",
            )
        self.adviser_ = self._new_adviser()
        self.weight_, self.gap_ = 0.0, 0.0
        self.liking_ = np.zeros(self.n_candidates)
        # Answered, drawn, seconds each, right at first try alone, without it, and both together.
        self.asked_ = np.array([0, 0, np.nan, 0, 0, 0])
        self._weigh(train, watch)
        watch(f"Fitting {self.first}", 0.6)
        self.first_ = self._new_first().fit(train, watch=watch.stage("first"))
        # It moves what the first gives for any check-in; how sure that is at ends stays.
        ends = self.first_.calibration_[0] / self.first_.temperature("every")
        self.calibration_ = np.array([ends, np.nan])
        watch("Done", 1.0)

    def _weigh(self, train: Log, watch: Watch) -> None:
        """Fit gap, liking for positions, and weight on late check-ins that P₁ has not seen."""
        cut = moment_at(train.time_us, 1 - _LATEST)
        inner = train.where(train.time_us < cut)
        rows = np.flatnonzero((train.time_us >= cut) & (train.item >= 0))
        most = int(np.ceil(self.n_questions / self.share))
        rows = np.sort(np.random.default_rng(self.seed).permutation(rows)[:most])
        if len(rows) * self.share < _FEWEST or not (inner.item >= 0).any():
            return
        watch(f"Fitting {self.first} without the latest", 0.0)
        first = self._new_first().fit(inner, watch=watch.stage("inner"))
        queries = queries_of_rows(train, rows, time_known=self.time_known)
        scores = first.score(queries)
        candidates, prior = self._candidates(scores)
        gap = prior[:, 0] - prior[:, 1]
        self.gap_ = float(np.quantile(gap, self.share))
        unsure = np.flatnonzero(gap < self.gap_)
        said = self._said(queries.take(unsure), candidates[unsure], watch, self.max_minutes * 60)
        answered = np.isfinite(said).all(axis=1)
        unsure, said = unsure[answered], said[answered]
        self.asked_[:2] = len(unsure), len(rows)
        if len(unsure) < _FEWEST:
            return
        self.liking_ = said.mean(axis=0)
        hit = candidates[unsure] == queries.target[unsure, None]
        self.weight_ = likeliest_weight(prior[unsure], said - self.liking_, hit, _LEAST_GAIN)
        advice = said - self.liking_
        for place, logits in enumerate(
            (advice, prior[unsure], prior[unsure] + self.weight_ * advice)
        ):
            self.asked_[3 + place] = hit[np.arange(len(hit)), logits.argmax(axis=1)].mean()

    def _score(self, queries: Queries) -> np.ndarray:
        at_once = max(1, _CHUNK_NUMBERS // max(len(queries.vocabulary.items), 1))
        return in_chunks(queries, self._probability, at_once)

    def _probability(self, queries: Queries) -> np.ndarray:
        scores = self.first_.score(queries)
        if self.weight_ == 0 or not len(queries) or scores.shape[1] < 2:
            return scores
        candidates, prior = self._candidates(scores)
        unsure = np.flatnonzero(prior[:, 0] - prior[:, 1] < self.gap_)
        if not len(unsure):
            return scores
        said = self._said(queries.take(unsure), candidates[unsure])
        # Where no answer came, counting answers alone.
        answered = np.isfinite(said).all(axis=1)
        unsure, said = unsure[answered], said[answered]
        moved = prior[unsure] + self.weight_ * (said - self.liking_[: said.shape[1]])
        moved = np.exp(moved - moved.max(axis=1, keepdims=True))
        before = np.take_along_axis(scores[unsure], candidates[unsure], axis=1)
        share = moved / moved.sum(axis=1, keepdims=True) * before.sum(axis=1, keepdims=True)
        scores = scores.copy()
        scores[unsure[:, None], candidates[unsure]] = share
        return scores

    def explain(self, queries: Queries, row: int, items: np.ndarray) -> list[Explanation]:
        self._check(queries)
        query = queries.take(slice(row, row + 1))
        return with_words(self.first_, query, self.score(query)[0], items)

    @classmethod
    def payload(cls, data: "DatasetLike", server: str, server_model: str) -> dict[str, Any]:
        """Return what a server would be sent about one check-in of a data set, without sending it.

        Parameters
        ----------
        data : Dataset
            Or what `strec.Dataset.of` makes one of.
        server, server_model : str
            As the model takes them.

        Raises
        ------
        ModelError
            If the address is none, or not allowed.

        Examples
        --------
        >>> from strec import schema
        >>> sent = LLMAdviser.payload(schema.example(), "http://localhost:11434/v1", "llama3.2")
        >>> sent["model"], [each["role"] for each in sent["messages"]]
        ('llama3.2', ['system', 'user'])
        """
        log = Dataset.of(data).everything
        # The last check-in of whoever has the most.
        owner = int(np.diff(log.indptr).argmax())
        query = queries_of_rows(log, np.array([log.indptr[owner + 1] - 1]))
        items, count = np.unique(log.item[query.indices], return_counts=True)
        often = items[np.argsort(-count, kind="stable")][: cls.n_candidates]
        (text,) = questions_of(query, often[None])
        return configured(server, server_model).payload(text, system=_SYSTEM, max_new_tokens=8)

    def questions(self, queries: Queries) -> list[str]:
        """Return what the language model would read about queries, one text each, unsure or not.

        Parameters
        ----------
        queries : Queries
            With the model's vocabulary.

        Examples
        --------
        >>> from strec import schema
        >>> model = LLMAdviser("tiny").fit(schema.example())
        >>> log = model.log_of(schema.example())
        >>> print(model.questions(queries_of_rows(log, np.array([2])))[0])
        It is Monday, 10:00.
        Where next?
        A) Coffee Shop: never there before
        B) Office: never there before
        Answer with one letter.
        """
        self._check(queries)
        return questions_of(queries, self._candidates(self.first_.score(queries))[0])

    def _candidates(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the best items of each query, best first, and the logarithms of their scores."""
        best = np.argsort(-scores, axis=1, kind="stable")[:, : self.n_candidates]
        return best, np.log(np.take_along_axis(scores, best, axis=1) + 1e-12)

    def _said(
        self,
        queries: Queries,
        candidates: np.ndarray,
        watch: Watch | None = None,
        max_seconds: float = np.inf,
    ) -> np.ndarray:
        """Return how strongly each candidate is taken, ``(n, k)``; NaN where nothing was said."""
        options = _LETTERS[: candidates.shape[1]]
        texts = questions_of(queries, candidates)
        said = np.full(candidates.shape, np.nan)
        kept = VectorCache(cache_folder() / f"advice-{self.adviser_.fingerprint}.sqlite")
        known = kept.get(texts)
        for row, text in enumerate(texts):
            if text in known and len(known[text]) == len(options):
                said[row] = known[text]
        open_rows = np.flatnonzero(np.isnan(said).all(axis=1))
        begun = time.perf_counter()
        for first in range(0, len(open_rows), _AT_ONCE):
            rows = open_rows[first : first + _AT_ONCE]
            if watch:
                watch("Asking the language model", 0.1 + 0.5 * first / len(open_rows))
            if time.perf_counter() - begun > max_seconds:
                break
            said[rows] = self.adviser_.choose([texts[row] for row in rows], options, _SYSTEM)
            rows = rows[np.isfinite(said[rows]).all(axis=1)]
            if not len(rows):
                # A server that is gone, or answers nonsense, is not asked a thousand times.
                break
            if watch:
                self.asked_[2] = (time.perf_counter() - begun) / min(
                    first + _AT_ONCE, len(open_rows)
                )
            kept.put([texts[row] for row in rows], said[rows])
        return said.astype(np.float32).astype(np.float64)

    def _new_adviser(self) -> Adviser:
        if self.llm == "server":
            return configured(self.server, self.server_model)
        from strec.llm.writer import Writer

        # A cached property is a property, which the type checker does not see.
        return cast(Adviser, Writer(self.llm))

    def _new_first(self) -> Model:
        from strec.models import MODELS

        kind = MODELS.get(self.first)
        if kind is None or not kind.is_probability or kind is type(self):
            able = [name for name, each in MODELS.items() if each.is_probability]
            raise ModelError(
                "The first model gives probabilities.",
                f"first={self.first!r}.",
                f"Choose one of {', '.join(each for each in able if each != self.kind)}.",
            )
        return kind(**{n: v for n, v in self.params().items() if n in ("time_known", "seed")
                       and n in kind().params()})  # fmt: skip

    def _arrays(self) -> Arrays:
        own = {
            "advice": np.array([self.weight_, self.gap_]),
            "liking": self.liking_,
            "asked": self.asked_,
        }
        return own | prefixed("first.", self.first_._arrays())

    def _restore(self, arrays: Arrays) -> None:
        self.weight_, self.gap_ = (float(each) for each in arrays["advice"])
        self.liking_, self.asked_ = arrays["liking"], arrays["asked"]
        self.first_ = self._new_first()
        self.first_.vocabulary_ = self.vocabulary_
        self.first_._restore(under(arrays, "first."))
        # Where it is not asked, it need not be here.
        if self.weight_:
            self.adviser_ = self._new_adviser()


#: Questions that are answered together.
_AT_ONCE = 8


def questions_of(queries: Queries, candidates: np.ndarray) -> list[str]:
    """Return what was counted about the candidates of each query, as text with one letter each.

    Parameters
    ----------
    queries : Queries
        Who asks, when and where: neither the user nor the name of an item is in the text.
    candidates : numpy.ndarray
        Shape ``(n_queries, k)``: item codes.
    """
    log, vocabulary = queries.log, queries.vocabulary
    kinds = np.append(vocabulary.categories, "place")[vocabulary.item_category]
    texts = []
    for row, options in enumerate(candidates):
        rows = queries.indices[queries.indptr[row] : queries.indptr[row + 1]]
        item = log.item[rows]
        here = int(queries.here[row])
        stands = f" Somebody is at: {_clean(kinds[here])}." if here >= 0 else ""
        moment = _moment(queries, row)
        apart = np.abs((log.hour[rows] - queries.hour[row] + 12) % 24 - 12)
        follows = np.r_[False, item[:-1] == here] & (here >= 0)
        lines = [
            _fact(letter, kinds[code], _far(queries, row, code), _visits(
                (queries.time_us[row] - log.time_us[rows[item == code]]) / 3.6e9,
                int((apart[item == code] <= _NEAR_H).sum()) if moment else None,
                int(follows[item == code].sum()),
            ))
            for letter, code in zip(_LETTERS, options, strict=False)
        ]  # fmt: skip
        asked = f"{moment}{stands}\nWhere next?\n" + "\n".join(lines)
        texts.append(asked.strip() + "\nAnswer with one letter.")
    return texts


def _moment(queries: Queries, row: int) -> str:
    if queries.weekday[row] < 0:
        return ""
    minutes = int(queries.hour[row] * 60)
    return f"It is {WEEKDAYS[queries.weekday[row]]}, {minutes // 60}:{minutes % 60:02d}."


def _far(queries: Queries, row: int, code: int) -> str:
    place = queries.vocabulary.item_lat[code], queries.vocabulary.item_lon[code]
    km = float(distance_km(queries.lat[row], queries.lon[row], *place))
    return f", {distance(km)} away" if np.isfinite(km) else ""


def _visits(ages_h: np.ndarray, n_at_hour: int | None, n_after: int) -> str:
    n = len(ages_h)
    if not n:
        return "never there before"
    said = f"{plural(n, 'visit')}, the last {duration(max(float(ages_h.min()), 0.0))} ago"
    if n_at_hour is not None:
        said += f", {n_at_hour} at this hour"
    return f"{said}, {n_after} straight from where they are now" if n_after else said


def _fact(letter: str, kind: object, far: str, visits: str) -> str:
    return f"{letter}) {_clean(kind)}{far}: {visits}"


def _clean(kind: object) -> str:
    """Return a kind as one short line: what others wrote is data, never a line of its own."""
    return " ".join(str(kind).split())[:60] or "place"
