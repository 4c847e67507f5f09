"""QR cards: an opaque token without personal data, its hash for the phone's roster, and its picture.

A token is ``F1``, 16 characters of Crockford's base32 (80 random bits) and a check character: 19 characters of QR's
alphanumeric alphabet, which fit version 2 at error level Q (29 characters; version 1 holds 16).
"""

from __future__ import annotations

import hashlib
import secrets

import qrcode
from qrcode.constants import ERROR_CORRECT_Q
from qrcode.util import QRData

#: Kind and version of the code; another kind of QR code on the table is told apart by it.
PREFIX = "F1"
#: Crockford's base32: no I, L, O (read as 1, 1, 0) and no U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#: Crockford's check symbols are the alphabet and ``* ~ $ = U`` for the remainders 32 to 36. ``~`` and ``=`` are not in
#: QR's alphanumeric alphabet: ``+`` and ``%`` stand for them. Modulo 37 stays (a prime above 32, and 32 - 1 is no
#: multiple of it), so every single wrong character and every swap of neighbours is found.
CHECK_ALPHABET = ALPHABET + "*+$%U"
RANDOM_CHARACTERS = 16
TOKEN_CHARACTERS = len(PREFIX) + RANDOM_CHARACTERS + 1
#: Modules of a version 2 symbol, and the quiet zone that ISO/IEC 18004 asks for on each side.
QR_MODULES = 25
QUIET_ZONE = 4

_MISREAD = str.maketrans("OIL", "011")


def new_token() -> str:
    """A new random token."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARACTERS))
    return PREFIX + body + check_character(body)


def check_character(body: str) -> str:
    """The check character of the characters between prefix and check: their base-32 number modulo 37.

    Raises ``ValueError`` for a character outside the alphabet.
    """
    remainder = 0
    for character in body:
        remainder = (remainder * 32 + ALPHABET.index(character)) % 37
    return CHECK_ALPHABET[remainder]


def parse(text: str) -> str | None:
    """The token that was scanned or typed, as printed; None when it is not one of ours or a character is wrong.

    Small letters, spaces, and O, I, L for 0, 1, 1 are tolerated.
    """
    typed = "".join(text.split())
    if not typed.isascii() or len(typed) != TOKEN_CHARACTERS:
        return None
    token = typed.upper().translate(_MISREAD)
    body, check = token[len(PREFIX) : -1], token[-1]
    if not token.startswith(PREFIX) or any(character not in ALPHABET for character in body):
        return None
    return token if check == check_character(body) else None


def token_hash(salt: bytes, token: str) -> str:
    """SHA-256 of the salt and the token's ASCII characters, in hexadecimal: what a phone's roster holds of a card."""
    return hashlib.sha256(salt + token.encode("ascii")).hexdigest()


def qr_modules(token: str) -> list[list[bool]]:
    """The token as rows of modules, True for a dark one, without the quiet zone.

    Raises ``ValueError`` for what is no token.
    """
    if parse(token) != token:
        raise ValueError("not a card token")
    code = qrcode.QRCode(version=2, error_correction=ERROR_CORRECT_Q, border=0)
    # One segment, which QRData makes alphanumeric by its content; ``optimize`` could cut it into several.
    code.add_data(QRData(token), optimize=0)
    code.make(fit=False)
    return [[bool(module) for module in modules] for modules in code.modules]


def qr_svg(token: str) -> str:
    """The token as an inline ``<svg>`` of one path, quiet zone included; CSS gives its size (25 mm in print).

    Hidden from screen readers: the card's text says whose it is. Raises ``ValueError`` for what is no token.
    """
    path = "".join(
        f"M{start + QUIET_ZONE} {row + QUIET_ZONE}h{length}v1h-{length}z"
        for row, modules in enumerate(qr_modules(token))
        for start, length in _runs(modules)
    )
    size = QR_MODULES + 2 * QUIET_ZONE
    return (
        f'<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges" '
        f'aria-hidden="true" focusable="false"><path fill="#000" d="{path}"/></svg>'
    )


def _runs(modules: list[bool]) -> list[tuple[int, int]]:
    """Start and length of each run of dark modules in a row."""
    runs: list[tuple[int, int]] = []
    for index, dark in enumerate(modules):
        if dark and runs and sum(runs[-1]) == index:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif dark:
            runs.append((index, 1))
    return runs
