"""What was heard from rooms, beside attendance and times: anomalies, flags, devices, incidents. One statement each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, func, select

from fieldops.db import db
from fieldops.incidents.models import IncidentRow
from fieldops.incidents.queries import worst_and_oldest
from fieldops.incidents.transitions import FINAL
from fieldops.organisation.models import Device, Duty
from fieldops.organisation.places import path_of
from fieldops.roster.reference import Reference
from fieldops.testday.models import Anomaly, Attendance
from fieldops.testday.queries import SittingLine
from fieldops.timetable import clock
from fieldops.timetable.models import Window

#: School, room, session.
Key = tuple[str, str, str]
#: The same where room or session may be missing.
Where = tuple[str, str | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What was noted beside attendance and times, of one room in one session."""

    anomalies: int = 0
    late_entries: int = 0
    clock_off: int = 0
    heard_at: datetime | None = None


def noted(
    county: str,
    window: str,
    *,
    school: str | None,
    sessions: Collection[str],
    lines: Mapping[Key, SittingLine],
    plan: Reference,
) -> dict[Where, Noted]:
    """Anomalies that count, flags and the newest arrival, by school, room and session. Two statements.

    An anomaly without a session is kept under (school, room, None), one without a room under (school, None, None).
    """
    found: dict[Where, dict[str, int]] = {}
    heard: dict[Where, datetime] = {}
    for of_school, room, session, automatic, number in _anomalies(county, window, school):
        if session is not None and session not in sessions:
            continue
        if automatic is None or automatic in _outside(lines.get((of_school, room or "", session or "")), plan):
            where = (of_school, room, session if room else None)
            counted = found.setdefault(where, {})
            counted["anomalies"] = counted.get("anomalies", 0) + number
    flags = cast(Attendance.flags, String)
    statement = (
        select(
            Attendance.school,
            Attendance.room,
            Attendance.session,
            flags,
            func.count(),
            func.max(Attendance.heard_at),
        )
        .where(Attendance.county == county, Attendance.window == window, Attendance.session.in_(sessions))
        .group_by(Attendance.school, Attendance.room, Attendance.session, flags)
    )
    if school is not None:
        statement = statement.where(Attendance.school == school)
    for of_school, room, session, text, number, at in db.session.execute(statement):
        where = (of_school, room, session)
        counted = found.setdefault(where, {})
        for flag, name in (('"late_entry"', "late_entries"), ('"clock_off"', "clock_off")):
            if flag in text:
                counted[name] = counted.get(name, 0) + number
        heard[where] = max(at, heard.get(where, at))
    return {where: Noted(**found.get(where, {}), heard_at=heard.get(where)) for where in (*found, *heard)}


def _anomalies(county: str, window: str, school: str | None) -> Iterable[Any]:
    """School, room, session, event of the start or end that it is about (automatic ones), how many."""
    of = (Anomaly.school, Anomaly.room, Anomaly.session, Anomaly.of)
    statement = (
        select(*of, func.count())
        .where(
            Anomaly.county == county,
            Anomaly.window == window,
            Anomaly.withdrawn_at.is_(None),
            Anomaly.category.is_not(None),
        )
        .group_by(*of)
    )
    if school is not None:
        statement = statement.where(Anomaly.school == school)
    return db.session.execute(statement)


def _outside(line: SittingLine | None, plan: Reference) -> set[str]:
    """Events of a sitting that are outside their tolerance: an automatic anomaly of another one counts no more."""
    if line is None:
        return set()
    return {
        event
        for event, minutes, policy in (
            (line.start_event, line.start_deviation_min, "start_tolerance_min"),
            (line.end_event, line.end_deviation_min, "end_tolerance_min"),
        )
        if event and minutes is not None and abs(minutes) > int(plan.policies[policy].value)
    }


def devices_heard(county: str, window: Window, school: str | None) -> dict[str, datetime]:
    """When a device of a room's monitors was heard last, by the room's path, in the window's clock. One statement."""
    below = path_of(county, school) + "/"
    statement = (
        select(Duty.place, func.max(Device.last_seen_at))
        .join(Device, Device.person == Duty.person)
        .where(
            Duty.window == window.code,
            Duty.role.in_(("monitor", "subject_monitor")),
            Duty.place.startswith(below, autoescape=True),
            Device.last_seen_at.is_not(None),
        )
        .group_by(Duty.place)
    )
    ahead = clock.shift(window)
    return {place: at + ahead for place, at in db.session.execute(statement) if at is not None}


def incidents_under_way(county: str, window: str, school: str | None) -> list[IncidentRow]:
    """Incidents that are not over, the worst and oldest first. One statement."""
    statement = select(IncidentRow).where(
        IncidentRow.county == county,
        IncidentRow.window == window,
        IncidentRow.state.not_in([*FINAL, "awaited"]),
    )
    if school is not None:
        statement = statement.where(IncidentRow.school == school)
    return sorted(db.session.scalars(statement), key=worst_and_oldest)
