"""The pages of signing in and of people on duty."""

from __future__ import annotations

import dataclasses
import re
import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape

from fieldops.db import writing
from fieldops.organisation import codes, queries, service
from fieldops.organisation.sign_in_qr import sign_in_qr
from tests.organisation.conftest import CITY, COUNTY, FAR_SCHOOL, HOSTILE, OTHER, PROVINCE, SCHOOL, WINDOW, World

PASSWORD = "correct horse battery"
PEOPLE, SCHOOL_PEOPLE = f"/c/{COUNTY}/people", f"/c/{COUNTY}/s/{SCHOOL}/people"


def _enter(client: FlaskClient, code: str) -> None:
    answer = client.post(f"/enter/{code}")
    assert answer.status_code == 303, answer.text


# --- signing in -------------------------------------------------------------------------------------------------------


def test_looking_at_a_link_does_not_use_it_up(world: World, client: FlaskClient) -> None:
    code = world.code(world.person("chief_monitor", f"{COUNTY}/{SCHOOL}", name="张三"))
    for _ in range(3):
        page = client.get(f"/enter/{code}", headers={"Accept-Language": "en"})
        assert page.status_code == 200
        assert "I am 张三" in page.text
        assert "Chief monitor" in page.text
        assert "学校101" in page.text
        assert "Set-Cookie" not in page.headers or "fieldops=" not in page.headers["Set-Cookie"]
    answer = client.post(f"/enter/{code}")
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/").location == "/phone"
    again = client.post(f"/enter/{code}")
    assert (again.status_code, again.location) == (303, "/"), "a second press of the button is no mistake"
    assert client.application.test_client().get(f"/enter/{code}").status_code == 410
    assert client.application.test_client().post(f"/enter/{code}").status_code == 410


def test_links_that_lead_nowhere(client: FlaskClient, world: World) -> None:
    for code in (codes.new_code(), "x", "%00", "%ED%A0%80", "a" * 500):
        assert client.get(f"/enter/{code}").status_code == 404
        assert client.post(f"/enter/{code}").status_code == 404


@pytest.mark.parametrize(
    ("role", "place", "home"),
    [
        ("monitor", f"{COUNTY}/{SCHOOL}/01", "/phone"),
        ("principal", f"{COUNTY}/{SCHOOL}", "/phone"),
        ("desk", COUNTY, f"/c/{COUNTY}/board"),
        ("supervisor", COUNTY, f"/c/{COUNTY}/board"),
        ("desk", CITY, f"/d/{CITY}/board"),
        ("supervisor", PROVINCE, f"/d/{PROVINCE}/board"),
    ],
)
def test_everybody_lands_at_their_place(world: World, role: str, place: str, home: str) -> None:
    assert world.client(role, place).get("/").location == home


def test_somebody_without_a_duty_lands_at_their_own_page(world: World, client: FlaskClient) -> None:
    client.set_cookie("fieldops", world.token(world.person(None)))
    assert client.get("/").location == "/me"
    assert client.get("/me").status_code == 200


def test_the_cookie_of_a_plain_start(world: World, client: FlaskClient) -> None:
    world.desk()
    answer = client.post("/sign-in", data={"login": "desk", "password": PASSWORD})
    assert answer.status_code == 303
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("fieldops="))
    assert "; HttpOnly" in cookie
    assert "; SameSite=Lax" in cookie
    assert "; Path=/" in cookie
    assert "Domain" not in cookie


def test_the_cookie_behind_https(world: World, app: Flask) -> None:
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], public_url="https://localhost")
    world.desk()
    client = app.test_client()
    data = {"login": "desk", "password": PASSWORD}
    answer = client.post("/sign-in", data=data, base_url="https://localhost")
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if "fieldops=" in value)
    assert cookie.startswith("__Host-fieldops=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert f"; {part}" in cookie
    assert client.get("/", base_url="https://localhost").location == f"/c/{COUNTY}/board"


@pytest.mark.parametrize(
    ("target", "there"),
    [
        ("/c/441823/board?x=1", "/c/441823/board?x=1"),
        ("", "/"),
        ("https://evil.test/", "/"),
        ("//evil.test/", "/"),
        ("/\\evil.test/", "/"),
        ("/\t/evil.test", "/"),
        ("javascript:alert(1)", "/"),
        ("evil.test", "/"),
    ],
)
def test_next_never_leads_away(world: World, client: FlaskClient, target: str, there: str) -> None:
    world.desk()
    answer = client.post("/sign-in", data={"login": "desk", "password": PASSWORD, "next": target})
    assert answer.location == there
    assert client.get("/sign-in", query_string={"next": target}).location == there, "who is in already goes on"


def test_wrong_passwords_get_one_answer_and_then_a_wait(world: World, client: FlaskClient) -> None:
    world.desk()
    english = {"Accept-Language": "en"}
    known = client.post("/sign-in", data={"login": "desk", "password": "wrong password"}, headers=english)
    unknown = client.post("/sign-in", data={"login": "none", "password": "wrong password"}, headers=english)
    assert known.status_code == unknown.status_code == 401
    assert "Name or password is not right" in known.text
    assert "wrong password" not in known.text
    for _ in range(4):
        client.post("/sign-in", data={"login": "desk", "password": "wrong password"})
    held = client.post("/sign-in", data={"login": "desk", "password": PASSWORD}, headers=english)
    assert held.status_code == 429
    assert "Too many wrong passwords" in held.text
    assert client.post("/sign-in", data={}).status_code == 422


def test_a_typed_code_leads_to_the_page_of_the_link(world: World, client: FlaskClient) -> None:
    code = world.code(world.person("monitor", f"{COUNTY}/{SCHOOL}"))
    answer = client.post("/sign-in/code", data={"code": codes.grouped(code).lower()})
    assert answer.location == f"/enter/{code}"
    assert client.post("/sign-in/code", data={"code": "nonsense"}).status_code == 422
    assert client.post("/sign-in/code", data={}).status_code == 422


def test_forms_need_their_token(world: World, app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    code = world.code(world.person("monitor", f"{COUNTY}/{SCHOOL}"))
    client = app.test_client()
    assert client.post(f"/enter/{code}").status_code == 400
    page = client.get(f"/enter/{code}").text
    found = re.search(rf'action="/enter/{code}".*?name="csrf_token" value="([^"]+)"', page, re.DOTALL)
    assert found is not None
    assert client.post(f"/enter/{code}", data={"csrf_token": found[1]}).status_code == 303


def test_signing_out_ends_the_device(world: World, client: FlaskClient) -> None:
    token = world.token(world.person("monitor", f"{COUNTY}/{SCHOOL}"))
    client.set_cookie("fieldops", token)
    assert client.post("/sign-out").location == "/sign-in"
    assert client.get_cookie("fieldops") is None
    client.set_cookie("fieldops", token)
    assert client.get("/me").status_code == 302, "a copy of the cookie is worth nothing"


def test_a_browser_keeps_its_device_for_one_person_only(world: World, client: FlaskClient) -> None:
    first = world.person("monitor", f"{COUNTY}/{SCHOOL}", name="一")
    second = world.person("monitor", f"{COUNTY}/{SCHOOL}", name="二")
    _enter(client, world.code(first))
    (device,) = queries.devices_at(COUNTY, WINDOW, _now())
    _enter(client, world.code(first))
    assert [found.id for found in queries.devices_of(first, _now())] == [device.id]
    page = client.get(f"/enter/{world.code(second)}", headers={"Accept-Language": "en"})
    assert "signed in for 一" in page.text
    _enter(client, world.code(second))
    assert queries.devices_of(first, _now()) == []
    assert len(queries.devices_of(second, _now())) == 1


def test_i_can_end_my_other_devices_and_nobody_elses(world: World, client: FlaskClient) -> None:
    person, lost, foreign = world.person("monitor", f"{COUNTY}/{SCHOOL}"), str(uuid.uuid4()), str(uuid.uuid4())
    world.token(person, lost)
    world.token(world.person("monitor", f"{COUNTY}/{SCHOOL}"), foreign)
    client.set_cookie("fieldops", world.token(person))
    assert f"/me/devices/{lost}/revoke" in client.get("/me").text
    assert client.post(f"/me/devices/{lost}/revoke").status_code == 303
    assert client.post(f"/me/devices/{lost}/revoke").status_code == 404
    assert client.post(f"/me/devices/{foreign}/revoke").status_code == 404


def test_the_language_stays_with_the_person(world: World) -> None:
    client = world.client("monitor", f"{COUNTY}/{SCHOOL}")
    client.post("/locale", data={"locale": "en", "next": "/me"})
    client.delete_cookie("locale")
    assert "My duties" in client.get("/me", headers={"Accept-Language": "zh"}).text


# --- people -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_only_names(world: World, client: FlaskClient, name: str) -> None:
    person = world.person("monitor", f"{COUNTY}/{SCHOOL}/01", name=name)
    desk = world.client("desk")
    shown = str(escape(name))
    for page in (
        client.get(f"/enter/{world.code(person)}"),
        desk.get(PEOPLE),
        desk.get(f"{PEOPLE}/{person}"),
        desk.post(f"{PEOPLE}/{person}/link"),
    ):
        assert page.status_code == 200
        assert shown in page.text
        assert "<b>&" not in page.text


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\0b", "\ud800", "\u202egnp"])
def test_names_that_cannot_be_kept_are_refused(world: World, name: str) -> None:
    from fieldops.organisation.problems import Invalid

    with pytest.raises(Invalid), writing():
        service.add_person(home=COUNTY, name=name)


def test_a_desk_adds_somebody_and_hands_out_the_link(world: World, client: FlaskClient) -> None:
    desk = world.client("desk")
    data = {"name": " 王  芳 ", "telephone": "13800138000", "role": "monitor", "school": SCHOOL, "room": "01"}
    answer = desk.post(PEOPLE, data=data)
    assert answer.status_code == 303, answer.text
    person = answer.location.rsplit("/", 1)[1]
    assert [tuple(duty) for duty in queries.duties_of(person)] == [("monitor", f"{COUNTY}/{SCHOOL}/01", WINDOW)]
    assert "王 芳" in desk.get(PEOPLE).text
    first = desk.post(f"{PEOPLE}/{person}/link", headers={"Accept-Language": "en"})
    assert "<svg" in first.text
    links = [_code_on(page.text) for page in (first, desk.post(f"{PEOPLE}/{person}/link"))]
    assert client.get(f"/enter/{links[0]}").status_code == 410, "a newer link ends the one before it"
    _enter(client, links[1])
    (device,) = queries.devices_of(person, _now())
    assert desk.post(f"{PEOPLE}/{person}/devices/{device.id}/revoke").status_code == 303
    assert client.get("/me").status_code == 302


def test_a_desk_gives_and_withdraws_duties_of_its_county_only(world: World) -> None:
    desk, person = world.client("desk"), world.person("monitor", f"{COUNTY}/{SCHOOL}")
    url = f"{PEOPLE}/{person}/duties"
    assert desk.post(url, data={"role": "custodian", "school": FAR_SCHOOL, "room": ""}).status_code == 303
    assert desk.post(url, data={"role": "desk", "school": FAR_SCHOOL, "room": ""}).status_code == 422
    assert desk.post(url, data={"role": "monitor", "school": "4418250101", "room": ""}).status_code == 422
    assert {duty.role for duty in queries.duties_of(person)} == {"monitor", "custodian"}
    gone = {"role": "custodian", "place": f"{COUNTY}/{FAR_SCHOOL}", "window": WINDOW}
    assert desk.post(url + "/withdraw", data=gone).status_code == 303
    assert desk.post(url + "/withdraw", data=gone).status_code == 404
    assert {duty.role for duty in queries.duties_of(person)} == {"monitor"}


def test_a_chief_monitor_helps_the_people_of_the_school_alone(world: World) -> None:
    chief = world.client("chief_monitor", f"{COUNTY}/{SCHOOL}")
    own = world.person("monitor", f"{COUNTY}/{SCHOOL}/01", name="甲")
    far = world.person("monitor", f"{COUNTY}/{FAR_SCHOOL}/01", name="乙")
    page = chief.get(SCHOOL_PEOPLE).text
    assert "甲" in page
    assert "乙" not in page
    assert chief.get(PEOPLE).status_code == 404
    assert chief.get(f"{SCHOOL_PEOPLE}/{own}").status_code == 200
    assert chief.post(f"{SCHOOL_PEOPLE}/{own}/link").status_code == 200
    assert chief.post(f"{SCHOOL_PEOPLE}/{far}/link").status_code == 404
    assert chief.post(f"{SCHOOL_PEOPLE}/{uuid.uuid4()}/link").status_code == 404


def test_nobody_signs_in_as_somebody_above_by_a_link_they_made(world: World) -> None:
    chief = world.client("chief_monitor", f"{COUNTY}/{SCHOOL}")
    both = world.person("inspector", f"{COUNTY}/{SCHOOL}", name="丙")
    with writing():
        service.give_duty(person=both, role="desk", place=COUNTY, window=WINDOW, by=None)
    page = chief.get(SCHOOL_PEOPLE).text
    assert "丙" in page
    assert f"{SCHOOL_PEOPLE}/{both}" not in page
    assert chief.post(f"{SCHOOL_PEOPLE}/{both}/link").status_code == 404
    desk = world.client("desk")
    assert desk.post(f"{PEOPLE}/{both}/link").status_code == 200
    with writing():
        service.give_duty(person=both, role="desk", place=CITY, window=WINDOW, by=None)
    assert desk.post(f"{PEOPLE}/{both}/link").status_code == 404


def test_people_of_another_county_are_not_there(world: World) -> None:
    desk = world.client("desk")
    foreign = world.person("desk", OTHER)
    assert desk.get(f"{PEOPLE}/{foreign}").status_code == 404
    assert desk.get(f"/c/{OTHER}/people").status_code == 404


def test_the_qr_is_drawn_without_styles(app: Flask) -> None:
    with app.test_request_context():
        drawn = str(sign_in_qr("https://example.test/enter/7Q2MK9ZD4XW0B"))
    assert drawn.startswith("<svg")
    assert "style" not in drawn


def _now():  # type: ignore[no-untyped-def]
    from fieldops.db import utcnow

    return utcnow()


def _code_on(page: str) -> str:
    found = re.search(r"/enter/([0-9A-Z]{13})", page)
    assert found is not None
    return found[1]
