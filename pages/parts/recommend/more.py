"""Further looks at the same question: a walk, the city, other models, what the gate said."""

import pandas as pd
import polars as pl
import streamlit as st

from pages.parts.recommend import listing, models, view, why
from pages.shared import background, playback, ui
from pages.shared.made import Made, built, call, made, named, of
from pages.shared.once import once
from pages.shared.results import counted
from strec import explanation, maps
from strec.palette import CATEGORICAL
from strec.recommend import Answer
from strec.store import Filters, Store
from strec.wording import percent

HOURS, WALK, CITY, MODELS = "Other hours", "Along a walk", "All over the map", "Other models"
_MOST_CELLS, _STEPS = 500, 13


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
    how = call(explanation.walk, answer, *end, n_steps=_STEPS, k=2)
    made(steps, named(how, "steps, lists", "steps"))
    made(lists, named(how, "steps, lists", "lists"))
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
        _walk_map(steps, lists)
    st.caption("The same question at the same moment, asked at 13 points of the straight way.")


def _walk_map(steps: pl.DataFrame, lists: pl.DataFrame) -> None:
    shown = built(maps.way, steps, lists, **background.look())
    ui.deck_with_python(
        shown,
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
    kinds = []
    if film:
        kinds = counted(Store.by_category, store)["category"].to_list()[: len(CATEGORICAL) - 1]
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
    frame, classes = maps.first_kinds(grid, best, kinds)
    city = background.view_of(grid["lat"], grid["lon"])
    shown = maps.hexagons(frame, "kind", scale=classes, view=city, **background.look())
    made(shown, _in_python(answer, grid, hour, kinds))
    if answer.query.lat[0] == answer.query.lat[0]:
        here = maps.here_layer(float(answer.query.lat[0]), float(answer.query.lon[0]))
        shown.layers.insert(1, here)
    st.html(maps.legend_html("First suggestion", classes))
    ui.deck_with_python(
        shown,
        "rec_city",
        caption="Colour: the kind of the first suggestion, or its name where items have no kind, "
        f"were the same asked there {'at the same moment' if step is None else 'at ' + step.words}."
        " Hover for the first three.",
    )


def _in_python(
    answer: Answer, grid: pd.DataFrame, hour: int | None, kinds: list[str]
) -> Made | None:
    asked, cells = named(of(answer), "answer", "answer"), named(of(grid), "grid", "grid")
    if asked is None or cells is None:
        return None
    at = "" if hour is None else f", hour={hour}"
    more = f", kinds={kinds}" if kinds else ""
    lines = (
        *asked.lines,
        *cells.lines,
        f'best = explanation.best_by_place(answer, grid["lat"], grid["lon"], k=3{at})',
        f"kinds, classes = maps.first_kinds(grid, best{more})",
    )
    rooms = (*asked.imports, *cells.imports, "explanation", "maps")
    return Made('maps.hexagons(kinds, "kind", scale=classes)', lines, rooms)
