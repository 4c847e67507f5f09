"""A province with a city and two counties, a school in each, and somebody on every duty."""

from __future__ import annotations

import contextvars
import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from fieldops.db import db, utcnow, writing
from fieldops.incidents import queries, service
from fieldops.incidents.models import IncidentRow
from fieldops.journal.service import Author, add_county
from fieldops.organisation.actors import Actor, actor_by_token, author
from fieldops.organisation.models import Device, Division, Duty, Person, School
from fieldops.roster.models import Room, Sample, Student
from fieldops.timetable.models import Window

WINDOW = "2024"
COUNTY, OTHER_COUNTY, CITY, PROVINCE = "441823", "441802", "441800", "440000"
SCHOOL, OTHER_SCHOOL, FOREIGN_SCHOOL = "4418230101", "4418230102", "4418020101"
#: Name of the person → (role, place).
PEOPLE = {
    "monitor": ("monitor", f"{COUNTY}/{SCHOOL}/01"),
    "chief": ("chief_monitor", f"{COUNTY}/{SCHOOL}"),
    "other_chief": ("chief_monitor", f"{COUNTY}/{OTHER_SCHOOL}"),
    "principal": ("principal", f"{COUNTY}/{SCHOOL}"),
    "inspector": ("inspector", f"{COUNTY}/{SCHOOL}"),
    "supervisor": ("supervisor", COUNTY),
    "county": ("desk", COUNTY),
    "county2": ("desk", COUNTY),
    "other_county": ("desk", OTHER_COUNTY),
    "city": ("desk", CITY),
    "province": ("desk", PROVINCE),
}
NOW = datetime(2024, 5, 20, 1, 30, tzinfo=UTC)
ANSWERS: dict[str, Any] = {
    "category": "power",
    "order_affected": "no",
    "data_affected": False,
    "materials_at_risk": False,
    "beyond_school": False,
}
SERIOUS = {**ANSWERS, "category": "materials_leak", "materials_at_risk": True}


@dataclass
class World:
    """The place of the tests. Tokens by name of the person."""

    app: Flask
    tokens: dict[str, str] = field(default_factory=dict)

    def actor(self, name: str) -> Actor:
        found = actor_by_token(self.tokens[name])
        assert found is not None
        return found

    def by(self, name: str, county: str = COUNTY) -> Author:
        return author(self.actor(name), county)

    def report(self, name: str = "chief", **answers: Any) -> IncidentRow:
        given = {**ANSWERS, **answers}
        identity = service.report(county=COUNTY, window=WINDOW, by=self.by(name), at=NOW, school=SCHOOL, **given)
        return self.fresh(identity)

    def fresh(self, identity: str) -> IncidentRow:
        db.session.rollback()  # a new read, also of what another thread wrote
        row = queries.get(COUNTY, identity)
        assert row is not None
        return row

    def get(self, name: str, url: str, **headers: str) -> TestResponse:
        return self._call("GET", name, url, None, headers)

    def post(self, name: str, url: str, data: dict[str, Any], **headers: str) -> TestResponse:
        return self._call("POST", name, url, data, headers)

    def _call(self, method: str, name: str, url: str, data: Any, headers: dict[str, str]) -> TestResponse:
        # In an empty context: the test's own application context would lend its `g` (and its language) to the request.
        sent = {"Authorization": f"Bearer {self.tokens[name]}", **headers}
        client = self.app.test_client()
        return contextvars.Context().run(client.open, url, method=method, data=data, headers=sent)


def page_of(row: IncidentRow) -> str:
    """Address of the incident's page."""
    return f"/c/{row.county}/s/{row.school}/incidents/{row.id}"


@pytest.fixture
def world(app: Flask) -> World:
    return populated(app)


def populated(app: Flask) -> World:
    """The places and people, in an empty database; within the app."""
    made = World(app)
    with writing():
        db.session.add(Division(code=PROVINCE, name="广东省", level="province", telephone="020-1"))
        db.session.flush()
        db.session.add(Division(code=CITY, name="清远市", level="city", parent=PROVINCE, telephone="0763-1"))
        db.session.flush()
        for code, name in ((COUNTY, "阳山县"), (OTHER_COUNTY, "清城区")):
            db.session.add(Division(code=code, name=name, level="county", parent=CITY, telephone="0763-2"))
        db.session.flush()
        schools = (
            (COUNTY, SCHOOL, "甲小学"),
            (COUNTY, OTHER_SCHOOL, "乙小学"),
            (OTHER_COUNTY, FOREIGN_SCHOOL, "丙小学"),
        )
        for county, code, name in schools:
            db.session.add(School(county=county, code=code, name=name, telephone="0763-786 1234"))
        first = date(2024, 5, 20)
        window = Window(code=WINDOW, name="2024", mode="rehearsal", first_day=first, last_day=first + timedelta(days=1))
        window.clock_shows, window.clock_set_at = NOW, utcnow()
        db.session.add(window)
        db.session.flush()
        for county, code, _name in schools:
            db.session.add(Sample(county=county, window=WINDOW, school=code, card_salt="00"))
        db.session.flush()
        db.session.add(Room(county=COUNTY, window=WINDOW, school=SCHOOL, code="01", grade=4))
        db.session.flush()
        pupil = {"county": COUNTY, "window": WINDOW, "school": SCHOOL, "room": "01", "seat": 7}
        db.session.add(Student(**pupil, code="S7", name="欧阳<b>{x}", card_token="F1AAAAAAAAAAAAAAAAA"))
        for county in (COUNTY, OTHER_COUNTY):
            add_county(county)
        for name, (role, place) in PEOPLE.items():
            made.tokens[name] = _person(name, role, place)
    return made


def _person(name: str, role: str, place: str) -> str:
    identity, token = str(uuid.uuid4()), f"token-{name}-{uuid.uuid4()}"
    db.session.add(Person(id=identity, home=place.split("/", maxsplit=1)[0], name=name))
    db.session.flush()
    db.session.add(Duty(person=identity, role=role, place=place, window=WINDOW))
    digest = hashlib.sha256(token.encode()).digest()
    life = {"enrolled_at": utcnow(), "expires_at": utcnow() + timedelta(days=1)}
    db.session.add(Device(id=str(uuid.uuid4()), person=identity, token_hash=digest, label="test", **life))
    return token
