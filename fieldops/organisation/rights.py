"""Who may do what where: the one decision.

A duty gives its role's actions at its place and at everything below it. The roles are those of domain.md §1; what each
may do follows from what it does in the field: who stands at the room notes, who leads the school decides there, a desk
decides at its own level, and visitors look.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from fieldops.organisation.places import LEVELS, Place, level_of

#: Facts that anybody on duty in a school may state.
_SPEAK = {"anomaly.note", "incident.report", "nil_report.make", "phone.use", "hand_over.carry", "notice.read"}
#: Facts of a room.
_NOTE = _SPEAK | {"attendance.note", "sitting.note", "sitting.seal", "room.view"}
#: Looking at a school, and at all that is in it.
_SEE_SCHOOL = {"room.view", "school.view", "incident.view"}
#: Looking at a county, and at all that is in it.
_SEE_COUNTY = _SEE_SCHOOL | {"county.view", "phones.view"}
#: Seeing who is on duty, giving them a new way in, ending a lost phone's.
_HELP_PEOPLE = {"people.view", "people.sign_in", "device.revoke"}

#: Role → actions at its place and below.
ROLES: dict[str, frozenset[str]] = {
    "monitor": frozenset(_NOTE),
    "subject_monitor": frozenset(_NOTE),
    "timekeeper": frozenset(_SPEAK | {"sitting.note", "sitting.seal", "room.view"}),
    "chief_monitor": frozenset(
        _NOTE
        | _SEE_SCHOOL
        | _HELP_PEOPLE
        | {
            "sitting.freeze",
            "sitting.speak",
            "day.close",
            "incident.act",
            "roster.view",
            "cards.print",
            "phones.view",
            "quarantine.view",
            "quarantine.settle",
        }
    ),
    "principal": frozenset(_SPEAK | _SEE_SCHOOL | {"roster.view"}),
    "information_officer": frozenset(
        _SPEAK | {"school.view", "room.view", "roster.view", "roster.import", "cards.print"}
    ),
    "custodian": frozenset(_SPEAK | {"sitting.seal", "room.view"}),
    "inspector": frozenset(_SPEAK | _SEE_SCHOOL | {"roster.view"}),
    "supervisor": frozenset(_SEE_COUNTY | {"division.view", "incident.report"}),
    "desk": frozenset(
        _SEE_COUNTY
        | _HELP_PEOPLE
        | {
            "division.view",
            "incident.report",
            "incident.act",
            "notice.send",
            "roster.view",
            "roster.import",
            "roster.release",
            "day.close",
            "cards.print",
            "timetable.view",
            "timetable.publish",
            "clock.set",
            "people.manage",
            "messages.manage",
            "quarantine.view",
            "sitting.speak",
            "quarantine.settle",
            "hand_over.carry",
        }
    ),
}
#: Levels at which a role can be held.
ROLE_LEVELS: dict[str, frozenset[str]] = {
    "monitor": frozenset({"room", "school"}),
    "subject_monitor": frozenset({"room", "school"}),
    "timekeeper": frozenset({"school"}),
    "chief_monitor": frozenset({"school"}),
    "principal": frozenset({"school"}),
    "information_officer": frozenset({"school"}),
    "custodian": frozenset({"school"}),
    "inspector": frozenset({"school"}),
    "supervisor": frozenset({"county", "city", "province"}),
    "desk": frozenset({"county", "city", "province"}),
}
#: Every action there is.
ACTIONS: frozenset[str] = frozenset().union(*ROLES.values())


class HeldDuty(NamedTuple):
    """A duty as it is asked about."""

    role: str
    place: str
    window: str


def may(duties: Iterable[HeldDuty], action: str, place: Place) -> bool:
    """Whether one of the duties gives the action at the place. The only decision of this kind in the system.

    Raises:
        LookupError: an action that no role has: a mistake in a rule, never a matter of the person.
    """
    if action not in ACTIONS:
        raise LookupError(f"no role has the action {action}")
    return any(action in ROLES.get(duty.role, ()) and duty.place in place.within for duty in duties)


def levels(duties: Iterable[HeldDuty], action: str, place: Place) -> tuple[str, ...]:
    """At which levels the duties that give the action at the place are held, from the bottom up; empty when none does.

    Level by level (逐级负责): a school's and a desk's right to act on an incident is the same, each at its own level.
    """
    giving = (duty for duty in duties if action in ROLES.get(duty.role, ()))
    held = {level_of(duty.place) for duty in giving if duty.place in place.within}
    return tuple(level for level in LEVELS if level in held)
