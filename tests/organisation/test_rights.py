"""The table of rights, the paths of places, and what an actor may."""

from __future__ import annotations

import pytest

from fieldops.db import writing
from fieldops.journal import queries as journal
from fieldops.organisation import queries, service
from fieldops.organisation.actors import actor_by_token, author
from fieldops.organisation.places import Place
from fieldops.organisation.problems import Invalid
from fieldops.organisation.rights import ACTIONS, ROLE_LEVELS, ROLES, HeldDuty, may
from fieldops.organisation.words import ROLE_NAMES
from tests.organisation.conftest import (
    CITY,
    CLOSED,
    COUNTY,
    FAR_SCHOOL,
    FOREIGN_SCHOOL,
    OTHER,
    PROVINCE,
    SCHOOL,
    WINDOW,
    World,
)

#: domain.md §1, the people of the field; `desk` is the leading group's duty desk.
ROLES_OF_THE_FIELD = {
    "chief_monitor",
    "monitor",
    "subject_monitor",
    "timekeeper",
    "inspector",
    "principal",
    "information_officer",
    "custodian",
    "supervisor",
    "desk",
}
ROOM = Place(f"{COUNTY}/{SCHOOL}/01", "room", (f"{COUNTY}/{SCHOOL}/01", f"{COUNTY}/{SCHOOL}", COUNTY, CITY, PROVINCE))


def test_every_role_of_the_field_has_rights_levels_and_a_name() -> None:
    assert set(ROLES) == set(ROLE_LEVELS) == set(ROLE_NAMES) == ROLES_OF_THE_FIELD


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (f"{COUNTY}/{SCHOOL}/01", True),
        (f"{COUNTY}/{SCHOOL}", True),
        (COUNTY, True),
        (PROVINCE, True),
        (f"{COUNTY}/{SCHOOL}/02", False),
        (f"{COUNTY}/{SCHOOL}/0", False),
        (f"{COUNTY}/{FAR_SCHOOL}", False),
        (OTHER, False),
        ("", False),
    ],
)
def test_a_duty_reaches_its_place_and_what_lies_below(held: str, expected: bool) -> None:
    assert may([HeldDuty("monitor", held, WINDOW)], "attendance.note", ROOM) is expected


def test_an_unknown_action_is_a_mistake_of_ours() -> None:
    with pytest.raises(LookupError):
        may([HeldDuty("desk", COUNTY, WINDOW)], "no.such", ROOM)
    assert not may([HeldDuty("no such role", COUNTY, WINDOW)], min(ACTIONS), ROOM)


@pytest.mark.parametrize(
    ("path", "level", "depth"),
    [(PROVINCE, "province", 1), (CITY, "city", 2), (COUNTY, "county", 3), (f"{COUNTY}/{SCHOOL}", "school", 4)],
)
def test_places_are_found_with_all_they_lie_in(world: World, path: str, level: str, depth: int) -> None:
    place = queries.place(path)
    assert place is not None
    assert (place.path, place.level, len(place.within)) == (path, level, depth)
    assert place.within[-1] == PROVINCE


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "999999",
        "44182",
        "٤٤١٨٢٣",
        "\ud800",
        f"{COUNTY}/",
        f"{COUNTY}/%",
        f"{COUNTY}/{FOREIGN_SCHOOL}",
        f"{CITY}/{SCHOOL}",
        f"{COUNTY}/{SCHOOL}/",
        f"{COUNTY}/{SCHOOL}/0\0",
        f"{COUNTY}/{SCHOOL}/01/x",
        f"{COUNTY}/{SCHOOL}/" + "1" * 17,
    ],
)
def test_what_is_no_place_is_none(world: World, path: str) -> None:
    assert queries.place(path) is None


def test_a_closed_window_gives_nothing(world: World) -> None:
    person = world.person("chief_monitor", f"{COUNTY}/{SCHOOL}", window=CLOSED)
    token = world.token(person)
    actor = actor_by_token(token)
    assert actor is not None
    assert (actor.window, actor.duties) == (None, ())
    with writing():
        service.give_duty(person=person, role="monitor", place=f"{COUNTY}/{SCHOOL}/01", window=WINDOW, by=None)
    actor = actor_by_token(token)
    assert actor is not None
    assert actor.window == WINDOW
    assert [duty.role for duty in actor.duties] == ["monitor"], "last year's duty decides nothing this year"


def test_the_author_answers_as_the_places_do(world: World) -> None:
    school, far = f"{COUNTY}/{SCHOOL}", f"{COUNTY}/{FAR_SCHOOL}"
    cases = {
        ("monitor", f"{school}/01"): {f"{school}/01"},
        ("chief_monitor", school): {f"{school}/01", f"{school}/02", school},
    }
    foreign = [COUNTY, f"{far}/01", f"{OTHER}/{FOREIGN_SCHOOL}/01", "x", f"{school}/01/x"]
    paths = [*foreign, school, f"{school}/01", f"{school}/02"]
    for (role, held), allowed in cases.items():
        actor = actor_by_token(world.token(world.person(role, held)))
        assert actor is not None
        speaker = author(actor, COUNTY)
        assert {path for path in paths if speaker.may("attendance.note", path)} == allowed
    desk = actor_by_token(world.token(world.person("desk", CITY)))
    assert desk is not None
    assert author(desk, COUNTY).may("incident.act", f"{COUNTY}/{SCHOOL}/01")
    assert not author(desk, COUNTY).may("incident.act", f"{COUNTY}/9999999999"), "a school that does not exist"
    assert author(desk, COUNTY).levels("incident.act", COUNTY) == ("city",)


@pytest.mark.parametrize(
    ("role", "place"),
    [("desk", f"{COUNTY}/{SCHOOL}"), ("monitor", COUNTY), ("boss", COUNTY), ("chief_monitor", f"{COUNTY}/999999")],
)
def test_a_duty_that_cannot_be_is_refused(world: World, role: str, place: str) -> None:
    person = world.person(None)
    with pytest.raises(Invalid), writing():
        service.give_duty(person=person, role=role, place=place, window=WINDOW, by=None)
    assert queries.duties_of(person) == []


def test_duties_stand_in_the_countys_journal_without_names(world: World) -> None:
    person = world.person("chief_monitor", f"{COUNTY}/{SCHOOL}", name="张三")
    with writing():
        service.give_duty(person=person, role="chief_monitor", place=f"{COUNTY}/{SCHOOL}", window=WINDOW, by=None)
        assert service.withdraw_duty(
            person=person, role="chief_monitor", place=f"{COUNTY}/{SCHOOL}", window=WINDOW, by=person
        )
    world.person("desk", CITY)  # no county is concerned
    told = journal.since(COUNTY, 0, limit=10)
    assert [(event.kind, event.school) for event in told] == [("duty.given", SCHOOL), ("duty.withdrawn", SCHOOL)]
    assert told[1].data == {
        "person": person, "role": "chief_monitor", "place": f"{COUNTY}/{SCHOOL}", "by": person
    }  # fmt: skip
    assert "张三" not in str(told)


def test_the_listing_gives_a_fresh_code_for_each_duty(world: World) -> None:
    world.person("monitor", f"{COUNTY}/{SCHOOL}/01", name="{x}")
    world.person("desk", PROVINCE)
    world.person("monitor", f"{COUNTY}/{SCHOOL}/01", window=CLOSED)
    rows = service.people_listing(None, "https://example.test", fresh_codes=True)
    assert [(row["role"], row["place"], row["level"]) for row in rows] == [
        ("desk", PROVINCE, "province"),
        ("monitor", f"{COUNTY}/{SCHOOL}/01", "room"),
    ]
    assert rows[1]["person"] == "{x}"
    for row in rows:
        assert row["sign_in_url"] == f"https://example.test/enter/{str(row['enrol_code']).replace('-', '')}"
        assert service.code_holder(str(row["enrol_code"]))
    assert service.people_listing(WINDOW, "https://example.test", fresh_codes=False)[0]["enrol_code"] is None
