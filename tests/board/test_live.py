"""The boards in a real browser before a real server: live within a second, honest when not, usable by everybody."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from fieldops.config import Settings
from fieldops.db import db
from fieldops.demo.county import DemoSchool
from tests.board import build
from tests.board.build import CODE, at
from tests.support.axe import violations
from tests.support.browser import desk, phone
from tests.support.server import LiveServer, serving

pytestmark = pytest.mark.browser
on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
Open = Callable[..., Page]


@pytest.fixture
def schools(app: Flask) -> list[DemoSchool]:
    made = build.build(at(8, 40), schools=4)
    db.session.remove()
    return made


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens a page signed in by a token; whatever the console says against it fails the test."""
    said: list[str] = []
    contexts = []

    def open_(
        server: LiveServer, path: str, token: str, *, on: Callable[..., object] = desk, **options: object
    ) -> Page:
        context = on(browser, **options)
        contexts.append(context)
        context.add_cookies([{"name": "fieldops", "value": token, "url": server.url}])  # type: ignore[attr-defined]
        page: Page = context.new_page()  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda m: said.append(m.text) if "Content Security Policy" in m.text else None)
        page.goto(server.url + path)
        return page

    yield open_
    for context in contexts:
        context.close()  # type: ignore[attr-defined]
    assert said == []


def board_of(school: DemoSchool) -> str:
    return f"/c/{CODE}/s/{school.code}/board"


def present(page: Page, room: str = "01") -> str:
    return page.locator(f"#room-{room} .counts__item--present dd").inner_text()


def wait_for_present(page: Page, count: int, room: str = "01", timeout_ms: float = 5000) -> float:
    """Seconds until the room's tile shows so many, watched inside the page."""
    began = time.perf_counter()
    page.wait_for_function(
        "([room, count]) => document.querySelector(`#room-${room} .counts__item--present dd`)?.textContent === count",
        arg=[room, str(count)],
        timeout=timeout_ms,
        polling=20,
    )
    return time.perf_counter() - began


def test_a_change_is_on_the_board_within_a_second(
    app: Flask, schools: list[DemoSchool], live_server: LiveServer, open_page: Open
) -> None:
    school = schools[0]
    page = open_page(live_server, board_of(school), build.person("chief_monitor", f"{CODE}/{school.code}"), on=phone)
    expect(page.locator("[data-live-state]")).to_have_attribute("data-mode", "live")
    events = build.check_in(school, "01", "g4-chinese", at(8, 40))
    taken = []
    for number, event in enumerate(events[:8], 1):
        build.record([event], at(8, 40))
        db.session.remove()
        taken.append(wait_for_present(page, number))
    print(f"commit to board, {app.config['SETTINGS'].database_url[:6]}: {[round(s, 2) for s in taken]} s")
    assert max(taken) < 1


@on_sqlite
def test_the_board_catches_up_after_the_server_dropped(
    app: Flask, schools: list[DemoSchool], live_server: LiveServer, open_page: Open
) -> None:
    school = schools[0]
    page = open_page(live_server, board_of(school), build.person("chief_monitor", f"{CODE}/{school.code}"))
    state = page.locator("[data-live-state]")
    expect(state).to_have_attribute("data-mode", "live")
    live_server.stop()
    build.record(build.check_in(school, "01", "g4-chinese", at(8, 40), 7), at(8, 40))
    db.session.remove()
    expect(state).to_have_attribute("data-mode", "lost", timeout=30_000)
    expect(page.locator("[data-live-words]")).to_have_text(re.compile(r"^08:4\d 起无连接$"))
    assert present(page) == "0"
    live_server.start()
    print(f"caught up {wait_for_present(page, 7, timeout_ms=30_000):.1f} s after the server answered again")
    assert state.get_attribute("data-mode") in ("live", "polling")


@on_sqlite
def test_it_polls_where_no_stream_can_be_had(
    app: Flask, settings: Settings, schools: list[DemoSchool], open_page: Open
) -> None:
    school = schools[0]
    token = build.person("chief_monitor", f"{CODE}/{school.code}")
    with serving(settings, FIELDOPS_STREAMS="0") as server:
        page = open_page(server, board_of(school), token)
        expect(page.locator("[data-live-words]")).to_have_text("每 5 秒刷新")
        build.record(build.check_in(school, "01", "g4-chinese", at(8, 40), 3), at(8, 40))
        db.session.remove()
        assert wait_for_present(page, 3, timeout_ms=9000) < 7


@on_sqlite
def test_a_new_incident_is_counted_in_the_title_and_sounds_once_touched(
    app: Flask, schools: list[DemoSchool], live_server: LiveServer, open_page: Open
) -> None:
    page = open_page(live_server, f"/c/{CODE}/board", build.person("desk", CODE))
    expect(page.locator("[data-live-state]")).to_have_attribute("data-mode", "live")
    sound = page.locator("[data-sound]")
    expect(sound).to_have_text("点按开启提示音")
    sound.click()
    expect(sound).to_have_attribute("aria-pressed", "true")
    before = int(page.evaluate("document.documentElement.dataset.sounded ?? 0"))
    build.record([build.incident(schools[1], at(8, 41))], at(8, 41))
    db.session.remove()
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    expect(page.locator("#waiting")).to_contain_text("严重")
    assert int(page.evaluate("document.documentElement.dataset.sounded")) >= before + 1
    # The first card of the schools is the one with the incident.
    expect(page.locator("#act article").first).to_have_attribute("id", f"school-{schools[1].code}")


@on_sqlite
def test_focus_stays_when_the_order_changes(
    app: Flask, schools: list[DemoSchool], live_server: LiveServer, open_page: Open
) -> None:
    page = open_page(live_server, f"/c/{CODE}/board", build.person("desk", CODE))
    expect(page.locator("[data-live-state]")).to_have_attribute("data-mode", "live")
    link = f"school-{schools[2].code}-link"
    page.locator(f"#{link}").focus()
    build.record([build.incident(schools[2], at(8, 41))], at(8, 41))
    db.session.remove()
    expect(page.locator("#act")).to_contain_text(schools[2].name)
    assert page.evaluate("document.activeElement.id") == link


@on_sqlite
def test_ages_tick_and_a_silent_room_turns_grey(
    app: Flask, schools: list[DemoSchool], live_server: LiveServer, open_page: Open
) -> None:
    school = schools[0]
    build.person("monitor", f"{CODE}/{school.code}/01", seen=timedelta(seconds=84))
    db.session.remove()
    page = open_page(live_server, board_of(school), build.person("principal", f"{CODE}/{school.code}"))
    tile = page.locator("#room-01")
    expect(tile).not_to_have_class(re.compile("is-stale"))
    expect(tile.locator("time")).to_have_text("1 分钟前")
    expect(tile).to_have_class(re.compile("is-stale"), timeout=12_000)


@on_sqlite
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
def test_axe_finds_nothing_and_nothing_is_cut_off(
    app: Flask, schools: list[DemoSchool], live_server: LiveServer, open_page: Open, width: int, scheme: str
) -> None:
    events = [build.incident(schools[0], at(8, 39)), build.incident(schools[1], at(8, 39), category="power")]
    events += build.check_in(schools[0], "01", "g4-chinese", at(8, 30), 20)
    build.record(events, at(8, 40))
    db.session.remove()
    chief = build.person("chief_monitor", f"{CODE}/{schools[0].code}")
    county, city = build.person("desk", CODE, locale="en"), build.person("desk", "441800")
    for path, token in ((board_of(schools[0]), chief), (f"/c/{CODE}/board", county), ("/d/441800/board", city)):
        page = open_page(live_server, path, token, viewport={"width": width, "height": 740}, color_scheme=scheme)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.close()
