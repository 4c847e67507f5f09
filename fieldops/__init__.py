"""Fieldops: test-day field operations for compulsory-education quality monitoring (义务教育质量监测).

`create_app` is the only place that wires the parts together.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

from flask import Flask
from flask_wtf import CSRFProtect
from htmx_flask import Htmx
from werkzeug.middleware.proxy_fix import ProxyFix

from fieldops import config, db
from fieldops.config import Settings
from fieldops.journal.kinds import registry

ROOT = Path(__file__).resolve().parent.parent
#: Parts of the domain, from the bottom up. Each may have facts (kinds, projections), views (blueprint) and init_app.
PARTS = ("journal", "organisation", "timetable", "roster", "testday", "incidents", "board", "api", "operations")

csrf = CSRFProtect()


def create_app(settings: Settings | None = None) -> Flask:
    """The application, wired from its parts.

    Args:
        settings: read from the environment when not given.

    Raises:
        config.SettingError: a setting is wrong; the message names it.
    """
    settings = settings or config.load()
    app = Flask(__name__, static_folder=None, template_folder=str(ROOT / "templates"))
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        DEBUG=settings.debug,
        # A token that ends after an hour would kill a form that a desk leaves open on the morning of the test.
        WTF_CSRF_TIME_LIMIT=None,
        SESSION_COOKIE_NAME="__Host-form" if settings.secure_cookies else "form",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_SAMESITE="Lax",
        BABEL_DEFAULT_TIMEZONE="UTC",
    )
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    db.init_app(app, settings.database_url)
    Htmx(app)
    csrf.init_app(app)
    _wire_web(app)
    _wire_parts(app)
    return app


def _wire_web(app: Flask) -> None:
    from fieldops.web import assets, errors, i18n, logs, security

    for part in (logs, errors, security, i18n, assets):
        part.init_app(app)


def _wire_parts(app: Flask) -> None:
    for name in PARTS:
        facts = _module(name, "facts")
        if facts is not None:
            registry.add(kinds=facts.KINDS, projections=getattr(facts, "PROJECTIONS", ()))
        for piece in ("rules", "intake", "reference", "context", "feed", "metrics"):
            module = _module(name, piece)
            if module is not None and hasattr(module, "init_app"):
                module.init_app(app)
        views = _module(name, "views")
        if views is not None:
            app.register_blueprint(views.blueprint)
            if name == "api":
                csrf.exempt(views.blueprint)


def _module(part: str, name: str):  # type: ignore[no-untyped-def]
    found = (
        importlib.util.find_spec(f"fieldops.{part}.{name}") if importlib.util.find_spec(f"fieldops.{part}") else None
    )
    return importlib.import_module(f"fieldops.{part}.{name}") if found else None
