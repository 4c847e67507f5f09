"""Desks' lists of incidents and the page of one: what, where, how bad and why, who holds it, what may be done now."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse
from wtforms import SelectChoice

from fieldops.db import db
from fieldops.incidents import page, queries, service, transitions, words
from fieldops.incidents.forms import DecisionForm, NoteForm, ReportForm
from fieldops.incidents.models import IncidentRow
from fieldops.incidents.queries import Desk
from fieldops.journal import queries as journal
from fieldops.journal.service import Author
from fieldops.organisation.actors import author
from fieldops.organisation.models import Division
from fieldops.organisation.rules import rule
from fieldops.timetable import clock
from fieldops.timetable import queries as timetable
from fieldops.web.i18n import language

blueprint = Blueprint("incidents", __name__)

#: A time of the form this far ahead of the window's clock is a slip, not a clock a little fast.
_AHEAD = timedelta(minutes=2)


# --- lists ------------------------------------------------------------------------------------------------------------


@blueprint.get("/c/<county>/incidents")
@rule("county.view", at="county")
def county_desk(county: str) -> str:
    """The county desk: what needs me now, then everything else of the county."""
    return _list_page(_division(county), url_for("incidents.county_fragment", county=county))


@blueprint.get("/c/<county>/incidents/list")
@rule("county.view", at="county")
def county_fragment(county: str) -> Response:
    """The list alone, for the live refresh."""
    return _division_fragment(_division(county))


@blueprint.get("/d/<division>/incidents")
@rule("division.view", at="division")
def division_desk(division: str) -> str:
    """The desk of a city or province: what reached it, from all its counties."""
    return _list_page(_division(division), url_for("incidents.division_fragment", division=division))


@blueprint.get("/d/<division>/incidents/list")
@rule("division.view", at="division")
def division_fragment(division: str) -> Response:
    """The list alone, for the live refresh."""
    return _division_fragment(_division(division))


@blueprint.get("/c/<county>/s/<school>/incidents")
@rule("incident.view", at="school")
def school_list(county: str, school: str) -> str:
    """A school's incidents: the chief monitor's."""
    live = url_for("incidents.school_fragment", county=county, school=school)
    new = url_for("incidents.report_at_school", county=county, school=school)
    desk = queries.of_school(county, school, window=_window())
    return render_template("incidents/desk.html", live=live, new_url=new, **_list_context(desk, level="school"))


@blueprint.get("/c/<county>/s/<school>/incidents/list")
@rule("incident.view", at="school")
def school_fragment(county: str, school: str) -> Response:
    """The list alone, for the live refresh."""
    desk = queries.of_school(county, school, window=_window())
    return _fragment([county], "incidents/_desk.html", **_list_context(desk, level="school"))


def _list_page(division: Division, live: str) -> str:
    new = url_for("incidents.report_at_county", county=division.code) if division.level == "county" else None
    desk = queries.for_desk(division, window=_window())
    context = _list_context(desk, level=division.level)
    return render_template("incidents/desk.html", live=live, new_url=new, **context)


def _division_fragment(division: Division) -> Response:
    desk = queries.for_desk(division, window=_window())
    counties = list(queries.counties_of(division))
    return _fragment(counties, "incidents/_desk.html", **_list_context(desk, level=division.level))


def _list_context(desk: Desk, *, level: str) -> dict[str, Any]:
    rows = [*desk.needs_me, *desk.elsewhere, *desk.ended]
    return {
        "desk": desk,
        "level": level,
        "words": words,
        "schools": queries.school_names(rows),
        "counties": queries.division_names({row.county for row in rows}) if level in ("city", "province") else {},
    }


# --- one incident -----------------------------------------------------------------------------------------------------


@blueprint.get("/c/<county>/s/<school>/incidents/<uuid:identity>")
@rule("incident.view", at="school")
def incident(county: str, school: str, identity: UUID) -> str:
    """One incident, whole."""
    return render_template("incidents/incident.html", **_page(_load(county, school, identity)))


@blueprint.get("/c/<county>/s/<school>/incidents/<uuid:identity>/state")
@rule("incident.view", at="school")
def state_fragment(county: str, school: str, identity: UUID) -> Response:
    """What is known of it, for the live refresh: changes with every event of the county."""
    return _fragment([county], "incidents/_state.html", **_page(_load(county, school, identity)))


@blueprint.get("/c/<county>/s/<school>/incidents/<uuid:identity>/timeline")
@rule("incident.view", at="school")
def timeline_fragment(county: str, school: str, identity: UUID) -> Response:
    """Its timeline, for the live refresh."""
    return _fragment([county], "incidents/_timeline.html", **_page(_load(county, school, identity)))


@blueprint.get("/c/<county>/s/<school>/incidents/<uuid:identity>/actions")
@rule("incident.view", at="school")
def actions_fragment(county: str, school: str, identity: UUID) -> Response:
    """What may be done, for the live refresh: changes with the incident's version, so that half-written words stay."""
    context = _page(_load(county, school, identity))
    offered = ",".join(row.action for row in context["offers"])
    return _tagged(f"{context['incident'].version}-{offered}", "incidents/_actions.html", **context)


@blueprint.post("/c/<county>/s/<school>/incidents/<uuid:identity>/notes")
@rule("incident.view", at="school")
def add_note(county: str, school: str, identity: UUID) -> AnyResponse:
    """Add a fact to the timeline."""
    row = _load(county, school, identity)
    form = NoteForm()
    if not form.validate_on_submit():
        return _fresh(row, 422, problem=_("Please write a few words first."), typed=form.text.data)
    service.note(incident=row, by=_author(county), at=_now(), text=form.text.data)
    return _done(county, school, identity)


@blueprint.post(f"/c/<county>/s/<school>/incidents/<uuid:identity>/<any({', '.join(transitions.ACTIONS)}):action>")
@rule("incident.view", at="school")
def decide(county: str, school: str, identity: UUID, action: str) -> AnyResponse:
    """Take a decision that the page offered."""
    row = _load(county, school, identity)
    if action != "withdraw" and not page.acting_levels(g.actor, g.place):
        abort(403)
    form = DecisionForm()
    if not form.validate_on_submit():
        return _fresh(row, 422, problem=_("Please check what you wrote and send it again."), typed=form.text.data)
    said = "\n".join(part for part in ((form.ready.data or "").strip(), (form.text.data or "").strip()) if part)
    at = _now()
    spoken = page.words_for(action, said, form, at)
    try:
        service.decide(action, incident=row, by=_author(county), at=at, seen_version=form.seen_version.data, **spoken)
    except service.Stale as stale:
        return _fresh(stale.incident, 409, problem=page.what_changed(stale.since), typed=said)
    except service.Refused as refused:
        return _fresh(refused.incident, 409, problem=words.REFUSED[refused.reason], typed=said)
    except service.NotRecorded:
        return _fresh(_load(county, school, identity), 422, problem=words.REFUSED["words_missing"], typed=said)
    return _done(county, school, identity)


def _page(row: IncidentRow) -> dict[str, Any]:
    return page.context(row, actor=g.actor, place=g.place, at=_now())


def _fresh(row: IncidentRow, status: int, *, problem: Any, typed: str | None) -> AnyResponse:
    """The newest view with a sentence on what happened; what the person wrote is not lost."""
    template = "incidents/_incident.html" if _by_htmx() else "incidents/incident.html"
    kept = {"typed": typed or "", "typed_for": (request.view_args or {}).get("action")}
    return make_response(render_template(template, problem=problem, **kept, **_page(row)), status)


def _done(county: str, school: str, identity: UUID) -> AnyResponse:
    if not _by_htmx():
        there = url_for("incidents.incident", county=county, school=school, identity=identity)
        return redirect(there, 303)
    return make_response(render_template("incidents/_incident.html", **_page(_load(county, school, identity))))


# --- reporting at a desk ----------------------------------------------------------------------------------------------


@blueprint.route("/c/<county>/incidents/new", methods=["GET", "POST"])
@rule("incident.report", at="county")
def report_at_county(county: str) -> AnyResponse:
    """A desk reports on behalf of a school that telephoned."""
    return _report(county, None)


@blueprint.route("/c/<county>/s/<school>/incidents/new", methods=["GET", "POST"])
@rule("incident.view", at="school")
def report_at_school(county: str, school: str) -> AnyResponse:
    """The chief monitor reports at a desk; everybody else does it on the phone."""
    return _report(county, school)


def _report(county: str, school: str | None) -> AnyResponse:
    known = page.reference_of(county, _window())
    form = ReportForm(school=school)
    offered = {code: ref for code, ref in known.schools.items() if school in (None, code)}
    form.school.choices = [SelectChoice(code, f"{ref.name} ({code})") for code, ref in offered.items()]
    rooms = [code for ref in offered.values() for code in ref.rooms] if school else []
    form.room.choices = [SelectChoice("", _("the whole school")), *(SelectChoice(code, code) for code in rooms)]
    if form.validate_on_submit():
        happened = _happened(form, offered[form.school.data].timezone)
        if happened is not None and happened > _now() + _AHEAD:
            form.occurred.errors = [_("This time is still to come.")]
        else:
            return _reported(county, form, happened)
    status = 422 if request.method == "POST" else 200
    return make_response(render_template("incidents/report.html", form=form, school=school), status)


def _reported(county: str, form: ReportForm, happened: datetime | None) -> AnyResponse:
    school: str = form.school.data
    identity = service.report(
        county=county,
        window=_window(),
        by=_author(county),
        at=_now(),
        occurred_at=happened,
        school=school,
        room=form.room.data or None,
        category=form.category.data,
        order_affected=form.order_affected.data,
        data_affected=form.data_affected.data,
        materials_at_risk=form.materials_at_risk.data,
        beyond_school=form.beyond_school.data,
        note=form.note.data,
        handled=(form.handled.data or "").strip() or None,
    )
    flash(_l("The incident is reported."), "success")
    return redirect(url_for("incidents.incident", county=county, school=school, identity=identity), 303)


def _happened(form: ReportForm, timezone: str) -> datetime | None:
    wall: datetime | None = form.occurred.data
    return None if wall is None else wall.replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)


# --- what every view needs --------------------------------------------------------------------------------------------


def _window() -> str:
    window: str | None = g.actor.window
    if window is None:  # a duty let them in, so this is a race with the closing of the window
        abort(404)
    return window


def _now() -> datetime:
    window = timetable.window(_window())
    assert window is not None
    return clock.now(window)


def _author(county: str) -> Author:
    return author(g.actor, county)


def _division(code: str) -> Division:
    division = db.session.get(Division, code)
    if division is None:
        abort(404)
    return division


def _load(county: str, school: str, identity: UUID) -> IncidentRow:
    row = queries.get(county, str(identity))
    if row is None or row.school != school or row.window != _window():
        abort(404)
    return row


def _by_htmx() -> bool:
    return request.headers.get("HX-Request") == "true"


def _fragment(of: list[str], template: str, **context: Any) -> Response:
    """A fragment that changes with any event of these counties; 304 when nothing happened since."""
    heads = journal.heads()
    return _tagged("-".join(f"{county}.{heads.get(county, 0)}" for county in of), template, **context)


def _tagged(state: str, template: str, **context: Any) -> Response:
    # The words depend on the reader's language and rights as well.
    parts = f"{template} {state} {language()} {g.actor.person_id} {sorted(g.actor.duties)}"
    response = make_response(render_template(template, **context))
    response.set_etag(hashlib.sha256(parts.encode()).hexdigest()[:20])
    response.make_conditional(request)
    return response


@blueprint.app_template_filter("tel")
def tel(telephone: str) -> str:
    """A telephone number as a `tel:` address: digits and the signs that dial."""
    return "tel:" + re.sub(r"[^0-9+*#]", "", telephone)
