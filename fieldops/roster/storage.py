"""Uploaded reports between the look at their difference and its application. They hold children's names.

A file lies under its own hash in `imports/` of the data directory, readable by the server's user alone, and goes when
it is applied, or after a day. Nodes share nothing but the database: when another node has it, it is asked for again.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from pathlib import Path

#: What a request may hold: 35 schools' reports are 3 MB; each file has the reader's own limits besides.
MOST_BYTES = 24_000_000
MOST_FILES = 100
#: Seconds that a file waits to be applied.
KEPT_S = 86_400
_HASH = re.compile(r"[0-9a-f]{64}")


def keep(folder: Path, sha256: str, data: bytes) -> None:
    """Keep a file; the same again is the same. Sweeps away what waited too long."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sweep(folder)
    target = _path(folder, sha256)
    # Written beside and renamed, so that a reader never meets half a file.
    part = target.with_name(f"{target.name}.{os.getpid()}.{time.monotonic_ns()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    part.replace(target)


def fetch(folder: Path, sha256: str) -> bytes | None:
    """The file of this hash; None when it is not here (applied, swept away, or on another node)."""
    if not _HASH.fullmatch(sha256):
        return None
    try:
        return _path(folder, sha256).read_bytes()
    except OSError:
        return None


def discard(folder: Path, sha256: str) -> None:
    """Remove a file, there or not."""
    if _HASH.fullmatch(sha256):
        _path(folder, sha256).unlink(missing_ok=True)


def sweep(folder: Path, *, now: float | None = None) -> int:
    """Remove what was kept for longer than a day, and count it. `now`: seconds since the epoch."""
    before = (time.time() if now is None else now) - KEPT_S
    gone = 0
    for path in folder.glob("*"):
        with contextlib.suppress(OSError):  # another process was faster
            if path.stat().st_mtime < before:
                path.unlink()
                gone += 1
    return gone


def _path(folder: Path, sha256: str) -> Path:
    return folder / sha256
