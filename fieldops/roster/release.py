"""The time-locked roster: names lie on the phones as ciphertext days before, and the key comes on the morning.

The key follows from a release code, one for each window, school and day: 80 bits as 16 characters of Crockford's base32
and a check character, short enough for the telephone. Phones derive the key in the same way (`static/phone/release.js`;
both sides are held to `tests/js/release-vectors.json`). A phone's clock plays no part in it: setting it opens nothing.

The code follows from the server's secret key: it is the same after a restored backup and on every node, and it changes
when the secret changes. `kid` tells a phone whether a code fits its ciphertext. Pure.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fieldops.roster.cards import ALPHABET, check_character

CODE_CHARACTERS = 16
#: Of AES-GCM, bytes: NIST SP 800-38D.
_IV_BYTES = 12
_MISREAD = str.maketrans("OIL", "011")


class Sealed(NamedTuple):
    """A roster under its release code; bytes as base64."""

    kid: str
    iv: str
    ciphertext: str


def code(secret_key: str, *, window: str, county: str, school: str, day: str) -> str:
    """The release code: 16 characters and the check character, which is a letter or a digit too.

    The few codes with a check symbol, which nobody can read out, are passed over for the next.
    """
    attempt = 0
    while True:
        words = f"roster release/{attempt}/{window}/{county}/{school}/{day}"
        number = int.from_bytes(hmac.digest(secret_key.encode(), words.encode(), hashlib.sha256)[:10])
        body = "".join(ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))
        if (check := check_character(body)) in ALPHABET:
            return body + check
        attempt += 1


def parse(text: str) -> str | None:
    """The code that was typed or read out, without its groups; None when a character is missing or wrong."""
    typed = "".join(text.split()).replace("-", "").upper().translate(_MISREAD)
    body, check = typed[:CODE_CHARACTERS], typed[CODE_CHARACTERS:]
    if len(body) != CODE_CHARACTERS or any(character not in ALPHABET for character in body):
        return None
    return typed if check == check_character(body) else None


def grouped(text: str) -> str:
    """The code as it is shown and read out: groups of four."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def kid_of(text: str) -> str:
    """Names the key that follows from a code, and gives nothing of it away."""
    return _derive(text, b"fieldops roster kid", 6).hex()


def seal(text: str, roster: object, *, iv: bytes | None = None) -> Sealed:
    """Encrypt a roster (anything that JSON holds) under a code. `iv`: for tests; a random one otherwise."""
    kid = kid_of(text)
    nonce = iv or os.urandom(_IV_BYTES)
    hidden = AESGCM(_derive(text, b"fieldops roster key", 32)).encrypt(nonce, msgspec.json.encode(roster), kid.encode())
    return Sealed(kid, base64.b64encode(nonce).decode(), base64.b64encode(hidden).decode())


def _derive(text: str, purpose: bytes, length: int) -> bytes:
    """HKDF-SHA256 (RFC 5869) without a salt: the code is uniformly random already."""
    return HKDF(SHA256(), length, salt=None, info=purpose).derive(text[:CODE_CHARACTERS].encode())
