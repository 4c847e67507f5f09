"""Reads of the organisation: places, people, duties, devices."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, Select, String, bindparam, case, column, func, or_, select, table, tuple_
from sqlalchemy.orm import aliased

from fieldops.db import UTCDateTime, db, utcnow
from fieldops.organisation.models import Device, Division, Duty, Person, School
from fieldops.organisation.places import Place, path_of
from fieldops.organisation.rights import HeldDuty
from fieldops.web.i18n import room_name

#: The windows by name only: the timetable lies above this package, yet whether a duty counts hangs on its window.
windows = table(
    "timetable_window",
    column("code", String),
    column("mode", String),
    column("first_day", Date),
    column("clock_shows", UTCDateTime()),
    column("clock_set_at", UTCDateTime()),
    column("closed_at", UTCDateTime()),
)

_DIVISION = re.compile(r"[0-9]{6}")
_SCHOOL = re.compile(r"[0-9A-Za-z-]{1,32}")
_ROOM = re.compile(r"[^\s/\x00-\x1f\x7f\ud800-\udfff]{1,16}")
_DIVISION_LEVELS = ("county", "city", "province")


class Located(NamedTuple):
    """A place that exists here, with its name."""

    place: Place
    name: str


class PersonAt(NamedTuple):
    """A person with one duty."""

    person: str
    name: str
    telephone: str | None
    role: str
    place: str
    window: str
    #: Real time at which any of the person's devices was last heard; None when never.
    last_seen_at: datetime | None
    #: Devices that can be used now.
    devices: int


class DeviceAt(NamedTuple):
    """A device that can be used now."""

    id: str
    person: str
    label: str
    enrolled_at: datetime
    last_seen_at: datetime | None


# --- places ----------------------------------------------------------------------------------------------------------
_OWN, _ABOVE, _TOP = aliased(Division), aliased(Division), aliased(Division)
#: What `located` asks, before nearly every view: to write it anew each time costs more than to run it.
_LOCATED = (
    select(_OWN.level, _OWN.name, _ABOVE.code, _TOP.code, School.name)
    .outerjoin(_ABOVE, _ABOVE.code == _OWN.parent)
    .outerjoin(_TOP, _TOP.code == _ABOVE.parent)
    .outerjoin(School, (School.county == _OWN.code) & (School.code == bindparam("school")))
    .where(_OWN.code == bindparam("division"))
)


def place(path: str) -> Place | None:
    """The place of this path; None when there is no such place here. See `located`."""
    found = located(path)
    return found.place if found else None


def located(path: str) -> Located | None:
    """The place of this path with its name, in one statement; None when there is no such place here.

    Of a room, the school has to exist and the code to be well-formed: rooms belong to a window's roster.
    """
    code, *rest = path.split("/")
    if not _DIVISION.fullmatch(code) or len(rest) > 2:
        return None
    if (rest and not _SCHOOL.fullmatch(rest[0])) or (len(rest) == 2 and not _ROOM.fullmatch(rest[1])):
        return None
    row = db.session.execute(_LOCATED, {"division": code, "school": rest[0] if rest else ""}).one_or_none()
    if row is None:
        return None
    level, name, above_code, top_code, school_name = row
    chain = tuple(part for part in (code, above_code, top_code) if part)
    if not rest:
        return Located(Place(path, level, chain), name)
    if level != "county" or school_name is None:
        return None
    school = path_of(code, rest[0])
    if len(rest) == 1:
        return Located(Place(path, "school", (school, *chain)), school_name)
    return Located(Place(path, "room", (path, school, *chain)), f"{school_name} · {room_name(rest[1])}")


def is_school_code(code: str) -> bool:
    """Whether it can be a school's code: it stands in paths and URLs."""
    return _SCHOOL.fullmatch(code) is not None


def is_text(text: str) -> bool:
    """Whether a database takes it: no control characters, no half surrogates."""
    return text.isprintable()


def division_chain(code: str) -> tuple[str, ...]:
    """Codes of the division and of those it lies in, from itself up; empty when it does not exist."""
    found = place(code) if "/" not in code else None
    return found.within if found else ()


def school_codes(county: str) -> frozenset[str]:
    """Codes of the county's schools."""
    return frozenset(db.session.scalars(select(School.code).where(School.county == county)))


def schools(county: str) -> list[School]:
    """Schools of a county by code."""
    return list(db.session.scalars(select(School).where(School.county == county).order_by(School.code)))


def names(paths: Iterable[str]) -> dict[str, str]:
    """What places are called, by path; a place that does not exist is missing."""
    wanted = {path: path.split("/") for path in paths}
    divisions = {parts[0] for parts in wanted.values() if len(parts) == 1}
    pairs = {(parts[0], parts[1]) for parts in wanted.values() if len(parts) > 1}
    called: dict[str, str] = {}
    if divisions:
        rows = db.session.execute(select(Division.code, Division.name).where(Division.code.in_(divisions)))
        called.update((code, name) for code, name in rows)
    if pairs:
        found = db.session.execute(
            select(School.county, School.code, School.name).where(tuple_(School.county, School.code).in_(pairs))
        )
        of_school = {(county, code): name for county, code, name in found}
        for path, parts in wanted.items():
            if len(parts) > 1 and (parts[0], parts[1]) in of_school:
                called[path] = " · ".join([of_school[parts[0], parts[1]], *map(room_name, parts[2:])])
    return called


# --- people ----------------------------------------------------------------------------------------------------------


def login_key(login: str) -> str:
    """The form in which a sign-in name is kept and looked for: width, case and spaces around it do not matter."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def person(identity: str) -> Person | None:
    """The person of this id."""
    return db.session.get(Person, identity)


def person_by_login(login: str) -> Person | None:
    """The person who signs in with this name."""
    return db.session.scalars(select(Person).where(Person.login == login_key(login))).one_or_none()


def duties_of(person: str) -> list[HeldDuty]:
    """All duties of a person in windows that are open, the newest window first."""
    statement = (
        select(Duty.role, Duty.place, Duty.window)
        .join(windows, (windows.c.code == Duty.window) & windows.c.closed_at.is_(None))
        .where(Duty.person == person)
        .order_by(windows.c.first_day.desc(), Duty.window, Duty.place, Duty.role)
    )
    return [HeldDuty(*row) for row in db.session.execute(statement)]


def newest_open_window() -> str | None:
    """Code of the open window with the latest first day."""
    statement = select(windows.c.code).where(windows.c.closed_at.is_(None))
    return db.session.scalars(statement.order_by(windows.c.first_day.desc(), windows.c.code).limit(1)).one_or_none()


def open_duties(window: str | None) -> list[PersonAt]:
    """All duties of a window, or of every open window; by window and place."""
    statement = _people().join(windows, (windows.c.code == Duty.window) & windows.c.closed_at.is_(None))
    if window is not None:
        statement = statement.where(Duty.window == window)
    return [PersonAt(*row) for row in db.session.execute(statement)]


def people_at(place: str, window: str) -> list[PersonAt]:
    """Who has a duty at the place or below it by path, by place, role and name: one row a duty.

    Of a city or province only its own people: its counties' lie under other codes.
    """
    below = Duty.place.startswith(place + "/", autoescape=True)
    statement = _people().where(Duty.window == window, or_(Duty.place == place, below))
    return [PersonAt(*row) for row in db.session.execute(statement)]


def people_also_elsewhere(place: str, people: Iterable[str]) -> frozenset[str]:
    """Those of the people who also have a duty, in an open window, that does not lie at the place or below it."""
    below = Duty.place.startswith(place + "/", autoescape=True)
    statement = (
        select(Duty.person)
        .join(windows, (windows.c.code == Duty.window) & windows.c.closed_at.is_(None))
        .where(Duty.person.in_(set(people)), ~or_(Duty.place == place, below))
    )
    return frozenset(db.session.scalars(statement))


def people_without_duty(home: str, window: str) -> list[PersonAt]:
    """People that a county keeps and who have no duty in the window."""
    on_duty = select(Duty.person).where(Duty.window == window)
    statement = select(Person.id, Person.name, Person.telephone).where(Person.home == home, Person.id.not_in(on_duty))
    rows = db.session.execute(statement.order_by(Person.name, Person.id))
    return [PersonAt(*row, role="", place=home, window=window, last_seen_at=None, devices=0) for row in rows]


def _people() -> Select[Any]:
    # One pass over the devices for all rows: a county has some 250 people.
    live = case((Device.revoked_at.is_(None) & (Device.expires_at > utcnow()), 1), else_=0)
    heard = (
        select(Device.person, func.max(Device.last_seen_at).label("at"), func.sum(live).label("live"))
        .group_by(Device.person)
        .subquery()
    )
    return (
        select(
            Person.id,
            Person.name,
            Person.telephone,
            Duty.role,
            Duty.place,
            Duty.window,
            heard.c.at,
            func.coalesce(heard.c.live, 0),
        )
        .join(Duty, Duty.person == Person.id)
        .outerjoin(heard, heard.c.person == Person.id)
        .order_by(Duty.window, Duty.place, Duty.role, Person.name, Person.id)
    )


# --- devices ---------------------------------------------------------------------------------------------------------


def devices_of(person: str, now: datetime) -> list[DeviceAt]:
    """The person's devices that can be used at the real time `now`, the newest first."""
    return _devices(Device.person == person, now)


def owner_of(device: str) -> str | None:
    """Whose device it is or was, also when it is revoked; None for one that is not known here."""
    return db.session.scalar(select(Device.person).where(Device.id == device))


def device_by_token_hash(token_hash: bytes) -> Device | None:
    """The device of this token, also when it is expired or revoked."""
    return db.session.scalars(select(Device).where(Device.token_hash == token_hash)).one_or_none()


def devices_at(place: str, window: str, now: datetime) -> list[DeviceAt]:
    """Devices, usable at the real time `now`, of everybody with a duty at the place or below it by path."""
    here = select(Duty.person).where(
        Duty.window == window, or_(Duty.place == place, Duty.place.startswith(place + "/", autoescape=True))
    )
    return _devices(Device.person.in_(here), now)


class DeviceEver(NamedTuple):
    """A device that was bound to a person, whether it can still be used or not."""

    id: str
    person: str
    label: str
    enrolled_at: datetime
    last_seen_at: datetime | None
    #: It can be used now.
    usable: bool


def devices_ever(people: Iterable[str], now: datetime) -> list[DeviceEver]:
    """All devices that were ever bound to the people, the newest first. `now`: real time."""
    usable = Device.revoked_at.is_(None) & (Device.expires_at > now)
    statement = (
        select(Device.id, Device.person, Device.label, Device.enrolled_at, Device.last_seen_at, usable)
        .where(Device.person.in_(set(people)))
        .order_by(Device.enrolled_at.desc(), Device.id)
    )
    return [DeviceEver(*row[:5], usable=bool(row[5])) for row in db.session.execute(statement)]


def _devices(condition: ColumnElement[bool], now: datetime) -> list[DeviceAt]:
    statement = (
        select(Device.id, Device.person, Device.label, Device.enrolled_at, Device.last_seen_at)
        .where(condition, Device.revoked_at.is_(None), Device.expires_at > now)
        .order_by(Device.enrolled_at.desc(), Device.id)
    )
    return [DeviceAt(*row) for row in db.session.execute(statement)]
