"""A timetable as a table of texts: from an uploaded file to rows, and back to CSV. Pure.

How a workbook is opened is the roster's business, which lies above this package: it hands its reader in (`Reader`).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from fieldops.timetable.check import FIELDS, PlannedSession, Problem, Row, plain

#: Rows of a table with their number as the file shows it, each a list of texts.
Table = Sequence[tuple[int, Sequence[str]]]
#: Opens an uploaded file (content, name). Raises `UnreadableFile`.
Reader = Callable[[bytes, str], Table]
#: Columns without which a row is no session; the others may be missing only by mistake, and are then named.
LEAST = frozenset({"date", "code", "start"})
#: Spreadsheets take these at the start of a cell for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_HEADINGS = {
    "date": "date day 日期 测试日期",
    "code": "code sessioncode 代码 场次代码",
    "name": "name session 名称 场次 场次名称",
    "name_en": "name_en nameen englishname 英文名称 英文名",
    "kind": "kind type 类别 类型 场次类别",
    "start": "start starttime 开始 开始时间",
    "end": "end endtime 结束 结束时间",
    "check_in_min": "check_in_min checkin check-in 检录 检录分钟",
    "preparation_min": "preparation_min preparation 准备 准备分钟",
    "sealing_min": "sealing_min sealing 密封 封装 密封分钟",
}
_FIELD_OF = {spelling: field for field, text in _HEADINGS.items() for spelling in text.split()}


class UnreadableFile(Exception):
    """The file is no table; `reason` is a translated sentence that says what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def rows_of(table: Table) -> tuple[tuple[Row, ...], tuple[Problem, ...]]:
    """The sessions of a table: whatever stands under its heading row, blank rows left out.

    Rows above the headings are titles. Problems: no heading row, or a column that is missing.
    """
    columns: dict[int, str] = {}
    header = 0
    rows: list[Row] = []
    for number, cells in table:
        if not columns:
            found = {index: _FIELD_OF[key] for index, cell in enumerate(cells) if (key := _heading(cell)) in _FIELD_OF}
            if set(found.values()) >= LEAST:
                columns, header = found, number
        elif any(cell.strip() for cell in cells):
            rows.append(Row(number, {field: _read(cells[i]) for i, field in columns.items() if i < len(cells)}))
    if not columns:
        return (), (Problem(0, "", "no_header"),)
    missing = [field for field in FIELDS if field not in columns.values()]
    return tuple(rows), tuple(Problem(header, field, "missing_column") for field in missing)


def to_csv(sessions: Iterable[PlannedSession]) -> str:
    """The sessions as a CSV table with the headings of `FIELDS`; to be corrected and sent again."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(FIELDS)
    for session in sessions:
        writer.writerow([guarded(text) for text in texts(session).values()])
    return out.getvalue()


def from_csv(text: str) -> Table:
    """What `to_csv` wrote."""
    return list(enumerate(csv.reader(io.StringIO(text, newline="")), 1))


def texts(session: PlannedSession | Any) -> dict[str, str]:
    """A session's texts by field, as they are written in a file."""
    return {
        "date": session.date.isoformat(),
        "code": session.code,
        "name": session.name,
        "name_en": session.name_en,
        "kind": session.kind,
        "start": f"{session.start_time:%H:%M}",
        "end": "" if session.end_time is None else f"{session.end_time:%H:%M}",
        "check_in_min": str(session.check_in_min),
        "preparation_min": str(session.preparation_min),
        "sealing_min": str(session.sealing_min),
    }


def guarded(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text


def _read(text: str) -> str:
    """What `guarded` wrote, as it was before."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA) else text


def _heading(text: str) -> str:
    return re.sub(r"\s|[(（].*?[)）]", "", plain(text)).casefold()
