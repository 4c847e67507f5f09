"""Which session a board shows by the clock and by choice, in the school's own zone."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from fieldops.board.focus import after, chosen, focus, slots, until
from fieldops.timetable.schedule import Session
from tests.board.build import at


def session(code: str, day: int, start: str, end: str, check_in: int = 0) -> Session:
    return Session(
        window="w", grade=4, version=1, row=1, code=code, name=code, name_en=code, kind="subject",
        date=date(2024, 5, day), start_time=time.fromisoformat(start), end_time=time.fromisoformat(end),
        check_in_min=check_in, preparation_min=20 if check_in else 10, sealing_min=20,
    )  # fmt: skip


CHINESE = session("chinese", 20, "09:00", "10:20", 20)
MATHS = session("maths", 20, "10:50", "12:10")
ENGLISH = session("english", 21, "08:30", "09:50", 20)
PLAN = [CHINESE, MATHS, ENGLISH]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at(6, 0), CHINESE),  # the first to come
        (at(8, 21), CHINESE),
        (at(10, 39), CHINESE),  # sealing
        (at(10, 40), MATHS),  # its preparation begins
        (at(18, 0), MATHS),
        (at(0, 30, day=21), ENGLISH),  # the next day's
        (at(12, 0, day=25), ENGLISH),  # over: the last one
    ],
)
def test_the_clock_says_which(now: datetime, expected: Session) -> None:
    assert focus(PLAN, "Asia/Shanghai", now) == expected


def test_each_zone_reads_its_own_clock() -> None:
    # 10:45 in Beijing is 08:45 in Ürümqi, where Chinese has not begun.
    assert focus(PLAN, "Asia/Shanghai", at(10, 45)) == MATHS
    assert focus(PLAN, "Asia/Urumqi", at(10, 45)) == CHINESE
    assert focus(PLAN, "Asia/Urumqi", at(8, 0), chosen("2024-05-20T10:50")) == MATHS


def test_what_was_before_and_what_comes() -> None:
    assert until(PLAN, MATHS) == [CHINESE]
    assert after(PLAN, "Asia/Shanghai", at(9, 30)) == MATHS
    assert after(PLAN, "Asia/Shanghai", at(9, 30, day=22)) is None
    assert focus([], "Asia/Shanghai", at(9)) is None


@pytest.mark.parametrize(
    "text", [None, "", "now", "2024-05-20", "2024-13-40T99:99", "x" * 5000, "2024-05-20T10:50' OR 1"]
)
def test_a_bad_choice_is_now(text: str | None) -> None:
    assert chosen(text) is None


def test_slots_join_what_begins_together() -> None:
    found = slots([*PLAN, session("science", 20, "09:00", "10:20")])
    assert [(slot.at, [s.code for s in slot.sessions]) for slot in found] == [
        ("2024-05-20T09:00", ["chinese", "science"]),
        ("2024-05-20T10:50", ["maths"]),
        ("2024-05-21T08:30", ["english"]),
    ]
