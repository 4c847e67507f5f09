"""Pages of a school's day: its close, and the release code that the county reads out over the telephone."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from fieldops.organisation.actors import author
from fieldops.organisation.rules import rule
from fieldops.roster import release
from fieldops.roster.reference import SchoolRef
from fieldops.testday import days, queries
from fieldops.testday.day import Day, standing_of
from fieldops.timetable import clock
from fieldops.timetable import queries as timetable
from fieldops.timetable.models import Window

blueprint = Blueprint("day", __name__)


class DayLine(NamedTuple):
    """A day as the page shows it."""

    day: Day
    closed: bool
    #: Somebody closed it (not the clock), and their name.
    by_hand: bool
    by: str | None
    #: Its first check-in has begun.
    begun: bool
    still_open: list[days.OpenSitting]


@blueprint.get("/c/<county>/s/<school>/day")
@rule("day.close", at="school")
def school_day(county: str, school: str) -> str:
    """The school's days: what is still open, and the button that closes."""
    return _page(county, school)


@blueprint.post("/c/<county>/s/<school>/day/<date>/close")
@rule("day.close", at="school")
def close(county: str, school: str, date: str) -> AnyResponse | tuple[str, int]:
    """Close a day; with something still open only when it was confirmed."""
    window, _place, day = _day(county, school, date)
    try:
        days.close(
            county=county,
            window=window.code,
            school=school,
            day=day.date,
            by=author(g.actor, county),
            at=clock.now(window),
            confirmed=request.form.get("confirm") == "yes",
        )
    except days.StillOpen as problem:
        return _page(county, school, problem=str(problem.words)), 409
    flash(_("The day is closed. Phones drop the names at their next contact."), "success")
    return redirect(url_for("day.school_day", county=county, school=school), 303)


@blueprint.post("/c/<county>/s/<school>/day/<date>/reopen")
@rule("day.close", at="school")
def reopen(county: str, school: str, date: str) -> AnyResponse:
    """Take the closing of a day back."""
    window, _place, day = _day(county, school, date)
    by, at = author(g.actor, county), clock.now(window)
    days.reopen(county=county, window=window.code, school=school, day=day.date, by=by, at=at)
    flash(_("The day is open again. Phones get the names at their next contact."), "success")
    return redirect(url_for("day.school_day", county=county, school=school), 303)


@blueprint.get("/c/<county>/release")
@rule("roster.release", at="county")
def release_page(county: str) -> str:
    """The county's schools: when their names are released, and the way to each code."""
    return _release_page(county)


@blueprint.post("/c/<county>/s/<school>/release-code")
@rule("roster.release", at="school")
def show_code(county: str, school: str) -> tuple[str, int] | str:
    """Show the code of the school's day of now; that it was shown stays in the journal."""
    window = _window()
    now = clock.now(window)
    place = queries.reference(county, window.code).schools.get(school)
    stands = standing_of(days.of_school(county, window.code, place), now) if place else None
    if place is None or stands is None or stands.state == "closed":
        abort(404)
    try:
        code = days.show_code(
            county=county, window=window.code, school=school, day=stands.day, by=g.actor.person_id, at=now
        )
    except days.TooEarly as problem:
        return _release_page(county, problem=str(problem.words)), 409
    return render_template(
        "testday/release_code.html",
        school=place,
        groups=release.grouped(code).split(),
        day=stands.day,
        back=url_for("day.release_page", county=county),
    )


def _release_page(county: str, problem: str | None = None) -> str:
    window = _window()
    now = clock.now(window)
    reference = queries.reference(county, window.code)
    lines = [
        (reference.schools[code], standing_of(found, now))
        for code, found in days.of_county(county, window.code).items()
    ]
    locked = int(reference.policies["roster_release_min"].value) > 0
    return render_template("testday/release.html", lines=lines, county=county, locked=locked, problem=problem)


def _page(county: str, school: str, problem: str | None = None) -> str:
    window, place = _window(), _school(county, school)
    now = clock.now(window)
    said = {row.date: row for row in days.rows(county, window.code, school)}
    names = queries.names_of({row.closed_by for row in said.values()})
    reference = queries.reference(county, window.code)
    lines = []
    for day in days.of_school(county, window.code, place, reference):
        by_hand = day.closed_by_hand_at is not None and day.closed_by_hand_at <= now
        row = said.get(day.date.isoformat())
        lines.append(
            DayLine(
                day=day,
                closed=day.closed_at(now) is not None,
                by_hand=by_hand,
                by=names.get(row.closed_by) if row is not None else None,
                begun=day.check_in_from <= now,
                still_open=days.still_open(county, window.code, school, day.date),
            )
        )
    context: dict[str, Any] = {
        "school": place,
        "lines": lines,
        "now": now,
        "sessions": reference.sessions,
        "problem": problem,
        "back": url_for("board.school_board", county=county, school=school),
        "urls": {
            verb: {
                line.day.date: url_for(f"day.{verb}", county=county, school=school, date=line.day.date)
                for line in lines
            }
            for verb in ("close", "reopen")
        },
    }
    return render_template("testday/day.html", **context)


def _window() -> Window:
    window = timetable.window(g.actor.window) if g.actor.window else None
    if window is None:
        abort(404)
    return window


def _school(county: str, school: str) -> SchoolRef:
    place = queries.reference(county, _window().code).schools.get(school)
    if place is None:
        abort(404)
    return place


def _day(county: str, school: str, text: str) -> tuple[Window, SchoolRef, Day]:
    window, place = _window(), _school(county, school)
    try:
        wanted = date.fromisoformat(text)
    except ValueError:
        abort(404)
    found = next((day for day in days.of_school(county, window.code, place) if day.date == wanted), None)
    if found is None:
        abort(404)
    return window, place, found
