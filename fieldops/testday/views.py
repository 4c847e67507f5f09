"""A room's page for the chief monitor and the desks, and what the journal set aside."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, g, make_response, render_template, request, url_for
from flask import redirect as to
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from fieldops.organisation.actors import author
from fieldops.organisation.rules import rule
from fieldops.testday import page, queries, service, words
from fieldops.testday.forms import FreezeForm
from fieldops.timetable import clock
from fieldops.timetable import queries as timetable
from fieldops.timetable.models import Window

blueprint = Blueprint("testday", __name__)

#: No room has more students; a longer list in a form is no form of ours.
_MOST_ABSENT = 200


@blueprint.get("/c/<county>/s/<school>/r/<room>")
@rule("room.view", at="room")
def room_page(county: str, school: str, room: str) -> AnyResponse:
    """A room: its sessions, and of the chosen one (`?session=`) the students and all that was noted."""
    context = _context(county, school, room, request.args.get("session"))
    template = "testday/_room.html" if _by_htmx() else "testday/room.html"
    return make_response(render_template(template, **context))


@blueprint.post("/c/<county>/s/<school>/r/<room>/sessions/<session>/freeze")
@rule("sitting.freeze", at="room")
def freeze(county: str, school: str, room: str, session: str) -> AnyResponse:
    """Make the absences of a session in a room final."""
    form = FreezeForm()
    absent = request.form.getlist("absent")
    window = _window()
    if session not in queries.reference(county, window.code).sessions:
        abort(404)
    if not form.validate_on_submit() or len(absent) > _MOST_ABSENT:
        return _fresh(county, school, room, session, status=422, problem=_("Some entries are not right"))
    try:
        service.freeze(
            county=county,
            window=window.code,
            school=school,
            room=room,
            session=session,
            by=author(g.actor, county),
            at=clock.now(window),
            seen_version=form.seen_version.data,
            absent=set(absent),
        )
    except service.Stale as stale:
        return _fresh(county, school, room, session, status=409, problem=stale.words)
    if _by_htmx():
        return _fresh(county, school, room, session)
    return to(url_for("testday.room_page", county=county, school=school, room=room, session=session), 303)


def _fresh(county: str, school: str, room: str, session: str, *, status: int = 200, problem: Any = None) -> AnyResponse:
    """The newest view with a sentence on what happened."""
    template = "testday/_room.html" if _by_htmx() else "testday/room.html"
    context = _context(county, school, room, session)
    return make_response(render_template(template, problem=problem, **context), status)


def _context(county: str, school: str, room: str, session: str | None) -> dict[str, Any]:
    window = _window()
    found = page.build(county, window.code, school, room, wanted=session, now=clock.now(window))
    if found is None:
        abort(404)
    policies = queries.reference(county, window.code).policies
    return {
        "page": found,
        "words": words,
        "url": url_for("testday.room_page", county=county, school=school, room=room),
        "may_freeze": g.actor.may("sitting.freeze", g.place),
        "may_speak": g.actor.may("sitting.speak", g.place),
        "tolerances": {
            "start": policies["start_tolerance_min"].value,
            "end": policies["end_tolerance_min"].value,
            "participation": policies["participation_min_percent"].value,
            "late_entry": policies["late_entry_after_min"].value,
        },
    }


def _window() -> Window:
    window = timetable.window(g.actor.window) if g.actor.window else None
    if window is None:  # a duty let them in, so this is a race with the closing of the window
        abort(404)
    return window


def _by_htmx() -> bool:
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Request-Type") != "full"
