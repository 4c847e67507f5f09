"""From the desk to the phone and back: on both engines, through the pages and the API."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from fieldops.db import db, utcnow
from fieldops.journal.verify import verify
from fieldops.notices import service
from fieldops.notices.models import Notice
from fieldops.organisation.models import Division
from tests.incidents.conftest import (
    CITY,
    COUNTY,
    NOW,
    OTHER_COUNTY,
    SCHOOL,
    WINDOW,
    World,
    populated,
)

HOSTILE = "<b>x</b> {x} %s O'Neil 㐂"


@pytest.fixture
def world(app: Flask) -> World:
    return populated(app)


def _snapshot(world: World, name: str, etag: str = "") -> Any:
    return world.get(name, "/api/v1/snapshot", **({"If-None-Match": etag} if etag else {}))


def _seen(world: World, name: str) -> list[dict[str, Any]]:
    body = _snapshot(world, name).json
    assert body is not None
    found: list[dict[str, Any]] = body["notices"]
    return found


def _say(world: World, name: str, kind: str, notice: str, room: str | None = None) -> str:
    at = NOW.isoformat().replace("+00:00", "Z")
    event = {
        "id": str(uuid.uuid4()),
        "kind": kind,
        "occurred_at": at,
        "recorded_at": at,
        "school": SCHOOL,
        "room": room,
        "data": {"notice": notice},
    }
    device = world.actor(name).device_id
    client = world.app.test_client()
    answer = client.post(
        "/api/v1/events",
        json={"device": device, "sent_at": at, "events": [event]},
        headers={"Authorization": f"Bearer {world.tokens[name]}"},
    )
    assert answer.json is not None
    outcome: str = answer.json["results"][0]["outcome"]
    return outcome


def _send(world: World, name: str, base: str, **fields: Any) -> str:
    identity = str(uuid.uuid4())
    answer = world.post(name, f"{base}/notices/new", {"notice": identity, "text": HOSTILE, **fields})
    assert answer.status_code == 303, answer.text
    return identity


def test_from_the_desk_to_the_phone_and_back(world: World) -> None:
    before = _snapshot(world, "monitor").headers["ETag"]
    notice = _send(world, "county", f"/c/{COUNTY}", must_confirm="y", confirm_by="23:00")
    fresh = _snapshot(world, "monitor", before)
    assert fresh.status_code == 200
    assert [(each["id"], each["text"], each["must_confirm"]) for each in fresh.json["notices"]] == [
        (notice, HOSTILE, True)
    ]
    page = world.get("county", f"/c/{COUNTY}/notices/{notice}").text
    assert "<b>x</b>" not in page
    assert page.index("monitor") < page.index("notice-numbers") or "还没有阅读" in page
    assert _say(world, "monitor", "notice.read", notice, "01") == "accepted"
    assert _seen(world, "monitor")[0]["confirmed_at"] is None
    assert _say(world, "monitor", "notice.confirmed", notice, "01") == "accepted"
    mine = _seen(world, "monitor")[0]
    assert (mine["read_at"], mine["confirmed_at"]) == ("2024-05-20T01:30:00.000Z", "2024-05-20T01:30:00.000Z")
    assert _seen(world, "chief")[0]["read_at"] is None
    numbers = world.get("county", f"/c/{COUNTY}/notices", **{"Accept-Language": "en"}).text
    assert "read by 1 of 5" in numbers
    assert list(verify(COUNTY)) == []


def test_only_those_who_are_meant_and_only_a_desk_sends(world: World) -> None:
    notice = _send(world, "county", f"/c/{COUNTY}", schools="", places=SCHOOL, roles="chief_monitor")
    assert [each["id"] for each in _seen(world, "chief")] == [notice]
    assert _seen(world, "monitor") == _seen(world, "other_chief") == []
    for name, status in (("supervisor", 404), ("chief", 404), ("other_county", 404)):
        refused = world.post(name, f"/c/{COUNTY}/notices/new", {"notice": str(uuid.uuid4()), "text": "x"})
        assert refused.status_code == status
    assert _say(world, "chief", "notice.sent", notice) == "quarantined"
    assert _say(world, "other_chief", "notice.read", notice) == "quarantined"


def test_a_citys_notice_reaches_each_county_once_and_is_finished_when_cut_off(world: World) -> None:
    city = db.session.get(Division, CITY)
    assert city is not None
    identity = str(uuid.uuid4())
    by = world.actor("city").person_id
    words: dict[str, Any] = {"window": WINDOW, "division": city, "by": by, "at": NOW, "text": "x"}
    service.send(identity=identity, counties=[COUNTY, OTHER_COUNTY], **words)
    service.send(identity=identity, counties=[COUNTY, OTHER_COUNTY], **words)
    db.session.expire_all()
    assert sorted(db.session.scalars(select(Notice.county).where(Notice.id == identity))) == [OTHER_COUNTY, COUNTY]
    # Cut off after the first county: the event there says where else it goes.
    cut = str(uuid.uuid4())
    service._send(
        COUNTY,
        WINDOW,
        {
            **service._data(db.session.scalars(select(Notice).where(Notice.id == identity)).first()),  # type: ignore[arg-type]
            "notice": cut,
        },
        NOW,
    )
    assert service.finish(utcnow()) == 1
    assert service.finish(utcnow()) == 0
    assert len(list(db.session.scalars(select(Notice.county).where(Notice.id == cut)))) == 2
    assert "read by 0 of" in world.get("city", f"/d/{CITY}/notices/{cut}", **{"Accept-Language": "en"}).text
    assert world.post("county", f"/c/{COUNTY}/notices/{cut}/withdraw", {}).status_code == 404
    service.withdraw(identity=cut, window=WINDOW, counties=[COUNTY], by=by, at=NOW)
    assert service.finish(utcnow()) == 1
    for county in (COUNTY, OTHER_COUNTY):
        assert list(verify(county)) == []


def test_a_newer_one_takes_its_place(world: World) -> None:
    first = _send(world, "county", f"/c/{COUNTY}", must_confirm="y")
    form = world.get("county", f"/c/{COUNTY}/notices/new?replaces={first}").text
    assert "&lt;b&gt;x" in form
    second = _send(world, "county", f"/c/{COUNTY}", replaces=first)
    seen = {each["id"]: each for each in _seen(world, "monitor")}
    assert seen[first]["withdrawn_at"]
    assert seen[second]["withdrawn_at"] is None
    assert world.post("county", f"/c/{COUNTY}/notices/new", {"notice": first, "text": " "}).status_code == 422
