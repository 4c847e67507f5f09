"""The table of incidents: the current state of each, folded from its events and written by the journal alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Integer, LargeBinary, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from fieldops.db import Base, UTCDateTime


class Attachment(Base):
    """The bytes of a photo or a file; what is said of it stands in its fact. Written once, read by no list."""

    __tablename__ = "incidents_attachment"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    #: Id of the event `incident.attached` that announced it.
    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    incident: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    #: A type of `attachments.TYPES`; the bytes were checked against it.
    type: Mapped[str] = mapped_column(String(32))
    content: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (Index("ix_incidents_attachment_incident", "county", "incident"),)


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
    #: `escalated`, `lapsed` (back to open for want of a word), `realarmed`, `resolved`, `verified`, `closed`,
    #: `cancelled`, `merged`.
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
    #: Closed, cancelled or merged.
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Over (withdrawn, or closed from elsewhere) before the level that held it took notice: it stays in sight there.
    unacknowledged_end: Mapped[bool]
    #: Taken back by its reporter within minutes; a false alarm has its reason in `resolution`.
    withdrawn: Mapped[bool]
    #: The incident in which it goes on; null unless `merged`.
    merged_into: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: Incidents that go on in this one, in the order in which they came.
    joined: Mapped[Any] = mapped_column(JSON)
    #: When the same fault came again after it was over.
    realarmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Values frozen at the report: {severity: {"acknowledge_min": {"value", "origin"}, "word_min", "repeat_min",
    #: "skip_level"}, "levels": {level: …}, "nobody_up_min": …}; empty for incidents older than this column.
    policy: Mapped[Any] = mapped_column(JSON)
    #: The level that holds it must take it on by then; null once it did.
    ack_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Who took it on must say the next word by then; null until then.
    word_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: By when the instruction of the last hand-back wants to be carried out.
    instructed_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Missing words at this level.
    lapses: Mapped[int] = mapped_column(Integer)
    #: How often a level was told; every telling starts the clock of escalation anew.
    rounds: Mapped[int] = mapped_column(Integer)
    #: Reminders since the last telling.
    repeats: Mapped[int] = mapped_column(Integer)
    #: Nobody was on duty at the level that holds it when it was told.
    nobody: Mapped[bool]
    #: Person told in place of those who should have been on duty.
    fallback: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: The top of the chain did not take it on in time either: there is nobody above to go to.
    exhausted: Mapped[bool]
    #: Seconds between the moment at which the engine's last step was due and the moment at which it was done.
    late_by_s: Mapped[int | None] = mapped_column(Integer)
    #: Counts the report and the decisions; a note leaves it, so that nobody's decision is stale for a note.
    version: Mapped[int] = mapped_column(Integer)
    #: When the engine must look at it next; null: never.
    next_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        Index("ix_incidents_incident_desk", "county", "window", "state", "level"),
        Index("ix_incidents_incident_school", "county", "window", "school"),
        Index("ix_incidents_incident_due", "next_due_at"),
    )


class AreaRow(Base):
    """What the area detector knows of one category in one county and window."""

    __tablename__ = "incidents_area"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    window: Mapped[str] = mapped_column(String(32), primary_key=True)
    category: Mapped[str] = mapped_column(String(40), primary_key=True)
    #: Reports that may be one incident of the county: [{"members": [{"incident", "school", "at" (ISO 8601, UTC),
    #: "schools", "minutes"}], "areas": ids of county incidents, "joined": ids, "declined": ids}].
    groups: Mapped[Any] = mapped_column(JSON)
    #: Counts reports and decisions.
    version: Mapped[int] = mapped_column(Integer)
