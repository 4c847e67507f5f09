"""The demo county has the document's numbers, and its workbooks say exactly what it holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fieldops.demo.county import DemoCounty, demo_county
from fieldops.demo.workbooks import write_workbooks
from fieldops.roster.difference import difference
from fieldops.roster.reading import read_report
from fieldops.roster.workbook import read_workbook


@pytest.fixture(scope="module")
def county() -> DemoCounty:
    return demo_county()


def test_the_numbers_of_the_document(county: DemoCounty) -> None:
    assert Counter((school.kind, school.grade) for school in county.schools) == {("primary", 4): 20, ("junior", 8): 15}
    assert {len(school.students) for school in county.schools} == {30}
    assert len({student.code for student in county.students}) == 1_050
    assert len({school.code for school in county.schools}) == 35
    assert {len(school.code) for school in county.schools} == {10}
    assert [school.timezone for school in county.schools].count("Asia/Urumqi") == 1
    assert all(ZoneInfo(school.timezone) for school in county.schools)


def test_some_rooms_are_split(county: DemoCounty) -> None:
    sizes = {tuple(len(room.students) for room in school.rooms) for school in county.schools}
    assert sizes == {(30,), (15, 15), (18, 12), (12, 18)}


def test_hostile_names_are_among_the_students(county: DemoCounty) -> None:
    names = {student.name for student in county.students}
    assert {"{x}", "%s", "<b>", "O'Neil", "陈𠮷", "李㛃", "王䶮", "&amp;"} <= names
    assert max(len(name) for name in names) == 60


def test_everybody_is_there(county: DemoCounty) -> None:
    held = Counter((person.place, person.role) for person in county.people)
    for school in county.schools:
        place = f"441823/{school.code}"
        for role in ("chief_monitor", "timekeeper", "principal", "information_officer", "custodian", "inspector"):
            assert held[place, role] == 1
        for room in school.rooms:
            assert held[f"{place}/{room.code}", "monitor"] == 1
    for place in ("440000", "441800", "441823"):
        assert held[place, "desk"] == 1
    assert held["440000", "supervisor"] == held["441800", "supervisor"] == 1
    assert sum(count for (_, role), count in held.items() if role == "subject_monitor") == 1
    logins = [person.login for person in county.people if person.login]
    assert len(logins) == len(set(logins)) == 3


def test_the_same_seed_gives_the_same_county(county: DemoCounty) -> None:
    assert demo_county() == county
    assert demo_county(7) != county


def test_the_workbooks_say_what_the_county_holds(county: DemoCounty, tmp_path: Path) -> None:
    paths = write_workbooks(tmp_path / "reports", county)
    assert {path.suffix for path in paths} == {".xlsx", ".csv"}
    read = []
    for path, school in zip(paths, county.schools, strict=True):
        report = read_report(read_workbook(path.read_bytes(), path.name), known_schools={school.code: school.name})
        assert report.faults == ()
        assert {warning.code for warning in report.warnings} <= {"sheet_ignored"}
        assert difference(school.students, report.rows).is_empty
        read += [replace(row, sheet="", row=0) for row in report.rows]
    assert tuple(read) == county.students
