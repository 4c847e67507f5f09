"""A small county to test with: a school on Beijing time, one in Ürümqi, two rooms each, one day's timetable."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from fieldops.db import db, writing
from fieldops.journal import service
from fieldops.journal.service import Author, Result
from fieldops.organisation.models import Division, School
from fieldops.roster.models import Room, Sample, Student
from fieldops.timetable.models import SessionRow, Timetable, Window

WINDOW = "2024"
COUNTY = "441823"
#: Beijing time, Ürümqi time (two hours later).
SCHOOL, FAR_SCHOOL = "4418230101", "4418230102"
CHINESE, MATHS, STAFF, EIGHTH = "g4-chinese", "g4-maths", "g4-staff", "g8-chinese"
#: 2024-05-20 09:00 in Beijing: the planned start of the first session.
NINE = datetime(2024, 5, 20, 1, 0, tzinfo=UTC)
EVERYBODY = Author(person=str(uuid.UUID(int=7)), device=str(uuid.UUID(int=8)), may=lambda _action, _place: True)


def county(code: str = COUNTY, *, window: str = WINDOW, students: int = 6) -> str:
    """Write a county with its two schools; `students` of each sit in rooms 01 and 02, the last one is exempt."""
    with writing():
        if db.session.get(Division, "440000") is None:
            db.session.add(Division(code="440000", name="广东省", level="province"))
            db.session.flush()
            db.session.add(Division(code="441800", name="清远市", level="city", parent="440000"))
            db.session.flush()
        db.session.add(Division(code=code, name=f"{code}县", level="county", parent="441800"))
        if db.session.get(Window, window) is None:
            _timetable(window)
        db.session.flush()
        for school, zone in ((SCHOOL, "Asia/Shanghai"), (FAR_SCHOOL, "Asia/Urumqi")):
            _school(code, window, school, zone, students)
        service.add_county(code)
        service.reference_changed(code)
    return code


def _timetable(window: str) -> None:
    db.session.add(
        Window(code=window, name="演练", mode="rehearsal", first_day=date(2024, 5, 20), last_day=date(2024, 5, 21))
    )
    db.session.flush()
    for grade in (4, 8):
        db.session.add(Timetable(window=window, grade=grade, version=1, published_at=NINE, origin="test"))
    db.session.flush()
    for row, (grade, code, kind, begin, end) in enumerate(
        (
            (4, CHINESE, "subject", time(9), time(10, 20)),
            (4, MATHS, "subject", time(10, 50), time(12, 10)),
            (4, STAFF, "staff_questionnaire", time(9), None),
            (8, EIGHTH, "subject", time(9), time(10, 20)),
        ),
        1,
    ):
        db.session.add(
            SessionRow(
                window=window,
                grade=grade,
                version=1,
                code=code,
                row=row,
                name=code,
                name_en=code,
                kind=kind,
                date=date(2024, 5, 20),
                start_time=begin,
                end_time=end,
                check_in_min=20,
                preparation_min=20,
                sealing_min=20,
            )
        )


def _school(county: str, window: str, school: str, zone: str, students: int) -> None:
    db.session.add(School(county=county, code=school, name=f"学校{school}", timezone=zone))
    db.session.flush()
    db.session.add(Sample(county=county, window=window, school=school, card_salt="00" * 8))
    db.session.flush()
    db.session.add_all(
        Room(county=county, window=window, school=school, code=code, grade=grade)
        for code, grade in (("01", 4), ("02", 4), ("08", 8))
    )
    db.session.flush()
    for number in range(1, students + 1):
        first = number <= students // 2
        db.session.add(
            Student(
                county=county,
                window=window,
                school=school,
                code=student(number),
                room="01" if first else "02",
                seat=number if first else number - students // 2,
                name=f"学生{number}",
                sex="m",
                class_name="四(1)班",
                exempt_reason="骨折" if number == students else None,
                card_token=f"{school}{number:05}",
            )
        )


def student(number: int) -> str:
    """Code of the student of this number, from 1; the same codes in both schools."""
    return f"S{number:04}"


def minutes(count: float) -> datetime:
    """So many minutes after nine, Beijing time."""
    return NINE + timedelta(minutes=count)


def fact(kind: str, at: datetime = NINE, identity: str | None = None, **fields: Any) -> dict[str, Any]:
    """An event as a phone sends it; of student 1 in the first session of room 01 where nothing else is said."""
    subject = {"student": student(1)} if kind.startswith("attendance.") else {}
    return {
        "id": identity or str(uuid.uuid4()),
        "kind": kind,
        "occurred_at": at.isoformat(),
        "recorded_at": at.isoformat(),
        "school": SCHOOL,
        "room": "01",
        "session": CHINESE,
        "data": {},
        **subject,
        **fields,
    }


def record(
    events: Sequence[object],
    *,
    county: str = COUNTY,
    window: str = WINDOW,
    author: Author = EVERYBODY,
    received_at: datetime = NINE,
) -> list[Result]:
    """Record events in a transaction of their own."""
    with writing():
        return service.record(county=county, window=window, author=author, events=events, received_at=received_at)
