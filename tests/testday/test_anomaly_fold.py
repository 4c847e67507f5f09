"""An anomaly, noted and perhaps withdrawn."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.journal.events import Event
from fieldops.testday.anomaly import fold, key
from fieldops.testday.standing import standing
from tests.testday.build import minutes
from tests.testday.samples import ANOMALY, ATTENDANCE, event, events, identity

NOTED = event("anomaly.noted", 3, 1, category="noise", note="装修", students=["S0001"])
WITHDRAWN = event("anomaly.withdrawn", 5, 2, withdraws=identity(1).upper())


def test_noted_and_withdrawn_in_either_order() -> None:
    assert key(NOTED) == key(WITHDRAWN) == identity(1)
    state = fold([WITHDRAWN, NOTED])
    assert state == fold([NOTED, WITHDRAWN])
    assert (state.category, state.students, state.withdrawn_at, state.version) == ("noise", ["S0001"], minutes(5), 2)
    assert not state.automatic


def test_a_withdrawal_alone_waits_for_what_it_withdraws() -> None:
    state = fold([WITHDRAWN])
    assert (state.id, state.category, state.withdrawn_at) == (identity(1), None, minutes(5))


def test_another_school_withdraws_nothing() -> None:
    foreign = msgspec.structs.replace(WITHDRAWN, school="4418230199")
    assert fold([NOTED, foreign]).withdrawn_at is None


def test_only_the_system_notes_automatically() -> None:
    claimed = msgspec.structs.replace(NOTED, data={"category": "other", "of": identity(9)})
    assert (fold([claimed]).automatic, fold([claimed]).of) == (False, None)
    system = msgspec.structs.replace(claimed, person=None, device=None)
    assert (fold([system]).automatic, fold([system]).of) == (True, identity(9))


@settings(deadline=None)  # a busy machine is no fault
@given(events(ANOMALY), st.data())
def test_order_and_repetition_never_matter(facts: list[Event], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(facts + data.draw(st.lists(st.sampled_from(facts), max_size=4))))
    assert fold(shuffled) == fold(facts)


@settings(deadline=None)  # a busy machine is no fault
@given(events(ATTENDANCE, longest=12))
def test_what_stands_is_settled_whatever_names_what(facts: list[Event]) -> None:
    left = {event.id for event in standing(facts)}
    latest = max(facts, key=lambda fact: fact.moment)
    named = {fact.data.get("undoes") for fact in facts} | {fact.data.get("corrects") for fact in facts}
    assert left
    assert latest.id in left or latest.id in named
