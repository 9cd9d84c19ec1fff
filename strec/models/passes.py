"""Watches of a training in two parts: passes that tell when to stop, and one more over all."""

from dataclasses import replace

from strec.train import Event, Settings, Watch


def last_share(settings: Settings) -> float:
    """Return the share of the whole fit that its last pass takes at least."""
    return 1 / (settings.epochs + 1)


def first_passes(watch: Watch, share: float) -> Watch:
    """Return a watch whose progress ends at a share of the whole; its events say which."""
    tell = watch.on_progress
    return replace(
        watch,
        on_progress=tell and (lambda text, done: tell(text, done * share)),
        on_event=lambda event: watch.on_event({**event, "of_whole": share}),
    )


def last_pass(watch: Watch, seconds_left: float, share: float) -> Watch:
    """Return a watch of the pass over all check-ins: its batches are told as progress.

    Its epoch is none of the learning curve's, since it looks at what it learns from.
    """

    def on_event(event: Event) -> None:
        if event["event"] == "note":
            watch.on_event(event)
        elif event["event"] == "batch":
            text = "Learning from the latest check-ins too"
            done = 1 - share * (1 - event["batch"] / event["n_batches"])
            if watch.on_progress:
                watch.on_progress(text, done)
            watch.on_event({"event": "progress", "text": text, "share": done})

    folder = watch.checkpoint / "last-pass" if watch.checkpoint else None
    return replace(
        watch, on_event=on_event, on_progress=None, checkpoint=folder, max_seconds=seconds_left
    )
