"""A student in a session, folded from what was noted. Pure: no SQL, no HTTP.

The rules (domain.md §5): a student who was seen is there, whoever noted an absence and whenever it arrived; the first
check-in by corrected time stands; after that the latest fact says where the student is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from fieldops.journal.events import Event
from fieldops.testday.standing import distinct, standing

#: Facts that only somebody who was there can cause.
_SEEN = {"attendance.checked_in", "attendance.left", "attendance.returned", "attendance.withdrawn"}
#: Fact → status, where it is the latest one.
_STATUS = {
    "attendance.left": "left",
    "attendance.returned": "returned",
    "attendance.withdrawn": "withdrawn",
    "attendance.refused": "refused",
}
#: Statuses of students who came and were let in, whatever happened to them later.
CAME = ("present", "late", "left", "returned", "withdrawn")


class AttendanceState(msgspec.Struct, kw_only=True):
    """The columns of `models.Attendance`, with their meaning."""

    county: str
    window: str
    school: str
    session: str
    student: str
    room: str | None
    status: str = "expected"
    late_min: int | None = None
    reason: str | None = None
    note: str | None = None
    checked_in_at: datetime | None = None
    left_at: datetime | None = None
    person: str | None = None
    device: str | None = None
    event: str | None = None
    flags: list[str] = msgspec.field(default_factory=list)
    contradicted: bool = False
    heard_at: datetime
    version: int


def key(event: Event) -> str:
    """What its entity is called, without the prefix."""
    return f"{event.window}/{event.school}/{event.session}/{event.student}"


def fold(events: Sequence[Event]) -> AttendanceState:
    """The state that follows from at least one event of a student in a session, in any order, however often each."""
    known = distinct(events)
    newest = known[-1]
    state = AttendanceState(
        county=newest.county,
        window=newest.window,
        school=str(newest.school),
        session=str(newest.session),
        student=str(newest.student),
        room=newest.room,
        heard_at=max(event.received_at for event in known),
        version=len(known),
    )
    facts = [event for event in standing(known) if event.kind != "attendance.undone"]
    if not facts:
        return state
    state.flags = sorted({flag for event in facts for flag in event.flags})
    state.note = next((event.data["note"] for event in reversed(facts) if event.data.get("note")), None)
    check_in = next((event for event in facts if event.kind == "attendance.checked_in"), None)
    deciding = _decide(state, facts)
    if check_in is not None:
        state.checked_in_at = check_in.occurred_at
        state.late_min = check_in.data.get("late_min") or None
        if state.status == "present" and state.late_min:
            state.status = "late"
    state.event, state.reason = deciding.id, deciding.data.get("reason")
    if deciding.kind == "attendance.absent":
        state.reason = state.reason or "not_seen"
    author = check_in or deciding
    state.person, state.device, state.room = author.person, author.device, author.room
    return state


def _decide(state: AttendanceState, facts: Sequence[Event]) -> Event:
    """Set status, contradiction and absence; return the fact that decided.

    Going out and coming in count by time. A check-in after "left" says that the student is back: another device, which
    did not know of the leaving, read the card at the door. After "refused" or "withdrawn" it says that they sit after
    all.
    """
    seen = [event for event in facts if event.kind in _SEEN]
    absent = [event for event in facts if event.kind == "attendance.absent"]
    if not seen:
        last = facts[-1]
        state.status = "refused" if last.kind == "attendance.refused" else "absent"
        return last
    state.contradicted = bool(absent)
    deciding = seen[0]
    for event in facts:
        if event.kind == "attendance.absent":
            continue
        if event.kind == "attendance.checked_in":
            if state.status in ("present", "returned"):
                continue
            state.status = "returned" if state.status == "left" else "present"
        else:
            state.status = _STATUS[event.kind]
        deciding = event
        state.left_at = event.occurred_at if event.kind == "attendance.left" else None
    return deciding
