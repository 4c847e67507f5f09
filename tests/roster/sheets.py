"""Makes the files that the tests of the roster read."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from fieldops.roster.faults import Fault
from fieldops.roster.reading import read_report
from fieldops.roster.students import Report
from fieldops.roster.workbook import read_workbook

HEADINGS = ["学校代码", "学校名称", "年级", "考场", "座号", "姓名", "性别", "学生编号", "班级", "免测", "备注"]
#: Column letter by field, of the headings above.
COLUMN = dict(
    zip(["school_code", "school_name", "grade", "room", "seat", "name", "sex", "code"], "ABCDEFGH", strict=True)
)


def student(number: int = 1, /, **changes: Any) -> list[Any]:
    """A row under ``HEADINGS`` that has no fault, with changes by field."""
    row = ["4418230101", "阳山县第一小学", 4, "01", number, "张三", "男", f"44182301010{number}", "四(1)班", "", ""]
    fields = [*COLUMN, "class_name", "exempt", "remark"]
    for field, value in changes.items():
        row[fields.index(field)] = value
    return row


def xlsx(
    rows: Sequence[Sequence[Any]], change: Callable[[Worksheet], None] | None = None, title: str = "名单"
) -> bytes:
    """A workbook of one sheet."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    if change:
        change(sheet)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def read(rows: Sequence[Sequence[Any]], change: Callable[[Worksheet], None] | None = None, **options: Any) -> Report:
    """The report of a workbook of one sheet."""
    return read_report(read_workbook(xlsx(rows, change), "report.xlsx"), **options)


def places(faults: Sequence[Fault]) -> list[tuple[str, int, str]]:
    """Code, row and column of each fault."""
    return [(fault.code, fault.row, fault.column) for fault in faults]
