"""Pages of the roster: the schools' reports are checked, shown as a difference and applied; rooms; cards to print."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from fieldops.db import writing
from fieldops.organisation.rules import rule
from fieldops.roster import cards, export, queries, service, storage
from fieldops.roster.difference import COMPARED_FIELDS, Change
from fieldops.roster.files import Located, SourceFile
from fieldops.roster.forms import ReportsForm
from fieldops.roster.words import CHANGED_FIELDS, sentence
from fieldops.timetable import queries as timetable
from fieldops.timetable.models import Window

Page = str | AnyResponse | tuple[str, int]

blueprint = Blueprint("roster", __name__)
#: More rows than anybody reads are counted, not shown.
MOST_SHOWN = 300


@blueprint.url_value_preprocessor
def _room_for_reports(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let 35 workbooks through: it has to be said before the form is read, which the check of its token does."""
    if endpoint == "roster.check_county":
        request.max_content_length = storage.MOST_BYTES


def _window() -> Window:
    """The window of the person's duties."""
    window = timetable.window(g.actor.window) if g.actor.window else None
    if window is None:
        abort(404)
    return window


def _folder() -> Path:
    folder: Path = current_app.config["SETTINGS"].data_dir / "imports"
    return folder


# --- the county -------------------------------------------------------------------------------------------------------
@blueprint.get("/c/<county>/roster")
@rule("roster.view", at="county")
def county_roster(county: str) -> Page:
    """Schools with their rooms and students, applied files, and the way to import."""
    return _county_page(county, ReportsForm() if g.actor.may("roster.import", g.place) else None)


def _county_page(county: str, form: ReportsForm | None, status: int = 200) -> Page:
    window = _window()
    body = render_template(
        "roster/county.html",
        county=county,
        window=window,
        schools=queries.schools(county, window.code),
        imports=queries.imports(county, window.code),
        form=form,
        may_print=g.actor.may("cards.print", g.place),
    )
    return body, status


@blueprint.post("/c/<county>/roster")
@rule("roster.import", at="county")
def check_county(county: str) -> Page:
    """Check the files and show every fault, or what they change."""
    form = ReportsForm()
    if not form.validate_on_submit():
        return _county_page(county, form, 422)
    return _checked(county, None, _uploaded(form))


@blueprint.post("/c/<county>/roster/apply")
@rule("roster.import", at="county")
def apply_county(county: str) -> Page:
    """Apply the difference that was shown."""
    return _apply(county, None)


@blueprint.get("/c/<county>/roster.csv")
@rule("roster.view", at="county")
def county_file(county: str) -> Response:
    """The county's roster as a table that can be imported again."""
    return _file(queries.students(county, _window().code), f"roster-{county}.csv")


# --- a school ---------------------------------------------------------------------------------------------------------
@blueprint.get("/c/<county>/s/<school>/roster")
@rule("roster.view", at="school")
def school_roster(county: str, school: str) -> Page:
    """Rooms and students of a school."""
    return _school_page(county, school, ReportsForm() if g.actor.may("roster.import", g.place) else None)


def _school_page(county: str, school: str, form: ReportsForm | None, status: int = 200) -> Page:
    window = _window()
    students = queries.students(county, window.code, [school])
    rooms = queries.rooms(county, window.code, school)
    body = render_template(
        "roster/school.html",
        county=county,
        school=school,
        window=window,
        rooms=[(room, [s for s in students if s.room == room.code]) for room in rooms],
        form=form,
        may_print=g.actor.may("cards.print", g.place),
        sexes=_sexes(),
    )
    return body, status


@blueprint.post("/c/<county>/s/<school>/roster")
@rule("roster.import", at="school")
def check_school(county: str, school: str) -> Page:
    """Check the report of this one school."""
    form = ReportsForm()
    if not form.validate_on_submit():
        return _school_page(county, school, form, 422)
    return _checked(county, school, _uploaded(form))


@blueprint.post("/c/<county>/s/<school>/roster/apply")
@rule("roster.import", at="school")
def apply_school(county: str, school: str) -> Page:
    """Apply the difference of this one school."""
    return _apply(county, school)


@blueprint.get("/c/<county>/s/<school>/roster.csv")
@rule("roster.view", at="school")
def school_file(county: str, school: str) -> Response:
    """The school's roster as a table that can be imported again."""
    return _file(queries.students(county, _window().code, [school]), f"roster-{school}.csv")


def _file(students: Sequence[queries.StoredStudent], name: str) -> Response:
    response = Response(export.to_csv(students), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


# --- the import -------------------------------------------------------------------------------------------------------
def _uploaded(form: ReportsForm) -> list[SourceFile]:
    return [SourceFile(part.filename or "", part.read()) for part in form.files.data]


def _roster_url(county: str, school: str | None) -> str:
    if school is None:
        return url_for("roster.county_roster", county=county)
    return url_for("roster.school_roster", county=county, school=school)


def _checked(county: str, school: str | None, files: Sequence[SourceFile], status: int = 200) -> Page:
    """The page of a plan; its files are kept until it is applied."""
    found = service.plan(county=county, window=_window().code, files=files, only=school)
    if found.is_right and not found.is_empty:
        for file in files:
            storage.keep(_folder(), file.sha256, file.data)
    body = render_template(
        "roster/plan.html",
        plan=found,
        place_url=_roster_url(county, school),
        apply_url=_roster_url(county, school) + "/apply",
        files=list(zip(found.read.names, files, strict=True)),
        faults=[_shown(fault) for fault in found.faults[:MOST_SHOWN]],
        faults_more=max(0, len(found.faults) - MOST_SHOWN),
        warnings=[_shown(warning) for warning in found.read.warnings[:MOST_SHOWN]],
        counts=found.counts,
        changes=_change_lines,
    )
    return body, status if found.is_right else 422


def _shown(located: Located) -> tuple[str, str, str, str, str]:
    fault = located.fault
    column = f"{fault.column} {fault.header}".strip()
    return located.file, fault.sheet or "–", str(fault.row or "–"), column or "–", sentence(fault, _)


def _change_lines(change: Change) -> list[tuple[str, str, str]]:
    """Field, before and after of what changes for a student, in words."""
    sexes = _sexes()

    def text(field: str, value: Any) -> str:
        return sexes[value] if field == "sex" else str(value if value not in (None, "") else "–")

    return [
        (
            _(CHANGED_FIELDS[field]),
            text(field, getattr(change.before, field)),
            text(field, getattr(change.after, field)),
        )
        for field in COMPARED_FIELDS
        if field in change.fields
    ]


def _sexes() -> dict[str | None, str]:
    return {"m": _("boy"), "f": _("girl"), None: "–"}


def _apply(county: str, school: str | None) -> Page:
    """Apply the files that were looked at; when anything changed since, show the difference as it is now."""
    hashes, names = request.form.getlist("sha256"), request.form.getlist("name")
    if not 0 < len(hashes) <= storage.MOST_FILES or len(hashes) != len(names):
        abort(400)
    kept = [storage.fetch(_folder(), sha256) for sha256 in hashes]
    files = [SourceFile(name, data) for name, data in zip(names, kept, strict=True) if data is not None]
    if len(files) < len(hashes):
        flash(_("The files are no longer here. Choose them again."), "warning")
        return redirect(_roster_url(county, school), 303)
    found = service.plan(county=county, window=_window().code, files=files, only=school)
    if str(found.reference) != request.form.get("reference") or not found.is_right:
        return _changed_since(county, school, files)
    try:
        with writing():
            done = service.apply(found, by=g.actor.person_id)
    except service.PlanStale:
        return _changed_since(county, school, files)
    for file in files:
        storage.discard(_folder(), file.sha256)
    count = sum(done.counts.values())
    text = ngettext("%(num)s student was changed.", "%(num)s students were changed.", count)
    flash(text if done.changed else _("Nothing changed: the roster said all of it already."), "success")
    return redirect(_roster_url(county, school), 303)


def _changed_since(county: str, school: str | None, files: Sequence[SourceFile]) -> Page:
    flash(_("Something changed since you looked. This is the difference as it is now; nothing was applied."), "warning")
    return _checked(county, school, files, 409)


# --- cards ------------------------------------------------------------------------------------------------------------
@blueprint.get("/c/<county>/s/<school>/r/<room>/cards")
@rule("cards.print", at="room")
def room_cards(county: str, school: str, room: str) -> Page:
    """The cards of one room, to be printed and cut."""
    return _cards(county, school, room)


@blueprint.get("/c/<county>/s/<school>/cards")
@rule("cards.print", at="school")
def school_cards(county: str, school: str) -> Page:
    """The cards of all rooms of a school, each room on its own pages."""
    return _cards(county, school, None)


def _cards(county: str, school: str, room: str | None) -> Page:
    students = queries.students(county, _window().code, [school], room)
    if not students:
        abort(404)
    rooms = [(code, list(group)) for code, group in groupby(students, key=lambda student: student.room)]
    return render_template(
        "roster/cards.html",
        county=county,
        school=school,
        school_name=students[0].school_name,
        rooms=rooms,
        count=len(students),
        # The picture is made here from a token of a fixed alphabet: nothing of it comes from outside.
        qr=lambda token: Markup(cards.qr_svg(token)),  # noqa: S704
    )
