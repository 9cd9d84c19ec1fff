"""RemoteWriter: sends what it showed, and fails in words. Only a server on loopback is asked."""

import ipaddress
import socket

import pytest

from strec.errors import ModelError
from strec.llm import RemoteWriter, remote
from tests.answering import answer, answering


@pytest.fixture
def server():
    with answering() as found:
        yield found


def test_what_was_shown_is_what_is_sent(server):
    writer = RemoteWriter(server.url + "/", "small", key="secret")
    options = {"system": "Be brief.", "max_new_tokens": 30, "stop": ["\n"]}
    shown = writer.payload("Why?", **options)
    assert not server.asked
    assert writer.generate("Why?", **options) == "You like it."
    path, headers, sent = server.asked[0]
    assert path == "/v1/chat/completions" and sent == shown
    assert headers["Authorization"] == "Bearer secret"
    assert sent["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Why?"},
    ]


def test_the_stop_is_kept_even_if_the_server_ignores_it(server):
    server.reply = (200, answer(" One.\nTwo."), 0)
    assert RemoteWriter(server.url, "small").generate("Why?", stop=["\n"]) == "One."


@pytest.mark.parametrize(
    "reply, found",
    [
        ((500, b"", 0), "status 500"),
        ((401, b"{}", 0), "status 401"),
        ((302, b"", 0), "status 302"),
        ((200, b"<html>", 0), "not a chat completion"),
        ((200, b"{}", 0), "not a chat completion"),
        ((200, b'{"choices": []}', 0), "not a chat completion"),
        ((200, answer(None), 0), "not a chat completion"),
        ((200, b"[" * 2_000_000, 0), "not a chat completion"),
        ((200, answer("late"), 0.6), "timed out"),
    ],
)
def test_failures_are_said_in_words(server, reply, found):
    server.reply = reply
    with pytest.raises(ModelError, match="An answer of small") as error:
        RemoteWriter(server.url, "small", timeout_s=0.3).generate("Why?")
    assert found in error.value.found and len(server.asked) == 1


def test_nobody_there():
    with pytest.raises(ModelError, match="refused"):
        RemoteWriter("http://127.0.0.1:9/v1", "small").generate("Why?")


@pytest.mark.parametrize("url", ["", "localhost:11434", "file:///etc/passwd", "http://a:b@c/v1"])
def test_odd_addresses_are_refused(url):
    with pytest.raises(ModelError, match="begins with http"):
        RemoteWriter(url, "small")


def test_a_key_travels_over_https_alone():
    with pytest.raises(ModelError, match="https"):
        RemoteWriter("http://example.org/v1", "small", key="secret")
    RemoteWriter("https://example.org/v1", "small", key="secret")
    RemoteWriter("http://[::1]:8000/v1", "small", key="secret")


def test_only_listed_addresses_are_asked(server):
    with pytest.raises(ModelError, match="not allowed"):
        RemoteWriter(server.url, "small", addresses=("https://api.example.org/v1",))
    with pytest.raises(ModelError, match="not allowed"):  # Another path of a listed server.
        RemoteWriter(server.url + "/../admin?", "small", addresses=(server.url,))
    # An address in numbers is what the operator wrote; a name might lead anywhere later.
    assert RemoteWriter(server.url, "small", addresses=(server.url,)).generate("Why?")
    named = server.url.replace("127.0.0.1", "api.example.org")
    writer = RemoteWriter(named, "small", addresses=(named,))
    real, asked = socket.getaddrinfo, len(server.asked)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: real("127.0.0.1", *rest))
        with pytest.raises(ModelError, match="private address"):
            writer.generate("Why?")
    assert len(server.asked) == asked


@pytest.mark.parametrize(
    ("address", "is_public"),
    [("127.0.0.1", False), ("10.1.2.3", False), ("169.254.169.254", False), ("100.64.0.1", False),
     ("0.0.0.0", False), ("224.0.0.1", False), ("8.8.8.8", True), ("::1", False),
     ("::ffff:10.0.0.1", False), ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False),
     ("fe80::1", False), ("2606:4700::1111", True)],
)  # fmt: skip
def test_private_addresses(address, is_public):
    assert remote._is_public(ipaddress.ip_address(address)) is is_public


def test_the_words_of_another_server_are_not_quoted(server):
    server.reply = (599, b"the secret page", 0)
    with pytest.raises(ModelError) as failed:
        RemoteWriter(server.url, "small").generate("Why?")
    assert "599" in failed.value.found and "secret" not in str(failed.value)
