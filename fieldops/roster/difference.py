"""What a report would change, school by school, before anything is written. Pure: knows neither files nor tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol


class Student(Protocol):
    """What is compared: a row of a report or of the roster as it stands."""

    @property
    def school_code(self) -> str: ...
    @property
    def school_name(self) -> str: ...
    @property
    def grade(self) -> int: ...
    @property
    def room(self) -> str: ...
    @property
    def seat(self) -> int: ...
    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def sex(self) -> str | None: ...
    @property
    def class_name(self) -> str | None: ...
    @property
    def exempt_reason(self) -> str | None: ...


#: Fields that say where a student sits.
PLACE_FIELDS = ("room", "seat")
#: All fields of a student that are compared, empty and None as the same; the school's name is compared once a school.
COMPARED_FIELDS = ("grade", "room", "seat", "name", "sex", "class_name", "exempt_reason")


@dataclass(frozen=True)
class Change:
    """A student as they stand and as the report has them, and the names of the fields that differ."""

    before: Student
    after: Student
    fields: tuple[str, ...]


@dataclass(frozen=True)
class SchoolDifference:
    """What changes in one school. ``moved`` changed room or seat only; ``changed`` something else too.

    ``name_before`` is empty for a school that is new, ``name_after`` for one that the report has no students of.
    """

    school_code: str
    name_before: str
    name_after: str
    added: tuple[Student, ...]
    removed: tuple[Student, ...]
    moved: tuple[Change, ...]
    changed: tuple[Change, ...]
    unchanged: tuple[Student, ...]

    @property
    def is_renamed(self) -> bool:
        """Whether the school has another name in the report."""
        return bool(self.name_before and self.name_after) and self.name_before != self.name_after

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes in this school."""
        return not (self.added or self.removed or self.moved or self.changed or self.is_renamed)


@dataclass(frozen=True)
class Difference:
    """What changes, by school code."""

    schools: tuple[SchoolDifference, ...]

    @property
    def is_empty(self) -> bool:
        """Whether applying the report would change nothing."""
        return all(school.is_empty for school in self.schools)


def difference(
    present: Sequence[Student], report: Sequence[Student], schools: Collection[str] | None = None
) -> Difference:
    """Compare the roster as it stands with a report. A student is the same by school code and student code.

    Only ``schools`` are compared; by default those that the report names, so that one school's report does not remove
    the students of all others. No school or student may be twice in either sequence.
    """
    compared = set(schools) if schools is not None else {student.school_code for student in report}
    before, after = _by_school(present, compared), _by_school(report, compared)
    return Difference(
        tuple(_of_school(code, before.get(code, {}), after.get(code, {})) for code in sorted({*before, *after}))
    )


def _by_school(students: Iterable[Student], schools: Collection[str]) -> dict[str, dict[str, Student]]:
    found: dict[str, dict[str, Student]] = {}
    for student in students:
        if student.school_code in schools:
            found.setdefault(student.school_code, {})[student.code] = student
    return found


def _seats(student: Student) -> tuple[str, int, str]:
    return student.room, student.seat, student.code


def _of_school(code: str, before: dict[str, Student], after: dict[str, Student]) -> SchoolDifference:
    moved, changed, unchanged = [], [], []
    for old in sorted((before[key] for key in before.keys() & after.keys()), key=_seats):
        new = after[old.code]
        fields = tuple(
            field for field in COMPARED_FIELDS if (getattr(old, field) or None) != (getattr(new, field) or None)
        )
        if not fields:
            unchanged.append(old)
        elif set(fields) <= set(PLACE_FIELDS):
            moved.append(Change(old, new, fields))
        else:
            changed.append(Change(old, new, fields))
    return SchoolDifference(
        school_code=code,
        name_before=next((student.school_name for student in before.values()), ""),
        name_after=next((student.school_name for student in after.values()), ""),
        added=tuple(sorted((after[key] for key in after.keys() - before.keys()), key=_seats)),
        removed=tuple(sorted((before[key] for key in before.keys() - after.keys()), key=_seats)),
        moved=tuple(moved),
        changed=tuple(changed),
        unchanged=tuple(unchanged),
    )
