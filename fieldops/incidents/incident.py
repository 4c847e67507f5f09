"""An incident as its events left it, and the few words that everything about it shares."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from fieldops.journal.events import Event


@dataclass(slots=True, kw_only=True)
class Incident:
    """Fields as in `models.IncidentRow`; those from `told_by` on are the fold's own and stand in no row."""

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
    unacknowledged_end: bool = False
    withdrawn: bool = False
    merged_into: str | None = None
    joined: list[str] = field(default_factory=list)
    realarmed_at: datetime | None = None
    policy: dict[str, Any] = field(default_factory=dict)
    ack_due_at: datetime | None = None
    word_due_at: datetime | None = None
    instructed_until: datetime | None = None
    lapses: int = 0
    rounds: int = 0
    repeats: int = 0
    nobody: bool = False
    fallback: str | None = None
    exhausted: bool = False
    late_by_s: int | None = None
    version: int = 0
    next_due_at: datetime | None = None
    #: Event by which the level that holds it was told, and the path of its desk (null before it was looked up).
    told_by: str = ""
    desk: str | None = None
    #: When anybody was told last, by the first telling or a reminder.
    reminded_at: datetime | None = None
    #: When who took it on was heard last.
    heard_at: datetime | None = None
    #: A county incident's schools, in the order in which they joined; of a school's own it is empty.
    schools: list[str] = field(default_factory=list)
    #: What joined wanted its next word by then: the level that is told now has no longer.
    due_before: datetime | None = None
    #: Ids of the events that make a decision on an earlier version stale, in order.
    counted: list[str] = field(default_factory=list)


#: Fields of `Incident` that stand in no row.
OWN: Final = frozenset({"told_by", "desk", "reminded_at", "heard_at", "schools", "due_before", "counted"})


def acting_level(event: Event, holder: str) -> str | None:
    """At which level somebody acted who may act at several: at the holder's if there, else at their highest."""
    if not event.levels or holder in event.levels:
        return holder if event.levels else None
    return event.levels[-1]


def utc_text(moment: datetime) -> str:
    """`2024-05-20T01:25:00.000Z`: how every instant is written for programs (docs/api.md)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def named(event: Event, field_name: str) -> str:
    """The id that an event's data names, as it is written in rows."""
    return str(uuid.UUID(str(event.data[field_name])))
