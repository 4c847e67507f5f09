"""The feed as an HTTP response, and who may listen to what."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, request
from flask_babel import lazy_gettext as _l

from fieldops.board.feed import Full, Message, feed
from fieldops.web.errors import Problem


class NoPlace(Problem):
    """All streams of this process are taken: poll."""

    status = 503
    slug = "streams-full"
    title = _l("All live connections are taken")
    detail = _l("Ask again every few seconds instead: the pages do so by themselves.")


class BadCursor(Problem):
    """`since` is no number of the journal."""

    status = 400
    slug = "bad-cursor"
    title = _l("This is no number of the journal")
    detail = _l("Send since= as a whole number, or leave it out.")


def respond(county: str, *, schools: frozenset[str] | None) -> Response:
    """A stream of the county's events from `Last-Event-ID` or `since=`; only of `schools` when given.

    Events that concern the whole county (timetable, clock, notices) reach everybody.
    """
    since = _cursor()
    wanted: Callable[[Message], bool] = (
        (lambda _message: True)
        if schools is None
        else (lambda message: message.school in schools or not message.school)
    )
    try:
        stream = feed().watch(county, since, wanted)
    except Full:
        raise NoPlace from None
    response = Response(stream, mimetype="text/event-stream")  # closes the stream when it is closed itself
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold the events back
    return response


def _cursor() -> int | None:
    text = request.headers.get("Last-Event-ID") or request.args.get("since")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadCursor
    return int(text)
