"""Tables of the roster: test rooms and sampled students of a window. Written only by the import (`roster.service`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKeyConstraint, Index, Integer, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from fieldops.db import Base, UTCDateTime


class Sample(Base):
    """A sampled school of a window."""

    __tablename__ = "roster_sample"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    window: Mapped[str] = mapped_column(String(32), primary_key=True)
    school: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: Random, hex; the phone knows cards by SHA-256(salt ‖ token) only.
    card_salt: Mapped[str] = mapped_column(String(32))

    __table_args__ = (
        ForeignKeyConstraint(["county", "school"], ["organisation_school.county", "organisation_school.code"]),
    )


class Room(Base):
    """A test room (考场) of a sampled school; one grade a room."""

    __tablename__ = "roster_room"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    window: Mapped[str] = mapped_column(String(32), primary_key=True)
    school: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: `01`, `02` …
    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    grade: Mapped[int] = mapped_column(Integer)

    __table_args__ = (
        ForeignKeyConstraint(
            ["county", "window", "school"], ["roster_sample.county", "roster_sample.window", "roster_sample.school"]
        ),
    )


class Student(Base):
    """A sampled student. Under-14s' data: name, seat, class, sex and code, and no more (domain.md §8)."""

    __tablename__ = "roster_student"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    window: Mapped[str] = mapped_column(String(32), primary_key=True)
    school: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: Student code as in the school's report.
    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    room: Mapped[str] = mapped_column(String(16))
    seat: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(60))
    #: `m`, `f` or null.
    sex: Mapped[str | None] = mapped_column(String(1))
    class_name: Mapped[str | None] = mapped_column(String(60))
    #: Approved before the day; null for everybody else.
    exempt_reason: Mapped[str | None] = mapped_column(String(60))
    #: What the printed QR says (`cards.new_token`); it names nobody.
    card_token: Mapped[str] = mapped_column(String(20))

    __table_args__ = (
        ForeignKeyConstraint(
            ["county", "window", "school", "room"],
            ["roster_room.county", "roster_room.window", "roster_room.school", "roster_room.code"],
        ),
        UniqueConstraint("county", "window", "card_token"),
        Index("ix_roster_student_room", "county", "window", "school", "room", "seat"),
    )


class Import(Base):
    """An applied import: which file, by whom, what it changed."""

    __tablename__ = "roster_import"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    window: Mapped[str] = mapped_column(String(32), primary_key=True)
    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    #: SHA-256 of the file, hex.
    sha256: Mapped[str] = mapped_column(String(64))
    person: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: Real time.
    applied_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: Counts by what was done: {"added": 30, "removed": 0, "moved": 0, "changed": 0}.
    counts: Mapped[Any] = mapped_column(JSON)
