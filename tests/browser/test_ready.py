"""The ready check on a real phone, and what the chief monitor and the county see of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.axe import violations
from tests.support.browser import desk
from tests.support.people import COUNTY, People, set_clock

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.parametrize("engine", ["sqlite"], indirect=True),
]
SCHOOL, ROOM = "4418230104", "01"
LITTLE_ROOM = "navigator.storage.estimate = async () => ({quota: 9e6, usage: 1e6})"


def run_check(page: Page, *, heard: bool = True) -> None:
    page.get_by_role("link", name="检查本机").tap()
    page.get_by_role("button", name="检查本机").tap()
    answer = page.locator("#heard" if heard else "#unheard")
    expect(answer).to_be_visible(timeout=60_000)
    answer.tap()


def wait_until_kept(page: Page) -> None:
    """The app is on the phone whole."""
    page.wait_for_function("async () => (await navigator.serviceWorker.ready).active?.state === 'activated'")


def test_a_check_reaches_the_chief_monitor_and_the_county(people: People, browser: Browser, seeing: Browser) -> None:
    county = people.by_link(browser, "desk", COUNTY, on=desk)
    county.goto(f"{people.address}/c/{COUNTY}/clock")
    set_clock(county, "08:05")
    chief = people.by_link(browser, "chief_monitor", f"{COUNTY}/{SCHOOL}")
    expect(chief.locator("#now-title")).to_contain_text("开始检录")
    assert violations(chief) == []
    people.shot(chief, "school-now")
    people.shot(chief, "school-now", dark=True, full=True)

    phone = people.by_link(seeing, "monitor", f"{COUNTY}/{SCHOOL}/{ROOM}")
    wait_until_kept(phone)
    people.shot(phone, "home-unchecked")
    run_check(phone)
    expect(phone.locator(".note.is-good, .note.is-warn").first).to_contain_text("本机", timeout=30_000)
    for item in ("browser", "shell", "offline", "camera", "decoder", "server", "clock", "sound"):
        expect(phone.locator(f"[data-item={item}]")).to_have_attribute("data-level", "good")
    assert violations(phone) == []
    people.shot(phone, "ready", full=True)
    people.shot(phone, "ready", dark=True, full=True)
    phone.get_by_role("link", name="回到").tap()
    expect(phone.locator("#to-ready")).to_have_count(0)

    name = people.duty("monitor", f"{COUNTY}/{SCHOOL}/{ROOM}")["person"]
    chief.goto(f"{people.address}/c/{COUNTY}/s/{SCHOOL}/phones")
    tile = chief.locator(".phone-tile", has_text=name)
    expect(tile).to_contain_text("就绪", timeout=30_000)
    assert violations(chief) == []
    people.shot(chief, "phones", full=True)
    people.shot(chief, "phones", dark=True, full=True)


def test_a_phone_that_fails_says_why_everywhere(people: People, browser: Browser, seeing: Browser) -> None:
    county = people.by_link(browser, "desk", COUNTY, on=desk)
    county.goto(f"{people.address}/c/{COUNTY}/clock")
    set_clock(county, "08:05")
    phone = people.by_link(seeing, "monitor", f"{COUNTY}/{SCHOOL}/{ROOM}")
    wait_until_kept(phone)
    phone.evaluate(LITTLE_ROOM)
    phone.context.set_offline(True)  # the check works without a network, and arrives later
    run_check(phone, heard=False)
    expect(phone.locator(".note.is-bad").first).to_contain_text("本机尚未就绪", timeout=60_000)
    storage = phone.locator("[data-item=storage]")
    expect(storage).to_have_attribute("data-level", "bad")
    expect(storage).to_contain_text("7 MB")
    expect(phone.locator("[data-item=server]")).to_have_attribute("data-level", "warn")
    expect(phone.locator("[data-item=offline]")).to_have_attribute("data-level", "good")
    people.shot(phone, "ready-bad", full=True)
    phone.context.set_offline(False)
    people.complaints.clear()  # the browser's own words about the network that was off

    name = people.duty("monitor", f"{COUNTY}/{SCHOOL}/{ROOM}")["person"]
    county.goto(f"{people.address}/c/{COUNTY}/phones")
    line = county.locator(f"#school-{SCHOOL} .phone-person", has_text=name)
    expect(line).to_contain_text("存储可能被系统清除", timeout=60_000)
    expect(line).to_contain_text("没有听到声音")
    expect(county.locator("#phones-body")).to_contain_text("所学校中 0 所就绪")
    assert violations(county) == []
    people.shot(county, "county-phones")
    people.shot(county, "county-phones", dark=True)
