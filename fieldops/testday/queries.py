"""Reads of the test day, for the snapshot, the room's page and the boards. Each is a bounded number of statements.

The board asks for a whole county after every change, so nothing here asks per school, room or student.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from fieldops.db import db
from fieldops.journal import queries as journal
from fieldops.journal.kinds import Reading
from fieldops.organisation.models import Person
from fieldops.roster.models import Student
from fieldops.roster.reference import Reference, StudentRef, load
from fieldops.testday.attendance import CAME
from fieldops.testday.models import Anomaly, Attendance, Sitting
from fieldops.testday.sitting import deviation_min, instant_text, lawful_end
from fieldops.timetable.schedule import Session

#: School, room, session.
SittingKey = tuple[str, str, str]


@dataclass(slots=True, kw_only=True)
class Counts:
    """A room in a session, counted against the roster: who is not on it is not counted, the exempt are not expected."""

    expected: int = 0
    #: Who came, whatever happened to them later: present, late, left, returned, withdrawn.
    present: int = 0
    #: Noted as absent, or refused.
    absent: int = 0
    #: Of those present: came late, are out at the moment, left for good without finishing.
    late: int = 0
    left: int = 0
    withdrawn: int = 0
    #: Of those absent: came and refused.
    refused: int = 0
    #: Noted absent by one and seen by another.
    contradicted: int = 0

    @property
    def open(self) -> int:
        """Expected, and nothing noted yet."""
        return self.expected - self.present - self.absent

    @property
    def participation(self) -> float | None:
        """Share of the expected who came, 0 to 1; who left unfinished took part. None where nobody is expected."""
        return self.present / self.expected if self.expected else None

    def add(self, other: Counts) -> None:
        """Add another room's or session's numbers."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class SittingLine:
    """A sitting beside its plan. Minutes are positive when later; times are the window's clock, UTC."""

    school: str
    room: str
    session: str
    state: str
    started_at: datetime | None
    paused_at: datetime | None
    paused_s: int
    ended_at: datetime | None
    sealed_at: datetime | None
    frozen_at: datetime | None
    lawful_end_at: datetime | None
    start_deviation_min: int | None
    end_deviation_min: int | None
    start_event: str | None
    end_event: str | None
    heard_at: datetime
    version: int
    facts: list[dict[str, Any]]
    #: Since when the phone of the room is locked away.
    boxed_at: datetime | None
    #: What was heard over the telephone last (`models.Sitting.spoken`).
    spoken: dict[str, Any] | None

    @property
    def spoken_times(self) -> list[str]:
        """Which of `started_at` and `ended_at` are known over the telephone only."""
        return list(self.spoken["stands"]) if self.spoken else []

    def spoken_counts(self, counts: Counts) -> Counts | None:
        """The numbers heard over the telephone, while the facts that arrived account for fewer students; else None."""
        if self.spoken is None or self.spoken["present"] + self.spoken["absent"] <= counts.present + counts.absent:
            return None
        return Counts(expected=counts.expected, present=self.spoken["present"], absent=self.spoken["absent"])


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyLine:
    """An anomaly that counts. `deviation_min` of an automatic one is what it is now, with all that is known."""

    id: str
    school: str
    room: str | None
    session: str | None
    category: str
    note: str | None
    students: list[str]
    occurred_at: datetime
    recorded_at: datetime
    received_at: datetime
    #: Name of who noted it; None when the system did.
    by: str | None
    automatic: bool
    deviation_min: int | None
    reason: str | None


def reference(county: str, window: str) -> Reference:
    """Roster, timetable and policies of the county as they are now."""
    head = journal.head(county)
    return load(Reading(county, window, head.reference if head else 0))


def sittings(
    county: str, window: str, *, school: str | None = None, sessions: Collection[str] | None = None
) -> list[SittingLine]:
    """Sittings about which something was noted, of a county or one school, of all or some sessions. One statement."""
    plan = reference(county, window)
    table = Sitting.__table__
    statement = _of(select(table), Sitting, county, window, school)
    if sessions is not None:
        statement = statement.where(Sitting.session.in_(sessions))
    rows = db.session.execute(statement.order_by(Sitting.school, Sitting.room, Sitting.session)).mappings()
    return [_beside_plan(row, plan) for row in rows]


def anomalies(county: str, window: str, *, school: str | None = None) -> list[AnomalyLine]:
    """Anomalies that count, the newest first. Three statements.

    Left out are those withdrawn, and automatic ones whose start or end was corrected since or is within the tolerance
    now that all is known (pauses may arrive after the end that they explain).
    """
    return _anomalies(county, window, school, sittings(county, window, school=school), reference(county, window))


def room_counts(
    county: str, window: str, *, school: str | None = None, sessions: Collection[str] | None = None
) -> dict[SittingKey, Counts]:
    """The numbers of each room in each session of its grade, of a county or one school. One statement.

    A student counts in the room of the roster, wherever they were noted.
    """
    plan = reference(county, window)
    counts = {
        (code, room, session.code): Counts()
        for code, place in plan.schools.items()
        if school in (None, code)
        for room, grade in place.rooms.items()
        for session in plan.sessions_of(grade)
        if sessions is None or session.code in sessions
    }
    expected: dict[tuple[str, str], int] = {}
    for code, place in plan.schools.items():
        for student in place.students.values():
            if student.exempt_reason is None:
                expected[code, student.room] = expected.get((code, student.room), 0) + 1
    for (code, room, _), count in counts.items():
        count.expected = expected.get((code, room), 0)
    for row in db.session.execute(_grouped(county, window, school, sessions)):
        found = counts.get((row.school, row.room, row.session))
        if found is not None:  # else a session of another grade: flagged, and not counted
            _count(found, row.status, row.number, row.late, row.contradicted)
    return counts


def heard_at(county: str, window: str, *, school: str | None = None) -> dict[tuple[str, str], datetime]:
    """When a room was heard last, by school and room: the newest arrival of a fact about it. Two statements."""
    heard: dict[tuple[str, str], datetime] = {}
    for model in (Attendance, Sitting):
        newest = select(model.school, model.room, func.max(model.heard_at).label("at")).group_by(
            model.school, model.room
        )
        for row in db.session.execute(_of(newest, model, county, window, school)):
            if row.room is not None:
                heard[row.school, row.room] = max(row.at, heard.get((row.school, row.room), row.at))
    return heard


def snapshot_states(county: str, window: str, school: str) -> dict[str, list[dict[str, Any]]]:
    """`states` of the snapshot (docs/api.md) without the incidents: ready for JSON, times as text. Five statements."""
    plan = reference(county, window)
    lines = sittings(county, window, school=school)
    rows = attendance_rows(county, window, school)
    said_by = {line.spoken["by"] for line in lines if line.spoken}
    names = names_of({row["person"] for row in rows} | {fact["by"] for line in lines for fact in line.facts} | said_by)
    return {
        "attendance": [
            {
                "student": row["student"],
                "session": row["session"],
                "room": row["room"],
                "status": row["status"],
                "late_min": row["late_min"],
                "reason": row["reason"],
                "checked_in_at": _text(row["checked_in_at"]),
                "by": names.get(row["person"]),
                "provisional": row["provisional"],
                "contradicted": row["contradicted"],
                "event": row["event"],
                "flags": row["flags"],
            }
            for row in rows
        ],
        "sittings": [_sitting_state(line, names) for line in lines],
        "anomalies": [_anomaly_state(line) for line in _anomalies(county, window, school, lines, plan)],
    }


def attendance_rows(county: str, window: str, school: str, *, session: str | None = None) -> list[dict[str, Any]]:
    """Attendance of a school, or of one session of it, as columns by name. Two statements.

    Beside the columns: `provisional` (absent, and the sitting is not frozen), and the flag `after_freeze` where a fact
    arrived after the chief monitor had made the absences final.
    """
    plan = reference(county, window)
    statement = _of(select(Attendance.__table__), Attendance, county, window, school)
    frozen_at = _of(select(Sitting.session, Sitting.room, Sitting.frozen_at), Sitting, county, window, school)
    if session is not None:
        statement = statement.where(Attendance.session == session)
        frozen_at = frozen_at.where(Sitting.session == session)
    frozen = {(row.session, row.room): row.frozen_at for row in db.session.execute(frozen_at) if row.frozen_at}
    place = plan.schools.get(school)
    students = place.students if place else {}
    found = []
    for row in db.session.execute(statement.order_by(Attendance.session, Attendance.student)).mappings():
        student = students.get(row["student"])
        final_at = frozen.get((row["session"], student.room if student else row["room"]))
        later = final_at is not None and row["heard_at"] > final_at
        found.append(
            {
                **row,
                "flags": sorted({*row["flags"], "after_freeze"}) if later else list(row["flags"]),
                "provisional": row["status"] == "absent" and final_at is None,
            }
        )
    return found


def unaccounted(county: str, window: str, school: str, *, room: str, session: str) -> list[StudentRef]:
    """Students of a room who are expected in the session and about whom nothing stands, by seat. Three statements."""
    place = reference(county, window).schools.get(school)
    if place is None:
        return []
    rows = attendance_rows(county, window, school, session=session)
    known = {row["student"] for row in rows if row["status"] != "expected"}
    return [s for s in place.in_room(room) if s.exempt_reason is None and s.code not in known]


def _of(statement: Any, model: Any, county: str, window: str, school: str | None) -> Any:
    """The statement with its county, window and school; `Any`, since a Select's type names its columns."""
    statement = statement.where(model.county == county, model.window == window)
    return statement if school is None else statement.where(model.school == school)


def _beside_plan(row: Mapping[Any, Any], plan: Reference) -> SittingLine:
    session: Session | None = plan.sessions.get(row["session"])
    place = plan.schools.get(row["school"])
    lawful = lawful_end(row["started_at"], session.duration if session else None, row["paused_s"])
    planned = session.starts_at(place.timezone) if session and place else None
    return SittingLine(
        **{name: row[name] for name in SittingLine.__slots__ if name in row},
        lawful_end_at=lawful,
        start_deviation_min=deviation_min(row["started_at"], planned),
        end_deviation_min=deviation_min(row["ended_at"], lawful),
    )


def _anomalies(
    county: str, window: str, school: str | None, lines: Iterable[SittingLine], plan: Reference
) -> list[AnomalyLine]:
    statement = _of(select(Anomaly.__table__, Person.name), Anomaly, county, window, school)
    rows = db.session.execute(
        statement.outerjoin(Person, Person.id == Anomaly.person)
        .where(Anomaly.withdrawn_at.is_(None), Anomaly.category.is_not(None))
        .order_by(Anomaly.occurred_at.desc(), Anomaly.id)
    ).mappings()
    deviations = _deviations(lines, plan)
    return [
        AnomalyLine(
            **{name: row[name] for name in AnomalyLine.__slots__ if name in row and name != "deviation_min"},
            by=row["name"],
            deviation_min=deviations.get(row["of"]) if row["automatic"] else None,
        )
        for row in rows
        if not row["automatic"] or row["of"] in deviations
    ]


def _deviations(lines: Iterable[SittingLine], plan: Reference) -> dict[str, int]:
    """Event of a start or an end that is outside its tolerance → minutes."""
    return {
        event: minutes
        for line in lines
        for event, minutes, policy in (
            (line.start_event, line.start_deviation_min, "start_tolerance_min"),
            (line.end_event, line.end_deviation_min, "end_tolerance_min"),
        )
        if event is not None and minutes is not None and abs(minutes) > int(plan.policies[policy].value)
    }


def _grouped(county: str, window: str, school: str | None, sessions: Collection[str] | None) -> Any:
    on_roster = (
        (Student.county == Attendance.county)
        & (Student.window == Attendance.window)
        & (Student.school == Attendance.school)
        & (Student.code == Attendance.student)
    )
    keys = (Attendance.school, Student.room, Attendance.session, Attendance.status, Attendance.contradicted)
    late = func.count(Attendance.late_min)  # null when in time
    statement = _of(select(*keys, func.count().label("number"), late.label("late")), Attendance, county, window, school)
    statement = statement.join(Student, on_roster).where(Student.exempt_reason.is_(None)).group_by(*keys)
    return statement if sessions is None else statement.where(Attendance.session.in_(sessions))


def _count(counts: Counts, status: str, number: int, late: int, contradicted: bool) -> None:
    counts.contradicted += number if contradicted else 0
    if status in CAME:
        counts.present += number
        counts.late += late
        counts.left += number if status == "left" else 0
        counts.withdrawn += number if status == "withdrawn" else 0
    elif status in ("absent", "refused"):
        counts.absent += number
        counts.refused += number if status == "refused" else 0


def names_of(people: Collection[str | None]) -> dict[str | None, str]:
    """Names by id of those who noted something: a school has eight on duty, a county two hundred."""
    wanted = [identity for identity in people if identity is not None]
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted))) if wanted else ()
    return {row.id: row.name for row in rows}


def _text(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


def _sitting_state(line: SittingLine, names: Mapping[str | None, str]) -> dict[str, Any]:
    return {
        "room": line.room,
        "session": line.session,
        "state": line.state,
        "started_at": _text(line.started_at),
        "paused_at": _text(line.paused_at),
        "paused_s": line.paused_s,
        "ended_at": _text(line.ended_at),
        "sealed_at": _text(line.sealed_at),
        "frozen_at": _text(line.frozen_at),
        "lawful_end_at": _text(line.lawful_end_at),
        "start_deviation_min": line.start_deviation_min,
        "end_deviation_min": line.end_deviation_min,
        "version": line.version,
        "boxed_at": _text(line.boxed_at),
        "spoken": {**line.spoken, "by": names.get(line.spoken["by"])} if line.spoken else None,
        "facts": [{**fact, "by": names.get(fact["by"])} for fact in line.facts],
    }


def _anomaly_state(line: AnomalyLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "room": line.room,
        "session": line.session,
        "category": line.category,
        "note": line.note,
        "students": line.students,
        "occurred_at": _text(line.occurred_at),
        "by": line.by,
        "automatic": line.automatic,
        "deviation_min": line.deviation_min,
        "reason": line.reason,
    }
