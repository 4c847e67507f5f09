"""Where a student is, from what was noted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.journal.events import Event
from fieldops.testday.attendance import fold
from tests.testday.samples import ATTENDANCE, event, events, identity


def told(*facts: tuple[str, float, dict[str, object]] | tuple[str, float]) -> list[Event]:
    """Events with the ids 1, 2, 3 … in the order given."""
    return [
        event(f"attendance.{fact[0]}", fact[1], number, **(fact[2] if len(fact) == 3 else {}))
        for number, fact in enumerate(facts, 1)
    ]


TABLE = {
    "checked in": (told(("checked_in", -10)), "present", 1),
    "late": (told(("checked_in", 7, {"late_min": 7})), "late", 1),
    "in time, said so": (told(("checked_in", -1, {"late_min": 0})), "present", 1),
    "absent": (told(("absent", 5)), "absent", 1),
    "absent, then seen": (told(("absent", 5), ("checked_in", 9, {"late_min": 9})), "late", 2),
    "seen, then noted absent": (told(("checked_in", -5), ("absent", 20)), "present", 1),
    "absence undone": (told(("absent", 5), ("undone", 6, {"undoes": identity(1)})), "expected", None),
    "undo undone": (
        told(("checked_in", 0), ("undone", 1, {"undoes": identity(1)}), ("undone", 2, {"undoes": identity(2)})),
        "present",
        1,
    ),
    "one check-in of two undone": (
        told(("checked_in", 0), ("checked_in", 1), ("undone", 2, {"undoes": identity(1)})),
        "present",
        2,
    ),
    "left": (told(("checked_in", 0), ("left", 5)), "left", 2),
    "left and back": (told(("checked_in", 0), ("left", 5), ("returned", 9)), "returned", 3),
    "back, noted before the leaving arrived": (told(("returned", 9), ("left", 5), ("checked_in", 0)), "returned", 1),
    "back by a scan": (told(("checked_in", 0), ("left", 5), ("checked_in", 9)), "returned", 3),
    "left again": (told(("checked_in", 0), ("left", 5), ("returned", 9), ("left", 12)), "left", 4),
    "withdrawn": (told(("checked_in", 0), ("left", 5), ("withdrawn", 9)), "withdrawn", 3),
    "refused, then withdrawn": (told(("checked_in", 0), ("refused", 5), ("withdrawn", 9)), "withdrawn", 3),
    "withdrawn, then refused": (told(("checked_in", 0), ("withdrawn", 5), ("refused", 9)), "refused", 3),
    "refused": (told(("refused", 0)), "refused", 1),
    "refused, then sits after all": (told(("refused", 0), ("checked_in", 4)), "present", 2),
    "absent, then refused": (told(("absent", 0), ("refused", 4)), "refused", 2),
    "left, the check-in is still on another phone": (told(("left", 5)), "left", 1),
    "left without a check-in, noted absent": (told(("absent", 9), ("left", 5)), "left", 2),
    "corrected to absent": (told(("checked_in", 0), ("absent", 1, {"corrects": identity(1)})), "absent", 2),
    "correction undone": (
        told(("checked_in", 0), ("absent", 1, {"corrects": identity(1)}), ("undone", 2, {"undoes": identity(2)})),
        "present",
        1,
    ),
    "correction corrected": (
        told(
            ("checked_in", 0),
            ("absent", 1, {"corrects": identity(1)}),
            ("absent", 2, {"corrects": identity(2), "reason": "ill"}),
        ),
        "absent",
        3,
    ),
    "undoes itself": (told(("checked_in", 0), ("undone", 1, {"undoes": identity(2)})), "present", 1),
    "two that correct each other": (
        told(("checked_in", 0, {"corrects": identity(2)}), ("absent", 1, {"corrects": identity(1)})),
        "absent",
        2,
    ),
    "names what is not there": (told(("undone", 1, {"undoes": identity(77)})), "expected", None),
}


@pytest.mark.parametrize(("facts", "status", "deciding"), TABLE.values(), ids=TABLE)
def test_status(facts: list[Event], status: str, deciding: int | None) -> None:
    state = fold(facts)
    assert (state.status, state.event) == (status, deciding and identity(deciding))
    assert state.version == len(facts)


def test_the_first_check_in_by_corrected_time_stands() -> None:
    state = fold(told(("checked_in", 3, {"late_min": 3}), ("checked_in", -2)))
    assert state.status == "present"
    assert state.late_min is None
    assert (state.person, state.device) == (identity(1002), identity(2002))


def test_a_contradiction_stays_visible_both_ways() -> None:
    assert fold(told(("absent", 5), ("checked_in", 9))).contradicted
    assert fold(told(("checked_in", 5), ("absent", 9))).contradicted
    assert not fold(told(("checked_in", 5), ("absent", 9), ("undone", 10, {"undoes": identity(2)}))).contradicted


def test_an_absence_says_why() -> None:
    assert fold(told(("absent", 5))).reason == "not_seen"
    assert fold(told(("absent", 5, {"reason": "ill"}), ("absent", 3, {"reason": "leave"}))).reason == "ill"


def test_left_at_is_known_while_away() -> None:
    away = told(("checked_in", 0), ("left", 5))
    assert fold(away).left_at == away[1].occurred_at
    assert fold([*away, event("attendance.returned", 6, 3)]).left_at is None


@settings(deadline=None)  # a busy machine is no fault
@given(events(ATTENDANCE), st.data())
def test_order_and_repetition_never_matter(facts: list[Event], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(facts + data.draw(st.lists(st.sampled_from(facts), max_size=4))))
    assert fold(shuffled) == fold(facts)


@settings(deadline=None)  # a busy machine is no fault
@given(events(ATTENDANCE))
def test_who_was_seen_is_never_absent(facts: list[Event]) -> None:
    undisputed = {f.data.get("undoes") for f in facts} | {f.data.get("corrects") for f in facts}
    if any(f.kind == "attendance.checked_in" and f.id not in undisputed for f in facts):
        assert fold(facts).status not in {"absent", "expected"}
