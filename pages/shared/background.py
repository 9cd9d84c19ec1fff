"""What lies under every map: a sample's own ground, one's own map file, tiles, or plain paper."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import streamlit as st

from pages.shared import results, state, ui, visitor
from strec import maps, schema
from strec.llm.cache import cache_folder
from strec.maps import extract, tiles
from strec.maps.view import HEIGHT_PX, MAX_ZOOM, WIDTH_PX
from strec.serve import settings
from strec.store import Store

WORDS = {"auto": "Online tiles where there is a network", "offline": "Always offline"}
#: What GDAL is given to read.
KINDS = ("osm", "pbf", "gpkg", "geojson", "json", "fgb", "zip")


def look() -> dict[str, Any]:
    """Return what `maps.deck` is told about colours and ground, the same on every page."""
    return {"dark": ui.is_dark(), "basemap": state.BASEMAP.value, "ground": ground()}


def view_of(lat, lon, max_zoom: float = MAX_ZOOM, height_px: int = HEIGHT_PX) -> maps.View:
    """Return where a map looks at first: on a phone from further away, so that no side is cut."""
    width_px = ui.PHONE_PX if visitor.is_narrow() else WIDTH_PX
    return maps.view_of(lat, lon, max_zoom, width_px, height_px)


def ground() -> maps.Ground | None:
    """Return one's own map file where it was chosen and reaches, or what the simulator drew."""
    own = state.GROUND.value
    if own is not None and (not ui.current_store().has_places or own.covers(_middle())):
        return own
    sample = ui.current_sample()
    if sample is not None:
        return maps.Ground.sample(sample.name)
    if ui.current_store().is_elsewhere:
        return None
    path = ui.current_store().folder / maps.GROUND
    return _opened(path, path.stat().st_mtime) if path.is_file() else None


def _middle() -> maps.View:
    """Where the data set in use is."""
    store = ui.current_store()
    cells = results.counted(Store.cells, store, schema.CELL_RESOLUTION, min_users=1)
    return maps.view_of(cells["lat"], cells["lon"])


def thanks() -> str:
    """Return whom to thank for what lies under the maps."""
    view = _middle() if ui.current_store().has_places else None
    return ui.plain(maps.attribution(state.BASEMAP.value, ground(), view))


def ask() -> None:
    """Ask what shall lie under the maps: tiles, nothing, or a map file of one's own."""
    own = {each.name: each for each in _kept()}
    known = dict(WORDS) if tiles.provider() != "none" else {"offline": "Plain paper"}
    options = [*known, *own]
    used = state.GROUND.value
    now = state.BASEMAP.value if used is None else used.name
    chosen = st.radio(
        "Ground", options, options.index(now) if now in options else 0,
        key=f"background_{len(own)}_{now}", format_func=lambda each: known.get(each, each),
    )  # fmt: skip
    state.GROUND.value = own.get(chosen)
    state.BASEMAP.value = chosen if chosen in WORDS else "offline"
    if state.GROUND.value is not None and ground() is not state.GROUND.value:
        st.caption(f"{ui.plain(state.GROUND.value.name)} does not reach where these data are.")
    if settings.is_public() and not visitor.is_person():
        return
    given = st.file_uploader(
        "Your own map file", list(KINDS), key=f"ground_file_{len(own)}",
        help="An extract of OpenStreetMap (.osm, .osm.pbf), GeoPackage or GeoJSON: roads, water, "
        f"parks and names, at most {extract.MAX_MB} MB. It is read and simplified once, and "
        "kept on this computer.",
    )  # fmt: skip
    if given is not None and ui.succeeds(lambda: _take(given)):
        st.rerun()


def _take(given) -> None:
    """Read an uploaded map file, keep what maps need of it, and use it."""
    name = Path(given.name).name
    with results.in_turn(), TemporaryDirectory(prefix="strec-ground-") as folder:
        path = Path(folder) / name
        path.write_bytes(given.getvalue())
        found = maps.read_ground(path)
    found.save(_folder() / f"{found.fingerprint}.parquet")
    state.GROUND.value = found


def _kept() -> list[maps.Ground]:
    """Return the map files that this visitor has given."""
    return [_opened(path, path.stat().st_mtime) for path in sorted(_folder().glob("*.parquet"))]


@st.cache_resource(max_entries=8, ttl=results.AGE, show_spinner=False)
def _opened(path: Path, changed: float) -> maps.Ground:
    return maps.Ground.load(path)


def _folder() -> Path:
    """Where map files are kept: of the person at this computer for good, of visitors for a day."""
    folder = (cache_folder() if visitor.is_person() else ui.workspace()) / "grounds"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
