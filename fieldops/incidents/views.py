"""The page of one incident: what, where, how bad and why, who holds it, what may be done now; and the report form."""

from __future__ import annotations

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

from fieldops.incidents import attachments, page, queries, service, transitions, words
from fieldops.incidents.asked import author_in as _author
from fieldops.incidents.asked import by_htmx as _by_htmx
from fieldops.incidents.asked import fragment as _fragment
from fieldops.incidents.asked import load as _load
from fieldops.incidents.asked import now as _now
from fieldops.incidents.asked import tagged as _tagged
from fieldops.incidents.asked import window as _window
from fieldops.incidents.forms import DecisionForm, NoteForm, ReportForm
from fieldops.incidents.models import IncidentRow
from fieldops.organisation.rules import rule

blueprint = Blueprint("incidents", __name__)

#: A time of the form this far ahead of the window's clock is a slip, not a clock a little fast.
_AHEAD = timedelta(minutes=2)


# --- one incident -----------------------------------------------------------------------------------------------------


@blueprint.get("/c/<county>/s/<school>/incidents/<uuid:identity>")
@rule("incident.view", at="school")
def incident(county: str, school: str | None, identity: UUID) -> str:
    """One incident, whole."""
    return render_template("incidents/incident.html", **_page(_load(county, school, identity)))


@blueprint.get("/c/<county>/s/<school>/incidents/<uuid:identity>/state")
@rule("incident.view", at="school")
def state_fragment(county: str, school: str | None, identity: UUID) -> Response:
    """What is known of it, for the live refresh: changes with every event of the county."""
    return _fragment([county], "incidents/_state.html", **_page(_load(county, school, identity)))


@blueprint.get("/c/<county>/s/<school>/incidents/<uuid:identity>/timeline")
@rule("incident.view", at="school")
def timeline_fragment(county: str, school: str | None, identity: UUID) -> Response:
    """Its timeline, for the live refresh."""
    return _fragment([county], "incidents/_timeline.html", **_page(_load(county, school, identity)))


@blueprint.get("/c/<county>/s/<school>/incidents/<uuid:identity>/actions")
@rule("incident.view", at="school")
def actions_fragment(county: str, school: str | None, identity: UUID) -> Response:
    """What may be done, for the live refresh: changes with the incident's version, so that half-written words stay."""
    context = _page(_load(county, school, identity))
    offered = ",".join(row.action for row in context["offers"])
    return _tagged(f"{context['incident'].version}-{offered}", "incidents/_actions.html", **context)


@blueprint.get("/c/<county>/s/<school>/incidents/<uuid:identity>/attachments/<uuid:attachment>")
@rule("incident.view", at="school")
def attachment(county: str, school: str, identity: UUID, attachment: UUID) -> Response:
    """A photo or a file, for those who may see the incident."""
    row = _load(county, school, identity)
    found = attachments.content_of(county=county, incident=row.id, identity=str(attachment))
    if found is None:
        abort(404)
    content, kind = found
    response = make_response(content)
    response.mimetype = kind
    # A picture was read as one; anything else is handed over to be saved, never to be opened as a page of ours.
    how = "inline" if kind in attachments.IMAGES else "attachment"
    response.headers["Content-Disposition"] = f'{how}; filename="{attachment}.{kind.rpartition("/")[2]}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.post("/c/<county>/s/<school>/incidents/<uuid:identity>/notes")
@rule("incident.view", at="school")
def add_note(county: str, school: str | None, identity: UUID) -> AnyResponse:
    """Add a fact to the timeline."""
    row = _load(county, school, identity)
    form = NoteForm()
    if not form.validate_on_submit():
        return _fresh(row, 422, problem=_("Please write a few words first."), typed=form.text.data)
    service.note(incident=row, by=_author(county), at=_now(), text=form.text.data)
    return _done(county, school, identity)


@blueprint.post(f"/c/<county>/s/<school>/incidents/<uuid:identity>/<any({', '.join(transitions.ACTIONS)}):action>")
@rule("incident.view", at="school")
def decide(county: str, school: str | None, identity: UUID, action: str) -> AnyResponse:
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


def _done(county: str, school: str | None, identity: UUID) -> AnyResponse:
    if not _by_htmx():
        return redirect(queries.address(_load(county, school, identity)), 303)
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


@blueprint.app_template_filter("tel")
def tel(telephone: str) -> str:
    """A telephone number as a `tel:` address: digits and the signs that dial."""
    return "tel:" + re.sub(r"[^0-9+*#]", "", telephone)


@blueprint.app_template_filter("incident_address")
def incident_address(row: IncidentRow) -> str:
    """Address of an incident's page (`queries.address`)."""
    return queries.address(row)
