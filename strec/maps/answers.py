"""Whole maps of a question and its answer: the list, the way, the city, what lies behind."""

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import pandas as pd
import polars as pl
import pydeck as pdk

from strec.errors import AnalysisError, check_is
from strec.maps.answer_layers import here_layer, history_layer, suggestion_layers
from strec.maps.decks import Look, in_look
from strec.maps.layers import label_layer, point_layer
from strec.maps.scale import Classes
from strec.maps.view import view_of
from strec.palette import BAD, CATEGORICAL, GOOD, OTHERS, POPULARITY, USER
from strec.recommend import Answer
from strec.recommend.portrait import history_table
from strec.store import Frame, frame_of
from strec.wording import percent, plural

#: What the map of a city calls a place from where no suggestion fits, and kinds without a colour.
NOTHING, REST = "nothing fits from here", "others"


def suggestions(
    answer: Answer, *, below: Sequence[pdk.Layer] = (), **look: Unpack[Look]
) -> pdk.Deck:
    """Return the map of a list: the past that the question sees, here, and numbered pins.

    Parameters
    ----------
    answer : Answer
        From `Recommender.answer`.
    below : sequence of pydeck.Layer
        Drawn under all of it, such as a `picking_layer`.
    **look
        See `Look`.

    Examples
    --------
    >>> from strec import Dataset
    >>> from strec.recommend import Recommender
    >>> answer = Recommender(Dataset.sample("travel")).answer(None, "2024-06-05 10:00", k=3)
    >>> [each.id for each in suggestions(answer).layers[:2]]
    ['suggestions', 'suggestion-names']
    """
    check_is(answer, Answer, "An answer is what Recommender.answer gives.", AnalysisError)
    past = history_table(answer.query).drop_nulls(["lat", "lon"])
    kind = pl.when(pl.col("category") != "").then("\n" + pl.col("category")).otherwise(pl.lit(""))
    listed = answer.frame.with_columns(tip=pl.format("{}. {}{}", "rank", "item_name", kind))
    placed = pl.concat([each.select("lat", "lon") for each in (past, listed)])
    lat, lon = float(answer.query.lat[0]), float(answer.query.lon[0])
    here = [] if np.isnan(lat) else [(lat, lon)]
    view = look.get("view") or view_of(
        [*placed["lat"], *(at[0] for at in here)],
        [*placed["lon"], *(at[1] for at in here)],
        max_zoom=13,
    )
    dark, layers = look.get("dark", False), list(below)
    if len(past):
        layers.append(history_layer(past.with_columns(tip=_counted(past), n_users=1)))
    layers += [here_layer(*at, tip="Asked from here") for at in here]
    layers += suggestion_layers(listed, view, dark)
    if (named := look.get("labels")) is not None:
        layers.append(label_layer(named, view, dark, offset_px=(0, -18)))
    return in_look(layers, view, look)


def visits(checkins: Frame, *, colour: str = USER, **look: Unpack[Look]) -> pdk.Deck:
    """Return a map of single check-ins: a disc per place, larger where there are more.

    Parameters
    ----------
    checkins : pandas.DataFrame or polars.DataFrame
        `item_name`, `lat`, `lon`, such as one of `Reasons.evidence`; without a place they are
        left out.
    colour : str
        Hex colour.
    **look
        See `Look`.

    Examples
    --------
    >>> two = {"item_name": ["Park", "Park"], "lat": [40.7, 40.7], "lon": [-74.0, -74.0]}
    >>> visits(pd.DataFrame(two)).layers[0].data[0]["tip"]
    'Park\\n2 check-ins'
    """
    columns = ["item_name", "lat", "lon"]
    known = pl.DataFrame(frame_of(checkins, tuple(columns))[columns])
    places = known.drop_nulls(["lat", "lon"]).group_by(columns, maintain_order=True)
    frame = (counts := places.len("n_checkins")).with_columns(tip=_counted(counts), n_users=1)
    view = look.get("view") or view_of(frame["lat"], frame["lon"], max_zoom=13)
    layer = point_layer(frame, colour=colour, layer_id="evidence", min_px=5, max_px=12)
    return in_look([layer], view, look)


def way(steps: Frame, lists: Frame, **look: Unpack[Look]) -> pdk.Deck:
    """Return a map of the straight way to a place: what would come first at each step.

    Parameters
    ----------
    steps, lists : polars.DataFrame
        As `explanation.walk` gives them.
    **look
        See `Look`.

    Examples
    --------
    >>> from strec import Dataset, explanation
    >>> from strec.recommend import Recommender
    >>> recommender = Recommender(Dataset.sample("travel"))
    >>> answer = recommender.answer(None, "2024-06-05 10:00", 40.41, -3.70, k=2)
    >>> len(way(*explanation.walk(answer, 40.42, -3.69, n_steps=4)).layers[0].data)
    4
    """
    places = pl.DataFrame(frame_of(steps, ("place", "lat", "lon")))
    named = pl.DataFrame(frame_of(lists, ("place", "rank", "item_name")))
    first = named.filter(pl.col("rank") == 1).select("place", "item_name")
    frame = places.join(first, on="place", how="left", maintain_order="left").with_columns(
        tip="First here: " + pl.col("item_name").fill_null(NOTHING), n_checkins=1, n_users=1
    )
    view = look.get("view") or view_of(frame["lat"], frame["lon"], max_zoom=14)
    layers = [point_layer(frame, layer_id="walk", min_px=7, max_px=7)]
    for lat, lon in frame.select("lat", "lon").head(1).iter_rows():
        layers.append(here_layer(lat, lon, "The walk begins"))
    return in_look(layers, view, look)


def first_kinds(
    grid: Frame, best: Frame, kinds: Sequence[str] = ()
) -> tuple[pd.DataFrame, Classes]:
    """Return of which kind the first suggestion is in each hexagon, and the colour of each kind.

    Parameters
    ----------
    grid : pandas.DataFrame
        Hexagons: `cell`, `lat`, `lon`, for instance from `spatial.grid_around`.
    best : polars.DataFrame
        What `explanation.best_by_place` gives for them.
    kinds : sequence of str
        Those that have a colour, so that they keep it over several hours; otherwise those that
        are first in most hexagons.

    Returns
    -------
    tuple of pandas.DataFrame and Classes
        For `hexagons`: the grid with `kind` and `tip`, and the scale of `kind`. Where no item
        has a kind, its name stands for it.

    Examples
    --------
    >>> from strec import Dataset, explanation, spatial
    >>> from strec.recommend import Recommender
    >>> data = Dataset.sample("travel")
    >>> answer = Recommender(data).answer(None, "2024-06-05 10:00", k=2)
    >>> grid = spatial.grid_around(data.store.cells(6, min_users=1), 6, rings=1)
    >>> best = explanation.best_by_place(answer, grid["lat"], grid["lon"], k=3)
    >>> frame, classes = first_kinds(grid, best)
    >>> set(frame["kind"]) <= set(classes.names)
    True
    """
    grid = frame_of(grid, ("cell", "lat", "lon"))
    needed = ("place", "rank", "item_name", "category", "probability")
    best = frame_of(best, needed)
    if len(best) and best["place"].max() >= len(grid):
        raise AnalysisError(
            "The lists are of the places of this grid.",
            f"a list of place {best['place'].max()}, {plural(len(grid), 'hexagon')}.",
            "Give best_by_place this grid's lat and lon.",
        )
    # From where nothing passes the filters there is no first suggestion.
    first = best[best["rank"] == 1].set_index("place").reindex(range(len(grid)))
    has_kinds = first["category"].notna().any()
    kind = first["category"].fillna("(no kind)") if has_kinds else first["item_name"]
    kind = kind.where(first["item_name"].notna(), NOTHING)
    found = [each for each in kind.value_counts().index if each != NOTHING]
    # The last colour is that of the rest.
    colours = dict(zip(kinds if kinds and has_kinds else found, CATEGORICAL[:-1], strict=False))
    colours |= {} if set(found) <= set(colours) else {REST: POPULARITY}
    colours |= {NOTHING: OTHERS} if NOTHING in set(kind) else {}
    tips: list[list[str]] = [[] for _ in range(len(grid))]
    for place, rank, name, _, probability in best[list(needed)].itertuples(index=False):
        chance = "" if pd.isna(probability) else f" {percent(probability)}"
        tips[place].append(f"{rank}. {name}{chance}")
    frame = grid.assign(
        kind=[each if each in colours else REST for each in kind],
        tip=["\n".join(each) for each in tips],
    )
    return frame, Classes(tuple(colours), tuple(colours.values()))


def replayed(events: Frame, n: int, *, trail: int = 30, **look: Unpack[Look]) -> pdk.Deck:
    """Return a map of a replay after some check-ins: what came, the guess, and those before.

    Parameters
    ----------
    events : polars.DataFrame
        `Replay.events`.
    n : int
        How many have been played: the last of them has come.
    trail : int
        How many are shown, discs where one of the first five guesses was right, rings where none.
    **look
        See `Look`.

    Examples
    --------
    >>> came = {"item_name": ["Bar", "Park"], "lat": [40.7, 40.8], "lon": [-74.0, -74.1],
    ...         "rank": [2, 9], "top": [["Park"], ["Bar"]], "guess_lat": [40.8, 40.7],
    ...         "guess_lon": [-74.1, -74.0]}
    >>> [each.id for each in replayed(pl.DataFrame(came), 2).layers[:4]]
    ['hits', 'misses', 'here', 'suggestions']
    """
    needed = ("item_name", "lat", "lon", "rank", "top", "guess_lat", "guess_lon")
    everything = pl.DataFrame(frame_of(events, needed)[list(needed)])
    if not isinstance(n, int) or not 0 < n <= len(everything):
        raise AnalysisError(
            f"A replay of {plural(len(everything), 'check-in')} shows one to all of them.",
            f"{n!r:.40}.",
            "Give a whole number from 1.",
        )
    placed = everything.drop_nulls(["lat", "lon"])
    view = look.get("view") or view_of(placed["lat"], placed["lon"])
    said = pl.when("hit").then(pl.lit("hit")).otherwise(pl.lit("missed"))
    last = everything.head(n).tail(trail).drop_nulls(["lat", "lon"])
    last = last.with_columns(hit=pl.col("rank") <= 5, n_checkins=1, n_users=1)
    last = last.with_columns(tip=pl.format("{}\n{}", "item_name", said))
    layers = [
        point_layer(part, colour=colour, layer_id=name, min_px=6, max_px=6, hollow=hollow)
        for name, colour, hollow, part in (
            ("hits", GOOD, False, last.filter("hit")),
            ("misses", BAD, True, last.filter(~pl.col("hit"))),
        )
        if len(part)
    ]
    now = everything.row(n - 1, named=True)
    if now["lat"] is not None:
        layers.append(here_layer(now["lat"], now["lon"], f"Came: {now['item_name']}"))
    guess = {"item_id": "guess", "item_name": now["top"][0], "lat": now["guess_lat"],
             "lon": now["guess_lon"]}  # fmt: skip
    layers += suggestion_layers(pl.DataFrame([guess]), view, look.get("dark", False))
    return in_look(layers, view, look)


def _counted(frame: pl.DataFrame) -> pl.Series:
    rows = frame.select("item_name", "n_checkins").iter_rows()
    return pl.Series([f"{name}\n{plural(n, 'check-in')}" for name, n in rows], dtype=pl.String)
