"""The lists of phones: a school's for its chief monitor, a county's for its desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, current_app, g, render_template, request

from fieldops.board import phones
from fieldops.board.words import CHECK_ITEMS, PHONE_STATES, check_item, fact_numbers
from fieldops.db import utcnow
from fieldops.journal import queries as journal
from fieldops.organisation.rules import rule
from fieldops.organisation.words import role_name
from fieldops.testday import phones as reports
from fieldops.testday import quarantine
from fieldops.timetable import clock
from fieldops.timetable import queries as timetable
from fieldops.timetable.models import Window
from fieldops.web import assets

blueprint = Blueprint("phones", __name__)

#: A phone's clock further off than this is said; the times of its facts are corrected all the same.
CLOCK_OFF_MS = 120_000


@blueprint.get("/c/<county>/s/<school>/phones")
@rule("phones.view", at="school")
def school_phones(county: str, school: str) -> str:
    """The phones of a school."""
    return _page("board/phones.html", _school(county, school))


@blueprint.get("/c/<county>/s/<school>/phones/list")
@rule("phones.view", at="school")
def school_phones_list(county: str, school: str) -> Response:
    """What changes of it."""
    return _fragment("board/_phones.html", lambda: _school(county, school))


@blueprint.get("/c/<county>/phones")
@rule("phones.view", at="county")
def county_phones(county: str) -> str:
    """The phones of a county's schools, those that are not ready first."""
    return _page("board/county_phones.html", _county(county))


@blueprint.get("/c/<county>/phones/list")
@rule("phones.view", at="county")
def county_phones_list(county: str) -> Response:
    """What changes of it."""
    return _fragment("board/_county_phones.html", lambda: _county(county))


def _school(county: str, school: str) -> dict[str, Any]:
    window, now = _now()
    real = utcnow()
    reports.flush()
    found = phones.of_school(county, window.code, school, now=now, real=real)
    if found is None:
        abort(404)
    return {
        **_words(now, real),
        "county": county,
        "school": found,
        "zone": found.timezone,
        "aside": quarantine.count_open(county, school=school) if g.actor.may("quarantine.view", g.place) else 0,
        "may_help": g.actor.may("people.view", g.place),
        "build": assets.build(),
    }


def _county(county: str) -> dict[str, Any]:
    window, now = _now()
    real = utcnow()
    found = phones.of_county(county, window.code, now=now, real=real)
    return {
        **_words(now, real),
        "county": county,
        "schools": found,
        "ready": sum(line.ready for line in found),
        "zone": "Asia/Shanghai",
        "may_help": g.actor.may("people.view", g.place),
    }


def _words(now: datetime, real: datetime) -> dict[str, Any]:
    return {
        "now": now,
        "real": real,
        "role_name": role_name,
        "check_item": check_item,
        "check_items": CHECK_ITEMS,
        "states": PHONE_STATES,
        "fact_numbers": fact_numbers,
        "clock_off_ms": CLOCK_OFF_MS,
    }


def _now() -> tuple[Window, datetime]:
    window = timetable.window(g.actor.window) if g.actor.window else None
    if window is None:
        abort(404)
    return window, clock.now(window)


def _page(template: str, context: dict[str, Any]) -> str:
    window, _ = _now()
    head = journal.head(context["county"])
    rehearsal = {"name": window.name, "now": context["now"], "timezone": context["zone"]}
    return render_template(
        template,
        **context,
        rehearsal=rehearsal if window.mode == "rehearsal" else None,
        live=f"{request.path}/list",
        stream=f"/api/v1/stream?county={context['county']}",
        seq=head.seq if head else 0,
    )


def _fragment(template: str, read: Callable[[], dict[str, Any]]) -> Response:
    """The fragment, or 304 when it is the same: reports change it without an event, so its text decides."""
    response = current_app.make_response(render_template(template, **read()))
    response.add_etag(weak=True)
    response.make_conditional(request)
    return response
