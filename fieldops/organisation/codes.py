"""One-time sign-in codes: 13 characters of Crockford's base32, good for a link and for typing. Pure."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

#: No I, L, O, U: nothing that is read for something else (crockford.com/base32.html).
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#: 13 × 5 = 65 random bits: with 250 codes open, a guesser at 1,000 tries/s needs some four million years.
_LENGTH: Final = 13
#: Chinese keyboards type full-width letters and digits when they are in that mode.
_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None, "\u2013": None, "\u3000": None})


def new_code() -> str:
    """A new code, as it stands in a link."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def grouped(code: str) -> str:
    """The code as people read it out and type it: `7Q2M-K9ZD-4XW0B`."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def read(text: str) -> str | None:
    """The code that somebody typed, whatever the case, the spaces and the look-alikes; None when it cannot be one."""
    code = text[:60].translate(_FULL_WIDTH).upper().translate(_READ_AS)
    return code if len(code) == _LENGTH and all(character in _ALPHABET for character in code) else None


def code_hash(code: str) -> bytes:
    """SHA-256 of a code, as it is kept."""
    return hashlib.sha256(code.encode()).digest()
