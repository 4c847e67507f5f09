"""A county for the boards: schools with rooms, the seed's timetable, and people signed in at every level."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from fieldops.db import db, utcnow, writing
from fieldops.demo.county import CITY, COUNTY, PROVINCE, DemoSchool, demo_county
from fieldops.journal import service as journal
from fieldops.journal.service import Author, Result
from fieldops.organisation.models import Device, Division, Duty, Person, School
from fieldops.roster.models import Room, Sample, Student
from fieldops.timetable import seed
from fieldops.timetable import service as timetable
from fieldops.timetable.models import Window

WINDOW = "2024"
CODE = COUNTY.code
EVERYBODY = Author(
    person=None, device=None, may=lambda _action, _place: True, levels=lambda _action, _place: ("school", "county")
)


def at(hours: int, minutes: int = 0, day: int = 20) -> datetime:
    """An instant of May 2024 by the clocks of Beijing."""
    return datetime(2024, 5, day, hours, minutes, tzinfo=UTC) - timedelta(hours=8)


def build(shows: datetime, *, schools: int = 35) -> list[DemoSchool]:
    """Write the demo county's first `schools` schools; the window's clock shows `shows` now. Returns the schools."""
    file = seed.read()
    made = demo_county()
    # Some of each kind: the split rooms and the school in Xinjiang's time are among the last.
    chosen = made.schools if schools >= 35 else (*made.schools[: schools - 1], made.schools[34])
    with writing():
        for place, parent in ((PROVINCE, None), (CITY, PROVINCE.code), (COUNTY, CITY.code)):
            db.session.add(Division(code=place.code, name=place.name, level=place.level, parent=parent))
            db.session.flush()
        db.session.add(
            Window(
                code=WINDOW,
                name="2024 国家监测",
                mode="rehearsal",
                first_day=file.first_day,
                last_day=file.last_day,
                clock_shows=shows,
                clock_set_at=utcnow(),
            )
        )
        db.session.flush()
        journal.add_county(CODE)
        rows: dict[Any, list[dict[str, Any]]] = {School: [], Sample: [], Room: [], Student: []}
        for school in chosen:
            _rows_of(school, rows)
        for model, values in rows.items():
            db.session.execute(insert(model), values)
        journal.reference_changed(CODE)
    for grade in file.timetables:
        with writing():
            timetable.publish(window=WINDOW, grade=grade.grade, rows=grade.rows, origin=grade.origin, by=None)
    return list(chosen)


def _rows_of(school: DemoSchool, rows: dict[Any, list[dict[str, Any]]]) -> None:
    base = {"county": CODE, "window": WINDOW, "school": school.code}
    rows[School].append(
        {
            "county": CODE,
            "code": school.code,
            "name": school.name,
            "timezone": school.timezone,
            "telephone": "0763-10010",
        }
    )
    rows[Sample].append({**base, "card_salt": "00" * 8})
    for room in school.rooms:
        rows[Room].append({**base, "code": room.code, "grade": school.grade})
        rows[Student] += [
            {
                **base,
                "code": student.code,
                "room": room.code,
                "seat": student.seat,
                "name": student.name,
                "sex": student.sex,
                "class_name": student.class_name,
                "exempt_reason": student.exempt_reason,
                "card_token": student.code,
            }
            for student in room.students
        ]


def person(role: str, place: str, *, locale: str | None = None, seen: timedelta | None = None) -> str:
    """Sign a new person in with this duty: the device's token. `seen`: so long ago the device was heard."""
    token = secrets.token_urlsafe(32)
    identity = str(uuid.uuid4())
    now = utcnow()
    with writing():
        db.session.add(Person(id=identity, home=place.split("/", maxsplit=1)[0], name="李敏", locale=locale))
        db.session.flush()
        db.session.add(Duty(person=identity, role=role, place=place, window=WINDOW))
        db.session.add(
            Device(
                id=str(uuid.uuid4()),
                person=identity,
                token_hash=hashlib.sha256(token.encode()).digest(),
                label="test",
                enrolled_at=now,
                expires_at=now + timedelta(days=1),
                last_seen_at=now - seen if seen is not None else None,
            )
        )
    return token


def fact(kind: str, when: datetime, school: DemoSchool, room: str, session: str, **more: Any) -> dict[str, Any]:
    """An event as a phone sends it."""
    return {
        "id": str(uuid.uuid4()),
        "kind": kind,
        "occurred_at": when.isoformat(),
        "recorded_at": when.isoformat(),
        "school": school.code,
        "room": room,
        "session": session,
        "data": more.pop("data", {}),
        **more,
    }


def check_in(school: DemoSchool, room: str, session: str, when: datetime, count: int | None = None) -> list[Any]:
    """Check-ins of the first `count` students of a room."""
    students = next(found.students for found in school.rooms if found.code == room)
    expected = [student for student in students if student.exempt_reason is None]
    return [
        fact("attendance.checked_in", when, school, room, session, student=student.code) for student in expected[:count]
    ]


def incident(school: DemoSchool, when: datetime, **data: Any) -> dict[str, Any]:
    """A report of an incident: serious, unless `data` says otherwise."""
    answers = {
        "category": "materials_fault",
        "order_affected": "serious",
        "data_affected": True,
        "materials_at_risk": True,
        "beyond_school": False,
        **data,
    }
    return fact("incident.reported", when, school, "01", _first_session(school), data=answers)


def _first_session(school: DemoSchool) -> str:
    return f"g{school.grade}-chinese"


def record(events: list[Any], received_at: datetime) -> list[Result]:
    """Record events in a transaction of their own."""
    with writing():
        return journal.record(county=CODE, window=WINDOW, author=EVERYBODY, events=events, received_at=received_at)
