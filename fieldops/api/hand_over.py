"""Facts that came on another phone or in a file: opened, and recorded as their own sender's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flask import current_app
from flask_babel import lazy_gettext as _l
from uuid6 import uuid7

from fieldops.api import envelope
from fieldops.db import writing
from fieldops.journal.events import make
from fieldops.journal.service import SYSTEM, Result, record
from fieldops.organisation import queries as organisation
from fieldops.organisation import senders
from fieldops.organisation.actors import Actor
from fieldops.organisation.facts import HAND_OVER_CARRIED
from fieldops.organisation.rights import ROLES, HeldDuty
from fieldops.timetable import clock
from fieldops.web.errors import Problem


class NotOpened(Problem):
    """The envelope does not open here."""

    status = 422
    slug = "hand-over-broken"
    title = _l("This hand-over cannot be opened")
    detail = _l(
        "It is damaged, or comes from another server. Hand it over once more; the facts are still on the phone."
    )


class NotHere(Problem):
    """The carrier has nothing to do with the school that it comes from."""

    status = 403
    slug = "hand-over-elsewhere"
    title = _l("This hand-over comes from another school")
    detail = _l("Only people on duty in the same school, and its desks, can send it on.")


class OtherWindow(Problem):
    """Its facts were noted in a window that is not open for their sender."""

    status = 409
    slug = "other-window"
    title = _l("These facts were noted in another assessment window")
    detail = _l("Keep them, and ask your county's desk. Nothing of them was taken into this window.")


class Taken(NamedTuple):
    """What became of a hand-over."""

    device: str
    #: Name of the person who noted the facts.
    by: str
    results: list[Result]

    def count(self, outcome: str) -> int:
        """How many facts were answered so."""
        return sum(1 for result in self.results if result.outcome == outcome)


def take(sealed: bytes, carrier: Actor) -> Taken:
    """Record the facts of an envelope as those of the person and the device that sealed it. All in one transaction.

    Facts that are there already are answered `duplicate`, whoever brought them. Those of a device that was ended are
    set aside whole. When it brought anything new, the journal keeps who carried it.

    Raises:
        NotOpened, NotHere, OtherWindow: nothing was kept.
    """
    try:
        head = envelope.head_of(sealed)
        content = envelope.open_sealed(sealed, current_app.config["SETTINGS"].secret_key)
    except envelope.Broken:
        raise NotOpened from None
    who = senders.sender(head.device, head.person)
    if who is None or who.actor.window is None or who.actor.clock is None:
        raise NotOpened
    if content.window not in (None, who.actor.window) or carrier.window != who.actor.window:
        raise OtherWindow
    places = _places(who.actor)
    county = next((path.split("/")[0] for path in places), None)
    if county is None or not any(_may_carry(carrier, path) for path in places):
        raise NotHere
    now = clock.now(who.actor.clock)
    author = senders.author_of(who, county)
    with writing():
        results = record(county=county, window=who.actor.window, author=author, events=content.events, received_at=now)
        fresh = sum(1 for result in results if result.outcome == "accepted")
        if fresh:
            carried = make(
                HAND_OVER_CARRIED,
                identity=str(uuid7()),
                at=now,
                school=next((path.split("/")[1] for path in places if "/" in path), None),
                data={
                    "device": head.device,
                    "carrier": carrier.person_id,
                    "carrier_device": carrier.device_id,
                    "facts": fresh,
                },
            )
            record(county=county, window=who.actor.window, author=SYSTEM, events=[carried], received_at=now)
    return Taken(head.device, who.actor.name, results)


def _places(actor: Actor) -> list[str]:
    """Schools that the person has a duty in, or the county of one who works at its desk; by path."""
    return sorted({"/".join(duty.place.split("/")[:2]) for duty in actor.duties if not duty.place.endswith("00")})


def _may_carry(carrier: Actor, path: str) -> bool:
    place = organisation.place(path)
    if place is None:
        return False
    # A room's monitor carries for the colleague of the next room: the duty lies in the school, if not at it.
    beside = (duty for duty in carrier.duties if duty.place.startswith(path + "/"))
    return carrier.may("hand_over.carry", place) or _any_carries(beside)


def _any_carries(duties: Iterable[HeldDuty]) -> bool:
    return any("hand_over.carry" in ROLES.get(duty.role, ()) for duty in duties)
