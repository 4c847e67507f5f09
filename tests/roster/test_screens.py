"""The screens of the roster: reports, difference, rooms, cards."""

from __future__ import annotations

import html
import io
import os
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fieldops.db import writing
from fieldops.journal.queries import head
from fieldops.roster import cards, queries, storage
from fieldops.timetable import service as timetable
from tests.roster.sheets import HEADINGS, student, xlsx
from tests.support import planned
from tests.support.planned import COUNTY, WINDOW

FIRST, SECOND = "4418230101", "4418230102"
ROSTER, SCHOOL = f"/c/{COUNTY}/roster", f"/c/{COUNTY}/s/{FIRST}"
NAMES = {code: name for code, (name, _) in planned.SCHOOLS.items()}


class Desk:
    """A signed-in browser that names its token."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client = client
        self.headers = planned.bearer(token)

    def get(self, url: str, status: int = 200) -> str:
        answer = self.client.get(url, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.text

    def post(self, url: str, data: Any, status: int = 200) -> str:
        answer = self.client.post(url, headers=self.headers, data=data, content_type="multipart/form-data")
        assert answer.status_code == status, answer.text
        return answer.text

    def check(self, *files: tuple[str, bytes], url: str = ROSTER, status: int = 200) -> str:
        return self.post(url, {"files": [(io.BytesIO(data), name) for name, data in files]}, status)


@pytest.fixture
def desk(app: Flask, client: FlaskClient) -> Desk:
    planned.places()
    planned.window()
    planned.timetables()
    return Desk(client, planned.sign_in())


@pytest.fixture
def kept(app: Flask) -> Path:
    folder: Path = app.config["SETTINGS"].data_dir / "imports"
    return folder


def report(school: str = FIRST, count: int = 3, **changes: Any) -> bytes:
    return xlsx(
        [HEADINGS]
        + [
            student(n, school_code=school, school_name=NAMES[school], code=f"{school}{n:02d}", **changes)
            for n in range(1, count + 1)
        ]
    )


def hidden(page: str) -> dict[str, list[str]]:
    """The form of the difference as the browser would send it."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(reference|sha256|name)" value="([^"]*)">', page):
        found.setdefault(name, []).append(html.unescape(value))
    assert set(found) == {"reference", "sha256", "name"}
    return found


def test_check_look_apply(desk: Desk, kept: Path) -> None:
    before = head(COUNTY)
    page = desk.check(("a.xlsx", report()), ("b.xlsx", report(SECOND)))
    assert "The first report: 3 students." in page
    assert head(COUNTY) == before
    assert {path.name for path in kept.iterdir()} == set(hidden(page)["sha256"])
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept.iterdir())
    desk.post(f"{ROSTER}/apply", hidden(page), 303)
    assert [line.students for line in queries.schools(COUNTY, WINDOW)] == [3, 3, 0]
    assert list(kept.iterdir()) == []
    page = desk.get(ROSTER)
    for text in ("6 students were changed.", "a.xlsx", "李雷", "no report yet"):
        assert text in page
    after = head(COUNTY)
    assert "Nothing changes" in desk.check(("a.xlsx", report()))
    assert list(kept.iterdir()) == []
    assert head(COUNTY) == after


def test_faults_by_file_sheet_row_and_column(desk: Desk, kept: Path) -> None:
    page = desk.check(("a.xlsx", report()), ("b.xlsx", report(SECOND, grade="<b>5</b>")), status=422)
    for text in ("3 faults", "b.xlsx", "名单", "C 年级", "The grade “&lt;b&gt;5&lt;/b&gt;” is neither 4 nor 8."):
        assert text in page
    assert "Apply this" not in page
    assert not kept.exists()
    assert queries.students(COUNTY, WINDOW) == []


def test_in_chinese(desk: Desk) -> None:
    desk.headers = planned.bearer(planned.sign_in(locale="zh"))
    page = desk.check(("b.xlsx", report(grade="5")), status=422)
    for text in ("3 处错误", "工作表", "行", "请在文件中更正"):
        assert text in page
    page = desk.check(("a.xlsx", report()))
    assert "首次上报：3 名学生" in page
    desk.post(f"{ROSTER}/apply", hidden(page), 303)
    assert "考场 1" in desk.get(f"{SCHOOL}/roster")
    assert "尚未上报" in desk.get(ROSTER)


def test_a_difference_names_who_changes(desk: Desk) -> None:
    desk.post(f"{ROSTER}/apply", hidden(desk.check(("a.xlsx", report()))), 303)
    page = desk.check(("a.xlsx", report(count=2, name="王五", room="02")))
    for text in ("Students who go", "Other changes", "student name 张三 →", "王五", "test room 01 →"):
        assert text in page


def test_something_changed_between(desk: Desk, kept: Path) -> None:
    page = desk.check(("a.xlsx", report()))
    with writing():
        timetable.set_policy(window=WINDOW, name="silence_min", value=7, origin="letter", by=None)
    again = desk.post(f"{ROSTER}/apply", hidden(page), 409)
    assert "This is the difference as it is now" in again
    assert queries.students(COUNTY, WINDOW) == []
    desk.post(f"{ROSTER}/apply", hidden(again), 303)
    assert len(queries.students(COUNTY, WINDOW)) == 3


def test_files_that_are_gone_or_were_never_here(desk: Desk, kept: Path) -> None:
    form = hidden(desk.check(("a.xlsx", report())))
    for path in kept.iterdir():
        path.unlink()
    desk.post(f"{ROSTER}/apply", form, 303)
    assert "no longer here" in desk.get(ROSTER)
    for sha256 in ("../../secret-key", "0" * 64, "x"):
        desk.post(f"{ROSTER}/apply", {**form, "sha256": [sha256]}, 303)
    desk.post(f"{ROSTER}/apply", {}, 400)
    desk.post(f"{ROSTER}/apply", {**form, "name": []}, 400)
    assert queries.students(COUNTY, WINDOW) == []


def test_what_waits_for_a_day_goes(tmp_path: Path) -> None:
    storage.keep(tmp_path / "i", "a" * 64, b"x")
    storage.keep(tmp_path / "i", "a" * 64, b"x")
    assert storage.fetch(tmp_path / "i", "a" * 64) == b"x"
    old = tmp_path / "i" / ("b" * 64)
    old.write_bytes(b"y")
    os.utime(old, (1, 1))
    assert storage.sweep(tmp_path / "i") == 1
    assert [path.name for path in (tmp_path / "i").iterdir()] == ["a" * 64]


def test_no_files(desk: Desk) -> None:
    assert "Choose at least one file." in desk.post(ROSTER, {}, 422)


def multipart(*sizes: int) -> dict[str, Any]:
    """A form of files of these sizes, as bytes: the test client's own encoder leaves a temporary file open."""
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="%d.csv"\r\n\r\n%b\r\n' % (n, b"x" * size)
        for n, size in enumerate(sizes)
    ]
    return {"data": b"".join(parts) + b"--x--\r\n", "content_type": "multipart/form-data; boundary=x"}


def test_what_a_request_may_hold(desk: Desk) -> None:
    # A county's reports together pass where other pages stop at 4 MiB; more than the limit does not, and says so.
    page = desk.client.post(ROSTER, headers=desk.headers, **multipart(3_000_000, 3_000_000))
    assert page.status_code == 422, "the files were read and refused one by one"
    assert desk.client.post(ROSTER, headers=desk.headers, **multipart(storage.MOST_BYTES)).status_code == 413
    officer = planned.bearer(planned.sign_in("information_officer", f"{COUNTY}/{FIRST}"))
    answer = desk.client.post(f"{SCHOOL}/roster", headers=officer, **multipart(3_000_000, 3_000_000))
    assert answer.status_code == 413


def test_a_school_and_its_information_officer(desk: Desk) -> None:
    officer = Desk(desk.client, planned.sign_in("information_officer", f"{COUNTY}/{FIRST}"))
    officer.get(ROSTER, 404)
    assert "Import reports" in officer.get(f"{SCHOOL}/roster")
    page = officer.check(("b.xlsx", report(SECOND)), url=f"{SCHOOL}/roster", status=422)
    assert "is not among the sampled schools" in page
    page = officer.check(("a.xlsx", report(exempt="右手骨折")), url=f"{SCHOOL}/roster")
    officer.post(f"{SCHOOL}/roster/apply", hidden(page), 303)
    page = officer.get(f"{SCHOOL}/roster")
    for text in ("Room 1", "Grade 4", "3 students", "张三", "右手骨折", "四(1)班"):
        assert text in page
    other = Desk(desk.client, planned.sign_in("information_officer", f"{COUNTY}/{SECOND}"))
    other.get(f"{SCHOOL}/roster", 404)
    other.post(f"{SCHOOL}/roster", {}, 404)
    # The county's address does not let a school's officer apply what was checked.
    officer.post(f"{ROSTER}/apply", {}, 404)


def test_cards_to_print(desk: Desk) -> None:
    desk.post(f"{ROSTER}/apply", hidden(desk.check(("a.xlsx", report(name="<i>'{x}' %s")))), 303)
    page = desk.get(f"{SCHOOL}/r/01/cards")
    token = queries.students(COUNTY, WINDOW, [FIRST])[0].card_token
    assert cards.qr_svg(token) in page
    assert token not in page, "the token stands in the picture only"
    assert page.count('class="card-sheet__card"') == 3
    assert "&lt;i&gt;" in page
    assert 'style="' not in page
    desk.get(f"{SCHOOL}/cards")
    desk.get(f"{SCHOOL}/r/09/cards", 404)
    desk.get(f"/c/{COUNTY}/s/{SECOND}/cards", 404)
    for role in ("monitor", "principal", "inspector"):
        Desk(desk.client, planned.sign_in(role, f"{COUNTY}/{FIRST}")).get(f"{SCHOOL}/cards", 404)


def test_the_roster_as_a_table(desk: Desk) -> None:
    desk.post(f"{ROSTER}/apply", hidden(desk.check(("a.xlsx", report()), ("b.xlsx", report(SECOND)))), 303)
    answer = desk.client.get(f"{ROSTER}.csv", headers=desk.headers)
    assert answer.mimetype == "text/csv"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Nothing changes" in desk.check(("r.csv", answer.data))
    assert desk.get(f"{SCHOOL}/roster.csv").count("\n") == 4
