"""What the parts of the space page share: settings, counting once, captions, downloads."""

from dataclasses import dataclass

import pandas as pd
import polars as pl
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared import background, pins, playback, ui
from pages.shared.results import by_content, counted
from pages.shared.state import Key
from strec import maps, plots, schema, spatial
from strec.export import MIN_USERS, enough_people, json_text
from strec.geo import KM_PER_DEGREE
from strec.store import Filters, Store
from strec.wording import rough_distance

#: A narrower hexagon is a speck: the next wider one is shown first.
FEWEST_PX = 11


@dataclass(frozen=True)
class Setting:
    """What the controls above every part say."""

    suggested: int
    min_users: int = MIN_USERS


def settings(store: Store) -> Setting:
    """Ask for what all maps share, out of the way."""
    usual, whom = fewest(store), "check-ins" if store.is_anonymous else "users"
    with st.popover("Settings", icon=":material/settings:"):
        min_users = st.number_input(
            f"Hide what has fewer {whom} than", 1, 100, usual, key=f"space_min_users_{usual}",
            help="Places of one or two people can give them away.",
        )  # fmt: skip
        background.ask()
    return Setting(suggestion(store), min_users)


def more() -> DeltaGenerator:
    """Return where a part asks for what is seldom changed: the map stands high on the page."""
    return st.popover("Size and more", icon=":material/tune:")


def hexagon_size(
    store: Store, setting: Setting, touching: bool = False, view: maps.View | None = None
) -> int:
    """Ask for the size of hexagons in words of their width; parts share the answer.

    Where hexagons are compared with their neighbours (`touching`), they start, and are kept, as
    wide as it takes for them to have some. Where they are looked at (`view`) they are no specks.
    """
    suggested = touching_size(store, setting) if touching else setting.suggested
    if view is not None and width_px(suggested, view) < FEWEST_PX:
        suggested = max(suggested - 1, 0)
    kept = Key(f"space_resolution_{store.fingerprint}_{touching}", suggested)
    options = list(range(max(suggested - 3, 0), min(suggested + 2, schema.CELL_RESOLUTION) + 1))
    chosen = st.select_slider(
        "Width of a hexagon",
        options,
        value=kept.value if kept.value in options else suggested,
        format_func=lambda each: rough_distance(spatial.hexagon_width_km(each)),
        key=f"space_size_{store.fingerprint}_{touching}",
        help=f"{rough_distance(spatial.hexagon_width_km(suggested))} suits these data.",
    )
    kept.value = chosen
    return chosen


def width_px(resolution: int, view: maps.View) -> float:
    """Return how wide a hexagon is on the map as it is first seen."""
    return spatial.hexagon_width_km(resolution) * 1000 / view.metres_per_px


@by_content()
def suggestion(store: Store) -> int:
    """Return the size of hexagons that suits the data set and hides little."""
    return spatial.resolution_that_shows(store)


@by_content()
def fewest(store: Store) -> int:
    """Return how many people a place has to be shown, unless the visitor says otherwise."""
    return spatial.shown_from(store)


@by_content()
def touching_size(store: Store, setting: Setting) -> int:
    """Return the size at which hexagons have neighbours to be compared with."""
    return spatial.resolution_that_touches(
        lambda resolution: store.cells(resolution, min_users=setting.min_users),
        setting.suggested,
    )


def what_to_count(store: Store, values: dict[str, str], key: str, label: str = "Count") -> str:
    """Ask what is counted; where nobody is named, check-ins alone can be."""
    return "n_checkins" if store.is_anonymous else ui.choose(label, values, key)


def at_places(store: Store, chosen: Filters, min_users: int) -> pd.DataFrame:
    """Return what stands on the map by itself: items that are places, or the shops."""
    if not store.has(schema.PLACE_ID):
        return counted(Store.points, store, chosen, min_users=min_users)
    shops = counted(Store.shops, store, chosen, min_users=min_users)
    renamed = {"place_id": "item_id", "place_name": "item_name"}
    placed = shops.dropna(subset=["lat", "lon"]).rename(columns=renamed)
    placed["category"] = [f"{n:,} different items" for n in placed["n_items"]]
    placed.attrs = dict(shops.attrs)
    return placed


@by_content(most=64)
def landmarks(store: Store, min_users: int, view: maps.View) -> pd.DataFrame | pl.DataFrame:
    """Return named items that stay at their place and belong to many."""
    if store.has(schema.PLACE_ID):
        return at_places(store, Filters(), min_users).head(300)
    items = store.items()
    # An item bought all over the city is no landmark.
    still = pl.col("spread_km") < max(view.span_deg * KM_PER_DEGREE / 200, 0.05)
    return items.filter(still, enough_people(items, min_users)).top_k(300, by="n_checkins")


def look(store: Store, setting: Setting, view: maps.View) -> dict:
    """Return what every map takes: view, colours of the page, background, names of places."""
    return {
        "view": view,
        **background.look(),
        "labels": landmarks(store, setting.min_users, view),
    }


def below(store: Store, chosen: Filters, n: float, hidden: str = "") -> str:
    """Return what stands under every map: how much it counts, what it hides, whom to thank."""
    return f"{ui.plain(plain_counts(store, chosen, n))}. {hidden} {background.thanks()}."


def plain_counts(store: Store, chosen: Filters, n_checkins: float | None = None) -> str:
    """Return check-ins, users and time zone for the note below a figure."""
    summary = counted(Store.summary, store, chosen)
    n = summary["n_places"] if n_checkins is None else int(n_checkins)
    return plots.note(n, summary["n_users"], store.time_zone)


def offer(
    name: str, frame: pd.DataFrame | pl.DataFrame, deck=None, cells: pd.DataFrame | None = None,
    words: str = "", legend: tuple[str, maps.Scale | maps.Classes] | None = None,
    can_pin: bool = True,
) -> None:  # fmt: skip
    """Offer a map's numbers as CSV, its hexagons as GeoJSON, the map as a page and a picture.

    With the `words` below it, it can be pinned; how it is made is told where that is known.
    """
    # What a download is made of is worked out here: its making sees no session.
    picture = {
        "title": name.replace("_", " ").capitalize(),
        "note": ui.current_store().meta["name"],
        "dark": ui.is_dark(),
        "legend": legend,
    }
    with ui.under(f"space_{name}"):
        ui.downloads(name, with_readable_cells(frame), f"space_{name}")
        files = []
        if cells is not None:
            files.append(("Hexagons as GeoJSON", "geojson", "application/geo+json",
                          lambda: json_text(spatial.as_geojson(cells))))  # fmt: skip
        if deck is not None:
            files.append(("Map as HTML", "html", "text/html", lambda: maps.to_html(deck)))
            files.append(("Map as picture", "svg", "image/svg+xml",
                          lambda: maps.to_svg(deck, **picture)))  # fmt: skip
        if files:
            with st.popover("Map", icon=":material/download:", type="tertiary"):
                for label, ending, mime, make in files:
                    ui.download(label, make, f"{name}.{ending}", mime,
                                f"space_file_{name}.{ending}")  # fmt: skip
        if deck is not None:
            if can_pin:
                pins.button(deck, f"space_{name}", str(picture["title"]), words, legend)
            ui.in_python(deck, f"space_{name}")


def with_readable_cells(frame: pd.DataFrame | pl.DataFrame) -> pd.DataFrame | pl.DataFrame:
    """Return a frame whose H3 cells are written as people know them."""
    if isinstance(frame, pl.DataFrame):
        cells = [format(cell, "x") for cell in frame["cell"]]
        return frame.with_columns(cell=pl.Series(cells, dtype=pl.String))
    named = {
        column: [format(int(cell), "x") for cell in frame[column]]
        for column in ("cell", "origin", "destination")
        if column in frame and frame[column].dtype == "uint64"
    }
    return frame.assign(**named)


def nothing_left(frame: pd.DataFrame, noun: str, step: playback.Step | None = None) -> bool:
    """Say so when a map would be empty."""
    if len(frame):
        return False
    when = "" if step is None else f" in {step.words}"
    words = spatial.hidden_in_words(frame, noun)
    st.info(
        f"Nothing to show{when}. "
        + (
            f"{words} Lower the number under “Settings”, or choose larger hexagons."
            if words
            else "Choose another view, or loosen the filters."
        ),
        icon=":material/visibility_off:",
    )
    return True


@by_content()
def _named_places(store: Store) -> pl.DataFrame:
    items = store.items().drop_nulls(["lat", "lon"]).filter(pl.col("spread_km") < 0.5)
    return items.filter(enough_people(items))


def near_landmark(store: Store, lat: float, lon: float) -> str:
    """Return the name of the busiest item nearby, for places that have no name."""
    items = _named_places(store)
    if items.is_empty():
        return f"{lat:.3f}, {lon:.3f}"
    away = (pl.col("lat") - lat).abs() + (pl.col("lon") - lon).abs()
    near = items.with_columns(_away=away).sort("_away", maintain_order=True).head(5)
    # The busiest of five that are about as near: within a kilometre or so of the nearest.
    near = near.filter(pl.col("_away") <= pl.col("_away").min() + 0.01)
    top = near.sort("n_checkins", descending=True, maintain_order=True).row(0, named=True)
    return str(top["item_id"] if top["item_name"] is None else top["item_name"])


def near_landmarks(store: Store, frame: pd.DataFrame) -> list[str]:
    """Return the name of the busiest item near each row's `lat` and `lon`."""
    rows = zip(frame["lat"], frame["lon"], strict=True)
    return [near_landmark(store, lat, lon) for lat, lon in rows]


def with_user_ids(store: Store, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame that names users by their ids instead of by their codes."""
    ids = store.users()["user_id"]
    named = frame.assign(user_id=[ids[int(code)] for code in frame["user"]])
    return named.drop(columns="user")
