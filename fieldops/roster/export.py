"""The roster as a plain CSV table that the importer reads again. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from fieldops.roster.difference import Student

#: As schools head their columns; the importer knows all of them.
HEADINGS = ("学校代码", "学校名称", "年级", "班级", "考场", "座号", "学生编号", "姓名", "性别", "免测原因")
#: Spreadsheets take these at the start of a cell for a formula; an apostrophe in front makes it text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SEX = {"m": "男", "f": "女", None: ""}


def to_csv(students: Iterable[Student]) -> bytes:
    """UTF-8 with BOM, which Excel needs to know the encoding."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for s in students:
        sex, reason = _SEX[s.sex], s.exempt_reason or ""
        row = (s.school_code, s.school_name, s.grade, s.class_name, s.room, s.seat, s.code, s.name, sex, reason)
        writer.writerow([_cell(str(value)) for value in row])
    return out.getvalue().encode("utf-8-sig")


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
