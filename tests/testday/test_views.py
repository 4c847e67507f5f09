"""The phone's shell and a room's page, with the chief monitor's freeze."""

from __future__ import annotations

import contextvars
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from fieldops.testday import queries
from tests.support import field
from tests.testday.build import CHINESE, COUNTY, SCHOOL, WINDOW, fact, minutes, record, student

ROOM = f"/c/{COUNTY}/s/{SCHOOL}/r/01"
FREEZE = f"{ROOM}/sessions/{CHINESE}/freeze"


class Site:
    """Asks the app as a chief monitor, unless another token is given."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.chief = field.sign_in("chief_monitor", f"{COUNTY}/{SCHOOL}")[0]

    def ask(self, method: str, url: str, *, token: str | None = None, **more: Any) -> TestResponse:
        """In an empty context: the test's own would lend its `g` to the request."""
        headers = {"Authorization": f"Bearer {token or self.chief}", "Accept-Language": "en", **more.pop("headers", {})}
        client = self.app.test_client()
        return contextvars.Context().run(client.open, url, method=method, headers=headers, **more)

    def text(self, url: str = ROOM, **more: Any) -> str:
        answer = self.ask("GET", url, **more)
        assert answer.status_code == 200
        return " ".join(answer.get_data(as_text=True).split())


@pytest.fixture
def site(app: Flask) -> Site:
    field.make()
    return Site(app)


def test_the_phones_shell_is_for_everybody_and_holds_nobody(app: Flask) -> None:
    answer = contextvars.Context().run(app.test_client().get, "/phone")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"
    again = contextvars.Context().run(
        app.test_client().get, "/phone", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304


def test_a_room_tells_what_was_noted(site: Site) -> None:
    record([fact("attendance.checked_in", minutes(-20)), fact("attendance.absent", minutes(-1), student=student(2))])
    record([fact("sitting.started", minutes(9), data={"reason": "<b>停电</b>"})], received_at=minutes(12))
    page = site.text()
    assert "学生1" in page
    assert "noted absent" in page.lower() or "Noted as absent" in page
    assert "&lt;b&gt;停电&lt;/b&gt;" in page
    assert "<b>停电" not in page
    assert "09:09" in page
    assert "arrived 09:12" in page
    assert "+9 min" in page


def test_a_correction_stays_visible(site: Site) -> None:
    first = fact("sitting.started", minutes(3))
    record([first, fact("sitting.started", minutes(1), data={"corrects": first["id"]})])
    page = site.text()
    assert "<s>Session started</s>" in page
    assert "undone or corrected since" in page


def test_a_stranger_in_the_room_is_shown_with_the_flag(site: Site) -> None:
    record([fact("attendance.checked_in", student="X77")])
    page = site.text()
    assert "X77" in page
    assert "not on the roster" in page


def test_the_session_that_is_on_is_shown_first(site: Site) -> None:
    field.set_clock(75)
    assert 'id="chosen">g4-maths' in site.text()
    record([fact("sitting.started")])
    assert 'id="chosen">g4-chinese' in site.text()
    assert 'id="chosen">g4-maths' in site.text(f"{ROOM}?session=g4-maths")
    assert 'id="chosen">g4-chinese' in site.text(f"{ROOM}?session=nonsense")


@pytest.mark.parametrize("room", ["99", "01%2F", "%00"])
def test_no_such_room(site: Site, room: str) -> None:
    assert site.ask("GET", f"/c/{COUNTY}/s/{SCHOOL}/r/{room}").status_code == 404


def test_a_freeze_makes_the_unaccounted_absent(site: Site) -> None:
    field.set_clock(85)
    record([fact("sitting.started"), fact("attendance.checked_in")])
    assert "become absent" in site.text()
    answer = site.ask("POST", FREEZE, data={"seen_version": 1, "absent": [student(2), student(3)]})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{ROOM}?session={CHINESE}")
    rows = queries.attendance_rows(COUNTY, WINDOW, SCHOOL, session=CHINESE)
    assert [(r["status"], r["reason"], r["provisional"], r["flags"]) for r in rows] == [
        ("present", None, False, []),
        ("absent", "not_seen", False, []),
        ("absent", "not_seen", False, []),
    ]
    [sitting] = queries.sittings(COUNTY, WINDOW)
    assert sitting.frozen_at is not None
    assert "Make the absences final" not in site.text(f"{ROOM}?session={CHINESE}")


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"seen_version": 0, "absent": [student(2), student(3)]}, 409),
        ({"seen_version": 1, "absent": [student(2)]}, 409),
        ({"seen_version": 1, "absent": [student(1), student(2), student(3)]}, 409),
        ({"seen_version": 1, "absent": ["X9", student(2), student(3)]}, 409),
        ({"seen_version": "x", "absent": []}, 422),
        ({}, 422),
        ({"seen_version": 1, "absent": ["S"] * 201}, 422),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_freeze_on_another_state_changes_nothing(
    site: Site, form: dict[str, Any], status: int, headers: dict[str, str]
) -> None:
    record([fact("sitting.started"), fact("attendance.checked_in")])
    answer = site.ask("POST", FREEZE, data=form, headers=headers)
    assert answer.status_code == status
    page = answer.get_data(as_text=True)
    assert 'role="alert"' in page
    assert "become absent" in page
    assert page.lstrip().startswith("<!doctype") is not bool(headers)
    assert len(queries.attendance_rows(COUNTY, WINDOW, SCHOOL)) == 1
    assert queries.sittings(COUNTY, WINDOW)[0].frozen_at is None


def test_a_second_freeze_is_refused_with_the_fresh_view(site: Site) -> None:
    record([fact("sitting.started")])
    form = {"seen_version": 1, "absent": [student(1), student(2), student(3)]}
    assert site.ask("POST", FREEZE, data=form, headers={"HX-Request": "true"}).status_code == 200
    assert site.ask("POST", FREEZE, data=form).status_code == 409
    assert site.ask("POST", FREEZE, data={"seen_version": 2}).status_code == 409


@pytest.mark.parametrize(("role", "place"), [("monitor", f"{COUNTY}/{SCHOOL}/01"), ("desk", COUNTY)])
def test_only_the_chief_monitor_freezes(site: Site, role: str, place: str) -> None:
    record([fact("sitting.started")])
    token = field.sign_in(role, place)[0]
    assert "Make the absences final" not in site.text(token=token)
    assert site.ask("POST", FREEZE, token=token, data={"seen_version": 1}).status_code == 404


def test_no_such_session_to_freeze(site: Site) -> None:
    assert site.ask("POST", f"{ROOM}/sessions/latin/freeze", data={"seen_version": 0}).status_code == 404
