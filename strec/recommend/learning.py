"""The learned mix: how far a list should lean from habits towards here and now."""

from dataclasses import dataclass
from typing import cast

import numpy as np

from strec.models import CounterMix
from strec.progress import Progress
from strec.recommend.ranking import context_lift
from strec.split import Log, Queries, queries_of_rows

#: Check-ins on which the mix is learned, and which of all are held out for it.
_MOST, _HELD_OUT, _FEWEST = 600, 0.1, 20
_RANGE = (-1.5, 1.5)


@dataclass(frozen=True)
class Mix:
    """What was learned.

    Attributes
    ----------
    exponent : float
        The a of P·(P/P₀)^a: 0 is balanced, -1 interest, 1 context.
    gain_nats : float
        How much better it predicts the held-out check-ins than balanced, per check-in.
    n : int
        Held-out check-ins; 0 where there were too few, and the mix is balanced.
    """

    exponent: float
    gain_nats: float
    n: int

    def words(self) -> str:
        """Return the mix in one sentence.

        Examples
        --------
        >>> Mix(0.3, 0.012, 500).words()
        'On the latest 500 check-ins, kept aside for this, leaning towards context (a = 0.30) \
predicted best: 0.012 nats per check-in better than balanced.'
        """
        if not self.n:
            return "There are too few check-ins to learn a mix: this is balanced."
        lean = "context" if self.exponent > 0 else "interest"
        how = (
            "balanced itself predicted best"
            if abs(self.exponent) < 0.05
            else f"leaning towards {lean} (a = {self.exponent:.2f}) predicted best: "
            f"{self.gain_nats:.3f} nats per check-in better than balanced"
        )
        return f"On the latest {self.n:,} check-ins, kept aside for this, {how}."


def learn_mix(log: Log, *, seed: int = 0, progress: Progress | None = None) -> Mix:
    """Learn the exponent of the learned mix from the latest check-ins.

    A counter mix is fitted on the earlier nine tenths of the check-ins; the exponent is the one
    under which the later ones, each with everything before it as history, are likeliest.

    Parameters
    ----------
    log : Log
        All check-ins.
    seed : int
        Of the draw of held-out check-ins.
    progress : callable, optional
        Called with a text and the share done.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import Vocabulary, encode
    >>> learn_mix(encode(schema.example(), Vocabulary.of(schema.example()))).n
    0
    """
    from scipy.optimize import minimize_scalar

    cut = np.quantile(log.time_us, 1 - _HELD_OUT)
    earlier = log.where(log.time_us < cut)
    rows = np.flatnonzero((log.time_us >= cut) & (log.item >= 0))
    if len(rows) < _FEWEST or len(earlier) < _FEWEST:
        return Mix(0.0, 0.0, 0)
    model = CounterMix().fit(earlier, progress=progress)
    rows = np.sort(np.random.default_rng(seed).permutation(rows)[:_MOST])
    surprise = _Surprise(model, queries_of_rows(log, rows))
    found = minimize_scalar(surprise, bounds=_RANGE, method="bounded", options={"xatol": 1e-3})
    best = cast("dict[str, float]", found)
    gain = surprise(0.0) - float(best["fun"])
    return Mix(float(best["x"]) if gain > 0 else 0.0, max(gain, 0.0), len(rows))


class _Surprise:
    """Mean -log probability of the targets under an exponent."""

    def __init__(self, model: CounterMix, queries: Queries):
        self._log_p, self._log_lift = [], []
        for part in queries.pieces(2_000_000):
            p = model.score(part)
            self._log_p.append(np.log(np.maximum(p, 1e-12)).astype(np.float32))
            lift = context_lift(p, model.score(part.blind()))
            self._log_lift.append(np.log(lift).astype(np.float32))
        self._target = queries.target

    def __call__(self, exponent: float) -> float:
        total, first = 0.0, 0
        for log_p, log_lift in zip(self._log_p, self._log_lift, strict=True):
            moved = log_p + np.float32(exponent) * log_lift
            top = moved.max(axis=1, keepdims=True)
            norm = top[:, 0] + np.log(np.exp(moved - top).sum(axis=1))
            target = self._target[first : first + len(moved)]
            total += float((norm - moved[np.arange(len(moved)), target]).sum())
            first += len(moved)
        return total / first
