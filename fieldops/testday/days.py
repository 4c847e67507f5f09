"""A school's days: read them, close them, open them again, and read out the release code of one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import ClassVar, NamedTuple

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from uuid6 import uuid7

from fieldops.db import db, writing
from fieldops.journal.events import make
from fieldops.journal.service import SYSTEM, Author, record
from fieldops.roster import release
from fieldops.roster.reference import Reference, SchoolRef
from fieldops.testday import queries
from fieldops.testday.day import CLOSED, REOPENED, Day, days_of
from fieldops.testday.models import SchoolDay, Sitting
from fieldops.web.errors import Problem, Text

CODE_SHOWN = "roster.code_shown"
_OVER = frozenset({"ended", "sealed"})


class StillOpen(Problem):
    """Sessions of the day are not ended, and nobody said that this is meant."""

    status: ClassVar[int] = 409
    slug: ClassVar[str] = "day-still-open"
    title: ClassVar[Text] = _l("Not everything of this day is ended")
    detail: ClassVar[Text] = _l("Look at the list; to close the day all the same, say so.")


class TooEarly(Problem):
    """The release code was asked for before its time."""

    status: ClassVar[int] = 409
    slug: ClassVar[str] = "before-release"
    title: ClassVar[Text] = _l("The names are not released yet")
    detail: ClassVar[Text] = _l("The code can be read from the release time on.")


class OpenSitting(NamedTuple):
    """A sitting of a day that is neither ended nor sealed."""

    session: str
    room: str
    state: str


def by_clock(reference: Reference, school: SchoolRef, closed: dict[str, datetime | None] | None = None) -> list[Day]:
    """The school's days as the timetable and the policies have them; asks no table."""
    grades = set(school.rooms.values())
    return days_of(
        [session for session in reference.sessions.values() if session.grade in grades],
        school.timezone,
        release_min=int(reference.policies["roster_release_min"].value),
        closes_after_h=int(reference.policies["day_closes_after_h"].value),
        closed=closed,
    )


def of_school(county: str, window: str, school: SchoolRef, reference: Reference | None = None) -> list[Day]:
    """The school's days with who closed which. One statement."""
    closed = {row.date: row.closed_at for row in rows(county, window, school.code)}
    return by_clock(reference or queries.reference(county, window), school, closed)


def of_county(county: str, window: str) -> dict[str, list[Day]]:
    """The days of every school of the county. One statement."""
    closed: dict[str, dict[str, datetime | None]] = {}
    for row in db.session.scalars(select(SchoolDay).where(SchoolDay.county == county, SchoolDay.window == window)):
        closed.setdefault(row.school, {})[row.date] = row.closed_at
    plan = queries.reference(county, window)
    return {code: by_clock(plan, school, closed.get(code)) for code, school in plan.schools.items()}


def rows(county: str, window: str, school: str) -> list[SchoolDay]:
    """The days about which something was said."""
    return list(
        db.session.scalars(
            select(SchoolDay)
            .where(SchoolDay.county == county, SchoolDay.window == window, SchoolDay.school == school)
            .order_by(SchoolDay.date)
        )
    )


def still_open(county: str, window: str, school: str, day: date) -> list[OpenSitting]:
    """Sittings of students of the day that are neither ended nor sealed, by start and room. One statement."""
    plan = queries.reference(county, window)
    place = plan.schools.get(school)
    if place is None:
        return []
    states = {
        (row.session, row.room): row.state
        for row in db.session.execute(
            select(Sitting.session, Sitting.room, Sitting.state).where(
                Sitting.county == county, Sitting.window == window, Sitting.school == school
            )
        )
    }
    of_day = sorted(
        (session.start_time, session.code, room)
        for room, grade in place.rooms.items()
        for session in plan.sessions_of(grade)
        if session.date == day
    )
    found = [OpenSitting(code, room, states.get((code, room), "planned")) for _start, code, room in of_day]
    return [sitting for sitting in found if sitting.state not in _OVER]


def close(*, county: str, window: str, school: str, day: date, by: Author, at: datetime, confirmed: bool) -> None:
    """Close the day of a school. Closing a closed one again does nothing.

    Args:
        at: now, by the window's clock.
        confirmed: the person saw what is still open and meant it.

    Raises:
        StillOpen: something is, and it was not confirmed.
    """
    with writing():
        # Takes the county's lock: what is read below cannot change before the closing stands.
        record(county=county, window=window, author=by, events=(), received_at=at)
        if _closings(county, window, school, day, at):
            return
        if not confirmed and still_open(county, window, school, day):
            raise StillOpen
        _say(CLOSED, county=county, window=window, school=school, day=day, by=by, at=at)


def reopen(*, county: str, window: str, school: str, day: date, by: Author, at: datetime) -> None:
    """Take every closing of the day back."""
    with writing():
        record(county=county, window=window, author=by, events=(), received_at=at)
        for closing in _closings(county, window, school, day):
            _say(REOPENED, county=county, window=window, school=school, day=day, by=by, at=at, undoes=closing)


def _closings(county: str, window: str, school: str, day: date, until: datetime | None = None) -> Collection[str]:
    row = db.session.get(SchoolDay, (county, window, school, day.isoformat()), populate_existing=True)
    if row is None or (until is not None and row.closed_at is not None and row.closed_at > until):
        return ()
    return list(row.closings)


def _say(
    kind: str, *, county: str, window: str, school: str, day: date, by: Author, at: datetime, undoes: str | None = None
) -> None:
    data = {"date": day.isoformat(), **({"undoes": undoes} if undoes else {})}
    event = make(kind, identity=str(uuid7()), at=at, school=school, data=data)
    (result,) = record(county=county, window=window, author=by, events=[event], received_at=at)
    if result.outcome != "accepted":
        raise LookupError(f"{kind}: {result.outcome} {result.reason}")


def release_code(county: str, window: str, school: str, day: date) -> str:
    """The release code of a school's day. Whoever shows it uses `show_code`."""
    secret = current_app.config["SETTINGS"].secret_key
    return release.code(secret, window=window, county=county, school=school, day=day.isoformat())


def show_code(*, county: str, window: str, school: str, day: Day, by: str, at: datetime) -> str:
    """The release code, to be read out over the telephone; that it was shown, to whom and when, stays in the journal.

    Raises:
        TooEarly: its time has not come.
    """
    if day.release_at is not None and at < day.release_at:
        raise TooEarly
    data = {"date": day.date.isoformat(), "by": by}
    with writing():
        event = make(CODE_SHOWN, identity=str(uuid7()), at=at, school=school, data=data)
        record(county=county, window=window, author=SYSTEM, events=[event], received_at=at)
    return release_code(county, window, school, day.date)
