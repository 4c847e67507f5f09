"""A monitor never notices the network: whatever it does, each fact stands once, and the phone shows the truth."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from fieldops import schema
from fieldops.config import Settings
from fieldops.db import db
from fieldops.testday.models import Sitting
from tests.support.backup import backup_of, close
from tests.support.outbox import (
    SCHOOL,
    all_sent,
    attendance,
    check_in,
    facts,
    kept_on_the_phone,
    monitor,
    once_each,
    other_complaints,
    states,
    to_check_in,
)
from tests.support.people import People
from tests.support.server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EVENTS = "**/api/v1/events"
API = "**/api/v1/**"


@pytest.fixture
def people(app: Flask, live_server: LiveServer, shots: Any) -> Any:
    """As everywhere, but pages may complain: the network is what they complain of."""
    staff = People(live_server.url, shots)
    yield staff
    staff.leave()
    assert other_complaints(staff) == []


def waiting(page: Page, count: int) -> None:
    expect(page.locator("a.state-line")).to_contain_text(f"待发送 {count} 条")


def test_a_whole_session_without_a_network(app: Flask, people: People, browser: Browser) -> None:
    """From opening the app to sealing, in flight mode."""
    page = monitor(people, browser)
    kept_on_the_phone(page)
    page.context.set_offline(True)
    page.reload()
    expect(page.locator(".who__name")).to_be_visible()
    to_check_in(page)
    check_in(page, *range(1, 14))
    page.locator(".seats > button").nth(13).tap()
    page.locator("dialog[open]").get_by_role("button", name="缺测…").tap()
    page.locator("dialog[open]").last.get_by_role("button", name="生病").tap()
    expect(page.locator(".check-in__counts .counts__number")).to_have_text(["15", "13", "1"])
    page.locator(".phone-nav__link").nth(2).tap()
    for number, (kind, words) in enumerate((("started", "开始"), ("ended", "结束"), ("sealed", "密封")), 1):
        expect(page.locator("#next")).to_contain_text(words)
        page.locator("#next").tap()
        if kind != "sealed":  # the rehearsal's clock says 08:15: far from the plan, so why is asked
            page.locator("dialog[open] button").first.tap()
        waiting(page, 14 + number)
        assert facts(page)[-1]["event"]["kind"] == f"sitting.{kind}"
    page.context.set_offline(False)
    all_sent(page)
    once_each(app, page)
    assert sorted(attendance(app).values()) == ["absent", *["present"] * 13]
    with app.app_context():
        sealed = db.session.scalars(select(Sitting.sealed_at).where(Sitting.school == SCHOOL)).all()
        db.session.rollback()
    assert len(sealed) == 1
    assert sealed[0] is not None


def test_the_tab_is_killed_between_the_tap_and_the_sync(app: Flask, people: People, browser: Browser) -> None:
    page = monitor(people, browser)
    to_check_in(page)
    page.route(EVENTS, lambda route: route.abort())
    check_in(page, 1, 2)
    context = page.context
    page.close(run_before_unload=False)
    page = context.new_page()
    page.goto(f"{people.address}/phone")
    all_sent(page)
    assert states(page) == ["received", "received"]
    once_each(app, page)


def test_two_tabs_of_one_phone(app: Flask, people: People, browser: Browser) -> None:
    first = monitor(people, browser)
    second = people.tab(first, "/phone")
    for page in (first, second):
        to_check_in(page)
    # The first one is in the middle of sending for as long as the second one notes.
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    first.route(EVENTS, hold)
    check_in(first, 1)
    check_in(second, 2)
    check_in(second, 3)
    for route in held:
        route.continue_()
    first.unroute(EVENTS)
    for page in (first, second):
        all_sent(page)
        expect(page.locator(".check-in__counts .counts__number")).to_have_text(["15", "3", "0"])
    assert [fact["device_seq"] for fact in facts(first)] == [1, 2, 3]
    once_each(app, first)


def test_a_server_that_commits_and_drops_a_third_of_its_answers(app: Flask, people: People, browser: Browser) -> None:
    page = monitor(people, browser)
    to_check_in(page)
    drops = itertools.cycle([True, False, False, True, False, False, False, True, False, False])
    dropped = []

    def lossy(route: Route) -> None:
        response = route.fetch()
        if next(drops):
            dropped.append(response.status)
            route.abort("connectionreset")
        else:
            route.fulfill(response=response)

    page.route(EVENTS, lossy)
    check_in(page, *range(1, 16))
    all_sent(page)
    page.unroute(EVENTS)
    assert dropped
    assert set(states(page)) == {"received"}
    assert "duplicate" in {fact["outcome"] for fact in facts(page)}
    once_each(app, page)
    assert len(attendance(app)) == 15


def test_a_captive_portal_answers_200_to_everything(app: Flask, people: People, browser: Browser) -> None:
    page = monitor(people, browser)
    to_check_in(page)
    login = {"status": 200, "content_type": "text/html", "body": "<h1>欢迎使用校园无线网</h1>"}
    results = json.dumps({"success": True, "results": []})
    page.route(API, lambda route: route.fulfill(**login))
    check_in(page, 1)
    # Over the first one: between two portals there is no moment without any.
    page.route(API, lambda route: route.fulfill(status=200, content_type="application/json", body=results))
    check_in(page, 2)
    waiting(page, 2)
    assert "received" not in states(page)
    assert attendance(app) == {}
    page.unroute(API)
    all_sent(page)
    once_each(app, page)


def test_the_server_is_put_back_to_before_the_check_ins(
    app: Flask, settings: Settings, live_server: LiveServer, people: People, browser: Browser
) -> None:
    page = monitor(people, browser)
    to_check_in(page)
    with backup_of(settings) as backup:
        live_server.stop()
        close(app)
        backup.take()
        live_server.start()
        check_in(page, *range(1, 6))
        all_sent(page)
        assert len(attendance(app)) == 5
        live_server.stop()
        close(app)
        backup.put_back()
        schema.renew_epoch()
        db.session.remove()
        close(app)
        live_server.start()
        assert attendance(app) == {}
        # Another page, which never heard of the first life of the database.
        page.reload()
        expect(page.locator(".seats > button")).to_have_count(15)
        page.evaluate("() => window.dispatchEvent(new Event('online'))")
        page.wait_for_function("() => navigator.locks.query().then((now) => now.held.length === 0)")
        expect(page.locator(".check-in__counts .counts__number")).to_have_text(["15", "5", "0"], timeout=30_000)
        check_in(page, 6)
        all_sent(page)
        once_each(app, page)
        assert len(attendance(app)) == 6
