"""Rebuild everything from the journal and compare: the chain, the columns, every projection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import RowMapping, select

from fieldops.db import db
from fieldops.journal.events import Event, chained, read_body, write_body
from fieldops.journal.kinds import Projection, registry
from fieldops.journal.models import EventRow, Head

_events = EventRow.__table__
#: Columns that repeat what the body says, for the indexes.
_INDEXED = ("seq", "id", "window", "kind", "entity", "school", "room", "person", "device", "device_seq")


def verify(county: str) -> Iterator[str]:
    """Yield one sentence per thing that is not as the journal says; nothing when all is well.

    Read in one transaction, so that a county may work on meanwhile.
    """
    head = db.session.execute(select(Head.seq, Head.hash).where(Head.county == county)).one()
    previous, expected_seq = b"\0" * 32, 0
    entities: dict[str, list[Event]] = {}
    rows = db.session.execute(
        select(_events).where(_events.c.county == county).order_by(_events.c.seq).execution_options(yield_per=500)
    ).mappings()
    for row in rows:
        expected_seq += 1
        if row["seq"] != expected_seq:
            yield f"{county}: event {expected_seq} is missing (the next one there is {row['seq']})"
            expected_seq = row["seq"]
        previous = chained(previous, row["body"].encode())
        if row["hash"] != previous:
            yield f"{county}: event {row['seq']} ({row['id']}) was altered, or one before it: the chain breaks here"
            previous = row["hash"]
        try:
            event = read_body(row["body"])
        except ValueError:
            yield f"{county}: event {row['seq']} ({row['id']}) has a body that cannot be read"
            continue
        yield from _unequal_columns(county, row, event)
        if event.entity:
            entities.setdefault(event.entity, []).append(event)
    if (expected_seq, previous) != (head.seq, head.hash):
        yield f"{county}: the head says {head.seq} events, the journal ends at {expected_seq}, or the last hash differs"
    for projection in registry.projections.values():
        yield from _unequal_rows(county, projection, entities)


def _unequal_columns(county: str, row: RowMapping, event: Event) -> Iterator[str]:
    wrong = [name for name in (*_INDEXED, "occurred_at", "received_at") if row[name] != getattr(event, name)]
    if wrong:
        yield f"{county}: event {event.seq} ({event.id}) differs from its body in {', '.join(wrong)}"
    if write_body(event) != row["body"].encode():
        yield f"{county}: event {event.seq} ({event.id}) is not written canonically"


def _unequal_rows(county: str, projection: Projection, entities: Mapping[str, list[Event]]) -> Iterator[str]:
    keys = [column.name for column in projection.table.primary_key]
    expected: dict[tuple[Any, ...], dict[str, Any]] = {}
    for entity, events in entities.items():
        if entity.startswith(projection.name + "/"):
            row = dict(projection.row(projection.fold(events)))
            expected[tuple(row[key] for key in keys)] = row
    statement = select(projection.table).where(projection.table.c.county == county)
    for found in db.session.execute(statement).mappings():
        key = tuple(found[name] for name in keys)
        if key not in expected:
            yield f"{county}: {projection.name} {'/'.join(map(str, key))} stands there without an event"
            continue
        wrong = [name for name, value in expected.pop(key).items() if found[name] != value]
        if wrong:
            yield f"{county}: {projection.name} {'/'.join(map(str, key))} differs from its events in {', '.join(wrong)}"
    for key in expected:
        yield f"{county}: {projection.name} {'/'.join(map(str, key))} is missing"
