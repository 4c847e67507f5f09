"""The area detector: which reports belong together, and what the desk is asked. Pure."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fieldops.incidents.area import ACCEPTED, DECLINED, HEARD, Group, Heard, as_row, fold, grouped, groups_of, proposal
from fieldops.incidents.models import AreaRow
from fieldops.journal.events import Event, derived_id

NOW = datetime(2024, 5, 20, 1, 30, tzinfo=UTC)
NAMES = "ABCDEFGH"


def identity(name: object) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, str(name)))


def heard(name: str, minute: float, school: str | None = None) -> Heard:
    return Heard(identity(name), school or name, NOW + timedelta(minutes=minute), 3, 10)


def event(seq: int, kind: str, **data: object) -> Event:
    at = NOW + timedelta(minutes=data.pop("minute", 0))  # type: ignore[arg-type]
    school = data.pop("school", None)
    return Event(
        county="441823",
        seq=seq,
        id=identity((kind, *sorted(map(str, data.items())))),
        window="2024",
        kind=kind,
        entity="area/2024/power",
        school=school,  # type: ignore[arg-type]
        occurred_at=at,
        recorded_at=at,
        received_at=at,
        offset_ms=0,
        device_seq=None,
        room=None,
        session=None,
        student=None,
        person="p",
        device=None,
        flags=(),
        data={"category": "power", **data},
    )


def reported(seq: int, name: str, minute: float, school: str | None = None) -> Event:
    data = {"incident": identity(name), "schools": 3, "minutes": 10}
    return event(seq, HEARD, minute=minute, school=school or name, **data)


def names(members: list[Heard]) -> str:
    return "".join(name for each in members for name in NAMES if identity(name) == each.incident)


def test_three_schools_within_ten_minutes_belong_together() -> None:
    assert [names(each) for each in grouped([heard("A", 0), heard("B", 4), heard("C", 10)])] == ["ABC"]


def test_a_moment_later_they_do_not() -> None:
    assert grouped([heard("A", 0), heard("B", 4), heard("C", 10.01)]) == []


def test_three_reports_of_two_schools_are_no_area() -> None:
    assert grouped([heard("A", 0, "1"), heard("B", 1, "1"), heard("C", 2, "2")]) == []


def test_stretches_that_overlap_are_one_and_others_are_not() -> None:
    chain = [heard("A", 0), heard("B", 5), heard("C", 9), heard("D", 14)]
    far = [heard("E", 60), heard("F", 61), heard("G", 62)]
    assert [names(each) for each in grouped([*far, *chain])] == ["ABCD", "EFG"]


reports = st.lists(
    st.tuples(st.sampled_from(NAMES), st.integers(0, 40), st.sampled_from("12345")),
    unique_by=lambda each: each[0],
    max_size=8,
)


@given(reports, st.randoms(use_true_random=False))
def test_any_order_and_repetition_of_arrival_asks_the_same(known: list[tuple[str, int, str]], random: object) -> None:
    def state(arrived: list[tuple[str, int, str]]) -> object:
        row = as_row(fold([reported(seq, *each) for seq, each in enumerate(arrived, 1)] or [reported(1, "A", 0)]))
        return row["groups"]

    shuffled = list(known)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    in_order = state(known)
    assert state(shuffled) == in_order
    twice = [reported(seq, *each) for seq, each in enumerate(shuffled, 1)]
    assert not twice or as_row(fold([*twice, *twice]))["groups"] == in_order


@given(reports)
def test_every_stretch_with_enough_schools_is_in_one_group_whole(known: list[tuple[str, int, str]]) -> None:
    of = [heard(*each) for each in known]
    found = grouped(of)
    members = [each for group in found for each in group]
    assert len(members) == len(set(members))
    for first in of:
        stretch = {each for each in of if first.at <= each.at <= first.at + timedelta(minutes=10)}
        together = len({each.school for each in stretch}) >= 3
        assert not together or any(stretch <= set(group) for group in found)
    for group in found:
        assert len({each.school for each in group}) >= 3


def group_of(*events: Event) -> Group:
    (group,) = fold(events).groups
    return group


THREE = [reported(1, "A", 0), reported(2, "B", 1), reported(3, "C", 2)]
OF_THREE = [identity(name) for name in "ABC"]


def test_a_yes_takes_them_and_one_more_is_asked_to_join() -> None:
    yes = event(4, ACCEPTED, incidents=OF_THREE, seen_version=3)
    made = derived_id(yes.id, "declared")
    assert group_of(*THREE, yes).taken == []
    group = group_of(*THREE, yes, reported(5, "D", 6))
    assert group.areas == [made]
    asked = proposal(group, {made, identity("D")})
    assert asked is not None
    assert (names(asked.members), asked.into) == ("D", made)


def test_late_ones_open_nothing_that_is_over() -> None:
    yes = event(4, ACCEPTED, incidents=OF_THREE, seen_version=3)
    more = [reported(5, "D", 6), reported(6, "E", 7)]
    assert proposal(group_of(*THREE, yes, *more), {identity("D"), identity("E")}) is None
    fresh = group_of(*THREE, yes, *more, reported(7, "F", 8))
    asked = proposal(fresh, {identity(name) for name in "DEF"})
    assert asked is not None
    assert (names(asked.members), asked.into) == ("DEF", None)


def test_a_no_holds_until_one_more_school_has_it() -> None:
    no = event(4, DECLINED, incidents=OF_THREE, seen_version=3, reason="each its own fuse")
    assert proposal(group_of(*THREE, no), set(OF_THREE)) is None
    asked = proposal(group_of(*THREE, no, reported(5, "D", 3)), {*OF_THREE, identity("D")})
    assert asked is not None
    assert names(asked.members) == "ABCD"


def test_what_is_over_before_the_answer_is_left_out() -> None:
    group = group_of(*THREE)
    left = proposal(group, {identity("A"), identity("C")})
    assert left is not None
    assert names(left.members) == "AC"
    assert proposal(group, {identity("A")}) is None


def test_a_row_says_what_the_fold_said() -> None:
    yes = event(4, ACCEPTED, incidents=OF_THREE, seen_version=3)
    state = fold([*THREE, yes, reported(5, "D", 6)])
    assert groups_of(AreaRow(**as_row(state))) == state.groups
