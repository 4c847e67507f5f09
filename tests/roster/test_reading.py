"""What a report says, and every kind of fault at its sheet, row and column."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from fieldops.roster.faults import FAULT_MESSAGES, WARNING_MESSAGES, Fault, message
from fieldops.roster.reading import read_report
from fieldops.roster.workbook import read_workbook
from tests.roster.sheets import HEADINGS, places, read, student, xlsx

ID_NUMBER = "44182320140101001X"


def test_a_plain_report() -> None:
    report = read([HEADINGS, student(1), student(2, name="李四", sex="女", exempt="右手骨折")])
    assert report.is_right
    assert report.warnings == ()
    first, second = report.rows
    assert (first.school_code, first.grade, first.room, first.seat, first.sex) == ("4418230101", 4, "01", 1, "m")
    assert (first.sheet, first.row, first.exempt_reason) == ("名单", 2, None)
    assert (second.name, second.sex, second.exempt_reason) == ("李四", "f", "右手骨折")
    assert [(school.code, school.grades, school.students) for school in report.schools] == [("4418230101", (4,), 2)]
    assert [(room.code, room.grade, room.students) for room in report.rooms] == [("01", 4, 2)]


def test_titles_blank_rows_repeated_headings_and_footers() -> None:
    rows = [["监测学生名单"], [], HEADINGS, student(1), [], HEADINGS, student(2), ["合计:2人"], ["填表人:", "王五"]]
    report = read(rows, lambda sheet: sheet.merge_cells("A1:K1"))
    assert report.is_right
    assert [row.row for row in report.rows] == [4, 7]


def test_school_grade_and_room_from_titles() -> None:
    rows: list[list[Any]] = [
        ["学校代码:4418230101  学校名称:阳山县 第一小学"],
        ["年级", "四年级", None, "考场", "第2考场"],
        ["座号", "姓名", "学生编号"],
        [1, "张三", "001"],
    ]
    report = read(rows)
    assert report.is_right, report.faults
    assert [(row.school_name, row.grade, row.room, row.code) for row in report.rows] == [
        ("阳山县第一小学", 4, "02", "001")
    ]


def test_a_faulty_title_is_named_once_at_its_own_cell() -> None:
    rows = [["学校代码:12  学校名称:阳山县第一小学  年级:五年级"], ["座号", "姓名", "学生编号", "考场"]]
    report = read([*rows, [1, "张三", "001", 1], [2, "李四", "002", 1]])
    assert places(report.faults) == [("school_code_format", 1, "A"), ("grade_not_4_or_8", 1, "A")]


@pytest.mark.parametrize(
    ("changes", "code", "column"),
    [
        ({"name": ""}, "empty_cell", "F"),
        ({"school_code": None}, "empty_cell", "A"),
        ({"seat": "  "}, "empty_cell", "E"),
        ({"grade": "五年级"}, "grade_not_4_or_8", "C"),
        ({"grade": 44}, "grade_not_4_or_8", "C"),
        ({"seat": "靠窗"}, "seat_not_a_number", "E"),
        ({"seat": 0}, "seat_not_a_number", "E"),
        ({"seat": -1}, "seat_not_a_number", "E"),
        ({"seat": 1.5}, "seat_not_a_number", "E"),
        ({"seat": 100}, "seat_not_a_number", "E"),
        ({"room": "多功能厅/二楼"}, "room_unreadable", "D"),
        ({"school_code": "12345"}, "school_code_format", "A"),
        ({"school_code": "学校441823"}, "school_code_format", "A"),
        ({"code": "甲乙丙"}, "student_code_format", "H"),
        ({"code": "4.41823E+11"}, "scientific_number", "H"),
        ({"name": "名" * 61}, "name_too_long", "F"),
        ({"name": "张\x0b三"}, "control_character", "F"),
        ({"name": "张\n三"}, "control_character", "F"),
        ({"name": "张\ufffd"}, "unreadable_character", "F"),
        ({"sex": "未知"}, "sex_unknown", "G"),
        ({"exempt": "因" * 61}, "text_too_long", "J"),
        ({"name": "#REF!"}, "formula_error", "F"),
        ({"code": "=A1+1"}, "formula_without_value", "H"),
        ({"name": ID_NUMBER}, "id_card_number", "F"),
        ({"remark": f"证件 {ID_NUMBER}"}, "id_card_number", "K"),
        ({"code": 441823201401010011}, "id_card_number", "H"),
        ({"code": "G44182320140101001x"}, "id_card_number", "H"),
        ({"class_name": "441823 20140101 0011"}, "id_card_number", "I"),
        ({"class_name": "4.41823E+17"}, "id_card_number", "I"),
    ],
)
def test_a_fault_of_one_cell(changes: dict[str, Any], code: str, column: str) -> None:
    # A CSV holds control characters that a workbook's writer refuses.
    rows = [HEADINGS, student(1), student(2, **changes)]
    if code == "control_character":
        lines = [",".join(f'"{"" if value is None else value}"' for value in row) for row in rows]
        report = read_report(read_workbook("\n".join(lines).encode(), "名单.csv"))
    else:
        report = read(rows)
    assert [(fault.sheet, *place) for fault, place in zip(report.faults, places(report.faults), strict=True)] == [
        ("名单", code, 3, column)
    ]
    assert report.faults[0].header == ("" if code == "id_card_number" else HEADINGS["ABCDEFGHIJK".index(column)])
    assert not report.is_right
    assert message(report.faults[0])


def test_a_date_where_text_belongs() -> None:
    report = read([HEADINGS, student(1, class_name=dt.datetime(2024, 4, 1))])  # noqa: DTZ001 (a cell has no zone)
    assert places(report.faults) == [("date_instead_of_text", 2, "I")]


def test_an_id_number_is_never_repeated() -> None:
    rows = [[f"校长 {ID_NUMBER}"], HEADINGS, student(1, name=ID_NUMBER, code=ID_NUMBER, school_name=ID_NUMBER)]
    report = read_report(read_workbook(xlsx(rows, title=ID_NUMBER), f"{ID_NUMBER}.xlsx"))
    assert len(report.faults) == 4
    assert ID_NUMBER[:6] not in repr(report).replace("4418230101", "")
    assert all(ID_NUMBER not in message(fault) for fault in report.faults)


def test_an_id_card_column_is_refused_once() -> None:
    report = read([[*HEADINGS, "身份证号"], [*student(1), ID_NUMBER], [*student(2), ID_NUMBER]])
    assert places(report.faults) == [("id_card_column", 1, "L")]


def test_missing_and_double_columns() -> None:
    report = read([["姓名", "学生姓名", "座号", "考场", "民族"], ["张三", "张三", 1, 1, "汉"]])
    assert sorted(str(fault.params["field"]) for fault in report.faults if fault.code == "missing_column") == [
        "code",
        "grade",
        "school_code",
        "school_name",
    ]
    assert ("duplicate_header", 1, "B") in places(report.faults)
    assert places(report.warnings) == [("column_ignored", 1, "E")]


def test_a_file_without_students() -> None:
    assert places(read([HEADINGS]).faults) == [("no_students", 0, "")]
    assert places(read([["甲", "乙", "丙", "丁"], [1, 2, 3, 4]]).faults) == [("no_header", 0, "")]


def test_merged_cells_fill_what_students_share_and_nothing_else() -> None:
    def merge(sheet: Any) -> None:
        for place in ("A2:A3", "B2:B3", "C2:C3", "D2:D3"):
            sheet.merge_cells(place)

    assert read([HEADINGS, student(1), student(2)], merge).is_right
    report = read([HEADINGS, student(1), student(2)], lambda sheet: sheet.merge_cells("F2:F3"))
    assert places(report.faults) == [("merged_cell", 3, "F")]
    report = read([HEADINGS, student(1), student(2)], lambda sheet: sheet.merge_cells("F2:G2"))
    assert places(report.faults) == [("merged_cell", 2, "G")]


@pytest.mark.parametrize(
    ("changes", "code", "column"),
    [
        ({"seat": "1"}, "duplicate_seat", "E"),
        ({"code": "441823010101"}, "duplicate_student_code", "H"),
        ({"school_name": "阳山县第二小学"}, "school_name_contradicts_code", "B"),
        ({"school_code": "4418230102"}, "school_code_contradicts_name", "A"),
        ({"grade": 8}, "room_with_mixed_grades", "C"),
    ],
)
def test_contradictions_between_rows(changes: dict[str, Any], code: str, column: str) -> None:
    # The second row has a fault of its own too: one pass names both.
    report = read([HEADINGS, student(1), student(2, **changes, sex="?")])
    assert sorted(places(report.faults)) == sorted([(code, 3, column), ("sex_unknown", 3, "G")])
    fault = next(fault for fault in report.faults if fault.code == code)
    assert (fault.params["first_row"], fault.params["first_sheet"]) == (2, "名单")


def test_only_registered_schools_report() -> None:
    rows = [HEADINGS, student(1), student(2)]
    assert read(rows, known_schools={"4418230101": "阳山县第一小学"}).is_right
    assert read(rows, known_schools={"4418230101": ""}).is_right
    assert places(read(rows, known_schools={}).faults) == [("school_not_registered", 2, "A")]
    other = read(rows, known_schools={"4418230101": "别的小学"})
    assert places(other.faults) == [("school_name_not_registered", 2, "B")]


def test_more_students_than_the_sample_is_a_warning() -> None:
    report = read([HEADINGS, *(student(seat, code=f"c{seat}") for seat in range(1, 5))], sample_size=3)
    assert report.is_right
    assert places(report.warnings) == [("school_over_sample", 5, "")]
    assert message(report.warnings[0]) == "School 4418230101 has 4 students in grade 4; the sample is 3."


def test_what_is_left_out_is_said() -> None:
    rows = [HEADINGS, student(1, name="王?"), student(2, name="李\ue863"), student(3)[:4]]
    report = read(rows)
    assert report.is_right
    assert places(report.warnings) == [
        ("question_mark_in_name", 2, "F"),
        ("private_use_character", 3, "F"),
        ("row_without_student", 4, ""),
    ]


def test_all_faults_in_one_pass() -> None:
    rows = [
        HEADINGS,
        student(1),
        student(1, name="", grade="七", sex="x"),
        student(3, school_code="1", room="!", code=""),
        student(4, name=ID_NUMBER, seat="四号半"),
    ]
    assert places(read(rows).faults) == [
        ("grade_not_4_or_8", 3, "C"),
        ("duplicate_seat", 3, "E"),
        ("empty_cell", 3, "F"),
        ("sex_unknown", 3, "G"),
        ("duplicate_student_code", 3, "H"),
        ("school_code_format", 4, "A"),
        ("room_unreadable", 4, "D"),
        ("empty_cell", 4, "H"),
        ("seat_not_a_number", 5, "E"),
        ("id_card_number", 5, "F"),
    ]


def test_every_sentence_can_be_filled() -> None:
    params: dict[str, str | int] = {"limit": 1, "length": 2, "count": 3, "grade": 4, "seat": 5, "first_row": 6}
    params |= {"field": "seat", "value": "%s {x}", "first": "<b>", "first_sheet": "%(x)s", "first_column": "A"}
    params |= {"room": "01", "school_code": "4418230101"}
    for text in (FAULT_MESSAGES | WARNING_MESSAGES).values():
        assert text % params


@pytest.mark.parametrize(
    ("exempt", "remark", "reason"),
    [
        ("", "", None),
        ("否", "体育委员", None),
        ("不免测", "", None),
        ("是", "", "免测"),
        ("√", "随班就读", "随班就读"),
        ("骨折", "", "骨折"),
        ("", "因病免测", "因病免测"),
        ("", "不免测", None),
    ],
)
def test_exemptions(exempt: str, remark: str, reason: str | None) -> None:
    report = read([HEADINGS, student(1, exempt=exempt, remark=remark)])
    assert report.is_right
    assert report.rows[0].exempt_reason == reason


HOSTILE = [
    "{x}",
    "%s",
    "%(name)s",
    "<b>",
    "O'Neil",
    "陈𠮷",
    "李㛃",
    "王䶮",
    "&amp;",
    "'; DROP TABLE",
    "名" * 60,
    "{{7*7}}",
]


def test_hostile_names_are_data() -> None:
    rows = [student(seat, name=name, code=f"c{seat}") for seat, name in enumerate(HOSTILE, 1)]
    report = read([HEADINGS, *rows])
    assert report.is_right
    assert [row.name for row in report.rows] == HOSTILE


def test_hidden_sheets_and_explanations_are_left_out_and_said() -> None:
    good, hidden = read_workbook(xlsx([HEADINGS, student(1)]), "a.xlsx")[0], "列表"
    explanation = read_workbook(xlsx([["填表说明"], ["每人一行"]], title="说明"), "a.xlsx")[0]
    report = read_report([good, replace(good, name=hidden, hidden=True), explanation])
    assert report.is_right
    assert [(fault.sheet, fault.code) for fault in report.warnings] == [
        (hidden, "hidden_sheet_ignored"),
        ("说明", "sheet_ignored"),
    ]


@pytest.mark.parametrize(
    ("code", "words"), [("01", "Room 1:"), ("00", "Room 0:"), ("多媒体教室", "多媒体教室:"), ("{x}", "{x}:")]
)
def test_a_room_is_named_as_the_screens_name_it(code: str, words: str) -> None:
    params = {"room": code, "seat": 3, "first_row": 4, "first_sheet": "甲"}
    assert message(Fault("甲", 7, "E", "座号", "duplicate_seat", params)).startswith(words)
