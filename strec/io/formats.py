"""The formats that strec knows by their content, with their sources."""

from strec.io import known_places, known_trips
from strec.io.signature import Companion, Format, Signature

__all__ = ["FORMATS", "KNOWN", "Companion", "Format", "Signature"]

KNOWN = (*known_trips.KNOWN, *known_places.KNOWN)
#: Every known format by its key.
FORMATS: dict[str, Format] = {each.key: each for each in KNOWN}
