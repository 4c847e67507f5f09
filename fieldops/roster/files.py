"""Several schools' files read together as one report; every fault named by file, sheet, row and column. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from fieldops.roster.faults import Fault, WorkbookError
from fieldops.roster.normalise import looks_like_id_card
from fieldops.roster.reading import read_report
from fieldops.roster.students import Report, StudentRow, rooms_of, schools_of
from fieldops.roster.workbook import Sheet, read_workbook

#: Columns of the roster's table that are narrower than what a report may say.
STORED_CHARACTERS = 60
_LONGEST_FILE_NAME = 120


@dataclass(frozen=True)
class SourceFile:
    """A file as it was sent: its name, for people only, and its content."""

    name: str
    data: bytes

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the content, hex."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Located:
    """A fault or warning with the file that it is in."""

    file: str
    fault: Fault


@dataclass(frozen=True)
class ReadFiles:
    """What the files say together. Apply it only when there are no faults."""

    report: Report
    faults: tuple[Located, ...]
    warnings: tuple[Located, ...]
    #: Names as they are shown, in the order in which the files were given.
    names: tuple[str, ...]
    #: Sheet as the report's rows name it → (file, sheet).
    places: Mapping[str, tuple[str, str]]

    def located(self, row: StudentRow, code: str, **params: str | int) -> Located:
        """A fault of a whole row."""
        file, sheet = self.places[row.sheet]
        return Located(file, Fault(sheet, row.row, "", "", code, params))

    def file_of(self, row: StudentRow) -> str:
        """The file that a row stands in."""
        return self.places[row.sheet][0]


def read_files(files: Sequence[SourceFile], known_schools: Mapping[str, str]) -> ReadFiles:
    """Read all files as one report, so that what two files say against each other is found too.

    `known_schools`: code → name of those that may report.
    """
    names = shown_names([file.name for file in files])
    sheets: list[Sheet] = []
    places: dict[str, tuple[str, str]] = {}
    faults: list[Located] = []
    for name, file in zip(names, files, strict=True):
        try:
            found = read_workbook(file.data, name)
        except WorkbookError as error:
            faults.append(Located(name, error.fault))
            continue
        for number, sheet in enumerate(found, 1):
            # A sheet's name that looks like an ID number is repeated nowhere.
            title = f"#{number}" if looks_like_id_card(sheet.name) else sheet.name
            # Sentences name a sheet alone where there is one file, else with its file; a CSV is its own sheet.
            whole = name if len(found) == 1 and name.startswith(title) else f"{name} › {title}"
            unique = whole if len(files) > 1 else title
            places[unique] = (name, title)
            sheets.append(replace(sheet, name=unique))
    report = read_report(sheets, known_schools=known_schools) if sheets else Report((), (), (), (), ())
    faults += [_located(fault, places, names) for fault in report.faults]
    warnings = [_located(fault, places, names) for fault in report.warnings]
    faults += _without_students(report, names, places, faults)
    report = _without_too_long(report, places, faults)
    order = {name: number for number, name in enumerate(names)}
    faults.sort(key=lambda located: order[located.file])
    warnings.sort(key=lambda located: order[located.file])
    return ReadFiles(report, tuple(faults), tuple(warnings), names, places)


def shown_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names of files as they may be shown: without folders, printable, short, no ID number, each once."""
    shown: list[str] = []
    for number, name in enumerate(names, 1):
        base = "".join(c for c in re.sub(r"^.*[/\\]", "", name) if c.isprintable()).strip()[-_LONGEST_FILE_NAME:]
        base = f"#{number}" if not base or looks_like_id_card(base) else base
        unique, again = base, 2
        while unique in shown:
            unique, again = f"{base} ({again})", again + 1
        shown.append(unique)
    return tuple(shown)


def _located(fault: Fault, places: Mapping[str, tuple[str, str]], names: Sequence[str]) -> Located:
    file, sheet = places.get(fault.sheet, (names[0], fault.sheet))
    return Located(file, replace(fault, sheet=sheet))


def _without_students(
    report: Report, names: Sequence[str], places: Mapping[str, tuple[str, str]], faults: Sequence[Located]
) -> list[Located]:
    """A fault for each file in which nobody was found and nothing else is wrong: an empty form is a mistake too."""
    spoken_of = {places[row.sheet][0] for row in report.rows} | {located.file for located in faults}
    return [Located(name, Fault("", 0, "", "", "no_students")) for name in names if name not in spoken_of]


def _without_too_long(report: Report, places: Mapping[str, tuple[str, str]], faults: list[Located]) -> Report:
    """The report without rows whose class or reason is too long to be kept; each is named."""
    kept = []
    for row in report.rows:
        long = [
            (field, text)
            for field, text in (("class_name", row.class_name), ("exempt", row.exempt_reason or ""))
            if len(text) > STORED_CHARACTERS
        ]
        for field, text in long:
            file, sheet = places[row.sheet]
            params: dict[str, str | int] = {"field": field, "length": len(text), "limit": STORED_CHARACTERS}
            faults.append(Located(file, Fault(sheet, row.row, "", "", "text_too_long", params)))
        if not long:
            kept.append(row)
    if len(kept) == len(report.rows):
        return report
    return replace(report, rows=tuple(kept), schools=schools_of(kept), rooms=rooms_of(kept))
