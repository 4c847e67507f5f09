"""What is handed to the journal: events read as far as it can be done without the database, and who says them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import msgspec

from fieldops.journal import events as ev
from fieldops.journal.events import Draft, Unreadable
from fieldops.journal.kinds import Kind, registry


@dataclass(frozen=True, slots=True)
class Author:
    """Who says it. `may(action, place)` answers for this person; the system itself may all."""

    person: str | None
    device: str | None
    may: Callable[[str, str], bool]
    #: `levels(action, place)`: the levels of the duties that give the action at the place, from the bottom up.
    levels: Callable[[str, str], tuple[str, ...]] = lambda _action, _place: ()
    #: Whether a device other than the one that sends is, or was, this person's: what it noted may come through another.
    owns: Callable[[str], bool] = lambda _device: False


#: Author of what the system adds: reactions, the escalation engine.
SYSTEM = Author(person=None, device=None, may=lambda _action, _place: True)


class Result(NamedTuple):
    """The answer to one event. `outcome`: accepted, duplicate, quarantined, conflict."""

    id: str
    outcome: str
    flags: tuple[str, ...] = ()
    seq: int | None = None
    #: Why, when quarantined or conflict: a code.
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """An event read and checked as far as it can be without the database, so that the lock is held for less."""

    raw: object
    #: SHA-256 of what was sent.
    sent: bytes
    draft: Draft | Unreadable
    #: None when the draft is of no known kind, or not as its kind declares; `fault` says why.
    kind: Kind | None = None
    fault: Unreadable | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """What one sender hands in at once. `received_at`: now, by the window's clock."""

    author: Author
    events: Sequence[Prepared]
    received_at: datetime
    #: `Server.senders` when the author was read, for one who is remembered from an earlier call; compared under the
    #: lock. None: read for this call.
    senders: int | None = None


def prepare(events: Sequence[object]) -> list[Prepared]:
    """Read events as far as it can be done without the database: outside the lock."""
    return [_prepared(event) for event in events]


def _prepared(event: object) -> Prepared:
    raw = msgspec.to_builtins(event) if isinstance(event, Draft) else event
    text = ev.as_text(raw)
    sent = ev.sent_hash(text)
    try:
        draft = event if isinstance(event, Draft) else ev.parse(raw, text)
    except Unreadable as error:
        return Prepared(raw, sent, error)
    try:
        return Prepared(raw, sent, draft, registry.kind_of(draft))
    except Unreadable as error:
        return Prepared(raw, sent, draft, fault=error)
