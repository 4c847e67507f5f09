"""What the timetable expects of a room and was not heard in time. Pure: no SQL, no HTTP.

The one rule of silence: the engine makes its entries by it (`silence`), the boards show their tiles by it
(`board.attention`). Not heard is never "did not happen": a phone may lie in a box, or keep its facts without a network.
All times are the window's clock, UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple, Protocol

#: What can be awaited. Of a room: check-in begun, every student accounted for, started, ended, sealed. Of a school's
#: day: that it said something of its own accord, if only that nothing happened (零报告).
WHATS: Final = ("check_in", "check_in_done", "started", "ended", "sealed", "nil_report")
_MINUTE: Final = timedelta(minutes=1)
_OVER: Final = ("ended", "sealed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """Policy values of the window (`timetable.policies`), in minutes."""

    silence_min: int = 5
    start_tolerance_min: int = 5
    end_tolerance_min: int = 5
    late_cut_off_min: int = 15
    check_in_done_min: int = 10
    sealing_tolerance_min: int = 5


class Room(Protocol):
    """A session in a room: its plan, and what was heard of it. `None` times are not known, or open-ended."""

    @property
    def check_in_from(self) -> datetime: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime | None: ...
    @property
    def sealing_min(self) -> int: ...
    @property
    def state(self) -> str:
        """`planned`, `running`, `paused`, `ended`, `sealed`."""

    @property
    def started_at(self) -> datetime | None: ...
    @property
    def ended_at(self) -> datetime | None: ...
    @property
    def lawful_end_at(self) -> datetime | None: ...
    @property
    def boxed_at(self) -> datetime | None:
        """Since when the room's phone is locked away."""

    @property
    def expected(self) -> int: ...
    @property
    def present(self) -> int: ...
    @property
    def absent(self) -> int: ...
    @property
    def fact_heard_at(self) -> datetime | None:
        """When a fact about it arrived last."""


class Awaited(NamedTuple):
    """A fact that was not heard yet."""

    what: str
    #: When the plan has it.
    due_at: datetime
    #: From when on its silence is an entry: `due_at` and the tolerance.
    alarm_at: datetime
    #: From when on the next thing is awaited instead of this.
    until: datetime | None = None

    def outstanding(self, now: datetime) -> bool:
        """Whether it should have been heard by now."""
        return self.alarm_at <= now and (self.until is None or now < self.until)


def awaited(room: Room, limits: Tolerances) -> list[Awaited]:
    """All that is still to be heard of a room in a session, whenever it is due.

    A start that was not heard is one thing to ask for: neither the check-in before it nor the end after it is asked for
    beside it. Where nobody is expected nothing is.
    """
    if not room.expected:
        return []
    found = list(_unheard(room, limits))
    if room.boxed_at is None:
        return found
    end = room.lawful_end_at or room.ends_at
    if end is None:
        return []  # locked away, and nobody knows until when
    back = end + timedelta(minutes=room.sealing_min) + _MINUTE
    return [one._replace(alarm_at=max(one.alarm_at, back), until=None) for one in found if one.what != "check_in"]


def outstanding(room: Room, limits: Tolerances, now: datetime) -> list[Awaited]:
    """What of it should have been heard by now."""
    return [one for one in awaited(room, limits) if one.outstanding(now)]


def noted(room: Room) -> bool:
    """Whether anything was heard of the room in this session."""
    return bool(room.present or room.absent or room.fact_heard_at is not None)


def _unheard(room: Room, limits: Tolerances) -> Iterator[Awaited]:
    if room.state == "planned":
        # Tolerances are whole minutes as screens show them: "5 min late" is within five, the sixth is not. A silence
        # never counts sooner than a late start does: hearing of a check-in must not take an alarm back.
        allowed = limits.start_tolerance_min + 1
        if not noted(room):
            allowed = max(allowed, limits.silence_min)
        start = Awaited("started", room.starts_at, room.starts_at + allowed * _MINUTE)
        if not noted(room):
            opened = room.check_in_from
            yield Awaited("check_in", opened, opened + limits.silence_min * _MINUTE, until=start.alarm_at)
        yield start
        return
    if room.present + room.absent < room.expected:
        cut_off = room.starts_at + limits.late_cut_off_min * _MINUTE
        yield Awaited("check_in_done", cut_off, cut_off + (limits.check_in_done_min + 1) * _MINUTE)
    if room.state == "running":
        end = room.lawful_end_at or (room.ends_at if room.started_at is None else None)
        if end is not None:
            yield Awaited("ended", end, end + (limits.end_tolerance_min + 1) * _MINUTE)
    elif room.state == "ended" and room.ended_at is not None:
        due = room.ended_at + timedelta(minutes=room.sealing_min)
        yield Awaited("sealed", due, due + (limits.sealing_tolerance_min + 1) * _MINUTE)


# --- how a silence ends -----------------------------------------------------------------------------------------------

#: `in_time`: it had happened in time and was heard later. `late`: it happened late. `heard`: it happened, nobody knows
#: when. `replaced`: what comes next is awaited instead. `not_expected`: timetable, roster, clock or the day's close
#: took the expectation away.
How = Literal["in_time", "late", "heard", "replaced", "not_expected"]


class Answer(NamedTuple):
    """How a silence ended."""

    how: How
    #: When the fact happened; None when nobody knows, or there is none.
    at: datetime | None = None


def answer(
    what: str,
    alarm_at: datetime,
    room: Room | None,
    *,
    sealed_at: datetime | None = None,
    first_at: datetime | None = None,
    last_at: datetime | None = None,
    standing: Sequence[Awaited] = (),
) -> Answer:
    """How an entry ended that is outstanding no more.

    Args:
        what: of `WHATS`, of a room.
        alarm_at: from when on the fact counts as late.
        room: what is known now; None when the room or the session is gone.
        sealed_at: when its papers were sealed.
        first_at: the first check-in that stands.
        last_at: the last one.
        standing: what is outstanding of the room instead.
    """
    if room is not None and _happened(what, room):
        at = {
            "check_in": first_at or room.started_at,
            "check_in_done": last_at,
            "started": room.started_at,
            "ended": room.ended_at,
            "sealed": sealed_at,
        }.get(what)
        return told(at, alarm_at)
    if what == "check_in" and any(one.what == "started" for one in standing):
        return Answer("replaced")
    return Answer("not_expected")


def told(at: datetime | None, alarm_at: datetime) -> Answer:
    """A fact that was heard: in time or late by the time at which it happened."""
    if at is None:
        return Answer("heard")
    return Answer("in_time" if at < alarm_at else "late", at)


def _happened(what: str, room: Room) -> bool:
    if what == "check_in":
        return noted(room)
    if what == "check_in_done":
        return room.present + room.absent >= room.expected > 0
    if what == "started":
        return room.state != "planned"
    return room.state in (("sealed",) if what == "sealed" else _OVER)
