"""The event: as it is sent (`Draft`), and as it stands in the journal (`Event`). Pure: no SQL, no HTTP.

Times are UTC with milliseconds. `occurred_at` and `recorded_at` of a draft are the device's clock; those of an event
are corrected by `offset_ms` (server time minus device time, as the device measured it) to the window's clock.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

#: Derives the ids of events that the system adds (UUIDv5), so that each exists once whoever computes it.
NAMESPACE = uuid.UUID("6f1d7c1e-6c0e-5d0a-9a55-0f1e1d0b5c77")
#: A device's clock further off than this is refused: ±100 years. A phone whose clock was never set starts in 1970, and
#: a rehearsal plays a day that may be years away from real time; the offset corrects both.
MAX_OFFSET_MS = 36_525 * 86_400_000
#: A JSON body of an event larger than this is no fact of the field.
MAX_DATA_BYTES = 16_384
#: Event, data, a list in it: nothing of the field is deeper than a few levels; a reader's stack is not ours to exhaust.
MAX_DEPTH = 8


class Draft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event as a sender writes it (docs/api.md). Codes are those of the snapshot."""

    id: str
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    #: The device that noted it, when it need not be the one that sends it: a phone that was bound anew has another id.
    device: str | None = None
    device_seq: int | None = None
    offset_ms: int = 0
    #: The device could not tell whether its clock was right (it slept, or was started anew, and no answer came since).
    clock_unsure: bool = False
    school: str | None = None
    room: str | None = None
    session: str | None = None
    student: str | None = None
    data: dict[str, Any] = msgspec.field(default_factory=dict)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the journal, whole. `data` holds what its kind declares."""

    county: str
    window: str
    seq: int
    id: str
    kind: str
    entity: str
    occurred_at: datetime
    recorded_at: datetime
    received_at: datetime
    offset_ms: int
    device_seq: int | None
    school: str | None
    room: str | None
    session: str | None
    student: str | None
    person: str | None
    device: str | None
    flags: tuple[str, ...]
    data: dict[str, Any]
    #: Levels at which the author held the right `Kind.levels_of` when it was recorded, from the bottom up. Kept,
    #: because duties change and a fold may not ask for them.
    levels: tuple[str, ...] = ()

    @property
    def moment(self) -> tuple[datetime, str]:
        """The order of facts: corrected time, then id. The same whatever order they arrived in."""
        return (self.occurred_at, self.id)


class Unreadable(Exception):
    """A draft that cannot be understood. `reason` as in `Quarantined.reason`; `detail` names the field."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail[:300]


def parse(raw: object, text: str) -> Draft:
    """Read one event as it was sent. `text`: `as_text(raw)`.

    Raises:
        Unreadable: with the field that is wrong.
    """
    if not _plain(raw, text) and not _clean(raw):
        raise Unreadable("unreadable", "no text (NUL or half a surrogate pair), or nested too deeply")
    try:
        draft = msgspec.convert(raw, Draft)
        identity = str(uuid.UUID(draft.id))
        device = None if draft.device is None else str(uuid.UUID(draft.device))
    except (msgspec.ValidationError, ValueError) as error:
        raise Unreadable("unreadable", str(error)) from None
    for name in ("occurred_at", "recorded_at"):
        if getattr(draft, name).tzinfo is None:
            raise Unreadable("unreadable", f"{name}: a time without a zone")
    if abs(draft.offset_ms) > MAX_OFFSET_MS:
        raise Unreadable("unreadable", "offset_ms: more than 100 years")
    if draft.device_seq is not None and not 0 <= draft.device_seq < 2**53:
        raise Unreadable("unreadable", "device_seq: not a count")
    _check_codes(draft)
    if len(text) > MAX_DATA_BYTES:
        raise Unreadable("unreadable", f"larger than {MAX_DATA_BYTES} bytes")
    if (identity, device) != (draft.id, draft.device):
        draft = msgspec.structs.replace(draft, id=identity, device=device)
    try:
        corrected(draft.occurred_at, draft.offset_ms), corrected(draft.recorded_at, draft.offset_ms)
    except OverflowError:
        raise Unreadable("unreadable", "occurred_at: out of the calendar") from None
    return draft


def _check_codes(draft: Draft) -> None:
    for name, longest in (("kind", 48), ("school", 32), ("room", 16), ("session", 32), ("student", 32)):
        value = getattr(draft, name)
        if value is not None and not 0 < len(value) <= longest:
            raise Unreadable("unreadable", f"{name}: expected 1 to {longest} characters")
        if value is not None and "/" in value:  # paths of places and names of entities are codes joined by it
            raise Unreadable("unreadable", f"{name}: a code without /")


def make(
    kind: str,
    *,
    at: datetime,
    identity: str,
    occurred_at: datetime | None = None,
    school: str | None = None,
    room: str | None = None,
    session: str | None = None,
    student: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> Draft:
    """A draft made on the server, at a desk or as a reaction. `at`: window clock, when it was written."""
    return Draft(
        id=identity,
        kind=kind,
        occurred_at=occurred_at or at,
        recorded_at=at,
        school=school,
        room=room,
        session=session,
        student=student,
        data=dict(data or {}),
    )


def derived_id(*parts: str) -> str:
    """The id of an event that follows from others: the same parts give the same id."""
    return str(uuid.uuid5(NAMESPACE, "/".join(parts)))


def corrected(at: datetime, offset_ms: int) -> datetime:
    """A device's time as the window's clock would have shown it, to the millisecond, UTC."""
    moment = at.astimezone(UTC) + timedelta(milliseconds=offset_ms)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def canonical(value: object) -> bytes:
    """The one way an object is written as bytes: JSON, keys sorted, no spaces, UTF-8."""
    return msgspec.json.encode(value, order="sorted")


def as_text(raw: object) -> str:
    """What was sent as JSON in plain ASCII: also what is no clean text (lone surrogates, NUL) can be hashed and kept.

    Of what is nested too deeply to be written only the top is kept.
    """
    try:
        return json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    except RecursionError:
        top = raw.items() if isinstance(raw, dict) else ()
        return json.dumps({name: value for name, value in top if isinstance(value, str)}, sort_keys=True)


def sent_hash(text: str) -> bytes:
    """SHA-256 of what was sent (`as_text`), so that a repeat is known as one."""
    return hashlib.sha256(text.encode()).digest()


def _plain(raw: object, text: str) -> bool:
    """Whether a look at the text is enough, as it is for nearly every event: the walk through its parts is left out."""
    data = raw.get("data") if isinstance(raw, dict) else None
    flat = isinstance(data, dict) and not any(isinstance(value, (dict, list)) for value in data.values())
    return flat and "\\u0000" not in text and "\\ud" not in text


def _clean(value: object, depth: int = 0) -> bool:
    """Whether every string in it is text that every database takes, and it is no deeper than a fact can be."""
    if isinstance(value, str):
        return value == printable(value)
    if isinstance(value, (dict, list)) and depth > MAX_DEPTH:
        return False
    if isinstance(value, dict):
        return all(_clean(part, depth + 1) for pair in value.items() for part in pair)
    return all(_clean(part, depth + 1) for part in value) if isinstance(value, list) else True


def printable(text: str) -> str:
    """Text that every database takes: NUL and lone surrogates become question marks."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def chained(previous: bytes, body: bytes) -> bytes:
    """The next hash of a county's chain."""
    return hashlib.sha256(previous + body).digest()


def read_body(body: str) -> Event:
    """An event from its canonical JSON."""
    return _decoder.decode(body)


def write_body(event: Event) -> bytes:
    """An event as its canonical JSON."""
    return canonical(event)


_decoder = msgspec.json.Decoder(Event)
