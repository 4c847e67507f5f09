"""Whose desk a level is, and who is on duty there: looked up when a level is told, and kept in the event."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from fieldops.db import db
from fieldops.incidents import transitions
from fieldops.organisation.models import Division, Duty
from fieldops.organisation.places import path_of
from fieldops.organisation.rights import ROLES

#: Who is told in place of those who decide, in this order: who leads the house, then who visits it. Ours.
FALLBACKS = ("principal", "inspector", "supervisor", "information_officer")


class OnDuty(NamedTuple):
    """A level's desk as it was staffed."""

    #: Path of the place.
    place: str
    #: How many people decide there.
    people: int
    #: Person told in their place when there is none; null when there is nobody at all.
    fallback: str | None
    #: Desk of the next level above with somebody on duty: told as well when there is not even a fallback.
    above: str | None


def places(county: str, school: str | None) -> dict[str, str]:
    """Path of each level's desk, from the bottom up. A county directly under a province has no city; an incident of
    several schools (`school` None) is held by no school.
    """
    found = {"school": f"{county}/{school}"} if school is not None else {}
    code: str | None = county
    while code is not None and len(found) < len(transitions.CHAIN):
        row = db.session.execute(select(Division.level, Division.parent).where(Division.code == code)).one_or_none()
        if row is None:
            break
        found[row.level] = code
        code = row.parent
    return {level: found[level] for level in transitions.CHAIN if level in found}


def at(county: str, school: str | None, window: str, level: str) -> OnDuty:
    """Who is on duty at a level of the chain above a school."""
    desks = places(county, school)
    rows = db.session.execute(
        select(Duty.place, Duty.role, Duty.person)
        .where(Duty.window == window, Duty.place.in_(list(desks.values())))
        .order_by(Duty.person)
    ).all()
    decide = {role for role, actions in ROLES.items() if "incident.act" in actions}
    staffed = {row.place for row in rows if row.role in decide}
    place = desks.get(level, path_of(county, school))
    people = {row.person for row in rows if row.place == place and row.role in decide}
    others = [(FALLBACKS.index(row.role), row.person) for row in rows if row.place == place and row.role in FALLBACKS]
    higher = [desks[step] for step in desks if transitions.CHAIN.index(step) > transitions.CHAIN.index(level)]
    return OnDuty(
        place=place,
        people=len(people),
        fallback=min(others)[1] if others and not people else None,
        above=next((desk for desk in higher if desk in staffed), None),
    )
