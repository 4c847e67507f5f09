"""What happens on the day, fixed by a seed. Pure: the same seed and rooms give the same plan."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

#: What the network does with a call: it arrives; it never arrives; it is cut off in its middle; the answer is lost
#: after the server has done its work; it arrives twice.
Fate = Literal["well", "never", "cut", "unanswered", "twice"]
FATES: dict[Fate, int] = {"well": 80, "never": 5, "cut": 3, "unanswered": 6, "twice": 6}
#: Of students: shares that are absent, late, and first in the wrong room; of rooms and sessions: with an incident.
ABSENT, LATE, WRONG_ROOM, INCIDENT = 0.03, 0.03, 0.01, 0.15
#: Of phones: share that goes dark once a day, and whose clock is off.
DARK, CLOCK_OFF = 0.25, 0.2
INCIDENTS = ("power", "illness", "audio", "materials_fault")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """A session of a room: window times, UTC."""

    session: str
    check_in_from: datetime
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that a monitor notes. `at`: window clock, UTC."""

    at: datetime
    kind: str
    session: str
    student: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneDay:
    """All that one phone does and suffers. `skew`: how far its clock is ahead of the window's."""

    acts: tuple[Act, ...]
    skew: timedelta
    dark: tuple[datetime, datetime] | None

    def is_dark(self, now: datetime) -> bool:
        return self.dark is not None and self.dark[0] <= now < self.dark[1]


def chance(seed: int, *names: str) -> random.Random:
    """Dice of one thing: another thing's throws do not change them."""
    return random.Random("/".join([str(seed), *names]))  # noqa: S311 - a plan that can be repeated, no secret


def phone_day(seed: int, place: str, sittings: Sequence[Sitting], students: Sequence[str]) -> PhoneDay:
    """The day of the phone of a room. `place`: the room's path; `students`: codes of those who are not exempt."""
    dice = chance(seed, place)
    acts: list[Act] = []
    for sitting in sittings:
        acts += _sitting(dice, sitting, students)
    acts.sort(key=lambda act: act.at)
    dark = None
    if sittings and dice.random() < DARK:
        begin, end = sittings[0].check_in_from, sittings[-1].ends_at
        since = begin + dice.random() * (end - begin) * 0.8
        dark = (since, since + timedelta(minutes=dice.randint(5, 90)))
    skew = timedelta(seconds=dice.randint(-7200, 7200)) if dice.random() < CLOCK_OFF else timedelta(0)
    return PhoneDay(acts=tuple(acts), skew=skew, dark=dark)


def _sitting(dice: random.Random, sitting: Sitting, students: Sequence[str]) -> list[Act]:
    def act(kind: str, at: datetime, student: str | None = None, **data: Any) -> Act:
        return Act(at=at, kind=kind, session=sitting.session, student=student, data=data)

    found = []
    before = sitting.starts_at - sitting.check_in_from
    for student in students:
        thrown = dice.random()
        comes = sitting.check_in_from + dice.random() * before
        late = sitting.starts_at + timedelta(minutes=dice.randint(1, 14))
        if thrown < ABSENT:
            found.append(act("attendance.absent", sitting.starts_at + timedelta(minutes=1), student, reason="ill"))
        elif thrown < ABSENT + LATE:
            found.append(act("attendance.checked_in", late, student, method="name"))
        else:
            if thrown > 1 - WRONG_ROOM:
                found.append(act("attendance.turned_away", comes, student, outcome="wrong_room"))
            found.append(act("attendance.checked_in", comes, student, method="scan"))
    found.append(act("sitting.started", sitting.starts_at + timedelta(seconds=dice.randrange(120))))
    if dice.random() < INCIDENT:
        answers: dict[str, Any] = {"order_affected": dice.choice(("no", "slight")), "data_affected": False}
        answers |= {"materials_at_risk": False, "beyond_school": False}
        at = sitting.starts_at + dice.random() * (sitting.ends_at - sitting.starts_at)
        found.append(act("incident.reported", at, category=dice.choice(INCIDENTS), **answers))
    found.append(act("sitting.ended", sitting.ends_at + timedelta(seconds=dice.randrange(60))))
    found.append(act("sitting.sealed", sitting.ends_at + timedelta(minutes=dice.randint(5, 14)), copies=len(students)))
    return found


def fate(dice: random.Random) -> Fate:
    """What the network does with the next call."""
    return dice.choices(list(FATES), list(FATES.values()))[0]


def kills(seed: int, begin: datetime, end: datetime, count: int) -> list[datetime]:
    """When a web worker is killed, window clock."""
    dice = chance(seed, "kills")
    return sorted(begin + dice.random() * (end - begin) for _ in range(count))
