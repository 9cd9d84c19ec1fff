"""Known formats of check-ins at venues and sights, and of tracks."""

from strec.io.mapping import Mapping
from strec.io.signature import Companion, Format, Signature

ID = r"\d+"
HASH = r"[0-9a-f]{24}"
NUMBER = r"-?\d+(\.\d+)?([eE]-?\d+)?"
TWITTER = r"\w{3} \w{3} \d\d \d\d:\d\d:\d\d [+-]\d{4} \d{4}"
ISO_Z = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
FOURSQUARE_CITE = (
    "Yang, Zhang, Zheng, Yu: Modeling User Activity Preference by Leveraging User Spatial "
    "Temporal Characteristics in LBSNs, IEEE TSMC: Systems 45(1), 2015."
)
SNAP_CITE = (
    "Cho, Myers, Leskovec: Friendship and Mobility: User Movement in Location-Based Social "
    "Networks, KDD 2011. snap.stanford.edu/data."
)

KNOWN = (
    Format(
        "foursquare_tsmc2014",
        "Foursquare New York / Tokyo (TSMC2014)",
        FOURSQUARE_CITE,
        Signature(
            patterns=(ID, HASH, HASH, ".+", NUMBER, NUMBER, r"-?\d+", TWITTER),
            names=(
                "user_id",
                "venue_id",
                "category_id",
                "category",
                "latitude",
                "longitude",
                "utc_offset_min",
                "utc_time",
            ),
        ),
        Mapping(
            user_id="user_id",
            item_id="venue_id",
            timestamp="utc_time",
            utc_offset_min="utc_offset_min",
            lat="latitude",
            lon="longitude",
            category="category",
            time_format="twitter",
            time_is="utc",
            offset_unit="minutes",
        ),
    ),
    Format(
        "foursquare_tist2015",
        "Foursquare global (TIST2015, two files)",
        "Yang, Zhang, Qu: Participatory Cultural Mapping Based on Collective Behavior Data in "
        "Location-Based Social Networks, ACM TIST 7(3), 2016.",
        Signature(
            patterns=(ID, HASH, TWITTER, r"-?\d+"),
            names=("user_id", "venue_id", "utc_time", "utc_offset_min"),
        ),
        Mapping(
            user_id="user_id",
            item_id="venue_id",
            timestamp="utc_time",
            utc_offset_min="utc_offset_min",
            time_format="twitter",
            time_is="utc",
            offset_unit="minutes",
        ),
        (
            Companion(
                "venue list (dataset_TIST2015_POIs.txt)",
                Signature(
                    patterns=(HASH, NUMBER, NUMBER, ".+", "[A-Z]{2}"),
                    names=("venue", "latitude", "longitude", "category", "country"),
                ),
                ("venue_id", "venue"),
                {"lat": "latitude", "lon": "longitude", "category": "category"},
            ),
        ),
    ),
    Format(
        "foursquare_getnext",
        "Foursquare New York as prepared by GETNext (15 columns)",
        FOURSQUARE_CITE + " Prepared by Yang, Liu, Zhao: GETNext, SIGIR 2022.",
        Signature(columns=("user_id", "POI_id", "POI_catname", "timezone", "UTC_time")),
        Mapping(
            user_id="user_id",
            item_id="POI_id",
            timestamp="UTC_time",
            utc_offset_min="timezone",
            lat="latitude",
            lon="longitude",
            category="POI_catname",
            time_format="iso",
            time_is="utc",
            offset_unit="minutes",
        ),
        (
            Companion(
                "venue names (pois.csv)",
                Signature(columns=("POI_id", "POI_name")),
                ("POI_id", "POI_id"),
                {"item_name": "POI_name"},
            ),
        ),
    ),
    Format(
        "foursquare_calgary",
        "Foursquare check-ins joined to Yelp businesses, Calgary",
        "Foursquare and Yelp, Calgary 2012 to 2013; no licence stated.",
        Signature(columns=("Location_id", "User_id", "TimeStamp", "Zone", "Local_sg_time")),
        Mapping(
            user_id="User_id",
            item_id="Location_id",
            timestamp="TimeStamp",
            utc_offset_min="Zone",
            lat="Latitude",
            lon="Longitude",
            category="Category",
            time_format="twitter",
            time_is="utc",
            offset_unit="minutes",
        ),
        notes=("'stars' is the rating of the business, not of the visit, and is left out.",),
    ),
    Format(
        "snap",
        "SNAP Gowalla / Brightkite",
        SNAP_CITE,
        Signature(
            patterns=(ID, ISO_Z, NUMBER, NUMBER, r"\S+"),
            names=("user_id", "time", "latitude", "longitude", "location_id"),
        ),
        Mapping(
            user_id="user_id",
            item_id="location_id",
            timestamp="time",
            lat="latitude",
            lon="longitude",
            time_format="iso",
            time_is="utc",
        ),
    ),
    Format(
        "flickr_tours",
        "Flickr visits to sights (two files: visits and sights)",
        "Lim, Chan, Leckie, Karunasekera: Personalized Tour Recommendation Based on User "
        "Interests and POI Visit Durations, IJCAI 2015; Chen, Ong, Xie: Learning Points and "
        "Routes to Recommend Trajectories, CIKM 2016. From YFCC100M.",
        Signature(columns=("userID", "trajID", "poiID", "startTime")),
        Mapping(
            user_id="userID",
            item_id="poiID",
            timestamp="startTime",
            value="poiDuration",
            time_format="unix_s",
            time_is="utc",
        ),
        (
            Companion(
                "list of sights (poi-….csv)",
                Signature(columns=("poiID", "poiCat", "poiLon", "poiLat")),
                ("poiID", "poiID"),
                {"lat": "poiLat", "lon": "poiLon", "category": "poiCat"},
            ),
        ),
        needs="the list of sights of the same city (poiID, poiCat, poiLon, poiLat)",
        notes=("The value is the length of the visit in seconds.",),
    ),
    Format(
        "geolife_points",
        "GeoLife points (X;Y;…;tracker;t)",
        "Zheng, Xie, Ma: GeoLife: A Collaborative Social Networking Service among User, "
        "Location and Trajectory, IEEE Data Eng. Bull. 33(2), 2010.",
        Signature(columns=("X", "Y", "tracker", "t")),
        Mapping(
            user_id="tracker",
            timestamp="t",
            lat="Y",
            lon="X",
            time_format="iso",
            time_is="utc",
            item_from_place=True,
        ),
    ),
    Format(
        "yelp",
        "Yelp Open Dataset: reviews or tips",
        "Yelp Open Dataset, yelp.com/dataset; academic use, no redistribution.",
        Signature(columns=("user_id", "business_id", "date", "text")),
        Mapping(
            user_id="user_id",
            item_id="business_id",
            timestamp="date",
            value="stars",
            text="text",
            time_format="iso",
            time_is="utc",
        ),
        (
            Companion(
                "business list (business.json)",
                Signature(columns=("business_id", "name", "latitude", "longitude")),
                ("business_id", "business_id"),
                {
                    "lat": "latitude",
                    "lon": "longitude",
                    "item_name": "name",
                    "category": "categories",
                },
            ),
        ),
        notes=("Yelp does not say in which zone its times are; they are taken as UTC.",),
    ),
)
