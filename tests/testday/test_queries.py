"""What the boards and the snapshot read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import event

from fieldops.db import db, writing
from fieldops.organisation.models import Person
from fieldops.testday import queries
from fieldops.testday.queries import Counts
from tests.testday import build
from tests.testday.build import CHINESE, COUNTY, FAR_SCHOOL, MATHS, SCHOOL, WINDOW, fact, minutes, record, student
from tests.testday.samples import identity

IN, ABSENT = "attendance.checked_in", "attendance.absent"


@pytest.fixture(autouse=True)
def county(app: Flask) -> str:
    build.county(students=8)
    with writing():
        db.session.add(Person(id=build.EVERYBODY.person, home=COUNTY, name="韩梅梅"))
    return COUNTY


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that are executed inside."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_counts_go_by_the_roster() -> None:
    record(
        [
            fact(IN),
            fact(IN, minutes(7), student=student(2), data={"late_min": 7}),
            fact(ABSENT, student=student(3)),
            fact("attendance.refused", student=student(4)),
            fact(IN, student="X1"),
            fact(IN, student=student(5)),  # of room 02, noted in room 01: counts where the roster has the student
            fact("attendance.left", minutes(9), student=student(5), room="02"),
            fact(IN, student=student(8), room="02"),  # exempt, and there all the same
        ]
    )
    counts = queries.room_counts(COUNTY, WINDOW)
    assert counts[SCHOOL, "01", CHINESE] == Counts(expected=4, present=2, absent=2, late=1, refused=1)
    assert counts[SCHOOL, "02", CHINESE] == Counts(expected=3, present=1, left=1)
    assert counts[SCHOOL, "02", CHINESE].open == 2
    assert counts[SCHOOL, "01", CHINESE].participation == 0.5
    assert counts[FAR_SCHOOL, "01", CHINESE] == Counts(expected=4)
    assert counts[SCHOOL, "08", build.EIGHTH].participation is None
    assert (SCHOOL, "01", build.STAFF) not in counts
    assert set(queries.room_counts(COUNTY, WINDOW, school=SCHOOL, sessions=[MATHS])) == {
        (SCHOOL, "01", MATHS),
        (SCHOOL, "02", MATHS),
    }


def test_counts_add_up() -> None:
    total = Counts(expected=1)
    total.add(Counts(expected=2, present=1, contradicted=1))
    assert total == Counts(expected=3, present=1, contradicted=1)


def test_a_contradiction_is_counted() -> None:
    record([fact(IN), fact(ABSENT, minutes(3))])
    assert queries.room_counts(COUNTY, WINDOW)[SCHOOL, "01", CHINESE] == Counts(expected=4, present=1, contradicted=1)


def test_snapshot_states_are_ready_for_json() -> None:
    record(
        [
            fact(IN, minutes(-20), identity(1), data={"method": "scan"}),
            fact("sitting.started", minutes(9), identity(2), data={"reason": "停电"}),
            fact("anomaly.noted", minutes(10), identity(3), data={"category": "noise", "students": [student(1)]}),
        ]
    )
    states = json.loads(json.dumps(queries.snapshot_states(COUNTY, WINDOW, SCHOOL)))
    assert set(states) == {"attendance", "sittings", "anomalies"}
    assert states["attendance"] == [
        {
            "student": student(1),
            "session": CHINESE,
            "room": "01",
            "status": "present",
            "late_min": None,
            "reason": None,
            "checked_in_at": "2024-05-20T00:40:00.000Z",
            "by": "韩梅梅",
            "provisional": False,
            "contradicted": False,
            "event": identity(1),
            "flags": [],
        }
    ]
    [sitting] = states["sittings"]
    assert sitting["lawful_end_at"] == "2024-05-20T02:29:00.000Z"
    assert (sitting["state"], sitting["start_deviation_min"], sitting["version"]) == ("running", 9, 1)
    assert [(told["id"], told["at"], told["by"]) for told in sitting["facts"]] == [
        (identity(2), "2024-05-20T01:09:00.000Z", "韩梅梅")
    ]
    assert [(a["category"], a["by"], a["deviation_min"]) for a in states["anomalies"]] == [
        ("noise", "韩梅梅", None),
        ("timetable_deviation", None, 9),
    ]
    assert queries.snapshot_states(COUNTY, WINDOW, FAR_SCHOOL) == {"attendance": [], "sittings": [], "anomalies": []}


def test_an_absence_is_provisional_until_the_freeze_and_what_comes_later_says_so() -> None:
    record([fact(ABSENT)])
    assert [row["provisional"] for row in queries.attendance_rows(COUNTY, WINDOW, SCHOOL)] == [True]
    record([fact("sitting.frozen", minutes(95), data={"seen_version": 0})], received_at=minutes(95))
    [row] = queries.attendance_rows(COUNTY, WINDOW, SCHOOL)
    assert (row["provisional"], row["flags"]) == (False, [])
    record([fact(IN, minutes(5))], received_at=minutes(99))
    [row] = queries.attendance_rows(COUNTY, WINDOW, SCHOOL)
    assert (row["status"], row["contradicted"], row["flags"]) == ("present", True, ["after_freeze"])


def test_rooms_are_heard_by_the_newest_arrival() -> None:
    record([fact(IN)], received_at=minutes(1))
    record([fact("sitting.started")], received_at=minutes(4))
    record([fact(IN, school=FAR_SCHOOL, room="02", student=student(5))], received_at=minutes(2))
    assert queries.heard_at(COUNTY, WINDOW) == {(SCHOOL, "01"): minutes(4), (FAR_SCHOOL, "02"): minutes(2)}


def test_another_window_is_another_day() -> None:
    record([fact(IN)])
    assert queries.attendance_rows(COUNTY, "2025", SCHOOL) == []
    assert queries.room_counts(COUNTY, "2025") == {}


def test_the_number_of_statements_does_not_grow_with_the_county() -> None:
    for number in range(1, 8):
        record([fact(IN, student=student(number), room="01" if number < 5 else "02")])
        record([fact("sitting.started", minutes(9), room="01" if number < 5 else "02", session=MATHS)])
    queries.reference(COUNTY, WINDOW)
    with statements() as seen:
        queries.room_counts(COUNTY, WINDOW)
        queries.sittings(COUNTY, WINDOW)
        queries.anomalies(COUNTY, WINDOW)
        queries.heard_at(COUNTY, WINDOW)
    assert len([s for s in seen if s.startswith("SELECT")]) <= 12
    with statements() as seen:
        queries.snapshot_states(COUNTY, WINDOW, SCHOOL)
    assert len([s for s in seen if s.startswith("SELECT")]) <= 10
