"""One JSON line per request on stderr, and nothing in it that says who.

A line names the route's template, never the concrete path or query (both carry codes and one-time tokens), and an
exception's type and places in the code, never its message (which may quote a row of the roster).
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request
from structlog.typing import EventDict, WrappedLogger

_ROOT: Final = Path(__file__).resolve().parents[2]
#: Frames kept of an exception, the innermost last.
_FRAMES: Final = 12

log = structlog.get_logger()


class _Stderr:
    """Whatever ``sys.stderr`` is at the moment of writing, so that tests and process managers may replace it."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def init_app(app: Flask) -> None:
    """Send structlog and the standard library's loggers through one JSON formatter, and log each request."""
    configure(debug=app.debug)
    # Not on a logger's handlers: Flask's own message quotes the concrete path, whichever handler prints it.
    app.logger.addFilter(_without_path)
    app.before_request(_begin)
    app.after_request(_finish)


def configure(*, debug: bool) -> None:
    """Set up logging for this process; calling it again replaces the earlier set-up."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _describe_exception,
    ]
    render = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if debug else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=_Stderr()),  # type: ignore[arg-type]
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(_Stderr())
    handler.set_name("fieldops")
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers = [kept for kept in root.handlers if kept.get_name() != "fieldops"] + [handler]
    root.setLevel(logging.INFO)
    # The development server prints each concrete path; our own line says what may be said.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # its steps are no news to an operator


def reference() -> str:
    """The id that a person may read out to support: the same one stands in the log line of the request."""
    if "request_id" not in g:
        g.request_id = uuid4().hex[:12]
    return str(g.request_id)


def _begin() -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=reference())
    g.request_began = time.perf_counter()


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = reference()
    quiet = request.endpoint == "assets.file" and response.status_code < 400
    if not quiet:
        began = g.get("request_began", time.perf_counter())
        note_request(
            method=request.method,
            route=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            seconds=time.perf_counter() - began,
            request=reference(),
        )
    return response


def note_request(*, method: str, route: str | None, status: int, seconds: float, request: str) -> None:
    """The line of a request. `route`: the template, never the path; `request`: its reference."""
    log.info(
        "request", request=request, method=method, route=route, status=status, duration_ms=round(seconds * 1000, 1)
    )


def _without_path(record: logging.LogRecord) -> bool:
    if record.exc_info:
        record.msg, record.args = "unhandled exception", ()
    return True


def _describe_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace ``exc_info`` by type and places in the code; messages and local values stay out of the log."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__qualname__
        event["where"] = [
            f"{_short(frame.filename)}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-_FRAMES:]
        ]
    return event


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(_ROOT)) if path.is_relative_to(_ROOT) else "/".join(path.parts[-2:])
