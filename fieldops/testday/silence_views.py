"""What was not heard in time, for the county's desk and the chief monitor: what is silent now, and what ended when."""

from __future__ import annotations

from flask import Blueprint, abort, g, render_template

from fieldops.organisation.rules import rule
from fieldops.testday import queries, silence_queries
from fieldops.testday.silence_words import HOWS, WHATS
from fieldops.timetable import clock
from fieldops.timetable import queries as timetable
from fieldops.web.i18n import language

blueprint = Blueprint("silence", __name__)


@blueprint.get("/c/<county>/s/<school>/silences")
@rule("school.view", at="school")
def of_school(county: str, school: str) -> str:
    """What was not heard of a school."""
    return _show(county, school)


@blueprint.get("/c/<county>/silences")
@rule("county.view", at="county")
def of_county(county: str) -> str:
    """What was not heard in a county."""
    return _show(county, None)


def _show(county: str, school: str | None) -> str:
    window = timetable.window(g.actor.window) if g.actor.window else None
    if window is None:
        abort(404)
    plan = queries.reference(county, window.code)
    english = language() != "zh"
    return render_template(
        "testday/silences.html",
        county=county,
        now=clock.now(window),
        silent=silence_queries.open_bundles(county, window.code, school=school),
        ended=silence_queries.ended(county, window.code, school=school),
        schools_of_plan=plan.schools,
        silence_sessions={code: (of.name_en or of.name) if english else of.name for code, of in plan.sessions.items()},
        whats=WHATS,
        hows=HOWS,
        one_school=school is not None,
    )
