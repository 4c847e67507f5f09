"""A small application with only the web package in it, so that these tests need neither database nor sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask, flash, render_template, request
from flask.testing import FlaskClient
from flask_wtf import CSRFProtect, FlaskForm
from jinja2 import ChoiceLoader, FileSystemLoader
from wtforms import BooleanField, RadioField, SelectChoice, StringField
from wtforms.validators import InputRequired

from fieldops.web import assets, errors, i18n, logs, security
from fieldops.web.statuses import STATUSES

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


class SampleForm(FlaskForm):
    """One field of each kind that screens use."""

    name = StringField("姓名 Name", [InputRequired("请填写姓名。Enter a name.")])
    note = StringField("备注 Note", description="可不填。At most 200 characters.")
    reason = RadioField("原因 Reason", choices=[SelectChoice("ill", "病假 Ill"), SelectChoice("leave", "事假 Leave")])
    agree = BooleanField("已通知家长 Parents told")


def styleguide_app() -> Flask:
    """The design system on three pages: ``/guide``, ``/phone?tone=is-good``, ``/cards``."""
    app = make_app(TESTING=True)
    app.jinja_loader = ChoiceLoader([FileSystemLoader(ROOT / "templates"), FileSystemLoader(ROOT / "tests" / "web")])
    now = datetime(2024, 5, 20, 0, 25, tzinfo=UTC)
    frame = {
        "person": {"name": "李敏"},
        "place_name": "样例小学",
        "sign_out_url": "/sign-out",
        "nav": [
            ("现场 Live", "/guide", True),
            ("名单 Roster", "/roster", False),
            ("事件 Incidents", "/incidents", False),
        ],
        "rehearsal": {"name": "2024 国家监测", "now": now, "timezone": "Asia/Shanghai"},
    }

    @app.get("/guide")
    def guide() -> str:
        form = SampleForm(meta={"csrf": False})
        form.name.errors = ["请填写姓名。Enter a name."]
        flash("已保存。Saved.", "success")
        return render_template("styleguide.html", form=form, now=now, today=date(2024, 5, 20), states=STATUSES, **frame)

    @app.get("/phone")
    def phone() -> str:
        return render_template("phone.html", tone=request.args.get("tone", "is-good"))

    @app.get("/cards")
    def cards() -> str:
        return render_template("cards.html", **frame)

    return app


@pytest.fixture
def guide() -> FlaskClient:
    return styleguide_app().test_client()
