"""Channels of a desk: set up, changed, switched off, tried, taken away. Secrets go in and never come out."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import delete, update

from fieldops.config import Settings
from fieldops.db import db, must_be_writing, utcnow, writing
from fieldops.messages import compose, kinds, queries, sealed, sending
from fieldops.messages.compose import Line
from fieldops.messages.models import Channel, Receipt
from fieldops.messages.senders import SENT, Outcome, Way
from fieldops.messages.sending import Job
from fieldops.messages.topics import Said

#: More than this is a mistake, and each costs a thread on a bad day.
MAX_CHANNELS = 20


class Invalid(Exception):
    """Settings that cannot work: names of the settings, or `full`."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(", ".join(names))
        self.names = tuple(names)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A channel as the desk wants it. `values`: the settings of its kind; an empty secret keeps what is there."""

    name: str
    values: dict[str, str]
    urgencies: tuple[str, ...]
    position: int
    per_minute: int
    language: str
    enabled: bool


def available(settings: Settings) -> dict[str, kinds.Kind]:
    """Kinds that can be set up on this server: e-mail and apprise only as far as the operator allows."""
    without = {"mail"} if not settings.smtp_url else set()
    without |= {"other"} if not settings.apprise else set()
    return {name: kind for name, kind in kinds.KINDS.items() if name not in without}


def add(*, place: str, kind: str, wanted: Wanted) -> str:
    """Set a channel up; returns its id.

    Raises:
        Invalid: names what is wrong.
    """
    must_be_writing()
    if len(queries.channels(place)) >= MAX_CHANNELS:
        raise Invalid(["full"])
    found = kinds.KINDS[kind]
    _check(found, wanted.values)
    channel = Channel(id=str(uuid.uuid4()), place=place, kind=kind, free_at=None, lease=None)
    _write(channel, found, wanted, wanted.values)
    db.session.add(channel)
    return channel.id


def change(*, channel: Channel, wanted: Wanted) -> None:
    """Change it. With another server its secrets must be given anew: else they could be sent to whoever runs that one.

    Raises:
        Invalid: names what is wrong.
    """
    must_be_writing()
    found = kinds.KINDS[channel.kind]
    secrets = [setting.name for setting in found.settings if setting.secret]
    kept: dict[str, str] = {}
    if not all(wanted.values.get(name) for name in secrets):
        if wanted.values.get("base", "") != channel.settings.get("base", ""):
            raise Invalid([name for name in secrets if not wanted.values.get(name)])
        try:
            kept = sealed.unseal(channel.secret, _settings().secret_key)
        except sealed.Unopened:
            raise Invalid([name for name in secrets if not wanted.values.get(name)]) from None
    values = {**wanted.values, **{name: wanted.values.get(name) or kept.get(name, "") for name in secrets}}
    _check(found, values)
    was_enabled = channel.enabled
    _write(channel, found, wanted, values)
    if was_enabled and not channel.enabled:
        db.session.flush()
        sending.give_up(channel, utcnow())


def remove(channel: Channel) -> None:
    """Take it away with its secrets; what it sent stays in the list."""
    must_be_writing()
    channel.enabled = False
    db.session.flush()
    sending.give_up(channel, utcnow())
    db.session.execute(delete(Receipt).where(Receipt.channel == channel.id))
    db.session.delete(channel)


def _check(kind: kinds.Kind, values: dict[str, str]) -> None:
    wrong = kinds.faults(kind, values)
    if values.get("base", "").startswith("http://") and not _settings().messages_private:
        wrong.append("base")
    if kind.name == "other" and urlsplit(values.get("url", "")).scheme.lower() not in _settings().apprise:
        wrong.append("url")
    if wrong:
        raise Invalid(wrong)


def _write(channel: Channel, kind: kinds.Kind, wanted: Wanted, values: dict[str, str]) -> None:
    secret = {setting.name: values[setting.name] for setting in kind.settings if setting.secret}
    channel.settings = {s.name: values.get(s.name, "") for s in kind.settings if not s.secret}
    channel.secret = sealed.seal(secret, _settings().secret_key)
    channel.name, channel.urgencies, channel.position = wanted.name, list(wanted.urgencies), wanted.position
    channel.per_minute, channel.language, channel.enabled = wanted.per_minute, wanted.language, wanted.enabled


def test(channel: Channel, *, desk: str, path: str) -> Outcome:
    """Send a test message now, past the outbox: whoever sets a channel up sees at once what the provider says.

    Args:
        channel: where to.
        desk: name of the desk.
        path: path of the page of channels, which the message links to.
    """
    identity, place = str(uuid.uuid4()), channel.place
    try:
        values = {**channel.settings, **sealed.unseal(channel.secret, _settings().secret_key)}
    except sealed.Unopened:
        values = {}
    way, link = Way(channel.id, channel.kind, values), _settings().public_url + path
    with force_locale(channel.language):
        said = Said(desk, _("Test message: this channel works"), "", "", "", path)
        message = compose.message(identity, [Line(said, "normal", link, rehearsal=False)], link)
    db.session.rollback()  # no transaction waits for the world
    outcome = sending.send(Job(way, message, ()), sending.tools(_settings()))
    marks: dict[str, datetime | str | None] = {"last_error": outcome.error[:200], "failing_since": utcnow()}
    if outcome.state == SENT:
        marks = {"last_sent_at": utcnow(), "last_error": None, "failing_since": None}
    with writing():
        db.session.execute(update(Channel).where(Channel.id == way.id, Channel.place == place).values(**marks))
    return outcome


def _settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found
