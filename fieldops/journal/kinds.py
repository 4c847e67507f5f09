"""What kinds of events there are. Each package declares its own in `facts.py`; `create_app` hands them in.

A kind declares its fields exactly (one more or less is an error), the right its sender needs, the entity it is about,
and what follows from it. A projection says how an entity's events fold to a row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Table

from fieldops.journal.events import Draft, Event, Unreadable


class Reading(NamedTuple):
    """What the events of one call are read against: names the cached reference data (roster, timetable, policies)."""

    county: str
    window: str
    #: `journal_head.reference` under the lock: a new number means that reference data changed.
    reference: int


class NoData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind that carries nothing beyond its place and time."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of event."""

    name: str
    #: The right that its sender needs at its place (`organisation.rights`).
    action: str
    #: Declares the fields of `data`; unknown and missing ones are refused.
    data: type[msgspec.Struct] = NoData
    #: A right of which the event keeps at which levels its author holds it (`Event.levels`); None keeps nothing.
    levels_of: str | None = None
    #: Which of school, room, session, student must be there.
    needs: frozenset[str] = frozenset()
    #: The entity's key after its prefix, or None when no state follows. Prefix = the projection's name.
    entity: Callable[[Event], str] | None = None
    #: Projection that folds the entity; None when no state follows.
    projection: str | None = None
    #: Flags of an event that fits badly; never refuses. Called once per event, before it is inserted.
    judge: Callable[[Event, Reading], Sequence[str]] | None = None
    #: A decision: says whether it may be taken on the state it meets; a sentence-free code when not, None when it may.
    #: `seen_version` in data is compared by the journal itself.
    guard: Callable[[Event, Any], str | None] | None = None
    decision: bool = False
    #: Events that follow, with derived ids: (event, state after, reading) → drafts.
    react: Callable[[Event, Any, Reading], Sequence[Draft]] | None = None
    #: Only the system adds it (reactions, the escalation engine, imports): never accepted from a device.
    system: bool = False


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """Rows of another table that an entity's new events bring with them, in the same transaction: messages to send.

    An event is accepted once, so each of its rows is written once; give them keys that are derived from the event.
    """

    table: Table
    #: (state after, the newly accepted events of the entity in order) → rows with all columns of the table. Pure.
    rows: Callable[[Any, Sequence[Event]], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Projection:
    """How an entity's events become its current-state row."""

    name: str
    table: Table
    #: Events of one entity, in any order, repetitions removed → state (an object with an int `version`).
    fold: Callable[[Sequence[Event]], Any]
    #: State → row; keys are all columns of the table.
    row: Callable[[Any], Mapping[str, Any]]
    #: Whether every row is folded anew after a migration: its columns follow from the events by rules that a migration
    #: cannot know. For tables of hundreds of rows, not for those of a hundred thousand.
    refold: bool = False
    #: What leaves with the entity's new events.
    outgoing: Outgoing | None = None


@dataclass
class Registry:
    """All kinds and projections of the running system."""

    kinds: dict[str, Kind] = field(default_factory=dict)
    projections: dict[str, Projection] = field(default_factory=dict)

    def add(self, *, kinds: Sequence[Kind] = (), projections: Sequence[Projection] = ()) -> None:
        """Hand in a package's kinds and projections. The same again is the same."""
        for projection in projections:
            self.projections[projection.name] = projection
        for kind in kinds:
            if kind.projection is not None and kind.projection not in self.projections:
                raise LookupError(f"kind {kind.name}: no projection {kind.projection}")
            self.kinds[kind.name] = kind

    def kind_of(self, draft: Draft) -> Kind:
        """The kind of a draft, its fields checked.

        Raises:
            Unreadable: no such kind, a place missing, or `data` not as declared.
        """
        kind = self.kinds.get(draft.kind)
        if kind is None:
            raise Unreadable("unknown_kind", f"kind: {draft.kind}")
        for name in sorted(kind.needs):
            if getattr(draft, name) is None:
                raise Unreadable("bad_data", f"{name}: missing")
        try:
            msgspec.convert(draft.data, kind.data)
        except msgspec.ValidationError as error:
            raise Unreadable("bad_data", f"data: {error}") from None
        return kind


#: The registry of this process, filled by `create_app`.
registry = Registry()
