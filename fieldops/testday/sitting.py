"""A session held in a room, folded from what was noted. Pure: no SQL, no HTTP.

What is known decides, and nothing is demanded: papers can be noted as sealed before the phone that noted the start is
back on the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from fieldops.journal.events import Event
from fieldops.testday.standing import distinct, named, standing

#: Deviations beyond this are a wrong date, not a delay; they are shown as this many minutes (about 69 days).
MAX_DEVIATION_MIN = 99_999
#: Decisions are not undone by a fact: only facts are.
_DECISIONS = {"sitting.frozen"}


class SittingState(msgspec.Struct, kw_only=True):
    """The columns of `models.Sitting`, with their meaning."""

    county: str
    window: str
    school: str
    session: str
    room: str
    state: str = "planned"
    started_at: datetime | None = None
    paused_at: datetime | None = None
    paused_s: int = 0
    ended_at: datetime | None = None
    sealed_at: datetime | None = None
    frozen_at: datetime | None = None
    frozen_by: str | None = None
    start_event: str | None = None
    end_event: str | None = None
    copies: int | None = None
    boxed_at: datetime | None = None
    spoken: dict[str, Any] | None = None
    facts: list[dict[str, Any]] = msgspec.field(default_factory=list)
    heard_at: datetime
    version: int

    def reason_of(self, identity: str) -> str | None:
        """The reason given with one of its facts."""
        return next((fact["reason"] for fact in self.facts if fact["id"] == identity), None)


def key(event: Event) -> str:
    """What its entity is called, without the prefix."""
    return f"{event.window}/{event.school}/{event.session}/{event.room}"


def fold(events: Sequence[Event]) -> SittingState:
    """The state that follows from at least one event of a sitting, in any order, however often each."""
    known = distinct(events)
    some = known[0]
    frozen = next((event for event in known if event.kind in _DECISIONS), None)
    facts = standing([event for event in known if event.kind not in _DECISIONS])
    start = _first(facts, "sitting.started")
    end = _first(facts, "sitting.ended")
    sealed = _first(facts, "sitting.sealed")
    said = _spoken(facts, start, end)
    started_at = _at(start) or _heard(said, "started_at")
    ended_at = _at(end) or _heard(said, "ended_at")
    paused_at, paused_s = _pauses(facts, started_at, ended_at or _at(sealed))
    if sealed is not None:
        state = "sealed"
    elif ended_at is not None:
        state = "ended"
    elif paused_at is not None:
        state = "paused"
    else:
        # Whoever was called back from a pause is at work, also while the start is still on another phone.
        state = "running" if started_at or _first(facts, "sitting.resumed") else "planned"
    return SittingState(
        county=some.county,
        window=some.window,
        school=str(some.school),
        session=str(some.session),
        room=str(some.room),
        state=state,
        started_at=started_at,
        paused_at=paused_at,
        paused_s=paused_s,
        ended_at=ended_at,
        sealed_at=_at(sealed),
        frozen_at=_at(frozen),
        frozen_by=frozen.person if frozen else None,
        start_event=start.id if start else None,
        end_event=end.id if end else None,
        copies=sealed.data.get("copies") if sealed else None,
        boxed_at=_boxed(facts),
        spoken=said,
        facts=[_told(event) for event in known],
        heard_at=max(event.received_at for event in known),
        version=len(known),
    )


def lawful_end(start: datetime | None, duration: timedelta | None, paused_s: int) -> datetime | None:
    """When the students will have had their full time: actual start + planned duration + pauses.

    None for an open-ended session, before the start, and where the sum leaves the calendar.
    """
    if start is None or duration is None:
        return None
    try:
        return start + duration + timedelta(seconds=paused_s)
    except OverflowError:
        return None


def deviation_min(at: datetime | None, planned: datetime | None) -> int | None:
    """Whole minutes from the plan, positive when later, towards the plan: 08:59:40 for 09:00 is on time (0)."""
    if at is None or planned is None:
        return None
    minutes = int((at - planned).total_seconds() / 60)
    return max(-MAX_DEVIATION_MIN, min(MAX_DEVIATION_MIN, minutes))


def _first(facts: Sequence[Event], kind: str) -> Event | None:
    return next((event for event in facts if event.kind == kind), None)


def _at(event: Event | None) -> datetime | None:
    return event.occurred_at if event else None


def _boxed(facts: Sequence[Event]) -> datetime | None:
    """Since when the phone is locked away; None while it is not."""
    since: datetime | None = None
    for event in facts:
        if event.kind == "sitting.phone_boxed":
            since = since or event.occurred_at
        elif event.kind == "sitting.phone_back":
            since = None
    return since


def _spoken(facts: Sequence[Event], start: Event | None, end: Event | None) -> dict[str, Any] | None:
    """What was heard over the telephone last. `stands`: which of its times no fact of a phone has replaced yet."""
    event = next((event for event in reversed(facts) if event.kind == "sitting.spoken"), None)
    if event is None:
        return None
    told = _said(event)
    stands = [name for name, known in (("started_at", start), ("ended_at", end)) if known is None and told[name]]
    return {**told, "id": event.id, "at": instant_text(event.occurred_at), "by": event.person, "stands": stands}


def _heard(said: dict[str, Any] | None, name: str) -> datetime | None:
    return datetime.fromisoformat(said[name]) if said and said[name] else None


def _said(event: Event) -> dict[str, Any]:
    """The data of a spoken code, its times as the API writes them."""
    data = event.data
    return {
        "present": data["present"],
        "absent": data["absent"],
        "incidents": data["incidents"],
        "beyond": data["beyond"],
        **{name: _instant(data[name]) for name in ("started_at", "ended_at")},
    }


def _instant(text: str | None) -> str | None:
    """A time that a desk sent, as the API writes times. One that no calendar holds is none: a fold never fails."""
    try:
        return instant_text(datetime.fromisoformat(text)) if text else None
    except (ValueError, OverflowError):
        return None


def _pauses(facts: Sequence[Event], from_: datetime | None, until: datetime | None) -> tuple[datetime | None, int]:
    """Begin of the open pause, and the seconds of those that are over.

    Only what lies between start and end counts; an end while paused closes the pause.
    """
    since: datetime | None = None
    total = timedelta(0)
    for event in facts:
        if event.kind == "sitting.paused" and since is None:
            since = event.occurred_at
        elif event.kind == "sitting.resumed" and since is not None:
            total += _overlap(since, event.occurred_at, from_, until)
            since = None
    if since is not None and until is not None:
        total += _overlap(since, until, from_, until)
        since = None
    return since, int(total.total_seconds() + 0.5)


def _overlap(begin: datetime, end: datetime, from_: datetime | None, until: datetime | None) -> timedelta:
    begin = max(begin, from_) if from_ else begin
    end = min(end, until) if until else end
    return max(end - begin, timedelta(0))


def _told(event: Event) -> dict[str, Any]:
    """A fact as the phone and the room's timeline show it; `by` is the person's id."""
    return {
        "id": event.id,
        "kind": event.kind,
        "at": instant_text(event.occurred_at),
        "recorded_at": instant_text(event.recorded_at),
        "by": event.person,
        "corrects": named(event, "corrects"),
        "undoes": named(event, "undoes"),
        "reason": event.data.get("reason"),
        **({"spoken": _said(event)} if event.kind == "sitting.spoken" else {}),
    }


def instant_text(at: datetime) -> str:
    """An instant as the API writes it: UTC, ISO 8601 with `Z` and milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
