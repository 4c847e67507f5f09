"""A letter as it comes with an event: codes only, and the same whoever makes it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from fieldops.journal.events import Event
from fieldops.messages.letters import letter
from fieldops.messages.models import Letter

EVENT = Event(
    county="441823",
    window="2024",
    seq=7,
    id="0190a5b0-0000-7000-8000-000000000001",
    kind="incident.reported",
    entity="incident/0190a5b0-0000-7000-8000-000000000001",
    occurred_at=datetime(2024, 5, 20, 0, 20, tzinfo=UTC),
    recorded_at=datetime(2024, 5, 20, 0, 21, tzinfo=UTC),
    received_at=datetime(2024, 5, 20, 0, 22, tzinfo=UTC),
    offset_ms=0,
    device_seq=1,
    school="4418230101",
    room="01",
    session=None,
    student=None,
    person=None,
    device=None,
    flags=(),
    data={"note": "刘子轩 fell", "students": ["4418230101001"]},
)


def row(to: str = "441823", event: Event = EVENT) -> dict[str, object]:
    return letter(event, to=to, topic="incident", subject=event.id, what="reported", urgency="serious")


def test_a_letter_has_each_column_of_the_table() -> None:
    assert set(row()) == {column.name for column in Letter.__table__.columns}


def test_one_for_each_desk_and_event() -> None:
    other = msgspec.structs.replace(EVENT, id="0190a5b0-0000-7000-8000-000000000002")
    assert row()["id"] == row()["id"]
    assert len({str(made["id"]) for made in (row(), row("441800"), row(event=other))}) == 3


def test_nothing_of_what_was_written_is_in_it() -> None:
    assert "刘子轩" not in str(row())
    assert "4418230101001" not in str(row())


def test_an_unknown_urgency_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="urgency"):
        letter(EVENT, to="441823", topic="incident", subject="x", what="reported", urgency="urgent")
