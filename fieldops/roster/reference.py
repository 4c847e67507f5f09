"""What a county's events are read against: schools, rooms, students, sessions and policies of a window, whole.

Kept in memory per process and read again only when `journal_head.reference` says that something changed, so that the
hot path asks no table for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from flask import Flask, current_app
from sqlalchemy import select

from fieldops.db import db
from fieldops.journal.kinds import Reading
from fieldops.organisation.models import School
from fieldops.roster.models import Room, Sample, Student
from fieldops.timetable.policies import PolicyValue, in_force
from fieldops.timetable.queries import sessions_in_force
from fieldops.timetable.schedule import Session


@dataclass(frozen=True, slots=True)
class StudentRef:
    """A student of the sample."""

    code: str
    name: str
    sex: str | None
    class_name: str | None
    room: str
    seat: int
    exempt_reason: str | None
    card_token: str


@dataclass(frozen=True, slots=True)
class SchoolRef:
    """A sampled school with its rooms (code → grade) and students (by code)."""

    code: str
    name: str
    timezone: str
    telephone: str | None
    card_salt: str
    rooms: dict[str, int]
    students: dict[str, StudentRef]

    def in_room(self, room: str) -> list[StudentRef]:
        """Students of a room by seat."""
        return sorted((s for s in self.students.values() if s.room == room), key=lambda s: s.seat)


@dataclass(frozen=True, slots=True)
class Reference:
    """All that a county's events of a window are read against."""

    schools: dict[str, SchoolRef]
    #: By code; codes are unique in a window.
    sessions: dict[str, Session]
    policies: dict[str, PolicyValue]

    def sessions_of(self, grade: int) -> list[Session]:
        """Sessions of a grade's students, in their order; without those of the staff."""
        return [s for s in self.sessions.values() if s.grade == grade and s.kind != "staff_questionnaire"]


def init_app(app: Flask) -> None:
    """Give the app a cache of its own: two apps of one process have different databases."""
    app.extensions["roster_reference"] = lru_cache(maxsize=64)(_read)


def load(reading: Reading) -> Reference:
    """Reference data as of `reading.reference`, from memory when it was read before."""
    reference: Reference = current_app.extensions["roster_reference"](reading)
    return reference


def _read(reading: Reading) -> Reference:
    county, window, _ = reading
    rooms: dict[str, dict[str, int]] = {}
    for room in db.session.execute(
        select(Room.school, Room.code, Room.grade)
        .where(Room.county == county, Room.window == window)
        .order_by(Room.school, Room.code)
    ):
        rooms.setdefault(room.school, {})[room.code] = room.grade
    students: dict[str, dict[str, StudentRef]] = {}
    for row in db.session.execute(
        select(
            Student.school,
            Student.code,
            Student.name,
            Student.sex,
            Student.class_name,
            Student.room,
            Student.seat,
            Student.exempt_reason,
            Student.card_token,
        )
        .where(Student.county == county, Student.window == window)
        .order_by(Student.school, Student.room, Student.seat)
    ):
        students.setdefault(row.school, {})[row.code] = StudentRef(*row[1:])
    schools = {
        row.code: SchoolRef(
            row.code,
            row.name,
            row.timezone,
            row.telephone,
            row.card_salt,
            rooms.get(row.code, {}),
            students.get(row.code, {}),
        )
        for row in db.session.execute(
            select(School.code, School.name, School.timezone, School.telephone, Sample.card_salt)
            .join(Sample, (Sample.county == School.county) & (Sample.school == School.code))
            .where(Sample.county == county, Sample.window == window)
            .order_by(School.code)
        )
    }
    sessions = {session.code: session for session in sessions_in_force(window)}
    return Reference(schools, sessions, in_force(window))
