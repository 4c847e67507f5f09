"""One form for everything that goes wrong: a problem document for programs, a plain page for people.

A page says what happened, what to do next, and a reference that support finds in the log. The text of an exception
never leaves the server: only :class:`Problem` carries words that were written to be read.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

import structlog
from flask import Flask, Response, json, make_response, render_template, request
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException

from fieldops.web.logs import reference

#: A translatable text: a ``str`` or what ``lazy_gettext`` returns.
Text = Any

log = structlog.get_logger()


class Problem(Exception):
    """Base of the errors of the domain. Subclasses set the class attributes; extra keywords become members (RFC 9457).

    >>> class StaleVersion(Problem):
    ...     status, slug, title = 409, "stale-version", _l("Somebody was faster")
    >>> raise StaleVersion(_l("Read the newer state, then decide again."), seen=3, current=4)
    """

    #: HTTP status.
    status: ClassVar[int] = 400
    #: Names the kind of problem for programs; part of the API, so it never changes.
    slug: ClassVar[str] = "bad-request"
    #: One sentence on what happened, without a full stop.
    title: ClassVar[Text] = _l("This request could not be understood")
    #: One sentence on what to do next.
    detail: ClassVar[Text] = _l("Go back, check what you entered, and try again.")

    def __init__(self, detail: Text | None = None, **members: Any) -> None:
        super().__init__(self.slug)
        self.words: Text = self.detail if detail is None else detail
        self.members = members


#: What each status means to somebody in a school: (slug, what happened, what to do next).
_STATUSES: Final[dict[int, tuple[str, Text, Text]]] = {
    400: (
        "bad-request",
        _l("This request could not be understood"),
        _l("Go back, check what you entered, and try again."),
    ),
    401: ("sign-in-needed", _l("You are not signed in"), _l("Open your sign-in link again, or scan its code.")),
    403: (
        "not-allowed",
        _l("Your duty does not include this"),
        _l("If you need it today, ask the chief monitor or your county desk."),
    ),
    404: (
        "not-found",
        _l("There is nothing here for you"),
        _l("The address may be wrong, or it belongs to a place where you have no duty. Go back to the start page."),
    ),
    405: (
        "method-not-allowed",
        _l("This page cannot be used that way"),
        _l("Go back and use the buttons of the page."),
    ),
    409: ("conflict", _l("Somebody changed this before you"), _l("Look at the newer state, then decide again.")),
    413: ("too-large", _l("This file is too large"), _l("Send a smaller file: only the roster, without pictures.")),
    415: ("unsupported-type", _l("This kind of file cannot be read"), _l("Send an .xlsx or .csv file.")),
    422: ("invalid", _l("Some entries are not right"), _l("Correct the marked fields and send again.")),
    429: ("too-many", _l("Too many tries in a short time"), _l("Wait a minute, then try again. Nothing was lost.")),
    500: (
        "server-error",
        _l("Something went wrong on our side"),
        _l("Try again in a minute; what was confirmed is safe. If it happens again, tell support the reference below."),
    ),
    503: (
        "unavailable",
        _l("The service is busy or being maintained"),
        _l("Try again in a minute. Facts noted on the phone are kept there and sent later."),
    ),
}

#: Seconds after which a phone asks again when the database does not answer: long enough not to be a storm.
_AGAIN_AFTER_S: Final = 5

_CSRF: Final = (
    "form-expired",
    _l("This page was open for too long"),
    _l("Open the page again and send the form once more."),
)

#: When not even the template can be rendered (its data comes from the database that is down). Both languages.
_LAST_RESORT: Final = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>Fieldops</title>
<h1>系统暂时出错 · Something went wrong on our side</h1>
<p>请一分钟后重试；已确认的记录是安全的。Try again in a minute. What was already confirmed is safe.</p>
<p>{reference}</p>"""


def init_app(app: Flask) -> None:
    """Answer every error in its one form. Debug and testing still raise unhandled exceptions, as Flask does."""
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    for kind in (OperationalError, InterfaceError):
        app.register_error_handler(kind, _no_database)


def _problem(error: Problem) -> Response:
    return _answer(error.status, error.slug, error.title, error.words, error.members)


def _csrf(_error: CSRFError) -> Response:
    return _answer(400, *_CSRF, {})


def _no_database(error: OperationalError | InterfaceError) -> Response:
    """The database is away, or its disk is full: nothing was kept, and asking again later is right."""
    log.error("the database does not answer", exc_info=error)
    response = _answer(503, *_STATUSES[503], {}, cause=error)
    response.headers["Retry-After"] = str(_AGAIN_AFTER_S)
    return response


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None:
        return make_response(error.response)
    nearest = status if status in _STATUSES else (500 if status >= 500 else 400)
    response = _answer(status, *_STATUSES[nearest], {}, cause=getattr(error, "original_exception", None))
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After", "WWW-Authenticate"}:
            response.headers[name] = value
    return response


def _answer(
    status: int,
    slug: str,
    title: Text,
    detail: Text,
    members: dict[str, Any],
    *,
    cause: BaseException | None = None,
) -> Response:
    note = log.error if status >= 500 else log.info
    note("problem", slug=slug, status=status, cause=type(cause).__qualname__ if cause else None)
    if request.path.startswith("/api/"):
        return _document(status, slug, title, detail, members)
    return _page(status, slug, title, detail)


def _document(status: int, slug: str, title: Text, detail: Text, members: dict[str, Any]) -> Response:
    body = {
        **members,
        "type": f"urn:fieldops:problem:{slug}",
        "title": str(title),
        "status": status,
        "detail": str(detail),
        "reference": reference(),
    }
    return Response(json.dumps(body), status, mimetype="application/problem+json")


def _page(status: int, slug: str, title: Text, detail: Text) -> Response:
    # A failed htmx request would put the page into its target; the words go to the page's message area instead.
    partial = request.headers.get("HX-Request") == "true" and request.headers.get("HX-Request-Type") != "full"
    try:
        body = render_template(
            "web/_error.html" if partial else "web/error.html",
            status=status,
            slug=slug,
            title=title,
            detail=detail,
            reference=reference(),
        )
    except Exception:  # an error page that fails must still be a page; the traceback goes to the log
        log.exception("error page failed", status=status)
        body = _LAST_RESORT.format(reference=reference())
    response = make_response(body, status)
    if partial:
        response.headers["HX-Retarget"] = "#messages"
        response.headers["HX-Reswap"] = "innerHTML show:top"
    return response
