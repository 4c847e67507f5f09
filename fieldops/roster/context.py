"""Hands the workbook reader to the timetable, which lies below and cannot import it."""

from __future__ import annotations

from flask import Flask
from flask_babel import gettext as _

from fieldops.roster.faults import WorkbookError, message
from fieldops.roster.workbook import read_workbook
from fieldops.timetable.tables import Table, UnreadableFile


def init_app(app: Flask) -> None:
    """Let the timetable's pages open uploaded files."""
    app.extensions["fieldops_table_reader"] = read_table


def read_table(data: bytes, name: str) -> Table:
    """The first visible sheet of a workbook, or a CSV.

    Raises:
        UnreadableFile: with a sentence in the reader's language.
    """
    try:
        sheets = read_workbook(data, name)
    except WorkbookError as error:
        raise UnreadableFile(message(error.fault, _)) from error
    visible = [sheet for sheet in sheets if not sheet.hidden and sheet.rows]
    return [(row.number, [cell.text for cell in row.cells]) for row in visible[0].rows] if visible else []
