"""What the pages of the timetable show, made from sessions. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from fieldops.timetable.schedule import Session


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session with the wall-clock times around it; empty texts where there is no time."""

    session: Session
    check_in: str
    preparation: str
    start: str
    end: str
    sealed: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment that a rehearsal may jump to. `what`: `check_in`, `start`, `end`."""

    at: datetime
    what: str
    session: Session


def days(sessions: Iterable[Session]) -> list[tuple[date, list[SessionLine]]]:
    """The sessions by day and start."""
    found: dict[date, list[SessionLine]] = {}
    for session in sorted(sessions, key=lambda s: (s.date, s.start_time, s.row)):
        found.setdefault(session.date, []).append(_line(session))
    return list(found.items())


def moments(sessions: Sequence[Session], now: datetime, zone: str) -> list[Moment]:
    """Where a rehearsal may jump: each day's first check-in, and the next check-in, start and end after `now`."""
    students = [s for s in sessions if s.kind != "staff_questionnaire"]
    every = sorted(
        (
            moment
            for s in students
            for moment in (
                Moment(s.check_in_from(zone), "check_in", s),
                Moment(s.starts_at(zone), "start", s),
                Moment(s.ends_at(zone) or s.starts_at(zone), "end", s),
            )
        ),
        key=lambda m: (m.at, m.session.grade, m.session.code),
    )
    chosen: dict[tuple[datetime, str], Moment] = {}
    for day in sorted({s.date for s in students}):
        first = next(m for m in every if m.what == "check_in" and m.session.date == day)
        chosen.setdefault((first.at, first.what), first)
    for what in ("check_in", "start", "end"):
        following = next((m for m in every if m.what == what and m.at > now), None)
        if following is not None:
            chosen.setdefault((following.at, what), following)
    return sorted(chosen.values(), key=lambda m: m.at)


def _line(session: Session) -> SessionLine:
    start = _moved(session.start_time, 0)
    return SessionLine(
        session,
        _moved(session.start_time, -session.check_in_min - session.preparation_min) if session.check_in_min else "",
        _moved(session.start_time, -session.preparation_min) if session.preparation_min else "",
        start,
        _moved(session.end_time, 0) if session.end_time else "",
        _moved(session.end_time, session.sealing_min) if session.end_time and session.sealing_min else "",
    )


def _moved(wall: time, minutes: int) -> str:
    # The wall clock of one day: no zone changes its clocks in China, and the check keeps it on the day.
    return f"{datetime.combine(date(2000, 1, 1), wall) + timedelta(minutes=minutes):%H:%M}"
