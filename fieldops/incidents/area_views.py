"""One incident of several schools: the desk's answer to the area detector, and the incident's page at the county.

The page is that of every incident (`views`); only its address has no school, so a duty at the county is asked for.
"""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, abort, flash, g, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from fieldops.incidents import area_service, asked, desk_views, page, transitions, views, words
from fieldops.incidents.forms import AreaForm
from fieldops.organisation.rules import rule

blueprint = Blueprint("areas", __name__)


@blueprint.post("/c/<county>/incidents/area/<category>/<any(accept, decline):answer>")
@rule("county.view", at="county")
def answer(county: str, category: str, answer: str) -> AnyResponse:
    """Make the schools' incidents one of the county, join them to it, or say why not."""
    if not page.acting_levels(g.actor, g.place):
        abort(403)
    form = AreaForm()
    back = redirect(url_for("desk.county_desk", county=county), 303)
    if not form.validate_on_submit() or (answer == "decline" and not (form.reason.data or "").strip()):
        flash(_("Please write a few words first."), "warning")
        return back
    verb = area_service.accept if answer == "accept" else area_service.decline
    said = {"into": form.into.data or None} if answer == "accept" else {"reason": form.reason.data or ""}
    try:
        verb(
            county=county,
            window=asked.window(),
            category=category,
            incidents=form.incident.data,
            by=asked.author_in(county),
            at=asked.now(),
            seen_version=form.seen_version.data,
            **said,
        )
    except area_service.Changed as changed:
        flash(changed.sentence, "warning")
        return back
    if answer == "accept":
        flash(_("It is one county incident now. Instruct all its schools at once."), "success")
    else:
        flash(_("They stay apart: %(what)s.", what=words.category_name(category)), "success")
    return back


@blueprint.get("/c/<county>/incidents/<uuid:identity>")
@rule("incident.view", at="county")
def incident(county: str, identity: UUID) -> str:
    """One incident of several schools, whole."""
    return views.incident(county, None, identity)


@blueprint.get("/c/<county>/incidents/<uuid:identity>/state")
@rule("incident.view", at="county")
def state_fragment(county: str, identity: UUID) -> Response:
    """What is known of it, for the live refresh."""
    return views.state_fragment(county, None, identity)


@blueprint.get("/c/<county>/incidents/<uuid:identity>/timeline")
@rule("incident.view", at="county")
def timeline_fragment(county: str, identity: UUID) -> Response:
    """Its timeline, for the live refresh."""
    return views.timeline_fragment(county, None, identity)


@blueprint.get("/c/<county>/incidents/<uuid:identity>/actions")
@rule("incident.view", at="county")
def actions_fragment(county: str, identity: UUID) -> Response:
    """What may be done, for the live refresh."""
    return views.actions_fragment(county, None, identity)


@blueprint.post("/c/<county>/incidents/<uuid:identity>/notes")
@rule("incident.view", at="county")
def add_note(county: str, identity: UUID) -> AnyResponse:
    """Add a fact to the timeline."""
    return views.add_note(county, None, identity)


@blueprint.post("/c/<county>/incidents/<uuid:identity>/take")
@rule("incident.view", at="county")
def take(county: str, identity: UUID) -> AnyResponse:
    """Take it on without leaving the list."""
    return desk_views.take(county, None, identity)


@blueprint.post(f"/c/<county>/incidents/<uuid:identity>/<any({', '.join(transitions.ACTIONS)}):action>")
@rule("incident.view", at="county")
def decide(county: str, identity: UUID, action: str) -> AnyResponse:
    """Take a decision that the page offered."""
    return views.decide(county, None, identity, action)
