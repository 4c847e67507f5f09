"""The demo county as the files that schools really send: titles, merged cells, other headings, full-width digits, CSV.

Every form holds the same facts; the importer has to find them. One file a school, the form by the school's turn.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from fieldops.demo.county import DemoCounty, DemoSchool, demo_county
from fieldops.roster.students import StudentRow

HEADINGS = (
    "学校代码", "学校名称", "年级", "班级", "考场", "座号", "姓名", "性别", "学生编号", "免测",
)  # fmt: skip
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_SEX = {"m": "男", "f": "女", None: ""}
_GRADE = {4: "四年级", 8: "八年级"}


def write_workbooks(folder: Path, county: DemoCounty | None = None) -> list[Path]:
    """Write one file per school into the folder (made when missing) and return their paths, by school code."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index, school in enumerate((county or demo_county()).schools):
        suffix, form = FORMS[index % len(FORMS)]
        path = folder / f"{school.code}{suffix}"
        path.write_bytes(form(school))
        paths.append(path)
    return paths


def _row(student: StudentRow) -> list[str | int]:
    """A student in the order of ``HEADINGS``, written plainly."""
    return [
        student.school_code,
        student.school_name,
        student.grade,
        student.class_name,
        student.room,
        student.seat,
        student.name,
        _SEX[student.sex],
        student.code,
        student.exempt_reason or "",
    ]


def _spaced(name: str) -> str:
    """A short Chinese name as many write it, to line up with longer ones: 张 三, with a wide space."""
    return "\u3000".join(name) if len(name) == 2 and not name.isascii() else name


def _saved(workbook: Workbook) -> bytes:
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _sheet(workbook: Workbook, title: str) -> Worksheet:
    """The first sheet of a new workbook, or a further one."""
    sheet = workbook.worksheets[0] if workbook.worksheets[0].title == "Sheet" else workbook.create_sheet()
    sheet.title = title
    return sheet


def _title(sheet: Worksheet, text: str, columns: int) -> None:
    """A title over the whole table, merged and bold."""
    sheet.append([text])
    sheet.merge_cells(start_row=sheet.max_row, start_column=1, end_row=sheet.max_row, end_column=columns)
    sheet.cell(sheet.max_row, 1).font = Font(bold=True, size=16)


def _merged_school(school: DemoSchool) -> bytes:
    """Title rows merged over the table; the school's code, name and grade merged down over its students."""
    workbook = Workbook()
    sheet = _sheet(workbook, "学生名单")
    _title(sheet, "2024年义务教育质量监测样本学生信息表", len(HEADINGS))
    _title(sheet, f"{school.name}(盖章)", len(HEADINGS))
    sheet.append(HEADINGS)
    first = sheet.max_row + 1
    for student in school.students:
        row = _row(student)
        sheet.append([*([None, None, None] if sheet.max_row >= first else row[:3]), *row[3:]])
    for column in (1, 2, 3):
        sheet.merge_cells(start_row=first, start_column=column, end_row=sheet.max_row, end_column=column)
    sheet.append([])
    sheet.append(["填表人:", "", "", "", "", "", "审核人:"])
    return _saved(workbook)


def _title_pairs(school: DemoSchool) -> bytes:
    """The school's code, name and grade above the table only; full-width digits; names with wide spaces."""
    workbook = Workbook()
    sheet = _sheet(workbook, "Sheet1")
    _title(sheet, "样本校学生名册", 8)
    sheet.append(["学校代码:", school.code, None, "学校名称:", school.name])
    sheet.append([f"年级:{_GRADE[school.grade]}"])
    sheet.append([])
    sheet.append(["序号", "学生姓名", "性别", "班级", "测试教室", "座位号", "学籍辅号", "备注"])
    for number, student in enumerate(school.students, 1):
        room = f"第{int(student.room)}考场".translate(_FULL_WIDTH)
        seat, code = str(student.seat).translate(_FULL_WIDTH), student.code.translate(_FULL_WIDTH)
        reason = student.exempt_reason or ""
        sheet.append([number, _spaced(student.name), _SEX[student.sex], student.class_name, room, seat, code, reason])
    return _saved(workbook)


def _two_sheets(school: DemoSchool) -> bytes:
    """Explanations on one sheet; the students on another, numbers stored as numbers, blank rows between classes."""
    workbook = Workbook()
    explanations = _sheet(workbook, "填表说明")
    explanations.append(["填表说明"])
    explanations.append(["1. 每名学生一行,不得填写身份证号。"])
    explanations.append(["2. 考场按 01、02 编号。"])
    sheet = _sheet(workbook, "学生信息")
    sheet.append(
        ["学校标识码", "校名", "年级(4或8)", "班别", "考场号", "座位号", "姓 名", "性 别", "监测号", "免测原因"]
    )
    for number, student in enumerate(school.students):
        if number and number % 10 == 0:
            sheet.append([None])
            sheet.append(
                ["学校标识码", "校名", "年级", "班别", "考场号", "座位号", "姓名", "性别", "监测号", "免测原因"]
            )
        row: list[str | int | float] = list(_row(student))
        row[0], row[4], row[5], row[8] = (
            int(student.school_code),
            int(student.room),
            float(student.seat),
            int(student.code),
        )
        sheet.append([*row[:6], _spaced(student.name), *row[7:]])
    return _saved(workbook)


def _sheet_per_room(school: DemoSchool) -> bytes:
    """A sheet for every room, with the room in its title; headings over two lines."""
    workbook = Workbook()
    for room in school.rooms:
        sheet = _sheet(workbook, f"第{int(room.code)}考场")
        _title(sheet, f"学校名称:{school.name}  学校代码:{school.code}  年级:{school.grade}  考场:第{room.code}考场", 6)
        sheet.append(["座号", "学生信息", None, None, None, "是否免测"])
        sheet.append([None, "姓名", "性别", "班级", "学生编号", None])
        sheet.merge_cells("B2:E2")
        sheet.merge_cells("A2:A3")
        sheet.merge_cells("F2:F3")
        for student in room.students:
            row = [f"{student.seat:02d}号", student.name, _SEX[student.sex], student.class_name, student.code]
            sheet.append([*row, student.exempt_reason or "否"])
    return _saved(workbook)


def _english(school: DemoSchool) -> bytes:
    """English headings in another order."""
    workbook = Workbook()
    sheet = _sheet(workbook, "Students")
    sheet.append(
        ["Student code", "Name", "Sex", "School code", "School name", "Grade", "Class", "Room", "Seat", "Exempt"]
    )
    for student in school.students:
        sex = {"m": "M", "f": "F", None: ""}[student.sex]
        place = [student.school_code, student.school_name, f"Grade {student.grade}", student.class_name]
        seat = [f"Room {int(student.room)}", student.seat, student.exempt_reason or "no"]
        sheet.append([student.code, student.name, sex, *place, *seat])
    return _saved(workbook)


def _csv(school: DemoSchool, encoding: str, delimiter: str, titles: Sequence[str]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter)
    for title in titles:
        writer.writerow([title])
    writer.writerow(HEADINGS)
    for number, student in enumerate(school.students):
        if number == 15:
            writer.writerow([])
        row = _row(student)
        # What Excel users type so that leading zeros stay.
        writer.writerow([*row[:4], f'="{student.room}"', *row[5:]])
    return stream.getvalue().encode(encoding)


def _csv_gb18030(school: DemoSchool) -> bytes:
    """What Chinese Excel saves as CSV."""
    return _csv(school, "gb18030", ",", ["样本学生名单", ""])


def _csv_bom(school: DemoSchool) -> bytes:
    """CSV in UTF-8 with a byte-order mark, cut by semicolons."""
    return _csv(school, "utf-8-sig", ";", [])


def _csv_tabs(school: DemoSchool) -> bytes:
    """Excel's "Unicode text": UTF-16, cut by tabs."""
    return _csv(school, "utf-16", "\t", ["样本学生名单"])


#: The forms in turn: the file's suffix and what makes its content.
FORMS: tuple[tuple[str, Callable[[DemoSchool], bytes]], ...] = (
    (".xlsx", _merged_school),
    (".xlsx", _title_pairs),
    (".csv", _csv_gb18030),
    (".xlsx", _two_sheets),
    (".xlsx", _sheet_per_room),
    (".csv", _csv_bom),
    (".xlsx", _english),
    (".csv", _csv_tabs),
)
