"""What the boards show, read in a bounded number of statements: nothing here asks per school or room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime

from fieldops.board import attention
from fieldops.board.attention import Limits, Need, Reason, Standing
from fieldops.board.focus import after, focus, until
from fieldops.board.signs import Key, Noted, Where, devices_heard, incidents_under_way, noted
from fieldops.incidents.models import IncidentRow
from fieldops.organisation.places import path_of
from fieldops.roster.reference import Reference, SchoolRef
from fieldops.testday import queries as testday
from fieldops.testday.queries import Counts, SittingLine
from fieldops.timetable.models import Window
from fieldops.timetable.schedule import Session


@dataclass(slots=True, kw_only=True)
class RoomTile:
    """A room with the session that it is about."""

    code: str
    grade: int
    session: Session
    sitting: attention.Sitting
    standing: Standing
    reasons: list[Reason]
    #: Newest sign of the room, window clock: a fact, or a device of its monitors.
    heard_at: datetime | None
    stale: bool
    under_way: bool

    @property
    def need(self) -> Need:
        return attention.need_of(self.reasons)


@dataclass(slots=True, kw_only=True)
class SchoolBoard:
    """A school with its rooms, those that need somebody first."""

    county: str
    code: str
    name: str
    timezone: str
    telephone: str | None
    rooms: list[RoomTile]
    #: Incidents that are not over, the worst first.
    incidents: list[IncidentRow]
    #: What concerns the school rather than a room.
    own_reasons: list[Reason]
    #: What comes next by the timetable, one a grade.
    coming: list[Session] = field(default_factory=list)

    @property
    def reasons(self) -> list[tuple[str | None, Reason]]:
        """Room (None: the school) and reason, the most needed first."""
        found: list[tuple[str | None, Reason]] = [(None, reason) for reason in self.own_reasons]
        found += [(room.code, reason) for room in self.rooms for reason in room.reasons]
        return sorted(found, key=lambda pair: (*pair[1].order, pair[0] or ""))

    @property
    def need(self) -> Need:
        return attention.need_of([reason for _room, reason in self.reasons])

    @property
    def counts(self) -> Counts:
        """Students of all rooms in the sessions shown."""
        total = Counts()
        for room in self.rooms:
            total.expected += room.sitting.expected
            total.present += room.sitting.present
            total.absent += room.sitting.absent
        return total

    @property
    def spoken(self) -> bool:
        """Whether some of what is shown was heard over the telephone only."""
        return any(room.sitting.spoken for room in self.rooms)

    @property
    def states(self) -> dict[str, int]:
        """How many rooms are in each state."""
        found: dict[str, int] = {}
        for room in self.rooms:
            found[room.sitting.state] = found.get(room.sitting.state, 0) + 1
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A county, or one school of it."""

    #: Those that need attention first.
    schools: list[SchoolBoard]
    #: Incidents that are not over, the worst and oldest first; also those of no school.
    incidents: list[IncidentRow]
    plan: Reference


#: Names of the policies that the boards go by.
LIMITS = tuple(of.name for of in fields(Limits))


def limits_of(plan: Reference) -> Limits:
    """The policy values that the boards go by."""
    return Limits(**{name: int(plan.policies[name].value) for name in LIMITS})


def board(
    county: str, window: Window, *, now: datetime, wall: datetime | None = None, school: str | None = None
) -> Board:
    """The schools of a county, or one of them, at a session.

    Args:
        now: by the window's clock, UTC.
        wall: a time of the wall clock that somebody chose instead of now (`focus.chosen`).
    """
    plan = testday.reference(county, window.code)
    schools = {code: place for code, place in plan.schools.items() if school in (None, code)}
    shown = {
        (code, room): session
        for code, place in schools.items()
        for room, grade in place.rooms.items()
        if (session := focus(plan.sessions_of(grade), place.timezone, now, wall)) is not None
    }
    of_day = {of.code for at in shown.values() for of in (at, *until(plan.sessions_of(at.grade), at))}
    lines = {
        (line.school, line.room, line.session): line
        for line in testday.sittings(county, window.code, school=school, sessions=of_day)
    }
    under_way = incidents_under_way(county, window.code, school)
    read = _Read(
        county=county,
        plan=plan,
        limits=limits_of(plan),
        now=now,
        shown=shown,
        lines=lines,
        counts=testday.room_counts(county, window.code, school=school, sessions=of_day),
        noted=noted(county, window.code, school=school, sessions=of_day, lines=lines, plan=plan),
        devices=devices_heard(county, window, school),
        incidents=under_way,
    )
    found = [read.school(code, place) for code, place in schools.items()]
    found.sort(key=lambda board: attention.order_of([reason for _room, reason in board.reasons], board.code))
    return Board(schools=found, incidents=under_way, plan=plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """All that was read, to be laid out by room."""

    county: str
    plan: Reference
    limits: Limits
    now: datetime
    shown: Mapping[tuple[str, str], Session]
    lines: Mapping[Key, SittingLine]
    counts: Mapping[Key, Counts]
    noted: Mapping[Where, Noted]
    #: By path of the room.
    devices: Mapping[str, datetime]
    #: Worst first.
    incidents: list[IncidentRow]

    def school(self, code: str, place: SchoolRef) -> SchoolBoard:
        here = [row for row in self.incidents if row.school == code]
        rooms = [self.room(code, place, room, here) for room in place.rooms if (code, room) in self.shown]
        own = attention.of_place(
            incidents=[row.severity for row in here if row.room not in place.rooms and _unresolved(row)],
            anomalies=self.noted.get((code, None, None), Noted()).anomalies,
        )
        grades = sorted(set(place.rooms.values()))
        coming = (after(self.plan.sessions_of(grade), place.timezone, self.now) for grade in grades)
        return SchoolBoard(
            county=self.county,
            code=code,
            name=place.name,
            timezone=place.timezone,
            telephone=place.telephone,
            rooms=sorted(rooms, key=lambda room: attention.order_of(room.reasons, room.code)),
            incidents=here,
            own_reasons=own,
            coming=[session for session in coming if session],
        )

    def room(self, school: str, place: SchoolRef, room: str, incidents: list[IncidentRow]) -> RoomTile:
        session = self.shown[school, room]
        sitting = self.sitting(school, place, room, session, whole_room=True)
        earlier = [
            self.sitting(school, place, room, before) for before in until(self.plan.sessions_of(session.grade), session)
        ]
        heard = [
            at
            for at in (
                self.devices.get(path_of(self.county, school, room)),
                *(sitting.fact_heard_at for sitting in (sitting, *earlier)),
            )
            if at is not None
        ]
        heard_at = min(max(heard), self.now) if heard else None
        severities = [row.severity for row in incidents if row.room == room and _unresolved(row)]
        return RoomTile(
            code=room,
            grade=session.grade,
            session=session,
            sitting=sitting,
            standing=attention.standing(sitting, self.now),
            reasons=attention.reasons(
                sitting, now=self.now, limits=self.limits, heard_at=heard_at, incidents=severities, earlier=earlier
            ),
            heard_at=heard_at,
            stale=attention.stale(sitting, heard_at, self.now, self.limits),
            under_way=attention.under_way(sitting, self.now),
        )

    def sitting(
        self, school: str, place: SchoolRef, room: str, session: Session, *, whole_room: bool = False
    ) -> attention.Sitting:
        key = (school, room, session.code)
        line, counts = self.lines.get(key), self.counts.get(key, Counts())
        said = line.spoken_counts(counts) if line else None
        shown = said or counts
        noted = self.noted.get(key, Noted())
        of_room = self.noted.get((school, room, None), Noted()) if whole_room else Noted()
        heard = [at for at in (line.heard_at if line else None, noted.heard_at) if at]
        return attention.Sitting(
            session=session.code,
            check_in_from=session.check_in_from(place.timezone),
            starts_at=session.starts_at(place.timezone),
            ends_at=session.ends_at(place.timezone),
            sealing_min=session.sealing_min,
            state=line.state if line else "planned",
            started_at=line.started_at if line else None,
            paused_at=line.paused_at if line else None,
            ended_at=line.ended_at if line else None,
            frozen=line is not None and line.frozen_at is not None,
            lawful_end_at=line.lawful_end_at if line else None,
            start_deviation_min=line.start_deviation_min if line else None,
            end_deviation_min=line.end_deviation_min if line else None,
            expected=counts.expected,
            present=shown.present,
            absent=shown.absent,
            contradicted=counts.contradicted,
            anomalies=noted.anomalies + of_room.anomalies,
            late_entries=noted.late_entries,
            clock_off=noted.clock_off,
            fact_heard_at=max(heard, default=None),
            boxed_at=line.boxed_at if line else None,
            spoken=said is not None or bool(line and line.spoken_times),
        )


def _unresolved(row: IncidentRow) -> bool:
    return row.state in ("open", "acknowledged")
