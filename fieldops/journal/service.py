"""`record`: the only function of the system that writes field state."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from fieldops.db import db, must_be_writing, upsert_statement
from fieldops.journal import events as ev
from fieldops.journal.events import Draft, Event, Unreadable
from fieldops.journal.kinds import Kind, Reading, registry
from fieldops.journal.models import EventRow, Head, Quarantined
from fieldops.prepared import Pending, PerCount, Statement, together

_NEVER = datetime.min.replace(tzinfo=UTC)
_events = EventRow.__table__
_head = Head.__table__
_quarantine = Quarantined.__table__

_LOCK = Statement(
    select(_head.c.seq, _head.c.hash, _head.c.reference).where(_head.c.county == bindparam("county")).with_for_update()
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


@dataclass
class _Batch:
    """All that is done under one hold of the county's lock."""

    connection: Connection
    reading: Reading
    seq: int = 0
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


def record(
    *, county: str, window: str, author: Author, events: Sequence[object], received_at: datetime
) -> list[Result]:
    """Take events in, each once: the only way field state changes. Call inside `with writing():`.

    Args:
        county: division code; its head row is locked until the transaction ends.
        window: the window they belong to.
        author: who sends them.
        events: as they were sent (mappings, docs/api.md) or `Draft`s made on the server.
        received_at: now, by the window's clock.

    Returns:
        One result per event, in order. Nothing is all-or-nothing: a bad event never blocks those behind it.

    Raises:
        UnknownCounty: no such county here.
    """
    (results,) = record_all(
        county=county, window=window, submissions=[Submission(author, prepare(events), received_at)]
    )
    return results


def prepare(events: Sequence[object]) -> list[Prepared]:
    """Read events as far as it can be done without the database: outside the lock."""
    return [_prepared(event) for event in events]


def record_all(*, county: str, window: str, submissions: Sequence[Submission]) -> list[list[Result]]:
    """`record` for several senders under one hold of the lock and one commit; results as they were handed in.

    Raises:
        UnknownCounty: no such county here.
    """
    must_be_writing()
    connection = db.session.connection()
    batch = _Batch(connection, reading=Reading(county, window, 0))
    # What they need is known before the lock is held, and asked for in one go.
    wanted = _Wanted.of(batch, [event for submission in submissions for event in submission.events])
    with together(connection):
        lock = _LOCK.send(connection, {"county": county})
        pending = wanted.send(batch)
        head = lock.rows()
        if not head:
            raise UnknownCounty(county)
        batch.seq, batch.hash, reference = head[0]
        batch.reading = Reading(county, window, reference)
        wanted.take(batch, pending)
    results = []
    for submission in submissions:
        batch.received_at = ev.corrected(submission.received_at, 0)
        results.append([_take(batch, event, submission.author) for event in submission.events])
    _write(batch)
    return results


def add_county(county: str) -> None:
    """Begin a county's journal. Does nothing when it is there."""
    must_be_writing()
    if db.session.get(Head, county) is None:
        db.session.execute(insert(_head).values(county=county, seq=0, hash=b"\0" * 32, reference=0))


def reference_changed(county: str) -> None:
    """Tell that roster, timetable or policies of a county changed: every cache keyed by it is stale."""
    must_be_writing()
    db.session.execute(update(_head).where(_head.c.county == county).values(reference=_head.c.reference + 1))


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


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What some events need of the journal: ids that are there already, and the entities' events."""

    ids: list[str]
    entities: list[str]

    @classmethod
    def of(cls, batch: _Batch, events: Sequence[Prepared]) -> _Wanted:
        drafts = [(event.draft, event.kind) for event in events if isinstance(event.draft, Draft)]
        entities = {
            _entity(kind, _event(batch, kind, draft, SYSTEM))
            for draft, kind in drafts
            if kind is not None and kind.projection is not None
        }
        return cls([draft.id for draft, _kind in drafts], [name for name in entities if name not in batch.entities])

    def send(self, batch: _Batch) -> tuple[Pending | None, Pending | None]:
        """Ask for both."""
        county = {"county": batch.reading.county}
        return (
            _KNOWN.send(batch.connection, county, self.ids) if self.ids else None,
            _OF_ENTITIES.send(batch.connection, county, self.entities) if self.entities else None,
        )

    def take(self, batch: _Batch, pending: tuple[Pending | None, Pending | None]) -> None:
        """Put the answers into the batch."""
        known, bodies = pending
        for identity, sent, seq, body in known.rows() if known else ():
            batch.settled[identity] = (bytes(sent), Result(identity, "duplicate", ev.read_body(body).flags, seq))
        for entity in self.entities:
            batch.entities[entity] = []
        for (body,) in bodies.rows() if bodies else ():
            event = ev.read_body(body)
            batch.entities[event.entity].append(event)


def _load(batch: _Batch, events: Sequence[Prepared]) -> None:
    """Read what they need, in two statements."""
    wanted = _Wanted.of(batch, events)
    wanted.take(batch, wanted.send(batch))


def _entity(kind: Kind, event: Event) -> str:
    return f"{kind.projection}/{kind.entity(event)}" if kind.entity is not None else ""


def _event(batch: _Batch, kind: Kind, draft: Draft, author: Author) -> Event:
    """The event that a draft would become as the next of the county, without entity and flags."""
    return Event(
        county=batch.reading.county,
        window=batch.reading.window,
        seq=batch.seq + 1,
        id=draft.id,
        kind=kind.name,
        entity="",
        occurred_at=ev.corrected(draft.occurred_at, draft.offset_ms),
        recorded_at=ev.corrected(draft.recorded_at, draft.offset_ms),
        received_at=batch.received_at,
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
        levels=author.levels(kind.levels_of, _place(batch, draft)) if kind.levels_of else (),
    )


def _place(batch: _Batch, draft: Draft) -> str:
    """Path of the place that a draft speaks of: where its author needs the right."""
    return "/".join([batch.reading.county, *(part for part in (draft.school, draft.school and draft.room) if part)])


def _take(batch: _Batch, event: Prepared, author: Author) -> Result:
    """Settle one event and, when it is accepted, what follows from it."""
    draft, kind = event.draft, event.kind
    if isinstance(draft, Unreadable):
        return _set_aside(batch, event, draft, author)
    if draft.id in batch.settled:
        before, answer = batch.settled[draft.id]
        if before == event.sent:
            return answer
        reused = Unreadable("id_reused", f"id: stands as number {answer.seq} with another body")
        return _set_aside(batch, event, reused, author)._replace(outcome="conflict", seq=answer.seq)
    if kind is None:
        return _set_aside(batch, event, event.fault or Unreadable("unknown_kind", "kind"), author)
    if kind.system and author is not SYSTEM:
        theirs = Unreadable("not_permitted", f"kind: {kind.name} is written by the system alone")
        return _set_aside(batch, event, theirs, author)
    place = _place(batch, draft)
    if not author.may(kind.action, place):
        return _set_aside(batch, event, Unreadable("not_permitted", f"{kind.action} at {place}"), author)
    if draft.device not in (None, author.device) and not author.owns(str(draft.device)):
        return _set_aside(batch, event, Unreadable("not_permitted", f"device: {draft.device} is another's"), author)
    return _accept(batch, kind, draft, event.sent, author)


def _accept(batch: _Batch, kind: Kind, draft: Draft, sent: bytes, author: Author) -> Result:
    queue = deque([(kind, draft, sent, author)])
    first: Result | None = None
    while queue:
        kind, draft, sent, author = queue.popleft()
        if first is not None and draft.id in batch.settled:
            continue  # a reaction that was there already
        event = _event(batch, kind, draft, author)
        event = msgspec.structs.replace(event, entity=_entity(kind, event))
        if kind.projection is not None:
            if event.entity not in batch.entities:  # it names its sender, who is not known when a batch is asked for
                wanted = _Wanted([], [event.entity])
                wanted.take(batch, wanted.send(batch))
            if kind.decision and (refusal := _refusal(batch, kind, event)) is not None:
                return Result(draft.id, "conflict", reason=refusal)
        if kind.judge is not None:
            flags = {*kind.judge(event, batch.reading), *(["clock_unsure"] if draft.clock_unsure else [])}
            event = msgspec.structs.replace(event, flags=tuple(sorted(flags)))
        _append(batch, kind, event, sent)
        result = Result(event.id, "accepted", event.flags, event.seq)
        batch.settled[event.id] = (sent, result._replace(outcome="duplicate"))
        first = first or result
        if kind.react is not None:
            state = (
                registry.projections[kind.projection].fold(batch.entities[event.entity]) if kind.projection else None
            )
            drafts = list(kind.react(event, state, batch.reading))
            follows = prepare(drafts)
            _load(batch, follows)
            queue.extend(
                (registry.kind_of(draft), draft, prepared.sent, SYSTEM)
                for draft, prepared in zip(drafts, follows, strict=True)
            )
    assert first is not None
    return first


def _refusal(batch: _Batch, kind: Kind, event: Event) -> str | None:
    """Why a decision cannot be taken on the state that it meets, or None."""
    before = batch.entities[event.entity]
    state = registry.projections[str(kind.projection)].fold(before) if before else None
    if (state.version if state is not None else 0) != event.data.get("seen_version"):
        return "stale"
    return kind.guard(event, state) if kind.guard is not None else None


def _append(batch: _Batch, kind: Kind, event: Event, sent: bytes) -> None:
    body = ev.write_body(event)
    batch.seq = event.seq
    batch.hash = ev.chained(batch.hash, body)
    if kind.projection is not None:
        batch.entities[event.entity].append(event)
        batch.changed[event.entity] = kind.projection
    batch.rows.append(
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
            "hash": batch.hash,
        }
    )


def _set_aside(batch: _Batch, event: Prepared, error: Unreadable, author: Author) -> Result:
    fields: Mapping[str, Any] = event.raw if isinstance(event.raw, Mapping) else {}
    identity = fields.get("id")
    identity = ev.printable(identity)[:64] if isinstance(identity, str) else ""
    school = fields.get("school")
    batch.quarantined[event.sent] = {
        "county": batch.reading.county,
        "sent_hash": event.sent,
        "id": identity,
        "reason": error.reason,
        "detail": ev.printable(error.detail),
        "window": batch.reading.window,
        "school": ev.printable(school)[:32] if isinstance(school, str) else None,
        "person": author.person,
        "device": author.device,
        "received_at": batch.received_at,
        "sent": ev.as_text(event.raw),
    }
    return Result(identity, "quarantined", reason=error.reason)


def _write(batch: _Batch) -> None:
    connection = batch.connection
    with together(connection):
        if batch.quarantined:
            aside = list(batch.quarantined.values())
            upsert_statement(_quarantine, connection.dialect.name, tuple(aside[0])).run(connection, aside)
        if not batch.rows:
            return
        _INSERT.run(connection, batch.rows)
        _ADVANCE.run(connection, [{"of": batch.reading.county, "seq_": batch.seq, "hash_": batch.hash}])
        rows: dict[str, list[Mapping[str, Any]]] = {}
        for entity, name in batch.changed.items():
            projection = registry.projections[name]
            rows.setdefault(name, []).append(projection.row(projection.fold(batch.entities[entity])))
        for name, changed in rows.items():
            table = registry.projections[name].table
            upsert_statement(table, connection.dialect.name, tuple(changed[0])).run(connection, changed)
