"""`record`: the only function of the system that writes field state."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import insert, update

from fieldops.db import db, must_be_writing, writer
from fieldops.journal import events as ev
from fieldops.journal.batch import Batch, Outdated, UnknownCounty
from fieldops.journal.events import Draft, Event, Unreadable
from fieldops.journal.kinds import Kind, registry
from fieldops.journal.models import Head
from fieldops.journal.submission import SYSTEM, Author, Prepared, Result, Submission, prepare

__all__ = [
    "SYSTEM",
    "Author",
    "Outdated",
    "Prepared",
    "Result",
    "Submission",
    "UnknownCounty",
    "add_county",
    "prepare",
    "record",
    "record_all",
    "reference_changed",
]

_head = Head.__table__


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


def record_all(*, county: str, window: str, submissions: Sequence[Submission]) -> list[list[Result]]:
    """`record` for several senders under one hold of the lock and one commit; results as they were handed in.

    Raises:
        UnknownCounty: no such county here.
        Outdated: one of the senders was remembered, and may no longer be who they were; nothing is taken in.
    """
    batch = Batch.begin(writer(), county=county, window=window, submissions=submissions)
    results = []
    for submission in submissions:
        batch.received_at = ev.corrected(submission.received_at, 0)
        results.append([_take(batch, event, submission.author) for event in submission.events])
    batch.write()
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


def _take(batch: Batch, event: Prepared, author: Author) -> Result:
    """Settle one event and, when it is accepted, what follows from it."""
    draft, kind = event.draft, event.kind
    if isinstance(draft, Unreadable):
        return batch.set_aside(event, draft, author)
    if draft.id in batch.settled:
        before, answer = batch.settled[draft.id]
        if before == event.sent:
            return answer
        reused = Unreadable("id_reused", f"id: stands as number {answer.seq} with another body")
        return batch.set_aside(event, reused, author)._replace(outcome="conflict", seq=answer.seq)
    if kind is None:
        return batch.set_aside(event, event.fault or Unreadable("unknown_kind", "kind"), author)
    if kind.system and author is not SYSTEM:
        theirs = Unreadable("not_permitted", f"kind: {kind.name} is written by the system alone")
        return batch.set_aside(event, theirs, author)
    place = batch.place(draft)
    if not author.may(kind.action, place):
        return batch.set_aside(event, Unreadable("not_permitted", f"{kind.action} at {place}"), author)
    if draft.device not in (None, author.device) and not author.owns(str(draft.device)):
        return batch.set_aside(event, Unreadable("not_permitted", f"device: {draft.device} is another's"), author)
    return _accept(batch, kind, draft, event.sent, author)


def _accept(batch: Batch, kind: Kind, draft: Draft, sent: bytes, author: Author) -> Result:
    queue = deque([(kind, draft, sent, author)])
    first: Result | None = None
    while queue:
        kind, draft, sent, author = queue.popleft()
        if first is not None and draft.id in batch.settled:
            continue  # a reaction that was there already
        event = batch.event(kind, draft, author)
        event = msgspec.structs.replace(event, entity=batch.entity_of(kind, event))
        if kind.decision and (refusal := _refusal(batch, kind, event)) is not None:
            return Result(draft.id, "conflict", reason=refusal)
        flags = set(kind.judge(event, batch.reading)) if kind.judge is not None else set()
        if draft.clock_unsure:
            flags.add("clock_unsure")
        if flags:
            event = msgspec.structs.replace(event, flags=tuple(sorted(flags)))
        batch.append(kind, event, sent)
        result = Result(event.id, "accepted", event.flags, event.seq)
        batch.settled[event.id] = (sent, result._replace(outcome="duplicate"))
        first = first or result
        if kind.react is not None:
            state = (
                registry.projections[kind.projection].fold(batch.entities[event.entity]) if kind.projection else None
            )
            drafts = list(kind.react(event, state, batch.reading))
            follows = prepare(drafts)
            batch.load(follows, SYSTEM)
            queue.extend(
                (registry.kind_of(draft), draft, prepared.sent, SYSTEM)
                for draft, prepared in zip(drafts, follows, strict=True)
            )
    assert first is not None
    return first


def _refusal(batch: Batch, kind: Kind, event: Event) -> str | None:
    """Why a decision cannot be taken on the state that it meets, or None."""
    before = batch.entities[event.entity]
    state = registry.projections[str(kind.projection)].fold(before) if before else None
    if (state.version if state is not None else 0) != event.data.get("seen_version"):
        return "stale"
    return kind.guard(event, state) if kind.guard is not None else None
