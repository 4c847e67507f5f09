"""Tables of windows, timetables and policies. They belong to a window, which a province or the nation publishes."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Integer, String, Time, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from fieldops.db import Base, UTCDateTime


class Window(Base):
    """An assessment window (监测批次). A rehearsal has a clock that can be set; a real window's clock is real time."""

    __tablename__ = "timetable_window"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    #: `real` or `rehearsal`; never changes.
    mode: Mapped[str] = mapped_column(String(10))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    #: Rehearsal only: the clock showed `clock_shows` at the real time `clock_set_at`, and runs on from there.
    clock_shows: Mapped[datetime | None] = mapped_column(UTCDateTime)
    clock_set_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Real time; null while it is open. Nothing is accepted for a closed window.
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        CheckConstraint("mode IN ('real', 'rehearsal')", name="mode"),
        CheckConstraint("last_day >= first_day", name="days"),
        CheckConstraint("mode = 'rehearsal' OR clock_shows IS NULL", name="real_clock"),
    )


class Timetable(Base):
    """One version of a grade's timetable. A correction is a new version; the highest one is in force."""

    __tablename__ = "timetable_version"

    window: Mapped[str] = mapped_column(ForeignKey("timetable_window.code"), primary_key=True)
    grade: Mapped[int] = mapped_column(Integer, primary_key=True)
    #: 1, 2, 3 …
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    #: Real time.
    published_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: Person; null when a command of the operator published it.
    published_by: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: Where it comes from, e.g. the document and its page; shown beside the timetable.
    origin: Mapped[str] = mapped_column(String(200))


class SessionRow(Base):
    """A session (场次) of a version: wall-clock times of the school, so that Urumqi reads them in its own zone."""

    __tablename__ = "timetable_session"

    window: Mapped[str] = mapped_column(ForeignKey("timetable_window.code"), primary_key=True)
    grade: Mapped[int] = mapped_column(Integer, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    #: Public code, unique in the window: `g4-chinese`.
    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: Order of the row in the published timetable, from 1: what a refusal names.
    row: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(80))
    #: `subject`, `questionnaire` (students) or `staff_questionnaire` (principal and teachers).
    kind: Mapped[str] = mapped_column(String(20))
    date: Mapped[date] = mapped_column(Date)
    start_time: Mapped[time] = mapped_column(Time)
    #: Null: open until all are done.
    end_time: Mapped[time | None] = mapped_column(Time)
    #: Minutes of check-in and preparation before the start; check-in comes first, then preparation (M22).
    check_in_min: Mapped[int] = mapped_column(Integer)
    preparation_min: Mapped[int] = mapped_column(Integer)
    #: Minutes of sealing after the end.
    sealing_min: Mapped[int] = mapped_column(Integer)


class PolicyRow(Base):
    """A policy value that somebody set for a window; names and defaults stand in `policies.POLICIES`."""

    __tablename__ = "timetable_policy"

    window: Mapped[str] = mapped_column(ForeignKey("timetable_window.code"), primary_key=True)
    name: Mapped[str] = mapped_column(String(48), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
    #: Where it comes from: handbook and page, a letter's number.
    origin: Mapped[str] = mapped_column(String(200))
    set_by: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: Real time.
    set_at: Mapped[datetime] = mapped_column(UTCDateTime)
