"""Whom the app was started for: only who brings the token, and only to an app of this computer."""

import asyncio

import pytest
import streamlit as st

from pages.shared import visitor
from strec.serve import person, settings
from strec.serve.door import Door


@pytest.fixture
def token(monkeypatch):
    monkeypatch.setenv(person.TOKEN, "")
    for name in (settings.PUBLIC, settings.LOCAL_FILES, settings.LLM_ADDRESSES):
        monkeypatch.delenv(name, raising=False)
    return person.new_token()


def come(monkeypatch, cookies: dict, address: str | None) -> None:
    """Come as somebody whose browser sends these cookies to an app that listens there."""

    class Context:
        headers: dict = {}
        ip_address = None  # As for everybody who comes through `ssh -R` or socat.

    Context.cookies = cookies
    monkeypatch.setattr(st, "context", Context)
    monkeypatch.setattr(st, "get_option", {"server.address": address}.get)


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1"])
def test_the_person_with_the_token_may_open_files(token, monkeypatch, address):
    come(monkeypatch, {person.cookie_name(): token}, address)
    assert visitor.may_open_files() and visitor.llm_addresses() is None


@pytest.mark.parametrize("cookies", [{}, {"strec-person": "x"}, None])
def test_who_comes_through_a_forwarder_may_not(token, monkeypatch, cookies):
    come(monkeypatch, {person.cookie_name(): "guess"} if cookies is None else cookies, "127.0.0.1")
    assert not visitor.may_open_files() and visitor.llm_addresses() == ()


@pytest.mark.parametrize("address", [None, "0.0.0.0", "192.168.0.3", "strec.example.org"])
def test_where_others_can_come_the_token_opens_nothing(token, monkeypatch, address):
    come(monkeypatch, {person.cookie_name(): token}, address)
    assert not visitor.may_open_files()


def test_in_public_nobody_is_the_person_and_the_operator_decides(token, monkeypatch):
    come(monkeypatch, {person.cookie_name(): token}, "127.0.0.1")
    monkeypatch.setenv(settings.PUBLIC, "1")
    assert not visitor.may_open_files() and visitor.llm_addresses() == ()
    monkeypatch.setenv(settings.LOCAL_FILES, "1")
    monkeypatch.setenv(settings.LLM_ADDRESSES, "http://ollama:11434/v1, ")
    assert visitor.may_open_files() and visitor.llm_addresses() == ("http://ollama:11434/v1",)


def test_without_a_token_nothing_matches_it(monkeypatch):
    monkeypatch.delenv(person.TOKEN, raising=False)
    assert not person.knows("") and not person.knows(None)


def answer(query: str, path: bytes = b"/recommend") -> dict:
    """Return what the middleware sends for an address."""
    sent: list[dict] = []

    async def passed_on(scope, receive, send):
        sent.append({"status": 200, "headers": []})

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "query_string": query.encode(), "path": "/x", "raw_path": path}
    asyncio.run(Door(passed_on)(scope, None, send))  # type: ignore[arg-type]
    return {"status": sent[0]["status"], **{k.decode(): v.decode() for k, v in sent[0]["headers"]}}


def test_the_token_leaves_the_address_for_a_cookie_that_no_script_reads(token):
    found = answer(f"person={token}&sample=travel")
    assert (found["status"], found["location"]) == (303, "/recommend?sample=travel")
    assert found["set-cookie"].startswith(f"{person.cookie_name()}={token}; Path=/")
    assert "HttpOnly" in found["set-cookie"] and "SameSite=Strict" in found["set-cookie"]
    assert "set-cookie" not in answer("person=wrong%0d%0aset-cookie:a=b")
    assert answer("sample=travel") == {"status": 200}
    assert answer("person=x", b"//evil.example/")["location"] == "/evil.example/"
