"""The story of a test day from the link in a monitor's hand to the last decision, everybody looking on."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

from fieldops.db import db
from fieldops.journal.models import EventRow
from fieldops.journal.verify import verify
from tests.support.browser import desk
from tests.support.camera import Camera
from tests.support.live import Taken, Watch
from tests.support.people import CITY, COUNTY, People, set_clock

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCHOOL, ROOM = "4418230104", "01"  # two rooms of fifteen
SCHOOL_URL = f"/c/{COUNTY}/s/{SCHOOL}"
TILE = f"#room-{ROOM}"
LIVE_WITHIN_S = 1.0


class Day:
    """Who takes part in the story, each at their own screen."""

    def __init__(self, people: People, seeing: Browser, camera: Camera) -> None:
        self.people, self.camera = people, camera
        self.taken: dict[str, Taken] = {}
        self.county = people.by_password(seeing, COUNTY)
        self.clock = people.tab(self.county, f"/c/{COUNTY}/clock")
        self.city = people.by_password(seeing, CITY)
        self.chief = people.by_link(seeing, "chief_monitor", f"{COUNTY}/{SCHOOL}", on=desk)
        self.phone = people.by_link(seeing, "monitor", f"{COUNTY}/{SCHOOL}/{ROOM}")
        self.boards = {"county": self.county, "city": self.city, "chief": self.chief}

    def open_boards(self) -> None:
        """The chief monitor goes to the board; it and the desks' boards stay open for the whole day."""
        self.chief.get_by_role("link", name="各教室实时看板").click()
        self.chief.wait_for_url("**/board")
        for who, board in self.boards.items():
            # A city's counties each have a stream of their own; its board asks every few seconds instead.
            mode = "polling" if who == "city" else "live"
            expect(board.locator("[data-live-state]")).to_have_attribute("data-mode", mode)
            board.evaluate("() => { window.__neverReloaded = true; }")

    def still_open(self) -> None:
        for who, board in self.boards.items():
            assert board.evaluate("() => window.__neverReloaded === true"), f"the board of the {who} was loaded again"

    def set_clock(self, time: str) -> None:
        """The county desk sets the clock; the phone shows it by itself."""
        set_clock(self.clock, time)
        expect(self.phone.locator(".phone-clock")).to_have_text(time, timeout=5_000)

    def watch(self, board: Page, selector: str, text: str, attribute: str = "") -> Watch:
        return Watch(self.phone, board, selector, text, attribute)

    def note_time(self, what: str, watch: Watch) -> None:
        self.taken[what] = watch.taken()

    # --- the phone ----------------------------------------------------------------------------------------------------
    def nav(self, label: str) -> None:
        self.phone.locator(".phone-nav__link", has_text=label).tap()

    def seat(self, number: int) -> Locator:
        return self.phone.locator(".seats > button").nth(number - 1)

    def in_sheet(self, *labels: str) -> None:
        """Press one button after the other in the sheets that open."""
        for label in labels:
            self.phone.locator("dialog[open]").last.get_by_role("button", name=label, exact=True).tap()
        expect(self.phone.locator("dialog[open]")).to_have_count(0)

    def verdict(self, outcome: str) -> Locator:
        shown = self.phone.locator(f".verdict[data-outcome={outcome}]")
        shown.wait_for()
        return shown

    def counts(self, expected: int, present: int, absent: int) -> None:
        numbers = self.phone.locator(".check-in__counts .counts__number")
        expect(numbers).to_have_text([str(expected), str(present), str(absent)])

    def all_sent(self) -> None:
        expect(self.phone.locator("a.state-line")).to_contain_text("已全部送达")


def present(count: int) -> tuple[str, str]:
    return f"{TILE} .counts__item--present dd", str(count)


def test_a_whole_day(app: Flask, engine: str, people: People, seeing: Browser, camera: Camera, shots: Path) -> None:
    day = Day(people, seeing, camera)
    day.open_boards()
    arrives(day)
    checks_in(day)
    begins(day)
    is_interrupted(day)
    notes_a_small_thing(day)
    reports_an_incident(day)
    is_answered(day)
    ends(day)
    begins_late(day)
    is_frozen(day)
    day.still_open()
    day.all_sent()
    for what, (tap, receipt) in day.taken.items():
        print(f"{engine}: {what}: {tap:.2f} s from the tap, {receipt:.2f} s from its receipt to the other screen")
    assert max(each.from_receipt for each in day.taken.values()) <= LIVE_WITHIN_S
    holds_each_fact_once(app)


def arrives(day: Day) -> None:
    """The monitor sees who they are, where, and what is next; the desk sets the clock of the rehearsal."""
    page = day.phone
    who = day.people.duty("monitor", f"{COUNTY}/{SCHOOL}/{ROOM}")
    expect(page.locator(".who__name")).to_contain_text(who["person"])
    expect(page.locator(".now")).to_contain_text("开始检录")
    day.set_clock("08:25")
    expect(page.locator(".now__title")).to_have_text("检录：35 分钟后开始语文")
    expect(page.locator(".now .counts__number")).to_have_text(["15", "0", "0"])
    day.people.shot(page, "phone-1-now")
    day.people.shot(page, "phone-1-now", dark=True)


def checks_in(day: Day) -> None:
    page = day.phone
    sheet = day.people.tab(day.chief, f"{SCHOOL_URL}/r/{ROOM}/cards")
    card = sheet.locator(".card-sheet__card").first
    name = card.locator(".card-sheet__name").inner_text()
    page.get_by_role("link", name="学生检录").tap()
    day.counts(15, 0, 0)

    seen = day.watch(day.chief, *present(1))
    page.get_by_role("button", name="打开摄像头").tap()
    expect(page.locator(".camera")).to_have_attribute("data-state", "on")
    day.camera.show(card)
    verdict = day.verdict("ok")
    expect(verdict).to_have_class(re.compile("is-good"))
    expect(verdict).to_contain_text("已检录")
    expect(verdict).to_contain_text(f"1 号 · {name}")
    seen.taken()
    day.people.shot(page, "phone-2-card-read")
    day.people.shot(page, "phone-2-card-read", dark=True)
    day.camera.show_table()
    sheet.close()

    seen = day.watch(day.chief, *present(2))
    day.seat(2).tap()
    day.people.shot(page, "phone-3-student")
    day.in_sheet("检录")
    day.note_time("check-in on the chief monitor's board", seen)
    day.verdict("ok")
    other = page.locator(".seats > button .seat__name").nth(2).inner_text()
    search = page.get_by_role("searchbox")
    search.fill(other)
    page.locator(".list__item", has_text=other).tap()
    day.in_sheet("检录")
    expect(day.verdict("ok")).to_contain_text(f"3 号 · {other}")
    search.fill("")
    day.counts(15, 3, 0)

    day.seat(4).tap()
    day.in_sheet("缺测…", "生病")
    expect(day.seat(4)).to_have_class(re.compile("chip--absent"))
    day.counts(15, 3, 1)
    day.seat(5).tap()
    page.locator("dialog[open]").get_by_role("button", name="迟到…").tap()
    page.get_by_role("button", name="加 5 分钟").tap()
    day.in_sheet("按迟到检录")
    expect(day.verdict("late")).to_contain_text("迟到 6 分钟")
    day.counts(15, 4, 1)
    day.seat(2).tap()
    day.in_sheet("中途离场…", "如厕")
    expect(day.seat(2)).to_have_class(re.compile("chip--left"))
    day.seat(2).tap()
    day.in_sheet("已归")
    expect(day.seat(2)).to_have_class(re.compile("chip--returned"))
    day.seat(6).tap()
    day.in_sheet("检录")
    day.counts(15, 5, 1)
    day.verdict("ok").get_by_role("button", name="撤销").tap()
    expect(day.seat(6)).to_have_class(re.compile("chip--expected"))
    day.counts(15, 4, 1)
    day.people.shot(page, "phone-4-check-in", full=True)
    day.all_sent()
    expect(day.chief.locator(f"{TILE} .counts__number")).to_have_text(["15", "4", "1"])
    expect(day.county.locator(f"#school-{SCHOOL}")).to_be_visible()
    page.get_by_role("button", name="关闭摄像头").tap()


def begins(day: Day) -> None:
    """The session starts on time, with one press."""
    page = day.phone
    day.set_clock("09:00")
    for board in day.boards.values():
        expect(board.locator(".rehearsal__clock")).to_contain_text("09:00:", timeout=8_000)
    day.nav("当前")
    expect(page.locator(".now__title")).to_have_text("现在开始语文")
    day.people.shot(page, "phone-5-start-due")
    page.get_by_role("link", name="记录开始").tap()
    seen = day.watch(day.chief, f"{TILE} .chip--running", "进行中")
    page.get_by_role("button", name="开始").tap()
    day.note_time("start on the chief monitor's board", seen)
    expect(page.locator(".sitting")).to_contain_text("10:20")
    day.people.shot(page, "phone-6-running")


def is_interrupted(day: Day) -> None:
    """A pause asks why; going on shows until when the students may work now."""
    page = day.phone
    day.set_clock("09:20")
    page.get_by_role("button", name="中断").tap()
    day.people.shot(page, "phone-7-why")
    seen = day.watch(day.chief, f"{TILE} .chip--paused", "暂停")
    day.in_sheet("停电")
    day.note_time("pause on the chief monitor's board", seen)
    day.set_clock("09:28")
    go_on = page.get_by_role("button", name="继续")
    expect(go_on).to_contain_text("到 10:28 结束")
    day.people.shot(page, "phone-8-paused", dark=True)
    go_on.tap()
    expect(page.locator(".sitting .facts")).to_contain_text("10:28")
    expect(day.chief.locator(f"{TILE} .chip--running")).to_be_visible()


def notes_a_small_thing(day: Day) -> None:
    """Three taps: what, who, save."""
    page = day.phone
    day.nav("上报")
    page.evaluate("() => { window.__taps = 0; addEventListener('pointerup', () => { window.__taps += 1; }, true); }")
    page.locator(".choice", has_text="如厕").tap()
    day.seat(3).tap()
    day.people.shot(page, "phone-9-anomaly", full=True)
    page.get_by_role("button", name="保存").tap()
    expect(page.locator(".note.is-good")).to_contain_text("已保存，留在本校")
    assert page.evaluate("() => window.__taps") == 3


def reports_an_incident(day: Day) -> None:
    """What it is and three questions; the severity follows and says which answer did it."""
    page = day.phone
    day.nav("上报")
    page.get_by_role("link", name="应急事件").tap()
    page.locator("select").select_option("power")
    for question, answer in (
        ("秩序受影响吗？", "严重"),
        ("会影响数据真实性吗？", "否"),
        ("监测工具有安全风险吗？", "否"),
        ("只涉及本校吗？", "仅本校"),
    ):
        page.get_by_role("group", name=question).get_by_role("radio", name=answer, exact=True).tap()
    expect(page.locator(".derived")).to_contain_text("严重")
    expect(page.locator(".derived")).to_contain_text("因为严重影响秩序")
    day.people.shot(page, "phone-10-incident", full=True)
    expect(day.county.locator("[data-alert-id]")).to_have_count(0)
    seen = day.watch(day.county, "#waiting", "停电")
    page.get_by_role("button", name="上报").tap()
    day.note_time("incident on the county desk's board", seen)
    expect(day.county).to_have_title(re.compile(r"^\(1\) "))
    for board, name in ((day.county, "county-1-incident"), (day.chief, "chief-1-incident")):
        day.people.shot(board, name)
        day.people.shot(board, name, dark=True)


def is_answered(day: Day) -> None:
    """The county takes it on and instructs, passes it to the city; the city hands it back; each as the table allows."""
    page = day.phone
    address = day.county.locator("#waiting a").get_attribute("href") or ""
    county = day.people.tab(day.county, address)
    offers(county, "acknowledge instruct escalate hand_back resolve lower_severity withdraw")
    day.people.shot(county, "county-2-incident-open", full=True)
    decide(county, "acknowledge")
    expect(day.county.locator("#waiting .soft").first).not_to_contain_text("已上报")
    decide(county, "instruct", "请启用备用电源，耽误的时间予以补足。")
    expect(page.locator(".card .note")).to_contain_text("请启用备用电源", timeout=10_000)
    day.people.shot(page, "phone-11-instruction", full=True)
    assert day.city.locator("#waiting").count() == 0
    decide(county, "escalate", "请协调供电部门。")
    expect(day.city.locator("#waiting")).to_contain_text("停电", timeout=8_000)
    city = day.people.tab(day.city, address)
    offers(city, "acknowledge instruct escalate hand_back resolve lower_severity withdraw")
    day.people.shot(day.city, "city-1-incident")
    decide(city, "acknowledge")
    decide(city, "hand_back", "供电已恢复，请确认后报告。")
    expect(day.city.locator("#waiting")).to_have_count(0, timeout=8_000)
    expect(day.county.locator("#waiting")).to_contain_text("停电")
    expect(county.locator("#incident-state")).to_contain_text("供电已恢复")
    decide(county, "resolve", "供电恢复，监测继续。")
    offers(county, "realarm withdraw")
    expect(city.locator("form[action$='/verify']")).to_be_visible()
    offers(city, "verify instruct realarm")
    decide(city, "verify")
    decide(city, "close")
    offers(city, "realarm")
    expect(day.county.locator("[data-alert-id]")).to_have_count(0)
    expect(day.county).not_to_have_title(re.compile(r"^\("))
    day.people.shot(city, "city-2-incident-closed", full=True)


def offers(page: Page, actions: str) -> None:
    """The page offers exactly these decisions."""
    forms = page.locator("#incident-actions form")
    expect(forms).to_have_count(len(actions.split()))
    found = {(form.get_attribute("action") or "").rsplit("/", 1)[1] for form in forms.all()}
    assert found == set(actions.split())


def decide(page: Page, action: str, text: str = "") -> None:
    form = page.locator(f"#incident-actions form[action$='/{action}']")
    if text:
        page.locator(f"#{action}-form > summary").click()
        form.locator("textarea").fill(text)
    form.locator("button").click()
    expect(page.locator("[role=alert]:visible")).to_have_count(0)
    expect(page.locator("#incident-timeline li")).not_to_have_count(0)


def ends(day: Day) -> None:
    page = day.phone
    day.set_clock("10:28")
    day.nav("场次")
    seen = day.watch(day.chief, f"{TILE} .chip--ended", "结束")
    page.get_by_role("button", name="结束").tap()
    day.note_time("end on the chief monitor's board", seen)
    day.set_clock("10:33")
    page.get_by_role("button", name="试卷已密封").tap()
    expect(page.locator(".sitting")).to_contain_text("本场次已完成")
    day.people.shot(page, "phone-12-sealed")


def begins_late(day: Day) -> None:
    """A start outside the tolerance asks why, and is an anomaly by itself."""
    page = day.phone
    day.set_clock("10:58")
    day.nav("当前")
    page.get_by_role("link", name="记录开始").tap()
    page.get_by_role("button", name="开始").tap()
    expect(page.locator("dialog[open]")).to_contain_text("8 分钟")
    day.in_sheet("监测工具到得晚")
    expect(page.locator(".sitting")).to_contain_text("比计划晚 8 分钟")
    expect(day.chief.locator(TILE)).to_contain_text("8")
    room = day.people.tab(day.chief, f"{SCHOOL_URL}/r/{ROOM}?session=g4-maths")
    anomalies = room.locator("section[aria-labelledby=anomalies]")
    expect(anomalies).to_contain_text("监测工具到得晚")
    room.close()


def is_frozen(day: Day) -> None:
    """The chief monitor makes the absences of the first session final."""
    room = day.people.tab(day.chief, f"{SCHOOL_URL}/r/{ROOM}?session=g4-chinese")
    expect(room.locator("#freeze li")).to_have_count(10)
    day.people.shot(room, "chief-2-room", full=True)
    room.locator("#freeze button").click()
    expect(room.locator("#freeze")).to_have_count(0)
    expect(room.locator("#room .card .counts__number")).to_have_text(["15", "4", "11"])
    day.phone.goto(f"{day.people.address}/phone#/sitting/g4-chinese")
    expect(day.phone.locator(".sitting .chip--frozen")).to_be_visible()
    day.phone.goto(f"{day.people.address}/phone#/check-in/g4-chinese")
    day.counts(15, 4, 11)


def holds_each_fact_once(app: Flask) -> None:
    """The journal holds what was done, each thing once, and everything follows from it."""
    db.session.remove()
    assert list(verify(COUNTY)) == []
    rows = db.session.execute(select(EventRow.id, EventRow.kind).where(EventRow.county == COUNTY)).all()
    assert len({row.id for row in rows}) == len(rows)
    noted = Counter(
        row.kind for row in rows if row.kind.split(".")[0] in ("attendance", "sitting", "anomaly", "incident")
    )
    assert noted == {
        "attendance.checked_in": 5,
        "attendance.undone": 1,
        "attendance.absent": 11,
        "attendance.left": 1,
        "attendance.returned": 1,
        "sitting.started": 2,
        "sitting.paused": 1,
        "sitting.resumed": 1,
        "sitting.ended": 1,
        "sitting.sealed": 1,
        "sitting.frozen": 1,
        "anomaly.noted": 2,
        "incident.reported": 1,
        "incident.clocked": 3,
        "incident.acknowledged": 2,
        "incident.instructed": 1,
        "incident.escalated": 1,
        "incident.handed_back": 1,
        "incident.resolved": 1,
        "incident.verified": 1,
        "incident.closed": 1,
    }
