"""The same work with a keyboard alone: everything is reached, and it is always to be seen where one is."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import TimeoutError as TooLong

from tests.support.browser import desk
from tests.support.people import COUNTY, People, set_clock

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.parametrize("engine", ["sqlite"], indirect=True),
]
SCHOOL, ROOM = "4418230104", "01"
FARTHEST = 90
_FOCUS = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return 'lost';
  const style = getComputedStyle(at);
  const ringed = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== 'none';
  // A radio button may lie under its label, which then carries the ring; a heading has the focus for readers only.
  const label = at.closest('label');
  const shown = label ? [label, ...label.querySelectorAll('*')].some((e) => {
    const own = getComputedStyle(e);
    return (own.outlineStyle !== 'none' && parseFloat(own.outlineWidth) >= 2) || own.boxShadow !== 'none';
  }) : ringed;
  return shown || at.getAttribute('tabindex') === '-1' ? '' : `no ring: ${at.outerHTML.slice(0, 160)}`;
}"""


class Keys:
    """Somebody at a keyboard. After each key the focus is somewhere, and shown."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._fresh = True

    def press(self, key: str) -> None:
        if not self._fresh:
            self.settled(f"before {key}")
        self._fresh = False
        self.page.keyboard.press(key)
        self.settled(f"after {key}")

    def open(self, target: Locator) -> None:
        """Go to another page; there nothing has the focus yet."""
        self.to(target)
        self.page.keyboard.press("Enter")
        self._fresh = True

    def settled(self, when: str) -> None:
        """While a screen changes the focus may be nowhere for a moment, and no longer."""
        try:
            self.page.wait_for_function(f"() => ({_FOCUS})() === ''", timeout=3_000)
        except TooLong:
            raise AssertionError(f"{when}: {self.page.evaluate(_FOCUS)}") from None

    def to(self, target: Locator, key: str = "Tab") -> None:
        """Tab until it has the focus; back with `Shift+Tab`."""
        for _ in range(FARTHEST):
            if target.evaluate("(element) => element === document.activeElement"):
                return
            self.press(key)
        raise AssertionError(f"{target} is not reached by Tab")

    def enter(self, target: Locator, key: str = "Enter") -> None:
        self.to(target)
        self.press(key)

    def pick(self, group: Locator, label: str) -> None:
        """Into a group of radio buttons by Tab, to the one by arrows."""
        wanted = group.get_by_role("radio", name=label, exact=True)
        radios = group.get_by_role("radio")
        for _ in range(FARTHEST):
            if radios.evaluate_all("(all) => all.includes(document.activeElement)"):
                break
            self.press("Tab")
        self.press("Space")
        for _ in range(radios.count()):
            if wanted.is_checked():
                return
            self.press("ArrowRight")
        raise AssertionError(f"{label} is not reached by arrows")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name).first


def test_a_session_by_keyboard(people: People, browser: Browser) -> None:
    county = people.by_link(browser, "desk", COUNTY, on=desk)
    clock = people.tab(county, f"/c/{COUNTY}/clock")
    set_clock(clock, "08:40")

    page = people.context(browser, desk, viewport={"width": 1024, "height": 768}).new_page()
    keys = Keys(page)
    page.goto(people.duty("monitor", f"{COUNTY}/{SCHOOL}/{ROOM}")["sign_in_url"])
    keys.open(page.locator("main form button"))
    page.locator(".now__title").wait_for()

    keys.enter(page.get_by_role("link", name="学生检录"))
    expect(page.locator(".seats > button")).to_have_count(15)
    keys.enter(page.locator(".seats > button").nth(2))
    keys.enter(page.locator("dialog[open]").get_by_role("button", name="检录", exact=True))
    expect(page.locator(".verdict[data-outcome=ok]")).to_contain_text("3 号")
    keys.to(page.locator(".verdict").get_by_role("button", name="撤销"), "Shift+Tab")
    keys.press("Enter")
    expect(page.locator(".seats > button.chip--present")).to_have_count(0)
    keys.to(page.get_by_role("searchbox"))
    page.keyboard.type("5")
    keys.press("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()
    keys.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    keys.press("Tab")

    set_clock(clock, "09:00")
    expect(page.locator(".phone-clock")).to_have_text("09:00")
    keys.enter(page.locator(".phone-nav__link", has_text="场次"))
    keys.enter(page.locator("#next"))
    expect(page.locator(".sitting .chip--running")).to_be_visible()
    # What is drawn anew, by a key or because the server answered, takes nobody's place away.
    earlier = page.get_by_role("button", name="早 1 分钟")
    keys.enter(earlier)
    expect(earlier).to_be_focused()
    keys.to(page.get_by_role("button", name="更正：开始"), "Shift+Tab")
    set_clock(clock, "09:05")
    expect(page.locator(".phone-clock")).to_have_text("09:05")
    expect(page.get_by_role("button", name="更正：开始")).to_be_focused()

    keys.enter(page.locator(".phone-nav__link", has_text="上报"))
    keys.pick(page.get_by_role("group", name="什么情况？"), "如厕")
    keys.enter(page.locator(".seats > button").nth(4), "Space")
    keys.enter(button(page, "保存"))
    expect(page.locator(".note.is-good")).to_be_visible()

    keys.enter(page.locator(".phone-nav__link", has_text="上报"))
    keys.enter(page.get_by_role("link", name="应急事件"))
    keys.to(page.locator("select"))
    page.keyboard.type("停电")
    if page.locator("select").input_value() != "power":  # how letters find Chinese words is the browser's affair
        while page.locator("select").input_value() != "power":
            keys.press("ArrowDown")
    for question, answer in (
        ("秩序受影响吗？", "严重"),
        ("会影响数据真实性吗？", "否"),
        ("监测工具有安全风险吗？", "否"),
        ("只涉及本校吗？", "仅本校"),
    ):
        keys.pick(page.get_by_role("group", name=question), answer)
    keys.enter(button(page, "上报"))
    expect(page.locator("article.card").first).to_contain_text("停电")

    desk_keys = Keys(county)
    expect(county.locator("#waiting a")).to_be_visible()
    desk_keys.open(county.locator("#waiting a"))
    county.wait_for_url("**/incidents/*")
    desk_keys.open(county.locator("form[action$='/acknowledge'] button"))
    expect(county.locator("#incident-timeline")).to_contain_text("接收")
