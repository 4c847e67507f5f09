"""`fieldops import-roster`: what the command says and does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from fieldops.db import writing
from fieldops.roster.difference import SchoolDifference
from fieldops.roster.files import Located, SourceFile
from fieldops.roster.service import ImportPlan, PlanStale, apply, plan
from fieldops.roster.words import sentence
from fieldops.timetable.service import WindowClosed

#: Exit codes: all is right (or was applied) · the reports have faults · the command itself cannot be carried out.
DONE, FAULTS, IMPOSSIBLE = 0, 1, 2


def import_files(*, window: str, county: str, paths: Sequence[Path], dry_run: bool) -> tuple[str, int]:
    """Check the files, say every fault or the difference, and apply it unless `dry_run`.

    Returns:
        What to print (plain English, students by code and never by name) and the exit code.
    """
    try:
        files = [SourceFile(path.name, path.read_bytes()) for path in paths]
        found = plan(county=county, window=window, files=files)
        if not found.is_right:
            return "\n".join([*_faults(found), f"{len(found.faults)} faults; nothing was imported."]), FAULTS
        lines = [*_differences(found), *(_place(w) for w in found.read.warnings)]
        if found.is_empty:
            return "\n".join([*lines, "Nothing changes: the roster says all of it already."]), DONE
        counts = ", ".join(f"{count} {kind}" for kind, count in found.counts.items())
        if dry_run:
            return "\n".join([*lines, f"Would change {len(found.changing)} schools: {counts}. Apply with --yes."]), DONE
        with writing():
            apply(found, by=None)
    except (OSError, LookupError) as error:
        return f"cannot import: {error}", IMPOSSIBLE
    except WindowClosed:
        return f"cannot import: the window {window} is closed", IMPOSSIBLE
    except PlanStale:
        return "the county's data changed while the files were read; nothing was imported, try again.", IMPOSSIBLE
    return "\n".join([*lines, f"Imported {len(found.changing)} schools: {counts}."]), DONE


def _faults(found: ImportPlan) -> Iterator[str]:
    yield from (_place(located) for located in (*found.faults, *found.read.warnings))


def _place(located: Located) -> str:
    """`file: sheet …, row …, column …: reason`, whatever of it there is."""
    fault = located.fault
    heading = f" ({fault.header})" if fault.header else ""
    parts = [
        f"sheet {fault.sheet}" if fault.sheet else "",
        f"row {fault.row}" if fault.row else "",
        f"column {fault.column}{heading}" if fault.column else "",
    ]
    where = ", ".join(part for part in parts if part)
    return f"{located.file}: {where}: {sentence(fault)}" if where else f"{located.file}: {sentence(fault)}"


def _differences(found: ImportPlan) -> Iterator[str]:
    for school in found.changing:
        counts = f"{len(school.added)} added, {len(school.removed)} removed, {len(school.moved)} moved, "
        yield f"{school.school_code} {school.name_after}: {counts}{len(school.changed)} changed"
        yield from _of_school(found, school)


def _of_school(found: ImportPlan, school: SchoolDifference) -> Iterator[str]:
    # A new school is told in one line; names stay off the terminal and out of the scrollback.
    if school.name_before:
        yield from (f"  + {s.code} room {s.room} seat {s.seat}" for s in school.added)
    yield from (f"  - {s.code} room {s.room} seat {s.seat}" for s in school.removed)
    for change in school.moved:
        before, after = change.before, change.after
        yield f"  > {after.code} room {before.room} seat {before.seat} to room {after.room} seat {after.seat}"
    yield from (f"  * {change.after.code} {', '.join(change.fields)}" for change in school.changed)
    for student in found.removed_with_attendance(school):
        yield f"  ! {student.code} leaves the roster; attendance noted before stays in the journal"
    for change in found.moved_with_attendance(school):
        yield f"  ! {change.after.code} changes room or seat; attendance noted before stays with the old room"
