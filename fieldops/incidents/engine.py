"""The engine's round over incidents: what is due moves on, one level at a time.

The due time stands on the row, so a restart loses nothing. A step is taken under the county's lock: what is due is read
after the lock is held, and the guard compares it with the events once more, so that any number of engines gives one
effect. After an outage an incident goes up one level in a round, is told there now, and its clock starts there now; how
late the step came stands on the timeline.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import func, select

from fieldops.db import db, writing
from fieldops.incidents import clocks, duty, queries, transitions
from fieldops.incidents.models import IncidentRow
from fieldops.journal.events import Draft, derived_id, make
from fieldops.journal.models import Head
from fieldops.journal.service import SYSTEM, record
from fieldops.timetable import clock
from fieldops.timetable import queries as timetable

#: Incidents moved in one hold of a county's lock: check-ins of the county wait for it meanwhile.
AT_A_TIME = 50
#: Holds of a county's lock in one round: what is left comes with the next one.
HOLDS = 10

_row = IncidentRow.__table__.c
log = structlog.get_logger()


def round(now: datetime, *, holds: int = HOLDS, most_s: float = 60) -> int:  # noqa: A001 - what the engine calls it
    """Take the steps that are due. Returns how many were taken.

    Args:
        now: real time.
        holds: of one county's lock, each of `AT_A_TIME` incidents.
        most_s: no county is begun after so many seconds; the next round goes on.
    """
    done, ends = 0, time.monotonic() + most_s
    for window in timetable.open_windows():
        at = clock.now(window, real=now)
        code = window.code
        for county in _due_in(code, at):
            if time.monotonic() > ends:
                break
            done += _county(county, code, at, holds)
    db.session.rollback()
    return done


def anything_due(now: datetime) -> bool:
    """Whether a round would find anything: one look into an index for each open window."""
    found = any(_due_in(window.code, clock.now(window, real=now)) for window in timetable.open_windows())
    db.session.rollback()
    return found


def _due_in(window: str, at: datetime) -> list[str]:
    """Counties in which something is due, those that wait longest first."""
    statement = (
        select(_row.county)
        .where(_row.next_due_at <= at, _row.window == window)
        .group_by(_row.county)
        .order_by(func.min(_row.next_due_at), _row.county)
    )
    return list(db.session.scalars(statement))


def _county(county: str, window: str, at: datetime, holds: int) -> int:
    done = 0
    looked: set[str] = set()
    for _ in range(holds):
        try:
            taken, found = _some(county, window, at, looked, AT_A_TIME)
        except Exception:  # one incident that cannot be moved must not hold the others up
            db.session.rollback()
            log.exception("engine: steps of a county failed together; taking them one by one", county=county)
            return done + _one_by_one(county, window, at, looked)
        done += taken
        looked.update(found)
        if len(found) < AT_A_TIME:
            break
    return done


def _one_by_one(county: str, window: str, at: datetime, looked: set[str]) -> int:
    done = 0
    for identity in _due(county, window, at, looked, AT_A_TIME):
        try:
            done += _some(county, window, at, looked, 1, only=identity)[0]
        except Exception:
            db.session.rollback()
            log.exception("engine: an incident cannot be moved", county=county, incident=identity)
    return done


def _some(
    county: str, window: str, at: datetime, looked: set[str], most: int, *, only: str | None = None
) -> tuple[int, list[str]]:
    """Take steps of one county under one hold of its lock: how many were taken, and which incidents were looked at."""
    with writing():
        # Whoever waits here for another engine sees what that one did.
        db.session.execute(select(Head.seq).where(Head.county == county).with_for_update())
        found = [only] if only else _due(county, window, at, looked, most)
        rows = db.session.scalars(select(IncidentRow).where(_row.county == county, _row.id.in_(found))).all()
        return _take(county, window, sorted(rows, key=lambda row: found.index(row.id)), at), found


def _due(county: str, window: str, at: datetime, looked: set[str], most: int) -> list[str]:
    statement = (
        select(_row.id)
        .where(_row.county == county, _row.window == window, _row.next_due_at <= at, _row.id.not_in(looked))
        .order_by(_row.next_due_at, _row.id)
        .limit(most)
    )
    return list(db.session.scalars(statement))


def _take(county: str, window: str, due: Sequence[IncidentRow], at: datetime) -> int:
    chain = queries.chain_of(county)
    drafts = []
    for row in due:
        draft = step_of(row, at, chain)
        if draft is not None:
            if draft.kind == "incident.repeated":
                draft.data["place"] = _place(county, row)
            drafts.append(draft)
    if not drafts:
        return 0
    results = record(county=county, window=window, author=SYSTEM, events=drafts, received_at=at)
    for draft, result in zip(drafts, results, strict=True):
        if result.outcome != "accepted":
            # The row differs from its events, or the step was refused: the auditor tells it to people.
            log.error("engine: a step was not taken", incident=draft.data["incident"], outcome=result.outcome)
    return sum(result.outcome == "accepted" for result in results)


def _place(county: str, row: IncidentRow) -> str:
    """The desk whose turn it is; where a county has no city, the next one above that there is."""
    desks = duty.places(county, row.school)
    rank = transitions.CHAIN.index(queries.turn(row))
    higher = [desk for level, desk in desks.items() if transitions.CHAIN.index(level) >= rank]
    return higher[0] if higher else list(desks.values())[-1]


def step_of(row: Any, at: datetime, chain: tuple[str, ...]) -> Draft | None:
    """The event that an incident's clocks ask for now, or None. Pure. Its id is that of the incident's telling and
    reminder, so it exists once. `row`: the row or the state; `at`: window clock.
    """
    step = clocks.due(row, at)
    if step is None:
        return None
    to_level = clocks.goes_to(row, step, chain)
    data: dict[str, Any] = {
        "incident": row.id,
        "seen_version": row.version,
        "level": row.level,
        "reason": step.reason,
        "late_by_s": int((at - step.at).total_seconds()),
    }
    # At the top nothing can go up: those who hold it are told again and again. A missing word opens it anew even there.
    top = step.kind == "lapsed" and to_level == row.level and step.reason != "no_word"
    kind = "repeated" if top else step.kind
    if kind == "lapsed":
        data["to_level"] = to_level
        identity = derived_id("lapsed", row.id, row.level, str(row.rounds))
    else:
        data["top"] = top
        nth = "top" if top else f"{row.state}/{step.at.isoformat()}"
        identity = derived_id("repeated", row.id, row.level, str(row.rounds), nth)
    return make(
        f"incident.{kind}", at=at, occurred_at=step.at, identity=identity, school=row.school, room=row.room, data=data
    )
