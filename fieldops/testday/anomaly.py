"""An anomaly (异常情况): noted, perhaps withdrawn. Pure: no SQL, no HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from fieldops.journal.events import Event
from fieldops.testday.standing import distinct, named


class AnomalyState(msgspec.Struct, kw_only=True):
    """The columns of `models.Anomaly`, with their meaning."""

    county: str
    id: str
    window: str
    school: str
    room: str | None
    session: str | None
    category: str | None = None
    note: str | None = None
    students: list[str] = msgspec.field(default_factory=list)
    occurred_at: datetime
    recorded_at: datetime
    received_at: datetime
    person: str | None = None
    withdrawn_at: datetime | None = None
    automatic: bool = False
    of: str | None = None
    deviation_min: int | None = None
    reason: str | None = None
    version: int


def key(event: Event) -> str:
    """What its entity is called, without the prefix: the id of the event that noted it."""
    return (named(event, "withdraws") or event.id) if event.kind == "anomaly.withdrawn" else event.id


def fold(events: Sequence[Event]) -> AnomalyState:
    """The state that follows from an anomaly's events, in any order, however often each.

    A withdrawal may arrive before what it withdraws. It counts when it was said in the same school and window.
    """
    known = distinct(events)
    noted = next((event for event in known if event.kind == "anomaly.noted"), None)
    told = noted or known[0]
    withdrawn = next(
        (
            event
            for event in known
            if event.kind == "anomaly.withdrawn" and (event.school, event.window) == (told.school, told.window)
        ),
        None,
    )
    state = AnomalyState(
        county=told.county,
        id=key(told),
        window=told.window,
        school=str(told.school),
        room=told.room,
        session=told.session,
        occurred_at=told.occurred_at,
        recorded_at=told.recorded_at,
        received_at=told.received_at,
        withdrawn_at=withdrawn.occurred_at if withdrawn else None,
        version=len(known),
    )
    if noted is not None:
        state.category = noted.data["category"]
        state.note = noted.data.get("note")
        state.students = list(noted.data.get("students", ()))
        state.person = noted.person
        state.automatic = noted.person is None and noted.device is None
        state.of = noted.data.get("of") if state.automatic else None
        state.deviation_min = noted.data.get("deviation_min")
        state.reason = noted.data.get("reason")
    return state
