"""Importing the schools' reports into the database, on both engines."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from fieldops.db import db, writing
from fieldops.demo.county import demo_county
from fieldops.demo.names import HOSTILE_NAMES
from fieldops.demo.workbooks import write_workbooks
from fieldops.journal import events as ev
from fieldops.journal import service as journal
from fieldops.journal.queries import head, since
from fieldops.journal.verify import verify
from fieldops.organisation import service as organisation
from fieldops.roster import queries, service
from fieldops.roster.commands import import_files
from fieldops.roster.export import to_csv
from fieldops.roster.files import SourceFile, shown_names
from fieldops.roster.models import Import, Room, Sample, Student
from fieldops.timetable import service as timetable
from tests.roster.sheets import HEADINGS, student, xlsx
from tests.support import planned
from tests.support.planned import COUNTY, WINDOW

FIRST, SECOND = "4418230101", "4418230102"
NAMES = {code: name for code, (name, _) in planned.SCHOOLS.items()}


@pytest.fixture
def county(app: Flask) -> str:
    planned.places()
    planned.window()
    planned.timetables()
    return COUNTY


def rows(school: str = FIRST, count: int = 3, **changes: Any) -> list[list[Any]]:
    """Students of a school, seats 1 and on."""
    return [
        student(n, school_code=school, school_name=NAMES[school], code=f"{school}{n:02d}", **changes)
        for n in range(1, count + 1)
    ]


def file(students: list[list[Any]], name: str = "a.xlsx") -> SourceFile:
    return SourceFile(name, xlsx([HEADINGS, *students]))


def plan(*files: SourceFile, only: str | None = None) -> service.ImportPlan:
    return service.plan(county=COUNTY, window=WINDOW, files=files, only=only)


def imported(*files: SourceFile) -> service.Applied:
    with writing():
        return service.apply(plan(*files), by=None)


def tokens(school: str = FIRST) -> dict[str, str]:
    return {s.code: s.card_token for s in queries.students(COUNTY, WINDOW, [school])}


def codes(found: service.ImportPlan) -> list[tuple[str, str, int, str]]:
    return [(f.file, f.fault.sheet, f.fault.row, f.fault.code) for f in found.faults]


def attend(code: str, school: str = FIRST) -> None:
    """A student is checked in."""
    draft = ev.make(
        "attendance.checked_in",
        at=planned.MORNING,
        identity=ev.derived_id("test", code),
        school=school,
        room="01",
        session="g4-chinese",
        student=code,
        data={"method": "scan"},
    )
    with writing():
        (result,) = journal.record(
            county=COUNTY, window=WINDOW, author=journal.SYSTEM, events=[draft], received_at=planned.MORNING
        )
    assert result.outcome == "accepted"


# --- applying --------------------------------------------------------------------------------------------------------
def test_a_report_becomes_rooms_students_and_cards(county: str) -> None:
    before = head(county)
    done = imported(file([*rows(count=2), *rows(SECOND, 2, room="02", exempt="右手骨折")]))
    assert (done.changed, done.counts) == (True, {"added": 4, "removed": 0, "moved": 0, "changed": 0})
    second = queries.students(county, WINDOW, [SECOND])
    assert [(s.room, s.seat, s.name, s.sex, s.exempt_reason) for s in second] == [
        ("02", 1, "张三", "m", "右手骨折"),
        ("02", 2, "张三", "m", "右手骨折"),
    ]
    assert queries.rooms(county, WINDOW, SECOND) == [queries.RoomLine(SECOND, "02", 4, 2)]
    assert len(set(tokens().values())) == 2
    assert db.session.scalar(select(func.count()).select_from(Sample)) == 2
    after = head(county)
    assert before is not None
    assert after is not None
    assert after.reference == before.reference + 1
    event = since(county, before.seq, limit=10)[-1]
    assert (event.kind, event.data["schools"], event.data["added"], event.person) == ("roster.imported", 2, 4, None)
    assert "张三" not in str(event.data)
    assert list(verify(county)) == []


def test_the_same_again_changes_nothing(county: str) -> None:
    imported(file(rows()))
    before, cards, lines = head(county), tokens(), queries.imports(county, WINDOW)
    again = plan(file(rows()))
    assert again.is_empty
    with writing():
        assert not service.apply(again, by=None).changed
    # Not the bytes but what they say is compared: another file name, another order.
    assert not imported(file(list(reversed(rows())), "b.xlsx")).changed
    assert (head(county), tokens(), queries.imports(county, WINDOW)) == (before, cards, lines)


def test_a_changed_file_shows_its_difference_and_keeps_the_cards(county: str) -> None:
    imported(file(rows()))
    cards = tokens()
    changed = rows()
    changed[0][5] = "李四"
    changed[1][3:5] = ["02", 9]
    del changed[2]
    changed.append(student(4, code=f"{FIRST}04"))
    found = plan(file(changed))
    assert found.counts == {"added": 1, "removed": 1, "moved": 1, "changed": 1}
    assert len(queries.students(county, WINDOW)) == 3, "a plan writes nothing"
    with writing():
        service.apply(found, by=None)
    after = {s.code: s for s in queries.students(county, WINDOW)}
    assert (after[f"{FIRST}01"].name, after[f"{FIRST}02"].room, after[f"{FIRST}02"].seat) == ("李四", "02", 9)
    assert f"{FIRST}03" not in after
    now = tokens()
    assert {code: now[code] for code in (f"{FIRST}01", f"{FIRST}02")} == {
        code: cards[code] for code in (f"{FIRST}01", f"{FIRST}02")
    }
    assert now[f"{FIRST}04"] not in cards.values()
    line = queries.imports(county, WINDOW)[0]
    assert (line.file_name, line.counts) == ("a.xlsx", {"added": 1, "removed": 1, "moved": 1, "changed": 1})


def test_a_room_that_nobody_sits_in_goes_and_a_new_grade_comes(county: str) -> None:
    imported(file([*rows(count=2), student(1, code="X1", room="02")]))
    imported(file([*rows(count=2, grade=8), student(3, code="X1", grade=8)]))
    assert queries.rooms(county, WINDOW, FIRST) == [queries.RoomLine(FIRST, "01", 8, 3)]


def test_schools_that_no_file_names_stay(county: str) -> None:
    imported(file([*rows(), *rows(SECOND)]))
    imported(file(rows(count=2)))
    assert [(line.code, line.students) for line in queries.schools(county, WINDOW)][:2] == [(FIRST, 2), (SECOND, 3)]


def test_a_student_changes_schools_when_both_report(county: str) -> None:
    imported(file([*rows(), *rows(SECOND)]))
    old = tokens()[f"{FIRST}03"]
    moved = [
        *rows(count=2),
        *rows(SECOND),
        student(9, school_code=SECOND, school_name=NAMES[SECOND], code=f"{FIRST}03"),
    ]
    found = plan(file(rows(count=2)), file([*rows(SECOND), moved[-1]], "b.xlsx"))
    assert found.is_right
    with writing():
        service.apply(found, by=None)
    assert tokens(SECOND)[f"{FIRST}03"] != old, "the printed card names the other school"


def test_attendance_stays_in_the_journal_when_a_student_leaves(county: str) -> None:
    imported(file(rows()))
    attend(f"{FIRST}03")
    attend(f"{FIRST}01")
    changed = rows(count=2)
    changed[0][4] = 9
    found = plan(file(changed))
    (school,) = found.changing
    assert [s.code for s in found.removed_with_attendance(school)] == [f"{FIRST}03"]
    assert [c.after.code for c in found.moved_with_attendance(school)] == [f"{FIRST}01"]
    with writing():
        service.apply(found, by=None)
    assert any(event.student == f"{FIRST}03" for event in since(county, 0, limit=1000))
    assert list(verify(county)) == []


# --- refusing --------------------------------------------------------------------------------------------------------
def nothing_written(before: object) -> None:
    assert head(COUNTY) == before
    for table in (Student, Room, Sample, Import):
        assert db.session.scalar(select(func.count()).select_from(table)) == 0


def test_one_fault_of_many_files_and_nothing_is_written(county: str) -> None:
    before = head(county)
    wrong = rows(SECOND)
    wrong[1][4] = "first row"
    found = plan(file(rows()), file(wrong, "b.xlsx"))
    assert codes(found) == [("b.xlsx", "名单", 3, "seat_not_a_number")]
    with pytest.raises(service.ImportRefused), writing():
        service.apply(found, by=None)
    nothing_written(before)


def test_faults_of_files_that_cannot_be_read_are_told_with_the_others(county: str) -> None:
    wrong = rows()
    wrong[0][5] = ""
    files = [
        SourceFile("old.xls", b"\xd0\xcf\x11\xe0..."),
        file(wrong, "b.xlsx"),
        SourceFile("empty.csv", b""),
        SourceFile("form.csv", "学校代码,学校名称,年级,考场,座号,姓名,学生编号\n".encode()),
    ]
    assert codes(plan(*files)) == [
        ("old.xls", "", 0, "old_or_protected"),
        ("b.xlsx", "名单", 2, "empty_cell"),
        ("empty.csv", "", 0, "empty_file"),
        ("form.csv", "", 0, "no_students"),
    ]


def test_a_student_in_two_schools(county: str) -> None:
    twice = rows(SECOND, 1)
    twice[0][7] = f"{FIRST}01"
    found = plan(file(rows(count=1)), file(twice, "b.xlsx"))
    assert codes(found) == [("b.xlsx", "名单", 2, "duplicate_student_code")]
    assert "a.xlsx" in str(found.faults[0].fault.params["first_sheet"])
    imported(file(rows(count=1)))
    found = plan(file(twice, "b.xlsx"))
    assert codes(found) == [("b.xlsx", "名单", 2, "student_code_elsewhere")]


def test_schools_that_the_county_does_not_have(county: str) -> None:
    unknown = [student(1, school_code="4418250101", school_name="连山第一小学")]
    assert codes(plan(file(unknown))) == [("a.xlsx", "名单", 2, "school_not_registered")]
    other_name = [student(1, school_name="阳山县第九小学")]
    assert codes(plan(file(other_name))) == [("a.xlsx", "名单", 2, "school_name_not_registered")]


def test_somebody_of_one_school_reports_only_that(county: str) -> None:
    assert plan(file(rows()), only=FIRST).is_right
    assert codes(plan(file(rows(SECOND)), only=FIRST)) == [("a.xlsx", "名单", 2, "school_not_registered")]


def test_what_the_table_cannot_hold(county: str) -> None:
    long = [student(1, class_name="四" * 61), student(2, exempt="伤" * 61)]
    found = plan(file(long))
    assert [(f.fault.row, f.fault.code, f.fault.params["field"]) for f in found.faults] == [
        (2, "text_too_long", "class_name"),
        (3, "text_too_long", "exempt"),
    ]


def test_a_stale_plan(county: str) -> None:
    found = plan(file(rows()))
    with writing():
        timetable.set_policy(window=WINDOW, name="silence_min", value=7, origin="letter", by=None)
    with pytest.raises(service.PlanStale), writing():
        service.apply(found, by=None)
    first, second = plan(file(rows())), plan(file(rows(SECOND)))
    with writing():
        service.apply(first, by=None)
    with pytest.raises(service.PlanStale), writing():
        service.apply(second, by=None)
    assert queries.students(county, WINDOW, [SECOND]) == []


def test_no_such_county_or_window(county: str) -> None:
    with pytest.raises(LookupError):
        service.plan(county="999999", window=WINDOW, files=[])
    with pytest.raises(LookupError):
        service.plan(county=COUNTY, window="none", files=[])


def test_hostile_names_survive(county: str) -> None:
    hostile = [*HOSTILE_NAMES, "{x}", "%s", "<b>", "O'Neil", "@SUM(1)", "𠮷野", "阿依古丽·买买提"]
    students = [student(n, code=f"H{n}", name=name) for n, name in enumerate(hostile, 1)]
    found = plan(file(students))
    assert [f.fault.code for f in found.faults] == []
    imported(file(students))
    stored = {s.code: s.name for s in queries.students(county, WINDOW)}
    assert stored == {row.code: row.name for row in found.read.report.rows}
    assert plan(file(students)).is_empty


def test_the_downloaded_table_is_the_roster(county: str) -> None:
    imported(file([*rows(), student(4, code="X", exempt="病", sex="女", class_name="")]))
    table = to_csv(queries.students(county, WINDOW))
    assert plan(SourceFile("roster.csv", table)).is_empty


def test_formulas_are_text_in_the_downloaded_table(county: str) -> None:
    imported(file([student(1, code="X", name="@HYPERLINK(1)")]))
    assert "'@HYPERLINK" in to_csv(queries.students(county, WINDOW)).decode("utf-8-sig")


def test_file_names_that_people_give() -> None:
    given = ["a.csv", "a.csv", "C:\\x\\b.csv", "../../c.csv", "", "441823201001011234.xlsx", "d\n\x00.csv"]
    assert shown_names(given) == ("a.csv", "a.csv (2)", "b.csv", "c.csv", "#5", "#6", "d.csv")


# --- the whole demo county, and the command --------------------------------------------------------------------------
@pytest.fixture
def demo(county: str, tmp_path: Path) -> list[Path]:
    """The demo county's 35 workbooks, its schools known to the county."""
    made = demo_county()
    known = queries.known_schools(county)
    with writing():
        for code in known:
            db.session.execute(organisation.School.__table__.delete().where(organisation.School.code == code))
        for school in made.schools:
            organisation.add_school(county=county, code=school.code, name=school.name, timezone=school.timezone)
    return write_workbooks(tmp_path / "reports", made)


def run(paths: list[Path], *, dry_run: bool = False) -> tuple[str, int]:
    return import_files(window=WINDOW, county=COUNTY, paths=paths, dry_run=dry_run)


@pytest.mark.slow
def test_thirty_five_files(demo: list[Path]) -> None:
    text, code = run(demo, dry_run=True)
    assert code == 0, text
    assert "Would change 35 schools: 1050 added, 0 removed" in text
    assert queries.students(COUNTY, WINDOW) == []
    text, code = run(demo)
    assert code == 0, text
    assert "Imported 35 schools: 1050 added" in text
    assert len(queries.students(COUNTY, WINDOW)) == 1050
    before = head(COUNTY)
    text, code = run(demo)
    assert (code, head(COUNTY)) == (0, before)
    assert "Nothing changes" in text


@pytest.mark.slow
def test_one_fault_in_thirty_five_files(demo: list[Path]) -> None:
    before = head(COUNTY)
    path = demo[17].with_suffix(".csv")
    path.write_text("学校代码,学校名称,年级,考场,座号,姓名,学生编号\nx,y,5,01,0,,\n", encoding="utf-8")
    text, code = run([*demo[:17], path, *demo[18:]])
    assert code == 1
    assert "7 faults" in text or "faults; nothing was imported" in text
    assert f"{path.name}: sheet" in text
    assert "row 2, column" in text
    nothing_written(before)


def test_the_command_names_students_by_code_only(county: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    secret = f"某{secrets.token_hex(4)}"
    path.write_bytes(xlsx([HEADINGS, *rows(name=secret)]))
    assert run([path])[1] == 0
    path.write_bytes(xlsx([HEADINGS, *rows(count=2, name=secret), student(5, code="NEW", name=secret)]))
    attend(f"{FIRST}03")
    text, code = run([path])
    assert code == 0
    assert secret not in text
    assert f"- {FIRST}03 room 01 seat 3" in text
    assert "+ NEW room 01 seat 5" in text
    assert f"! {FIRST}03 leaves the roster" in text


def test_the_command_says_what_it_cannot_do(county: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(xlsx([HEADINGS, *rows()]))
    assert import_files(window="none", county=COUNTY, paths=[path], dry_run=False)[1] == 2
    assert import_files(window=WINDOW, county="999999", paths=[path], dry_run=False)[1] == 2
    assert run([tmp_path / "missing.xlsx"])[1] == 2
