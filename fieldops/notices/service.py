"""Send and withdraw a notice. One event in each county, in a transaction of its own; what was cut off is finished.

Every event says to which counties the notice goes and has an id derived from notice and county, so whoever finds one
can write those that are missing, and each exists once.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from fieldops.db import db, writing
from fieldops.journal.events import NAMESPACE, make
from fieldops.journal.service import SYSTEM, record
from fieldops.notices.facts import READ, SENT, WITHDRAWN
from fieldops.notices.models import Notice
from fieldops.organisation.models import Division
from fieldops.timetable import clock
from fieldops.timetable import queries as timetable

#: How long after its sending the engine looks whether a notice reached all its counties.
_LOOK_BACK: Final = timedelta(hours=12)
#: Counties written in one round.
_AT_A_TIME: Final = 50


def send(
    *,
    identity: str,
    window: str,
    division: Division,
    counties: Sequence[str],
    by: str,
    at: datetime,
    text: str,
    schools: Sequence[str] = (),
    roles: Sequence[str] = (),
    must_confirm: bool = False,
    confirm_by: datetime | None = None,
    about: str | None = None,
    replaces: str | None = None,
) -> None:
    """Send a notice to the counties; again with the same identity it goes to those that do not have it yet.

    Args:
        identity: of the notice, made before it is sent, so that a second press sends no second one.
        at: now, by the window's clock.
        schools: of the one county; none: all.
        roles: none: everybody on duty in the schools.
        replaces: a notice that is withdrawn with it.
    """
    data: dict[str, Any] = {
        "notice": identity,
        "by": by,
        "sender": division.code,
        "sender_name": division.name,
        "counties": list(counties),
        "text": text,
        "schools": list(schools),
        "roles": list(roles),
        "must_confirm": must_confirm,
        "confirm_by": confirm_by.isoformat() if confirm_by else None,
        "about": about,
        "replaces": replaces,
    }
    for county in counties:
        _send(county, window, data, at)


def withdraw(*, identity: str, window: str, counties: Sequence[str], by: str | None, at: datetime) -> None:
    """Take a notice back in each of the counties; again does nothing."""
    for county in counties:
        _say(WITHDRAWN, county, window, {"notice": identity, "by": by}, at)


def finish(now: datetime) -> int:
    """Bring notices and withdrawals that were cut off half-way to all their counties. `now`: real time."""
    done = 0
    for window in timetable.open_windows():
        at = clock.now(window, real=now)
        for rows in _recent(window.code, at).values():
            first = rows[0]
            have = {row.county: row for row in rows}
            data = _data(first)
            for county in [code for code in first.counties if code not in have][: _AT_A_TIME - done]:
                _send(county, window.code, data, first.sent_at or at)
                done += 1
            gone = next((row.withdrawn_at for row in rows if row.withdrawn_at), None)
            if gone is not None:
                left = [row.county for row in rows if row.withdrawn_at is None][: max(0, _AT_A_TIME - done)]
                withdraw(identity=first.id, window=window.code, counties=left, by=None, at=gone)
                done += len(left)
    db.session.rollback()
    return done


def read(*, county: str, window: str, school: str, identity: str, by: Any, at: datetime, kind: str = READ) -> None:
    """Note at a desk or a board that the person read (or, by `kind`, confirmed) it. Again changes nothing."""
    name = f"{kind}/{identity}/{by.person}"
    draft = make(kind, at=at, identity=str(uuid.uuid5(NAMESPACE, name)), school=school, data={"notice": identity})
    with writing():
        record(county=county, window=window, author=by, events=[draft], received_at=at)


def _send(county: str, window: str, data: dict[str, Any], at: datetime) -> None:
    _say(SENT, county, window, data, at)
    if data["replaces"]:
        _say(WITHDRAWN, county, window, {"notice": data["replaces"], "by": data["by"]}, at)


def _say(kind: str, county: str, window: str, data: dict[str, Any], at: datetime) -> None:
    identity = str(uuid.uuid5(NAMESPACE, f"{kind}/{window}/{county}/{data['notice']}"))
    with writing():
        # Takes the county's lock: what is read below cannot change before it stands.
        record(county=county, window=window, author=SYSTEM, events=(), received_at=at)
        row = db.session.get(Notice, (county, data["notice"]), populate_existing=True)
        if row is not None and (row.sent_at if kind == SENT else row.withdrawn_at) is not None:
            return
        draft = make(kind, at=at, identity=identity, data=data)
        record(county=county, window=window, author=SYSTEM, events=[draft], received_at=at)


def _recent(window: str, at: datetime) -> dict[str, list[Notice]]:
    """Notices that went to several counties, sent not long ago, by their identity."""
    found: dict[str, list[Notice]] = defaultdict(list)
    statement = select(Notice).where(
        Notice.window == window, Notice.sent_at >= at - _LOOK_BACK, Notice.sender != Notice.county
    )
    for row in db.session.scalars(statement.order_by(Notice.county)):
        found[row.id].append(row)
    return found


def _data(row: Notice) -> dict[str, Any]:
    return {
        "notice": row.id,
        "by": row.author,
        "sender": row.sender,
        "sender_name": row.sender_name,
        "counties": row.counties,
        "text": row.text,
        "schools": row.schools,
        "roles": row.roles,
        "must_confirm": row.must_confirm,
        "confirm_by": row.confirm_by.isoformat() if row.confirm_by else None,
        "about": row.about,
        "replaces": row.replaces,
    }
