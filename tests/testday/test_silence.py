"""The engine's entries of what was not heard: they begin and end by themselves, once, with true times. Both engines."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, update

from fieldops.db import db, utcnow, writing
from fieldops.journal.models import EventRow
from fieldops.journal.service import reference_changed
from fieldops.journal.verify import verify
from fieldops.testday import silence
from fieldops.testday.models import Silence
from fieldops.timetable.models import PolicyRow, Window
from tests.testday import build
from tests.testday.build import CHINESE, COUNTY, FAR_SCHOOL, MATHS, SCHOOL, WINDOW, fact, minutes, student

REAL = utcnow()


def shows(at: datetime, *, real: datetime = REAL) -> None:
    """Set the rehearsal's clock to `at`, at the real time `real`."""
    with writing():
        db.session.execute(update(Window).values(clock_shows=at, clock_set_at=real))


def round_at(at: datetime) -> int:
    """A round when the window's clock, set once to 08:00, shows `at`."""
    return silence.round(REAL + (at - minutes(-60)))


def forget(app: Flask) -> None:
    """As an engine that was started anew."""
    app.extensions.pop("testday_silence", None)


def entries(*, school: str = SCHOOL, still: bool | None = None) -> dict[tuple[str, str, str], Silence]:
    db.session.rollback()
    rows = db.session.scalars(select(Silence).where(Silence.school == school))
    return {(row.session, row.room, row.what): row for row in rows if still is None or (row.ended_at is None) == still}


def check_in(room: str, at: datetime, *, session: str = CHINESE) -> list[dict[str, Any]]:
    numbers = {"01": (1, 2, 3), "02": (4, 5)}[room]
    return [
        fact("attendance.checked_in", at, room=room, session=session, student=student(number)) for number in numbers
    ]


@pytest.fixture
def county(app: Flask) -> Iterator[str]:
    made = build.county()
    shows(minutes(-60))
    yield made
    assert list(verify(made)) == []


def test_nothing_heard_of_a_start_and_then_it_is(app: Flask, county: str) -> None:
    assert round_at(minutes(-50)) == 0
    assert round_at(minutes(-34)) == 2  # check-in of rooms 01 and 02; nobody sits in 08, and Ürümqi sleeps
    assert set(entries(still=True)) == {(CHINESE, "01", "check_in"), (CHINESE, "02", "check_in")}
    assert round_at(minutes(-33)) == 0
    build.record(check_in("01", minutes(-32)), received_at=minutes(-30))
    assert round_at(minutes(-30)) == 1
    ended = entries()[CHINESE, "01", "check_in"]
    assert (ended.how, ended.fact_at, ended.heard_at) == ("late", minutes(-32), minutes(-30))
    # Room 02 stays silent: its check-in makes place for its start. Room 01 only forgot to note the start.
    assert round_at(minutes(6)) == 3
    assert set(entries(still=True)) == {(CHINESE, "01", "started"), (CHINESE, "02", "started")}
    assert entries()[CHINESE, "02", "check_in"].how == "replaced"
    build.record([fact("sitting.started", minutes(1))], received_at=minutes(15))
    build.record([fact("sitting.started", minutes(11), room="02")], received_at=minutes(15))
    assert round_at(minutes(15.1)) == 2
    told = {room: entries()[CHINESE, room, "started"] for room in ("01", "02")}
    assert (told["01"].how, told["01"].fact_at, told["01"].heard_at) == ("in_time", minutes(1), minutes(15))
    assert (told["02"].how, told["02"].fact_at, told["02"].heard_at) == ("late", minutes(11), minutes(15))
    assert entries(still=True) == {}


def test_the_whole_line_of_a_room(app: Flask, county: str) -> None:
    build.record([*check_in("01", minutes(-30))[:2], fact("sitting.started", minutes(0))], received_at=minutes(0))
    round_at(minutes(26))
    assert (CHINESE, "01", "check_in_done") in entries(still=True)
    build.record([fact("attendance.absent", minutes(20), student=student(3))], received_at=minutes(27))
    round_at(minutes(27))
    assert entries()[CHINESE, "01", "check_in_done"].how == "in_time"  # the last who came, came in time
    round_at(minutes(86))
    assert (CHINESE, "01", "ended") in entries(still=True)
    build.record([fact("sitting.ended", minutes(80))], received_at=minutes(88))
    round_at(minutes(88))
    assert entries()[CHINESE, "01", "ended"].how == "in_time"
    round_at(minutes(106))
    assert {(CHINESE, "01", "sealed"), (MATHS, "01", "check_in")} <= set(entries(still=True))
    build.record([fact("sitting.sealed", minutes(107))], received_at=minutes(107))
    round_at(minutes(107))
    assert entries()[CHINESE, "01", "sealed"].how == "late"


def test_an_outage_of_the_engine_makes_no_flood(app: Flask, county: str) -> None:
    build.record(
        [*check_in("01", minutes(-30)), fact("sitting.started", minutes(0)), fact("sitting.ended", minutes(80))],
        received_at=minutes(81),
    )
    forget(app)
    round_at(minutes(98))  # 40 minutes after 09:58 …: only what is silent now, each with how late it is
    found = entries()
    assert set(found) == {(CHINESE, "02", "started"), (MATHS, "01", "check_in"), (MATHS, "02", "check_in")}
    assert found[CHINESE, "02", "started"].late_by_s == 92 * 60
    assert found[CHINESE, "02", "started"].noticed_at == minutes(98)


def test_a_clock_that_jumps_makes_sensible_entries(app: Flask, county: str) -> None:
    shows(minutes(-45))
    assert silence.round(REAL) == 0
    shows(minutes(30))  # 08:15 → 09:30
    assert silence.round(REAL + timedelta(seconds=3)) == 2
    found = entries()
    assert {key[2] for key in found} == {"started"}
    assert {row.late_by_s for row in found.values()} == {3}  # the jump is no delay of the engine
    shows(minutes(-45))  # and back
    assert silence.round(REAL) == 2
    assert {row.how for row in entries().values()} == {"not_expected"}
    shows(minutes(30))
    assert silence.round(REAL) == 2
    assert {(row.episode, row.ended_at, row.version) for row in entries().values()} == {(2, None, 3)}


def test_a_start_taken_back_falls_silent_again(app: Flask, county: str) -> None:
    round_at(minutes(6))
    started = fact("sitting.started", minutes(5))
    build.record([started], received_at=minutes(7))
    round_at(minutes(7))
    assert (CHINESE, "01", "started") not in entries(still=True)
    build.record([fact("sitting.undone", minutes(8), data={"undoes": started["id"]})], received_at=minutes(8))
    round_at(minutes(8.1))  # room 02 is silent, so a new fact is looked at now
    assert entries(still=True)[CHINESE, "01", "started"].episode == 2


def test_a_day_that_is_closed_or_not_begun_is_not_asked_for(app: Flask, county: str) -> None:
    round_at(minutes(6))
    assert len(entries(still=True)) == 2
    data = {"date": "2024-05-20"}
    closing = fact("day.closed", minutes(7), room=None, session=None, data=data)
    build.record([closing], received_at=minutes(7))
    round_at(minutes(8))
    assert entries(still=True) == {}
    round_at(minutes(60 * 24 * 2))
    assert entries(still=True) == {}
    assert entries(school=FAR_SCHOOL, still=True) == {}  # closed by the clock


def test_a_closed_window_is_left_alone(app: Flask, county: str) -> None:
    with writing():
        db.session.execute(update(Window).values(closed_at=REAL))
    assert round_at(minutes(30)) == 0


def test_a_nil_report(app: Flask, county: str) -> None:
    # The last sealing is due at 12:30; an hour later a school that said nothing is asked.
    key = ("2024-05-20", "", "nil_report")
    round_at(minutes(269))
    assert key not in entries()
    round_at(minutes(270))
    assert entries(still=True)[key].due_at == minutes(210)
    build.record([fact("nil_report.made", minutes(212))], received_at=minutes(280))
    round_at(minutes(280))
    assert (entries()[key].how, entries()[key].fact_at) == ("in_time", minutes(212))
    # The far school, two hours later, told of an anomaly in the morning: that is no silence.
    build.record(
        [fact("anomaly.noted", minutes(121), school=FAR_SCHOOL, data={"category": "power"})], received_at=minutes(130)
    )
    round_at(minutes(60 * 7))
    assert key not in entries(school=FAR_SCHOOL)


def test_policies_and_a_new_timetable_count_at_once(app: Flask, county: str) -> None:
    round_at(minutes(6))
    assert len(entries(still=True)) == 2
    with writing():
        db.session.add(PolicyRow(window=WINDOW, name="silence_min", value=30, origin="test", set_by=None, set_at=REAL))
        reference_changed(COUNTY)
    round_at(minutes(7))
    # Half an hour of silence is allowed now: the start is no entry yet, the check-in opened at 08:20 is again.
    assert {key[2] for key in entries(still=True)} == {"check_in"}


def test_several_engines_make_one_entry(app: Flask, county: str) -> None:
    errors: list[BaseException] = []
    together = threading.Barrier(4)

    def engine(number: int) -> None:
        with app.app_context():
            try:
                for at in (-34, 6, 30):
                    together.wait(60)
                    app.extensions.pop("testday_silence", None)
                    together.wait(60)
                    # Their clocks are a second apart.
                    silence.round(REAL + (minutes(at) - minutes(-60)) + timedelta(seconds=number))
            except BaseException as error:  # noqa: BLE001 - shown by the test
                errors.append(error)

    threads = [threading.Thread(target=engine, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    db.session.rollback()
    kinds = list(db.session.scalars(select(EventRow.id).where(EventRow.kind == "silence.noticed")))
    assert len(kinds) == len(set(kinds))
    assert len(entries(still=True)) == 2
    assert {(row.what, row.version) for row in entries(still=True).values()} == {("started", 1)}


@contextmanager
def statements() -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_a_round_without_news_asks_two_statements(app: Flask, county: str) -> None:
    round_at(minutes(6))
    round_at(minutes(6.01))
    with statements() as sent:
        assert round_at(minutes(6.1)) == 0
    assert len(sent) == 2  # the open windows and where the counties' journals stand
    build.record([fact("sitting.started", minutes(5))], received_at=minutes(7))
    began = time.perf_counter()
    with statements() as sent:
        assert round_at(minutes(7)) == 1
    print(f"{db.engine.dialect.name}: {len(sent)} statements, {1000 * (time.perf_counter() - began):.1f} ms")
    assert len(sent) <= 24


def test_an_engine_whose_clock_is_behind_takes_nothing_back(app: Flask, county: str) -> None:
    assert round_at(minutes(6)) == 2
    forget(app)
    assert round_at(minutes(6) - timedelta(seconds=10)) == 0
    assert {row.version for row in entries(still=True).values()} == {1}


def test_what_a_school_says_is_found_by_its_index(app: Flask, county: str) -> None:
    round_at(minutes(280))
    with statements() as sent:
        forget(app)
        round_at(minutes(281))
    (asked,) = [statement for statement in sent if "nil_report.made" in statement]
    assert "journal_event" in asked
    if db.engine.dialect.name == "sqlite":
        plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", (COUNTY, WINDOW)).all()
        assert "ix_journal_event_spoke" in str(plan)
