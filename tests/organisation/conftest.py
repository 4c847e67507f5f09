"""A province, a city, two counties with schools, an open and a closed window; people are made by the tests."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fieldops.db import db, utcnow, writing
from fieldops.organisation import service
from fieldops.organisation.passwords import hashed
from fieldops.timetable.models import Window

WINDOW, CLOSED = "2024", "2023"
PROVINCE, CITY, COUNTY, OTHER = "440000", "441800", "441823", "441825"
SCHOOL, FAR_SCHOOL, FOREIGN_SCHOOL = "4418230101", "4418230102", "4418250101"
#: Names that are lawful and yet break careless software.
HOSTILE = ("{x}", "%s %(name)s", "<b>&\"'", "O'Neil; DROP TABLE", "㐂𠮷䶮", "{{ 7*7 }}", "长" * 60)


@dataclass
class World:
    """What a test does to the organisation."""

    app: Flask

    def person(self, role: str | None, place: str = COUNTY, *, name: str = "李雷", window: str = WINDOW) -> str:
        with writing():
            person = service.add_person(home=place[:6], name=name).id
            if role is not None:
                service.give_duty(person=person, role=role, place=place, window=window, by=None)
        return person

    def code(self, person: str) -> str:
        with writing():
            return service.new_sign_in_code(person=person)

    def token(self, person: str, device: str | None = None) -> str:
        code = self.code(person)
        with writing():
            token, _ = service.enrol(code=code, device_id=device or str(uuid.uuid4()), label="test")
        return token

    def client(self, role: str, place: str = COUNTY, *, name: str = "李雷") -> FlaskClient:
        """A browser that is signed in by its cookie."""
        client = self.app.test_client()
        client.set_cookie("fieldops", self.token(self.person(role, place, name=name)))
        return client

    def desk(self, login: str = "desk", password: str = "correct horse battery") -> str:
        kept = hashed(password)
        with writing():
            person = service.add_person(home=COUNTY, name="韩梅梅", login=login, password_hash=kept).id
            service.give_duty(person=person, role="desk", place=COUNTY, window=WINDOW, by=None)
        return person


@pytest.fixture
def world(app: Flask) -> World:
    """The organisation of the tests on a database of its own."""
    with writing():
        service.add_division(code=PROVINCE, name="广东省", level="province", parent=None)
        service.add_division(code=CITY, name="清远市", level="city", parent=PROVINCE)
        for county, name in ((COUNTY, "阳山县"), (OTHER, "连山县")):
            service.add_division(code=county, name=name, level="county", parent=CITY)
        for county, school in ((COUNTY, SCHOOL), (COUNTY, FAR_SCHOOL), (OTHER, FOREIGN_SCHOOL)):
            service.add_school(county=county, code=school, name=f"学校{school[-3:]}")
        for code, closed, year in ((WINDOW, None, 2024), (CLOSED, utcnow(), 2023)):
            day = date(year, 5, 20)
            window = Window(code=code, name=code, mode="real", first_day=day, last_day=day, closed_at=closed)
            db.session.add(window)
    return World(app)
