"""A report as values: students, their schools and rooms, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fieldops.roster.faults import Fault


@dataclass(frozen=True)
class StudentRow:
    """A sampled student as the school reports them, normalised.

    ``room`` is the room's code ("01"), ``seat`` counts from 1, ``sex`` is ``m``, ``f`` or None, ``exempt_reason`` is
    the reason of an exemption (免测) or None, ``class_name`` is empty when not reported. ``sheet`` and ``row`` say
    where it stands in the file.
    """

    school_code: str
    school_name: str
    grade: int
    room: str
    seat: int
    code: str
    name: str
    sex: str | None
    class_name: str
    exempt_reason: str | None
    sheet: str
    row: int


@dataclass(frozen=True)
class SchoolInReport:
    """A school that the report names, its grades in order, and its number of students."""

    code: str
    name: str
    grades: tuple[int, ...]
    students: int


@dataclass(frozen=True)
class RoomInReport:
    """A room of a school: its code, its grade and its number of students."""

    school_code: str
    code: str
    grade: int
    students: int


@dataclass(frozen=True)
class Report:
    """All that was read. ``rows`` are the rows without a fault of their own; apply them only when ``is_right``."""

    rows: tuple[StudentRow, ...]
    schools: tuple[SchoolInReport, ...]
    rooms: tuple[RoomInReport, ...]
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]

    @property
    def is_right(self) -> bool:
        """Whether the report has students and no fault."""
        return bool(self.rows) and not self.faults


def schools_of(rows: Sequence[StudentRow]) -> tuple[SchoolInReport, ...]:
    """The schools of the rows, by code; of several names the first."""
    names: dict[str, str] = {}
    grades: dict[str, set[int]] = {}
    for row in rows:
        names.setdefault(row.school_code, row.school_name)
        grades.setdefault(row.school_code, set()).add(row.grade)
    students = Counter(row.school_code for row in rows)
    return tuple(
        SchoolInReport(code, names[code], tuple(sorted(grades[code])), students[code]) for code in sorted(names)
    )


def rooms_of(rows: Sequence[StudentRow]) -> tuple[RoomInReport, ...]:
    """The rooms of the rows, by school and code; of several grades the first."""
    grades: dict[tuple[str, str], int] = {}
    for row in rows:
        grades.setdefault((row.school_code, row.room), row.grade)
    students = Counter((row.school_code, row.room) for row in rows)
    return tuple(RoomInReport(*key, grades[key], students[key]) for key in sorted(grades))
