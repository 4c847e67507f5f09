"""The gate before every view: rules, cookies, other sites, next=."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from flask import Flask, g
from flask.testing import FlaskClient

from fieldops.db import db, utcnow, writing
from fieldops.journal.queries import epoch
from fieldops.organisation import service
from fieldops.organisation.actors import SEEN_EVERY, LastSeen, actor_by_token
from fieldops.organisation.models import Device
from fieldops.organisation.rules import rule
from fieldops.web.rules import public
from tests.organisation.conftest import CITY, COUNTY, FAR_SCHOOL, FOREIGN_SCHOOL, OTHER, SCHOOL, World


@pytest.fixture
def gated(app: Flask) -> Flask:
    """The app with one view of each kind."""

    @rule("school.view", at="school")
    def at_school(county: str, school: str) -> str:
        return f"{g.place.path} {g.actor.name}"

    @rule("division.view", at="division")
    def at_division(division: str) -> str:
        return str(g.place.path)

    @rule("phone.use", at="own")
    def own() -> str:
        return str(g.actor.person_id)

    @public
    def for_all() -> str:
        return "nobody" if g.actor is None else str(g.actor.name)

    for url, view in (
        ("/c/<county>/s/<school>/gated", at_school),
        ("/d/<division>/gated", at_division),
        ("/api/v1/gated", own),
        ("/gated-for-all", for_all),
        ("/gated-bare", lambda: "open"),
    ):
        app.add_url_rule(url, endpoint=url.strip("/").replace("/", "-"), view_func=view, methods=["GET", "POST"])
    return app


def _body(client: FlaskClient, url: str) -> tuple[int, str]:
    """Status and page, without the reference for support and the address that the page returns to."""
    answer = client.get(url)
    return answer.status_code, re.sub(r'[0-9a-f]{12}|name="next" value="[^"]*"', "", answer.text)


def test_a_view_without_a_rule_is_closed_to_everybody(gated: Flask, world: World) -> None:
    assert gated.test_client().get("/gated-bare").status_code == 403
    assert world.client("desk").get("/gated-bare").status_code == 403


def test_a_rule_that_cannot_hold_fails_at_import() -> None:
    for action, at in (("no.such", "school"), (None, "school"), ("phone.use", "planet")):
        with pytest.raises(LookupError):
            rule(action, at=at)


def test_not_signed_in(gated: Flask, world: World) -> None:
    client = gated.test_client()
    answer = client.get("/api/v1/gated")
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    page = client.get(f"/c/{COUNTY}/s/{SCHOOL}/gated?day=1")
    assert page.status_code == 302
    assert page.location == f"/sign-in?next=/c/{COUNTY}/s/{SCHOOL}/gated?day%3D1"
    assert client.get(f"/c/{COUNTY}/s/{SCHOOL}/gated", headers={"HX-Request": "true"}).status_code == 401
    assert client.post(f"/c/{COUNTY}/s/{SCHOOL}/gated").location == "/sign-in"
    assert client.get("/gated-for-all").text == "nobody"


def test_a_duty_opens_its_place(gated: Flask, world: World) -> None:
    client = world.client("chief_monitor", f"{COUNTY}/{SCHOOL}", name="张三")
    assert client.get(f"/c/{COUNTY}/s/{SCHOOL}/gated").text == f"{COUNTY}/{SCHOOL} 张三"
    assert client.get("/gated-for-all").text == "张三"
    assert world.client("desk", CITY).get(f"/d/{CITY}/gated").text == CITY
    assert world.client("desk").get("/api/v1/gated").status_code == 403, "no phone at a desk"


def test_a_foreign_place_and_one_that_is_not_there_look_the_same(gated: Flask, world: World) -> None:
    client = world.client("chief_monitor", f"{COUNTY}/{SCHOOL}")
    answers = {
        _body(client, url)
        for url in (
            f"/c/{COUNTY}/s/{FAR_SCHOOL}/gated",
            f"/c/{OTHER}/s/{FOREIGN_SCHOOL}/gated",
            f"/c/{OTHER}/s/{SCHOOL}/gated",
            f"/c/999999/s/{SCHOOL}/gated",
            f"/c/{COUNTY}/s/0000000000/gated",
            f"/c/{COUNTY}/s/%25/gated",
            f"/c/{COUNTY}/s/%00/gated",
            f"/d/{CITY}/gated",
            "/d/999900/gated",
        )
    }
    assert len(answers) == 1
    assert answers.pop()[0] == 404


def test_a_revoked_device_is_out_at_once(gated: Flask, world: World) -> None:
    device = str(uuid.uuid4())
    token = world.token(world.person("monitor", f"{COUNTY}/{SCHOOL}"), device)
    client = gated.test_client()
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/gated", headers=bearer).status_code == 200
    with writing():
        service.revoke_device(device_id=device, by=None)
    assert client.get("/api/v1/gated", headers=bearer).status_code == 401
    client.set_cookie("fieldops", token)
    assert client.get("/api/v1/gated").status_code == 401
    assert client.get("/me").location == "/sign-in?next=/me"


def test_a_named_token_wins_over_the_cookie(gated: Flask, world: World) -> None:
    client = world.client("monitor", f"{COUNTY}/{SCHOOL}")
    for header in ("Bearer wrong", "Bearer", "Basic eA==", "bearer  "):
        assert client.get("/api/v1/gated", headers={"Authorization": header}).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, 200),
        ({"Origin": "http://127.0.0.1:8000"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost.evil.test"}, 403),
    ],
)
def test_a_browsers_post_to_the_api_comes_from_our_own_pages(
    gated: Flask, world: World, headers: dict[str, str], status: int
) -> None:
    client = world.client("monitor", f"{COUNTY}/{SCHOOL}")
    assert client.post("/api/v1/gated", json={}, headers=headers).status_code == status


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_browsers_post_to_the_api_is_json(gated: Flask, world: World, kind: str) -> None:
    client = world.client("monitor", f"{COUNTY}/{SCHOOL}")
    assert client.post("/api/v1/gated", data=b"{}", content_type=kind).status_code == 415
    token = {"Authorization": f"Bearer {world.token(world.person('monitor', f'{COUNTY}/{SCHOOL}'))}"}
    assert client.post("/api/v1/gated", data=b"{}", content_type=kind, headers=token).status_code == 200


def test_the_actor_is_read_outside_any_transaction(world: World) -> None:
    token = world.token(world.person("monitor", f"{COUNTY}/{SCHOOL}"))
    db.session.rollback()
    begun: list[object] = []
    db.event.listen(db.engine, "begin", begun.append)
    for _ in range(8):  # more often than PostgreSQL's driver prepares a statement after
        actor = actor_by_token(token)
        assert actor is not None
        assert actor.epoch == epoch()
    db.session.rollback()
    assert len(begun) == 1, "only the test itself, which asks for the epoch"


def test_last_seen_is_written_at_most_once_a_minute(world: World) -> None:
    token = world.token(world.person("monitor", f"{COUNTY}/{SCHOOL}"))
    seen = LastSeen()
    actor = actor_by_token(token)
    assert actor is not None
    assert actor.last_seen_at is None
    seen.note(actor)
    actor = actor_by_token(token)
    assert actor is not None
    first = actor.last_seen_at
    assert first is not None
    LastSeen().note(actor)
    assert db.session.scalars(db.select(Device.last_seen_at)).one() == first
    with writing():
        db.session.execute(db.update(Device).values(last_seen_at=utcnow() - SEEN_EVERY - timedelta(seconds=1)))
    actor = actor_by_token(token)
    assert actor is not None
    seen.note(actor)  # collected, but written with the next batch
    assert db.session.scalars(db.select(Device.last_seen_at)).one() < first
