"""Reads of the roster: schools, rooms, students, cards, imports."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select

from fieldops.db import db
from fieldops.journal.models import EventRow
from fieldops.organisation.models import Person, School
from fieldops.roster.models import Import, Room, Student


@dataclass(frozen=True, slots=True)
class StoredStudent:
    """A student of the roster as it stands; can be compared with a report's row (`difference.Student`)."""

    school_code: str
    school_name: str
    grade: int
    room: str
    seat: int
    code: str
    name: str
    sex: str | None
    class_name: str
    exempt_reason: str | None
    card_token: str


class RoomLine(NamedTuple):
    """A room with its number of students."""

    school: str
    code: str
    grade: int
    students: int


class SchoolLine(NamedTuple):
    """A school of the county with its numbers of rooms and students in the window; 0 and 0 without a roster."""

    code: str
    name: str
    timezone: str
    rooms: int
    students: int


class ImportLine(NamedTuple):
    """An applied file: when (real time), by whom (None: a command of the operator), and what it changed."""

    file_name: str
    sha256: str
    applied_at: datetime
    person: str | None
    counts: dict[str, int]


def known_schools(county: str) -> dict[str, str]:
    """Schools of a county: code → name."""
    statement = select(School.code, School.name).where(School.county == county)
    return dict(db.session.execute(statement).all())


def schools(county: str, window: str) -> list[SchoolLine]:
    """All schools of a county by code."""
    rooms = _counts(Room, county, window)
    students = _counts(Student, county, window)
    statement = select(School.code, School.name, School.timezone).where(School.county == county).order_by(School.code)
    return [
        SchoolLine(code, name, timezone, rooms.get(code, 0), students.get(code, 0))
        for code, name, timezone in db.session.execute(statement)
    ]


def rooms(county: str, window: str, school: str) -> list[RoomLine]:
    """Rooms of a school by code."""
    statement = (
        select(Room.school, Room.code, Room.grade, func.count(Student.code))
        .outerjoin(
            Student,
            (Student.county == Room.county)
            & (Student.window == Room.window)
            & (Student.school == Room.school)
            & (Student.room == Room.code),
        )
        .where(Room.county == county, Room.window == window, Room.school == school)
        .group_by(Room.school, Room.code, Room.grade)
        .order_by(Room.code)
    )
    return [RoomLine(*row) for row in db.session.execute(statement)]


def students(
    county: str, window: str, schools: Collection[str] | None = None, room: str | None = None
) -> list[StoredStudent]:
    """Students by school, room and seat: of the county, of some schools, of a room of them."""
    statement = (
        select(
            Student.school,
            School.name,
            Room.grade,
            Student.room,
            Student.seat,
            Student.code,
            Student.name,
            Student.sex,
            func.coalesce(Student.class_name, ""),
            Student.exempt_reason,
            Student.card_token,
        )
        .join(School, (School.county == Student.county) & (School.code == Student.school))
        .join(
            Room,
            (Room.county == Student.county)
            & (Room.window == Student.window)
            & (Room.school == Student.school)
            & (Room.code == Student.room),
        )
        .where(Student.county == county, Student.window == window)
        .order_by(Student.school, Student.room, Student.seat, Student.code)
    )
    if schools is not None:
        statement = statement.where(Student.school.in_(list(schools)))
    if room is not None:
        statement = statement.where(Student.room == room)
    return [StoredStudent(*row) for row in db.session.execute(statement)]


def schools_of_codes(county: str, window: str, outside: Collection[str]) -> dict[str, str]:
    """Student code → school, of all students whose school is none of `outside`."""
    statement = select(Student.code, Student.school).where(
        Student.county == county, Student.window == window, Student.school.not_in(list(outside))
    )
    return dict(db.session.execute(statement).all())


def imports(county: str, window: str, limit: int = 50) -> list[ImportLine]:
    """Applied files, the newest first."""
    statement = (
        select(Import.file_name, Import.sha256, Import.applied_at, Person.name, Import.counts)
        .outerjoin(Person, Person.id == Import.person)
        .where(Import.county == county, Import.window == window)
        .order_by(Import.applied_at.desc(), Import.file_name)
        .limit(limit)
    )
    return [ImportLine(*row) for row in db.session.execute(statement)]


def noted(county: str, window: str, schools: Collection[str]) -> frozenset[tuple[str, str]]:
    """Who of these schools has attendance in the journal already: (school, student code).

    Read from the journal's entities `attendance/<window>/<school>/<session>/<student>`, since the projection belongs to
    a part above this one.
    """
    found = set()
    for school in schools:
        prefix = f"attendance/{window}/{school}/"
        statement = (
            select(EventRow.entity)
            .where(EventRow.county == county, EventRow.window == window, EventRow.school == school)
            .where(EventRow.entity.startswith(prefix, autoescape=True))
            .distinct()
        )
        found |= {(school, entity.rsplit("/", 1)[1]) for entity in db.session.scalars(statement)}
    return frozenset(found)


def _counts(table: Any, county: str, window: str) -> dict[str, int]:
    statement = (
        select(table.school, func.count()).where(table.county == county, table.window == window).group_by(table.school)
    )
    return dict(db.session.execute(statement).all())
