"""The one way in, on both engines: each fact once, what cannot be taken is kept, nothing blocks what follows."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from fieldops.db import db, writing
from fieldops.journal import queries, service
from fieldops.journal.events import chained, read_body
from fieldops.journal.models import EventRow, Quarantined
from fieldops.journal.service import Author, Result, UnknownCounty
from fieldops.journal.verify import verify
from tests.testday import build
from tests.testday.build import COUNTY, SCHOOL, fact, minutes, record, student

NOBODY = Author(person=str(uuid.UUID(int=9)), device=str(uuid.UUID(int=10)), may=lambda _action, _place: False)


@pytest.fixture(autouse=True)
def county(app: Flask) -> str:
    return build.county()


def outcomes(results: list[Result]) -> list[str]:
    return [result.outcome for result in results]


def aside() -> list[Quarantined]:
    return list(db.session.scalars(select(Quarantined).order_by(Quarantined.reason)))


def test_the_same_again_is_a_duplicate_with_the_same_answer() -> None:
    event = fact("attendance.checked_in", data={"late_min": 3}, session="g9-unknown")
    [first] = record([event])
    again = record([event, dict(event)])
    assert (first.outcome, first.flags, first.seq) == ("accepted", ("unknown_session",), 1)
    assert [(r.outcome, r.flags, r.seq) for r in again] == [("duplicate", ("unknown_session",), 1)] * 2
    assert queries.head(COUNTY) == (1, 1)


def test_repeats_within_one_call_count_once() -> None:
    event = fact("attendance.checked_in")
    assert outcomes(record([event, event, event])) == ["accepted", "duplicate", "duplicate"]


def test_another_body_under_the_same_id_is_refused_and_kept() -> None:
    event = fact("attendance.checked_in")
    record([event])
    [result] = record([{**event, "student": student(2)}])
    assert (result.outcome, result.seq, result.reason) == ("conflict", 1, "id_reused")
    assert [row.reason for row in aside()] == ["id_reused"]
    assert student(2) in aside()[0].sent
    assert [event.student for event in queries.since(COUNTY, 0, limit=9)] == [student(1)]


def test_an_id_is_the_same_however_it_is_written() -> None:
    event = fact("attendance.checked_in", identity="0190F3A2-0000-7000-8000-0000000000AB")
    [result] = record([event])
    assert result.id == event["id"].lower()
    assert outcomes(record([event])) == ["duplicate"]


BAD = {
    "no mapping": ("text", "unreadable"),
    "no id": ({"kind": "sitting.started"}, "unreadable"),
    "id is no uuid": (fact("sitting.started", identity="7"), "unreadable"),
    "unknown field": (fact("sitting.started", colour="red"), "unreadable"),
    "no zone": (fact("sitting.started", occurred_at="2024-05-20T09:00:00"), "unreadable"),
    "no time": (fact("sitting.started", occurred_at="soon"), "unreadable"),
    "out of the calendar": (fact("sitting.started", occurred_at="0001-01-01T00:00:00+14:00"), "unreadable"),
    "offset of centuries": (fact("sitting.started", offset_ms=10**13), "unreadable"),
    "an enormous offset": (fact("sitting.started", offset_ms=10**40), "unreadable"),
    "device_seq": (fact("sitting.started", device_seq=-1), "unreadable"),
    "long code": (fact("sitting.started", room="1" * 17), "unreadable"),
    "empty code": (fact("sitting.started", room=""), "unreadable"),
    "another place's path": (fact("sitting.started", school=f"{SCHOOL}/01"), "unreadable"),
    "17 kB": (fact("anomaly.noted", data={"category": "noise", "note": "x" * 17_000}), "unreadable"),
    "NUL": (fact("anomaly.noted", data={"category": "noise", "note": "a\0b"}), "unreadable"),
    "half a surrogate pair": (fact("anomaly.noted", data={"category": "noise", "note": "a\ud800"}), "unreadable"),
    "half a pair in a code": (fact("anomaly.noted", room="\ud800"), "unreadable"),
    "half a pair in a name": (fact("anomaly.noted", data={"category": "noise", "\udfff": 1}), "unreadable"),
    "half a pair in the id": (fact("anomaly.noted", identity="\ud800"), "unreadable"),
    "too deep": (fact("anomaly.noted", data={"category": "noise", "note": None}), "too_deep"),
    "unknown kind": (fact("attendance.vanished"), "unknown_kind"),
    "unknown data": (fact("sitting.started", data={"mood": "good"}), "bad_data"),
    "missing data": (fact("sitting.paused"), "bad_data"),
    "data of another type": (fact("attendance.checked_in", data={"late_min": "3"}), "bad_data"),
    "late by a year": (fact("attendance.checked_in", data={"late_min": 525_600}), "bad_data"),
    "undoes no id": (fact("attendance.undone", data={"undoes": "x"}), "bad_data"),
    "no room": (fact("sitting.started", room=None), "bad_data"),
    "long note": (fact("anomaly.noted", data={"category": "noise", "note": "长" * 501}), "bad_data"),
    "101 students": (fact("anomaly.noted", data={"category": "noise", "students": ["S"] * 101}), "bad_data"),
}


@pytest.mark.parametrize(("bad", "reason"), BAD.values(), ids=BAD)
def test_what_cannot_be_understood_is_kept_and_blocks_nothing(bad: Any, reason: str) -> None:
    if reason == "too_deep":
        bad["data"]["note"], reason = _deep(), "unreadable"
    good = fact("attendance.checked_in")
    results = record([bad, good, bad])
    assert outcomes(results) == ["quarantined", "accepted", "quarantined"]
    assert results[0].reason == reason
    assert [row.reason for row in aside()] == [reason]
    assert aside()[0].sent
    record([bad])
    assert len(aside()) == 1, "the same again is the same row"


def _deep() -> list[Any]:
    nested: list[Any] = []
    for _ in range(5_000):
        nested = [nested]
    return nested


def test_what_the_sender_may_not_do_is_kept() -> None:
    event = fact("attendance.checked_in")
    [result] = record([event], author=NOBODY)
    assert (result.outcome, result.reason) == ("quarantined", "not_permitted")
    assert aside()[0].detail == f"attendance.note at {COUNTY}/{SCHOOL}/01"
    assert outcomes(record([event])) == ["accepted"], "somebody with the right may send it again"


def test_names_that_look_like_code_are_only_text() -> None:
    for note in ("{x}", "%s", "<b>", "O'Neil", "𠮷㙓", "\\u0000", '"'):
        assert outcomes(record([fact("anomaly.noted", data={"category": "noise", "note": note})])) == ["accepted"]
        assert queries.since(COUNTY, 0, limit=99)[-1].data["note"] == note
    assert list(verify(COUNTY)) == []


def test_an_unknown_county_is_no_county() -> None:
    with pytest.raises(UnknownCounty):
        record([fact("attendance.checked_in")], county="999999")


def test_recording_needs_a_writer() -> None:
    with pytest.raises(RuntimeError):
        service.record(county=COUNTY, window="2024", author=NOBODY, events=[], received_at=minutes(0))


def test_a_crash_leaves_nothing_behind() -> None:
    with pytest.raises(ZeroDivisionError), writing():  # noqa: PT012 - the crash is the point
        service.record(
            county=COUNTY,
            window="2024",
            author=build.EVERYBODY,
            events=[fact("attendance.checked_in")],
            received_at=minutes(0),
        )
        raise ZeroDivisionError
    assert queries.head(COUNTY) == (0, 1)
    assert list(verify(COUNTY)) == []


def test_the_three_times_are_corrected_by_the_devices_offset() -> None:
    event = fact("sitting.started", minutes(-7), recorded_at=minutes(-5).isoformat(), offset_ms=420_500)
    record([event], received_at=minutes(3))
    [told] = queries.since(COUNTY, 0, limit=1)
    assert (told.occurred_at - minutes(0)).total_seconds() == 0.5
    assert (told.recorded_at - minutes(2)).total_seconds() == 0.5
    assert told.received_at == minutes(3)


def test_the_chain_runs_through_all_events() -> None:
    record([fact("attendance.checked_in", student=student(n)) for n in range(1, 6)])
    record([fact("sitting.started", minutes(9))])
    previous = b"\0" * 32
    for row in db.session.scalars(select(EventRow).order_by(EventRow.seq)):
        previous = chained(previous, row.body.encode())
        assert row.hash == previous
        assert read_body(row.body).id == row.id


# --- decisions and reactions ------------------------------------------------------------------------------------------


def test_a_decision_names_the_version_that_was_seen() -> None:
    record([fact("sitting.started")])
    stale, fresh = (fact("sitting.frozen", minutes(90), data={"seen_version": seen}) for seen in (0, 1))
    results = record([stale, fresh])
    assert [(r.outcome, r.reason) for r in results] == [("conflict", "stale"), ("accepted", None)]
    assert outcomes(record([stale, fresh])) == ["conflict", "duplicate"]


def test_a_decision_already_taken_is_not_taken_again() -> None:
    record([fact("sitting.frozen", data={"seen_version": 0})])
    [result] = record([fact("sitting.frozen", data={"seen_version": 1})])
    assert (result.outcome, result.reason) == ("conflict", "frozen")


def test_a_reaction_exists_once() -> None:
    started = fact("sitting.started", minutes(9), data={"reason": "停电"})
    for _ in range(3):
        record([started, started], received_at=minutes(10))
    record([fact("sitting.paused", minutes(12), data={"reason": "噪音"})], received_at=minutes(12))
    told = queries.since(COUNTY, 0, limit=9)
    assert [event.kind for event in told] == ["sitting.started", "anomaly.noted", "sitting.paused"]
    assert told[1].data["deviation_min"] == 9
    assert told[1].person is None


# --- many at once -----------------------------------------------------------------------------------------------------


def test_numbers_have_no_gap_under_eight_writers(app: Flask) -> None:
    """Eight senders, each with its own facts and one that all of them send."""
    shared = fact("attendance.checked_in", student=student(6))
    answers: list[Result] = []
    errors: list[BaseException] = []

    def send(sender: int) -> None:
        try:
            with app.app_context():
                for number in range(6):
                    own = fact("attendance.checked_in", minutes(number), student=student(sender % 5 + 1))
                    answers.extend(record([own, shared]))
                db.session.remove()
        except BaseException as error:  # noqa: BLE001 - told to the test below
            errors.append(error)

    senders = [threading.Thread(target=send, args=(sender,)) for sender in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(60)
    assert errors == []
    assert sorted(r.seq or 0 for r in answers if r.outcome == "accepted") == list(range(1, 50))
    assert sum(r.outcome == "duplicate" for r in answers) == 47
    db.session.rollback()
    assert queries.head(COUNTY) == (49, 1)
    assert list(verify(COUNTY)) == []


# --- verify -----------------------------------------------------------------------------------------------------------

ALTERED = {
    "UPDATE testday_attendance SET status = 'absent'": "g4-chinese/S0001 differs from its events in status",
    "DELETE FROM testday_attendance": "attendance 441823/2024/4418230101/g4-chinese/S0001 is missing",
    "UPDATE testday_sitting SET room = '99'": "g4-chinese/99 stands there without an event",
    "UPDATE testday_anomaly SET note = 'nothing happened'": "differs from its events in note",
    "UPDATE journal_event SET body = REPLACE(body, '装修', '安静') WHERE seq = 3": "event 3",
    "UPDATE journal_event SET body = 'gone' WHERE seq = 3": "has a body that cannot be read",
    "UPDATE journal_event SET room = '99' WHERE seq = 1": "event 1",
    "DELETE FROM journal_event WHERE seq = 2": "event 2 is missing",
    "DELETE FROM journal_event WHERE seq = 4": "the head says 4 events, the journal ends at 3",
    "UPDATE journal_head SET seq = 9": "the head says 9 events",
}


@pytest.fixture
def told(county: str) -> None:
    record(
        [
            fact("attendance.checked_in"),
            fact("sitting.started"),
            fact("anomaly.noted", data={"category": "noise", "note": "装修"}),
            fact("attendance.absent", student=student(2), data={"reason": "ill"}),
        ]
    )
    assert list(verify(county)) == []


@pytest.mark.parametrize(("statement", "where"), ALTERED.items(), ids=list(ALTERED))
def test_verify_says_what_was_altered(told: None, statement: str, where: str) -> None:
    if statement == "UPDATE testday_attendance SET status = 'absent'":
        statement += " WHERE student = 'S0001'"
    with writing():
        db.session.execute(text(statement))
    found = list(verify(COUNTY))
    assert any(where in sentence for sentence in found), found
