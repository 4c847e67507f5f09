"""The phone's app as a whole: its page, the service worker that keeps it, and the manifest that installs it.

All three are the same for everybody and hold nobody's data.
"""

from __future__ import annotations

import base64
import hashlib
import json
import mimetypes
import posixpath
import re
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, current_app, make_response, render_template, request
from flask_babel import gettext as _

from fieldops.web.assets import PHONE_STYLES, STYLES, Assets, asset
from fieldops.web.compression import gzipped
from fieldops.web.i18n import language
from fieldops.web.rules import public

blueprint = Blueprint("shell", __name__)

PAGE: Final = "testday/phone.html"
WORKER: Final = "phone/sw.js"
START: Final = "phone/app.js"
_STATIC_IMPORT: Final = re.compile(r"""\b(?:from|import) ?["'](\.[^"']+)["']""")
#: What the phone keeps besides its style sheets, as patterns below ``static/``.
KEPT: Final = (
    "i18n/*.json",
    "img/icons.svg",
    "img/logo.svg",
    "phone/*.js",
    "vendor/qr/*.js",
    "vendor/zxing-wasm/*.js",
    "vendor/zxing-wasm/*.wasm",
)
#: The ground of the page in light and in dark; ``--page`` of tokens.css.
THEME_COLORS: Final = {"light": "#eef1f4", "dark": "#0d1319"}
ACCENT: Final = "#0b4a8f"


@blueprint.get("/phone")
@public
def phone() -> Response:
    """The phone's shell: the same for everybody and without anybody's data, so that it opens without a network."""
    response = make_response(render_template(PAGE, version=version(), modules=modules(_assets()), colors=THEME_COLORS))
    response.headers["Cache-Control"] = "no-cache"
    response.vary.update(["Accept-Language", "Cookie"])
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.get("/sw.js")
@public
def worker() -> Response:
    """The service worker with its version and the list of what it keeps in front."""
    said = {"version": version(), "build": _assets().build, "files": kept_files()}
    source = (_assets().root / WORKER).read_text(encoding="utf-8")
    text = f"self.SHELL = {json.dumps(said, separators=(',', ':'))};\n{source}"
    response = gzipped(make_response(text))
    response.mimetype = "text/javascript"
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.get("/manifest.webmanifest")
@public
def manifest() -> Response:
    """What the home screen shows, in the reader's language."""
    said: dict[str, Any] = {
        "id": "/phone",
        "name": _("Monitoring Fieldops"),
        "short_name": _("Fieldops"),
        "lang": "zh-CN" if language() == "zh" else language(),
        "start_url": "/phone",
        "scope": "/",
        "display": "standalone",
        "orientation": "any",
        "background_color": THEME_COLORS["light"],
        "theme_color": ACCENT,
        "icons": [
            {"src": asset(f"img/{name}.png"), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in (
                ("icon-192", "192x192", "any"),
                ("icon-512", "512x512", "any"),
                ("icon-maskable-512", "512x512", "maskable"),
            )
        ],
        "shortcuts": [
            {"name": _("Check-in"), "url": "/phone#/check-in", "icons": _shortcut_icon()},
            {"name": _("Report"), "url": "/phone#/anomaly", "icons": _shortcut_icon()},
        ],
    }
    response = make_response(json.dumps(said, ensure_ascii=False))
    response.mimetype = "application/manifest+json"
    response.headers["Cache-Control"] = "no-cache"
    response.vary.update(["Accept-Language", "Cookie"])
    return response


@cache
def modules(store: Assets) -> tuple[str, ...]:
    """Paths of the modules that the page needs at its start, by their static imports, `START` first.

    The page names them all, or a phone would learn of each only when the one that imports it has arrived.
    """
    found: dict[str, None] = {}
    todo = [START]
    while todo:
        path = todo.pop(0)
        if path not in found:
            found[path] = None
            wanted = _STATIC_IMPORT.findall((store.root / path).read_text(encoding="utf-8"))
            todo += [posixpath.normpath(posixpath.join(posixpath.dirname(path), each)) for each in wanted]
    return tuple(found)


def kept_files() -> list[tuple[str, str, str]]:
    """Path, digest (16 bytes of SHA-256, base64url) and type of each file that the phone keeps."""
    styles = {*STYLES, *PHONE_STYLES}
    return [
        (path, _short(digest), mimetypes.guess_type(path)[0] or "application/octet-stream")
        for path, digest in _assets().digests().items()
        if path != WORKER and (path in styles or any(fnmatch(path, pattern) for pattern in KEPT))
    ]


def version() -> str:
    """Ten hexadecimal digits: changes with any static file and with the page itself."""
    page = Path(current_app.root_path, current_app.template_folder or "", PAGE).read_bytes()
    return hashlib.sha256(_assets().build.encode() + page).hexdigest()[:10]


def _shortcut_icon() -> list[dict[str, str]]:
    return [{"src": asset("img/icon-192.png"), "sizes": "192x192", "type": "image/png"}]


def _short(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


def _assets() -> Assets:
    store: Assets = current_app.extensions["assets"]
    return store
