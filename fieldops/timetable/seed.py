"""Timetables from a data file (TOML): those of the plan that this product began with, or anybody's corrected copy."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from fieldops.timetable.check import FIELDS, Row

#: The plan for 20 and 21 May 2024, grades 4 and 8.
SEED = Path(__file__).with_name("data") / "seed-2024.toml"


@dataclass(frozen=True, slots=True)
class GradeTimetable:
    """A grade's timetable as it stands in a file: publish it with `service.publish`."""

    grade: int
    origin: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class TimetableFile:
    """The days that the file is for, and a timetable a grade."""

    first_day: date
    last_day: date
    timetables: tuple[GradeTimetable, ...]


def read(path: Path = SEED) -> TimetableFile:
    """Read a file; its rows are numbered from 1 in each grade. Nothing is checked here, publishing does.

    Raises:
        OSError, tomllib.TOMLDecodeError, KeyError: no such file, or none of this form.
    """
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return TimetableFile(
        content["first_day"],
        content["last_day"],
        tuple(
            GradeTimetable(int(grade["grade"]), str(grade["origin"]), _rows(grade["session"]))
            for grade in content["timetable"]
        ),
    )


def _rows(sessions: list[dict[str, object]]) -> tuple[Row, ...]:
    return tuple(
        Row(number, {name: str(session.get(name, "")) for name in FIELDS}) for number, session in enumerate(sessions, 1)
    )
