"""What can be wrong with a school's report, said so that the school finds the place and knows what to do.

A fault names sheet, row, column and a stable code; its sentence is looked up here and translated by the caller.
Values are quoted in a sentence only after ``quoted`` has shortened them, and never when they look like an ID number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


def N_(text: str) -> str:  # noqa: N802 (gettext's customary name: it marks a text for extraction and returns it as it is)
    """Mark a text for translation later."""
    return text


#: Longest piece of a cell that is repeated to the user, in characters.
QUOTED_CHARACTERS = 40


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and where.

    ``row`` counts from 1 as the spreadsheet shows it, 0 when the fault is of a whole sheet or file. ``column`` is the
    spreadsheet's letter and ``header`` the heading as written, both empty when the fault is of a whole row.
    ``params`` fill the sentence; the value under the key ``field`` is a key of ``FIELD_NAMES``.
    """

    sheet: str
    row: int
    column: str
    header: str
    code: str
    params: Mapping[str, str | int] = field(default_factory=dict, hash=False)


#: What each field of a student's row is called in a sentence.
FIELD_NAMES: dict[str, str] = {
    "school_code": N_("school code"),
    "school_name": N_("school name"),
    "grade": N_("grade"),
    "class_name": N_("class"),
    "room": N_("test room"),
    "seat": N_("seat number"),
    "code": N_("student code"),
    "name": N_("student name"),
    "sex": N_("sex"),
    "exempt": N_("exemption"),
    "remark": N_("remarks"),
}

#: Sentences of the faults that stop an import.
FAULT_MESSAGES: dict[str, str] = {
    "no_students": N_("No student was found in this file."),
    "no_header": N_("No heading row was found. It needs at least the headings of name, seat number and student code."),
    "missing_column": N_("The column “%(field)s” is missing."),
    "duplicate_header": N_("Two columns stand for “%(field)s”: %(first_column)s and this one. Keep one."),
    "id_card_column": N_("This column is for ID-card numbers. They are not taken: delete the whole column."),
    "id_card_number": N_("This cell looks like an ID-card number. It is not taken and not kept: delete it."),
    "empty_cell": N_("“%(field)s” is empty."),
    "merged_cell": N_("This cell is merged with another, but every student needs their own “%(field)s”."),
    "formula_error": N_("The formula in this cell gives an error (%(value)s). Type the value."),
    "formula_without_value": N_("The formula in this cell has no stored result. Type the value."),
    "date_instead_of_text": N_("The spreadsheet made a date of this cell. Format it as text and type it again."),
    "scientific_number": N_("This long number lost its last digits (%(value)s). Format it as text and type it again."),
    "control_character": N_("“%(field)s” has a line break or an invisible control character in it. Type it again."),
    "unreadable_character": N_("“%(field)s” has a character that could not be read. Type it again."),
    "name_too_long": N_("The name has %(length)s characters; %(limit)s is the most."),
    "text_too_long": N_("“%(field)s” has %(length)s characters; %(limit)s is the most."),
    "grade_not_4_or_8": N_("The grade “%(value)s” is neither 4 nor 8."),
    "school_code_format": N_("The school code “%(value)s” does not have 6 to 12 digits or letters."),
    "student_code_format": N_("The student code “%(value)s” has other characters than digits, letters and hyphens."),
    "room_unreadable": N_("The test room “%(value)s” is not understood. Write 01, 02 or the like."),
    "seat_not_a_number": N_("The seat number “%(value)s” is not a whole number from 1 to %(limit)s."),
    "sex_unknown": N_("“%(value)s” is not understood as a sex. Write 男 or 女, or leave it empty."),
    "duplicate_seat": N_("%(room)s: seat %(seat)s is taken already in row %(first_row)s of sheet “%(first_sheet)s”."),
    "duplicate_student_code": N_(
        "The student code “%(value)s” stands already in row %(first_row)s of sheet “%(first_sheet)s”."
    ),
    "school_name_contradicts_code": N_(
        "School code %(school_code)s has the name “%(value)s” here, but “%(first)s” in row %(first_row)s of sheet "
        "“%(first_sheet)s”."
    ),
    "school_code_contradicts_name": N_(
        "The school “%(value)s” has the code %(school_code)s here, but %(first)s in row %(first_row)s of sheet "
        "“%(first_sheet)s”."
    ),
    "school_name_not_registered": N_("School code %(school_code)s is registered as “%(first)s”, not “%(value)s”."),
    "school_not_registered": N_("The school code %(school_code)s is not among the sampled schools."),
    "room_with_mixed_grades": N_(
        "%(room)s has grade %(value)s here, but grade %(first)s in row %(first_row)s of sheet “%(first_sheet)s”."
    ),
}

#: Sentences of what the user should look at, though it stops nothing.
WARNING_MESSAGES: dict[str, str] = {
    "sheet_ignored": N_("This sheet has no heading row and was not read."),
    "hidden_sheet_ignored": N_("This sheet is hidden and was not read."),
    "column_ignored": N_("This column is not used."),
    "row_without_student": N_("This row names no student and was left out."),
    "school_over_sample": N_(
        "School %(school_code)s has %(count)s students in grade %(grade)s; the sample is %(limit)s."
    ),
    "private_use_character": N_(
        "“%(field)s” has a character outside the standard (a private rare character). Other devices may not show it."
    ),
    "question_mark_in_name": N_("The name has a question mark. Was a rare character lost when the file was saved?"),
}

#: Sentences of a file that cannot be read at all.
WORKBOOK_MESSAGES: dict[str, str] = {
    "empty_file": N_("The file is empty."),
    "file_too_large": N_("The file has %(size)s bytes; %(limit)s is the most."),
    "content_too_large": N_("Unpacked, the file is larger than %(limit)s bytes."),
    "too_many_sheets": N_("The file has more than %(limit)s sheets."),
    "too_many_rows": N_("The sheet has more than %(limit)s rows."),
    "too_many_columns": N_("The sheet has more than %(limit)s columns."),
    "too_many_cells": N_("The file has more than %(limit)s cells."),
    "cell_too_long": N_("A cell has more than %(limit)s characters."),
    "old_or_protected": N_("This is an old Excel file (.xls) or has a password. Save it as .xlsx without a password."),
    "not_a_table": N_("This is neither an .xlsx workbook nor a .csv table."),
    "damaged": N_("The workbook is damaged or holds forbidden parts. Open it, save it as a new .xlsx and try again."),
    "unknown_encoding": N_("The characters of the file cannot be read. Save it as .xlsx, or as .csv in UTF-8."),
}

MESSAGES: dict[str, str] = FAULT_MESSAGES | WARNING_MESSAGES | WORKBOOK_MESSAGES


class WorkbookError(Exception):
    """The file cannot be read as a table, or exceeds a limit.

    ``reason`` is a key of ``WORKBOOK_MESSAGES``; ``sheet``, ``row`` (from 1) and ``column`` (letter) are empty or 0
    when the reason is of the whole file.
    """

    def __init__(
        self,
        reason: str,
        *,
        sheet: str = "",
        row: int = 0,
        column: str = "",
        params: Mapping[str, str | int] | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sheet = sheet
        self.row = row
        self.column = column
        self.params: Mapping[str, str | int] = params or {}

    @property
    def fault(self) -> Fault:
        """The same as a fault, so that one template shows both."""
        return Fault(self.sheet, self.row, self.column, "", self.reason, self.params)


def quoted(value: str) -> str:
    """Shorten a cell's text for a sentence and make its control characters visible as spaces."""
    shown = "".join(character if character.isprintable() else " " for character in value)
    return shown if len(shown) <= QUOTED_CHARACTERS else shown[: QUOTED_CHARACTERS - 1] + "…"


def message(fault: Fault, gettext: Callable[[str], str] = str) -> str:
    """The sentence of a fault in the language that ``gettext`` translates into; English without it.

    Raises ``KeyError`` for a code that has no sentence.
    """
    params = dict(fault.params)
    if "field" in params:
        params["field"] = gettext(FIELD_NAMES[str(params["field"])])
    if "room" in params:
        params["room"] = _room(str(params["room"]), gettext)
    return gettext(MESSAGES[fault.code]) % params


def _room(code: str, gettext: Callable[[str], str]) -> str:
    """A room as the screens call it (`web.i18n.room_name`), also where there is no request."""
    plain = code.isascii() and code.isdecimal()
    return gettext(N_("Room %(room)s")) % {"room": code.lstrip("0") or "0"} if plain else code
