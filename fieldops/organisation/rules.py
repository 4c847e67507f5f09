"""The gate before every view: who is asking, which place is meant, and whether a duty there permits it.

A view carries `@rule(action, at=…)`, or `web.rules.public` when anybody may call it. One that carries neither answers
403 to everybody: closed by default.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from fieldops.db import db, writing
from fieldops.organisation import queries
from fieldops.organisation.actors import Actor, LastSeen, Senders, actor_by_token
from fieldops.organisation.models import Person
from fieldops.organisation.places import path_of
from fieldops.organisation.rights import ACTIONS
from fieldops.organisation.words import role_name
from fieldops.web.errors import Problem
from fieldops.web.preferences import keep_locale_with, local_path
from fieldops.web.rules import PUBLIC

#: Where a view's place stands in its URL: `/c/<county>/s/<school>/r/<room>/…`, `/d/<division>/…`. `own`: nowhere, the
#: view is about the person's own duties.
SCOPES: Final = ("room", "school", "county", "division", "own")
_DIVISION_LEVELS: Final = ("county", "city", "province")
_JSON: Final = "application/json"
_SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")

View = TypeVar("View", bound=Callable[..., Any])


class Rule(NamedTuple):
    """What a view asks for: an action of `rights.ACTIONS` at the place in its URL."""

    action: str | None
    at: str


class CrossSite(Problem):
    """Another site's page tried to use this browser's sign-in."""

    status, slug, title = 403, "cross-site", _l("This request came from another site")
    detail = _l("Open the page of this service and do it there.")


class NotJson(Problem):
    """A browser's post to the API that is not JSON: a plain form of another site could have sent it."""

    status, slug, title = 415, "unsupported-type", _l("The API takes JSON only")
    detail = _l("Send Content-Type: application/json.")


def rule(action: str | None, at: str) -> Callable[[View], View]:
    """Say what a view asks for. Put it directly above the function, below the route.

    Args:
        action: of `rights.ACTIONS`. None, with `at="own"`, is any signed-in person.
        at: of `SCOPES`; the URL's arguments `county`, `school`, `room`, `division` name the place. With `own`, one of
            the person's duties must give the action.

    Raises:
        LookupError: no such action or scope; at import, so that the mistake never reaches a school.
    """
    if at not in SCOPES or (action is None and at != "own") or (action is not None and action not in ACTIONS):
        raise LookupError(f"no such rule: {action} at {at}")

    def mark(view: View) -> View:
        view.rule = Rule(action, at)  # type: ignore[attr-defined]
        return view

    return mark


def init_app(app: Flask) -> None:
    """Put the gate before every view, and give templates `person`, `place_name`, `sign_out_url`, `role_name()`.

    The gate sets `g.actor` (Actor or None), `g.place` (Place or None) and, for a signed-in person, `g.person_locale`.
    """
    app.extensions["fieldops_last_seen"] = LastSeen()
    app.extensions["fieldops_senders"] = Senders()
    app.before_request(_gate)
    app.after_request(_note_seen)
    app.context_processor(_frame)
    app.jinja_env.globals.update(role_name=role_name)
    keep_locale_with(app, _keep_locale)


# --- the cookie -------------------------------------------------------------------------------------------------------


def cookie_name(*, secure: bool | None = None) -> str:
    """`__Host-` binds the cookie to this host and to https; a plain-http start does without.

    `secure`: of the settings, where they are at hand.
    """
    return "__Host-fieldops" if (_secure() if secure is None else secure) else "fieldops"


def mark_name() -> str:
    """The cookie beside the token's that scripts may read (`static/phone/vault.js`)."""
    return "__Host-who" if _secure() else "who"


def set_cookie(response: AnyResponse, token: str, life: timedelta) -> None:
    """Hand the browser its token: out of reach of scripts and of other sites' posts.

    Beside it a mark of the sign-in, a short hash that opens nothing: the phone's page sees by it, without a network,
    that somebody signed out or that somebody else signed in, and drops the names that it kept.
    """
    mark = hashlib.sha256(b"who/" + token.encode()).hexdigest()[:16]
    response.set_cookie(cookie_name(), token, max_age=life, secure=_secure(), httponly=True, samesite="Lax", path="/")
    response.set_cookie(mark_name(), mark, max_age=life, secure=_secure(), httponly=False, samesite="Lax", path="/")


def clear_cookie(response: AnyResponse) -> None:
    """Take the token back from the browser, and its mark."""
    response.delete_cookie(cookie_name(), secure=_secure(), httponly=True, samesite="Lax", path="/")
    response.delete_cookie(mark_name(), secure=_secure(), httponly=False, samesite="Lax", path="/")


def _secure() -> bool:
    return bool(getattr(current_app.config.get("SETTINGS"), "secure_cookies", False))


# --- the gate ---------------------------------------------------------------------------------------------------------


def _gate() -> AnyResponse | None:
    g.actor = g.place = g.place_name = None
    g.pop("person_locale", None)
    view = current_app.view_functions.get(request.endpoint) if request.endpoint else None
    if view is None:
        return None  # no such address, or not by this method: Flask says so itself
    wanted: Rule | str | None = getattr(view, "rule", None)
    if wanted is None:
        abort(403)
    if wanted == PUBLIC and request.blueprint == "assets":
        return None  # the same file for everybody, without asking the database who it is
    token, by_cookie = _token()
    actor = actor_by_token(token) if token else None
    g.actor = actor
    if actor is not None:
        g.person_locale = actor.locale
    if wanted == PUBLIC:
        return None
    if actor is None:
        return _to_sign_in()
    if by_cookie and _is_api() and request.method not in _SAFE_METHODS:
        _refuse_other_sites()
    assert isinstance(wanted, Rule)
    _admit(actor, wanted)
    return None


def _admit(actor: Actor, wanted: Rule) -> None:
    """Let the actor pass, or answer: 404 alike for a place without a duty and for one that does not exist."""
    if wanted.at == "own":
        if wanted.action is not None and not actor.may_somewhere(wanted.action):
            abort(403)
        return
    assert wanted.action is not None
    arguments = request.view_args or {}
    if wanted.at == "division":
        path = str(arguments["division"])
    else:
        depth = ("county", "school", "room").index(wanted.at) + 1
        path = path_of(*(str(arguments[name]) for name in ("county", "school", "room")[:depth]))
    found = queries.located(path)
    levels = _DIVISION_LEVELS if wanted.at == "division" else (wanted.at,)
    if found is None or found.place.level not in levels or not actor.may(wanted.action, found.place):
        abort(404)
    g.place, g.place_name = found


def _token() -> tuple[str | None, bool]:
    """The token, and whether the browser added it by itself. A client that names its token means that one."""
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        return (token.strip() if scheme.lower() == "bearer" else None), False
    return request.cookies.get(cookie_name()), True


def _to_sign_in() -> AnyResponse:
    if _is_api() or request.headers.get("HX-Request") == "true":
        raise Unauthorized(www_authenticate=WWWAuthenticate("bearer"))
    if request.method != "GET":
        return redirect(url_for("organisation.sign_in"), 303)
    there = local_path(request.full_path.removesuffix("?"))
    return redirect(url_for("organisation.sign_in", next=None if there == "/" else there), 302)


def _is_api() -> bool:
    return request.path.startswith("/api/")


def _refuse_other_sites() -> None:
    """Hold a browser's post to the API to our own pages.

    The content type alone makes another site's script ask first (CORS), which is never granted; the two headers say so
    earlier and more plainly. Old WebViews send neither.
    """
    if request.mimetype != _JSON:
        raise NotJson
    if not from_own_page(
        mimetype=request.mimetype,
        fetch_site=request.headers.get("Sec-Fetch-Site"),
        origin=request.headers.get("Origin"),
        own=(str(getattr(current_app.config.get("SETTINGS"), "public_url", "")), request.host_url),
    ):
        raise CrossSite


def from_own_page(*, mimetype: str, fetch_site: str | None, origin: str | None, own: tuple[str, ...]) -> bool:
    """Whether a browser's post to the API comes from a page of ours. `own`: our addresses; the rest: its headers."""
    if mimetype != _JSON or fetch_site not in (None, "same-origin", "none"):
        return False
    return origin is None or origin in {_origin(url) for url in own}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


# --- around the views -------------------------------------------------------------------------------------------------


def _note_seen(response: Response) -> Response:
    # After the view, whose transaction is over: no request waits inside its own for a bookkeeping write.
    actor: Actor | None = g.get("actor")
    if actor is not None:
        seen: LastSeen = current_app.extensions["fieldops_last_seen"]
        seen.note(actor)
    return response


def _frame() -> dict[str, Any]:
    actor: Actor | None = g.get("actor")
    return {"person": actor, "place_name": g.get("place_name"), "sign_out_url": "/sign-out" if actor else None}


def _keep_locale(wanted: str) -> None:
    actor: Actor | None = g.get("actor")
    if actor is not None:
        with writing():
            person = db.session.get(Person, actor.person_id)
            if person is not None:
                person.locale = wanted
