"""Space: hexagons, hotspots, autocorrelation; small frames of the store in, small frames out."""

from strec.spatial.autocorrelation import Moran, false_discovery, local_statistics, moran
from strec.spatial.hexagons import (
    KM_PER_DEGREE,
    as_geojson,
    concentration,
    grid_around,
    hexagon_width_km,
    hidden_in_words,
    one_run,
    per_user,
    span_km,
    suggest_resolution,
)
from strec.spatial.hotspots import Hotspots, hotspots

__all__ = [
    "KM_PER_DEGREE", "Hotspots", "Moran", "as_geojson", "concentration", "false_discovery",
    "grid_around", "hexagon_width_km", "hidden_in_words", "hotspots", "local_statistics", "moran",
    "one_run", "per_user", "span_km", "suggest_resolution",
]  # fmt: skip
