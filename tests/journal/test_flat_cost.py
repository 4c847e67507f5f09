"""What an event costs does not grow with the journal: 1,000 events against 20,000, by `make soak` 10⁴ against 10⁶.

The processor's time is compared, in turns between the two databases, so that whoever else is on the machine costs both.
On SQLite, whose work is done in this process and so is counted.
"""

from __future__ import annotations

import os
import statistics
import time
import uuid
from collections.abc import Callable, Iterator

import msgspec
import pytest
from flask import Flask

from fieldops import create_app
from fieldops.config import Settings
from fieldops.db import db, writer, writing
from fieldops.journal import intake
from fieldops.journal.batch import Batch
from fieldops.journal.events import Draft
from fieldops.journal.kinds import Reading, registry
from fieldops.journal.service import Submission, prepare, record_all
from fieldops.journal.verify import verify
from tests.testday import build
from tests.testday.build import COUNTY, EVERYBODY, NINE, WINDOW, fact

pytestmark = pytest.mark.slow

SOAK = os.environ.get("FIELDOPS_SOAK") == "1"
FEW, MANY, MOST_TIMES = (10_000, 1_000_000, 1.2) if SOAK else (1_000, 20_000, 1.5)
ROUNDS, PER_CALL, PORTION = 40, 30, 5_000


def fill(count: int) -> None:
    """So many check-ins of as many students, as `Batch` writes them; what is read before each is left out."""
    (prepared,) = prepare([fact("attendance.checked_in")])
    draft = prepared.draft
    assert isinstance(draft, Draft)
    kind = registry.kind_of(draft)
    seq, last = 0, b"\0" * 32
    while seq < count:
        with writing():
            batch = Batch(writer(), Reading(COUNTY, WINDOW, 0), seq=seq, seq_before=seq, hash=last, received_at=NINE)
            for number in range(seq, min(seq + PORTION, count)):
                one = msgspec.structs.replace(draft, id=str(uuid.uuid4()), student=f"F{number:08}")
                event = batch.event(kind, one, EVERYBODY)
                entity = batch.entity_of(kind, event)
                batch.entities[entity] = []
                batch.append(kind, msgspec.structs.replace(event, entity=entity), prepared.sent)
            batch.write()
            seq, last = batch.seq, batch.hash


def thirty(number: int) -> Submission:
    students = range(number * PER_CALL, (number + 1) * PER_CALL)
    return Submission(
        EVERYBODY, prepare([fact("attendance.checked_in", student=f"N{student:08}") for student in students]), NINE
    )


@pytest.fixture
def journals(make_database: Callable[[str], Settings]) -> Iterator[list[Flask]]:
    """Two counties' databases, of few events and of many."""
    apps = [create_app(make_database("sqlite")) for _ in range(2)]
    for app, count in zip(apps, (FEW, MANY), strict=True):
        with app.app_context():
            build.county()
            fill(count)
    yield apps
    for app in apps:
        app.extensions["feed"].rest()
        with app.app_context():
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()


@pytest.mark.timeout(3600 if SOAK else 170)  # a million events are to be written first
def test_an_event_costs_the_same_in_a_long_journal(journals: list[Flask]) -> None:
    with journals[0].app_context():
        assert list(verify(COUNTY)) == []
    took: list[list[float]] = [[], []]
    for number in range(ROUNDS):
        submission = thirty(number)
        for place, app in enumerate(journals):
            with app.app_context():
                began = time.process_time()
                results = intake.submit(county=COUNTY, window=WINDOW, submission=submission)
                took[place].append((time.process_time() - began) / PER_CALL)
            assert {result.outcome for result in results} == {"accepted"}
    few, many = (statistics.median(times) for times in took)
    print(f"\n{FEW:,} events: {few * 1e6:.0f} µs an event; {MANY:,}: {many * 1e6:.0f} µs; {many / few:.2f} times")
    assert many <= MOST_TIMES * few
    with journals[1].app_context():
        assert scans(thirty(ROUNDS)) == []


def scans(submission: Submission) -> list[str]:
    """What SQLite would read from end to end while the lock is held."""
    said: list[str] = []
    with writing():
        driver = writer().connection.driver_connection
        assert driver is not None
        driver.set_trace_callback(said.append)
        record_all(county=COUNTY, window=WINDOW, submissions=[submission])
        driver.set_trace_callback(None)
        selects = {statement for statement in said if statement.startswith("SELECT")}
        assert any("journal_event" in statement for statement in selects)
        plans = [row[-1] for select in selects for row in driver.execute(f"EXPLAIN QUERY PLAN {select}")]
    # The server's own table has one row.
    return [step for step in plans if "SCAN" in step and "journal_server" not in step]
