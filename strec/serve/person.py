"""Whom the app was started for: `strec app` opens the browser with a token, as notebooks do.

That a request comes from this computer says nothing: `ssh -R` and socat bring strangers from there.
"""

import hashlib
import os
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode

from strec.serve.settings import is_public

#: The variable and the parameter of the address that hold the token.
TOKEN, PARAMETER = "STREC_PERSON_TOKEN", "person"


def new_token() -> str:
    """Make the token of this process, and return it."""
    os.environ[TOKEN] = secrets.token_urlsafe(24)
    return os.environ[TOKEN]


def cookie_name() -> str:
    """Return the name of the cookie: two apps on one computer do not take each other's."""
    token = os.environ.get(TOKEN, "")
    return "strec-person-" + hashlib.sha256(token.encode()).hexdigest()[:8]


def knows(secret: str | None) -> bool:
    """Whether this is the token of this process; where there is none, nothing is."""
    token = os.environ.get(TOKEN, "")
    if not token or not secret or is_public():
        return False
    return secrets.compare_digest(secret.encode(), token.encode())


def way_in(scope: Any) -> list[tuple[bytes, bytes]] | None:
    """Return the headers that make a token in an address a cookie, and an address without it.

    Scripts cannot read the cookie, and other sites' pages do not send it.

    Parameters
    ----------
    scope : dict
        A request, as ASGI says it.

    Returns
    -------
    list of tuple or None
        None where the address holds no token.
    """
    query = scope.get("query_string", b"").decode("latin-1")
    if f"{PARAMETER}=" not in query:
        return None
    pairs = parse_qsl(query, keep_blank_values=True)
    said = next((value for name, value in pairs if name == PARAMETER), None)
    rest = urlencode([pair for pair in pairs if pair[0] != PARAMETER])
    # The path is this server's own: a second slash would name another host.
    path = b"/" + scope.get("raw_path", b"/").split(b"?")[0].lstrip(b"/")
    headers = [
        (b"location", path + (f"?{rest}" if rest else "").encode()),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-store"),
    ]
    if said is not None and knows(said):
        cookie = f"{cookie_name()}={said}; Path=/; HttpOnly; SameSite=Strict"
        headers.append((b"set-cookie", cookie.encode()))
    return headers
