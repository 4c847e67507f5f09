"""A log line says what happened and how long it took, never to whom."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from flask import Flask

NAME = "王小明"


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.fixture
def talking(app: Flask) -> Flask:
    @app.post("/students/<code>")
    def student(code: str) -> str:
        return f"{NAME} {code}"

    @app.get("/crash/<token>")
    def crash(token: str) -> str:
        raise ValueError(f"{NAME} {token}")

    return app


def test_one_line_a_request(talking: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    answer = talking.test_client().post(
        f"/students/{NAME}?token=geheim",
        data={"name": NAME},
        headers={"Authorization": "Bearer geheim", "Cookie": "session=geheim"},
    )
    (line,) = lines(capsys)
    assert set(line) == {"time", "level", "event", "request", "method", "route", "status", "duration_ms"}
    assert line["route"] == "/students/<code>"
    assert line["request"] == answer.headers["X-Request-Id"]
    assert (line["method"], line["status"], line["event"]) == ("POST", 200, "request")
    assert line["duration_ms"] >= 0


def test_nothing_personal_even_when_it_crashes(talking: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    client = talking.test_client()
    client.post(f"/students/{NAME}?token=geheim", data={"name": NAME})
    client.get("/crash/geheim")
    client.get(f"/no/{NAME}?token=geheim")
    text = capsys.readouterr().err
    assert NAME not in text
    assert "geheim" not in text


def test_a_crash_names_type_and_place(talking: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    answer = talking.test_client().get("/crash/geheim")
    crash = next(line for line in lines(capsys) if line["event"] == "unhandled exception")
    assert crash["error"] == "ValueError"
    assert crash["where"][-1].startswith("tests/web/test_logs.py:")
    assert crash["request"] == answer.headers["X-Request-Id"]


def test_other_loggers_speak_json(talking: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("library").warning("disk %s", "slow")
    (line,) = lines(capsys)
    assert (line["event"], line["level"]) == ("disk slow", "warning")


def test_assets_are_quiet_unless_missing(talking: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    client = talking.test_client()
    client.get("/s/x/css/base.css").close()
    assert lines(capsys) == []
    client.get("/s/x/css/none.css")
    assert lines(capsys)[-1]["route"] == "/s/<build>/<path:path>"
