"""Which column is which: the headings that schools' reports really carry, and the header row among title rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fieldops.roster import normalise
from fieldops.roster.workbook import Row

#: Fields without which a row is no student, in the order in which missing ones are named.
REQUIRED = ("school_code", "school_name", "grade", "room", "seat", "code", "name")
#: Fields that may stand once above the table, or in its title, instead of in a column.
FROM_TITLE = ("school_code", "school_name", "grade", "class_name", "room")
#: A header row has at least this many headings that are known; a title line such as 学校代码/学校名称 has two.
LEAST_HEADINGS = 3

_SPELLINGS: dict[str, str] = {
    "school_code": "学校代码 学校标识码 学校编码 学校编号 学校代号 样本校代码 样本校编码 单位代码 "
    "schoolcode schoolid schoolno schoolnumber",
    "school_name": "学校名称 学校 校名 学校全称 样本校 样本校名称 单位名称 所在学校 就读学校 "
    "school schoolname nameofschool",
    "grade": "年级 测试年级 监测年级 所在年级 就读年级 grade gradelevel year",
    "class_name": "班级 班 班别 班级名称 所在班级 行政班 行政班级 class classname homeroom",
    "room": "考场 考场号 考场编号 考场代码 教室 教室号 教室编号 测试教室 测试教室号 测试教室编号 测试室 监测教室 "
    "考室 考室号 room roomno roomnumber testroom roomcode",
    "seat": "座号 座位号 座位 座次 座次号 座位编号 考场座位号 测试座号 测试座位号 seat seatno seatnumber",
    "code": "学生编号 学生代码 学生编码 学籍辅号 监测号 监测编号 监测代码 学生监测号 测试号 测试编号 样本学生编号 "
    "考生号 考号 准考证号 studentcode studentid studentno studentnumber code",
    "name": "姓名 学生姓名 名字 学生名字 学生 name studentname fullname nameofstudent student",
    "sex": "性别 学生性别 sex gender",
    "exempt": "免测 是否免测 免测原因 免测情况 免测说明 免测学生 "
    "exempt exemption exempted exemptreason exemptionreason",
    "remark": "备注 说明 备注说明 其他 remark remarks note notes comment comments",
}
FIELD_OF: dict[str, str] = {spelling: field for field, text in _SPELLINGS.items() for spelling in text.split()}
_ID_CARD_HEADINGS = re.compile(r"身份证|证件号|公民身份|idcard|idnumber|identity")
_TITLE_PAIR = re.compile(r"(?P<heading>[^\s::]{2,12})\s*[::]\s*(?P<value>[^::]*?)(?=\s+[^\s::]{2,12}\s*[::]|[,,;;]|$)")
_TITLE_LABEL = re.compile(r"[^\s::]{2,12}\s*[::]?")


@dataclass(frozen=True)
class Header:
    """A header row: which field each column (0 = A) has, the headings as written, and columns of ID-card numbers."""

    row: int
    fields: dict[int, str]
    headings: dict[int, str]
    duplicates: tuple[tuple[int, int, str], ...]
    id_columns: frozenset[int]

    def column_of(self, field: str) -> int | None:
        """The first column that has the field."""
        return next((index for index, found in self.fields.items() if found == field), None)


def header_of(row: Row) -> Header | None:
    """The row as a header, or None when fewer than ``LEAST_HEADINGS`` fields are known in it."""
    fields: dict[int, str] = {}
    headings: dict[int, str] = {}
    duplicates: list[tuple[int, int, str]] = []
    id_columns: set[int] = set()
    for index, cell in enumerate(row.cells):
        key = normalise.heading(cell.text)
        if not key or cell.merged == "across":
            continue
        headings[index] = "" if normalise.looks_like_id_card(cell.text) else normalise.name(cell.text)
        field = FIELD_OF.get(key)
        if field is None:
            if _ID_CARD_HEADINGS.search(key):
                id_columns.add(index)
            continue
        first = next((other for other, found in fields.items() if found == field), None)
        if first is None:
            fields[index] = field
        else:
            duplicates.append((first, index, field))
    if len(fields) < LEAST_HEADINGS:
        return None
    return Header(row.number, fields, headings, tuple(duplicates), frozenset(id_columns))


def headers(rows: Sequence[Row]) -> dict[int, Header]:
    """Every header row by its number. Of header rows in succession (headings over two lines) the fullest counts.

    The others of the succession stand in the result with the same header, so that a reader skips them too.
    """
    found: dict[int, Header] = {}
    group: list[Header] = []
    for row in rows:
        header = header_of(row)
        if header is not None:
            group.append(header)
            continue
        _settle(group, found)
        group = []
    _settle(group, found)
    return found


def _settle(group: Sequence[Header], found: dict[int, Header]) -> None:
    if group:
        fullest = max(group, key=lambda header: len(header.fields))
        found.update({header.row: fullest for header in group})


@dataclass(frozen=True)
class TitleValue:
    """What a title row says for all the students below it: the text, and the column it stands in (0 = A)."""

    text: str
    row: int
    column: int


def title_values(rows: Sequence[Row]) -> dict[str, TitleValue]:
    """What rows above the header say: 「学校代码:4418230101」 in one cell, or heading and value in two neighbours."""
    found: dict[str, TitleValue] = {}
    for row in rows:
        own = [(index, cell.text) for index, cell in enumerate(row.cells) if cell.text.strip() and not cell.merged]
        for place, (index, text) in enumerate(own):
            shown = normalise.ascii_width(text)
            for pair in _TITLE_PAIR.finditer(shown):
                _keep(found, pair["heading"], TitleValue(pair["value"].strip(), row.number, index))
            if _TITLE_LABEL.fullmatch(shown.strip()) and place + 1 < len(own):
                _keep(found, shown, TitleValue(own[place + 1][1], row.number, own[place + 1][0]))
    return found


def _keep(found: dict[str, TitleValue], heading: str, value: TitleValue) -> None:
    field = FIELD_OF.get(normalise.heading(heading))
    if field in FROM_TITLE and value.text and normalise.heading(value.text) not in FIELD_OF:
        found.setdefault(field, value)
