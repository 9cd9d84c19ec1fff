"""Files of tracks and of location histories, generated here as devices and services write them."""

import json
import zipfile

import pytest

from strec.errors import ReadError
from strec.io import inspect, read
from strec.io.limits import Limits
from strec.schema import END_TIME, ITEM, LAT, LON, TIME, USER

GPX = """<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="StravaGPX" xmlns="http://www.topografix.com/GPX/1/1">
 <metadata><time>2024-05-01T06:00:00Z</time></metadata>
 {waypoints}
 <trk><name>Morning Run &amp; more</name><trkseg>{points}</trkseg></trk>
</gpx>"""
POINT = (
    '<trkpt lat="52.5{0:02}" lon="13.4"><ele>34.5</ele><time>2024-05-01T06:00:{0:02}Z</time>'
    "<extensions><ns3:hr xmlns:ns3='x'>120</ns3:hr></extensions></trkpt>"
)
WAYPOINT = (
    '<wpt lat="52.4" lon="13.3"><time>2024-05-0{}T06:00:00Z</time><name>Café</name>'
    "<type>food</type></wpt>"
)
KML = """<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">
<Document>{}</Document></kml>"""
GX_TRACK = """<Placemark><gx:Track><when>2024-05-01T06:00:00Z</when>
<when>2024-05-01T06:00:05Z</when><gx:coord>13.4 52.5 34</gx:coord><gx:coord>13.5 52.6</gx:coord>
</gx:Track></Placemark>"""
PLACEMARK = """<Placemark><name>Office</name><TimeSpan><begin>2024-05-0{0}T09:00:00+02:00</begin>
<end>2024-05-0{0}T17:00:00+02:00</end></TimeSpan><Point><coordinates>13.4,52.5,0</coordinates>
</Point></Placemark>"""
TCX = """<?xml version="1.0"?><TrainingCenterDatabase xmlns="http://www.garmin.com/x/v2"><Activities>
<Activity Sport="Running"><Id>2024-05-01T06:00:00Z</Id><Lap><Track><Trackpoint>
<Time>2024-05-01T06:00:00Z</Time><Position><LatitudeDegrees>52.5</LatitudeDegrees>
<LongitudeDegrees>13.4</LongitudeDegrees></Position></Trackpoint><Trackpoint>
<Time>2024-05-01T06:00:05Z</Time></Trackpoint></Track></Lap></Activity></Activities>
</TrainingCenterDatabase>"""
PLT = """Geolife trajectory
WGS 84
Altitude is in Feet
Reserved 3
0,2,255,My Track,0,0,2,8421376
0
39.984702,116.318417,0,492,39744.1201851852,2008-10-23,02:53:04
39.984683,116.31845,0,492,39744.1202546296,2008-10-23,02:53:10
"""
OWNTRACKS = (
    '2024-05-01T06:00:00Z\t*                 \t{"_type":"location","tid":"an","lat":52.5,'
    '"lon":13.4,"tst":1714543200}\n2024-05-01T06:00:01Z\tlwt               \t{"_type":"lwt"}\n'
)


def rows(tmp_path, name, text, *columns):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    found = read(path, time_zone="UTC")
    return found, found.checkins.select(columns or (TIME, LAT, LON)).rows()


def hour(found):
    return found.checkins[TIME].dt.strftime("%d %H:%M:%S").to_list()


def test_a_gpx_track_is_its_fixes(tmp_path):
    points = "".join(map(POINT.format, range(3)))
    text = GPX.format(points=points, waypoints=WAYPOINT.format(1))
    found, places = rows(tmp_path, "run.gpx", text, LAT, LON)
    assert found.format == "gpx" and hour(found) == ["01 06:00:00", "01 06:00:01", "01 06:00:02"]
    assert places == [(52.50, 13.4), (52.501, 13.4), (52.502, 13.4)] or places[1][0] == 52.501
    assert "1 places marked in run.gpx are apart from its track." in found.notes
    assert [q.key for q in inspect(tmp_path / "run.gpx").questions][0] == "user"


def test_two_tracks_may_be_two_people(tmp_path):
    for name in ("ann", "bob"):
        (tmp_path / f"{name}.gpx").write_text(GPX.format(points=POINT.format(1), waypoints=""))
    paths = [tmp_path / "ann.gpx", tmp_path / "bob.gpx"]
    look = inspect(paths)
    each = look.questions[0].options[1]
    found = read(paths, look.mapping.replace(**each.changes, time_zone="UTC"))
    assert found.checkins[USER].to_list() == ["ann", "bob"]


def test_waypoints_and_placemarks_are_visits(tmp_path):
    text = GPX.format(points="", waypoints="".join(map(WAYPOINT.format, range(1, 7))))
    found, visits = rows(tmp_path, "w.gpx", text, ITEM, LAT)
    assert visits == [("Café", 52.4)] * 6 and found.format == "marked_places"
    text = KML.format("".join(map(PLACEMARK.format, range(1, 7))))
    found, visits = rows(tmp_path, "p.kml", text, ITEM, LAT, LON)
    assert visits == [("Office", 52.5, 13.4)] * 6
    assert (found.checkins[END_TIME] - found.checkins[TIME]).dt.total_hours().to_list() == [8] * 6
    found, visits = rows(tmp_path, "one.kml", KML.format(PLACEMARK.format(1)), LAT, LON)
    assert visits == [(52.5, 13.4)] and found.format == "marked_points"


def test_kml_tracks_trainings_and_kmz(tmp_path):
    found, places = rows(tmp_path, "t.kml", KML.format(GX_TRACK), LAT, LON)
    assert places == [(52.5, 13.4), (52.6, 13.5)] and hour(found) == ["01 06:00:00", "01 06:00:05"]
    with zipfile.ZipFile(tmp_path / "t.kmz", "w") as archive:
        archive.writestr("doc.kml", KML.format(GX_TRACK))
        archive.writestr("files/icon.png", b"\x89PNG\r\n\x1a\n0000")
    assert read(tmp_path / "t.kmz", time_zone="UTC").checkins.equals(found.checkins)
    found, places = rows(tmp_path, "t.tcx", TCX, LAT, LON)
    assert places == [(52.5, 13.4)] and found.format == "tcx"


def test_geolife_folders_are_people(tmp_path):
    with zipfile.ZipFile(tmp_path / "g.zip", "w") as archive:
        for who in ("000", "010"):
            archive.writestr(f"Geolife/Data/{who}/Trajectory/20081023025304.plt", PLT)
    found = read(tmp_path / "g.zip", time_zone="UTC")
    assert found.checkins[USER].to_list() == ["000", "000", "010", "010"]
    assert hour(found)[:2] == ["23 02:53:04", "23 02:53:10"]
    alone, places = rows(tmp_path, "a.plt", PLT, LAT, LON)
    assert alone.format == "geolife_alone" and places[0] == (39.984702, 116.318417)


def test_owntracks_recorder(tmp_path):
    found, places = rows(tmp_path, "2024-05.rec", OWNTRACKS, USER, LAT, LON)
    assert places == [("an", 52.5, 13.4)] and hour(found) == ["01 06:00:00"]


def test_what_is_before_a_cut_is_read(tmp_path):
    text = GPX.format(points="".join(map(POINT.format, range(20))), waypoints="")[:-200]
    found, places = rows(tmp_path, "cut.gpx", text)
    assert 15 < len(places) < 20 and any("cut off" in note for note in found.notes)


BOMB = '<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><gpx>&b;</gpx>'


@pytest.mark.parametrize(
    "text, says",
    [
        (BOMB, "has none"),
        ("<!DOCTYPE html><html><body>Log in</body></html>", "web page"),
        ("<?xml version='1.0'?><rss><a/></rss>", "XML of <rss>"),
        ("<?xml version='1.0'?><gpx><trk>", "no readable XML"),
        ("<gpx></gpx>", "has none"),
    ],
)
def test_other_xml_is_refused_in_words(tmp_path, text, says):
    with pytest.raises(ReadError, match=says):
        rows(tmp_path, "x.gpx", text)


def test_a_track_has_the_limits_of_a_table(tmp_path):
    path = tmp_path / "x.gpx"
    path.write_text(GPX.format(points="".join(map(POINT.format, range(20))), waypoints=""))
    with pytest.raises(ReadError, match="rows"):
        read(path, time_zone="UTC", limits=Limits(max_rows=5))


# ---------------------------------------------------------------- Google


def google(tmp_path, content):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(content, indent=1))
    found = read(path, time_zone="UTC")
    return found, found.checkins.select(ITEM, LAT, LON).rows()


def test_records_of_both_ages(tmp_path):
    place = {"latitudeE7": 525000000, "longitudeE7": 134000000, "accuracy": 20}
    south = {"latitudeE7": 2**32 - 338000000, "longitudeE7": -700000000}
    new = [{**place, "timestamp": "2024-05-01T06:00:00.5Z"},
           {**south, "timestamp": "2024-05-01T06:05:00Z"}]  # fmt: skip
    old = [{**place, "timestampMs": "1714543200000", "activity": [{"timestampMs": "1"}]}]
    found, places = google(tmp_path, {"locations": new})
    assert [p[1:] for p in places] == [(52.5, 13.4), (-33.8, -70.0)]
    found, places = google(tmp_path, {"locations": old * 3})
    assert hour(found) == ["01 06:00:00"] * 3 and places[0][1:] == (52.5, 13.4)


def test_semantic_history_is_visits_and_the_ways_are_apart(tmp_path):
    spot = {"latitudeE7": 525000000, "longitudeE7": 134000000}
    times = {"startTimestamp": "2024-05-01T06:00:00Z", "endTimestamp": "2024-05-01T06:30:00Z"}
    visit = {"placeVisit": {"location": {**spot, "placeId": "p1", "name": "Café"},
                            "duration": times}}  # fmt: skip
    way = {"activitySegment": {"startLocation": spot, "endLocation": spot, "duration": times}}
    found, places = google(tmp_path, {"timelineObjects": [way, visit, way, visit]})
    assert places == [("p1", 52.5, 13.4)] * 2 and found.checkins["item_name"][0] == "Café"
    assert any(note.startswith("2 entries are ways") for note in found.notes)


@pytest.mark.parametrize("phone", ["android", "ios"])
def test_the_timeline_of_a_phone(tmp_path, phone):
    times = {"startTime": "2024-05-01T09:00:00.000+02:00", "endTime": "2024-05-01T10:00:00+02:00"}
    spot = {"latLng": "52.5°, -13.4°"} if phone == "android" else "geo:52.5,-13.4"
    key = "placeId" if phone == "android" else "placeID"
    visit = {**times, "visit": {"topCandidate": {key: "p1", "semanticType": "HOME",
                                                 "placeLocation": spot}}}  # fmt: skip
    path = {**times, "timelinePath": [{"point": "geo:1,2", "time": "x"}]}
    entries = [path, visit, visit]
    content = {"semanticSegments": entries} if phone == "android" else entries
    found, places = google(tmp_path, content)
    assert places == [("p1", 52.5, -13.4)] * 2
    assert hour(found) == ["01 07:00:00"] * 2 and found.checkins["utc_offset_min"][0] == 120
    assert any(note.startswith("1 entries are ways") for note in found.notes)


def test_raw_signals_of_a_phone(tmp_path):
    signal = {"position": {"LatLng": "52.5°, 13.4°", "timestamp": "2024-05-01T09:00:00+02:00"}}
    found, places = google(tmp_path, {"rawSignals": [signal, {"wifiScan": {}}, signal]})
    assert places[0][1:] == (52.5, 13.4) and hour(found) == ["01 07:00:00"] * 2
