"""Ships and animals that carry a tracker: places every few minutes, times in UTC."""

from strec.io.formats.base import FIXES, Format, Signature

_UTC = "Times are UTC, as the source documents. The item is the hexagon of each place."

AIS = Format(
    key="ais_us",
    label="Ships: AIS of MarineCadastre",
    sentence="Positions that ships in the waters of the United States send.",
    citation="NOAA Office for Coastal Management, AIS data, marinecadastre.gov/ais; public domain.",
    signature=Signature(("MMSI", "BaseDateTime", "LAT", "LON")),
    mapping=FIXES.replace(user_id="MMSI", timestamp="BaseDateTime", lat="LAT", lon="LON"),
    notes=(_UTC,),
)
AIS_DK = Format(
    key="ais_dk",
    label="Ships: AIS of the Danish Maritime Authority",
    sentence="Positions that ships in Danish waters send.",
    citation="Danish Maritime Authority, historical AIS data, dma.dk.",
    signature=Signature(("Timestamp", "Type of mobile", "MMSI", "Latitude", "Longitude")),
    mapping=AIS.mapping.replace(
        timestamp="Timestamp", lat="Latitude", lon="Longitude", time_format="day_first"
    ),
    notes=(_UTC,),
)
MOVEBANK = Format(
    key="movebank",
    label="Animals: Movebank",
    sentence="Positions of animals that carry a tag.",
    citation="Movebank, movebank.org; the terms are those of each study.",
    signature=Signature(
        ("event-id", "timestamp", "location-long", "location-lat", "individual-local-identifier")
    ),
    mapping=FIXES.replace(
        user_id="individual-local-identifier",
        timestamp="timestamp",
        lat="location-lat",
        lon="location-long",
    ),
    notes=(_UTC,),
)
