"""What was not heard, on the boards and its page: bundled by school, with whom to call; settled with true times."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from fieldops.db import db, upsert, utcnow, writing
from fieldops.organisation.models import Device, Duty, Person
from fieldops.testday import silence
from fieldops.testday.models import Phone
from fieldops.timetable import clock
from fieldops.timetable.models import Window
from tests.board import build
from tests.board.build import CODE, WINDOW, at


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_what_is_silent_stands_on_the_board_until_it_is_heard(app: Flask) -> None:
    made = build.build(at(9, 12), schools=3)
    school, session = made[0], f"g{made[0].grade}-chinese"
    room = school.rooms[0].code
    path = f"{CODE}/{school.code}"
    monitor = build.person("monitor", f"{path}/{room}")
    with writing():
        db.session.query(Person).update({"telephone": "13800000001"})
        device = (
            db.session.query(Device)
            .join(Duty, Duty.person == Device.person)
            .filter(Duty.place == f"{path}/{room}")
            .one()
        )
        row = {"county": CODE, "device": device.id, "window": WINDOW, "person": device.person, "waiting": 7}
        more = {"unconfirmed": 0, "last_seq": 9, "build": None, "clock_off_ms": 0, "heard_at": at(8, 12)}
        upsert(Phone.__table__, [{**row, **more}])
    desk = bearer(build.person("desk", CODE, locale="en"))
    client = app.test_client()
    pages = [f"/c/{CODE}/board", f"/c/{CODE}/board/tiles", f"/c/{CODE}/silences"]
    pages += [f"/c/{CODE}/s/{school.code}/board", f"/c/{CODE}/s/{school.code}/silences"]
    mark = f'id="silent-{school.code}-{session}-started"'
    assert mark not in client.get(pages[0], headers=desk).text
    assert silence.round(utcnow()) > 0
    for page in pages:
        text = client.get(page, headers=desk).text
        assert mark in text, page
        assert "Phones last heard 08:12" in text, page
        assert "7 facts wait there" in text, page
        assert 'href="tel:13800000001"' in text, page
    # It had begun in time; the phone told it twelve minutes later.
    build.record([build.fact("sitting.started", at(9, 1), school, room, session)], at(9, 12))
    silence.round(utcnow() + timedelta(seconds=5))
    text = client.get(pages[4], headers=desk).text
    assert "was in time, heard later" in text
    assert "happened 09:01" in text
    assert "heard 09:12" in text
    assert client.get(pages[2], headers=bearer(monitor)).status_code == 404
    found = db.session.get(Window, WINDOW)
    assert found is not None
    assert clock.now(found) >= at(9, 12)


def test_it_is_said_in_chinese(app: Flask) -> None:
    build.build(at(9, 12), schools=2)
    assert silence.round(utcnow()) > 0
    desk = bearer(build.person("desk", CODE, locale="zh"))
    text = app.test_client().get(f"/c/{CODE}/silences", headers=desk).text
    assert "未收到开始" in text
    assert "未收到不等于没有发生" in text
