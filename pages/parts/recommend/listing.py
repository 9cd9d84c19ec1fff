"""The ranked list as cards, and the map beside it."""

from html import escape

import numpy as np
import pandas as pd
import polars as pl
import streamlit as st

from pages.parts.recommend import ask, pictures, view, visitor
from pages.shared import background, state, ui
from pages.shared.made import built, call, made
from pages.shared.map_clicks import clickable
from pages.shared.once import once
from pages.shared.results import by_content, counted
from strec import explanation, maps, schema, spatial
from strec.explanation.card import tile, times_of
from strec.palette import POPULARITY
from strec.recommend import Answer
from strec.recommend.portrait import history_table
from strec.recommend.ranking import away_km
from strec.spatial.lattice import resolution_of
from strec.split import Queries
from strec.store import Store
from strec.wording import distance, percent

HEIGHT = 560
_PICTURE_PX = 56
#: A city is looked at as a whole; data over more degrees by where the person goes.
_CITY_DEG = 1.2
_MOST_PICKS = 1_500
#: What a part of a score is called, its value and its colour.
Segment = tuple[str, float, str]
#: A place is named after the nearest item within this distance.
_SAID_BY_NAME_KM = 25


def selected_rank(answer: Answer) -> int:
    """Return the rank of the suggestion that is being explained: it is kept while it is listed."""
    ids = answer.frame["item_id"].to_list()
    item = state.ITEM.value
    return ids.index(item) + 1 if item in ids else 1


def cards(store, answer: Answer, moves: pl.DataFrame | None) -> None:
    """Show the list; the button of a card chooses what is explained."""
    shown = selected_rank(answer)
    # Of each rank: a filter of the table for each card would be a third of what the list costs.
    parts: dict[int, list[Segment]] = {}
    if answer.model.explains:
        found = once(explanation.parts_of_list, answer)
        for rank, *segment in found.select("rank", "label", "value", "colour").iter_rows():
            parts.setdefault(rank, []).append(tuple(segment))
    before = dict(moves.select("item_id", "rank_before").iter_rows()) if moves is not None else {}
    top = max((row for row in answer.frame["probability"].to_list() if row), default=None)
    pictures.ask_for_web(answer)
    shown_pictures = pictures.of_list(store, answer)
    listed = zip(answer.frame.iter_rows(named=True), answer.codes, shown_pictures, strict=True)
    # As high as the map; where there is none, the whole list.
    height = HEIGHT if store.has_places else "content"
    with st.container(height=height, border=False, gap="small"):
        for row, code, picture in listed:
            with st.container(gap=None, key=f"rec_box_{row['rank']}"):
                _card(row, row["rank"] == shown, _moved(row, before, moves is not None))
                times = times_of(row, answer.query.log, code)
                st.html(_card_html(row, parts.get(row["rank"], []), top, picture, times))


def _card(row: dict, is_chosen: bool, moved: str) -> None:
    """Show name and number; a click chooses what is explained below."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        name = ui.plain(ui.shown_name(row["item_name"]))
        st.button(
            f"**{row['rank']}\u2002{name}**{moved}",
            key=f"rec_card_{row['rank']}",
            type="primary" if is_chosen else "tertiary",
            help=None if is_chosen else "Show why",
            on_click=_choose,
            args=(row["item_id"],),
        )
        number = (
            f"score {row['score']:.3g}"
            if row["probability"] is None
            else percent(row["probability"])
        )
        st.markdown(f"**{number}**", width="content")


def legend(answer: Answer) -> None:
    """Show which colour stands for which part."""
    if answer.model.explains:
        st.html(once(_legend, answer))


def _legend(answer: Answer) -> str:
    parts = once(explanation.parts_of_list, answer)
    # What hardly shows in any bar needs no colour explained.
    large = parts.filter(pl.col("value") > 0.03 * pl.col("value").max())
    shown = large.unique("part", maintain_order=True)
    dots = "".join(
        f'<span style="white-space:nowrap"><span style="display:inline-block;width:.7rem;'
        f'height:.7rem;border-radius:.2rem;background:{colour};margin-right:.3rem"></span>'
        f"{escape(_short_label(part, label))}</span>"
        for part, label, colour in shown.select("part", "label", "colour").iter_rows()
    )
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:.15rem .9rem;font-size:.8rem;opacity:.85">'
        f"{dots}</div>"
    )


def _short_label(part: str, label: str) -> str:
    # A label of one item names its category or the last check-in; the legend stands for all.
    if label.startswith("From "):
        return "From where one starts"
    return {"sequence": "What came before", "taste": "A liked kind"}.get(part, label)


def _choose(item: str) -> None:
    state.ITEM.value = item


def _moved(row: dict, before: dict, compared: bool) -> str:
    was = before.get(row["item_id"])
    if not compared or was == row["rank"]:
        return ""
    if was is None:
        return "\u2002:small[entered]"
    return f"\u2002:small[{'▲' if was > row['rank'] else '▼'} {abs(was - row['rank'])}]"


def _card_html(
    row: dict,
    parts: list[Segment],
    top: float | None,
    picture: str | None,
    times: str,
) -> str:
    facts = [escape(row["category"])] if row["category"] else []
    if row["distance_km"] is not None:
        facts.append(distance(row["distance_km"]))
    facts.append(escape(times))
    width = 0.0 if row["probability"] is None else 100 * row["probability"] / (top or 1)
    own = (
        f'<div style="font-size:.85rem;opacity:.8">{" · ".join(facts)}</div>'
        f'<div style="display:flex;height:.5rem;margin-top:.3rem;width:{width:.1f}%;'
        f'min-width:3px;border-radius:.25rem;overflow:hidden">{_segments(parts)}</div>'
    )
    if picture is None:
        return own
    return (
        '<div style="display:flex;gap:.75rem;align-items:center;margin-top:.3rem">'
        f"{tile(picture, _PICTURE_PX)}"
        f'<div style="flex:1;min-width:0">{own}</div></div>'
    )


def _segments(parts: list[Segment]) -> str:
    if not parts:
        return f'<span style="flex:1;background:{POPULARITY}"></span>'
    return "".join(
        f'<span style="flex:{1e6 * value:.0f};background:{colour}" title="{escape(label)}"></span>'
        for label, value, colour in parts
        if value > 0
    )


# ---------------------------------------------------------------- map


def map_of(store, answer: Answer) -> None:
    """Show the person's past, here, and the suggestions; a click asks from there."""
    city = _view(store, answer)
    shops = view.landmarks(store) if store.has(schema.PLACE_ID) else None
    below = [maps.picking_layer(_picks(store, city), _tip())]
    look = {"view": city, "labels": shops, **background.look()}
    shown = built(maps.suggestions, answer, below=below, **look)
    clickable(
        shown, "rec_map", _clicked, height=HEIGHT - 30,
        beside=True,
        alt="Where the suggestions are, and where the question is asked from.",
    )  # fmt: skip
    word = ui.item_word(plural=True)
    pins = "Numbered pins: the suggestions. " if _any_place(answer) else (
        f"No pins: these {word} are taken in many places. "
    )  # fmt: skip
    past = "the person's past"
    if store.is_anonymous:
        past = "where people went from here" if store.has_trips else "where people went"
    with st.container(horizontal=True, vertical_alignment="center"):
        click = "A click adds a visit." if visitor.is_adding() else "Click to ask from elsewhere."
        if state.PICTURES_OF_MAPS.value:
            click = ""  # Nothing happens on a picture; the button beside it asks for a place.
        words = f"{pins}Blue: {past}. Orange ring: here, {place_words(answer)}. {click}"
        st.caption(words, width="stretch")
        with st.popover("Name a place", icon=":material/my_location:", type="tertiary"):
            ask.type_place(store)
        ui.in_python(shown, "rec_map")


def place_words(answer: Answer) -> str:
    """Return where the question is asked from, by the nearest known item that is a place."""
    query, vocabulary = answer.query, answer.query.vocabulary
    if np.isnan(query.lat[0]):
        return "not known"
    km = away_km(query)[0]
    if np.isnan(km).all() or np.nanmin(km) > _SAID_BY_NAME_KM:
        return f"{query.lat[0]:.3f}, {query.lon[0]:.3f}"
    nearest = int(np.nanargmin(km))
    name = ui.plain(str(vocabulary.item_name[nearest]))
    return f"at {name}" if km[nearest] < 0.05 else f"{distance(km[nearest])} from {name}"


def _tip() -> str:
    return f"Visit the nearest {ui.item_word()}" if visitor.is_adding() else "Ask from here"


def _clicked(layer: str, clicked: dict) -> None:
    if layer == "suggestions":
        if visitor.is_adding():
            visitor.add(clicked["item_id"])
        else:
            state.ITEM.value = clicked["item_id"]
    elif layer == "pick":
        _place_clicked(clicked["lat"], clicked["lon"])
    elif layer in ("history", "here"):
        lon, lat = clicked["position"]
        _place_clicked(lat, lon)


def _place_clicked(lat: float, lon: float) -> None:
    if visitor.is_adding():
        visitor.add_near(lat, lon)
    else:
        view.ask_from(lat, lon)


def _any_place(answer: Answer) -> bool:
    return answer.frame["lat"].is_not_null().any()


def _history(query: Queries) -> pl.DataFrame:
    return history_table(query).drop_nulls(["lat", "lon"])


def _view(store, answer: Answer) -> maps.View:
    """Return a view that stays where it is while only the hour changes."""
    history = once(_history, answer.query)
    everywhere = counted(Store.cells, store, 8, min_users=1)
    whole = background.view_of(everywhere["lat"], everywhere["lon"])
    if whole.span_deg <= _CITY_DEG or not len(history):
        return whole
    lat = [*history["lat"], float(answer.query.lat[0])]
    lon = [*history["lon"], float(answer.query.lon[0])]
    return background.view_of(lat, lon, max_zoom=13)


def picks(store, answer: Answer, most: int) -> pd.DataFrame:
    """Return hexagons over the map that the page shows, at most so many."""
    grid = _picks(store, _view(store, answer), most)
    resolution = resolution_of(grid["cell"].to_numpy())
    rings = 2 if resolution > 1 else 1
    how = call(spatial.grid_around, counted(Store.cells, store, 8, min_users=1), resolution, rings)
    return made(grid, how)


@by_content(most=12)
def _picks(store: Store, city: maps.View, most: int = _MOST_PICKS) -> pd.DataFrame:
    """Return hexagons to click on: where anybody was and around, as fine as a finger can hit."""
    cells = counted(Store.cells, store, 8, min_users=1)
    finest = 8 if city.span_deg < 1 else 6 if city.span_deg < 6 else 3
    for resolution in range(finest, 1, -1):
        grid = spatial.grid_around(cells, resolution, rings=2)
        if len(grid) <= most:
            return grid
    return spatial.grid_around(cells, 1)
