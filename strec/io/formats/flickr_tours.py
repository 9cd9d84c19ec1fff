"""Visits to sights, told from photographs on Flickr."""

from strec.io.formats.base import UNIX_SECONDS, Companion, Format, Signature

FLICKR_TOURS = Format(
    key="flickr_tours",
    label="Flickr visits to sights (two files: visits and sights)",
    sentence="Visits and the sights of one city, two files that belong together.",
    citation="Lim, Chan, Leckie, Karunasekera: Personalized Tour Recommendation Based on User "
    "Interests and POI Visit Durations, IJCAI 2015; Chen, Ong, Xie: Learning Points and "
    "Routes to Recommend Trajectories, CIKM 2016. From YFCC100M.",
    signature=Signature(("userID", "trajID", "poiID", "startTime")),
    mapping=UNIX_SECONDS.replace(
        user_id="userID", item_id="poiID", timestamp="startTime", value="poiDuration"
    ),
    companions=(
        Companion(
            "list of sights (poi-….csv)",
            Signature(("poiID", "poiCat", "poiLon", "poiLat")),
            ("poiID", "poiID"),
            {"lat": "poiLat", "lon": "poiLon", "category": "poiCat"},
        ),
    ),
    needs="the list of sights of the same city (poiID, poiCat, poiLon, poiLat)",
    notes=("The value is the length of the visit in seconds.",),
)
