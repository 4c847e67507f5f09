"""Letters leave with the event that tells a desk, once each, and are asked again before they go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from fieldops.db import db, writing
from fieldops.incidents import engine, service
from fieldops.incidents.topic import acknowledged_at, still_due, text
from fieldops.messages.models import Letter
from fieldops.organisation.models import Duty
from fieldops.timetable.models import Window
from tests.incidents.conftest import CITY, COUNTY, NOW, PROVINCE, SCHOOL, SERIOUS, WINDOW, World

SCHOOL_DESK = f"{COUNTY}/{SCHOOL}"


def tick(minutes: float) -> None:
    window = db.session.get(Window, WINDOW)
    assert window is not None
    assert window.clock_set_at is not None
    engine.round(window.clock_set_at + timedelta(minutes=minutes))


def told() -> list[tuple[str, str]]:
    """Letters written since the last call: desk and what."""
    db.session.rollback()
    rows = db.session.scalars(select(Letter)).all()
    found = sorted((row.place, row.what) for row in rows)
    with writing():
        db.session.execute(delete(Letter))
    return found


def decide(world: World, name: str, action: str, identity: str, **words: Any) -> None:
    row = world.fresh(identity)
    service.decide(action, incident=row, by=world.by(name), at=NOW, seen_version=row.version, **words)


def test_each_desk_is_told_once_what_is_its_business(world: World) -> None:
    identity = world.report(**SERIOUS, students=["S7"], note="欧阳").id
    assert told() == [(COUNTY, "reported")]
    tick(2)
    assert told() == [(COUNTY, "repeated")]
    tick(5)
    tick(5)
    assert told() == [(CITY, "lapsed")]
    decide(world, "province", "instruct", identity, text="go on")
    assert told() == [(CITY, "instructed"), (SCHOOL_DESK, "instructed")]
    decide(world, "city", "hand_back", identity, text="yours")
    assert told() == [(COUNTY, "handed_back")]
    decide(world, "county", "acknowledge", identity)
    assert told() == []
    decide(world, "chief", "resolve", identity, text="done")
    decide(world, "county", "verify", identity)
    decide(world, "city", "close", identity)
    assert told() == [(COUNTY, "closed")]


def test_with_nobody_there_the_next_staffed_desk_is_told_as_well(world: World) -> None:
    with writing():
        db.session.execute(delete(Duty).where(Duty.place.in_([COUNTY, CITY])))
    identity = world.report("chief", **SERIOUS).id
    assert told() == [(PROVINCE, "nobody_on_duty"), (COUNTY, "reported")]
    with world.app.test_request_context():
        said = text(COUNTY, identity, "nobody_on_duty", PROVINCE)
    assert said is not None


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_letter_is_asked_again_before_it_leaves_and_names_nobody(world: World, language: str) -> None:
    row = world.report(**SERIOUS, students=["S7"], note="欧阳")
    assert still_due(COUNTY, row.id, "reported", COUNTY)
    assert not still_due(COUNTY, row.id, "reported", CITY)
    with world.app.test_request_context(headers={"Accept-Language": language}):
        said = text(COUNTY, row.id, "reported", COUNTY)
    assert said is not None
    assert (said.school, said.time, said.path) == ("甲小学", "09:30", f"/c/{COUNTY}/s/{SCHOOL}/incidents/{row.id}")
    assert "欧阳" not in "".join(said)
    assert "S7" not in "".join(said).replace(row.id, "")
    decide(world, "county", "acknowledge", row.id)
    db.session.rollback()
    assert not still_due(COUNTY, row.id, "reported", COUNTY), "who has taken it on is not paged"
    assert acknowledged_at(COUNTY, row.id, COUNTY) == NOW
    assert acknowledged_at(COUNTY, row.id, CITY) is None
    decide(world, "county", "withdraw", row.id, reason="a drill")
    db.session.rollback()
    assert still_due(COUNTY, row.id, "withdrawn", COUNTY)
    assert not still_due(COUNTY, row.id, "instructed", COUNTY)
