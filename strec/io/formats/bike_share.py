"""Trips of bike sharing: Divvy with its stations, and the rides that Lyft's cities publish."""

from strec.io.formats.base import ISO_LOCAL, Companion, Format, Signature
from strec.io.mapping import Mapping

_STATIONS = Signature(("id", "name", "latitude", "longitude", "dpcapacity"))

DIVVY = Format(
    key="divvy",
    label="Divvy bike share, Chicago, up to 2017",
    sentence="Trips; places of the stations in stations.csv.",
    citation="Divvy system data, divvybikes.com/system-data; analysis allowed, no redistribution.",
    signature=Signature(("starttime", "bikeid", "to_station_name", "tripduration")),
    mapping=Mapping(
        user_from="nobody",
        item_id="to_station_name",
        timestamp="starttime",
        lat="to_lat",
        lon="to_lon",
        origin_id="from_station_name",
        origin_lat="from_lat",
        origin_lon="from_lon",
        end_timestamp="stoptime",
        value="tripduration",
        time_is="local",
        time_zone="America/Chicago",
    ),
    companions=(
        Companion(
            "station list (stations.csv)",
            _STATIONS,
            ("to_station_name", "name"),
            {"lat": "latitude", "lon": "longitude"},
        ),
        Companion(
            "station list (stations.csv)",
            _STATIONS,
            ("from_station_name", "name"),
            {"origin_lat": "latitude", "origin_lon": "longitude"},
        ),
    ),
    notes=(
        "Trips name no rider, and a bike is no person: what is learned is what everybody does. "
        "The item is the station where a trip ends, its start is where the rider was; the time "
        "is the start of the trip, the value its length in seconds.",
    ),
)
BIKE_RIDES = Format(
    key="bike_rides",
    label="Citi Bike, Divvy and other Lyft bike rides since 2020",
    sentence="One file of rides from station to station, without a rider.",
    citation="Citi Bike system data, citibikenyc.com/system-data (or the operator of your city).",
    signature=Signature(("ride_id", "started_at", "start_station_id", "end_station_id")),
    mapping=ISO_LOCAL.replace(
        user_from="nobody",
        item_id="end_station_id",
        timestamp="started_at",
        lat="end_lat",
        lon="end_lng",
        item_name="end_station_name",
        origin_id="start_station_id",
        origin_name="start_station_name",
        origin_lat="start_lat",
        origin_lon="start_lng",
        end_timestamp="ended_at",
        event="rideable_type",
    ),
    notes=(
        "Rides carry no rider: what is learned is what everybody does. The item is the station "
        "where a ride ends, its start is where the rider was; the time is the start of the ride.",
    ),
)
