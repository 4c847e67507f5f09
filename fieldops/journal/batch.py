"""All that is done under one hold of a county's lock: what is read at its beginning and written at its end.

The decisions lie in `service`; here are the statements, as few as possible, for every other sender of the county waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from fieldops.db import upsert_statement
from fieldops.journal import events as ev
from fieldops.journal.events import Draft, Event, Unreadable
from fieldops.journal.kinds import Kind, Reading, registry
from fieldops.journal.models import EventRow, Head, Quarantined, Server
from fieldops.journal.submission import Author, Prepared, Result, Submission
from fieldops.prepared import Pending, PerCount, Statement, together

_NEVER = datetime.min.replace(tzinfo=UTC)
_events = EventRow.__table__
_head = Head.__table__
_quarantine = Quarantined.__table__

_LOCK = Statement(
    select(_head.c.seq, _head.c.hash, _head.c.reference, select(Server.senders).scalar_subquery())
    .where(_head.c.county == bindparam("county"))
    .with_for_update(of=_head)
)


_KNOWN = PerCount(
    select(_events.c.id, _events.c.sent_hash, _events.c.seq, _events.c.body).where(
        _events.c.county == bindparam("county")
    ),
    _events.c.id,
)
_OF_ENTITIES = PerCount(
    select(_events.c.body).where(_events.c.county == bindparam("county")),
    _events.c.entity,
)
_INSERT = Statement(insert(_events), [column.name for column in _events.columns])
_ADVANCE = Statement(
    update(_head).where(_head.c.county == bindparam("of")).values(seq=bindparam("seq_"), hash=bindparam("hash_"))
)


class UnknownCounty(LookupError):
    """A county that this server does not keep."""


class Outdated(Exception):
    """Who sends was remembered from an earlier call, and devices, duties or windows have changed since."""


@dataclass
class Batch:
    """A county's journal while its lock is held. `begin` it, `take` events into it, `write` it."""

    connection: Connection
    reading: Reading
    seq: int = 0
    #: The newest before this call.
    seq_before: int = 0
    hash: bytes = b""
    #: When the submission at hand arrived, window clock.
    received_at: datetime = _NEVER
    rows: list[dict[str, Any]] = field(default_factory=list)
    quarantined: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    #: Events of each entity touched so far, those of the journal first.
    entities: dict[str, list[Event]] = field(default_factory=dict)
    #: Which projection folds an entity that this call changed.
    changed: dict[str, str] = field(default_factory=dict)
    #: Accepted ids, of the journal and of this call: (sent hash, answer).
    settled: dict[str, tuple[bytes, Result]] = field(default_factory=dict)

    # --- reading ------------------------------------------------------------------------------------------------------
    @classmethod
    def begin(cls, connection: Connection, *, county: str, window: str, submissions: Sequence[Submission]) -> Batch:
        """Lock the county's head, and read what the submissions need, in one go.

        Raises:
            UnknownCounty: no such county here.
            Outdated: of a remembered sender; nothing is taken in.
        """
        batch = cls(connection, Reading(county, window, 0))
        # Which ids and entities they name is worked out before the lock is held.
        events = [(event, submission.author) for submission in submissions for event in submission.events]
        ids, entities = batch._named(events)
        with together(connection):
            lock = _LOCK.send(connection, {"county": county})
            known, bodies = batch._ask(ids, entities)
            head = lock.rows()
            if not head:
                raise UnknownCounty(county)
            batch.seq, batch.hash, reference, senders = head[0]
            if any(submission.senders not in (None, senders) for submission in submissions):
                raise Outdated
            batch.seq_before = batch.seq
            batch.reading = Reading(county, window, reference)
            batch._keep(known, entities, bodies)
        return batch

    def load(self, events: Sequence[Prepared], author: Author) -> None:
        """Read what more events need: ids that are there already, and the entities' events."""
        ids, entities = self._named([(event, author) for event in events])
        known, bodies = self._ask(ids, entities)
        self._keep(known, entities, bodies)

    def _named(self, events: Sequence[tuple[Prepared, Author]]) -> tuple[list[str], list[str]]:
        drafts = [(event.draft, event.kind, author) for event, author in events if isinstance(event.draft, Draft)]
        entities = {
            self.entity_of(kind, self.event(kind, draft, author))
            for draft, kind, author in drafts
            if kind is not None and kind.projection is not None
        }
        return [draft.id for draft, _kind, _author in drafts], sorted(entities.difference(self.entities))

    def _ask(self, ids: list[str], entities: list[str]) -> tuple[Pending | None, Pending | None]:
        county = {"county": self.reading.county}
        return (
            _KNOWN.send(self.connection, county, ids) if ids else None,
            _OF_ENTITIES.send(self.connection, county, entities) if entities else None,
        )

    def _keep(self, known: Pending | None, entities: list[str], bodies: Pending | None) -> None:
        for identity, sent, seq, body in known.rows() if known else ():
            self.settled[identity] = (bytes(sent), Result(identity, "duplicate", ev.read_body(body).flags, seq))
        self.entities.update((entity, []) for entity in entities)
        for (body,) in bodies.rows() if bodies else ():
            event = ev.read_body(body)
            self.entities[event.entity].append(event)

    # --- taking in ----------------------------------------------------------------------------------------------------
    def place(self, draft: Draft) -> str:
        """Path of the place that a draft speaks of: where its author needs the right."""
        return "/".join([self.reading.county, *(part for part in (draft.school, draft.school and draft.room) if part)])

    def event(self, kind: Kind, draft: Draft, author: Author) -> Event:
        """The event that a draft would become as the next of the county, without entity and flags."""
        return Event(
            county=self.reading.county,
            window=self.reading.window,
            seq=self.seq + 1,
            id=draft.id,
            kind=kind.name,
            entity="",
            occurred_at=ev.corrected(draft.occurred_at, draft.offset_ms),
            recorded_at=ev.corrected(draft.recorded_at, draft.offset_ms),
            received_at=self.received_at,
            offset_ms=draft.offset_ms,
            device_seq=draft.device_seq,
            school=draft.school,
            room=draft.room,
            session=draft.session,
            student=draft.student,
            person=author.person,
            device=draft.device or author.device,
            flags=(),
            data=draft.data,
            levels=author.levels(kind.levels_of, self.place(draft)) if kind.levels_of else (),
        )

    @staticmethod
    def entity_of(kind: Kind, event: Event) -> str:
        """Name of the entity that the event belongs to; empty for a kind without state."""
        return f"{kind.projection}/{kind.entity(event)}" if kind.entity is not None else ""

    def append(self, kind: Kind, event: Event, sent: bytes) -> None:
        """Give the event its place in the chain. `sent`: hash of what was sent."""
        body = ev.write_body(event)
        self.seq = event.seq
        self.hash = ev.chained(self.hash, body)
        if kind.projection is not None:
            self.entities[event.entity].append(event)
            self.changed[event.entity] = kind.projection
        self.rows.append(
            {
                "county": event.county,
                "seq": event.seq,
                "id": event.id,
                "window": event.window,
                "kind": event.kind,
                "entity": event.entity,
                "school": event.school,
                "room": event.room,
                "person": event.person,
                "device": event.device,
                "device_seq": event.device_seq,
                "occurred_at": event.occurred_at,
                "received_at": event.received_at,
                "sent_hash": sent,
                "body": body.decode(),
                "hash": self.hash,
            }
        )

    def set_aside(self, event: Prepared, error: Unreadable, author: Author) -> Result:
        """Keep whole what cannot be taken in."""
        fields: Mapping[str, Any] = event.raw if isinstance(event.raw, Mapping) else {}
        identity = fields.get("id")
        identity = ev.printable(identity)[:64] if isinstance(identity, str) else ""
        school = fields.get("school")
        self.quarantined[event.sent] = {
            "county": self.reading.county,
            "sent_hash": event.sent,
            "id": identity,
            "reason": error.reason,
            "detail": ev.printable(error.detail),
            "window": self.reading.window,
            "school": ev.printable(school)[:32] if isinstance(school, str) else None,
            "person": author.person,
            "device": author.device,
            "received_at": self.received_at,
            "sent": ev.as_text(event.raw),
        }
        return Result(identity, "quarantined", reason=error.reason)

    # --- writing ------------------------------------------------------------------------------------------------------
    def write(self) -> None:
        """Write all that was taken in, with the state of each entity that it changed, in one go."""
        connection = self.connection
        with together(connection):
            self._upsert(_quarantine, list(self.quarantined.values()))
            if not self.rows:
                return
            _INSERT.run(connection, self.rows)
            _ADVANCE.run(connection, [{"of": self.reading.county, "seq_": self.seq, "hash_": self.hash}])
            rows: dict[str, list[Mapping[str, Any]]] = {}
            leaving: dict[Table, list[Mapping[str, Any]]] = {}
            for entity, name in self.changed.items():
                projection = registry.projections[name]
                state = projection.fold(self.entities[entity])
                rows.setdefault(name, []).append(projection.row(state))
                if projection.outgoing is not None:
                    new = [event for event in self.entities[entity] if event.seq > self.seq_before]
                    leaving.setdefault(projection.outgoing.table, []).extend(projection.outgoing.rows(state, new))
            for name, changed in rows.items():
                self._upsert(registry.projections[name].table, changed)
            for table, out in leaving.items():
                if out:
                    _insertion(table).run(connection, out)

    def _upsert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            upsert_statement(table, self.connection.dialect.name, tuple(rows[0])).run(self.connection, rows)


@cache
def _insertion(table: Table) -> Statement:
    return Statement(insert(table), [column.name for column in table.columns])
