"""What people and programs get when something goes wrong, and what they never get."""

from __future__ import annotations

import json

import pytest
from flask import Flask, abort, flash
from flask.testing import FlaskClient
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import TooManyRequests

from fieldops.web.errors import Problem

SECRET = "王小明 440982201405"


class StaleVersion(Problem):
    status, slug, title = 409, "stale-version", _l("Somebody changed this before you")
    detail = _l("Look at the newer state, then decide again.")


@pytest.fixture
def failing(app: Flask) -> FlaskClient:
    @app.get("/api/v1/<int:status>")
    @app.get("/<int:status>")
    def fail(status: int) -> str:
        abort(status)

    @app.get("/api/v1/stale")
    @app.get("/stale")
    def stale() -> str:
        raise StaleVersion(seen=3, current=4)

    @app.get("/api/v1/crash")
    @app.get("/crash")
    def crash() -> str:
        raise ValueError(SECRET)

    @app.get("/slow-down")
    def slow_down() -> str:
        raise TooManyRequests(retry_after=30)

    return app.test_client()


STATUSES = [400, 401, 403, 404, 405, 413, 415, 422, 429, 500, 503, 418, 502]


@pytest.mark.parametrize("status", STATUSES)
def test_api_answers_problem_documents(failing: FlaskClient, status: int) -> None:
    answer = failing.get(f"/api/v1/{status}")
    body = json.loads(answer.data)
    assert answer.status_code == body["status"] == status
    assert answer.mimetype == "application/problem+json"
    assert body["type"].startswith("urn:fieldops:problem:")
    assert body["title"]
    assert body["detail"]
    assert body["reference"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("locale", ["zh", "en"])
def test_people_get_a_page_that_says_what_to_do(failing: FlaskClient, status: int, locale: str) -> None:
    answer = failing.get(f"/{status}", headers={"Accept-Language": locale})
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert 'class="problem__next"' in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_domain_errors_carry_their_members(failing: FlaskClient) -> None:
    body = json.loads(failing.get("/api/v1/stale").data)
    assert (body["type"], body["seen"], body["current"]) == ("urn:fieldops:problem:stale-version", 3, 4)
    assert failing.get("/stale").status_code == 409


@pytest.mark.parametrize("path", ["/crash", "/api/v1/crash"])
def test_a_crash_shows_neither_trace_nor_message(
    failing: FlaskClient, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    answer = failing.get(path)
    assert answer.status_code == 500
    for told in (answer.text, capsys.readouterr().err):
        assert "Traceback" not in told
        assert SECRET not in told
        assert answer.headers["X-Request-Id"] in told


def test_an_error_page_that_fails_is_still_a_page(app: Flask) -> None:
    @app.context_processor
    def broken() -> dict[str, object]:
        raise RuntimeError(SECRET)

    answer = app.test_client().get("/nowhere")
    assert answer.status_code == 404
    assert answer.headers["X-Request-Id"] in answer.text
    assert SECRET not in answer.text


def test_htmx_gets_a_note_for_the_message_area(failing: FlaskClient) -> None:
    answer = failing.get("/403", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert answer.headers["HX-Retarget"] == "#messages"
    assert "<html" not in answer.text
    assert "<html" in failing.get("/403", headers={"HX-Request": "true", "HX-Request-Type": "full"}).text


def test_retry_after_and_allow_are_kept(failing: FlaskClient) -> None:
    assert failing.get("/slow-down").headers["Retry-After"] == "30"
    assert "GET" in failing.post("/stale").headers["Allow"]


def test_a_form_without_token_is_told_to_reload() -> None:
    from tests.web.conftest import make_app

    answer = make_app().test_client().post("/locale", data={"locale": "en"}, headers={"Accept-Language": "en"})
    assert answer.status_code == 400
    assert "open for too long" in answer.text


def test_flashed_text_is_escaped(app: Flask) -> None:
    @app.get("/flash")
    def show() -> str:
        flash("<img src=x onerror=alert(1)>", "error")
        abort(404)

    text = app.test_client().get("/flash").text
    assert "&lt;img" in text
    assert "<img" not in text
