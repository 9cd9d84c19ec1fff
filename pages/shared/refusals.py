"""Why a file was not made, in our words: Streamlit has one sentence for whatever went wrong."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from strec.errors import StrecError

T = TypeVar("T")
#: Where the reason is left for whoever answers the browser; None where nobody waits for it.
_WHY: ContextVar[list[str] | None] = ContextVar("why", default=None)


def explained(make: Callable[[], T]) -> Callable[[], T]:
    """Return what makes a file and leaves the reason where it cannot."""

    def made() -> T:
        try:
            return make()
        except StrecError as error:
            if (why := _WHY.get()) is not None:
                why.append(f"{error.needed} Found: {error.found} {error.mend}")
            raise

    return made


def tell() -> None:
    """Have a button for a file show the reason, where this version of Streamlit has a way."""
    try:
        from streamlit.runtime.backend_operation_handler import DeferredFileHandler
    except ImportError:
        return
    usual = DeferredFileHandler.handle

    async def handle(self: Any, request: Any, session_id: str) -> Any:
        why: list[str] = []
        # The thread that makes the file sees this list: it begins with a copy of the context.
        token = _WHY.set(why)
        try:
            answer = await usual(self, request, session_id)
        finally:
            _WHY.reset(token)
        if why and answer.error_msg:
            answer.error_msg = why[0]
        return answer

    DeferredFileHandler.handle = handle
