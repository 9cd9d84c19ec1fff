"""Further looks at the same question: a walk, the city, other models, what the gate said."""

from html import escape

import pandas as pd
import polars as pl
import streamlit as st

from pages.parts.recommend import listing, models, view, why
from pages.shared import background, playback, ui
from pages.shared.once import once
from pages.shared.results import counted
from strec import explanation, maps
from strec.palette import CATEGORICAL, OTHERS, POPULARITY
from strec.recommend import Answer
from strec.store import Filters, Store
from strec.wording import percent

HOURS, WALK, CITY, MODELS = "Other hours", "Along a walk", "All over the map", "Other models"
_NOTHING = "nothing fits from here"
_MOST_CELLS, _MOST_KINDS, _STEPS = 500, 9, 13


def more(store, question, answer: Answer, rank: int) -> None:
    """Offer further looks, one at a time."""
    hours = [HOURS] if store.has_clock else []
    options = [*hours, *([WALK, CITY] if store.has_places else []), MODELS]
    st.subheader("What if?", anchor=False)
    look = ui.choose("Look at", options, "rec_more", show_label=False)
    with ui.one_of(options, look):
        if look == HOURS:
            why.other_hours(answer, rank)
        elif look == WALK:
            _walk(store, answer)
        elif look == CITY:
            _city(store, answer)
        else:
            models.side_by_side(store, question, answer)


# ---------------------------------------------------------------- a walk


def _walk(store, answer: Answer) -> None:
    if answer.query.lat[0] != answer.query.lat[0]:
        st.caption("A walk begins somewhere: choose a place under “Where” first.")
        return
    targets = {row["item_id"]: row for row in view.landmarks(store).iter_rows(named=True)}
    goal = st.selectbox(
        "Walk from here to", list(targets), format_func=lambda each: targets[each]["item_name"],
        key="rec_walk_to",
    )  # fmt: skip
    end = targets[goal]["lat"], targets[goal]["lon"]
    steps, lists = once(explanation.walk, answer, *end, n_steps=_STEPS, k=2)
    table = (
        lists.with_columns(
            shown=pl.col("item_name")
            + pl.when(pl.col("probability").is_null())
            .then(pl.lit(""))
            .otherwise(
                pl.lit(" · ") + pl.col("probability").map_elements(percent, return_dtype=pl.String)
            )
        )
        .pivot(on="rank", index="place", values="shown")
        .with_columns(way=(100 * pl.col("place") / (_STEPS - 1)).round().cast(pl.Int64))
    )
    left, right = st.columns([5, 4])
    with left:
        st.dataframe(
            table.select("way", *[str(each) for each in (1, 2) if str(each) in table.columns]),
            hide_index=True, width="stretch", height=490,
            column_config={
                "way": st.column_config.ProgressColumn(
                    "Way", min_value=0, max_value=100, format="%d %%", width="small"
                ),
                "1": "First", "2": "Second",
            },
        )  # fmt: skip
    with right:
        _walk_map(answer, steps, lists)
    st.caption("The same question at the same moment, asked at 13 points of the straight way.")


def _walk_map(answer: Answer, steps: pl.DataFrame, lists: pl.DataFrame) -> None:
    first = lists.filter(pl.col("rank") == 1).select("place", "item_name")
    frame = steps.join(first, on="place", how="left").with_columns(
        tip="First here: " + pl.col("item_name"), n_checkins=1, n_users=1
    )
    city = background.view_of(frame["lat"], frame["lon"], max_zoom=14)
    layers = [
        maps.point_layer(frame, layer_id="walk", min_px=7, max_px=7),
        maps.here_layer(float(answer.query.lat[0]), float(answer.query.lon[0]), "The walk begins"),
    ]
    ui.deck(
        maps.deck(layers, city, **background.look()),
        "rec_walk_map",
        height=460,
        alt="The way, and what would come first at each of its points.",
    )


# ---------------------------------------------------------------- the city


def _city(store, answer: Answer) -> None:
    film = playback.Film()
    if store.has_clock and answer.query.time_known:
        hours = st.toggle(
            "Hour by hour", key="rec_city_hours",
            help="The same question at each hour of the same day, all over the map.",
        )  # fmt: skip
        film = playback.film(store, Filters(), playback.HOUR) if hours else film
    grid = listing.picks(store, answer, _MOST_CELLS)
    # Over the hours a kind keeps its colour: the kinds that are had most have one.
    kinds = counted(Store.by_category, store)["category"].to_list() if film else []
    playback.played(film, lambda step: _city_at(answer, grid, step, kinds))


def _city_at(
    answer: Answer, grid: pd.DataFrame, step: playback.Step | None, kinds: list[str]
) -> None:
    """Show what is suggested where, at the moment asked about or at an hour of its day."""
    hour = None if step is None else int(step.value)  # type: ignore[arg-type]
    best = once(
        explanation.best_by_place, answer, grid["lat"].to_numpy(), grid["lon"].to_numpy(), k=3,
        hour=hour,
    )  # fmt: skip
    # A cell from where nothing passes the filters has no first suggestion: it is grey.
    everywhere = pl.DataFrame({"place": range(len(grid))}, schema={"place": best["place"].dtype})
    first = everywhere.join(
        best.filter(pl.col("rank") == 1), on="place", how="left", maintain_order="left"
    )
    has_kinds = first["category"].is_not_null().any()
    kind = pl.col("category").fill_null("(no kind)") if has_kinds else pl.col("item_name")
    named = first.select(
        pl.when(pl.col("item_id").is_null()).then(pl.lit(_NOTHING)).otherwise(kind)
    ).to_series()
    counts = named.value_counts(sort=True, name="n").filter(pl.nth(0) != _NOTHING)
    shown = (kinds if kinds and has_kinds else counts.to_series().to_list())[:_MOST_KINDS]
    code = {name: k for k, name in enumerate(shown)}
    names, colours = list(shown), [*CATEGORICAL[: len(shown)]]
    for name, colour, is_there in (
        ("others", POPULARITY, not set(counts.to_series()) <= set(shown)),
        (_NOTHING, OTHERS, _NOTHING in named),
    ):
        if is_there:
            names.append(name)
            colours.append(colour)
    other = {name: k for k, name in enumerate(names)}
    frame = grid.assign(
        kind=[code.get(each, other.get(each, other.get("others", 0))) for each in named],
        tip=_tips(best, len(grid)),
    )
    scale = maps.Scale(
        tuple(float(k) for k in range(len(colours))), float(len(colours) - 1), tuple(colours)
    )
    city = background.view_of(grid["lat"], grid["lon"])
    layer = maps.hexagon_layer(frame, "kind", scale=scale, layer_id="city")
    layers = [layer]
    if answer.query.lat[0] == answer.query.lat[0]:
        layers.append(maps.here_layer(float(answer.query.lat[0]), float(answer.query.lon[0])))
    _kinds_legend(names, colours)
    ui.deck(
        maps.deck(layers, city, **background.look()),
        "rec_city",
        caption="Colour: the kind of the first suggestion"
        f"{'' if has_kinds else ' (here its name)'}, were the same asked there "
        f"{'at the same moment' if step is None else 'at ' + step.words}. "
        "Hover for the first three.",
    )


def _tips(best: pl.DataFrame, n: int) -> list[str]:
    lines: list[list[str]] = [[] for _ in range(n)]
    for place, rank, name, probability in best.select(
        "place", "rank", "item_name", "probability"
    ).iter_rows():
        chance = "" if probability is None else f" {percent(probability)}"
        lines[place].append(f"{rank}. {name}{chance}")
    return ["\n".join(each) for each in lines]


def _kinds_legend(names: list[str], colours: list[str]) -> None:
    dots = "".join(
        f'<span style="white-space:nowrap"><span style="display:inline-block;width:.8rem;'
        f'height:.8rem;border-radius:.2rem;background:{colour};margin-right:.3rem"></span>'
        f"{escape(str(name))}</span>"
        for name, colour in zip(names, colours, strict=True)
    )
    st.html(
        f'<div style="display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.85rem">{dots}</div>'
    )
