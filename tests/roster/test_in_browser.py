"""The desk's screens of timetable and roster in a real browser: accessible, at home on a phone, printed as they should.

`FIELDOPS_PICTURES=<folder>` keeps a picture of each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from fieldops.db import writing
from fieldops.organisation.rules import cookie_name
from fieldops.roster import service
from fieldops.roster.files import SourceFile
from fieldops.timetable import service as timetable
from tests.roster.sheets import HEADINGS, student, xlsx
from tests.support import axe, planned
from tests.support.browser import desk, phone
from tests.support.planned import COUNTY, WINDOW
from tests.support.server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("engine", ["sqlite"], indirect=True)]
FIRST = "4418230101"
SCHOOL = f"/c/{COUNTY}/s/{FIRST}"
NAMES = ["张三", "李小明", "阿卜杜热西提·买买提江·吐尔逊", "O'Neil <b>", "𠮷田", "欧阳娜娜"]
PAGES = {
    "timetable": f"/c/{COUNTY}/timetable",
    "policies": f"/c/{COUNTY}/policies",
    "policy": f"/c/{COUNTY}/policies/late_cut_off_min",
    "clock": f"/c/{COUNTY}/clock",
    "roster": f"/c/{COUNTY}/roster",
    "school": f"{SCHOOL}/roster",
    "cards": f"{SCHOOL}/cards",
}


def report(count: int = 30, name: str | None = None) -> bytes:
    rows = [
        student(
            n if n <= 12 else n - 12,
            room="01" if n <= 12 else "02",
            name=name or NAMES[n % len(NAMES)],
            code=f"{FIRST}{n:02d}",
            exempt="右手骨折" if n == 7 else "",
        )
        for n in range(1, count + 1)
    ]
    return xlsx([HEADINGS, *rows])


@pytest.fixture
def county(app: Flask) -> str:
    """A county with a roster; its desk's token."""
    planned.places()
    planned.window()
    planned.timetables()
    token = planned.sign_in(locale="zh")
    with writing():
        timetable.set_clock(window=WINDOW, shows=planned.MORNING, by=None)
        timetable.set_policy(window=WINDOW, name="late_cut_off_min", value=20, origin="手册第12页", by=None)
        files = [SourceFile("阳山县第一小学.xlsx", report())]
        service.apply(service.plan(county=COUNTY, window=WINDOW, files=files), by=None)
    return token


def signed_in(context: BrowserContext, server: LiveServer, token: str) -> Page:
    context.add_cookies([{"name": cookie_name(), "value": token, "url": server.url}])
    return context.new_page()


@pytest.fixture
def pages(app: Flask, county: str, live_server: LiveServer, browser: Browser) -> Iterator[dict[str, Page]]:
    """The desk signed in on a phone and on a wide screen."""
    with phone(browser) as small, desk(browser) as wide:
        yield {"phone": signed_in(small, live_server, county), "desk": signed_in(wide, live_server, county)}


def picture(page: Page, name: str) -> None:
    folder = os.environ.get("FIELDOPS_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def looked_at(page: Page, name: str) -> None:
    """Accessible, and nothing to be scrolled sideways."""
    picture(page, name)
    assert axe.violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "wider than the screen"


def test_every_screen(pages: dict[str, Page], live_server: LiveServer) -> None:
    for size, page in pages.items():
        for name, url in PAGES.items():
            answer = page.goto(live_server.url + url)
            assert answer is not None
            assert answer.status == 200, name
            if not (name == "cards" and size == "phone"):  # a sheet of paper is as wide as paper
                looked_at(page, f"{name}-{size}")


def test_a_report_is_checked_seen_and_applied(pages: dict[str, Page], live_server: LiveServer) -> None:
    for size, page in pages.items():
        page.goto(live_server.url + PAGES["roster"])
        wrong = report(3, name=" ")
        files = [{"name": "名单.xlsx", "mimeType": "application/octet-stream", "buffer": wrong}]
        page.set_input_files("input[type=file]", files)  # type: ignore[arg-type]
        page.get_by_role("button", name="核查文件").click()
        page.get_by_text("未导入任何内容").wait_for()
        looked_at(page, f"faults-{size}")
        page.get_by_role("link", name="返回名单").click()
        files[0]["buffer"] = report(29 if size == "phone" else 28, name=size)
        page.set_input_files("input[type=file]", files)  # type: ignore[arg-type]
        page.get_by_role("button", name="核查文件").click()
        page.get_by_role("heading", name="移出学生").wait_for()
        looked_at(page, f"difference-{size}")
        page.get_by_role("button", name="确认导入").click()
        page.get_by_text("已更新").wait_for()


def test_the_clock_is_set_by_one_press(pages: dict[str, Page], live_server: LiveServer) -> None:
    page = pages["phone"]
    page.goto(live_server.url + PAGES["clock"])
    page.get_by_role("button", name="开始 · 语文").click()
    page.get_by_text("时钟已设置").wait_for()
    shown = page.locator("main time").inner_text()
    assert "09:00" in shown, shown


def test_each_room_begins_a_page_of_cards(pages: dict[str, Page], live_server: LiveServer, tmp_path: Path) -> None:
    page = pages["desk"]
    page.goto(live_server.url + PAGES["cards"])
    page.emulate_media(media="print")
    picture(page, "cards-paper")
    folder = Path(os.environ.get("FIELDOPS_PICTURES") or tmp_path)
    page.pdf(path=folder / "cards.pdf", prefer_css_page_size=True)
    # Fifteen a page: twelve students take one, eighteen take two, and rooms share none.
    assert (folder / "cards.pdf").read_bytes().count(b"/Type /Page\n") == 3
    code = page.locator(".card-sheet__code").first.bounding_box()
    assert code is not None
    assert abs(code["width"] * 25 / 33 - 25 / 25.4 * 96) < 1, "25 mm of code without its white border"
