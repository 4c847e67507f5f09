"""The app on the phone without a network: it opens whole, nothing else replaces it, and no update in a session."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.people import COUNTY, People
from tests.support.server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
one_engine = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
SCHOOL, ROOM_CODE = "4418230104", "01"
PLACE = f"{COUNTY}/{SCHOOL}/{ROOM_CODE}"
WITHIN_S = 60
READY = """() => import(document.querySelector('script[type=module]').src.replace('app.js', 'shell.js'))
  .then((shell) => shell.shellReady())"""


@pytest.fixture
def monitor(people: People, browser: Browser) -> Page:
    """A monitor's phone, signed in once, with the app on it whole."""
    page = people.by_link(browser, "monitor", PLACE)
    ready(page)
    return page


def ready(page: Page) -> None:
    expect(page.locator(".who__name")).to_be_visible()
    eventually(lambda: page.evaluate(READY))


def eventually(holds: Callable[[], object]) -> None:
    """Waits until it holds."""
    give_up_at = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < give_up_at, "it never came to that"
        time.sleep(0.25)


def may_complain(people: People) -> None:
    """Without a network a browser logs each request that failed."""
    people.complaints[:] = [
        said for said in people.complaints if "ERR_" not in said and "Failed to load resource" not in said
    ]


@one_engine
def test_opens_in_flight_mode(people: People, monitor: Page, live_server: LiveServer) -> None:
    live_server.stop()
    monitor.context.set_offline(True)
    monitor.reload()
    expect(monitor.locator(".who__name")).to_be_visible()
    expect(monitor.locator(".phone-title")).to_contain_text("小学")
    assert monitor.evaluate("() => document.documentElement.lang") == "zh-CN"
    may_complain(people)
