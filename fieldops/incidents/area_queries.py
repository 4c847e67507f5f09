"""Reads of the area detector: what the county's desk is asked, and which schools a county incident has."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import ceil

from sqlalchemy import func, select

from fieldops.db import db
from fieldops.incidents import area
from fieldops.incidents.area import Heard
from fieldops.incidents.area_facts import under_way
from fieldops.incidents.models import AreaRow, IncidentRow
from fieldops.organisation.models import School


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question to the desk."""

    county: str
    category: str
    #: Reports that a yes takes, by when they happened.
    members: list[Heard]
    #: Their schools' names, by code.
    schools: dict[str, str]
    #: From the first to the last of them, in whole minutes.
    minutes: int
    #: The county incident that they would join; None: one is to be made.
    into: IncidentRow | None
    #: Of the area's row: what the desk saw.
    version: int


def proposals(county: str, window: str) -> list[Asked]:
    """What the county's desk is asked now, by when it began."""
    rows = db.session.scalars(select(AreaRow).where(AreaRow.county == county, AreaRow.window == window)).all()
    known = [(row, group) for row in rows for group in area.groups_of(row) if group.taken]
    if not known:
        return []
    wanted = {each for _row, group in known for each in (*group.areas, *(one.incident for one in group.taken))}
    there = set(under_way(county, window, wanted))
    codes = {one.school for _row, group in known for one in group.members}
    names = _names(county, codes)
    found = []
    for row, group in known:
        question = area.proposal(group, there)
        if question is not None:
            found.append(
                Asked(
                    county=county,
                    category=row.category,
                    members=question.members,
                    schools={one.school: names.get(one.school, one.school) for one in question.members},
                    minutes=max(1, ceil((question.members[-1].at - question.members[0].at).total_seconds() / 60)),
                    into=db.session.get(IncidentRow, (county, question.into)) if question.into else None,
                    version=row.version,
                )
            )
    return sorted(found, key=lambda each: (each.members[0].at, each.category))


def version(counties: Collection[str], window: str) -> int:
    """Changes with every report and every answer."""
    total = func.sum(AreaRow.version)
    statement = select(total).where(AreaRow.county.in_(list(counties)), AreaRow.window == window)
    return int(db.session.scalar(statement) or 0)


def joined_schools(rows: Iterable[IncidentRow]) -> dict[str, str]:
    """Names of the schools of county incidents, as one line of text, by incident."""
    wanted = {row.id: row for row in rows}
    if not wanted:
        return {}
    members = {each for row in wanted.values() for each in row.joined}
    statement = (
        select(IncidentRow.merged_into, School.name)
        .join(School, (School.county == IncidentRow.county) & (School.code == IncidentRow.school))
        .where(IncidentRow.county.in_({row.county for row in wanted.values()}), IncidentRow.id.in_(members))
        .order_by(IncidentRow.occurred_at, School.name)
    )
    found: dict[str, list[str]] = {identity: [] for identity in wanted}
    for into, name in db.session.execute(statement):
        if into in found and name not in found[into]:
            found[into].append(name)
    return {identity: " · ".join(names) for identity, names in found.items()}


def _names(county: str, codes: Collection[str]) -> dict[str, str]:
    statement = select(School.code, School.name).where(School.county == county, School.code.in_(codes))
    return {row.code: row.name for row in db.session.execute(statement)}
