"""What leaves with an event is written in the event's own transaction: once, or not at all."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from fieldops.db import db, writing
from fieldops.journal import service
from fieldops.journal.events import Event
from fieldops.journal.kinds import Outgoing, registry
from fieldops.operations import engine
from fieldops.operations.models import Beat
from tests.testday import build
from tests.testday.build import COUNTY, EVERYBODY, NINE, WINDOW, fact, record


def rows(state: Any, events: Sequence[Event]) -> list[Mapping[str, Any]]:
    """Any table will do: here that of the engines' beats."""
    return [{"engine": f"{event.id} {state.category}", "at": event.received_at} for event in events]


@pytest.fixture(autouse=True)
def county(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    build.county()
    anomaly = registry.projections["anomaly"]
    leaving = dataclasses.replace(anomaly, outgoing=Outgoing(table=Beat.__table__, rows=rows))
    monkeypatch.setitem(registry.projections, "anomaly", leaving)


def left() -> list[str]:
    return sorted(db.session.scalars(select(Beat.engine)))


def test_each_event_leaves_once() -> None:
    first, second = (fact("anomaly.noted", data={"category": category}) for category in ("noise", "illness"))
    record([first, first, fact("attendance.checked_in")])
    record([first, second])
    assert left() == sorted([f"{first['id']} noise", f"{second['id']} illness"])


def test_nothing_leaves_when_the_transaction_fails() -> None:
    def fail() -> None:
        with writing():
            event = fact("anomaly.noted", data={"category": "noise"})
            service.record(county=COUNTY, window=WINDOW, author=EVERYBODY, events=[event], received_at=NINE)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert left() == []


def test_a_round_that_fails_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "ROUNDS", {"bad": lambda _now: 1 // 0, "good": lambda _now: 3})
    assert engine.tick() == {"good": 3}
