"""By what a browser is known again: a visitor finds their own recent projects, and no others.

The address cannot hold this secret: people pass addresses on.
"""

import hashlib
import re
import secrets
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any

from strec.serve.trainings import visits_folder

COOKIE = "strec-visitor"
_SECRET = re.compile(r"[\w-]{43}")


def with_cookie(message: Any) -> Any:
    """Return what is sent; a page brings a new secret with it.

    Scripts cannot read the cookie, and other sites' pages do not send it.

    Parameters
    ----------
    message : dict
        A part of an answer, as ASGI says it.
    """
    headers = message.get("headers", [])
    kinds = [value for name, value in headers if name.lower() == b"content-type"]
    if message["type"] != "http.response.start" or not kinds[:1] or b"html" not in kinds[0]:
        return message
    secret = secrets.token_urlsafe(32)
    cookie = f"{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000"
    return message | {"headers": [*headers, (b"set-cookie", cookie.encode())]}


def folder_of(secret: str | None) -> Path | None:
    """Return the folder of a visitor, which goes when it is old as all that visitors bring.

    Parameters
    ----------
    secret : str, optional
        The cookie's value; None where there is none.

    Examples
    --------
    >>> folder_of("no secret of ours") is None
    True
    """
    if not isinstance(secret, str) or not _SECRET.fullmatch(secret):
        return None
    return visits_folder() / hashlib.sha256(secret.encode()).hexdigest()[:32]


def is_known(scope: Any) -> bool:
    """Whether a request brings a secret of ours.

    Parameters
    ----------
    scope : dict
        A request, as ASGI says it.
    """
    said = [value for name, value in scope.get("headers", []) if name == b"cookie"]
    try:
        known = SimpleCookie("; ".join(each.decode("latin-1") for each in said)).get(COOKIE)
    except CookieError:
        return False
    return known is not None and bool(_SECRET.fullmatch(known.value))
