"""Passwords of desks: argon2id as OWASP advises, with a bound on how many are computed at once.

The library's default (64 MiB, 4 lanes) takes the whole machine in a sign-in storm: check-ins were measured at p99 3.4 s
against 40 ms.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import lazy_gettext as _l

from fieldops.web.errors import Problem

SHORTEST: Final = 10
LONGEST: Final = 200
#: Hashes that a process computes at once, and seconds that a sign-in waits for its turn.
_AT_ONCE: Final = 2
_WAIT_S: Final = 8.0

#: OWASP Password Storage Cheat Sheet: argon2id, 19 MiB, 2 passes, 1 lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
#: Nobody's: verified for unknown names, so that they take as long as known ones.
_NOBODY: Final = f"$argon2id$v=19$m={19 * 1024},t=2,p=1$" + "A" * 22 + "$" + "A" * 43
_slots = threading.BoundedSemaphore(_AT_ONCE)


class PasswordRefused(Problem):
    """A new password that is too easy to guess."""

    status, slug, title = 422, "password-refused", _l("This password cannot be used")
    detail = _l("Choose one of at least 10 characters.")


class Busy(Problem):
    """Too many sign in at this moment."""

    status, slug, title = 503, "busy", _l("Many people are signing in at this moment")
    detail = _l("Wait a few seconds, then try again.")


def hashed(password: str) -> str:
    """The hash to keep of a new password. Slow on purpose: call it before `writing()`.

    Raises:
        PasswordRefused: shorter than 10 or longer than 200 characters.
        Busy: no turn within 8 s.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordRefused
    with _turn():
        return _hasher.hash(_bytes(password))


def is_right(password: str, kept: str | None) -> bool:
    """Whether the password is the one whose hash is kept. Takes as long when none is kept.

    Raises:
        Busy: no turn within 8 s.
    """
    with _turn():
        try:
            _hasher.verify(kept or _NOBODY, _bytes(password[: LONGEST + 1]))
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether a kept hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(kept)


def _bytes(password: str) -> bytes:
    # A lone surrogate cannot be encoded; it must be a wrong password, not an error page.
    return password.encode("utf-8", "surrogatepass")


@contextmanager
def _turn() -> Iterator[None]:
    if not _slots.acquire(timeout=_WAIT_S):
        raise Busy
    try:
        yield
    finally:
        _slots.release()
