"""What follows from an incident's events in the same transaction: who was told, what goes on in what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from fieldops.db import db
from fieldops.incidents import area_facts, clocks, duty, transitions
from fieldops.incidents.apply import BEGIN
from fieldops.incidents.incident import Incident, named
from fieldops.incidents.models import IncidentRow
from fieldops.journal.events import Draft, Event, derived_id, make
from fieldops.journal.kinds import Reading
from fieldops.roster import reference

_row = IncidentRow.__table__.c


def told(event: Event, state: Incident, reading: Reading) -> Sequence[Draft]:
    """Whenever an event tells a level: who was on duty there; with the report also the values in force."""
    return [_clocked(event, state, reading)] if state.told_by == event.id else []


def reported(event: Event, state: Incident, reading: Reading) -> Sequence[Draft]:
    """A report: its clock starts. The same fault again, soon after it was over, goes on as what it was."""
    if state.told_by != event.id:  # not the report of this incident: its id is another's
        return []
    drafts = [_clocked(event, state, reading), area_facts.heard(event, reading)]
    before = _over_just_now(event, state)
    if before is not None:
        drafts += [
            _system("recurred", event, event.school, {"incident": event.id, "into": before[0]}, event.id),
            _joined(event, state, *before, again=True),
        ]
    return drafts


def merged(event: Event, state: Incident, _reading: Reading) -> Sequence[Draft]:
    """The incident in which it goes on learns of it."""
    into = named(event, "into")
    school = db.session.scalar(select(_row.school).where(_row.county == event.county, _row.id == into))
    return [_joined(event, state, into, school, again=False)]


def instructed(event: Event, state: Incident, reading: Reading) -> Sequence[Draft]:
    """An instruction: to all schools of a county incident at once."""
    return [*told(event, state, reading), *_to_schools(event, state)]


def resolved(event: Event, state: Incident, _reading: Reading) -> Sequence[Draft]:
    """That it is over, and how: the schools of a county incident hear it too."""
    return _to_schools(event, state)


def joined(event: Event, state: Incident, reading: Reading) -> Sequence[Draft]:
    """A school that joins a county incident later reads what was said to the others."""
    drafts = list(told(event, state, reading))
    school, text = event.data.get("school"), state.last_instruction
    if school and text:
        drafts.append(area_facts.notice(event, state, text, state.instructions[-1]["by"], [school]))
    return drafts


def _to_schools(event: Event, state: Incident) -> list[Draft]:
    if state.school is not None or not state.schools:
        return []
    return [area_facts.notice(event, state, event.data["text"], event.person, state.schools)]


def mergeable(event: Event) -> bool:
    """Whether the incident that a merge names is there and under way, in the same window."""
    into = named(event, "into")
    statement = select(_row.state, _row.window, _row.school).where(_row.county == event.county, _row.id == into)
    found = db.session.execute(statement).one_or_none()
    return (
        found is not None
        and found.window == event.window
        # A county's incident does not go on in a school's.
        and (event.school is not None or found.school is None)
        and found.state in ("open", "acknowledged")
        and into != named(event, "incident")
    )


def _over_just_now(event: Event, state: Incident) -> tuple[str, str] | None:
    """Id and school of the incident of the same kind and place that was over, and not for long, when this happened."""
    over = select(_row.id, _row.school, _row.resolved_at, _row.ended_at).where(
        _row.county == event.county,
        _row.window == event.window,
        _row.school == event.school,
        _row.category == state.category,
        _row.room.is_(None) if event.room is None else _row.room == event.room,
        _row.state.in_(("resolved", "closed")),
        _row.id != event.id,
    )
    for row in sorted(db.session.execute(over), key=lambda row: row.resolved_at, reverse=True):
        end = row.resolved_at
        if end <= event.occurred_at <= (row.ended_at or end) + transitions.REALARM_WITHIN:
            return row.id, row.school
    return None


def _joined(event: Event, state: Incident, into: str, school: str | None, *, again: bool) -> Draft:
    data = {"incident": into, "other": state.id, "severity": state.severity, "level": state.level, "again": again}
    if school is None and event.school is not None:
        data["school"] = event.school  # into a county incident
    return _system("joined", event, school, data, state.id)


def _clocked(event: Event, state: Incident, reading: Reading) -> Draft:
    found = duty.at(event.county, event.school, event.window, state.level)
    data: dict[str, Any] = {
        "incident": state.id,
        "told": event.id,
        "cause": event.kind.removeprefix("incident."),
        "level": state.level,
        "place": found.place,
        "on_duty": found.people,
    }
    if found.people == 0:
        data["fallback"] = found.fallback
        data["above"] = found.above
    if event.kind in BEGIN:
        data["policy"] = clocks.frozen(reference.load(reading).policies)
    return _system("clocked", event, event.school, data, state.id)


def _system(kind: str, event: Event, school: str | None, data: dict[str, Any], about: str) -> Draft:
    at = event.received_at
    return make(
        f"incident.{kind}", at=at, identity=derived_id(event.id, kind, about), school=school, room=event.room, data=data
    )
