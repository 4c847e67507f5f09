"""Kinds of events of notices, and their folds. Pure; any order and any repetition give the same.

Sending and withdrawing are written by the system for a desk (`service`), so that a city's notice stands alike in each
county's journal; `data.by` says who did it. Reading and confirming are facts of the person who sends them.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from fieldops.journal.events import Event
from fieldops.journal.kinds import Kind, Projection
from fieldops.notices.models import Notice, Receipt

SENT: Final = "notice.sent"
WITHDRAWN: Final = "notice.withdrawn"
READ: Final = "notice.read"
CONFIRMED: Final = "notice.confirmed"
#: Characters of a notice: what is read on a phone without scrolling much.
LONGEST: Final = 600

Code = Annotated[str, Meta(min_length=1, max_length=32)]
Division = Annotated[str, Meta(pattern="^[0-9]{6}$")]


class _Data(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Fields of a kind; one more or less is an error."""


class Sent(_Data):
    """A desk tells its schools something."""

    notice: uuid.UUID
    sender: Division
    sender_name: Annotated[str, Meta(max_length=60)]
    counties: Annotated[list[Division], Meta(max_length=200)]
    #: A notice's own is at most `LONGEST`; an instruction to several schools comes the same way and may be longer.
    text: Annotated[str, Meta(min_length=1, max_length=2000)]
    by: uuid.UUID | None = None
    schools: Annotated[list[Code], Meta(max_length=200)] = []
    roles: Annotated[list[Code], Meta(max_length=20)] = []
    must_confirm: bool = False
    confirm_by: Annotated[datetime, Meta(tz=True)] | None = None
    about: uuid.UUID | None = None
    replaces: uuid.UUID | None = None


class Withdrawn(_Data):
    """It counts no more."""

    notice: uuid.UUID
    by: uuid.UUID | None = None


class Seen(_Data):
    """A person read it, or confirmed it."""

    notice: uuid.UUID


@dataclass(frozen=True, slots=True)
class State:
    """What a fold gives: the row, and how many events there are."""

    row: dict[str, Any]
    version: int


def fold_notice(events: Sequence[Event]) -> State:
    """A notice: the first sending stands, and any withdrawal ends it."""
    known = sorted(events, key=lambda event: event.moment)
    first = known[0]
    sent = next((event for event in known if event.kind == SENT), None)
    gone = next((event for event in known if event.kind == WITHDRAWN), None)
    said = msgspec.convert(sent.data, Sent) if sent else None
    row = {
        "county": first.county,
        "id": str(uuid.UUID(str(first.data["notice"]))),
        "window": first.window,
        "sender": said.sender if said else first.county,
        "sender_name": said.sender_name if said else "",
        "counties": said.counties if said else [],
        "author": _text(said.by) if said else None,
        "text": said.text if said else "",
        "schools": said.schools if said else [],
        "roles": said.roles if said else [],
        "must_confirm": bool(said and said.must_confirm),
        "confirm_by": said.confirm_by.astimezone(UTC) if said and said.confirm_by else None,
        "about": _text(said.about) if said else None,
        "replaces": _text(said.replaces) if said else None,
        "sent_at": sent.occurred_at if sent else None,
        "withdrawn_at": gone.occurred_at if gone else None,
    }
    return State(row, len(known))


def fold_receipt(events: Sequence[Event]) -> State:
    """A person's reading of a notice: the first time of each; who confirms has read."""
    known = sorted(events, key=lambda event: event.moment)
    first = known[0]
    confirmed = next((event.occurred_at for event in known if event.kind == CONFIRMED), None)
    row = {
        "county": first.county,
        "notice": str(uuid.UUID(str(first.data["notice"]))),
        "person": first.person,
        "window": first.window,
        "school": first.school,
        "read_at": first.occurred_at,
        "confirmed_at": confirmed,
    }
    return State(row, len(known))


def _text(value: uuid.UUID | None) -> str | None:
    return None if value is None else str(value)


def _row(state: State) -> Mapping[str, Any]:
    return {**state.row, "version": state.version}


def _notice(event: Event) -> str:
    return f"{event.window}/{uuid.UUID(str(event.data['notice']))}"


def _receipt(event: Event) -> str:
    return f"{event.window}/{uuid.UUID(str(event.data['notice']))}/{event.person}"


def _of_desk(name: str, data: type[msgspec.Struct]) -> Kind:
    return Kind(name=name, action="notice.send", data=data, entity=_notice, projection="notice", system=True)


def _of_person(name: str) -> Kind:
    return Kind(
        name=name,
        action="notice.read",
        data=Seen,
        needs=frozenset({"school"}),
        entity=_receipt,
        projection="notice-receipt",
    )


KINDS: Final = [_of_desk(SENT, Sent), _of_desk(WITHDRAWN, Withdrawn), _of_person(READ), _of_person(CONFIRMED)]
PROJECTIONS: Final = [
    Projection(name="notice", table=Notice.__table__, fold=fold_notice, row=_row),
    Projection(name="notice-receipt", table=Receipt.__table__, fold=fold_receipt, row=_row),
]
