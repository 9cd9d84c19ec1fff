"""The API's addresses, beside the app's: health, recommend, events, and their description."""

import asyncio
import json
import logging
import os
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from strec import __version__
from strec.errors import LimitError, ModelError, StoreError, StrecError
from strec.serve import events, merged, settings
from strec.serve.answers import MOST_EVENTS, MOST_ITEMS, Answers
from strec.serve.logged import trail

TOKEN, EVENTS = "STREC_API_TOKEN", events.EVENTS
#: A longer body is refused before it is read to its end.
MOST_BYTES = 2_000_000
_MAKING, _ADDING = threading.Lock(), threading.Lock()
_KEPT: list[Answers | None] = [None]


def routes() -> list[Any]:
    """Return the routes for a Starlette application; without `STREC_API_TOKEN` they are closed."""
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    async def health(request: Any) -> Any:
        return JSONResponse({"status": "ok", "version": __version__})

    async def described(request: Any) -> Any:
        return JSONResponse(openapi())

    def posted(act: Callable[[Any], dict[str, Any]]) -> Callable:
        async def answer(request: Any) -> Any:
            if (refused := _refusal(request.headers.get("authorization", ""))) is not None:
                return JSONResponse(refused, 403, headers={"WWW-Authenticate": "Bearer"})
            try:
                given = json.loads(await _body(request))
                status, said = 200, await asyncio.to_thread(act, given)
            except StrecError as error:
                status = 503 if isinstance(error, StoreError | LimitError) else 422
                said = {"needed": error.needed, "found": error.found, "mend": error.mend}
            except (ValueError, RecursionError):
                status, said = 400, _words("A body in JSON is needed.", "something else.")
            except Exception as error:
                # Where it failed, and no word of the error: it may quote ids of people.
                logging.getLogger("strec.api").error("a request failed: %s", trail(error))
                status, said = 500, _words("The request failed.", "the server's log says more.")
            return Response(_json(said), status, media_type="application/json")

        return answer

    return [
        Route("/api/health", health),
        Route("/api/openapi.json", described),
        Route("/api/recommend", posted(_recommend), methods=["POST"]),
        Route("/api/events", posted(_add), methods=["POST"]),
    ]


def _recommend(given: Any) -> dict[str, Any]:
    return _answers().recommend(given)


def _add(given: Any) -> dict[str, Any]:
    with _ADDING:
        return _answers().add(given.get("events") if isinstance(given, dict) else None)


def _json(said: dict[str, Any]) -> bytes:
    return json.dumps(said, default=str, allow_nan=False, separators=(",", ":")).encode()


def openapi() -> dict[str, Any]:
    """Return the description of the API, as OpenAPI 3.1.

    Examples
    --------
    >>> sorted(openapi()["paths"])
    ['/api/events', '/api/health', '/api/recommend']
    """
    text, number = {"type": "string"}, {"type": "number"}
    error = {"description": "Needed, found, mend."}
    event = _object(
        {"user_id": text, "item_id": text, "timestamp": {**text, "format": "date-time"},
         "lat": number, "lon": number, "utc_offset_min": {"type": "integer"}},
        ["user_id", "item_id", "timestamp"],
    )  # fmt: skip
    question = _object(
        {"user_id": text, "time": {**text, "description": "Local, or with a zone."}, "lat": number,
         "lon": number, "k": {"type": "integer", "minimum": 1, "maximum": MOST_ITEMS},
         "new_only": {"type": "boolean"}, "max_distance_km": number,
         "categories": {"type": "array", "items": text},
         "parts": {"type": "boolean", "description": "Whether each score is taken apart."}},
    )  # fmt: skip
    many = {"type": "array", "maxItems": MOST_EVENTS, "items": event}
    return {
        "openapi": "3.1.0",
        "info": {"title": "strec", "version": __version__},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/api/health": {"get": {"responses": {"200": {"description": "The server answers."}}}},
            "/api/recommend": _post(
                "What comes next for somebody, there and then.", question, error
            ),
            "/api/events": _post(
                "New check-ins; when this answers, they are on the disk, and count.",
                _object({"events": many}, ["events"]), error,
            ),
        },
    }  # fmt: skip


def _object(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    return {"type": "object", "properties": properties} | (
        {"required": required} if required else {}
    )


def _post(summary: str, schema: dict[str, Any], error: dict[str, Any]) -> dict[str, Any]:
    return {
        "post": {
            "summary": summary,
            "security": [{"token": []}],
            "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
            "responses": {"200": {"description": "Done."}} | dict.fromkeys(
                ("400", "403", "422", "503"), error
            ),
        }
    }  # fmt: skip


async def _body(request: Any) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            raise StrecError(
                f"A body of at most {MOST_BYTES:,} bytes is needed.", "a longer one.",
                f"Send at most {MOST_EVENTS:,} events at once.",
            )  # fmt: skip
    return body


def _refusal(header: str) -> dict[str, str] | None:
    token = os.environ.get(TOKEN, "")
    if not token:
        return _words("The API is open where its operator sets STREC_API_TOKEN.", "it is not set.")
    said = header.removeprefix("Bearer ").encode()
    if header.startswith("Bearer ") and secrets.compare_digest(said, token.encode()):
        return None
    return _words("The header “Authorization: Bearer TOKEN” is needed.", "none, or another token.")


def _words(needed: str, found: str) -> dict[str, str]:
    return {"needed": needed, "found": found, "mend": "See /api/openapi.json and docs/deploy.md."}


def _answers() -> Answers:
    with _MAKING:
        if _KEPT[0] is None:
            _KEPT[0] = _made()
        return _KEPT[0]


def renew() -> None:
    """Answer from what was merged meanwhile; until that is ready, as before."""
    fresh = _made()
    with _ADDING, _MAKING:
        fresh.refresh()
        _KEPT[0] = fresh


def forget() -> None:
    """Read everything again at the next request."""
    with _MAKING:
        _KEPT[0] = None


def merger() -> merged.Merger | None:
    """Return the thread that merges events, where this process takes them into a store."""
    store = settings.store()
    if store is None or not os.environ.get(TOKEN):
        return None
    hours = settings.number("STREC_MERGE_HOURS", 24)
    return merged.Merger(Path(store), events.folder(), renew, hours * 3600)


def _made() -> Answers:
    if settings.database() is not None:
        raise StoreError(
            "The API answers from a store: models need whole check-ins.",
            "the table of a database, which is counted where it is.",
            "Copy it with strec clean ADDRESS --table … --out FOLDER, and serve that folder.",
        )
    store, run = settings.store(), settings.run()
    try:
        return Answers(Path(store) if store else None, events.folder(), Path(run) if run else None)
    except ModelError as error:
        # What the operator named is at fault, not the question.
        raise StoreError(error.needed, error.found, error.mend) from error
