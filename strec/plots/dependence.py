"""Figures of the dependence gate: dials, evidence, nested models, and what a world looks like."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import polars as pl

from strec import schema
from strec.gate import DependenceResult, Ingredient
from strec.gate.geometry import zones
from strec.gate.result import STRONG_NATS, WEAK_NATS
from strec.gate.sentences import percent
from strec.geo import distance_km
from strec.palette import DIVERGING, INTERACTION, POPULARITY, SPACE, TEXT, TIME, TRANSITION

COLOUR = {"time": TIME, "space": SPACE, "interaction": INTERACTION, "order": TRANSITION}
TITLE = {"time": "Time", "space": "Place", "interaction": "Time × place", "order": "Order"}
#: A dial ends at this effect; beyond it the needle stays at the end.
DIAL_END_NATS = 0.5
MAX_CATEGORIES = 14
DISTANCE_EDGES_KM = np.array([0.05, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 500, 2_000, 20_000])
_MARGIN = {"l": 10, "r": 10, "t": 10, "b": 10}
_FAINT = "rgba(128,140,150,{})"


def dial(ingredient: Ingredient) -> go.Figure:
    """Return one dial: the needle's third says none, weak or strong."""
    colour = COLOUR[ingredient.name] if ingredient.decision else POPULARITY
    word = verdict(ingredient)
    figure = go.Figure(
        go.Indicator(
            mode="gauge",
            value=dial_position(ingredient),
            gauge={
                "axis": {
                    "range": [0, 3],
                    "tickvals": [0.5, 1.5, 2.5],
                    "ticktext": ["none", "weak", "strong"],
                    "tickwidth": 0,
                    "ticklen": 0,
                },
                "bar": {"color": colour, "thickness": 0.55},
                "borderwidth": 0,
                "bgcolor": "rgba(0,0,0,0)",
                "steps": [
                    {"range": [k, k + 1], "color": _FAINT.format(0.10 + 0.10 * k)} for k in range(3)
                ],
            },
            domain={"x": [0.13, 0.87], "y": [0, 0.92]},
        )
    )
    figure.add_annotation(
        text=f"<b>{word}</b>", x=0.5, y=0.04, xref="paper", yref="paper", showarrow=False,
        font={"size": 22, "color": colour if ingredient.decision else None},
    )  # fmt: skip
    return figure.update_layout(height=170, margin={**_MARGIN, "t": 20})


def verdict(ingredient: Ingredient) -> str:
    """Return the dial's words: ``yes, strong``, ``no`` or ``not tested``."""
    if not ingredient.tested:
        return "not tested"
    return f"yes, {ingredient.effect}" if ingredient.decision else "no"


def dial_position(ingredient: Ingredient) -> float:
    """Return where the needle stands: 0–1 none, 1–2 weak, 2–3 strong (log scale from 1 on).

    A "no" never leaves the first third, however large its gain may look.
    """
    effect = max(ingredient.effect_nats or 0.0, 0.0)
    if not ingredient.decision:
        return 0.95 * min(effect / WEAK_NATS, 1.0)
    if effect < STRONG_NATS:
        return 1 + float(np.log(effect / WEAK_NATS) / np.log(STRONG_NATS / WEAK_NATS))
    reach = np.log(min(effect, DIAL_END_NATS) / STRONG_NATS)
    return 2 + float(reach / np.log(DIAL_END_NATS / STRONG_NATS))


def evidence(result: DependenceResult) -> go.Figure:
    """Return the gains with their intervals, beside what shuffled worlds gain."""
    tested = [each for each in result.ingredients if each.tested][::-1]
    gains = [(each.name, each.gain_nats or 0.0, each.low or 0.0, each.high or 0.0)
             for each in tested]  # fmt: skip
    figure = go.Figure()
    for name, gain, low, high in gains:
        figure.add_scatter(
            x=[_more(gain)], y=[TITLE[name]], mode="markers", showlegend=False,
            marker={"size": 13, "color": COLOUR[name]},
            error_x={
                "array": [_more(high) - _more(gain)], "arrayminus": [_more(gain) - _more(low)],
                "thickness": 3, "width": 6, "color": COLOUR[name],
            },
            hovertemplate=f"{TITLE[name]}: {percent(gain)} more chance, {percent(low)} to "
            f"{percent(high)}<br>({gain:.4f} nats)<extra></extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=[_more(each.shuffled_nats or 0.0) for each in tested],
        y=[TITLE[each.name] for each in tested],
        mode="markers", name="shuffled (mean)",
        marker={"symbol": "line-ns", "size": 22, "line": {"width": 3, "color": POPULARITY}},
        customdata=[(percent(each.shuffled_nats or 0.0), each.shuffled_nats) for each in tested],
        hovertemplate="shuffled: %{customdata[0]} more chance<br>(%{customdata[1]:.4f} nats)"
        "<extra></extra>",
    )  # fmt: skip
    figure.add_vline(x=0, line={"width": 1, "color": _FAINT.format(0.7)})
    # On either side, so that neither runs into the other where both are little; above the
    # figure, so that none lies over the line at 0.
    for word, nats, side in (("weak", WEAK_NATS, "left"), ("strong", STRONG_NATS, "right")):
        figure.add_vline(
            x=_more(nats), line={"width": 1, "dash": "dot", "color": _FAINT.format(0.9)},
            annotation={"text": word, "font": {"size": 11}, "yanchor": "bottom"},
            annotation_position=f"top {side}",
        )  # fmt: skip
    # Noise must not fill the figure when there is nothing else.
    least = min([-0.01, *(low for _, _, low, _ in gains)])
    most = max([0.06, *(high for *_, high in gains)])
    _chance_axis(figure, "more chance for what came", least, most)
    legend = {"orientation": "h", "x": 0, "y": 1.3}
    return figure.update_layout(
        height=110 + 62 * max(len(tested), 1),
        margin={**_MARGIN, "t": 76, "b": 66, "r": 48},
        legend=legend,
    )


def nested_models(result: DependenceResult) -> go.Figure:
    """Return how often each model puts the item that came first."""
    names = [each.name for each in result.models]
    colour = {"M0": POPULARITY, "M_T": TIME, "M_S": SPACE, "M_TS": TEXT, "M_O": TRANSITION}
    figure = go.Figure(
        go.Bar(
            x=[model_label(name) for name in names],
            y=[100 * each.acc1 for each in result.models],
            marker_color=[colour.get(name, INTERACTION) for name in names],
            text=[f"{100 * each.acc1:.1f} %" for each in result.models],
            textposition="outside",
            cliponaxis=False,
            customdata=[
                [each.uses, percent(each.gain_nats), each.gain_nats] for each in result.models
            ],
            hovertemplate="%{customdata[0]}: %{text} right at the first try, "
            "%{customdata[1]} more chance than the first model gives (%{customdata[2]:.3f} nats)"
            "<extra></extra>",
        )
    )
    figure.update_yaxes(title="right at first try", ticksuffix=" %", rangemode="tozero")
    return figure.update_layout(height=280, margin={**_MARGIN, "t": 30, "b": 40})


def model_label(name: str) -> str:
    """Return a model's name for people."""
    return {
        "M0": "habits", "M_T": "+ time", "M_S": "+ place",
        "M_TS": "+ both", "M_TxS": "+ time × place", "M_O": "+ order",
    }[name]  # fmt: skip


def parts_of_time(result: DependenceResult) -> go.Figure:
    """Return what each part of time adds to the others, with its interval over users."""
    shown = [each for each in result.time_parts if each.effect_nats is not None][::-1]
    effects = [_more(each.effect_nats or 0.0) for each in shown]
    figure = go.Figure(
        go.Bar(
            y=[each.name for each in shown],
            x=effects,
            orientation="h",
            marker_color=[TIME if each.decision else POPULARITY for each in shown],
            error_x={
                "array": [
                    _more(each.high or 0.0) - at for each, at in zip(shown, effects, strict=True)
                ],
                "arrayminus": [
                    at - _more(each.low or 0.0) for each, at in zip(shown, effects, strict=True)
                ],
            },
            customdata=[(percent(each.effect_nats or 0.0), each.effect_nats) for each in shown],
            hovertemplate="%{y}: %{customdata[0]} more chance (%{customdata[1]:.4f} nats)"
            "<extra></extra>",
        )
    )
    ends = [end or 0.0 for each in shown for end in (each.low, each.high, each.effect_nats)]
    least, most = min([-0.01, *ends]), max([0.06, *ends])
    _chance_axis(figure, "more chance beside the others", least, most)
    figure.update_yaxes(showgrid=False, zeroline=False)
    return figure.update_layout(
        height=90 + 34 * max(len(shown), 1), margin={**_MARGIN, "b": 66, "l": 120}
    )


def _more(gain_nats: float) -> float:
    """Return the per cent by which a gain raises the chance."""
    return 100 * float(np.expm1(gain_nats))


def _chance_axis(figure: go.Figure, title: str, least_nats: float, most_nats: float) -> None:
    """Write the per cent by which the chance is raised below a figure of them."""
    span = [1.08 * _more(least_nats), 1.08 * _more(most_nats)]
    figure.update_xaxes(title=title, range=span, ticksuffix=" %", nticks=7, tickangle=0)


def evidence_table(result: DependenceResult) -> pd.DataFrame:
    """Return the numbers behind the dials, one row per ingredient."""
    return pd.DataFrame(
        {
            "ingredient": [TITLE[each.name] for each in result.ingredients],
            "looked_for": [each.forms for each in result.ingredients],
            "decision": [verdict(each) for each in result.ingredients],
            "gain_nats": [each.gain_nats for each in result.ingredients],
            "low": [each.low for each in result.ingredients],
            "high": [each.high for each in result.ingredients],
            "shuffled_nats": [each.shuffled_nats for each in result.ingredients],
            "effect_nats": [each.effect_nats for each in result.ingredients],
            "acc1_gain": [each.acc1_gain for each in result.ingredients],
            "p_value": [each.p_value for each in result.ingredients],
            "p_holm": [each.p_adjusted for each in result.ingredients],
            "n_as_good": [each.n_as_good for each in result.ingredients],
            "n_permutations": [each.n_permutations for each in result.ingredients],
            "detectable_nats": [each.detectable_nats for each in result.ingredients],
            "why": [each.why for each in result.ingredients],
        }
    )


def category_hours(checkins: pl.DataFrame) -> go.Figure:
    """Return how far each category's hours depart from everybody's (as a factor, log scale)."""
    table = checkins.select(
        category=pl.col(schema.CATEGORY),
        hour=schema.local_time().dt.hour().cast(pl.Int64) // 2,
    )
    labels = [f"{2 * k:02d}" for k in range(12)]
    return _departures(table, "hour", labels, "local hour of the day")


def category_zones(checkins: pl.DataFrame) -> go.Figure:
    """Return how far what is taken in each of eight zones departs from what is taken anywhere."""
    table = checkins.drop_nulls([schema.LAT, schema.LON])
    place, at = np.unique(
        table.select(schema.LAT, schema.LON).to_numpy(), axis=0, return_inverse=True
    )
    zone = zones(place, np.bincount(at).astype(float), 3)[at]
    labels = [str(k + 1) for k in range(int(zone.max(initial=0)) + 1)]
    rows = table.select(category=pl.col(schema.CATEGORY)).with_columns(pl.Series("zone", zone))
    return _departures(rows, "zone", labels, "part of the city where the user is")


def steps_by_distance(checkins: pl.DataFrame, seed: int = 0) -> go.Figure:
    """Return how far people go next, beside how far they would go in random order."""
    table = checkins.sort(schema.USER, schema.TIME)
    actual = _step_shares(table)
    place = pl.struct(schema.LAT, schema.LON).shuffle(seed=seed).over(schema.USER)
    random = _step_shares(table.select(schema.USER, place.alias("place")).unnest("place"))
    used = np.flatnonzero(actual + random > 0)
    keep = slice(used.min(), used.max() + 1) if len(used) else slice(0, 1)
    labels = ["same place"] + [
        f"{low:g}–{high:g}"
        for low, high in zip(DISTANCE_EDGES_KM[:-1], DISTANCE_EDGES_KM[1:], strict=True)
    ]
    figure = go.Figure()
    figure.add_bar(
        x=labels[keep], y=100 * random[keep], name="in random order",
        marker_color=_FAINT.format(0.55),
    )  # fmt: skip
    figure.add_bar(x=labels[keep], y=100 * actual[keep], name="as it was", marker_color=SPACE)
    figure.update_yaxes(title="share of steps", ticksuffix=" %")
    figure.update_xaxes(title="km to the next check-in", type="category")
    legend = {"orientation": "h", "x": 0, "y": 1.15}
    return figure.update_layout(height=330, margin={**_MARGIN, "t": 30, "b": 50}, legend=legend)


def _step_shares(table: pl.DataFrame) -> np.ndarray:
    lat, lon = (table[name].to_numpy() for name in (schema.LAT, schema.LON))
    user = table[schema.USER].to_numpy()
    km = distance_km(lat[1:], lon[1:], lat[:-1], lon[:-1])[user[1:] == user[:-1]]
    counts = np.bincount(
        np.minimum(np.searchsorted(DISTANCE_EDGES_KM, km), len(DISTANCE_EDGES_KM) - 1),
        minlength=len(DISTANCE_EDGES_KM),
    )
    return counts / max(counts.sum(), 1)


def _departures(table: pl.DataFrame, column: str, labels: list[str], title: str) -> go.Figure:
    counts = table.drop_nulls().group_by("category", column).len()
    names = (
        counts.group_by("category").agg(pl.col("len").sum()).sort("len", descending=True)
        .head(MAX_CATEGORIES)["category"].sort().to_list()
    )  # fmt: skip
    seen = np.zeros((len(names), len(labels)))
    for name, at, n in counts.iter_rows():
        if name in names:
            seen[names.index(name), at] += n
    expected = seen.sum(1, keepdims=True) * seen.sum(0) / max(seen.sum(), 1)
    # Two pseudo-counts: a cell that is merely rare must not shout.
    lift = np.log2((seen + 2) / (expected + 2))
    figure = go.Figure(
        go.Heatmap(
            z=lift, x=labels, y=names, zmin=-1.5, zmax=1.5, zmid=0,
            colorscale=[[k / 4, colour] for k, colour in enumerate(DIVERGING)],
            customdata=np.dstack([seen, expected]),
            hovertemplate="%{y}, %{x}: %{customdata[0]:.0f} check-ins, "
            "%{customdata[1]:.0f} expected<extra></extra>",
            colorbar={
                "tickvals": [-1, 0, 1], "orientation": "h", "thickness": 8, "y": 1.0,
                "ticktext": ["half", "as expected", "twice"],
            },
        )
    )  # fmt: skip
    figure.update_xaxes(title=title, type="category")
    return figure.update_layout(height=350, margin={**_MARGIN, "t": 40, "b": 50})
