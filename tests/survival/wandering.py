"""`wsgi:app` under a clock that a test can set off: seconds in the file that `WANDERING_CLOCK` names, read anew."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import fieldops.db as database

_file = Path(os.environ["WANDERING_CLOCK"])
_real = database.utcnow


def _utcnow() -> datetime:
    return _real() + timedelta(seconds=float(_file.read_text(encoding="ascii") or 0))


database.utcnow = _utcnow  # before any module takes the name from there

from wsgi import app  # noqa: E402 - see above

__all__ = ["app"]
