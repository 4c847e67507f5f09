"""The one table of what may be done with an incident: from which states, by whom, with which words. Pure.

Screens ask it which buttons to show, the journal's guard asks it whether a decision may be taken. Level (whose desk
holds the incident) is kept apart from state. The chain and "handle at once, else report up and ask for instructions"
come from the seed (domain.md §6); the rows marked *ours* are our proposals.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

#: The chain from the bottom up. A county directly under a province has no city: its chain leaves that level out.
CHAIN: Final = ("school", "county", "city", "province")
STATES: Final = ("open", "acknowledged", "resolved", "closed", "merged", "cancelled")
#: Nothing can be decided any more; a fact can still be noted.
FINAL: Final = frozenset({"closed", "merged", "cancelled"})
#: The same fault again within so long after its end is a re-alarm (issue of the chain). Ours.
REALARM_WITHIN: Final = timedelta(minutes=30)
#: What its reporter may take back without a word (issue of the chain); later it is a false alarm with a reason. Ours.
WITHDRAW_WITHIN: Final = timedelta(minutes=5)


class Who(StrEnum):
    """How the levels at which a person acts must stand to the incident."""

    #: The level that holds it.
    HOLDER = "holder"
    #: The level that holds it, or one above.
    HOLDER_OR_ABOVE = "holder_or_above"
    #: The level that holds it, or one below: who is nearer to the place sees first that it is over.
    HOLDER_OR_BELOW = "holder_or_below"
    #: The level that holds it, from the county up.
    DESK_HOLDER = "desk_holder"
    #: A level from the county up that holds it or stands above the one that does.
    DESK = "desk"
    #: Any level.
    CHAIN = "chain"
    #: A level above the one that resolved it; a minor one also the school; the top level checks itself.
    VERIFIER = "verifier"
    #: Who reported it, within `WITHDRAW_WITHIN`.
    REPORTER = "reporter"


class Transition(NamedTuple):
    """One row. `needs` names the text that must come with it; `kind` is the event that it makes."""

    action: str
    kind: str
    sources: frozenset[str]
    who: Who
    needs: str | None = None
    #: Only when it was verified (True) or not yet (False); None does not ask.
    verified: bool | None = None
    #: Only when it ended without the level that held it taking notice.
    unseen: bool = False
    #: Only within `REALARM_WITHIN` of its end.
    just_over: bool = False


def _row(action: str, kind: str, sources: str, who: Who, *, needs: str | None = None, **only: bool) -> Transition:
    return Transition(action, f"incident.{kind}", frozenset(sources.split()), who, needs, **only)


#: In the order in which buttons are shown. An action may have several rows; one that fits is enough.
TABLE: Final = (
    _row("acknowledge", "acknowledged", "open", Who.HOLDER),
    _row("instruct", "instructed", "open acknowledged", Who.HOLDER_OR_ABOVE, needs="text"),
    # Ours: whoever would verify may say "not yet, do this"; it goes on from there.
    _row("instruct", "instructed", "resolved", Who.VERIFIER, needs="text", verified=False),
    _row("escalate", "escalated", "open acknowledged", Who.HOLDER, needs="reason"),
    _row("hand_back", "handed_back", "open acknowledged", Who.HOLDER, needs="text"),
    _row("resolve", "resolved", "open acknowledged", Who.HOLDER_OR_BELOW, needs="text"),
    _row("verify", "verified", "resolved", Who.VERIFIER, verified=False),
    _row("close", "closed", "resolved", Who.HOLDER_OR_ABOVE, verified=True),
    # Who verified it may close it in the same breath, also from below the level that holds it (a minor one). Ours.
    _row("close", "closed", "resolved", Who.VERIFIER, verified=True),
    _row("raise_severity", "severity_raised", "open acknowledged", Who.CHAIN, needs="reason"),
    _row("lower_severity", "severity_lowered", "open acknowledged", Who.DESK_HOLDER, needs="reason"),
    _row("withdraw", "withdrawn", "open acknowledged", Who.REPORTER),
    _row("withdraw", "withdrawn", "open acknowledged resolved", Who.HOLDER, needs="reason"),
    # Ours: the area's desk joins what is one thing; the other incident must be under way (`reactions.mergeable`).
    _row("merge", "merged", "open acknowledged", Who.DESK, needs="into"),
    _row("realarm", "realarmed", "resolved closed", Who.CHAIN, needs="reason", just_over=True),
    # It does not open anything again: it only says that the level took notice.
    _row("see", "seen", "closed cancelled", Who.HOLDER_OR_ABOVE, unseen=True),
)
ACTIONS: Final = tuple(dict.fromkeys(row.action for row in TABLE))
#: Event kind of each action.
KIND_OF: Final = {row.action: row.kind for row in TABLE}


class Facing(Protocol):
    """What the table asks of an incident."""

    school: str | None
    state: str
    level: str
    severity: str
    verified_at: datetime | None
    resolved_level: str | None
    reporter: str | None
    written_at: datetime | None
    resolved_at: datetime | None
    ended_at: datetime | None
    unacknowledged_end: bool


def start_level(severity: str) -> str:
    """Which level a new incident goes to: a serious one to the county at once, any other to the school.

    The seed has the school handle at once what it can and report up at once what it cannot, level by level; no source
    gives a rule by severity. Ours: what is serious cannot be handled by the school alone, so the county is told with
    the report itself; the school sees it too and goes on limiting the harm.
    """
    return "county" if severity == "serious" else "school"


def lowest(school: str | None) -> str:
    """The lowest level that may hold an incident: one of several schools stays with the county or above."""
    return CHAIN[0] if school is not None else "county"


def above(level: str, chain: tuple[str, ...] = CHAIN) -> str | None:
    """The next level up of a chain; None at its top."""
    higher = [step for step in chain if CHAIN.index(step) > CHAIN.index(level)]
    return higher[0] if higher else None


def below(level: str, chain: tuple[str, ...] = CHAIN) -> str | None:
    """The next level down of a chain; None at the school."""
    lower = [step for step in chain if CHAIN.index(step) < CHAIN.index(level)]
    return lower[-1] if lower else None


def verifying_level(incident: Facing) -> str | None:
    """The lowest level whose turn it is to verify; None when nothing waits for it."""
    if incident.state != "resolved" or incident.verified_at is not None:
        return None
    resolved = incident.resolved_level or incident.level
    return resolved if incident.severity == "minor" else above(resolved) or resolved


def offers(incident: Facing, *, levels: Iterable[str], person: str | None, at: datetime) -> tuple[Transition, ...]:
    """What this person may do now: one row per action, the one that asks for the fewest words.

    Args:
        levels: at which the person acts on incidents of this place (`Author.levels("incident.act", …)`).
        at: when, window clock.
    """
    found: dict[str, Transition] = {}
    for row in TABLE:
        if _refusal(row, incident, frozenset(levels), person, at) is None and row.action not in found:
            found[row.action] = row
    return tuple(found.values())


def refusal(
    action: str,
    incident: Facing,
    *,
    levels: Iterable[str],
    person: str | None,
    at: datetime,
    words: str | None,
) -> str | None:
    """Why a decision may not be taken, as a code, or None when it may.

    Codes: `final` (over, nothing reopens it), `not_in_state`, `not_yours` (another level's or person's turn, or too
    late to withdraw), `words_missing`.
    """
    reasons = []
    for row in TABLE:
        if row.action == action:
            reason = _refusal(row, incident, frozenset(levels), person, at)
            if reason is None and row.needs and not (words or "").strip():
                reason = "words_missing"
            if reason is None:
                return None
            reasons.append(reason)
    # The most telling one: what would help (words), then whose turn it is, then the state.
    return min(reasons, key=("words_missing", "final", "not_yours", "not_in_state").index)


def _refusal(row: Transition, incident: Facing, levels: frozenset[str], person: str | None, at: datetime) -> str | None:
    over = "final" if incident.state in FINAL else "not_in_state"
    if incident.state not in row.sources:
        return over
    if (row.unseen and not incident.unacknowledged_end) or (row.just_over and not _just_over(incident, at)):
        return over
    if row.verified is not None and row.verified != (incident.verified_at is not None):
        return "not_in_state"
    if not _stands(row.who, incident, levels, person, at):
        return "not_yours"
    end = {"escalate": CHAIN[-1], "hand_back": lowest(incident.school)}.get(row.action)
    if incident.level == end:
        return "not_in_state"
    if row.action == "withdraw" and incident.school is None:
        return "not_in_state"  # what the schools reported goes on in it: it ends by being settled
    worst = {"raise_severity": "serious", "lower_severity": "minor"}.get(row.action)
    return "not_in_state" if incident.severity == worst else None


def _stands(who: Who, incident: Facing, levels: frozenset[str], person: str | None, at: datetime) -> bool:
    if who is Who.REPORTER:
        written = incident.written_at
        mine = person is not None and person == incident.reporter
        return mine and written is not None and at - written <= WITHDRAW_WITHIN
    ranks = [CHAIN.index(level) for level in levels if level in CHAIN]
    holder = CHAIN.index(incident.level)
    if who is Who.CHAIN:
        return bool(ranks)
    if who is Who.HOLDER:
        return holder in ranks
    if who is Who.HOLDER_OR_ABOVE:
        return any(rank >= holder for rank in ranks)
    if who is Who.HOLDER_OR_BELOW:
        return any(rank <= holder for rank in ranks)
    if who is Who.DESK:
        return any(rank >= max(holder, CHAIN.index("county")) for rank in ranks)
    if who is Who.DESK_HOLDER:
        return holder in ranks and incident.level != "school"
    return _verifies(incident, ranks)


def _just_over(incident: Facing, at: datetime) -> bool:
    end = incident.ended_at or incident.resolved_at
    return end is not None and at - end <= REALARM_WITHIN


def _verifies(incident: Facing, ranks: list[int]) -> bool:
    resolved = CHAIN.index(incident.resolved_level or incident.level)
    if incident.severity == "minor" and any(rank >= resolved for rank in ranks):
        return True
    return any(rank > resolved for rank in ranks) or (resolved == len(CHAIN) - 1 and resolved in ranks)
