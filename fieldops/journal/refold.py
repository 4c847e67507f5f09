"""Fold entities anew from the journal, after a migration gave their rows columns that only a fold can fill."""

from __future__ import annotations

from sqlalchemy import Connection, select

from fieldops.db import upsert_statement
from fieldops.journal.events import Event, read_body
from fieldops.journal.kinds import Projection, registry
from fieldops.journal.models import EventRow

_events = EventRow.__table__
#: Entities held in memory at a time.
_AT_A_TIME = 200


def refold(connection: Connection) -> int:
    """Write the rows of every projection marked `refold` as their events fold; returns how many."""
    return sum(_refold(connection, projection) for projection in registry.projections.values() if projection.refold)


def _refold(connection: Connection, projection: Projection) -> int:
    entities = connection.execute(
        select(_events.c.county, _events.c.entity)
        .where(_events.c.entity.startswith(f"{projection.name}/", autoescape=True))
        .distinct()
    ).all()
    for start in range(0, len(entities), _AT_A_TIME):
        some = entities[start : start + _AT_A_TIME]
        events: dict[tuple[str, str], list[Event]] = {(row.county, row.entity): [] for row in some}
        rows = connection.execute(
            select(_events.c.county, _events.c.entity, _events.c.body).where(
                _events.c.county.in_({row.county for row in some}), _events.c.entity.in_([row.entity for row in some])
            )
        )
        for county, entity, body in rows:
            if (county, entity) in events:
                events[county, entity].append(read_body(body))
        folded = [dict(projection.row(projection.fold(each))) for each in events.values()]
        upsert_statement(projection.table, connection.dialect.name, tuple(folded[0])).run(connection, folded)
    return len(entities)
