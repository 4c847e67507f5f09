"""The shapes of what goes in and out, declared once: they read requests, write answers and make the OpenAPI document.

Times are UTC with `Z`; dates and wall-clock times are the school's.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

Uuid = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
Instant = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Date = Annotated[str, Meta(extra_json_schema={"format": "date"})]


class Enrolment(Struct, forbid_unknown_fields=True):
    """A one-time code, and the device that it binds."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]
    device: Annotated[str, Meta(pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
    label: Annotated[str, Meta(min_length=1, max_length=80)]


class DutyShape(Struct):
    """A duty with what it allows."""

    role: str
    place: str
    level: str
    window: str
    actions: list[str]


class Named(Struct):
    """A code and its name."""

    code: str
    name: str


class CountyShape(Struct):
    """The county, with the telephone of its desk: whom to call while nothing is delivered."""

    code: str
    name: str
    telephone: str | None


class PersonShape(Struct):
    """Who is signed in."""

    id: Uuid
    name: str
    locale: str | None


class Enrolled(Struct):
    """The device's token: keep it, it is not shown again."""

    token: str
    person: PersonShape
    duties: list[DutyShape]


class DeviceShape(Struct):
    """The device that asks."""

    id: Uuid
    label: str


class WindowShape(Struct):
    """The assessment window."""

    code: str
    name: str
    mode: Literal["real", "rehearsal"]
    first_day: Date
    last_day: Date


class SchoolShape(Struct):
    """The school of this snapshot; its wall clock is in `timezone`."""

    code: str
    name: str
    grades: list[int]
    timezone: str
    telephone: str | None
    card_salt: str


class SessionShape(Struct):
    """A session of the timetable in force."""

    code: str
    name: str
    name_en: str
    kind: Literal["subject", "questionnaire", "staff_questionnaire"]
    grade: int
    date: Date
    start_time: str
    end_time: str | None
    starts_at: Instant
    ends_at: Instant | None
    check_in_from: Instant
    preparation_from: Instant
    sealing_until: Instant | None
    timetable_version: int


class RoomShape(Struct):
    """A test room; `mine`: this person may note facts in it."""

    code: str
    name: str
    grade: int
    mine: bool


class StudentShape(Struct):
    """A student of the sample; `card` is SHA-256(salt ‖ token), hex."""

    code: str
    name: str
    sex: Literal["m", "f"] | None
    class_name: str | None
    room: str
    seat: int
    exempt: str | None
    card: str


class States(Struct):
    """What was noted so far. Who is not in `attendance` is expected."""

    attendance: list[dict[str, Any]]
    sittings: list[dict[str, Any]]
    anomalies: list[dict[str, Any]]
    incidents: list[dict[str, Any]]


class PolicyShape(Struct):
    """A value of a policy and where it comes from (`default`: nobody set it)."""

    value: int
    unit: str
    origin: str


class DayShape(Struct):
    """The school's day that counts now.

    `state`: `open`, the names are in `students`; `held`, they come at `release_at` and lie in `sealed_roster`;
    `closed`, they went for good. `closes_at`: when it closes by itself; `last`: no other day follows.
    """

    date: Date
    state: Literal["open", "held", "closed"]
    release_at: Instant | None
    closes_at: Instant
    closed_at: Instant | None
    last: bool


class ClosedDay(Struct):
    """A day of the school that is closed: received facts of it are deleted `keep_facts_days` later."""

    date: Date
    closed_at: Instant


class SealedRoster(Struct):
    """`students` and `foreign_cards` as JSON under AES-256-GCM (base64; `kid` is the additional data).

    The key is HKDF-SHA256 of the first 16 characters of the release code, without a salt, for `fieldops roster key`.
    """

    kid: str
    iv: str
    ciphertext: str
    release_at: Instant


class NoticeShape(Struct):
    """A notice that is for this person's duties, with what they did with it."""

    id: Uuid
    text: str
    sender: str
    sent_at: Instant
    must_confirm: bool
    confirm_by: Instant | None
    about: Uuid | None
    replaces: Uuid | None
    withdrawn_at: Instant | None
    read_at: Instant | None
    confirmed_at: Instant | None


class Snapshot(Struct):
    """What this device may see. Without a school (a desk that names none) the lists of a school are empty.

    `foreign_cards`: of each other school of the county, the first 10 hex digits of every card's hash (with this
    school's salt), so that a card from there is known as such without a network. They name nobody.
    """

    window: WindowShape
    person: PersonShape
    duties: list[DutyShape]
    device: DeviceShape
    county: CountyShape
    school: SchoolShape | None
    schools: list[Named]
    sessions: list[SessionShape]
    rooms: list[RoomShape]
    students: list[StudentShape]
    foreign_cards: dict[str, list[str]]
    #: None without a school or without a timetable.
    day: DayShape | None
    closed_days: list[ClosedDay]
    sealed_roster: SealedRoster | None
    states: States
    #: Newest first.
    notices: list[NoticeShape]
    policies: dict[str, PolicyShape]
    seq: int
    server_time: Instant
    server_epoch: Uuid
    #: Seals facts that leave this device on another one (base64url, 32 bytes); never kept in the clear.
    hand_over_key: str


Count = Annotated[int, Meta(ge=0, le=2**53)]


class Kept(Struct, forbid_unknown_fields=True):
    """What the phone keeps, as it said it last: for the list of phones, no fact.

    `waiting`: never sent; `unconfirmed`: sent, and not named by an answer yet (both without the facts of this call);
    `last_seq`: its count of facts so far; `offset_ms`: server minus device.
    """

    waiting: Count
    unconfirmed: Count
    last_seq: Count
    offset_ms: int = 0
    build: Annotated[str, Meta(max_length=40)] | None = None


def read_kept(raw: object) -> Kept | None:
    """A phone's report; None when there is none, or none that can be understood."""
    try:
        return msgspec.convert(raw, Kept) if raw is not None else None
    except msgspec.ValidationError:
        return None


class Sending(Struct, forbid_unknown_fields=True):
    """A device's facts, oldest first. Each is read for itself: a bad one never blocks those behind it.

    `window`: the one that they were noted in. When the sender acts in another now, nothing is taken in (409): what was
    noted in a rehearsal never lands in the real days.

    Without events it is a report of what the phone keeps (`kept`).
    """

    device: Annotated[str, Meta(pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
    sent_at: Instant
    events: Annotated[list[Any], Meta(max_length=500)]
    window: str | None = None
    #: A `Kept`. Read for itself: a report that is not as it should be never holds facts back.
    kept: Annotated[Any, Meta(description="What the phone keeps: docs/api.md. Left aside when not understood.")] = None


class ResultShape(Struct, omit_defaults=False):
    """The answer to one event. `reason` says why when it was quarantined or met a newer state."""

    id: str
    outcome: Literal["accepted", "duplicate", "quarantined", "conflict"]
    flags: list[str]
    seq: int | None
    reason: str | UnsetType = UNSET


class Received(Struct):
    """One result per event, in order."""

    server_time: Instant
    server_epoch: Uuid
    results: list[ResultShape]


class AttachmentContent(Struct, forbid_unknown_fields=True):
    """The bytes of a photo or a file. In JSON, so that no other site's form can send it in somebody's name."""

    #: base64
    content: bytes


class AttachmentTaken(Struct):
    """The bytes of this attachment are kept."""

    id: Uuid
    server_time: Instant
    server_epoch: Uuid


class HandOver(Struct, forbid_unknown_fields=True):
    """Facts of another device, sealed by it (`api/envelope.py`)."""

    device: Annotated[str, Meta(pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
    #: base64url
    sealed: Annotated[str, Meta(min_length=80, max_length=700_000)]


class HandOverSummary(Struct):
    """How many facts were answered how."""

    accepted: int
    duplicate: int
    quarantined: int
    conflict: int


class HandedOver(Struct):
    """One result per fact, as the device itself would have been told; it asks for its own when it is back."""

    server_time: Instant
    server_epoch: Uuid
    device: Uuid
    #: Name of the person who noted them.
    by: str
    summary: HandOverSummary
    results: list[ResultShape]


class ProblemShape(Struct):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    reference: str
