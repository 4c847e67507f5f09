"""What is awaited of a room, when its silence counts, and how it ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from fieldops.testday.expectation import Tolerances, answer, outstanding
from fieldops.testday.silence_plan import Stand
from tests.testday.build import minutes

LIMITS = Tolerances()
#: 09:00 and 10:20, check-in from 08:20.
PLAN: dict[str, Any] = {
    "check_in_from": minutes(-40),
    "starts_at": minutes(0),
    "ends_at": minutes(80),
    "sealing_min": 20,
    "expected": 30,
}


def room(**more: Any) -> Stand:
    return Stand(**{**PLAN, **more})


def running(**more: Any) -> Stand:
    heard = {"state": "running", "started_at": minutes(0), "lawful_end_at": minutes(80), "present": 30}
    return room(**{**heard, "fact_heard_at": minutes(0), **more})


@pytest.mark.parametrize(
    ("stand", "now", "whats"),
    [
        (room(), -36, []),
        (room(), -35, ["check_in"]),
        (room(), 0, ["check_in"]),  # the start is due and no silence yet: the check-in still is one
        (room(), 6, ["started"]),  # and now the start is asked for instead of it
        (room(), 200, ["started"]),  # one thing to ask for, not three
        (room(expected=0), 60, []),
        (room(present=30, fact_heard_at=minutes(-30)), 5.9, []),
        (room(present=30, fact_heard_at=minutes(-30)), 6, ["started"]),
        (running(present=28), 25.9, []),
        (running(present=28), 26, ["check_in_done"]),
        (running(present=28, absent=2), 26, []),
        (running(), 85.9, []),
        (running(), 86, ["ended"]),
        (running(lawful_end_at=minutes(90)), 86, []),
        (running(state="paused"), 300, []),
        (running(lawful_end_at=None, ends_at=None), 900, []),  # open-ended
        (running(state="ended", ended_at=minutes(80)), 105.9, []),
        (running(state="ended", ended_at=minutes(80)), 106, ["sealed"]),
        (running(state="sealed", ended_at=minutes(80)), 900, []),
        (room(boxed_at=minutes(-2)), 60, []),  # the phone lies in the box: nothing can be heard
        (room(boxed_at=minutes(-2)), 101, ["started"]),
        (room(boxed_at=minutes(-2), ends_at=None), 900, []),
    ],
)
def test_what_should_have_been_heard_by_now(stand: Stand, now: float, whats: list[str]) -> None:
    assert [one.what for one in outstanding(stand, LIMITS, minutes(now))] == whats


def test_policies_decide() -> None:
    strict = Tolerances(start_tolerance_min=1, silence_min=2)
    assert outstanding(room(), strict, minutes(2))[0].what == "started"
    assert [one.what for one in outstanding(room(), Tolerances(silence_min=10), minutes(6))] == ["check_in"]


def test_hearing_of_a_check_in_takes_no_alarm_back() -> None:
    for limits in (LIMITS, Tolerances(silence_min=1), Tolerances(silence_min=30)):
        for now in (minutes(count / 2) for count in range(200)):
            if any(one.what == "started" for one in outstanding(room(), limits, now)):
                assert outstanding(room(present=1, fact_heard_at=now), limits, now)[0].what == "started"


ALARM = minutes(6)


@pytest.mark.parametrize(
    ("what", "stand", "more", "expected"),
    [
        ("started", running(started_at=minutes(1)), {}, ("in_time", minutes(1))),
        ("started", running(started_at=minutes(9)), {}, ("late", minutes(9))),
        ("started", running(state="ended", started_at=None), {}, ("heard", None)),
        ("started", room(), {}, ("not_expected", None)),
        ("started", None, {}, ("not_expected", None)),
        ("check_in", running(), {"first_at": minutes(-30)}, ("in_time", minutes(-30))),
        ("check_in", room(), {"standing": outstanding(room(), LIMITS, minutes(6))}, ("replaced", None)),
        ("check_in_done", running(), {"last_at": minutes(4)}, ("in_time", minutes(4))),
        ("ended", running(state="ended", ended_at=minutes(7)), {}, ("late", minutes(7))),
        ("sealed", running(state="sealed"), {"sealed_at": minutes(5)}, ("in_time", minutes(5))),
        ("sealed", running(state="ended"), {}, ("not_expected", None)),
    ],
)
def test_how_it_ended(
    what: str, stand: Stand | None, more: dict[str, Any], expected: tuple[str, datetime | None]
) -> None:
    assert tuple(answer(what, ALARM, stand, **more)) == expected


def test_the_alarm_itself_is_late() -> None:
    assert answer("started", ALARM, running(started_at=ALARM)).how == "late"
    assert answer("started", ALARM, running(started_at=ALARM - timedelta(seconds=1))).how == "in_time"
