"""Changing one's own password: page and verb."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fieldops.organisation import own_password, service, throttle
from fieldops.organisation.passwords import PasswordRefused
from fieldops.organisation.problems import Invalid, SignInRefused
from tests.organisation.conftest import COUNTY, SCHOOL, World

OLD, NEW = "correct horse battery", "staple 电池 horse {x} %s"


def _sign_in(password: str) -> None:
    device = "00000000-0000-4000-8000-000000000001"
    service.sign_in(login="desk", password=password, address="192.0.2.1", device_id=device, label="desk")


@pytest.fixture
def desk(world: World, client: FlaskClient) -> FlaskClient:
    world.desk(password=OLD)
    assert client.post("/sign-in", data={"login": "desk", "password": OLD}).status_code == 303
    return client


def test_a_desk_changes_its_password(desk: FlaskClient) -> None:
    assert "/me/password" in desk.get("/me").text
    assert desk.get("/me/password").status_code == 200
    answer = desk.post("/me/password", data={"old": OLD, "new": NEW, "again": NEW})
    assert (answer.status_code, answer.location) == (303, "/me")
    assert desk.get("/me").status_code == 200, "this device stays signed in"
    _sign_in(NEW)
    with pytest.raises(SignInRefused):
        _sign_in(OLD)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"old": "wrong wrong wrong", "new": NEW, "again": NEW}, "not your present password"),
        ({"old": OLD, "new": NEW, "again": NEW + "x"}, "not the same"),
        ({"old": OLD, "new": "short", "again": "short"}, "at least 10 characters"),
        ({"old": OLD, "new": "x" * 201, "again": "x" * 201}, "at least 10 characters"),
        ({}, "fill this in"),
    ],
)
def test_what_is_refused_says_why_and_changes_nothing(desk: FlaskClient, form: dict[str, str], words: str) -> None:
    answer = desk.post("/me/password", data=form, headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    assert words in answer.text
    assert NEW not in answer.text
    _sign_in(OLD)


def test_guessing_the_present_password_is_held_back(desk: FlaskClient) -> None:
    form = {"old": "wrong wrong wrong", "new": NEW, "again": NEW}
    codes = [desk.post("/me/password", data=form).status_code for _ in range(throttle.FREE_TRIES["login"] + 2)]
    assert codes[0] == 422
    assert codes[-1] == 429
    assert desk.post("/me/password", data={**form, "old": OLD}).status_code == 429


def test_who_signs_in_by_link_has_none(world: World, app: Flask) -> None:
    client = world.client("monitor", f"{COUNTY}/{SCHOOL}")
    assert "/me/password" not in client.get("/me").text
    answer = client.post("/me/password", data={"old": "x", "new": NEW, "again": NEW})
    assert answer.status_code == 422
    assert "没有密码可改" in answer.text


def test_an_operator_sets_it_and_lets_a_blocked_name_in(world: World) -> None:
    world.desk(password=OLD)
    for _ in range(throttle.FREE_TRIES["login"]):
        with pytest.raises(SignInRefused):
            _sign_in("wrong wrong wrong")
    with pytest.raises(throttle.TooManyTries):
        _sign_in(OLD)
    own_password.reset(login=" DESK ", new=NEW)
    _sign_in(NEW)
    with pytest.raises(Invalid):
        own_password.reset(login="nobody", new=NEW)
    with pytest.raises(PasswordRefused):
        own_password.reset(login="desk", new="short")
