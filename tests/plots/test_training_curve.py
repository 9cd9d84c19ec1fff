"""The curve of a training, from the events of its run."""

from strec.plots.training import learning_curve


def batch(epoch: int, number: int, loss: float, **more) -> dict:
    return {"event": "batch", "epoch": epoch, "batch": number, "n_batches": 4, "loss": loss} | more


def epoch(number: int, loss: float, held_out: float, **more) -> dict:
    return {
        "event": "epoch",
        "epoch": number,
        "loss": loss,
        "validation": {"loss": held_out},
    } | more


def test_before_the_first_loss_there_is_no_curve():
    assert learning_curve([]) is None
    assert learning_curve([{"event": "progress", "text": "Reading", "share": 0.1}]) is None


def test_training_and_held_out_loss_and_the_pass_that_is_kept():
    events = [
        batch(1, 2, 3.0), batch(1, 4, 2.5), epoch(1, 2.5, 2.0),
        batch(2, 4, 1.5), epoch(2, 1.5, 2.2),
    ]  # fmt: skip
    within, training, held_out, kept = learning_curve(events).data
    # The mean begins anew with each pass, so the line has a gap.
    assert list(within.x) == [0.5, 1.0, 1.0, 2.0] and list(within.y) == [3.0, 2.5, None, 1.5]
    assert list(training.y) == [2.5, 1.5] and list(held_out.y) == [2.0, 2.2]
    assert (list(kept.x), list(kept.y)) == ([1], [2.0])


def test_after_a_resume_the_later_word_counts():
    events = [batch(1, 4, 9.0), epoch(1, 9.0, 9.0), batch(1, 4, 3.0), epoch(1, 3.0, 2.0)]
    within, training, held_out, _ = learning_curve(events).data
    assert list(within.y) == [3.0] and list(training.y) == [3.0] and list(held_out.y) == [2.0]


def test_of_several_networks_the_latest_is_shown():
    events = [epoch(1, 5.0, 5.0, stage="first"), epoch(1, 4.0, 3.0, stage="second")]
    assert list(learning_curve(events).data[2].y) == [3.0]
