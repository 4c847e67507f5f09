"""The database away, the disk full, the clock days off: never an answer without a commit, and full service after.

Small here; `make soak` takes the database away for ten minutes (docs/reliability.md).
"""

from __future__ import annotations

import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from fieldops import create_app, schema
from fieldops.backup.service import opened
from fieldops.config import Settings, load
from fieldops.db import db
from tests.support import field, postgres, senders
from tests.support.server import serving

pytestmark = pytest.mark.slow

SOAK = os.environ.get("FIELDOPS_SOAK") == "1"
AWAY_S = 600 if SOAK else 4
DAYS_2 = 2 * 86_400


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[tuple[Settings, postgres.Server]]:
    """A county on a PostgreSQL of its own, which may be stopped."""
    server = postgres.Server()
    try:
        server.start()
        address = server.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE DATABASE away")
        url = server.url.set(database="away").render_as_string(hide_password=False)
        yield load({"FIELDOPS_DATA_DIR": str(tmp_path), "FIELDOPS_DATABASE_URL": url}), server
    finally:
        server.stop()


def settled(sending: senders.Senders, more: int = 80) -> Counter[str]:
    """Wait until it serves again; what was answered since the last look."""
    before = sending.calls
    sending.until(writes=sending.writes + more)
    return sending.calls - before


@pytest.mark.postgres
@pytest.mark.timeout(1200 if SOAK else 180)
def test_a_database_that_is_away_answers_nothing_and_comes_back_by_itself(
    own_server: tuple[Settings, postgres.Server],
) -> None:
    settings, server = own_server
    with opened(create_app, settings):
        schema.upgrade()
        field.make()
        phones = senders.sign_in(4)
    with serving(settings, workers=2) as web, senders.Senders(settings, web.url, phones, batch=5) as sending:
        settled(sending)
        assert server.process is not None
        server.process.send_signal(signal.SIGINT)  # as an update of the machine does: every client is thrown out
        server.process.wait(postgres.STOP_WITHIN_S)
        before, calls = sending.writes, sending.calls
        time.sleep(0.5)
        calls = sending.calls
        time.sleep(AWAY_S)
        away = sending.calls - calls
        assert sending.writes <= before + 5 * len(phones)  # those that were committed before it went
        assert set(away) <= {"503", "cut"}, away
        assert away, "nobody asked while it was away: nothing was shown"
        server.launch()
        began = time.monotonic()
        settled(sending)
        print(f"\ndatabase away for {AWAY_S} s: {dict(away)}; served again {time.monotonic() - began:.1f} s after")
    sending.check()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_full_disk_answers_nothing_that_is_not_kept_and_serves_on_when_there_is_room(
    app: Flask, settings: Settings
) -> None:
    field.make()
    phones = senders.sign_in(4)
    db.session.remove()
    with serving(settings, workers=2) as web, senders.Senders(settings, web.url, phones, batch=5) as sending:
        settled(sending)
        log = Path(settings.database_url.removeprefix("sqlite:///") + "-wal")
        full = (log.stat().st_size // 2, resource.RLIM_INFINITY)  # no file may grow, and not even be written there
        for pid in web.workers():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, full)
        time.sleep(0.5)
        before, calls = sending.writes, sending.calls
        time.sleep(2)
        calls = sending.calls - calls
        assert sending.writes == before
        assert set(calls) <= {"503", "cut"}, calls
        assert calls, "nobody asked while the disk was full: nothing was shown"
        for pid in web.workers():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        settled(sending)
        print(f"\ndisk full: {dict(calls)}, then served on")
    sending.check()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_clock_that_is_days_off_loses_nothing(app: Flask, settings: Settings) -> None:
    field.make()
    phones = senders.sign_in(4)
    db.session.remove()
    clock = settings.data_dir / "clock"
    clock.write_text("0")
    with (
        serving(settings, target="tests.survival.wandering:app", WANDERING_CLOCK=str(clock)) as web,
        senders.Senders(settings, web.url, phones, batch=5) as sending,
    ):
        for seconds in (0, DAYS_2, -DAYS_2, 0):
            clock.write_text(str(seconds))
            answers = settled(sending)
            assert set(answers) == {"200"}, answers
    sending.check()
