"""The sealed envelope in which a phone's facts travel on another phone or as a file. Pure: no SQL, no HTTP.

    1 byte   version, 1
    1 byte   how the facts are packed: 0 as they are, 1 zlib
    16 bytes device that noted them, 16 bytes its person
    12 bytes nonce
    rest     AES-256-GCM of the packed JSON {"sent_at", "window", "events"}; the first 34 bytes are its associated data

Each device has a key of its own: HKDF-SHA-256 of the server's secret, of device and person. A device never changes its
person (`organisation.service.enrol`), so the key of a device that was signed out or ended still opens what it sealed
before: nothing is lost in a pocket; whether it counts is asked afterwards. Nobody on the way can read or forge it.
`static/phone/envelope.js` seals.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
import zlib
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = 1
HEAD = 34
NONCE = 12
TAG = 16
#: A day of a busy phone is under 100 kB; what unpacks to more than the second number is no envelope of ours.
MOST_SEALED, MOST_OPENED = 512 * 1024, 4 * 1024 * 1024
MOST_EVENTS = 1000
#: First line of a file.
FILE_HEAD = b"FIELDOPS1"
_SALT = b"fieldops hand-over 1"


class Broken(ValueError):
    """It is no envelope, of another version, cut, changed on its way, or sealed with another server's key."""


class Head(NamedTuple):
    """Who sealed it, as it says; proved once it was opened with their key."""

    device: str
    person: str


class Content(NamedTuple):
    """What was in it. `events` as they were noted, unread."""

    window: str | None
    events: list[Any]


def key_of(secret: str, device: str, person: str) -> bytes:
    """The hand-over key of a device: 32 bytes."""
    info = uuid.UUID(device).bytes + uuid.UUID(person).bytes
    return HKDF(algorithm=SHA256(), length=32, salt=_SALT, info=info).derive(secret.encode())


def key_text(secret: str, device: str, person: str) -> str:
    """The same as the snapshot carries it: base64url without padding."""
    return base64.urlsafe_b64encode(key_of(secret, device, person)).decode().rstrip("=")


def from_text(text: str) -> bytes:
    """An envelope from base64url, with or without padding.

    Raises:
        Broken: it is none.
    """
    try:
        return base64.b64decode(text.strip() + "=" * (-len(text.strip()) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Broken("no base64url") from None


def from_file(content: bytes) -> bytes:
    """The envelope in a file.

    Raises:
        Broken: the file is not one of ours.
    """
    head, _, text = content.partition(b"\n")
    if head.strip() != FILE_HEAD or not text.isascii():
        raise Broken("no hand-over file")
    sealed = from_text(text.decode("ascii"))
    head_of(sealed)  # a head with nothing behind it is a file that was cut
    return sealed


def head_of(sealed: bytes) -> Head:
    """Who says to have sealed it.

    Raises:
        Broken: no envelope, or of another version.
    """
    if not HEAD + NONCE + TAG <= len(sealed) <= MOST_SEALED:
        raise Broken("length")
    if sealed[0] != VERSION or sealed[1] not in (0, 1):
        raise Broken("version")
    return Head(str(uuid.UUID(bytes=sealed[2:18])), str(uuid.UUID(bytes=sealed[18:34])))


def open_sealed(sealed: bytes, secret: str) -> Content:
    """What is in an envelope.

    Raises:
        Broken: it does not open, or holds something else than facts.
    """
    head = head_of(sealed)
    box = AESGCM(key_of(secret, head.device, head.person))
    try:
        packed = box.decrypt(sealed[HEAD : HEAD + NONCE], sealed[HEAD + NONCE :], sealed[:HEAD])
    except InvalidTag:
        raise Broken("seal") from None
    try:
        content = json.loads(_unpacked(packed) if sealed[1] else packed)
    except (ValueError, zlib.error, RecursionError):
        raise Broken("content") from None
    events = content.get("events") if isinstance(content, dict) else None
    if not isinstance(events, list) or not 0 < len(events) <= MOST_EVENTS:
        raise Broken("content")
    window = content.get("window")
    return Content(window if isinstance(window, str) else None, events)


def _unpacked(packed: bytes) -> bytes:
    reader = zlib.decompressobj()
    content = reader.decompress(packed, MOST_OPENED)
    if not reader.eof:
        raise Broken("larger than a phone's facts can be")
    return content


def seal(*, secret: str, head: Head, content: dict[str, Any], nonce: bytes) -> bytes:
    """An envelope, as a phone makes it: for tests and tools."""
    first = bytes([VERSION, 1]) + uuid.UUID(head.device).bytes + uuid.UUID(head.person).bytes
    packed = zlib.compress(json.dumps(content).encode())
    return first + nonce + AESGCM(key_of(secret, *head)).encrypt(nonce, packed, first)
