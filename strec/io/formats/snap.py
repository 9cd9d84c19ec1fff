"""Check-ins of Gowalla and Brightkite as SNAP publishes them."""

from strec.io.formats.base import ID, ISO_UTC, NUMBER, Format, Signature

SNAP = Format(
    key="snap",
    label="SNAP Gowalla / Brightkite",
    sentence="One file of check-ins with their place, without a header.",
    citation="Cho, Myers, Leskovec: Friendship and Mobility: User Movement in Location-Based "
    "Social Networks, KDD 2011. snap.stanford.edu/data.",
    signature=Signature(
        cells={
            "user_id": ID,
            "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
            "latitude": NUMBER,
            "longitude": NUMBER,
            "location_id": r"\S+",
        }
    ),
    mapping=ISO_UTC.replace(
        user_id="user_id", item_id="location_id", timestamp="time", lat="latitude", lon="longitude"
    ),
)
