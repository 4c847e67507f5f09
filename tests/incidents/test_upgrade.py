"""A database with open incidents from before their clocks: after the migration nothing fires twice or never."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select

from fieldops import schema
from fieldops.db import db, utcnow
from fieldops.incidents import engine, queries, service
from fieldops.incidents.models import IncidentRow
from fieldops.journal.kinds import registry
from fieldops.journal.models import EventRow
from fieldops.journal.verify import verify
from tests.incidents.conftest import COUNTY, NOW, SERIOUS, World

BEFORE_CLOCKS = "0004"


def steps(identity: str) -> list[tuple[str, str, str]]:
    """What the engine did with an incident, in order: kind, level, reason."""
    events = queries._events(COUNTY, identity)
    by_engine = [e for e in events if e.kind in ("incident.lapsed", "incident.repeated")]
    return [(e.kind.removeprefix("incident."), e.data["level"], e.data["reason"]) for e in by_engine]


def test_clocks_that_ran_before_go_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("incident.reported", "incident.escalated", "incident.handed_back", "incident.instructed"):
        silent = dataclasses.replace(registry.kinds[kind], react=None)  # as the program was before
        monkeypatch.setitem(registry.kinds, kind, silent)
    opened, taken, over = (world.report(**SERIOUS).id for _ in range(3))
    moderate = world.report(order_affected="slight").id
    service.acknowledge(incident=world.fresh(taken), by=world.by("county"), at=NOW, seen_version=1)
    service.withdraw(incident=world.fresh(over), by=world.by("county"), at=NOW, seen_version=1, reason="a drill")
    monkeypatch.undo()
    db.session.rollback()
    schema.downgrade(BEFORE_CLOCKS)
    schema.upgrade()

    assert schema.differences() == []
    assert list(verify(COUNTY)) == []
    assert db.session.scalars(select(EventRow.kind).where(EventRow.kind == "incident.clocked")).all() == []
    due = {row.id: row.next_due_at for row in db.session.scalars(select(IncidentRow))}
    minutes = {name: None if at is None else (at - NOW) / timedelta(minutes=1) for name, at in due.items()}
    assert minutes == {opened: 2, taken: 15, over: None, moderate: 5}

    started = utcnow()
    for second in range(0, 31 * 60, 20):  # half an hour, and every moment of it is looked at twice
        for _ in range(2):
            engine.round(started + timedelta(seconds=second))
    assert steps(opened)[:4] == [
        ("repeated", "county", "unacknowledged"),
        ("repeated", "county", "unacknowledged"),
        ("lapsed", "county", "unacknowledged"),
        ("repeated", "city", "unacknowledged"),
    ]
    assert steps(taken)[:1] == [("lapsed", "county", "no_word")]
    assert steps(over) == []
    assert [step for step in steps(moderate) if step[0] == "lapsed"] == [
        ("lapsed", "school", "unacknowledged"),
        ("lapsed", "county", "unacknowledged"),
    ]
    assert list(verify(COUNTY)) == []
