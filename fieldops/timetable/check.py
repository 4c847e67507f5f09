"""A proposed timetable, checked whole in one pass: what stops it, what to look at, each with row and reason. Pure.

Everything comes in as text, from a spreadsheet or from a data file, so that there is one reading and one set of rules.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import TypeVar

#: Columns of a timetable file, in their order.
FIELDS = (
    "date",
    "code",
    "name",
    "name_en",
    "kind",
    "start",
    "end",
    "check_in_min",
    "preparation_min",
    "sealing_min",
)
MINUTES = ("check_in_min", "preparation_min", "sealing_min")
#: Kinds of sessions as they may be written.
KINDS = {
    "subject": "subject",
    "学科": "subject",
    "学科测试": "subject",
    "questionnaire": "questionnaire",
    "学生问卷": "questionnaire",
    "staff_questionnaire": "staff_questionnaire",
    "校长与教师问卷": "staff_questionnaire",
}
STAFF = "staff_questionnaire"
#: Columns of the table `timetable_session`.
LONGEST = {"code": 32, "name": 60, "name_en": 80}
#: Four hours of check-in or sealing is no plan but a slip of the hand.
MOST_MINUTES = 240

_T = TypeVar("_T")

_CODE = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00:00(?::00)?)?")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::00)?")
_WHOLE = re.compile(r"-?\d{1,6}(?:\.0+)?")


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was written: its number as the file shows it (from 1) and its texts by field."""

    number: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a row (0: in the whole timetable). `column` is a field or empty; `params` fill the sentence."""

    row: int
    column: str
    code: str
    params: Mapping[str, str | int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSession:
    """A session as proposed. Times are the school's wall clock, durations minutes."""

    code: str
    name: str
    name_en: str
    kind: str
    date: date
    start_time: time
    #: None: open until all are done; staff questionnaires only.
    end_time: time | None
    check_in_min: int
    preparation_min: int
    sealing_min: int

    @property
    def starts(self) -> datetime:
        """Start on the school's clock, naive: compared only with other sessions of the same school."""
        return datetime.combine(self.date, self.start_time)

    @property
    def ends(self) -> datetime:
        """End on the school's clock; the start for an open-ended session."""
        return datetime.combine(self.date, self.end_time or self.start_time)


@dataclass(frozen=True, slots=True)
class Checked:
    """The sessions that could be read, what stops the timetable, and what stops nothing but should be looked at."""

    sessions: tuple[PlannedSession, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def check(rows: Sequence[Row], *, first_day: date, last_day: date, taken: Mapping[str, int] | None = None) -> Checked:
    """Read and check a grade's proposed timetable.

    Sessions of the students may not overlap in their working time: that is an error. Sealing of one and check-in or
    preparation of the next that overlap are a warning, since the seed's own timetable leaves no slack. Staff
    questionnaires run beside everything.

    Args:
        first_day: of the window; with `last_day` the bounds of every date.
        taken: codes of the window's other grades → their grade; codes are unique in a window.
    """
    problems: list[Problem] = []
    read: list[tuple[int, PlannedSession]] = []
    codes: dict[str, int] = {}
    for row in rows:
        reader = _Reader(row, problems)
        session = reader.session()
        code = reader.code
        if code and codes.setdefault(code, row.number) != row.number:
            reader.problem("code", "duplicate_code", code=code, first_row=codes[code])
        if code and code in (taken or {}):
            reader.problem("code", "code_of_other_grade", code=code, grade=(taken or {})[code])
        if reader.date is not None and not first_day <= reader.date <= last_day:
            days = {"first_day": first_day.isoformat(), "last_day": last_day.isoformat()}
            reader.problem("date", "outside_window", date=reader.date.isoformat(), **days)
        if session is not None:
            read.append((row.number, session))
    if not rows:
        problems.append(Problem(0, "", "no_rows"))
    problems += _overlaps(read)
    order = {name: number for number, name in enumerate(("", *FIELDS))}

    def by_place(problem: Problem) -> tuple[int, int, str]:
        return problem.row, order[problem.column], problem.code

    return Checked(
        tuple(session for _, session in read),
        tuple(sorted(problems, key=by_place)),
        tuple(sorted(_tight(read), key=by_place)),
    )


def _of_students(read: Sequence[tuple[int, PlannedSession]]) -> list[tuple[int, PlannedSession]]:
    """The students' sessions by start, then row."""
    return sorted((pair for pair in read if pair[1].kind != STAFF), key=lambda pair: (pair[1].starts, pair[0]))


def _overlaps(read: Sequence[tuple[int, PlannedSession]]) -> list[Problem]:
    """Each session that begins while an earlier one still runs, named once, with the one that ends last."""
    problems = []
    running: tuple[int, PlannedSession] | None = None
    for number, session in _of_students(read):
        if running is not None and session.starts < running[1].ends:
            params: dict[str, str | int] = {"code": session.code, "first_row": running[0]}
            params |= {"first_code": running[1].code, "until": f"{running[1].end_time:%H:%M}"}
            problems.append(Problem(number, "start", "overlap", params))
        if running is None or session.ends > running[1].ends:
            running = (number, session)
    return problems


def _tight(read: Sequence[tuple[int, PlannedSession]]) -> list[Problem]:
    """Neighbours of a day whose gap is shorter than sealing, check-in and preparation together."""
    warnings = []
    for (first_row, before), (number, after) in pairwise(_of_students(read)):
        gap = (after.starts - before.ends) // timedelta(minutes=1)
        needed = before.sealing_min + after.check_in_min + after.preparation_min
        if before.date == after.date and 0 <= gap < needed:
            params: dict[str, str | int] = {"first_row": first_row, "gap": gap, "needed": needed}
            warnings.append(Problem(number, "start", "tight", params))
    return warnings


class _Reader:
    """Reads one row; what it cannot read it names."""

    def __init__(self, row: Row, problems: list[Problem]) -> None:
        self._row = row
        self._problems = problems
        self.code = ""
        self.date: date | None = None

    def problem(self, column: str, code: str, /, **params: str | int) -> None:
        self._problems.append(Problem(self._row.number, column, code, params))

    def session(self) -> PlannedSession | None:
        """The session; None when something of it could not be read. Every fault of the row is named."""
        before = len(self._problems)
        self.date = self._parsed("date", _date, "bad_date")
        self.code = plain(self._text("code"))
        if self.code and not _CODE.fullmatch(self.code):
            self.problem("code", "bad_code", value=shown(self.code))
        name, name_en = self._text("name"), self._text("name_en")
        kind = self._parsed("kind", KINDS.get, "unknown_kind")
        start = self._parsed("start", _time, "bad_time")
        end = self._end(kind)
        if start is not None and end is not None and end <= start:
            self.problem("end", "end_before_start", start=f"{start:%H:%M}", end=f"{end:%H:%M}")
        minutes = [self._minutes(column) for column in MINUTES]
        if start is not None and minutes[0] + minutes[1] > start.hour * 60 + start.minute:
            self.problem("check_in_min", "before_midnight", start=f"{start:%H:%M}")
        if len(self._problems) > before or self.date is None or kind is None or start is None:
            return None
        return PlannedSession(
            code=self.code,
            name=name,
            name_en=name_en,
            kind=kind,
            date=self.date,
            start_time=start,
            end_time=end,
            check_in_min=minutes[0],
            preparation_min=minutes[1],
            sealing_min=minutes[2],
        )

    def _value(self, column: str) -> str:
        return plain(self._row.values.get(column, ""))

    def _text(self, column: str) -> str:
        text = " ".join(unicodedata.normalize("NFC", self._row.values.get(column, "")).split())
        if not text:
            self.problem(column, "empty")
        elif len(text) > LONGEST[column]:
            self.problem(column, "too_long", length=len(text), limit=LONGEST[column])
        elif not text.isprintable():
            self.problem(column, "unprintable")
        return text

    def _parsed(self, column: str, parse: Callable[[str], _T | None], fault: str) -> _T | None:
        text = self._value(column)
        if not text:
            self.problem(column, "empty")
            return None
        value = parse(text)
        if value is None:
            self.problem(column, fault, value=shown(text))
        return value

    def _end(self, kind: str | None) -> time | None:
        """The end; only a staff questionnaire may be without one, since nobody could say what comes after it."""
        text = self._value("end")
        if not text and kind == STAFF:
            return None
        return self._parsed("end", _time, "bad_time") if text or kind is not None else None

    def _minutes(self, column: str) -> int:
        value = self._parsed(column, _whole, "bad_minutes")
        if value is not None and not 0 <= value <= MOST_MINUTES:
            self.problem(column, "minutes_out_of_range", value=value, limit=MOST_MINUTES)
            return 0
        return value or 0


def plain(text: str) -> str:
    """The text in half-width characters without spaces around it: a Chinese keyboard writes ０９：００ for 09:00."""
    text = "".join(chr(ord(c) - 0xFEE0) if "\uff01" <= c <= "\uff5e" else c for c in text)
    return unicodedata.normalize("NFC", text).strip()


def shown(text: str) -> str:
    """A cell's text for a sentence: short, and without control characters."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    return clean if len(clean) <= 40 else clean[:39] + "…"


def _date(text: str) -> date | None:
    match = _DATE.fullmatch(text)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None


def _time(text: str) -> time | None:
    match = _TIME.fullmatch(text)
    try:
        return time(int(match[1]), int(match[2])) if match else None
    except ValueError:
        return None


def _whole(text: str) -> int | None:
    return int(float(text)) if _WHOLE.fullmatch(text) else None
