"""A server on loopback that answers as OpenAI's protocol asks, and remembers what it was sent."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer


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


@contextmanager
def answering() -> Iterator[HTTPServer]:
    """Give a server with `url`, what it was `asked`, and its `reply`: status, bytes, seconds."""
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.reply = [], (200, answer("You like it."), 0)
    server.url = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def answer(text) -> bytes:
    return json.dumps({"choices": [{"message": {"content": text}}]}).encode()
