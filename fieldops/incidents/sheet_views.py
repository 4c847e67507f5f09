"""The report form of an incident: page for paper, .docx, and the check of a paper against the record."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import qrcode
from flask import Blueprint, Response, current_app, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from qrcode.constants import ERROR_CORRECT_M

from fieldops.incidents import page, queries, sheet, sheet_docx, words
from fieldops.incidents.asked import division, load, now, window_row
from fieldops.incidents.models import IncidentRow
from fieldops.organisation.rules import rule

blueprint = Blueprint("incident_sheet", __name__)


@blueprint.get("/c/<county>/s/<school>/incidents/<uuid:identity>/form")
@rule("incident.view", at="school")
def form(county: str, school: str, identity: UUID) -> str:
    """The form, for A4."""
    row = load(county, school, identity)
    context, made = _made(row)
    address = _check_address(row, made.version)
    return render_template("incidents/sheet.html", sheet=made, qr=_qr(address), url=context["url"], words=words)


@blueprint.get("/c/<county>/s/<school>/incidents/<uuid:identity>/form.docx")
@rule("incident.view", at="school")
def form_docx(county: str, school: str, identity: UUID) -> Response:
    """The same for a word processor."""
    row = load(county, school, identity)
    _context, made = _made(row)
    response = make_response(sheet_docx.docx(made, check_url=_check_address(row, made.version)))
    response.headers["Content-Type"] = sheet_docx.TYPE
    response.headers["Content-Disposition"] = f'attachment; filename="incident-{made.version}.docx"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/c/<county>/s/<school>/incidents/<uuid:identity>/check")
@rule("incident.view", at="school")
def check(county: str, school: str, identity: UUID) -> str:
    """Whether a paper shows the record as it stands, and what changed since. `?form=` is the version on the paper."""
    row = load(county, school, identity)
    typed = request.args.get("form", "")[:60]
    events = queries.record(county, row.id)
    later = sheet.since(events, typed) if typed else None
    newer = {event.id for event in later or ()}
    context = page.context(row, actor=g.actor, place=g.place, at=now())
    return render_template(
        "incidents/sheet_check.html",
        typed=typed,
        known=later is not None,
        count=len(newer),
        changes=[entry for entry in context["timeline"] if entry.event in newer],
        current=sheet.readable(sheet.versions(events)[-1]),
        zone=context["zone"],
        school=context["school"],
        category=words.category_name(row.category),
        url=context["url"],
        words=words,
    )


def _made(row: IncidentRow) -> tuple[dict[str, Any], sheet.Sheet]:
    context = page.context(row, actor=g.actor, place=g.place, at=now())
    made = sheet.made(
        context,
        window=window_row().name,
        county=division(row.county).name,
        students=page.students_by_seat(row, g.actor, g.place),
        events=queries.record(row.county, row.id),
    )
    return context, made


def _check_address(row: IncidentRow, version: str) -> str:
    there = url_for(
        "incident_sheet.check", county=row.county, school=row.school, identity=row.id, form=sheet.plain(version)
    )
    return str(current_app.config["SETTINGS"].public_url).rstrip("/") + there


def _qr(address: str) -> Markup:
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(address)
    matrix = code.get_matrix()
    dark = "".join(f"M{x} {y}h1v1h-1z" for y, line in enumerate(matrix) for x, black in enumerate(line) if black)
    return Markup(
        '<svg role="img" aria-label="{label}" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        '<rect width="{side}" height="{side}" fill="#ffffff"></rect><path d="{dark}" fill="#000000"></path></svg>'
    ).format(label=_("QR code that opens the check of this paper"), side=len(matrix), dark=dark)
