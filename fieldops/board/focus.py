"""Which session a board shows: the one that the clock says, or the one somebody chose. Pure.

Grades sit different sessions at the same time and schools live in different zones, so a choice is a wall-clock time
(`2024-05-20T10:50`), read by each school in its own zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from fieldops.timetable.clock import instant
from fieldops.timetable.schedule import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A wall-clock start with the sessions that begin then, one a grade."""

    date: date
    start_time: time
    sessions: tuple[Session, ...]

    @property
    def at(self) -> str:
        """How a URL says it."""
        return f"{self.date.isoformat()}T{self.start_time:%H:%M}"


def slots(sessions: Iterable[Session]) -> list[Slot]:
    """What can be chosen among students' sessions, in their order."""
    found: dict[tuple[date, time], list[Session]] = {}
    for session in sessions:
        if session.kind != "staff_questionnaire":
            found.setdefault((session.date, session.start_time), []).append(session)
    return [
        Slot(date=key[0], start_time=key[1], sessions=tuple(sorted(group, key=lambda s: (s.grade, s.code))))
        for key, group in sorted(found.items())
    ]


def chosen(text: str | None) -> datetime | None:
    """The wall-clock time (naive on purpose: each school reads it in its zone) that a URL names; None for "now"."""
    try:
        return datetime.strptime(text or "", "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - a wall clock, read in a zone by the caller
    except ValueError:
        return None


def focus(sessions: Sequence[Session], zone: str, now: datetime, wall: datetime | None = None) -> Session | None:
    """The session of a grade that a room of this zone is about; None when the grade has none.

    By the clock: the last one of today whose check-in is open; before the first one and after the day, the next to
    come; after the last day, the last. By a choice: the one that was on at that time of the wall clock.

    Args:
        sessions: one grade's, without those of the staff.
        now: by the window's clock, UTC.
        wall: what somebody chose.
    """
    moment = instant(wall.date(), wall.time(), zone) if wall else now
    today = moment.astimezone(ZoneInfo(zone)).date()
    ordered = sorted(sessions, key=lambda s: (s.date, s.start_time, s.code))
    opened = [session for session in ordered if session.check_in_from(zone) <= moment]
    if opened and opened[-1].date == today:
        return opened[-1]
    coming = ordered[len(opened) :]
    return coming[0] if coming else (opened[-1] if opened else None)


def until(sessions: Sequence[Session], session: Session) -> list[Session]:
    """The sessions of the same day before this one, the newest first."""
    before = [s for s in sessions if s.date == session.date and s.start_time < session.start_time]
    return sorted(before, key=lambda s: s.start_time, reverse=True)


def after(sessions: Sequence[Session], zone: str, now: datetime) -> Session | None:
    """What comes next by the timetable: the first session whose check-in opens later than now."""
    coming = [session for session in sessions if session.check_in_from(zone) > now]
    return min(coming, key=lambda s: (s.date, s.start_time, s.code), default=None)
