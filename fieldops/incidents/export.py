"""A desk's list as a file for a spreadsheet: every incident that the filter takes, without a name of a student."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from fieldops.incidents import words
from fieldops.incidents.desk_queries import Shown
from fieldops.timetable.tables import guarded
from fieldops.web.i18n import room_name
from fieldops.web.statuses import status_of

#: What a spreadsheet holds in a cell.
_LONGEST: Final = 32_000
TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def table(rows: Sequence[Shown], counties: dict[str, str]) -> list[list[str]]:
    """Headings and rows as texts, in the reader's language. Times are those of the school's clocks.

    `counties`: names by code.
    """
    headings = [
        _("Number"),
        _("County"),
        _("School code"),
        _("School"),
        _("Room"),
        _("What happened"),
        _("Severity"),
        _("State"),
        _("Level"),
        _("Happened"),
        _("Written down"),
        _("Arrived"),
        _("Level told"),
        _("Taken on"),
        _("Taken on by"),
        _("Said to be over"),
        _("Ended"),
        _("Students concerned"),
        _("What is known"),
        _("Handled at once"),
        _("Latest instruction"),
        _("How it was settled"),
    ]
    return [headings, *(_cells(each, counties) for each in rows)]


def _cells(each: Shown, counties: dict[str, str]) -> list[str]:
    row, zone = each.row, each.timezone
    return [
        row.id,
        counties.get(row.county, row.county),
        row.school or "",
        each.school_name,
        room_name(row.room) if row.room else "",
        str(words.category_name(row.category)),
        str(words.SEVERITIES[row.severity]),
        str(status_of(row.phase).label),
        str(words.LEVELS[row.level]),
        *(
            _time(moment, zone)
            for moment in (row.occurred_at, row.written_at, row.received_at, row.told_at, row.acknowledged_at)
        ),
        each.owner or "",
        _time(row.resolved_at, zone),
        _time(row.ended_at, zone),
        str(len(row.students)),
        row.note or "",
        (row.handled or _("yes")) if row.handled is not None else "",
        row.last_instruction or "",
        row.resolution or "",
    ]


def as_csv(rows: Sequence[Sequence[str]]) -> bytes:
    """UTF-8 with a mark at its beginning, by which spreadsheets know it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([guarded(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def as_workbook(rows: Sequence[Sequence[str]]) -> bytes:
    """A workbook of texts: what looks like a formula is none."""
    book = Workbook()
    sheet: Any = book.active
    sheet.title = _("Incidents")
    sheet.freeze_panes = "A2"
    for number, row in enumerate(rows, start=1):
        for column, text in enumerate(row, start=1):
            cell = sheet.cell(row=number, column=column)
            cell.value = guarded(ILLEGAL_CHARACTERS_RE.sub("", text))[:_LONGEST]
            cell.data_type = "s"
            if number == 1:
                cell.font = Font(bold=True)
            elif "\n" in text:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
    for column in range(1, len(rows[0]) + 1):
        sheet.column_dimensions[get_column_letter(column)].width = 18
    sheet.auto_filter.ref = sheet.dimensions
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _time(moment: datetime | None, zone: str) -> str:
    return "" if moment is None else f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"
