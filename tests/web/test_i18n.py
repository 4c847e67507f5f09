"""Which language is chosen, how values look in it, and that a choice leads nowhere foreign."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask import Flask, g
from flask.testing import FlaskClient

from fieldops.web import i18n
from fieldops.web.preferences import keep_locale_with, local_path

MOMENT = datetime(2024, 5, 20, 0, 25, tzinfo=UTC)
PO = Path(__file__).resolve().parents[2] / "fieldops" / "translations" / "zh" / "web.po"


@pytest.mark.parametrize(
    ("person", "cookie", "accept", "expected"),
    [
        (None, None, None, "zh"),
        (None, None, "en-GB,en;q=0.9", "en"),
        (None, None, "zh-TW,zh;q=0.9,en;q=0.8", "zh"),
        (None, None, "de", "zh"),
        (None, "zh", "en", "zh"),
        (None, "klingon", "en", "en"),
        ("en", "zh", "zh", "en"),
        ("xx", "en", "zh", "en"),
    ],
)
def test_choice(app: Flask, person: str | None, cookie: str | None, accept: str | None, expected: str) -> None:
    headers = [("Cookie", f"locale={cookie}")] if cookie else []
    headers += [("Accept-Language", accept)] if accept else []
    with app.test_request_context("/", headers=headers):
        g.person_locale = person
        assert i18n.choose() == expected


def test_switch_sets_the_cookie_and_returns(client: FlaskClient) -> None:
    answer = client.post("/locale", data={"locale": "en", "next": "/rooms?day=1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/rooms?day=1")
    cookie = answer.headers["Set-Cookie"]
    assert "locale=en" in cookie
    for mark in ("Secure", "HttpOnly", "SameSite=Lax"):
        assert mark in cookie


@pytest.mark.parametrize("path", ["/locale", "/theme"])
def test_unknown_choices_are_refused(client: FlaskClient, path: str) -> None:
    assert client.post(path, data={path[1:]: "<script>"}).status_code == 400


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.test/",
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/\t/evil.test",
        "/\n/evil.test",
        " //evil.test",
        "javascript:alert(1)",
        "http:evil.test",
        "rooms",
        "",
    ],
)
def test_return_is_local_only(client: FlaskClient, target: str) -> None:
    assert local_path(target) == "/"
    assert client.post("/theme", data={"theme": "dark", "next": target}).headers["Location"] == "/"


def test_signed_in_choice_is_stored(app: Flask) -> None:
    kept: list[str] = []
    keep_locale_with(app, kept.append)

    @app.before_request
    def person() -> None:
        g.person_locale = "zh"

    app.test_client().post("/locale", data={"locale": "en"})
    assert kept == ["en"]


def test_theme_is_on_the_page(guide: FlaskClient) -> None:
    assert "data-theme" not in guide.get("/guide").text
    guide.set_cookie("theme", "dark")
    assert '<html lang="zh-CN" data-theme="dark">' in guide.get("/guide").text
    guide.set_cookie("theme", '"><script>')
    assert "data-theme" not in guide.get("/guide").text


def test_formats(app: Flask) -> None:
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        assert i18n.local_time(MOMENT, "Asia/Shanghai") == "08:25"
        assert i18n.local_time(MOMENT, "Asia/Urumqi") == "06:25"
        assert i18n.local_datetime(MOMENT, "Asia/Shanghai") == "20 May 08:25"
        assert i18n.day(date(2024, 5, 20)) == "Mon 20 May"
        assert [i18n.deviation(minutes) for minutes in (None, 0, 3, -2)] == ["–", "on time", "+3 min", "−2 min"]
        assert [i18n.ago(s) for s in (None, -3, 12, 185, 7300, 86400, 200000)] == [
            "nothing heard yet", "just now", "12 s ago", "3 min ago", "2 h ago", "1 day ago", "2 days ago",
        ]  # fmt: skip
        assert i18n.duration(80) == "1 h 20 min"
        assert i18n.number(1050) == "1,050"
        assert i18n.percent(0.967) == "96.7%"
    with app.test_request_context("/"):
        assert i18n.local_datetime(MOMENT, "Asia/Shanghai") == "5月20日 08:25"
        assert i18n.day(date(2024, 5, 20)) == "5月20日 周一"
        assert i18n.full_date(date(2024, 5, 20)) == "2024年5月20日"


def test_a_time_without_zone_is_refused(app: Flask) -> None:
    with app.test_request_context("/"), pytest.raises(ValueError, match="zone"):
        i18n.local_time(datetime(2024, 5, 20, 8, 25), "Asia/Shanghai")  # noqa: DTZ001


def test_chinese_of_this_package_is_whole() -> None:
    with PO.open("rb") as stream:
        messages = [message for message in read_po(stream, locale="zh", abort_invalid=True) if message.id]
    assert len(messages) > 80
    assert all(message.string and not message.fuzzy for message in messages)
