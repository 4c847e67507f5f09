"""Reads of windows and timetables."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from fieldops.db import db
from fieldops.organisation.models import Person
from fieldops.timetable.models import SessionRow, Timetable, Window
from fieldops.timetable.schedule import Session


class VersionLine(NamedTuple):
    """A published version: when (real time), by whom (None: a command of the operator), and where it comes from."""

    grade: int
    version: int
    published_at: datetime
    publisher: str | None
    origin: str


def window(code: str) -> Window | None:
    """The window of this code."""
    return db.session.get(Window, code)


def open_windows() -> list[Window]:
    """Windows that are not closed, the newest day first."""
    return list(
        db.session.scalars(
            select(Window).where(Window.closed_at.is_(None)).order_by(Window.first_day.desc(), Window.code)
        )
    )


def sessions_in_force(window: str) -> list[Session]:
    """Sessions of the newest version of each grade's timetable, in the order of date and start."""
    newest = (
        select(Timetable.grade, func.max(Timetable.version).label("version"))
        .where(Timetable.window == window)
        .group_by(Timetable.grade)
        .subquery()
    )
    rows = db.session.execute(
        select(SessionRow.__table__)
        .join(newest, (SessionRow.grade == newest.c.grade) & (SessionRow.version == newest.c.version))
        .where(SessionRow.window == window)
        .order_by(SessionRow.grade, SessionRow.date, SessionRow.start_time, SessionRow.row)
    ).mappings()
    return [Session(**row) for row in rows]


def sessions_of_version(window: str, grade: int, version: int) -> list[Session]:
    """Sessions of one version of a grade's timetable, in force or not, by date and start; empty when there is none."""
    rows = db.session.execute(
        select(SessionRow.__table__)
        .where(SessionRow.window == window, SessionRow.grade == grade, SessionRow.version == version)
        .order_by(SessionRow.date, SessionRow.start_time, SessionRow.row)
    ).mappings()
    return [Session(**row) for row in rows]


def newest_version(window: str, grade: int) -> int:
    """The version in force of a grade's timetable; 0 when none was published."""
    statement = select(func.max(Timetable.version)).where(Timetable.window == window, Timetable.grade == grade)
    return db.session.scalar(statement) or 0


def versions(window: str) -> list[VersionLine]:
    """All published versions of a window, by grade, the newest first."""
    statement = (
        select(Timetable.grade, Timetable.version, Timetable.published_at, Person.name, Timetable.origin)
        .outerjoin(Person, Person.id == Timetable.published_by)
        .where(Timetable.window == window)
        .order_by(Timetable.grade, Timetable.version.desc())
    )
    return [VersionLine(*row) for row in db.session.execute(statement)]
