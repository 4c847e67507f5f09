"""What a report would change: laws that hold for any two rosters, and the cases a person looks at."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fieldops.roster.difference import Difference, Student, difference
from fieldops.roster.students import StudentRow

BASE = StudentRow("441801", "甲校", 4, "01", 1, "c1", "张三", "m", "四(1)班", None, "名单", 2)

students = st.builds(
    StudentRow,
    school_code=st.sampled_from(["441801", "441802", "441803"]),
    school_name=st.just("甲校"),
    grade=st.sampled_from([4, 8]),
    room=st.sampled_from(["01", "02"]),
    seat=st.integers(1, 30),
    code=st.sampled_from([f"c{number}" for number in range(6)]),
    name=st.sampled_from(["张三", "{x}", "O'Neil"]),
    sex=st.sampled_from(["m", "f", None]),
    class_name=st.sampled_from(["", "四(1)班"]),
    exempt_reason=st.sampled_from([None, "骨折"]),
    sheet=st.just("名单"),
    row=st.integers(1, 40),
)
rosters = st.lists(students, max_size=12, unique_by=lambda student: (student.school_code, student.code))


def facts(roster: list[Student]) -> set[tuple[object, ...]]:
    """A roster without the places in files."""
    return {
        (s.school_code, s.code, s.grade, s.room, s.seat, s.name, s.sex, s.class_name or None, s.exempt_reason)
        for s in roster
    }


def applied(present: list[StudentRow], found: Difference) -> list[Student]:
    """The roster after the difference."""
    roster: dict[tuple[str, str], Student] = {(student.school_code, student.code): student for student in present}
    for school in found.schools:
        for student in school.removed:
            del roster[student.school_code, student.code]
        for student in [*school.added, *(change.after for change in (*school.moved, *school.changed))]:
            roster[student.school_code, student.code] = student
    return list(roster.values())


@given(rosters)
def test_nothing_changes_between_the_same(roster: list[StudentRow]) -> None:
    found = difference(roster, [replace(student, row=99) for student in reversed(roster)])
    assert found.is_empty
    assert sum(len(school.unchanged) for school in found.schools) == len(roster)


@given(rosters, rosters)
def test_applying_the_difference_gives_the_report(present: list[StudentRow], report: list[StudentRow]) -> None:
    found = difference(present, report, schools={"441801", "441802", "441803"})
    after = applied(present, found)
    assert facts(after) == facts(list(report))
    assert found.is_empty == (facts(list(present)) == facts(list(report)))
    assert difference(after, report).is_empty


@given(rosters, rosters)
def test_schools_that_do_not_report_keep_their_students(present: list[StudentRow], report: list[StudentRow]) -> None:
    reporting = {student.school_code for student in report}
    others = [student for student in present if student.school_code not in reporting]
    after = applied(present, difference(present, report))
    assert facts(after) == facts([*others, *report])


@given(rosters, rosters)
def test_each_student_is_counted_once(present: list[StudentRow], report: list[StudentRow]) -> None:
    for school in difference(present, report).schools:
        both = len(school.moved) + len(school.changed) + len(school.unchanged)
        assert both + len(school.removed) == sum(s.school_code == school.school_code for s in present)
        assert both + len(school.added) == sum(s.school_code == school.school_code for s in report)


def test_moved_and_changed() -> None:
    (school,) = difference([BASE], [replace(BASE, room="02", seat=3)]).schools
    assert [change.fields for change in school.moved] == [("room", "seat")]
    (school,) = difference([BASE], [replace(BASE, seat=3, name="张叁")]).schools
    assert school.moved == ()
    assert [(change.before.name, change.after.name, change.fields) for change in school.changed] == [
        ("张三", "张叁", ("seat", "name"))
    ]


def test_a_renamed_school_does_not_change_its_students() -> None:
    (school,) = difference([BASE], [replace(BASE, school_name="乙校")]).schools
    assert school.is_renamed
    assert not school.is_empty
    assert (school.name_before, school.name_after, len(school.unchanged)) == ("甲校", "乙校", 1)


def test_a_new_and_an_empty_school() -> None:
    (school,) = difference([], [BASE]).schools
    assert (school.name_before, len(school.added), school.is_renamed) == ("", 1, False)
    (school,) = difference([BASE], [], schools={"441801"}).schools
    assert (school.name_after, len(school.removed)) == ("", 1)
    assert difference([BASE], []).is_empty
