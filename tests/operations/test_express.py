"""The straight way of check-ins: the same answer as the whole way, and nothing that was taken away still opens it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, text, update

from fieldops import schema
from fieldops.db import db, utcnow, writing
from fieldops.journal.queries import epoch
from fieldops.journal.verify import verify
from fieldops.operations.express import Express
from fieldops.organisation import service
from fieldops.organisation.actors import senders
from fieldops.organisation.models import Device, Duty
from fieldops.timetable import service as timetable
from tests.support import field
from tests.testday import build

PLACE = f"{field.COUNTY}/{field.SCHOOL}"


class Phone:
    """A monitor's phone that has sent one fact, so that the straight way is open to it."""

    def __init__(self, client: FlaskClient) -> None:
        self.token, self.device = field.sign_in("monitor", f"{PLACE}/01", name="O'Neil {x} %s <b> 𠮷")
        self.client, self.seq = client, 0
        assert self.send().status_code == 200

    def send(self, headers: dict[str, str] | None = None, **more: Any) -> Any:
        self.seq += 1
        at = build.minutes(-20).isoformat()
        event = {
            "id": str(uuid.uuid4()),
            "device_seq": self.seq,
            "kind": "anomaly.noted",
            "occurred_at": at,
            "recorded_at": at,
            "school": field.SCHOOL,
            "room": "01",
            "session": build.CHINESE,
            "data": {"category": "other", "note": "{x} %s <b>"},
        }
        body = {"device": self.device, "sent_at": at, "events": [event], **more}
        return self.client.post("/api/v1/events", json=body, headers=headers or field.bearer(self.token))


@pytest.fixture
def straight(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each call since: whether it went the straight way."""
    went: list[bool] = []
    original = Express._answer

    def answer(self: Express, environ: dict[str, Any]) -> bytes | None:
        body = original(self, environ)
        went.append(body is not None)
        return body

    monkeypatch.setattr(Express, "_answer", answer)
    return went


@pytest.fixture
def phone(app: Flask, client: FlaskClient, straight: list[bool]) -> Phone:
    field.make()
    phone = Phone(client)
    assert straight == [False]
    straight.clear()
    return phone


def test_the_straight_way_answers_as_the_whole_way_does(phone: Phone, straight: list[bool]) -> None:
    known = phone.send()
    senders().forget(senders().known(phone.token) or pytest.fail("not remembered"))
    anew = phone.send()
    assert straight == [True, False]
    ours, theirs = dict(known.headers), dict(anew.headers)
    for headers in (ours, theirs):
        assert len(headers.pop("X-Request-Id")) == 12
        assert headers.pop("X-Fieldops-Time")
    assert ours == theirs
    first, second = known.json["results"][0], anew.json["results"][0]
    assert second["seq"] == first["seq"] + 1
    assert {**first, "id": "", "seq": 0} == {**second, "id": "", "seq": 0}
    assert known.json["server_epoch"] == anew.json["server_epoch"]
    assert list(verify(field.COUNTY)) == []


def revoke(phone: Phone) -> None:
    with writing():
        service.revoke_device(device_id=phone.device, by=None)


def sign_out(phone: Phone) -> None:
    with writing():
        service.sign_out(device_id=phone.device)


def remove_by_hand(phone: Phone) -> None:
    with writing():
        db.session.execute(text("DELETE FROM organisation_device"))


def bind_anew(phone: Phone) -> None:
    with writing():
        person = db.session.get_one(Device, phone.device).person
        code = service.new_sign_in_code(person=person)
        service.enrol(code=code, device_id=phone.device, label="again")


@pytest.mark.parametrize("change", [revoke, sign_out, remove_by_hand, bind_anew])
def test_an_ended_sign_in_is_refused_at_its_next_call(
    phone: Phone, straight: list[bool], change: Callable[[Phone], None]
) -> None:
    assert phone.send().status_code == 200
    change(phone)
    db.session.remove()
    assert phone.send().status_code == 401
    assert straight == [True, False]


def test_a_sign_in_that_ran_out_meanwhile_is_refused(phone: Phone, straight: list[bool]) -> None:
    with writing():
        db.session.execute(update(Device).values(expires_at=utcnow() - timedelta(seconds=1)))
    assert phone.send().status_code == 401
    assert straight == [False]


def test_a_duty_that_was_taken_away_gives_no_right_any_more(phone: Phone, straight: list[bool]) -> None:
    with writing():
        db.session.execute(delete(Duty))
    assert phone.send().status_code == 409  # no window is open for somebody without a duty
    assert straight == [False]


def test_a_duty_that_was_given_counts_at_once(phone: Phone, straight: list[bool]) -> None:
    with writing():
        person = db.session.get_one(Device, phone.device).person
        service.give_duty(person=person, role="monitor", place=f"{PLACE}/02", window=build.WINDOW, by=None)
    db.session.remove()
    assert phone.send().json["results"][0]["outcome"] == "accepted"
    assert phone.send().json["results"][0]["outcome"] == "accepted"
    assert straight == [False, True]


def test_a_clock_that_was_set_is_the_next_answers_clock(phone: Phone) -> None:
    with writing():
        timetable.set_clock(window=build.WINDOW, shows=build.minutes(45), by=None)
    db.session.remove()
    assert phone.send().json["server_time"].startswith(build.minutes(45).isoformat()[:16])


def test_another_life_of_the_database_is_named_at_once(phone: Phone) -> None:
    before = phone.send().json["server_epoch"]
    schema.renew_epoch()
    assert phone.send().json["server_epoch"] == epoch() != before


def test_what_is_not_ordinary_goes_the_whole_way(phone: Phone, straight: list[bool]) -> None:
    bearer = field.bearer(phone.token)
    assert phone.client.post("/api/v1/events", data=b"{", headers=bearer).status_code == 400
    assert phone.client.post("/api/v1/events", data=b'{"device": 1}', headers=bearer).status_code == 422
    assert phone.send(events=[]).json["results"] == []
    assert phone.send(device=str(uuid.uuid4())).status_code == 422
    assert phone.send(window="another").status_code == 409
    assert phone.send(headers={"Authorization": "Bearer nobody"}).status_code == 401
    assert phone.send(headers={"Authorization": "Basic eDp5"}).status_code == 401
    assert straight == [False] * 7
    assert phone.send().status_code == 200


def test_a_browsers_cookie_opens_it_for_our_own_pages_alone(phone: Phone, straight: list[bool]) -> None:
    phone.client.set_cookie("fieldops", phone.token)
    assert phone.send(headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert phone.send(headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert phone.send(headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert phone.send(headers={"Origin": "http://localhost"}).status_code == 200
    assert straight == [True, False, False, True]


def test_no_more_senders_are_remembered_than_a_process_can_hold(app: Flask, phone: Phone) -> None:
    memory = senders()
    memory.MOST = 1  # type: ignore[misc]  # smaller than a county, for this test
    other = Phone(phone.client)
    assert memory.known(phone.token) is None
    assert memory.known(other.token) is not None
