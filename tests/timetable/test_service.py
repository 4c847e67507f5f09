"""Windows, versions, policies and the clock, on both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from fieldops.db import db, utcnow, writing
from fieldops.journal.queries import head, since
from fieldops.journal.verify import verify
from fieldops.timetable import clock, policies, queries, seed, service
from fieldops.timetable.check import Row
from fieldops.timetable.models import Timetable, Window
from tests.support import planned
from tests.support.planned import COUNTY, OTHER_COUNTY, WINDOW


@pytest.fixture
def county(app: Flask) -> str:
    planned.places()
    planned.window()
    planned.sign_in()
    return COUNTY


def grade_4() -> tuple[Row, ...]:
    return seed.read().timetables[0].rows


def publish(rows: tuple[Row, ...] | None = None, **more: object) -> service.Published:
    with writing():
        return service.publish(window=WINDOW, grade=4, rows=rows or grade_4(), origin="plan", by=None, **more)  # type: ignore[arg-type]


def changed(rows: tuple[Row, ...], index: int, **values: str) -> tuple[Row, ...]:
    row = Row(rows[index].number, {**rows[index].values, **values})
    return (*rows[:index], row, *rows[index + 1 :])


def events(kind: str, county: str = COUNTY) -> list[dict[str, object]]:
    return [event.data for event in since(county, 0, limit=1000) if event.kind == kind]


# --- windows ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "Trial 1"}, "code"),
        ({"code": ""}, "code"),
        ({"code": "a" * 33}, "code"),
        ({"name": " "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"mode": "test"}, "mode"),
        ({"last_day": date(2024, 5, 19)}, "last_day"),
        ({"code": WINDOW}, "code"),
    ],
)
def test_a_window_that_contradicts_itself(county: str, change: dict[str, object], field: str) -> None:
    day = date(2024, 5, 20)
    values: dict[str, object] = {"code": "new", "name": "n", "mode": "real", "first_day": day, "last_day": day}
    with pytest.raises(service.WindowRefused) as refused, writing():
        service.create_window(**{**values, **change})  # type: ignore[arg-type]
    assert refused.value.members == {"field": field}
    assert db.session.get(Window, "new") is None


# --- versions --------------------------------------------------------------------------------------------------------
def test_publishing_makes_versions_and_tells_the_county(county: str) -> None:
    before = head(county)
    assert before is not None
    assert publish().version == 1
    second = publish(changed(grade_4(), 0, start="09:05"))
    assert (second.version, second.is_new) == (2, True)
    in_force = {session.code: session for session in queries.sessions_in_force(WINDOW)}
    assert in_force["g4-chinese"].start_time.minute == 5
    assert len(queries.sessions_of_version(WINDOW, 4, 1)) == 10
    assert [(line.version, line.origin) for line in queries.versions(WINDOW)] == [(2, "plan"), (1, "plan")]
    after = head(county)
    assert after is not None
    assert after.reference == before.reference + 2
    assert events("timetable.published") == [{"grade": 4, "version": n, "by": None} for n in (1, 2)]
    assert list(verify(county)) == []


def test_the_same_again_is_no_new_version(county: str) -> None:
    publish()
    before = head(county)
    again = publish(tuple(reversed(grade_4())))
    assert (again.version, again.is_new) == (1, False)
    assert head(county) == before


def test_a_refusal_names_every_row_and_writes_nothing(county: str) -> None:
    before = head(county)
    rows = changed(changed(grade_4(), 0, end="08:00"), 2, start="10:55", end="11:10")
    with pytest.raises(service.TimetableRefused) as refused:
        publish(rows)
    assert [(p.row, p.code) for p in refused.value.problems] == [(1, "end_before_start"), (3, "overlap")]
    assert "row 1" in str(refused.value)
    assert queries.newest_version(WINDOW, 4) == 0
    assert head(county) == before


def test_an_origin_is_needed(county: str) -> None:
    with pytest.raises(service.TimetableRefused) as refused, writing():
        service.publish(window=WINDOW, grade=4, rows=grade_4(), origin=" ", by=None)
    assert [p.code for p in refused.value.problems] == ["no_origin"]


def test_codes_of_the_other_grade(county: str) -> None:
    publish()
    with pytest.raises(service.TimetableRefused) as refused, writing():
        service.publish(window=WINDOW, grade=8, rows=grade_4(), origin="plan", by=None)
    assert {p.code for p in refused.value.problems} == {"code_of_other_grade"}


def test_somebody_published_between(county: str) -> None:
    publish(seen_version=0)
    with pytest.raises(service.TimetableChanged):
        publish(changed(grade_4(), 0, start="09:05"), seen_version=0)
    assert queries.newest_version(WINDOW, 4) == 1


def test_counties_without_anybody_on_duty_are_not_told_but_read_again(county: str) -> None:
    before = head(OTHER_COUNTY)
    publish()
    after = head(OTHER_COUNTY)
    assert before is not None
    assert after is not None
    assert (after.seq, after.reference) == (before.seq, before.reference + 1)
    assert service.counties_on_duty(WINDOW) == [COUNTY]


def test_nothing_of_a_closed_window_changes(county: str) -> None:
    with writing():
        window = db.session.get(Window, WINDOW)
        assert window is not None
        window.closed_at = utcnow()
    with pytest.raises(service.WindowClosed):
        publish()
    with pytest.raises(LookupError), writing():
        service.publish(window="none", grade=4, rows=grade_4(), origin="x", by=None)
    assert db.session.scalar(select(Timetable)) is None


# --- policies --------------------------------------------------------------------------------------------------------
def test_a_policy_is_set_with_its_origin(county: str) -> None:
    assert policies.in_force(WINDOW)["late_cut_off_min"].origin == "default"
    before = head(county)
    with writing():
        assert service.set_policy(window=WINDOW, name="late_cut_off_min", value=20, origin="手册第12页", by=None)
    value = policies.in_force(WINDOW)["late_cut_off_min"]
    assert (value.value, value.origin) == (20, "手册第12页")
    after = head(county)
    assert before is not None
    assert after is not None
    assert after.reference == before.reference + 1
    with writing():
        assert not service.set_policy(window=WINDOW, name="late_cut_off_min", value=20, origin="手册第12页", by=None)
    assert head(county) == after
    assert events("policy.set") == [{"name": "late_cut_off_min", "value": 20, "by": None}]


@pytest.mark.parametrize(
    ("name", "value", "origin", "field"),
    [
        ("no_such", 1, "x", "name"),
        ("late_cut_off_min", -1, "x", "value"),
        ("late_cut_off_min", 241, "x", "value"),
        ("late_cut_off_min", 1, " ", "origin"),
        ("late_cut_off_min", 1, "x" * 201, "origin"),
        ("late_cut_off_min", 1, "\x00", "origin"),
    ],
)
def test_a_policy_that_cannot_be_set(county: str, name: str, value: int, origin: str, field: str) -> None:
    with pytest.raises(service.PolicyRefused) as refused, writing():
        service.set_policy(window=WINDOW, name=name, value=value, origin=origin, by=None)
    assert refused.value.members["field"] == field
    assert events("policy.set") == []


# --- the clock -------------------------------------------------------------------------------------------------------
def test_a_rehearsals_clock_is_set_and_runs_on(county: str) -> None:
    before = head(county)
    with writing():
        service.set_clock(window=WINDOW, shows=planned.MORNING, by=None)
    window = queries.window(WINDOW)
    assert window is not None
    assert timedelta(0) <= clock.now(window) - planned.MORNING < timedelta(seconds=30)
    assert clock.now(window, real=utcnow() + timedelta(hours=1)) - planned.MORNING >= timedelta(hours=1)
    (event,) = events("clock.set")
    assert event["shows"] == "2024-05-20T00:15:00.000Z"
    after = head(county)
    assert before is not None
    assert after is not None
    assert after.reference == before.reference, "no cache hangs on the clock"


def test_a_real_windows_clock_cannot_be_set(county: str) -> None:
    planned.window(planned.REAL_WINDOW, "real")
    with pytest.raises(service.RealClock), writing():
        service.set_clock(window=planned.REAL_WINDOW, shows=planned.MORNING, by=None)
    window = queries.window(planned.REAL_WINDOW)
    assert window is not None
    assert clock.shift(window) == timedelta(0)


@pytest.mark.parametrize("shows", [datetime(2024, 5, 12, tzinfo=UTC), datetime(2024, 5, 30, tzinfo=UTC)])
def test_a_clock_far_from_the_window(county: str, shows: datetime) -> None:
    with pytest.raises(service.ClockOutOfRange), writing():
        service.set_clock(window=WINDOW, shows=shows, by=None)
