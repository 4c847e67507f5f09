"""A provider on the loopback that behaves as badly as real ones do: each test says what it answers, in order."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest

#: Answers that are no object: the server never answers, or breaks off in the middle of one.
HANG, HALF = "hang", "half"


class Call(NamedTuple):
    """What was asked of the provider."""

    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


class Provider:
    """Answers `default` unless `answers` has something; a tuple is (status, headers, object)."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answers: list[Any] = []
        self.default: Any = {"errcode": 0, "errmsg": "ok"}
        #: Seconds that each answer takes.
        self.takes_s = 0.0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                provider.answer(self)

            do_POST = do_GET  # noqa: N815 - the standard library's name

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        parts = urlsplit(handler.path)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self._lock:
            self.calls.append(Call(parts.path, parse_qs(parts.query), headers, json.loads(body) if body else None))
            given = self.answers.pop(0) if self.answers else self.default
        if self.takes_s:
            time.sleep(self.takes_s)
        if given == HANG:
            self._ended.wait(20)
            handler.close_connection = True
            return
        status, more, said = given if isinstance(given, tuple) else (200, {}, given)
        sent = said if isinstance(said, bytes) else json.dumps(said).encode()
        if given == HALF:
            sent = b'{"errcode": 0, "errm'
        handler.send_response(status)
        for name, value in more.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(sent) + (100 if given == HALF else 0)))
        handler.end_headers()
        handler.wfile.write(sent)
        if given == HALF:
            handler.close_connection = True

    @property
    def texts(self) -> list[str]:
        """What people read, of robots' messages."""
        found = [call.body for call in self.calls if isinstance(call.body, dict)]
        return [(body.get("text") or body.get("content") or {}).get("content", "") for body in found]

    def end(self) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.end()
