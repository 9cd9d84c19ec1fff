"""Trips of bike sharing: Divvy with its stations, and the rides that Lyft's cities publish."""

from strec.io.formats.base import ISO_LOCAL, Companion, Format, Signature
from strec.io.mapping import Mapping, Option, Question

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

DIVVY = Format(
    key="divvy",
    label="Divvy bike share, Chicago, up to 2017",
    sentence="Trips; places of the stations in stations.csv.",
    citation="Divvy system data, divvybikes.com/system-data; analysis allowed, no redistribution.",
    signature=Signature(("starttime", "bikeid", "to_station_name", "tripduration")),
    mapping=Mapping(
        user_id="bikeid",
        item_id="to_station_name",
        timestamp="starttime",
        lat="to_lat",
        lon="to_lon",
        value="tripduration",
        time_is="local",
        time_zone="America/Chicago",
    ),
    companions=(
        Companion(
            "station list (stations.csv)",
            Signature(("id", "name", "latitude", "longitude", "dpcapacity")),
            ("to_station_name", "name"),
            {"lat": "latitude", "lon": "longitude"},
        ),
    ),
    notes=(
        "The 'user' is the bike, the item the station it goes to; the time is the start of "
        "the trip, the value its length in seconds.",
    ),
)
BIKE_RIDES = Format(
    key="bike_rides",
    label="Citi Bike, Divvy and other Lyft bike rides since 2020",
    sentence="One file of rides from station to station, without a rider.",
    citation="Citi Bike system data, citibikenyc.com/system-data (or the operator of your city).",
    signature=Signature(("ride_id", "started_at", "start_station_id", "end_station_id")),
    mapping=ISO_LOCAL.replace(
        user_id="start_station_id",
        item_id="end_station_id",
        timestamp="started_at",
        lat="end_lat",
        lon="end_lng",
        item_name="end_station_name",
        category="rideable_type",
        event="member_casual",
    ),
    questions=(RIDER,),
    notes=(
        "Rides carry no rider. The 'user' is the station where the ride starts, the item the "
        "one where it ends: recommendations then say where rides from a station go, not what "
        "a person does. The time is the start of the ride.",
    ),
)
