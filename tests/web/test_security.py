"""Headers of every answer, whatever its kind."""

from __future__ import annotations

import pytest
from flask import Flask, jsonify, request
from flask.testing import FlaskClient

from fieldops.web.security import CONTENT_SECURITY_POLICY, MAX_CONTENT_LENGTH


@pytest.mark.parametrize("path", ["/nowhere", "/api/v1/nowhere", "/s/old/css/base.css", "/s/old/nothing.css"])
def test_headers_stand_on_pages_documents_assets_and_errors(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        headers = answer.headers
    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Permissions-Policy"] == "camera=(self), microphone=(), geolocation=()"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


def test_policy_allows_nothing_inline_and_no_eval() -> None:
    assert "'unsafe-inline'" not in CONTENT_SECURITY_POLICY
    assert "'unsafe-eval'" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY.replace("'", "")


def test_hsts_only_over_https(client: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/nowhere").headers
    assert "Strict-Transport-Security" in client.get("/nowhere", base_url="https://example.test").headers


def test_view_may_choose_its_own_caching(app: Flask) -> None:
    @app.get("/cached")
    def cached() -> tuple[str, dict[str, str]]:
        return "x", {"Cache-Control": "no-cache"}

    assert app.test_client().get("/cached").headers["Cache-Control"] == "no-cache"


def test_pages_vary_by_htmx(guide: FlaskClient) -> None:
    assert "HX-Request" in guide.get("/guide").headers["Vary"]


def test_bodies_are_limited(app: Flask) -> None:
    @app.post("/take")
    def take() -> object:
        return jsonify(len(request.get_data()))

    client = app.test_client()
    assert client.post("/take", data=b"x" * 1000).status_code == 200
    assert client.post("/take", data=b"x" * (MAX_CONTENT_LENGTH + 1)).status_code == 413


def test_a_setting_of_the_operator_wins() -> None:
    from tests.web.conftest import make_app

    assert make_app(MAX_CONTENT_LENGTH=10).config["MAX_CONTENT_LENGTH"] == 10
