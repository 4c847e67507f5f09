"""What the timetable expects of a county's rooms, laid out by session, and how it stands: what a round looks at.

Kept per county and process, small beside the roster that it was made from, and made again when reference data changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select

from fieldops.db import db
from fieldops.journal.models import SPOKE, EventRow
from fieldops.roster.models import Student
from fieldops.roster.reference import Reference
from fieldops.testday import days
from fieldops.testday.attendance import CAME
from fieldops.testday.day import Day
from fieldops.testday.expectation import Tolerances
from fieldops.testday.models import Attendance, SchoolDay, Sitting
from fieldops.testday.sitting import lawful_end

_events = EventRow.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A session planned in a room. Times are the window's clock, UTC."""

    school: str
    room: str
    session: str
    date: date
    check_in_from: datetime
    starts_at: datetime
    ends_at: datetime | None
    duration: timedelta | None
    sealing_min: int
    #: Students expected; the exempt are not.
    expected: int

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.school, self.room, self.session)


@dataclass(frozen=True, slots=True, kw_only=True)
class NilDue:
    """When a school should have said something of a day."""

    school: str
    timezone: str
    date: date
    due_at: datetime
    alarm_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A county's slots, its schools' days, and the tolerances."""

    slots: tuple[Slot, ...]
    days: Mapping[str, list[Day]]
    nil: tuple[NilDue, ...]
    limits: Tolerances


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A slot with what was heard of it (`expectation.Room`)."""

    check_in_from: datetime
    starts_at: datetime
    ends_at: datetime | None
    sealing_min: int
    expected: int
    state: str = "planned"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    sealed_at: datetime | None = None
    lawful_end_at: datetime | None = None
    boxed_at: datetime | None = None
    present: int = 0
    absent: int = 0
    fact_heard_at: datetime | None = None
    #: The first and the last check-in that stand.
    first_at: datetime | None = None
    last_at: datetime | None = None


class _Count(NamedTuple):
    present: int
    absent: int
    first_at: datetime | None
    last_at: datetime | None
    heard_at: datetime | None


def plan_of(reference: Reference) -> Plan:
    """The plan of a county."""
    slots, nil = [], []
    of_school = {code: days.by_clock(reference, school) for code, school in reference.schools.items()}
    wait = timedelta(minutes=int(reference.policies["nil_report_min"].value))
    for code, school in reference.schools.items():
        zone = school.timezone
        expected = dict.fromkeys(school.rooms, 0)
        for student in school.students.values():
            if student.exempt_reason is None and student.room in expected:
                expected[student.room] += 1
        last: dict[date, datetime] = {}
        for room, grade in school.rooms.items():
            for session in reference.sessions_of(grade):
                over = session.sealing_until(zone) or session.starts_at(zone)
                last[session.date] = max(over, last.get(session.date, over))
                slots.append(
                    Slot(
                        school=code,
                        room=room,
                        session=session.code,
                        date=session.date,
                        check_in_from=session.check_in_from(zone),
                        starts_at=session.starts_at(zone),
                        ends_at=session.ends_at(zone),
                        duration=session.duration,
                        sealing_min=session.sealing_min,
                        expected=expected[room],
                    )
                )
        nil += [
            NilDue(school=code, timezone=zone, date=day, due_at=over, alarm_at=over + wait)
            for day, over in sorted(last.items())
        ]
    names = Tolerances.__slots__
    limits = Tolerances(**{name: int(reference.policies[name].value) for name in names})
    return Plan(slots=tuple(slots), days=of_school, nil=tuple(nil), limits=limits)


def closed_by_hand(county: str, window: str) -> dict[tuple[str, str], datetime]:
    """When somebody closed a day, by school and date. One statement."""
    rows = db.session.execute(
        select(SchoolDay.school, SchoolDay.date, SchoolDay.closed_at).where(
            SchoolDay.county == county, SchoolDay.window == window, SchoolDay.closed_at.is_not(None)
        )
    )
    return {(row.school, row.date): row.closed_at for row in rows if row.closed_at is not None}


def running(plan: Plan, closed: Mapping[tuple[str, str], datetime], now: datetime) -> set[tuple[str, date]]:
    """Days on which something can be silent, by school: their check-in has opened and nobody has closed them."""
    found = set()
    for school, all_days in plan.days.items():
        for day in all_days:
            by_hand = closed.get((school, day.date.isoformat()))
            over = day.closes_at <= now or (by_hand is not None and by_hand <= now)
            if day.check_in_from <= now and not over:
                found.add((school, day.date))
    return found


def stands(county: str, window: str, slots: Collection[Slot]) -> Iterator[tuple[Slot, Stand]]:
    """Each slot with what was heard of it. Two statements, bounded by the sessions that the slots name."""
    sessions = sorted({slot.session for slot in slots})
    sittings = _sittings(county, window, sessions) if sessions else {}
    counts = _counts(county, window, sessions) if sessions else {}
    for slot in slots:
        row, count = sittings.get(slot.key), counts.get(slot.key)
        said = _Count(0, 0, None, None, None) if count is None else count
        present, absent = said.present, said.absent
        if row is not None and row.spoken and row.spoken["present"] + row.spoken["absent"] > present + absent:
            present, absent = row.spoken["present"], row.spoken["absent"]
        heard = [at for at in (said.heard_at, row.heard_at if row is not None else None) if at is not None]
        stand = Stand(
            check_in_from=slot.check_in_from,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            sealing_min=slot.sealing_min,
            expected=slot.expected,
            present=present,
            absent=absent,
            first_at=said.first_at,
            last_at=said.last_at,
            fact_heard_at=max(heard, default=None),
            **(
                {
                    "state": row.state,
                    "started_at": row.started_at,
                    "ended_at": row.ended_at,
                    "sealed_at": row.sealed_at,
                    "boxed_at": row.boxed_at,
                    "lawful_end_at": lawful_end(row.started_at, slot.duration, row.paused_s),
                }
                if row is not None
                else {}
            ),
        )
        yield slot, stand


def _sittings(county: str, window: str, sessions: Collection[str]) -> dict[tuple[str, str, str], Any]:
    columns = (
        Sitting.school,
        Sitting.room,
        Sitting.session,
        Sitting.state,
        Sitting.started_at,
        Sitting.ended_at,
        Sitting.sealed_at,
        Sitting.paused_s,
        Sitting.boxed_at,
        Sitting.spoken,
        Sitting.heard_at,
    )
    statement = select(*columns).where(
        Sitting.county == county, Sitting.window == window, Sitting.session.in_(sessions)
    )
    return {(row.school, row.room, row.session): row for row in db.session.execute(statement)}


def _counts(county: str, window: str, sessions: Collection[str]) -> dict[tuple[str, str, str], _Count]:
    on_roster = (
        (Student.county == Attendance.county)
        & (Student.window == Attendance.window)
        & (Student.school == Attendance.school)
        & (Student.code == Attendance.student)
    )
    keys = (Attendance.school, Student.room, Attendance.session, Attendance.status)
    statement = (
        select(
            *keys,
            func.count().label("number"),
            func.min(Attendance.checked_in_at).label("first_at"),
            func.max(Attendance.checked_in_at).label("last_at"),
            func.max(Attendance.heard_at).label("heard_at"),
        )
        .join(Student, on_roster)
        .where(
            Attendance.county == county,
            Attendance.window == window,
            Attendance.session.in_(sessions),
            Student.exempt_reason.is_(None),
        )
        .group_by(*keys)
    )
    found: dict[tuple[str, str, str], _Count] = {}
    for row in db.session.execute(statement):
        key = (row.school, row.room, row.session)
        before = found.get(key, _Count(0, 0, None, None, None))
        found[key] = _Count(
            present=before.present + (row.number if row.status in CAME else 0),
            absent=before.absent + (row.number if row.status in ("absent", "refused") else 0),
            first_at=min((at for at in (before.first_at, row.first_at) if at is not None), default=None),
            last_at=max((at for at in (before.last_at, row.last_at) if at is not None), default=None),
            heard_at=max((at for at in (before.heard_at, row.heard_at) if at is not None), default=None),
        )
    return found


class Spoke(NamedTuple):
    """Something that a school said of its own accord."""

    at: datetime
    heard_at: datetime


def spoke(county: str, window: str) -> dict[str, list[Spoke]]:
    """What each school said of its own accord, by when it happened. One statement, by an index of these kinds alone."""
    statement = (
        select(_events.c.school, _events.c.occurred_at, _events.c.received_at)
        .where(
            _events.c.county == county,
            _events.c.window == window,
            SPOKE,  # word for word as in the index: with parameters SQLite would not see that it fits
            _events.c.person.is_not(None),
        )
        .order_by(_events.c.occurred_at)
    )
    found: dict[str, list[Spoke]] = {}
    for row in db.session.execute(statement):
        if row.school is not None:
            found.setdefault(row.school, []).append(Spoke(row.occurred_at, row.received_at))
    return found
