"""Why a file was not made is said in our words, each visitor their own reason."""

import asyncio

import pytest
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest
from streamlit.runtime.backend_operation_handler import DeferredFileHandler

from pages.shared import refusals
from strec.errors import LimitError


class Files:
    """Makes a file for each name, or fails to."""

    def __init__(self, **make):
        self.make = make

    def execute_deferred(self, name: str) -> str:
        try:
            return self.make[name]()
        except Exception as error:
            raise RuntimeError("Callable execution failed") from error


@pytest.fixture(autouse=True)
def told(monkeypatch):
    monkeypatch.setattr(DeferredFileHandler, "handle", DeferredFileHandler.handle)
    refusals.tell()


def answers(files: Files, *names: str):
    """Return what the browser is answered, several asking at once."""
    handler = DeferredFileHandler(lambda: files)

    async def ask():
        requests = [BackendOperationRequest(request_id=name) for name in names]
        for request, name in zip(requests, names, strict=True):
            request.deferred_file.file_id = name
        return await asyncio.gather(*(handler.handle(each, "visitor") for each in requests))

    return asyncio.run(ask())


def test_a_refusal_is_said_to_whom_it_concerns():
    def refused(found: str):
        def make() -> str:
            raise LimitError("A free place is needed.", found, "Try again in a minute.")

        return refusals.explained(make)

    files = Files(a=refused("three wait."), b=refused("four wait."),
                  c=refusals.explained(lambda: "/file"))  # fmt: skip
    first, second, third = answers(files, "a", "b", "c")
    assert first.error_msg == "A free place is needed. Found: three wait. Try again in a minute."
    assert "four wait." in second.error_msg and "three" not in second.error_msg
    assert third.deferred_file.url == "/file" and not third.error_msg


def test_other_failures_are_not_quoted():
    def make() -> str:
        raise ValueError("/home/somebody/secret")

    (answer,) = answers(Files(a=refusals.explained(make)), "a")
    assert answer.error_msg and "secret" not in answer.error_msg
