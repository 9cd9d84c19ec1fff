"""Times, places and letters as programs and people write them, with what was meant.

Each kind holds the invented events of `tests.corpus.public`, and says which moment and which place
each row must be read as.
"""

import json
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import h3
import numpy as np
import polars as pl

from strec import schema
from tests.corpus.public import CITY, Kind, lat_of, lon_of

BERLIN, BEIJING, SEOUL, MOSCOW = (52.48, 13.33), (39.86, 116.30), (37.51, 126.90), (55.70, 37.50)
TOKYO, PARIS, MADRID, PRAGUE = (35.60, 139.60), (48.80, 2.30), (40.38, -3.75), (50.02, 14.35)
NEW_YORK = "America/New_York"
#: Events of a kind whose roles are plain; 100 rows are enough to be measured.
N_EVENTS = 120
BASE = {"user_id": "user", "item_id": "item", "time": "time", "lat": "lat", "lon": "lon"}
PLAIN: dict = {"user_id": "user_id", "item_id": "item_id", "timestamp": "time"}
PLACED = PLAIN | {"lat": "lat", "lon": "lon"}
SHARED = "shared case "

Check = Callable[[list[dict], pl.DataFrame], str]


# ---------------------------------------------------------------- what must have been read


def local(zone: str, unit_s: int = 1) -> Check:
    """Check that local clocks are those of the events, and their offsets those of a zone."""

    def check(events: list[dict], table: pl.DataFrame) -> str:
        wanted = [_whole(event["at"], unit_s) for event in events]
        read = table.select(schema.local_time()).to_series().to_list()
        offsets = [int(at.replace(tzinfo=ZoneInfo(zone)).utcoffset().total_seconds() // 60)
                   for at in wanted]  # type: ignore[union-attr]  # fmt: skip
        first = next((f"{a} is read as {b}" for a, b in zip(wanted, read, strict=False)
                      if a != b.replace(microsecond=0)), "")  # fmt: skip
        return first or differs("offset", offsets, table["utc_offset_min"].to_list())

    return check


def instants(events: list[dict], table: pl.DataFrame) -> str:
    """Check that the events' clocks were read as UTC."""
    wanted = [event["at"].replace(tzinfo=UTC) for event in events]
    read = [each.replace(microsecond=0) for each in table["timestamp"].to_list()]
    return differs("moment", wanted, read)


def near(degrees: float = 2e-6) -> Check:
    """Check that each place is where the item is."""

    def check(events: list[dict], table: pl.DataFrame) -> str:
        wanted = [(lat_of(e["p"], e["city"]), lon_of(e["p"], e["city"])) for e in events]
        read = table.select("lat", "lon").to_numpy().astype(float)
        if len(read) != len(wanted):
            return f"{len(read)} rows, right {len(wanted)}"
        far = np.abs(read - np.array(wanted)).max(axis=1)
        worst = int(np.argmax(np.nan_to_num(far, nan=999)))
        ok = not np.isnan(far).any() and far[worst] <= degrees
        return "" if ok else f"place {tuple(read[worst])}, right {wanted[worst]}"

    return check


def rows(n: int) -> Check:
    """Check how many check-ins there are."""
    return lambda events, table: "" if len(table) == n else f"{len(table)} rows, right {n}"


def items(called: Callable[[dict], str]) -> Check:
    """Check the names that were read, letter by letter."""
    return lambda events, table: differs(
        "item", [called(event) for event in events], table["item_id"].to_list()
    )


def no_clock(events: list[dict], table: pl.DataFrame) -> str:
    """Check that nothing can be said of hours."""
    return "hours are made up" if schema.has_clock(table) else ""


def differs(what: str, wanted: list, read: list) -> str:
    if len(wanted) != len(read):
        return f"{len(read)} rows, right {len(wanted)}"
    pairs = zip(wanted, read, strict=True)
    return next((f"{what} {b}, right {a}" for a, b in pairs if a != b), "")


def _whole(at: datetime, unit_s: int) -> datetime:
    midnight = at.replace(hour=0, minute=0, second=0)
    return midnight + (at - midnight) // timedelta(seconds=unit_s) * timedelta(seconds=unit_s)


# ---------------------------------------------------------------- how the kinds are made


def written(
    name: str, source: str, time: Callable[[dict], object], *, zone: str = NEW_YORK,
    city: tuple[float, float] = CITY, unit_s: int = 1, delimiter: str = ",",
    encoding: str = "utf-8", check: Check | None = None, n: int = N_EVENTS, **right,
) -> Kind:  # fmt: skip
    """Return a kind whose times are written in some way, at places of one city."""
    return Kind(
        name, source, BASE | {"time": time}, PLACED | right, delimiter=delimiter, city=city,
        encoding=encoding, n_events=n, checks=(check or local(zone, unit_s), near()),
    )  # fmt: skip


def placed(
    name: str, source: str, columns: dict[str, Callable[[dict], object]], lat: str, lon: str = "",
    *, within: float = 2e-6, city: tuple[float, float] = CITY, delimiter: str = ",", **right,
) -> Kind:  # fmt: skip
    """Return a kind whose places are written in some way."""
    return Kind(
        name, source, {"user_id": "user", "item_id": "item", "time": "time"} | columns,
        PLAIN | {"lat": lat, "lon": lon or lat} | right, delimiter=delimiter, city=city,
        n_events=N_EVENTS, checks=(near(within),),
    )  # fmt: skip


def lat(event: dict) -> float:
    return lat_of(event["p"], event["city"])


def lon(event: dict) -> float:
    return lon_of(event["p"], event["city"])


def seconds(at: datetime) -> int:
    return int((at - datetime(1970, 1, 1)).total_seconds())


def _time(pattern: str) -> Callable[[dict], str]:
    """Write a time by a pattern of strftime, without depending on the machine's language."""
    return lambda event: format(event["at"], pattern)


def _half(event: dict, morning: str, evening: str) -> str:
    """Write a clock of twelve hours with words for its halves."""
    at = event["at"]
    return f"{morning if at.hour < 12 else evening} {(at.hour - 1) % 12 + 1}:{at:%M:%S}"


def _excel(at: datetime) -> float:
    return (at - datetime(1899, 12, 30)).total_seconds() / 86400


MONTHS = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "fr_short": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "cs": "ledna února března dubna května června července srpna září října listopadu prosince",
}  # fmt: skip


def _month(event: dict, language: str) -> str:
    return MONTHS[language].split()[event["at"].month - 1]


def _ordinal(day: int) -> str:
    return (
        f"{day}{'th' if 4 <= day % 100 <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"
    )


TIMES = (
    # The shared cases.
    written("strava_comma", SHARED + "t_strava_en: comma after the year",
            lambda e: f"{e['at']:%b} {e['at'].day}, {e['at'].year}, {(e['at'].hour - 1) % 12 + 1}"
            f":{e['at']:%M:%S %p}"),
    written("oracle", SHARED + "t_oracle: Oracle's NLS_TIMESTAMP_FORMAT",
            lambda e: f"{e['at']:%d-%b-%y %I.%M.%S %p}".upper()),
    written("am_dots", SHARED + "t_us_am_dots: CLDR, a. m. in Spanish",
            lambda e: f"{e['at']:%d/%m/%Y %I:%M:%S} {'a. m.' if e['at'].hour < 12 else 'p. m.'}"),
    written("cn_halves", SHARED + "t_cn_ampm", city=BEIJING, zone="Asia/Shanghai",
            encoding="gb18030", time=lambda e: f"{e['at'].year}/{e['at'].month}/{e['at'].day} "
            + _half(e, "上午", "下午")),
    written("kr_halves", SHARED + "t_kr_ampm", city=SEOUL, zone="Asia/Seoul", encoding="cp949",
            time=lambda e: f"{e['at'].year}. {e['at'].month}. {e['at'].day}. "
            + _half(e, "오전", "오후")),
    written("fr_month", SHARED + "t_fr_month", city=PARIS, zone="Europe/Paris", unit_s=60,
            time=lambda e: f"{e['at'].day} {_month(e, 'fr')} {e['at']:%Y %H:%M}"),
    written("de_uhr", SHARED + "t_de_uhr", _time("%d.%m.%Y %H:%M Uhr"), city=BERLIN,
            zone="Europe/Berlin", unit_s=60),
    written("js_date", SHARED + "t_js_date: ECMAScript Date.prototype.toString",
            _time("%a %b %d %Y %H:%M:%S GMT-0500 (Eastern Time)")),
    written("ctime", SHARED + "t_ctime: ISO C asctime", _time("%a %b %d %H:%M:%S %Y")),
    written("abbreviated_zone", SHARED + "t_abbrev_zone", _time("%Y-%m-%d %H:%M:%S EST")),
    written("bracket_zone", SHARED + "t_bracket_zone: RFC 9557, java.time",
            _time("%Y-%m-%dT%H:%M:%S-05:00[America/New_York]")),
    written("utc_plus", SHARED + "t_utc_plus", _time("%Y-%m-%d %H:%M:%S UTC+8"), city=BEIJING,
            zone="Asia/Shanghai"),
    written("ordinal_day", SHARED + "t_ordinal: ISO 8601 ordinal dates",
            _time("%Y-%jT%H:%M:%S")),
    written("excel_comma", SHARED + "t_excel_comma", city=BERLIN, zone="Europe/Berlin",
            delimiter=";", time=lambda e: f"{_excel(e['at']):.6f}".replace(".", ",")),
    written("dots_in_clock", SHARED + "t_dots_time", city=BERLIN, zone="Europe/Berlin",
            time=lambda e: f"{e['at'].day}.{e['at'].month}.{e['at']:%Y %H.%M.%S}"),
    written("clock_of_four", SHARED + "t_hhmm", _time("%Y-%m-%d %H%M"), unit_s=60),
    written("yymmdd", SHARED + "t_yymmdd", _time("%y%m%d %H%M%S")),
    written("single_quotes", SHARED + "t_single_quotes", _time("'%Y-%m-%d %H:%M:%S'")),
    written("date_only", SHARED + "t_date_only", _time("%Y-%m-%d"), unit_s=86400,
            check=no_clock),
    written("half_offsets", SHARED + "t_half_offsets", city=BERLIN, zone="Europe/Berlin",
            time=lambda e: f"{e['at']:%Y-%m-%dT%H:%M:%S}{'+01:00' if e['n'] % 2 == 0 else ''}"),
    written("mixed_epoch", SHARED + "y_mixed_epoch: seconds and milliseconds",
            lambda e: seconds(e["at"]) * (1000 if e["n"] % 4 == 0 else 1), check=instants),
    # From public documentation.
    written("apache_log", "Apache HTTP Server, log files, %t",
            _time("[%d/%b/%Y:%H:%M:%S +0000]"), check=instants),
    written("rfc_2822", "RFC 2822, date and time of mail and of HTTP",
            _time("%a, %d %b %Y %H:%M:%S GMT"), check=instants),
    written("sql_server", "SQL Server, CAST and CONVERT, style 0", unit_s=60,
            time=lambda e: f"{e['at']:%b} {e['at'].day:2d} {e['at']:%Y %I:%M%p}"),
    written("compact", "PostgreSQL and Hive exports, yyyyMMddHHmmss", _time("%Y%m%d%H%M%S")),
    written("iso_basic_utc", "ISO 8601 basic format", _time("%Y%m%dT%H%M%SZ"), check=instants),
    written("iso_week", "ISO 8601 week dates",
            lambda e: "{}-W{:02d}-{}T{}".format(*e["at"].isocalendar(), f"{e['at']:%H:%M:%S}")),
    written("excel_serial", "Excel, the 1900 date system", lambda e: f"{_excel(e['at']):.8f}"),
    written("mac_serial", "Apple Core Data, seconds since 2001", check=instants,
            time=lambda e: seconds(e["at"]) - 978307200, timestamp=("time", "?"),
            time_format="?"),
    written("webkit", "Chrome's history, microseconds since 1601", check=instants,
            time=lambda e: (seconds(e["at"]) + 11644473600) * 10**6),
    written("dotnet_ticks", ".NET DateTime.Ticks", check=instants,
            time=lambda e: (seconds(e["at"]) + 62135596800) * 10**7),
    written("unix_float", "Python time.time()", check=instants,
            time=lambda e: f"{seconds(e['at'])}.0"),
    written("twitter", "Twitter API v1.1, created_at", check=instants,
            time=_time("%a %b %d %H:%M:%S +0000 %Y")),
    written("us_short", "R lubridate mdy_hm; exports of US tills", unit_s=60,
            time=_time("%m/%d/%y %I:%M %p")),
    written("us_ordinal", "momentjs documentation, MMMM Do, YYYY h:mm A", unit_s=60,
            time=lambda e: f"{e['at']:%B} {_ordinal(e['at'].day)}, {e['at']:%Y %I:%M %p}"),
    written("uk_two_digits", "DB exports with dd.MM.yy HH.mm", _time("%d.%m.%y %H.%M"),
            city=BERLIN, zone="Europe/Berlin", unit_s=60),
    written("cet", "tz database, abbreviations", _time("%Y-%m-%d %H:%M:%S CET"), city=BERLIN,
            zone="Europe/Berlin"),
    written("jst", "tz database, abbreviations", _time("%Y-%m-%d %H:%M:%S JST"), city=TOKYO,
            zone="Asia/Tokyo"),
    written("nanoseconds", "pandas and java.time print nanoseconds",
            _time("%Y-%m-%d %H:%M:%S.123456789")),
    written("fr_short", "CLDR, French short months", city=PARIS, zone="Europe/Paris", unit_s=60,
            time=lambda e: f"{e['at'].day} {_month(e, 'fr_short')} {e['at']:%Y à %Hh%M}"),
    written("ru_month", "CLDR, Russian", city=MOSCOW, zone="Europe/Moscow",
            time=lambda e: f"{e['at'].day} {_month(e, 'ru')} {e['at']:%Y г., %H:%M:%S}"),
    written("es_month", "CLDR, Spanish", city=MADRID, zone="Europe/Madrid", unit_s=60,
            time=lambda e: f"{e['at'].day} de {_month(e, 'es')} de {e['at']:%Y %H:%M}"),
    written("de_long", "CLDR, German full date", city=BERLIN, zone="Europe/Berlin", unit_s=60,
            time=lambda e: f"Mittwoch, {e['at'].day}. {_month(e, 'de')} {e['at']:%Y, %H:%M Uhr}"),
    written("cs_month", "CLDR, Czech", city=PRAGUE, zone="Europe/Prague", unit_s=60,
            time=lambda e: f"{e['at'].day}. {_month(e, 'cs')} {e['at']:%Y %H:%M}"),
    written("ja_halves", "CLDR, Japanese; Shift-JIS export", city=TOKYO, zone="Asia/Tokyo",
            unit_s=60, encoding="shift_jis",
            time=lambda e: f"{e['at'].year}年{e['at'].month}月{e['at'].day}日 "
            f"{'午前' if e['at'].hour < 12 else '午後'}{e['at'].hour % 12}時{e['at']:%M}分"),
    written("kr_year", "CLDR, Korean", city=SEOUL, zone="Asia/Seoul",
            time=lambda e: f"{e['at'].year}년 {e['at'].month}월 {e['at'].day}일 "
            + _half(e, "오전", "오후")),
    written("iso_offset_no_colon", "ISO 8601, strftime %z", _time("%Y-%m-%dT%H:%M:%S-0500")),
)  # fmt: skip


def _sides(value: float, sides: str, n_digits: int) -> str:
    return f"{abs(value):.{n_digits}f} {sides[value < 0]}"


def _dms(value: float, sides: str) -> str:
    whole = round(abs(value) * 3600, 3)
    minutes, seconds = divmod(whole, 60)
    degrees, minutes = divmod(int(minutes), 60)
    return f"{degrees}°{minutes:02d}'{seconds:06.3f}\"{sides[value < 0]}"


def _nmea(value: float) -> str:
    degrees = int(abs(value))
    return f"{'-' if value < 0 else ''}{degrees * 100 + (abs(value) - degrees) * 60:.4f}"


def geohash(lat: float, lon: float, n: int = 8) -> str:
    """Return a geohash as Niemeyer described it: bits of longitude and latitude in turn."""
    bounds, bits = [[-180.0, 180.0], [-90.0, 90.0]], 0
    for i in range(5 * n):
        side, value = bounds[i % 2], (lon, lat)[i % 2]
        middle = sum(side) / 2
        is_upper = value >= middle
        side[not is_upper] = middle
        bits = bits * 2 + is_upper
    signs = "0123456789bcdefghjkmnpqrstuvwxyz"
    return "".join(signs[bits >> 5 * (n - 1 - i) & 31] for i in range(n))


def ewkb(event: dict) -> bytes:
    return struct.pack("<BIIdd", 1, 0x20000001, 4326, lon(event), lat(event))


PLACES = (
    placed("direction_columns", SHARED + "p_direction_cols", {
        "latitude": lambda e: abs(lat(e)), "N/S": lambda e: "N", "longitude": lambda e:
        abs(lon(e)), "E/W": lambda e: "W"}, "latitude N/S", "longitude E/W"),
    placed("east_of_greenwich", SHARED + "p_360",
           {"lat": lat, "lon": lambda e: round(lon(e) + 360, 6)}, "lat", "lon"),
    placed("excel_thousands", SHARED + "p_excel_mangled", {
        "lat": lambda e: f"{round(lat(e) * 1e6):,}".replace(",", "."),
        "lon": lambda e: f"{round(lon(e) * 1e6):,}".replace(",", ".")}, "lat", "lon",
        city=BERLIN, delimiter=";"),
    placed("wkb", SHARED + "p_wkb: EWKB of PostGIS", {"geom": lambda e: ewkb(e).hex().upper()},
           "geom"),
    placed("geohash", SHARED + "p_geohash", {"geohash": lambda e: geohash(lat(e), lon(e))},
           "geohash", within=3e-4),
    placed("h3", SHARED + "p_h3", {"h3_index": lambda e: h3.latlng_to_cell(lat(e), lon(e), 9)},
           "h3_index", within=3e-3),
    placed("millionths", SHARED + "p_e6", {"lat": lambda e: round(lat(e) * 1e6), "lon":
           lambda e: round(lon(e) * 1e6)}, "lat", "lon"),
    placed("nmea", SHARED + "p_nmea", {"lat": lambda e: _nmea(lat(e)), "lon":
           lambda e: _nmea(lon(e))}, "lat", "lon"),
    # From public documentation.
    placed("dms", "ISO 6709, Annex D", {"lat": lambda e: _dms(lat(e), "NS"), "lon":
           lambda e: _dms(lon(e), "EW")}, "lat", "lon"),
    placed("unicode_minus", "Wikipedia's tables of coordinates, U+2212", {"lat": lat, "lon":
           lambda e: f"\u2212{abs(lon(e))}"}, "lat", "lon"),
    placed("trailing_minus", "SAP, sign behind the number", {"lat": lat, "lon":
           lambda e: f"{abs(lon(e))}-"}, "lat", "lon"),
    placed("side_behind", "GeoNames and airports' lists, 40.7 N", {"lat": lambda e:
           _sides(lat(e), "NS", 6), "lon": lambda e: _sides(lon(e), "EW", 6)}, "lat", "lon"),
    placed("wkt", "OGC Simple Features, WKT", {"geom": lambda e: f"POINT ({lon(e)} {lat(e)})"},
           "geom"),
    placed("ewkt", "PostGIS ST_AsEWKT", {"geom": lambda e: f"SRID=4326;POINT({lon(e)} {lat(e)})"},
           "geom"),
    placed("geojson_cell", "RFC 7946 in a column", {"geometry": lambda e: json.dumps(
           {"type": "Point", "coordinates": [lon(e), lat(e)]})}, "geometry"),
    placed("geo_uri", "RFC 5870, geo: URI", {"location": lambda e: f"geo:{lat(e)},{lon(e)}"},
           "location"),
    placed("google_latlng", "Google Maps, LatLng.toString", {"location": lambda e:
           f"({lat(e)}, {lon(e)})"}, "location"),
    placed("ten_millionths", "OpenStreetMap PBF and Google, E7", {"latitudeE7": lambda e:
           round(lat(e) * 1e7), "longitudeE7": lambda e: round(lon(e) * 1e7)},
           "latitudeE7", "longitudeE7"),
    placed("decimal_commas", "Exports of German and French Excel", {"Breite": lambda e:
           str(lat(e)).replace(".", ","), "Länge": lambda e: str(lon(e)).replace(".", ",")},
           "Breite", "Länge", city=BERLIN, delimiter=";"),
    placed("web_mercator", "EPSG:3857, metres", {
        "x": lambda e: round(lon(e) * 111319.4908, 2),
        "y": lambda e: round(6378137 * np.log(np.tan(np.pi / 4 + np.radians(lat(e)) / 2)), 2)},
        "y", "x", city=BERLIN, places="?"),
    placed("swapped_names", "PostGIS FAQ: longitude comes first", {"lat": lon, "lon": lat},
           "lat", "lon", city=BEIJING),
)  # fmt: skip


# ---------------------------------------------------------------- letters

ROWS = ("user", "time", "item", "lat", "lon")


def lettered(
    name: str, source: str, header: tuple[str, ...], encoding: str,
    called: Callable[[dict], str], zone: str, city: tuple[float, float], delimiter: str = ",",
    time: str | Callable[[dict], object] = "time", unit_s: int = 1, decimal: str = ".",
) -> Kind:  # fmt: skip
    """Return a kind in an encoding of its country."""

    def comma(half: Callable[[dict], float]) -> Callable[[dict], str]:
        return lambda event: str(half(event)).replace(".", decimal)

    values = ("user", time, called, comma(lat), comma(lon))
    fields = ("user_id", "timestamp", "item_id", "lat", "lon")
    return Kind(
        name, source, dict(zip(header, values, strict=True)),
        dict(zip(fields, header, strict=True)) | {"encoding": "?"}, delimiter=delimiter,
        encoding=encoding, city=city, n_events=N_EVENTS,
        checks=(local(zone, unit_s), items(called)),
    )  # fmt: skip


def _shop(word: str) -> Callable[[dict], str]:
    return lambda event: f"{word} {event['p'] + 1}"


def _chinese_time(event: dict) -> str:
    at = event["at"]
    return f"{at.year}年{at.month}月{at.day}日 {at.hour}时{at.minute}分"


LETTERS = (
    lettered("cp1251_header", SHARED + "f_cp1251",
             ("Пользователь", "Время", "Место", "Широта", "Долгота"), "cp1251", lambda e:
             f"p{e['p']}", "Europe/Moscow", MOSCOW, ";", lambda e: f"{e['at']:%d.%m.%Y %H:%M:%S}",
             decimal=","),
    lettered("big5_header", SHARED + "f_big5", ("會員編號", "交易時間", "商品編號", "緯度", "經度"),
             "big5", lambda e: f"p{e['p']}", "Asia/Shanghai", BEIJING,
             time=lambda e: f"{e['at']:%Y/%m/%d %H:%M:%S}"),
    lettered("gbk_header", SHARED + "f_gbk_short",
             ("会员编号", "消费时间", "商品名称", "纬度", "经度"), "gb18030",
             lambda e: f"p{e['p']}", "Asia/Shanghai", BEIJING, time=_chinese_time, unit_s=60),
    lettered("koi8", "WHATWG Encoding Standard, KOI8-R",
             ("Покупатель", "Дата", "Товар", "Широта", "Долгота"), "koi8-r",
             _shop("Кофе с молоком"), "Europe/Moscow", MOSCOW),
    lettered("cp1250", "Microsoft code page 1250", ("zákazník", "čas", "položka", "lat", "lon"),
             "cp1250", _shop("Žluťoučký kůň"), "Europe/Prague", PRAGUE),
    lettered("cp1252", "Microsoft code page 1252", ("client", "date", "produit", "lat", "lon"),
             "cp1252", _shop("Café Déjà Vu"), "Europe/Paris", PARIS),
    lettered("euc_jp", "WHATWG Encoding Standard, EUC-JP",
             ("顧客", "日時", "商品", "緯度", "経度"), "euc-jp", _shop("コーヒーとパン"),
             "Asia/Tokyo", TOKYO),
    lettered("cp949", "Microsoft code page 949", ("회원", "일시", "상품", "위도", "경도"), "cp949",
             _shop("커피와 빵"), "Asia/Seoul", SEOUL),
    lettered("utf16", "Excel, Unicode text", ("client", "date", "produit", "lat", "lon"), "utf-16",
             _shop("Café"), "Europe/Paris", PARIS, "\t"),
)  # fmt: skip
