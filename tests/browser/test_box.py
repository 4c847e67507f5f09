"""The phone goes into the box: a sheet on paper, and thirty ticks in under a minute when it is back."""

from __future__ import annotations

import re
import time

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from fieldops.db import db
from fieldops.journal.events import read_body
from fieldops.journal.models import EventRow
from tests.support import axe
from tests.support.browser import desk
from tests.support.looks import too_small, too_wide
from tests.support.people import COUNTY, People, set_clock

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.parametrize("engine", ["sqlite"], indirect=True),
]
SCHOOL, ROOM = "4418230101", "01"  # one room of thirty
#: What the issue promises for thirty ticks, with a person's taps between them.
A_MINUTE_S = 60
#: How long a person takes from one seat to the next.
BETWEEN_TAPS_S = 0.5


@pytest.fixture
def clock(people: People, browser: Browser) -> Page:
    page = people.by_link(browser, "desk", COUNTY, on=desk)
    page.goto(f"{people.address}/c/{COUNTY}/clock")
    set_clock(page, "08:25")
    return page


@pytest.fixture
def monitor(people: People, browser: Browser, clock: Page) -> Page:
    return people.by_link(browser, "monitor", f"{COUNTY}/{SCHOOL}/{ROOM}")


def holds(page: Page) -> None:
    """No control too small, nothing cut off, nothing that a screen reader stumbles over."""
    assert too_wide(page) == []
    assert too_small(page) == []
    assert axe.violations(page) == []


def test_into_the_box_and_thirty_ticks_afterwards(app: Flask, people: People, monitor: Page, clock: Page) -> None:
    monitor.locator(".phone-nav__link", has_text="场次").tap()
    expect(monitor.locator("#spoken")).to_have_text(re.compile(r"^\d{3} \d{3} \d{4}$"))
    monitor.locator("#into-box").tap()
    expect(monitor.locator(".sheet__seat")).to_have_count(30)
    expect(monitor.locator("a.state-line")).to_contain_text("已全部送达")
    holds(monitor)
    people.shot(monitor, "box", full=True)
    people.shot(monitor, "box", dark=True)
    monitor.emulate_media(media="print")
    expect(monitor.locator(".phone__head")).to_be_hidden()
    expect(monitor.locator("#print")).to_be_hidden()
    people.shot(monitor, "box-print", full=True)
    printed = monitor.pdf(path=people.shots / "box.pdf", format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    monitor.emulate_media(media="screen")
    clock.goto(f"{people.address}/c/{COUNTY}/s/{SCHOOL}/board")
    expect(clock.locator(f"#room-{ROOM} .chip--boxed")).to_contain_text("08:25")

    clock.goto(f"{people.address}/c/{COUNTY}/clock")
    set_clock(clock, "10:40")
    expect(monitor.locator(".phone-clock")).to_have_text("10:40", timeout=20_000)
    monitor.context.set_offline(True)
    monitor.locator("#back").tap()
    seats = monitor.locator(".seats--ticks > button")
    expect(seats).to_have_count(30)
    holds(monitor)
    people.shot(monitor, "box-back-open", full=True)
    began = time.monotonic()
    for number in range(30):
        seats.nth(number).tap()
        if number in (4, 17):
            seats.nth(number).tap()
        time.sleep(BETWEEN_TAPS_S)
    for _ in range(5):  # the stated time: ten to nine
        monitor.get_by_role("group", name="发生时间（全体）").get_by_role("button", name="早 1 分钟").tap()
    monitor.get_by_role("group", name="发生时间（全体）").get_by_role("button", name="早 5 分钟").tap()
    expect(monitor.locator(".box-counts")).to_contain_text("已检录 28 · 缺测 2 · 未录 0")
    people.shot(monitor, "box-back")
    people.shot(monitor, "box-back", dark=True)
    monitor.get_by_text("本场已开始").tap()
    monitor.get_by_text("本场已结束").tap()
    monitor.locator("#save").tap()
    expect(monitor.locator(".note.is-good").first).to_contain_text("33")
    took = time.monotonic() - began
    print(f"thirty ticks, two of them twice, the stated time, start and end: {took:.1f} s")
    assert took < A_MINUTE_S
    people.shot(monitor, "box-done", full=True)
    expect(monitor.locator("a.state-line")).to_contain_text("待发送 33 条")
    monitor.context.set_offline(False)
    expect(monitor.locator("a.state-line")).to_contain_text("已全部送达", timeout=30_000)

    people.complaints[:] = [line for line in people.complaints if "ERR_INTERNET_DISCONNECTED" not in line]
    with app.app_context():
        rows = [read_body(body) for body in db.session.scalars(select(EventRow.body).order_by(EventRow.seq))]
    ticks = [event for event in rows if event.kind.startswith("attendance.")]
    assert len(ticks) == 30
    assert sum(event.kind == "attendance.absent" for event in ticks) == 2
    assert {event.occurred_at.strftime("%H:%M") for event in ticks} == {"00:50"}
    assert all("late_entry" in event.flags for event in ticks)
    times = {event.kind: event.occurred_at.strftime("%H:%M") for event in rows if event.kind.startswith("sitting.")}
    assert (times["sitting.started"], times["sitting.ended"]) == ("01:00", "02:20")
    assert "sitting.phone_back" in times
    clock.goto(f"{people.address}/c/{COUNTY}/s/{SCHOOL}/board")
    expect(clock.locator(f"#room-{ROOM} .chip--boxed")).to_have_count(0)


def test_a_seat_with_a_time_of_its_own(people: People, monitor: Page, clock: Page) -> None:
    monitor.locator(".phone-nav__link", has_text="场次").tap()
    monitor.locator("#into-box").tap()
    set_clock(clock, "10:40")
    expect(monitor.locator(".phone-clock")).to_have_text("10:40", timeout=20_000)
    monitor.locator("#back").tap()
    seat = monitor.locator(".seats--ticks > button").first
    seat.click(delay=800)
    sheet = monitor.locator("dialog[open]")
    sheet.get_by_role("button", name="晚 5 分钟").tap()
    people.shot(monitor, "box-seat-time")
    sheet.get_by_role("button", name="确定").tap()
    expect(seat).to_contain_text("09:05")
    expect(seat).to_have_attribute("data-tick", "present")
    seat.focus()
    monitor.keyboard.press("Enter")
    expect(seat).to_have_attribute("data-tick", "absent")
    monitor.locator("#rest").tap()
    expect(monitor.locator(".box-counts")).to_contain_text("已检录 29 · 缺测 1 · 未录 0")
