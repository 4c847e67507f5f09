"""A push message in a real browser: shown in words, an older one of the same thing replaced; and the desk's page."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.support import axe
from tests.support.people import COUNTY, People

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.parametrize("engine", ["sqlite"], indirect=True)]

_REGISTER = """async () => {
  const registration = await navigator.serviceWorker.register('/push/worker.js', {scope: '/push/'});
  const worker = registration.installing ?? registration.waiting;
  if (worker) await new Promise((done) => worker.addEventListener('statechange', () =>
    worker.state === 'activated' && done()));
}"""
_SHOWN = """async () => {
  const registration = await navigator.serviceWorker.getRegistration('/push/');
  return (await registration.getNotifications()).map(({title, body, tag, data}) => ({title, body, tag, data}));
}"""


def deliver(page: Page, said: dict[str, str]) -> None:
    """As the browser does with what its push service brought and it decrypted."""
    session = page.context.new_cdp_session(page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(
            each["registrationId"] for each in event["registrations"] if "/push/" in each["scopeURL"]
        ),
    )
    session.send("ServiceWorker.enable")
    for _ in range(50):
        if found:
            break
        page.wait_for_timeout(50)
    origin = page.evaluate("location.origin")
    session.send(
        "ServiceWorker.deliverPushMessage", {"origin": origin, "registrationId": found[0], "data": json.dumps(said)}
    )
    session.detach()


def test_a_message_is_shown_and_gives_way_to_the_newer_one(app: Flask, people: People, browser: Browser) -> None:
    county = people.by_password(browser, COUNTY)
    county.context.grant_permissions(["notifications"], origin=people.address)
    county.goto(f"{people.address}/c/{COUNTY}/messages/new/web_push")
    assert axe.violations(county) == []
    people.shot(county, "push-desk", full=True)
    county.evaluate(_REGISTER)
    said = {
        "title": "[严重]甲小学 <b>{x} %s · 停电",
        "body": "08:20",
        "url": f"{people.address}/c/{COUNTY}/incidents",
        "tag": "a",
    }
    deliver(county, said)
    county.wait_for_function(f"async () => (await ({_SHOWN})()).length === 1")
    (shown,) = county.evaluate(_SHOWN)
    assert shown == {"title": said["title"], "body": "08:20", "tag": "a", "data": {"url": said["url"]}}
    deliver(county, {**said, "body": "08:25"})
    county.wait_for_function(f"async () => (await ({_SHOWN})()).some(({{body}}) => body === '08:25')")
    assert len(county.evaluate(_SHOWN)) == 1


def test_the_page_says_why_a_browser_cannot_be_told(app: Flask, people: People, browser: Browser) -> None:
    county = people.by_password(browser, COUNTY)
    county.set_viewport_size({"width": 360, "height": 740})
    county.add_init_script("delete window.PushManager")
    county.goto(f"{people.address}/c/{COUNTY}/messages/new/web_push")
    county.locator("[data-push] button").click()
    expect(county.locator("[data-push] [role=status]")).to_contain_text("无法接收推送")
    people.shot(county, "push-cannot")
