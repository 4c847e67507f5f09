"""Ten digits over the telephone: what they say comes back, and what was misheard is told."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.testday import spoken
from fieldops.testday.spoken import Place, Plan, Said, Unsaid, decode, encode
from tests.testday.build import NINE, minutes

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "spoken.json").read_text(encoding="utf-8"))
HERE = Place("4418230101", "01", "g4-chinese")

_minutes = st.none() | st.integers(spoken.EARLIEST_MIN, spoken.LATEST_MIN)
states = st.builds(
    Said,
    present=st.integers(0, spoken.MOST),
    absent=st.integers(0, spoken.MOST),
    started=_minutes,
    ended=_minutes,
    incidents=st.booleans(),
)
_codes = st.text("0123456789abcgx科-", min_size=1, max_size=12)
places = st.builds(Place, _codes, st.sampled_from(["01", "02", "11", "12"]), _codes)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["code"])
def test_vectors_shared_with_the_phone(vector: dict) -> None:  # type: ignore[type-arg]
    place, said = Place(**vector["place"]), Said(**vector["said"])
    assert encode(said, place) == vector["code"]
    assert decode(vector["code"], place) == said


@given(states, places)
def test_what_is_said_comes_back(said: Said, place: Place) -> None:
    code = encode(said, place)
    assert len(code) == 10
    assert decode(spoken.grouped(code), place) == said
    assert decode(f" {code[:5]}-{code[5:]} ", place) == said


@given(states, places)
def test_every_wrong_digit_and_every_swap_of_neighbours_is_told(said: Said, place: Place) -> None:
    code = encode(said, place)
    wrong = [code[:at] + digit + code[at + 1 :] for at in range(10) for digit in "0123456789" if digit != code[at]]
    swapped = [code[:at] + code[at + 1] + code[at] + code[at + 2 :] for at in range(9) if code[at] != code[at + 1]]
    for heard in wrong + swapped:
        with pytest.raises(Unsaid):
            decode(heard, place)


@given(states, st.sampled_from(["02", "03", "08", "10", "11"]))
def test_the_code_of_another_room_is_told(said: Said, room: str) -> None:
    for other in (HERE._replace(room=room), HERE._replace(school="4418230102"), HERE._replace(session="g4-maths")):
        with pytest.raises(Unsaid) as told:
            decode(encode(said, other), HERE)
        assert told.value.reason == "check"


@pytest.mark.parametrize("heard", ["", "123", "12345678901", "12345six89", "１２３４５６７８９０"])
def test_what_is_no_code(heard: str) -> None:
    with pytest.raises(Unsaid) as told:
        decode(heard, HERE)
    assert told.value.reason == "length"


def test_the_range_is_full_and_no_larger_than_eight_digits() -> None:
    last = encode(Said(present=60, absent=60, started=92, ended=92, incidents=True), HERE)
    assert last[:8] == "96716231"
    number = int(last[:8]) + 1
    beyond = f"{number:08}"
    with pytest.raises(Unsaid) as told:
        decode(f"{beyond}{spoken._check(beyond, HERE):02}", HERE)
    assert told.value.reason == "range"


def test_beyond_the_range_is_said_to_be() -> None:
    plan = Plan(starts_at=NINE, ends_at=minutes(80))
    said = spoken.said_of(
        plan, present=75, absent=0, started_at=minutes(-33), ended_at=minutes(80 + 200), incidents=False
    )
    heard = decode(encode(said, HERE), HERE)
    assert spoken.beyond(heard) == ["present", "started", "ended"]
    assert (heard.present, heard.started, heard.ended) == (60, -20, 92)


@given(st.integers(-20, 92), st.integers(-20, 92))
def test_times_come_back_to_the_minute(start: int, end: int) -> None:
    plan = Plan(starts_at=NINE, ends_at=minutes(80))
    said = spoken.said_of(
        plan, present=1, absent=1, started_at=minutes(start), ended_at=minutes(80 + end), incidents=False
    )
    heard = decode(encode(said, HERE), HERE)
    assert spoken.started_at(heard, plan) == minutes(start)
    assert spoken.ended_at(heard, plan) == minutes(80 + end)


def test_an_open_ended_session_tells_its_end_in_steps_of_five_minutes() -> None:
    plan = Plan(starts_at=NINE, ends_at=None)
    said = spoken.said_of(plan, present=1, absent=0, started_at=NINE, ended_at=minutes(133), incidents=False)
    heard = decode(encode(said, HERE), HERE)
    assert spoken.ended_at(heard, plan) == NINE + timedelta(minutes=130)
    assert spoken.beyond(heard) == []
    none = spoken.said_of(plan, present=0, absent=0, started_at=None, ended_at=None, incidents=False)
    assert spoken.started_at(none, plan) is None
    assert spoken.ended_at(none, plan) is None
