"""Tables of the organisation.

Places are paths of official codes (docs/architecture.md): `440000`, `441800`, `441823`, `441823/4418230101`,
`441823/4418230101/01`. Rooms belong to a window's roster and lie in `roster.models`.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from fieldops.db import Base, UTCDateTime


class Division(Base):
    """A province, city or county by its official six-digit division code (GB/T 2260)."""

    __tablename__ = "organisation_division"

    code: Mapped[str] = mapped_column(String(6), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    #: `province`, `city`, `county`.
    level: Mapped[str] = mapped_column(String(8))
    #: The division above; null for a province. Kept, not computed: counties directly under a province exist.
    parent: Mapped[str | None] = mapped_column(ForeignKey("organisation_division.code"))
    #: Telephone of the level's duty desk, as dialled; shown to those who escalate.
    telephone: Mapped[str | None] = mapped_column(String(32))

    __table_args__ = (CheckConstraint("level IN ('province', 'city', 'county')", name="level"),)


class School(Base):
    """A school of a county."""

    __tablename__ = "organisation_school"

    county: Mapped[str] = mapped_column(ForeignKey("organisation_division.code"), primary_key=True)
    #: School code as in the school's report.
    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    #: IANA name; wall-clock times of the timetable are read in it (新疆 and 西藏 use local time).
    timezone: Mapped[str] = mapped_column(String(40), default="Asia/Shanghai")
    #: Telephone of the on-site office.
    telephone: Mapped[str | None] = mapped_column(String(32))


class Person(Base):
    """A person on duty. No more is kept than is needed to reach and to recognise them."""

    __tablename__ = "organisation_person"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    #: Division code of the county (or city, province) that keeps this person.
    home: Mapped[str] = mapped_column(ForeignKey("organisation_division.code"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    telephone: Mapped[str | None] = mapped_column(String(32))
    #: Name to sign in with at a desk; null for people who sign in by link or code only.
    login: Mapped[str | None] = mapped_column(String(40), unique=True)
    #: argon2id, PHC string form.
    password_hash: Mapped[str | None] = mapped_column(String(128))
    #: `zh` or `en`; null follows the browser.
    locale: Mapped[str | None] = mapped_column(String(5))


class Duty(Base):
    """What a person does, where, in which window: role × place × window. There are no bare roles."""

    __tablename__ = "organisation_duty"

    person: Mapped[str] = mapped_column(ForeignKey("organisation_person.id"), primary_key=True)
    #: A name of `rights.ROLES`.
    role: Mapped[str] = mapped_column(String(24), primary_key=True)
    #: Path of the place.
    place: Mapped[str] = mapped_column(String(60), primary_key=True)
    #: Code of the assessment window.
    window: Mapped[str] = mapped_column(String(32), primary_key=True)

    __table_args__ = (Index("ix_organisation_duty_place", "place"),)


class Device(Base):
    """A browser or phone bound to one person. Its token is the only sign-in state: revoking ends it everywhere."""

    __tablename__ = "organisation_device"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("organisation_person.id"), index=True)
    #: SHA-256 of the token; the token itself is kept by the device alone.
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    label: Mapped[str] = mapped_column(String(80))
    enrolled_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: Real time; a device that signed in must sign in again after this.
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Real time of its last request, brought up to date at most once a minute.
    last_seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SignInCode(Base):
    """A one-time code (in a link or a QR) that signs a person in once and binds the device."""

    __tablename__ = "organisation_sign_in_code"

    #: SHA-256 of the code.
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("organisation_person.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: Real time.
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SignInFailure(Base):
    """Counts failed sign-ins of a login name or an address, for throttling across processes and nodes."""

    __tablename__ = "organisation_sign_in_failure"

    #: `login:<sha256>` or `address:<sha256>`: neither is kept in the clear.
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    #: Real time of the first failure of the running series.
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    #: Real time before which no further try is looked at.
    blocked_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
