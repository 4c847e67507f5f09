"""Importing the schools' reports: `plan` says what is wrong or what would change, `apply` does just that or nothing."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import uuid6
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, insert, select

from fieldops.db import db, must_be_writing, upsert, utcnow
from fieldops.journal import events
from fieldops.journal import service as journal
from fieldops.journal.models import Head
from fieldops.roster import cards, queries
from fieldops.roster.difference import Change, Difference, SchoolDifference, difference
from fieldops.roster.difference import Student as Comparable
from fieldops.roster.files import Located, ReadFiles, SourceFile, read_files
from fieldops.roster.models import Import, Room, Sample, Student
from fieldops.timetable import clock
from fieldops.timetable import queries as timetable
from fieldops.timetable.service import WindowClosed
from fieldops.web.errors import Problem, Text

_students: Any = Student.__table__
_rooms: Any = Room.__table__
#: SQLite takes 32,766 parameters a statement; this stays far below on both engines.
_AT_ONCE = 500


class ImportRefused(Problem):
    """Something of the files is not right; `faults` has all of it. Nothing was written."""

    status, slug, title = 422, "import-refused", _l("The reports have faults, so nothing was imported")
    detail: ClassVar[Text] = _l("Correct the cells that are named and send the files again.")

    def __init__(self, faults: Sequence[Located]) -> None:
        super().__init__(faults=len(faults))
        self.faults = tuple(faults)


class PlanStale(Problem):
    """Roster, timetable or policies changed since the plan was made."""

    status, slug, title = 409, "plan-stale", _l("Something changed since you looked at this difference")
    detail: ClassVar[Text] = _l("Look at the difference as it is now, then apply it.")


@dataclass(frozen=True)
class ImportPlan:
    """What an import would do. `reference` is the county's number at that time: another one makes the plan stale."""

    county: str
    window: str
    reference: int
    files: tuple[SourceFile, ...]
    read: ReadFiles
    faults: tuple[Located, ...]
    difference: Difference
    #: Who of the schools that change has attendance in the journal: (school, student code).
    noted: frozenset[tuple[str, str]]

    @property
    def is_right(self) -> bool:
        """Whether it may be applied."""
        return not self.faults

    @property
    def is_empty(self) -> bool:
        """Whether applying it would change nothing."""
        return self.is_right and self.difference.is_empty

    @property
    def changing(self) -> tuple[SchoolDifference, ...]:
        """Schools in which something changes."""
        return tuple(school for school in self.difference.schools if not school.is_empty)

    @property
    def counts(self) -> dict[str, int]:
        """Numbers of students by what happens to them."""
        return counts_of(self.difference.schools)

    def removed_with_attendance(self, school: SchoolDifference) -> tuple[Comparable, ...]:
        """Students who leave the roster though facts of theirs stand in the journal, where they stay."""
        return tuple(s for s in school.removed if (school.school_code, s.code) in self.noted)

    def moved_with_attendance(self, school: SchoolDifference) -> tuple[Change, ...]:
        """Students who change room or seat after facts of theirs were noted in the old room."""
        places = (change for change in (*school.moved, *school.changed) if {"room", "seat"} & set(change.fields))
        return tuple(c for c in places if (school.school_code, c.after.code) in self.noted)


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done. `changed` is False when the roster said all of it already: then nothing was written."""

    changed: bool
    counts: dict[str, int]


def counts_of(schools: Sequence[SchoolDifference]) -> dict[str, int]:
    """Numbers of students added, removed, moved (room or seat only) and changed (something else too)."""
    kinds = ("added", "removed", "moved", "changed")
    return {kind: sum(len(getattr(school, kind)) for school in schools) for kind in kinds}


def plan(*, county: str, window: str, files: Sequence[SourceFile], only: str | None = None) -> ImportPlan:
    """Read the files together and say what is wrong, or what they would change. Reads only.

    Args:
        files: one or more; schools that none of them names stay as they are.
        only: the one school that may report here, for somebody whose duty is in that school.

    Raises:
        LookupError: no such county on this server.
        WindowClosed, LookupError: no open window of this code.
    """
    reference = db.session.scalar(select(Head.reference).where(Head.county == county))
    if reference is None:
        raise LookupError(f"no county {county} on this server")
    _open_window(window)
    known = queries.known_schools(county)
    if only is not None:
        known = {code: name for code, name in known.items() if code == only}
    read = read_files(files, known)
    reported = {school.code for school in read.report.schools}
    faults = [*read.faults, *_codes_elsewhere(county, window, read, reported)]
    if faults:
        return ImportPlan(county, window, reference, tuple(files), read, tuple(faults), Difference(()), frozenset())
    found = difference(queries.students(county, window, reported), read.report.rows)
    touched = [s.school_code for s in found.schools if s.removed or s.moved or s.changed]
    noted = queries.noted(county, window, touched)
    return ImportPlan(county, window, reference, tuple(files), read, (), found, noted)


def apply(import_plan: ImportPlan, *, by: str | None) -> Applied:
    """Do what the plan says, in the transaction of the caller's `with writing():`, whole or not at all.

    Students who stay keep their cards. The same import again writes nothing. `by`: person; None for a command.

    Raises:
        ImportRefused: the plan has faults.
        PlanStale: something changed since the plan was made.
        WindowClosed: the window was closed meanwhile.
    """
    must_be_writing()
    if not import_plan.is_right:
        raise ImportRefused(import_plan.faults)
    county, window = import_plan.county, import_plan.window
    place = _open_window(window)
    head = select(Head.reference).where(Head.county == county).with_for_update()
    if db.session.scalar(head) != import_plan.reference:
        raise PlanStale
    counts = import_plan.counts
    if import_plan.is_empty:
        return Applied(False, counts)
    for school in import_plan.changing:
        _write_school(import_plan, school)
    _write_imports(import_plan, by)
    journal.reference_changed(county)
    hashes = [file.sha256 for file in import_plan.files]
    data = {"files": hashes, "schools": len(import_plan.changing), **counts, "by": by}
    at = clock.now(place)
    draft = events.make("roster.imported", at=at, identity=str(uuid6.uuid7()), data=data)
    journal.record(county=county, window=window, author=journal.SYSTEM, events=[draft], received_at=at)
    return Applied(True, counts)


def _open_window(code: str) -> Any:
    window = timetable.window(code)
    if window is None:
        raise LookupError(f"no window {code}")
    if window.closed_at is not None:
        raise WindowClosed
    return window


def _codes_elsewhere(county: str, window: str, read: ReadFiles, reported: set[str]) -> list[Located]:
    """A fault for each student code that the roster has in a school which the files do not speak of."""
    elsewhere = queries.schools_of_codes(county, window, reported)
    if not elsewhere:
        return []
    names = queries.known_schools(county)
    return [
        read.located(
            row, "student_code_elsewhere", value=row.code, school=names.get(elsewhere[row.code], elsewhere[row.code])
        )
        for row in read.report.rows
        if row.code in elsewhere
    ]


def _write_school(import_plan: ImportPlan, school: SchoolDifference) -> None:
    """Write one school. Students come into rooms that are there, and a room goes only when nobody sits in it."""
    county, window, code = import_plan.county, import_plan.window, school.school_code
    key = {"county": county, "window": window, "school": code}
    if db.session.get(Sample, (county, window, code)) is None:
        db.session.execute(insert(Sample).values(**key, card_salt=secrets.token_hex(16)))
    rooms = {room.code: room.grade for room in import_plan.read.report.rooms if room.school_code == code}
    upsert(_rooms, [{**key, "code": room, "grade": grade} for room, grade in sorted(rooms.items())])
    of_school = (_students.c.county == county) & (_students.c.window == window) & (_students.c.school == code)
    gone = [student.code for student in school.removed]
    for start in range(0, len(gone), _AT_ONCE):
        db.session.execute(delete(_students).where(of_school, _students.c.code.in_(gone[start : start + _AT_ONCE])))
    stored = db.session.execute(select(_students.c.code, _students.c.card_token).where(of_school))
    tokens: dict[str, str] = dict(stored.all())
    written = [*school.added, *(change.after for change in (*school.moved, *school.changed))]
    rows = [
        {
            **key,
            "code": student.code,
            "room": student.room,
            "seat": student.seat,
            "name": student.name,
            "sex": student.sex,
            "class_name": student.class_name or None,
            "exempt_reason": student.exempt_reason,
            "card_token": tokens.get(student.code) or cards.new_token(),
        }
        for student in written
    ]
    for start in range(0, len(rows), _AT_ONCE):
        upsert(_students, rows[start : start + _AT_ONCE])
    of_school_rooms = (_rooms.c.county == county) & (_rooms.c.window == window) & (_rooms.c.school == code)
    db.session.execute(delete(_rooms).where(of_school_rooms, _rooms.c.code.not_in(list(rooms))))


def _write_imports(import_plan: ImportPlan, by: str | None) -> None:
    """One row a file. A student counts for the file that they stand in, one who goes for the file of the school."""
    files: dict[tuple[str, str], str] = {}
    of_school: dict[str, str] = {}
    for row in import_plan.read.report.rows:
        files[row.school_code, row.code] = of_school_file = import_plan.read.file_of(row)
        of_school.setdefault(row.school_code, of_school_file)
    counts: dict[str, Counter[str]] = {name: Counter() for name in import_plan.read.names}
    for school in import_plan.changing:
        code = school.school_code
        counts[of_school[code]]["removed"] += len(school.removed)
        for student in school.added:
            counts[files[code, student.code]]["added"] += 1
        for kind, changes in (("moved", school.moved), ("changed", school.changed)):
            for change in changes:
                counts[files[code, change.after.code]][kind] += 1
    now = utcnow()
    for name, file in zip(import_plan.read.names, import_plan.files, strict=True):
        kinds = {kind: counts[name][kind] for kind in ("added", "removed", "moved", "changed")}
        key = {"county": import_plan.county, "window": import_plan.window, "id": str(uuid6.uuid7())}
        details = {"file_name": name, "sha256": file.sha256, "person": by, "applied_at": now, "counts": kinds}
        db.session.execute(insert(Import).values(**key, **details))
