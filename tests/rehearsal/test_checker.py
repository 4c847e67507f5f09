"""Faults planted in what stands there: each is found, and nothing else."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from fieldops.journal.events import as_text, sent_hash
from fieldops.rehearsal.checker import Finding, Stood, check_boards, check_events, counted

DEVICE = "00000000-0000-4000-8000-00000000000d"
IDS = [str(uuid.UUID(int=number, version=4)) for number in range(6)]


def event(number: int) -> dict[str, Any]:
    return {
        "id": IDS[number],
        "kind": "attendance.absent" if number == 5 else "attendance.checked_in",
        "device_seq": number,
        "offset_ms": 0,
        "school": "4418230101",
        "room": "01",
        "session": "g4-chinese",
        "student": f"生{number}<b>",
        "data": {},
    }


def stood(sent: dict[str, Any]) -> Stood:
    return Stood(sent=sent_hash(as_text(sent)), body={**copy.deepcopy(sent), "device": DEVICE})


def world() -> tuple[dict[str, Any], dict[str, list[str]], list[Stood]]:
    noted = {identity: event(number) for number, identity in enumerate(IDS)}
    told = {identity: ["accepted", "duplicate"] for identity in IDS}
    return noted, told, [stood(sent) for sent in noted.values()]


def found() -> list[Finding]:
    noted, told, journal = world()
    return check_events(noted, told, journal, {DEVICE})


def lose(noted: Any, told: Any, journal: list[Stood]) -> None:
    journal.pop(0)


def double(noted: Any, told: Any, journal: list[Stood]) -> None:
    journal.append(journal[0])


def accept_again(noted: Any, told: Any, journal: list[Stood]) -> None:
    told[IDS[0]] = ["accepted", "accepted"]


def alter_body(noted: Any, told: Any, journal: list[Stood]) -> None:
    journal[0] = Stood(sent=journal[0].sent, body={**journal[0].body, "student": "another"})


def alter_hash(noted: Any, told: Any, journal: list[Stood]) -> None:
    journal[0] = Stood(sent=b"x" * 32, body=journal[0].body)


def add(noted: Any, told: Any, journal: list[Stood]) -> None:
    journal.append(stood({**event(0), "id": str(uuid.uuid4())}))


def leave_open(noted: Any, told: Any, journal: list[Stood]) -> None:
    del told[IDS[0]]


def refuse(noted: Any, told: Any, journal: list[Stood]) -> None:
    told[IDS[0]] = ["quarantined"]
    journal.pop(0)


PLANTED = [
    (lose, "lost"),
    (double, "twice"),
    (accept_again, "twice"),
    (alter_body, "altered"),
    (alter_hash, "altered"),
    (add, "unexpected"),
    (leave_open, "unsettled"),
    (refuse, "refused"),
]


def test_all_well_finds_nothing() -> None:
    assert found() == []


@pytest.mark.parametrize(("plant", "what"), PLANTED, ids=[plant.__name__ for plant, _what in PLANTED])
def test_a_planted_fault_is_found(plant: Callable[..., None], what: str) -> None:
    noted, told, journal = world()
    plant(noted, told, journal)
    assert [finding.what for finding in check_events(noted, told, journal, {DEVICE})] == [what]


def test_an_answer_that_never_came_back_may_have_been_the_accepted_one() -> None:
    noted, told, journal = world()
    told[IDS[0]] = ["duplicate"]
    assert check_events(noted, told, journal, {DEVICE}) == []


def test_a_board_that_differs_is_found() -> None:
    key = ("4418230101", "01", "g4-chinese")
    expected = counted(world()[2])
    assert expected == {key: (5, 1)}
    assert check_boards(expected, {key: (5, 1)}) == []
    assert [finding.what for finding in check_boards(expected, {key: (4, 1)})] == ["unequal"]
    assert [finding.what for finding in check_boards(expected, {})] == ["unequal"]
