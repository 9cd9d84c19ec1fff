"""Online tiles: whose, whether they can be reached, and that nobody waits to find out.

`STREC_TILES` says whose: `auto` (CARTO's, where there is a network), `none`, or the address of
another style, or of pictures with ``{z}/{x}/{y}``; `STREC_TILES_ATTRIBUTION` whom to thank.
"""

import json
import os
import threading
import time
import urllib.request
from urllib.parse import quote

CARTO = {
    False: "https://basemaps.cartocdn.com/gl/positron-gl-style/style.json",
    True: "https://basemaps.cartocdn.com/gl/dark-matter-gl-style/style.json",
}
CARTO_THANKS = "Map tiles: © CARTO, © OpenStreetMap contributors"
#: How long an answer may take, for how long it is believed, and how long the first map waits.
ANSWER_S, KEEP_S, FIRST_WAIT_S = 4.0, 300.0, 0.5


def provider() -> str:
    """Return `auto`, `none`, or an address, as the environment says.

    Examples
    --------
    >>> provider() in ("auto", "none") or "://" in provider()
    True
    """
    return os.environ.get("STREC_TILES", "").strip() or "auto"


def thanks() -> str:
    """Return whom to thank for the tiles."""
    said = os.environ.get("STREC_TILES_ATTRIBUTION", "").strip()
    if provider() == "auto":
        return said or CARTO_THANKS
    return said or "Map tiles: © OpenStreetMap contributors"


def style(dark: bool) -> str:
    """Return the address of the tiles' style, or the style itself where they are pictures."""
    said = provider()
    if said in ("auto", "none"):
        return CARTO[dark]
    if "{z}" not in said:
        return said
    source = {"type": "raster", "tiles": [said], "tileSize": 256, "attribution": thanks()}
    paint = {"raster-brightness-max": 0.45, "raster-saturation": -0.5} if dark else {}
    layer = {"id": "tiles", "type": "raster", "source": "tiles", "paint": paint}
    text = json.dumps({"version": 8, "sources": {"tiles": source}, "layers": [layer]})
    return "data:application/json," + quote(text, safe="[]{}:,.")


class _Watch:
    """Asks the tile server in a thread of its own, and remembers for a while what it said."""

    def __init__(self) -> None:
        self._lock, self._answer, self._address = threading.Lock(), False, ""
        self._asked_at: float | None = None
        self._thread: threading.Thread | None = None

    def ask(self, wait_s: float = 0.0) -> bool:
        address, now = style_address(), time.monotonic()
        with self._lock:
            old = self._asked_at is None or now - self._asked_at > KEEP_S
            if old or address != self._address:
                first = self._asked_at is None or address != self._address
                self._asked_at, self._address = now, address
                self._answer = False if first else self._answer
                self._thread = threading.Thread(target=self._look, args=(address,), daemon=True)
                self._thread.start()
                thread = self._thread if first else None
            else:
                thread = None
        if thread is not None and wait_s:
            thread.join(wait_s)
        return self._answer

    def _look(self, address: str) -> None:
        try:
            request = urllib.request.Request(address, headers={"User-Agent": "strec"})
            with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:
                self._answer = answer.status == 200
        except (OSError, ValueError):
            self._answer = False


def style_address() -> str:
    """Return what is asked for to find out whether the tiles can be reached."""
    said = provider()
    address = CARTO[False] if said == "auto" else said
    for name in ("{z}", "{x}", "{y}"):
        address = address.replace(name, "0")
    return address


_WATCH = _Watch()


def are_there(wait_s: float = FIRST_WAIT_S) -> bool:
    """Return whether tiles are wanted and can be reached; asked in the background.

    Only the very first question waits, half a second at most; a server asks at its start.
    """
    return provider() != "none" and _WATCH.ask(wait_s)
