"""A start or an end that is too far from the plan is an anomaly by itself, once, for as long as it is so."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from fieldops.db import db
from fieldops.journal.verify import verify
from fieldops.testday import queries
from fieldops.testday.deviation import anomaly_id
from fieldops.testday.models import Anomaly
from tests.testday import build
from tests.testday.build import COUNTY, FAR_SCHOOL, STAFF, fact, minutes, record
from tests.testday.samples import identity


@pytest.fixture(autouse=True)
def county(app: Flask) -> str:
    return build.county()


def told() -> list[tuple[str | None, int | None, str | None]]:
    """Anomalies that count: session, minutes, reason; the earliest first."""
    lines = queries.anomalies(COUNTY, build.WINDOW)
    assert all(line.automatic and line.category == "timetable_deviation" and line.by is None for line in lines)
    return [(line.session, line.deviation_min, line.reason) for line in reversed(lines)]


@pytest.mark.parametrize(("at", "minutes_off"), [(5.9, None), (6, 6), (-5.9, None), (-6.5, -6)])
def test_a_start_outside_the_tolerance(at: float, minutes_off: int | None) -> None:
    record([fact("sitting.started", minutes(at), data={"reason": "校车迟到"})])
    assert told() == ([] if minutes_off is None else [(build.CHINESE, minutes_off, "校车迟到")])


def test_the_start_of_a_far_school_is_measured_by_its_own_clock() -> None:
    record([fact("sitting.started", minutes(120), school=FAR_SCHOOL)])
    assert told() == []


def test_an_end_is_measured_by_what_the_students_lost() -> None:
    start, pause = fact("sitting.started", minutes(4)), fact("sitting.paused", minutes(30), data={"reason": "停电"})
    record([start, pause, fact("sitting.resumed", minutes(40)), fact("sitting.ended", minutes(95))])
    assert told() == []
    [line] = queries.sittings(COUNTY, build.WINDOW)
    assert (line.lawful_end_at, line.start_deviation_min, line.end_deviation_min) == (minutes(94), 4, 1)


def test_an_end_that_robs_time_says_so() -> None:
    record([fact("sitting.started"), fact("sitting.ended", minutes(70), data={"reason": "演练"})])
    assert told() == [(build.CHINESE, -10, "演练")]


def test_an_open_ended_session_ends_when_all_are_done() -> None:
    record([fact("sitting.started", session=STAFF), fact("sitting.ended", minutes(400), session=STAFF)])
    assert told() == []


def test_the_end_may_arrive_before_the_start() -> None:
    record([fact("sitting.ended", minutes(70))])
    assert told() == []
    record([fact("sitting.started")])
    assert told() == [(build.CHINESE, -10, None)]


def test_pauses_that_arrive_last_explain_a_late_end() -> None:
    record([fact("sitting.started"), fact("sitting.ended", minutes(90))])
    assert told() == [(build.CHINESE, 10, None)]
    record([fact("sitting.paused", minutes(10), data={"reason": "x"}), fact("sitting.resumed", minutes(20))])
    assert told() == []


def test_a_correction_takes_its_anomaly_with_it() -> None:
    record([fact("sitting.started", minutes(30), identity(1))])
    record([fact("sitting.started", minutes(1), identity(2), data={"corrects": identity(1)})])
    assert told() == []
    record([fact("sitting.undone", minutes(31), data={"undoes": identity(2)})])
    assert told() == [(build.CHINESE, 30, None)]


def test_it_exists_once_whatever_is_repeated() -> None:
    facts = [fact("sitting.started", minutes(9), identity(1)), fact("sitting.ended", minutes(200), identity(2))]
    for _ in range(3):
        record(facts + facts)
    stand = db.session.scalars(select(Anomaly.id).where(Anomaly.automatic)).all()
    assert sorted(stand) == sorted([anomaly_id(identity(1)), anomaly_id(identity(2))])
    assert list(verify(COUNTY)) == []


def test_a_date_that_is_wrong_by_centuries_is_still_a_fact() -> None:
    far = [
        fact("sitting.started", occurred_at="0001-01-02T00:00:00Z", identity=identity(1)),
        fact("sitting.paused", occurred_at="0001-01-02T00:00:01Z", data={"reason": "x"}),
        fact("sitting.ended", occurred_at="9999-12-30T23:59:59.999Z", identity=identity(3)),
    ]
    assert {result.outcome for result in record(far)} == {"accepted"}
    assert told()[0][1] == -99_999
    assert list(verify(COUNTY)) == []
    assert db.session.scalar(select(func.count()).select_from(Anomaly)) >= 1


def test_somebody_may_say_that_it_was_none() -> None:
    record([fact("sitting.started", minutes(9), identity(1))])
    record([fact("anomaly.withdrawn", minutes(12), data={"withdraws": anomaly_id(identity(1))})])
    assert told() == []
