"""What the phone says about a card that is not right here: in plain words, in colour and in shape."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import desk
from tests.support.camera import Camera
from tests.support.people import COUNTY, People, set_clock

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.parametrize("engine", ["sqlite"], indirect=True),
]
SCHOOL, ROOM, OTHER_ROOM = "4418230104", "01", "02"
OTHER_SCHOOL, OTHER_NAME = "4418230102", "阳山县第二小学"
#: Outcome → tone and symbol of the verdict.
SIGHT = {
    "ok": ("good", "check"),
    "already_in": ("info", "double-check"),
    "wrong_room": ("bad", "exit"),
    "wrong_school": ("bad", "ban"),
    "not_on_roster": ("bad", "cross"),
    "unreadable": ("warn", "warning"),
}
Says = Callable[[str, str], None]


@pytest.fixture
def cards(people: People, browser: Browser) -> Page:
    """The county desk's printer, at the check-in of the first session."""
    page = people.by_link(browser, "desk", COUNTY, on=desk)
    page.goto(f"{people.address}/c/{COUNTY}/clock")
    set_clock(page, "08:30")
    return page


@pytest.fixture
def door(people: People, seeing: Browser) -> Page:
    """The monitor's phone at the door of the room, its camera on."""
    page = people.by_link(seeing, "monitor", f"{COUNTY}/{SCHOOL}/{ROOM}")
    page.get_by_role("link", name="学生检录").tap()
    page.get_by_role("button", name="打开摄像头").tap()
    expect(page.locator(".camera")).to_have_attribute("data-state", "on")
    return page


@pytest.fixture
def says(door: Page, people: People) -> Says:
    """Waits for a verdict with all that belongs to it."""

    def wait_for(outcome: str, words: str) -> None:
        verdict = door.locator(f".verdict[data-outcome={outcome}]")
        expect(verdict).to_be_visible(timeout=10_000)
        tone, shape = SIGHT[outcome]
        expect(verdict).to_have_class(re.compile(f"is-{tone}"))
        expect(verdict.locator("use").first).to_have_attribute("href", re.compile(f"[#-]{shape}$"))
        expect(verdict).to_contain_text(words)
        people.shot(door, f"verdict-{outcome}")

    return wait_for


def card(cards: Page, people: People, school: str, room: str, number: int = 0):  # type: ignore[no-untyped-def]
    cards.goto(f"{people.address}/c/{COUNTY}/s/{school}/r/{room}/cards")
    return cards.locator(".card-sheet__card").nth(number)


def test_every_verdict(people: People, cards: Page, door: Page, camera: Camera, says: Says) -> None:
    camera.show(card(cards, people, SCHOOL, OTHER_ROOM, 3))
    name = cards.locator(".card-sheet__name").nth(3).inner_text()
    says("wrong_room", f"{name}在考场 2，座号 4")

    camera.show(card(cards, people, OTHER_SCHOOL, ROOM))
    says("wrong_school", f"该生属于{OTHER_NAME}")

    right = card(cards, people, SCHOOL, ROOM, 6)
    camera.show(right)
    says("ok", "7 号")
    camera.show_table()
    # The same card within a few seconds is one scan; another card between them makes it a second one.
    camera.show(card(cards, people, OTHER_SCHOOL, ROOM))
    says("wrong_school", OTHER_NAME)
    camera.show(card(cards, people, SCHOOL, ROOM, 6))
    says("already_in", "7 号")

    camera.show_code("F10123456789ABCDEFK")  # made like ours, of no student here
    says("not_on_roster", "不得增补")
    camera.show_code("https://example.com/menu")
    says("unreadable", "请用下面的座号或姓名")
    expect(door.locator(".check-in__counts .counts__number")).to_have_text(["15", "1", "0"])


def test_a_picture_that_cannot_be_read_says_nothing(
    people: People, cards: Page, door: Page, camera: Camera, says: Says
) -> None:
    camera.show(card(cards, people, SCHOOL, ROOM), blur=14)
    # The decoder has looked at it often enough when the next card is known at once.
    door.wait_for_function(
        """() => new Promise((resolve) => {
          const video = document.querySelector('video');
          let frames = 0;
          const count = () => {
            frames += 1;
            if (frames < 15) video.requestVideoFrameCallback(count);
            else resolve(true);
          };
          video.requestVideoFrameCallback(count);
        })"""
    )
    expect(door.locator(".verdict")).to_have_count(0)
    expect(door.locator(".check-in__hint")).to_contain_text("点座号")
    expect(door.locator(".seats > button")).to_have_count(15)
    # A little out of the hand's calm, as in a corridor: read.
    camera.show(card(cards, people, SCHOOL, ROOM), tilt=-24, blur=2, height=330)
    says("ok", "1 号")
