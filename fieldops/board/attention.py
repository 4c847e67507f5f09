"""What needs somebody's attention, and why: a room in a session against its plan. Pure: no SQL, no HTTP.

Reasons are codes with parameters; `words.py` has their sentences. Their order is that of need alone: nothing here knows
a school's results, and no order says one school is better than another (domain.md §8). All times are the window's
clock, UTC; minutes are whole, towards zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from fieldops.testday import expectation
from fieldops.testday.expectation import Tolerances

#: Worst first: what cannot wait, what is due, what tells of trouble to come, what should be read. The place in this
#: list is the order among reasons of the same need.
CODES = (
    "incident_serious",
    "incident_moderate",
    "start_silent",
    "over_end",
    "paused",
    "check_in_silent",
    "start_not_noted",
    "check_in_open",
    "incident_minor",
    "sealing_overdue",
    "participation_low",
    "contradicted",
    "never_noted",
    "stale",
    "not_frozen",
    "anomalies",
    "clock_off",
    "late_entries",
)


class Need(IntEnum):
    """How much somebody is needed."""

    #: All is as planned.
    NONE = 0
    #: Worth reading when there is time.
    READ = 1
    #: Keep an eye on it.
    WATCH = 2
    #: Somebody should do something now.
    ACT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a room is shown before others. `params` fill the sentence; times in it are aware."""

    code: str
    need: Need
    params: Mapping[str, Any] = field(default_factory=dict)
    #: Minutes that it lasts, or how many: the longer or the more, the sooner it is shown.
    size: int = 0
    #: Code of the session when it is not the one that the tile shows.
    session: str | None = None

    @property
    def order(self) -> tuple[int, int, int, str]:
        """Sorts the most needed first."""
        return (-self.need, CODES.index(self.code), -self.size, self.session or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits(Tolerances):
    """Policy values of the window (`timetable.policies`)."""

    stale_after_s: int = 90
    participation_min_percent: int = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """A session in a room: its plan, and what was heard of it. `None` times are not known, or open-ended."""

    session: str
    check_in_from: datetime
    starts_at: datetime
    ends_at: datetime | None = None
    sealing_min: int = 0
    #: `planned`, `running`, `paused`, `ended`, `sealed`.
    state: str = "planned"
    started_at: datetime | None = None
    paused_at: datetime | None = None
    ended_at: datetime | None = None
    frozen: bool = False
    #: Actual start + planned duration + pauses that are over.
    lawful_end_at: datetime | None = None
    start_deviation_min: int | None = None
    end_deviation_min: int | None = None
    expected: int = 0
    present: int = 0
    absent: int = 0
    contradicted: int = 0
    anomalies: int = 0
    late_entries: int = 0
    clock_off: int = 0
    #: When a fact about this sitting arrived last.
    fact_heard_at: datetime | None = None
    #: Since when the room's phone is locked away: its silence tells nothing until the papers should be sealed.
    boxed_at: datetime | None = None
    #: Some of this was heard over the telephone only.
    spoken: bool = False

    @property
    def over(self) -> bool:
        """Nothing more is to be noted but the sealing."""
        return self.state in ("ended", "sealed")

    def silent_on_purpose(self, now: datetime) -> bool:
        """Whether the phone is locked away and its session cannot have been noted yet."""
        if self.boxed_at is None:
            return False
        end = self.lawful_end_at or self.ends_at
        return end is None or now <= end + timedelta(minutes=self.sealing_min)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a sitting stands against its plan: a code with minutes and, where it helps, a time."""

    code: str
    minutes: int = 0
    at: datetime | None = None


def standing(sitting: Sitting, now: datetime) -> Standing:
    """One line a tile: what the clock says about the session as it was noted.

    Codes: `check_in_later`, `check_in_open`, `start_due`, `running`, `running_open`, `running_over`, `paused`, `ended`,
    `sealed`.
    """
    if sitting.state == "planned":
        if now < sitting.check_in_from:
            return Standing(
                code="check_in_later", minutes=_minutes_until(sitting.check_in_from, now), at=sitting.starts_at
            )
        if now < sitting.starts_at:
            return Standing(code="check_in_open", minutes=_minutes_until(sitting.starts_at, now), at=sitting.starts_at)
        return Standing(code="start_due", minutes=_minutes(now - sitting.starts_at), at=sitting.starts_at)
    if sitting.state == "paused":
        return Standing(code="paused", minutes=_since(sitting.paused_at, now))
    if sitting.state == "running":
        end = _end(sitting)
        if end is None:
            return Standing(code="running_open", at=sitting.started_at)
        if now <= end:
            return Standing(code="running", minutes=_minutes_until(end, now), at=end)
        return Standing(code="running_over", minutes=_minutes(now - end), at=end)
    return Standing(code=sitting.state, minutes=_since(sitting.ended_at, now), at=sitting.ended_at)


def under_way(sitting: Sitting, now: datetime) -> bool:
    """Whether the room should be heard: from check-in until the end was noted."""
    return not sitting.over and now >= sitting.check_in_from


def stale(sitting: Sitting, heard_at: datetime | None, now: datetime, limits: Limits) -> bool:
    """Whether the room is shown grey: not heard for `stale_after_s` while its session is under way."""
    if not under_way(sitting, now) or sitting.silent_on_purpose(now):
        return False
    return heard_at is None or now - heard_at > timedelta(seconds=limits.stale_after_s)


def reasons(
    sitting: Sitting,
    *,
    now: datetime,
    limits: Limits,
    heard_at: datetime | None = None,
    incidents: Sequence[str] = (),
    earlier: Iterable[Sitting] = (),
) -> list[Reason]:
    """Everything about a room that somebody should know, the most needed first.

    Args:
        sitting: what the room holds by the clock.
        heard_at: when the room was heard last, by a fact or by a device of its monitors.
        incidents: severities of its incidents that are not resolved yet.
        earlier: sittings of the same day before this one: an unfinished one is still somebody's work.
    """
    found = [
        *_of_incidents(incidents),
        *_of_time(sitting, now, limits, heard_at),
        *_of_numbers(sitting, now, limits),
    ]
    for before in earlier:
        found += [_named(reason, before.session) for reason in _of_earlier(before, now, limits)]
    if stale(sitting, heard_at, now, limits):
        found.append(Reason(code="stale", need=Need.READ, size=_since(heard_at, now)))
    return sorted(found, key=lambda reason: reason.order)


def of_place(*, incidents: Sequence[str] = (), anomalies: int = 0) -> list[Reason]:
    """What concerns a school rather than one of its rooms; arguments as of `reasons`."""
    found = list(_of_incidents(incidents))
    if anomalies:
        found.append(Reason(code="anomalies", need=Need.READ, params={"count": anomalies}, size=anomalies))
    return sorted(found, key=lambda reason: reason.order)


def need_of(found: Sequence[Reason]) -> Need:
    """The greatest need among reasons."""
    return max((reason.need for reason in found), default=Need.NONE)


def order_of(found: Sequence[Reason], name: str) -> tuple[Any, ...]:
    """Sorts rooms or schools by need for attention; where it is the same, by code. `name` is unique."""
    first = min((reason.order for reason in found), default=None)
    return (0, *first, name) if first else (1, name)


def _of_incidents(severities: Sequence[str]) -> Iterable[Reason]:
    for severity, need in (("serious", Need.ACT), ("moderate", Need.ACT), ("minor", Need.WATCH)):
        count = sum(1 for found in severities if found == severity)
        if count:
            yield Reason(code=f"incident_{severity}", need=need, params={"count": count}, size=count)


def _of_time(sitting: Sitting, now: datetime, limits: Limits, heard_at: datetime | None) -> Iterable[Reason]:
    """What should have been heard by the one rule of silence, and what was heard and lasts."""
    if sitting.state == "paused":
        yield _lasting("paused", Need.ACT, _since(sitting.paused_at, now))
    for one in expectation.outstanding(sitting, limits, now):
        minutes = _minutes(now - one.due_at)
        if one.what == "started":
            heard = expectation.noted(sitting) or (heard_at is not None and heard_at >= sitting.check_in_from)
            silent = ("start_not_noted", Need.WATCH) if heard else ("start_silent", Need.ACT)
            yield _lasting(*silent, minutes)
        elif one.what == "check_in":
            yield _lasting("check_in_silent", Need.WATCH, minutes)
        elif one.what == "check_in_done":
            count = sitting.expected - sitting.present - sitting.absent
            yield Reason(code="check_in_open", need=Need.WATCH, params={"count": count}, size=count)
        elif one.what == "ended":
            yield _lasting("over_end", Need.ACT, minutes, at=one.due_at)
        else:
            yield _lasting("sealing_overdue", Need.WATCH, minutes)
    if sitting.over and not sitting.frozen and sitting.expected:
        yield Reason(code="not_frozen", need=Need.READ)


def _of_earlier(sitting: Sitting, now: datetime, limits: Limits) -> Iterable[Reason]:
    """What is still to be done about a session that the clock has left behind."""
    if sitting.state != "planned":
        yield from _of_time(sitting, now, limits, None)
    elif sitting.expected:
        # By now it is no alarm any more, yet the day's record has a hole.
        yield Reason(code="never_noted", need=Need.WATCH)


def _of_numbers(sitting: Sitting, now: datetime, limits: Limits) -> Iterable[Reason]:
    # Before the late cut-off students still come in, and a low share says nothing yet.
    settled = sitting.over or now >= sitting.starts_at + timedelta(minutes=limits.late_cut_off_min)
    if settled and sitting.expected and sitting.state != "planned":
        percent = 100 * sitting.present / sitting.expected
        if percent < limits.participation_min_percent:
            yield Reason(
                code="participation_low",
                need=Need.WATCH,
                params={"percent": int(percent), "threshold": limits.participation_min_percent},
                size=100 - int(percent),
            )
    for code, need, count in (
        ("contradicted", Need.WATCH, sitting.contradicted),
        ("anomalies", Need.READ, sitting.anomalies),
        ("clock_off", Need.READ, sitting.clock_off),
        ("late_entries", Need.READ, sitting.late_entries),
    ):
        if count > 0:
            yield Reason(code=code, need=need, params={"count": count}, size=count)


def _lasting(code: str, need: Need, minutes: int, **params: Any) -> Reason:
    return Reason(code=code, need=need, params={"minutes": minutes, **params}, size=minutes)


def _named(reason: Reason, session: str) -> Reason:
    return Reason(code=reason.code, need=reason.need, params=reason.params, size=reason.size, session=session)


def _end(sitting: Sitting) -> datetime | None:
    """When it should end: the students' full time where the start is known, else the plan."""
    return sitting.lawful_end_at or (sitting.ends_at if sitting.started_at is None else None)


def _since(at: datetime | None, now: datetime) -> int:
    return _minutes(now - at) if at is not None else 0


def _minutes(span: timedelta) -> int:
    return max(0, int(span.total_seconds() // 60))


def _minutes_until(at: datetime, now: datetime) -> int:
    """Minutes until a time to come, rounded up: "in 1 min" until it is there."""
    return max(0, -int((now - at).total_seconds() // 60))
