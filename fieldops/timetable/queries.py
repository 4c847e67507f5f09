"""Reads of windows and timetables."""

from __future__ import annotations

from sqlalchemy import func, select

from fieldops.db import db
from fieldops.timetable.models import SessionRow, Timetable, Window
from fieldops.timetable.schedule import Session


def window(code: str) -> Window | None:
    """The window of this code."""
    return db.session.get(Window, code)


def open_windows() -> list[Window]:
    """Windows that are not closed, the newest day first."""
    return list(
        db.session.scalars(select(Window).where(Window.closed_at.is_(None)).order_by(Window.first_day.desc(), Window.code))
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
