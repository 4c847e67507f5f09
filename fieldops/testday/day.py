"""A school's day: closed by somebody or by the clock, and when the names may be on phones. Pure: no SQL, no HTTP.

The names belong to one day at a time. They come with its release, go with its close, and come again with the release of
the next one, if there is one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

import msgspec

from fieldops.journal.events import Event
from fieldops.testday.standing import distinct, standing
from fieldops.timetable.clock import instant
from fieldops.timetable.schedule import Session

CLOSED, REOPENED = "day.closed", "day.reopened"


class DayState(msgspec.Struct, kw_only=True):
    """The columns of `models.SchoolDay`, with their meaning."""

    county: str
    window: str
    school: str
    date: str
    closed_at: datetime | None = None
    closed_by: str | None = None
    closings: list[str] = msgspec.field(default_factory=list)
    heard_at: datetime
    version: int


def key(event: Event) -> str:
    """What its entity is called, without the prefix."""
    return f"{event.window}/{event.school}/{event.data['date']}"


def fold(events: Sequence[Event]) -> DayState:
    """The state that follows from a day's events, in any order, however often each.

    A day is closed while a closing stands. Reopening names the closings that it takes back, so that it holds whatever
    the clocks said: the clock of a rehearsal is set back.
    """
    known = distinct(events)
    first = known[0]
    closings = [event for event in standing(known) if event.kind == CLOSED]
    return DayState(
        county=first.county,
        window=first.window,
        school=str(first.school),
        date=str(first.data["date"]),
        closed_at=closings[0].occurred_at if closings else None,
        closed_by=closings[0].person if closings else None,
        closings=[event.id for event in closings],
        heard_at=max(event.received_at for event in known),
        version=len(known),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day with sessions in a school. Times are the window's clock, UTC."""

    date: date
    check_in_from: datetime
    #: When its names may reach the phones; None: at once.
    release_at: datetime | None
    #: When it counts as closed by itself.
    closes_at: datetime
    #: When somebody closed it.
    closed_by_hand_at: datetime | None = None
    #: The last day of the school's timetable.
    last: bool = False

    def closed_at(self, now: datetime) -> datetime | None:
        """Since when it is closed; None while it is not. A closing in the future (a clock set back) does not count."""
        by_hand = self.closed_by_hand_at
        if by_hand is not None and by_hand <= now:
            return min(by_hand, self.closes_at)
        return self.closes_at if self.closes_at <= now else None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a school stands: the day that counts now, and whether the names are out."""

    day: Day
    #: `open`: names are on the phones; `held`: they come at `day.release_at`; `closed`: they went for good.
    state: Literal["open", "held", "closed"]
    #: Days that are over, with since when.
    closed: tuple[tuple[date, datetime], ...]


def days_of(
    sessions: Collection[Session],
    zone: str,
    *,
    release_min: int,
    closes_after_h: int,
    closed: Mapping[str, datetime | None] | None = None,
) -> list[Day]:
    """The days of a school, in their order.

    Args:
        sessions: of the school's grades.
        zone: the school's.
        release_min: minutes before the first check-in; 0: no lock, and then a later day's names come at its midnight.
        closes_after_h: hours after the last planned end (the start of a session without one).
        closed: date → when somebody closed it.
    """
    dates = sorted({session.date for session in sessions})
    days = []
    for number, day in enumerate(dates):
        of_day = [session for session in sessions if session.date == day]
        check_in_from = min(session.check_in_from(zone) for session in of_day)
        end = max(session.ends_at(zone) or session.starts_at(zone) for session in of_day)
        midnight = instant(day, time(0), zone) if number else None
        days.append(
            Day(
                date=day,
                check_in_from=check_in_from,
                release_at=check_in_from - timedelta(minutes=release_min) if release_min else midnight,
                closes_at=end + timedelta(hours=closes_after_h),
                closed_by_hand_at=(closed or {}).get(day.isoformat()),
                last=day == dates[-1],
            )
        )
    return days


def standing_of(days: Sequence[Day], now: datetime) -> Standing | None:
    """How a school stands at a time; None without a timetable, and then nothing is held back."""
    if not days:
        return None
    over = tuple((day.date, at) for day in days if (at := day.closed_at(now)) is not None)
    current = next((day for day in days if day.closed_at(now) is None), None)
    if current is None:
        return Standing(days[-1], "closed", over)
    held = current.release_at is not None and now < current.release_at
    return Standing(current, "held" if held else "open", over)


def phase(days: Sequence[Day], now: datetime) -> tuple[tuple[bool, bool], ...]:
    """What of it changes by the clock alone: for the snapshot's ETag."""
    return tuple((day.release_at is None or day.release_at <= now, day.closed_at(now) is not None) for day in days)
