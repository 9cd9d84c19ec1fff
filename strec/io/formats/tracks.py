"""Tracks as devices and services write them: GPX, KML, TCX, OwnTracks, Strava."""

from typing import Any

from strec.io.formats.base import MINE, UNIX_SECONDS, Format, Signature
from strec.io.mapping import Mapping, Option, Question

WHOSE = Question(
    "user",
    "The file names nobody. Whose track is it?",
    (
        Option("one person's, all files together", "", {"user_id": None, "user_from": "constant"}),
        Option("each file is a person of its own", "", {"user_id": "of_file", "user_from": None}),
    ),
    default=0,
)
NOTE = "The cleaning step 'Stays of raw tracks' makes stays at places of the fixes."


def _track(key: str, label: str, citation: str) -> Format:
    return Format(
        key=key,
        label=label,
        sentence="Fixes with their times; the hexagon of each is its item.",
        citation=citation,
        signature=Signature((f"{key}_track", "time", "lat", "lon")),
        mapping=MINE.replace(timestamp="time", item_from_place=True),
        questions=(WHOSE,),
        notes=(NOTE,),
    )


GPX = _track("gpx", "GPX track", "GPX 1.1, topografix.com/gpx.asp")
KML = _track("kml", "KML track (gx:Track)", "OGC KML 2.3, ogc.org/standard/kml")
TCX = _track("tcx", "TCX training", "Garmin Training Center Database, version 2")


def _marked(key: str, label: str, sentence: str, name: str, **item: Any) -> Format:
    times = {"category": "category", "timestamp": "begin", "end_timestamp": "end"}
    return Format(
        key=key,
        label=f"{label} with a time (KML, GPX)",
        sentence=f"Placemarks or waypoints with {sentence}",
        citation="OGC KML 2.3; GPX 1.1",
        signature=Signature((name, "category", "begin", "end", "lat", "lon", "of_file")),
        mapping=MINE.replace(**times, **item),
        questions=(WHOSE,),
    )


MARKED_PLACES = _marked(
    "marked_places", "Places", "their names and times.", "place", item_id="place"
)
MARKED_POINTS = _marked(
    "marked_points",
    "Points",
    "a time; the hexagon of each is its item.",
    "title",
    item_from_place=True,
)
OWNTRACKS = Format(
    key="owntracks",
    label="OwnTracks locations",
    sentence="Locations as the recorder keeps or exports them; 'tid' says whose.",
    citation="OwnTracks Booklet, owntracks.org/booklet/tech/json",
    signature=Signature(("tid", "tst", "lat", "lon")),
    mapping=UNIX_SECONDS.replace(
        user_id="tid", timestamp="tst", lat="lat", lon="lon", item_from_place=True
    ),
)
STRAVA = Format(
    key="strava",
    label="Strava: list of activities (activities.csv)",
    sentence="What somebody trained, without places; these are in the files beside it.",
    citation="Strava bulk export",
    signature=Signature(("Activity ID", "Activity Date", "Activity Type")),
    mapping=Mapping(
        item_id="Activity Type",
        item_name="Activity Type",
        timestamp="Activity Date",
        value="Elapsed Time",
        text="Activity Name",
        user_from="constant",
        time_is="utc",
    ),
    notes=("The value is the elapsed time in seconds; Strava writes its times in UTC.",),
)
