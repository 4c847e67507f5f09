"""A desk's list, without a database: order, filter, bounds, what comes back, how a deadline looks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.incidents import desk
from fieldops.incidents.desk import Filter, Line

NOW = datetime(2024, 5, 20, 1, 30, tzinfo=UTC)
NAMES = ["state", "severity", "category", "place", "level", "mine", "q", "more", "since"]
VECTORS = Path(__file__).parent.parent / "vectors" / "counting.json"


def line(identity: str = "1", **given_: Any) -> Line:
    return Line(
        **{
            "county": "441823",
            "id": identity,
            "school": "4418230101",
            "room": "01",
            "category": "power",
            "severity": "minor",
            "level": "county",
            "state": "open",
            "verify_level": None,
            "owner": None,
            "occurred_at": NOW,
            "told_at": NOW,
            "ended_at": None,
            "unacknowledged_end": False,
            "note": None,
            **given_,
        }
    )


EVERYTHING = Filter()


def listed(lines: list[Line], asked_for: Filter = EVERYTHING, **given_: Any) -> desk.Listed:
    given_ = {"level": "county", "person": "me", "found": lambda each: (each.school, "阳山县第一小学"), **given_}
    return desk.listed(lines, asked_for, **given_)


def ids(lines: list[Line]) -> str:
    return " ".join(each.id for each in lines)


def test_worst_and_oldest_first() -> None:
    later = NOW + timedelta(minutes=5)
    found = listed(
        [
            line("a"),
            line("b", severity="serious", occurred_at=later),
            line("c", severity="serious"),
            line("d", severity="moderate", level="city"),
            line("e", state="closed", ended_at=NOW),
            line("f", state="closed", ended_at=later),
            line("g", state="resolved", level="school", verify_level="county"),
        ]
    )
    assert (ids(found.needs), ids(found.elsewhere), ids(found.over)) == ("c b a g", "d", "f e")


def test_over_but_never_acknowledged_stays_in_sight() -> None:
    found = listed([line("a", state="cancelled", ended_at=NOW, unacknowledged_end=True)])
    assert (ids(found.needs), ids(found.over)) == ("a", "")


@pytest.mark.parametrize(
    ("asked_for", "expected"),
    [
        (Filter(), "a b c"),
        (Filter(state="open"), "a"),
        (Filter(state="over"), "c"),
        (Filter(severity="serious"), "a"),
        (Filter(category="fire"), "b"),
        (Filter(place="441823"), "a b c"),
        (Filter(place="441823/4418230102"), "b"),
        (Filter(level="city"), "b"),
        (Filter(mine=True), "b"),
        (Filter(search="第一小学 停电"), "a"),
        (Filter(search="4418230102"), "b"),
        (Filter(search="o'neil {x} %s"), "c"),
        (Filter(search="<b>"), ""),
    ],
)
def test_filter(asked_for: Filter, expected: str) -> None:
    lines = [
        line("a", severity="serious", note="停电"),
        line("b", category="fire", school="4418230102", state="acknowledged", owner="me", level="city"),
        line("c", state="closed", ended_at=NOW, note="O'Neil {X} %s"),
    ]
    found = listed(lines, asked_for)
    assert sorted(each.id for each in found.shown) == expected.split()
    assert ids(found.waiting) == "a", "what waits is counted whatever the filter says"


def test_what_a_filter_hides_is_said_and_comes_back() -> None:
    lines = [line("a", severity="serious"), line("b"), line("c", level="city"), line("d", state="closed", ended_at=NOW)]
    asked_for = Filter(severity="serious")
    found = listed(lines, asked_for, changed={"c", "a", "d"})
    assert (found.hidden, found.hidden_waiting, found.hidden_changed, found.changed) == (2, 1, 2, frozenset())
    shown = listed(lines, replace(asked_for, since="441823.7"), changed={"c", "a", "d"})
    assert sorted(each.id for each in shown.shown) == ["a", "c", "d"]
    assert (shown.hidden, shown.hidden_changed, shown.changed) == (1, 0, {"c", "d"})


def test_long_lists_are_bounded_and_say_how_much_there_is() -> None:
    lines = [line(f"{number:04}") for number in range(2000)]
    found = listed(lines)
    assert (len(found.needs), found.counts["needs"], len(found.waiting)) == (desk.SHOWN["needs"], 2000, 2000)
    assert len(listed(lines, Filter(more=2)).needs) == desk.SHOWN["needs"] + 2 * desk.MORE
    assert len(listed(lines, bounded=False).needs) == 2000


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(["state", "severity", "category", "place", "level", "mine", "q", "more", "since"]), st.text()
    )
)
def test_any_address_is_a_filter(arguments: dict[str, str]) -> None:
    asked_for = desk.asked(arguments)
    assert desk.asked(asked_for.arguments()) == asked_for
    listed([line()], asked_for)
    desk.read_marks(asked_for.since)


def test_marks_are_read_as_they_were_written() -> None:
    heads = {"441823": 204, "441802": 17}
    assert desk.marks(heads) == "441802.17-441823.204"
    assert desk.read_marks(desk.marks(heads)) == heads
    assert desk.read_marks("x.1-441823.-4-441802-441823.٣") == {}


def test_time_is_counted_as_in_the_page() -> None:
    for seconds, words in json.loads(VECTORS.read_text()):
        assert desk.counted(seconds) == words


def test_a_deadline_is_urgent_in_its_last_quarter() -> None:
    row = SimpleNamespace(ack_due_at=NOW + timedelta(minutes=20), word_due_at=None, told_at=NOW, acknowledged_at=None)
    due = desk.due_of(row)
    assert due is not None
    minutes = {0: "info", 14: "info", 15: "warn", 20: "warn", 21: "bad"}
    assert {minute: due.tone(NOW + timedelta(minutes=minute)) for minute in minutes} == minutes
    assert desk.due_of(SimpleNamespace(ack_due_at=None, word_due_at=None)) is None
