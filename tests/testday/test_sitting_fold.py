"""What a sitting's facts come to."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.journal.events import Event
from fieldops.testday.sitting import MAX_DEVIATION_MIN, deviation_min, fold, lawful_end
from tests.testday.build import NINE, minutes
from tests.testday.samples import FROZEN, SITTING, event, events, identity


def told(*facts: tuple[str, float, dict[str, object]] | tuple[str, float]) -> list[Event]:
    return [
        event(f"sitting.{fact[0]}", fact[1], number, **(fact[2] if len(fact) == 3 else {}))
        for number, fact in enumerate(facts, 1)
    ]


STATES = {
    "nothing stands": (told(("started", 0), ("undone", 1, {"undoes": identity(1)})), "planned"),
    "running": (told(("started", 0)), "running"),
    "paused": (told(("started", 0), ("paused", 5)), "paused"),
    "going on": (told(("started", 0), ("paused", 5), ("resumed", 9)), "running"),
    "ended": (told(("started", 0), ("ended", 80)), "ended"),
    "ended while paused": (told(("started", 0), ("paused", 70), ("ended", 80)), "ended"),
    "sealed": (told(("started", 0), ("ended", 80), ("sealed", 90)), "sealed"),
    "sealed, no end yet": (told(("started", 0), ("sealed", 90)), "sealed"),
    "ended, no start yet": (told(("ended", 80)), "ended"),
    "paused, no start yet": (told(("paused", 8)), "paused"),
    "resumed, no start yet": (told(("resumed", 8)), "running"),
    "end undone": (told(("started", 0), ("ended", 8), ("undone", 9, {"undoes": identity(2)})), "running"),
    "frozen before anything": (told(("frozen", 0)), "planned"),
}


@pytest.mark.parametrize(("facts", "state"), STATES.values(), ids=STATES)
def test_state(facts: list[Event], state: str) -> None:
    assert fold(facts).state == state


def test_the_first_start_stands_unless_corrected() -> None:
    facts = told(("started", 4), ("started", 1))
    assert fold(facts).started_at == minutes(1)
    facts.append(event("sitting.started", 3, 3, corrects=identity(2)))
    assert (fold(facts).started_at, fold(facts).start_event) == (minutes(3), identity(3))


PAUSES = {
    "two": (told(("started", 0), ("paused", 5), ("resumed", 9), ("paused", 20), ("resumed", 21)), 300, None),
    "open": (told(("started", 0), ("paused", 5), ("resumed", 9), ("paused", 20)), 240, 20),
    "closed by the end": (told(("started", 0), ("paused", 70), ("ended", 80)), 600, None),
    "closed by the sealing": (told(("started", 0), ("paused", 70), ("sealed", 80)), 600, None),
    "noted twice": (told(("started", 0), ("paused", 5), ("paused", 6), ("resumed", 9), ("resumed", 9.5)), 240, None),
    "beyond the end": (told(("started", 0), ("ended", 80), ("paused", 75), ("resumed", 90)), 300, None),
    "before the start": (told(("paused", -9), ("started", 0), ("resumed", 3)), 180, None),
    "after the end": (told(("started", 0), ("ended", 80), ("paused", 85)), 0, None),
    "seconds": (told(("started", 0), ("paused", 1), ("resumed", 1.5)), 30, None),
}


@pytest.mark.parametrize(("facts", "seconds", "open_since"), PAUSES.values(), ids=PAUSES)
def test_pauses(facts: list[Event], seconds: int, open_since: float | None) -> None:
    state = fold(facts)
    assert (state.paused_s, state.paused_at) == (seconds, None if open_since is None else minutes(open_since))


def test_a_freeze_is_a_decision_and_not_undone_by_a_fact() -> None:
    facts = told(("started", 0), ("frozen", 90), ("undone", 91, {"undoes": identity(2)}))
    assert (fold(facts).frozen_at, fold(facts).frozen_by) == (minutes(90), identity(1002))
    assert fold(facts).state == "running"


def test_facts_tell_all_three_links() -> None:
    facts = told(("started", 0, {"reason": "power"}), ("started", 3, {"corrects": identity(1)}))
    facts.append(event("sitting.undone", 4, 3, undoes=identity(2)))
    state = fold(facts)
    assert [(f["kind"], f["corrects"], f["undoes"]) for f in state.facts] == [
        ("sitting.started", None, None),
        ("sitting.started", identity(1), None),
        ("sitting.undone", None, identity(2)),
    ]
    assert state.facts[0]["at"] == "2024-05-20T01:00:00.000Z"
    assert state.reason_of(identity(1)) == "power"


def test_lawful_end_gives_back_the_pauses() -> None:
    assert lawful_end(minutes(4), timedelta(minutes=80), 300) == minutes(89)
    assert lawful_end(minutes(4), None, 300) is None
    assert lawful_end(None, timedelta(minutes=80), 0) is None
    assert lawful_end(datetime.max.replace(tzinfo=NINE.tzinfo), timedelta(minutes=80), 0) is None


@pytest.mark.parametrize(
    ("at", "expected"), [(0, 0), (-20 / 60, 0), (59 / 60, 0), (1, 1), (-1, -1), (-5.5, -5), (1e7, MAX_DEVIATION_MIN)]
)
def test_deviation_counts_whole_minutes_towards_the_plan(at: float, expected: int) -> None:
    assert deviation_min(minutes(at), NINE) == expected


@settings(deadline=None)  # a busy machine is no fault
@given(events({**SITTING, **FROZEN}), st.data())
def test_order_and_repetition_never_matter(facts: list[Event], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(facts + data.draw(st.lists(st.sampled_from(facts), max_size=4))))
    state = fold(shuffled)
    assert state == fold(facts)
    assert 0 <= state.paused_s < 2**63


def said(present: int = 28, absent: int = 2, start: float | None = 0, end: float | None = None) -> dict[str, object]:
    return {
        "code": "4445110866",
        "present": present,
        "absent": absent,
        "started_at": None if start is None else minutes(start).isoformat(),
        "ended_at": None if end is None else minutes(end).isoformat(),
        "incidents": False,
        "beyond": [],
    }


def test_what_was_heard_over_the_telephone_stands_until_the_phone_says_it() -> None:
    facts = told(("spoken", 20, said(start=3)))
    state = fold(facts)
    assert (state.state, state.started_at, state.start_event) == ("running", minutes(3), None)
    assert state.spoken is not None
    assert state.spoken["stands"] == ["started_at"]
    facts.append(event("sitting.spoken", 90, 2, **said(start=3, end=80)))
    assert (fold(facts).state, fold(facts).ended_at) == ("ended", minutes(80))
    facts.append(event("sitting.started", 2, 3))
    state = fold(facts)
    assert (state.started_at, state.start_event, state.ended_at) == (minutes(2), identity(3), minutes(80))
    assert state.spoken is not None
    assert state.spoken["stands"] == ["ended_at"]
    facts.append(event("sitting.ended", 81, 4))
    state = fold(facts)
    assert (state.ended_at, state.spoken and state.spoken["stands"]) == (minutes(81), [])


def test_a_time_that_no_calendar_holds_is_none() -> None:
    state = fold(told(("spoken", 20, {**said(), "started_at": "0001-01-01T00:00:00+14:00"})))
    assert (state.state, state.started_at) == ("planned", None)


def test_a_phone_in_the_box_until_it_is_back() -> None:
    facts = told(("phone_boxed", -5), ("phone_boxed", -4))
    assert fold(facts).boxed_at == minutes(-5)
    assert fold(facts).state == "planned"
    facts.append(event("sitting.phone_back", 85, 3))
    assert fold(facts).boxed_at is None
    facts.append(event("sitting.undone", 86, 4, undoes=identity(3)))
    assert fold(facts).boxed_at == minutes(-5)
