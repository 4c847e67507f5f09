"""Tables of messages out. Times are real time, except where it says so: providers know no window's clock.

A *letter* is one thing that one desk must be told; it comes with the event, in its transaction. A *sending* is one way
that a letter takes: a letter has one for each channel that was tried. Its marks say different things: *sent* (the
provider took it), *delivered* (the provider says that it reached the telephone), *seen* (somebody opened its link),
*acknowledged* (somebody of that desk took the matter on).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, Integer, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from fieldops.db import Base, UTCDateTime


class Letter(Base):
    """One thing that one desk must be told. Codes only: its text is made when it leaves, of school, kind and times."""

    __tablename__ = "messages_letter"

    #: UUIDv5 of the event and the desk: written once, whoever writes it.
    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    #: Path of the desk that must be told: `440000`, `441800`, `441823`, `441823/4418230101`.
    place: Mapped[str] = mapped_column(String(60))
    #: Where it happened.
    county: Mapped[str] = mapped_column(String(6))
    window: Mapped[str] = mapped_column(String(32))
    #: Name in `topics.topics`, which knows whether it is still due and how to say it.
    topic: Mapped[str] = mapped_column(String(16))
    #: What the topic calls the thing; of an incident its id.
    subject: Mapped[str] = mapped_column(String(64))
    #: What happened to it: `reported`, `escalated`, `lapsed` …
    what: Mapped[str] = mapped_column(String(24))
    #: `minor`, `moderate`, `serious`, or `normal`.
    urgency: Mapped[str] = mapped_column(String(8))
    #: The event that it came with.
    event: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    #: When the server had that event: the window's clock.
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: `new`; `under_way`: it has sendings; `nowhere`: the desk has no channel for it; `dropped`: no longer due.
    state: Mapped[str] = mapped_column(String(10))
    #: When it was taken up.
    taken_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        Index("ix_messages_letter_state", "state"),
        Index("ix_messages_letter_subject", "topic", "subject"),
        Index("ix_messages_letter_place", "place", "taken_at"),
        CheckConstraint("state IN ('new', 'under_way', 'nowhere', 'dropped')", name="state"),
    )


class Channel(Base):
    """A way out that a desk has set up."""

    __tablename__ = "messages_channel"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    #: Path of the desk that it belongs to.
    place: Mapped[str] = mapped_column(String(60), index=True)
    #: A name of `kinds.KINDS`.
    kind: Mapped[str] = mapped_column(String(16))
    #: What the desk calls it.
    name: Mapped[str] = mapped_column(String(60))
    #: Settings that may be read again: recipients, template codes.
    settings: Mapped[Any] = mapped_column(JSON)
    #: Settings that may not: JSON, encrypted (`secrets`); never shown, never logged.
    secret: Mapped[str] = mapped_column(Text)
    #: Which urgencies it takes.
    urgencies: Mapped[Any] = mapped_column(JSON)
    #: Those of the lowest number are used first, together; the next number when one of them fails.
    position: Mapped[int] = mapped_column(Integer)
    #: Messages a minute at most; what is due meanwhile goes out as one.
    per_minute: Mapped[int] = mapped_column(Integer)
    #: `zh` or `en`.
    language: Mapped[str] = mapped_column(String(5))
    enabled: Mapped[bool]
    #: Not before this may it send again; while something is on its way also the lease of whoever sends.
    free_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Whose lease it is.
    lease: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    last_sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Since when every try failed; null when the last one did not.
    failing_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: What the provider said, without anything secret.
    last_error: Mapped[str | None] = mapped_column(String(200))


class Sending(Base):
    """One letter on its way through one channel."""

    __tablename__ = "messages_sending"

    #: UUIDv5 of letter and channel.
    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    letter: Mapped[str] = mapped_column(Uuid(as_uuid=False), index=True)
    channel: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    #: `waiting`, `leased`, `sent`, `failed` (given up), `dropped` (no longer due).
    state: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(Integer)
    #: Not tried before.
    next_try_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: Whoever sends it must have said by then what came of it, else it is tried again.
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Sendings that went out as one message have the same.
    batch: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), index=True)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Person who opened its link first.
    seen_by: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: Window's clock: when the desk took the matter on.
    acknowledged_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_error: Mapped[str | None] = mapped_column(String(200))

    __table_args__ = (
        Index("ix_messages_sending_due", "state", "next_try_at"),
        CheckConstraint("state IN ('waiting', 'leased', 'sent', 'failed', 'dropped')", name="state"),
    )


class Receipt(Base):
    """The provider's number of a message that went out, by which it later says that it was delivered."""

    __tablename__ = "messages_receipt"

    channel: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    number: Mapped[str] = mapped_column(String(120), primary_key=True)
    batch: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
