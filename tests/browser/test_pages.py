"""Every page of the product, in both languages, light and dark, on a phone and on a wide screen.

The list is the url map itself: a page that is added is looked at, or fails here until it says with what arguments.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update
from werkzeug.routing import Rule as UrlRule

from fieldops.db import db, utcnow, writing
from fieldops.incidents import area_queries, area_service
from fieldops.incidents import service as incidents
from fieldops.incidents.models import IncidentRow
from fieldops.journal.service import SYSTEM
from fieldops.messages import service as messages
from fieldops.messages.models import Channel
from fieldops.notices import service as notices
from fieldops.organisation.models import Device, Division, Duty, Person
from fieldops.organisation.rights import ROLES
from fieldops.organisation.rules import Rule
from fieldops.timetable import clock
from fieldops.timetable import queries as timetable
from fieldops.web.assets import build
from fieldops.web.rules import PUBLIC
from tests.support import axe, looks
from tests.support.browser import desk, phone
from tests.support.people import CITY, COUNTY, People
from tests.support.server import ROOT

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.parametrize("engine", ["sqlite"], indirect=True),
    pytest.mark.parametrize("language", ["zh", "en"]),
]
SCHOOL, ROOM = "4418230104", "01"
#: No pages: read by programs, or handed to the person as a file.
NO_PAGES = re.compile(r"^/api/|\.docx$|\.csv$|/export\.<any|^/healthz$|^/metrics$|^/s/|^/m/|/attachments/<")
#: Width, height and colours of a look; each language is seen by the light of both.
LOOKS = {
    "zh": ((1440, 900, "light"), (360, 740, "dark")),
    "en": ((1440, 900, "dark"), (360, 740, "light")),
}
NARROWEST = 320
#: Paper is as wide as paper, on any screen.
PAPER = {"roster.school_cards", "roster.room_cards"}
#: The screens of the phone's app and what is pressed on them, by the name of the route in static/phone/routes.js.
SCREENS = {
    "": "#/",
    "check-in": "#/check-in/g4-chinese",
    "sitting": "#/sitting/g4-chinese",
    "anomaly": "#/anomaly",
    "incident": "#/incident",
    "nil": "#/nil",
    "rooms": "#/rooms",
    "sync": "#/sync",
    "away": "#/away",
    "notices": "#/notices",
    "box": "#/box/g4-chinese",
    "box-back": "#/box-back/g4-chinese",
    "hand-over": "#/hand-over",
    "take-over": "#/take-over",
    "ready": "#/ready",
    "release": "#/release",
    "room": "#/room",
    "school": "#/school",
}


@pytest.fixture
def staff(app: Flask, people: People, language: str) -> People:
    """The people of the demo, all of whom read this language."""
    with writing():
        db.session.execute(update(Person).values(locale=language))
    db.session.remove()
    return people


def viewer_of(rule: Rule | str) -> str:
    if rule == PUBLIC or not isinstance(rule, Rule) or rule.at == "own":
        return "desk"
    if rule.at == "division":
        return "city_desk"
    at_school = rule.at in ("school", "room") and rule.action in ROLES["chief_monitor"]
    return "chief_monitor" if at_school else "desk"


def notice() -> uuid.UUID:
    """One that the county has sent to be confirmed."""
    identity = uuid.uuid4()
    county = db.session.get_one(Division, COUNTY)
    window = timetable.open_windows()[0]
    by = db.session.scalars(select(Duty.person).where(Duty.role == "desk", Duty.place == COUNTY)).first()
    assert by is not None
    notices.send(
        identity=str(identity),
        window=window.code,
        division=county,
        counties=[COUNTY],
        by=by,
        at=clock.now(window),
        text="<b>请确认</b> {x} %s O'Neil",
        must_confirm=True,
    )
    return identity


def an_area() -> uuid.UUID:
    """One incident of three schools; another three stand before the desk as a question."""
    window = timetable.open_windows()[0]
    at = clock.now(window)
    for category in ("power", "audio"):
        for school in ("4418230101", "4418230102", "4418230103"):
            incidents.report(
                county=COUNTY,
                window=window.code,
                by=SYSTEM,
                at=at,
                school=school,
                category=category,
                order_affected="slight",
                data_affected=False,
                materials_at_risk=False,
                beyond_school=False,
            )
    question = next(each for each in area_queries.proposals(COUNTY, window.code) if each.category == "power")
    area_service.accept(
        county=COUNTY,
        window=window.code,
        category=question.category,
        incidents=[each.incident for each in question.members],
        by=SYSTEM,
        at=at,
        seen_version=question.version,
    )
    return uuid.UUID(db.session.scalars(select(IncidentRow.id).where(IncidentRow.school.is_(None))).one())


class Arguments:
    """Real values for what the addresses name."""

    def __init__(self, people: People, incident: str) -> None:
        chief = db.session.scalars(
            select(Duty.person).where(Duty.role == "chief_monitor", Duty.place == f"{COUNTY}/{SCHOOL}")
        ).one()
        code = people.duty("inspector", f"{COUNTY}/{SCHOOL}")["sign_in_url"].rsplit("/", 1)[1]
        device = db.session.scalars(select(Device.id).limit(1)).one()
        self.known: dict[str, object] = {
            "county": COUNTY,
            "school": SCHOOL,
            "room": ROOM,
            "session": "g4-chinese",
            "code": code,
            "name": "late_cut_off_min",
            "grade": 4,
            "version": 1,
            "device": device,
            "build": build(),
            "path": "css/base.css",
            "form": "csv",
            "kind": "feishu",
            "notice": notice(),
        }
        self.known["incident"] = an_area()
        self.channels = {place: a_channel(place) for place in (COUNTY, CITY)}
        self.identity = {"people": chief, "incidents": incident}

    def address(self, app: Flask, url: UrlRule) -> str:
        values = {name: self.known[name] for name in url.arguments if name in self.known}
        if "identity" in url.arguments:
            values["identity"] = uuid.UUID(self.identity["people" if "/people/" in url.rule else "incidents"])
        if url.rule.startswith("/c/<county>/incidents/<uuid:identity>"):
            values["identity"] = self.known["incident"]
        if "/messages/" in url.rule and "identity" in url.arguments:
            values["identity"] = uuid.UUID(self.channels[CITY if "division" in url.arguments else COUNTY])
        if "division" in url.arguments:
            values["division"] = CITY
        missing = set(url.arguments) - set(values)
        assert not missing, f"{url.rule}: say here with which {sorted(missing)} it is looked at"
        return app.url_map.bind("localhost").build(url.endpoint, values)


def pages_of(app: Flask) -> Iterator[tuple[UrlRule, str]]:
    """Every address that is opened, and who opens it."""
    for url in sorted(app.url_map.iter_rules(), key=str):
        if "GET" in (url.methods or ()) and not NO_PAGES.search(url.rule) and url.endpoint != "testday.phone":
            yield url, viewer_of(getattr(app.view_functions[url.endpoint], "rule", PUBLIC))


def faults_of(page: Page, where: str, language: str, *, paper: bool) -> list[str]:
    """What is wrong with the page that is open."""
    wrong = []
    for width, height, colours in LOOKS[language]:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]
        found = axe.violations(page) + looks.too_small(page)
        if not paper:
            found += looks.too_wide(page)
        wrong += [f"{where} {width} {colours}: {fault}" for fault in found]
    page.set_viewport_size({"width": NARROWEST, "height": 640})
    if not paper:
        wrong += [f"{where} {NARROWEST}: {fault}" for fault in looks.too_wide(page)]
    if not page.title().strip():
        wrong.append(f"{where}: no title")
    return wrong


def test_every_page(app: Flask, staff: People, language: str, browser: Browser, shots: Path) -> None:
    viewers = {
        "chief_monitor": staff.by_link(browser, "chief_monitor", f"{COUNTY}/{SCHOOL}", on=desk),
        "desk": staff.by_link(browser, "desk", COUNTY, on=desk),
        "city_desk": staff.by_link(browser, "desk", CITY, on=desk),
    }
    arguments = Arguments(staff, an_incident(viewers["chief_monitor"], staff.address))
    signed_out = staff.context(browser, desk, locale={"zh": "zh-CN", "en": "en-GB"}[language]).new_page()
    wrong, seen = [], 0
    for url, viewer in pages_of(app):
        page = viewers[viewer]
        address = arguments.address(app, url)
        if url.endpoint in ("organisation.sign_in", "organisation.enter"):
            page = signed_out
        answer = page.request.get(staff.address + address)
        if answer.status != 200:
            wrong.append(f"{address}: {answer.status}")
        if "<html" not in answer.text():
            continue  # a part of a page, which is looked at with its page
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(staff.address + address)
        wrong += faults_of(page, address, language, paper=url.endpoint in PAPER)
        seen += 1
        if shots:
            staff.shot(page, f"page-{url.endpoint}-{language}")
    for place, viewer in ((f"/c/{COUNTY}", "desk"), (f"/d/{CITY}", "city_desk")):
        for look in ("wall=1", "severity=minor&q=%3Cb%3E"):  # the same page, and nothing like it
            viewers[viewer].goto(f"{staff.address}{place}/incidents?{look}")
            wrong += faults_of(viewers[viewer], f"{place}/incidents?{look}", language, paper=False)
            staff.shot(viewers[viewer], f"page-desk-{place[1]}-{look[:4]}-{language}")
    assert not wrong, "\n".join(wrong)
    assert seen > 20
    print(f"{seen} pages in {language}")


def a_channel(place: str) -> str:
    """A desk's way out that reports what was delivered, and that does not get through; its id."""
    names = ("phones", "key_id", "key_secret", "sign_name", "template")
    values = dict(zip(names, ("13800000001", "key-id-8", "key-secret", "教育局", "SMS_1"), strict=True))
    wanted = messages.Wanted(
        name="值班短信 <b>{x}",
        values=values,
        urgencies=("serious", "moderate"),
        position=1,
        per_minute=1,
        language="zh",
        enabled=True,
    )
    with writing():
        identity = messages.add(place=place, kind="sms_aliyun", wanted=wanted)
        failing = {"failing_since": utcnow(), "last_error": "aliyun isv.SMS_TEMPLATE_ILLEGAL"}
        db.session.execute(update(Channel).where(Channel.id == identity).values(**failing))
    return identity


def an_incident(page: Page, address: str) -> str:
    """The chief monitor reports one at the desk form; its id."""
    page.goto(f"{address}/c/{COUNTY}/s/{SCHOOL}/incidents/new")
    for select_ in page.locator("main form select").all():
        select_.select_option(index=select_.locator("option").count() - 1)
    for group in page.locator("main form fieldset").all():
        group.locator("input[type=radio]").last.check()
    page.locator("main form textarea[name=note]").fill("停电 <b>'%s'")
    page.locator("main form button").last.click()
    page.wait_for_url(re.compile(r"/incidents/[0-9a-f-]{36}"))
    return page.url.rsplit("/", 1)[1]


def test_every_screen_of_the_phone(app: Flask, staff: People, language: str, browser: Browser, shots: Path) -> None:
    source = (ROOT / "static/phone/routes.js").read_text()
    tables = re.findall(r"const (?:SCREENS|FETCHED) = \{(.*?)\};", source, re.DOTALL)
    assert len(tables) == 2
    routes = {name for table in tables for name in re.findall(r'^ *"?([\w-]*)"?:', table, re.MULTILINE)}
    assert routes == set(SCREENS), "a screen of the phone that is not looked at"
    page = staff.by_link(browser, "monitor", f"{COUNTY}/{SCHOOL}/{ROOM}", on=phone)
    page.locator(".now__title").wait_for()
    wrong = []
    for name, path in SCREENS.items():
        page.goto(f"{staff.address}/phone{path}")
        page.locator("main#main > *:visible").first.wait_for()
        wrong += faults_of(page, f"phone/{name}", language, paper=False)
        page.set_viewport_size({"width": 360, "height": 740})
        staff.shot(page, f"phone-{name or 'home'}-{language}")
    page.goto(f"{staff.address}/phone#/check-in/g4-chinese")
    page.locator(".seats > button").first.tap()
    expect(page.locator("dialog[open]")).to_be_visible()
    wrong += faults_of(page, "phone/student", language, paper=False)
    staff.shot(page, f"phone-student-{language}")
    visitor = staff.by_link(browser, "supervisor", CITY, on=phone)
    with visitor.expect_response("**/api/v1/snapshot") as answer:
        visitor.goto(f"{staff.address}/phone")
    assert answer.value.status == 422  # a city has no one county: told, not blamed on the network
    expect(visitor.locator("main#main .note")).to_contain_text({"zh": "巡视", "en": "On a visit"}[language])
    wrong += faults_of(visitor, "phone/visitor", language, paper=False)
    staff.shot(visitor, f"phone-visitor-{language}")
    staff.complaints[:] = [said for said in staff.complaints if "422" not in said]
    assert not wrong, "\n".join(wrong)
