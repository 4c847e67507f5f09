"""The outbox: letters are taken up, given to channels, sent, marked. Any number of engines may do it at once.

A letter is never lost: it waits in the database, a sending is leased for longer than any request takes, and a lease
that ran out is taken over. What was sent but not marked, because the machine died between the two, is sent again: *at
least once*. Where a provider knows a repeat (WeCom's duplicate check, a mail's Message-ID) it still arrives once.

No request to a provider is made inside a transaction: `claim` leases, `send` speaks to the world, `settle` marks.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import structlog
from flask import current_app
from flask_babel import force_locale
from sqlalchemy import and_, delete, or_, select, update

from fieldops.config import Settings
from fieldops.db import db, upsert, utcnow, writing
from fieldops.journal.events import derived_id
from fieldops.messages import compose, mail, robots, sealed, sms, web_push
from fieldops.messages.compose import Line, Message
from fieldops.messages.models import Channel, Letter, Receipt, Sending
from fieldops.messages.net import Net, Unreachable
from fieldops.messages.senders import LATER, REFUSED, SENT, Outcome, Tools, Way
from fieldops.messages.topics import topics
from fieldops.organisation.places import level_of
from fieldops.timetable import queries as timetable

#: Whoever sends must have said what came of it by then: longer than a token, a request and a look-up can take together.
LEASE: Final = timedelta(seconds=90)
#: Letters taken up in one transaction, and sendings that one message carries at most.
AT_A_TIME: Final = 200
BUNDLE: Final = 50
#: Tries before a sending is given up: with the distances below that is a good half hour.
MAX_ATTEMPTS: Final = 10
FIRST_RETRY_S: Final = 5.0
LONGEST_RETRY_S: Final = 600.0
#: A letter that is not serious goes on to the next channels after so many failed tries.
PATIENCE: Final = 3
#: How long afterwards we look whether the desk took the matter on.
FOLLOW_FOR: Final = timedelta(hours=24)

#: Letters are kept so long: who was told when is part of what happened.
KEEP: Final = timedelta(days=90)

SENDERS: Final = {
    "wecom_app": robots.wecom_app,
    "wecom_robot": robots.wecom_robot,
    "dingtalk": robots.dingtalk,
    "feishu": robots.feishu,
    "sms_aliyun": sms.aliyun,
    "sms_tencent": sms.tencent,
    "mail": mail.mail,
    "other": mail.other,
    "web_push": web_push.push,
}

log = structlog.get_logger()


class Job(NamedTuple):
    """One message on its way."""

    way: Way
    message: Message
    #: Sendings that it carries; it is their batch too.
    sendings: tuple[str, ...]


def tools(settings: Settings) -> Tools:
    """What senders need, by the operator's settings."""
    net = Net(private=settings.messages_private)
    push_key, subject = web_push.signing_key(settings.secret_key), settings.public_url
    return Tools(net, utcnow, settings.smtp_url, settings.mail_from, settings.apprise, push_key, subject)


def round(now: datetime) -> int:  # noqa: A001 - what the engine calls it
    """Take up what is new, send what is due, one message a channel; returns how many messages were tried.

    For tests and for a machine without threads to spare: the engine itself uses `post`, where no channel waits for
    another.
    """
    take_up(now)
    jobs = claim(now, limit=AT_A_TIME)
    for job in jobs:
        settle(job, send(job, tools(current_app.config["SETTINGS"])), now)
    follow(now)
    return len(jobs)


# --- letters ----------------------------------------------------------------------------------------------------------


def take_up(now: datetime) -> int:
    """Give new letters to the first channels of their desks. Returns how many letters were taken up."""
    if db.session.scalar(select(Letter.id).where(Letter.state == "new").limit(1)) is None:
        db.session.rollback()
        return 0
    with writing():
        letters = db.session.scalars(
            select(Letter)
            .where(Letter.state == "new")
            .order_by(Letter.at, Letter.id)
            .limit(AT_A_TIME)
            .with_for_update(skip_locked=True)
        ).all()
        for letter in letters:
            letter.taken_at = now
            letter.state = "under_way" if open_next(letter, None, now) else "nowhere"
        return len(letters)


def open_next(letter: Letter, after: int | None, now: datetime) -> bool:
    """Let a letter take the channels that come next; False when there is none. Inside `writing()`.

    Args:
        letter: the letter.
        after: position of the channel that failed; None at the beginning.
        now: real time.
    """
    found = db.session.scalars(
        select(Channel).where(Channel.place == letter.place, Channel.enabled).order_by(Channel.position, Channel.id)
    ).all()
    open_to = [c for c in found if letter.urgency in c.urgencies and (after is None or c.position > after)]
    first = [channel for channel in open_to if channel.position == open_to[0].position]
    there = set(db.session.scalars(select(Sending.id).where(Sending.letter == letter.id)))
    for channel in first:
        identity = derived_id(letter.id, channel.id)
        if identity not in there:
            db.session.add(
                Sending(
                    id=identity,
                    letter=letter.id,
                    channel=channel.id,
                    state="waiting",
                    created_at=now,
                    attempts=0,
                    next_try_at=now,
                )
            )
    return bool(first)


# --- lease ------------------------------------------------------------------------------------------------------------


def _due(now: datetime) -> Any:
    waits = and_(Sending.state == "waiting", Sending.next_try_at <= now)
    return or_(waits, and_(Sending.state == "leased", Sending.lease_until <= now))


def _free(now: datetime) -> Any:
    return and_(Channel.enabled, or_(Channel.free_at.is_(None), Channel.free_at <= now))


def claim(now: datetime, *, limit: int) -> list[Job]:
    """Lease what is due, of at most `limit` channels: one message for each, which carries all that is due there.

    A letter that is no longer due is dropped here, just before it would leave.
    """
    due = select(Sending.channel).where(_due(now))
    found = db.session.scalar(select(Channel.id).where(_free(now), Channel.id.in_(due)).limit(1))
    db.session.rollback()
    if found is None or limit < 1:
        return []
    jobs: list[Job] = []
    with writing():
        channels = db.session.scalars(
            select(Channel)
            .where(_free(now), Channel.id.in_(due))
            .order_by(Channel.position, Channel.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        for channel in channels:
            job = _lease(channel, now)
            if job is not None:
                jobs.append(job)
    return jobs


def _lease(channel: Channel, now: datetime) -> Job | None:
    rows = db.session.scalars(
        select(Sending)
        .where(Sending.channel == channel.id, _due(now))
        .order_by(Sending.created_at, Sending.id)
        .limit(BUNDLE)
        .with_for_update(skip_locked=True)
    ).all()
    letters = {
        letter.id: letter
        for letter in db.session.scalars(select(Letter).where(Letter.id.in_([row.letter for row in rows])))
    }
    batch = str(uuid.uuid4())
    lines: dict[str, Line] = {}
    with force_locale(channel.language):
        for row in rows:
            line = _line(row, letters[row.letter])
            if line is None:
                row.state, row.lease_until = "dropped", None
                continue
            lines[row.id] = line
            row.state, row.batch, row.lease_until = "leased", batch, now + LEASE
            row.attempts += 1
        if not lines:
            return None
        try:
            values = {**channel.settings, **sealed.unseal(channel.secret, _settings().secret_key)}
        except sealed.Unopened:
            values = {}
        message = compose.message(batch, list(lines.values()), _settings().public_url + _desk_path(channel.place))
    channel.free_at, channel.lease = now + LEASE, batch
    return Job(Way(channel.id, channel.kind, values), message, tuple(lines))


def _line(row: Sending, letter: Letter) -> Line | None:
    topic = topics.get(letter.topic)
    asked = (letter.county, letter.subject, letter.what, letter.place)
    if topic is None or not topic.still_due(*asked):
        return None
    said = topic.text(*asked)
    if said is None:
        return None
    window = timetable.window(letter.window)
    link = f"{_settings().public_url}/m/{row.id}"
    return Line(said, letter.urgency, link, rehearsal=window is not None and window.mode == "rehearsal")


def _settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found


def _desk_path(place: str) -> str:
    level = level_of(place)
    if level == "school":
        county, school = place.split("/")
        return f"/c/{county}/s/{school}/incidents"
    return f"/{'c' if level == 'county' else 'd'}/{place}/incidents"


# --- the world --------------------------------------------------------------------------------------------------------


def send(job: Job, tools: Tools) -> Outcome:
    """Speak to the provider. Touches no database; never raises."""
    if not job.way.values:
        return Outcome(REFUSED, "the secrets cannot be opened: set the channel up again")
    try:
        return SENDERS[job.way.kind](job.way, job.message, tools)
    except Unreachable as error:
        return Outcome(LATER, error.code)
    except Exception as error:  # noqa: BLE001 - a mistake in one stops no other; its text may hold a secret
        log.error("messages: a sender failed", kind=job.way.kind, cause=type(error).__name__)  # noqa: TRY400
        return Outcome(LATER, type(error).__name__)


# --- marks ------------------------------------------------------------------------------------------------------------


def settle(job: Job, outcome: Outcome, now: datetime) -> None:
    """Mark what came of it; what failed is tried again later, and goes on to the desk's next channels."""
    with writing():
        channel = db.session.scalar(select(Channel).where(Channel.id == job.way.id).with_for_update())
        position = None
        if channel is not None:
            position = channel.position
            _mark_channel(channel, job, outcome, now)
        mine = select(Sending).where(Sending.id.in_(job.sendings)).order_by(Sending.letter).with_for_update()
        rows = db.session.scalars(mine).all()
        if outcome.state == SENT:
            for row in rows:
                if (
                    row.sent_at is None
                ):  # whoever took the lease over meanwhile sends it again; it was sent all the same
                    row.state, row.sent_at, row.lease_until, row.batch = "sent", now, None, job.message.identity
                    row.last_error = outcome.error or None
            receipts = [
                {"channel": job.way.id, "number": number[:120], "batch": job.message.identity, "at": now}
                for number in dict.fromkeys(outcome.numbers)
            ]
            upsert(Receipt.__table__, receipts)
            return
        for row in rows:
            if row.state == "leased" and row.batch == job.message.identity:
                _mark_failure(row, outcome, position, now)


def _mark_channel(channel: Channel, job: Job, outcome: Outcome, now: datetime) -> None:
    if channel.lease == job.message.identity:
        pause = 60 / max(1, channel.per_minute)
        if outcome.state == LATER and outcome.after_s is not None:
            pause = max(pause, min(outcome.after_s, 3600.0))
        channel.lease, channel.free_at = None, now + timedelta(seconds=pause)
    if outcome.state == SENT:
        channel.last_sent_at, channel.failing_since, channel.last_error = now, None, None
    else:
        channel.failing_since = channel.failing_since or now
        channel.last_error = outcome.error[:200]


def _mark_failure(row: Sending, outcome: Outcome, position: int | None, now: datetime) -> None:
    row.last_error, row.lease_until = outcome.error[:200], None
    given_up = outcome.state == REFUSED or row.attempts >= MAX_ATTEMPTS
    row.state = "failed" if given_up else "waiting"
    row.next_try_at = now + timedelta(seconds=max(retry_after(row.attempts), min(outcome.after_s or 0.0, 3600.0)))
    # Locked, as another channel of the same letter may fail at this moment.
    letter = db.session.get(Letter, row.letter, with_for_update=True)
    if letter is not None and (given_up or letter.urgency == "serious" or row.attempts >= PATIENCE):
        open_next(letter, position, now)


def retry_after(attempts: int) -> float:
    """Seconds until the next try: twice as long each time, up to ten minutes, a fifth more or less by chance."""
    wanted: float = min(FIRST_RETRY_S * 2 ** (attempts - 1), LONGEST_RETRY_S)
    return wanted * random.uniform(0.8, 1.2)  # noqa: S311 - spreads the tries, hides nothing


def follow(now: datetime) -> int:
    """Mark what the desk took on since it was told. Returns how many sendings were marked."""
    statement = (
        select(Letter, Sending.id)
        .join(Sending, Sending.letter == Letter.id)
        .where(Sending.state == "sent", Sending.acknowledged_at.is_(None), Sending.sent_at > now - FOLLOW_FOR)
        .limit(AT_A_TIME)
    )
    taken: dict[str, datetime] = {}
    for letter, sending in db.session.execute(statement):
        topic = topics.get(letter.topic)
        at = topic.acknowledged_at(letter.county, letter.subject, letter.place) if topic else None
        if at is not None:
            taken[sending] = at
    db.session.rollback()
    if taken:
        with writing():
            for sending, at in taken.items():
                db.session.execute(update(Sending).where(Sending.id == sending).values(acknowledged_at=at))
    return len(taken)


def give_up(channel: Channel, now: datetime) -> None:
    """A channel that is gone or switched off: what waits there goes on to the next ones. Inside `writing()`."""
    waiting = select(Sending).where(Sending.channel == channel.id, Sending.state.in_(("waiting", "leased")))
    for row in db.session.scalars(waiting.order_by(Sending.letter).with_for_update()).all():
        row.state, row.lease_until, row.last_error = "failed", None, "switched off"
        letter = db.session.get(Letter, row.letter, with_for_update=True)
        if letter is not None:
            open_next(letter, channel.position, now)


def clean(now: datetime) -> None:
    """Forget letters, with their ways and receipts, that left long ago. Inside `writing()`."""
    old = select(Letter.id).where(Letter.taken_at < now - KEEP)
    db.session.execute(delete(Sending).where(Sending.letter.in_(old)))
    db.session.execute(delete(Letter).where(Letter.taken_at < now - KEEP))
    db.session.execute(delete(Receipt).where(Receipt.at < now - KEEP))


def mark_seen(sending: str, person: str, now: datetime) -> None:
    """Somebody of the desk opened the message's link; the first one stands."""
    with writing():
        open_yet = and_(Sending.id == sending, Sending.seen_at.is_(None))
        db.session.execute(update(Sending).where(open_yet).values(seen_at=now, seen_by=person))


def mark_delivered(channel: str, numbers: Sequence[str], now: datetime) -> int:
    """The provider says that these arrived; a repeat changes nothing. Returns how many sendings were marked."""
    if not numbers:
        return 0
    with writing():
        batches = select(Receipt.batch).where(Receipt.channel == channel, Receipt.number.in_(list(numbers)))
        open_yet = and_(Sending.batch.in_(batches), Sending.channel == channel, Sending.delivered_at.is_(None))
        done = db.session.execute(update(Sending).where(open_yet).values(delivered_at=now))
        return int(getattr(done, "rowcount", 0))
