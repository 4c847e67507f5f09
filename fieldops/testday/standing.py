"""Which facts of an entity still stand: what is left when corrections and undos are taken at their word. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from fieldops.journal.events import Event


def distinct(events: Sequence[Event]) -> list[Event]:
    """The events, each once, by corrected time and id: the same whatever order and how often they came."""
    return sorted({event.id: event for event in events}.values(), key=lambda event: event.moment)


def named(event: Event, field: str) -> str | None:
    """The id that a field of the data names, as ids are written; None when there is none."""
    value = event.data.get(field)
    return str(uuid.UUID(value)) if isinstance(value, str) else None


def standing(events: Sequence[Event]) -> list[Event]:
    """The facts that stand, by corrected time and id.

    An event named by another's `undoes` or `corrects` is left out, as long as that other one stands itself: an undo
    that was undone undoes nothing. A correction replaces what it names and all that this had replaced, so undoing the
    last correction brings the one before it back. Where events name each other in a circle, the latest one is taken at
    its word.
    """
    known = distinct(events)
    against = _against(known)
    stands: dict[str, bool] = {}
    while len(stands) < len(known):
        before = len(stands)
        for event in known:
            if event.id in stands:
                continue
            accusers = against[event.id]
            if any(stands.get(accuser) for accuser in accusers):
                stands[event.id] = False
            elif all(accuser in stands for accuser in accusers):
                stands[event.id] = True
        if len(stands) == before:
            stands[next(event.id for event in reversed(known) if event.id not in stands)] = True
    return [event for event in known if stands[event.id]]


def _against(known: Sequence[Event]) -> Mapping[str, set[str]]:
    """Event id → ids of the events that would leave it out."""
    corrects = {event.id: named(event, "corrects") for event in known}
    against: dict[str, set[str]] = {event.id: set() for event in known}
    for event in known:
        undone = named(event, "undoes")
        if undone in against and undone != event.id:
            against[undone].add(event.id)
        seen = {event.id}
        replaced = corrects[event.id]
        while replaced in against and replaced not in seen:
            against[replaced].add(event.id)
            seen.add(replaced)
            replaced = corrects[replaced]
    return against
