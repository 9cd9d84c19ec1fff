"""Tables as public services, programs and bug reports write them, with what their columns mean.

The headers are theirs, the values are invented: 300 events of 12 people at 25 items. What is right
was written from what the columns mean, not from what strec makes of them.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, cached_property
from pathlib import Path

import polars as pl

#: A person must be asked: the file does not say, or several columns may be meant.
ASK = "?"
N_EVENTS = 300
CITY = (40.70, -74.02)
KINDS_OF_ITEM = ("Coffee Shop", "Book Store", "Park", "Gym", "Museum")


@dataclass(frozen=True)
class Kind:
    """One kind of file: its columns and their right roles.

    `columns` gives per header a name of `VALUES`, a constant (``=text``), or a function of the
    event; `right` per field the column, several that are equally right, or `ASK`. Fields that are
    not named must not be taken without asking. What was read is looked at by `checks`, each of
    which returns what is wrong with it. `content` writes what is no table of columns.
    """

    name: str
    source: str
    columns: dict[str, "str | Callable[[dict], object]"]
    right: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    delimiter: str = ","
    encoding: str = "utf-8"
    form: str = "csv"
    has_header: bool = True
    city: tuple[float, float] = CITY
    n_events: int = N_EVENTS
    checks: tuple[Callable[[list[dict], pl.DataFrame], str], ...] = ()
    content: Callable[[list[dict]], str | bytes] | None = None

    @cached_property
    def events(self) -> list[dict]:
        """The events that the file holds."""
        return [event | {"city": self.city} for event in events()[: self.n_events]]

    def write(self, folder: Path) -> Path:
        """Write the file and return its path."""
        rows = [
            {name: value_of(event, what) for name, what in self.columns.items()}
            for event in self.events
        ]
        path = Path(folder) / f"{self.name}.{self.form}"
        if self.content:
            made = self.content(self.events)
            path.write_bytes(made if isinstance(made, bytes) else made.encode(self.encoding))
            return path
        if self.form == "jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
            return path
        if self.form == "json":
            columns = {name: {str(i): row[name] for i, row in enumerate(rows)} for name in rows[0]}
            path.write_text(json.dumps(columns), "utf-8")
            return path
        lines = [list(self.columns)] if self.has_header else []
        lines += [[_cell(value, self.delimiter) for value in row.values()] for row in rows]
        text = "\n".join(self.delimiter.join(line) for line in lines) + "\n"
        path.write_bytes(text.encode(self.encoding))
        return path


def _cell(value: object, delimiter: str) -> str:
    text = "" if value is None else str(value)
    is_odd = delimiter in text or "\n" in text or '"' in text
    return '"{}"'.format(text.replace('"', '""')) if is_odd else text


@cache
def events() -> list[dict]:
    """Return the events of the invented world, in the order of their times."""
    random_ = random.Random(9)
    at, found = datetime(2023, 1, 3, 9, 27, 34), []
    for number in range(N_EVENTS):
        user, item, start = random_.randrange(12), random_.randrange(25), random_.randrange(25)
        shop, minutes = random_.randrange(6), random_.randrange(4, 50)
        found.append(
            {
                "n": number, "u": user, "p": item, "s": start, "shop": shop, "at": at,
                "end": at + timedelta(minutes=minutes, seconds=17), "minutes": minutes,
                "price": 2 + item * 1.37, "qty": random_.choice([1, 1, 1, 2, 3]),
                "stars": random_.randrange(1, 6), "coin": random_.randrange(2),
                "few": random_.randrange(4), "seen": round(random_.random() * 50, 3),
                "jitter": random_.random() / 500,
            }
        )  # fmt: skip
        at += timedelta(minutes=random_.randrange(40, 600), seconds=random_.randrange(60))
    return found


def lat_of(item: int, city: tuple[float, float] = CITY) -> float:
    """Return the latitude of an item, six decimals."""
    return round(city[0] + 0.0041 * item + 0.000183, 6)


def lon_of(item: int, city: tuple[float, float] = CITY) -> float:
    """Return the longitude of an item, six decimals."""
    return round(city[1] + 0.0037 * (item * 7 % 25) + 0.000149, 6)


WORDS = ("amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "haven", "iris", "jade",
         "kiosk", "lotus", "maple", "north", "olive", "pearl", "quill", "river", "stone", "tulip",
         "umber", "vista", "willow", "xenon", "yarrow")  # fmt: skip
PEOPLE = ("Ann", "Bob", "Cem", "Dan", "Eve", "Fay", "Gil", "Hal", "Ida", "Jon", "Kim", "Lea")
#: What a column may hold, by a short name.
VALUES: dict[str, Callable[[dict], object]] = {
    "user": lambda e: f"u{e['u'] + 1:02d}",
    "user_int": lambda e: 1001 + 37 * e["u"],
    "person": lambda e: f"{PEOPLE[e['u']]} {WORDS[e['u']].title()}",
    "item": lambda e: f"p{e['p'] + 1:02d}",
    "item_int": lambda e: 20031 + 113 * e["p"],
    "title": lambda e: f"{WORDS[e['p']].title()} {KINDS_OF_ITEM[e['p'] % 5]}",
    "kind": lambda e: KINDS_OF_ITEM[e["p"] % 5],
    "kind_id": lambda e: 2053013555631882655 + e["p"] % 5,
    "shop": lambda e: f"S{e['shop'] + 1:02d}",
    "shop_name": lambda e: f"Branch {WORDS[e['shop']].title()}",
    "start": lambda e: f"p{e['s'] + 1:02d}",
    "start_int": lambda e: 20031 + 113 * e["s"],
    "start_title": lambda e: f"{WORDS[e['s']].title()} {KINDS_OF_ITEM[e['s'] % 5]}",
    "time": lambda e: f"{e['at']:%Y-%m-%d %H:%M:%S}",
    "iso_z": lambda e: f"{e['at']:%Y-%m-%dT%H:%M:%SZ}",
    "us_time": lambda e: f"{e['at']:%m/%d/%Y %H:%M}",
    "us_12h": lambda e: f"{e['at']:%m/%d/%Y %I:%M:%S %p}",
    "uk_time": lambda e: f"{e['at']:%d/%m/%Y %H:%M}",
    "date": lambda e: f"{e['at']:%Y-%m-%d}",
    "clock": lambda e: f"{e['at']:%H:%M:%S}",
    "end": lambda e: f"{e['end']:%Y-%m-%d %H:%M:%S}",
    "us_end": lambda e: f"{e['end']:%m/%d/%Y %H:%M}",
    "uk_end": lambda e: f"{e['end']:%d/%m/%Y %H:%M}",
    "unix": lambda e: int((e["at"] - datetime(1970, 1, 1)).total_seconds()),
    "unix_ms": lambda e: int((e["at"] - datetime(1970, 1, 1)).total_seconds()) * 1000,
    "end_ms": lambda e: int((e["end"] - datetime(1970, 1, 1)).total_seconds()) * 1000,
    "later": lambda e: f"{e['at'] + timedelta(days=3, hours=e['few']):%Y-%m-%d %H:%M:%S}",
    "seconds": lambda e: e["minutes"] * 60 + 17,
    "minutes": lambda e: e["minutes"],
    "lat": lambda e: lat_of(e["p"], e["city"]),
    "lon": lambda e: lon_of(e["p"], e["city"]),
    "start_lat": lambda e: lat_of(e["s"]),
    "start_lon": lambda e: lon_of(e["s"]),
    "fix_lat": lambda e: round(lat_of(e["p"]) + e["jitter"], 6),
    "fix_lon": lambda e: round(lon_of(e["p"]) - e["jitter"], 6),
    "shop_lat": lambda e: lat_of(e["shop"] * 3),
    "shop_lon": lambda e: lon_of(e["shop"] * 3),
    "home_lat": lambda e: lat_of(e["u"]),
    "home_lon": lambda e: lon_of(e["u"]),
    "price": lambda e: f"{e['price']:.2f}",
    "total": lambda e: f"{e['price'] * e['qty']:.2f}",
    "qty": lambda e: e["qty"],
    "stars": lambda e: e["stars"],
    "row": lambda e: 88_000_000 + 7919 * e["n"],
    "hash": lambda e: f"{(e['n'] * 2654435761) % 2**32:08x}",
    "order": lambda e: 536_365 + e["n"] // 3,
    "flag": lambda e: "Y" if e["coin"] else "N",
    "zero": lambda e: 0,
    "few": lambda e: e["few"] + 1,
    "member": lambda e: ("member", "casual")[e["coin"]],
    "event": lambda e: ("view", "view", "cart", "purchase")[e["few"]],
    "text": lambda e: f"I liked the {WORDS[e['few']]} one, it was good on day {e['n']}",
    "measure": lambda e: e["seen"],
    "country": lambda e: ("France", "Germany", "Spain", "Italy")[e["u"] % 4],
    "bike": lambda e: f"W0{e['u'] + 100}",
    "point": lambda e: f"POINT ({lon_of(e['p'])} {lat_of(e['p'])})",
    "pair": lambda e: f"({lat_of(e['p'])}, {lon_of(e['p'])})",
}


def value_of(event: dict, what: "str | Callable[[dict], object]") -> object:
    """Return what a column holds for one event."""
    if callable(what):
        return what(event)
    return what[1:] if what.startswith("=") else VALUES[what](event)


def _of(text: str) -> dict[str, "str | Callable[[dict], object]"]:
    """Read columns written as "header:what", separated by bars; without a value: "=-"."""
    pairs = (part.strip().rpartition("~") for part in text.split("|"))
    return {head.strip(): what.strip() for head, _, what in pairs}


def _right(text: str) -> dict[str, str | tuple[str, ...]]:
    """Read right roles written as "field=column", of which "or" joins several."""
    found: dict[str, str | tuple[str, ...]] = {}
    for part in filter(None, (part.strip() for part in text.split("|"))):
        name, _, column = part.partition("=")
        several = tuple(column.split(" or "))
        found[name] = several[0] if len(several) == 1 else several
    return found


def kind(name: str, source: str, columns: str, right: str, **how) -> Kind:
    """Return a kind from the two short texts."""
    return Kind(name, source, _of(columns), _right(right), **how)


NOBODY = "user_from=nobody or ?"
PLACE = "item_id=hexagon"
LATLON = "lat=lat|lon=lon"

KINDS = (
    # ------------------------------------------------------------ taxis and rides
    kind("yellow_2015", "NYC TLC yellow taxi 2015 (shared case h_yellow_2015)",
         "VendorID~few|tpep_pickup_datetime~time|tpep_dropoff_datetime~end|passenger_count~few|"
         "trip_distance~measure|pickup_longitude~start_lon|"
         "pickup_latitude~start_lat|RateCodeID~=1|"
         "store_and_fwd_flag~flag|dropoff_longitude~lon|dropoff_latitude~lat|payment_type~few|"
         "fare_amount~price|tip_amount~=1|total_amount~total",
         f"{NOBODY}|{PLACE}|timestamp=tpep_pickup_datetime|end_timestamp=tpep_dropoff_datetime|"
         "lat=dropoff_latitude|lon=dropoff_longitude|origin_lat=pickup_latitude|"
         "origin_lon=pickup_longitude"),
    kind("kaggle_taxi_duration", "Kaggle NYC taxi trip duration (shared case)",
         "id~hash|vendor_id~=1|pickup_datetime~time|dropoff_datetime~end|passenger_count~few|"
         "pickup_longitude~start_lon|pickup_latitude~start_lat|dropoff_longitude~lon|"
         "dropoff_latitude~lat|store_and_fwd_flag~=N|trip_duration~seconds",
         f"{NOBODY}|{PLACE}|timestamp=pickup_datetime|end_timestamp=dropoff_datetime|"
         "lat=dropoff_latitude|lon=dropoff_longitude|origin_lat=pickup_latitude|"
         "origin_lon=pickup_longitude"),
    kind("yellow_2023", "NYC TLC data dictionary, yellow taxi since 2016",
         "VendorID~few|tpep_pickup_datetime~time|tpep_dropoff_datetime~end|passenger_count~few|"
         "trip_distance~measure|RatecodeID~few|store_and_fwd_flag~flag|PULocationID~start_int|"
         "DOLocationID~item_int|payment_type~few|fare_amount~price|total_amount~total|"
         "congestion_surcharge~=2.5",
         f"{NOBODY}|item_id=DOLocationID|origin_id=PULocationID|timestamp=tpep_pickup_datetime|"
         "end_timestamp=tpep_dropoff_datetime"),
    kind("green_2023", "NYC TLC data dictionary, green taxi",
         "VendorID~few|lpep_pickup_datetime~time|"
         "lpep_dropoff_datetime~end|store_and_fwd_flag~flag|"
         "RatecodeID~few|PULocationID~start_int|DOLocationID~item_int|passenger_count~few|"
         "trip_distance~measure|fare_amount~price|trip_type~few",
         f"{NOBODY}|item_id=DOLocationID|origin_id=PULocationID|timestamp=lpep_pickup_datetime|"
         "end_timestamp=lpep_dropoff_datetime"),
    kind("fhv_2019", "NYC TLC data dictionary, for-hire vehicles",
         "dispatching_base_num~few|pickup_datetime~time|"
         "dropOff_datetime~end|PUlocationID~start_int|"
         "DOlocationID~item_int|SR_Flag~=1|Affiliated_base_number~few",
         f"{NOBODY}|item_id=DOlocationID|origin_id=PUlocationID|timestamp=pickup_datetime|"
         "end_timestamp=dropOff_datetime"),
    kind("chicago_taxi", "City of Chicago, Taxi Trips (wrvz-psew)",
         "Trip ID~hash|Taxi ID~bike|Trip Start Timestamp~us_12h|Trip Seconds~seconds|"
         "Trip Miles~measure|Pickup Community Area~start_int|Dropoff Community Area~item_int|"
         "Fare~price|Payment Type~few|Company~few",
         "user_id=Taxi ID or ?|item_id=Dropoff Community Area or ?|"
         "origin_id=Pickup Community Area or ?|timestamp=Trip Start Timestamp"),
    kind("uber_foil", "FiveThirtyEight, Uber pickups in New York",
         "Date/Time~us_time|Lat~fix_lat|Lon~fix_lon|Base~few",
         f"{NOBODY}|{PLACE}|timestamp=Date/Time|lat=Lat|lon=Lon"),
    kind("porto_points", "UCI Taxi Service Trajectory, one row per call",
         "TRIP_ID~row|CALL_TYPE~few|ORIGIN_CALL~=|ORIGIN_STAND~few|TAXI_ID~user_int|"
         "TIMESTAMP~unix|DAY_TYPE~=A|start_lat~start_lat|"
         "start_lon~start_lon|end_lat~lat|end_lon~lon",
         f"user_id=TAXI_ID or ?|{PLACE}|timestamp=TIMESTAMP|lat=end_lat|lon=end_lon|"
         "origin_lat=start_lat|origin_lon=start_lon"),
    # ------------------------------------------------------------ bikes
    kind("capital_old", "Capital Bikeshare system data before 2020 (shared case)",
         "Duration~seconds|Start date~time|End date~end|Start station number~start_int|"
         "Start station~start_title|End station number~item_int|"
         "End station~title|Bike number~bike|"
         "Member type~member",
         "user_id=Bike number or ?|item_id=End station number|item_name=End station|"
         "origin_id=Start station number|origin_name=Start station|timestamp=Start date|"
         "end_timestamp=End date"),
    kind("citibike_old", "Citi Bike system data before 2021",
         "tripduration~seconds|starttime~time|stoptime~end|start station id~start_int|"
         "start station name~start_title|start station latitude~start_lat|"
         "start station longitude~start_lon|end station id~item_int|end station name~title|"
         "end station latitude~lat|end station longitude~lon|bikeid~bike|"
         "usertype~member|birth year~=1980|gender~few",
         "user_id=bikeid or ?|item_id=end station id|item_name=end station name|"
         "origin_id=start station id|origin_name=start station name|timestamp=starttime|"
         "end_timestamp=stoptime|lat=end station latitude|lon=end station longitude|"
         "origin_lat=start station latitude|origin_lon=start station longitude"),
    kind("divvy_2018", "Divvy trips 2018 to 2020",
         "trip_id~row|start_time~time|end_time~end|bikeid~bike|tripduration~seconds|"
         "from_station_id~start_int|from_station_name~start_title|to_station_id~item_int|"
         "to_station_name~title|usertype~member|gender~few|birthyear~=1980",
         "user_id=bikeid or ?|item_id=to_station_id|item_name=to_station_name|"
         "origin_id=from_station_id|origin_name=from_station_name|timestamp=start_time|"
         "end_timestamp=end_time"),
    kind("bluebikes_like", "Bluebikes, the common header of Lyft since 2023 without ids",
         "ride~hash|rideable_type~few|started_at~time|ended_at~end|"
         "start_station_name~start_title|"
         "end_station_name~title|start_lat~start_lat|start_lng~start_lon|end_lat~lat|end_lng~lon|"
         "member_casual~member",
         f"{NOBODY}|item_id=end_station_name|origin_id=start_station_name|timestamp=started_at|"
         "end_timestamp=ended_at|lat=end_lat|lon=end_lng|"
         "origin_lat=start_lat|origin_lon=start_lng"),
    kind("bixi_2014", "BIXI Montréal open data 2014 to 2021",
         "start_date~time|start_station_code~start_int|end_date~end|end_station_code~item_int|"
         "duration_sec~seconds|is_member~flag",
         f"{NOBODY}|item_id=end_station_code|origin_id=start_station_code|timestamp=start_date|"
         "end_timestamp=end_date"),
    kind("bixi_2023", "BIXI Montréal open data since 2022",
         "STARTSTATIONNAME~start_title|STARTSTATIONARRONDISSEMENT~few|"
         "STARTSTATIONLATITUDE~start_lat|"
         "STARTSTATIONLONGITUDE~start_lon|ENDSTATIONNAME~title|ENDSTATIONARRONDISSEMENT~few|"
         "ENDSTATIONLATITUDE~lat|ENDSTATIONLONGITUDE~lon|STARTTIMEMS~unix_ms|"
         "ENDTIMEMS~end_ms",
         f"{NOBODY}|item_id=ENDSTATIONNAME|origin_id=STARTSTATIONNAME|timestamp=STARTTIMEMS or ?|"
         "end_timestamp=ENDTIMEMS or ?|lat=ENDSTATIONLATITUDE|lon=ENDSTATIONLONGITUDE|"
         "origin_lat=STARTSTATIONLATITUDE|origin_lon=STARTSTATIONLONGITUDE"),
    kind("tfl_cycles", "Transport for London, cycling.data.tfl.gov.uk before 2022",
         "Rental Id~row|Duration~seconds|Bike Id~bike|End Date~uk_end|EndStation Id~item_int|"
         "EndStation Name~title|Start Date~uk_time|StartStation Id~start_int|"
         "StartStation Name~start_title",
         "user_id=Bike Id or ?|item_id=EndStation Id|item_name=EndStation Name|"
         "origin_id=StartStation Id|origin_name=StartStation Name|timestamp=Start Date|"
         "end_timestamp=End Date"),
    kind("ecobici", "Ecobici Ciudad de México, datos abiertos",
         "Genero_Usuario~flag|Edad_Usuario~minutes|Bici~bike|Ciclo_Estacion_Retiro~start_int|"
         "Fecha_Retiro~date|Hora_Retiro~clock|Ciclo_EstacionArribo~item_int",
         "user_id=Bici or ?|item_id=Ciclo_EstacionArribo|origin_id=Ciclo_Estacion_Retiro|"
         "timestamp=Fecha_Retiro Hora_Retiro or Fecha_Retiro"),
    kind("seoul_bike", "Seoul Ttareungyi rentals, data.seoul.go.kr",
         "자전거번호~bike|대여일시~time|대여 대여소번호~start_int|"
         "대여 대여소명~start_title|반납일시~end|"
         "반납대여소번호~item_int|반납대여소명~title|이용시간~minutes",
         "user_id=자전거번호 or ?|item_id=반납대여소번호|item_name=반납대여소명|"
         "origin_id=대여 대여소번호|origin_name=대여 대여소명|"
         "timestamp=대여일시|end_timestamp=반납일시",
         encoding="cp949"),
    # ------------------------------------------------------------ cards, tickets, parking, power
    kind("smart_card", "UrbanTrips documentation, transactions of a transit card",
         "id_trx~row|fecha_trx~time|id_tarjeta~user|modo~few|"
         "id_linea~few|latitud~lat|longitud~lon",
         f"user_id=id_tarjeta or ?|{PLACE}|timestamp=fecha_trx|lat=latitud|lon=longitud"),
    kind("metro_od", "Smart-card journeys with tap in and tap out (Oyster research extracts)",
         "CardID~user|TapInStation~start_title|TapInTime~time|TapOutStation~title|TapOutTime~end|"
         "Fare~price",
         "user_id=CardID or ?|item_id=TapOutStation|origin_id=TapInStation|timestamp=TapInTime|"
         "end_timestamp=TapOutTime"),
    kind("marta", "MARTA Breeze card taps as in course exercises",
         "transit_day~date|transit_time~clock|device_id~few|station_id~item_int|use_type~few|"
         "serial_nbr~user",
         "user_id=serial_nbr or ?|item_id=station_id|"
         "timestamp=transit_day transit_time or transit_day"),
    kind("ev_workplace", "Asensio et al., workplace charging, Scientific Data 2021",
         "sessionId~row|kwhTotal~price|dollars~total|created~time|"
         "ended~end|chargeTimeHrs~measure|"
         "platform~few|userId~user_int|stationId~item_int|locationId~few|facilityType~few",
         "user_id=userId|item_id=stationId|timestamp=created|end_timestamp=ended or -"),
    kind("ev_boulder", "City of Boulder, EV charging station data",
         "Station_Name~title|Address~=Main St|City~=Boulder|Start_Date___Time~time|"
         "End_Date___Time~end|Energy__kWh_~price|Port_Type~few|ObjectID~row",
         f"{NOBODY}|item_id=Station_Name|timestamp=Start_Date___Time|"
         f"end_timestamp=End_Date___Time or -"),
    kind("parking_meters", "San Diego parking meter transactions",
         "uuid~hash|meter_type~few|pole_id~item|trans_amt~price|pay_method~few|"
         "date_trans_start~time|date_meter_expire~end",
         "user_id=?|item_id=pole_id or ?|timestamp=date_trans_start|"
         "end_timestamp=date_meter_expire or -"),
    kind("nyc_311", "NYC 311 service requests",
         "Unique Key~row|Created Date~us_12h|Closed Date~later|Agency~few|Complaint Type~kind|"
         "Descriptor~title|Incident Zip~item_int|Borough~few|Latitude~fix_lat|Longitude~fix_lon",
         "user_id=?|user_from=?|item_id=hexagon or Incident Zip or Complaint Type or ?|"
         "timestamp=Created Date|lat=Latitude|lon=Longitude|category=Complaint Type or -"),
    kind("chicago_crime", "City of Chicago, Crimes 2001 to present",
         "ID~row|Case Number~hash|Date~us_12h|Block~title|IUCR~few|Primary Type~kind|"
         "Description~few|Arrest~flag|Beat~item_int|Latitude~lat|Longitude~lon|Updated On~later",
         "user_id=?|user_from=?|"
         "item_id=hexagon or Beat or Block or ?|timestamp=Date|lat=Latitude|"
         "lon=Longitude|category=Primary Type or -"),
    # ------------------------------------------------------------ animals, ships, planes, tracks
    kind("movebank", "Movebank attribute dictionary (shared case)",
         "event-id~row|visible~=true|timestamp~time|location-long~fix_lon|location-lat~fix_lat|"
         "sensor-type~=gps|individual-taxon-canonical-name~=Ciconia ciconia|"
         "tag-local-identifier~bike|individual-local-identifier~user|study-name~=Storks",
         f"user_id=individual-local-identifier|{PLACE}|timestamp=timestamp|lat=location-lat|"
         "lon=location-long"),
    kind("ais_us", "MarineCadastre AIS (shared case)",
         "MMSI~user_int|BaseDateTime~iso_z|LAT~fix_lat|LON~fix_lon|SOG~measure|COG~=360.0|"
         "Heading~=511|VesselName~person|IMO~=|CallSign~=WDC|"
         "VesselType~=31|Status~few|Length~=20|"
         "Cargo~=31|TransceiverClass~=A",
         f"user_id=MMSI or ?|{PLACE}|timestamp=BaseDateTime|lat=LAT|lon=LON"),
    kind("ais_dk", "Danish Maritime Authority AIS (shared case)",
         "# Timestamp~uk_time|Type of mobile~=Class A|MMSI~user_int|Latitude~fix_lat|"
         "Longitude~fix_lon|Navigational status~few|SOG~measure|"
         "Heading~=2|IMO~=Unknown|Name~person|"
         "Ship type~=Cargo",
         f"user_id=MMSI or ?|{PLACE}|timestamp=Timestamp|lat=Latitude|lon=Longitude"),
    kind("opensky", "OpenSky state vectors",
         "time~unix|icao24~user|lat~fix_lat|lon~fix_lon|velocity~measure|heading~measure|"
         "vertrate~measure|callsign~person|onground~flag|baroaltitude~measure",
         f"user_id=icao24 or ?|{PLACE}|timestamp=time|{LATLON}"),
    kind("ebird", "eBird Basic Dataset",
         "GLOBAL UNIQUE IDENTIFIER~hash|LAST EDITED DATE~later|COMMON NAME~title|"
         "SCIENTIFIC NAME~item|OBSERVATION COUNT~qty|LOCALITY~start_title|LOCALITY ID~start|"
         "LATITUDE~start_lat|LONGITUDE~start_lon|OBSERVATION DATE~date|"
         "TIME OBSERVATIONS STARTED~clock|OBSERVER ID~user|SAMPLING EVENT IDENTIFIER~row",
         "user_id=OBSERVER ID|item_id=COMMON NAME or SCIENTIFIC NAME or LOCALITY ID or ?|"
         "timestamp=OBSERVATION DATE TIME OBSERVATIONS STARTED or OBSERVATION DATE|lat=LATITUDE|"
         "lon=LONGITUDE|item_name=LOCALITY or COMMON NAME or -|place_id=LOCALITY ID or -|"
         "place_name=LOCALITY or -"),
    kind("inaturalist", "iNaturalist observation export",
         "id~row|observed_on~date|time_observed_at~iso_z|user_id~user_int|user_login~user|"
         "created_at~later|updated_at~later|quality_grade~few|num_identification_agreements~qty|"
         "latitude~fix_lat|longitude~fix_lon|place_guess~start_title|species_guess~title|"
         "scientific_name~item|common_name~title|iconic_taxon_name~kind|taxon_id~item_int",
         "user_id=user_id or ?|timestamp=time_observed_at or observed_on or ?|lat=latitude|"
         "lon=longitude|"
         "item_id=taxon_id or scientific_name or common_name or species_guess or hexagon "
         "or ?|item_name=common_name or species_guess or scientific_name or -|"
         "category=iconic_taxon_name or -"),
    kind("gbif", "GBIF simple download (Darwin Core)",
         "gbifID~row|datasetKey~=x|occurrenceID~hash|species~title|individualCount~qty|"
         "decimalLatitude~fix_lat|decimalLongitude~fix_lon|eventDate~date|taxonKey~item_int|"
         "recordedBy~person|lastInterpreted~later",
         "user_id=recordedBy or ?|timestamp=eventDate|lat=decimalLatitude|lon=decimalLongitude|"
         "item_id=taxonKey or species or hexagon or ?|item_name=species or -|"
         "category=species or -", delimiter="\t"),
    kind("geolife_table", "GeoLife points with a user, as shared on Kaggle",
         "user~user|time~time|lat~fix_lat|lon~fix_lon|alt~measure|label~few",
         f"user_id=user|{PLACE}|timestamp=time|{LATLON}"),
    # ------------------------------------------------------------ shops on the web
    kind("rees46", "REES46 eCommerce behaviour (shared case)",
         "event_time~time|event_type~event|product_id~item_int|category_id~kind_id|"
         "category_code~kind|brand~few|price~price|user_id~user_int|user_session~hash",
         "user_id=user_id|item_id=product_id|timestamp=event_time|category=category_code|"
         "event=event_type|value=price"),
    kind("retailrocket", "RetailRocket events.csv",
         "timestamp~unix_ms|visitorid~user_int|event~event|itemid~item_int|transactionid~=",
         "user_id=visitorid|item_id=itemid|timestamp=timestamp|event=event"),
    kind("amazon_2018", "Amazon review data 2018 (McAuley), JSON lines",
         "overall~stars|verified~flag|reviewTime~us_time|reviewerID~user|asin~item|"
         "reviewerName~person|reviewText~text|summary~=Good|unixReviewTime~unix",
         "user_id=reviewerID|item_id=asin|"
         "timestamp=unixReviewTime or reviewTime or ?|value=overall|"
         "text=reviewText", form="jsonl"),
    kind("amazon_2023", "Amazon Reviews 2023 (shared case)",
         "rating~stars|title~text|text~text|asin~item|parent_asin~item_int|user_id~user|"
         "timestamp~unix_ms|helpful_vote~=0|verified_purchase~flag",
         "user_id=user_id|item_id=parent_asin or ?|timestamp=timestamp|"
         "value=rating|text=text or title",
         form="jsonl"),
    kind("taobao", "Taobao UserBehavior without header (shared case)",
         "a~user_int|b~item_int|c~kind_id|d~event|e~unix",
         "user_id=?|item_id=?|timestamp=column_5 or ?|event=column_4 or -", has_header=False),
    kind("yoochoose", "RecSys Challenge 2015 clicks with a header",
         "SessionID~user_int|Timestamp~iso_z|ItemID~item_int|Category~kind",
         "user_id=SessionID or ?|item_id=ItemID|timestamp=Timestamp|category=Category"),
    kind("shopify", "Shopify order export",
         "Name~=#1001|Email~user|Financial Status~=paid|Paid at~later|Fulfilled at~later|"
         "Currency~=USD|Subtotal~total|Total~total|Created at~time|Lineitem quantity~qty|"
         "Lineitem name~title|Lineitem price~price|Lineitem sku~item|Billing Name~person|"
         "Billing City~few|Id~row|Vendor~few",
         "user_id=Email or Billing Name or ?|item_id=Lineitem sku or Lineitem name|"
         "item_name=Lineitem name|timestamp=Created at|"
         "value=Total or Subtotal or Lineitem price or "
         "Lineitem quantity"),
    kind("woocommerce", "WooCommerce order export plug-in",
         "order_id~order|order_date~time|status~=completed|customer_id~user_int|"
         "billing_first_name~person|item_name~title|product_id~item_int|sku~item|quantity~qty|"
         "item_total~total|order_total~total",
         "user_id=customer_id|item_id=product_id or sku or ?|item_name=item_name|"
         "timestamp=order_date|value=order_total or item_total or quantity or ?"),
    kind("square", "Square item sales export",
         "Date~date|Time~clock|Time Zone~=Eastern Time (US & Canada)|Category~kind|Item~title|"
         "Qty~qty|Price Point Name~=Regular|SKU~item|Gross Sales~total|Transaction ID~hash|"
         "Device Name~few|Location~shop_name|Customer ID~user|Customer Name~person",
         "user_id=Customer ID|item_id=SKU or Item or ?|item_name=Item or -|category=Category|"
         "timestamp=Date Time or Date|place_id=Location or -|place_name=Location or -|"
         "value=Gross Sales or Qty or -"),
    kind("stripe", "Stripe payments export",
         "id~hash|Description~title|Seller Message~=ok|Created (UTC)~time|Amount~price|"
         "Amount Refunded~zero|Currency~=usd|Captured~=True|Status~=Paid|Card ID~user|"
         "Customer ID~user_int|Customer Email~person",
         "user_id=Customer ID or ?|item_id=Description or ?|"
         "timestamp=Created (UTC)|value=Amount"),
    kind("online_retail", "UCI Online Retail II",
         "Invoice~order|StockCode~item|Description~title|"
         "Quantity~qty|InvoiceDate~time|Price~price|"
         "Customer ID~user_int|Country~country",
         "user_id=Customer ID|item_id=StockCode|item_name=Description|timestamp=InvoiceDate|"
         "value=Price or Quantity or ?"),
    kind("olist", "Olist orders joined with items and customers, Kaggle",
         "order_id~hash|customer_unique_id~user|order_purchase_timestamp~time|"
         "order_approved_at~later|order_estimated_delivery_date~later|"
         "product_id~item|seller_id~shop|"
         "shipping_limit_date~later|price~price|product_category_name~kind|customer_city~few",
         "user_id=customer_unique_id|item_id=product_id|timestamp=order_purchase_timestamp|"
         "category=product_category_name|value=price"),
    kind("dunnhumby_like", "Dunnhumby Complete Journey with whole times",
         "household_id~user_int|store_id~shop|basket_id~order|product_id~item_int|quantity~qty|"
         "sales_value~total|retail_disc~=0|week~=1|transaction_timestamp~time",
         "user_id=household_id|item_id=product_id|"
         "timestamp=transaction_timestamp|place_id=store_id|"
         "value=sales_value or quantity or ?"),
    kind("cn_pos", "Chinese cash register export (shared case)",
         "会员卡号~user|门店编码~shop|门店名称~shop_name|商品编码~item|商品名称~title|"
         "交易日期~date|交易时间~clock|数量~qty|实收金额~total|经度~shop_lon|纬度~shop_lat",
         "user_id=会员卡号|item_id=商品编码|item_name=商品名称|place_id=门店编码|"
         "place_name=门店名称|timestamp=交易日期 交易时间|lat=纬度|"
         "lon=经度|value=实收金额 or 数量",
         encoding="gb18030"),
    kind("de_kasse", "German till export, semicolons",
         "Bonnummer~order|Filialnummer~shop|Filialbezeichnung~shop_name|Artikelnummer~item_int|"
         "Artikelbezeichnung~title|Warengruppe~kind|Menge~qty|Umsatz~total|Datum~uk_time|"
         "Kundennummer~user_int",
         "user_id=Kundennummer|item_id=Artikelnummer|item_name=Artikelbezeichnung|"
         "category=Warengruppe|place_id=Filialnummer|"
         "place_name=Filialbezeichnung|timestamp=Datum|"
         "value=Umsatz or Menge or ?", delimiter=";"),
    kind("ru_orders", "Russian shop export, cp1251",
         "Покупатель~user|Код_товара~item|Название_товара~title|Категория~kind|Дата~uk_time|"
         "Сумма~price",
         "user_id=Покупатель|item_id=Код_товара|item_name=Название_товара|category=Категория|"
         "timestamp=Дата|value=Сумма", delimiter=";", encoding="cp1251"),
    kind("cafe_chain", "A café chain's sales: product, shop and place of the shop",
         "customer_id~user|product~title|store_id~shop|store_name~shop_name|store_lat~shop_lat|"
         "store_lon~shop_lon|sold_at~time|price~price",
         "user_id=customer_id|item_id=product|place_id=store_id|"
         "place_name=store_name|lat=store_lat|"
         "lon=store_lon|timestamp=sold_at|value=price"),
    kind("home_address", "Orders with the customer's home and the shop's place",
         "customer_id~user|customer_lat~home_lat|customer_lng~home_lon|store_id~shop|"
         "store_lat~shop_lat|store_lng~shop_lon|product_id~item|order_date~time",
         "user_id=customer_id|item_id=product_id|place_id=store_id|lat=store_lat|lon=store_lng|"
         "timestamp=order_date"),
    # ------------------------------------------------------------ content and reviews
    kind("lastfm", "Last.fm 1K listens with a header",
         "userid~user|timestamp~iso_z|musicbrainz-artist-id~kind_id|artist-name~kind|"
         "musicbrainz-track-id~item|track-name~title",
         "user_id=userid|item_id=musicbrainz-track-id or track-name or ?|item_name=track-name|"
         "timestamp=timestamp|category=artist-name or -", delimiter="\t"),
    kind("movielens_named", "MovieLens ratings joined with films",
         "userId~user_int|movieId~item_int|title~title|genres~kind|rating~stars|rated_at~time",
         "user_id=userId|item_id=movieId|item_name=title|category=genres|value=rating|"
         "timestamp=rated_at"),
    kind("tripadvisor_jp", "Japanese review table (shared case)",
         "ユーザーID~user|施設ID~item|施設名~title|訪問日時~time|評価~stars|緯度~lat|経度~lon",
         "user_id=ユーザーID|item_id=施設ID|item_name=施設名|"
         "timestamp=訪問日時|value=評価|lat=緯度|"
         "lon=経度"),
    kind("airbnb_reviews", "Inside Airbnb reviews.csv (shared case)",
         "listing_id~item_int|id~row|date~date|reviewer_id~user_int|"
         "reviewer_name~person|comments~text",
         "user_id=reviewer_id|item_id=listing_id|timestamp=date|text=comments"),
    kind("google_local", "Google Local reviews (McAuley), JSON lines",
         "user_id~user|name~person|time~unix_ms|rating~stars|text~text|gmap_id~item",
         "user_id=user_id|item_id=gmap_id or ?|timestamp=time|"
         "value=rating|text=text", form="jsonl"),
    kind("hotel_booking", "Booking.com WSDM challenge",
         "user_id~user_int|checkin~date|checkout~later|city_id~item_int|device_class~few|"
         "affiliate_id~few|booker_country~country|hotel_country~few|utrip_id~order",
         "user_id=user_id|item_id=city_id or ?|timestamp=checkin|end_timestamp=checkout or -"),
    kind("museum", "Museum card entries",
         "Card number~user|Museum~title|Entry~time|Exit~end|Ticket type~few",
         "user_id=Card number or ?|item_id=Museum|timestamp=Entry|end_timestamp=Exit or -"),
    # ------------------------------------------------------------ check-ins
    kind("gowalla_header", "Gowalla with a header",
         "user~user_int|check-in time~iso_z|latitude~lat|longitude~lon|location id~item_int",
         "user_id=user|item_id=location id|timestamp=check-in time|lat=latitude|lon=longitude"),
    kind("foursquare_named", "Foursquare TSMC columns as often renamed",
         "userId~user_int|venueId~hash_item|venueCategoryId~kind_id|"
         "venueCategory~kind|latitude~lat|"
         "longitude~lon|timezoneOffset~=-240|utcTimestamp~iso_z",
         "user_id=userId|item_id=venueId|category=venueCategory|"
         "timestamp=utcTimestamp|lat=latitude|"
         "lon=longitude|utc_offset_min=timezoneOffset"),
    kind("charlotte", "Check-ins whose POI_id merges several places (issue report)",
         "User_id~user_int|POI_id~merged|Location_id~item_int|POI_Type~half|Category~kind|"
         "TimeStamp~iso_z|Latitude~lat|Longitude~lon",
         "user_id=User_id|item_id=Location_id or ?|category=Category|"
         "timestamp=TimeStamp|lat=Latitude|"
         "lon=Longitude"),
    kind("strava_like", "Strava's list of activities, one person's",
         "Activity ID~row|Activity Date~time|Activity Name~=Run|Activity Type~kind|"
         "Elapsed Time~seconds|Distance~measure",
         "user_from=constant|item_id=Activity Type|item_name=- or Activity Type|"
         "timestamp=Activity Date|value=Distance or Elapsed Time"),
    kind("nested_json", "Events of an analytics tool, flattened JSON lines",
         "properties.distinct_id~user|properties.product_id~item|event~event|"
         "properties.time~unix|properties.$city~few",
         "user_id=properties.distinct_id or ?|item_id=properties.product_id|"
         "timestamp=properties.time|event=event", form="jsonl"),
    kind("pandas_columns", "pandas DataFrame.to_json, its default (shared case)",
         "user_id~user|item_id~item|timestamp~unix_ms|lat~lat|lon~lon",
         f"user_id=user_id|item_id=item_id|timestamp=timestamp|{LATLON}", form="json"),
    kind("point_wkt", "PostGIS export with WKT points",
         "user_id~user|venue_id~item|visited_at~time|geom~point",
         "user_id=user_id|item_id=venue_id|timestamp=visited_at|lat=geom|lon=geom"),
    kind("socrata_pair", "Socrata export with a pair of coordinates in one column",
         "member_id~user|branch~title|checked_out~time|Location~pair",
         "user_id=member_id|item_id=branch|timestamp=checked_out or ?|lat=Location|lon=Location"),
    kind("no_header_words", "A table whose header says nothing",
         "a~user|b~item|c~time|d~lat|e~lon",
         "user_id=?|item_id=?|timestamp=c|lat=d or ?|lon=e or ?"),
    kind("one_per_user", "Loyalty accounts: each customer has one card and one town",
         "customer_id~user|card_name~person|product_id~item|bought_at~time",
         "user_id=customer_id|item_id=product_id|timestamp=bought_at"),
    kind("sessions_only", "Anonymous baskets: a receipt number and no customer",
         "receipt_no~order|article_id~item_int|article_name~title|time~time",
         "user_id=receipt_no or ?|user_from=?|item_id=article_id|"
         "item_name=article_name|timestamp=time"),
    kind("cn_metro", "Chinese metro card trips",
         "卡号~user|进站站点~start_title|进站时间~time|出站站点~title|出站时间~end|金额~price",
         "user_id=卡号 or ?|item_id=出站站点|origin_id=进站站点|timestamp=进站时间|"
         "end_timestamp=出站时间|value=金额", encoding="gb18030"),
    kind("flights", "BTS on-time performance",
         "FL_DATE~date|OP_UNIQUE_CARRIER~few|TAIL_NUM~user|ORIGIN~start|DEST~item|DEP_TIME~=930|"
         "ARR_DELAY~minutes|DISTANCE~measure",
         "user_id=TAIL_NUM or ?|item_id=DEST|origin_id=ORIGIN|"
         "timestamp=FL_DATE or FL_DATE DEP_TIME"),
    kind("created_updated", "A database dump with created_at, updated_at and deleted_at",
         "id~row|account_id~user|offer_id~item|created_at~time|updated_at~later|deleted_at~=",
         "user_id=account_id|item_id=offer_id|timestamp=created_at"),
    kind("staff", "A restaurant's tickets: the waiter is not the guest",
         "ticket_id~order|waiter~person|dish~title|table_no~few|ordered_at~time|price~price",
         "user_id=?|user_from=?|item_id=dish|timestamp=ordered_at|value=price"),
    kind("seller_market", "A market place: buyer and seller",
         "buyer_id~user|seller_id~shop|item_id~item|purchase_date~time|amount~price",
         "user_id=buyer_id|item_id=item_id|timestamp=purchase_date|value=amount"),
)  # fmt: skip

VALUES["hash_item"] = lambda e: f"4bf58dd8d48988d1{(e['p'] * 48271) % 65536:04x}73"
# Each id stands at two of the places.
VALUES["merged"] = lambda e: 700 + e["p"] // 2
VALUES["half"] = lambda e: ("Independent", "Chain")[e["p"] % 2]
