"""Figures of a training while it runs and after."""

from math import ceil

import plotly.graph_objects as go

from strec.palette import GOOD, TIME, USER
from strec.plots.style import finish


def learning_curve(events: list[dict]) -> go.Figure | None:
    """Return the loss in training and on held-out check-ins, or None before there is any.

    Parameters
    ----------
    events : list of dict
        As `strec.runs.Run.events` returns them. Where several networks are trained one after
        another, the latest is shown.
    """
    stage = next((e.get("stage") for e in reversed(events) if "loss" in e), None)
    mine = [e for e in events if "loss" in e and e.get("stage") == stage]
    # After a resume an epoch may be told twice; the later one counts.
    batches = {
        (e["epoch"] - 1 + e["batch"] / e["n_batches"]): e["loss"]
        for e in mine
        if e["event"] == "batch"
    }
    epochs = {e["epoch"]: e for e in mine if e["event"] == "epoch"}
    if not batches and not epochs:
        return None
    figure = go.Figure()
    at = sorted(batches)
    # Each pass begins its own mean, so its line does not go on from the one before.
    within = [(x, batches[x]) for x in at]
    for k in range(len(at) - 1, 0, -1):
        if ceil(at[k]) > ceil(at[k - 1]):
            within.insert(k, (at[k - 1], None))
    figure.add_scatter(
        x=[x for x, _ in within], y=[y for _, y in within], mode="lines",
        name="training, so far in each pass",
        line={"color": USER, "width": 1.5}, opacity=0.8,
        hovertemplate="pass %{x:.2f}: %{y:.3f}<extra></extra>",
    )  # fmt: skip
    for name, colour, value in (
        ("training", USER, lambda e: e["loss"]),
        ("held out", TIME, lambda e: e["validation"]["loss"]),
    ):
        figure.add_scatter(
            x=list(epochs), y=[value(e) for e in epochs.values()], name=name,
            mode="lines+markers", line={"color": colour, "width": 3}, marker={"size": 8},
            hovertemplate=f"{name}, pass %{{x}}: %{{y:.3f}}<extra></extra>",
        )  # fmt: skip
    if epochs:
        best = min(epochs.values(), key=lambda e: e["validation"]["loss"])
        figure.add_scatter(
            x=[best["epoch"]], y=[best["validation"]["loss"]], mode="markers", name="kept",
            marker={"size": 16, "color": GOOD, "symbol": "circle-open", "line": {"width": 3}},
            hovertemplate="the weights that are kept<extra></extra>",
        )  # fmt: skip
    last = max([1, *epochs, *map(ceil, at)])
    figure.update_xaxes(
        title="pass over the data", range=[0, 1.03 * last], dtick=max(1, round(last / 10))
    )
    figure.update_yaxes(title="loss")
    figure = finish(figure, "", height=300, legend=True)
    return figure.update_layout(margin_t=36)
