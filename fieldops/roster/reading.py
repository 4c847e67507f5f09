"""A school's report as students: every row read, everything that is wrong named in one pass.

Nothing is guessed in silence: what cannot be read is a fault, what was left out is a warning. Whoever applies a report
does so only when it has no faults (``Report.is_right``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fieldops.roster import checks, normalise
from fieldops.roster.faults import Fault, quoted
from fieldops.roster.headings import FROM_TITLE, REQUIRED, Header, TitleValue, headers, title_values
from fieldops.roster.students import Report, StudentRow, rooms_of, schools_of
from fieldops.roster.workbook import Cell, Row, Sheet, letter

#: Sample of one grade in one school, in students (seed document: 30).
SAMPLE_SIZE = 30
LONGEST_NAME = 60
LONGEST_REASON = 60
LONGEST_REMARK = 200
HIGHEST_SEAT = 99
#: Rows above a header in which its titles are looked for.
TITLE_ROWS = 30

_T = TypeVar("_T")

_SCHOOL_CODE = re.compile(r"[0-9A-Z]{6,12}")
_STUDENT_CODE = re.compile(r"[0-9A-Z](?:[0-9A-Z-]{0,30}[0-9A-Z])?")
_PRIVATE_USE = re.compile(f"[{normalise.PRIVATE_USE}]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
#: First words of the lines that stand under a table: signatures, sums, notes.
_FOOTER = re.compile(
    r"(?:填表|填报|制表|审核|复核|校长|负责人|经办人|签字|签名|盖章|联系|电话|日期|合计|总计|共计|小计|说明|备注|注)"
    r"[^::]{0,8}[::]|(?:合计|总计|共计|小计)|(?:total|note|signature|date)\b",
    re.IGNORECASE,
)
_NO = {
    "",
    "否",
    "无",
    "不",
    "没有",
    "不免测",
    "非免测",
    "正常",
    "no",
    "n",
    "none",
    "false",
    "0",
    "-",
    "--",
    "—",
    "/",
    "×",
    "x",
}
_YES = {"是", "免测", "有", "yes", "y", "true", "1", "√", "✓", "✔", "exempt"}


def read_report(
    sheets: Sequence[Sheet], *, known_schools: Mapping[str, str] | None = None, sample_size: int = SAMPLE_SIZE
) -> Report:
    """Read all sheets of one or more files as one report.

    ``known_schools`` (code → name) are the schools that may report: others, and other names, are faults. An empty name
    is not compared. ``sample_size`` is the number of students of a school and grade beyond which there is a warning.
    Sheets of several files need names of their own, since faults name the sheet.
    """
    reader = _Reader()
    for sheet in sheets:
        reader.read_sheet(sheet)
    if not reader.rows and not reader.faults:
        name = _safe_name(sheets[0]) if len(sheets) == 1 else ""
        reader.faults.append(Fault(name, 0, "", "", "no_students"))
    reader.faults += checks.contradictions(reader.seen, known_schools)
    reader.warnings += checks.over_sample(reader.rows, sample_size)
    order = {_safe_name(sheet): number for number, sheet in enumerate(sheets)}

    def by_place(fault: Fault) -> tuple[int, int, int, str]:
        return order.get(fault.sheet, -1), fault.row, len(fault.column), fault.column

    return Report(
        rows=tuple(reader.rows),
        schools=schools_of(reader.rows),
        rooms=rooms_of(reader.rows),
        faults=tuple(sorted(reader.faults, key=by_place)),
        warnings=tuple(sorted(reader.warnings, key=by_place)),
    )


def _safe_name(sheet: Sheet) -> str:
    """The sheet's name, unless it gives away an ID number."""
    return "" if normalise.looks_like_id_card(sheet.name) else sheet.name


@dataclass(frozen=True)
class _Value:
    """What one field of one row has: its cell, and where it stands."""

    cell: Cell
    row: int
    column: str
    header: str


class _Reader:
    """Collects rows, faults and warnings over the sheets."""

    def __init__(self) -> None:
        self.rows: list[StudentRow] = []
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []
        #: What could be read of every row, those with faults too: for the checks over several rows.
        self.seen: list[checks.Seen] = []
        self._sheet = ""
        self._told: set[tuple[int, str, str]] = set()

    def read_sheet(self, sheet: Sheet) -> None:
        self._sheet, self._told = _safe_name(sheet), set()
        if not sheet.rows:
            return
        if sheet.hidden:  # lists for drop-down menus live there
            self._warn(0, "", "", "hidden_sheet_ignored")
            return
        found = headers(sheet.rows)
        id_columns = {column for header in found.values() for column in header.id_columns}
        refused = self._refuse_id_cards(sheet, id_columns)
        if not found:
            self._without_header(sheet)
            return
        header: Header | None = None
        titles: dict[str, TitleValue] = {}
        pending: list[Row] = []
        footer = False
        for row in sheet.rows:
            following = found.get(row.number)
            if following is not None:
                # Titles between two tables (a table per room on one sheet) hold for the table below them.
                titles |= title_values(pending[-TITLE_ROWS:])
                pending, footer = [], False
                if header is None or following.fields != header.fields:
                    self._check_header(following, titles)
                header = following
            elif header is None or footer:
                pending.append(row)
            elif _is_footer(row, header):
                footer = True
                pending.append(row)
            elif not row.is_blank:
                self._read_row(row, header, titles, refused)

    def _without_header(self, sheet: Sheet) -> None:
        widest = max(sum(1 for cell in row.cells if cell.text and not cell.merged) for row in sheet.rows)
        if widest >= 4:  # a table whose headings nobody knows, not a page of explanations
            self._fault(0, "", "", "no_header")
        else:
            self._warn(0, "", "", "sheet_ignored")

    def _refuse_id_cards(self, sheet: Sheet, id_columns: set[int]) -> set[tuple[int, int]]:
        """Name every cell that may be an ID number, titles included; a column that is headed so is named once."""
        refused = set()
        for row in sheet.rows:
            for index, cell in enumerate(row.cells):
                if cell.text and normalise.looks_like_id_card(cell.text):
                    refused.add((row.number, index))
                    if index not in id_columns and not cell.merged:
                        self._fault(row.number, letter(index), "", "id_card_number")
        return refused

    def _check_header(self, header: Header, titles: Mapping[str, TitleValue]) -> None:
        present = set(header.fields.values()) | {field for field in titles if field in FROM_TITLE}
        for field in REQUIRED:
            if field not in present:
                self._fault(header.row, "", "", "missing_column", field=field)
        for first, second, field in header.duplicates:
            heading = header.headings[second]
            self._fault(
                header.row, letter(second), heading, "duplicate_header", field=field, first_column=letter(first)
            )
        for index in header.id_columns:
            self._fault(header.row, letter(index), header.headings[index], "id_card_column")
        named = set(header.fields) | {second for _, second, _ in header.duplicates} | header.id_columns
        for index, heading in header.headings.items():
            if index not in named and normalise.heading(heading) not in {"序号", "no", "number", "#"}:
                self._warn(header.row, letter(index), heading, "column_ignored")

    def _read_row(
        self, row: Row, header: Header, titles: Mapping[str, TitleValue], refused: set[tuple[int, int]]
    ) -> None:
        values: dict[str, _Value] = {}
        bad: set[str] = set()
        for index, field in header.fields.items():
            values[field] = _Value(row.cell(index), row.number, letter(index), header.headings[index])
            if (row.number, index) in refused:
                bad.add(field)
        if not any(values[field].cell.text or field in bad for field in ("name", "code", "seat") if field in values):
            self._warn(row.number, "", "", "row_without_student")
            return
        for field, title in titles.items():
            if field not in values:
                values[field] = _Value(Cell(title.text, "text"), title.row, letter(title.column), "")
                if (title.row, title.column) in refused:
                    bad.add(field)
        reading = _StudentReader(self, values, bad)
        student = reading.student(self._sheet, row.number)
        if student is not None:
            self.rows.append(student)
        # A place in a title would be of another row.
        places = {field: (value.column, value.header) for field, value in values.items() if value.row == row.number}
        self.seen.append(checks.Seen(self._sheet, row.number, reading.good_values(), places))

    def _fault(self, row: int, column: str, header: str, code: str, /, **params: str | int) -> None:
        # A title's fault would otherwise be told again for every student below it.
        if (row, column, code) not in self._told or not column:
            self._told.add((row, column, code))
            self.faults.append(Fault(self._sheet, row, column, header, code, params))

    def _warn(self, row: int, column: str, header: str, code: str, /, **params: str | int) -> None:
        self.warnings.append(Fault(self._sheet, row, column, header, code, params))

    def fault(self, value: _Value, code: str, /, **params: str | int) -> None:
        """Name a fault of one value."""
        self._fault(value.row, value.column, value.header, code, **params)

    def warn(self, value: _Value, code: str, /, **params: str | int) -> None:
        """Name a warning about one value."""
        self._warn(value.row, value.column, value.header, code, **params)


def _is_footer(row: Row, header: Header) -> bool:
    """Whether a signature, a sum or a note starts here: a footer's first words, and neither seat nor student code."""
    first = next((cell.text.strip() for cell in row.cells if cell.text.strip()), "")
    if not _FOOTER.match(first):
        return False
    columns = [header.column_of(field) for field in ("seat", "code")]
    return not all(
        column is not None and row.cell(column).text and row.cell(column).merged != "across" for column in columns
    )


class _StudentReader:
    """Reads the fields of one row; each that cannot be read is named, and makes the row no student."""

    def __init__(self, reader: _Reader, values: Mapping[str, _Value], bad: set[str]) -> None:
        self._reader = reader
        self._values = values
        self._bad = set(bad)
        self._read: dict[str, str | int] = {}

    def student(self, sheet: str, row: int) -> StudentRow | None:
        school_code = self._code("school_code", _SCHOOL_CODE, "school_code_format")
        school_name = self._text("school_name", LONGEST_NAME, required=True)
        grade = self._parsed("grade", normalise.grade, "grade_not_4_or_8")
        room = self._parsed("room", normalise.room, "room_unreadable")
        seat = self._parsed("seat", _seat, "seat_not_a_number", limit=HIGHEST_SEAT)
        code = self._code("code", _STUDENT_CODE, "student_code_format")
        name = self._text("name", LONGEST_NAME, required=True)
        sex = self._parsed("sex", normalise.sex, "sex_unknown")
        class_name = self._text("class_name", LONGEST_NAME)
        exempt_reason = self._exempt_reason()
        found = {"school_code": school_code, "school_name": school_name, "grade": grade, "room": room, "seat": seat}
        found["code"] = code
        self._read = {field: value for field, value in found.items() if value}
        # The types say what the absence of faults means; missing columns make no field bad, so both are asked.
        if self._bad or not (school_code and school_name and grade and room and seat and code and name):
            return None
        return StudentRow(
            school_code=school_code,
            school_name=school_name,
            grade=grade,
            room=room,
            seat=seat,
            code=code,
            name=name,
            sex=sex,
            class_name=class_name,
            exempt_reason=exempt_reason,
            sheet=sheet,
            row=row,
        )

    def good_values(self) -> dict[str, str | int]:
        """The key fields that were read without a fault, after ``student``."""
        return {field: value for field, value in self._read.items() if field not in self._bad}

    def _fault(self, field: str, code: str, /, **params: str | int) -> None:
        self._bad.add(field)
        self._reader.fault(self._values[field], code, **params)

    def _usable(self, field: str) -> str:
        """The text of a field; empty when there is none, or when its cell as such is refused (which is then named)."""
        value = self._values.get(field)
        if value is None or field in self._bad:
            return ""
        cell = value.cell
        if cell.kind == "error":
            self._fault(field, "formula_error", value=quoted(cell.text.strip()))
        elif cell.kind == "formula":
            self._fault(field, "formula_without_value")
        elif cell.kind == "date":
            self._fault(field, "date_instead_of_text")
        elif cell.merged == "across" or (cell.merged and field in {"seat", "code", "name"}):
            self._fault(field, "merged_cell", field=field)
        elif cell.text.strip() and _CONTROL.search(cell.text.strip()):
            self._fault(field, "control_character", field=field)
        elif "\ufffd" in cell.text:
            self._fault(field, "unreadable_character", field=field)
        else:
            return cell.text.strip()
        return ""

    def _required(self, field: str) -> str:
        text = self._usable(field)
        if not text and field in self._values and field not in self._bad:
            self._fault(field, "empty_cell", field=field)
        return text

    def _code(self, field: str, pattern: re.Pattern[str], fault: str) -> str:
        text = self._required(field)
        if not text:
            return ""
        if normalise.is_scientific(text):
            self._fault(field, "scientific_number", value=quoted(text))
            return ""
        code = normalise.code(text)
        if not pattern.fullmatch(code):
            self._fault(field, fault, value=quoted(text))
        return code

    def _text(self, field: str, limit: int, *, required: bool = False) -> str:
        text = normalise.name(self._required(field) if required else self._usable(field))
        if len(text) > limit:
            code = "name_too_long" if field == "name" else "text_too_long"
            self._fault(field, code, field=field, length=len(text), limit=limit)
        if _PRIVATE_USE.search(text):
            self._reader.warn(self._values[field], "private_use_character", field=field)
        if field == "name" and "?" in text:
            self._reader.warn(self._values[field], "question_mark_in_name")
        return text

    def _parsed(self, field: str, parse: Callable[[str], _T | None], fault: str, **params: str | int) -> _T | None:
        text = self._required(field) if field in REQUIRED else self._usable(field)
        if not text:
            return None
        value = parse(text)
        if value is None:
            self._fault(field, fault, value=quoted(text), **params)
        return value

    def _exempt_reason(self) -> str | None:
        """The reason of an exemption: from its own column, or from remarks that speak of one (免测)."""
        remark, exempt = self._text("remark", LONGEST_REMARK), self._text("exempt", LONGEST_REASON)
        if exempt and exempt.casefold() not in _YES | _NO:
            return exempt
        if exempt.casefold() not in _YES:
            spoken = re.search(r"免测|exempt", remark, re.IGNORECASE)
            denied = re.search(r"(?:不|非|未|无需?)免测|not exempt", remark, re.IGNORECASE)
            if exempt or not spoken or denied:
                return None
        if len(remark) > LONGEST_REASON:
            self._fault("remark", "text_too_long", field="remark", length=len(remark), limit=LONGEST_REASON)
        return remark or "免测"


def _seat(text: str) -> int | None:
    seat = normalise.seat(text)
    return seat if seat is not None and seat <= HIGHEST_SEAT else None
