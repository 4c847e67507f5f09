"""Current states of the test day, each the fold of its entity's events. Written only by the journal.

All times are the window's clock, UTC. `version` is the number of distinct events of the entity: what a decision names.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, CheckConstraint, Index, Integer, LargeBinary, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from fieldops.db import Base, UTCDateTime


class Attendance(Base):
    """A student in a session. There is a row only where something was noted; everybody else is expected or exempt."""

    __tablename__ = "testday_attendance"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    window: Mapped[str] = mapped_column(String(32), primary_key=True)
    school: Mapped[str] = mapped_column(String(32), primary_key=True)
    session: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: Student code as it was noted; it need not be on the roster.
    student: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: Room as it was noted; the student's own room stands in the roster.
    room: Mapped[str | None] = mapped_column(String(16))
    #: `expected` (all was undone), `present`, `late`, `absent`, `left`, `returned`, `withdrawn`, `refused`.
    status: Mapped[str] = mapped_column(String(12))
    #: Minutes late of the check-in that stands; null when in time or not checked in.
    late_min: Mapped[int | None] = mapped_column(Integer)
    #: Reason of the fact that gives the status, a code of docs/api.md.
    reason: Mapped[str | None] = mapped_column(String(16))
    #: The newest note among the facts that stand.
    note: Mapped[str | None] = mapped_column(String(500))
    #: The first check-in that stands.
    checked_in_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: When the student left, while away.
    left_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Person and device of the check-in that stands, or of the fact that gives the status when there is none.
    person: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    device: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: Event that gives the status: what an undo names. Null when everything was undone.
    event: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: Flags of the facts that stand, sorted (docs/api.md).
    flags: Mapped[Any] = mapped_column(JSON)
    #: Somebody noted "absent", somebody else saw the student there. The one who was seen is there; both stay visible.
    contradicted: Mapped[bool] = mapped_column(Boolean)
    #: When the newest of its events arrived.
    heard_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(
            "status IN ('expected', 'present', 'late', 'absent', 'left', 'returned', 'withdrawn', 'refused')",
            name="status",
        ),
    )


class Sitting(Base):
    """A session held in a room. There is a row only where something was noted; every other one is planned."""

    __tablename__ = "testday_sitting"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    window: Mapped[str] = mapped_column(String(32), primary_key=True)
    school: Mapped[str] = mapped_column(String(32), primary_key=True)
    session: Mapped[str] = mapped_column(String(32), primary_key=True)
    room: Mapped[str] = mapped_column(String(16), primary_key=True)
    #: `planned`, `running`, `paused`, `ended`, `sealed`; `frozen_at` stands beside it.
    state: Mapped[str] = mapped_column(String(8))
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Begin of the pause that is going on; null otherwise.
    paused_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Seconds of all pauses that are over.
    paused_s: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sealed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: When the chief monitor made the absences final.
    frozen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    frozen_by: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: Events of the start and the end that stand: automatic anomalies are theirs.
    start_event: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    end_event: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: Copies counted at the sealing.
    copies: Mapped[int | None] = mapped_column(Integer)
    #: Since when the phone of the room is locked away; null while it is not: then silence is expected.
    boxed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: What was heard over the telephone last: `{id, at, by, present, absent, incidents, beyond, started_at, ended_at,
    #: stands}`; `stands` names the times that no fact of a phone has replaced yet. Null when nothing was.
    spoken: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    #: Its facts by time, also those undone or corrected: `{id, kind, at, recorded_at, by, corrects, undoes, reason}`,
    #: and `spoken` of a code over the telephone. The phone lays its own unsent facts over them.
    facts: Mapped[Any] = mapped_column(JSON)
    #: When the newest of its events arrived.
    heard_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(Integer)

    __table_args__ = (CheckConstraint("state IN ('planned', 'running', 'paused', 'ended', 'sealed')", name="state"),)


class Anomaly(Base):
    """Something that was not as it should be, noted and handled on the spot (异常情况)."""

    __tablename__ = "testday_anomaly"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    #: Id of the event that noted it.
    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    window: Mapped[str] = mapped_column(String(32))
    school: Mapped[str] = mapped_column(String(32))
    room: Mapped[str | None] = mapped_column(String(16))
    session: Mapped[str | None] = mapped_column(String(32))
    #: A code of `categories.CATEGORIES`; null when only its withdrawal has arrived so far.
    category: Mapped[str | None] = mapped_column(String(32))
    note: Mapped[str | None] = mapped_column(String(500))
    #: Codes of the students concerned.
    students: Mapped[Any] = mapped_column(JSON)
    occurred_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: When it was written on the device.
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: Who noted it; null when the system did.
    person: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: The system noted it: a start or an end outside the tolerance.
    automatic: Mapped[bool] = mapped_column(Boolean)
    #: Automatic only: the event whose deviation it tells; the anomaly counts while that event stands.
    of: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: Automatic only: minutes from the plan when it was noted, positive when later.
    deviation_min: Mapped[int | None] = mapped_column(Integer)
    #: Automatic only: the reason given with the start or the end.
    reason: Mapped[str | None] = mapped_column(String(500))
    version: Mapped[int] = mapped_column(Integer)

    __table_args__ = (Index("ix_testday_anomaly_county_window_school", "county", "window", "school"),)


class PhoneCheck(Base):
    """The newest ready check of a phone in a school: the fold of its `phone.checked` facts."""

    __tablename__ = "testday_phone_check"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    window: Mapped[str] = mapped_column(String(32), primary_key=True)
    school: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: The phone that was checked; 32 zeros when the fact named none (an API client's mistake).
    device: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    #: Who checked it.
    person: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: `good`, `warn`, `bad`.
    verdict: Mapped[str] = mapped_column(String(4))
    #: Result per item: `{"storage": "bad", …}`, with the codes of docs/api.md.
    items: Mapped[Any] = mapped_column(JSON)
    #: Family and main version of the browser, such as `Chrome 128 · Android`; no more than that.
    browser: Mapped[str | None] = mapped_column(String(60))
    #: Build of the app that was checked.
    build: Mapped[str | None] = mapped_column(String(40))
    checked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(Integer)

    __table_args__ = (CheckConstraint("verdict IN ('good', 'warn', 'bad')", name="verdict"),)


class Phone(Base):
    """What a phone said last about what it keeps. Bookkeeping, not a fact: `testday.phones` writes it in batches."""

    __tablename__ = "testday_phone"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    device: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    window: Mapped[str] = mapped_column(String(32))
    person: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    #: Facts never sent, and facts sent without an answer that named them.
    waiting: Mapped[int] = mapped_column(Integer)
    unconfirmed: Mapped[int] = mapped_column(Integer)
    #: The phone's count of its facts so far (`device_seq` of the newest).
    last_seq: Mapped[int] = mapped_column(BigInteger)
    #: Build of the app that runs there.
    build: Mapped[str | None] = mapped_column(String(40))
    #: Real time minus the phone's own clock, ms; what a rehearsal's clock adds is taken out.
    clock_off_ms: Mapped[int] = mapped_column(BigInteger)
    #: Window clock.
    heard_at: Mapped[datetime] = mapped_column(UTCDateTime)


class SchoolDay(Base):
    """A day of a school that somebody closed, or closed and opened again."""

    __tablename__ = "testday_day"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    window: Mapped[str] = mapped_column(String(32), primary_key=True)
    school: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: ISO 8601, in the school's zone.
    date: Mapped[str] = mapped_column(String(10), primary_key=True)
    #: The first closing that stands; null while the day is open again. A day also closes by the clock: `day.Day`.
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_by: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    #: Ids of the closings that stand: what reopening names.
    closings: Mapped[Any] = mapped_column(JSON)
    #: When the newest of its events arrived.
    heard_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(Integer)


class Silence(Base):
    """Something that the timetable expects and that was not heard in time; the newest episode of it."""

    __tablename__ = "testday_silence"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    window: Mapped[str] = mapped_column(String(32), primary_key=True)
    school: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: Code of the session; the date (ISO 8601, in the school's zone) of a nil report.
    session: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: Empty when it is the whole school that is awaited.
    room: Mapped[str] = mapped_column(String(16), primary_key=True)
    #: A code of `expectation.WHATS`.
    what: Mapped[str] = mapped_column(String(16), primary_key=True)
    #: How often it has fallen silent, from 1.
    episode: Mapped[int] = mapped_column(Integer)
    #: When the plan has it, and from when on its silence counts; null when only the end of an episode is known.
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    alarm_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    noticed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Seconds between when the engine could have noticed it and when it did.
    late_by_s: Mapped[int] = mapped_column(BigInteger)
    #: When the entry ended; null while nothing was heard.
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: `in_time`, `late`, `heard`, `replaced`, `not_expected` (`expectation.How`).
    how: Mapped[str | None] = mapped_column(String(12))
    #: When the fact had happened, as far as anybody knows, and when it arrived.
    fact_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    heard_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(Integer)

    __table_args__ = (Index("ix_testday_silence_county_window_ended_at", "county", "window", "ended_at"),)


class Settlement(Base):
    """Somebody looked at what the journal had set aside and said what became of it."""

    __tablename__ = "testday_settlement"

    county: Mapped[str] = mapped_column(String(6), primary_key=True)
    #: School by whose right it was said; empty when by the county's, which reaches every row.
    school: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: `journal_quarantine.sent_hash`.
    sent_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    window: Mapped[str] = mapped_column(String(32))
    #: `noted_again`, `by_hand`, `nothing`.
    how: Mapped[str] = mapped_column(String(12))
    note: Mapped[str | None] = mapped_column(String(500))
    person: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    settled_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(Integer)

    __table_args__ = (CheckConstraint("how IN ('noted_again', 'by_hand', 'nothing')", name="how"),)
