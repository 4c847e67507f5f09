"""The app on the phone without a network: it opens whole, nothing else replaces it, and no update in a session."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Error, Page, expect
from sqlalchemy import select

from fieldops.config import ROOT, Settings
from fieldops.db import db
from fieldops.journal.models import EventRow
from fieldops.journal.verify import verify
from tests.support import outbox
from tests.support.browser import FLAGS, executable
from tests.support.people import COUNTY, People, set_clock
from tests.support.server import LiveServer
from tests.support.shell import READY, whole

pytestmark = [pytest.mark.browser, pytest.mark.slow]
one_engine = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
SCHOOL, CODE = "4418230104", "01"
PLACE = f"{COUNTY}/{SCHOOL}/{CODE}"
WITHIN_S = 60
UPDATE_WAITS = """() => import(document.querySelector('script[type=module]').src.replace('app.js', 'shell.js'))
  .then(async (shell) => { await shell.shellReady(); return shell.shell.update; })"""
LOOK_FOR_NEW = "() => navigator.serviceWorker.getRegistration().then((found) => found.update()).catch(() => {})"
#: What lies in Cache Storage: addresses and texts.
KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const text = await (await cache.match(request)).text();
      found.push([name, new URL(request.url).pathname, request.url.endsWith('.wasm') ? '' : text]);
    }
  }
  return found;
}"""


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A copy of the static files that a test may change."""
    return shutil.copytree(ROOT / "static", tmp_path / "static")


@pytest.fixture
def live_server(settings: Settings, static: Path) -> Iterator[LiveServer]:
    """A server that serves the copy."""
    server = LiveServer(settings, FIELDOPS_STATIC_ROOT=str(static))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def monitor(people: People, browser: Browser) -> Iterator[Page]:
    """A monitor's phone, signed in once, with the app on it whole."""
    page = people.by_link(browser, "monitor", PLACE)
    ready(page)
    yield page
    page.context.close()
    # Without a network a browser logs each request that failed; all else stays a complaint.
    people.complaints[:] = [
        said
        for said in people.complaints
        if "ERR_" not in said
        and "Failed to load resource" not in said
        and "/sw.js" not in said
        and "EventSource" not in said
    ]


def ready(page: Page) -> None:
    expect(page.locator(".who__name")).to_be_visible()
    whole(page)


def eventually(holds: Callable[[], object]) -> None:
    """Waits until it holds."""
    give_up_at = time.monotonic() + WITHIN_S
    while True:
        try:
            if holds():
                return
        except Error as error:  # asked while the page was being loaded again
            if "context was destroyed" not in str(error):
                raise
        assert time.monotonic() < give_up_at, "it never came to that"
        time.sleep(0.25)


def version(page: Page) -> str:
    return str(page.evaluate("() => document.documentElement.dataset.shell"))


def versions_kept(page: Page) -> int:
    names: list[str] = page.evaluate("() => caches.keys()")
    return len([name for name in names if name.startswith("fieldops-shell-")])


def reload(page: Page) -> bool:
    page.reload()
    expect(page.locator(".who__name")).to_be_visible()
    return True


def check_in(page: Page, seat: int) -> None:
    """From the seat's tap to the verdict, which is shown only when the fact is on the disk."""
    page.locator(".phone-nav__link", has_text="检录").tap()
    page.locator(".seats > button").nth(seat - 1).tap()
    page.locator("dialog[open]").get_by_role("button", name="检录", exact=True).tap()
    expect(page.locator(".verdict[data-outcome=ok]")).to_be_visible()


def deploy(live_server: LiveServer, static: Path) -> None:
    """Another version of the app comes with a restart of the server."""
    live_server.stop()
    with (static / "phone" / "uuid7.js").open("a") as file:
        file.write("// another version\n")
    live_server.start()


def test_opens_in_flight_mode_and_notes(app: Flask, people: People, monitor: Page, live_server: LiveServer) -> None:
    """Reloaded, in a new tab and from the address of the server: the same screen and verdict; sent once, later."""
    desk_clock(people, monitor, "08:30")
    live_server.stop()
    monitor.context.set_offline(True)
    monitor.reload()
    expect(monitor.locator(".who__name")).to_be_visible()
    assert monitor.evaluate("() => document.documentElement.lang") == "zh-CN"
    check_in(monitor, 3)
    other = people.tab(monitor, "/")
    assert other.url.endswith("/phone")
    expect(other.locator(".now .counts__number")).to_have_text(["15", "1", "0"])
    other.goto(f"{people.address}/phone#/check-in")
    expect(other.locator(".seats > button")).to_have_count(15)
    other.goto(f"{people.address}/c/{COUNTY}/board")
    expect(other.locator(".phone-title")).to_have_text("没有网络")
    people.shot(other, "shell-away")
    other.close()
    live_server.start()
    monitor.context.set_offline(False)
    expect(monitor.locator("a.state-line")).to_contain_text("已全部送达", timeout=WITHIN_S * 1000)
    holds_once(app, "attendance.checked_in", 1)


def desk_clock(people: People, page: Page, at: str) -> None:
    """The county's desk, in another browser context, sets the rehearsal's clock; the phone follows."""
    context = page.context.browser
    assert context
    clerk = people.by_password(context, COUNTY)
    clerk.goto(f"{people.address}/c/{COUNTY}/clock")
    set_clock(clerk, at)
    clerk.context.close()
    expect(page.locator(".phone-clock")).to_have_text(at, timeout=30_000)


def holds_once(app: Flask, kind: str, count: int) -> None:
    db.session.rollback()
    rows = list(db.session.scalars(select(EventRow).where(EventRow.kind == kind)))
    assert len(rows) == count
    assert len({row.id for row in rows}) == count
    assert list(verify(COUNTY)) == []


@one_engine
def test_survives_the_browsers_death(people: People, browser: Browser, live_server: LiveServer, tmp_path: Path) -> None:
    """The process is ended and started again on the same profile, without a network."""
    options = {
        "user_data_dir": tmp_path / "profile",
        "executable_path": executable(),
        "args": [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])],
        "locale": "zh-CN",
        "viewport": {"width": 360, "height": 740},
        "has_touch": True,
    }
    who = people.duty("monitor", PLACE)
    engine = browser.browser_type
    first = engine.launch_persistent_context(**options)  # type: ignore[arg-type]
    page = first.new_page()
    page.goto(who["sign_in_url"])
    page.locator("main form button").click()
    ready(page)
    kept = version(page)
    first.close()
    live_server.stop()
    second = engine.launch_persistent_context(**options)  # type: ignore[arg-type]
    second.set_offline(True)
    page = second.new_page()
    page.goto(f"{live_server.url}/phone")
    expect(page.locator(".who__name")).to_contain_text(who["person"])
    expect(page.locator(".state-line")).to_contain_text("还没连上服务器")
    assert version(page) == kept
    second.close()


@one_engine
def test_what_is_kept_names_nobody(people: People, monitor: Page) -> None:
    check = people.tab(monitor, "/phone#/check-in")
    expect(check.locator(".seats .seat__name")).to_have_count(15)
    names = [name for name in check.locator(".seats .seat__name").all_inner_texts() if name]
    assert len(names) == 15
    check.close()
    monitor.reload()
    expect(monitor.locator(".who__name")).to_be_visible()
    kept = monitor.evaluate(KEPT)
    assert {path for _name, path, _text in kept if not path.startswith("/s/")} == {"/phone", "/sw-list"}
    texts = "\n".join(text for _name, _path, text in kept)
    assert "质量监测现场" in texts
    for name in [*names, people.duty("monitor", PLACE)["person"]]:
        assert name not in texts


class Portal(BaseHTTPRequestHandler):
    """A captive portal: 200 and a page of its own to everything."""

    def do_GET(self) -> None:
        page = "<!doctype html><html data-shell='x'><title>Wi-Fi</title><h1>请登录校园网</h1>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    do_POST = do_GET  # noqa: N815 - the names that the library calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Nothing to say."""


@contextlib.contextmanager
def portal_at(port: int) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", port), Portal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@one_engine
def test_a_captive_portal_replaces_nothing(monitor: Page, live_server: LiveServer, static: Path) -> None:
    before = sorted(path for _name, path, _text in monitor.evaluate(KEPT))
    live_server.stop()
    with portal_at(live_server.port):
        for _ in range(2):
            monitor.reload()
            expect(monitor.locator(".who__name")).to_be_visible()
            monitor.evaluate(LOOK_FOR_NEW)
            # The page in the cache is asked for anew behind each start.
            monitor.wait_for_timeout(1_500)
    kept = monitor.evaluate(KEPT)
    assert sorted(path for _name, path, _text in kept) == before
    assert not any("校园网" in text for _name, _path, text in kept)
    live_server.start()
    monitor.reload()
    expect(monitor.locator("a.state-line")).to_contain_text("已全部送达", timeout=WITHIN_S * 1000)
    assert monitor.evaluate(READY)


@one_engine
def test_an_update_that_is_cut_off_changes_nothing(monitor: Page, live_server: LiveServer, static: Path) -> None:
    """One file of the new version does not come as it should: the old one stays whole, and the next attempt ends it."""
    old = version(monitor)
    changed = static / "phone" / "verdict.js"
    content = changed.read_text()
    live_server.stop()
    changed.write_text(content + "// another version\n")
    live_server.start()
    changed.write_text("cut off")  # the server hashed the other content at its start
    monitor.evaluate(LOOK_FOR_NEW)
    eventually(lambda: monitor.evaluate("() => navigator.serviceWorker.getRegistration().then((r) => !r.installing)"))
    assert not monitor.evaluate(UPDATE_WAITS)
    live_server.stop()
    monitor.reload()
    expect(monitor.locator(".who__name")).to_be_visible()
    assert version(monitor) == old
    assert monitor.evaluate(READY)
    changed.write_text(content + "// another version\n")
    live_server.start()
    monitor.evaluate(LOOK_FOR_NEW)
    eventually(lambda: monitor.evaluate(UPDATE_WAITS))
    monitor.reload()
    eventually(lambda: version(monitor) != old)


def test_an_update_waits_for_the_end_of_the_session(
    app: Flask, people: People, monitor: Page, live_server: LiveServer, static: Path
) -> None:
    """Fetched whole in the session, refused on tap and at a new start, taken over after; facts of both arrive once."""
    desk_clock(people, monitor, "08:30")
    check_in(monitor, 1)
    old = version(monitor)
    deploy(live_server, static)
    monitor.evaluate(LOOK_FOR_NEW)
    eventually(lambda: monitor.evaluate(UPDATE_WAITS))
    assert versions_kept(monitor) == 2
    monitor.locator(".phone-nav__link", has_text="当前").tap()
    expect(monitor.locator(".phone__body")).to_contain_text("新版本已就绪")
    monitor.get_by_role("button", name="立即更新").tap()
    expect(monitor.locator(".phone__body")).to_contain_text("现在不能更新：语文正在检录")
    people.shot(monitor, "shell-update-held", full=True)
    # Every tab closed: the browser starts the new worker by itself, and yet the old app opens.
    context = monitor.context
    monitor.close()
    time.sleep(2)
    page = context.new_page()
    page.goto(f"{live_server.url}/phone")
    expect(page.locator(".who__name")).to_be_visible()
    assert version(page) == old
    live_server.stop()
    check_in(page, 2)
    live_server.start()
    desk_clock(people, page, "10:30")
    page.locator(".phone-nav__link", has_text="当前").tap()
    expect(page.locator(".phone__body")).to_contain_text("新版本已就绪", timeout=WITHIN_S * 1000)
    page.get_by_role("button", name="立即更新").tap()
    eventually(lambda: version(page) != old)
    expect(page.locator(".who__name")).to_be_visible()
    eventually(lambda: versions_kept(page) == 1 or (reload(page) and versions_kept(page) == 1))
    desk_clock(people, page, "10:42")
    check_in(page, 3)
    expect(page.locator("a.state-line")).to_contain_text("已全部送达", timeout=WITHIN_S * 1000)
    holds_once(app, "attendance.checked_in", 3)


def test_an_empty_start_takes_the_new_version(
    app: Flask, people: People, monitor: Page, live_server: LiveServer, static: Path
) -> None:
    """Also without a network: it is here whole. What was noted in both versions arrives once."""
    old = version(monitor)
    deploy(live_server, static)
    monitor.evaluate(LOOK_FOR_NEW)
    eventually(lambda: monitor.evaluate(UPDATE_WAITS))
    assert version(monitor) == old
    live_server.stop()
    monitor.context.set_offline(True)
    outbox.to_check_in(monitor)
    outbox.check_in(monitor, 1)
    monitor.reload()
    eventually(lambda: version(monitor) != old)
    expect(monitor.locator(".check-in__counts .counts__number")).to_have_text(["15", "1", "0"])
    outbox.check_in(monitor, 2)
    monitor.locator("a.state-line").tap()
    expect(monitor.locator("a.state-line")).to_contain_text("待发送 2 条")
    expect(monitor.locator("#app-card")).to_contain_text("可以打开")
    expect(monitor.locator("#app-card")).to_contain_text(version(monitor))
    live_server.start()
    monitor.context.set_offline(False)
    outbox.all_sent(monitor)
    outbox.once_each(app, monitor)
    holds_once(app, "attendance.checked_in", 2)


@one_engine
def test_language_and_light_follow_without_a_network(people: People, monitor: Page, live_server: LiveServer) -> None:
    monitor.goto(f"{people.address}/me")
    monitor.locator("form[action='/theme'] button[value=dark]").click()
    monitor.wait_for_load_state()
    live_server.stop()
    eventually(
        lambda: 'data-theme="dark"' in "".join(text for _n, path, text in monitor.evaluate(KEPT) if path == "/phone")
    )
    monitor.goto(f"{people.address}/phone")
    assert monitor.evaluate("() => document.documentElement.dataset.theme") == "dark"


@one_engine
@pytest.mark.parametrize(
    ("takes_away", "says", "goes_on"),
    [
        ("Object.defineProperty(window, 'indexedDB', { value: undefined })", "记录会丢失", False),
        ("delete Navigator.prototype.serviceWorker", "断网后打不开", True),
        ("Object.defineProperty(window, 'isSecureContext', { value: false })", "https", True),
    ],
)
def test_where_it_cannot_work_one_screen_says_so(
    people: People, browser: Browser, takes_away: str, says: str, goes_on: bool
) -> None:
    page = people.by_link(browser, "monitor", PLACE, user_agent="Mozilla/5.0 (iPhone) MicroMessenger/8.0.49")
    page.context.add_init_script(takes_away)
    page.goto(f"{people.address}/phone")
    expect(page.locator("main")).to_contain_text(says)
    expect(page.locator("main")).to_contain_text("在 Safari 中打开")
    button = page.get_by_role("button", name="继续，仅联网使用")
    expect(button).to_have_count(1 if goes_on else 0)
    if goes_on:
        button.tap()
        expect(page.locator(".who__name")).to_be_visible()
        page.reload()
        expect(page.locator(".who__name")).to_be_visible()


@one_engine
def test_background_sync_wakes_the_open_page(monitor: Page, live_server: LiveServer) -> None:
    """What the browser does when the network is back, asked for by its own protocol."""
    monitor.evaluate("""() => {
        window.woken = new Promise((resolve) =>
            navigator.serviceWorker.addEventListener("message", ({ data }) => resolve(data.type), { once: true }));
    }""")
    protocol = monitor.context.new_cdp_session(monitor)
    known: list[str] = []
    protocol.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda said: known.extend(one["registrationId"] for one in said["registrations"]),
    )
    protocol.send("ServiceWorker.enable")
    eventually(lambda: monitor.evaluate("() => 1") and known)
    event = {"origin": live_server.url, "registrationId": known[0], "tag": "fieldops-sync", "lastChance": False}
    protocol.send("ServiceWorker.dispatchSyncEvent", event)
    assert monitor.evaluate("() => window.woken") == "fieldops-sync"
