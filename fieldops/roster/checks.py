"""What several rows say together: doubles and contradictions. Each is named at the later row, pointing to the first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from fieldops.roster.faults import Fault, quoted
from fieldops.roster.students import StudentRow


@dataclass(frozen=True)
class Seen:
    """What could be read of a row, also of one with a fault elsewhere: value and place (letter, heading) by field."""

    sheet: str
    row: int
    values: Mapping[str, str | int]
    places: Mapping[str, tuple[str, str]]

    def fault(self, field: str, code: str, **params: str | int) -> Fault:
        """A fault of one field of this row."""
        column, header = self.places.get(field, ("", ""))
        return Fault(self.sheet, self.row, column, header, code, params)


def contradictions(seen: Sequence[Seen], known_schools: Mapping[str, str] | None) -> list[Fault]:
    """All doubles and contradictions of the rows, and of the rows with the schools that may report."""
    return [
        *_doubles(seen, ("school_code", "room", "seat"), _duplicate_seat),
        *_doubles(seen, ("code",), _duplicate_code),
        *_disagreements(seen, ("school_code",), "school_name", _name_contradicts),
        *_disagreements(seen, ("school_name",), "school_code", _code_contradicts),
        *_disagreements(seen, ("school_code", "room"), "grade", _mixed_grades),
        *_unregistered(seen, known_schools),
    ]


def over_sample(rows: Sequence[StudentRow], sample_size: int) -> list[Fault]:
    """A warning for each school and grade with more students than the sample, at the first row beyond it."""
    counts = Counter((row.school_code, row.grade) for row in rows)
    met: Counter[tuple[str, int]] = Counter()
    warnings = []
    for row in rows:
        key = (row.school_code, row.grade)
        met[key] += 1
        if met[key] == sample_size + 1:
            code, grade = key
            params: dict[str, str | int] = {"school_code": code, "grade": grade}
            params |= {"count": counts[key], "limit": sample_size}
            warnings.append(Fault(row.sheet, row.row, "", "", "school_over_sample", params))
    return warnings


def _key(row: Seen, fields: Sequence[str]) -> tuple[Hashable, ...] | None:
    if any(field not in row.values for field in fields):
        return None
    return tuple(row.values[field] for field in fields)


def _doubles(seen: Sequence[Seen], fields: Sequence[str], fault: Callable[[Seen, Seen], Fault]) -> list[Fault]:
    """Rows whose fields are the same as an earlier row's."""
    first: dict[tuple[Hashable, ...], Seen] = {}
    faults = []
    for row in seen:
        key = _key(row, fields)
        if key is not None and first.setdefault(key, row) is not row:
            faults.append(fault(row, first[key]))
    return faults


def _disagreements(
    seen: Sequence[Seen], fields: Sequence[str], value: str, fault: Callable[[Seen, Seen], Fault]
) -> list[Fault]:
    """Rows that have another value than the first row with the same fields; each other value is named once."""
    first: dict[tuple[Hashable, ...], Seen] = {}
    told: set[tuple[Hashable, ...]] = set()
    faults = []
    for row in seen:
        key = _key(row, fields)
        if key is None or value not in row.values:
            continue
        earlier = first.setdefault(key, row)
        if earlier.values[value] != row.values[value] and (*key, row.values[value]) not in told:
            told.add((*key, row.values[value]))
            faults.append(fault(row, earlier))
    return faults


def _first(earlier: Seen) -> dict[str, str | int]:
    return {"first_row": earlier.row, "first_sheet": earlier.sheet}


def _shown(row: Seen, field: str) -> str:
    return quoted(str(row.values[field]))


def _duplicate_seat(row: Seen, earlier: Seen) -> Fault:
    seat, room = _shown(row, "seat"), _shown(row, "room")
    return row.fault("seat", "duplicate_seat", seat=seat, room=room, **_first(earlier))


def _duplicate_code(row: Seen, earlier: Seen) -> Fault:
    return row.fault("code", "duplicate_student_code", value=_shown(row, "code"), **_first(earlier))


def _name_contradicts(row: Seen, earlier: Seen) -> Fault:
    value, first = _shown(row, "school_name"), _shown(earlier, "school_name")
    school_code = _shown(row, "school_code")
    return row.fault(
        "school_name",
        "school_name_contradicts_code",
        value=value,
        first=first,
        school_code=school_code,
        **_first(earlier),
    )


def _code_contradicts(row: Seen, earlier: Seen) -> Fault:
    value, first = _shown(row, "school_name"), _shown(earlier, "school_code")
    school_code = _shown(row, "school_code")
    return row.fault(
        "school_code",
        "school_code_contradicts_name",
        value=value,
        first=first,
        school_code=school_code,
        **_first(earlier),
    )


def _mixed_grades(row: Seen, earlier: Seen) -> Fault:
    value, first = _shown(row, "grade"), _shown(earlier, "grade")
    room = _shown(row, "room")
    return row.fault("grade", "room_with_mixed_grades", value=value, first=first, room=room, **_first(earlier))


def _unregistered(seen: Sequence[Seen], known_schools: Mapping[str, str] | None) -> list[Fault]:
    """Schools that may not report, or report under another name; each is named once, at its first row."""
    if known_schools is None:
        return []
    faults = []
    told: set[tuple[str, str]] = set()
    for row in seen:
        code, name = str(row.values.get("school_code", "")), str(row.values.get("school_name", ""))
        if not code or (code, name) in told:
            continue
        told.add((code, name))
        if code not in known_schools:
            faults.append(row.fault("school_code", "school_not_registered", school_code=quoted(code)))
        elif name and known_schools[code] and known_schools[code] != name:
            first = quoted(known_schools[code])
            code_shown, value = quoted(code), quoted(name)
            faults.append(
                row.fault("school_name", "school_name_not_registered", school_code=code_shown, value=value, first=first)
            )
    return faults
