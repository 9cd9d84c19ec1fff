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


class VisitorCookie:
    """Middleware: gives a browser that has none a secret with the first page.

    Scripts cannot read the cookie, and other sites' pages do not send it.

    Parameters
    ----------
    app : ASGI application
        What answers all requests.
    """

    def __init__(self, app: Any):
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or _has_cookie(scope):
            await self.app(scope, receive, send)
            return

        async def answer(message: Any) -> None:
            headers = message.get("headers", [])
            kinds = [value for name, value in headers if name.lower() == b"content-type"]
            if message["type"] == "http.response.start" and kinds[:1] and b"html" in kinds[0]:
                secret = secrets.token_urlsafe(32)
                cookie = f"{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000"
                message = message | {"headers": [*headers, (b"set-cookie", cookie.encode())]}
            await send(message)

        await self.app(scope, receive, answer)


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


def _has_cookie(scope: Any) -> bool:
    said = [value for name, value in scope.get("headers", []) if name == b"cookie"]
    try:
        known = SimpleCookie("; ".join(each.decode("latin-1") for each in said)).get(COOKIE)
    except CookieError:
        return False
    return known is not None and bool(_SECRET.fullmatch(known.value))
