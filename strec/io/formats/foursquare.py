"""Check-ins of Foursquare as published, as prepared by GETNext, and joined to Yelp."""

from strec.io.formats.base import ID, NUMBER, Companion, Format, Signature
from strec.io.mapping import Mapping

HASH = r"[0-9a-f]{24}"
TWITTER = r"\w{3} \w{3} \d\d \d\d:\d\d:\d\d [+-]\d{4} \d{4}"
CITATION = (
    "Yang, Zhang, Zheng, Yu: Modeling User Activity Preference by Leveraging User Spatial "
    "Temporal Characteristics in LBSNs, IEEE TSMC: Systems 45(1), 2015."
)
VISITS = Mapping(
    user_id="user_id",
    item_id="venue_id",
    timestamp="utc_time",
    utc_offset_min="utc_offset_min",
    time_format="twitter",
    time_is="utc",
    offset_unit="minutes",
)

TSMC2014 = Format(
    key="foursquare_tsmc2014",
    label="Foursquare New York / Tokyo (TSMC2014)",
    sentence="One file of visits a city, with category, place and UTC offset.",
    citation=CITATION,
    signature=Signature(
        cells={
            "user_id": ID,
            "venue_id": HASH,
            "category_id": HASH,
            "category": ".+",
            "latitude": NUMBER,
            "longitude": NUMBER,
            "utc_offset_min": r"-?\d+",
            "utc_time": TWITTER,
        }
    ),
    mapping=VISITS.replace(lat="latitude", lon="longitude", category="category"),
)
TIST2015 = Format(
    key="foursquare_tist2015",
    label="Foursquare global (TIST2015, two files)",
    sentence="Visits, and a list of venues with category and place.",
    citation="Yang, Zhang, Qu: Participatory Cultural Mapping Based on Collective Behavior Data "
    "in Location-Based Social Networks, ACM TIST 7(3), 2016.",
    signature=Signature(
        cells={"user_id": ID, "venue_id": HASH, "utc_time": TWITTER, "utc_offset_min": r"-?\d+"}
    ),
    mapping=VISITS,
    companions=(
        Companion(
            "venue list (dataset_TIST2015_POIs.txt)",
            Signature(
                cells={
                    "venue": HASH,
                    "latitude": NUMBER,
                    "longitude": NUMBER,
                    "category": ".+",
                    "country": "[A-Z]{2}",
                }
            ),
            ("venue_id", "venue"),
            {"lat": "latitude", "lon": "longitude", "category": "category"},
        ),
    ),
)
GETNEXT = Format(
    key="foursquare_getnext",
    label="Foursquare New York as prepared by GETNext (15 columns)",
    sentence="Visits with category, place and local time; names of venues in pois.csv.",
    citation=CITATION + " Prepared by Yang, Liu, Zhao: GETNext, SIGIR 2022.",
    signature=Signature(("user_id", "POI_id", "POI_catname", "timezone", "UTC_time")),
    mapping=VISITS.replace(
        item_id="POI_id",
        timestamp="UTC_time",
        utc_offset_min="timezone",
        lat="latitude",
        lon="longitude",
        category="POI_catname",
        time_format="iso",
    ),
    companions=(
        Companion(
            "venue names (pois.csv)",
            Signature(("POI_id", "POI_name")),
            ("POI_id", "POI_id"),
            {"item_name": "POI_name"},
        ),
    ),
)
CALGARY = Format(
    key="foursquare_calgary",
    label="Foursquare check-ins joined to Yelp businesses, Calgary",
    sentence="One file of visits with the businesses of Yelp beside them.",
    citation="Foursquare and Yelp, Calgary 2012 to 2013; no licence stated.",
    signature=Signature(("Location_id", "User_id", "TimeStamp", "Zone", "Local_sg_time")),
    mapping=VISITS.replace(
        user_id="User_id",
        item_id="Location_id",
        timestamp="TimeStamp",
        utc_offset_min="Zone",
        lat="Latitude",
        lon="Longitude",
        category="Category",
    ),
    notes=("'stars' is the rating of the business, not of the visit, and is left out.",),
)
