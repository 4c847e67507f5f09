"""Verbs of windows, timetables, policies and the clock. Each is called inside `with writing():`, its transaction.

Windows are shared by counties: what changes is told in the journal of every county that has people on duty in the
window, and every cache of the server is told to read again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

import uuid6
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, insert, select

from fieldops.db import db, must_be_writing, utcnow
from fieldops.journal import events
from fieldops.journal import service as journal
from fieldops.journal.models import Head
from fieldops.organisation.models import Duty
from fieldops.timetable import clock, queries
from fieldops.timetable.check import PlannedSession, Row, check
from fieldops.timetable.check import Problem as RowProblem
from fieldops.timetable.models import PolicyRow, SessionRow, Timetable, Window
from fieldops.timetable.policies import POLICIES
from fieldops.timetable.words import sentence
from fieldops.web.errors import Problem, Text

#: A rehearsal's clock may be set to the window's days and to so many days around them.
CLOCK_MARGIN = timedelta(days=7)
_WINDOW_CODE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


class WindowRefused(Problem):
    """A window that contradicts itself, or whose code is taken. `field` names what is wrong."""

    status, slug, title = 422, "window-refused", _l("This window cannot be made")


class WindowClosed(Problem):
    """Nothing of a closed window changes."""

    status, slug, title = 409, "window-closed", _l("This window is closed")
    detail: ClassVar[Text] = _l("Nothing of it can be changed any more.")


class TimetableRefused(Problem):
    """A timetable that contradicts itself: `problems` has every row and reason."""

    status, slug, title = 422, "timetable-refused", _l("This timetable cannot be published")
    detail: ClassVar[Text] = _l("Correct the rows that are named and send it again.")

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        super().__init__(
            rows=[{"row": p.row, "column": p.column, "code": p.code, "reason": sentence(p)} for p in problems]
        )
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "; ".join(f"row {p.row} {p.column}: {sentence(p)}" for p in self.problems)


class TimetableChanged(Problem):
    """Somebody published another version since this one was looked at."""

    status, slug, title = 409, "timetable-changed", _l("Somebody published a newer version before you")
    detail: ClassVar[Text] = _l("Look at the newer version, then send yours again.")


class PolicyRefused(Problem):
    """No such policy, or a value out of its bounds, or no origin."""

    status, slug, title = 422, "policy-refused", _l("This policy value cannot be set")


class RealClock(Problem):
    """A real window's clock is real time and cannot be set."""

    status, slug, title = 409, "real-clock", _l("The clock of a real window cannot be set")
    detail: ClassVar[Text] = _l("Only a rehearsal's clock can be set.")


class ClockOutOfRange(Problem):
    """A time too far from the window's days."""

    status, slug, title = 422, "clock-out-of-range", _l("This time is too far from the days of the window")
    detail: ClassVar[Text] = _l("Choose a time of the window, or up to seven days before or after it.")


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing did: the version in force, whether it is new, and what should be looked at."""

    version: int
    is_new: bool
    warnings: tuple[RowProblem, ...]


def create_window(*, code: str, name: str, mode: str, first_day: date, last_day: date) -> Window:
    """Make a window. `mode`: `real` or `rehearsal`; it never changes.

    Raises:
        WindowRefused: a bad code or name, an unknown mode, days in the wrong order, or the code is taken.
    """
    must_be_writing()
    if not _WINDOW_CODE.fullmatch(code):
        raise WindowRefused(_l("A code has up to 32 small letters, digits and hyphens."), field="code")
    if not 0 < len(name.strip()) <= 60:
        raise WindowRefused(_l("A name has 1 to 60 characters."), field="name")
    if mode not in ("real", "rehearsal"):
        raise WindowRefused(_l("A window is real or a rehearsal."), field="mode")
    if last_day < first_day:
        raise WindowRefused(_l("The last day is before the first."), field="last_day")
    if db.session.get(Window, code) is not None:
        raise WindowRefused(_l("There is a window with this code already."), field="code")
    window = Window(code=code, name=name.strip(), mode=mode, first_day=first_day, last_day=last_day)
    db.session.add(window)
    db.session.flush()
    return window


def publish(
    *, window: str, grade: int, rows: Sequence[Row], origin: str, by: str | None, seen_version: int | None = None
) -> Published:
    """Publish a grade's timetable as a new version, unless it says what the version in force says.

    Args:
        origin: where it comes from, shown beside it; the document and its page.
        by: person; None for a command of the operator.
        seen_version: the version it was compared with (0: none), to refuse when another came between; None: any.

    Raises:
        TimetableRefused: with every row and reason.
        TimetableChanged: `seen_version` is no longer the newest.
        WindowClosed, LookupError: no open window of this code.
    """
    must_be_writing()
    place = _open_window(window)
    now = utcnow()
    in_force = queries.sessions_in_force(window)
    version = queries.newest_version(window, grade)
    if seen_version is not None and seen_version != version:
        raise TimetableChanged
    taken = {session.code: session.grade for session in in_force if session.grade != grade}
    checked = check(rows, first_day=place.first_day, last_day=place.last_day, taken=taken)
    if checked.problems:
        raise TimetableRefused(checked.problems)
    if not 0 < len(origin.strip()) <= 200:
        raise TimetableRefused([RowProblem(0, "", "no_origin")])
    before = {session.code: planned(session) for session in in_force if session.grade == grade}
    if version and before == {session.code: session for session in checked.sessions}:
        return Published(version, is_new=False, warnings=checked.warnings)
    key = {"window": window, "grade": grade, "version": version + 1}
    db.session.add(Timetable(**key, published_at=now, published_by=by, origin=origin.strip()))
    db.session.flush()
    db.session.execute(
        insert(SessionRow), [{**key, "row": n, **_columns(s)} for n, s in enumerate(checked.sessions, 1)]
    )
    data = {"grade": grade, "version": version + 1, "by": by}
    _tell(place, "timetable.published", data, at=clock.now(place), new_reference=True)
    return Published(version + 1, is_new=True, warnings=checked.warnings)


def set_policy(*, window: str, name: str, value: int, origin: str, by: str | None) -> bool:
    """Set a policy value; False when it stood so already.

    Raises:
        PolicyRefused: unknown name, value out of its bounds, or no origin.
        WindowClosed, LookupError: no open window of this code.
    """
    must_be_writing()
    place = _open_window(window)
    policy = POLICIES.get(name)
    origin = " ".join(origin.split())
    if policy is None:
        raise PolicyRefused(_l("There is no policy of this name."), field="name")
    if not policy.low <= value <= policy.high:
        bounds = {"low": policy.low, "high": policy.high}
        raise PolicyRefused(_l("Choose a value from %(low)s to %(high)s.", **bounds), field="value", **bounds)
    if not 0 < len(origin) <= 200 or not origin.isprintable():
        raise PolicyRefused(_l("Say where the value comes from, in 1 to 200 characters."), field="origin")
    row = db.session.get(PolicyRow, (window, name))
    if row is not None and (row.value, row.origin) == (value, origin):
        return False
    if row is None:
        row = PolicyRow(window=window, name=name)
        db.session.add(row)
    row.value, row.origin, row.set_by, row.set_at = value, origin, by, utcnow()
    db.session.flush()
    data = {"name": name, "value": value, "by": by}
    _tell(place, "policy.set", data, at=clock.now(place), new_reference=True)
    return True


def set_clock(*, window: str, shows: datetime, by: str | None) -> None:
    """Set a rehearsal's clock: it shows `shows` (aware) now, and runs on from there.

    Raises:
        RealClock: the window is real.
        ClockOutOfRange: more than seven days before or after the window.
        WindowClosed, LookupError: no open window of this code.
    """
    must_be_writing()
    place = _open_window(window)
    if place.mode != "rehearsal":
        raise RealClock
    # The days begin and end at different instants in different zones; a day more on either side is within the margin.
    first = clock.instant(place.first_day, time.min, "UTC") - CLOCK_MARGIN
    last = clock.instant(place.last_day, time.max, "UTC") + CLOCK_MARGIN
    shows = events.corrected(shows, 0)
    if not first <= shows <= last:
        raise ClockOutOfRange
    showed = events.corrected(clock.now(place), 0)
    place.clock_shows, place.clock_set_at = shows, utcnow()
    db.session.flush()
    data = {"showed": _utc_text(showed), "shows": _utc_text(shows), "by": by}
    _tell(place, "clock.set", data, at=shows, new_reference=False)


def planned(session: Any) -> PlannedSession:
    """What a session in force says, without its version: to be compared with a proposal."""
    return PlannedSession(**{name: getattr(session, name) for name in PlannedSession.__dataclass_fields__})


def counties_on_duty(window: str) -> list[str]:
    """Counties of this server with somebody on duty in the window, by code: those that are told of its changes."""
    county = func.substr(Duty.place, 1, 6)
    statement = select(Head.county).where(Head.county.in_(select(county).where(Duty.window == window)))
    return list(db.session.scalars(statement.order_by(Head.county)))


def _open_window(code: str) -> Window:
    """The window, locked, so that two publishers on PostgreSQL come one after the other."""
    window = db.session.get(Window, code, with_for_update=True)
    if window is None:
        raise LookupError(f"no window {code}")
    if window.closed_at is not None:
        raise WindowClosed
    return window


def _tell(window: Window, kind: str, data: Mapping[str, Any], *, at: datetime, new_reference: bool) -> None:
    """Record the event in every county on duty; with a new reference, have every county's caches read again."""
    # Heads are locked in one order by everybody who takes several, or two publishers would wait for each other.
    counties = list(db.session.scalars(select(Head.county).order_by(Head.county).with_for_update()))
    if new_reference:
        # Also where nobody is on duty: a cache there would keep what was read before.
        for county in counties:
            journal.reference_changed(county)
    for county in counties_on_duty(window.code):
        draft = events.make(kind, at=at, identity=str(uuid6.uuid7()), data=data)
        journal.record(county=county, window=window.code, author=journal.SYSTEM, events=[draft], received_at=at)


def _columns(session: PlannedSession) -> dict[str, Any]:
    return {name: getattr(session, name) for name in PlannedSession.__dataclass_fields__}


def _utc_text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
