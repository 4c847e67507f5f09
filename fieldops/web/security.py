"""Headers that make the browser our ally: nothing inline, nothing from elsewhere, nothing framed, nothing kept.

Sources: OWASP Secure Headers; ``Referrer-Policy: same-origin`` instead of ``no-referrer`` because Flask-WTF refuses
HTTPS posts that carry no Referer.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, request

#: ``'wasm-unsafe-eval'`` lets the card decoder (WebAssembly) run; it does not allow ``eval``.
#: ``blob:`` images and media are camera frames and sounds made in the page.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "worker-src 'self'",
        "manifest-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

_ALWAYS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

#: Two years, the least that browsers' preload lists ask for. Unit: seconds.
_HSTS: Final = "max-age=63072000"

_PLAIN: Final = (*_ALWAYS.items(), ("Cache-Control", "no-store"))
_OVER_HTTPS: Final = (*_PLAIN, ("Strict-Transport-Security", _HSTS))

#: Bytes. A batch of 500 events is under 400 kB; a view that takes workbooks sets ``request.max_content_length`` itself.
MAX_CONTENT_LENGTH: Final = 4 * 1024 * 1024


def init_app(app: Flask) -> None:
    """Limit the size of requests and put the headers on every response, error pages included."""
    if app.config.get("MAX_CONTENT_LENGTH") is None:
        app.config["MAX_CONTENT_LENGTH"] = MAX_CONTENT_LENGTH
    app.after_request(_protect)


def headers(*, secure: bool) -> tuple[tuple[str, str], ...]:
    """Those of an answer that nobody may keep. `secure`: it goes over https."""
    return _OVER_HTTPS if secure else _PLAIN


def _protect(response: Response) -> Response:
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)  # a view may be stricter
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = _HSTS
    if "Cache-Control" not in response.headers:
        # Pages and JSON hold children's names: not even the browser's own disk keeps them, unless the view says so.
        response.headers["Cache-Control"] = "no-store"
    if response.mimetype == "text/html":
        # One URL answers a whole page or a fragment; a cache that mixed them up would show half a page.
        response.vary.add("HX-Request")
    return response
