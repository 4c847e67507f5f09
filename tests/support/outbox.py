"""What a phone's page keeps and what the journal has, for browser tests of bad networks."""

from __future__ import annotations

import time
from typing import Any

from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from fieldops.db import db
from fieldops.journal.models import EventRow
from fieldops.journal.verify import verify
from fieldops.testday.models import Attendance
from tests.support.people import COUNTY, People

SCHOOL, ROOM, SESSION = "4418230104", "01", "g4-chinese"  # fifteen students in the room
PLACE = f"{COUNTY}/{SCHOOL}/{ROOM}"
#: Generous: the machine may be busy, and a phone waits longer after each failure.
PATIENCE_MS = 45_000

_FACTS = """() => new Promise((resolve, reject) => {
  const open = indexedDB.open('fieldops');
  open.onerror = () => reject(open.error);
  open.onsuccess = () => {
    const read = open.result.transaction('facts').objectStore('facts').getAll();
    read.onsuccess = () => { open.result.close(); resolve(read.result); };
    read.onerror = () => reject(read.error);
  };
})"""


def facts(page: Page) -> list[dict[str, Any]]:
    """The outbox as it lies on the disk."""
    found: list[dict[str, Any]] = page.evaluate(_FACTS)
    return sorted(found, key=lambda fact: (fact["device"], fact["device_seq"]))


def kept_on_the_phone(page: Page) -> None:
    """Wait until the app opens without a network."""
    ready = """() => import(document.querySelector('script[type=module]').src.replace('app.js', 'shell.js'))
      .then((shell) => shell.shellReady())"""
    give_up_at = time.monotonic() + PATIENCE_MS / 1000
    while not page.evaluate(ready):
        assert time.monotonic() < give_up_at, "the app never came onto the phone"
        page.wait_for_timeout(250)


def states(page: Page) -> list[str]:
    """How far each fact is, in the order of noting."""
    return [fact["state"] for fact in facts(page)]


def to_check_in(page: Page) -> None:
    """Open the check-in of the first session."""
    page.goto(page.url.split("#")[0] + f"#/check-in/{SESSION}")
    expect(page.locator(".seats > button")).to_have_count(15)


def check_in(page: Page, *seats: int) -> None:
    """Tap seats and check in; each is on the disk when its verdict is shown."""
    for seat in seats:
        page.locator(".seats > button").nth(seat - 1).tap()
        page.locator("dialog[open]").get_by_role("button", name="检录", exact=True).tap()
        expect(page.locator(".verdict")).to_contain_text(f"{seat} 号")


def all_sent(page: Page) -> None:
    """The phone says that the server has everything; it presses the button as a person would."""
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    expect(page.locator("a.state-line")).to_contain_text("已全部送达", timeout=PATIENCE_MS)


def attendance(app: Flask) -> dict[str, str]:
    """Student → status of the room in the first session, as folded."""
    with app.app_context():
        rows = db.session.execute(
            select(Attendance.student, Attendance.status).where(
                Attendance.school == SCHOOL, Attendance.session == SESSION
            )
        ).all()
        db.session.rollback()
    return dict(rows)


def once_each(app: Flask, *pages: Page) -> None:
    """Each fact of the phones stands in the journal exactly once, and every projection is what its events say."""
    kept = [fact["id"] for page in pages for fact in facts(page)]
    devices = {fact["device"] for page in pages for fact in facts(page)}
    with app.app_context():
        stands = db.session.scalars(select(EventRow.id).where(EventRow.device.in_(devices))).all()
        faults = list(verify(COUNTY))
        db.session.rollback()
    assert sorted(stands) == sorted(kept)
    assert faults == []


def monitor(people: People, browser: Any, *, place: str = PLACE, **options: Any) -> Page:
    """A monitor's phone, signed in, with the list on it."""
    page = people.by_link(browser, "monitor", place, **options)
    expect(page.locator(".who__name")).to_be_visible()
    return page


def other_complaints(people: People) -> list[str]:
    """What pages complained of, but for the network that the test took away."""
    network = ("ERR_", "Failed to load", "/api/v1/", "Failed to fetch")
    return [words for words in people.complaints if not any(sign in words for sign in network)]
