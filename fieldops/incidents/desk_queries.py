"""Reads of a desk's list: a line of every incident, the whole rows of those that are shown, whom to call about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from fieldops.db import db
from fieldops.incidents import area_queries, queries, transitions
from fieldops.incidents.desk import Due, Line, due_of
from fieldops.incidents.models import IncidentRow
from fieldops.journal import queries as journal
from fieldops.organisation import queries as organisation
from fieldops.organisation.models import Division, Duty, Person, School
from fieldops.organisation.places import Place, path_of
from fieldops.organisation.rights import HeldDuty, levels

_incident = IncidentRow.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An incident of the list with everything that its row says."""

    row: IncidentRow
    school_name: str
    timezone: str
    #: Of the county; None on the desk of a county or a school.
    county_name: str | None
    #: Whom to call: (`school` or the name of the chief monitor, number).
    telephones: Sequence[tuple[str, str]]
    #: Who took it on.
    owner: str | None
    due: Due | None
    #: Actions that the reader may take now (`transitions.TABLE`).
    offers: frozenset[str]
    #: Shown only because something happened to it.
    changed: bool

    @property
    def over(self) -> bool:
        return self.row.state in transitions.FINAL


def scope(division: Division, *, window: str) -> tuple[ColumnElement[bool], ...]:
    """What a desk has before it: a county all of its incidents; a city and a province what ever reached them."""
    counties = list(queries.counties_of(division))
    found = [*_of(window), _incident.c.county.in_(counties)]
    if division.level != "county":
        at_least = transitions.CHAIN[transitions.CHAIN.index(division.level) :]
        found.append(_incident.c.reached.in_(at_least) | (_incident.c.verify_level == division.level))
    return tuple(found)


def scope_of_school(county: str, school: str, *, window: str) -> tuple[ColumnElement[bool], ...]:
    """What a school's chief monitor has before them."""
    return (*_of(window), _incident.c.county == county, _incident.c.school == school)


def _of(window: str) -> tuple[ColumnElement[bool], ...]:
    return (_incident.c.window == window, _incident.c.state != "awaited")


def lines(where: Collection[ColumnElement[bool]]) -> list[Line]:
    """A line of every incident in the scope, in no order."""
    columns = [_incident.c[name] for name in Line._fields]
    return [Line(*row) for row in db.session.execute(select(*columns).where(*where))]


def digest(where: Collection[ColumnElement[bool]]) -> tuple[object, ...]:
    """Changes whenever an incident of the scope does: each step counts its version, its tellings or its reminders."""
    statement = select(
        func.count(),
        func.sum(_incident.c.version),
        func.sum(_incident.c.rounds),
        func.sum(_incident.c.repeats),
        func.sum(_incident.c.lapses),
    )
    return tuple(db.session.execute(statement.where(*where)).one())


def changed_since(marks: Mapping[str, int], *, but: str) -> frozenset[str]:
    """Ids of incidents about which anybody but the person `but` said something after these numbers of the journals."""
    found: set[str] = set()
    for county, seq in marks.items():
        found.update(journal.entities_since(county, "incident/", seq, but=but))
    return frozenset(entity.removeprefix("incident/") for entity in found)


def school_names(counties: Collection[str]) -> dict[tuple[str, str | None], str]:
    """Names of all schools of the counties, by county and code."""
    rows = db.session.execute(select(School.county, School.code, School.name).where(School.county.in_(list(counties))))
    return {(row.county, row.code): row.name for row in rows}


def shown(
    wanted: Sequence[Line],
    *,
    duties: Iterable[HeldDuty],
    person: str,
    at: datetime,
    window: str,
    name_counties: bool,
    changed: frozenset[str] = frozenset(),
) -> dict[str, Shown]:
    """The rows of these lines, by id, in a bounded number of statements."""
    in_county, with_id = {line.county for line in wanted}, [line.id for line in wanted]
    statement = select(IncidentRow).where(IncidentRow.county.in_(in_county), IncidentRow.id.in_(with_id))
    rows = list(db.session.scalars(statement))
    schools = queries.school_names(rows)
    counties = {row.county for row in rows}
    names = queries.division_names(counties) if name_counties else {}
    chains = {county: organisation.division_chain(county) for county in counties}
    chiefs = _chiefs({path_of(row.county, row.school) for row in rows}, window)
    owners = queries.person_names(row.owner for row in rows)
    held = list(duties)
    found = {}
    several = area_queries.joined_schools(row for row in rows if row.school is None)
    for row in rows:
        school = schools.get((row.county, row.school or ""))
        path = path_of(row.county, row.school)
        # A county incident's place is the county, which its chain begins with.
        within = (path, *chains[row.county]) if row.school else tuple(chains[row.county])
        place = Place(path, "school" if row.school else "county", within)
        acting = levels(held, "incident.act", place)
        offers = transitions.offers(row, levels=acting, person=person, at=at)
        numbers = [("school", school.telephone)] if school and school.telephone else []
        found[row.id] = Shown(
            row=row,
            school_name=school.name if school else row.school or several[row.id],
            timezone=school.timezone if school else "Asia/Shanghai",
            county_name=names.get(row.county),
            telephones=[*numbers, *chiefs.get(path, [])],
            owner=owners.get(row.owner or ""),
            due=due_of(row),
            offers=frozenset(each.action for each in offers),
            changed=row.id in changed,
        )
    return found


def _chiefs(paths: Collection[str], window: str) -> dict[str, list[tuple[str, str]]]:
    """Chief monitors of the schools who can be called: (name, number), by path."""
    statement = (
        select(Duty.place, Person.name, Person.telephone)
        .join(Person, Person.id == Duty.person)
        .where(Duty.role == "chief_monitor", Duty.window == window, Duty.place.in_(list(paths)))
        .order_by(Duty.place, Person.name)
    )
    found: dict[str, list[tuple[str, str]]] = {}
    for place, name, telephone in db.session.execute(statement):
        if telephone:
            found.setdefault(place, []).append((name, telephone))
    return found
