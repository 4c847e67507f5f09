"""The desk's pages of the timetable, its policies and the rehearsal's clock.

A window is shared by counties, so whoever changes it needs the right in every county of this server that takes part.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from fieldops.db import writing
from fieldops.organisation import queries as organisation
from fieldops.organisation.rules import rule
from fieldops.timetable import clock, page, policies, queries, service, words
from fieldops.timetable.check import Problem as RowProblem
from fieldops.timetable.check import Row, check
from fieldops.timetable.comparison import compare
from fieldops.timetable.context import COMMON_ZONE
from fieldops.timetable.forms import ClockForm, PublishForm, UploadForm, policy_form
from fieldops.timetable.models import Window
from fieldops.timetable.tables import Reader, UnreadableFile, from_csv, rows_of, to_csv
from fieldops.web.errors import Problem, Text

Page = str | AnyResponse | tuple[str, int]

blueprint = Blueprint("timetable", __name__)


class SharedWindow(Problem):
    """The window belongs to counties in which the person has no such right."""

    status, slug, title = 403, "shared-window", _l("This window is shared with other counties")
    detail: ClassVar[Text] = _l("Ask the desk of the city or the province to change it for all of them.")


def may_everywhere(action: str, window: str) -> bool:
    """Whether the person has the right in every county that takes part in the window."""
    places = [organisation.place(county) for county in service.counties_on_duty(window)]
    return all(g.actor.may(action, place) for place in places if place is not None)


def _window() -> Window:
    """The window of the person's duties."""
    window = queries.window(g.actor.window) if g.actor.window else None
    if window is None:
        abort(404)
    return window


def _must_reach_all(action: str, window: Window) -> None:
    if not may_everywhere(action, window.code):
        raise SharedWindow


# --- the timetable ----------------------------------------------------------------------------------------------------
@blueprint.get("/c/<county>/timetable")
@rule("timetable.view", at="county")
def timetable(county: str) -> Page:
    """Both grades' timetables in force, their versions, and the way to correct them."""
    return _timetable_page(county, UploadForm() if g.actor.may("timetable.publish", g.place) else None)


def _timetable_page(county: str, form: UploadForm | None, status: int = 200, **more: Any) -> Page:
    window = _window()
    sessions = queries.sessions_in_force(window.code)
    zones = Counter(school.timezone for school in organisation.schools(county))
    shared = form is not None and not may_everywhere("timetable.publish", window.code)
    body = render_template(
        "timetable/timetable.html",
        county=county,
        window=window,
        grades=[(grade, page.days(s for s in sessions if s.grade == grade)) for grade in _grades(sessions)],
        versions=queries.versions(window.code),
        schools_elsewhere=[s for s in organisation.schools(county) if s.timezone != COMMON_ZONE],
        has_zones=len(zones) > 1 or (bool(zones) and COMMON_ZONE not in zones),
        zone=COMMON_ZONE,
        form=None if shared else form,
        shared=shared,
        kinds=words.KINDS,
        **more,
    )
    return body, status


def _grades(sessions: list[Any]) -> list[int]:
    return sorted({session.grade for session in sessions})


@blueprint.post("/c/<county>/timetable")
@rule("timetable.publish", at="county")
def check_timetable(county: str) -> Page:
    """Look at an uploaded timetable: every fault by row, or what it changes."""
    window = _window()
    _must_reach_all("timetable.publish", window)
    form = UploadForm()
    if not form.validate_on_submit():
        return _timetable_page(county, form, 422)
    reader: Reader = current_app.extensions["fieldops_table_reader"]
    try:
        rows, problems = rows_of(reader(form.file.data.read(), form.file.data.filename or ""))
    except UnreadableFile as error:
        form.file.errors = [error.reason]
        return _timetable_page(county, form, 422)
    return _preview(county, form.grade.data, form.origin.data, rows, problems)


def _preview(county: str, grade: int, origin: str, rows: tuple[Row, ...], problems: tuple[RowProblem, ...]) -> Page:
    window = _window()
    sessions = queries.sessions_in_force(window.code)
    taken = {session.code: session.grade for session in sessions if session.grade != grade}
    checked = check(rows, first_day=window.first_day, last_day=window.last_day, taken=taken)
    # With a column missing, every row would say so again.
    missing = {problem.column for problem in problems}
    found = [*problems, *(p for p in checked.problems if p.column not in missing)] if problems else checked.problems
    form = PublishForm(formdata=None)
    version = queries.newest_version(window.code, grade)
    form.grade.data, form.origin.data = str(grade), origin
    form.seen_version.data, form.rows.data = str(version), to_csv(checked.sessions)
    in_force = [service.planned(session) for session in sessions if session.grade == grade]
    body = render_template(
        "timetable/preview.html",
        county=county,
        grade=grade,
        version=version,
        problems=[_shown(problem) for problem in found],
        warnings=[_shown(problem) for problem in checked.warnings],
        comparison=compare(in_force, checked.sessions),
        form=form,
        columns=words.COLUMNS,
        kinds=words.KINDS,
    )
    return body, 422 if found else 200


def _shown(problem: RowProblem) -> tuple[str, str, str]:
    column = words.COLUMNS.get(problem.column, "")
    return str(problem.row or "–"), _(column) if column else "–", words.sentence(problem, _)


@blueprint.post("/c/<county>/timetable/publish")
@rule("timetable.publish", at="county")
def publish_timetable(county: str) -> Page:
    """Publish what was looked at, unless another version came between."""
    window = _window()
    _must_reach_all("timetable.publish", window)
    form = PublishForm()
    if not form.validate_on_submit() or not (form.grade.data.isdigit() and form.seen_version.data.isdigit()):
        abort(400)
    grade, origin = int(form.grade.data), str(form.origin.data)
    rows, problems = rows_of(from_csv(form.rows.data))
    try:
        with writing():
            done = service.publish(
                window=window.code,
                grade=grade,
                rows=rows,
                origin=origin,
                by=g.actor.person_id,
                seen_version=int(form.seen_version.data),
            )
    except service.TimetableChanged:
        flash(_("Somebody published a newer version before you. This is what yours changes now."), "warning")
        return _preview(county, grade, origin, rows, problems)
    except service.TimetableRefused:
        return _preview(county, grade, origin, rows, problems)
    text = _("Version %(version)s is in force. Phones and boards are told now.", version=done.version)
    flash(text if done.is_new else _("Nothing changed: this version is in force already."), "success")
    return redirect(url_for("timetable.timetable", county=county), 303)


@blueprint.get("/c/<county>/timetable/<int:grade>-<int:version>.csv")
@rule("timetable.view", at="county")
def timetable_file(county: str, grade: int, version: int) -> Response:  # noqa: ARG001 - the gate reads the place
    """A version as a table, to be corrected and sent again."""
    window = _window()
    sessions = queries.sessions_of_version(window.code, grade, version)
    if not sessions:
        abort(404)
    # With the mark of UTF-8, without which Excel takes Chinese for something else.
    content = to_csv(service.planned(session) for session in sessions).encode("utf-8-sig")
    response = Response(content, mimetype="text/csv")
    name = f"timetable-{window.code}-grade{grade}-v{version}.csv"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


# --- policies ---------------------------------------------------------------------------------------------------------
def _units() -> dict[str, str]:
    # A lone percent sign is no message: gettext would take it for a placeholder.
    return {unit: unit if unit == "%" else _(text) for unit, text in words.UNITS.items()}


@blueprint.get("/c/<county>/policies")
@rule("timetable.view", at="county")
def policy_list(county: str) -> Page:
    """All policy values with where they come from."""
    window = _window()
    return render_template(
        "timetable/policies.html",
        county=county,
        policies=policies.POLICIES,
        values=policies.in_force(window.code),
        names=words.POLICIES,
        units=_units(),
        may_set=g.actor.may("timetable.publish", g.place) and may_everywhere("timetable.publish", window.code),
    )


@blueprint.get("/c/<county>/policies/<name>")
@rule("timetable.publish", at="county")
def policy(county: str, name: str) -> Page:
    """One policy value, to be set."""
    found = policies.POLICIES.get(name)
    if found is None:
        abort(404)
    value = policies.in_force(_window().code)[name]
    origin = "" if value.origin == policies.DEFAULT else value.origin
    return _policy_page(county, found, policy_form(found, formdata=None, value=value.value, origin=origin))


def _policy_page(county: str, found: policies.Policy, form: Any, status: int = 200) -> Page:
    body = render_template(
        "timetable/policy.html", county=county, policy=found, form=form, names=words.POLICIES, units=_units()
    )
    return body, status


@blueprint.post("/c/<county>/policies/<name>")
@rule("timetable.publish", at="county")
def set_policy(county: str, name: str) -> Page:
    """Set a policy value with its origin."""
    found = policies.POLICIES.get(name)
    if found is None:
        abort(404)
    window = _window()
    _must_reach_all("timetable.publish", window)
    form: Any = policy_form(found)
    if not form.validate_on_submit():
        return _policy_page(county, found, form, 422)
    value, origin, by = form.value.data, form.origin.data, g.actor.person_id
    try:
        with writing():
            service.set_policy(window=window.code, name=name, value=value, origin=origin, by=by)
    except service.PolicyRefused as error:
        # The form holds the bounds; what only the service refuses is the origin's characters.
        form[str(error.members.get("field", "origin"))].errors = [str(error.words)]
        return _policy_page(county, found, form, 422)
    flash(_("The value is set. Phones and boards are told now."), "success")
    return redirect(url_for("timetable.policy_list", county=county), 303)


# --- the rehearsal's clock --------------------------------------------------------------------------------------------
@blueprint.get("/c/<county>/clock")
@rule("clock.set", at="county")
def rehearsal_clock(county: str) -> Page:
    """The clock of a rehearsal; a real window has no such page."""
    window = _rehearsal()
    shows = clock.now(window).astimezone(ZoneInfo(COMMON_ZONE))
    return _clock_page(county, window, ClockForm(formdata=None, day=shows.date(), time=shows.time()))


def _rehearsal() -> Window:
    window = _window()
    if window.mode != "rehearsal":
        abort(404)
    return window


def _clock_page(county: str, window: Window, form: ClockForm, status: int = 200) -> Page:
    now = clock.now(window)
    sessions = queries.sessions_in_force(window.code)
    body = render_template(
        "timetable/clock.html",
        county=county,
        window=window,
        form=form,
        now=now,
        zone=COMMON_ZONE,
        moments=page.moments(sessions, now, COMMON_ZONE),
        shared=not may_everywhere("clock.set", window.code),
    )
    return body, status


@blueprint.post("/c/<county>/clock")
@rule("clock.set", at="county")
def set_rehearsal_clock(county: str) -> Page:
    """Set the clock: to a moment of the timetable, or to a day and a time (Beijing time)."""
    window = _rehearsal()
    _must_reach_all("clock.set", window)
    form = ClockForm()
    jump = request.form.get("at")
    if jump is None and not form.validate_on_submit():
        return _clock_page(county, window, form, 422)
    try:
        shows = clock.instant(form.day.data, form.time.data, COMMON_ZONE) if jump is None else _moment(jump)
        with writing():
            service.set_clock(window=window.code, shows=shows, by=g.actor.person_id)
    except service.ClockOutOfRange as error:
        form.day.errors = [str(error.words)]
        return _clock_page(county, _rehearsal(), form, 422)
    flash(_("The clock is set. Phones and boards are told now."), "success")
    return redirect(url_for("timetable.rehearsal_clock", county=county), 303)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        abort(400)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
