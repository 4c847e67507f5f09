"""A small application with only the web package in it, so that these tests need neither database nor sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf import CSRFProtect

from fieldops.web import assets, errors, i18n, logs, security

ROOT = Path(__file__).resolve().parents[2]


def make_app(**config: object) -> Flask:
    """What ``create_app`` does for this package, in the same order."""
    app = Flask(
        "fieldops", root_path=str(ROOT / "fieldops"), template_folder=str(ROOT / "templates"), static_folder=None
    )
    app.config.update(
        SECRET_KEY="only for tests",
        WTF_CSRF_TIME_LIMIT=None,
        SETTINGS=SimpleNamespace(public_url="https://example.test", debug=False, secure_cookies=True),
    )
    app.config.update(config)
    CSRFProtect(app)
    for part in (security, errors, logs, i18n, assets):
        part.init_app(app)
    return app


@pytest.fixture
def app() -> Flask:
    """The application, with CSRF off where a test is not about it."""
    return make_app(WTF_CSRF_ENABLED=False)


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as client:
        yield client
