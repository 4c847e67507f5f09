"""Whose facts another phone brings: the person behind a device that does not speak for itself."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from fieldops.db import db
from fieldops.journal.service import Author
from fieldops.organisation import queries
from fieldops.organisation.actors import Actor, WindowClock, author
from fieldops.organisation.models import Device, Person


class Sender(NamedTuple):
    """A device's person with the duties of now."""

    actor: Actor
    #: Whether the device is bound to them and was not ended: only then its facts count by themselves.
    trusted: bool


def sender(device: str, person: str) -> Sender | None:
    """The person who noted something on this device; None when there is no such person.

    A sign-in that ran out does not matter: it ends what the device may fetch, not what its person saw. One that was
    ended on purpose does, and so does a device that this database does not know.
    """
    holder = db.session.get(Person, person)
    if holder is None:
        return None
    duties = queries.duties_of(person)
    window = duties[0].window if duties else None
    held = tuple(duty for duty in duties if duty.window == window)
    columns = queries.windows.c
    clock = db.session.execute(
        select(columns.mode, columns.clock_shows, columns.clock_set_at).where(columns.code == window)
    ).one_or_none()
    row = db.session.get(Device, device)
    actor = Actor(
        holder.id, holder.name, holder.locale, device, held, window, WindowClock(*clock) if clock else None, None
    )
    return Sender(actor, row is not None and row.person == person and row.revoked_at is None)


def author_of(who: Sender, county: str) -> Author:
    """The sender as the journal's author; one that is not trusted may nothing, so that all is set aside whole."""
    if who.trusted:
        return author(who.actor, county)
    return Author(person=who.actor.person_id, device=who.actor.device_id, may=lambda _action, _place: False)
