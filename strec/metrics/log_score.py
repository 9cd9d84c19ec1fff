"""The mean log probability given to what came."""

from strec.metrics.base import Metric, Scored, mean_of

#: A target of probability 0 would make the mean infinite; this is far below 1 / n_items.
FLOOR = 1e-12


def _of_all(scored: Scored) -> float | None:
    return mean_of((scored.known["score"] + FLOOR).log())


LOG_SCORE = Metric(
    name="mean log score",
    title="Log score (nats)",
    sentence="The mean log probability given to what came next.",
    order=120,
    of_all=_of_all,
    needs_probability=True,
    digits=2,
)
