"""What the demand page is asked: what, where, how fine, whose holidays, which columns."""

import io
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pages.shared import ui
from pages.shared.made import Made, call, named, room
from pages.shared.results import by_content
from strec import demand, schema, spatial
from strec.errors import AnalysisError
from strec.store import Filters, Store
from strec.wording import rough_distance

WORDS = {
    "checkins": "Check-ins", "users": "People", "departures": "Departures",
    "arrivals": "Arrivals", "balance": "Arrivals less departures", "value": "Value",
}  # fmt: skip
PLACES = {"cells": "Hexagons", "items": "Items", "shops": "Shops",
          "areas": "Your own areas", "all": "Everywhere together"}  # fmt: skip
#: The largest file of columns or areas, in MB: the uploader says it, and the browser keeps to it.
MOST_MB = 5


@dataclass(frozen=True)
class Asked:
    """What is asked of a data set; results are kept by it."""

    what: str
    where: str
    resolution: int | None
    country: str | None
    filters: Filters
    #: The file of the person's own columns.
    columns: bytes = b""
    #: The file of the person's own areas.
    areas: bytes = b""
    #: Whether the networks are tried too.
    networks: bool = False
    #: Whether the models that take long are left out, for a first look.
    is_first: bool = False

    @property
    def is_usual(self) -> bool:
        """Whether the usual models are asked, of nothing but the data: their test is kept."""
        return not (self.columns or self.areas or self.networks or self.is_first)

    def calendar(self) -> demand.Calendar:
        """Return holidays and columns."""
        if not self.columns:
            return demand.Calendar(self.country)
        return demand.Calendar.with_columns(table(self.columns), self.country)

    def polygons(self):
        """Return the person's own areas."""
        return read_areas(self.areas) if self.where == "areas" else None

    def in_python(self, store: Store) -> Made | None:
        """Return the lines that forecast this; None with files, which are nowhere else."""
        if self.columns or self.areas or self.networks:
            return None
        counted = call(demand.panel, store, self.what, self.where, resolution=self.resolution,
                       filters=self.filters)  # fmt: skip
        days = room("demand", f"demand.Calendar({self.country!r})") if self.country else None
        models = room("demand", "demand.standard_models(0)") if self.is_first else None
        how = counted and call(demand.demand, counted, calendar=days, models=models, refit=False)
        return named(how, "ahead", "ahead")

    def models(self, counted: demand.Panel) -> dict[str, demand.DemandModel] | None:
        """Return the models that take part; None means the usual ones."""
        if self.is_first:
            return demand.standard_models(0)
        if not self.networks:
            return None
        from strec.models.demand import networks

        return demand.standard_models(counted.n_hours) | networks()


def table(content: bytes) -> pd.DataFrame:
    """Return the rows of a CSV file."""
    try:
        return pd.read_csv(io.BytesIO(content), sep=None, engine="python")
    except (ValueError, pd.errors.ParserError) as error:
        is_text = not isinstance(error, UnicodeDecodeError)
        raise AnalysisError(
            "Columns of your own come as a CSV file.",
            f"{error}." if is_text else "a file that is no text in UTF-8.",
            "Save the table as CSV (UTF-8).",
        ) from error


def read_areas(content: bytes):
    """Return the polygons of a file."""
    import geopandas

    if not content:
        raise AnalysisError(
            "Areas of your own come as polygons.", "no file.", "Give a GeoJSON file with polygons."
        )
    try:
        return geopandas.read_file(io.BytesIO(content))
    except Exception as error:  # The reader's errors are of many kinds.
        raise AnalysisError(
            "Areas of your own come as GeoJSON with polygons.",
            "a file that cannot be read as such.",
            "Save them as GeoJSON in WGS 84.",
        ) from error


def controls(store: Store, chosen: Filters) -> Asked:
    """Show the controls and return what they say; the address says it too."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        what = _choice("What", _possible(store), "demand_what", "what")
        where = _choice("Where", _wheres(store), "demand_where", "where")
        areas = b""
        if where == "areas":
            areas = _file("Your areas (GeoJSON)", ["geojson", "json"], "demand_areas",
                          "Polygons; a property called name names them.")  # fmt: skip
        with st.popover("Size, holidays, own columns", icon=":material/tune:"):
            resolution = _size(store) if where == "cells" else None
            country = _country(store)
            columns = _columns()
            networks = st.toggle(
                "Also try networks (ST-LSTM, ST-GCN)", key="demand_networks",
                help="Networks over the graph of places. They learn for minutes, and the test "
                "tells whether they are worth it.",
            )  # fmt: skip
    st.query_params["what"], st.query_params["where"] = what, where
    return Asked(what, where, resolution, country, chosen, columns, areas, networks)


def usual(store: Store) -> Asked:
    """Return what is asked before anybody has chosen."""
    what, where = demand.usual_question(store)
    resolution = usual_size(store) if where == "cells" else None
    return Asked(what, where, resolution, demand.Calendar.usual(store.time_zone).country, Filters())


def _possible(store: Store) -> dict[str, str]:
    names = ["checkins"]
    if store.has_trips:
        names = ["departures", "arrivals", "balance"]
    if not store.is_anonymous:
        names.append("users")
    if store.has(schema.VALUE):
        names.append("value")
    return {name: WORDS[name] for name in names}


def _wheres(store: Store) -> dict[str, str]:
    names = ["cells"] if store.has_places else []
    names += ["items", *(["shops"] if store.has(schema.PLACE_ID) else [])]
    names += [*(["areas"] if store.has_places else []), "all"]
    words = PLACES | {"items": ui.item_word(plural=True).capitalize()}
    return {name: words[name] for name in names}


def _choice(label: str, options: dict[str, str], key: str, name: str) -> str:
    asked = st.query_params.get(name)
    return ui.choose(label, options, key, asked if asked in options else next(iter(options)))


def _size(store: Store) -> int:
    usual = usual_size(store)
    options = list(range(max(usual - 2, 0), min(usual + 2, schema.CELL_RESOLUTION) + 1))
    asked = st.query_params.get("size", "")
    start = int(asked) if asked.isdigit() and int(asked) in options else usual
    chosen = st.select_slider(
        "Width of a hexagon", options, start, key=f"demand_size_{store.fingerprint}",
        format_func=lambda each: rough_distance(spatial.hexagon_width_km(each)),
    )  # fmt: skip
    st.query_params["size"] = str(chosen)
    return chosen


@by_content()
def usual_size(store: Store) -> int:
    """Return the resolution of hexagons that suits an hourly forecast."""
    return demand.usual_resolution(store)


def _country(store: Store) -> str | None:
    countries = demand.countries()
    if not countries:
        return None
    home = demand.country_of(store.time_zone)
    asked = st.query_params.get("holidays", home)
    options = ["none", *countries]
    start = options.index(asked) if asked in options else 0
    chosen = st.selectbox("Public holidays of", options, start, key="demand_country")
    if chosen != home:
        st.query_params["holidays"] = chosen
    elif "holidays" in st.query_params:
        del st.query_params["holidays"]
    return None if chosen == "none" else chosen


def _columns() -> bytes:
    return _file(
        "Your own columns (CSV): a time, and numbers such as rain or prices", ["csv", "txt"],
        "demand_columns",
        "One row per hour or day of local time. The rows must go on over the coming days: "
        "what the weather will be, whether there is a match.",
    )  # fmt: skip


def _file(label: str, endings: list[str], key: str, words: str) -> bytes:
    """Return what a file holds, nothing where none is given."""
    file = st.file_uploader(label, endings, key=key, help=words, max_upload_size=MOST_MB)
    if file is None:
        return b""
    if file.size > MOST_MB * 2**20:
        raise AnalysisError(
            f"Such a file has at most {MOST_MB} MB.", f"{file.size / 2**20:.0f} MB.", "Shorten it."
        )
    return file.getvalue()
