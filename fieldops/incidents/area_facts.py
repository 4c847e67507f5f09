"""Event kinds of the area detector (`area`), and what follows from them in the same transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from sqlalchemy import select

from fieldops.db import db
from fieldops.incidents import area
from fieldops.incidents.area import ACCEPTED, DECLINED, HEARD, Area
from fieldops.incidents.incident import Incident, utc_text
from fieldops.incidents.models import AreaRow, IncidentRow
from fieldops.journal.events import Draft, Event, derived_id, make
from fieldops.journal.kinds import Kind, Projection, Reading
from fieldops.organisation.models import Division
from fieldops.roster import reference

Category = Annotated[str, Meta(min_length=1, max_length=40)]

_row = IncidentRow.__table__.c


class Heard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A school reported something of this category; with the policies in force."""

    category: Category
    incident: uuid.UUID
    schools: int
    minutes: int


class Accepted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """These are one incident of the county: a new one, or `into` the one that is there."""

    category: Category
    seen_version: int
    incidents: Annotated[list[uuid.UUID], Meta(min_length=1, max_length=500)]
    into: uuid.UUID | None = None


class Declined(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """These have nothing to do with each other, and why."""

    category: Category
    seen_version: int
    incidents: Annotated[list[uuid.UUID], Meta(min_length=1, max_length=500)]
    reason: Annotated[str, Meta(min_length=1, max_length=2000, pattern=r"\S")]


def heard(event: Event, reading: Reading) -> Draft:
    """What a report tells the detector."""
    policies = reference.load(reading).policies
    data = {
        "category": event.data["category"],
        "incident": event.id,
        "schools": policies["area_schools"].value,
        "minutes": policies["area_min"].value,
    }
    return make(
        HEARD,
        at=event.received_at,
        identity=derived_id(event.id, HEARD),
        occurred_at=event.occurred_at,
        school=event.school,
        data=data,
    )


def under_way(county: str, window: str, incidents: Iterable[str]) -> dict[str, Any]:
    """Rows of those that are open or taken on, by id."""
    statement = select(_row.id, _row.school, _row.severity, _row.level, _row.ack_due_at, _row.word_due_at).where(
        _row.county == county,
        _row.window == window,
        _row.id.in_(list(incidents)),
        _row.state.in_(("open", "acknowledged")),
    )
    return {row.id: row for row in db.session.execute(statement)}


def guard(event: Event, state: Area | None) -> str | None:
    """Why the desk's answer may not be taken: `unknown` (nobody asks this), `no_target` (it is over meanwhile)."""
    said = _named(event)
    asked = [group for group in state.groups if said <= {each.incident for each in group.taken}] if state else []
    if not asked:
        return "unknown"
    group = asked[0]
    if event.kind == DECLINED:
        return None
    there = under_way(event.county, event.window, [*said, *group.areas])
    question = area.proposal(group, set(there))
    wanted = event.data.get("into")
    into = str(uuid.UUID(str(wanted))) if wanted else None
    return None if question is not None and question.into == into and said & set(there) else "no_target"


def accepted(event: Event, state: Area, _reading: Reading) -> Sequence[Draft]:
    """The county incident, and that the schools' own go on in it."""
    into = area.area_of(event)
    of = _named(event)
    group = next(group for group in state.groups if of & {each.incident for each in group.members})
    there = under_way(event.county, event.window, of)
    joining = [each for each in group.members if each.incident in of and each.incident in there]
    drafts = []
    if not event.data.get("into"):
        data = {"category": state.category, "by": event.person}
        at = min(each.at for each in joining)
        drafts.append(make("incident.declared", at=event.received_at, identity=into, occurred_at=at, data=data))
    for each in joining:
        row = there[each.incident]
        due = row.ack_due_at or row.word_due_at
        joined = {
            "incident": into,
            "other": row.id,
            "school": row.school,
            "severity": row.severity,
            # What a school holds goes to the county with it; what a city holds is the city's as a whole.
            "level": row.level if row.level != "school" else "county",
            "again": False,
            "was_due_at": utc_text(due) if due is not None else None,
        }
        gathered = {"incident": row.id, "into": into, "by": event.person}
        for kind, data, school in (("gathered", gathered, row.school), ("joined", joined, None)):
            identity = derived_id(event.id, kind, row.id)
            drafts.append(make(f"incident.{kind}", at=event.received_at, identity=identity, school=school, data=data))
    return drafts


def notice(event: Event, state: Incident, text: str, by: str | None, schools: Sequence[str]) -> Draft:
    """What is said to a county incident, as a notice to its schools: read on the phones, by person, also offline."""
    division = db.session.get(Division, event.county)
    data = {
        "notice": notice_of(event.id),
        "sender": event.county,
        "sender_name": division.name[:60] if division is not None else event.county,
        "counties": [event.county],
        "text": text,
        "by": by,
        "schools": list(schools),
        "about": state.id,
    }
    return make("notice.sent", at=event.received_at, identity=derived_id(event.id, "notice.sent"), data=data)


def notice_of(event: str) -> str:
    """Id of the notice by which an event of a county incident reaches its schools."""
    return derived_id(event, "notice")


def _named(event: Event) -> set[str]:
    return {str(uuid.UUID(str(each))) for each in event.data["incidents"]}


def _entity(event: Event) -> str:
    return f"{event.window}/{event.data['category']}"


def _decision(name: str, data: type[msgspec.Struct], react: Any = None) -> Kind:
    return Kind(
        name=name,
        action="incident.act",
        levels_of="incident.act",
        data=data,
        entity=_entity,
        projection="area",
        decision=True,
        guard=guard,
        react=react,
    )


KINDS: tuple[Kind, ...] = (
    Kind(
        name=HEARD,
        action="incident.report",
        data=Heard,
        needs=frozenset({"school"}),
        entity=_entity,
        projection="area",
        system=True,
    ),
    _decision(ACCEPTED, Accepted, accepted),
    _decision(DECLINED, Declined),
)
PROJECTIONS: tuple[Projection, ...] = (
    Projection(name="area", table=AreaRow.__table__, fold=area.fold, row=area.as_row),
)
