"""Two choices that anybody may make on any page: the language and light or dark. Both are plain forms.

Dark is a question of eyes at night, light one of sunlight in a school yard: the phone's own setting knows neither,
so the choice made here wins over ``prefers-color-scheme``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, g, redirect, request
from werkzeug.exceptions import BadRequest

from fieldops.web.rules import public

#: The languages in which everything is written; the first is what a new phone gets.
LOCALES: Final = ("zh", "en")
#: Cookie of somebody who is not signed in, or whose account says nothing.
LOCALE_COOKIE: Final = "locale"
#: ``auto`` follows the device.
THEMES: Final = ("auto", "light", "dark")
#: Seconds in a year.
_KEEP_S: Final = 31536000

blueprint = Blueprint("preferences", __name__)


def init_app(app: Flask) -> None:
    """Add ``POST /locale`` and ``POST /theme``, and ``theme()`` and ``here()`` for base.html."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(theme=theme, here=here)


def keep_locale_with(app: Flask, keeper: Callable[[str], None]) -> None:
    """Let the organisation store the choice of a signed-in person; it is called only when somebody is signed in."""
    app.extensions["locale_keeper"] = keeper


def theme() -> str:
    """The theme chosen on this device: ``auto``, ``light`` or ``dark``."""
    chosen = request.cookies.get("theme", "auto")
    return chosen if chosen in THEMES else "auto"


def here() -> str:
    """The page to come back to after a choice: this one, or the start page after a form that was not accepted."""
    return local_path(request.full_path.removesuffix("?")) if request.method == "GET" else "/"


@blueprint.post("/locale")
@public
def set_locale() -> Response:
    """Keep the language in a cookie, and with the account when there is one; return to the page it was asked from."""
    wanted = request.form.get("locale", "")
    if wanted not in LOCALES:
        raise BadRequest
    keeper: Callable[[str], None] | None = current_app.extensions.get("locale_keeper")
    if keeper is not None and "person_locale" in g:
        keeper(wanted)
    return _remember(LOCALE_COOKIE, wanted)


@blueprint.post("/theme")
@public
def set_theme() -> Response:
    """Keep light, dark or the device's own in a cookie; return to the page it was asked from."""
    wanted = request.form.get("theme", "")
    if wanted not in THEMES:
        raise BadRequest
    return _remember("theme", wanted)


def local_path(target: str | None) -> str:
    """``target`` when it is a path of this site, else ``/``: an open redirect would lend our name to a foreign page.

    Browsers read a backslash as a slash and drop tabs and line ends, so any of them disqualifies.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return "/"
    if "\\" in target or any(ord(character) < 33 or ord(character) == 127 for character in target):
        return "/"
    parts = urlsplit(target)
    return "/" if parts.scheme or parts.netloc else target


def _remember(name: str, value: str) -> Response:
    answer = redirect(local_path(request.form.get("next")), 303)
    answer.set_cookie(name, value, max_age=_KEEP_S, secure=_secure(), httponly=True, samesite="Lax")
    return current_app.make_response(answer)


def _secure() -> bool:
    return bool(getattr(current_app.config.get("SETTINGS"), "secure_cookies", False))
