"""What is done with a request before the app sees it: the one middleware of the server.

The token of whom the app was started for becomes a cookie, a browser is known again by a secret,
and uploads have a bound before their first byte is read.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from strec.serve import person, settings, visitors

UPLOADS_EACH, UPLOADS = "STREC_UPLOADS_EACH_MB", "STREC_UPLOADS_MB"
_UPLOAD = "/_stcore/upload_file/"


class Door:
    """Middleware before the app.

    Parameters
    ----------
    app : ASGI application
        What answers all requests.
    held : callable, optional
        Returns the bytes of uploads that the server holds in memory: of a session, and of all.
    """

    def __init__(self, app: Any, held: Callable[[str], tuple[int, int]] | None = None):
        self.app, self.held = app, held
        #: Bytes on their way, by session.
        self._coming: dict[str, int] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if (there := person.way_in(scope)) is not None:
            await _say(send, 303, there)
            return
        if visitors.is_known(scope):
            answer = send
        else:

            async def answer(message: Any) -> None:
                await send(visitors.with_cookie(message))

        if scope.get("method") != "PUT" or _UPLOAD not in scope.get("path", ""):
            await self.app(scope, receive, answer)
            return
        session = scope["path"].rsplit("/", 2)[-2]
        n_bytes = _length(scope)
        if refused := self._refused(session, n_bytes):
            status, words = refused
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
            await _say(send, status, headers, words.encode())
            return
        with self._on_its_way(session, n_bytes):
            await self.app(scope, receive, answer)

    def _refused(self, session: str, n_bytes: int) -> tuple[int, str] | None:
        if n_bytes < 0:
            return 411, "An upload that says its length is needed."
        mine, all_held = self.held(session) if self.held is not None else (0, 0)
        mine += self._coming.get(session, 0) + n_bytes
        each = settings.number(UPLOADS_EACH, 4_000, 400)
        if mine > each * 1e6:
            return 413, (
                f"Uploads of one visitor take at most {each:,.0f} MB together. "
                "Take away files that you gave before, or reload the page."
            )
        most = settings.number(UPLOADS, 8_000, 2_000)
        if all_held + sum(self._coming.values()) + n_bytes > most * 1e6:
            return 503, "The server holds as many uploads as it can. Try again in some minutes."
        return None

    @contextmanager
    def _on_its_way(self, session: str, n_bytes: int) -> Iterator[None]:
        self._coming[session] = self._coming.get(session, 0) + n_bytes
        try:
            yield
        finally:
            self._coming[session] -= n_bytes
            if not self._coming[session]:
                del self._coming[session]


def _length(scope: Any) -> int:
    said = [value for name, value in scope.get("headers", []) if name == b"content-length"]
    return int(said[0]) if said and said[0].isdigit() else -1


async def _say(send: Any, status: int, headers: list, body: bytes = b"") -> None:
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
