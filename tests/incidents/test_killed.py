"""Engines killed wherever they are, and a database that restarts: every step exactly once, and none missing.

Small here; `make soak` runs it in full size: 2,000 incidents, 3 levels, 60 kills (docs/reliability.md).
"""

from __future__ import annotations

import os
import random
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select, update

from fieldops import create_app, schema
from fieldops.config import Settings, load
from fieldops.db import db, utcnow, writing
from fieldops.incidents.models import IncidentRow
from fieldops.journal import service as journal
from fieldops.journal.events import make, read_body
from fieldops.journal.models import EventRow, Quarantined
from fieldops.journal.submission import Submission, prepare
from fieldops.journal.verify import verify
from fieldops.messages.models import Letter
from fieldops.timetable.models import PolicyRow, Window
from tests.incidents.conftest import ANSWERS, CITY, COUNTY, NOW, PROVINCE, SCHOOL, WINDOW, World, populated
from tests.support import engines, postgres

SOAK = os.environ.get("FIELDOPS_SOAK") == "1"
INCIDENTS, KILLS, SPREAD_S = (2000, 60, 40.0) if SOAK else (60, 3, 1.0)
LEVELS = ("school", "county", "city")
ENGINES = 2
GIVE_UP_S = 600 if SOAK else 90
CASES = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("restart", id="postgres-restart", marks=pytest.mark.postgres),
    *([pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)] if SOAK else []),
]


@contextmanager
def database(case: str, folder: Path) -> Iterator[tuple[Settings, postgres.Server | None]]:
    """An empty migrated database; a PostgreSQL is one of its own, which may be restarted."""
    server = None if case == "sqlite" else postgres.Server()
    try:
        url = ""
        if server is not None:
            server.start()
            address = server.url.set(drivername="postgresql").render_as_string(hide_password=False)
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute("CREATE DATABASE killed")
            url = server.url.set(database="killed").render_as_string(hide_password=False)
        yield load({"FIELDOPS_DATA_DIR": str(folder), "FIELDOPS_DATABASE_URL": url}), server
    finally:
        if server is not None:
            server.stop()


def report(world: World) -> None:
    """Reports that came one after another, over `SPREAD_S`."""
    with writing():
        said: dict[str, Any] = {"window": WINDOW, "origin": "test", "set_at": NOW}
        db.session.add(PolicyRow(name="repeat_moderate_min", value=1440, **said))
    data = {**ANSWERS, "order_affected": "slight"}
    moments = [NOW + timedelta(seconds=SPREAD_S * number / INCIDENTS) for number in range(INCIDENTS)]
    by = world.by("county")
    for start in range(0, INCIDENTS, 100):
        made = [
            (make("incident.reported", at=at, identity=str(uuid.uuid4()), school=SCHOOL, data=data), at)
            for at in moments[start : start + 100]
        ]
        with writing():
            given = [Submission(by, prepare([draft]), at) for draft, at in made]
            results = journal.record_all(county=COUNTY, window=WINDOW, submissions=given)
        assert all(result[0].outcome == "accepted" for result in results)


def set_clock(shows: datetime) -> None:
    with writing():
        db.session.execute(update(Window).values(clock_shows=shows, clock_set_at=utcnow()))


def left_at(level: str) -> int:
    count = select(func.count()).select_from(IncidentRow).where(IncidentRow.level == level)
    found = db.session.scalar(count) or 0
    db.session.rollback()
    return found


def forget_connections() -> None:
    db.session.remove()
    db.engine.dispose()


@pytest.mark.slow
@pytest.mark.timeout(GIVE_UP_S * 4)
@pytest.mark.parametrize("case", CASES)
def test_killed_engines_take_every_step_once(case: str, tmp_path: Path) -> None:
    chance = random.Random(20240520)
    with database(case, tmp_path) as (settings, server):
        app = create_app(settings)
        app.config["TESTING"] = True
        with app.app_context():
            schema.upgrade()
            report(populated(app))
            running, kills = [engines.start(settings) for _ in range(ENGINES)], 0
            try:
                for number, level in enumerate(LEVELS):
                    first = db.session.scalar(select(func.min(IncidentRow.ack_due_at)))
                    assert first is not None
                    set_clock(first)
                    wanted = KILLS * (number + 1) // len(LEVELS)
                    restart = server if case == "restart" and number == 1 else None
                    kills = stage(settings, running, level, chance, kills, wanted, restart)
            finally:
                for process in running:
                    engines.kill(process)
            assert kills == KILLS
            forget_connections()
            check(case)
            forget_connections()
        app.extensions["feed"].rest()


def stage(
    settings: Settings,
    running: list[Any],
    level: str,
    chance: random.Random,
    kills: int,
    wanted: int,
    server: postgres.Server | None,
) -> int:
    """Until every incident has left the level, kill engines and start others in their place."""
    pause_s = SPREAD_S * len(LEVELS) / KILLS
    began = time.monotonic()
    next_kill = began + chance.uniform(0.2, 2) * pause_s
    while left_at(level) or kills < wanted:
        assert time.monotonic() - began < GIVE_UP_S, f"{left_at(level)} are still at {level}"
        if server is not None and time.monotonic() - began > SPREAD_S / 2:
            server.restart()
            server = None
            forget_connections()
        if kills < wanted and time.monotonic() >= next_kill:
            victim = chance.randrange(len(running))
            kills += engines.kill(running[victim])
            running[victim] = engines.start(settings)
            next_kill = time.monotonic() + chance.uniform(0, 2) * pause_s
        time.sleep(0.05)
    return kills


def check(case: str) -> None:
    """Each incident went up at each level once, in order; the journal is whole and nothing stands aside."""
    lapsed: dict[str, list[str]] = {}
    worst = timedelta(0)
    for body in db.session.scalars(
        select(EventRow.body).where(EventRow.kind == "incident.lapsed").order_by(EventRow.seq)
    ):
        event = read_body(body)
        lapsed.setdefault(event.data["incident"], []).append(event.data["level"])
        worst = max(worst, event.received_at - event.occurred_at)
    assert Counter(map(tuple, lapsed.values())) == {LEVELS: INCIDENTS}
    told = select(func.count()).select_from(EventRow).where(EventRow.kind == "incident.clocked")
    assert db.session.scalar(told) == INCIDENTS * (1 + len(LEVELS))
    letters = db.session.execute(select(Letter.place, func.count()).group_by(Letter.place)).all()
    assert dict(map(tuple, letters)) == dict.fromkeys((f"{COUNTY}/{SCHOOL}", COUNTY, CITY, PROVINCE), INCIDENTS)
    assert db.session.scalar(select(func.count()).select_from(Quarantined)) == 0
    assert list(verify(COUNTY)) == []
    print(f"\n{case}: {INCIDENTS} incidents x {len(LEVELS)} levels, {KILLS} kills, worst lateness {worst}")
