"""Points of GeoLife tracks."""

from strec.io.formats.base import Format, Signature
from strec.io.mapping import Mapping

GEOLIFE_POINTS = Format(
    key="geolife_points",
    label="GeoLife points (X;Y;…;tracker;t)",
    sentence="One file of fixes; the hexagon of each is its item.",
    citation="Zheng, Xie, Ma: GeoLife: A Collaborative Social Networking Service among User, "
    "Location and Trajectory, IEEE Data Eng. Bull. 33(2), 2010.",
    signature=Signature(("X", "Y", "tracker", "t")),
    mapping=Mapping(
        user_id="tracker",
        timestamp="t",
        lat="Y",
        lon="X",
        time_format="iso",
        time_is="utc",
        item_from_place=True,
    ),
)
