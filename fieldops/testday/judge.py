"""Flags of facts that fit badly. A fact is never refused for it: who was there knows better than the plan.

Read against the county's reference data, which lies in memory; no table is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from fieldops.db import utcnow
from fieldops.journal.events import Event
from fieldops.journal.kinds import Reading
from fieldops.roster.reference import Reference, SchoolRef, load
from fieldops.testday.categories import CATEGORIES
from fieldops.timetable.schedule import Session

#: A fact from further in the future than this was written under a wrong clock.
FUTURE_TOLERANCE = timedelta(minutes=2)


def judge_attendance(event: Event, reading: Reading) -> Sequence[str]:
    """Flags of a fact about a student in a session."""
    reference = load(reading)
    flags = _times(event, reference)
    school = reference.schools.get(str(event.school))
    session = reference.sessions.get(str(event.session))
    flags += _place(event, school, session)
    if school is None:
        return flags
    flags += _student(event, school, session)
    if session is not None and event.kind == "attendance.checked_in":
        flags += _opening(event, school, session)
    return flags


def judge_sitting(event: Event, reading: Reading) -> Sequence[str]:
    """Flags of a fact about a session held in a room."""
    reference = load(reading)
    school = reference.schools.get(str(event.school))
    session = reference.sessions.get(str(event.session))
    flags = _times(event, reference) + _place(event, school, session)
    if school is not None and session is not None:
        grade = school.rooms.get(str(event.room))
        if grade is not None and grade != session.grade:
            flags.append("wrong_session")
    return flags


def judge_remark(event: Event, reading: Reading) -> Sequence[str]:
    """Flags of a fact that need not be about a room or a session: an anomaly, a nil report, somebody turned away."""
    reference = load(reading)
    school = reference.schools.get(str(event.school))
    session = reference.sessions.get(event.session) if event.session else None
    flags = _times(event, reference) + _place(event, school, session)
    concerned = [*event.data.get("students", ()), *([event.student] if event.student else [])]
    if school is not None and any(code not in school.students for code in concerned):
        flags.append("not_on_roster")
    if event.kind == "anomaly.noted" and event.data["category"] not in CATEGORIES:
        flags.append("unknown_category")
    return flags


def _times(event: Event, reference: Reference) -> list[str]:
    if event.person is None:  # what the system adds was written by no device, and has the times of its cause
        return []
    flags = []
    if event.recorded_at - event.occurred_at > timedelta(minutes=_policy(reference, "late_entry_after_min")):
        flags.append("late_entry")
    if event.occurred_at > event.received_at + FUTURE_TOLERANCE:
        flags.append("future")
    tolerance = timedelta(seconds=_policy(reference, "clock_off_s"))
    offset = timedelta(milliseconds=event.offset_ms)
    # A rehearsal's clock may be years from real time; a right device is then off by exactly that. `received_at` was
    # read from the window's clock a moment ago, so the distance is known without asking for the window.
    shift = event.received_at - utcnow()
    if abs(offset) > tolerance and abs(offset - shift) > tolerance:
        flags.append("clock_off")
    return flags


def _place(event: Event, school: SchoolRef | None, session: Session | None) -> list[str]:
    flags = []
    if school is None:
        flags.append("unknown_school")
    elif event.room is not None and event.room not in school.rooms:
        flags.append("unknown_room")
    if event.session is not None and session is None:
        flags.append("unknown_session")
    return flags


def _student(event: Event, school: SchoolRef, session: Session | None) -> list[str]:
    student = school.students.get(str(event.student))
    if student is None:
        return ["not_on_roster"]
    flags = []
    if student.room != event.room:
        flags.append("wrong_room")
    of_students = session is None or session.kind != "staff_questionnaire"
    if session is not None and (not of_students or session.grade != school.rooms.get(student.room)):
        flags.append("wrong_session")
    if student.exempt_reason is not None:
        flags.append("exempt")
    return flags


def _opening(event: Event, school: SchoolRef, session: Session) -> list[str]:
    if event.occurred_at < session.check_in_from(school.timezone):
        return ["before_check_in"]
    end = session.ends_at(school.timezone)
    return ["after_end"] if end is not None and event.occurred_at > end else []


def _policy(reference: Reference, name: str) -> int:
    return int(reference.policies[name].value)
