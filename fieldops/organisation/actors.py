"""Who is asking: the actor behind a token, and the author that the journal is given for it."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

import structlog
from flask import current_app
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError

from fieldops.db import UTCDateTime, db, utcnow, writing
from fieldops.journal.models import Server
from fieldops.journal.service import Author
from fieldops.organisation import queries
from fieldops.organisation.models import Device, Duty, Person
from fieldops.organisation.places import Place, path_of
from fieldops.organisation.rights import ROLES, HeldDuty, levels, may
from fieldops.prepared import Statement

#: A token is 32 random bytes as 43 characters; anything much longer is no token and is not hashed.
LONGEST_TOKEN = 100
#: `last_seen_at` of a device is brought up to date at most so often.
SEEN_EVERY = timedelta(minutes=1)
#: Seconds between two writes of what was seen: one for all devices of the process, not one a request.
_FLUSH_EVERY_S = 10.0

_device, _person, _duty = Device.__table__, Person.__table__, Duty.__table__
_windows = queries.windows

log = structlog.get_logger()


class WindowClock(NamedTuple):
    """As much of a window as `timetable.clock.now` needs."""

    mode: str
    clock_shows: datetime | None
    clock_set_at: datetime | None


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person on one device, with the duties of the current window.

    Duties of other windows are left out on purpose: last year's chief monitor who is a monitor this year decides
    nothing this year. `organisation.queries.duties_of` has those of every open window.
    """

    person_id: str
    name: str
    #: `zh`, `en`, or None: as the browser.
    locale: str | None
    device_id: str
    #: Duties held in `window`.
    duties: tuple[HeldDuty, ...]
    #: The newest open window in which the person has a duty; None when there is none, and then nothing is permitted.
    window: str | None
    #: The clock of `window`, for `timetable.clock.now`.
    clock: WindowClock | None
    #: Real time at which the device was noted last.
    last_seen_at: datetime | None = None
    #: `journal.queries.epoch`, read along with who it is.
    epoch: str = ""
    #: `Server.senders` at that moment: as long as it is the same, so is all of this.
    senders: int = 0
    #: Of the device's token; empty for one that was read otherwise.
    token_hash: bytes = b""
    #: Real time at which the sign-in ends.
    expires_at: datetime | None = None

    def may(self, action: str, place: Place) -> bool:
        """Whether one of the duties gives the action at the place (`rights.may`)."""
        return may(self.duties, action, place)

    def may_somewhere(self, action: str) -> bool:
        """Whether one of the duties gives the action at its own place."""
        return any(action in ROLES.get(duty.role, ()) for duty in self.duties)

    @property
    def actions(self) -> frozenset[str]:
        """Every action that the duties give somewhere."""
        return frozenset().union(*(ROLES.get(duty.role, frozenset()) for duty in self.duties))


def token_hash(token: str) -> bytes:
    """SHA-256 of a token, as it is kept. A token has 256 random bits, so a slow hash would protect nothing more."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


_by_token = Statement(
    select(
        _device.c.id,
        _device.c.last_seen_at,
        _person.c.id,
        _person.c.name,
        _person.c.locale,
        _duty.c.role,
        _duty.c.place,
        _duty.c.window,
        _windows.c.first_day,
        _windows.c.mode,
        _windows.c.clock_shows,
        _windows.c.clock_set_at,
        select(Server.epoch).scalar_subquery(),
        select(Server.senders).scalar_subquery(),
        _device.c.expires_at,
    )
    .select_from(
        _device.join(_person, _person.c.id == _device.c.person).outerjoin(
            _duty.join(_windows, (_windows.c.code == _duty.c.window) & _windows.c.closed_at.is_(None)),
            _duty.c.person == _person.c.id,
        )
    )
    .where(
        _device.c.token_hash == bindparam("token_hash"),
        _device.c.revoked_at.is_(None),
        _device.c.expires_at > bindparam("now", type_=UTCDateTime()),
    )
)


def actor_by_token(token: str) -> Actor | None:
    """The actor of this token; None when the device is unknown, expired or revoked. One statement: the hot path."""
    if not 0 < len(token) <= LONGEST_TOKEN:
        return None
    digest = token_hash(token)
    rows = _by_token.read(db.engine, {"token_hash": digest, "now": utcnow()})
    if not rows:
        return None
    device_id, seen_at, person_id, name, locale = rows[0][:5]
    held = [(HeldDuty(*row[5:8]), row[8]) for row in rows if row[5] is not None]
    clocks = {row[7]: WindowClock(*row[9:12]) for row in rows if row[7] is not None}
    # The newest first day; of two on the same day the smaller code, as `timetable.queries.open_windows` orders them.
    window = min(((-first.toordinal(), duty.window) for duty, first in held), default=(0, None))[1]
    duties = tuple(sorted(duty for duty, _first in held if duty.window == window))
    epoch, senders_, expires_at = rows[0][12:]
    clock = clocks.get(window or "")
    return Actor(
        person_id, name, locale, device_id, duties, window, clock, seen_at, epoch, senders_, digest, expires_at
    )


class Senders:
    """Who sent facts before, so that the next call need not ask the database who it is.

    Nothing here is believed by itself: the journal compares `Actor.senders` with the database's number under its lock.
    """

    #: Devices remembered by one process; the oldest gives way.
    MOST = 20_000

    def __init__(self) -> None:
        self._actors: dict[bytes, Actor] = {}

    def remember(self, actor: Actor) -> None:
        """Keep who was let in just now."""
        self._actors[actor.token_hash] = actor
        if len(self._actors) > self.MOST:
            with contextlib.suppress(KeyError, RuntimeError):  # another thread made room at this moment
                del self._actors[next(iter(self._actors))]

    def known(self, token: str) -> Actor | None:
        """Whose token it is, when they sent facts before and their sign-in has not run out."""
        actor = self._actors.get(token_hash(token)) if len(token) <= LONGEST_TOKEN else None
        return actor if actor is not None and actor.expires_at is not None and actor.expires_at > utcnow() else None

    def forget(self, actor: Actor) -> None:
        """Ask the database next time."""
        self._actors.pop(actor.token_hash, None)


def senders() -> Senders:
    """The senders that this process remembers."""
    found: Senders = current_app.extensions["fieldops_senders"]
    return found


# --- the journal's author ---------------------------------------------------------------------------------------------


class _Reach:
    """Answers for one person in one county; asks the database only when the path alone cannot say."""

    def __init__(self, duties: tuple[HeldDuty, ...], county: str) -> None:
        self._duties = duties
        self._county = county

    @cached_property
    def _chain(self) -> tuple[str, ...]:
        # A duty inside the county names it already; the levels above matter to cities and provinces alone.
        if all(duty.place.split("/")[0] == self._county for duty in self._duties):
            return (self._county,)
        return queries.division_chain(self._county)

    @cached_property
    def _schools(self) -> frozenset[str]:
        return queries.school_codes(self._county)

    def _place(self, path: str) -> Place | None:
        county, *rest = path.split("/")
        if county != self._county or len(rest) > 2:
            return None
        paths = [path_of(county, *rest[:depth]) for depth in range(len(rest), 0, -1)]
        return Place(path, ("county", "school", "room")[len(rest)], (*paths, *self._chain))

    def may(self, action: str, path: str) -> bool:
        """Whether one of the duties gives the action at the path."""
        place = self._place(path)
        if place is None or not may(self._duties, action, place):
            return False
        # Who has a duty in the school proves that it exists; a desk might name one that does not.
        school = place.school
        if school is None or any(duty.place.split("/")[1:2] == [school] for duty in self._duties):
            return True
        return school in self._schools

    def levels(self, action: str, path: str) -> tuple[str, ...]:
        """At which levels the person holds the right at a place of the county, from the bottom up."""
        place = self._place(path)
        return levels(self._duties, action, place) if place is not None else ()


def author(actor: Actor, county: str) -> Author:
    """The actor as the journal's author of events of this county."""
    reach = _Reach(actor.duties, county)
    return Author(
        person=actor.person_id,
        device=actor.device_id,
        may=reach.may,
        levels=reach.levels,
        owns=lambda device: queries.owner_of(device) == actor.person_id,
    )


# --- last seen --------------------------------------------------------------------------------------------------------


class LastSeen:
    """Collects which devices were heard and writes them together, away from the requests' own transactions.

    What a stopped process had not written is at most `_FLUSH_EVERY_S` old and is noted again with the next request.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heard: dict[str, datetime] = {}
        self._noted: dict[str, datetime] = {}
        self._flushed = float("-inf")

    def note(self, actor: Actor) -> None:
        """Note that the actor's device was heard now; write all that were noted when it is time to."""
        now = utcnow()
        # What this process noted itself is newer than what a remembered actor says.
        before = self._noted.get(actor.device_id) or actor.last_seen_at
        new = before is None or now - before >= SEEN_EVERY
        if not new and not self._heard:
            return
        with self._lock:
            if new:
                self._heard[actor.device_id] = self._noted[actor.device_id] = now
            if not self._heard or time.monotonic() - self._flushed < _FLUSH_EVERY_S:
                return
            self._flushed = time.monotonic()
            heard, self._heard = self._heard, {}
        self._write(heard)

    def _write(self, heard: Mapping[str, datetime]) -> None:
        statement = (
            update(Device)
            .where(Device.id == bindparam("device"))
            .values(last_seen_at=bindparam("at", type_=UTCDateTime()))
        )
        # Sorted: two processes that write the same devices take the rows in the same order and never wait in a circle.
        rows = [{"device": device, "at": at} for device, at in sorted(heard.items())]
        try:
            with writing():
                db.session.connection().execute(statement, rows)
        except SQLAlchemyError as error:
            log.warning("last seen not written", cause=type(error).__qualname__, devices=len(rows))
