"""What needs attention and why: a table of cases, and what must hold whatever is noted."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.board import attention
from fieldops.board.attention import CODES, Limits, Need, Sitting, need_of, order_of, reasons, standing
from fieldops.board.words import REASONS, STANDINGS
from tests.board.build import at

NINE, END = at(9), at(10, 20)
LIMITS = Limits()


def sitting(**more: Any) -> Sitting:
    """Chinese, 09:00 to 10:20, check-in from 08:20, thirty expected."""
    plan = {"session": "g4-chinese", "check_in_from": at(8, 20), "starts_at": NINE, "ends_at": END, "sealing_min": 20}
    return Sitting(**{**plan, "expected": 30, **more})


def running(**more: Any) -> Sitting:
    return sitting(
        **{"state": "running", "started_at": NINE, "lawful_end_at": END, "present": 30, "fact_heard_at": NINE, **more}
    )


@pytest.mark.parametrize(
    ("case", "now", "code", "need", "params"),
    [
        (sitting(), at(9, 6), "start_silent", Need.ACT, {"minutes": 6}),
        (sitting(present=30, fact_heard_at=at(8, 30)), at(9, 6), "start_not_noted", Need.WATCH, {"minutes": 6}),
        (sitting(), at(8, 26), "check_in_silent", Need.WATCH, {"minutes": 6}),
        (running(), at(10, 27), "over_end", Need.ACT, {"minutes": 7, "at": END}),
        (running(state="paused", paused_at=at(9, 10)), at(9, 14), "paused", Need.ACT, {"minutes": 4}),
        (running(state="ended", ended_at=END), at(10, 46), "sealing_overdue", Need.WATCH, {"minutes": 6}),
        (running(present=26), at(9, 16), "participation_low", Need.WATCH, {"percent": 86, "threshold": 90}),
        (running(contradicted=1), at(9, 1), "contradicted", Need.WATCH, {"count": 1}),
        (running(anomalies=2), at(9, 1), "anomalies", Need.READ, {"count": 2}),
        (running(late_entries=3), at(9, 1), "late_entries", Need.READ, {"count": 3}),
        (running(clock_off=1), at(9, 1), "clock_off", Need.READ, {"count": 1}),
        (running(state="sealed", ended_at=END), at(10, 30), "not_frozen", Need.READ, {}),
    ],
)
def test_a_reason_with_its_numbers(case: Sitting, now: datetime, code: str, need: Need, params: dict[str, Any]) -> None:
    found = reasons(case, now=now, limits=LIMITS, heard_at=now)
    if code == "start_silent":  # nothing was heard: neither a fact nor a device
        found = reasons(case, now=now, limits=LIMITS)
    reason = next(reason for reason in found if reason.code == code)
    assert (reason.need, dict(reason.params)) == (need, params)


@pytest.mark.parametrize(
    ("case", "now"),
    [
        (sitting(), at(8, 15)),  # before check-in
        (sitting(), at(8, 24)),  # check-in open for less than the silence that is allowed
        (sitting(present=12, fact_heard_at=at(8, 30)), at(9, 4)),  # a start a little late
        (running(), at(9, 30)),
        (running(), at(10, 24)),  # over the end within the tolerance
        (running(present=26), at(9, 10)),  # the late may still come
        (running(state="ended", ended_at=END, frozen=True), at(10, 39)),
        (running(state="sealed", ended_at=END, frozen=True), at(15)),
        (running(ends_at=None, lawful_end_at=None), at(23)),  # open-ended
    ],
)
def test_all_as_planned_needs_nobody(case: Sitting, now: datetime) -> None:
    assert need_of(reasons(case, now=now, limits=LIMITS, heard_at=now)) == Need.NONE


def test_worst_first_and_incidents_before_silence() -> None:
    silent = sitting(contradicted=1)
    found = reasons(silent, now=at(9, 20), limits=LIMITS, incidents=("minor", "serious", "serious"))
    assert [reason.code for reason in found] == [
        "incident_serious",
        "start_silent",
        "incident_minor",
        "contradicted",
        "stale",
    ]
    assert found[0].params == {"count": 2}


def test_a_quiet_room_is_grey_and_wakes_nobody() -> None:
    # No phone is inside the room while a session runs (domain.md §4): silence then is shown, and is no alarm.
    quiet = reasons(running(), now=at(9, 30), limits=LIMITS, heard_at=at(9, 1))
    assert [(reason.code, reason.need) for reason in quiet] == [("stale", Need.READ)]
    assert attention.stale(running(), at(9, 29), at(9, 30), LIMITS) is False
    assert attention.stale(running(state="ended"), None, at(9, 30), LIMITS) is False


def test_an_earlier_session_is_not_forgotten() -> None:
    now = at(10, 52)
    later = sitting(session="g4-maths", check_in_from=at(10, 40), starts_at=at(10, 50), ends_at=at(12, 10))
    before = [running(state="ended", ended_at=END), sitting(session="g4-english")]
    found = reasons(later, now=now, limits=LIMITS, heard_at=now, earlier=before)
    assert [(reason.code, reason.session) for reason in found] == [
        ("check_in_silent", None),  # its start was due two minutes ago: that is no silence yet
        ("sealing_overdue", "g4-chinese"),
        ("never_noted", "g4-english"),
        ("not_frozen", "g4-chinese"),
    ]


@pytest.mark.parametrize(
    ("case", "now", "expected"),
    [
        (sitting(), at(8, 10), ("check_in_later", 10)),
        (sitting(), at(8, 59) + timedelta(seconds=30), ("check_in_open", 1)),
        (sitting(), at(9, 3), ("start_due", 3)),
        (running(), at(10), ("running", 20)),
        (running(), at(10, 22), ("running_over", 2)),
        (running(lawful_end_at=None, ends_at=None), at(10, 22), ("running_open", 0)),
        (running(state="paused", paused_at=at(9, 5)), at(9, 12), ("paused", 7)),
        (running(state="sealed", ended_at=END), at(10, 30), ("sealed", 10)),
    ],
)
def test_where_a_session_stands(case: Sitting, now: datetime, expected: tuple[str, int]) -> None:
    found = standing(case, now)
    assert (found.code, found.minutes) == expected


_instants = st.integers(-3000, 3000).map(lambda minutes: NINE + timedelta(minutes=minutes))
_maybe = st.none() | _instants
_counts = st.integers(0, 40)
_sittings = st.builds(
    Sitting,
    session=st.sampled_from(["g4-chinese", "g4-maths"]),
    check_in_from=_instants,
    starts_at=_instants,
    ends_at=_maybe,
    sealing_min=st.integers(0, 60),
    state=st.sampled_from(["planned", "running", "paused", "ended", "sealed"]),
    started_at=_maybe,
    paused_at=_maybe,
    ended_at=_maybe,
    frozen=st.booleans(),
    lawful_end_at=_maybe,
    expected=_counts,
    present=_counts,
    absent=_counts,
    contradicted=_counts,
    anomalies=_counts,
    late_entries=_counts,
    clock_off=_counts,
    fact_heard_at=_maybe,
)
_severities = st.lists(st.sampled_from(["minor", "moderate", "serious", "not known yet"]), max_size=4)


@given(_sittings, st.lists(_sittings, max_size=3), _instants, _maybe, _severities)
def test_any_state_is_told_in_one_order(
    case: Sitting, earlier: list[Sitting], now: datetime, heard_at: datetime | None, severities: list[str]
) -> None:
    found = reasons(case, now=now, limits=LIMITS, heard_at=heard_at, incidents=severities, earlier=earlier)
    assert [reason.order for reason in found] == sorted(reason.order for reason in found)
    assert all(reason.code in CODES and reason.code in REASONS for reason in found)
    assert all(value >= 0 for reason in found for value in reason.params.values() if isinstance(value, int))
    assert standing(case, now).code in STANDINGS
    assert standing(case, now).minutes >= 0


@given(st.lists(st.tuples(_sittings, _severities), min_size=2, max_size=5), _instants)
def test_rooms_have_a_total_order(rooms: list[tuple[Sitting, list[str]]], now: datetime) -> None:
    keys = [
        order_of(reasons(case, now=now, limits=LIMITS, incidents=severities), f"{number:02}")
        for number, (case, severities) in enumerate(rooms)
    ]
    assert len(set(keys)) == len(keys)
    assert all(a < b for a, b in itertools.pairwise(sorted(keys)))


def test_a_phone_in_the_box_is_silent_on_purpose_until_the_papers_should_be_sealed() -> None:
    boxed = sitting(present=28, fact_heard_at=at(8, 50), boxed_at=at(8, 52))
    for now in (at(9, 10), at(10, 0), at(10, 39)):
        assert reasons(boxed, now=now, limits=LIMITS, heard_at=at(8, 52)) == []
    codes = [reason.code for reason in reasons(boxed, now=at(10, 45), limits=LIMITS, heard_at=at(8, 52))]
    assert "start_not_noted" in codes
    assert "stale" in codes
