"""Which column is what: the mapping from a file to check-ins, and what must be asked."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace

from strec import schema
from strec.errors import MappingError, check_is

#: The canonical fields that a column can be mapped to, in the order in which they are shown.
FIELDS = tuple(schema.REQUIRED | schema.OPTIONAL)
#: As a time zone: each check-in has the zone of its own place.
ZONE_OF_PLACE = "place"
#: Values of the settings that have a closed list.
CHOICES = {
    "time_is": ("utc", "local"),
    "coordinate_order": ("lat_lon", "lon_lat"),
    "coordinate_form": (
        "degrees",
        "e5",
        "e6",
        "e7",
        "nmea",
        "ddmmss",
        "radians",
        "lon_360",
    ),
    "offset_unit": ("minutes", "hours", "seconds"),
    "user_from": ("constant", "row", "nobody"),
    "decimal": ("point", "comma"),
    "returns": ("aside", "count"),
}
#: Settings that say what is read, before any column is looked at.
SOURCE = ("table", "encoding")

#: Short names of the fields in `--map`.
SHORT = {
    "user": "user_id",
    "item": "item_id",
    "time": "timestamp",
    "offset": "utc_offset_min",
    "name": "item_name",
}

#: Settings that say how a column is read, and so hold no longer when another one is mapped.
_DEPENDS = {
    "user_id": {"user_from": None},
    "item_id": {"item_from_place": False},
    "timestamp": {"time_format": None, "time_is": None, "time_zone": None},
    "utc_offset_min": {"offset_unit": None, "time_zone": None},
    "value": {"decimal": None, "returns": None},
    "event": {"returns": None},
    "lat": {"coordinate_order": None, "coordinate_form": None, "crs": None, "time_zone": None},
    "lon": {"coordinate_order": None, "coordinate_form": None, "crs": None, "time_zone": None},
    # Where a place lies says in which zone its clock is.
    "coordinate_order": {"time_zone": None},
    "coordinate_form": {"time_zone": None},
    "crs": {"time_zone": None},
}


@dataclass(frozen=True)
class Mapping:
    """Column names for the canonical fields, and how to read them.

    A setting that is None has not been decided; reading detects it, or asks.

    Parameters
    ----------
    user_id, item_id, timestamp, utc_offset_min, lat, lon, category, item_name, event, value
        Column names of the file. `lat` and `lon` may be the same column ("40.7, -74.0", or
        "POINT (-74.0 40.7)",
        WKB, GeoJSON, an H3 cell, a geohash).
    text, image
        Columns that describe the item in words, and name its picture: a file beside the data, or
        a web address.
    place_id, place_name
        Where the item was had, when it is not itself a place: the shop of a product.
    origin_id, origin_name, origin_lat, origin_lon, end_timestamp
        Of a trip: where it began, and when it ended; `timestamp` is then its start, and the item
        its end.
    time_format : str, optional
        How it is written: ``iso``, ``written`` (a month in words), ``twitter``; ``day_first``,
        ``month_first`` or ``year_first`` for dates in three numbers; ``unix_s``, ``unix_ms``,
        ``unix_us``, ``unix_ns``, ``unix`` (mixed, by size), ``apple_s``, ``webkit_us``,
        ``filetime``, ``dotnet_ticks``, ``excel_days``, ``julian_days`` for numbers; or a pattern,
        strptime's such as ``%d %b %Y`` or one such as ``dd.MM.yyyy HH:mm``.
    time_is : str, optional
        What a time without an offset means: ``utc`` or ``local``.
    time_zone : str, optional
        An IANA zone such as ``Europe/Berlin``, or ``place``: the zone of each place.
    coordinate_order : str, optional
        ``lat_lon`` as named, ``lon_lat`` when the two are swapped.
    coordinate_form : str, optional
        ``degrees``; ``e5``, ``e6``, ``e7``: whole numbers, of which so many tenths make a degree;
        ``nmea`` (ddmm.mmmm), ``ddmmss``, ``radians``; ``lon_360``: the longitude from 0 to 360.
    crs : str, optional
        The coordinate reference system of coordinates in metres, such as ``EPSG:25832``.
    offset_unit : str, optional
        Unit of the offset column: ``minutes``, ``hours`` or ``seconds``.
    item_from_place : bool
        True: the item is the H3 cell of the place, for tracks without an item column.
    user_from : str, optional
        For a file without a user column: ``nobody`` (the rows name no person), ``constant``
        (all rows are one user) or ``row`` (each row is its own user).
    decimal : str, optional
        ``point`` or ``comma``: what is before the decimals of the value, so that 1.234 is about
        one or more than a thousand.
    returns : str, optional
        What gives back or cancels (negative quantities, credit notes, events that say so):
        ``aside``, it is set aside with the reason, or ``count``, it counts like a purchase.
    table : str, optional
        Which table of the file holds the events, where it has several: a sheet, a table of a
        database, a layer, a list, or one of the files given.
    encoding : str, optional
        How the bytes of a text are letters, such as ``cp1251``, where they are not UTF-8.

    Examples
    --------
    >>> mapping = Mapping(user_id="who", item_id="what", timestamp="when", time_is="utc")
    >>> Mapping.from_dict(mapping.to_dict()) == mapping
    True
    >>> mapping.to_dict()
    {'user_id': 'who', 'item_id': 'what', 'timestamp': 'when', 'time_is': 'utc'}
    """

    user_id: str | None = None
    item_id: str | None = None
    timestamp: str | None = None
    utc_offset_min: str | None = None
    lat: str | None = None
    lon: str | None = None
    category: str | None = None
    item_name: str | None = None
    event: str | None = None
    value: str | None = None
    text: str | None = None
    image: str | None = None
    place_id: str | None = None
    place_name: str | None = None
    origin_id: str | None = None
    origin_name: str | None = None
    origin_lat: str | None = None
    origin_lon: str | None = None
    end_timestamp: str | None = None
    time_format: str | None = None
    time_is: str | None = None
    time_zone: str | None = None
    coordinate_order: str | None = None
    coordinate_form: str | None = None
    crs: str | None = None
    offset_unit: str | None = None
    item_from_place: bool = False
    user_from: str | None = None
    decimal: str | None = None
    returns: str | None = None
    table: str | None = None
    encoding: str | None = None

    def __post_init__(self):
        for name, allowed in CHOICES.items():
            value = vars(self)[name]
            if value is not None and value not in allowed:
                raise MappingError(
                    f"{name} is one of {', '.join(allowed)}, or not given.",
                    f"{name}={value!r}.",
                    "Choose one of them.",
                )

    def to_dict(self) -> dict:
        """Return what is set, as a dictionary that JSON and YAML can hold."""
        return {name: value for name, value in asdict(self).items() if value not in (None, False)}

    @classmethod
    def from_dict(cls, values: dict) -> "Mapping":
        """Return the mapping of a dictionary made by `to_dict`, refusing unknown names.

        Parameters
        ----------
        values : dict
            Entries by name; what is not there stays open.

        Raises
        ------
        MappingError
            If it is no dictionary, or has other entries.

        Examples
        --------
        >>> Mapping.from_dict({"user_id": "name"}).user_id
        'name'
        """
        check_is(values, dict, "A mapping is made of a dictionary of entries.", MappingError)
        known = {entry.name for entry in fields(cls)}
        unknown = sorted(map(str, set(values) - known))
        if unknown:
            raise MappingError(
                f"A mapping has the entries {', '.join(sorted(known))}.",
                f"unknown entries {', '.join(map(str, unknown))}.",
                "Remove or rename them.",
            )
        return cls(**values)

    def replace(self, **changes) -> "Mapping":
        """Return a copy with some entries changed.

        Parameters
        ----------
        **changes
            New values by the name of the entry.

        Examples
        --------
        >>> Mapping(user_id="name").replace(item_id="shop").to_dict()
        {'user_id': 'name', 'item_id': 'shop'}
        """
        return replace(self, **changes)

    def remap(self, **changes) -> "Mapping":
        """Return a copy with some entries changed, and open again what depended on the old ones.

        Parameters
        ----------
        **changes
            New values by the name of the entry.

        Examples
        --------
        >>> mapping = Mapping(timestamp="day", time_format="day_first", time_zone="UTC")
        >>> mapping.remap(timestamp="at", time_zone="Asia/Tokyo").to_dict()
        {'timestamp': 'at', 'time_zone': 'Asia/Tokyo'}
        """
        new = {name: value for name, value in changes.items() if vars(self)[name] != value}
        stale: dict = {}
        if new.keys() & SOURCE:
            # Another table has other columns.
            stale = {name: Mapping.__dataclass_fields__[name].default for name in vars(self)}
            stale |= {name: vars(self)[name] for name in SOURCE}
        for name in new:
            stale |= _DEPENDS.get(name, {})
        if not new.get("lat", self.lat):
            stale["item_from_place"] = False
        return replace(self, **stale | new)

    def under(self, given: "Mapping") -> "Mapping":
        """Return a copy in which what another mapping sets stands in place of the own.

        Parameters
        ----------
        given : Mapping
            What stands in place of the own entries; its open entries change nothing.

        Examples
        --------
        >>> guess = Mapping(user_id="name", item_id="shop", timestamp="day", time_format="iso")
        >>> guess.under(Mapping(item_id="name", user_from="row")).to_dict()
        {'item_id': 'name', 'timestamp': 'day', 'time_format': 'iso', 'user_from': 'row'}
        """
        columns = given.columns()
        freed = {
            name: None for name, column in self.columns().items() if column in columns.values()
        }
        freed |= {"user_id": None} if given.user_from else {}
        freed |= {"item_id": None} if given.item_from_place else {}
        return self.remap(**freed | columns).replace(**given.to_dict())

    def columns(self) -> dict[str, str]:
        """Return the mapped columns, canonical field to column name."""
        return {name: column for name in FIELDS if (column := vars(self)[name]) is not None}

    def check_columns(self, columns: Sequence[str]) -> None:
        """Raise `MappingError` where a field is mapped to a column that is not among these.

        Parameters
        ----------
        columns : sequence of str
            The columns that the file has.

        Examples
        --------
        >>> Mapping(user_id="name").check_columns(["name", "shop"])
        """
        for name, column in self.columns().items():
            if column not in columns:
                raise MappingError(
                    f"{name} is mapped to a column of the file.",
                    f"no column {column!r}; the file has {', '.join(columns[:20])}.",
                    "Choose one of the file's columns.",
                )


@dataclass(frozen=True)
class Option:
    """One answer to a `Question`: `mapping.replace(**option.changes)` takes it.

    Parameters
    ----------
    label : str
        The answer in words.
    example : str
        How a value of the file would be read with it.
    changes : dict
        Entries of the mapping and their new values.
    """

    label: str
    example: str = ""
    changes: dict = field(default_factory=dict)

    @property
    def entries(self) -> str:
        """The changes as `strec clean --map` takes them.

        Examples
        --------
        >>> Option("without places", changes={"lat": None, "item_from_place": True}).entries
        'lat=,item_from_place=true'
        """
        texts = {
            name: str(value).lower() if isinstance(value, bool) else value or ""
            for name, value in self.changes.items()
        }
        return ",".join(f"{name}={text}" for name, text in texts.items())


@dataclass(frozen=True)
class Question:
    """Something that the file does not say.

    Parameters
    ----------
    key : str
        What is asked: ``time_format``, ``time_zone``, ``user``, ``item``, ``timestamp`` or
        ``coordinate_order``.
    text : str
        The question in words.
    options : tuple of Option
        Possible answers, the likeliest first.
    default : int, optional
        Index of the option used when nobody answers, already in the mapping. None: the file
        cannot be read before an answer is given.

    Examples
    --------
    >>> utc = Option("UTC", {"time_is": "utc"})
    >>> Question("time_zone", "Whose clock is it?", (utc,)).must_be_answered
    True
    """

    key: str
    text: str
    options: tuple[Option, ...]
    default: int | None = None

    @property
    def must_be_answered(self) -> bool:
        """True when reading would be a guess."""
        return self.default is None


def mapping_of(entries: Sequence[str]) -> dict:
    """Return what `--map` says, as entries of a `Mapping`.

    Parameters
    ----------
    entries : list of str
        Each one or several ``name=column``, with commas between; short names are user, item, time,
        offset and name.

    Raises
    ------
    MappingError
        If one is not of this form, or names no entry.

    Examples
    --------
    >>> mapping_of(["user=Kunde, Nr.,item=shop", "item_from_place=true", "lat="])
    {'user_id': 'Kunde, Nr.', 'item_id': 'shop', 'item_from_place': True, 'lat': None}
    """
    known = Mapping.__dataclass_fields__
    found = {}
    for entry in entries:
        # A column's name may hold a comma; only one before another "name=" separates.
        for part in re.split(r",(?=\s*\w+=)", entry):
            short, equals, column = part.partition("=")
            name = SHORT.get(short.strip(), short.strip())
            if not equals or name not in known:
                raise MappingError(
                    f"--map takes name=column, the names being {', '.join((*SHORT, *known))}.",
                    f"{part.strip()!r}.",
                    "Write for instance --map user=customer,item=shop,time=date.",
                )
            value = column.strip() or None
            is_switch = name == "item_from_place"
            found[name] = (value or "").lower() == "true" if is_switch else value
    return found
