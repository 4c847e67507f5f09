"""Reads of incidents: a desk's list, a school's, one incident's timeline, what the phone keeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from fieldops.db import db
from fieldops.incidents import attachments, transitions
from fieldops.incidents.models import IncidentRow
from fieldops.incidents.severity import SEVERITIES
from fieldops.incidents.state import acting_level, decided, fold, notes, utc_text
from fieldops.journal import queries as journal
from fieldops.journal.events import Event
from fieldops.organisation.models import Division, Person, School

#: How many that are over a list still shows.
ENDED_SHOWN = 20


class Desk(NamedTuple):
    """A desk's list, worst and oldest first in each part."""

    #: Those whose next word is this desk's.
    needs_me: list[IncidentRow]
    #: Under way elsewhere.
    elsewhere: list[IncidentRow]
    #: Over: the newest first, at most `ENDED_SHOWN`.
    ended: list[IncidentRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a timeline, with the three times: happened, written, arrived (window clock, UTC)."""

    #: Id of its event.
    event: str
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    received_at: datetime
    #: Name of the person; None for the system.
    name: str | None
    #: At which level they acted; None without a duty on the chain.
    level: str | None
    text: str | None
    to_level: str | None
    severity: str | None
    flags: tuple[str, ...]
    #: Why the engine took the step: a code of `words.LAPSED`; how late it did, the level it found, the person told in
    #: place of those on duty, and whether there was nobody above.
    reason: str | None = None
    late_by_s: int | None = None
    at_level: str | None = None
    fallback: str | None = None
    top: bool = False
    #: By when an instruction wants to be carried out.
    until: datetime | None = None
    #: Id of the incident in which it goes on, or which goes on in it.
    other: str | None = None
    #: Code of the school that joined a county incident.
    school: str | None = None
    attachment: attachments.Shown | None = None


def get(county: str, identity: str) -> IncidentRow | None:
    """An incident; None when there is none or its report has not arrived."""
    row = db.session.get(IncidentRow, (county, identity))
    return None if row is None or row.state == "awaited" else row


class Where(NamedTuple):
    """Where an incident is: its school, or for one of several schools its county."""

    name: str
    timezone: str
    telephone: str | None


def place_of(row: IncidentRow) -> Where:
    """Name, time zone and number of the incident's place."""
    school = db.session.get(School, (row.county, row.school)) if row.school else None
    if school is not None:
        return Where(school.name, school.timezone, school.telephone)
    county = db.session.get(Division, row.county)
    return Where(county.name if county else row.county, "Asia/Shanghai", county.telephone if county else None)


def address(row: IncidentRow) -> str:
    """Address of an incident's page: below its school's, or its county's for one of several schools."""
    school = f"/s/{row.school}" if row.school else ""
    return f"/c/{row.county}{school}/incidents/{row.id}"


def chain_of(county: str) -> tuple[str, ...]:
    """The levels above a school of this county that exist, with the school: a county may have no city."""
    levels, code = ["school"], county
    while code and len(levels) < 4:
        division = db.session.get(Division, code)
        if division is None:
            break
        levels.append(division.level)
        code = division.parent or ""
    return tuple(level for level in transitions.CHAIN if level in levels)


def counties_of(division: Division) -> dict[str, Division]:
    """Counties of a county, city or province, by code."""
    if division.level == "county":
        return {division.code: division}
    below = list(db.session.scalars(select(Division).where(Division.parent == division.code)))
    if division.level == "province":
        cities = [child.code for child in below if child.level == "city"]
        below += db.session.scalars(select(Division).where(Division.parent.in_(cities)))
    return {child.code: child for child in sorted(below, key=lambda d: d.code) if child.level == "county"}


def for_desk(division: Division, *, window: str) -> Desk:
    """What a desk has before it. A county sees all of its schools; city and province see what ever reached them."""
    counties = counties_of(division)
    statement = select(IncidentRow).where(
        IncidentRow.county.in_(list(counties)), IncidentRow.window == window, IncidentRow.state != "awaited"
    )
    rank = transitions.CHAIN.index(division.level)
    if division.level != "county":
        at_least = transitions.CHAIN[rank:]
        statement = statement.where(IncidentRow.reached.in_(at_least) | (IncidentRow.verify_level == division.level))
    return _sorted(db.session.scalars(statement), level=division.level)


def of_school(county: str, school: str, *, window: str) -> Desk:
    """A school's incidents, as its chief monitor has them before them."""
    statement = select(IncidentRow).where(
        IncidentRow.county == county,
        IncidentRow.window == window,
        IncidentRow.school == school,
        IncidentRow.state != "awaited",
    )
    return _sorted(db.session.scalars(statement), level="school")


def under_way(county: str, window: str, *, but: str) -> list[IncidentRow]:
    """Incidents of the county in which another one may go on, worst and oldest first."""
    rows = db.session.scalars(
        select(IncidentRow).where(
            IncidentRow.county == county,
            IncidentRow.window == window,
            IncidentRow.state.in_(("open", "acknowledged")),
            IncidentRow.id != but,
        )
    )
    return sorted(rows, key=worst_and_oldest)


def related(row: IncidentRow) -> list[IncidentRow]:
    """Where it goes on, and what goes on in it."""
    named = [row.merged_into] if row.merged_into else row.joined or []
    statement = select(IncidentRow).where(IncidentRow.county == row.county, IncidentRow.id.in_(named))
    return sorted((each for each in db.session.scalars(statement) if each.state != "awaited"), key=worst_and_oldest)


def turn(row: IncidentRow) -> str:
    """Whose next word it is: the level that verifies, else the one that holds it."""
    return row.verify_level or row.level


def worst_and_oldest(row: IncidentRow) -> tuple[int, datetime, str]:
    """The order of every list: need for attention, never a school's standing."""
    assert row.occurred_at is not None
    return (-SEVERITIES.index(row.severity), row.occurred_at, row.id)


def _sorted(rows: Iterable[IncidentRow], *, level: str) -> Desk:
    found = sorted(rows, key=worst_and_oldest)
    under_way = [row for row in found if row.state not in transitions.FINAL or row.unacknowledged_end]
    over = [row for row in found if row not in under_way and row.ended_at is not None]
    over.sort(key=lambda row: row.ended_at or row.told_at, reverse=True)  # type: ignore[arg-type,return-value]
    return Desk(
        needs_me=[row for row in under_way if turn(row) == level],
        elsewhere=[row for row in under_way if turn(row) != level],
        ended=over[:ENDED_SHOWN],
    )


def school_names(rows: Iterable[IncidentRow]) -> dict[tuple[str, str], School]:
    """The schools of these incidents, by county and code."""
    counties = {row.county for row in rows}
    return {(s.county, s.code): s for s in db.session.scalars(select(School).where(School.county.in_(counties)))}


def division_names(codes: Iterable[str]) -> dict[str, str]:
    """Names of counties, by code."""
    rows = db.session.execute(select(Division.code, Division.name).where(Division.code.in_(set(codes))))
    return {row.code: row.name for row in rows}


def person_names(people: Iterable[str | None]) -> dict[str, str]:
    """Names of people on duty, by id."""
    wanted = {person for person in people if person}
    if not wanted:
        return {}
    return {row.id: row.name for row in db.session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))}


def decisions_since(county: str, identity: str, seen_version: int) -> list[Event]:
    """Decisions after the version that somebody saw, oldest first."""
    events = _events(county, identity)
    return decided(events, fold(events))[max(0, seen_version - 1) :]


def timeline(county: str, identity: str) -> list[Entry]:
    """Everything that was said about an incident, by when it happened."""
    events = _events(county, identity)
    if not events:
        return []
    state = fold(events)
    report = [event for event in events if event.id == identity]
    mine = [event for event in events if (event.school, event.window) == (state.school, state.window)]
    # Who was told stands behind each step anyway; that nobody was there is news..
    said = [event for event in mine if event.kind == "incident.clocked" and event.data["on_duty"] == 0]
    said += [event for event in mine if event.kind == "incident.repeated"]
    told = [*report, *decided(events, state), *said, *notes(events, state)]
    shown = sorted(told, key=lambda event: (event.occurred_at, event.seq))
    names = person_names(
        [*(event.person for event in shown), *(event.data.get(name) for event in shown for name in ("fallback", "by"))]
    )
    here = attachments.here(county, identity) if any(event.kind == attachments.ATTACHED for event in shown) else ()
    return [_entry(event, names, frozenset(here)) for event in shown]


def record(county: str, identity: str) -> list[Event]:
    """Every event of an incident in the order of acceptance: what its report form is made from."""
    events = _events(county, identity)
    state = fold(events) if events else None
    mine = [event for event in events if state and (event.school, event.window) == (state.school, state.window)]
    return sorted(mine, key=lambda event: event.seq)


def snapshot_incidents(county: str, window: str, school: str) -> list[dict[str, Any]]:
    """A school's incidents as the phone keeps them (docs/api.md), with instructions and phase."""
    desk = of_school(county, school, window=window)
    rows = [*desk.needs_me, *desk.elsewhere, *desk.ended]
    areas = _areas_of(county, rows)
    return [
        {
            "id": row.id,
            "room": row.room,
            "session": row.session,
            "category": row.category,
            "severity": row.severity,
            "level": row.level,
            "state": row.state,
            # Of one that goes on in a county incident: how far that one is.
            "phase": areas[row.merged_into].phase if row.merged_into in areas else row.phase,
            "reported_at": utc_text(row.occurred_at) if row.occurred_at else None,
            "version": row.version,
            "instructions": [
                {"text": said["text"], "at": said["at"], "by_level": said["by_level"]} for said in _said(row, areas)
            ],
        }
        for row in rows
    ]


def _areas_of(county: str, rows: Iterable[IncidentRow]) -> dict[str | None, IncidentRow]:
    """County incidents in which these go on, by id."""
    wanted = {row.merged_into for row in rows if row.merged_into}
    if not wanted:
        return {}
    statement = select(IncidentRow).where(
        IncidentRow.county == county, IncidentRow.id.in_(wanted), IncidentRow.school.is_(None)
    )
    return {row.id: row for row in db.session.scalars(statement)}


def _said(row: IncidentRow, areas: dict[str | None, IncidentRow]) -> list[dict[str, Any]]:
    """Instructions of an incident, with those to the county incident in which it goes on."""
    area = areas.get(row.merged_into)
    return [*row.instructions, *area.instructions] if area is not None else list(row.instructions)


def _events(county: str, identity: str) -> Sequence[Event]:
    entity = f"incident/{identity}"
    return journal.of_entities(county, [entity])[entity]


def _entry(event: Event, names: dict[str, str], here: frozenset[str]) -> Entry:
    data = event.data
    by_system = event.kind in ("incident.lapsed", "incident.repeated")
    return Entry(
        event=event.id,
        kind=event.kind.removeprefix("incident."),
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        received_at=event.received_at,
        name=names.get(event.person or data.get("by") or ""),
        level=acting_level(event, event.levels[0]) if event.levels else None,
        text=data.get("text") or (None if by_system else data.get("reason")) or data.get("note") or data.get("caption"),
        to_level=data.get("to_level"),
        severity=data.get("severity"),
        flags=event.flags,
        reason=data.get("reason") if by_system else None,
        late_by_s=data.get("late_by_s"),
        at_level=data.get("level"),
        fallback=names.get(data.get("fallback") or ""),
        top=bool(data.get("top")),
        until=datetime.fromisoformat(data["due_at"]) if data.get("due_at") else None,
        other=data.get("into") or data.get("other"),
        school=data.get("school"),
        attachment=attachments.shown(event, here),
    )
