"""The mean log probability given to what came."""

from strec.metrics.base import Metric, Scored

#: A target of probability 0 would make the mean infinite; this is far below 1 / n_items.
FLOOR = 1e-12


def _of_all(scored: Scored) -> float | None:
    mean = (scored.known["score"] + FLOOR).log().mean()
    return None if mean is None else float(mean)  # pyright: ignore[reportArgumentType]


LOG_SCORE = Metric(
    name="mean log score",
    title="Log score (nats)",
    sentence="The mean log probability given to what came next.",
    order=120,
    of_all=_of_all,
    needs_probability=True,
    digits=2,
)
