"""Flags: facts that fit badly are taken, and say how."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from fieldops.db import db, utcnow, writing
from fieldops.journal import service
from fieldops.timetable.models import PolicyRow
from tests.testday import build
from tests.testday.build import EIGHTH, FAR_SCHOOL, MATHS, NINE, STAFF, fact, minutes, record, student

IN = "attendance.checked_in"
#: What is told, and the flags that it gets when it arrives at once.
TABLE: dict[str, tuple[dict[str, Any], set[str]]] = {
    "as it should be": (fact(IN, minutes(-30)), set()),
    "not on the roster": (fact(IN, student="X9"), {"not_on_roster"}),
    "another room": (fact(IN, room="02"), {"wrong_room"}),
    "no such room": (fact(IN, room="77"), {"wrong_room", "unknown_room"}),
    "no such session": (fact(IN, session="g4-latin"), {"unknown_session"}),
    "another grade's session": (fact(IN, session=EIGHTH), {"wrong_session"}),
    "the staff's session": (fact(IN, session=STAFF), {"wrong_session"}),
    "exempt": (fact(IN, student=student(6), room="02"), {"exempt"}),
    "before check-in opens": (fact(IN, minutes(-41)), {"before_check_in"}),
    "when check-in opens": (fact(IN, minutes(-40)), set()),
    "in Ürümqi's morning": (fact(IN, minutes(79), school=FAR_SCHOOL), {"before_check_in"}),
    "in Ürümqi's time": (fact(IN, minutes(81), school=FAR_SCHOOL), set()),
    "after the end": (fact(IN, minutes(81)), {"after_end"}),
    "an absence after the end": (fact("attendance.absent", minutes(81)), set()),
    "no such school": (fact(IN, school="0"), {"unknown_school"}),
    "written later": (fact(IN, recorded_at=minutes(2.1).isoformat()), {"late_entry"}),
    "written at once": (fact(IN, recorded_at=minutes(2).isoformat()), set()),
    "a sitting of another grade": (fact("sitting.started", room="08"), {"wrong_session"}),
    "a sitting in no room": (fact("sitting.started", room="77"), {"unknown_room"}),
    "a sitting of no session": (fact("sitting.started", session="x"), {"unknown_session"}),
    "an anomaly of the school": (fact("anomaly.noted", room=None, session=None, data={"category": "power"}), set()),
    "an anomaly of a stranger": (
        fact("anomaly.noted", data={"category": "power", "students": [student(1), "X9"]}),
        {"not_on_roster"},
    ),
    "a category of tomorrow": (fact("anomaly.noted", data={"category": "meteor"}), {"unknown_category"}),
    "somebody turned away": (
        fact("attendance.turned_away", student=None, data={"outcome": "unreadable", "card": "0a" * 32}),
        set(),
    ),
    "nothing happened": (fact("nil_report.made", room=None, session=None), set()),
}


@pytest.mark.parametrize(("event", "flags"), TABLE.values(), ids=TABLE)
def test_flags(app: Flask, event: dict[str, Any], flags: set[str]) -> None:
    build.county()
    [result] = record([event], received_at=minutes(90))
    assert (result.outcome, set(result.flags)) == ("accepted", flags)


@pytest.mark.parametrize(("ahead", "flags"), [(2, ()), (2.1, ("future",))])
def test_future(app: Flask, ahead: float, flags: tuple[str, ...]) -> None:
    build.county()
    [result] = record([fact(IN, minutes(ahead))])
    assert result.flags == flags


@pytest.mark.parametrize(
    ("shift", "offset", "flags"),
    [
        (timedelta(0), timedelta(0), ()),
        (timedelta(0), timedelta(seconds=100), ()),
        (timedelta(0), timedelta(seconds=-600), ("clock_off",)),
        (timedelta(0), timedelta(days=3), ("clock_off",)),
        # A rehearsal three years back: a right phone is off by just that, and what a desk writes by nothing.
        (timedelta(days=-1100), timedelta(days=-1100, seconds=60), ()),
        (timedelta(days=-1100), timedelta(0), ()),
        (timedelta(days=-1100), timedelta(days=-1100, seconds=600), ("clock_off",)),
    ],
)
def test_clock(app: Flask, shift: timedelta, offset: timedelta, flags: tuple[str, ...]) -> None:
    build.county()
    now = utcnow() + shift
    event = fact("nil_report.made", now - offset, offset_ms=int(offset.total_seconds() * 1000))
    [result] = record([event], received_at=now)
    assert result.flags == flags


def test_a_policy_moves_the_line(app: Flask) -> None:
    build.county()
    event = fact(IN, recorded_at=minutes(9).isoformat())
    with writing():
        values = {"value": 10, "origin": "handbook", "set_at": NINE}
        db.session.add(PolicyRow(window=build.WINDOW, name="late_entry_after_min", **values))
        service.reference_changed(build.COUNTY)
    [result] = record([event])
    assert result.flags == ()


def test_afternoon_sessions_are_judged_by_their_own_times(app: Flask) -> None:
    build.county()
    early, due = fact(IN, minutes(60), session=MATHS), fact(IN, minutes(75), session=MATHS)
    assert [r.flags for r in record([early, due], received_at=minutes(90))] == [("before_check_in",), ()]
