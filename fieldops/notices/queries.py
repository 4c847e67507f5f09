"""Reads of notices: a person's own, a desk's list, and who has read one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import select

from fieldops.db import db
from fieldops.notices.models import Notice, Receipt
from fieldops.organisation.models import Duty, Person, School
from fieldops.organisation.rights import ROLE_LEVELS, HeldDuty

#: Notices that a phone keeps, and a desk's list shows.
NEWEST = 50
#: Roles that are held in schools: whom a notice can be for.
ROLES = tuple(role for role, levels in ROLE_LEVELS.items() if "school" in levels)


class Mine(NamedTuple):
    """A notice that is for somebody, with what they did with it."""

    notice: Notice
    receipt: Receipt | None


class Reader(NamedTuple):
    """Somebody whom a notice is for."""

    school: str
    school_name: str
    #: Of the person, else of the school.
    telephone: str | None
    name: str
    roles: tuple[str, ...]
    receipt: Receipt | None

    @property
    def order(self) -> tuple[int, str, str]:
        """Not read first, then read and not confirmed, then the rest."""
        stage = 0 if self.receipt is None else 1 if self.receipt.confirmed_at is None else 2
        return (stage, self.school_name, self.name)


class Sending(NamedTuple):
    """A notice of a desk with its numbers, over all its counties."""

    notice: Notice
    people: int
    read: int
    confirmed: int
    #: Counties that have it.
    counties: tuple[str, ...]


def of_person(county: str, window: str, school: str, person: str, duties: Iterable[HeldDuty]) -> list[Mine]:
    """The notices that are for a person's duties in the school, newest first. Two statements."""
    here = {duty.role for duty in duties if duty.place.split("/")[:2] == [county, school]}
    if not here:
        return []
    statement = (
        select(Notice)
        .where(Notice.county == county, Notice.window == window, Notice.sent_at.is_not(None))
        .order_by(Notice.sent_at.desc(), Notice.id)
        .limit(4 * NEWEST)
    )
    mine = [
        row
        for row in db.session.scalars(statement)
        if (not row.schools or school in row.schools) and (not row.roles or here & set(row.roles))
    ][:NEWEST]
    if not mine:
        return []
    receipts = db.session.scalars(
        select(Receipt).where(
            Receipt.county == county, Receipt.notice.in_([row.id for row in mine]), Receipt.person == person
        )
    )
    by_notice = {row.notice: row for row in receipts}
    return [Mine(row, by_notice.get(row.id)) for row in mine]


def get(counties: Collection[str], window: str, identity: str) -> list[Notice]:
    """A notice in each of the counties that has it."""
    statement = select(Notice).where(
        Notice.county.in_(list(counties)),
        Notice.id == identity,
        Notice.window == window,
        Notice.sent_at.is_not(None),
    )
    return list(db.session.scalars(statement.order_by(Notice.county)))


def about(county: str, window: str, incident: str) -> list[Notice]:
    """Notices about an incident that stand, newest first."""
    statement = select(Notice).where(
        Notice.county == county,
        Notice.window == window,
        Notice.about == incident,
        Notice.sent_at.is_not(None),
        Notice.withdrawn_at.is_(None),
    )
    return list(db.session.scalars(statement.order_by(Notice.sent_at.desc(), Notice.id)))


def listed(counties: Collection[str], window: str) -> list[Sending]:
    """Notices in the counties, newest first."""
    statement = (
        select(Notice)
        .where(Notice.county.in_(list(counties)), Notice.window == window, Notice.sent_at.is_not(None))
        .order_by(Notice.sent_at.desc(), Notice.id)
        .limit(NEWEST * max(1, len(counties)))
    )
    found: dict[str, list[Notice]] = defaultdict(list)
    for row in db.session.scalars(statement):
        found[row.id].append(row)
    newest = dict(list(found.items())[:NEWEST])
    people = _people([row.county for rows in newest.values() for row in rows], window)
    receipts = _receipts(newest, counties)
    return [_sending(rows, people, receipts) for rows in newest.values()]


def readers(rows: Collection[Notice]) -> list[Reader]:
    """Everybody whom a notice is for in these counties, who has not read it first."""
    if not rows:
        return []
    counties = [row.county for row in rows]
    first = next(iter(rows))
    names = {
        (school.county, school.code): school
        for school in db.session.scalars(select(School).where(School.county.in_(counties)))
    }
    receipts = _receipts([first.id], counties)
    found = []
    for row in rows:
        for (school, person), roles in _meant(row, _people([row.county], row.window)).items():
            place = names.get((row.county, school))
            found.append(
                Reader(
                    school,
                    place.name if place else school,
                    person.telephone or (place.telephone if place else None),
                    person.name,
                    tuple(sorted(roles)),
                    receipts.get((row.county, row.id, person.id)),
                )
            )
    return sorted(found, key=lambda reader: reader.order)


def by_school(found: Iterable[Reader]) -> list[tuple[str, int, int]]:
    """How many of each school have read it: (school, read, people), those where nobody has first."""
    schools: dict[str, list[Reader]] = defaultdict(list)
    for reader in found:
        schools[reader.school_name].append(reader)
    counted = [(name, sum(each.receipt is not None for each in those), len(those)) for name, those in schools.items()]
    return sorted(counted, key=lambda each: (each[1] > 0, each[0]))


class _Somebody(NamedTuple):
    id: str
    name: str
    telephone: str | None


#: County → (school, role, person) of everybody on duty in its schools.
_People = dict[str, list[tuple[str, str, _Somebody]]]


def _people(counties: Collection[str], window: str) -> _People:
    found: _People = defaultdict(list)
    wanted = set(counties)
    for county in wanted:
        statement = (
            select(Duty.role, Duty.place, Person.id, Person.name, Person.telephone)
            .join(Person, Person.id == Duty.person)
            .where(Duty.window == window, Duty.place.startswith(f"{county}/"), Duty.role.in_(ROLES))
        )
        for role, place, person, name, telephone in db.session.execute(statement):
            found[county].append((place.split("/")[1], role, _Somebody(person, name, telephone)))
    return found


def _meant(row: Notice, people: _People) -> dict[tuple[str, _Somebody], set[str]]:
    meant: dict[tuple[str, _Somebody], set[str]] = defaultdict(set)
    for school, role, person in people[row.county]:
        if (not row.schools or school in row.schools) and (not row.roles or role in row.roles):
            meant[school, person].add(role)
    return meant


def _receipts(notices: Iterable[str], counties: Collection[str]) -> dict[tuple[str, str, str], Receipt]:
    statement = select(Receipt).where(Receipt.notice.in_(list(notices)), Receipt.county.in_(list(counties)))
    return {(row.county, row.notice, row.person): row for row in db.session.scalars(statement)}


def _sending(rows: list[Notice], people: _People, receipts: dict[tuple[str, str, str], Receipt]) -> Sending:
    total = read = confirmed = 0
    for row in rows:
        for person in {each.id for _school, each in _meant(row, people)}:
            receipt = receipts.get((row.county, row.id, person))
            total += 1
            read += receipt is not None
            confirmed += receipt is not None and receipt.confirmed_at is not None
    return Sending(rows[0], total, read, confirmed, tuple(sorted(row.county for row in rows)))
