"""Reads of the journal: where it stands, what came after a number, what a thing's history is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select

from fieldops.db import db
from fieldops.journal.events import Event, read_body
from fieldops.journal.models import EventRow, Head, Quarantined, Server

_events = EventRow.__table__
_EPOCH = select(Server.epoch)


class HeadState(NamedTuple):
    """Where a county's journal stands."""

    seq: int
    reference: int


def head(county: str) -> HeadState | None:
    """Where the county's journal stands; None when there is no such county."""
    row = db.session.execute(select(Head.seq, Head.reference).where(Head.county == county)).one_or_none()
    return HeadState(*row) if row else None


def heads() -> dict[str, int]:
    """The newest `seq` of every county."""
    return {row.county: row.seq for row in db.session.execute(select(Head.county, Head.seq))}


def epoch() -> str:
    """Which life of the database this is (a restored backup gets another)."""
    found: str = db.session.connection().execute(_EPOCH).scalar_one()
    return found


def since(county: str, seq: int, *, limit: int) -> list[Event]:
    """Events after `seq`, oldest first. Because `seq` is given under the county's lock, none appears behind later."""
    statement = (
        select(_events.c.body)
        .where(_events.c.county == county, _events.c.seq > seq)
        .order_by(_events.c.seq)
        .limit(limit)
    )
    return [read_body(body) for body in db.session.scalars(statement)]


def event(county: str, identity: str) -> Event | None:
    """The accepted event of this id; None without."""
    body = db.session.scalar(select(EventRow.body).where(EventRow.county == county, EventRow.id == identity))
    return read_body(body) if body is not None else None


def of_entities(county: str, entities: Sequence[str]) -> dict[str, list[Event]]:
    """Events of each entity, by `seq`."""
    found: dict[str, list[Event]] = {entity: [] for entity in entities}
    statement = (
        select(_events.c.body)
        .where(_events.c.county == county, _events.c.entity.in_(list(entities)))
        .order_by(_events.c.seq)
    )
    for body in db.session.scalars(statement):
        event = read_body(body)
        found[event.entity].append(event)
    return found


def entities_since(county: str, prefix: str, seq: int, *, but: str) -> set[str]:
    """Entities of a prefix (`incident/`) of which there is an event after `seq` that the person `but` did not say."""
    statement = (
        select(_events.c.entity)
        .where(
            _events.c.county == county,
            _events.c.seq > seq,
            _events.c.entity.startswith(prefix, autoescape=True),
            _events.c.person.is_distinct_from(but),
        )
        .distinct()
    )
    return set(db.session.scalars(statement))


def count_quarantined(county: str, *, school: str | None = None) -> int:
    """How much stands aside; of one school when given."""
    statement = select(func.count()).select_from(Quarantined).where(Quarantined.county == county)
    if school is not None:
        statement = statement.where(Quarantined.school == school)
    return db.session.scalar(statement) or 0


def quarantined(county: str, *, school: str | None = None) -> list[Quarantined]:
    """What stands aside, newest first; of one school when given."""
    statement = select(Quarantined).where(Quarantined.county == county).order_by(Quarantined.received_at.desc())
    if school is not None:
        statement = statement.where(Quarantined.school == school)
    return list(db.session.scalars(statement.limit(200)))


def newest_of_school(county: str, window: str, school: str) -> int:
    """`seq` of the newest event that concerns the school: its own, or the whole county's."""
    newest = 0
    for of_school in (_events.c.school == school, _events.c.school.is_(None)):
        statement = (
            select(_events.c.seq)
            .where(_events.c.county == county, _events.c.window == window, of_school)
            .order_by(_events.c.seq.desc())
            .limit(1)
        )
        newest = max(newest, db.session.scalar(statement) or 0)
    return newest


def of_room(county: str, window: str, school: str, room: str) -> list[Event]:
    """Events that name the room, oldest first; at most 5,000, which is ten times a full room's two days."""
    statement = (
        select(_events.c.body)
        .where(
            _events.c.county == county,
            _events.c.window == window,
            _events.c.school == school,
            _events.c.room == room,
        )
        .order_by(_events.c.seq)
        .limit(5_000)
    )
    return [read_body(body) for body in db.session.scalars(statement)]
