"""A school's day: closed by a person or the clock; names are in the snapshot only from its release to its close."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import date, time, timedelta
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from fieldops.db import db, writing
from fieldops.journal.models import EventRow
from fieldops.journal.verify import verify
from fieldops.roster import release
from fieldops.testday import day as pure
from fieldops.testday import days
from fieldops.testday.models import SchoolDay
from fieldops.timetable import service as timetable
from fieldops.timetable.models import SessionRow
from fieldops.timetable.schedule import Session
from tests.support import field
from tests.testday import build
from tests.testday.build import COUNTY, EVERYBODY, SCHOOL, WINDOW, minutes
from tests.testday.samples import DAY, event, events, identity

FIRST, SECOND = date(2024, 5, 20), date(2024, 5, 21)
PAGE = f"/c/{COUNTY}/s/{SCHOOL}/day"


# --- pure -------------------------------------------------------------------------------------------------------------


def session(day: date, start: time, end: time | None) -> Session:
    return Session(
        window=WINDOW,
        grade=4,
        version=1,
        row=1,
        code=f"{day}-{start}",
        name="",
        name_en="",
        kind="subject",
        date=day,
        start_time=start,
        end_time=end,
        check_in_min=20,
        preparation_min=20,
        sealing_min=20,
    )


PLAN = [
    session(FIRST, time(14), time(15)),
    session(FIRST, time(9), time(10)),
    session(FIRST, time(15, 30), None),
    session(SECOND, time(9), time(10)),
]


def two_days(release_min: int = 60, closed: dict[str, Any] | None = None) -> list[pure.Day]:
    return pure.days_of(PLAN, "Asia/Shanghai", release_min=release_min, closes_after_h=12, closed=closed)


def state(at: float, found: list[pure.Day]) -> tuple[date, str]:
    stands = pure.standing_of(found, minutes(at))
    assert stands is not None
    return stands.day.date, stands.state


def test_names_come_with_the_release_and_go_with_the_close_day_by_day() -> None:
    found = two_days(closed={"2024-05-20": minutes(8 * 60)})  # at 17:00
    assert state(-101, found) == (FIRST, "held")
    assert state(-100, found) == (FIRST, "open")  # check-in from 08:20, an hour before
    assert state(8 * 60 - 1, found) == (FIRST, "open")
    assert state(8 * 60, found) == (SECOND, "held")
    assert state(24 * 60 - 101, found) == (SECOND, "held")
    assert state(24 * 60 - 100, found) == (SECOND, "open")
    assert state(24 * 60 + 13 * 60 - 1, found) == (SECOND, "open")
    assert state(24 * 60 + 13 * 60, found) == (SECOND, "closed")  # 12 h after 10:00
    assert [day.last for day in found] == [False, True]


def test_without_a_lock_the_first_day_is_open_at_once_and_the_next_from_its_midnight() -> None:
    found = two_days(0, {"2024-05-20": minutes(8 * 60)})
    assert state(-10_000, found) == (FIRST, "open")
    assert state(8 * 60, found) == (SECOND, "held")
    assert state(15 * 60 - 1, found) == (SECOND, "held")
    assert state(15 * 60, found) == (SECOND, "open")


def test_a_day_that_nobody_closed_closes_by_the_clock_without_a_gap() -> None:
    found = two_days(0)
    closes = 18 * 60 + 30  # 12 h after the open-ended session's start at 15:30
    assert state(closes - 1, found) == (FIRST, "open")
    assert state(closes, found) == (SECOND, "open")
    assert pure.phase(found, minutes(closes - 1)) != pure.phase(found, minutes(closes))


def test_a_clock_that_is_set_back_before_the_closing_finds_the_day_open() -> None:
    assert state(0, two_days(closed={"2024-05-20": minutes(8 * 60)})) == (FIRST, "open")
    assert pure.standing_of([], minutes(0)) is None


@given(events(DAY), st.data())
def test_any_order_folds_alike(told: list[Any], data: st.DataObject) -> None:
    again = data.draw(st.permutations(told + told[:2]))
    assert pure.fold(told) == pure.fold(again)


def test_reopening_names_what_it_takes_back() -> None:
    closed = event("day.closed", 480, 1, date="2024-05-20")
    again = event("day.closed", 490, 2, date="2024-05-20")
    # The clock of the rehearsal was set back meanwhile.
    opened = event("day.reopened", -30, 3, date="2024-05-20", undoes=identity(1))
    assert pure.fold([closed]).closed_at == minutes(480)
    assert pure.fold([closed, opened]).closed_at is None
    both = pure.fold([opened, again, closed])
    assert (both.closed_at, both.closings, both.version) == (minutes(490), [identity(2)], 3)


# --- the snapshot -----------------------------------------------------------------------------------------------------


@pytest.fixture
def world(app: Flask) -> Flask:
    field.make()
    with writing():  # a second day
        first = db.session.get(SessionRow, (WINDOW, 4, 1, build.CHINESE))
        assert first is not None
        columns = {column.name: getattr(first, column.name) for column in SessionRow.__table__.columns}
        db.session.add(SessionRow(**{**columns, "code": "g4-second", "row": 9, "date": SECOND}))
    return app


@pytest.fixture
def monitor(world: Flask) -> dict[str, str]:
    return field.bearer(field.sign_in("monitor", f"{COUNTY}/{SCHOOL}/01")[0])


@pytest.fixture
def chief(world: Flask) -> dict[str, str]:
    return field.bearer(field.sign_in("chief_monitor", f"{COUNTY}/{SCHOOL}")[0])


@pytest.fixture
def desk(world: Flask) -> dict[str, str]:
    return field.bearer(field.sign_in("desk", COUNTY)[0])


def lock(count: int) -> None:
    with writing():
        timetable.set_policy(window=WINDOW, name="roster_release_min", value=count, origin="test", by=None)


def snapshot(client: FlaskClient, who: dict[str, str], tag: str = "") -> Any:
    return client.get("/api/v1/snapshot", headers={**who, "If-None-Match": tag})


def opened(sealed: dict[str, str], code: str) -> Any:
    key = release._derive(code, b"fieldops roster key", 32)
    iv, hidden = (base64.b64decode(sealed[name]) for name in ("iv", "ciphertext"))
    return json.loads(AESGCM(key).decrypt(iv, hidden, sealed["kid"].encode()))


def test_before_the_release_the_snapshot_names_nobody(
    world: Flask, client: FlaskClient, monitor: dict[str, str]
) -> None:
    build.record(
        [
            build.fact("attendance.checked_in"),
            build.fact("anomaly.noted", data={"category": "noise", "note": "学生1 吵"}),
        ]
    )
    clear = snapshot(client, monitor)
    assert clear.json["students"][0]["name"] == "学生1"
    assert clear.json["day"]["state"] == "open"
    assert clear.json["sealed_roster"] is None
    lock(60)
    field.set_clock(-101)
    held = snapshot(client, monitor, clear.headers["ETag"])
    assert held.status_code == 200
    assert held.json["students"] == []
    assert held.json["foreign_cards"] == {}
    assert held.json["day"] == {
        "date": "2024-05-20",
        "state": "held",
        "release_at": "2024-05-19T23:20:00.000Z",
        "closes_at": "2024-05-20T16:10:00.000Z",
        "closed_at": None,
        "last": False,
    }
    assert "学生" not in held.get_data(as_text=True)
    assert held.json["states"]["attendance"][0]["student"] == "S0001"
    assert held.json["states"]["anomalies"][0]["note"] is None
    assert snapshot(client, monitor, held.headers["ETag"]).status_code == 304

    code = days.release_code(COUNTY, WINDOW, SCHOOL, FIRST)
    assert opened(held.json["sealed_roster"], code) == {
        "students": clear.json["students"],
        "foreign_cards": clear.json["foreign_cards"],
    }
    field.set_clock(-99)
    out = snapshot(client, monitor, held.headers["ETag"])
    assert out.status_code == 200
    assert out.json["students"] == clear.json["students"]
    assert out.json["sealed_roster"] is None


def test_the_clock_alone_changes_the_etag_at_the_release(
    world: Flask, client: FlaskClient, monitor: dict[str, str]
) -> None:
    lock(60)
    window, place = WINDOW, build.minutes(-100)
    field.set_clock(-101)
    from fieldops.api import snapshot as snapshots
    from fieldops.organisation.actors import actor_by_token
    from fieldops.organisation.queries import place as place_of
    from fieldops.timetable.queries import window as window_of

    actor = actor_by_token(monitor["Authorization"].removeprefix("Bearer "))
    found, school = window_of(window), place_of(f"{COUNTY}/{SCHOOL}")
    assert actor is not None
    assert found is not None
    assert school is not None
    moments = [place - timedelta(seconds=1), place, place + timedelta(minutes=30)]
    tags = [snapshots.etag(actor, found, school, at) for at in moments]
    assert tags[0] != tags[1]
    assert tags[1] == tags[2]


# --- closing ----------------------------------------------------------------------------------------------------------


def end_all(session: str = build.CHINESE) -> None:
    plan = [(room, code) for room in ("01", "02") for code in (build.CHINESE, build.MATHS)] + [("08", build.EIGHTH)]
    build.record(
        [build.fact("sitting.ended", minutes(200), room=room, session=code) for room, code in plan],
        received_at=minutes(200),
    )


def test_closing_takes_the_names_and_the_next_day_brings_them(
    world: Flask, client: FlaskClient, chief: dict[str, str], monitor: dict[str, str]
) -> None:
    end_all()
    field.set_clock(480)
    page = client.get(PAGE, headers={**chief, "Accept-Language": "en"}).get_data(as_text=True)
    assert "Every session of this day is ended" in page
    before = snapshot(client, monitor)
    assert client.post(f"{PAGE}/2024-05-20/close", headers=chief).status_code == 303
    after = snapshot(client, monitor, before.headers["ETag"])
    assert after.json["students"] == []
    assert after.json["day"]["date"] == "2024-05-21"
    assert after.json["day"]["state"] == "held"
    [closed] = after.json["closed_days"]
    assert closed["date"] == "2024-05-20"
    assert "学生" not in after.get_data(as_text=True)
    # A school without a network on the next morning opens it by that day's code, not by the day before's.
    code = days.release_code(COUNTY, WINDOW, SCHOOL, SECOND)
    assert len(opened(after.json["sealed_roster"], code)["students"]) == 6
    board = client.get(f"/c/{COUNTY}/s/{SCHOOL}/board", headers={**chief, "Accept-Language": "en"})
    assert "is closed since" in board.get_data(as_text=True)

    field.set_clock(15 * 60)
    assert len(snapshot(client, monitor).json["students"]) == 6
    assert list(verify(COUNTY)) == []
    row = db.session.scalars(select(SchoolDay)).one()
    assert (row.date, len(row.closings)) == ("2024-05-20", 1)


def test_reopening_brings_them_back(
    world: Flask, client: FlaskClient, chief: dict[str, str], monitor: dict[str, str]
) -> None:
    end_all()
    field.set_clock(480)
    client.post(f"{PAGE}/2024-05-20/close", headers=chief)
    client.post(f"{PAGE}/2024-05-20/close", headers=chief)  # twice counts once
    assert snapshot(client, monitor).json["students"] == []
    assert client.post(f"{PAGE}/2024-05-20/reopen", headers=chief).status_code == 303
    assert len(snapshot(client, monitor).json["students"]) == 6
    kinds = [
        row.kind
        for row in db.session.scalars(select(EventRow).where(EventRow.kind.startswith("day.")).order_by(EventRow.seq))
    ]
    assert kinds == ["day.closed", "day.reopened"]
    assert list(verify(COUNTY)) == []


def test_what_is_still_open_is_listed_and_has_to_be_meant(
    world: Flask, client: FlaskClient, chief: dict[str, str]
) -> None:
    field.set_clock(60)
    build.record([build.fact("sitting.started")])
    answer = client.post(f"{PAGE}/2024-05-20/close", headers={**chief, "Accept-Language": "en"})
    assert answer.status_code == 409
    text = answer.get_data(as_text=True)
    assert "Not ended yet: 5" in text
    assert 'name="confirm"' in text
    assert db.session.scalars(select(SchoolDay)).all() == []
    answer = client.post(f"{PAGE}/2024-05-20/close", data={"confirm": "yes"}, headers=chief)
    assert answer.status_code == 303
    assert len(db.session.scalars(select(SchoolDay)).all()) == 1


@pytest.mark.parametrize("text", ["2024-05-22", "nonsense", "2024-13-40"])
def test_no_such_day(world: Flask, client: FlaskClient, chief: dict[str, str], text: str) -> None:
    assert client.post(f"{PAGE}/{text}/close", headers=chief).status_code == 404


def test_a_monitor_may_not_close(world: Flask, client: FlaskClient, monitor: dict[str, str]) -> None:
    assert client.post(f"{PAGE}/2024-05-20/close", headers=monitor).status_code == 404


def test_a_phone_may_send_a_closing_and_a_wrong_one_is_set_aside(world: Flask) -> None:
    sent = build.fact("day.closed", minutes(480), room=None, session=None, data={"date": "2024-05-20"})
    bad = build.fact("day.closed", minutes(480), room=None, session=None, data={"date": "20 May"})
    results = build.record([sent, bad, sent])
    assert [result.outcome for result in results] == ["accepted", "quarantined", "accepted"] or [
        result.outcome for result in results
    ] == ["accepted", "quarantined", "duplicate"]


# --- the code over the telephone --------------------------------------------------------------------------------------


def test_the_desk_reads_the_code_out_from_the_release_on_and_the_journal_says_so(
    world: Flask, client: FlaskClient, desk: dict[str, str]
) -> None:
    lock(60)
    field.set_clock(-101)
    english = {**desk, "Accept-Language": "en"}
    path = f"/c/{COUNTY}/s/{SCHOOL}/release-code"
    assert "sealed until" in client.get(f"/c/{COUNTY}/release", headers=english).get_data(as_text=True)
    assert client.post(path, headers=english).status_code == 409
    code = days.release_code(COUNTY, WINDOW, SCHOOL, FIRST)
    field.set_clock(-99)
    assert "Show the code" in client.get(f"/c/{COUNTY}/release", headers=english).get_data(as_text=True)
    shown = client.post(path, headers=english).get_data(as_text=True)
    for group in release.grouped(code).split():
        assert f">{group}<" in shown
    [row] = db.session.scalars(select(EventRow).where(EventRow.kind == "roster.code_shown"))
    assert (row.school, row.person) == (SCHOOL, None)
    assert code not in row.body
    assert msgspec.json.decode(row.body)["data"]["date"] == "2024-05-20"
    assert uuid.UUID(msgspec.json.decode(row.body)["data"]["by"])


def test_no_device_can_claim_that_a_code_was_shown(world: Flask) -> None:
    told = build.fact("roster.code_shown", room=None, session=None, data={"date": "2024-05-20", "by": "x"})
    (result,) = build.record([told], author=EVERYBODY)
    assert (result.outcome, result.reason) == ("quarantined", "not_permitted")
