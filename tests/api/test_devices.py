"""Facts of a phone that was bound anew, of another window, and of a clock that nobody could vouch for."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fieldops.db import db, writing
from fieldops.journal.models import EventRow
from fieldops.journal.queries import epoch, quarantined
from fieldops.journal.verify import verify
from fieldops.organisation import service
from fieldops.organisation.models import Device
from tests.support import field
from tests.testday import build

PLACE = f"{field.COUNTY}/{field.SCHOOL}"


@pytest.fixture(autouse=True)
def world(app: Flask) -> None:
    field.make()


def bind(person: str) -> tuple[str, str]:
    """Another device of a person: (token, device id)."""
    device = str(uuid.uuid4())
    with writing():
        token, _ = service.enrol(code=service.new_sign_in_code(person=person), device_id=device, label="new")
    return token, device


def send(client: FlaskClient, token: str, device: str, *events: Any, **envelope: Any) -> Any:
    body = {"device": device, "sent_at": "2024-05-20T00:30:00Z", "events": list(events), **envelope}
    return client.post("/api/v1/events", json=body, headers=field.bearer(token))


def test_what_an_earlier_device_of_the_same_person_noted_stays_its_own(client: FlaskClient) -> None:
    token, old = field.sign_in("monitor", f"{PLACE}/01")
    person = db.session.scalars(select(Device.person).where(Device.id == old)).one()
    fact = build.fact("attendance.checked_in", build.minutes(-30), device=old, device_seq=12)
    with writing():
        service.revoke_device(device_id=old, by=None)
    new_token, new = bind(person)
    assert send(client, token, old, fact).status_code == 401
    first, second = send(
        client, new_token, new, fact, build.fact("attendance.left", build.minutes(-9), device_seq=1)
    ).json["results"]
    assert (first["outcome"], second["outcome"]) == ("accepted", "accepted")
    rows = db.session.execute(select(EventRow.device, EventRow.device_seq).order_by(EventRow.seq))
    assert [tuple(row) for row in rows if row.device_seq] == [(old, 12), (new, 1)]
    # The answer was lost: the same body again is the same fact, whichever device carries it.
    assert send(client, new_token, new, fact).json["results"][0]["outcome"] == "duplicate"
    assert not list(verify(field.COUNTY))


def test_nobody_speaks_for_somebody_elses_device(client: FlaskClient) -> None:
    token, mine = field.sign_in("monitor", f"{PLACE}/01")
    _, theirs = field.sign_in("monitor", f"{PLACE}/01", name="韩梅梅")
    events = [
        build.fact("attendance.checked_in", build.minutes(-30), device=device)
        for device in (theirs, str(uuid.uuid4()), mine, mine.upper(), "phone 7")
    ]
    results = send(client, token, mine, *events).json["results"]
    assert [(r["outcome"], r.get("reason")) for r in results] == [
        ("quarantined", "not_permitted"),
        ("quarantined", "not_permitted"),
        ("accepted", None),
        ("accepted", None),
        ("quarantined", "unreadable"),
    ]
    assert len(quarantined(field.COUNTY)) == 3
    assert send(client, token, theirs, events[2]).status_code == 422


def test_facts_of_another_window_are_left_with_their_phone(client: FlaskClient) -> None:
    token, device = field.sign_in("monitor", f"{PLACE}/01")
    fact = build.fact("attendance.checked_in", build.minutes(-30))
    answer = send(client, token, device, fact, window="2023-trial")
    assert (answer.status_code, answer.json["type"]) == (409, "urn:fieldops:problem:other-window")
    answer = send(client, token, device, fact, window=build.WINDOW)
    assert [result["outcome"] for result in answer.json["results"]] == ["accepted"]


def test_an_unsure_clock_is_said(client: FlaskClient) -> None:
    token, device = field.sign_in("monitor", f"{PLACE}/01")
    fact = build.fact("attendance.checked_in", build.minutes(-30), clock_unsure=True)
    assert "clock_unsure" in send(client, token, device, fact).json["results"][0]["flags"]
    words = {"incident": str(uuid.uuid4()), "text": "no judge looks at a note"}
    note = build.fact("incident.noted", build.minutes(-30), data=words, clock_unsure=True)
    assert send(client, token, device, note).json["results"][0]["flags"] == ["clock_unsure"]
    assert not list(verify(field.COUNTY))


def test_a_renewed_epoch_is_in_every_answer(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from fieldops import cli

    token, device = field.sign_in("monitor", f"{PLACE}/01")
    shot = client.get("/api/v1/snapshot", headers=field.bearer(token))
    before = epoch()
    db.session.rollback()
    monkeypatch.setattr(cli, "_app", lambda: app)
    said = CliRunner().invoke(cli.main, ["renew-epoch"])
    assert said.exit_code == 0, said.output
    assert epoch() != before
    assert epoch() in said.output
    db.session.rollback()
    again = client.get("/api/v1/snapshot", headers={**field.bearer(token), "If-None-Match": shot.headers["ETag"]})
    assert (again.status_code, again.json["server_epoch"]) == (200, epoch())
    assert send(client, token, device).json["server_epoch"] == epoch()
