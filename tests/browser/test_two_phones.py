"""Two phones on one list, with clocks seven minutes apart; and a phone that can keep nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from fieldops.db import db, writing
from fieldops.demo import install
from fieldops.journal.events import read_body
from fieldops.journal.models import EventRow
from fieldops.organisation import service as organisation
from fieldops.testday.models import Attendance
from tests.support.browser import phone
from tests.support.outbox import (
    PATIENCE_MS,
    PLACE,
    all_sent,
    check_in,
    facts,
    monitor,
    once_each,
    other_complaints,
    to_check_in,
)
from tests.support.people import COUNTY, People
from tests.support.server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
OTHER = "韩梅梅 <b>%s"
SLOW_CLOCK = """() => {
  const Right = Date;
  const by = -7 * 60_000;
  globalThis.Date = class extends Right {
    constructor(...given) { if (given.length) super(...given); else super(Right.now() + by); }
    static now() { return Right.now() + by; }
  };
}"""
FULL = """() => {
  const begin = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (stores, mode, options) {
    if (mode === 'readwrite') throw new DOMException('full', 'QuotaExceededError');
    return begin.call(this, stores, mode, options);
  };
  window.__room = () => { IDBDatabase.prototype.transaction = begin; };
}"""


@pytest.fixture
def people(app: Flask, live_server: LiveServer, shots: Path) -> Iterator[People]:
    """As everywhere, but the network may be complained of."""
    staff = People(live_server.url, shots)
    yield staff
    staff.leave()
    assert other_complaints(staff) == []


def second_monitor(app: Flask, people: People, browser: Browser) -> Page:
    """Another monitor of the same room, on a phone of their own whose clock is seven minutes slow."""
    with app.app_context(), writing():
        person = organisation.add_person(home=COUNTY, name=OTHER, locale="zh")
        organisation.give_duty(person=person.id, role="monitor", place=PLACE, window=install.WINDOW, by=None)
        code = organisation.new_sign_in_code(person=person.id)
    context = people.context(browser, phone)
    context.add_init_script(f"({SLOW_CLOCK})()")
    page = context.new_page()
    page.goto(f"{people.address}/enter/{code}")
    page.locator("main form button").click()
    page.wait_for_url(lambda url: "/enter/" not in url)
    expect(page.locator(".who__name")).to_be_visible()
    return page


def test_both_are_right_and_the_later_is_told(app: Flask, people: People, browser: Browser) -> None:
    mine = monitor(people, browser)
    theirs = second_monitor(app, people, browser)
    for page in (mine, theirs):
        to_check_in(page)
    theirs.context.set_offline(True)
    check_in(theirs, 1)  # first, though their clock says seven minutes earlier still, and it arrives last
    check_in(mine, 1, 2)
    all_sent(mine)
    expect(mine.locator(".check-in__told p")).to_have_count(0)
    theirs.context.set_offline(False)
    all_sent(theirs)
    told = mine.locator(".check-in__told")
    expect(told).to_contain_text(f"{OTHER}已于", timeout=PATIENCE_MS)
    expect(told).to_contain_text("在另一部手机上先检录")
    people.shot(mine, "told-of-the-first")
    mine.get_by_role("button", name="名单").click()
    expect(mine.locator(".list__item").first).to_contain_text("先检录")
    expect(theirs.locator(".check-in__told p")).to_have_count(0)
    for page in (mine, theirs):
        expect(page.locator(".check-in__counts .counts__number")).to_have_text(["15", "2", "0"], timeout=PATIENCE_MS)
    once_each(app, mine, theirs)
    first, later = facts(theirs)[0], facts(mine)[0]
    with app.app_context():
        bodies = {
            row.id: read_body(row.body)
            for row in db.session.scalars(select(EventRow).where(EventRow.id.in_([first["id"], later["id"]])))
        }
        stands = db.session.scalars(
            select(Attendance.checked_in_at).where(Attendance.student == first["event"]["student"])
        ).one()
        db.session.rollback()
    assert stands == bodies[first["id"]].occurred_at
    apart = (bodies[later["id"]].occurred_at - stands).total_seconds()
    assert 0 < apart < 120, "corrected times are of the same minutes"
    assert "clock_off" in bodies[first["id"]].flags
    assert "clock_off" not in bodies[later["id"]].flags


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_cannot_be_kept_is_never_shown_as_noted(app: Flask, people: People, browser: Browser) -> None:
    page = monitor(people, browser)
    to_check_in(page)
    page.evaluate(FULL)
    page.locator(".seats > button").first.tap()
    page.locator("dialog[open]").get_by_role("button", name="检录", exact=True).tap()
    fault = page.locator("#fault")
    expect(fault).to_contain_text("没有记上！")
    expect(fault).to_contain_text("手机存储已满")
    expect(page.locator(".verdict.is-good")).to_have_count(0)
    expect(page.locator(".check-in__counts .counts__number")).to_have_text(["15", "0", "0"])
    people.shot(page, "not-noted")
    people.shot(page, "not-noted", dark=True)
    page.keyboard.press("Escape")
    expect(fault).to_be_visible()
    fault.get_by_role("button", name="再试一次").tap()
    expect(fault).to_contain_text("没有记上！")
    page.evaluate("() => window.__room()")
    fault.get_by_role("button", name="再试一次").tap()
    expect(fault).to_have_count(0)
    expect(page.locator(".check-in__counts .counts__number")).to_have_text(["15", "1", "0"])
    all_sent(page)
    once_each(app, page)
    page.goto(page.url.split("#")[0] + "#/sync")
    people.shot(page, "what-is-sent", full=True)
