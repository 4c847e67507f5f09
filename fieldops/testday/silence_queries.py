"""What screens show of silences: bundled by school, with whom to call and what is known of the phones there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from fieldops.db import db
from fieldops.organisation.models import Duty, Person
from fieldops.organisation.places import path_of
from fieldops.testday.expectation import WHATS
from fieldops.testday.models import Phone, Silence

#: Whom a desk calls first: the room's monitor, then the school's chief monitor.
_CALLED = ("monitor", "subject_monitor", "chief_monitor")
#: Ended entries that a page shows, the newest first.
MOST_ENDED = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody to call."""

    name: str
    telephone: str
    role: str
    #: None: of the whole school.
    room: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhonesThere:
    """What a school's phones said last: silence may be the network's."""

    heard_at: datetime
    #: Facts that they said they keep to be sent.
    waiting: int


@dataclass(slots=True, kw_only=True)
class Bundle:
    """Rooms of a school of which the same was not heard in the same session; none for a whole school."""

    school: str
    #: Code of the session; the date of a nil report.
    session: str
    what: str
    since: datetime
    rooms: list[str] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    phones: PhonesThere | None = None


def open_bundles(county: str, window: str, *, school: str | None = None) -> list[Bundle]:
    """What is silent now, the longest first. One statement by an index, two when anything is."""
    rows = db.session.scalars(_of(county, window, school).where(Silence.ended_at.is_(None)))
    found: dict[tuple[str, str, str], Bundle] = {}
    for row in sorted(rows, key=lambda row: (row.school, row.session, row.what, row.room)):
        due_at = row.due_at or row.noticed_at
        if due_at is None:
            continue
        bundle = found.setdefault(
            (row.school, row.session, row.what),
            Bundle(school=row.school, session=row.session, what=row.what, since=due_at),
        )
        bundle.since = min(bundle.since, due_at)
        bundle.rooms += [row.room] if row.room else []
    bundles = sorted(found.values(), key=lambda one: (one.since, WHATS.index(one.what), one.school))
    if bundles:
        _tell_whom(county, window, bundles, school)
    return bundles


def ended(county: str, window: str, *, school: str | None = None) -> list[Silence]:
    """What was silent and is no more, the newest first. One statement."""
    statement = _of(county, window, school).where(Silence.ended_at.is_not(None), Silence.noticed_at.is_not(None))
    return list(db.session.scalars(statement.order_by(Silence.ended_at.desc()).limit(MOST_ENDED)))


def _of(county: str, window: str, school: str | None) -> Any:
    statement = select(Silence).where(Silence.county == county, Silence.window == window)
    return statement if school is None else statement.where(Silence.school == school)


def _tell_whom(county: str, window: str, bundles: Sequence[Bundle], school: str | None) -> None:
    """Lay people and phones beside the bundles of their school and rooms. One statement."""
    below = path_of(county, school) if school else county + "/"
    statement = (
        select(Duty.role, Duty.place, Person.name, Person.telephone, Phone.device, Phone.heard_at, Phone.waiting)
        .join(Person, Person.id == Duty.person)
        .outerjoin(Phone, (Phone.person == Person.id) & (Phone.county == county) & (Phone.window == window))
        .where(Duty.window == window, Duty.place.startswith(below, autoescape=True))
        .order_by(Duty.place, Duty.role, Person.name)
    )
    people: dict[str, list[Contact]] = {}
    phones: dict[str, dict[str, tuple[datetime, int]]] = {}
    for role, place, name, telephone, device, heard_at, waiting in db.session.execute(statement):
        _county, code, *room = place.split("/")
        contact = Contact(name=name, telephone=telephone or "", role=role, room=room[0] if room else None)
        known = people.setdefault(code, [])
        if role in _CALLED and telephone and contact not in known:
            known.append(contact)
        if device is not None:
            phones.setdefault(code, {})[device] = (heard_at, waiting)
    for bundle in bundles:
        bundle.contacts = _contacts(people.get(bundle.school, []), bundle.rooms)
        if said := phones.get(bundle.school):
            newest = max(at for at, _waiting in said.values())
            bundle.phones = PhonesThere(heard_at=newest, waiting=sum(waiting for _at, waiting in said.values()))


def _contacts(people: Collection[Contact], rooms: Collection[str]) -> list[Contact]:
    chosen = [one for one in people if one.role == "chief_monitor" or one.room in rooms]
    return sorted(chosen, key=lambda one: (_CALLED.index(one.role), one.room or "", one.name))
