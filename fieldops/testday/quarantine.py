"""What the journal set aside: in words, what somebody can do about it, and what became of it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, func, or_, select
from uuid6 import uuid7

from fieldops.db import db, writing
from fieldops.journal.events import make
from fieldops.journal.models import Quarantined
from fieldops.journal.service import Author, record
from fieldops.testday.models import Settlement

#: Reason → why it was set aside, and what can be done.
REASONS: Final[dict[str, tuple[Any, Any]]] = {
    "unreadable": (
        _l("The server could not read it."),
        _l("Ask the person what it was, and have it noted again on the phone."),
    ),
    "unknown_kind": (
        _l("The server does not know this kind of fact: the phone runs another version."),
        _l("Let the phone take the new version (Now, then Reload), and note it again."),
    ),
    "bad_data": (
        _l("Something in it is missing or not as expected."),
        _l("Ask the person what it was, and have it noted again on the phone."),
    ),
    "not_permitted": (
        _l("The person had no duty for it there."),
        _l(
            "If it is right, somebody with the duty notes it now, with the time when it happened; "
            "or ask the county desk to give the duty first."
        ),
    ),
    "id_reused": (
        _l("Another fact stands under the same number."),
        _l("Look whether it stands in the room. If it is missing, have it noted again."),
    ),
}

#: What can become of it.
HOW: Final[dict[str, Any]] = {
    "noted_again": _l("It was noted again on a phone"),
    "by_hand": _l("It is written down by hand, in the school's record"),
    "nothing": _l("Nothing needs to be done"),
}


class Aside(NamedTuple):
    """What was set aside, with what somebody said about it, if anybody did."""

    row: Quarantined
    settled: Settlement | None


def said(sent: str) -> dict[str, str]:
    """The texts of what was sent that name a kind and a place; anything else is left to the raw text."""
    try:
        raw = json.loads(sent)
    except (ValueError, RecursionError):
        return {}
    fields = raw if isinstance(raw, dict) else {}
    named = {name: fields.get(name) for name in ("kind", "room", "session", "student")}
    return {
        name: value.encode("utf-8", "replace").decode()[:80] for name, value in named.items() if isinstance(value, str)
    }


def happened_at(sent: str) -> datetime | None:
    """When it is said to have happened, by the phone's own clock; None when that cannot be read."""
    try:
        raw = json.loads(sent)
        at = datetime.fromisoformat(raw["occurred_at"]) if isinstance(raw, dict) else None
    except (ValueError, RecursionError, KeyError, TypeError, OverflowError):
        return None
    return at if at is not None and at.tzinfo is not None else None


def listed(county: str, *, school: str | None = None) -> list[Aside]:
    """What was set aside, what nobody has looked at first, the newest first; of one school when given."""
    statement = (
        _of(select(Quarantined, Settlement), county, school)
        .order_by(Settlement.settled_at.is_not(None), Quarantined.received_at.desc(), Quarantined.sent_hash)
        .limit(200)
    )
    found: dict[bytes, Aside] = {}
    for row, settled in db.session.execute(statement):
        found.setdefault(row.sent_hash, Aside(row, settled))  # twice when the school and the county settled it
    return list(found.values())


def count_open(county: str, *, school: str | None = None) -> int:
    """How much of what was set aside nobody has looked at; of one school when given."""
    statement = _of(select(func.count()), county, school).where(Settlement.sent_hash.is_(None))
    return db.session.scalar(statement) or 0


def _of(statement: Any, county: str, school: str | None) -> Any:
    statement = statement.select_from(Quarantined).outerjoin(Settlement, _settles()).where(Quarantined.county == county)
    return statement if school is None else statement.where(Quarantined.school == school)


def _settles() -> ColumnElement[bool]:
    """A school's word counts for what it was set aside of; the county's for everything."""
    return and_(
        Settlement.county == Quarantined.county,
        Settlement.sent_hash == Quarantined.sent_hash,
        or_(Settlement.school == "", Settlement.school == Quarantined.school),
    )


def settle(
    *,
    county: str,
    window: str,
    school: str | None,
    sent_hash: bytes,
    how: str,
    note: str | None,
    by: Author,
    at: datetime,
) -> bool:
    """Note what became of something set aside. False when it is not there (or not of this school).

    Args:
        school: by whose right it is said; None by the county's.
        at: now, by the window's clock.
    """
    wanted = select(Quarantined.sent_hash).where(Quarantined.county == county, Quarantined.sent_hash == sent_hash)
    if school is not None:
        wanted = wanted.where(Quarantined.school == school)
    data = {"sent": sent_hash.hex(), "how": how, **({"note": note} if note else {})}
    event = make("quarantine.settled", identity=str(uuid7()), at=at, school=school, data=data)
    with writing():
        if db.session.scalar(wanted) is None:
            return False
        (result,) = record(county=county, window=window, author=by, events=[event], received_at=at)
    return result.outcome == "accepted"
