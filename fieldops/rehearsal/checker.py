"""What phones were told against what stands there, in the manner of Jepsen's set-full. Pure: no SQL, no HTTP."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fieldops.journal.events import as_text, sent_hash

#: School, room, session; and of a room: how many are present, how many absent.
Key = tuple[str, str, str]
Counts = tuple[int, int]
#: What of an event is taken from the sender as it is.
_SAME = ("kind", "school", "room", "session", "student", "data", "device_seq", "offset_ms")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be. `what`: lost, twice, altered, unexpected, unsettled, refused or unequal."""

    what: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """An event of the journal: the hash of what was sent, and its body."""

    sent: bytes
    body: Mapping[str, Any]


def check_events(
    noted: Mapping[str, Mapping[str, Any]],
    told: Mapping[str, Collection[str]],
    journal: Iterable[Stood],
    devices: Collection[str],
) -> list[Finding]:
    """Every fact answered and there once as it was sent, and nothing else of these phones.

    Args:
        noted: each fact as a phone wrote it, by id.
        told: all outcomes that the server answered for an id; none for an id that is missing.
        journal: all events of all counties.
        devices: ids of the simulated phones.
    """
    there: dict[str, list[Stood]] = defaultdict(list)
    for stood in journal:
        if stood.body["device"] in devices or stood.body["id"] in noted:
            there[stood.body["id"]].append(stood)
    found = [Finding("unexpected", identity) for identity in there if identity not in noted]
    for identity, event in noted.items():
        outcomes, standing = told.get(identity, ()), there.get(identity, [])
        if not outcomes:
            found.append(Finding("unsettled", identity))
        if bad := sorted(set(outcomes) - {"accepted", "duplicate"}):
            found.append(Finding("refused", f"{identity} {event['kind']}: {', '.join(bad)}"))
        elif outcomes and not standing:
            found.append(Finding("lost", identity))
        if len(standing) > 1 or sum(outcome == "accepted" for outcome in outcomes) > 1:
            found.append(Finding("twice", identity))
        if any(_altered(event, stood) for stood in standing):
            found.append(Finding("altered", identity))
    return found


def _altered(event: Mapping[str, Any], stood: Stood) -> bool:
    if stood.sent != sent_hash(as_text(event)):
        return True
    return any(event.get(name) != stood.body[name] for name in _SAME)


def counted(journal: Iterable[Stood]) -> dict[Key, Counts]:
    """Present and absent of each room and session, counted from facts alone: who was seen counts as there."""
    present: dict[Key, set[str]] = defaultdict(set)
    absent: dict[Key, set[str]] = defaultdict(set)
    for stood in journal:
        body = stood.body
        kept = {"attendance.checked_in": present, "attendance.absent": absent}.get(body["kind"])
        if kept is not None:
            kept[body["school"], body["room"], body["session"]].add(body["student"])
    return {key: (len(present[key]), len(absent[key] - present[key])) for key in {*present, *absent}}


def check_boards(expected: Mapping[Key, Counts], shown: Mapping[Key, Counts]) -> list[Finding]:
    """Every room that the facts speak of stands on the board, with their numbers."""
    return [
        Finding("unequal", f"board of {'/'.join(key)}: shows {shown.get(key)}, the journal says {counts}")
        for key, counts in sorted(expected.items())
        if shown.get(key) != counts
    ]


def tally(findings: Iterable[Finding]) -> dict[str, int]:
    """How many of each."""
    return dict(Counter(finding.what for finding in findings))
