"""The window's clock. All times of the field are read from it; a real window's clock is real time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from fieldops.db import utcnow


class HasClock(Protocol):
    """A window, or as much of one as its clock needs."""

    @property
    def mode(self) -> str: ...
    @property
    def clock_shows(self) -> datetime | None: ...
    @property
    def clock_set_at(self) -> datetime | None: ...


def now(window: HasClock, *, real: datetime | None = None) -> datetime:
    """What the window's clock shows, UTC. `real`: the real time to read it at (default: now)."""
    return (real or utcnow()) + shift(window)


def shift(window: HasClock) -> timedelta:
    """How far the window's clock is ahead of real time: zero in a real window."""
    if window.mode != "rehearsal" or window.clock_shows is None or window.clock_set_at is None:
        return timedelta(0)
    return window.clock_shows - window.clock_set_at


def instant(day: date, wall: time, timezone: str) -> datetime:
    """The UTC instant of a wall-clock time of a school's zone."""
    return datetime.combine(day, wall, ZoneInfo(timezone)).astimezone(UTC)
