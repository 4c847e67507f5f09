"""The protocol against all that can happen between a phone and a server: at the end each fact stands exactly once.

Phones note; a network loses requests, loses answers, delivers again, late and out of order; the server is started anew,
or put back to an earlier backup. Whatever the order, once quiet returns nothing is lost, nothing is twice, and phones,
boards and `fieldops verify` agree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from fieldops import create_app, schema
from fieldops.config import Settings
from fieldops.db import db
from fieldops.journal.models import EventRow, Quarantined
from fieldops.journal.verify import verify
from fieldops.testday import queries
from fieldops.testday.attendance import CAME
from tests.support import field
from tests.support.backup import Backup, close
from tests.support.phones import Phone
from tests.testday import build

PLACE = f"{field.COUNTY}/{field.SCHOOL}/01"
STUDENTS = [build.student(number) for number in (1, 2, 3)]
#: A run of the machine on PostgreSQL costs seconds: databases are copied there.
EXAMPLES = {"sqlite": 12, "postgres": 3}
ENOUGH_ROUNDS = 12


@pytest.fixture
def fill() -> Callable[[], None]:
    return world


def world() -> None:
    """A county and its people, nothing noted."""
    field.make()


class Protocol(RuleBasedStateMachine):
    """`make_database` and `engine` come from the test that runs it."""

    make_database: Callable[[str], Settings]
    engine: str

    def __init__(self) -> None:
        super().__init__()
        self.settings = type(self).make_database(self.engine)
        self.backup = Backup(self.settings)
        self.app = self.started()
        with self.app.app_context():
            self.phones = [
                Phone(*field.sign_in("monitor", PLACE, name=name), build.WINDOW) for name in ("李雷", "韩梅梅")
            ]
            db.session.remove()
        self.under_way: list[tuple[Phone, dict[str, Any]]] = []
        self.save()

    # --- the server ---------------------------------------------------------------------------------------------------
    def started(self) -> Flask:
        app = create_app(self.settings)
        app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        return app

    def save(self) -> None:
        """Take a backup, over the one before."""
        close(self.app)
        self.backup.take()

    def deliver(self, phone: Phone, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.app.test_client().post("/api/v1/events", json=body, headers=field.bearer(phone.token))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json
        assert [result["id"] for result in found["results"]] == [event["id"] for event in body["events"]]
        return found

    # --- what happens -------------------------------------------------------------------------------------------------
    @rule(
        who=st.integers(0, 1),
        kind=st.sampled_from(["checked_in", "checked_in", "absent", "left", "returned"]),
        student=st.sampled_from(STUDENTS),
        minute=st.integers(-40, 60),
        offset_min=st.sampled_from([0, 7, -7]),
    )
    def notes(self, who: int, kind: str, student: str, minute: int, offset_min: int) -> None:
        # The phone's own clock is off by so much, and it knows.
        at = build.minutes(minute - offset_min)
        self.phones[who].note(build.fact(f"attendance.{kind}", at, student=student, offset_ms=offset_min * 60_000))

    @rule(who=st.integers(0, 1), minute=st.integers(-10, 20))
    def notes_a_start(self, who: int, minute: int) -> None:
        self.phones[who].note(build.fact("sitting.started", build.minutes(minute)))

    @rule(who=st.integers(0, 1))
    def notes_what_cannot_be_understood(self, who: int) -> None:
        self.phones[who].note(build.fact("attendance.absent", data={"reason": "hated it"}))

    @rule(who=st.integers(0, 1), limit=st.sampled_from([1, 2, 100]))
    def sends(self, who: int, limit: int) -> None:
        phone = self.phones[who]
        body = phone.take(limit)
        phone.hear(body, self.deliver(phone, body))

    @rule(who=st.integers(0, 1), limit=st.sampled_from([1, 100]))
    def sends_and_the_answer_is_lost(self, who: int, limit: int) -> None:
        self.deliver(self.phones[who], self.phones[who].take(limit))

    @rule(who=st.integers(0, 1), limit=st.sampled_from([1, 2, 100]))
    def sends_and_it_stays_on_the_way(self, who: int, limit: int) -> None:
        self.under_way.append((self.phones[who], self.phones[who].take(limit)))

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), again=st.booleans())
    def arrives_late(self, data: st.DataObject, again: bool) -> None:
        at = data.draw(st.integers(0, len(self.under_way) - 1))
        phone, body = self.under_way[at] if again else self.under_way.pop(at)
        self.deliver(phone, body)  # the phone has long given up waiting for this answer

    @rule(who=st.integers(0, 1))
    def is_killed_and_opened_again(self, who: int) -> None:
        self.phones[who].reload()

    @rule()
    def server_is_started_anew(self) -> None:
        close(self.app)
        self.app = self.started()

    @rule()
    def backup_is_taken(self) -> None:
        self.save()

    @rule()
    def backup_is_put_back(self) -> None:
        close(self.app)
        self.backup.put_back()
        self.app = self.started()
        with self.app.app_context():
            schema.renew_epoch()
            db.session.remove()

    # --- and then quiet -----------------------------------------------------------------------------------------------
    def teardown(self) -> None:
        try:
            for phone, body in self.under_way:
                self.deliver(phone, body)
            for phone in self.phones:
                self.drain(phone)
            with self.app.app_context():
                self.agrees()
        finally:
            close(self.app)
            self.backup.drop()

    def drain(self, phone: Phone) -> None:
        for _ in range(ENOUGH_ROUNDS):
            body = phone.take(100)
            phone.hear(body, self.deliver(phone, body))
            if not phone.open:
                return
        raise AssertionError(f"still open: {phone.open}")

    def agrees(self) -> None:
        noted = [fact for phone in self.phones for fact in phone.facts]
        good = {fact.event["id"]: fact for fact in noted if fact.event["data"] == {}}
        rows = db.session.execute(select(EventRow).where(EventRow.device.is_not(None))).scalars().all()
        assert sorted(row.id for row in rows) == sorted(good)
        assert {(row.device, row.device_seq) for row in rows} == {
            (fact.event["device"], fact.event["device_seq"]) for fact in good.values()
        }
        assert all(fact.state == "received" for fact in good.values())
        bad = {fact.event["id"]: fact for fact in noted if fact.event["id"] not in good}
        assert all(fact.state == "quarantined" for fact in bad.values())
        assert sorted(db.session.scalars(select(Quarantined.id))) == sorted(bad)
        assert not list(verify(field.COUNTY))
        self.screens_agree()

    def screens_agree(self) -> None:
        client = self.app.test_client()
        shots = [client.get("/api/v1/snapshot", headers=field.bearer(phone.token)).json for phone in self.phones]
        first, second = (shot["states"] for shot in shots)
        assert first == second
        counts = queries.room_counts(field.COUNTY, build.WINDOW, school=field.SCHOOL)
        present = [row for row in first["attendance"] if row["status"] in CAME]
        assert counts[field.SCHOOL, "01", build.CHINESE].present == len(present)
        for row in first["attendance"]:
            assert row["checked_in_at"] == self.first_check_in(row["student"])

    def first_check_in(self, student: str) -> str | None:
        """The earliest by corrected time, whichever phone, whenever it arrived."""
        moments = [
            build.datetime.fromisoformat(fact.event["occurred_at"])
            + build.timedelta(milliseconds=fact.event["offset_ms"])
            for phone in self.phones
            for fact in phone.facts
            if fact.event["kind"] == "attendance.checked_in" and fact.event["student"] == student
        ]
        return min(moments).strftime("%Y-%m-%dT%H:%M:%S.000Z") if moments else None


@pytest.mark.slow
def test_every_fact_arrives_exactly_once(engine: str, make_database: Callable[[str], Settings]) -> None:
    machine = type("Bound", (Protocol,), {"make_database": staticmethod(make_database), "engine": engine})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES[engine],
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
def test_it_would_be_seen(make_database: Callable[[str], Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine finds a phone that forgets to offer again after a restore."""

    def forgets(phone: Phone, epoch: str) -> None:
        phone.epoch = phone.page_epoch = epoch

    monkeypatch.setattr(Phone, "heard_epoch", forgets)
    machine = type("Bound", (Protocol,), {"make_database": staticmethod(make_database), "engine": "sqlite"})
    state = machine()
    state.notes(who=0, kind="checked_in", student=STUDENTS[0], minute=-30, offset_min=0)
    state.sends(who=0, limit=100)
    state.backup_is_put_back()
    with pytest.raises(AssertionError):
        state.teardown()
