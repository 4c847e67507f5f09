"""What each event does to an incident. Pure; `state.fold` applies them in the order of acceptance.

Every event that stands in the journal is applied and the table of transitions is asked no more: a rule changed later
may not change what was decided before. What the system added is applied where it still fits and is a line of the
timeline otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from fieldops.incidents import clocks, transitions
from fieldops.incidents.incident import Incident, acting_level, named, utc_text
from fieldops.incidents.severity import derive, worse
from fieldops.journal.events import Event

_rank = transitions.CHAIN.index


def begin(state: Incident, event: Event) -> None:
    """The report: what happened, how bad it is, whose desk it goes to."""
    data = event.data
    state.window, state.school, state.room, state.session = event.window, event.school, event.room, event.session
    state.category = data["category"]
    state.order_affected = data["order_affected"]
    state.data_affected = data["data_affected"]
    state.materials_at_risk = data["materials_at_risk"]
    state.beyond_school = data["beyond_school"]
    severity, because = derive(
        data["order_affected"],
        data_affected=state.data_affected,
        materials_at_risk=state.materials_at_risk,
        beyond_school=state.beyond_school,
    )
    state.severity, state.because = severity, list(because)
    state.level = state.reached = transitions.start_level(severity)
    state.phase = "reported"
    state.note = data.get("note")
    handled = data.get("handled")
    state.handled = handled if isinstance(handled, str) else "" if handled else None
    state.students = list(data.get("students", ()))
    state.reporter, state.flags = event.person, list(event.flags)
    state.occurred_at, state.written_at, state.received_at = event.occurred_at, event.recorded_at, event.received_at
    state.version = 1
    _tell(state, event)


def declare(state: Incident, event: Event) -> None:
    """The report of a county incident: it concerns more than one school and begins with the county's desk."""
    state.window, state.category = event.window, event.data["category"]
    state.beyond_school = True
    severity, because = derive("no", data_affected=False, materials_at_risk=False, beyond_school=True)
    state.severity, state.because = severity, list(because)
    state.level = state.reached = "county"
    state.phase = "reported"
    state.reporter = named(event, "by") if event.data.get("by") else None
    state.occurred_at, state.written_at, state.received_at = event.occurred_at, event.recorded_at, event.received_at
    state.version = 1
    _tell(state, event)


#: What begins an incident.
BEGIN: Final[dict[str, Callable[[Incident, Event], None]]] = {
    "incident.reported": begin,
    "incident.declared": declare,
}


def settle(state: Incident) -> None:
    """When the engine must look at it next."""
    state.next_due_at = _next_due(state)


def _next_due(state: Incident) -> datetime | None:
    if state.state == "acknowledged":
        return state.word_due_at
    if state.state not in ("open", "resolved") or state.reminded_at is None:
        return None
    if state.state == "resolved":  # the one who confirms has as long as who works on it has for a word
        return state.reminded_at + clocks.growing(clocks.word_within(state.policy, state.severity), state.repeats)
    after = clocks.repeat_after(state.policy, state.severity)
    reminder = state.reminded_at + (clocks.growing(after, state.repeats) if state.exhausted else after)
    return reminder if state.exhausted or state.ack_due_at is None else min(reminder, state.ack_due_at)


# --- telling a level, and taking it on --------------------------------------------------------------------------------


def _tell(state: Incident, event: Event) -> None:
    """The level that holds it is told now, and its clock starts: it is open, and nobody there has taken it on."""
    state.state = "open"
    state.told_at = state.reminded_at = event.received_at
    state.told_by, state.desk = event.id, None
    state.rounds += 1
    state.repeats = 0
    state.nobody = state.exhausted = False
    state.fallback = state.due_before = None
    state.acknowledged_at = state.acknowledged_by = state.owner = None
    state.word_due_at = state.heard_at = None
    _set_deadline(state, event.received_at)


def _set_deadline(state: Incident, told_at: datetime) -> None:
    within, _ = clocks.acknowledge_within(state.policy, state.severity, state.level)
    state.ack_due_at = told_at + (min(within, clocks.nobody_within(state.policy)) if state.nobody else within)
    if state.due_before is not None:
        state.ack_due_at = min(state.ack_due_at, state.due_before)


def _move(state: Incident, level: str, event: Event) -> None:
    """Another level holds it now."""
    state.level = level
    state.reached = max(state.reached, level, key=_rank)
    state.lapses = 0
    state.instructed_until = None
    _tell(state, event)


def _clocked(state: Incident, event: Event) -> None:
    """Who was on duty when the level was told and, at the report, the values in force."""
    data = event.data
    if "policy" in data:
        state.policy = data["policy"]
    if data["told"] != state.told_by:
        return
    state.desk = data["place"]
    if state.state == "open" and state.told_at is not None:
        state.nobody = data["on_duty"] == 0
        state.fallback = data.get("fallback")
        _set_deadline(state, state.told_at)


def _take_on(state: Incident, event: Event) -> None:
    state.acknowledged_at, state.acknowledged_by = event.occurred_at, event.person
    state.owner = event.person
    state.ack_due_at = None
    state.nobody = state.exhausted = False


def _hear(state: Incident, event: Event) -> None:
    """A word of who took it on: the next one is due from here, and never later than an instruction wants it done."""
    state.heard_at = event.received_at
    due = event.received_at + clocks.word_within(state.policy, state.severity)
    until = state.instructed_until
    state.word_due_at = min(due, until) if until is not None and until > event.received_at else due


# --- decisions --------------------------------------------------------------------------------------------------------


def _acknowledged(state: Incident, event: Event) -> None:
    state.state, state.phase = "acknowledged", "acknowledged"
    _take_on(state, event)
    _hear(state, event)


def _instruction(state: Incident, event: Event, until: str | None = None) -> None:
    text = event.data["text"]
    said = {
        "text": text,
        "at": utc_text(event.occurred_at),
        "by": event.person,
        "by_level": acting_level(event, state.level),
    }
    state.instructions.append({**said, "until": until} if until else said)
    state.last_instruction = text


def _instructed(state: Incident, event: Event) -> None:
    _instruction(state, event)
    state.phase = "instructed"
    if state.state == "resolved":  # "not yet": it goes on, with whoever had it
        state.resolved_at = state.resolved_level = state.resolution = None
        if state.acknowledged_at is None:
            _tell(state, event)
            return
        state.state, state.repeats = "acknowledged", 0
        _hear(state, event)
    elif state.level in event.levels:
        if state.state == "open":  # an answer is an acknowledgement
            state.state = "acknowledged"
            _take_on(state, event)
        _hear(state, event)


def _handed_back(state: Incident, event: Event) -> None:
    until = event.data.get("due_at")
    moment = datetime.fromisoformat(until) if until else None
    _instruction(state, event, utc_text(moment) if moment else None)
    _move(state, event.data["to_level"], event)
    state.instructed_until = moment
    state.phase = "handed_back"


def _escalated(state: Incident, event: Event) -> None:
    _move(state, event.data["to_level"], event)
    state.phase = "escalated"


def _resolved(state: Incident, event: Event) -> None:
    if state.acknowledged_at is None and state.level in event.levels:
        _take_on(state, event)
    state.state, state.phase = "resolved", "resolved"
    state.resolved_at, state.resolution = event.occurred_at, event.data["text"]
    below_or_holder = [level for level in event.levels if _rank(level) <= _rank(state.level)]
    state.resolved_level = state.level if state.level in event.levels or not below_or_holder else below_or_holder[-1]
    state.ack_due_at = state.word_due_at = None
    state.exhausted = False
    state.reminded_at, state.repeats = event.received_at, 0


def _verified(state: Incident, event: Event) -> None:
    state.phase, state.verified_at = "verified", event.occurred_at
    state.reminded_at, state.repeats = event.received_at, 0


def _end(state: Incident, event: Event, ended: str) -> None:
    """Over. When the level that held it never took notice, it stays in sight there until somebody says that they saw.

    Whoever ends it at that level or above it has seen it.
    """
    seen = any(_rank(level) >= _rank(state.level) for level in event.levels if level in transitions.CHAIN)
    state.unacknowledged_end = state.acknowledged_at is None and not seen
    state.state = state.phase = ended
    state.ended_at = event.occurred_at
    state.ack_due_at = state.word_due_at = None
    state.exhausted = False


def _closed(state: Incident, event: Event) -> None:
    _end(state, event, "closed")


def _withdrawn(state: Incident, event: Event) -> None:
    _end(state, event, "cancelled")
    state.withdrawn = not event.data.get("reason")
    if event.data.get("reason"):
        state.resolution = event.data["reason"]


def _seen(state: Incident, _event: Event) -> None:
    state.unacknowledged_end = False


def _raised(state: Incident, event: Event) -> None:
    _worsen(state, event, event.data["severity"], "severity_raised")


def _worsen(state: Incident, event: Event, severity: str, because: str) -> None:
    """A worse severity; what is serious goes to the county. Where it stays, deadlines only ever move earlier."""
    if not worse(severity, state.severity):
        return
    state.severity, state.because = severity, [because]
    start = transitions.start_level(severity)
    if _rank(start) > _rank(state.level):
        _move(state, start, event)
        state.phase = "escalated"
        return
    if state.state == "open" and state.ack_due_at is not None:
        within, _ = clocks.acknowledge_within(state.policy, severity, state.level)
        state.ack_due_at = min(state.ack_due_at, event.received_at + within)
    if state.word_due_at is not None:
        state.word_due_at = min(state.word_due_at, event.received_at + clocks.word_within(state.policy, severity))


def _lowered(state: Incident, event: Event) -> None:
    state.severity, state.because = event.data["severity"], ["severity_lowered"]


def _realarmed(state: Incident, event: Event) -> None:
    """The same fault again: it goes on at the level that held it, which is told anew."""
    state.resolved_at = state.resolved_level = state.resolution = None
    state.verified_at = state.ended_at = None
    state.unacknowledged_end = False
    state.realarmed_at = event.occurred_at
    state.lapses = 0
    state.instructed_until = None
    state.phase = "realarmed"
    _tell(state, event)


def _merged(state: Incident, event: Event) -> None:
    _end(state, event, "merged")
    # It goes on elsewhere, so nothing of it is out of sight; and it is never shown as unseen beside the other.
    state.unacknowledged_end = False
    state.merged_into = named(event, "into")


# --- what the system adds ---------------------------------------------------------------------------------------------


def _joined(state: Incident, event: Event) -> None:
    """Another incident goes on in this one: as a new alarm when this one was over."""
    data = event.data
    other = named(event, "other")
    if other not in state.joined:
        state.joined.append(other)
    if data["again"] and state.state in ("resolved", "closed"):
        _realarmed(state, event)
    if state.state not in transitions.FINAL:
        level = data["level"]
        told = state.told_by
        _worsen(state, event, data["severity"], "joined")
        if _rank(level) > _rank(state.level) and state.told_by == told and state.state != "resolved":
            _move(state, level, event)
            state.phase = "escalated"
    if data.get("school") and data["school"] not in state.schools:
        state.schools.append(data["school"])
    due = datetime.fromisoformat(str(data["was_due_at"])) if data.get("was_due_at") else None
    if due is not None and state.state == "open" and state.ack_due_at is not None:
        state.due_before = min(due, state.due_before or due)
        state.ack_due_at = min(state.ack_due_at, due)
    elif due is not None and state.state == "acknowledged" and state.word_due_at is not None:
        state.word_due_at = min(state.word_due_at, due)


def _lapsed(state: Incident, event: Event) -> None:
    """Nobody took it on, or no word came: to the level above, or once more to the one that holds it."""
    state.late_by_s = event.data["late_by_s"]
    if event.data["to_level"] != state.level:
        _move(state, event.data["to_level"], event)
        state.phase = "escalated"
        return
    state.lapses += 1
    state.phase = "lapsed"
    _tell(state, event)


def _repeated(state: Incident, event: Event) -> None:
    """Those who hold it were told again. `top`: there is nobody above them."""
    state.late_by_s = event.data["late_by_s"]
    state.reminded_at = event.received_at
    if event.data.get("top"):
        state.exhausted, state.repeats = True, 0
    else:
        state.repeats += 1


def _noted(state: Incident, event: Event) -> None:
    mine = event.person is not None and event.person == state.owner
    if state.state == "acknowledged" and (mine or state.level in event.levels):
        _hear(state, event)


APPLY: Final[dict[str, Callable[[Incident, Event], None]]] = {
    "incident.acknowledged": _acknowledged,
    "incident.instructed": _instructed,
    "incident.handed_back": _handed_back,
    "incident.escalated": _escalated,
    "incident.resolved": _resolved,
    "incident.verified": _verified,
    "incident.closed": _closed,
    "incident.severity_raised": _raised,
    "incident.severity_lowered": _lowered,
    "incident.withdrawn": _withdrawn,
    "incident.seen": _seen,
    "incident.realarmed": _realarmed,
    "incident.merged": _merged,
    "incident.recurred": _merged,
    "incident.gathered": _merged,
    "incident.joined": _joined,
    "incident.clocked": _clocked,
    "incident.lapsed": _lapsed,
    "incident.repeated": _repeated,
    "incident.noted": _noted,
}
#: Who decides must have seen these. A note, a reminder and the mark of who was told change nothing that they decide on.
COUNTED: Final = frozenset(APPLY) - {"incident.clocked", "incident.repeated", "incident.noted"}
