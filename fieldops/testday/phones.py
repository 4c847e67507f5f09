"""What phones say about what they keep, and which of their facts have not arrived.

A phone's report (`kept` of `POST /api/v1/events`) is bookkeeping, not a fact: it is gathered in memory and written
together, so that a county that checks in pays nothing for it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol

import structlog
from flask import Flask, current_app
from sqlalchemy import Table, select
from sqlalchemy.exc import SQLAlchemyError

from fieldops.db import db, upsert, writing
from fieldops.journal.models import EventRow, Quarantined
from fieldops.organisation.actors import Actor
from fieldops.testday.models import Phone, PhoneCheck
from fieldops.timetable import clock

#: Seconds between two writes of what was reported: one for all phones of the process.
FLUSH_EVERY_S: Final = 10.0
#: Missing numbers are named singly up to this many; more are a count.
MOST_NAMED: Final = 12
#: A phone that claims more facts than this counts wrongly: nobody notes so many in a window.
MOST_FACTS: Final = 20_000

_phone: Table = Phone.__table__
_events = EventRow.__table__

log = structlog.get_logger()


class Kept(Protocol):
    """What a phone reports (`api.shapes.Kept`)."""

    waiting: int
    unconfirmed: int
    last_seq: int
    offset_ms: int
    build: str | None


class Reports:
    """The newest report of each phone, until it is written.

    What a stopped process had not written is at most `FLUSH_EVERY_S` old, and comes again with the phone's next call.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[tuple[str, str], dict[str, Any]] = {}
        self._flushed = float("-inf")

    def put(self, row: dict[str, Any]) -> None:
        """Keep a phone's report in place of its last one."""
        with self._lock:
            self._rows[row["county"], row["device"]] = row

    def flush(self, *, now: bool = False) -> None:
        """Write what was reported when it is time to, or now. Call outside of a transaction of the request."""
        if not self._rows:
            return
        with self._lock:
            if not now and time.monotonic() - self._flushed < FLUSH_EVERY_S:
                return
            self._flushed = time.monotonic()
            rows, self._rows = self._rows, {}
        try:
            with writing():
                # Sorted: two processes take the rows in the same order and never wait in a circle.
                upsert(_phone, [row for _key, row in sorted(rows.items())])
        except SQLAlchemyError as error:
            log.warning("phones' reports not written", cause=type(error).__qualname__, phones=len(rows))


def init_app(app: Flask) -> None:
    """Gather reports in this process; each request looks whether it is time to write them."""
    reports = app.extensions["fieldops_phones"] = Reports()
    app.before_request(reports.flush)


def note(actor: Actor, county: str, kept: Kept, *, at: datetime) -> None:
    """Keep what a phone reported. `at`: now, by the window's clock. Writes nothing by itself."""
    shift = clock.shift(actor.clock) if actor.clock else timedelta(0)
    reports: Reports = current_app.extensions["fieldops_phones"]
    reports.put(
        {
            "county": county,
            "device": actor.device_id,
            "window": actor.window or "",
            "person": actor.person_id,
            "waiting": min(kept.waiting, 2**31 - 1),
            "unconfirmed": min(kept.unconfirmed, 2**31 - 1),
            "last_seq": kept.last_seq,
            "build": kept.build,
            "clock_off_ms": max(-(2**53), min(2**53, kept.offset_ms - int(shift.total_seconds() * 1000))),
            "heard_at": at,
        }
    )


def flush() -> None:
    """Write now what this process has gathered: before a page shows it."""
    reports: Reports = current_app.extensions["fieldops_phones"]
    reports.flush(now=True)


# --- reads ------------------------------------------------------------------------------------------------------------


def reported(county: str, window: str) -> dict[str, Phone]:
    """What each phone of the county said last, by device."""
    rows = db.session.scalars(select(Phone).where(Phone.county == county, Phone.window == window))
    return {row.device: row for row in rows}


def checks(county: str, window: str, *, school: str | None = None) -> dict[tuple[str, str], PhoneCheck]:
    """The newest ready check of each phone, by (school, device); of one school when given."""
    statement = select(PhoneCheck).where(PhoneCheck.county == county, PhoneCheck.window == window)
    if school is not None:
        statement = statement.where(PhoneCheck.school == school)
    return {(row.school, row.device): row for row in db.session.scalars(statement)}


def devices_of_school(county: str, window: str, school: str) -> frozenset[str]:
    """Devices from which a fact of the school arrived in the window."""
    statement = (
        select(_events.c.device)
        .where(
            _events.c.county == county,
            _events.c.window == window,
            _events.c.school == school,
            _events.c.device.is_not(None),
            _events.c.device_seq.is_not(None),
        )
        .distinct()
    )
    return frozenset(db.session.scalars(statement))


def arrived(county: str, devices: Collection[str]) -> dict[str, set[int]]:
    """The numbers (`device_seq`) that arrived from each device, those that were set aside too."""
    found: dict[str, set[int]] = {device: set() for device in devices}
    if not devices:
        return found
    statement = select(_events.c.device, _events.c.device_seq).where(
        _events.c.county == county, _events.c.device.in_(sorted(devices)), _events.c.device_seq.is_not(None)
    )
    for device, number in db.session.execute(statement):
        found[device].add(number)
    aside = select(Quarantined.device, Quarantined.reason, Quarantined.sent).where(
        Quarantined.county == county, Quarantined.device.in_(sorted(devices))
    )
    for device, reason, sent in db.session.execute(aside):
        named, number = _numbered(sent)
        # What another's phone is said to have noted, by somebody who may not say so, fills none of its gaps.
        noted_on = device if named is None or reason == "not_permitted" else named
        if number is not None and noted_on in found:
            found[noted_on].add(number)
    return found


def _numbered(sent: str) -> tuple[str | None, int | None]:
    """Which device an event that was set aside names by itself, if any, and its number."""
    try:
        raw = json.loads(sent)
    except (ValueError, RecursionError):
        return None, None
    fields: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
    device, number = fields.get("device"), fields.get("device_seq")
    # A bool is an int to Python and no number to anybody.
    right = isinstance(number, int) and not isinstance(number, bool) and 0 < number <= MOST_FACTS
    return device if isinstance(device, str) else None, number if right else None


# --- gaps, pure -------------------------------------------------------------------------------------------------------


class Gaps(NamedTuple):
    """Facts of a phone that have not arrived."""

    #: Their numbers, from the smallest; cut after `MOST_NAMED` runs.
    runs: tuple[tuple[int, int], ...]
    #: How many they are.
    number: int
    #: How many of them the phone itself says it still keeps to be sent.
    kept: int

    @property
    def lost(self) -> int:
        """How many the phone does not say it keeps: somebody must look for them."""
        return self.number - self.kept


def gaps(numbers: Iterable[int], *, last_seq: int = 0, open_facts: int = 0) -> Gaps:
    """Which of a phone's facts have not arrived.

    Args:
        numbers: `device_seq` of what arrived, in any order, with repetitions.
        last_seq: the phone's own count as it reported it last; 0 when it never did.
        open_facts: how many facts it said were not settled then.
    """
    here = {number for number in numbers if number > 0}
    # What arrived after the report proves more than the report; a count beyond all reason proves nothing.
    last = max([*here, last_seq if last_seq <= MOST_FACTS else 0], default=0)
    runs: list[tuple[int, int]] = []
    count, previous = 0, 0
    for number in [*sorted(here), last + 1]:
        if number - previous > 1:
            runs.append((previous + 1, number - 1))
            count += number - previous - 1
        previous = number
    return Gaps(tuple(runs[:MOST_NAMED]), count, min(count, open_facts))
