"""Verbs of incidents. Each is one event, recorded in a transaction of its own; none knows HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from uuid6 import uuid7

from fieldops.db import writing
from fieldops.incidents import queries, transitions
from fieldops.incidents.incident import utc_text
from fieldops.incidents.models import IncidentRow
from fieldops.journal.events import Event, make, printable
from fieldops.journal.service import Author, Result, record
from fieldops.web.errors import Problem


class Stale(Problem):
    """Somebody decided meanwhile. `incident` is the fresh state, `since` are the decisions not seen, oldest first."""

    status, slug, title = 409, "incident-changed", _l("This incident changed before your decision arrived")
    detail = _l("Look at the newer state, then decide again.")

    def __init__(self, incident: IncidentRow, since: Sequence[Event]) -> None:
        super().__init__(current=incident.version)
        self.incident = incident
        self.since = since


class Refused(Problem):
    """The table of transitions does not offer this decision. `reason` is a code of `transitions.refusal`."""

    status, slug, title = 409, "incident-decision-refused", _l("This is not possible with the incident as it stands")
    detail = _l("Use the buttons that the incident shows now.")

    def __init__(self, incident: IncidentRow, reason: str) -> None:
        super().__init__(reason=reason)
        self.incident = incident
        self.reason = reason


class NotRecorded(Problem):
    """The journal set it aside: it could not be understood, or the person may not say it."""

    status, slug, title = 422, "incident-not-recorded", _l("This was not recorded")
    detail = _l("Check what you entered and send it again.")


def report(
    *,
    county: str,
    window: str,
    by: Author,
    at: datetime,
    school: str,
    category: str,
    order_affected: str,
    data_affected: bool,
    materials_at_risk: bool,
    beyond_school: bool,
    occurred_at: datetime | None = None,
    room: str | None = None,
    session: str | None = None,
    note: str | None = None,
    students: Sequence[str] = (),
    handled: str | bool | None = None,
) -> str:
    """Report an incident at a desk, also on behalf of a school that telephoned. Returns its id.

    Args:
        at: now, window clock; `occurred_at`: when it happened, default now.

    Raises:
        NotRecorded: not understood or not permitted.
    """
    data: dict[str, Any] = {
        "category": category,
        "order_affected": order_affected,
        "data_affected": data_affected,
        "materials_at_risk": materials_at_risk,
        "beyond_school": beyond_school,
    }
    if note and note.strip():
        data["note"] = printable(note.strip())
    if students:
        data["students"] = list(students)
    if handled:
        data["handled"] = handled if handled is True else printable(handled)
    identity = str(uuid7())
    draft = make(
        "incident.reported",
        at=at,
        identity=identity,
        occurred_at=occurred_at,
        school=school,
        room=room,
        session=session,
        data=data,
    )
    with writing():
        result = record(county=county, window=window, author=by, events=[draft], received_at=at)[0]
    if result.outcome != "accepted":
        raise NotRecorded(reason=result.reason)
    return identity


def note(*, incident: IncidentRow, by: Author, at: datetime, text: str) -> None:
    """Add a fact to the timeline. It makes nobody's decision stale.

    Raises:
        NotRecorded: blank, too long or not permitted.
    """
    result = _record(incident, "incident.noted", by, at, {"incident": incident.id, "text": printable(text.strip())})
    if result.outcome != "accepted":
        raise NotRecorded(reason=result.reason)


def acknowledge(*, incident: IncidentRow, by: Author, at: datetime, seen_version: int) -> None:
    """Say that the level that holds it has read it and takes it on. Raises as `decide`."""
    decide("acknowledge", incident=incident, by=by, at=at, seen_version=seen_version)


def instruct(*, incident: IncidentRow, by: Author, at: datetime, seen_version: int, text: str) -> None:
    """Tell those below what to do. Raises as `decide`."""
    decide("instruct", incident=incident, by=by, at=at, seen_version=seen_version, text=text)


def hand_back(
    *, incident: IncidentRow, by: Author, at: datetime, seen_version: int, text: str, due_at: datetime | None = None
) -> None:
    """Give it to the level below with an instruction, to be carried out by `due_at`. Raises as `decide`."""
    words = {"due_at": utc_text(due_at)} if due_at is not None else {}
    decide("hand_back", incident=incident, by=by, at=at, seen_version=seen_version, text=text, **words)


def escalate(*, incident: IncidentRow, by: Author, at: datetime, seen_version: int, reason: str) -> None:
    """Pass it to the level above. Raises as `decide`."""
    decide("escalate", incident=incident, by=by, at=at, seen_version=seen_version, reason=reason)


def resolve(*, incident: IncidentRow, by: Author, at: datetime, seen_version: int, text: str) -> None:
    """Say that it is over, and how. Raises as `decide`."""
    decide("resolve", incident=incident, by=by, at=at, seen_version=seen_version, text=text)


def verify(*, incident: IncidentRow, by: Author, at: datetime, seen_version: int) -> None:
    """Confirm the resolution. Raises as `decide`."""
    decide("verify", incident=incident, by=by, at=at, seen_version=seen_version)


def close(*, incident: IncidentRow, by: Author, at: datetime, seen_version: int) -> None:
    """Close what was verified. Raises as `decide`."""
    decide("close", incident=incident, by=by, at=at, seen_version=seen_version)


def raise_severity(
    *, incident: IncidentRow, by: Author, at: datetime, seen_version: int, severity: str, reason: str
) -> None:
    """Say that it is worse; a serious one goes to the county at once. Raises as `decide`."""
    words = {"severity": severity, "reason": reason}
    decide("raise_severity", incident=incident, by=by, at=at, seen_version=seen_version, **words)


def lower_severity(
    *, incident: IncidentRow, by: Author, at: datetime, seen_version: int, severity: str, reason: str
) -> None:
    """Say that it is less bad. Raises as `decide`."""
    words = {"severity": severity, "reason": reason}
    decide("lower_severity", incident=incident, by=by, at=at, seen_version=seen_version, **words)


def withdraw(*, incident: IncidentRow, by: Author, at: datetime, seen_version: int, reason: str | None = None) -> None:
    """Take one's own report back at once, or call it a false alarm with the reason. Raises as `decide`."""
    words = {"reason": reason} if reason and reason.strip() else {}
    decide("withdraw", incident=incident, by=by, at=at, seen_version=seen_version, **words)


def merge(
    *, incident: IncidentRow, by: Author, at: datetime, seen_version: int, into: str, reason: str | None = None
) -> None:
    """Let it go on in another incident of the county that is under way. Raises as `decide`."""
    words = {"reason": reason} if reason and reason.strip() else {}
    decide("merge", incident=incident, by=by, at=at, seen_version=seen_version, into=into, **words)


def realarm(*, incident: IncidentRow, by: Author, at: datetime, seen_version: int, reason: str) -> None:
    """Open what is just over again: the same fault came back. Raises as `decide`."""
    decide("realarm", incident=incident, by=by, at=at, seen_version=seen_version, reason=reason)


def see(*, incident: IncidentRow, by: Author, at: datetime, seen_version: int) -> None:
    """Take notice of what was over before the level took it on; it opens nothing again. Raises as `decide`."""
    decide("see", incident=incident, by=by, at=at, seen_version=seen_version)


def decide(action: str, *, incident: IncidentRow, by: Author, at: datetime, seen_version: int, **words: str) -> None:
    """Take a decision of `transitions.ACTIONS`; the verbs above are its spellings.

    A second press of the same button by the same person is the decision that stands already, and no error.

    Args:
        at: now, window clock.
        seen_version: the version that the person saw.
        words: `text`, `reason`, `severity`, `into`, `due_at`, as the action needs.

    Raises:
        Stale: somebody else decided meanwhile; carries the fresh incident.
        Refused: the table does not offer it; carries the fresh incident and the code.
        NotRecorded: words missing or too long, or no right there.
    """
    kind = transitions.KIND_OF[action]
    county, identity, level = incident.county, incident.id, incident.level
    data: dict[str, Any] = {name: printable(value.strip()) for name, value in words.items()}
    if action in ("escalate", "hand_back"):
        chain = queries.chain_of(county)
        to = transitions.above(level, chain) if action == "escalate" else transitions.below(level, chain)
        if to is None:
            raise Refused(incident, "not_in_state")
        data["to_level"] = to
    result = _record(incident, kind, by, at, {"incident": identity, "seen_version": seen_version, **data})
    if result.outcome == "accepted":
        return
    if result.outcome != "conflict":
        raise NotRecorded(reason=result.reason)
    fresh = queries.get(county, identity)
    assert fresh is not None
    if result.reason != "stale":
        raise Refused(fresh, str(result.reason))
    since = queries.decisions_since(county, identity, seen_version)
    if since and _same(since[0], kind, by, data):
        return
    raise Stale(fresh, since)


def _same(event: Event, kind: str, by: Author, data: dict[str, Any]) -> bool:
    said = {name: value for name, value in event.data.items() if name not in ("incident", "seen_version")}
    return event.kind == kind and event.person == by.person and said == data


def _record(incident: IncidentRow, kind: str, by: Author, at: datetime, data: dict[str, Any]) -> Result:
    window, school, county = incident.window, incident.school, incident.county
    # A reporter with a duty in one room has the right there alone: speak from where it was reported.
    place = f"{county}/{school}" if school else county
    room = incident.room if not by.may("incident.report", place) else None
    draft = make(kind, at=at, identity=str(uuid7()), school=school, room=room, data=data)
    with writing():
        return record(county=county, window=window, author=by, events=[draft], received_at=at)[0]
