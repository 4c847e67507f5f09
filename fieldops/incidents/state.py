"""The state of an incident: a pure fold of its events, the same whatever order or repetition they come in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from fieldops.incidents import transitions
from fieldops.incidents.severity import derive
from fieldops.journal.events import Event


@dataclass(slots=True, kw_only=True)
class Incident:
    """Fields as in `models.IncidentRow`."""

    county: str
    id: str
    window: str = ""
    school: str | None = None
    room: str | None = None
    session: str | None = None
    category: str = "other"
    severity: str = "minor"
    level: str = "school"
    reached: str = "school"
    state: str = "awaited"
    phase: str = "awaited"
    order_affected: str = "no"
    data_affected: bool = False
    materials_at_risk: bool = False
    beyond_school: bool = False
    because: list[str] = field(default_factory=list)
    note: str | None = None
    handled: str | None = None
    students: list[str] = field(default_factory=list)
    reporter: str | None = None
    flags: list[str] = field(default_factory=list)
    occurred_at: datetime | None = None
    written_at: datetime | None = None
    received_at: datetime | None = None
    told_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    owner: str | None = None
    instructions: list[dict[str, str | None]] = field(default_factory=list)
    last_instruction: str | None = None
    resolved_at: datetime | None = None
    resolved_level: str | None = None
    resolution: str | None = None
    verified_at: datetime | None = None
    verify_level: str | None = None
    ended_at: datetime | None = None
    version: int = 0
    next_due_at: datetime | None = None


def fold(events: Iterable[Event]) -> Incident:
    """State after these events: the report first, then decisions in the order in which they were accepted.

    Notes are facts of the timeline and change no state. Events of another school or window that name this incident
    are no part of it. Without the report the incident is `awaited`.
    """
    unique = {event.id: event for event in events}
    identity, county = _identity(unique.values())
    state = Incident(county=county, id=identity)
    report = unique.get(identity)
    if report is None or report.kind != "incident.reported":
        anyone = min(unique.values(), key=lambda event: event.seq)
        state.window = anyone.window
        return state
    _report(state, report)
    for event in ordered(unique.values()):
        apply = _APPLY.get(event.kind)
        if apply is not None and (event.school, event.window) == (state.school, state.window):
            apply(state, event)
            state.version += 1
    state.verify_level = transitions.verifying_level(state)
    return state


def ordered(events: Iterable[Event]) -> list[Event]:
    """Decisions by acceptance: each was taken on the state that those before it left."""
    return sorted(events, key=lambda event: event.seq)


def as_row(state: Incident) -> Mapping[str, Any]:
    """The row of the state."""
    return asdict(state)


def acting_level(event: Event, holder: str) -> str | None:
    """At which level somebody acted who may act at several: at the holder's if there, else at their highest."""
    if not event.levels or holder in event.levels:
        return holder if event.levels else None
    return event.levels[-1]


def utc_text(moment: datetime) -> str:
    """`2024-05-20T01:25:00.000Z`: how every instant is written for programs (docs/api.md)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _identity(events: Iterable[Event]) -> tuple[str, str]:
    first = next(iter(events))
    return first.entity.removeprefix("incident/"), first.county


def _report(state: Incident, event: Event) -> None:
    data = event.data
    state.window, state.school, state.room, state.session = event.window, event.school, event.room, event.session
    state.category = data["category"]
    state.order_affected = data["order_affected"]
    state.data_affected = data["data_affected"]
    state.materials_at_risk = data["materials_at_risk"]
    state.beyond_school = data["beyond_school"]
    severity, because = derive(
        data["order_affected"],
        data_affected=state.data_affected,
        materials_at_risk=state.materials_at_risk,
        beyond_school=state.beyond_school,
    )
    state.severity, state.because = severity, list(because)
    state.level = state.reached = transitions.start_level(severity)
    state.state, state.phase = "open", "reported"
    state.note = data.get("note")
    handled = data.get("handled")
    state.handled = handled if isinstance(handled, str) else "" if handled else None
    state.students = list(data.get("students", ()))
    state.reporter, state.flags = event.person, list(event.flags)
    state.occurred_at, state.written_at, state.received_at = event.occurred_at, event.recorded_at, event.received_at
    state.told_at = event.received_at
    state.version = 1


def _acknowledged(state: Incident, event: Event) -> None:
    state.state, state.phase = "acknowledged", "acknowledged"
    _take_on(state, event)


def _take_on(state: Incident, event: Event) -> None:
    state.acknowledged_at, state.acknowledged_by = event.occurred_at, event.person
    state.owner = event.person


def _instruction(state: Incident, event: Event) -> None:
    text = event.data["text"]
    state.instructions.append(
        {
            "text": text,
            "at": utc_text(event.occurred_at),
            "by": event.person,
            "by_level": acting_level(event, state.level),
        }
    )
    state.last_instruction = text


def _instructed(state: Incident, event: Event) -> None:
    _instruction(state, event)
    state.phase = "instructed"
    if state.state == "resolved":  # "not yet": it goes on, with whoever had it
        state.state = "acknowledged" if state.acknowledged_at is not None else "open"
        state.resolved_at = state.resolved_level = state.resolution = None
    elif state.state == "open" and state.level in event.levels:  # an answer is an acknowledgement
        state.state = "acknowledged"
        _take_on(state, event)


def _move(state: Incident, level: str, event: Event) -> None:
    """Another level holds it now: it has been told, and has not acknowledged."""
    state.level, state.state, state.told_at = level, "open", event.received_at
    state.reached = max(state.reached, level, key=transitions.CHAIN.index)
    state.acknowledged_at = state.acknowledged_by = state.owner = None


def _handed_back(state: Incident, event: Event) -> None:
    _instruction(state, event)
    _move(state, event.data["to_level"], event)
    state.phase = "handed_back"


def _escalated(state: Incident, event: Event) -> None:
    _move(state, event.data["to_level"], event)
    state.phase = "escalated"


def _resolved(state: Incident, event: Event) -> None:
    if state.acknowledged_at is None and state.level in event.levels:
        _take_on(state, event)
    state.state, state.phase = "resolved", "resolved"
    state.resolved_at, state.resolution = event.occurred_at, event.data["text"]
    below_or_holder = [
        level for level in event.levels if transitions.CHAIN.index(level) <= transitions.CHAIN.index(state.level)
    ]
    state.resolved_level = state.level if state.level in event.levels or not below_or_holder else below_or_holder[-1]


def _verified(state: Incident, event: Event) -> None:
    state.phase, state.verified_at = "verified", event.occurred_at


def _closed(state: Incident, event: Event) -> None:
    state.state, state.phase, state.ended_at = "closed", "closed", event.occurred_at


def _raised(state: Incident, event: Event) -> None:
    state.severity, state.because = event.data["severity"], ["severity_raised"]
    start = transitions.start_level(state.severity)
    if transitions.CHAIN.index(start) > transitions.CHAIN.index(state.level):  # what is serious goes to the county
        _move(state, start, event)
        state.phase = "escalated"


def _lowered(state: Incident, event: Event) -> None:
    state.severity, state.because = event.data["severity"], ["severity_lowered"]


def _withdrawn(state: Incident, event: Event) -> None:
    state.state, state.phase, state.ended_at = "cancelled", "cancelled", event.occurred_at
    if event.data.get("reason"):
        state.resolution = event.data["reason"]


_APPLY: dict[str, Callable[[Incident, Event], None]] = {
    "incident.acknowledged": _acknowledged,
    "incident.instructed": _instructed,
    "incident.handed_back": _handed_back,
    "incident.escalated": _escalated,
    "incident.resolved": _resolved,
    "incident.verified": _verified,
    "incident.closed": _closed,
    "incident.severity_raised": _raised,
    "incident.severity_lowered": _lowered,
    "incident.withdrawn": _withdrawn,
}


def notes(events: Sequence[Event], state: Incident) -> list[Event]:
    """Notes that belong to the incident, by the moment they speak of."""
    mine = [e for e in events if e.kind == "incident.noted" and (e.school, e.window) == (state.school, state.window)]
    return sorted(mine, key=lambda event: event.moment)
