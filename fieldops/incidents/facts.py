"""Event kinds of incidents; `state` folds them. Pure but for `judge`, which reads the roster, and
what a merge and the `reactions` look up.

Facts (`incident.reported`, `incident.noted`) are free and never refused. Decisions are guarded by the table of
`transitions`; the journal compares the version seen. The fold applies every decision that stands in the journal, in the
order of acceptance, and asks the table no more: a rule changed later may not change what was decided before.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from fieldops.incidents import area_facts, attachments, clocks, reactions, transitions
from fieldops.incidents.models import IncidentRow
from fieldops.incidents.severity import CATEGORIES, Order, Severity, worse
from fieldops.incidents.state import Incident, as_row, fold
from fieldops.incidents.telling import letters
from fieldops.journal.events import Draft, Event
from fieldops.journal.kinds import Kind, Outgoing, Projection, Reading
from fieldops.messages.models import Letter
from fieldops.roster import reference

#: Words of a person: not blank, and not a book.
Words = Annotated[str, Meta(min_length=1, max_length=2000, pattern=r"\S")]
Level = Literal["school", "county", "city", "province"]


class Reported(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A report: what kind, the answers to the plain questions, whom it concerns, what was done at once."""

    category: Annotated[str, Meta(min_length=1, max_length=40)]
    order_affected: Order
    data_affected: bool
    materials_at_risk: bool
    beyond_school: bool
    note: Annotated[str, Meta(max_length=2000)] | None = None
    #: Codes of the students concerned.
    students: Annotated[list[Annotated[str, Meta(min_length=1, max_length=32)]], Meta(max_length=200)] = []
    #: What was done at once: words, or true when nothing is left to do.
    handled: Annotated[str, Meta(max_length=2000)] | bool | None = None


class Noted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A free fact about an incident."""

    incident: uuid.UUID
    text: Words


class Attached(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A photo (not of persons) or a file: what its bytes will be. They follow by `PUT /api/v1/attachments/<id>`."""

    incident: uuid.UUID
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    size: Annotated[int, Meta(ge=1, le=attachments.MOST_BYTES)]
    type: Literal["image/jpeg", "image/png", "image/webp", "application/pdf"]
    caption: Annotated[str, Meta(max_length=200)] | None = None


class AttachmentArrived(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The bytes of an attachment are here."""

    incident: uuid.UUID
    attachment: uuid.UUID


class Decided(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A decision names the incident and the version that its author saw."""

    incident: uuid.UUID
    seen_version: int


class WithText(Decided, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A decision that says something to the others."""

    text: Words


class Moved(WithText, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Handed back, with an instruction, to a level below. `due_at`: by when it wants to be carried out."""

    to_level: Level
    due_at: datetime | None = None


class Escalated(Decided, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Passed to a level above. The level is named, because a county directly under a province has no city."""

    reason: Words
    to_level: Level


class Regraded(Decided, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A severity raised or lowered."""

    severity: Severity
    reason: Words


class Withdrawn(Decided, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Taken back by its reporter at once, or called a false alarm, with the reason."""

    reason: Words | None = None


class Realarmed(Decided, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The same fault again, soon after it was over."""

    reason: Words


class Merged(Decided, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """It goes on in another incident of the county."""

    into: uuid.UUID
    reason: Annotated[str, Meta(max_length=2000)] | None = None


class Recurred(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A report of a fault that was over a moment ago: it goes on in that incident."""

    incident: uuid.UUID
    into: uuid.UUID


class Joined(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Another incident goes on in this one; `again`: because the same fault came back after it was over."""

    incident: uuid.UUID
    other: uuid.UUID
    severity: Severity
    level: Level
    again: bool
    #: Of a county incident: the school that joined, and by when its own next word was due.
    school: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    was_due_at: Annotated[datetime, Meta(tz=True)] | None = None


class Gathered(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A school's incident goes on in the county's: `by` is who said so at the county's desk."""

    incident: uuid.UUID
    into: uuid.UUID
    by: uuid.UUID | None = None


class Declared(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One incident of several schools, made of theirs by a desk's decision: its report."""

    category: Annotated[str, Meta(min_length=1, max_length=40)]
    by: uuid.UUID | None = None


class Clocked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A level was told: by which event, whose desk it is, how many are on duty; with the report the values in force."""

    incident: uuid.UUID
    told: uuid.UUID
    cause: str
    level: Level
    place: str
    on_duty: int
    fallback: uuid.UUID | None = None
    above: str | None = None
    policy: dict[str, Any] | None = None


class Lapsed(Decided, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The clock ran out: the incident goes up, or once more to the level that holds it."""

    level: Level
    to_level: Level
    reason: Literal["unacknowledged", "no_word", "nobody_on_duty"]
    #: Seconds after the moment at which it was due.
    late_by_s: int


class Repeated(Decided, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Those who hold it are told again. `top`: it would go up, and there is nobody above."""

    level: Level
    #: Path of the desk that is told, when it is known.
    place: str | None = None
    reason: Literal["unacknowledged", "no_word", "nobody_on_duty", "unverified", "unclosed"]
    late_by_s: int
    top: bool = False


def incident_of(event: Event) -> str:
    """Key of the incident that an event is about: the id of its report."""
    named = event.data.get("incident")
    return event.id if named is None else str(uuid.UUID(str(named)))


def guard(event: Event, state: Incident | None) -> str | None:
    """Why a decision may not be taken on the state that it meets: a code of `transitions.refusal`, or one of

    `unknown` (no such incident here), `elsewhere` (it belongs to another school or window), `wrong_direction`,
    `no_target` (a merge into what is not there or no longer under way).
    """
    if state is None or state.state == "awaited":
        return "unknown"
    if (event.school, event.window) != (state.school, state.window):
        return "elsewhere"
    action = _ACTION_OF[event.kind]
    refused = transitions.refusal(
        action,
        state,
        levels=event.levels,
        person=event.person,
        at=event.recorded_at,
        words=event.data.get("into") or event.data.get("text") or event.data.get("reason"),
    )
    if refused is None and event.kind == "incident.merged" and not reactions.mergeable(event):
        return "no_target"
    return refused or _direction(event, state)


def guard_engine(event: Event, state: Incident | None) -> str | None:
    """Why a step of the engine may not be taken: it was done already, or somebody acted meanwhile (`not_due`)."""
    if state is None or (event.school, event.window) != (state.school, state.window):
        return "unknown"
    step = clocks.due(state, event.received_at)
    data = event.data
    if step is None or (step.reason, step.at, state.level) != (data["reason"], event.occurred_at, data["level"]):
        return "not_due"
    top = step.kind == "lapsed" and bool(data.get("top"))
    if event.kind != f"incident.{step.kind}" and not (event.kind == "incident.repeated" and top):
        return "not_due"
    return None


def _direction(event: Event, state: Incident) -> str | None:
    """Whether a move goes the way its name says."""
    rank = transitions.CHAIN.index
    to = event.data.get("to_level")
    if event.kind == "incident.escalated" and to is not None and rank(to) <= rank(state.level):
        return "wrong_direction"
    if event.kind == "incident.handed_back" and to is not None and rank(to) >= rank(state.level):
        return "wrong_direction"
    wanted = event.data.get("severity")
    if event.kind == "incident.severity_raised" and not worse(str(wanted), state.severity):
        return "wrong_direction"
    if event.kind == "incident.severity_lowered" and not worse(state.severity, str(wanted)):
        return "wrong_direction"
    return None


def judge(event: Event, reading: Reading) -> Sequence[str]:
    """Flags of a report that fits badly: it is taken as it is, and a person can see that it does."""
    known = reference.load(reading)
    school = known.schools.get(event.school or "")
    flags = []
    if event.data["category"] not in CATEGORIES:
        flags.append("unknown_category")
    if school is None:
        flags.append("unknown_school")
    elif event.room is not None and event.room not in school.rooms:
        flags.append("unknown_room")
    if event.session is not None and event.session not in known.sessions:
        flags.append("unknown_session")
    if school is not None and any(code not in school.students for code in event.data.get("students", ())):
        flags.append("not_on_roster")
    late_after_min = known.policies["late_entry_after_min"].value
    if (event.recorded_at - event.occurred_at).total_seconds() > late_after_min * 60:
        flags.append("late_entry")
    return flags


_ACTION_OF = {kind: action for action, kind in transitions.KIND_OF.items()}
_DATA: dict[str, type[Decided]] = {
    "acknowledge": Decided,
    "instruct": WithText,
    "hand_back": Moved,
    "escalate": Escalated,
    "resolve": WithText,
    "verify": Decided,
    "close": Decided,
    "raise_severity": Regraded,
    "lower_severity": Regraded,
    "withdraw": Withdrawn,
    "realarm": Realarmed,
    "merge": Merged,
    "see": Decided,
}
#: What follows from them. Those that tell a level say so in an event of their own.
_REACT: dict[str, Callable[[Event, Any, Reading], Sequence[Draft]]] = {
    "instruct": reactions.instructed,
    "resolve": reactions.resolved,
    "hand_back": reactions.told,
    "escalate": reactions.told,
    "raise_severity": reactions.told,
    "realarm": reactions.told,
    "merge": reactions.merged,
}


def _decision(action: str) -> Kind:
    return Kind(
        name=transitions.KIND_OF[action],
        # Whoever may report may take their own report back; that it is their own, the guard knows.
        action="incident.report" if action == "withdraw" else "incident.act",
        levels_of="incident.act",
        data=_DATA[action],
        entity=incident_of,
        projection="incident",
        decision=True,
        guard=guard,
        react=_REACT.get(action),
    )


def _system(
    name: str,
    data: type[msgspec.Struct],
    *,
    react: Callable[[Event, Any, Reading], Sequence[Draft]] | None = None,
    engine: bool = False,
) -> Kind:
    return Kind(
        name=f"incident.{name}",
        action="incident.act",
        data=data,
        entity=incident_of,
        projection="incident",
        system=True,
        decision=engine,
        guard=guard_engine if engine else None,
        react=react,
    )


KINDS: tuple[Kind, ...] = (
    Kind(
        name="incident.reported",
        action="incident.report",
        levels_of="incident.report",
        data=Reported,
        needs=frozenset({"school"}),
        entity=incident_of,
        projection="incident",
        judge=judge,
        react=reactions.reported,
    ),
    Kind(
        name="incident.noted",
        action="incident.report",
        levels_of="incident.report",
        data=Noted,
        entity=incident_of,
        projection="incident",
    ),
    Kind(
        name=attachments.ATTACHED,
        action="incident.report",
        levels_of="incident.report",
        data=Attached,
        needs=frozenset({"school"}),
        entity=incident_of,
        projection="incident",
    ),
    _system("attachment_arrived", AttachmentArrived),
    *(_decision(action) for action in transitions.ACTIONS),
    _system("clocked", Clocked),
    _system("recurred", Recurred),
    _system("joined", Joined, react=reactions.joined),
    _system("gathered", Gathered),
    _system("declared", Declared, react=reactions.told),
    _system("lapsed", Lapsed, react=reactions.told, engine=True),
    _system("repeated", Repeated, engine=True),
    *area_facts.KINDS,
)


PROJECTIONS: tuple[Projection, ...] = (
    Projection(
        name="incident",
        table=IncidentRow.__table__,
        fold=fold,
        row=as_row,
        refold=True,
        outgoing=Outgoing(table=Letter.__table__, rows=letters),
    ),
    *area_facts.PROJECTIONS,
)
