"""How a run stands: its state, what it does, and how far it is."""

import time
from dataclasses import dataclass

#: States of a run that somebody works on.
ACTIVE = ("waiting", "running")
#: All states.
STATES = (*ACTIVE, "done", "failed", "cancelled", "interrupted")
#: Share of the bar for what comes before the first pass of a model that makes passes.
_BEFORE_PASSES = 0.1


@dataclass(frozen=True)
class Status:
    """How a run stands.

    Attributes
    ----------
    state : str
        ``"waiting"``, ``"running"``, ``"done"``, ``"failed"``, ``"cancelled"`` or
        ``"interrupted"`` (its process died); the last three can be resumed.
    text : str
        What it does, or did last.
    share : float
        Share done, 0 to 1.
    seconds : float
        Since it began to train.
    seconds_left : float or None
        Until the end at the present pace, where that is known.
    error : dict or None
        ``needed``, ``found``, ``mend`` of a run that failed.
    reached : float
        Share of its passes that a finished training made; below 1 where time ran out.

    Examples
    --------
    >>> Status("running", share=0.5).is_active, Status("done").is_active
    (True, False)
    """

    state: str
    text: str = ""
    share: float = 0.0
    seconds: float = 0.0
    seconds_left: float | None = None
    error: dict[str, str] | None = None
    reached: float = 1.0

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE


def status_of(state: dict, events: list[dict], *, makes_passes: bool = False) -> Status:
    """Return how a run stands, from the content of ``state.json`` and its events, first to last.

    A model may make passes over the data after some preparation, which has its own stretch.
    """
    told = [e for e in events if e.get("event") in ("batch", "epoch", "progress", "note")]
    last = told[-1] if told else {}
    share = share_done(events, makes_passes)
    text, seconds, left = last.get("text", ""), last.get("seconds"), last.get("seconds_left")
    if last.get("event") in ("batch", "epoch"):
        text = f"Pass {last['epoch']} of at most {last['epochs']}"
    elif state["state"] == "running":
        seconds = time.time() - state["since"]
        left = seconds * (1 - share) / share if 0.1 < share < 1 else None
    if state["state"] == "done":
        share, seconds, left = 1.0, state.get("seconds", seconds), 0.0
    return Status(
        state=state["state"],
        text=text,
        share=share,
        seconds=float(seconds or 0.0),
        seconds_left=left,
        error=state.get("error"),
        reached=float(state.get("share", 1.0)),
    )


def share_done(events: list[dict], makes_passes: bool = False) -> float:
    """Return the share done, which never falls while a training goes on.

    Steps of work tell a share of their own; preparation, passes and what follows each have their
    stretch of the bar. A training that is resumed begins the bar anew.

    Examples
    --------
    >>> share_done([{"event": "progress", "share": 0.9}, {"event": "progress", "share": 0.2}])
    0.9
    """
    begins = max((i for i, e in enumerate(events) if e.get("event") == "resume"), default=-1)
    before = _BEFORE_PASSES if makes_passes else 0.0
    has_started, share = False, 0.0
    for event in events[begins + 1 :]:
        kind, epochs = event.get("event"), max(event.get("epochs", 1), 1)
        if kind == "start":
            has_started, found = True, event.get("epochs_done", 0) / epochs
        elif kind in ("batch", "epoch"):
            has_started = True
            done = event.get("batch", 1) / max(event.get("n_batches", 1), 1)
            found = (event["epoch"] - 1 + done) / epochs * event.get("of_whole", 1.0)
        elif kind == "progress":
            found = float(event.get("share", 0.0))
        else:
            continue
        if has_started or not makes_passes:
            found = before + (1 - before) * found
        else:
            found *= before
        share = max(share, found)
    return min(max(share, 0.0), 1.0)
