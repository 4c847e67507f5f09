"""The table of incidents: the current state of each, folded from its events and written by the journal alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Integer, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from fieldops.db import Base, UTCDateTime


class IncidentRow(Base):
    """One incident. All times are the window's clock, UTC."""

    __tablename__ = "incidents_incident"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    #: Id of the event that reported it.
    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    window: Mapped[str] = mapped_column(String(32))
    school: Mapped[str | None] = mapped_column(String(32))
    room: Mapped[str | None] = mapped_column(String(16))
    session: Mapped[str | None] = mapped_column(String(32))
    #: A code of `severity.CATEGORIES`, or one that a newer phone knows.
    category: Mapped[str] = mapped_column(String(40))
    #: `minor`, `moderate`, `serious`: the worst or the one set last by a decision.
    severity: Mapped[str] = mapped_column(String(8))
    #: Who holds it: `school`, `county`, `city`, `province`.
    level: Mapped[str] = mapped_column(String(8))
    #: The highest level that ever held it: whose desk keeps it in sight.
    reached: Mapped[str] = mapped_column(String(8))
    #: `open`, `acknowledged`, `resolved`, `closed`, `merged`, `cancelled`; `awaited`: something about it came before
    #: its report did, and no screen shows it yet.
    state: Mapped[str] = mapped_column(String(12))
    #: What was last done, in the words of `web.statuses`: `reported`, `acknowledged`, `instructed`, `handed_back`,
    #: `escalated`, `resolved`, `verified`, `closed`, `cancelled`.
    phase: Mapped[str] = mapped_column(String(12))
    #: Answers to the plain questions: `no`, `slight`, `serious`.
    order_affected: Mapped[str] = mapped_column(String(8))
    data_affected: Mapped[bool]
    materials_at_risk: Mapped[bool]
    beyond_school: Mapped[bool]
    #: Names of the answers that gave the severity of the report, the gravest first; `severity_raised` or
    #: `severity_lowered` when a decision set it.
    because: Mapped[Any] = mapped_column(JSON)
    note: Mapped[str | None] = mapped_column(Text)
    #: What was done at once; empty when it was said without words.
    handled: Mapped[str | None] = mapped_column(Text)
    #: Codes of the students concerned; never a name.
    students: Mapped[Any] = mapped_column(JSON)
    #: Person who reported it.
    reporter: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: Whether the report fits badly: flags of the journal.
    flags: Mapped[Any] = mapped_column(JSON)
    #: The three times of the report: when it happened (the official clock starts here and never stops), when it was
    #: written, when it arrived.
    occurred_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    written_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    received_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: When the level that holds it was told: the clock of escalation starts here.
    told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: By the level that holds it; null until it does.
    acknowledged_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    acknowledged_by: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: Person who took it on at the level that holds it.
    owner: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: Instructions, oldest first: [{"text", "at" (ISO 8601, UTC), "by", "by_level"}].
    instructions: Mapped[Any] = mapped_column(JSON)
    last_instruction: Mapped[str | None] = mapped_column(Text)
    resolved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    resolved_level: Mapped[str | None] = mapped_column(String(8))
    #: How it was resolved.
    resolution: Mapped[str | None] = mapped_column(Text)
    verified_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: The lowest level whose turn it is to verify; null when nothing waits for it.
    verify_level: Mapped[str | None] = mapped_column(String(8))
    #: Closed or cancelled.
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Counts the report and the decisions; a note leaves it, so that nobody's decision is stale for a note.
    version: Mapped[int] = mapped_column(Integer)
    #: When the engine must look at it next; null: never.
    next_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        Index("ix_incidents_incident_desk", "county", "window", "state", "level"),
        Index("ix_incidents_incident_school", "county", "window", "school"),
        Index("ix_incidents_incident_due", "next_due_at"),
    )
