"""Pictures of items as addresses that a page can show; nothing is ever fetched from here."""

import base64
import re
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from urllib.parse import quote, urlsplit

#: Larger files are not opened, larger pictures not decoded.
MOST_BYTES, MOST_PIXELS = 10_000_000, 40_000_000
#: Longer web addresses are no pictures but mischief.
MOST_LETTERS = 2_000
#: Side of a thumbnail: twice that of the card, for fine screens.
THUMBNAIL_PX = 160
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
#: Stands where a picture is named but cannot be shown.
PLACEHOLDER = "data:image/svg+xml," + quote(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#7D8A99" '
    'stroke-width="1"><rect width="24" height="24" stroke="none" fill="#7D8A99" opacity=".15"/>'
    '<path d="M6 7h12v10H6zM6 15l4-4 3 3 2-2 3 3"/><circle cx="14.5" cy="9.5" r="1"/></svg>'
)


@dataclass(frozen=True)
class Pictures:
    """What references of the column `image` stand for.

    Parameters
    ----------
    folder : Path, optional
        Files are looked for below this folder and nowhere else; without one no file is opened.
    web : bool
        Whether pages may name web addresses, which the reader's browser then loads.

    Examples
    --------
    >>> Pictures(web=True).show("https://example.org/a.jpg")
    'https://example.org/a.jpg'
    >>> Pictures().show("https://example.org/a.jpg") is None
    True
    >>> Pictures(Path("data")).show("../secret.png") == PLACEHOLDER
    True
    """

    folder: Path | None = None
    web: bool = False

    def show(self, reference: str | None) -> str | None:
        """Return the address of a picture: a thumbnail as ``data:``, or a web address.

        None where none is named or showing it is not allowed; `PLACEHOLDER` where it is broken.
        """
        text = (reference or "").strip()
        if not text:
            return None
        if address := web_address(text):
            return address if self.web else None
        if _SCHEME.match(text) or self.folder is None:
            return None
        return thumbnail(self.folder, text) or PLACEHOLDER


def web_address(reference: str) -> str | None:
    """Return an http or https address with all that could end a style or an attribute encoded.

    Examples
    --------
    >>> web_address("https://example.org/it's (1).png")
    'https://example.org/it%27s%20%281%29.png'
    >>> web_address("javascript:alert(1)") is None
    True
    """
    text = reference.strip()
    if len(text) > MOST_LETTERS:
        return None
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname)
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not has_host:
        return None
    return quote(text, safe=":/?#[]@!$&*+,;=%~-._")


def host_of(reference: str | None) -> str | None:
    """Return the host of a web address, None of anything else.

    Examples
    --------
    >>> host_of("https://img.example.org:8080/a.png"), host_of("a.png")
    ('img.example.org', None)
    """
    address = web_address(reference or "")
    return urlsplit(address).hostname if address else None


def thumbnail(folder: Path, name: str) -> str | None:
    """Return a small copy of a picture file below a folder as a ``data:`` address.

    None where the file is missing, outside of the folder, too large, or no picture.
    """
    try:
        root = folder.resolve(strict=True)
        # Links are followed first, so that none leads out of the folder.
        path = (root / name).resolve(strict=True)
        facts = path.stat()
        if not path.is_relative_to(root) or not path.is_file() or facts.st_size > MOST_BYTES:
            return None
    except (OSError, ValueError, RuntimeError):
        return None
    return _thumbnail_of_file(path, facts.st_mtime_ns)


def thumbnail_of(content: bytes) -> str | None:
    """Return a small copy of a picture as a ``data:`` address, None where it is none."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    if len(content) > MOST_BYTES:
        return None
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return None
            picture.draft("RGB", (2 * THUMBNAIL_PX, 2 * THUMBNAIL_PX))
            small = ImageOps.exif_transpose(picture).convert("RGBA")
            small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
            written = BytesIO()
            small.save(written, "WEBP", quality=80)
    except (
        UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, MemoryError,
        Image.DecompressionBombError, Image.DecompressionBombWarning,
    ):  # fmt: skip
        return None
    return "data:image/webp;base64," + base64.b64encode(written.getvalue()).decode()


@lru_cache(maxsize=512)
def _thumbnail_of_file(path: Path, changed_ns: int) -> str | None:
    try:
        return thumbnail_of(path.read_bytes())
    except OSError:
        return None
