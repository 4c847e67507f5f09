"""A school's file as plain sheets of cells: .xlsx, or .csv in UTF-8 (with or without BOM), UTF-16 or GB18030.

Rows and columns keep the numbers and letters that the spreadsheet shows, so that a fault can be found again. The file
comes from outside: everything is bounded before it is unpacked, and nothing in it is ever executed or fetched.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import openpyxl
from openpyxl.utils import column_index_from_string, get_column_letter, range_boundaries

from fieldops.roster.faults import WorkbookError


@dataclass(frozen=True)
class Limits:
    """What a file may hold. A county of 1,050 students is 0.1 MB, 12,000 cells; the defaults have room for a city."""

    file_bytes: int = 4_000_000
    unpacked_bytes: int = 40_000_000
    sheets: int = 100
    rows: int = 20_000
    columns: int = 100
    cells: int = 500_000
    cell_characters: int = 2_000


@dataclass(frozen=True)
class Cell:
    """A cell's text and its kind: ``text``, ``number``, ``date``, ``error``, ``formula`` (without a result), ``empty``.

    ``merged`` is ``""``, or the way the cell is covered by another: ``down`` when the text comes from above in the same
    column, ``across`` when it comes from another column.
    """

    text: str = ""
    kind: str = "empty"
    merged: str = ""


EMPTY = Cell()


@dataclass(frozen=True)
class Row:
    """One row: its number as shown (from 1) and its cells from column A on."""

    number: int
    cells: tuple[Cell, ...]

    def cell(self, index: int) -> Cell:
        """The cell of a column (0 = A); an empty one beyond the row's end."""
        return self.cells[index] if index < len(self.cells) else EMPTY

    @property
    def is_blank(self) -> bool:
        return all(cell.kind == "empty" for cell in self.cells)


@dataclass(frozen=True)
class Sheet:
    """A sheet's name, its rows without empty ones below and empty columns on the right, and whether it is hidden."""

    name: str
    rows: tuple[Row, ...]
    hidden: bool = False


def letter(index: int) -> str:
    """The spreadsheet's letter of a column (0 → A)."""
    return get_column_letter(index + 1)


DEFAULT_LIMITS = Limits()
_OLE = b"\xd0\xcf\x11\xe0"  # .xls before 2007, and every workbook with a password
_ZIP = b"PK\x03\x04"
_ERRORS = re.compile(r"#(?:REF!|N/A|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA)")
_EXCEL_TEXT = re.compile(r'="([^"]*)"')  # ="0101": how CSV files keep leading zeros in Excel
# An attribute holds no raw "<": each search ends at the next tag, so a part of open tags costs its length, no more.
_CELL_TAG = re.compile(rb"<(?:\w+:)?c(?:\s[^<>]*)?>")
_CELL_PLACE = re.compile(rb"\sr\s*=\s*[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
_MERGE_TAG = re.compile(rb"<(?:\w+:)?mergeCell\s[^<>]*?ref\s*=\s*[\"']([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})[\"']")
_ROW_TAG = re.compile(rb"<(?:\w+:)?row[\s/>]")
_FORMULA_TAG = re.compile(rb"<(?:\w+:)?f[\s/>]")


def read_workbook(data: bytes, filename: str, limits: Limits = DEFAULT_LIMITS) -> tuple[Sheet, ...]:
    """Read a file by its content, not its name: the name only names the sheet of a CSV.

    Raises ``WorkbookError`` when the file is no table, is damaged, or exceeds a limit.
    """
    if not data.strip():
        raise WorkbookError("empty_file")
    if len(data) > limits.file_bytes:
        raise WorkbookError("file_too_large", params={"size": len(data), "limit": limits.file_bytes})
    if data.startswith(_OLE):
        raise WorkbookError("old_or_protected")
    if data.startswith(_ZIP):
        return _xlsx_sheets(data, limits)
    return (_csv_sheet(data, re.sub(r"^.*[/\\]|\.\w{1,5}$", "", filename), limits),)


# --- .xlsx -----------------------------------------------------------------------------------------------------------
@dataclass
class _Part:
    """What was seen of an XML part before openpyxl unpacks it: its extent counts cells with content only."""

    merges: list[tuple[int, int, int, int]]
    last_row: int = 0
    last_column: int = 0
    has_rows: bool = False
    has_formulas: bool = False


def _xlsx_sheets(data: bytes, limits: Limits) -> tuple[Sheet, ...]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = _inspect(archive, limits)
        return tuple(_open(data, parts, limits))
    except WorkbookError:
        raise
    except Exception as error:  # openpyxl raises whatever its parsers meet, and all of it means the same to the user
        raise WorkbookError("damaged") from error


def _inspect(archive: zipfile.ZipFile, limits: Limits) -> dict[str, _Part]:
    """Read the parts once in bounded memory, before any parser sees them.

    ``zipfile`` never unpacks more of a part than its entry declares, so the declared sizes are a sure bound.
    """
    entries = archive.infolist()
    if sum(entry.file_size for entry in entries) > limits.unpacked_bytes:
        raise WorkbookError("content_too_large", params={"limit": limits.unpacked_bytes})
    parts: dict[str, _Part] = {}
    cells = 0
    for entry in entries:
        content = archive.read(entry)
        is_xml = entry.filename.endswith((".xml", ".rels"))
        # No spreadsheet program writes a DTD; entity bombs need one. A NUL means UTF-16, which would hide it.
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content or (is_xml and b"\0" in content):
            raise WorkbookError("damaged")
        if is_xml:
            cells += sum(1 for _ in _CELL_TAG.finditer(content))
            if cells > limits.cells:
                raise WorkbookError("too_many_cells", params={"limit": limits.cells})
            parts[entry.filename] = _part(content)
    return parts


def _part(content: bytes) -> _Part:
    part = _Part([_bounds(match[1]) for match in _MERGE_TAG.finditer(content)])
    part.has_rows = bool(_ROW_TAG.search(content))
    part.has_formulas = bool(_FORMULA_TAG.search(content))
    for tag in _CELL_TAG.finditer(content):
        place = _CELL_PLACE.search(tag[0])
        # Cells that only carry a style are everywhere, to the end of the grid; they do not count.
        if place and not tag[0].endswith(b"/>") and not content.startswith(b"</", tag.end()):
            part.last_row = max(part.last_row, int(place[2]))
            part.last_column = max(part.last_column, column_index_from_string(place[1].decode("ascii")))
    return part


def _bounds(reference: bytes) -> tuple[int, int, int, int]:
    """First column, first row, last column, last row of a merged range, counted from 1."""
    first_column, first_row, last_column, last_row = range_boundaries(reference.decode("ascii"))
    return int(first_column or 1), int(first_row or 1), int(last_column or 1), int(last_row or 1)


def _open(data: bytes, parts: dict[str, _Part], limits: Limits) -> Iterator[Sheet]:
    # Streaming mode: the ordinary one makes a cell of every place in a merged range, 17 thousand million if asked to.
    values = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    written = values
    if any(part.has_formulas for part in parts.values()):
        written = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    if len(values.worksheets) > limits.sheets:
        raise WorkbookError("too_many_sheets", params={"limit": limits.sheets})
    for worksheet, twin in zip(values.worksheets, written.worksheets, strict=True):
        # openpyxl has no public name for a sheet's part; its merged ranges and its extent are known by it.
        part = parts[str(getattr(worksheet, "_worksheet_path", "")).lstrip("/")]
        _check_extent(part.last_row, part.last_column, worksheet.title, limits)
        rows = list(_xlsx_rows(worksheet, twin, limits)) if part.has_rows else []
        # Ranges are merged far beyond the content (a title over the whole grid): what is empty goes before they fill.
        rows = _trimmed(rows)
        _check_lengths(rows, worksheet.title, limits)
        _fill_merged(rows, part.merges)
        yield Sheet(worksheet.title, _numbered(rows), worksheet.sheet_state != "visible")


def _xlsx_rows(worksheet: Any, twin: Any, limits: Limits) -> Iterator[list[Cell]]:
    """The cells of a sheet from row 1 on; ``twin`` is the same sheet with formulas in place of their results."""
    grid = {"max_row": limits.rows, "max_col": limits.columns}
    # One sheet read twice gives the same rows; where no sheet has formulas, the twin is the sheet itself.
    twins = twin.iter_rows(**grid) if twin is not worksheet else iter(())
    for raw in worksheet.iter_rows(**grid):
        formulas: Sequence[Any] = next(twins, ())
        yield [_xlsx_cell(cell, formulas[index] if formulas else cell) for index, cell in enumerate(raw)]


def _xlsx_cell(cell: Any, written: Any) -> Cell:
    value = cell.value
    if value is None:
        return Cell("", "formula") if written.data_type == "f" else EMPTY
    if isinstance(value, bool):
        return Cell("1" if value else "0", "text")
    if isinstance(value, (dt.date, dt.time, dt.timedelta)):
        return Cell(str(value), "date")
    if isinstance(value, (int, float)):
        return Cell(_number_text(value, str(cell.number_format or "")), "number")
    return _text_cell(str(value))


def _number_text(value: float, number_format: str) -> str:
    """A number as its code was meant: no ".0", all digits, and the leading zeros that a format like ``0000`` shows."""
    if not float(value).is_integer() or abs(value) >= 1e21:
        return repr(value)
    text = str(int(value))
    return text.zfill(len(number_format)) if set(number_format) == {"0"} else text


def _fill_merged(rows: list[list[Cell]], merges: Sequence[tuple[int, int, int, int]]) -> None:
    """Give every cell of a merged range the text of its first one, within the rows and columns that were read."""
    for first_column, first_row, last_column, last_row in merges:
        if first_row > len(rows) or first_column > len(rows[first_row - 1]):
            continue
        anchor = rows[first_row - 1][first_column - 1]
        for row in rows[first_row - 1 : last_row]:
            for index in range(first_column - 1, min(last_column, len(row))):
                if row is not rows[first_row - 1] or index != first_column - 1:
                    row[index] = Cell(anchor.text, anchor.kind, "down" if index == first_column - 1 else "across")


# --- .csv ------------------------------------------------------------------------------------------------------------
def _csv_sheet(data: bytes, name: str, limits: Limits) -> Sheet:
    text = _decode(data)
    rows: list[list[Cell]] = []
    try:
        for number, raw in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)), 1):
            row = [_text_cell(_EXCEL_TEXT.sub(r"\1", value)) for value in raw]
            width = _width(row)
            # Blank rows do not count, up to the most that a spreadsheet has.
            _check_extent(number if width or number > 1_048_576 else 0, width, name, limits)
            if number <= limits.rows:
                rows.append(row)
    except csv.Error as error:
        raise WorkbookError("not_a_table") from error
    _check_lengths(rows, name, limits)
    return Sheet(name, _numbered(_trimmed(rows)))


def _decode(data: bytes) -> str:
    """Decode by byte-order mark, else as UTF-8 if it is valid UTF-8, else as GB18030 (what Chinese Excel saves).

    Chinese text in GB18030 of more than a few characters is never valid UTF-8 by chance, so the order is safe.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]  # "Unicode text" of Excel
    elif b"\0" in data:
        raise WorkbookError("not_a_table")
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.lstrip().startswith(("<", "%PDF", "{\\rtf")):
            raise WorkbookError("not_a_table")  # a web page saved as .xls is a habit of some systems
        return text
    raise WorkbookError("unknown_encoding")


def _delimiter(text: str) -> str:
    """The delimiter that cuts the first rows into the most cells with content."""

    def cells(delimiter: str) -> int:
        rows = islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 50)
        return sum(1 for row in rows for value in row if value.strip())

    return max(",;\t", key=cells)


# --- both ------------------------------------------------------------------------------------------------------------
def _text_cell(text: str) -> Cell:
    if not text.strip("\u200b\u200e\u200f\ufeff \t\r\n\u00a0\u3000"):
        return EMPTY
    return Cell(text, "error" if _ERRORS.fullmatch(text.strip()) else "text")


def _check_extent(last_row: int, last_column: int, sheet: str, limits: Limits) -> None:
    if last_row > limits.rows:
        raise WorkbookError("too_many_rows", sheet=sheet, row=limits.rows + 1, params={"limit": limits.rows})
    if last_column > limits.columns:
        column = letter(limits.columns)
        raise WorkbookError("too_many_columns", sheet=sheet, column=column, params={"limit": limits.columns})


def _check_lengths(rows: Sequence[Sequence[Cell]], sheet: str, limits: Limits) -> None:
    for number, row in enumerate(rows, 1):
        for index, cell in enumerate(row):
            if len(cell.text) > limits.cell_characters:
                params = {"limit": limits.cell_characters}
                raise WorkbookError("cell_too_long", sheet=sheet, row=number, column=letter(index), params=params)


def _width(row: Sequence[Cell]) -> int:
    """Columns up to the last with content."""
    return max((index for index, cell in enumerate(row, 1) if cell.kind != "empty"), default=0)


def _trimmed(rows: Sequence[list[Cell]]) -> list[list[Cell]]:
    """The rows without empty ones below and empty columns on the right; every row as wide as the widest."""
    widths = [_width(row) for row in rows]
    width = max(widths, default=0)
    height = max((number for number, found in enumerate(widths, 1) if found), default=0)
    return [[*row[:width], *[EMPTY] * (width - len(row))] for row in rows[:height]]


def _numbered(rows: Sequence[Sequence[Cell]]) -> tuple[Row, ...]:
    return tuple(Row(number, tuple(cells)) for number, cells in enumerate(rows, 1))
