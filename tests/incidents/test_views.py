"""Pages of incidents: who sees what, which buttons, what a stale press reads, in both languages."""

from __future__ import annotations

import re

import pytest

from fieldops.db import db
from fieldops.incidents import service, transitions
from fieldops.incidents.models import IncidentRow
from tests.incidents.conftest import (
    ANSWERS,
    CITY,
    COUNTY,
    FOREIGN_SCHOOL,
    NOW,
    OTHER_COUNTY,
    OTHER_SCHOOL,
    PROVINCE,
    SCHOOL,
    SERIOUS,
    World,
    page_of,
)

HOSTILE = "<b>x</b> {x} %s %(name)s O'Neil"
ENGLISH = {"Accept-Language": "en"}


def buttons(html: str) -> set[str]:
    """The actions that a page offers."""
    return {action for action in transitions.ACTIONS if re.search(rf'action="[^"]*/{action}"', html)}


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("chief", 200),
        ("principal", 200),
        ("inspector", 200),
        ("supervisor", 200),
        ("county", 200),
        ("city", 200),
        ("province", 200),
        ("monitor", 404),
        ("other_chief", 404),
        ("other_county", 404),
    ],
)
def test_who_sees_an_incident(world: World, name: str, status: int) -> None:
    row = world.report(**SERIOUS)
    assert world.get(name, page_of(row)).status_code == status
    for part in ("state", "actions", "timeline"):
        assert world.get(name, f"{page_of(row)}/{part}").status_code == status
    posted = world.post(name, f"{page_of(row)}/acknowledge", {"seen_version": "1"})
    presses = {"county": 303, "chief": 409, "city": 409, "province": 409}
    assert posted.status_code == (404 if status == 404 else presses.get(name, 403))


def test_an_incident_of_another_school_or_county_is_not_here(world: World) -> None:
    row = world.report()
    assert world.get("province", f"/c/{COUNTY}/s/{OTHER_SCHOOL}/incidents/{row.id}").status_code == 404
    assert world.get("province", f"/c/{OTHER_COUNTY}/s/{FOREIGN_SCHOOL}/incidents/{row.id}").status_code == 404


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("chief", {"resolve", "raise_severity"}),
        ("county", {"acknowledge", "instruct", "escalate", "hand_back", "resolve", "lower_severity", "withdraw"}),
        ("city", {"instruct"}),
        ("principal", set()),
        ("supervisor", set()),
    ],
)
def test_the_page_offers_what_the_table_offers(world: World, name: str, expected: set[str]) -> None:
    row = world.report("county2", **SERIOUS)
    expected = expected - {"raise_severity"}  # it is serious already
    assert buttons(world.get(name, page_of(row)).text) == expected


def test_lists_of_each_level(world: World) -> None:
    minor, serious = world.report(), world.report(**SERIOUS)
    ours = {
        "chief": f"/c/{COUNTY}/s/{SCHOOL}/incidents",
        "county": f"/c/{COUNTY}/incidents",
        "city": f"/d/{CITY}/incidents",
        "province": f"/d/{PROVINCE}/incidents",
    }
    for name, seen in (("chief", {minor.id, serious.id}), ("county", {minor.id, serious.id}), ("city", set())):
        html = world.get(name, ours[name]).text
        assert {row.id for row in (minor, serious) if row.id in html} == seen, name
        assert f'data-live="{ours[name]}/list?' in html
    _escalate(world, serious)
    assert serious.id in world.get("city", ours["city"]).text
    assert "阳山县" in world.get("city", ours["city"]).text
    assert serious.id not in world.get("province", ours["province"]).text
    assert world.get("chief", ours["county"]).status_code == 404
    assert world.get("county", ours["city"]).status_code == 404
    assert world.get("other_county", ours["county"]).status_code == 404


def _escalate(world: World, row: IncidentRow) -> None:
    mine = world.fresh(row.id)
    service.escalate(incident=mine, by=world.by("county"), at=NOW, seen_version=mine.version, reason="help")


def test_names_of_students_stay_in_school_and_county(world: World) -> None:
    row = world.report(**SERIOUS, students=["S7"])
    _escalate(world, row)
    name = "欧阳&lt;b&gt;{x}"
    for who, sees in (("chief", True), ("county", True), ("supervisor", False), ("city", False), ("province", False)):
        html = world.get(who, page_of(row)).text
        assert (name in html) == sees, who
        assert "欧阳<b>" not in html
    assert "欧阳" not in world.get("county", f"/c/{COUNTY}/incidents").text
    assert "欧阳" not in world.get("city", f"/d/{CITY}/incidents").text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_hostile_words_stay_words(world: World, language: str) -> None:
    row = world.report(**SERIOUS, note=HOSTILE, handled=HOSTILE)
    service.instruct(incident=row, by=world.by("county"), at=NOW, seen_version=1, text=HOSTILE)
    for path in (page_of(row), f"/c/{COUNTY}/incidents"):
        answer = world.get("county", path, **{"Accept-Language": language})
        assert answer.status_code == 200
        assert "<b>x</b>" not in answer.text
    assert world.get("county", page_of(row)).text.count("&lt;b&gt;x&lt;/b&gt; {x} %s %(name)s") == 5


def test_severity_is_words_with_the_criterion_and_never_a_digit(world: World) -> None:
    row = world.report(**SERIOUS)
    html = world.get("county", page_of(row), **ENGLISH).text
    assert "serious, because test materials are at risk" in html
    assert not re.search(r"(level|grade|severity)\s*[123]|[123]\s*级", html, re.IGNORECASE)


def test_a_decision_answers_with_the_fresh_page(world: World) -> None:
    row = world.report(**SERIOUS)
    plain = world.post("county", f"{page_of(row)}/acknowledge", {"seen_version": "1"})
    assert (plain.status_code, plain.location) == (303, page_of(row))
    ready = {"seen_version": "2", "ready": "Seal it.", "text": "Call 123 & wait"}
    part = world.post("county", f"{page_of(row)}/instruct", ready, **{"HX-Request": "true"})
    assert part.status_code == 200
    assert "<html" not in part.text
    assert world.fresh(row.id).last_instruction == "Seal it.\nCall 123 & wait"


def test_a_stale_press_reads_who_was_faster_and_keeps_the_words(world: World) -> None:
    row = world.report(**SERIOUS)
    service.acknowledge(incident=row, by=world.by("county2"), at=NOW, seen_version=1)
    late = world.post("county", f"{page_of(row)}/instruct", {"seen_version": "1", "text": "my words"}, **ENGLISH)
    assert late.status_code == 409
    assert "Meanwhile county2 decided: “Taken on”" in late.text
    assert "my words" in late.text
    assert world.fresh(row.id).version == 2
    again = world.post("county", f"{page_of(row)}/acknowledge", {"seen_version": "2"}, **ENGLISH)
    assert again.status_code == 409
    assert "this step is not the next one" in again.text


def test_missing_words_are_asked_for(world: World) -> None:
    row = world.report(**SERIOUS)
    for data in ({"seen_version": "1", "text": "  "}, {"text": "x"}, {"seen_version": "1", "text": "x" * 2001}):
        assert world.post("county", f"{page_of(row)}/resolve", data).status_code == 422
    assert world.post("county", f"{page_of(row)}/notes", {"text": ""}).status_code == 422
    assert world.post("county", f"{page_of(row)}/notes", {"text": "seen\0"}).status_code == 303
    assert world.fresh(row.id).version == 1


def test_fragments_answer_304_until_something_happens(world: World) -> None:
    row, version = world.report(**SERIOUS), 1
    for path in (f"/c/{COUNTY}/incidents/list", f"{page_of(row)}/state", f"{page_of(row)}/actions"):
        first = world.get("county", path)
        tag = first.headers["ETag"]
        assert world.get("county", path, **{"If-None-Match": tag}).status_code == 304
        assert world.get("county", path, **{"If-None-Match": tag, **ENGLISH}).status_code == 200
        service.note(incident=world.fresh(row.id), by=world.by("county"), at=NOW, text="n")
        changed = world.get("county", path, **{"If-None-Match": tag}).status_code
        # The list says nothing of notes, so it is not sent again for one.
        assert changed == (200 if path.endswith("/state") else 304)
        service.instruct(incident=world.fresh(row.id), by=world.by("county"), at=NOW, seen_version=version, text="t")
        version += 1
        assert world.get("county", path, **{"If-None-Match": tag}).status_code == 200


def test_a_desk_reports_on_behalf(world: World) -> None:
    url = f"/c/{COUNTY}/incidents/new"
    assert world.get("county", url).status_code == 200
    assert world.get("chief", url).status_code == 404
    data = {"school": SCHOOL, "category": "fire", "order_affected": "serious", "occurred": "2024-05-20T09:10"}
    answer = world.post("county", url, data)
    assert answer.status_code == 303
    row = world.fresh(answer.location.rsplit("/", 1)[1])
    assert (row.severity, row.level, row.occurred_at) == ("serious", "county", NOW.replace(minute=10))
    assert world.post("county", url, {**data, "occurred": "2024-05-20T11:10"}).status_code == 422
    assert world.post("county", url, {**data, "school": FOREIGN_SCHOOL}).status_code == 422
    own = f"/c/{COUNTY}/s/{SCHOOL}/incidents/new"
    assert world.post("chief", own, {**data, "room": "01"}).status_code == 303
    assert world.get("other_chief", own).status_code == 404


def test_the_telephone_is_one_tap_away(world: World) -> None:
    html = world.get("county", page_of(world.report(**SERIOUS))).text
    assert 'href="tel:07637861234"' in html


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", ["chief", "county", "city", "province", "principal"])
def test_every_state_of_the_page_renders(world: World, name: str, language: str) -> None:
    row = world.report(order_affected="slight", handled=True, room="01")
    steps = (
        ("chief", "escalate", {"reason": "r"}),
        ("county", "acknowledge", {}),
        ("county", "resolve", {"text": "t"}),
        ("city", "verify", {}),
        ("county", "close", {}),
    )
    for who, action, words in steps:
        service.decide(action, incident=row, by=world.by(who), at=NOW, seen_version=row.version, **words)
        row = world.fresh(row.id)
        assert world.get(name, page_of(row), **{"Accept-Language": language}).status_code == 200
    db.session.rollback()
    assert ANSWERS["category"] == row.category
