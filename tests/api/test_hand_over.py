"""Facts that leave a phone on another one or in a file: once, as their own sender's, or set aside whole."""

from __future__ import annotations

import base64
import contextvars
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from fieldops.api import envelope
from fieldops.api.envelope import Broken, Head
from fieldops.db import db, writing
from fieldops.journal.models import EventRow, Quarantined
from fieldops.journal.queries import quarantined
from fieldops.journal.verify import verify
from fieldops.organisation import service
from fieldops.organisation.models import Device
from tests.support import field
from tests.testday import build

PLACE = f"{field.COUNTY}/{field.SCHOOL}"
SECRET = "only-for-tests-" + "0" * 32
VECTOR = json.loads((Path(__file__).parent.parent / "vectors" / "envelope.json").read_text(encoding="utf-8"))


class Phone:
    """A monitor's phone without a network."""

    def __init__(self, role: str = "monitor", place: str = f"{PLACE}/01", name: str = "韩梅梅") -> None:
        self.token, self.device = field.sign_in(role, place, name=name)
        self.person = db.session.scalars(select(Device.person).where(Device.id == self.device)).one()
        self.events = [
            build.fact("attendance.checked_in", build.minutes(-30 + n), student=build.student(n + 1), device_seq=n + 1)
            for n in range(3)
        ]
        db.session.rollback()

    @property
    def head(self) -> Head:
        return Head(self.device, self.person)

    def sealed(self, *, secret: str = SECRET, **content: Any) -> bytes:
        content = {"sent_at": "2024-05-20T00:30:00Z", "window": build.WINDOW, "events": self.events, **content}
        return envelope.seal(secret=secret, head=self.head, content=content, nonce=os.urandom(12))


def text(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def carry(client: FlaskClient, token: str, device: str, sealed: bytes) -> Any:
    db.session.rollback()
    return contextvars.Context().run(
        client.post, "/api/v1/hand-over", json={"device": device, "sealed": text(sealed)}, headers=field.bearer(token)
    )


def stored() -> list[EventRow]:
    db.session.rollback()
    return list(db.session.scalars(select(EventRow).order_by(EventRow.seq)))


@pytest.fixture
def world(app: Flask) -> FlaskClient:
    field.make()
    return app.test_client()


def test_carried_twice_and_then_sent_by_the_phone_itself_counts_once(world: FlaskClient) -> None:
    phone, chief = Phone(), field.sign_in("chief_monitor", PLACE)[0]
    first = carry(world, chief, phone.device, phone.sealed())
    assert first.status_code == 200, first.json
    assert first.json["summary"] == {"accepted": 3, "duplicate": 0, "quarantined": 0, "conflict": 0}
    assert first.json["by"] == "韩梅梅"
    assert [result["id"] for result in first.json["results"]] == [event["id"] for event in phone.events]
    again = carry(world, chief, phone.device, phone.sealed())
    assert again.json["summary"]["duplicate"] == 3
    body = {"device": phone.device, "sent_at": "2024-05-20T00:30:00Z", "events": phone.events}
    own = contextvars.Context().run(world.post, "/api/v1/events", json=body, headers=field.bearer(phone.token))
    assert {result["outcome"] for result in own.json["results"]} == {"duplicate"}

    rows = stored()
    facts = [row for row in rows if row.kind == "attendance.checked_in"]
    assert [(row.person, row.device, row.device_seq) for row in facts] == [
        (phone.person, phone.device, n) for n in (1, 2, 3)
    ]
    (carried,) = [row for row in rows if row.kind == "hand_over.carried"]
    assert (carried.person, json.loads(carried.body)["data"]["facts"]) == (None, 3)
    assert not list(verify(field.COUNTY))


def test_sent_first_and_carried_later_is_a_duplicate_and_no_word_of_a_carrier(world: FlaskClient) -> None:
    phone, colleague = Phone(), field.sign_in("monitor", f"{PLACE}/02")[0]
    body = {"device": phone.device, "sent_at": "2024-05-20T00:30:00Z", "events": phone.events}
    contextvars.Context().run(world.post, "/api/v1/events", json=body, headers=field.bearer(phone.token))
    answer = carry(world, colleague, phone.device, phone.sealed())
    assert answer.json["summary"]["duplicate"] == 3
    assert all(row.kind != "hand_over.carried" for row in stored())


def test_what_an_ended_device_sealed_is_set_aside_whole(world: FlaskClient) -> None:
    phone, chief = Phone(), field.sign_in("chief_monitor", PLACE)[0]
    sealed = phone.sealed()
    with writing():
        service.revoke_device(device_id=phone.device, by=None)
    before = len(stored())
    answer = carry(world, chief, phone.device, sealed)
    assert answer.json["summary"]["quarantined"] == 3
    assert len(stored()) == before
    rows = quarantined(field.COUNTY, school=None)
    assert {json.loads(row.sent)["id"] for row in rows} == {event["id"] for event in phone.events}
    assert {(row.person, row.device, row.reason) for row in rows} == {(phone.person, phone.device, "not_permitted")}


def test_a_sign_in_that_ran_out_or_a_newer_phone_keeps_nothing_back(world: FlaskClient) -> None:
    phone, chief = Phone(), field.sign_in("chief_monitor", PLACE)[0]
    sealed = phone.sealed()
    field.expire(phone.device)
    with writing():  # the same person goes on with another phone, and with this one again
        for device in ("0190f000-0000-7000-8000-000000000001", phone.device):
            service.enrol(code=service.new_sign_in_code(person=phone.person), device_id=device, label="new")
    assert carry(world, chief, phone.device, sealed).json["summary"]["accepted"] == 3


def test_each_fact_needs_the_senders_own_right(world: FlaskClient) -> None:
    phone, chief = Phone(), field.sign_in("chief_monitor", PLACE)[0]
    phone.events.append(build.fact("attendance.checked_in", room="02", student=build.student(4)))
    summary = carry(world, chief, phone.device, phone.sealed()).json["summary"]
    assert (summary["accepted"], summary["quarantined"]) == (3, 1)


def broken(phone: Phone, how: str) -> bytes:
    whole = phone.sealed()
    return {
        "changed": whole[:-1] + bytes([whole[-1] ^ 1]),
        "another device": whole[:10] + bytes([whole[10] ^ 1]) + whole[11:],
        "cut": whole[:-20],
        "another server": phone.sealed(secret="another-" + SECRET),
        "a newer version": b"\x02" + whole[1:],
        "no facts": phone.sealed(events=[]),
        "no list": phone.sealed(events="all"),
        "too many": phone.sealed(events=[1] * (envelope.MOST_EVENTS + 1)),
        "a bomb": phone.sealed(events=["0" * (envelope.MOST_OPENED + 1)]),
        "noise": os.urandom(300),
    }[how]


@pytest.mark.parametrize(
    "how",
    [
        "changed",
        "another device",
        "cut",
        "another server",
        "a newer version",
        "no facts",
        "no list",
        "too many",
        "a bomb",
        "noise",
    ],
)
def test_what_does_not_open_is_refused_and_nothing_is_kept(world: FlaskClient, how: str) -> None:
    phone, chief = Phone(), field.sign_in("chief_monitor", PLACE)[0]
    before = len(stored())
    answer = carry(world, chief, phone.device, broken(phone, how))
    assert (answer.status_code, answer.json["type"].rsplit("/", 1)[-1].rsplit(":", 1)[-1]) == (422, "hand-over-broken")
    assert len(stored()) == before
    assert db.session.scalar(select(func.count()).select_from(Quarantined)) == 0


def test_only_the_same_school_and_its_desks_carry(world: FlaskClient) -> None:
    phone = Phone()
    elsewhere = field.sign_in("chief_monitor", f"{field.COUNTY}/{field.OTHER_SCHOOL}")[0]
    other_county = field.sign_in("desk", field.OTHER_COUNTY)[0]
    supervisor = field.sign_in("supervisor", field.COUNTY)[0]
    for token, slug in ((elsewhere, "elsewhere"), (other_county, "elsewhere"), (supervisor, "")):
        answer = carry(world, token, phone.device, phone.sealed())
        assert answer.status_code == 403
        assert slug in answer.json["type"]
    assert all(not row.kind.startswith("attendance.") for row in stored())
    for token in (field.sign_in("desk", field.CITY)[0], field.sign_in("custodian", PLACE)[0]):
        assert carry(world, token, phone.device, phone.sealed()).status_code == 200
    assert carry(world, "", phone.device, phone.sealed()).status_code == 401


def test_another_window_is_refused(world: FlaskClient) -> None:
    phone, chief = Phone(), field.sign_in("chief_monitor", PLACE)[0]
    answer = carry(world, chief, phone.device, phone.sealed(window="2023"))
    assert (answer.status_code, "other-window" in answer.json["type"]) == (409, True)


def test_the_desk_takes_a_file(world: FlaskClient, app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    phone, desk = Phone(name="<b>O'Neil {x} %s"), field.sign_in("desk", field.COUNTY)[0]
    good = envelope.FILE_HEAD + b"\n" + text(phone.sealed()).encode() + b"\n"

    def upload(content: bytes | None) -> tuple[int, str]:
        db.session.rollback()
        data = {} if content is None else {"file": (io.BytesIO(content), "phone.fieldops")}
        headers = {**field.bearer(desk), "Accept-Language": "en"}
        answer = contextvars.Context().run(
            world.post, f"/c/{field.COUNTY}/hand-over", data=data, headers=headers, content_type="multipart/form-data"
        )
        return answer.status_code, answer.get_data(as_text=True)

    status, page = upload(good)
    assert status == 200
    assert "&lt;b&gt;O&#39;Neil {x} %s" in page
    assert len([row for row in stored() if row.kind == "attendance.checked_in"]) == 3
    for content, words in ((b"a picture", "damaged"), (good[:-30], "damaged"), (None, "Choose the")):
        status, page = upload(content)
        assert (status, words in page) == (422, True)


def test_the_snapshot_brings_the_key_of_this_device_and_no_other(world: FlaskClient) -> None:
    phone, colleague = Phone(), Phone(place=f"{PLACE}/02")

    def key(one: Phone) -> str:
        answer = contextvars.Context().run(world.get, "/api/v1/snapshot", headers=field.bearer(one.token))
        return str(answer.json["hand_over_key"])

    assert envelope.from_text(key(phone)) == envelope.key_of(SECRET, phone.device, phone.person)
    assert key(phone) != key(colleague)


def test_the_vector_shared_with_the_phone() -> None:
    sealed = envelope.from_text(VECTOR["sealed"])
    assert envelope.head_of(sealed) == Head(VECTOR["device"], VECTOR["person"])
    assert envelope.key_text(VECTOR["secret"], VECTOR["device"], VECTOR["person"]) == VECTOR["key"]
    content = envelope.open_sealed(sealed, VECTOR["secret"])
    assert (content.window, content.events) == (VECTOR["content"]["window"], VECTOR["content"]["events"])


@settings(deadline=None)
@given(st.binary(max_size=400))
@example(b"FIELDOPS1")
@example(b"FIELDOPS1\nAAAA")
def test_noise_is_broken_and_nothing_worse(noise: bytes) -> None:
    with pytest.raises(Broken):
        envelope.open_sealed(noise, SECRET)
    with pytest.raises(Broken):
        envelope.open_sealed(bytes([1, 1]) + noise, SECRET)
    with pytest.raises(Broken):
        envelope.from_file(noise)
