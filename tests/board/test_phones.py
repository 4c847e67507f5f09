"""The lists of phones, and what was set aside: what they show, to whom, and what can be said about it."""

from __future__ import annotations

import contextvars
import uuid
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from fieldops.board import phones
from fieldops.db import db, utcnow, writing
from fieldops.journal.queries import quarantined
from fieldops.journal.verify import verify
from fieldops.organisation.models import Device
from fieldops.testday import quarantine
from tests.support import field
from tests.testday import build

COUNTY, SCHOOL = field.COUNTY, field.SCHOOL
PLACE = f"{COUNTY}/{SCHOOL}"
PHONES = f"/c/{COUNTY}/s/{SCHOOL}/phones"


class Site:
    def __init__(self, app: Flask) -> None:
        field.make()
        self.app = app
        self.chief, self.chief_device = field.sign_in("chief_monitor", PLACE, name="韩梅梅")
        self.desk, _ = field.sign_in("desk", COUNTY)
        self.monitor, self.device = field.sign_in("monitor", f"{PLACE}/01", name="O'Neil <b>{x} %s")

    def ask(self, method: str, url: str, token: str, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en", **more.pop("headers", {})}
        return contextvars.Context().run(self.app.test_client().open, url, method=method, headers=headers, **more)

    def text(self, url: str, token: str) -> str:
        answer = self.ask("GET", url, token)
        assert answer.status_code == 200
        return " ".join(answer.get_data(as_text=True).split())

    def send(self, *events: Any, token: str | None = None, device: str | None = None, **envelope: Any) -> TestResponse:
        body = {"device": device or self.device, "sent_at": "2024-05-20T00:30:00Z", "events": list(events), **envelope}
        answer = self.ask("POST", "/api/v1/events", token or self.monitor, json=body)
        assert answer.status_code == 200
        return answer

    def check(self, verdict: str, *, at: float = -40, who: str = "monitor", **items: str) -> None:
        room = {"monitor": "01", "chief": None}[who]
        token, device = {"monitor": (self.monitor, self.device), "chief": (self.chief, self.chief_device)}[who]
        data = {"verdict": verdict, "items": items, "browser": "Chrome 128 · Android", "build": "0123456789"}
        event = build.fact("phone.checked", build.minutes(at), room=room, session=None, data=data, device_seq=1)
        answer = self.send(event, token=token, device=device)
        assert answer.json["results"][0]["outcome"] == "accepted"


@pytest.fixture
def site(app: Flask) -> Site:
    return Site(app)


def of_school() -> phones.SchoolLine:
    db.session.rollback()  # what the requests wrote since
    found = phones.of_school(COUNTY, build.WINDOW, SCHOOL, now=build.minutes(-30), real=utcnow())
    assert found is not None
    return found


def waiting(school: str | None = None) -> int:
    db.session.rollback()
    return quarantine.count_open(COUNTY, school=school)


def states() -> dict[str, str]:
    return {line.name: line.state for line in of_school().people}


def test_a_school_is_ready_when_every_phone_that_is_needed_is(site: Site) -> None:
    assert set(states().values()) == {"unchecked"}
    site.check("good", camera="good", who="chief")
    site.check("bad", storage="bad", camera="warn")
    assert states() == {"韩梅梅": "ready", "O'Neil <b>{x} %s": "fails"}
    line = of_school()
    assert not line.ready
    assert [(person.name, person.fails) for person in line.not_ready] == [("O'Neil <b>{x} %s", ["storage", "camera"])]
    site.check("warn", at=-35, battery="warn")
    assert of_school().ready
    with writing():
        row = db.session.get(Device, site.device)
        assert row is not None
        row.revoked_at = utcnow()
    assert states()["O'Neil <b>{x} %s"] == "none"
    assert list(verify(COUNTY)) == []


def test_a_check_of_long_ago_says_little(site: Site) -> None:
    site.check("good", at=-5 * 24 * 60)
    assert states()["O'Neil <b>{x} %s"] == "old"


def test_the_page_names_what_fails_and_what_is_missing(site: Site) -> None:
    site.check("bad", storage="bad")
    site.send(build.fact("sitting.started", build.minutes(-30), device_seq=4))
    site.send(kept={"waiting": 1, "unconfirmed": 0, "last_seq": 5, "offset_ms": 0, "build": "old"})
    page = site.text(PHONES, site.chief)
    assert "O&#39;Neil &lt;b&gt;{x} %s" in page
    assert "storage not kept" in page
    assert "Fact 2–3, 5 is missing" in page  # three numbers, one said to be kept
    assert "an older one: old" in page
    site.send(kept={"waiting": 3, "unconfirmed": 0, "last_seq": 5, "offset_ms": 0})
    page = site.text(PHONES, site.chief)
    assert "Fact 2–3, 5 still on the phone" in page
    assert "min off" in page  # real time and a rehearsal that plays 2024 are years apart, the phone said 0
    fragment = site.ask("GET", f"{PHONES}/list", site.chief)
    again = site.ask("GET", f"{PHONES}/list", site.chief, headers={"If-None-Match": fragment.headers["ETag"]})
    assert fragment.status_code == 200
    assert again.status_code in (200, 304)


def test_a_signed_out_phone_is_shown_while_it_owes_something(site: Site) -> None:
    site.send(build.fact("sitting.started", build.minutes(-30), device_seq=2))
    with writing():
        row = db.session.get(Device, site.device)
        assert row is not None
        row.revoked_at = utcnow()
    assert "Signed out: what it keeps comes" in site.text(PHONES, site.chief)
    site.send(  # the same person signed in again, on another device, brings what the old one noted
        build.fact("sitting.paused", build.minutes(-29), device_seq=1, device=site.device, data={"reason": "x"}),
        token=(late := field.sign_in("chief_monitor", PLACE))[0],
        device=late[1],
    )
    # It was not theirs to bring, so the gap stays.
    assert "Signed out: what it keeps comes" in site.text(PHONES, site.chief)


def test_the_county_counts_schools_and_calls_the_rest(site: Site) -> None:
    page = site.text(f"/c/{COUNTY}/phones", site.desk)
    assert "0 of 2 schools ready" in page
    site.check("good", camera="good", who="chief")
    site.check("good", camera="good")
    assert "1 of 2 schools ready" in site.text(f"/c/{COUNTY}/phones", site.desk)
    site.check("bad", at=-20, offline="bad")
    page = site.text(f"/c/{COUNTY}/phones", site.desk)
    assert "does not open without a network" in page
    assert site.ask("GET", f"/c/{COUNTY}/phones/list", site.desk).status_code == 200
    assert f"/c/{COUNTY}/phones" in site.text(f"/c/{COUNTY}/board", site.desk)
    assert PHONES in site.text(f"/c/{COUNTY}/s/{SCHOOL}/board", site.chief)


def test_who_may_not_does_not_see_it(site: Site) -> None:
    for url in (PHONES, f"{PHONES}/list"):
        assert site.ask("GET", url, site.monitor).status_code in (403, 404)
        assert site.ask("GET", url, site.desk).status_code == 200
    assert site.ask("GET", f"/c/{COUNTY}/phones", site.chief).status_code == 404
    assert site.ask("GET", f"/c/{COUNTY}/s/{field.OTHER_SCHOOL}/phones", site.chief).status_code == 404
    supervisor, _ = field.sign_in("supervisor", field.CITY)
    assert site.ask("GET", f"/c/{COUNTY}/phones", supervisor).status_code == 200


# --- what was set aside -----------------------------------------------------------------------------------------------


def test_what_was_set_aside_is_settled_once_looked_at(site: Site) -> None:
    site.send(build.fact("attendance.flew", build.minutes(-20), student="<i>S"))
    address = f"/c/{COUNTY}/s/{SCHOOL}/quarantine"
    (row,) = quarantined(COUNTY)
    sent = row.sent_hash.hex()
    page = site.text(address, site.chief)
    assert "&lt;i&gt;S" in page
    assert "runs another version" in page
    refused = site.ask("POST", f"{address}/{sent}", site.chief, data={"how": "nothing", "note": " "})
    assert refused.status_code == 422
    assert "why nothing needs to be done" in refused.get_data(as_text=True)
    assert site.ask("POST", f"{address}/{sent}", site.chief, data={"how": "magic"}).status_code == 422
    assert waiting(SCHOOL) == 1
    assert "Set aside 1" in site.text(f"/c/{COUNTY}/s/{SCHOOL}/board", site.chief)
    done = site.ask("POST", f"{address}/{sent}", site.chief, data={"how": "nothing", "note": "<b>试验</b> {x} %s"})
    assert (done.status_code, done.headers["Location"]) == (303, address)
    assert waiting() == 0
    page = site.text(address, site.chief)
    assert "Nothing waits to be looked at" in page
    assert "&lt;b&gt;试验&lt;/b&gt; {x} %s" in page
    assert "Set aside" not in site.text(f"/c/{COUNTY}/s/{SCHOOL}/board", site.chief)
    assert list(verify(COUNTY)) == []


def test_a_school_settles_its_own_and_the_county_all(site: Site) -> None:
    build.record([build.fact("attendance.flew", school=field.OTHER_SCHOOL), {"no": "school"}])
    own, county = f"/c/{COUNTY}/s/{SCHOOL}/quarantine", f"/c/{COUNTY}/quarantine"
    rows = {row.school: row.sent_hash.hex() for row in quarantined(COUNTY)}
    assert set(rows) == {field.OTHER_SCHOOL, None}
    form = {"how": "by_hand"}
    for sent in (*rows.values(), "ab", "zz" * 32, uuid.uuid4().hex * 2):
        assert site.ask("POST", f"{own}/{sent}", site.chief, data=form).status_code == 404
    assert site.ask("POST", f"{county}/{rows[None]}", site.chief, data=form).status_code == 404
    # A chief monitor who says it by the API speaks for their own school alone.
    data = {"sent": rows[field.OTHER_SCHOOL], "how": "nothing"}
    fact = build.fact("quarantine.settled", build.minutes(-20), room=None, session=None, data=data)
    site.send(fact, token=site.chief, device=site.chief_device)
    assert waiting() == 2
    for sent in rows.values():
        assert site.ask("POST", f"{county}/{sent}", site.desk, data=form).status_code == 303
    assert waiting() == 0
    assert list(verify(COUNTY)) == []
