"""A letter as it comes with an event. Pure: whoever declares a projection hands these rows in (`kinds.Outgoing`)."""

from __future__ import annotations

from typing import Any

from fieldops.journal.events import Event, derived_id

#: Of an incident its severity; `normal` is everything else.
URGENCIES = ("minor", "moderate", "serious", "normal")


def letter(event: Event, *, to: str, topic: str, subject: str, what: str, urgency: str) -> dict[str, Any]:
    """The row of a letter: what `event` means for the desk at the place `to`. Codes only, never a person's name.

    Args:
        to: path of the desk: `440000`, `441800`, `441823` or `441823/4418230101`.
        topic: a name of `topics.topics`.
        subject: what the topic calls the thing; of an incident its id.
        what: what happened to it: `reported`, `escalated`, `lapsed`, `repeated` …
        urgency: one of `URGENCIES`.
    """
    if urgency not in URGENCIES:
        raise ValueError(f"no such urgency: {urgency}")
    return {
        "id": derived_id(event.id, "letter", to),
        "place": to,
        "county": event.county,
        "window": event.window,
        "topic": topic,
        "subject": subject,
        "what": what,
        "urgency": urgency,
        "event": event.id,
        "at": event.received_at,
        "state": "new",
        "taken_at": None,
    }
