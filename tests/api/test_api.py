"""The API as a client meets it: enrol, look, send, and be told what became of each fact."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fieldops.db import db, writing
from fieldops.journal.queries import head, quarantined
from fieldops.journal.verify import verify
from fieldops.organisation import service
from tests.support import field
from tests.testday import build

PLACE = f"{field.COUNTY}/{field.SCHOOL}"


@pytest.fixture
def world(app: Flask) -> Flask:
    field.make()
    return app


@pytest.fixture
def monitor(world: Flask) -> tuple[dict[str, str], str]:
    """A monitor of room 01: (headers, device id)."""
    token, device = field.sign_in("monitor", f"{PLACE}/01")
    return field.bearer(token), device


def send(client: FlaskClient, who: tuple[dict[str, str], str], *events: Any, **envelope: Any) -> Any:
    body = {"device": who[1], "sent_at": "2024-05-20T00:30:00Z", "events": list(events), **envelope}
    return client.post("/api/v1/events", json=body, headers=who[0])


def outcomes(answer: Any) -> list[str]:
    return [result["outcome"] for result in answer.json["results"]]


# --- enrol ------------------------------------------------------------------------------------------------------------


def test_a_code_works_once_and_its_token_from_then_on(world: Flask, client: FlaskClient) -> None:
    with writing():
        person = service.add_person(home=field.COUNTY, name="O'Neil {x} %s <b>")
        service.give_duty(person=person.id, role="monitor", place=f"{PLACE}/01", window=build.WINDOW, by=None)
        code = service.new_sign_in_code(person=person.id)
    body = {"code": code, "device": str(uuid.uuid4()), "label": "phone"}
    first = client.post("/api/v1/enrol", json=body)
    assert first.status_code == 201
    assert first.json["person"]["name"] == "O'Neil {x} %s <b>"
    assert first.json["duties"][0]["place"] == f"{PLACE}/01"
    assert client.get("/api/v1/snapshot", headers=field.bearer(first.json["token"])).status_code == 200
    again = client.post("/api/v1/enrol", json={**body, "device": str(uuid.uuid4())})
    assert again.status_code in (409, 410)
    assert again.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"code": 1}', b'{"code": "x", "device": "y", "label": "z"}', b"\xff\xfe", b"[" * 100_000],
)
def test_what_is_no_enrolment_is_refused_plainly(world: Flask, client: FlaskClient, body: bytes) -> None:
    answer = client.post("/api/v1/enrol", data=body, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert answer.mimetype == "application/problem+json"
    assert answer.json["detail"]


# --- snapshot ---------------------------------------------------------------------------------------------------------


def test_the_snapshot_is_of_the_monitors_school(monitor: Any, client: FlaskClient) -> None:
    shot = client.get("/api/v1/snapshot", headers=monitor[0]).json
    assert shot["school"]["code"] == field.SCHOOL
    assert {room["code"]: room["mine"] for room in shot["rooms"]} == {"01": True, "02": False, "08": False}
    assert {student["room"] for student in shot["students"]} == {"01", "02"}
    assert shot["window"]["mode"] == "rehearsal"
    assert shot["server_time"].startswith("2024-05-20T00:3")
    chinese = next(s for s in shot["sessions"] if s["code"] == build.CHINESE)
    assert (chinese["starts_at"], chinese["check_in_from"]) == ("2024-05-20T01:00:00.000Z", "2024-05-20T00:20:00.000Z")
    assert shot["policies"]["start_tolerance_min"]["origin"] == "default"
    assert "card_token" not in str(shot)


def test_a_school_in_urumqi_reads_its_own_clock(world: Flask, client: FlaskClient) -> None:
    token, _ = field.sign_in("chief_monitor", f"{field.COUNTY}/{field.OTHER_SCHOOL}")
    shot = client.get("/api/v1/snapshot", headers=field.bearer(token)).json
    chinese = next(s for s in shot["sessions"] if s["code"] == build.CHINESE)
    assert (chinese["start_time"], chinese["starts_at"]) == ("09:00", "2024-05-20T03:00:00.000Z")


def test_an_unchanged_snapshot_is_not_sent_again(monitor: Any, client: FlaskClient) -> None:
    first = client.get("/api/v1/snapshot", headers=monitor[0])
    same = client.get("/api/v1/snapshot", headers={**monitor[0], "If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    assert same.headers["X-Fieldops-Time"].startswith("2024-05-20T00:3")
    send(client, monitor, build.fact("attendance.checked_in", build.minutes(-30)))
    changed = client.get("/api/v1/snapshot", headers={**monitor[0], "If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    (row,) = changed.json["states"]["attendance"]
    assert (row["student"], row["status"]) == (build.student(1), "present")


@pytest.mark.parametrize(
    "query",
    [
        f"?school={field.OTHER_SCHOOL}",
        f"?county={field.OTHER_COUNTY}",
        f"?county={field.OTHER_COUNTY}&school={field.SCHOOL}",
        "?school=none",
        "?county=999999",
        "?school=%00",
    ],
)
def test_a_foreign_place_is_not_there(monitor: Any, client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/v1/snapshot{query}", headers=monitor[0]).status_code == 404
    if "county" in query:
        assert client.get(f"/api/v1/stream{query}", headers=monitor[0]).status_code == 404


def test_a_desk_sees_a_school_when_it_names_one(world: Flask, client: FlaskClient) -> None:
    token, _ = field.sign_in("desk", field.COUNTY)
    bare = client.get("/api/v1/snapshot", headers=field.bearer(token)).json
    assert bare["school"] is None
    assert bare["students"] == []
    assert {school["code"] for school in bare["schools"]} == {field.SCHOOL, field.OTHER_SCHOOL}
    named = client.get(f"/api/v1/snapshot?school={field.SCHOOL}", headers=field.bearer(token)).json
    assert named["school"]["code"] == field.SCHOOL


def test_a_city_desk_says_which_county(world: Flask, client: FlaskClient) -> None:
    token, _ = field.sign_in("desk", field.CITY)
    assert client.get("/api/v1/snapshot", headers=field.bearer(token)).status_code == 422
    answer = client.get(f"/api/v1/snapshot?county={field.OTHER_COUNTY}", headers=field.bearer(token))
    assert answer.json["county"]["code"] == field.OTHER_COUNTY


# --- events -----------------------------------------------------------------------------------------------------------


def test_each_event_is_answered_for_itself_and_in_order(monitor: Any, client: FlaskClient) -> None:
    good = build.fact("attendance.checked_in", build.minutes(-30))
    other = build.fact("attendance.absent", build.minutes(-29), student=build.student(2), data={"reason": "ill"})
    bad_data = build.fact("attendance.absent", build.minutes(-29), data={"reason": "hated it"})
    unknown = build.fact("attendance.flew", build.minutes(-29))
    foreign = build.fact("attendance.checked_in", build.minutes(-29), school=field.OTHER_SCHOOL)
    answer = send(client, monitor, good, bad_data, "no event", unknown, foreign, other, good, None)
    assert answer.status_code == 200
    assert outcomes(answer) == [
        "accepted",
        "quarantined",
        "quarantined",
        "quarantined",
        "quarantined",
        "accepted",
        "duplicate",
        "quarantined",
    ]
    results = answer.json["results"]
    assert [r["id"] for r in results[:2]] == [good["id"], bad_data["id"]]
    assert results[6]["seq"] == results[0]["seq"]
    assert [results[i]["reason"] for i in (1, 3, 4)] == ["bad_data", "unknown_kind", "not_permitted"]
    assert len(quarantined(field.COUNTY)) == 5
    assert not list(verify(field.COUNTY))


def test_the_same_again_changes_nothing(monitor: Any, client: FlaskClient) -> None:
    batch = [build.fact("attendance.checked_in", build.minutes(-30 + n), student=build.student(n)) for n in (1, 2, 3)]
    first = send(client, monitor, *batch).json["results"]
    stands = head(field.COUNTY)
    db.session.rollback()
    again = send(client, monitor, *batch[::-1]).json["results"]
    assert [r["outcome"] for r in again] == ["duplicate"] * 3
    assert [r["seq"] for r in again] == [r["seq"] for r in first[::-1]]
    assert head(field.COUNTY) == stands


def test_one_id_with_two_bodies_is_kept_twice_and_counts_once(monitor: Any, client: FlaskClient) -> None:
    fact = build.fact("attendance.checked_in", build.minutes(-30))
    send(client, monitor, fact)
    answer = send(client, monitor, {**fact, "student": build.student(2)})
    assert outcomes(answer) == ["conflict"]
    assert [row.reason for row in quarantined(field.COUNTY)] == ["id_reused"]


def test_hostile_text_is_kept_or_set_aside_but_never_lost(monitor: Any, client: FlaskClient) -> None:
    texts = ["{x}", "%s", "<b>", "O'Neil", "𠮷㛃䶮", "长" * 60, "\x00", "\ud800"]
    facts = [build.fact("anomaly.noted", data={"category": "other", "note": text}) for text in texts]
    answer = send(client, monitor, *facts)
    assert outcomes(answer) == ["accepted"] * 6 + ["quarantined"] * 2
    assert not list(verify(field.COUNTY))


def test_more_than_five_hundred_are_refused_whole(monitor: Any, client: FlaskClient) -> None:
    assert send(client, monitor, *[{}] * 501).status_code == 422
    assert outcomes(send(client, monitor, *[{"id": "x"}] * 500)) == ["quarantined"] * 500


def test_a_device_speaks_for_itself(monitor: Any, client: FlaskClient) -> None:
    assert send(client, (monitor[0], str(uuid.uuid4()))).status_code == 422
    assert send(client, (field.bearer("nobody"), monitor[1])).status_code == 401


def test_nothing_to_send_still_tells_the_time(monitor: Any, client: FlaskClient) -> None:
    answer = send(client, monitor)
    assert answer.json["results"] == []
    assert answer.json["server_time"].startswith("2024-05-20T00:3")
    assert uuid.UUID(answer.json["server_epoch"])


def test_a_browsers_cookie_works_for_our_own_pages_only(world: Flask, client: FlaskClient) -> None:
    token, device = field.sign_in("monitor", f"{PLACE}/01")
    client.set_cookie("fieldops", token)
    body = {"device": device, "sent_at": "2024-05-20T00:30:00Z", "events": []}
    assert client.post("/api/v1/events", json=body).status_code == 200
    crossed = client.post("/api/v1/events", json=body, headers={"Sec-Fetch-Site": "cross-site"})
    assert crossed.status_code == 403
    assert client.post("/api/v1/events", json=body, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post("/api/v1/events", data=str(body), content_type="text/plain").status_code == 415


# --- stream -----------------------------------------------------------------------------------------------------------


def test_the_stream_resumes_after_the_last_seen(monitor: Any, client: FlaskClient) -> None:
    facts = [build.fact("attendance.checked_in", build.minutes(-30 + n), student=build.student(n)) for n in (1, 2, 3)]
    seqs = [r["seq"] for r in send(client, monitor, *facts).json["results"]]
    answer = client.get(f"/api/v1/stream?since={seqs[0]}", headers=monitor[0], buffered=False)
    assert answer.mimetype == "text/event-stream"
    first = next(iter(answer.response)).decode()
    answer.close()
    assert [line for line in first.splitlines() if line.startswith("id:")] == [f"id: {seq}" for seq in seqs[1:]]
    assert "学生" not in first


@pytest.mark.parametrize("since", ["-1", "x", "9" * 30, "１"])
def test_a_cursor_that_is_none_is_refused(monitor: Any, client: FlaskClient, since: str) -> None:
    assert client.get(f"/api/v1/stream?since={since}", headers=monitor[0]).status_code == 400
