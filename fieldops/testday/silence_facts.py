"""A silence: something expected that was not heard in time, and how it ended. Pure: no SQL, no HTTP.

Only the system writes these events. One thing can fall silent more than once (a start is taken back, a rehearsal's
clock is set back): each time is an episode, counted from 1, and the newest is the state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from fieldops.journal.events import Draft, Event, derived_id, make
from fieldops.journal.kinds import Kind
from fieldops.testday.expectation import Answer, How

NOTICED, ENDED = "silence.noticed", "silence.ended"
What = Literal["check_in", "check_in_done", "started", "ended", "sealed", "nil_report"]
Instant = Annotated[datetime, Meta(tz=True)]
Episode = Annotated[int, Meta(ge=1, le=100_000)]


class SilenceOf(msgspec.Struct, frozen=True, kw_only=True):
    """What is silent. `session`: its code, or the date (ISO 8601) of a nil report; `room`: empty for a whole school."""

    window: str
    school: str
    session: str
    room: str
    what: str


class _Data(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What every event of a silence names. `of`: the session's code, or the date of a nil report."""

    what: What
    of: Annotated[str, Meta(min_length=1, max_length=32)]
    episode: Episode


class Noticed(_Data, kw_only=True):
    """It should have been heard. `late_by_s`: how much later than it could this was noticed (the engine was down)."""

    due_at: Instant
    alarm_at: Instant
    late_by_s: Annotated[int, Meta(ge=0)] = 0


class Ended(_Data, kw_only=True):
    """It was heard, or is expected no more. `fact_at`: when it had happened; `heard_at`: when that arrived."""

    how: How
    fact_at: Instant | None = None
    heard_at: Instant | None = None


class SilenceState(msgspec.Struct, kw_only=True):
    """The columns of `models.Silence`, with their meaning."""

    county: str
    window: str
    school: str
    session: str
    room: str
    what: str
    episode: int
    due_at: datetime | None = None
    alarm_at: datetime | None = None
    noticed_at: datetime | None = None
    late_by_s: int = 0
    ended_at: datetime | None = None
    how: str | None = None
    fact_at: datetime | None = None
    heard_at: datetime | None = None
    version: int


def key(event: Event) -> str:
    """What its entity is called, without the prefix."""
    return f"{event.window}/{event.school}/{event.data['of']}/{event.room or ''}/{event.data['what']}"


def fold(events: Sequence[Event]) -> SilenceState:
    """The newest episode, from at least one event of a silence, in any order, however often each."""
    known = {event.id: event for event in events}
    episode = max(event.data["episode"] for event in known.values())
    newest = [event for event in known.values() if event.data["episode"] == episode]
    some = newest[0]
    noticed = next((event for event in newest if event.kind == NOTICED), None)
    ended = next((event for event in newest if event.kind == ENDED), None)
    return SilenceState(
        county=some.county,
        window=some.window,
        school=str(some.school),
        session=some.data["of"],
        room=some.room or "",
        what=some.data["what"],
        episode=episode,
        due_at=_at(noticed, "due_at"),
        alarm_at=_at(noticed, "alarm_at"),
        noticed_at=noticed.occurred_at if noticed else None,
        late_by_s=noticed.data.get("late_by_s", 0) if noticed else 0,
        ended_at=ended.occurred_at if ended else None,
        how=ended.data["how"] if ended else None,
        fact_at=_at(ended, "fact_at"),
        heard_at=_at(ended, "heard_at"),
        version=len(known),
    )


def _at(event: Event | None, name: str) -> datetime | None:
    value = event.data.get(name) if event else None
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def noticed(
    of: SilenceOf, episode: int, *, now: datetime, due_at: datetime, alarm_at: datetime, late_by_s: int
) -> Draft:
    """The event of a silence that begins. Its id is the same whoever makes it."""
    data = {"due_at": due_at.isoformat(), "alarm_at": alarm_at.isoformat(), "late_by_s": late_by_s}
    return _draft(NOTICED, of, episode, now, data)


def ended(of: SilenceOf, episode: int, *, now: datetime, answer: Answer, heard_at: datetime | None) -> Draft:
    """The event of a silence that ends."""
    data = {"how": answer.how, "fact_at": _text(answer.at), "heard_at": _text(heard_at)}
    return _draft(ENDED, of, episode, now, data)


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _draft(kind: str, of: SilenceOf, episode: int, now: datetime, data: Mapping[str, Any]) -> Draft:
    parts = ("silence", of.window, of.school, of.session, of.room, of.what, str(episode), kind)
    return make(
        kind,
        identity=derived_id(*parts),
        at=now,
        school=of.school,
        room=of.room or None,
        session=None if of.what == "nil_report" else of.session,
        data={"what": of.what, "of": of.session, "episode": episode, **data},
    )


KINDS: Final = tuple(
    Kind(
        name=name,
        action="sitting.note",
        data=data,
        needs=frozenset({"school"}),
        entity=key,
        projection="silence",
        system=True,
    )
    for name, data in ((NOTICED, Noticed), (ENDED, Ended))
)
