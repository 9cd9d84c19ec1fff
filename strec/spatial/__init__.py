"""Space: small frames of the store in, small frames and plain sentences out.

Hexagons and what they hide, hotspots and autocorrelation, change and emerging hotspots, nearest
neighbours, the activity map, flows with their distance decay, and predictability.
"""

from strec.spatial.activity import ActivityMap, activity_map
from strec.spatial.autocorrelation import Moran, moran
from strec.spatial.change import Change, change
from strec.spatial.decay import DistanceDecay, distance_decay
from strec.spatial.emerging import Emerging, emerging
from strec.spatial.hexagons import (
    as_geojson,
    concentration,
    grid_around,
    hexagon_width_km,
    hidden_in_words,
    one_run,
    per_user,
    resolution_that_shows,
    resolution_that_touches,
    shown_from,
    suggest_resolution,
)
from strec.spatial.hotspots import Hotspots, hotspots
from strec.spatial.knn import (
    WHO,
    nearest_places,
    place_profiles,
    similar_users,
    time_profiles,
    where_two_go,
)
from strec.spatial.mobility import Predictability, predictability, step_quantiles

__all__ = [
    "WHO", "ActivityMap", "Change", "DistanceDecay", "Emerging", "Hotspots", "Moran",
    "Predictability",
    "activity_map", "as_geojson", "change", "concentration", "distance_decay", "emerging",
    "grid_around", "hexagon_width_km", "hidden_in_words", "hotspots", "moran", "nearest_places",
    "one_run", "per_user", "place_profiles", "predictability", "resolution_that_shows",
    "resolution_that_touches", "shown_from", "similar_users", "step_quantiles",
    "suggest_resolution", "time_profiles", "where_two_go",
]  # fmt: skip
