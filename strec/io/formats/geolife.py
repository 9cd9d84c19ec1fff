"""GeoLife: the tracks as published, and as a table of points."""

from strec.io.formats.base import FIXES, Format, Signature

CITATION = (
    "Zheng, Xie, Ma: GeoLife: A Collaborative Social Networking Service among User, "
    "Location and Trajectory, IEEE Data Eng. Bull. 33(2), 2010."
)

GEOLIFE = Format(
    key="geolife",
    label="GeoLife tracks (PLT)",
    sentence="One file of fixes a track; the folder above 'Trajectory' is the person.",
    citation=CITATION,
    signature=Signature(("plt_time", "lat", "lon", "person")),
    mapping=FIXES.replace(user_id="person", timestamp="plt_time", lat="lat", lon="lon"),
)
GEOLIFE_ALONE = Format(
    key="geolife_alone",
    label="GeoLife tracks (PLT) without their folders",
    sentence="One file of fixes a track.",
    citation=CITATION,
    signature=Signature(("plt_time", "lat", "lon")),
    mapping=FIXES.replace(timestamp="plt_time", lat="lat", lon="lon", user_from="constant"),
    notes=("Without its folder a track says not whose it is: all are one person's.",),
)
GEOLIFE_POINTS = Format(
    key="geolife_points",
    label="GeoLife points (X;Y;…;tracker;t)",
    sentence="One file of fixes; the hexagon of each is its item.",
    citation=CITATION,
    signature=Signature(("X", "Y", "tracker", "t")),
    mapping=FIXES.replace(user_id="tracker", timestamp="t", lat="Y", lon="X"),
)
