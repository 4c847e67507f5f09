"""A phone that cannot send: its facts leave it as codes for another phone, or as a file; once, with its own ids."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from fieldops.db import db
from fieldops.journal.models import EventRow
from tests.support import axe
from tests.support.browser import desk
from tests.support.camera import Camera
from tests.support.looks import too_small, too_wide
from tests.support.people import COUNTY, People, set_clock
from tests.support.shell import whole

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.parametrize("engine", ["sqlite"], indirect=True),
]
SCHOOL, ROOM = "4418230101", "01"


@pytest.fixture
def clock(people: People, browser: Browser) -> Page:
    page = people.by_link(browser, "desk", COUNTY, on=desk)
    page.goto(f"{people.address}/c/{COUNTY}/clock")
    set_clock(page, "08:45")
    return page


@pytest.fixture
def lost(people: People, browser: Browser, clock: Page) -> Page:
    """The monitor's phone: ten students checked in, and no network since."""
    page = people.by_link(browser, "monitor", f"{COUNTY}/{SCHOOL}/{ROOM}", accept_downloads=True)
    page.locator(".phone-nav__link", has_text="检录").tap()
    expect(page.locator(".phone-clock")).to_have_text("08:45")
    whole(page)
    page.context.set_offline(True)
    for number in range(10):
        page.locator(".seats > button").nth(number).tap()
        page.locator("dialog[open]").get_by_role("button", name="检录", exact=True).tap()
        expect(page.locator("a.state-line")).to_contain_text(f"待发送 {number + 1} 条")
    return page


def checked_in(app: Flask) -> list[EventRow]:
    with app.app_context():
        db.session.rollback()
        return list(db.session.scalars(select(EventRow).where(EventRow.kind == "attendance.checked_in")))


def holds(page: Page) -> None:
    assert too_wide(page) == []
    assert too_small(page) == []
    assert axe.violations(page) == []


def comes_back(people: People, app: Flask, lost: Page, brought: list[EventRow]) -> None:
    """The lost phone finds the network again: told that all is there, and nothing is there twice."""
    lost.locator("a.state-line").tap()
    expect(lost.locator(".handed")).to_contain_text("尚未确认：10 条")
    people.shot(lost, "handed")
    lost.context.set_offline(False)
    expect(lost.locator("a.state-line")).to_contain_text("已全部送达", timeout=30_000)
    expect(lost.locator(".handed")).to_have_count(0)
    after = checked_in(app)
    assert [row.id for row in after] == [row.id for row in brought]
    people.complaints[:] = [line for line in people.complaints if "ERR_INTERNET_DISCONNECTED" not in line]


def test_codes_from_phone_to_phone(
    app: Flask, people: People, browser: Browser, seeing: Browser, camera: Camera, lost: Page
) -> None:
    lost.locator("a.state-line").tap()
    people.shot(lost, "sync-ways", full=True)
    lost.get_by_role("link", name="转交记录").tap()
    expect(lost.locator(".frames__count")).to_contain_text("第 ")
    holds(lost)
    people.shot(lost, "frames", full=True)
    people.shot(lost, "frames", dark=True)
    lost.locator("#pause").tap()
    count = int(lost.locator(".frames__count").inner_text().split("共")[1].split("码")[0])
    assert 3 <= count <= 12

    chief = people.by_link(seeing, "chief_monitor", f"{COUNTY}/{SCHOOL}")
    chief.goto(f"{people.address}/phone#/take-over")
    chief.get_by_role("button", name="打开摄像头").tap()
    expect(chief.locator(".camera")).to_have_attribute("data-state", "on")
    chief.context.set_offline(True)  # no network here either, for now
    camera.show_code("F10123456789ABCDEFK")
    expect(chief.locator(".note.is-warn")).to_contain_text("这不是转交用的二维码")
    for shown in range(count):
        camera.show(lost.locator(".frames__sheet"), height=600, tilt=3.0, blur=0.8)
        if shown < count - 1:
            expect(chief.locator("#frames")).to_contain_text(f"已读 {shown + 1} 码", timeout=15_000)
        if shown == 0:
            holds(chief)
            people.shot(chief, "take-over", full=True)
        lost.locator("#next-code").tap()
    expect(chief.locator(".carried")).to_have_attribute("data-state", "waiting", timeout=15_000)
    assert checked_in(app) == []
    chief.context.set_offline(False)
    expect(chief.locator(".carried")).to_have_attribute("data-state", "taken", timeout=40_000)
    expect(chief.locator(".carried")).to_contain_text("新记录 10 条")
    people.shot(chief, "taken-over", full=True)
    people.shot(chief, "taken-over", dark=True)
    brought = checked_in(app)
    assert len(brought) == 10
    who = people.duty("monitor", f"{COUNTY}/{SCHOOL}/{ROOM}")
    assert {row.room for row in brought} == {ROOM}
    with app.app_context():
        from fieldops.organisation import queries

        assert {queries.person(str(row.person)).name for row in brought} == {who["person"]}  # type: ignore[union-attr]

    lost.locator("#handed").tap()
    expect(lost.locator(".note.is-good").first).to_contain_text("已转交")
    comes_back(people, app, lost, brought)


def test_a_file_to_a_colleague_and_to_the_county(
    app: Flask, people: People, browser: Browser, lost: Page, clock: Page, tmp_path: Path
) -> None:
    lost.locator("a.state-line").tap()
    lost.get_by_role("link", name="转交记录").tap()
    with lost.expect_download() as saved:
        lost.locator("#file").tap()
    file = tmp_path / saved.value.suggested_filename
    assert file.suffix == ".fieldops"
    saved.value.save_as(file)
    assert "441823" not in file.read_text().replace(file.name, "")
    expect(lost.locator(".note.is-good")).to_contain_text("交给主监测员")

    clock.goto(f"{people.address}/c/{COUNTY}/hand-over")
    people.shot(clock, "desk-hand-over")
    clock.locator("input[type=file]").set_input_files(file)
    clock.get_by_role("button", name="接收").click()
    expect(clock.locator("main .note")).to_contain_text("新增")
    expect(clock.locator(".note dd").first).to_have_text("10")
    assert axe.violations(clock) == []
    people.shot(clock, "desk-hand-over-done")
    brought = checked_in(app)
    assert len(brought) == 10

    # The colleague's phone brings the same once more, and a picture that somebody took for it.
    colleague = people.by_link(browser, "chief_monitor", f"{COUNTY}/{SCHOOL}")
    colleague.goto(f"{people.address}/phone#/take-over")
    picture = tmp_path / "photo.fieldops"
    picture.write_bytes(b"\x89PNG\r\n" + bytes(200))
    colleague.locator("input[type=file]").set_input_files(picture)
    expect(colleague.locator(".note.is-bad")).to_contain_text("这不是转交文件")
    colleague.locator("input[type=file]").set_input_files(file)
    expect(colleague.locator(".carried")).to_contain_text("先前已有 10 条", timeout=20_000)
    assert [row.id for row in checked_in(app)] == [row.id for row in brought]
    comes_back(people, app, lost, brought)


def test_ten_digits_over_the_telephone(people: People, lost: Page, clock: Page) -> None:
    """The monitor reads them out, the county keys them in; the board shows them as spoken until the phone is back."""
    lost.locator(".phone-nav__link", has_text="场次").tap()
    digits = lost.locator("#spoken").inner_text()
    people.shot(lost, "spoken-phone", full=True)
    room = f"/c/{COUNTY}/s/{SCHOOL}/r/{ROOM}"
    clock.goto(f"{people.address}{room}?session=g4-chinese")
    clock.get_by_role("link", name="录入口报码").click()
    misheard = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    clock.locator("input[name=code]").fill(misheard)
    clock.get_by_role("button", name="查看内容").click()
    expect(clock.get_by_role("alert")).to_contain_text("听错了")
    assert [line for line in people.complaints if "/spoken" in line and "422" in line]
    clock.locator("input[name=code]").fill(digits)
    people.shot(clock, "spoken-desk-wrong")
    clock.locator("input[name=code]").press("Enter")
    expect(clock.locator(".facts dd").first).to_have_text("10")
    assert axe.violations(clock) == []
    people.shot(clock, "spoken-desk")
    clock.get_by_role("button", name="正确，记为口头报告").click()
    expect(clock.locator(".counts__item--present dd")).to_have_text("10")
    expect(clock.locator(".chip--spoken").first).to_be_visible()
    people.shot(clock, "spoken-room", full=True)
    people.shot(clock, "spoken-room", dark=True)
    clock.goto(f"{people.address}/c/{COUNTY}/s/{SCHOOL}/board")
    tile = clock.locator(f"#room-{ROOM}")
    expect(tile.locator(".chip--spoken")).to_contain_text("口头")
    expect(tile.locator(".counts__item--present dd")).to_have_text("10")
    people.shot(clock, "spoken-board")

    lost.context.set_offline(False)
    lost.locator("a.state-line").tap()
    expect(lost.locator("a.state-line")).to_contain_text("已全部送达", timeout=30_000)
    expect(tile.locator(".chip--spoken")).to_have_count(0, timeout=30_000)
    expect(tile.locator(".counts__item--present dd")).to_have_text("10")
    expected = ("ERR_INTERNET_DISCONNECTED", "/spoken")  # no network, and the code that was misheard
    people.complaints[:] = [line for line in people.complaints if not any(part in line for part in expected)]
