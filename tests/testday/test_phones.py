"""What phones report, which of their facts are missing, and what became of what was set aside."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from fieldops.db import db
from fieldops.journal.verify import verify
from fieldops.testday import phones
from fieldops.testday.models import Phone, PhoneCheck
from fieldops.testday.phones import MOST_FACTS, gaps
from tests.support import field
from tests.testday import build

PLACE = f"{field.COUNTY}/{field.SCHOOL}"
CHECK = {"verdict": "bad", "items": {"storage": "bad", "camera": "good"}, "browser": "Chrome 128 · Android"}


@pytest.fixture
def world(app: Flask) -> Flask:
    field.make()
    return app


@pytest.fixture
def monitor(world: Flask) -> tuple[dict[str, str], str]:
    token, device = field.sign_in("monitor", f"{PLACE}/01")
    return field.bearer(token), device


def send(client: FlaskClient, who: tuple[dict[str, str], str], *events: Any, **envelope: Any) -> Any:
    body = {"device": who[1], "sent_at": "2024-05-20T00:30:00Z", "events": list(events), **envelope}
    return client.post("/api/v1/events", json=body, headers=who[0])


def kept(last_seq: int = 3, **fields: Any) -> dict[str, Any]:
    return {"waiting": 2, "unconfirmed": 1, "last_seq": last_seq, "build": "abc123", "offset_ms": 0, **fields}


# --- reports ----------------------------------------------------------------------------------------------------------


def test_a_report_needs_no_fact_and_is_written_later(world: Flask, client: FlaskClient, monitor: Any) -> None:
    answer = send(client, monitor, kept=kept())
    assert (answer.status_code, answer.json["results"]) == (200, [])
    assert db.session.get(Phone, (field.COUNTY, monitor[1])) is None  # gathered, not written with the call
    phones.flush()
    row = phones.reported(field.COUNTY, build.WINDOW)[monitor[1]]
    assert (row.waiting, row.unconfirmed, row.last_seq, row.build) == (2, 1, 3, "abc123")
    send(client, monitor, kept=kept(last_seq=9, waiting=0))
    phones.flush()
    assert phones.reported(field.COUNTY, build.WINDOW)[monitor[1]].last_seq == 9
    assert list(verify(field.COUNTY)) == []


def test_a_later_request_writes_what_was_reported(world: Flask, client: FlaskClient, monitor: Any) -> None:
    send(client, monitor, kept=kept())
    world.extensions["fieldops_phones"]._flushed = float("-inf")
    client.get("/healthz")
    assert monitor[1] in phones.reported(field.COUNTY, build.WINDOW)


def test_a_rehearsals_clock_is_no_fault_of_the_phone(world: Flask, client: FlaskClient, monitor: Any) -> None:
    shift_ms = int(phones.clock.shift(_window()).total_seconds() * 1000)
    send(client, monitor, kept=kept(offset_ms=shift_ms + 7_000))
    phones.flush()
    assert abs(phones.reported(field.COUNTY, build.WINDOW)[monitor[1]].clock_off_ms - 7_000) < 50


def _window() -> Any:
    from fieldops.timetable import queries

    return queries.window(build.WINDOW)


@pytest.mark.parametrize(
    "report", [{"waiting": -1}, {"last_seq": 2**60}, {"build": "x" * 41}, {"more": 1}, {"waiting": "2"}, None, [1]]
)
def test_a_report_that_is_none_never_holds_facts_back(client: FlaskClient, monitor: Any, report: Any) -> None:
    fact = build.fact("attendance.checked_in", build.minutes(-20))
    answer = send(client, monitor, fact, kept=kept(**report) if isinstance(report, dict) else report)
    assert answer.json["results"][0]["outcome"] == "accepted"
    phones.flush()
    assert phones.reported(field.COUNTY, build.WINDOW) == {}


# --- the ready check --------------------------------------------------------------------------------------------------


def test_the_newest_check_of_a_phone_stands(client: FlaskClient, monitor: Any) -> None:
    late = build.fact("phone.checked", build.minutes(-20), session=None, data={**CHECK, "verdict": "good"})
    early = build.fact("phone.checked", build.minutes(-90), session=None, data=CHECK)
    answer = send(client, monitor, late, early)
    assert [(r["outcome"], r.get("reason")) for r in answer.json["results"]] == [("accepted", None)] * 2
    (row,) = phones.checks(field.COUNTY, build.WINDOW, school=field.SCHOOL).values()
    assert (row.device, row.verdict, row.version) == (monitor[1], "good", 2)
    assert row.checked_at == build.minutes(-20)
    assert row.items == CHECK["items"]
    assert list(verify(field.COUNTY)) == []
    assert db.session.query(PhoneCheck).count() == 1


@pytest.mark.parametrize(
    "data",
    [
        {},
        {**CHECK, "verdict": "fine"},
        {**CHECK, "items": {"Storage!": "bad"}},
        {**CHECK, "items": {f"item_{chr(97 + n)}": "good" for n in range(25)}},
        {**CHECK, "userAgent": "Mozilla/5.0"},
    ],
)
def test_what_is_no_check_is_set_aside(client: FlaskClient, monitor: Any, data: dict[str, Any]) -> None:
    answer = send(client, monitor, build.fact("phone.checked", session=None, data=data))
    assert answer.json["results"][0]["reason"] == "bad_data"


# --- gaps -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "last", "open_facts", "runs", "count", "lost"),
    [
        ([], 0, 0, (), 0, 0),
        ([1, 2, 3], 3, 0, (), 0, 0),
        ([1, 2, 4], 4, 0, ((3, 3),), 1, 1),
        ([2], 2, 0, ((1, 1),), 1, 1),
        ([1, 5, 5, 1], 8, 3, ((2, 4), (6, 8)), 6, 3),
        ([1, 2, 3], 1, 5, (), 0, 0),  # what arrived after the report proves more than it
        ([1, 3], 0, 0, ((2, 2),), 1, 1),
        ([1], MOST_FACTS + 1, 0, (), 0, 0),
        ([0, -4, 1], 1, 0, (), 0, 0),
    ],
)
def test_gaps_by_example(numbers: list[int], last: int, open_facts: int, runs: Any, count: int, lost: int) -> None:
    found = gaps(numbers, last_seq=last, open_facts=open_facts)
    assert (found.runs, found.number, found.lost) == (runs, count, lost)


@given(st.sets(st.integers(1, 60)), st.integers(0, 80), st.integers(0, 90))
def test_gaps_are_exactly_what_is_not_there(numbers: set[int], last: int, open_facts: int) -> None:
    found = gaps(numbers, last_seq=last, open_facts=open_facts)
    missing = set(range(1, max([*numbers, last], default=0) + 1)) - numbers
    assert found.number == len(missing)
    assert found.number == found.kept + found.lost
    named = {number for first, final in found.runs for number in range(first, final + 1)}
    assert named <= missing
    assert named == missing or len(found.runs) == phones.MOST_NAMED


def test_what_was_set_aside_has_arrived(client: FlaskClient, monitor: Any) -> None:
    at = build.minutes(-20)
    send(
        client,
        monitor,
        build.fact("attendance.checked_in", at, device_seq=1),
        build.fact("attendance.flew", at, device_seq=2),
        build.fact("sitting.started", at, device_seq=5),
    )
    numbers = phones.arrived(field.COUNTY, [monitor[1], str(uuid.uuid4())])[monitor[1]]
    assert numbers == {1, 2, 5}
    assert gaps(numbers).runs == ((3, 4),)
    assert phones.devices_of_school(field.COUNTY, build.WINDOW, field.SCHOOL) == {monitor[1]}
