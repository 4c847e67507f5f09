"""A desk keys in what a school read out over the telephone; it is marked so until the phone's own facts arrive."""

from __future__ import annotations

import pytest
from flask import Flask

from fieldops.db import db
from fieldops.journal.verify import verify
from fieldops.testday import queries, spoken
from fieldops.testday.spoken import Place, Said
from tests.support import field
from tests.testday.build import CHINESE, COUNTY, SCHOOL, WINDOW, fact, minutes, record, student
from tests.testday.test_views import ROOM, Site

PAGE = f"{ROOM}/sessions/{CHINESE}/spoken"
HERE = Place(SCHOOL, "01", CHINESE)
SAID = Said(present=2, absent=1, started=3, ended=None, incidents=True)


@pytest.fixture
def site(app: Flask) -> Site:
    field.make()
    field.set_clock(30)
    app.config["WTF_CSRF_ENABLED"] = False
    return Site(app)


@pytest.fixture
def desk(site: Site) -> str:
    return field.sign_in("desk", COUNTY)[0]


def line() -> queries.SittingLine:
    db.session.rollback()  # a reader's view of before the request
    (found,) = queries.sittings(COUNTY, WINDOW, school=SCHOOL)
    return found


def test_keyed_in_read_back_noted_and_marked(site: Site, desk: str) -> None:
    code = spoken.encode(SAID, HERE)
    assert "Ten digits" in site.text(PAGE, token=desk)
    shown = site.ask("POST", PAGE, token=desk, data={"code": spoken.grouped(code)})
    words = " ".join(shown.get_data(as_text=True).split())
    assert shown.status_code == 200
    assert "09:03" in words
    assert "ask what happened" in words
    assert queries.sittings(COUNTY, WINDOW) == []
    noted = site.ask("POST", PAGE, token=desk, data={"code": code, "confirm": "y"})
    assert noted.status_code == 303
    assert (line().state, line().started_at) == ("running", minutes(3))
    page = site.text(ROOM + f"?session={CHINESE}")
    assert "spoken" in page
    assert "heard over the telephone at 09:30" in page
    assert "there was an incident" in page
    board = site.text(f"/c/{COUNTY}/s/{SCHOOL}/board", token=desk)
    assert "chip--spoken" in board
    assert "chip--spoken" in site.text(f"/c/{COUNTY}/board", token=desk)

    # The phone is back on the network: what it noted itself replaces what was heard.
    own = [fact("attendance.checked_in", minutes(-9), student=student(number)) for number in (1, 2)]
    own.append(fact("attendance.absent", minutes(1), student=student(3)))
    record([*own, fact("sitting.started", minutes(1))], received_at=minutes(60))
    assert (line().started_at, line().spoken_times) == (minutes(1), [])
    assert "chip--spoken" not in site.text(f"/c/{COUNTY}/s/{SCHOOL}/board", token=desk)
    assert list(verify(COUNTY)) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (spoken.encode(SAID, HERE._replace(room="02")), "another room"),
        ("12345", "ten digits"),
        ("", "ten digits"),
    ],
)
def test_what_was_misheard_is_not_noted(site: Site, desk: str, code: str, words: str) -> None:
    answer = site.ask("POST", PAGE, token=desk, data={"code": code, "confirm": "y"})
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)
    assert queries.sittings(COUNTY, WINDOW) == []


def test_who_may(site: Site, desk: str) -> None:
    assert site.ask("GET", PAGE).status_code == 200  # the chief monitor
    monitor = field.sign_in("monitor", f"{COUNTY}/{SCHOOL}/01")[0]
    assert site.ask("GET", PAGE, token=monitor).status_code == 404
    assert site.ask("GET", f"{ROOM}/sessions/g8-chinese/spoken", token=desk).status_code == 404
    assert site.ask("GET", f"{ROOM}/sessions/none/spoken", token=desk).status_code == 404


def test_the_snapshot_tells_the_phone(site: Site) -> None:
    spoken_fact = fact(
        "sitting.spoken",
        minutes(20),
        data={
            "code": "4445110866",
            "present": 2,
            "absent": 0,
            "started_at": "2024-05-20T01:03:00Z",
            "ended_at": None,
            "incidents": False,
            "beyond": [],
        },
    )
    record([fact("sitting.phone_boxed", minutes(-5)), spoken_fact])
    (state,) = queries.snapshot_states(COUNTY, WINDOW, SCHOOL)["sittings"]
    assert state["boxed_at"] == "2024-05-20T00:55:00.000Z"
    assert (state["spoken"]["present"], state["spoken"]["stands"]) == (2, ["started_at"])
    assert state["facts"][1]["spoken"]["started_at"] == "2024-05-20T01:03:00.000Z"
