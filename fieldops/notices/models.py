"""Tables of notices: folded from their events and written by the journal alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Integer, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from fieldops.db import Base, UTCDateTime


class Notice(Base):
    """A notice in one county. A city's or province's has one row, and one event, in each county that it goes to."""

    __tablename__ = "notices_notice"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    #: The same in every county that it goes to.
    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    window: Mapped[str] = mapped_column(String(32))
    #: Division code of the desk that sent it, and its counties that it goes to.
    sender: Mapped[str] = mapped_column(String(6))
    counties: Mapped[Any] = mapped_column(JSON)
    #: Name of the sending place, as it was called then.
    sender_name: Mapped[str] = mapped_column(String(60))
    #: Person who sent it.
    author: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    text: Mapped[str] = mapped_column(Text)
    #: Codes of the schools; empty: all of the county.
    schools: Mapped[Any] = mapped_column(JSON)
    #: Roles of `rights.ROLES`; empty: everybody on duty in the schools.
    roles: Mapped[Any] = mapped_column(JSON)
    must_confirm: Mapped[bool]
    #: Until when it should be confirmed; window's clock, UTC.
    confirm_by: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Incident that it is about; id of its report.
    about: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: Notice that it takes the place of.
    replaces: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: Window's clock, UTC. Null: its withdrawal came before it did, and no screen shows it yet.
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(Integer)

    __table_args__ = (Index("ix_notices_notice_window", "county", "window", "sent_at"),)


class Receipt(Base):
    """That one person read or confirmed one notice."""

    __tablename__ = "notices_receipt"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    notice: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    person: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    window: Mapped[str] = mapped_column(String(32))
    #: Where they said so first.
    school: Mapped[str | None] = mapped_column(String(32))
    #: First time; who confirms has read. Window's clock, UTC.
    read_at: Mapped[datetime] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(Integer)
