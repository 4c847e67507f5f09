"""Facts about phones: the ready check of one, and what became of a fact that was set aside. Pure: no SQL, no HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from fieldops.journal.events import Event
from fieldops.testday.standing import distinct

#: Stands for "no device named".
NO_DEVICE: Final = "00000000-0000-0000-0000-000000000000"


class CheckState(msgspec.Struct, kw_only=True):
    """The columns of `models.PhoneCheck`, with their meaning."""

    county: str
    window: str
    school: str
    device: str
    person: str | None
    verdict: str
    items: dict[str, str]
    browser: str | None
    build: str | None
    checked_at: datetime
    version: int


def check_key(event: Event) -> str:
    """What the entity of a phone is called, without the prefix."""
    return f"{event.window}/{event.school}/{event.device or NO_DEVICE}"


def fold_check(events: Sequence[Event]) -> CheckState:
    """The newest check by corrected time stands."""
    known = distinct(events)
    last = max(known, key=lambda event: event.moment)
    return CheckState(
        county=last.county,
        window=last.window,
        school=last.school or "",
        device=last.device or NO_DEVICE,
        person=last.person,
        verdict=last.data["verdict"],
        items=dict(last.data["items"]),
        browser=last.data.get("browser"),
        build=last.data.get("build"),
        checked_at=last.occurred_at,
        version=len(known),
    )


class SettlementState(msgspec.Struct, kw_only=True):
    """The columns of `models.Settlement`, with their meaning; `sent` is the hash in hex."""

    county: str
    sent: str
    window: str
    school: str
    how: str
    note: str | None
    person: str | None
    settled_at: datetime
    version: int


def settlement_key(event: Event) -> str:
    """What the entity is called, without the prefix: where it was said, and the hash of what was set aside.

    The place is part of it: what a school's chief monitor says never touches what another school was told.
    """
    return f"{event.school or ''}/{event.data['sent']}"


def fold_settlement(events: Sequence[Event]) -> SettlementState:
    """The newest word by corrected time stands: a hasty one can be put right."""
    known = distinct(events)
    last = max(known, key=lambda event: event.moment)
    return SettlementState(
        county=last.county,
        sent=last.data["sent"],
        window=last.window,
        school=last.school or "",
        how=last.data["how"],
        note=last.data.get("note"),
        person=last.person,
        settled_at=last.occurred_at,
        version=len(known),
    )


def settlement_row(state: SettlementState) -> Mapping[str, Any]:
    """The row of a settlement: the hash as bytes, as the quarantine keeps it."""
    row = msgspec.structs.asdict(state)
    row["sent_hash"] = bytes.fromhex(row.pop("sent"))
    return row
