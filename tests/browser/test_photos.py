"""A photo to an incident: taken without a network, without its place, after its fact, seen at the county's desk."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from fieldops.db import db
from fieldops.incidents.models import Attachment
from fieldops.journal.models import EventRow
from fieldops.journal.verify import verify
from tests.support.outbox import PATIENCE_MS, facts, kept_on_the_phone
from tests.support.people import COUNTY, People, set_clock

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCHOOL, ROOM = "4418230104", "01"


def photo(folder: Path) -> Path:
    """What a phone's camera makes: large, and saying where and with what it was taken."""
    exif = Image.Exif()
    exif[0x010F] = "maker of the phone"
    exif.get_ifd(0x8825)[2] = (23.0, 7.0, 0.0)
    noise = Image.effect_noise((90, 60), 60).resize((3000, 2000)).convert("RGB")
    noise.save(folder / "photo.jpg", exif=exif, quality=95)
    return folder / "photo.jpg"


def pictures(page: Page) -> int:
    """How many pictures wait on the phone's disk."""
    return page.evaluate(
        """() => new Promise((resolve) => {
          const open = indexedDB.open('fieldops-pictures');
          open.onsuccess = () => {
            const read = open.result.transaction('pictures').objectStore('pictures').getAll();
            read.onsuccess = () => {
              open.result.close();
              resolve(read.result.filter((each) => each.state === 'waiting').length);
            };
          };
        })"""
    )


def report(people: People, page: Page, file: Path) -> None:
    page.locator(".phone-nav__link", has_text="上报").tap()
    page.get_by_role("link", name="应急事件").tap()
    page.locator("select").select_option("materials_leak")
    for question, answer in (
        ("秩序受影响吗？", "轻微"),
        ("会影响数据真实性吗？", "否"),
        ("监测工具有安全风险吗？", "是"),
        ("只涉及本校吗？", "仅本校"),
    ):
        page.get_by_role("group", name=question).get_by_role("radio", name=answer, exact=True).tap()
    page.locator(".photo-way input").nth(1).set_input_files([file])
    expect(page.locator(".photos .photo img").last).to_be_visible()
    page.locator(".photos").scroll_into_view_if_needed()
    people.shot(page, "photo-form")
    page.get_by_role("button", name="上报").tap()


def test_a_photo_taken_without_a_network_reaches_the_desk_without_its_place(
    app: Flask, people: People, browser: Browser, tmp_path: Path
) -> None:
    county = people.by_password(browser, COUNTY)
    set_clock(people.tab(county, f"/c/{COUNTY}/clock"), "09:10")
    phone = people.by_link(browser, "monitor", f"{COUNTY}/{SCHOOL}/{ROOM}")
    kept_on_the_phone(phone)
    phone.context.set_offline(True)
    report(people, phone, photo(tmp_path))
    expect(phone.locator(".chip", has_text="照片：在本机")).to_be_visible()
    noted = [fact["event"] for fact in facts(phone)]
    assert [event["kind"] for event in noted] == ["incident.reported", "incident.attached"]
    assert noted[1]["data"]["incident"] == noted[0]["id"]
    assert noted[1]["data"]["size"] <= 400_000
    # the tab dies; what was noted and taken is on the disk
    context, address = phone.context, phone.url
    phone.close()
    phone = context.new_page()
    phone.goto(address)
    assert pictures(phone) == 1
    county.goto(f"{people.address}/c/{COUNTY}/incidents")
    context.set_offline(False)
    row = county.locator(f"a[href*='{noted[0]['id']}']").first
    expect(row).to_be_visible(timeout=PATIENCE_MS)
    county.goto(f"{people.address}/c/{COUNTY}/s/{SCHOOL}/incidents/{noted[0]['id']}")
    image = county.locator(".timeline .attachment img")
    expect(image).to_be_visible(timeout=PATIENCE_MS)  # the page is live: the bytes come after the fact
    county.wait_for_function("() => document.querySelector('.attachment img').naturalWidth > 0")
    people.shot(county, "photo-desk", full=True)
    phone.goto(address.split("#")[0] + "#/incident")
    expect(phone.locator(".chip", has_text="照片：已收到")).to_be_visible(timeout=PATIENCE_MS)
    people.shot(phone, "photo-card", full=True)
    db.session.rollback()
    kinds = db.session.scalars(select(EventRow.kind).where(EventRow.kind.like("incident.atta%")).order_by(EventRow.seq))
    assert list(kinds) == ["incident.attached", "incident.attachment_arrived"]
    content = db.session.scalars(select(Attachment.content)).one()
    with Image.open(io.BytesIO(content)) as kept:
        assert (max(kept.size), dict(kept.getexif())) == (1600, {})
    assert b"maker" not in content
    people.complaints[:] = [line for line in people.complaints if "ERR_INTERNET_DISCONNECTED" not in line]
    assert not list(verify(COUNTY))
