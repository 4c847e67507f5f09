"""The report form on paper: Chromium's PDF keeps to A4, and nothing stands wider than the sheet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.test_pages import SCHOOL, an_incident
from tests.support.browser import desk
from tests.support.people import COUNTY, People

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(200),
    pytest.mark.parametrize("engine", ["sqlite"], indirect=True),
]
HOSTILE = "无空格的很长的一句话" * 30 + "W" * 200 + "<b>{x}%s O'Neil"


def test_the_form_keeps_to_a4(people: People, browser: Browser, shots: Path, tmp_path: Path) -> None:
    page = people.by_link(browser, "chief_monitor", f"{COUNTY}/{SCHOOL}", on=desk)
    identity = an_incident(page, people.address)
    page.locator("#note-text").fill(HOSTILE)
    page.locator("form[action$='/notes'] button").click()
    page.locator("#incident-timeline", has_text="O'Neil").wait_for()
    page.goto(f"{people.address}/c/{COUNTY}/s/{SCHOOL}/incidents/{identity}/form")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1047})  # what is left of A4 at 96 dpi within margins of 10 mm
    people.shot(page, "form-on-paper")
    wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide[0] <= wide[1], wide
    assert not page.locator(".no-print").first.is_visible()
    paper = tmp_path / "form.pdf"
    page.pdf(path=str(paper), prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", paper.read_bytes())
    assert 1 <= len(boxes) <= 3
    assert all(abs(float(w) - 595) < 2 and abs(float(h) - 842) < 2 for w, h in boxes), boxes
    code = page.locator(".sheet__version").inner_text()
    page.goto(f"{people.address}/c/{COUNTY}/s/{SCHOOL}/incidents/{identity}/check?form={code}")
    assert page.locator(".note.is-good").is_visible()
