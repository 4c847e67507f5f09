"""One incident of several schools: asked, made, instructed once, read by whom, settled. On both engines."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from fieldops.db import db, writing
from fieldops.incidents import area_queries, area_service, engine, queries, service
from fieldops.incidents.area_queries import Asked
from fieldops.incidents.models import IncidentRow
from fieldops.journal.events import make
from fieldops.journal.models import EventRow
from fieldops.journal.service import record
from fieldops.journal.verify import verify
from fieldops.messages.models import Letter
from fieldops.notices import queries as notices
from fieldops.notices import service as reading
from fieldops.notices.models import Notice
from fieldops.organisation.models import School
from fieldops.roster.models import Sample
from tests.incidents.conftest import ANSWERS, COUNTY, NOW, OTHER_SCHOOL, SCHOOL, WINDOW, World, page_of

MORE = {"4418230103": "丁小学 <b>{x}</b>", "4418230104": "O'Neil %s 㐂小学"}
SCHOOLS = (SCHOOL, OTHER_SCHOOL, *MORE)
GRAVE = {**ANSWERS, "data_affected": True}


@pytest.fixture
def four(world: World) -> World:
    """A county of four schools."""
    with writing():
        for code, name in MORE.items():
            db.session.add(School(county=COUNTY, code=code, name=name, telephone="0763-9"))
        db.session.flush()
        for code in MORE:
            db.session.add(Sample(county=COUNTY, window=WINDOW, school=code, card_salt="00"))
    return world


def power(world: World, school: str, minute: float = 0, **answers: object) -> str:
    at = NOW + timedelta(minutes=minute)
    given = {**ANSWERS, **answers}
    return service.report(county=COUNTY, window=WINDOW, by=world.by("county"), at=at, school=school, **given)


def asked() -> list[Asked]:
    db.session.rollback()
    return area_queries.proposals(COUNTY, WINDOW)


def yes(world: World, question: Asked, minute: float = 3, by: str = "county", version: int | None = None) -> None:
    area_service.accept(
        county=COUNTY,
        window=WINDOW,
        category=question.category,
        incidents=[each.incident for each in question.members],
        into=question.into.id if question.into else None,
        by=world.by(by),
        at=NOW + timedelta(minutes=minute),
        seen_version=question.version if version is None else version,
    )


def the_area() -> IncidentRow:
    db.session.rollback()
    return db.session.scalars(select(IncidentRow).where(IncidentRow.school.is_(None))).one()


def made(world: World, schools: tuple[str, ...] = SCHOOLS[:3], **answers: object) -> tuple[IncidentRow, list[str]]:
    reported = [power(world, school, minute, **answers) for minute, school in enumerate(schools)]
    (question,) = asked()
    yes(world, question)
    return the_area(), reported


def well() -> bool:
    db.session.rollback()
    return list(verify(COUNTY)) == []


def test_three_schools_are_one_question_and_a_yes_is_one_incident(four: World) -> None:
    first = power(four, SCHOOLS[0])
    power(four, SCHOOLS[1], 4)
    assert asked() == []
    power(four, SCHOOLS[2], 9, category="audio")
    assert asked() == []
    power(four, SCHOOLS[2], 9)
    (question,) = asked()
    assert (len(question.members), question.minutes, question.into) == (3, 9, None)
    assert question.schools[SCHOOLS[2]] == MORE[SCHOOLS[2]]
    yes(four, question, 10)
    area = the_area()
    assert (area.level, area.severity, area.state, area.category) == ("county", "serious", "open", "power")
    assert area.occurred_at == NOW
    assert area.joined == [each.incident for each in question.members]
    joined = four.fresh(first)
    assert (joined.state, joined.merged_into, joined.next_due_at) == ("merged", area.id, None)
    said = [entry.school for entry in queries.timeline(COUNTY, area.id) if entry.kind == "joined"]
    assert said == list(SCHOOLS[:3])
    assert asked() == []
    assert well()


def test_the_same_answer_twice_or_a_stale_one_makes_no_second(four: World) -> None:
    for school in SCHOOLS[:3]:
        power(four, school)
    (question,) = asked()
    power(four, SCHOOLS[3], 1)
    with pytest.raises(area_service.Changed) as stale:
        yes(four, question)
    assert stale.value.reason == "stale"
    (fresh,) = asked()
    assert len(fresh.members) == 4
    yes(four, fresh)
    with pytest.raises(area_service.Changed):
        yes(four, fresh, by="county2")
    # Also with the newest version: nothing of it is asked any more.
    with pytest.raises(area_service.Changed):
        yes(four, fresh, by="county2", version=fresh.version + 1)
    the_area()
    assert well()


def test_who_may_not_act_at_the_county_may_not_answer(four: World) -> None:
    for school in SCHOOLS[:3]:
        power(four, school)
    (question,) = asked()
    for name in ("chief", "supervisor", "other_county"):
        with pytest.raises(area_service.Changed):
            yes(four, question, by=name)
    assert len(asked()) == 1


def test_a_no_needs_its_reason_and_holds_until_one_more(four: World) -> None:
    for school in SCHOOLS[:3]:
        power(four, school)
    (question,) = asked()
    given = {
        "county": COUNTY,
        "window": WINDOW,
        "category": "power",
        "incidents": [each.incident for each in question.members],
        "by": four.by("county"),
        "at": NOW,
        "seen_version": question.version,
    }
    with pytest.raises(area_service.Changed):
        area_service.decline(**given, reason="  ")
    area_service.decline(**given, reason="三校各自跳闸 {x}")
    assert asked() == []
    power(four, SCHOOLS[3], 2)
    assert [len(each.members) for each in asked()] == [4]
    assert well()


def test_another_school_joins_what_is_there_and_reads_what_was_said(four: World) -> None:
    area, _ = made(four)
    service.instruct(incident=area, by=four.by("county"), at=NOW, seen_version=area.version, text="等候")
    power(four, SCHOOLS[3], 8)
    (question,) = asked()
    assert question.into is not None
    yes(four, question, 9)
    assert len(the_area().joined) == 4
    told = notices.about(COUNTY, WINDOW, area.id)
    assert sorted(tuple(row.schools) for row in told) == sorted([SCHOOLS[:3], (SCHOOLS[3],)])
    assert {row.text for row in told} == {"等候"}
    assert well()


def test_late_ones_open_nothing_that_is_over(four: World) -> None:
    area, _ = made(four)
    by = four.by("county")
    service.resolve(incident=area, by=by, at=NOW, seen_version=area.version, text="来电")
    power(four, SCHOOLS[3], 5)
    assert asked() == []
    assert the_area().state == "resolved"


def test_one_instruction_reaches_all_schools_and_each_reading_is_known(four: World) -> None:
    area, reported = made(four, SCHOOLS[:2] + SCHOOLS[2:3])
    long = "先让学生在原位等候。" * 100
    service.instruct(incident=area, by=four.by("county"), at=NOW, seen_version=area.version, text=long)
    taken = the_area()
    assert (taken.state, taken.owner) == ("acknowledged", four.actor("county").person_id)
    (notice,) = notices.about(COUNTY, WINDOW, area.id)
    assert notice.text == long
    before = notices.readers([notice])
    assert {reader.name for reader in before if reader.receipt is None} >= {"chief", "other_chief", "monitor"}
    reading.read(county=COUNTY, window=WINDOW, school=SCHOOL, identity=notice.id, by=four.by("chief"), at=NOW)
    db.session.rollback()
    after = notices.readers(notices.about(COUNTY, WINDOW, area.id))
    assert [reader.name for reader in after if reader.receipt] == ["chief"]
    assert after[-1].name == "chief"
    assert after[0].telephone is not None
    assert [(name, read) for name, read, _ in notices.by_school(after)] == [("乙小学", 0), ("甲小学", 1)]
    # The school's own incident shows it as well: on the phone, and on its page.
    (mine,) = [each for each in queries.snapshot_incidents(COUNTY, WINDOW, SCHOOL) if each["id"] == reported[0]]
    assert (mine["state"], mine["phase"], mine["instructions"][-1]["text"]) == ("merged", "instructed", long)
    body = four.get("chief", page_of(four.fresh(reported[0]))).text
    assert long in body
    assert area.id not in body
    # And every school's desk is written to.
    letters = db.session.scalars(select(Letter.place).where(Letter.subject == area.id, Letter.what == "instructed"))
    assert set(letters) == {f"{COUNTY}/{school}" for school in SCHOOLS[:3]}
    assert well()


def test_the_graver_severity_the_higher_level_and_the_earlier_deadline_count(four: World) -> None:
    reported = [power(four, school, minute, **GRAVE) for minute, school in enumerate(SCHOOLS[:3])]
    first = four.fresh(reported[0])
    due = first.ack_due_at
    service.escalate(incident=first, by=four.by("county"), at=NOW, seen_version=first.version, reason="x")
    due = min(row.ack_due_at for row in map(four.fresh, reported) if row.ack_due_at) or due
    (question,) = asked()
    yes(four, question, 3)
    area = the_area()
    assert (area.severity, area.level, area.reached) == ("serious", "city", "city")
    assert area.ack_due_at is not None
    assert due is not None
    assert area.ack_due_at <= due


def test_nobody_takes_it_on_and_it_goes_up_once(four: World) -> None:
    area, reported = made(four)
    # The joined ones' own clocks stand: of four incidents one step is due.
    at = (area.ack_due_at or NOW) + timedelta(seconds=1)
    drafts = [engine.step_of(row, at, ("school", "county", "city", "province")) for row in map(four.fresh, reported)]
    assert drafts == [None, None, None]
    step = engine.step_of(area, at, ("school", "county", "city", "province"))
    assert step is not None
    assert (step.kind, step.data["to_level"]) == ("incident.lapsed", "city")


def test_a_county_incident_stays_above_the_schools(four: World) -> None:
    area, _ = made(four)
    with pytest.raises(service.Refused):
        service.hand_back(incident=area, by=four.by("county"), at=NOW, seen_version=area.version, text="x")
    with pytest.raises(service.NotRecorded):
        service.resolve(incident=area, by=four.by("chief"), at=NOW, seen_version=area.version, text="x")
    with pytest.raises(service.Refused):
        service.withdraw(incident=area, by=four.by("county"), at=NOW, seen_version=area.version, reason="x")
    url = f"/c/{COUNTY}/incidents/{area.id}"
    assert four.get("chief", url).status_code == 404
    assert four.get("other_county", url).status_code == 404
    for name in ("county", "city", "province", "supervisor"):
        assert four.get(name, url).status_code == 200
    assert four.get("county", f"/c/{COUNTY}/s/{SCHOOL}/incidents/{area.id}").status_code == 404


def test_said_to_be_over_reaches_all_and_the_end_is_one(four: World) -> None:
    area, reported = made(four)
    service.resolve(incident=area, by=four.by("county"), at=NOW, seen_version=area.version, text="来电，补时")
    service.verify(incident=(now := the_area()), by=four.by("city"), at=NOW, seen_version=now.version)
    service.close(incident=(now := the_area()), by=four.by("city"), at=NOW, seen_version=now.version)
    assert the_area().state == "closed"
    assert [row.text for row in notices.about(COUNTY, WINDOW, area.id)] == ["来电，补时"]
    assert {four.fresh(each).state for each in reported} == {"merged"}
    phases = {each["phase"] for each in queries.snapshot_incidents(COUNTY, WINDOW, SCHOOL)}
    assert phases == {"closed"}
    late = four.fresh(reported[0])
    with pytest.raises(service.Refused):
        service.acknowledge(incident=late, by=four.by("chief"), at=NOW, seen_version=late.version)
    service.note(incident=late, by=four.by("chief"), at=NOW, text="本校已恢复")
    assert well()


def test_by_hand_a_school_joins_it_but_it_joins_no_school(four: World) -> None:
    area, _ = made(four)
    other = four.fresh(power(four, SCHOOLS[3], 40))
    with pytest.raises(service.Refused):
        service.merge(incident=area, by=four.by("county"), at=NOW, seen_version=area.version, into=other.id)
    service.merge(incident=other, by=four.by("county"), at=NOW, seen_version=other.version, into=area.id)
    assert other.id in the_area().joined
    fresh = the_area()
    service.instruct(incident=fresh, by=four.by("county"), at=NOW, seen_version=fresh.version, text="等候")
    assert SCHOOLS[3] in notices.about(COUNTY, WINDOW, area.id)[0].schools


def test_the_pages(four: World) -> None:
    for minute, school in enumerate(SCHOOLS[:3]):
        power(four, school, minute)
    (question,) = asked()
    desk = f"/c/{COUNTY}/incidents"
    for name, there in (("county", True), ("city", False)):
        body = four.get(name, desk if there else "/d/441800/incidents").text
        assert ('id="area-' in body) is there
    assert "丁小学 &lt;b&gt;{x}&lt;/b&gt;" in four.get("county", f"{desk}/list").text
    assert "area-accept" not in four.get("supervisor", desk).text
    wall = four.get("county", f"{desk}?wall=1").text
    assert 'id="area-' in wall
    assert "area-accept" not in wall
    assert 'data-ringing="1"' in four.get("county", desk).text
    given = {
        "seen_version": question.version,
        **{f"incident-{nth}": each.incident for nth, each in enumerate(question.members)},
    }
    assert four.post("supervisor", f"{desk}/area/power/accept", given).status_code == 403
    assert four.post("chief", f"{desk}/area/power/accept", given).status_code == 404
    four.post("county", f"{desk}/area/power/decline", given)
    assert len(asked()) == 1
    assert four.post("county", f"{desk}/area/power/accept", given).status_code == 303
    area = the_area()
    url = f"{desk}/{area.id}"
    body = four.get("county", desk).text
    assert url in body
    assert "甲小学 · 乙小学 · 丁小学 &lt;b&gt;" in body
    assert four.post("county", f"{url}/take", {"seen_version": area.version}).status_code == 303
    now = the_area()
    four.post("county", f"{url}/instruct", {"seen_version": now.version, "text": "等候 <b>"})
    about = four.get("county", f"/c/{COUNTY}/notices/about/{area.id}").text
    assert "等候 &lt;b&gt;" in about
    assert "tel:" in about
    for part in ("", "/state", "/timeline", "/actions"):
        assert four.get("county", url + part).status_code == 200
    four.post("county", f"{url}/notes", {"text": "note"})
    db.session.rollback()
    assert db.session.scalar(select(func.count()).where(EventRow.kind == "incident.noted")) == 1
    for other in (f"{desk}?wall=1", f"/c/{COUNTY}/board", f"{desk}/export.csv", f"{desk}/export.xlsx"):
        assert four.get("county", other).status_code == 200
    now = the_area()
    service.escalate(incident=now, by=four.by("county"), at=NOW, seen_version=now.version, reason="x")
    for other in ("/d/441800/incidents", "/d/441800/board"):
        body = four.get("city", other).text
        assert f'href="{url}"' in body
        assert "/s/None" not in body
    assert f'href="{url}"' in four.get("county", f"/c/{COUNTY}/board").text
    assert len(db.session.scalars(select(Notice)).all()) == 1


def test_reports_of_one_commit_see_each_other_in_any_order(four: World) -> None:
    drafts = [
        make(
            "incident.reported",
            at=NOW + timedelta(minutes=minute),
            identity=str(uuid.uuid4()),
            school=school,
            data=dict(ANSWERS),
        )
        for minute, school in ((9, SCHOOLS[2]), (0, SCHOOLS[0]), (4, SCHOOLS[1]))
    ]
    for sent in (drafts, list(reversed(drafts))):  # the second time they are repeats
        with writing():
            record(county=COUNTY, window=WINDOW, author=four.by("county"), events=sent, received_at=NOW)
    (question,) = asked()
    assert [each.school for each in question.members] == list(SCHOOLS[:3])
    assert question.version == 3
    assert well()


def test_two_desks_say_yes_at_once_and_one_incident_is_made(four: World) -> None:
    for school in SCHOOLS[:3]:
        power(four, school)
    (question,) = asked()
    db.session.rollback()
    start = threading.Barrier(2)

    def press(by: str) -> bool:
        with four.app.app_context():
            start.wait()
            try:
                yes(four, question, by=by)
            except area_service.Changed:
                return False
            finally:
                db.session.remove()
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, ("county", "county2"))) == [False, True]
    the_area()
    assert well()
