"""What the page of a room shows: put together here, so that the view stays thin and a test can ask it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fieldops.journal import queries as journal
from fieldops.journal.events import Event
from fieldops.roster.reference import SchoolRef, StudentRef
from fieldops.testday import queries
from fieldops.testday.queries import AnomalyLine, Counts, SittingLine
from fieldops.testday.standing import named, standing
from fieldops.timetable.schedule import Session


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session of the room with its state and numbers. `sitting` is None while nothing was noted about it."""

    session: Session
    sitting: SittingLine | None
    counts: Counts

    @property
    def state(self) -> str:
        """The sitting's state; `planned` while nothing was noted."""
        return self.sitting.state if self.sitting else "planned"

    @property
    def spoken_counts(self) -> Counts | None:
        """The numbers heard over the telephone, while nothing better is known."""
        return self.sitting.spoken_counts(self.counts) if self.sitting else None

    @property
    def spoken_at(self) -> datetime | None:
        """When they were heard."""
        return datetime.fromisoformat(self.sitting.spoken["at"]) if self.sitting and self.sitting.spoken else None

    @property
    def spoken(self) -> bool:
        """Whether anything that is shown of it was only heard over the telephone."""
        return self.spoken_counts is not None or bool(self.sitting and self.sitting.spoken_times)


@dataclass(frozen=True, slots=True)
class StudentLine:
    """A student of the room with what was noted; `row` is None where nothing was."""

    student: StudentRef
    row: Mapping[str, Any] | None

    @property
    def status(self) -> str:
        """As it is shown: an exempt student about whom nothing was noted is exempt."""
        if self.row is not None and self.row["status"] != "expected":
            return str(self.row["status"])
        return "exempt" if self.student.exempt_reason else "expected"


@dataclass(frozen=True, slots=True)
class FactLine:
    """A fact of the timeline. `replaced`: it was undone or corrected; it stays visible."""

    event: Event
    #: Name and seat of the student, where it is about one of the roster.
    student: StudentRef | None
    by: str | None
    replaced: bool
    #: Kind of the fact that this one undoes or corrects.
    names: str | None


@dataclass(frozen=True, slots=True)
class RoomPage:
    """A room, its sessions, and one of them whole."""

    school: SchoolRef
    room: str
    sessions: list[SessionLine]
    chosen: SessionLine
    students: list[StudentLine]
    #: Noted in this room and session, and no student of the room: not on the roster, or of another room.
    strangers: list[Mapping[str, Any]]
    facts: list[FactLine]
    anomalies: list[AnomalyLine]
    #: Expected, and nothing noted: who a freeze would make absent.
    open: list[StudentRef]


def build(county: str, window: str, school: str, room: str, *, wanted: str | None, now: datetime) -> RoomPage | None:
    """The page of a room; None when the window's roster has no such room, or no session for its grade.

    Args:
        wanted: code of the session to show; where there is none of this code, the one that is on.
        now: the window's clock.
    """
    plan = queries.reference(county, window)
    place = plan.schools.get(school)
    grade = place.rooms.get(room) if place else None
    if place is None or grade is None or not plan.sessions_of(grade):
        return None
    sittings = {line.session: line for line in queries.sittings(county, window, school=school) if line.room == room}
    counts = queries.room_counts(county, window, school=school)
    lines = [SessionLine(s, sittings.get(s.code), counts[school, room, s.code]) for s in plan.sessions_of(grade)]
    lines.sort(key=lambda line: line.session.starts_at(place.timezone))
    chosen = next((line for line in lines if line.session.code == wanted), None) or _on(lines, place.timezone, now)
    code = chosen.session.code
    rows = {row["student"]: row for row in queries.attendance_rows(county, window, school, session=code)}
    students = [StudentLine(student, rows.get(student.code)) for student in place.in_room(room)]
    own = {line.student.code for line in students}
    return RoomPage(
        school=place,
        room=room,
        sessions=lines,
        chosen=chosen,
        students=students,
        strangers=[row for row in rows.values() if row["room"] == room and row["student"] not in own],
        facts=_facts(county, window, place, room=room, session=code, own=own),
        anomalies=[
            line
            for line in queries.anomalies(county, window, school=school)
            if line.room in (room, None) and line.session in (code, None)
        ],
        open=[line.student for line in students if line.status == "expected"],
    )


def _on(lines: Sequence[SessionLine], timezone: str, now: datetime) -> SessionLine:
    """The session that is on: one at work, else the newest whose check-in has opened, else the first."""
    at_work = [line for line in lines if line.state in ("running", "paused")]
    opened = [line for line in lines if line.session.check_in_from(timezone) <= now]
    return (at_work or opened or lines[:1])[-1]


def _facts(
    county: str, window: str, school: SchoolRef, *, room: str, session: str, own: Iterable[str]
) -> list[FactLine]:
    """Everything noted about the room in the session, and about its students elsewhere, the newest first.

    Incidents have pages of their own.
    """
    attendance = [f"attendance/{window}/{school.code}/{session}/{student}" for student in own]
    found = {event.id: event for events in journal.of_entities(county, attendance).values() for event in events}
    for event in journal.of_room(county, window, school.code, room):
        if event.session == session and not event.kind.startswith("incident."):
            found[event.id] = event
    entities: dict[str, list[Event]] = {}
    for event in found.values():
        entities.setdefault(event.entity, []).append(event)
    standing_ids = {
        event.id for entity, events in entities.items() for event in (standing(events) if entity else events)
    }
    names = queries.names_of({event.person for event in found.values()})
    return [
        FactLine(
            event=event,
            student=school.students.get(event.student) if event.student else None,
            by=names.get(event.person),
            replaced=event.id not in standing_ids and event.kind != "sitting.frozen",
            names=next(
                (
                    found[other].kind
                    for other in (named(event, field) for field in ("undoes", "corrects", "withdraws"))
                    if other in found
                ),
                None,
            ),
        )
        for event in sorted(found.values(), key=lambda event: event.moment, reverse=True)
    ]
