"""The state of an incident: a pure fold of its events, the same whatever order or repetition they come in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from fieldops.incidents import transitions
from fieldops.incidents.apply import APPLY, BEGIN, COUNTED, settle
from fieldops.incidents.incident import OWN, Incident, acting_level, utc_text
from fieldops.journal.events import Event

__all__ = ["Incident", "acting_level", "as_row", "decided", "fold", "notes", "ordered", "utc_text"]

#: Facts of the timeline that change no state.
_FREE: Final = frozenset({"incident.noted", "incident.attached"})
_COLUMNS: Final = tuple(field.name for field in fields(Incident) if field.name not in OWN)


def fold(events: Iterable[Event]) -> Incident:
    """State after these events: the report first, then the others in the order in which they were accepted.

    Notes are facts of the timeline: they change no state, but they are a word of who took it on. Events of another
    school or window that name this incident are no part of it. Without the report the incident is `awaited`.
    """
    unique = {event.id: event for event in events}
    identity, county = _identity(unique.values())
    state = Incident(county=county, id=identity)
    report = unique.get(identity)
    if report is None or report.kind not in BEGIN:
        anyone = min(unique.values(), key=lambda event: event.seq)
        state.window = anyone.window
        return state
    BEGIN[report.kind](state, report)
    for event in ordered(unique.values()):
        apply = APPLY.get(event.kind)
        if apply is not None and (event.school, event.window) == (state.school, state.window):
            apply(state, event)
            if event.kind in COUNTED:
                state.version += 1
                state.counted.append(event.id)
    state.verify_level = transitions.verifying_level(state)
    settle(state)
    return state


def ordered(events: Iterable[Event]) -> list[Event]:
    """Decisions by acceptance: each was taken on the state that those before it left."""
    return sorted(events, key=lambda event: event.seq)


def decided(events: Iterable[Event], state: Incident) -> list[Event]:
    """Those of an incident's events that make a decision on an earlier version stale, oldest first."""
    by_id = {event.id: event for event in events}
    return [by_id[identity] for identity in state.counted]


def as_row(state: Incident) -> Mapping[str, Any]:
    """The row of the state."""
    return {name: getattr(state, name) for name in _COLUMNS}


def notes(events: Sequence[Event], state: Incident) -> list[Event]:
    """Notes that belong to the incident, by the moment they speak of."""
    mine = [e for e in events if e.kind in _FREE and (e.school, e.window) == (state.school, state.window)]
    return sorted(mine, key=lambda event: event.moment)


def _identity(events: Iterable[Event]) -> tuple[str, str]:
    first = next(iter(events))
    return first.entity.removeprefix("incident/"), first.county
