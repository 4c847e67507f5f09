"""Static files under ``/s/<build>/<path>``: the build is a hash of all of them, so a browser may keep each for ever.

Relative imports between ES modules keep working, because the build is a folder of the URL and not a query.
A page that was open during a deploy asks for the old build and gets today's file, uncached, rather than a 404.
"""

from __future__ import annotations

import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path
from typing import Final

from flask import Blueprint, Flask, Response, abort, current_app, request, send_from_directory, url_for
from werkzeug.datastructures import Accept
from werkzeug.security import safe_join

from fieldops.web.rules import public

#: The style sheets in the order in which they are linked: the cascade is this list, so nothing is bundled.
#: No ``@layer``: older makers' browsers and WebViews drop the whole block when they do not know it.
STYLES: Final = (
    "css/tokens.css",
    "css/base.css",
    "css/controls.css",
    "css/status.css",
    "css/data.css",
    "css/rooms.css",
    "css/screens.css",
    "css/print.css",
)

#: What the phone's page links besides.
PHONE_STYLES: Final = ("css/phone.css", "css/handover.css")

#: Content encodings and the ending of a file's compressed twin, the smallest first; tools/assets.py makes them.
TWINS: Final = (("br", ".br"), ("gzip", ".gz"))

#: Seconds in a year: the longest that caches honour.
_FOR_EVER: Final = "public, max-age=31536000, immutable"

for _type, _ending in (
    ("text/javascript", ".js"),
    ("text/javascript", ".mjs"),
    ("application/wasm", ".wasm"),
    ("application/manifest+json", ".webmanifest"),
    ("image/svg+xml", ".svg"),
):
    mimetypes.add_type(_type, _ending)

#: Of each file its path, time of change (ns) and size (bytes).
_Stamp = tuple[tuple[str, int, int], ...]

blueprint = Blueprint("assets", __name__)


class Assets:
    """The folder of static files and the hash of what is in it."""

    def __init__(self, root: Path, *, watch: bool) -> None:
        self.root = root
        self._watch = watch
        self._stamp: _Stamp | None = None
        self._build = ""
        self._digests: dict[str, bytes] = {}

    @property
    def build(self) -> str:
        """Ten hexadecimal digits; computed at first use, and again after a change when watching (debug only)."""
        if not self._build or self._watch:
            stamp = tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in self.files())
            if stamp != self._stamp:
                self._build, self._digests = _hashes(self.root, stamp)
                self._stamp = stamp
        return self._build

    def digests(self) -> dict[str, bytes]:
        """The SHA-256 of each file of the build, by its path below the folder, sorted."""
        _ = self.build
        return self._digests

    def twin(self, path: str, accepted: Accept) -> tuple[str, str] | None:
        """Encoding and path of the smallest compressed twin that a browser takes; one older than its file is none."""
        for encoding, ending in TWINS:
            twin = self.root / f"{path}{ending}"
            if accepted[encoding] > 0 and twin.is_file():
                source = self.root / path
                if source.is_file() and twin.stat().st_mtime_ns >= source.stat().st_mtime_ns:
                    return encoding, f"{path}{ending}"
        return None

    def files(self) -> list[Path]:
        """Every file that belongs to the build, sorted; compressed twins and hidden files are left out."""
        return sorted(
            path
            for path in self.root.rglob("*")
            if path.is_file() and path.suffix not in (".gz", ".br") and not _hidden(path.relative_to(self.root))
        )


@lru_cache(maxsize=4)
def _hashes(root: Path, stamp: _Stamp) -> tuple[str, dict[str, bytes]]:
    """The build and each file's SHA-256. Once a process for the same files, however many apps it makes."""
    digests = {
        Path(path).relative_to(root).as_posix(): hashlib.sha256(Path(path).read_bytes()).digest()
        for path, _changed_at, _size in stamp
    }
    digest = hashlib.sha256()
    for name, content in digests.items():
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()[:10], digests


def init_app(app: Flask) -> None:
    """Serve ``static/`` (or ``STATIC_ROOT`` of the config) and give templates ``asset(path)`` and ``styles``."""
    root = Path(app.config.get("STATIC_ROOT") or Path(__file__).resolve().parents[2] / "static")
    store = app.extensions["assets"] = Assets(root, watch=app.debug)
    if not app.debug:
        _ = store.build  # read all files now, not during the first request of test day
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(asset=asset, styles=STYLES, phone_styles=PHONE_STYLES)


def build() -> str:
    """The build that this server serves; the phone compares it with its own to learn of a new version."""
    store: Assets = current_app.extensions["assets"]
    return store.build


def asset(path: str) -> str:
    """The URL of a file in ``static/``, for example ``asset("js/page.js")``."""
    return url_for("assets.file", build=build(), path=path)


@blueprint.get("/s/<build>/<path:path>", endpoint="file")
@public
def serve(build: str, path: str) -> Response:
    """One static file: immutable under today's build, uncached under any other."""
    if _hidden(Path(path)):
        abort(404)
    store: Assets = current_app.extensions["assets"]
    # Asked of the folder only for a path within it; send_from_directory refuses any other.
    twin = store.twin(path, request.accept_encodings) if safe_join(str(store.root), path) else None
    mimetype = mimetypes.guess_type(path)[0] or "application/octet-stream"
    response = send_from_directory(store.root, twin[1] if twin else path, mimetype=mimetype)
    if twin:
        response.headers["Content-Encoding"] = twin[0]
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = _FOR_EVER if build == store.build else "no-store"
    return response


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
