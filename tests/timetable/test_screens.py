"""The desk's screens of timetable, policies and clock."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook

from fieldops.db import utcnow
from fieldops.journal.queries import head
from fieldops.timetable import clock, policies, queries
from fieldops.timetable.service import planned as said
from fieldops.timetable.tables import to_csv
from tests.support import planned
from tests.support.planned import COUNTY, WINDOW

TIMETABLE, POLICIES, CLOCK = (f"/c/{COUNTY}/{name}" for name in ("timetable", "policies", "clock"))


class Desk:
    """A signed-in browser that names its token."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client = client
        self.headers = planned.bearer(token)

    def get(self, url: str, status: int = 200) -> str:
        answer = self.client.get(url, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.text

    def post(self, url: str, data: dict[str, object], status: int = 200) -> str:
        answer = self.client.post(url, headers=self.headers, data=data, content_type="multipart/form-data")
        assert answer.status_code == status, answer.text
        return answer.text


@pytest.fixture
def desk(app: Flask, client: FlaskClient) -> Desk:
    planned.places()
    planned.window()
    planned.timetables()
    return Desk(client, planned.sign_in())


def in_force() -> str:
    return to_csv(said(session) for session in queries.sessions_in_force(WINDOW) if session.grade == 4)


def upload(content: bytes | str, name: str = "t.csv", **more: object) -> dict[str, object]:
    data = content.encode() if isinstance(content, str) else content
    return {"grade": "4", "origin": "Letter 12, page 3", "file": (io.BytesIO(data), name), **more}


def hidden(page: str) -> dict[str, object]:
    """The preview's form as the browser would send it."""
    import html

    found = re.findall(r'<input id="(?:grade|origin|seen_version|rows)"[^>]*>', page)
    pairs = {}
    for tag in found:
        name, value = re.search(r'name="(\w+)"', tag), re.search(r'value="([^"]*)"', tag, re.DOTALL)
        assert name
        assert value
        pairs[name[1]] = html.unescape(value[1])
    assert set(pairs) == {"grade", "origin", "seen_version", "rows"}
    return dict(pairs)


# --- timetable -------------------------------------------------------------------------------------------------------
def test_both_grades_their_rhythm_versions_and_zones(desk: Desk) -> None:
    page = desk.get(TIMETABLE)
    for text in (
        "Grade 4",
        "Grade 8",
        "Mathematics",
        "g4-chinese",
        "08:20",
        "08:40",
        "until all are done",
        "Mon 20 May",
    ):
        assert text in page
    assert "Mon 20 May" in page
    assert "疏附校区 · Xinjiang time" in page
    assert "Grade 4, version 1" in page
    assert "Rehearsal" in page


def test_in_chinese(desk: Desk) -> None:
    desk.headers = planned.bearer(planned.sign_in(locale="zh"))
    page = desk.get(TIMETABLE)
    for text in ("时间表", "数学", "检录", "至全部完成", "5月20日"):
        assert text in page
    assert "未配置" in desk.get(POLICIES)
    assert "演练时钟" in desk.get(CLOCK)


def test_download_correct_compare_publish(desk: Desk) -> None:
    file = desk.client.get(f"{TIMETABLE}/4-1.csv", headers=desk.headers)
    assert file.text.lstrip("\ufeff") == in_force()
    corrected = file.text.replace("Chinese,subject,09:00", "Chinese,subject,09:05")
    preview = desk.post(TIMETABLE, upload(corrected))
    assert "09:05" in preview
    assert queries.newest_version(WINDOW, 4) == 1, "a look publishes nothing"
    desk.post(f"{TIMETABLE}/publish", hidden(preview), 303)
    assert queries.newest_version(WINDOW, 4) == 2
    (line, *_) = queries.versions(WINDOW)
    assert (line.origin, line.publisher) == ("Letter 12, page 3", "李雷")
    assert "Version 2 is in force" in desk.get(TIMETABLE)


def test_a_workbook(desk: Desk) -> None:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.append(["时间表"])
    for line in in_force().replace("10:50", "10:55").splitlines():
        sheet.append(line.split(","))
    stream = io.BytesIO()
    workbook.save(stream)
    assert "10:55" in desk.post(TIMETABLE, upload(stream.getvalue(), "t.xlsx"))


def test_refusals_by_row(desk: Desk) -> None:
    wrong = in_force().replace("09:00,10:20", "09:00,08:20").replace("g4-q1,", "G4 Q1,")
    page = desk.post(TIMETABLE, upload(wrong), 422)
    assert "The end 08:20 is not after the start 09:00." in page
    assert "The code “G4 Q1”" in page
    assert "Publish version" not in page
    page = desk.post(TIMETABLE, upload("a,b\n"), 422)
    assert "No heading row was found" in page
    page = desk.post(TIMETABLE, upload("date,code,start\n2024-05-20,a,09:00\n"), 422)
    assert page.count("This column is missing.") == 7
    assert "This is empty." not in page


def test_what_is_no_table_or_no_form(desk: Desk) -> None:
    assert "neither an .xlsx workbook nor a .csv" in desk.post(TIMETABLE, upload(b"%PDF-1.7"), 422)
    assert "Please fill this in." in desk.post(TIMETABLE, upload(in_force(), origin=""), 422)
    desk.post(TIMETABLE, {"grade": "4", "origin": "x"}, 422)
    desk.post(f"{TIMETABLE}/publish", {"grade": "4"}, 400)
    desk.post(f"{TIMETABLE}/publish", {"grade": "x", "origin": "x", "seen_version": "1", "rows": "x"}, 400)


def test_somebody_was_faster(desk: Desk) -> None:
    first = hidden(desk.post(TIMETABLE, upload(in_force().replace("10:50", "10:55"))))
    second = hidden(desk.post(TIMETABLE, upload(in_force().replace("12:10", "12:05"))))
    desk.post(f"{TIMETABLE}/publish", first, 303)
    page = desk.post(f"{TIMETABLE}/publish", second)
    assert "newer version before you" in page
    assert queries.newest_version(WINDOW, 4) == 2
    assert hidden(page)["seen_version"] == "2"


def test_the_same_again(desk: Desk) -> None:
    before = head(COUNTY)
    page = desk.post(TIMETABLE, upload(in_force()))
    assert "Nothing changes" in page
    assert head(COUNTY) == before


def test_hostile_words_are_escaped(desk: Desk) -> None:
    page = desk.post(TIMETABLE, upload(in_force().replace("语文,Chinese", '<script>x</script>,"{x} %s %(y)s"')))
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
    desk.post(f"{TIMETABLE}/publish", hidden(page), 303)
    assert "{x} %s %(y)s" in desk.get(TIMETABLE)


def test_a_window_shared_with_another_county(desk: Desk) -> None:
    planned.sign_in(place=planned.OTHER_COUNTY)
    assert "Only the desk of the city or the province" in desk.get(TIMETABLE)
    desk.post(TIMETABLE, upload(in_force()), 403)
    desk.post(f"{POLICIES}/silence_min", {"value": "7", "origin": "x"}, 403)
    desk.post(CLOCK, {"at": "2024-05-20T01:00:00+00:00"}, 403)
    city = Desk(desk.client, planned.sign_in(place=planned.CITY))
    city.post(TIMETABLE, upload(in_force()))
    city.post(f"{POLICIES}/silence_min", {"value": "7", "origin": "x"}, 303)


def test_who_may_not(desk: Desk) -> None:
    for token in (
        planned.sign_in("chief_monitor", f"{COUNTY}/4418230101"),
        planned.sign_in("desk", planned.OTHER_COUNTY),
        planned.sign_in("supervisor", COUNTY),
    ):
        other = Desk(desk.client, token)
        for url in (TIMETABLE, POLICIES, CLOCK, f"{TIMETABLE}/4-1.csv"):
            other.get(url, 404)
        other.post(TIMETABLE, upload(in_force()), 404)
    desk.get(f"{TIMETABLE}/4-9.csv", 404)


# --- policies --------------------------------------------------------------------------------------------------------
def test_a_policy(desk: Desk) -> None:
    assert "not set (default)" in desk.get(POLICIES)
    assert "from 0 to 240" in desk.get(f"{POLICIES}/late_cut_off_min")
    desk.post(f"{POLICIES}/late_cut_off_min", {"value": "20", "origin": "Handbook, page 12"}, 303)
    assert policies.in_force(WINDOW)["late_cut_off_min"].value == 20
    page = desk.get(POLICIES)
    assert "Handbook, page 12" in page
    assert "Default: 15" in page
    desk.post(f"{POLICIES}/late_cut_off_min", {"value": "500", "origin": "x"}, 422)
    desk.post(f"{POLICIES}/late_cut_off_min", {"value": "10", "origin": ""}, 422)
    desk.post(f"{POLICIES}/late_cut_off_min", {"value": "10", "origin": "a\x07b"}, 422)
    desk.get(f"{POLICIES}/none", 404)
    desk.post(f"{POLICIES}/none", {"value": "1", "origin": "x"}, 404)


# --- clock -----------------------------------------------------------------------------------------------------------
def shows_about(moment: str) -> bool:
    from datetime import datetime

    window = queries.window(WINDOW)
    assert window is not None
    return abs(clock.now(window, real=utcnow()) - datetime.fromisoformat(moment)) < timedelta(minutes=2)


def test_the_clock_of_a_rehearsal(desk: Desk) -> None:
    desk.post(CLOCK, {"day": "2024-05-20", "time": "08:25"}, 303)
    assert shows_about("2024-05-20T08:25:00+08:00")
    page = desk.get(CLOCK)
    assert "Start · Chinese" in page
    assert "20 May 09:00" in page
    desk.post(CLOCK, {"at": "2024-05-21T07:50:00+08:00"}, 303)
    assert shows_about("2024-05-21T07:50:00+08:00")
    desk.post(CLOCK, {"day": "2025-01-01", "time": "08:25"}, 422)
    desk.post(CLOCK, {"day": "x", "time": ""}, 422)
    desk.post(CLOCK, {"at": "soon"}, 400)


def test_a_real_window_has_no_such_page(desk: Desk) -> None:
    planned.window(planned.REAL_WINDOW, "real")
    real = Desk(desk.client, planned.sign_in(window=planned.REAL_WINDOW))
    real.get(CLOCK, 404)
    real.post(CLOCK, {"at": "2024-05-21T07:50:00+08:00"}, 404)
    assert "The window's clock" not in real.get(TIMETABLE)
