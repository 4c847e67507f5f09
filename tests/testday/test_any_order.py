"""Whatever order, batches and repeats the facts of a day come in, both engines end in the same state."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from fieldops.db import db
from fieldops.journal.verify import verify
from fieldops.testday import queries
from fieldops.testday.models import Anomaly, Attendance, SchoolDay, Sitting
from tests.testday import build
from tests.testday.samples import ANOMALY, ATTENDANCE, DAY, SITTING, identity

_counties = itertools.count(500_000)
#: `any example` of a test on a database takes two counties of its own.
ON_DATABASE = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_KINDS: dict[str, st.SearchStrategy[dict[str, Any]]] = {**ATTENDANCE, **SITTING, **ANOMALY, **DAY}


@st.composite
def facts(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A day's facts of two students, two rooms and two sessions, each with its own id."""
    made = []
    for number in range(1, draw(st.integers(2, 10)) + 1):
        kind = draw(st.sampled_from(sorted(_KINDS)))
        fields = {
            "room": draw(st.sampled_from(["01", "02"])),
            "session": draw(st.sampled_from([build.CHINESE, build.MATHS])),
        }
        if kind.startswith("attendance."):
            fields["student"] = draw(st.sampled_from([build.student(1), build.student(2)]))
        data = draw(_KINDS[kind])
        at = build.minutes(draw(st.integers(-60, 200)))
        made.append(build.fact(kind, at, identity(number), data=data, **fields))
    return made


def delivered(sent: list[dict[str, Any]], data: st.DataObject) -> str:
    """Deliver the facts to a fresh county in some order, in some batches, some of them twice; the county's code."""
    county = build.county(str(next(_counties)))
    again = data.draw(st.lists(st.sampled_from(sent), max_size=4))
    order = data.draw(st.permutations(sent + again))
    while order:
        size = data.draw(st.integers(1, len(order)))
        results = build.record(order[:size], county=county)
        assert {result.outcome for result in results} <= {"accepted", "duplicate"}
        order = order[size:]
    return county


def states(county: str) -> dict[str, Any]:
    """All that the facts came to. Of automatic anomalies those that count: the others depend on what was known."""

    def rows(model: Any, *conditions: Any) -> list[dict[str, Any]]:
        table = model.__table__
        found = db.session.execute(select(table).where(table.c.county == county, *conditions)).mappings()
        return sorted(({**row, "county": ""} for row in found), key=repr)

    return {
        "attendance": rows(Attendance),
        "days": rows(SchoolDay),
        "sittings": rows(Sitting),
        "anomalies": rows(Anomaly, Anomaly.automatic.is_(False)),
        "counting": [dataclasses.asdict(line) for line in queries.anomalies(county, build.WINDOW)],
    }


@ON_DATABASE
@given(sent=facts(), data=st.data())
def test_two_deliveries_end_alike(app: Flask, sent: list[dict[str, Any]], data: st.DataObject) -> None:
    one, other = delivered(sent, data), delivered(sent, data)
    assert states(one) == states(other)
    assert list(verify(one)) == list(verify(other)) == []
