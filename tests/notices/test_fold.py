"""Any order and any repetition of what is said of a notice gives the same state."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.journal.events import Event
from fieldops.notices.facts import CONFIRMED, READ, SENT, WITHDRAWN, fold_notice, fold_receipt

NOTICE, PERSON = str(uuid.UUID(int=7)), str(uuid.UUID(int=8))
START = datetime(2024, 5, 20, 1, tzinfo=UTC)
SAID = {"sender": "441823", "sender_name": "<b>{x}", "counties": ["441823"], "text": "O'Neil %s 㐂"}


def _event(kind: str, number: int, minute: int) -> Event:
    at = START + timedelta(minutes=minute)
    data = {"notice": NOTICE, **({**SAID, "must_confirm": bool(number % 2)} if kind == SENT else {})}
    return Event(
        county="441823",
        window="2024",
        seq=number,
        id=str(uuid.UUID(int=number)),
        kind=kind,
        entity="x",
        occurred_at=at,
        recorded_at=at,
        received_at=at,
        offset_ms=0,
        device_seq=None,
        school=None,
        room=None,
        session=None,
        student=None,
        person=PERSON,
        device=None,
        flags=(),
        data=data,
    )


def _events(*kinds: str) -> st.SearchStrategy[list[Event]]:
    said = st.lists(st.tuples(st.sampled_from(kinds), st.integers(0, 5)), min_size=1, max_size=6)
    return said.map(lambda all_: [_event(kind, number + 1, minute) for number, (kind, minute) in enumerate(all_)])


@settings(max_examples=60)
@given(_events(SENT, WITHDRAWN), st.randoms())
def test_a_notice_in_any_order(events: list[Event], chance: object) -> None:
    mixed = list(events)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    state = fold_notice(mixed)
    assert state == fold_notice(events)
    assert (state.row["sent_at"] is None) == (SENT not in {event.kind for event in events})
    assert (state.row["withdrawn_at"] is None) == (WITHDRAWN not in {event.kind for event in events})


@settings(max_examples=60)
@given(_events(READ, CONFIRMED), st.randoms())
def test_a_receipt_in_any_order(events: list[Event], chance: object) -> None:
    mixed = list(events)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    state = fold_receipt(mixed)
    assert state == fold_receipt(events)
    assert state.row["read_at"] == min(event.occurred_at for event in events)
    confirmed = [event.occurred_at for event in events if event.kind == CONFIRMED]
    assert state.row["confirmed_at"] == (min(confirmed) if confirmed else None)
