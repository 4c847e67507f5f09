"""Reads of channels and of what was sent through them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select

from fieldops.db import db
from fieldops.messages.models import Channel, Letter, Sending
from fieldops.messages.topics import Said, topics

#: Letters that the page of a desk shows.
SHOWN = 50


class Sent(NamedTuple):
    """A letter of the list with its ways."""

    letter: Letter
    #: In words; None when the thing is not there any more.
    said: Said | None
    ways: Sequence[tuple[Sending, str | None]]


def channels(place: str) -> Sequence[Channel]:
    """A desk's channels in the order in which they are used."""
    return db.session.scalars(
        select(Channel).where(Channel.place == place).order_by(Channel.position, Channel.name, Channel.id)
    ).all()


def channel(place: str, identity: str) -> Channel | None:
    """One of a desk's channels."""
    return db.session.scalar(select(Channel).where(Channel.place == place, Channel.id == identity))


def sent(place: str) -> list[Sent]:
    """What the desk was told lately, newest first, and how it got there. With texts in the language in force."""
    letters = db.session.scalars(
        select(Letter).where(Letter.place == place).order_by(Letter.taken_at.desc(), Letter.id).limit(SHOWN)
    ).all()
    ways: dict[str, list[tuple[Sending, str | None]]] = {}
    rows = db.session.execute(
        select(Sending, Channel.name)
        .outerjoin(Channel, Channel.id == Sending.channel)
        .where(Sending.letter.in_([letter.id for letter in letters]))
        .order_by(Sending.created_at, Sending.id)
    )
    for sending, name in rows:
        ways.setdefault(sending.letter, []).append((sending, name))
    return [Sent(letter, _said(letter), ways.get(letter.id, [])) for letter in letters]


def _said(letter: Letter) -> Said | None:
    topic = topics.get(letter.topic)
    return topic.text(letter.county, letter.subject, letter.what, letter.place) if topic else None


def of_sending(identity: str) -> Letter | None:
    """The letter that a message's link means."""
    return db.session.scalar(select(Letter).join(Sending, Sending.letter == Letter.id).where(Sending.id == identity))


def waiting(place: str) -> int:
    """Sendings that have not left yet."""
    statement = (
        select(func.count())
        .select_from(Sending)
        .join(Channel, Channel.id == Sending.channel)
        .where(Channel.place == place, Sending.state.in_(("waiting", "leased")))
    )
    return db.session.scalar(statement) or 0
