"""Fieldops: test-day field operations for compulsory-education quality monitoring (义务教育质量监测).

`create_app` is the only place that wires the parts together.
"""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask_wtf import CSRFProtect
from htmx_flask import Htmx
from werkzeug.middleware.proxy_fix import ProxyFix

from fieldops import config, db
from fieldops.config import Settings
from fieldops.journal.kinds import registry

ROOT = Path(__file__).resolve().parent.parent
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
        STATIC_ROOT=str(settings.static_root),
        DEBUG=settings.debug,
        # A token that ends after an hour would kill a form that a desk leaves open on the morning of the test.
        WTF_CSRF_TIME_LIMIT=None,
        SESSION_COOKIE_NAME="__Host-form" if settings.secure_cookies else "form",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_SAMESITE="Lax",
        BABEL_DEFAULT_TIMEZONE="UTC",
    )
    db.init_app(app, settings.database_url)
    Htmx(app)
    csrf.init_app(app)
    _wire_web(app)
    _wire_parts(app)
    if settings.trusted_proxies:  # outermost: whatever looks at scheme and host sees what the proxy says
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]  # as Flask documents it
    return app


def _wire_web(app: Flask) -> None:
    from fieldops.web import assets, errors, i18n, logs, security

    for part in (logs, errors, security, i18n, assets):
        part.init_app(app)


def _wire_parts(app: Flask) -> None:
    """From the bottom up. Imported here and not above, so that one part can be imported without all the others."""
    from fieldops.api import desk as hand_over_desk
    from fieldops.api import views as api
    from fieldops.board import feed
    from fieldops.board import phones_views as board_phones
    from fieldops.board import views as board
    from fieldops.incidents import area_views as incidents_area
    from fieldops.incidents import desk_views as incidents_desk
    from fieldops.incidents import facts as incidents_facts
    from fieldops.incidents import sheet_views as incidents_sheet
    from fieldops.incidents import topic as incidents_topic
    from fieldops.incidents import views as incidents
    from fieldops.journal import intake
    from fieldops.messages import views as messages
    from fieldops.notices import facts as notices_facts
    from fieldops.notices import views as notices
    from fieldops.operations import express, metrics, watch
    from fieldops.operations import views as operations
    from fieldops.organisation import facts as organisation_facts
    from fieldops.organisation import rules
    from fieldops.organisation import views as organisation
    from fieldops.roster import context as roster_context
    from fieldops.roster import facts as roster_facts
    from fieldops.roster import reference
    from fieldops.roster import views as roster
    from fieldops.testday import day_views, phones, shell
    from fieldops.testday import facts as testday_facts
    from fieldops.testday import quarantine_views as quarantine
    from fieldops.testday import silence_views as silence
    from fieldops.testday import spoken_views as spoken
    from fieldops.testday import views as testday
    from fieldops.timetable import context as timetable_context
    from fieldops.timetable import facts as timetable_facts
    from fieldops.timetable import views as timetable

    for facts in (organisation_facts, timetable_facts, roster_facts):
        registry.add(kinds=facts.KINDS)
    for facts_with_state in (testday_facts, incidents_facts, notices_facts):
        registry.add(kinds=facts_with_state.KINDS, projections=facts_with_state.PROJECTIONS)
    for part in (
        intake,
        rules,
        timetable_context,
        reference,
        roster_context,
        phones,
        feed,
        metrics,
        watch,
        express,
        incidents_topic,
    ):
        part.init_app(app)
    for views in (
        organisation,
        timetable,
        roster,
        testday,
        shell,
        spoken,
        quarantine,
        silence,
        day_views,
        messages,
        incidents,
        incidents_desk,
        incidents_area,
        notices,
        incidents_sheet,
        board,
        board_phones,
        api,
        hand_over_desk,
        operations,
    ):
        app.register_blueprint(views.blueprint)
    app.register_blueprint(messages.callbacks)
    csrf.exempt(api.blueprint)
    csrf.exempt(messages.callbacks)
