"""Tables of the journal. Every row leads with the county: it is the unit of locking, of the chain and of sharding."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from fieldops.db import Base, UTCDateTime

#: BIGINT on PostgreSQL; SQLite's INTEGER is 64 bits wide anyway.
Seq = BigInteger().with_variant(Integer(), "sqlite")


#: Kinds by which a school says something of its day of its own accord.
SPOKE = text("kind IN ('nil_report.made', 'incident.reported', 'anomaly.noted')")


class Head(Base):
    """One row a county: where its journal stands. Locked by every writer of that county."""

    __tablename__ = "journal_head"

    #: Six-digit division code.
    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    #: `seq` of the newest event; 0 before the first.
    seq: Mapped[int] = mapped_column(Seq, default=0)
    #: Chain hash of the newest event; 32 zero bytes before the first.
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), default=b"\0" * 32)
    #: Counts changes of what the journal is read against (roster, timetable, policies): the key of every cache.
    reference: Mapped[int] = mapped_column(Integer, default=0)


class EventRow(Base):
    """One accepted event. Never updated, never deleted while its window is kept."""

    __tablename__ = "journal_event"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    #: 1, 2, 3 … without a gap in a county, in the order of acceptance; the cursor of every stream.
    seq: Mapped[int] = mapped_column(Seq, primary_key=True)
    #: UUID made by the sender (version 7 from phones, version 5 for what the system derives).
    id: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    window: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(48))
    #: What the event is about, e.g. `sitting/2024/4418230101/g4-chinese/01`; empty when no state follows from it.
    entity: Mapped[str] = mapped_column(String(200))
    school: Mapped[str | None] = mapped_column(String(32))
    room: Mapped[str | None] = mapped_column(String(16))
    #: Person who said it; null when the system added it.
    person: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: Device it came from; null when the system added it.
    device: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: The device's own count of its facts: gaps show what is still on a phone.
    device_seq: Mapped[int | None] = mapped_column(Seq)
    #: When it happened, window clock, corrected by the device's measured offset.
    occurred_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: When it arrived, window clock.
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: SHA-256 of what the sender sent: tells a repeat from another fact under the same id.
    sent_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    #: The whole event as canonical JSON (`chain.canonical`); the columns above are its index.
    body: Mapped[str] = mapped_column(Text)
    #: `sha256(previous hash ‖ body)`.
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))

    __table_args__ = (
        Index("uq_journal_event_county_id", "county", "id", unique=True),
        Index("ix_journal_event_county_entity", "county", "entity"),
        Index("ix_journal_event_county_window_school_seq", "county", "window", "school", "seq"),
        Index("ix_journal_event_county_device_device_seq", "county", "device", "device_seq"),
        # What a school says of its own accord, looked for in the evening: few rows, and nothing for all others.
        Index("ix_journal_event_spoke", "county", "window", sqlite_where=SPOKE, postgresql_where=SPOKE),
    )


class Quarantined(Base):
    """What could not be understood or may not be: kept whole, shown to a person, answered by id."""

    __tablename__ = "journal_quarantine"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    #: SHA-256 of what was sent: the same again is the same row.
    sent_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    #: The id as it was sent, readable or not; empty when there was none.
    id: Mapped[str] = mapped_column(String(64), index=True)
    #: `unreadable`, `unknown_kind`, `bad_data`, `not_permitted`, `id_reused`.
    reason: Mapped[str] = mapped_column(String(32))
    #: Which field and why, for the person who looks at it.
    detail: Mapped[str] = mapped_column(String(300))
    window: Mapped[str | None] = mapped_column(String(32))
    school: Mapped[str | None] = mapped_column(String(32))
    person: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    device: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: What was sent, whole, as JSON in plain ASCII.
    sent: Mapped[str] = mapped_column(Text)


class Server(Base):
    """One row: which life of the database this is. A restored backup gets a new epoch, so phones offer all again."""

    __tablename__ = "journal_server"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, default=1)
    epoch: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    #: Raised by triggers (migration 0009) whenever a device, a duty or a window changes: who was remembered as a sender
    #: before that is asked for anew.
    senders: Mapped[int] = mapped_column(Seq, server_default="0")
