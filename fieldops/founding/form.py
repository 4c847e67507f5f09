"""The form of a founding file (TOML) and of the tables that it names: read whole, every fault by its key. No database.

docs/examples/county.toml shows all of it with its meaning.
"""

from __future__ import annotations

import tomllib
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from fieldops.organisation.words import ROLE_NAMES
from fieldops.timetable import seed, tables
from fieldops.timetable.check import Row

#: Opens a table (content, name) as rows of texts; raises `tables.UnreadableFile`.
Reader = Callable[[bytes, str], tables.Table]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: where it stands (`school[2].timezone`, `people.csv row 5 role`) and why."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the file: where it stands and what it says, checked for its form only."""

    key: str
    values: Mapping[str, Any]

    def text(self, name: str) -> str | None:
        """A text of the entry; None where none was written."""
        value = self.values.get(name)
        return str(value) if value not in (None, "") else None


@dataclass(frozen=True, slots=True)
class Plan:
    """A grade's timetable as its file has it."""

    key: str
    grade: int
    origin: str
    rows: tuple[Row, ...]


@dataclass(slots=True)
class Founding:
    """What a file asks for, and what is wrong with its form."""

    window: Entry | None = None
    divisions: list[Entry] = field(default_factory=list)
    schools: list[Entry] = field(default_factory=list)
    timetables: list[Plan] = field(default_factory=list)
    policies: list[Entry] = field(default_factory=list)
    desks: list[Entry] = field(default_factory=list)
    people: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    #: Paths of the divisions and schools that have faults: what lies in them is not told again.
    without: set[str] = field(default_factory=set)


#: Keys of each section and what they hold; those with a star must be there.
_SECTIONS: dict[str, dict[str, type]] = {
    "window": {"code*": str, "name*": str, "mode*": str, "first_day*": date, "last_day*": date},
    "division": {"code*": str, "name*": str, "level*": str, "parent": str, "telephone": str},
    "school": {"county*": str, "code*": str, "name*": str, "timezone": str, "telephone": str},
    "timetable": {"file*": str, "grade": int, "origin": str},
    "policy": {"name*": str, "value*": int, "origin*": str},
    "desk": {"division*": str, "name*": str, "login*": str, "telephone": str},
    "person": {"name*": str, "role*": str, "place*": str, "telephone": str},
}
_TABLES = {"file*": str, "county*": str}
#: Headings of the tables, in either language.
_SCHOOL_HEADINGS = {
    "code": "code 学校代码",
    "name": "name 学校名称",
    "timezone": "timezone 时区",
    "telephone": "telephone 电话",
}
_PEOPLE_HEADINGS = {
    "name": "name 姓名",
    "role": "role 职责",
    "school": "school 学校代码",
    "room": "room 考场",
    "telephone": "telephone 电话",
}
#: Roles as a spreadsheet may name them.
ROLES = {
    "监测员": "monitor",
    "测试监测员": "subject_monitor",
    "司时员": "timekeeper",
    "主监测员": "chief_monitor",
    "校长": "principal",
    "信息员": "information_officer",
    "保密员": "custodian",
    "责任督学": "inspector",
    "视导员": "supervisor",
    "值班员": "desk",
    "值班室": "desk",
}
_CALLED: dict[type, str] = {str: "a text in quotes", int: "a whole number", date: "a day such as 2027-05-20"}


def read(path: Path, reader: Reader) -> Founding:
    """Read a file and the tables beside it. What is wrong with their form is in `faults`; nothing is raised for it."""
    found = Founding()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        found.faults.append(Fault(path.name, f"cannot be read: {error}"))
        return found
    known = {*_SECTIONS, "schools", "people"}
    found.faults += [Fault(name, "there is no section of this name") for name in content if name not in known]
    window = content.get("window")
    if isinstance(window, dict):
        found.window = _entry("window", window, _SECTIONS["window"], found.faults)
    else:
        found.faults.append(Fault("window", "the section [window] is missing"))
    for section, entries in (
        ("division", found.divisions),
        ("school", found.schools),
        ("policy", found.policies),
        ("desk", found.desks),
        ("person", found.people),
    ):
        entries.extend(_entries(content, section, _SECTIONS[section], found))
    for entry in _entries(content, "schools", _TABLES, found):
        found.schools += _schools_of(entry, path.parent, reader, found)
    for entry in _entries(content, "people", _TABLES, found):
        found.people += _people_of(entry, path.parent, reader, found.faults)
    for entry in _entries(content, "timetable", _SECTIONS["timetable"], found):
        found.timetables += _timetables_of(entry, path.parent, reader, found.faults)
    return found


def _entries(content: Mapping[str, Any], section: str, keys: Mapping[str, type], found: Founding) -> Iterator[Entry]:
    written = content.get(section, [])
    if not isinstance(written, list) or not all(isinstance(each, dict) for each in written):
        found.faults.append(Fault(section, f"write each as a section [[{section}]]"))
        return
    for number, values in enumerate(written, 1):
        entry = _entry(f"{section}[{number}]", values, keys, found.faults)
        if entry is not None:
            yield entry
        elif section in ("division", "school"):
            found.without.add("/".join(str(values[key]) for key in ("county", "code") if key in values))


def _entry(key: str, values: Mapping[str, Any], keys: Mapping[str, type], faults: list[Fault]) -> Entry | None:
    before = len(faults)
    expected = {name.rstrip("*"): kind for name, kind in keys.items()}
    faults += [
        Fault(f"{key}.{name}", f"there is no such key; known are {', '.join(expected)}")
        for name in values
        if name not in expected
    ]
    for name, kind in keys.items():
        value = values.get(name.rstrip("*"))
        if value is None or value == "":
            if name.endswith("*"):
                faults.append(Fault(f"{key}.{name.rstrip('*')}", "is missing"))
        elif not isinstance(value, kind) or isinstance(value, bool | datetime):
            faults.append(Fault(f"{key}.{name.rstrip('*')}", f"must be {_CALLED[kind]}"))
        elif reason := _reason(name.rstrip("*"), value):
            faults.append(Fault(f"{key}.{name.rstrip('*')}", reason))
    return Entry(key, values) if len(faults) == before else None


def _reason(name: str, value: Any) -> str | None:
    """What is wrong with a value that is of its kind; None when nothing is."""
    if name == "timezone" and value not in zoneinfo.available_timezones():
        return "there is no such time zone; Asia/Shanghai and Asia/Urumqi are two"
    if name == "telephone" and (len(value) > 32 or not value.isprintable()):
        return "a telephone number has at most 32 characters"
    if name == "role" and role_of(value) not in ROLE_NAMES:
        return "there is no such role; known are " + ", ".join(f"{word} ({role})" for word, role in ROLES.items())
    return None


def role_of(written: str) -> str:
    """A role as the program names it, from either language; what is none stays as it is."""
    return ROLES.get(written, written)


# --- tables beside the file -------------------------------------------------------------------------------------------


def _rows(
    entry: Entry, folder: Path, reader: Reader, headings: Mapping[str, str], faults: list[Fault]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row of a table below its headings: where it stands, and its texts by name."""
    table = _table(entry, folder, reader, faults)
    columns: dict[int, str] = {}
    for number, cells in table:
        texts = [cell.strip() for cell in cells]
        if not columns:
            columns = {
                index: name
                for index, text in enumerate(texts)
                for name, spellings in headings.items()
                if text.casefold() in spellings.split()
            }
            if "name" not in columns.values():
                columns = {}  # a title above the headings
        elif any(texts):
            values = {name: texts[index] for index, name in columns.items() if index < len(texts)}
            yield f"{entry.values['file']} row {number}", {name: text for name, text in values.items() if text}
    if table and not columns:
        faults.append(Fault(entry.key, f"{entry.values['file']} has no row of headings: {', '.join(headings)}"))


def _table(entry: Entry, folder: Path, reader: Reader, faults: list[Fault]) -> tables.Table:
    name = str(entry.values["file"])
    try:
        return reader((folder / name).read_bytes(), name)
    except (OSError, tables.UnreadableFile) as error:
        faults.append(Fault(f"{entry.key}.file", f"{name} cannot be read: {error}"))
        return []


def _row_is_right(key: str, values: Mapping[str, str], needed: tuple[str, ...], faults: list[Fault]) -> bool:
    wrong = [Fault(f"{key} {name}", "is missing") for name in needed if name not in values]
    wrong += [Fault(f"{key} {name}", reason) for name, text in values.items() if (reason := _reason(name, text))]
    faults += wrong
    return not wrong


def _schools_of(entry: Entry, folder: Path, reader: Reader, found: Founding) -> Iterator[Entry]:
    for key, values in _rows(entry, folder, reader, _SCHOOL_HEADINGS, found.faults):
        if _row_is_right(key, values, ("code", "name"), found.faults):
            yield Entry(key, {**values, "county": entry.values["county"]})
        elif "code" in values:
            found.without.add(f"{entry.values['county']}/{values['code']}")


def _people_of(entry: Entry, folder: Path, reader: Reader, faults: list[Fault]) -> Iterator[Entry]:
    for key, values in _rows(entry, folder, reader, _PEOPLE_HEADINGS, faults):
        needed = ("name", "role", "school") if "room" in values else ("name", "role")
        if _row_is_right(key, values, needed, faults):
            parts = (entry.values["county"], values.get("school"), values.get("room"))
            yield Entry(key, {**values, "place": "/".join(str(part) for part in parts if part)})


def _timetables_of(entry: Entry, folder: Path, reader: Reader, faults: list[Fault]) -> Iterator[Plan]:
    """All grades of a TOML file, or one grade of a table."""
    name = str(entry.values["file"])
    if name.endswith(".toml"):
        try:
            grades = seed.read(folder / name).timetables
        except (OSError, tomllib.TOMLDecodeError, KeyError, ValueError) as error:
            faults.append(Fault(f"{entry.key}.file", f"{name} cannot be read: {error!r}"))
            return
        yield from (Plan(f"{name} grade {each.grade}", each.grade, each.origin, each.rows) for each in grades)
        return
    if missing := [each for each in ("grade", "origin") if entry.values.get(each) in (None, "")]:
        faults += [Fault(f"{entry.key}.{each}", "is missing; a table does not say it") for each in missing]
        return
    table = _table(entry, folder, reader, faults)
    rows, problems = tables.rows_of(table)
    faults += [Fault(f"{name} row {p.row} {p.column}".rstrip(), p.code.replace("_", " ")) for p in problems]
    yield Plan(name, int(entry.values["grade"]), str(entry.values["origin"]), rows)
