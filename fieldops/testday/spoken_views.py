"""The desk's page for a code that somebody reads out over the telephone: key it in, see what it says, confirm."""

from __future__ import annotations

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from fieldops.organisation.actors import author
from fieldops.organisation.rules import rule
from fieldops.testday import queries, service, spoken
from fieldops.testday.forms import SpokenForm
from fieldops.timetable import clock
from fieldops.timetable import queries as timetable

blueprint = Blueprint("spoken", __name__)

#: Why digits say nothing here → what to say to the person on the telephone.
_PROBLEMS = {
    "length": _l("A code has ten digits. Ask for it again, in three groups."),
    "check": _l("Misheard, or the code of another room or session. Ask which room it is, and for the digits again."),
    "range": _l("No phone makes this code. Ask for it again."),
}


@blueprint.route("/c/<county>/s/<school>/r/<room>/sessions/<session>/spoken", methods=["GET", "POST"])
@rule("sitting.speak", at="room")
def spoken_code(county: str, school: str, room: str, session: str) -> tuple[str, int] | AnyResponse:
    """Key in a spoken code; the second post, with `confirm`, notes it."""
    window = timetable.window(g.actor.window) if g.actor.window else None
    if window is None:
        abort(404)
    plan = queries.reference(county, window.code)
    place, of = plan.schools.get(school), plan.sessions.get(session)
    if place is None or of is None or place.rooms.get(room) != of.grade:
        abort(404)
    form = SpokenForm()
    times = spoken.Plan(starts_at=of.starts_at(place.timezone), ends_at=of.ends_at(place.timezone))
    said: spoken.Said | None = None
    problem = None
    if request.method == "POST":
        try:
            said = spoken.decode(form.code.data or "", spoken.Place(school, room, session))
        except spoken.Unsaid as error:
            problem = _PROBLEMS[error.reason]
        if not form.validate_on_submit():
            said, problem = None, problem or _("Some entries are not right")
    if said is not None and form.confirm.data:
        service.speak(
            county=county,
            window=window.code,
            school=school,
            room=room,
            session=session,
            by=author(g.actor, county),
            at=clock.now(window),
            said=said,
            plan=times,
        )
        return redirect(url_for("testday.room_page", county=county, school=school, room=room, session=session), 303)
    page = render_template(
        "testday/spoken.html",
        form=form,
        said=said,
        beyond=spoken.beyond(said) if said else (),
        code=spoken.grouped(spoken.encode(said, spoken.Place(school, room, session))) if said else "",
        started_at=spoken.started_at(said, times) if said else None,
        ended_at=spoken.ended_at(said, times) if said else None,
        problem=problem,
        school=place,
        room=room,
        session=of,
        back=url_for("testday.room_page", county=county, school=school, room=room, session=session),
    )
    return page, 422 if problem else 200
