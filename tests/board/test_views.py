"""The boards' pages: who sees which, in how many statements, and that an unchanged one costs little. Both engines."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from fieldops.board import queries
from fieldops.board.attention import Need
from fieldops.db import db, writing
from fieldops.demo.county import DemoSchool
from fieldops.timetable import clock
from fieldops.timetable.models import Window
from tests.board import build
from tests.board.build import CODE, WINDOW, at


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is sent to the database inside the block."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement != "BEGIN":
            sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@pytest.fixture
def schools(app: Flask) -> list[DemoSchool]:
    """35 schools at 09:12: all but two have begun, one is paused and has a serious incident."""
    made = build.build(at(9, 12))
    events = []
    for number, school in enumerate(made):
        for room in school.rooms if number not in (1, 7) else ():
            session = f"g{school.grade}-chinese"
            events += build.check_in(school, room.code, session, at(8, 30))
            events.append(build.fact("sitting.started", at(9), school, room.code, session))
            if number == 12:
                events.append(
                    build.fact("sitting.paused", at(9, 6), school, room.code, session, data={"reason": "停电"})
                )
    events.append(build.incident(made[12], at(9, 7)))
    assert {result.outcome for result in build.record(events, at(9, 11))} == {"accepted"}
    return made


def window() -> Window:
    found = db.session.get(Window, WINDOW)
    assert found is not None
    return found


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_county_is_read_in_ten_statements(app: Flask, schools: list[DemoSchool]) -> None:
    queries.board(CODE, window(), now=at(9, 12))  # the roster is in memory from then on
    with statements() as sent:
        began = time.perf_counter()
        found = queries.board(CODE, window(), now=at(9, 12))
        took_ms = 1000 * (time.perf_counter() - began)
    print(f"county board, {db.engine.dialect.name}: {len(sent)} statements, {took_ms:.1f} ms")
    assert len(found.schools) == 35
    assert len(sent) <= 10
    with statements() as of_one:
        queries.board(CODE, window(), now=at(9, 12), school=schools[0].code)
    assert len(of_one) == len(sent)


def test_those_that_need_somebody_come_first(app: Flask, schools: list[DemoSchool]) -> None:
    found = queries.board(CODE, window(), now=at(9, 12)).schools
    told = {school.code: [reason.code for _room, reason in school.reasons] for school in found}
    # The incident, then silence; after them by code, never by a result.
    assert [school.code for school in found[:3]] == [schools[12].code, schools[1].code, schools[7].code]
    assert told[schools[12].code][:2] == ["incident_serious", "paused"]
    assert told[schools[1].code][0] == "start_silent"
    assert [school.need for school in found[3:]].count(Need.ACT) == 0
    # 09:12 in Beijing is 07:12 in Ürümqi's time: nothing is due there.
    far = next(school for school in found if school.timezone == "Asia/Urumqi")
    assert "start_silent" not in told[far.code]


def test_a_device_of_a_rooms_monitor_is_a_sign_of_it(app: Flask, schools: list[DemoSchool]) -> None:
    build.person("monitor", f"{CODE}/{schools[1].code}/01", seen=timedelta(seconds=20))
    now = clock.now(window())
    found = queries.board(CODE, window(), now=now, school=schools[1].code).schools[0].rooms[0]
    assert found.heard_at is not None
    assert timedelta(seconds=19) < now - found.heard_at < timedelta(seconds=40)
    assert found.stale is False
    assert "start_silent" not in [reason.code for reason in found.reasons]


def test_another_session_can_be_chosen(app: Flask, schools: list[DemoSchool]) -> None:
    token = build.person("desk", CODE, locale="en")
    page = app.test_client().get(f"/c/{CODE}/board?at=2024-05-21T08:30", headers=bearer(token))
    assert page.status_code == 200
    assert page.text.count("0 of 30 present") == 1  # nothing is due then; the school with the incident still stands out
    assert '<option value="2024-05-21T08:30" selected>' in page.text


def test_pages_are_for_those_with_a_duty(app: Flask, schools: list[DemoSchool]) -> None:
    here, other = f"{CODE}/{schools[0].code}", f"{CODE}/{schools[1].code}"
    chief, desk, monitor = (
        build.person("chief_monitor", here),
        build.person("desk", CODE),
        build.person("monitor", f"{here}/01"),
    )
    city = build.person("desk", "441800")
    client = app.test_client()
    school, foreign, county, above = (
        f"/c/{CODE}/s/{here.split('/')[1]}/board",
        f"/c/{CODE}/s/{other.split('/')[1]}/board",
        f"/c/{CODE}/board",
        "/d/441800/board",
    )
    for token, seen in ((chief, {school}), (desk, {school, foreign, county}), (monitor, set())):
        for path in (school, foreign, county, above):
            for suffix in ("", "/tiles"):
                expected = 200 if path in seen else 404
                assert client.get(path + suffix, headers=bearer(token)).status_code == expected, (path, suffix)
    assert client.get(above, headers=bearer(city)).status_code == 200
    assert client.get("/d/440000/board", headers=bearer(city)).status_code == 404


@pytest.mark.parametrize(
    "path", ["/c/{county}/board/tiles", "/c/{county}/s/{school}/board/tiles", "/d/441800/board/tiles"]
)
def test_an_unchanged_fragment_is_not_sent_again(app: Flask, schools: list[DemoSchool], path: str) -> None:
    client = app.test_client()
    headers = bearer(build.person("desk", "441800"))
    address = path.format(county=CODE, school=schools[0].code)
    first = client.get(address, headers=headers)
    tag = {"If-None-Match": first.headers["ETag"]}
    with statements() as sent:
        again = client.get(address, headers={**headers, **tag})
    if again.status_code == 200:  # the minute passed between the two
        tag = {"If-None-Match": again.headers["ETag"]}
        with statements() as sent:
            again = client.get(address, headers={**headers, **tag})
    assert (again.status_code, again.data) == (304, b"")
    assert len(sent) <= 9
    build.record(build.check_in(schools[1], "01", "g4-chinese", at(9, 12), 1), at(9, 12))
    assert client.get(address, headers={**headers, **tag}).status_code == 200


def test_a_division_is_added_up(app: Flask, schools: list[DemoSchool]) -> None:
    headers = bearer(build.person("desk", "441800", locale="en"))
    with statements() as sent:
        page = app.test_client().get("/d/441800/board", headers=headers)
    assert len(sent) <= 16
    # 1,050 less two exempt; two schools have not begun.
    assert ">1,048<" in page.text
    assert ">988<" in page.text
    # The incident is with the county and has not come up to the city.
    assert "No incident waits for this desk." in page.text


def test_hostile_names_are_text(app: Flask, schools: list[DemoSchool]) -> None:
    from fieldops.organisation.models import School

    with writing():
        found = db.session.get(School, (CODE, schools[1].code))
        assert found is not None
        found.name = "<b>O'Neil</b> {x} %s 𠮷㙓"
        from fieldops.journal import service

        service.reference_changed(CODE)
    page = app.test_client().get(f"/c/{CODE}/board", headers=bearer(build.person("desk", CODE)))
    assert "<b>O'Neil" not in page.text
    assert "&lt;b&gt;O&#39;Neil&lt;/b&gt; {x} %s 𠮷㙓" in page.text
