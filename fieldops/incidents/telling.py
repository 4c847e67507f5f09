"""What leaves with an incident's events: letters to the desks that must be told, in the same transaction. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fieldops.incidents.incident import Incident
from fieldops.journal.events import Event
from fieldops.messages.letters import letter

#: The name under which messages ask about incidents.
TOPIC: Final = "incident"
#: Ends that the desk that held it hears of, whoever decided them.
_ENDS: Final = frozenset({"incident.withdrawn", "incident.merged", "incident.gathered", "incident.closed"})


def letters(state: Incident, events: Sequence[Event]) -> list[Mapping[str, Any]]:
    """Letters of the newly accepted events, `state` being what they led to. Codes only, never a person's name."""
    rows: list[Mapping[str, Any]] = []
    for event in events:
        if (event.school, event.window) == (state.school, state.window):
            rows += [
                letter(event, to=place, topic=TOPIC, subject=state.id, what=what, urgency=state.severity)
                for place, what in _whom(state, event)
            ]
    return rows


def _whom(state: Incident, event: Event) -> Iterator[tuple[str, str]]:
    """Desks that an event is for, each once, and what it is to them."""
    kind = event.kind.removeprefix("incident.")
    # A county incident is everybody's who joined it.
    of = [state.school] if state.school is not None else state.schools
    schools = [f"{event.county}/{code}" for code in of]
    if kind == "clocked":
        # Every telling of a level; with nobody there and nobody to stand in, the next desk that is staffed as well.
        yield event.data["place"], event.data["cause"]
        above = event.data.get("above")
        if event.data["on_duty"] == 0 and event.data.get("fallback") is None and above:
            yield above, "nobody_on_duty"
    elif kind == "repeated":
        if event.data.get("place"):
            yield event.data["place"], kind
    elif kind == "instructed":
        if state.desk is not None and state.desk not in schools and _by_others(state, event):
            yield str(state.desk), kind
        if "school" not in event.levels:
            yield from ((school, kind) for school in schools)
    elif event.kind in _ENDS and state.desk is not None and _by_others(state, event):
        yield state.desk, kind


def _by_others(state: Incident, event: Event) -> bool:
    """Whether somebody of another level did it, so that the level that holds it must hear of it."""
    return state.level not in event.levels
