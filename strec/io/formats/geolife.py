"""Points of GeoLife tracks."""

from strec.io.formats.base import ISO_UTC, Format, Signature

GEOLIFE_POINTS = Format(
    key="geolife_points",
    label="GeoLife points (X;Y;…;tracker;t)",
    sentence="One file of fixes; the hexagon of each is its item.",
    citation="Zheng, Xie, Ma: GeoLife: A Collaborative Social Networking Service among User, "
    "Location and Trajectory, IEEE Data Eng. Bull. 33(2), 2010.",
    signature=Signature(("X", "Y", "tracker", "t")),
    mapping=ISO_UTC.replace(
        user_id="tracker", timestamp="t", lat="Y", lon="X", item_from_place=True
    ),
)
