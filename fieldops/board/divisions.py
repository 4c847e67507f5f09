"""A city's or a province's counties, added up in a bounded number of statements however many there are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Executable, func, select

from fieldops.board.focus import focus
from fieldops.db import db
from fieldops.incidents import queries as incidents
from fieldops.incidents.queries import Desk
from fieldops.organisation.models import Division, School
from fieldops.roster.models import Room, Sample, Student
from fieldops.testday.attendance import CAME
from fieldops.testday.models import Attendance, Sitting
from fieldops.testday.queries import Counts
from fieldops.timetable.models import Window
from fieldops.timetable.queries import sessions_in_force
from fieldops.timetable.schedule import Session


@dataclass(slots=True, kw_only=True)
class CountyLine:
    """A county added up, each school at the session that its clock says."""

    code: str
    name: str
    schools: int = 0
    counts: Counts = field(default_factory=Counts)
    #: Rooms by the state of their sitting.
    rooms: dict[str, int] = field(default_factory=dict)
    #: Incidents that reached the level, by severity, not over.
    incidents: dict[str, int] = field(default_factory=dict)
    #: Those whose next word is this level's.
    waiting: int = 0

    @property
    def order(self) -> tuple[int, int, int, str]:
        """Need for attention, then the code: never a county's results."""
        return (-self.waiting, -self.incidents.get("serious", 0), -self.incidents.get("moderate", 0), self.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class DivisionBoard:
    """All counties of a city or province with what reached its desk."""

    counties: list[CountyLine]
    desk: Desk
    sessions: list[Session]


def division_board(division: Division, window: Window, *, now: datetime, wall: datetime | None = None) -> DivisionBoard:
    """The counties of a division at a session (arguments as of `queries.board`). At most nine statements."""
    counties = {code: CountyLine(code=code, name=county.name) for code, county in _counties(division).items()}
    sessions = sessions_in_force(window.code)
    shown = _Shown(sessions, now, wall)
    codes = list(counties)
    sampled = select(Sample.county, func.count()).where(Sample.window == window.code, Sample.county.in_(codes))
    for county, number in db.session.execute(sampled.group_by(Sample.county)):
        counties[county].schools = number
    for county, grade, zone, number in db.session.execute(_expected(window.code, codes)):
        if shown.code(grade, zone):
            counties[county].counts.expected += number
    for county, grade, zone, session, status, number in db.session.execute(_attendance(window.code, codes)):
        if session == shown.code(grade, zone):
            _count(counties[county].counts, status, number)
    for county, grade, zone, number in db.session.execute(_rooms(window.code, codes)):
        if shown.code(grade, zone):
            counties[county].rooms["planned"] = counties[county].rooms.get("planned", 0) + number
    for county, grade, zone, session, state, number in db.session.execute(_sittings(window.code, codes)):
        if session == shown.code(grade, zone) and state != "planned":
            rooms = counties[county].rooms
            rooms[state] = rooms.get(state, 0) + number
            rooms["planned"] = rooms.get("planned", 0) - number
    desk = incidents.for_desk(division, window=window.code)
    for row in (*desk.needs_me, *desk.elsewhere):
        line = counties[row.county]
        line.incidents[row.severity] = line.incidents.get(row.severity, 0) + 1
    for row in desk.needs_me:
        counties[row.county].waiting += 1
    return DivisionBoard(counties=sorted(counties.values(), key=lambda line: line.order), desk=desk, sessions=sessions)


class _Shown:
    """Which session a grade's rooms are about, by zone; asked for every group of rows."""

    def __init__(self, sessions: list[Session], now: datetime, wall: datetime | None) -> None:
        self._sessions = [session for session in sessions if session.kind != "staff_questionnaire"]
        self._now = now
        self._wall = wall
        self._known: dict[tuple[int, str], str | None] = {}

    def code(self, grade: int, zone: str) -> str | None:
        if (grade, zone) not in self._known:
            of_grade = [session for session in self._sessions if session.grade == grade]
            found = focus(of_grade, zone, self._now, self._wall)
            self._known[grade, zone] = found.code if found else None
        return self._known[grade, zone]


def _counties(division: Division) -> dict[str, Division]:
    return incidents.counties_of(division)


def _count(counts: Counts, status: str, number: int) -> None:
    if status in CAME:
        counts.present += number
    elif status in ("absent", "refused"):
        counts.absent += number


_IN_ROOM = (
    (Room.county == Student.county)
    & (Room.window == Student.window)
    & (Room.school == Student.school)
    & (Room.code == Student.room)
)
_OF_SCHOOL = (School.county == Room.county) & (School.code == Room.school)


def _expected(window: str, counties: Collection[str]) -> Executable:
    keys = (Student.county, Room.grade, School.timezone)
    return (
        select(*keys, func.count())
        .select_from(Student)
        .join(Room, _IN_ROOM)
        .join(School, _OF_SCHOOL)
        .where(Student.window == window, Student.county.in_(counties), Student.exempt_reason.is_(None))
        .group_by(*keys)
    )


def _attendance(window: str, counties: Collection[str]) -> Executable:
    keys = (Student.county, Room.grade, School.timezone, Attendance.session, Attendance.status)
    on_roster = (
        (Student.county == Attendance.county)
        & (Student.window == Attendance.window)
        & (Student.school == Attendance.school)
        & (Student.code == Attendance.student)
    )
    return (
        select(*keys, func.count())
        .select_from(Attendance)
        .join(Student, on_roster)
        .join(Room, _IN_ROOM)
        .join(School, _OF_SCHOOL)
        .where(Attendance.window == window, Attendance.county.in_(counties), Student.exempt_reason.is_(None))
        .group_by(*keys)
    )


def _rooms(window: str, counties: Collection[str]) -> Executable:
    keys = (Room.county, Room.grade, School.timezone)
    return (
        select(*keys, func.count())
        .join(School, _OF_SCHOOL)
        .where(Room.window == window, Room.county.in_(counties))
        .group_by(*keys)
    )


def _sittings(window: str, counties: Collection[str]) -> Executable:
    keys = (Room.county, Room.grade, School.timezone, Sitting.session, Sitting.state)
    held_in = (
        (Room.county == Sitting.county)
        & (Room.window == Sitting.window)
        & (Room.school == Sitting.school)
        & (Room.code == Sitting.room)
    )
    return (
        select(*keys, func.count())
        .select_from(Sitting)
        .join(Room, held_in)
        .join(School, _OF_SCHOOL)
        .where(Sitting.window == window, Sitting.county.in_(counties))
        .group_by(*keys)
    )
