"""The state of a sitting as ten digits to read over a telephone, for a school without any network. Pure.

Eight digits of data and two check digits. The data is one number in mixed radix; its five parts, the most significant
first: present (0–60), absent (0–60), started and ended (each: not yet, or minutes from the plan, −20 … +92), incidents
(no, yes). 61 · 61 · 114 · 114 · 2 = 96,716,232 states fit below 10⁸. The last value of a range stands for it and all
beyond, and is told as such ("92 minutes or more").

The end of an open-ended session has no plan: it is told in steps of five minutes after the planned start, 0 … 560.

The check digits are those of ISO 7064 MOD 97-10 over the codes of school, room and session and then the data: every
single wrong digit, every two neighbours that changed places, and a code that was keyed in for the wrong room are told.
`static/phone/spoken.js` is the same for the phone; `tests/vectors/spoken.json` holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from fieldops.testday.sitting import deviation_min

#: The largest number of students; it means "this many or more".
MOST = 60
#: Minutes from the plan that can be told; the ends of the range mean "or beyond".
EARLIEST_MIN, LATEST_MIN = -20, 92
#: Of an open-ended session: steps of so many minutes after the planned start.
OPEN_STEP_MIN = 5
_NUMBERS = MOST + 1
_TIMES = LATEST_MIN - EARLIEST_MIN + 2
DIGITS = 10
_MODULUS = 97


class Unsaid(ValueError):
    """These digits say nothing about this sitting. `reason`: `length`, `check` (misheard, or another room), `range`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Place(NamedTuple):
    """Which sitting a code is about: it goes into the check digits, not into the code."""

    school: str
    room: str
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a code says. Steps are as they are coded: minutes from the plan, or five minutes from an open start."""

    present: int
    absent: int
    #: Minutes from the planned start; None: not started.
    started: int | None
    #: Minutes from the planned end (of an open-ended session: steps after the planned start); None: not ended.
    ended: int | None
    incidents: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The planned times of the session in its school; `ends_at` is None when it is open-ended."""

    starts_at: datetime
    ends_at: datetime | None


def encode(said: Said, place: Place) -> str:
    """The ten digits. Numbers beyond their range become its last value."""
    number = _within(said.present, 0, MOST)
    number = number * _NUMBERS + _within(said.absent, 0, MOST)
    number = number * _TIMES + _time_code(said.started)
    number = number * _TIMES + _time_code(said.ended)
    number = number * 2 + int(said.incidents)
    data = f"{number:08}"
    return f"{data}{_check(data, place):02}"


def decode(code: str, place: Place) -> Said:
    """What the digits say about this sitting; spaces and hyphens between them do not matter.

    Raises:
        Unsaid: they say nothing here.
    """
    digits = re.sub(r"[\s\-·]", "", code)
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        raise Unsaid("length")
    if int(digits[8:]) != _check(digits[:8], place):
        raise Unsaid("check")
    number, incidents = divmod(int(digits[:8]), 2)
    number, ended = divmod(number, _TIMES)
    number, started = divmod(number, _TIMES)
    present, absent = divmod(number, _NUMBERS)
    if present > MOST:
        raise Unsaid("range")
    return Said(present=present, absent=absent, started=_time(started), ended=_time(ended), incidents=bool(incidents))


def beyond(said: Said) -> list[str]:
    """Names of the values that stand at the end of their range: the truth may lie further out."""
    ends = (None, EARLIEST_MIN, LATEST_MIN)
    return [
        name
        for name, at_end in (
            ("present", said.present == MOST),
            ("absent", said.absent == MOST),
            ("started", said.started in ends[1:]),
            ("ended", said.ended in ends[1:]),
        )
        if at_end
    ]


def said_of(
    plan: Plan,
    *,
    present: int,
    absent: int,
    started_at: datetime | None,
    ended_at: datetime | None,
    incidents: bool,
) -> Said:
    """The state of a sitting as a code can tell it. Times are UTC; seconds are left out, towards the plan."""
    if plan.ends_at is None:
        minutes = deviation_min(ended_at, plan.starts_at)
        ended = None if minutes is None else EARLIEST_MIN + max(0, minutes) // OPEN_STEP_MIN
    else:
        ended = deviation_min(ended_at, plan.ends_at)
    started = deviation_min(started_at, plan.starts_at)
    return Said(present=present, absent=absent, started=started, ended=ended, incidents=incidents)


def started_at(said: Said, plan: Plan) -> datetime | None:
    """When it says that the session started, UTC, to the minute; None: not yet."""
    return None if said.started is None else plan.starts_at + timedelta(minutes=said.started)


def ended_at(said: Said, plan: Plan) -> datetime | None:
    """When it says that the session ended, UTC, to the minute (open-ended: to five minutes); None: not yet."""
    if said.ended is None:
        return None
    if plan.ends_at is None:
        return plan.starts_at + timedelta(minutes=(said.ended - EARLIEST_MIN) * OPEN_STEP_MIN)
    return plan.ends_at + timedelta(minutes=said.ended)


def grouped(code: str) -> str:
    """As it is read aloud: 3-3-4."""
    return f"{code[:3]} {code[3:6]} {code[6:]}"


def _within(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))


def _time_code(minutes: int | None) -> int:
    return 0 if minutes is None else _within(minutes, EARLIEST_MIN, LATEST_MIN) - EARLIEST_MIN + 1


def _time(code: int) -> int | None:
    return None if code == 0 else code - 1 + EARLIEST_MIN


def _check(data: str, place: Place) -> int:
    """Two digits such that the whole number leaves 1 when divided by 97."""
    rest = _rest("/".join(place).encode(), 256, 0)
    rest = _rest([int(digit) for digit in data], 10, rest)
    return 98 - rest * 100 % _MODULUS


def _rest(parts: Sequence[int], base: int, rest: int) -> int:
    for part in parts:
        rest = (rest * base + part) % _MODULUS
    return rest
