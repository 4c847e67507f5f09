"""The clocks of an incident: which values were frozen into it, what is due next and when. Pure.

The official clock starts when it happened and never stops: it is `occurred_at`. The clock of escalation starts when a
level was really told (`told_at`: the server had it, whatever a phone did before) and asks for two things: somebody of
that level takes it on (`ack_due_at`), and from then on says the next word in time (`word_due_at`). All times are the
window's clock, UTC. No source gives an official number (domain.md §6): the values are policies with an origin.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol

from fieldops.incidents import transitions
from fieldops.incidents.severity import SEVERITIES

#: The names of a severity's values, in minutes; `skip_level` counts levels.
NAMES: Final = ("acknowledge_min", "word_min", "repeat_min", "skip_level")
#: Levels that may have a longer or shorter time of their own to take something on (0: as the severity says).
OWN_TIME: Final = ("city", "province")
#: What incidents go by that were reported before values were frozen into them. Never to be changed: their fold hangs
#: on it. What new ones get by default stands in `timetable.policies`.
BEFORE: Final[Mapping[str, Mapping[str, int]]] = {
    "minor": {"acknowledge_min": 60, "word_min": 120, "repeat_min": 30, "skip_level": 0},
    "moderate": {"acknowledge_min": 15, "word_min": 30, "repeat_min": 5, "skip_level": 0},
    "serious": {"acknowledge_min": 5, "word_min": 15, "repeat_min": 2, "skip_level": 0},
}
BEFORE_NOBODY_MIN: Final = 2
#: Reminders at the top of the chain, and of what waits to be confirmed, come at growing distances up to this. Ours.
LONGEST_REPEAT: Final = timedelta(hours=4)


class Clocked(Protocol):
    """What the clocks ask of an incident: the row or the state."""

    state: str
    level: str
    severity: str
    policy: Any
    nobody: bool
    exhausted: bool
    lapses: int
    ack_due_at: datetime | None
    word_due_at: datetime | None
    verified_at: datetime | None
    next_due_at: datetime | None


class Step(NamedTuple):
    """What the engine must do. `kind`: `lapsed` (it moves on) or `repeated` (those who hold it are told again)."""

    kind: str
    #: `unacknowledged`, `no_word`, `nobody_on_duty`; of reminders also `unverified`, `unclosed`.
    reason: str
    #: When it was due.
    at: datetime


def frozen(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values in force, as an incident keeps them: by severity, by level, each with its origin.

    Args:
        values: `timetable.policies.PolicyValue` by name.
    """

    def said(name: str) -> dict[str, Any]:
        return {"value": values[name].value, "origin": values[name].origin}

    kept: dict[str, Any] = {
        severity: {name: said(f"{name.removesuffix('_min')}_{severity}_min") for name in NAMES if name != "skip_level"}
        for severity in SEVERITIES
    }
    kept["serious"]["skip_level"] = said("skip_level_serious")
    kept["levels"] = {level: said(f"acknowledge_{level}_min") for level in OWN_TIME}
    kept["nobody_up_min"] = said("nobody_up_min")
    return kept


def value_of(policy: Mapping[str, Any], severity: str, name: str) -> tuple[int, str]:
    """A frozen value and its origin; what nobody froze is our default."""
    said = policy.get(severity, {}).get(name)
    return (int(said["value"]), str(said["origin"])) if said else (BEFORE[severity][name], "default")


def acknowledge_within(policy: Mapping[str, Any], severity: str, level: str) -> tuple[timedelta, str]:
    """How long a level has to take it on, and where the value comes from."""
    own = policy.get("levels", {}).get(level)
    if own and own["value"]:
        return timedelta(minutes=int(own["value"])), str(own["origin"])
    minutes, origin = value_of(policy, severity, "acknowledge_min")
    return timedelta(minutes=minutes), origin


def word_within(policy: Mapping[str, Any], severity: str) -> timedelta:
    """How long who took it on may go on without a word."""
    return timedelta(minutes=value_of(policy, severity, "word_min")[0])


def nobody_within(policy: Mapping[str, Any]) -> timedelta:
    """How long it stays at a level where nobody is on duty."""
    said = policy.get("nobody_up_min")
    return timedelta(minutes=int(said["value"]) if said else BEFORE_NOBODY_MIN)


def repeat_after(policy: Mapping[str, Any], severity: str) -> timedelta:
    """How long after the last telling a level is told again."""
    return timedelta(minutes=value_of(policy, severity, "repeat_min")[0])


def growing(first: timedelta, repeats: int) -> timedelta:
    """The distance of the next reminder, each twice as far as the one before, up to `LONGEST_REPEAT`."""
    return min(first * (1 << min(repeats, 8)), max(first, LONGEST_REPEAT))


def due(incident: Clocked, now: datetime) -> Step | None:
    """What is due now; None when nothing is. What moves it on comes before a reminder that an outage held back."""
    if incident.state == "open":
        if not incident.exhausted and incident.ack_due_at is not None and incident.ack_due_at <= now:
            return Step("lapsed", "nobody_on_duty" if incident.nobody else "unacknowledged", incident.ack_due_at)
        return _reminder(incident, now, "nobody_on_duty" if incident.nobody else "unacknowledged")
    if incident.state == "acknowledged":
        if incident.word_due_at is not None and incident.word_due_at <= now:
            return Step("lapsed", "no_word", incident.word_due_at)
        return None
    if incident.state == "resolved":
        return _reminder(incident, now, "unclosed" if incident.verified_at is not None else "unverified")
    return None


def _reminder(incident: Clocked, now: datetime, reason: str) -> Step | None:
    at = incident.next_due_at
    return Step("repeated", reason, at) if at is not None and at <= now else None


def goes_to(incident: Clocked, step: Step, chain: tuple[str, ...]) -> str:
    """The level that holds it after a lapse: the same one when there is none above, or for the first missing word.

    `skip_level` of a serious one passes over so many levels, which still see it.
    """
    if step.reason == "no_word" and incident.lapses == 0:
        return incident.level
    skip = value_of(incident.policy or {}, incident.severity, "skip_level")[0]
    higher = [level for level in chain if transitions.CHAIN.index(level) > transitions.CHAIN.index(incident.level)]
    return higher[min(skip, len(higher) - 1)] if higher else incident.level
