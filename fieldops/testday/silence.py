"""The engine's part: what was not heard becomes an entry by itself, and ends by itself.

A round looks at a county only when something can have changed: the next due moment of its plan is reached, a fact
arrived while something is silent, its clock or its reference data changed, or a minute has passed with new facts. What
it knows of that is kept in memory and may be lost: a look compares what is outstanding with the entries that stand.
Before it writes it takes the county's lock and looks again; ids are derived, so any number of engines makes one entry.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select

from fieldops.db import db, writing
from fieldops.journal.events import Draft
from fieldops.journal.kinds import Reading
from fieldops.journal.models import Head
from fieldops.journal.service import SYSTEM, record
from fieldops.roster.models import Sample
from fieldops.roster.reference import load
from fieldops.testday import silence_facts, silence_plan
from fieldops.testday.expectation import Answer, Awaited, answer, awaited, told
from fieldops.testday.models import Silence
from fieldops.testday.silence_facts import SilenceOf
from fieldops.testday.silence_plan import NilDue, Plan, Slot, Spoke, Stand
from fieldops.timetable import clock
from fieldops.timetable import queries as timetable
from fieldops.timetable.models import Window

#: Entries written under one hold of a county's lock.
MOST_AT_ONCE: Final = 200
#: A county with new facts is looked at at least so often: a start taken back falls silent again.
LOOK_EVERY: Final = timedelta(seconds=60)
#: Engines' clocks may be apart: what one of them has just made, another that is a little behind does not take back.
APART: Final = timedelta(seconds=30)
_DAY: Final = timedelta(days=1)


@dataclass(slots=True)
class _Seen:
    """What the last look at a county of a window left behind."""

    seq: int
    reference: int
    clock: tuple[datetime | None, datetime | None]
    #: Real time.
    at: datetime
    #: Window clock: when the clock alone changes what is outstanding.
    next_at: datetime | None
    open: bool


@dataclass(slots=True)
class _Memory:
    """What this process knows; all of it can be read again."""

    seen: dict[tuple[str, str], _Seen] = field(default_factory=dict)
    plans: dict[tuple[str, str], tuple[int, Plan]] = field(default_factory=dict)
    #: Counties of a window, while no reference data changes.
    counties: dict[str, tuple[int, list[str]]] = field(default_factory=dict)


def round(real: datetime) -> int:  # noqa: A001 - what the engine calls its parts' work
    """Make and end the entries that are due in all windows that run. Returns how many events it wrote.

    Args:
        real: the real time; each window's own clock is read from it.
    """
    memory: _Memory = current_app.extensions.setdefault("testday_silence", _Memory())
    done = 0
    running = [window for window in timetable.open_windows() if _runs(window, clock.now(window, real=real))]
    if not running:
        return 0
    heads = {row.county: (row.seq, row.reference) for row in db.session.execute(select(Head.__table__))}
    changes = sum(reference for _seq, reference in heads.values())
    # A commit lets go of what was read; nothing is asked again for it.
    clocks = [(window.code, window.mode, window.clock_shows, window.clock_set_at) for window in running]
    for code, mode, shows, set_at in clocks:
        of_window = WindowClock(code, mode, shows, set_at)
        for county in _counties(memory, code, changes):
            if county in heads and _worth_a_look(memory, county, of_window, heads[county], real):
                done += _county(memory, county, of_window, heads[county], real)
    return done


class WindowClock(NamedTuple):
    """As much of a window as a round needs."""

    code: str
    mode: str
    clock_shows: datetime | None
    clock_set_at: datetime | None


def _runs(window: Window, now: datetime) -> bool:
    """Whether a day of it can be running anywhere: a day of slack on both sides covers zones and late closes."""
    return window.first_day - _DAY <= now.date() <= window.last_day + 4 * _DAY


def _counties(memory: _Memory, window: str, changes: int) -> list[str]:
    known = memory.counties.get(window)
    if known is None or known[0] != changes:
        rows = db.session.scalars(select(Sample.county).where(Sample.window == window).distinct())
        known = memory.counties[window] = (changes, sorted(rows))
    return known[1]


def _worth_a_look(memory: _Memory, county: str, window: WindowClock, head: tuple[int, int], real: datetime) -> bool:
    seen = memory.seen.get((county, window.code))
    if seen is None or (seen.reference, seen.clock) != (head[1], (window.clock_shows, window.clock_set_at)):
        return True
    if seen.next_at is not None and clock.now(window, real=real) >= seen.next_at:
        return True
    # A clock of the machine that was set back counts as a minute, too.
    rested = not timedelta(0) <= real - seen.at < LOOK_EVERY
    return head[0] != seen.seq and (seen.open or rested)


def _county(memory: _Memory, county: str, window: WindowClock, head: tuple[int, int], real: datetime) -> int:
    now = clock.now(window, real=real)
    plan = _plan(memory, county, window.code, head[1])
    look = _Look(county, window, plan, now)
    wrote = 0
    if look.drafts:
        with writing():
            record(county=county, window=window.code, author=SYSTEM, events=(), received_at=now)  # takes the lock
            look = _Look(county, window, plan, now)
            chosen = look.drafts[:MOST_AT_ONCE]
            results = record(county=county, window=window.code, author=SYSTEM, events=chosen, received_at=now)
        wrote = sum(1 for result in results if result.outcome == "accepted")
    rest = len(look.drafts) > MOST_AT_ONCE
    memory.seen[county, window.code] = _Seen(
        seq=head[0] + wrote,
        reference=head[1],
        clock=(window.clock_shows, window.clock_set_at),
        at=real,
        next_at=now if rest else look.next_at,
        open=bool(look.due),
    )
    return wrote


def _plan(memory: _Memory, county: str, window: str, reference: int) -> Plan:
    known = memory.plans.get((county, window))
    if known is None or known[0] != reference:
        plan = silence_plan.plan_of(load(Reading(county, window, reference)))
        known = memory.plans[county, window] = (reference, plan)
    return known[1]


# --- a look -----------------------------------------------------------------------------------------------------------


class _Due(NamedTuple):
    """Something outstanding now. `since`: the arrival without which nobody could have missed it."""

    awaited: Awaited
    since: datetime | None


class _Look:
    """What a look at a county finds: what should begin and end now, and when the clock alone will change that.

    At most five statements, however many schools the county has.
    """

    def __init__(self, county: str, window: WindowClock, plan: Plan, now: datetime) -> None:
        self.county, self.window, self.plan, self.now = county, window, plan, now
        self.due: dict[SilenceOf, _Due] = {}
        self._rooms: dict[tuple[str, str, str], tuple[Stand, list[Awaited]]] = {}
        self._said: Mapping[str, list[Spoke]] = {}
        self._coming = [at for days in plan.days.values() for day in days for at in (day.check_in_from, day.closes_at)]
        on = silence_plan.running(plan, silence_plan.closed_by_hand(county, window.code), now)
        self._look_at_rooms([slot for slot in plan.slots if (slot.school, slot.date) in on])
        self._look_at_days([one for one in plan.nil if (one.school, one.date) in on])
        self.drafts = list(self._differences())

    @property
    def next_at(self) -> datetime | None:
        """When to look again though nothing arrived."""
        return min((at for at in self._coming if at > self.now), default=None)

    def _of(self, school: str, session: str, room: str, what: str) -> SilenceOf:
        return SilenceOf(window=self.window.code, school=school, session=session, room=room, what=what)

    def _look_at_rooms(self, slots: Collection[Slot]) -> None:
        self._coming += [slot.check_in_from for slot in slots]
        opened = [slot for slot in slots if slot.check_in_from <= self.now]
        for slot, stand in silence_plan.stands(self.county, self.window.code, opened):
            waiting = awaited(stand, self.plan.limits)
            standing = [one for one in waiting if one.outstanding(self.now)]
            self._rooms[slot.key] = (stand, standing)
            self._coming += [at for one in waiting for at in (one.alarm_at, one.until) if at is not None]
            for one in standing:
                self.due[self._of(slot.school, slot.session, slot.room, one.what)] = _Due(one, stand.fact_heard_at)

    def _look_at_days(self, days: Collection[NilDue]) -> None:
        """Days of which a school should have said something of its own accord by now."""
        self._coming += [day.alarm_at for day in days]
        late = [day for day in days if day.alarm_at <= self.now]
        if not late:
            return
        self._said = silence_plan.spoke(self.county, self.window.code)
        for day in late:
            if self._spoke_on(day) is None:
                of = self._of(day.school, day.date.isoformat(), "", "nil_report")
                self.due[of] = _Due(Awaited("nil_report", day.due_at, day.alarm_at), None)

    def _spoke_on(self, day: NilDue) -> Spoke | None:
        zone = ZoneInfo(day.timezone)
        said = self._said.get(day.school, ())
        return next((one for one in said if one.at.astimezone(zone).date() == day.date), None)

    def _differences(self) -> Iterator[Draft]:
        """What differs between what is outstanding and the entries that stand."""
        known = _entries(self.county, self.window.code)
        for of, row in known.items():
            if row.ended_at is None and of not in self.due and not self._about_to(of):
                answered, heard_at = self._answer(of, row.alarm_at)
                yield silence_facts.ended(of, row.episode, now=self.now, answer=answered, heard_at=heard_at)
        for of, (one, since) in self.due.items():
            before = known.get(of)
            passing = one.until is not None and one.until <= self.now + APART
            if (before is None or before.ended_at is not None) and not passing:
                yield silence_facts.noticed(
                    of,
                    before.episode + 1 if before is not None else 1,
                    now=self.now,
                    due_at=one.due_at,
                    alarm_at=one.alarm_at,
                    late_by_s=self._late_by_s(one.alarm_at, since),
                )

    def _about_to(self, of: SilenceOf) -> bool:
        """Whether it will be outstanding in a moment."""
        stand, _standing = self._rooms.get((of.school, of.room, of.session), (None, []))
        waiting = awaited(stand, self.plan.limits) if stand is not None else []
        return any(one.what == of.what and one.outstanding(self.now + APART) for one in waiting)

    def _answer(self, of: SilenceOf, alarm_at: datetime) -> tuple[Answer, datetime | None]:
        """How an entry ended, and when what ended it arrived."""
        if of.what == "nil_report":
            day = next(
                (one for one in self.plan.nil if (one.school, one.date.isoformat()) == (of.school, of.session)), None
            )
            spoke = self._spoke_on(day) if day is not None else None
            return (told(spoke.at, alarm_at), spoke.heard_at) if spoke else (Answer("not_expected"), None)
        stand, standing = self._rooms.get((of.school, of.room, of.session), (None, []))
        found = answer(
            of.what,
            alarm_at,
            stand,
            sealed_at=stand.sealed_at if stand else None,
            first_at=stand.first_at if stand else None,
            last_at=stand.last_at if stand else None,
            standing=standing,
        )
        heard = stand is not None and found.how in ("in_time", "late", "heard")
        return found, stand.fact_heard_at if heard and stand is not None else None

    def _late_by_s(self, alarm_at: datetime, since: datetime | None) -> int:
        """How much later than it could this is noticed; a clock that was set forward is no delay of ours."""
        moments = [alarm_at, *(at for at in (since, self.window.clock_shows) if at is not None)]
        return max(0, int((self.now - max(moments)).total_seconds()))


def _entries(county: str, window: str) -> dict[SilenceOf, Any]:
    """The newest episode of each silence of the county."""
    table = Silence.__table__
    names = ("school", "session", "room", "what", "episode", "alarm_at", "ended_at")
    rows = db.session.execute(
        select(*(table.c[name] for name in names)).where(table.c.county == county, table.c.window == window)
    )
    return {
        SilenceOf(window=window, school=row.school, session=row.session, room=row.room, what=row.what): row
        for row in rows
    }
