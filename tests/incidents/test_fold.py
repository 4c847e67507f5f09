"""The same state whatever order and repetition the events come in."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fieldops.incidents import clocks, engine, transitions
from fieldops.incidents.facts import guard, guard_engine
from fieldops.incidents.severity import SEVERITIES
from fieldops.incidents.state import Incident, as_row, fold
from fieldops.journal.events import Event

ID = "0190b1f0-0000-7000-8000-000000000001"
NOW = datetime(2024, 5, 20, 1, 30, tzinfo=UTC)
DATA: dict[str, dict[str, Any]] = {
    "instruct": {"text": "do"},
    "hand_back": {"text": "do"},
    "escalate": {"reason": "help"},
    "resolve": {"text": "done"},
    "raise_severity": {"severity": "serious", "reason": "worse"},
    "lower_severity": {"severity": "minor", "reason": "less"},
    "withdraw": {"reason": "a drill"},
    "realarm": {"reason": "again"},
}
OTHER = "0190b1f0-0000-7000-8000-000000000002"
POLICY = {
    severity: {
        name: {"value": value, "origin": "x"}
        for name, value in (("acknowledge_min", 3), ("word_min", 7), ("repeat_min", 1))
    }
    for severity in ("minor", "moderate", "serious")
}


def event(seq: int, kind: str, data: dict[str, Any], **fields: Any) -> Event:
    at = NOW + timedelta(seconds=fields.pop("after_s", seq))
    return Event(
        **{
            "county": "441823",
            "window": "2024",
            "seq": seq,
            "id": str(uuid.UUID(int=seq)),
            "kind": f"incident.{kind}",
            "entity": f"incident/{ID}",
            "occurred_at": at,
            "recorded_at": at,
            "received_at": at,
            "offset_ms": 0,
            "device_seq": None,
            "school": "s",
            "room": None,
            "session": None,
            "student": None,
            "person": "p",
            "device": None,
            "flags": (),
            "data": data,
            **fields,
        }
    )


def reported(seq: int = 1, **answers: Any) -> Event:
    given = {"category": "power", "order_affected": "slight", "data_affected": False, "materials_at_risk": False}
    return event(seq, "reported", {**given, "beyond_school": False, **answers}, id=ID, person="r")


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """What a journal can hold: decisions that the guard let pass, and notes at any moment."""
    events = [reported(materials_at_risk=draw(st.booleans()))]
    for seq in range(2, 2 + draw(st.integers(0, 14))):
        added = draw(st.sampled_from(["person", "person", "engine", "told", "joined"]))
        if added != "person":
            system = _by_system(draw, added, seq, fold(events))
            if system is not None:
                events.append(system)
            continue
        if draw(st.booleans()) and draw(st.booleans()):
            moment = draw(st.integers(-600, 600))
            events.append(event(seq, "noted", {"incident": ID, "text": "n"}, after_s=moment))
            continue
        action = draw(st.sampled_from(transitions.ACTIONS))
        held = draw(st.sets(st.sampled_from(transitions.CHAIN), max_size=2))
        levels = tuple(level for level in transitions.CHAIN if level in held)
        state = fold(events)
        data = {"incident": ID, "seen_version": state.version, **DATA.get(action, {})}
        if action in ("escalate", "hand_back"):
            step = transitions.above if action == "escalate" else transitions.below
            data["to_level"] = step(state.level) or state.level
        decided = event(seq, transitions.KIND_OF[action].removeprefix("incident."), data, levels=levels)
        if guard(decided, state) is None:
            events.append(decided)
    return events


def _by_system(draw: st.DrawFn, added: str, seq: int, state: Incident) -> Event | None:
    """What the system adds: the engine's step that is due, who was on duty, another incident that joins."""
    after_s = seq * draw(st.integers(1, 400))
    if added == "told":
        data = {"incident": ID, "told": state.told_by, "cause": "x", "level": state.level, "place": "p"}
        policy = {"policy": POLICY} if draw(st.booleans()) else {}
        return event(seq, "clocked", {**data, "on_duty": draw(st.integers(0, 1)), **policy}, person=None)
    if added == "joined":
        data = {
            "incident": ID,
            "other": OTHER,
            "severity": draw(st.sampled_from(SEVERITIES)),
            "again": draw(st.booleans()),
        }
        return event(seq, "joined", {**data, "level": draw(st.sampled_from(transitions.CHAIN))}, person=None)
    drafted = engine.step_of(state, NOW + timedelta(seconds=after_s), transitions.CHAIN)
    if drafted is None:
        return None
    kind = drafted.kind.removeprefix("incident.")
    made = event(seq, kind, drafted.data, person=None, after_s=after_s, occurred_at=drafted.occurred_at)
    assert guard_engine(made, state) is None
    return made


@given(histories(), st.data())
def test_any_order_and_repetition_gives_the_same_state(history: list[Event], data: st.DataObject) -> None:
    repeated = history + data.draw(st.lists(st.sampled_from(history), max_size=5))
    shuffled = data.draw(st.permutations(repeated))
    assert as_row(fold(shuffled)) == as_row(fold(history))


@given(histories())
def test_every_state_that_can_be_reached_is_sound(history: list[Event]) -> None:
    state = fold(history)
    uncounted = {"incident.noted", "incident.clocked", "incident.repeated"}
    assert state.version == 1 + sum(e.kind not in uncounted for e in history[1:])
    assert state.state in transitions.STATES
    assert state.level in transitions.CHAIN
    rank = transitions.CHAIN.index
    assert rank(state.reached) >= rank(state.level)
    assert (state.acknowledged_at is not None) == (state.owner is not None)
    assert (state.verify_level is not None) == (state.state == "resolved" and state.verified_at is None)
    # Nothing under way stands still: the engine has a next moment for it, and the moment has a step.
    assert (state.next_due_at is None) == (state.state in transitions.FINAL)
    if state.next_due_at is not None:
        step = clocks.due(state, state.next_due_at)
        assert step is not None
        assert step.at == state.next_due_at
    assert (state.merged_into is not None) == (state.state == "merged")
    if state.state not in transitions.FINAL:  # somebody always has a next step: nothing can be stuck
        offers = transitions.offers(state, levels=transitions.CHAIN, person="p", at=NOW)
        assert {"acknowledge", "resolve", "verify", "close"} & {row.action for row in offers}


def test_a_note_before_its_report_waits() -> None:
    note = event(1, "noted", {"incident": ID, "text": "n"})
    assert fold([note]).state == "awaited"
    early = event(2, "acknowledged", {"incident": ID, "seen_version": 0}, levels=("school",))
    assert guard(early, fold([note])) == "unknown"
    both = fold([note, reported(2)])
    assert (both.state, both.version) == ("open", 1)


def test_events_of_another_school_that_name_it_change_nothing() -> None:
    stray = event(2, "acknowledged", {"incident": ID, "seen_version": 1}, school="other", levels=("school",))
    assert as_row(fold([reported(), stray])) == as_row(fold([reported()]))
    assert guard(stray, fold([reported()])) == "elsewhere"


def test_moves_must_go_the_way_their_name_says() -> None:
    state = fold([reported()])

    def refused(kind: str, level: str = "school", **data: str) -> str | None:
        return guard(event(2, kind, {"incident": ID, "seen_version": 1, **data}, levels=(level,)), state)

    assert refused("escalated", reason="x", to_level="school") == "wrong_direction"
    assert refused("escalated", reason="x", to_level="city") is None
    assert refused("severity_raised", reason="x", severity="minor") == "wrong_direction"
    assert refused("severity_raised", reason="x", severity="serious") is None


def test_a_story_through_the_chain() -> None:
    def decided(seq: int, kind: str, level: str, **data: str) -> Event:
        return event(seq, kind, {"incident": ID, "seen_version": seq - 1, **data}, levels=(level,))

    story = [
        reported(),
        decided(2, "acknowledged", "school"),
        decided(3, "escalated", "school", reason="r", to_level="county"),
        decided(4, "instructed", "county", text="do this"),
        decided(5, "handed_back", "county", text="go on", to_level="school"),
        decided(6, "resolved", "school", text="done"),
        decided(7, "instructed", "county", text="not yet"),
        decided(8, "resolved", "school", text="done now"),
        decided(9, "verified", "county"),
        decided(10, "closed", "county"),
    ]
    seen: list[Incident] = [fold(story[: length + 1]) for length in range(len(story))]
    assert [(state.state, state.level, state.phase) for state in seen] == [
        ("open", "school", "reported"),
        ("acknowledged", "school", "acknowledged"),
        ("open", "county", "escalated"),
        ("acknowledged", "county", "instructed"),
        ("open", "school", "handed_back"),
        ("resolved", "school", "resolved"),
        ("acknowledged", "school", "instructed"),
        ("resolved", "school", "resolved"),
        ("resolved", "school", "verified"),
        ("closed", "school", "closed"),
    ]
    assert [said["by_level"] for said in seen[-1].instructions] == ["county", "county", "county"]
    assert seen[-1].reached == "county"
    assert seen[7].verify_level == "county"
