"""The straight way of the busiest call: `POST /api/v1/events` from a device that sent facts before.

Routing, sessions, contexts and hooks cost several times what a check-in needs of its own (docs/performance.md). Nothing
is decided here: whatever is not quite ordinary (a sender who is not remembered or may have changed, a body that is not
as declared, an error) goes the whole way through the gate and the view, with the same body.
"""

from __future__ import annotations

import io
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.http import parse_cookie
from werkzeug.wsgi import ClosingIterator

from fieldops.api import receiving, shapes
from fieldops.api.snapshot import wire
from fieldops.journal.service import Outdated
from fieldops.operations import metrics
from fieldops.operations.watch import Watch
from fieldops.organisation.actors import Actor, LastSeen, Senders
from fieldops.organisation.rules import cookie_name, from_own_page
from fieldops.testday.phones import Reports
from fieldops.web import logs, security
from fieldops.web.errors import Problem

ROUTE: Final = "/api/v1/events"

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Any], Iterable[bytes]]

_sending = msgspec.json.Decoder(shapes.Sending)


class Express:
    """Answers what is ordinary, and hands everything else on."""

    def __init__(self, app: Flask, whole: Wsgi) -> None:
        self._app, self._whole = app, whole
        self._senders: Senders = app.extensions["fieldops_senders"]
        self._last_seen: LastSeen = app.extensions["fieldops_last_seen"]
        self._reports: Reports = app.extensions["fieldops_phones"]
        self._watch: Watch = app.extensions["fieldops_watch"]
        settings = app.config["SETTINGS"]
        self._cookie = cookie_name(secure=settings.secure_cookies)
        self._public_url = settings.public_url

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != ROUTE or environ["REQUEST_METHOD"] != "POST":
            return self._whole(environ, start_response)
        began = time.perf_counter()
        body = self._answer(environ)
        if body is None:
            return self._whole(environ, start_response)
        reference = secrets.token_hex(6)
        start_response(
            "200 OK", [*self._headers(environ), ("Content-Length", str(len(body))), ("X-Request-Id", reference)]
        )
        seconds = time.perf_counter() - began
        logs.note_request(method="POST", route=ROUTE, status=200, seconds=seconds, request=reference)
        metrics.count(ROUTE, "POST", 200, seconds)
        if self._app.testing and not self._app.config.get("WATCH_ENGINE"):
            return [body]
        return ClosingIterator([body], self._look)

    def _look(self) -> None:
        self._watch.look(self._app)

    def _answer(self, environ: Environ) -> bytes | None:
        """The answer's body; None when the whole way has to be gone."""
        actor = None if environ.get("QUERY_STRING") else self._sender(environ)
        content = _content(environ) if actor is not None else None
        if actor is None or content is None:
            return None
        try:
            sending = _sending.decode(content)
            if not sending.events:
                return None  # nothing would be compared under the lock
            with self._app.app_context():
                self._reports.flush()
                received, now = receiving.take(sending, actor, remembered=True)
                self._last_seen.note(actor)
        except Outdated:
            self._senders.forget(actor)
            return None
        except (Problem, SQLAlchemyError, ValueError, RecursionError):
            return None  # the whole way says what is wrong; what was taken in already is a repeat there
        environ["fieldops.now"] = wire(now)
        return msgspec.json.encode(received)

    def _sender(self, environ: Environ) -> Actor | None:
        header = environ.get("HTTP_AUTHORIZATION")
        if header is not None:
            return self._senders.known(header[7:].strip()) if header[:7].lower() == "bearer " else None
        token = parse_cookie(environ.get("HTTP_COOKIE")).get(self._cookie)
        if token is None or not from_own_page(
            mimetype=environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower(),
            fetch_site=environ.get("HTTP_SEC_FETCH_SITE"),
            origin=environ.get("HTTP_ORIGIN"),
            own=(self._public_url, f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"),
        ):
            return None
        return self._senders.known(token)

    def _headers(self, environ: Environ) -> list[tuple[str, str]]:
        return [
            ("Content-Type", "application/json"),
            ("X-Fieldops-Time", environ["fieldops.now"]),
            *self._watch.header().items(),
            *security.headers(secure=environ["wsgi.url_scheme"] == "https"),
        ]


def _content(environ: Environ) -> bytes | None:
    """The whole body, put back for whoever reads it next; None when its length is not told or too much."""
    length = environ.get("CONTENT_LENGTH") or ""
    if not length.isascii() or not length.isdecimal() or int(length) > security.MAX_CONTENT_LENGTH:
        return None
    content: bytes = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(content)
    return content if len(content) == int(length) else None


def init_app(app: Flask) -> None:
    """Put the straight way before the application."""
    app.wsgi_app = Express(app, app.wsgi_app)  # type: ignore[method-assign]  # as Flask documents it
