"""The check of a proposed timetable: every fault in one pass, each with its row and reason."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.timetable import seed, words
from fieldops.timetable.check import FIELDS, Checked, PlannedSession, Row, check
from fieldops.timetable.comparison import compare
from fieldops.timetable.tables import from_csv, rows_of, texts, to_csv

FIRST, LAST = date(2024, 5, 20), date(2024, 5, 21)
GOOD = {
    "date": "2024-05-20",
    "code": "g4-chinese",
    "name": "语文",
    "name_en": "Chinese",
    "kind": "subject",
    "start": "09:00",
    "end": "10:20",
    "check_in_min": "20",
    "preparation_min": "20",
    "sealing_min": "20",
}


def row(number: int = 1, **changes: str) -> Row:
    return Row(number, {**GOOD, **changes})


def checked(*rows: Row, taken: dict[str, int] | None = None) -> Checked:
    return check(rows, first_day=FIRST, last_day=LAST, taken=taken)


def told(result: Checked) -> list[tuple[int, str, str]]:
    return [(problem.row, problem.column, problem.code) for problem in result.problems]


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        ({"date": ""}, "date", "empty"),
        ({"date": "20 May"}, "date", "bad_date"),
        ({"date": "2024-02-30"}, "date", "bad_date"),
        ({"date": "2024-05-19"}, "date", "outside_window"),
        ({"date": "2024-05-22"}, "date", "outside_window"),
        ({"code": ""}, "code", "empty"),
        ({"code": "G4 语文"}, "code", "bad_code"),
        ({"code": "-g4"}, "code", "bad_code"),
        ({"code": "g" * 33}, "code", "too_long"),
        ({"name": "  "}, "name", "empty"),
        ({"name": "语" * 61}, "name", "too_long"),
        ({"name": "语\x00文"}, "name", "unprintable"),
        ({"name": "语\ud800文"}, "name", "unprintable"),
        ({"name_en": ""}, "name_en", "empty"),
        ({"kind": ""}, "kind", "empty"),
        ({"kind": "exam"}, "kind", "unknown_kind"),
        ({"start": ""}, "start", "empty"),
        ({"start": "9 o'clock"}, "start", "bad_time"),
        ({"start": "25:00"}, "start", "bad_time"),
        ({"end": ""}, "end", "empty"),
        ({"end": "09:00"}, "end", "end_before_start"),
        ({"end": "08:59"}, "end", "end_before_start"),
        ({"check_in_min": ""}, "check_in_min", "empty"),
        ({"check_in_min": "-1"}, "check_in_min", "minutes_out_of_range"),
        ({"preparation_min": "241"}, "preparation_min", "minutes_out_of_range"),
        ({"sealing_min": "soon"}, "sealing_min", "bad_minutes"),
        ({"sealing_min": "1.5"}, "sealing_min", "bad_minutes"),
        ({"start": "00:30"}, "check_in_min", "before_midnight"),
    ],
)
def test_each_fault_of_a_row(change: dict[str, str], column: str, code: str) -> None:
    result = checked(row(7, **change))
    assert told(result) == [(7, column, code)]
    assert words.sentence(result.problems[0])


def test_everything_is_told_in_one_pass() -> None:
    result = checked(row(2, date="", name=""), row(3, code="B", kind="x", end="08:00"), row(4, sealing_min="-5"))
    assert told(result) == [
        (2, "date", "empty"),
        (2, "name", "empty"),
        (3, "code", "bad_code"),
        (3, "kind", "unknown_kind"),
        (3, "end", "end_before_start"),
        (4, "code", "duplicate_code"),
        (4, "sealing_min", "minutes_out_of_range"),
    ]


def test_no_rows() -> None:
    assert told(checked()) == [(0, "", "no_rows")]


def test_codes_are_unique_in_the_window() -> None:
    assert told(checked(row(2), row(5, date="2024-05-21"))) == [(5, "code", "duplicate_code")]
    assert told(checked(row(2), taken={"g4-chinese": 8})) == [(2, "code", "code_of_other_grade")]


def test_what_people_type_is_read() -> None:
    typed = row(
        date="２０２４年5月20日",
        start="９：００",
        end="10:20:00",
        check_in_min="20.0",
        kind=" Subject".strip().lower(),
        name=" 语 文 ",
    )
    result = checked(typed)
    assert result.problems == ()
    assert result.sessions[0].start_time == time(9)
    assert result.sessions[0].name == "语 文"


def test_students_sessions_may_not_overlap() -> None:
    overlapping = row(3, code="g4-maths", start="10:19", end="11:00")
    assert told(checked(row(2), overlapping)) == [(3, "start", "overlap")]
    # The same told from the other row when it begins first, and of several the one that still runs.
    long = row(2, end="12:00")
    third = row(4, code="g4-third", start="11:30", end="11:50")
    assert told(checked(long, overlapping, third)) == [(3, "start", "overlap"), (4, "start", "overlap")]


def test_another_day_is_no_overlap() -> None:
    assert checked(row(1), row(2, code="g4-next", date="2024-05-21")).problems == ()


def test_staff_questionnaires_run_beside() -> None:
    staff = row(2, code="g4-staff", kind="staff_questionnaire", end="", check_in_min="0")
    again = row(3, code="g4-staff-b", kind="校长与教师问卷", end="17:00")
    result = checked(row(1), staff, again)
    assert result.problems == result.warnings == ()
    assert result.sessions[1].end_time is None


def test_a_students_session_has_an_end() -> None:
    assert told(checked(row(1, kind="questionnaire", end=""))) == [(1, "end", "empty")]


def test_sealing_and_preparation_that_overlap_are_a_warning() -> None:
    after = {"code": "g4-maths", "end": "12:10", "check_in_min": "0", "preparation_min": "10"}
    assert checked(row(1), row(2, start="10:50", **after)).warnings == ()
    result = checked(row(1), row(2, start="10:49", **after))
    assert result.problems == ()
    assert [(w.row, w.code, w.params["gap"], w.params["needed"]) for w in result.warnings] == [(2, "tight", 29, 30)]


def test_the_seed_is_right_and_has_no_slack() -> None:
    file = seed.read()
    assert (file.first_day, file.last_day) == (FIRST, LAST)
    for grade in file.timetables:
        result = check(grade.rows, first_day=FIRST, last_day=LAST)
        assert (result.problems, result.warnings) == ((), ())
        assert all(session.code.startswith(f"g{grade.grade}-") for session in result.sessions)
    fourth = {s.code: s for s in check(file.timetables[0].rows, first_day=FIRST, last_day=LAST).sessions}
    assert (fourth["g4-chinese"].check_in_min, fourth["g4-chinese"].preparation_min) == (20, 20)
    assert fourth["g4-staff-1"].end_time is None
    # Every gap but lunch is 30 minutes: 20 of sealing and 10 of preparation.
    assert (fourth["g4-maths"].starts - fourth["g4-chinese"].ends).total_seconds() == 30 * 60


# --- properties ------------------------------------------------------------------------------------------------------
times = st.times().map(lambda t: t.replace(second=0, microsecond=0))


@st.composite
def sessions(draw: st.DrawFn) -> list[PlannedSession]:
    made = []
    for number in range(draw(st.integers(1, 7))):
        start, end = sorted(draw(st.tuples(times, times).filter(lambda pair: pair[0] != pair[1])))
        kind = draw(st.sampled_from(["subject", "questionnaire", "staff_questionnaire"]))
        made.append(
            PlannedSession(
                code=f"s{number}",
                name=draw(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=60)),
                name_en="x",
                kind=kind,
                date=draw(st.dates(FIRST, LAST)),
                start_time=start,
                end_time=None if kind == "staff_questionnaire" and draw(st.booleans()) else end,
                check_in_min=0,
                preparation_min=0,
                sealing_min=draw(st.integers(0, 240)),
            )
        )
    return made


@given(sessions())
def test_an_overlap_is_found_if_and_only_if_there_is_one(made: list[PlannedSession]) -> None:
    rows = [Row(number, texts(session)) for number, session in enumerate(made, 1)]
    students = [s for s in made if s.kind != "staff_questionnaire"]
    there = any(a is not b and a.starts < b.ends and b.starts < a.ends for a in students for b in students)
    result = checked(*rows)
    assert {problem.code for problem in result.problems} == ({"overlap"} if there else set())


@given(sessions())
def test_a_timetable_survives_the_way_through_a_file(made: list[PlannedSession]) -> None:
    rows, problems = rows_of(from_csv(to_csv(made)))
    assert problems == ()
    read = {s.code: s for s in checked(*rows).sessions}
    normal = {s.code: s for s in checked(*(Row(n, texts(s)) for n, s in enumerate(made, 1))).sessions}
    assert read == normal
    assert compare(read.values(), normal.values()).is_empty


@given(st.lists(st.fixed_dictionaries({}, optional={field: st.text(max_size=50) for field in FIELDS}), max_size=5))
def test_nothing_that_is_written_breaks_the_check(written: list[dict[str, str]]) -> None:
    result = checked(*(Row(number, values) for number, values in enumerate(written, 1)))
    assert all(words.sentence(problem) for problem in (*result.problems, *result.warnings))
    named = {problem.row for problem in result.problems}
    assert all(number in named for number in range(1, len(written) + 1)) or result.sessions


def test_headings_in_chinese_below_a_title() -> None:
    table = from_csv(
        "四年级时间表\n\n日期,代码,名称,英文名称,类别,开始时间,结束时间,检录（分钟）,准备(分钟),密封\n"
        "2024-05-20,a,b,c,学科,09:00,10:00,1,2,3\n,,\n"
    )
    rows, problems = rows_of(table)
    assert problems == ()
    assert [r.number for r in rows] == [4]
    assert checked(*rows).problems == ()


def test_no_headings_and_missing_columns() -> None:
    assert [p.code for p in rows_of(from_csv("a,b\nc,d\n"))[1]] == ["no_header"]
    _, problems = rows_of(from_csv("date,code,start\n2024-05-20,a,09:00\n"))
    assert {(p.row, p.column, p.code) for p in problems} == {
        (1, field, "missing_column") for field in FIELDS if field not in {"date", "code", "start"}
    }
