"""Decisions against the journal, on both engines: who may, who was faster, what a late tap does."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest

from fieldops.db import db, writing
from fieldops.incidents import queries, service
from fieldops.incidents.models import IncidentRow
from fieldops.journal import service as journal
from fieldops.journal.events import make
from fieldops.journal.verify import verify
from tests.incidents.conftest import (
    COUNTY,
    FOREIGN_SCHOOL,
    NOW,
    OTHER_COUNTY,
    OTHER_SCHOOL,
    SCHOOL,
    SERIOUS,
    WINDOW,
    World,
)


def decide(world: World, name: str, action: str, row: IncidentRow, **words: Any) -> IncidentRow:
    identity = row.id
    seen = words.pop("seen_version", row.version)
    service.decide(action, incident=row, by=world.by(name), at=NOW, seen_version=seen, **words)
    return world.fresh(identity)


def test_a_serious_one_is_at_the_county_at_once_and_others_at_the_school(world: World) -> None:
    serious, minor = world.report(**SERIOUS), world.report()
    county = db.session.get(queries.Division, COUNTY)
    city = db.session.get(queries.Division, "441800")
    assert county is not None
    assert city is not None
    desk = queries.for_desk(county, window=WINDOW)
    assert [row.id for row in desk.needs_me] == [serious.id]
    assert [row.id for row in desk.elsewhere] == [minor.id]
    assert [row.id for row in queries.of_school(COUNTY, SCHOOL, window=WINDOW).needs_me] == [minor.id]
    assert queries.for_desk(city, window=WINDOW) == ([], [], [])


def test_the_whole_chain_and_the_journal_still_agrees(world: World) -> None:
    row = world.report(order_affected="slight")
    row = decide(world, "chief", "acknowledge", row)
    row = decide(world, "chief", "escalate", row, reason="we need the spare set")
    assert (row.level, row.state) == ("county", "open")
    row = decide(world, "county", "escalate", row, reason="only the city has one")
    assert row.level == "city"
    row = decide(world, "city", "instruct", row, text="the spare set is on its way")
    assert (row.state, row.instructions[0]["by_level"]) == ("acknowledged", "city")
    row = decide(world, "city", "hand_back", row, text="tell us when it is there")
    assert (row.level, row.state) == ("county", "open")
    row = decide(world, "chief", "resolve", row, text="it arrived")
    assert row.verify_level == "county"
    row = decide(world, "county", "verify", row)
    row = decide(world, "county", "close", row)
    assert row.state == "closed"
    lines = queries.timeline(COUNTY, row.id)
    kinds = "reported acknowledged escalated escalated instructed handed_back resolved verified closed"
    assert [line.kind for line in lines] == kinds.split()
    assert lines[4].level == "city"
    with pytest.raises(service.Refused) as refused:
        decide(world, "county", "acknowledge", row)
    assert refused.value.reason == "final"
    assert list(verify(COUNTY)) == []


def test_a_late_acknowledgement_never_reopens(world: World) -> None:
    row = world.report(**SERIOUS)
    seen, identity = row.version, row.id
    row = decide(world, "county", "withdraw", row, reason="a drill")
    with pytest.raises(service.Stale) as stale:
        decide(world, "county2", "acknowledge", row, seen_version=seen)
    assert stale.value.incident.state == "cancelled"
    assert world.fresh(identity).state == "cancelled"


def test_two_desks_press_at_once(world: World) -> None:
    row = world.report(**SERIOUS)
    identity, version = row.id, row.version
    start, answers, fresh = threading.Barrier(2), [], []

    def press(name: str) -> None:
        with world.app.app_context():
            mine = queries.get(COUNTY, identity)
            assert mine is not None
            by = world.by(name)
            db.session.rollback()
            start.wait(10)
            try:
                service.acknowledge(incident=mine, by=by, at=NOW, seen_version=version)
                answers.append("accepted")
            except service.Stale as stale:
                answers.append("stale")
                fresh.append((stale.incident.version, [event.kind for event in stale.since]))

    threads = [threading.Thread(target=press, args=(name,)) for name in ("county", "county2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == ["accepted", "stale"]
    assert fresh == [(2, ["incident.acknowledged"])]
    assert world.fresh(identity).version == 2


def test_the_same_person_pressing_twice_is_one_decision(world: World) -> None:
    row = world.report(**SERIOUS)
    seen = row.version
    row = decide(world, "county", "acknowledge", row)
    assert decide(world, "county", "acknowledge", row, seen_version=seen).version == 2


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("chief", service.Refused),  # the county holds it
        ("city", service.Refused),  # it did not reach the city
        ("principal", service.NotRecorded),
        ("inspector", service.NotRecorded),
        ("supervisor", service.NotRecorded),
        ("monitor", service.NotRecorded),
        ("other_chief", service.NotRecorded),
        ("other_county", service.NotRecorded),
    ],
)
def test_nobody_else_takes_it_on(world: World, name: str, error: type[Exception]) -> None:
    row = world.report(**SERIOUS)
    identity = row.id
    with pytest.raises(error):
        decide(world, name, "acknowledge", row)
    assert world.fresh(identity).state == "open"


def test_a_chief_monitor_cannot_decide_another_schools_by_naming_their_own(world: World) -> None:
    row = world.report()
    data = {"incident": row.id.upper(), "seen_version": 1}
    for school, author in ((OTHER_SCHOOL, "other_chief"), (SCHOOL, "other_chief")):
        draft = make("incident.acknowledged", at=NOW, identity=str(uuid.uuid4()), school=school, data=data)
        with writing():
            by = world.by(author)
            call = {"county": COUNTY, "window": WINDOW, "received_at": NOW}
            result = journal.record(author=by, events=[draft], **call)[0]  # type: ignore[arg-type]
        assert result.outcome == ("conflict" if school == OTHER_SCHOOL else "quarantined")
    assert world.fresh(row.id).version == 1


def test_a_monitor_reports_and_takes_back_from_the_room(world: World) -> None:
    row = world.report("monitor", room="01", note="wrong paper", students=["S7"])
    assert row.reporter == world.actor("monitor").person_id
    service.withdraw(incident=row, by=world.by("monitor"), at=NOW + timedelta(minutes=4), seen_version=row.version)
    assert world.fresh(row.id).state == "cancelled"
    late = world.report("monitor", room="01")
    with pytest.raises(service.Refused):
        service.withdraw(incident=late, by=world.by("monitor"), at=NOW + timedelta(minutes=6), seen_version=1)


def test_raising_moves_a_school_s_incident_to_the_county_and_lowering_does_not_move_it_back(world: World) -> None:
    row = world.report(order_affected="slight")
    row = decide(world, "chief", "raise_severity", row, severity="serious", reason="papers are missing")
    assert (row.severity, row.level, row.state, row.because) == ("serious", "county", "open", ["severity_raised"])
    row = decide(world, "county", "acknowledge", row)
    row = decide(world, "county", "lower_severity", row, severity="moderate", reason="found again")
    assert (row.severity, row.level, row.state) == ("moderate", "county", "acknowledged")


def test_a_report_that_fits_badly_is_taken_and_flagged(world: World) -> None:
    odd = {"category": "meteor", "room": "99", "session": "g9-x", "students": ["nobody"]}
    row = world.report(**odd, occurred_at=NOW - timedelta(hours=1))
    assert row.flags == ["late_entry", "not_on_roster", "unknown_category", "unknown_room", "unknown_session"]


def test_a_note_makes_nobodys_decision_stale(world: World) -> None:
    row = world.report()
    seen = row.version
    service.note(incident=row, by=world.by("principal"), at=NOW, text="<b>{x} %s")
    row = decide(world, "chief", "acknowledge", world.fresh(row.id), seen_version=seen)
    assert [line.text for line in queries.timeline(COUNTY, row.id)][1] == "<b>{x} %s"


def test_blank_words_are_no_words(world: World) -> None:
    row = world.report()
    with pytest.raises(service.NotRecorded):
        decide(world, "chief", "resolve", row, text="   ")


def test_the_snapshot_of_a_school(world: World) -> None:
    row = world.report(**SERIOUS)
    decide(world, "county", "instruct", row, text="seal it")
    (mine,) = queries.snapshot_incidents(COUNTY, WINDOW, SCHOOL)
    assert (mine["phase"], mine["state"], mine["version"]) == ("instructed", "acknowledged", 2)
    assert mine["instructions"] == [{"text": "seal it", "at": "2024-05-20T01:30:00.000Z", "by_level": "county"}]
    assert mine["reported_at"] == "2024-05-20T01:30:00.000Z"
    assert queries.snapshot_incidents(OTHER_COUNTY, WINDOW, FOREIGN_SCHOOL) == []
