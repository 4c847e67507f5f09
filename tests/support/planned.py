"""A county before its day: places, a window with the seed's timetables, no roster yet; and people signed in."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime

from fieldops.db import db, writing
from fieldops.organisation import service as organisation
from fieldops.timetable import seed
from fieldops.timetable import service as timetable

PROVINCE, CITY, COUNTY, OTHER_COUNTY = "440000", "441800", "441823", "441825"
WINDOW, REAL_WINDOW = "2024-trial", "2024"
FIRST_DAY, LAST_DAY = date(2024, 5, 20), date(2024, 5, 21)
#: Code → name and zone of the county's schools.
SCHOOLS = {
    "4418230101": ("阳山县第一小学", "Asia/Shanghai"),
    "4418230102": ("阳山县第二小学", "Asia/Shanghai"),
    "4418230201": ("疏附校区", "Asia/Urumqi"),
}
#: Day 1, 08:15 Beijing time.
MORNING = datetime(2024, 5, 20, 0, 15, tzinfo=UTC)


def places() -> None:
    """Two counties of one city; the first with three schools."""
    with writing():
        organisation.add_division(code=PROVINCE, name="广东省", level="province", parent=None)
        organisation.add_division(code=CITY, name="清远市", level="city", parent=PROVINCE)
        for code, name in ((COUNTY, "阳山县"), (OTHER_COUNTY, "连山县")):
            organisation.add_division(code=code, name=name, level="county", parent=CITY)
        for code, (name, zone) in SCHOOLS.items():
            organisation.add_school(county=COUNTY, code=code, name=name, timezone=zone)


def window(code: str = WINDOW, mode: str = "rehearsal") -> None:
    """A window of the seed's days."""
    with writing():
        timetable.create_window(code=code, name="2024年监测", mode=mode, first_day=FIRST_DAY, last_day=LAST_DAY)


def timetables(window: str = WINDOW) -> None:
    """The seed's two timetables."""
    with writing():
        for grade in seed.read().timetables:
            timetable.publish(window=window, grade=grade.grade, rows=grade.rows, origin=grade.origin, by=None)


def sign_in(
    role: str = "desk", place: str = COUNTY, window: str = WINDOW, name: str = "李雷", locale: str = "en"
) -> str:
    """A new person with this duty, signed in on a device of their own: its token."""
    with writing():
        person = organisation.add_person(home=place.split("/", maxsplit=1)[0], name=name, locale=locale)
        organisation.give_duty(person=person.id, role=role, place=place, window=window, by=None)
        code = organisation.new_sign_in_code(person=person.id)
        token, _ = organisation.enrol(code=code, device_id=str(uuid.uuid4()), label="test")
    db.session.remove()
    return token


def bearer(token: str) -> dict[str, str]:
    """The header that a client sends."""
    return {"Authorization": f"Bearer {token}"}
