"""What the clocks do with an incident, told as stories with an injected clock, on both engines."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from fieldops.db import db, writing
from fieldops.incidents import engine, queries, service
from fieldops.incidents.models import IncidentRow
from fieldops.journal.events import Event
from fieldops.journal.models import Head, Quarantined
from fieldops.journal.verify import verify
from fieldops.organisation.models import Division, Duty
from fieldops.timetable.models import PolicyRow, Window
from tests.incidents.conftest import CITY, COUNTY, NOW, OTHER_SCHOOL, PROVINCE, SCHOOL, SERIOUS, WINDOW, World, page_of


def tick(minutes: float) -> int:
    """One round of the engine so many minutes after the window's clock showed `NOW`."""
    window = db.session.get(Window, WINDOW)
    assert window is not None
    assert window.clock_set_at is not None
    return engine.round(window.clock_set_at + timedelta(minutes=minutes))


def until(minutes: float, *, every_s: int = 30) -> None:
    """Rounds every half minute, the last at that minute."""
    for second in range(0, int(minutes * 60) + 1, every_s):
        tick(second / 60)


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def decide(world: World, name: str, action: str, identity: str, minutes: float = 0, **words: Any) -> IncidentRow:
    row = world.fresh(identity)
    service.decide(action, incident=row, by=world.by(name), at=after(minutes), seen_version=row.version, **words)
    return world.fresh(identity)


def steps(identity: str) -> list[tuple[str, str, float, str]]:
    """What the engine did: kind, level it found, minutes after `NOW` at which it was due, reason."""
    kinds = ("incident.lapsed", "incident.repeated")
    events = sorted((e for e in queries._events(COUNTY, identity) if e.kind in kinds), key=lambda e: e.seq)
    return [(e.kind.removeprefix("incident."), e.data["level"], _minute(e), e.data["reason"]) for e in events]


def _minute(event: Event) -> float:
    return (event.occurred_at - NOW) / timedelta(minutes=1)


@pytest.fixture(autouse=True)
def the_journal_agrees(world: World) -> Any:
    yield
    db.session.rollback()
    assert list(verify(COUNTY)) == []
    assert db.session.scalars(select(Quarantined)).all() == []


def test_acknowledged_in_time_and_kept_up_by_words(world: World) -> None:
    identity = world.report(**SERIOUS).id
    assert world.fresh(identity).ack_due_at == after(5)
    until(4)
    assert steps(identity) == [("repeated", "county", 2, "unacknowledged"), ("repeated", "county", 4, "unacknowledged")]
    row = decide(world, "county", "acknowledge", identity, 4.5)
    assert (row.state, row.version, row.ack_due_at, row.word_due_at) == ("acknowledged", 2, None, after(19.5))
    until(19)
    service.note(incident=world.fresh(identity), by=world.by("county2"), at=after(19), text="the van is on its way")
    assert world.fresh(identity).word_due_at == after(34)
    service.note(incident=world.fresh(identity), by=world.by("principal"), at=after(30), text="we wait")
    assert world.fresh(identity).word_due_at == after(34), "a note of somebody else is no word of who took it on"
    until(33.5, every_s=90)
    assert len(steps(identity)) == 2


def test_unacknowledged_it_is_repeated_and_then_goes_up_level_by_level(world: World) -> None:
    identity = world.report(order_affected="slight").id
    until(15)
    row = world.fresh(identity)
    assert (row.level, row.state, row.phase, row.told_at, row.ack_due_at) == (
        "county",
        "open",
        "escalated",
        after(15),
        after(30),
    )
    assert steps(identity) == [
        ("repeated", "school", 5, "unacknowledged"),
        ("repeated", "school", 10, "unacknowledged"),
        ("lapsed", "school", 15, "unacknowledged"),
    ]
    until(61, every_s=60)
    row = world.fresh(identity)
    assert (row.level, row.reached, row.exhausted, row.state) == ("province", "province", True, "open")
    assert steps(identity)[-1] == ("repeated", "province", 60, "unacknowledged")
    until(240, every_s=300)
    again = [minute for _kind, level, minute, _why in steps(identity) if level == "province" and minute > 60]
    assert again == [65, 75, 95, 135, 215], "at the top it is told again at growing distances"
    assert world.fresh(identity).level == "province"
    html = world.get("province", page_of(world.fresh(identity)), **{"Accept-Language": "en"}).text
    assert "nobody above: call now" in html
    assert "There is no level above" in html


def test_the_first_missing_word_opens_it_again_and_the_second_passes_it_up(world: World) -> None:
    identity = world.report(**SERIOUS).id
    decide(world, "county", "acknowledge", identity, 1)
    until(16)
    row = world.fresh(identity)
    assert (row.level, row.state, row.phase, row.lapses, row.owner) == ("county", "open", "lapsed", 1, None)
    decide(world, "county", "acknowledge", identity, 17)
    until(32)
    row = world.fresh(identity)
    assert (row.level, row.state, row.lapses) == ("city", "open", 0)
    lapsed = [step for step in steps(identity) if step[0] == "lapsed"]
    assert lapsed == [("lapsed", "county", 16, "no_word"), ("lapsed", "county", 32, "no_word")]


def test_nobody_on_duty_goes_up_after_two_minutes_and_says_so(world: World) -> None:
    with writing():
        db.session.execute(delete(Duty).where(Duty.place == COUNTY, Duty.role == "desk"))
    identity = world.report("chief", **SERIOUS).id
    row = world.fresh(identity)
    assert (row.nobody, row.ack_due_at) == (True, after(2))
    assert row.fallback == world.actor("supervisor").person_id
    until(2)
    row = world.fresh(identity)
    assert (row.level, row.nobody, row.ack_due_at) == ("city", False, after(7))
    assert [step[3] for step in steps(identity) if step[0] == "lapsed"] == ["nobody_on_duty"]
    html = world.get("city", page_of(row), **{"Accept-Language": "en"}).text
    assert "Nobody was on duty there: the county desk" in html
    assert "Told instead: supervisor." in html
    assert "Nobody is on duty at that level." in html


def test_nobody_at_all_is_told_at_the_top_and_ends_there(world: World) -> None:
    with writing():
        db.session.execute(delete(Duty).where(Duty.place.in_([COUNTY, CITY, PROVINCE])))
    identity = world.report("chief", **SERIOUS).id
    until(7)
    row = world.fresh(identity)
    assert (row.level, row.exhausted, row.nobody, row.fallback) == ("province", True, True, None)


def test_a_serious_one_passes_over_levels_when_the_window_says_so(world: World) -> None:
    with writing():
        said = {"window": WINDOW, "origin": "省手册第 12 页", "set_at": NOW}
        db.session.add(PolicyRow(name="skip_level_serious", value=1, **said))
        db.session.add(PolicyRow(name="acknowledge_province_min", value=9, **said))
        head = db.session.get(Head, COUNTY)
        assert head is not None
        head.reference += 1
    identity = world.report(**SERIOUS).id
    until(5)
    row = world.fresh(identity)
    assert (row.level, row.reached, row.ack_due_at) == ("province", "province", after(14))
    html = world.get("county", page_of(row)).text
    assert "省手册第 12 页" in html
    assert "未配置" in html
    city = db.session.get(queries.Division, CITY)
    assert city is not None
    assert [each.id for each in queries.for_desk(city, window=WINDOW).elsewhere] == [identity]


def test_a_policy_edited_meanwhile_changes_nothing_that_runs(world: World) -> None:
    before = world.report(**SERIOUS).id
    with writing():
        db.session.add(PolicyRow(window=WINDOW, name="acknowledge_serious_min", value=1, origin="x", set_at=NOW))
        head = db.session.get(Head, COUNTY)
        assert head is not None
        head.reference += 1
    since = world.report(**SERIOUS, room="01").id
    assert [world.fresh(each).ack_due_at for each in (before, since)] == [after(5), after(1)]
    until(1)
    assert [world.fresh(each).level for each in (before, since)] == ["county", "city"]


@pytest.mark.slow
def test_an_outage_moves_each_of_two_hundred_one_level_and_says_how_late(world: World) -> None:
    identities = [world.report("county", **SERIOUS, room=None).id for _ in range(200)]
    assert tick(45) == 200
    rows = [world.fresh(identity) for identity in identities]
    assert {(row.level, row.late_by_s, row.told_at, row.ack_due_at) for row in rows} == {
        ("city", 2400, after(45), after(50))
    }
    assert tick(45) == 0
    assert all(len(steps(identity)) == 1 for identity in identities)
    html = world.get("city", page_of(rows[0]), **{"Accept-Language": "en"}).text
    assert "This step came 40 min late." in html


def test_raising_brings_deadlines_forward_and_lowering_leaves_them(world: World) -> None:
    identity = world.report(order_affected="slight").id
    row = decide(world, "chief", "escalate", identity, 1, reason="help")
    assert (row.level, row.ack_due_at) == ("county", after(16))
    row = decide(world, "chief", "raise_severity", identity, 3, severity="serious", reason="worse")
    assert (row.level, row.ack_due_at) == ("county", after(8))
    row = decide(world, "county", "lower_severity", identity, 4, severity="minor", reason="not so bad")
    assert row.ack_due_at == after(8)
    row = decide(world, "county", "acknowledge", identity, 5)
    assert row.word_due_at == after(125)
    row = decide(world, "city", "raise_severity", identity, 6, severity="moderate", reason="no")
    assert row.word_due_at == after(36)


def test_handed_back_with_a_time_the_next_word_is_due_by_then(world: World) -> None:
    row = world.report(**SERIOUS)
    service.hand_back(incident=row, by=world.by("county"), at=after(1), seen_version=1, text="seal it", due_at=after(8))
    row = world.fresh(row.id)
    assert (row.level, row.state, row.instructed_until, row.ack_due_at) == ("school", "open", after(8), after(6))
    row = decide(world, "chief", "acknowledge", row.id, 2)
    assert row.word_due_at == after(8)
    assert "10:38" not in world.get("chief", page_of(row)).text
    assert "09:38" in world.get("chief", page_of(row)).text
    until(8)
    assert steps(row.id)[-1] == ("lapsed", "school", 8, "no_word")


def test_what_is_said_to_be_over_is_not_forgotten_before_it_is_closed(world: World) -> None:
    identity = world.report(order_affected="slight").id
    decide(world, "chief", "resolve", identity, 1, text="done")
    until(32, every_s=60)
    assert steps(identity) == [("repeated", "school", 31, "unverified")]
    decide(world, "county", "verify", identity, 33)
    until(64, every_s=60)
    assert steps(identity)[1:] == [("repeated", "school", 63, "unclosed")]
    decide(world, "county", "close", identity, 65)
    assert world.fresh(identity).next_due_at is None


def test_a_county_without_a_city_goes_to_the_province(world: World) -> None:
    with writing():
        db.session.execute(update(Division).where(Division.code == COUNTY).values(parent=PROVINCE))
    identity, other = world.report(**SERIOUS).id, world.report(**{**SERIOUS, "category": "fire"}).id
    decide(world, "county", "resolve", other, text="done")
    until(16, every_s=60)
    assert (world.fresh(identity).level, world.fresh(identity).exhausted) == ("province", True)
    assert steps(other) == [("repeated", "county", 15, "unverified")]
    assert decide(world, "province", "verify", other, 17).verified_at == after(17)


def test_one_that_cannot_be_moved_holds_nobody_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    identities = sorted(world.report(**SERIOUS).id for _ in range(3))

    def broken(row: Any, at: datetime, chain: tuple[str, ...], whole: Any = engine.step_of) -> Any:
        if row.id == identities[1]:
            raise ZeroDivisionError
        return whole(row, at, chain)

    monkeypatch.setattr(engine, "step_of", broken)
    assert tick(5) == 2
    monkeypatch.undo()
    assert [world.fresh(identity).level for identity in identities] == ["city", "county", "city"]
    assert tick(5) == 1


# --- merge, end, again ------------------------------------------------------------------------------------------------


def test_merge_close_and_a_late_tap(world: World) -> None:
    kept, twin = world.report(order_affected="slight").id, world.report("county", **SERIOUS).id
    stale = world.fresh(twin)
    row = decide(world, "county", "merge", twin, 1, into=kept)
    assert (row.state, row.merged_into, row.next_due_at) == ("merged", kept, None)
    target = world.fresh(kept)
    assert (target.joined, target.severity, target.level, target.because) == ([twin], "serious", "county", ["joined"])
    with pytest.raises(service.Stale):
        service.acknowledge(incident=stale, by=world.by("county2"), at=after(2), seen_version=1)
    with pytest.raises(service.Refused) as refused:
        decide(world, "county", "acknowledge", twin, 2)
    assert refused.value.reason == "final"
    with pytest.raises(service.Refused) as into_itself:
        decide(world, "county", "merge", kept, 2, into=twin)
    assert into_itself.value.reason == "no_target", "what is merged takes nothing in"
    decide(world, "county", "resolve", kept, 3, text="done")
    decide(world, "city", "verify", kept, 3)
    row = decide(world, "county", "close", kept, 3)
    with pytest.raises(service.Refused):
        decide(world, "county2", "acknowledge", kept, 4)
    assert (world.fresh(kept).state, world.fresh(kept).version) == ("closed", row.version)
    until(60, every_s=300)
    assert steps(kept) == steps(twin) == []
    html = world.get("county", page_of(world.fresh(twin)), **{"Accept-Language": "en"}).text
    assert "Goes on in: Power cut" in html


def test_the_page_merges_into_what_it_offers(world: World) -> None:
    twin, kept = world.report(**SERIOUS), world.report(**SERIOUS, room="01")
    url = f"{page_of(twin)}/merge"
    assert kept.id in world.get("county", page_of(twin)).text
    assert kept.id not in world.get("chief", page_of(twin)).text
    assert world.post("county", url, {"seen_version": "1", "into": "no id"}).status_code == 422
    assert world.post("county", url, {"seen_version": "1", "into": twin.id}).status_code == 409
    assert world.post("county", url, {"seen_version": "1", "into": kept.id, "text": "seen twice"}).status_code == 303
    assert world.fresh(twin.id).merged_into == kept.id


def test_withdrawn_before_the_county_saw_it_stays_in_sight_until_somebody_has(world: World) -> None:
    row = decide(world, "chief", "withdraw", world.report("chief", **SERIOUS).id, 1)
    assert (row.state, row.withdrawn, row.unacknowledged_end) == ("cancelled", True, True)
    county = db.session.get(queries.Division, COUNTY)
    assert county is not None
    assert [each.id for each in queries.for_desk(county, window=WINDOW).needs_me] == [row.id]
    with pytest.raises(service.Refused):
        decide(world, "county", "acknowledge", row.id, 2)
    seen = {"seen_version": str(row.version)}
    assert world.post("county", f"{page_of(row)}/see", seen).status_code == 303
    row = world.fresh(row.id)
    assert (row.state, row.unacknowledged_end) == ("cancelled", False)
    desk = queries.for_desk(county, window=WINDOW)
    assert ([each.id for each in desk.needs_me], [each.id for each in desk.ended]) == ([], [row.id])


def closed(world: World, **answers: Any) -> str:
    """An incident of a school, reported, settled and closed within a minute."""
    identity = world.report(**answers).id
    decide(world, "chief", "resolve", identity, 1, text="done")
    decide(world, "chief", "verify", identity, 1)
    decide(world, "chief", "close", identity, 1)
    return identity


def test_the_same_fault_again_is_said_by_anybody_on_the_chain(world: World) -> None:
    identity = closed(world)
    row = decide(world, "chief", "realarm", identity, 20, reason="dark again")
    assert (row.state, row.phase, row.told_at, row.realarmed_at) == ("open", "realarmed", after(20), after(20))
    assert (row.resolved_at, row.verified_at, row.ended_at, row.owner) == (None, None, None, None)
    assert row.ack_due_at == after(80)
    late = closed(world, category="audio")
    with pytest.raises(service.Refused):
        decide(world, "chief", "realarm", late, 31.1, reason="again")


@pytest.mark.parametrize(
    ("minutes", "answers", "again"),
    [
        (30, {}, True),
        (20, {"order_affected": "serious"}, True),
        (32, {}, False),
        (20, {"category": "audio"}, False),
        (20, {"room": "01"}, False),
        (20, {"school": OTHER_SCHOOL}, False),
    ],
)
def test_a_new_report_of_the_same_fault_goes_on_in_the_old_incident(
    world: World, minutes: int, answers: dict[str, Any], again: bool
) -> None:
    old = closed(world)
    given = {"category": "power", "order_affected": "no", "school": SCHOOL, **answers}
    rest = {"data_affected": False, "materials_at_risk": False, "beyond_school": False}
    call = {"county": COUNTY, "window": WINDOW, "by": world.by("county"), "at": after(minutes)}
    new = world.fresh(service.report(**call, **given, **rest))  # type: ignore[arg-type]
    row = world.fresh(old)
    if not again:
        assert (row.state, new.state) == ("closed", "open")
        return
    assert (row.state, row.phase, row.joined) == ("open", "realarmed" if not answers else "escalated", [new.id])
    assert (new.state, new.merged_into, new.next_due_at) == ("merged", old, None)
    serious = "order_affected" in answers
    assert (row.severity, row.level) == (("serious", "county") if serious else ("minor", "school"))
    assert row.told_at == after(minutes)


# --- more than one at a time ------------------------------------------------------------------------------------------


def test_several_engines_and_a_desk_at_once_give_one_effect(world: World) -> None:
    identities = [world.report(**SERIOUS).id for _ in range(12)]
    window = db.session.get(Window, WINDOW)
    assert window is not None
    assert window.clock_set_at is not None
    real = window.clock_set_at + timedelta(minutes=6)
    db.session.rollback()
    start, failed = threading.Barrier(4), []

    def work(press: bool) -> None:
        with world.app.app_context():
            rows = [queries.get(COUNTY, identity) for identity in identities] if press else []
            by = world.by("county")
            db.session.rollback()
            start.wait(10)
            try:
                for row in rows:
                    assert row is not None
                    service.acknowledge(incident=row, by=by, at=after(6), seen_version=1)
            except service.Stale:
                pass
            except Exception as error:  # noqa: BLE001 - shown by the test
                failed.append(error)
            if not press:
                engine.round(real)

    threads = [threading.Thread(target=work, args=(press,)) for press in (False, False, False, True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    for identity in identities:
        row = world.fresh(identity)
        taken = row.state == "acknowledged"
        assert (row.level, len(steps(identity))) == (("county", 0) if taken else ("city", 1))


def test_a_phone_that_was_offline_costs_nobody_their_time(world: World) -> None:
    row = world.report(**SERIOUS, occurred_at=NOW - timedelta(minutes=50))
    assert (row.occurred_at, row.told_at, row.ack_due_at) == (after(-50), NOW, after(5))
    tick(0)
    assert world.fresh(row.id).level == "county"
