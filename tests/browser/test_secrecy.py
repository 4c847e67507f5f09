"""Names leave the phone: on signing out, on revocation, for the next person, at the close of the day; facts stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from fieldops.db import db, writing
from fieldops.demo import install
from fieldops.organisation import service as organisation
from fieldops.organisation.models import Device
from fieldops.roster.models import Student
from fieldops.testday import days, queries
from fieldops.timetable import service as timetable
from tests.support.browser import desk
from tests.support.people import COUNTY, People

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.parametrize("engine", ["sqlite"], indirect=True),
]
SCHOOL, ROOM = "4418230104", "01"
PLACE = f"{COUNTY}/{SCHOOL}/{ROOM}"
#: All that the browser keeps of this origin, read raw: bytes as characters, so that a name in clear would be seen.
DISK = """async () => {
  const text = (value) => {
    if (value instanceof ArrayBuffer) return new TextDecoder().decode(value);
    if (ArrayBuffer.isView(value)) return new TextDecoder().decode(value);
    if (value instanceof CryptoKey) return {key: value.type, extractable: value.extractable};
    return value;
  };
  const kept = {indexedDB: {}, caches: {}, cookies: document.cookie,
    localStorage: {...localStorage}, sessionStorage: {...sessionStorage}};
  for (const {name} of await indexedDB.databases()) {
    const db = await new Promise((resolve, reject) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    for (const store of db.objectStoreNames) {
      const read = (how) => new Promise((resolve, reject) => {
        const request = db.transaction(store).objectStore(store)[how]();
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const [keys, values] = [await read('getAllKeys'), await read('getAll')];
      kept.indexedDB[`${name}/${store}`] = keys.map((key, i) => [key, values[i]]);
    }
    db.close();
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      kept.caches[request.url] = await (await cache.match(request)).text();
    }
  }
  return JSON.stringify(kept, (_, value) => text(value));
}"""


def disk(page: Page) -> str:
    kept: str = page.evaluate(DISK)
    return kept


def names(app: Flask) -> list[str]:
    with app.app_context():
        found = db.session.scalars(select(Student.name).where(Student.county == COUNTY, Student.school == SCHOOL))
        return list(found)


def named(text: str, people: list[str]) -> list[str]:
    return [name for name in people if name in text]


def vault(page: Page) -> dict[str, Any] | None:
    meta = dict(json.loads(disk(page))["indexedDB"]["fieldops/meta"])
    return meta.get("vault")


def enter(people: People, browser: Browser) -> Page:
    """A monitor's phone with the list of the room on its screen."""
    page = people.by_link(browser, "monitor", PLACE)
    page.locator(".phone-nav__link").nth(1).tap()
    expect(page.locator(".seats > button")).to_have_count(15)
    return page


def check_in(page: Page, seat: int) -> None:
    page.locator(".seats > button").nth(seat - 1).tap()
    page.locator("dialog[open]").get_by_role("button", name="检录", exact=True).tap()


def newest_device() -> Device:
    found = db.session.scalars(select(Device).where(Device.revoked_at.is_(None)).order_by(Device.enrolled_at)).all()
    return found[-1]


def link_again(app: Flask, people: People) -> str:
    """A new sign-in link for whoever signed in last."""
    with app.app_context():
        who = db.session.scalars(select(Device.person).order_by(Device.enrolled_at.desc())).first()
        with writing():
            return f"{people.address}/enter/{organisation.new_sign_in_code(person=str(who))}"


def follow(page: Page, link: str) -> None:
    page.goto(link)
    page.locator("main form button").click()
    page.wait_for_url(lambda url: "/enter/" not in url)


@pytest.fixture
def cut(people: People) -> Iterator[None]:
    """A test that cuts the network or ends a sign-in: the browser says so of each request, and of nothing else."""
    yield
    people.complaints[:] = [
        each for each in people.complaints if "/api/v1/" not in each and "Failed to load resource" not in each
    ]


def sign_out(page: Page, people: People) -> None:
    page.goto(f"{people.address}/me")
    page.get_by_role("button", name="退出登录").first.click()


def test_nothing_on_the_disk_names_a_student(app: Flask, people: People, browser: Browser, live_server) -> None:  # type: ignore[no-untyped-def]
    children = names(app)
    assert len(children) >= 30
    page = enter(people, browser)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.url} {request.post_data or ''}"))
    assert len(named(page.locator("body").inner_text(), children)) >= 15, "the names are on the screen"
    check_in(page, 1)
    page.get_by_role("searchbox").fill(children[0])
    expect(page.locator("a.state-line")).to_contain_text("已全部送达")
    page.reload()
    page.locator(".phone-nav__link").nth(1).tap()
    expect(page.locator(".seats > button")).to_have_count(15)

    sealed = vault(page)
    assert sealed is not None
    assert sealed["key"] == {"key": "secret", "extractable": False}
    assert named(disk(page), children) == []
    assert named("".join(asked), children) == []
    sign_out(page, people)
    page.wait_for_url("**/sign-in")
    assert vault(page) is None
    assert named(disk(page), children) == []
    assert named(live_server.log.read_text(), children) == []


@pytest.mark.usefixtures("cut")
def test_signing_out_keeps_what_is_not_sent_and_says_so(app: Flask, people: People, browser: Browser) -> None:
    children = names(app)
    page = enter(people, browser)
    other = people.tab(page, "/phone#/check-in/g4-chinese")
    expect(other.locator(".seats > button")).to_have_count(15)
    page.context.route("**/api/v1/events", lambda route: route.abort())
    check_in(page, 1)
    check_in(page, 2)
    expect(page.locator("a.state-line")).to_contain_text("待发送 2 条")
    page.once("dialog", lambda dialog: dialog.dismiss())
    with page.expect_event("dialog") as asked:
        sign_out(page, people)
    assert "2 条" in asked.value.message
    assert vault(page) is not None, "who says no stays signed in"

    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="退出登录").first.click()
    page.wait_for_url("**/sign-in")
    assert vault(page) is None
    # The other tab hears of it: no name in it any more.
    expect(other.locator(".seats > button")).to_have_count(0)
    assert named(other.locator("body").inner_text(), children) == []
    other.close()
    page.goto(f"{people.address}/phone")
    expect(page.locator(".note")).to_contain_text("名单已从本机删除")
    expect(page.locator(".note")).to_contain_text("2 条")
    people.shot(page, "secrecy-signed-out")

    page.context.unroute("**/api/v1/events")
    follow(page, link_again(app, people))
    expect(page.locator("a.state-line")).to_contain_text("已全部送达", timeout=15_000)
    page.locator(".phone-nav__link").nth(1).tap()
    expect(page.locator(".check-in__counts .counts__number").nth(1)).to_have_text("2")


@pytest.mark.usefixtures("cut")
def test_a_page_without_scripts_signs_out_too(people: People, browser: Browser) -> None:
    page = enter(people, browser)
    # The sign-in's cookies are gone, as after a page whose scripts did not run; the phone is opened without a network.
    page.route("**/api/v1/**", lambda route: route.abort())
    page.context.clear_cookies()
    page.goto(f"{people.address}/phone")
    expect(page.locator(".note")).to_be_visible()
    assert vault(page) is None


@pytest.mark.usefixtures("cut")
def test_revocation_wipes_at_next_contact_and_a_portal_does_not(app: Flask, people: People, browser: Browser) -> None:
    children = names(app)
    page = enter(people, browser)

    def portal(route: Route) -> None:
        route.fulfill(status=401, content_type="text/html", body="<html>Sign in to the hotel's network</html>")

    page.route("**/api/v1/**", portal)
    check_in(page, 1)
    expect(page.locator("a.state-line")).to_contain_text("待发送 1 条")
    page.reload()
    page.locator(".phone-nav__link").nth(1).tap()
    expect(page.locator(".seats > button")).to_have_count(15)
    assert vault(page) is not None

    page.locator(".seats > button").nth(2).tap()
    expect(page.locator("dialog[open]")).to_be_visible()
    with app.app_context(), writing():
        organisation.revoke_device(device_id=newest_device().id, by=None)
    page.unroute("**/api/v1/**")
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    expect(page.locator(".note")).to_contain_text("名单已从本机删除", timeout=15_000)
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert named(page.locator("body").inner_text(), children) == []
    assert vault(page) is None
    facts = json.loads(disk(page))["indexedDB"]["fieldops/facts"]
    assert [fact["state"] in ("waiting", "unconfirmed") for _, fact in facts] == [True]
    assert named(disk(page), children) == []


def test_the_next_person_on_the_phone_never_sees_the_names_of_the_one_before(people: People, browser: Browser) -> None:
    page = enter(people, browser)
    before = vault(page)
    follow(page, people.duty("monitor", f"{COUNTY}/4418230102/01")["sign_in_url"])
    expect(page.locator(".who__name")).to_be_visible()
    after = vault(page)
    assert before is not None
    assert after is not None
    assert before["person"] != after["person"]


# --- the lock and the close -------------------------------------------------------------------------------------------


def set_time(app: Flask, wall: str, day: str = "2024-05-20") -> None:
    with app.app_context(), writing():
        shows = datetime.fromisoformat(f"{day}T{wall}:00+08:00").astimezone(UTC)
        timetable.set_clock(window=install.WINDOW, shows=shows, by=None)


def set_policy(app: Flask, name: str, value: int) -> None:
    with app.app_context(), writing():
        timetable.set_policy(window=install.WINDOW, name=name, value=value, origin="test", by=None)


def contact(page: Page) -> None:
    page.evaluate("() => window.dispatchEvent(new Event('online'))")


@pytest.mark.usefixtures("cut")
def test_the_list_opens_by_a_code_without_a_network(app: Flask, people: People, browser: Browser) -> None:
    children = names(app)
    set_policy(app, "roster_release_min", 60)
    set_time(app, "06:00")
    page = people.by_link(browser, "monitor", PLACE)
    expect(page.locator(".note").first).to_contain_text("名单已加密存放在本机")
    expect(page.locator(".note").first).to_contain_text("07:20")
    people.shot(page, "secrecy-sealed")
    people.shot(page, "secrecy-sealed", dark=True)
    assert named(disk(page), children) == []
    assert named(page.locator("body").inner_text(), children) == []

    page.route("**/api/v1/**", lambda route: route.abort())  # no network from here on
    set_time(app, "07:30")
    desk_page = people.by_password(browser, COUNTY)
    desk_page.goto(f"{people.address}/c/{COUNTY}/release")
    people.shot(desk_page, "secrecy-release-desk")
    desk_page.locator(f"section:has(#school-{SCHOOL})").get_by_role("button").click()
    code = desk_page.locator(".spoken-code").inner_text()
    people.shot(desk_page, "secrecy-code-desk")
    with app.app_context():
        school = queries.reference(COUNTY, install.WINDOW).schools["4418230102"]
        other = days.release_code(COUNTY, install.WINDOW, school.code, date(2024, 5, 20))

    page.get_by_role("link", name="输入名单解锁码").tap()
    field = page.get_by_role("textbox")
    button = page.get_by_role("button", name="打开名单")
    field.press_sequentially("abc")
    expect(page.locator(".field [role=status]")).to_contain_text("3 位")
    field.fill("")
    wrong = code.strip()[:-1] + ("7" if code.strip()[-1] != "7" else "8")
    field.press_sequentially(wrong.lower().replace(" ", ""))
    expect(page.locator(".field [role=status]")).to_contain_text("有一位不对")
    people.shot(page, "secrecy-code-wrong")
    field.fill(other)
    button.tap()
    expect(page.locator(".field [role=status]")).to_contain_text("其他学校或其他日期")
    field.fill("")
    field.press_sequentially(code.strip().lower().replace(" ", ""))
    expect(field).to_have_value(code.strip())
    people.shot(page, "secrecy-code")
    button.tap()
    expect(page.locator(".note").first).to_contain_text("名单已打开")
    page.locator(".phone-nav__link").nth(1).tap()
    expect(page.locator(".seats > button")).to_have_count(15)
    check_in(page, 1)
    assert named(disk(page), children) == []

    page.reload()  # still without a network
    page.locator(".phone-nav__link").nth(1).tap()
    expect(page.locator(".seats > button")).to_have_count(15)
    page.unroute("**/api/v1/**")
    contact(page)
    expect(page.locator("a.state-line")).to_contain_text("已全部送达", timeout=15_000)
    expect(page.locator(".seats > button")).to_have_count(15)


def test_the_close_of_the_day_takes_the_names_and_the_next_morning_brings_them(
    app: Flask, people: People, browser: Browser
) -> None:
    children = names(app)
    page = enter(people, browser)
    check_in(page, 1)
    expect(page.locator("a.state-line")).to_contain_text("已全部送达")
    before = vault(page)
    set_time(app, "17:30")
    chief = people.by_link(browser, "chief_monitor", f"{COUNTY}/{SCHOOL}", on=desk)
    chief.goto(f"{people.address}/c/{COUNTY}/s/{SCHOOL}/day")
    people.shot(chief, "secrecy-day-open", full=True)
    expect(chief.locator("#day-2024-05-20 ~ ul li").first).to_be_visible()
    chief.locator("input[name=confirm]").check()
    chief.get_by_role("button", name="结束当天工作").click()
    expect(chief.locator("#messages")).to_contain_text("当天工作已结束")
    people.shot(chief, "secrecy-day-closed", full=True)

    page.locator("dialog").count()
    expect(page.locator(".seats > button")).to_have_count(0, timeout=15_000)
    page.goto(f"{people.address}/phone#/")
    expect(page.locator(".note").first).to_contain_text("当天工作已结束，名单已从本机删除")
    people.shot(page, "secrecy-phone-closed")
    assert named(page.locator("body").inner_text(), children) == []
    assert named(disk(page), children) == []
    after = vault(page)
    assert before is not None
    assert after is not None
    facts = json.loads(disk(page))["indexedDB"]["fieldops/facts"]
    assert [fact["state"] for _, fact in facts] == ["received"]

    chief.goto(f"{people.address}/c/{COUNTY}/s/{SCHOOL}/board")
    expect(chief.locator("#closed-2024-05-20")).to_be_visible()
    set_time(app, "08:00", "2024-05-21")
    contact(page)
    page.locator(".phone-nav__link").nth(1).tap()
    expect(page.locator(".seats > button")).to_have_count(15, timeout=15_000)


@pytest.mark.usefixtures("cut")
def test_the_last_day_closes_on_a_phone_without_a_network_too(app: Flask, people: People, browser: Browser) -> None:
    children = names(app)
    set_time(app, "08:30", "2024-05-21")
    page = people.by_link(browser, "monitor", PLACE)
    page.locator(".phone-nav__link").nth(1).tap()
    expect(page.locator(".seats > button")).to_have_count(15)
    page.route("**/api/v1/**", lambda route: route.abort())
    page.clock.install()
    page.clock.fast_forward("30:00:00")
    expect(page.locator(".seats > button")).to_have_count(0, timeout=15_000)
    assert named(disk(page), children) == []
    assert named(page.locator("body").inner_text(), children) == []
