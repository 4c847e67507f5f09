"""Two counties with people of every role, signed in: what tests of rights and of the API stand on."""

from __future__ import annotations

import uuid
from datetime import timedelta

from fieldops.db import db, utcnow, writing
from fieldops.organisation import service
from fieldops.organisation.models import Device, Division
from fieldops.organisation.rights import ROLE_LEVELS
from fieldops.timetable.models import Window
from tests.testday import build

COUNTY, OTHER_COUNTY = "441823", "441825"
CITY, OTHER_CITY = "441800", "441200"
PROVINCE, OTHER_PROVINCE = "440000", "650000"
SCHOOL, OTHER_SCHOOL = build.SCHOOL, build.FAR_SCHOOL
ROOM, OTHER_ROOM = "01", "02"
#: Where a role is held here, by level.
HELD_AT = {
    "room": f"{COUNTY}/{SCHOOL}/{ROOM}",
    "school": f"{COUNTY}/{SCHOOL}",
    "county": COUNTY,
    "city": CITY,
    "province": PROVINCE,
}


def make() -> None:
    """Two counties of one city, a city beside it, a province beside theirs; the clock shows 08:30 Beijing time."""
    build.county(COUNTY)
    build.county(OTHER_COUNTY)
    with writing():
        db.session.add(Division(code=OTHER_CITY, name="肇庆市", level="city", parent=PROVINCE))
        db.session.add(Division(code=OTHER_PROVINCE, name="新疆维吾尔自治区", level="province"))
    set_clock(-30)


def set_clock(minutes: float) -> None:
    """The window's clock shows so many minutes after nine, Beijing time."""
    with writing():
        window = db.session.get(Window, build.WINDOW)
        assert window is not None
        window.clock_shows, window.clock_set_at = build.minutes(minutes), utcnow()


def sign_in(role: str, place: str, *, name: str = "李雷") -> tuple[str, str]:
    """A new person with this duty, signed in on a device of their own: (token, device id)."""
    device = str(uuid.uuid4())
    with writing():
        person = service.add_person(home=place.split("/", maxsplit=1)[0], name=name)
        service.give_duty(person=person.id, role=role, place=place, window=build.WINDOW, by=None)
        code = service.new_sign_in_code(person=person.id)
        token, _ = service.enrol(code=code, device_id=device, label="test")
    db.session.remove()
    return token, device


def everybody() -> dict[tuple[str, str], str]:
    """One person per role and level it can be held at: (role, place) → token."""
    return {
        (role, HELD_AT[level]): sign_in(role, HELD_AT[level])[0]
        for role, levels in sorted(ROLE_LEVELS.items())
        for level in sorted(levels)
    }


def expire(device: str) -> None:
    """Let a device's sign-in run out."""
    with writing():
        row = db.session.get(Device, device)
        assert row is not None
        row.expires_at = utcnow() - timedelta(seconds=1)


def bearer(token: str) -> dict[str, str]:
    """The header that a client sends."""
    return {"Authorization": f"Bearer {token}"}
