"""RemoteWriter: sends what it showed, and fails in words. Only a server on loopback is asked."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from strec.errors import ModelError
from strec.llm import RemoteWriter


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, dict(self.headers), json.loads(body)))
        status, answer, wait_s = self.server.reply
        time.sleep(wait_s)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.reply = [], (200, answer("You like it."), 0)
    server.url = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def answer(text) -> bytes:
    return json.dumps({"choices": [{"message": {"content": text}}]}).encode()


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
