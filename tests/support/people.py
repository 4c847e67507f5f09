"""The demo's people at their screens: each signs in through their own door, in a browser context of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect

from fieldops.demo import install
from fieldops.organisation.service import people_listing
from tests.support.browser import desk, phone

COUNTY, CITY, PROVINCE = "441823", "441800", "440000"
#: Sign-in names of the demo's desks.
LOGINS = {COUNTY: "yangshan", CITY: "qingyuan", PROVINCE: "guangdong"}


class People:
    """Everybody on duty in the demo county, and what their pages complained of."""

    def __init__(self, address: str, shots: Path) -> None:
        self.address = address
        self.shots = shots
        self.complaints: list[str] = []
        self._contexts: list[BrowserContext] = []
        self._listing = people_listing(install.WINDOW, address, fresh_codes=True)

    def duty(self, role: str, place: str) -> dict[str, str]:
        """The entry of `fieldops people --json` for a duty."""
        found = [row for row in self._listing if (row["role"], row["place"]) == (role, place)]
        assert len(found) == 1, f"{len(found)} people are {role} at {place}"
        return {name: value or "" for name, value in found[0].items()}

    def context(self, browser: Browser, on: Any, **options: Any) -> BrowserContext:
        context: BrowserContext = on(browser, **options)
        context.set_default_timeout(15_000)
        context.on("page", self._listen)
        self._contexts.append(context)
        return context

    def by_link(self, browser: Browser, role: str, place: str, *, on: Any = phone, **options: Any) -> Page:
        """Somebody opens their one-time link and says that they are meant."""
        who = self.duty(role, place)
        page = self.context(browser, on, **options).new_page()
        page.goto(who["sign_in_url"])
        expect(page.locator("main")).to_contain_text(who["person"])
        page.locator("main form button").click()
        page.wait_for_url(lambda url: "/enter/" not in url)
        return page

    def by_password(self, browser: Browser, division: str, **options: Any) -> Page:
        """A desk signs in by name and password."""
        page = self.context(browser, desk, **options).new_page()
        page.goto(f"{self.address}/sign-in")
        page.locator("input[name=login]").fill(LOGINS[division])
        page.locator("input[name=password]").fill(install.password() or "")
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    def tab(self, page: Page, path: str) -> Page:
        """Another tab of the same person."""
        another = page.context.new_page()
        another.goto(self.address + path)
        return another

    def shot(self, page: Page, name: str, *, dark: bool = False, full: bool = False) -> None:
        """Keep a picture of a screen."""
        if dark:
            page.emulate_media(color_scheme="dark")
        page.screenshot(path=self.shots / f"{name}{'-dark' if dark else ''}.png", full_page=full)
        if dark:
            page.emulate_media(color_scheme="light")

    def leave(self) -> None:
        """Everybody closes their browser."""
        for context in self._contexts:
            context.close()

    def _listen(self, page: Page) -> None:
        def console(message: ConsoleMessage) -> None:
            if message.type == "error" or "Content Security Policy" in message.text:
                self.complaints.append(f"{page.url}: {message.text}")

        def response(answer: Response) -> None:
            if answer.status >= 400:
                self.complaints.append(f"{page.url}: {answer.request.method} {answer.url}: {answer.status}")

        page.on("console", console)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("response", response)


def set_clock(page: Page, time: str, day: str = "2024-05-20") -> None:
    """A desk sets the rehearsal's clock on its page."""
    page.goto(page.url)
    page.locator("input[name=day]").fill(day)
    page.locator("input[name=time]").fill(time)
    page.get_by_role("button", name="设置时钟").click()
    expect(page.locator("#messages")).to_contain_text("时钟已设置")
