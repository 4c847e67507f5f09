"""A day played: phones note and send while the window's clock is stepped on, then all is drained and checked.

The clock is not given a rate of its own: once a second it is set on by the desk's verb (`timetable.set_clock`), so the
product has one kind of clock, and a rehearsal is a journal that anybody can read.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from flask import Flask
from sqlalchemy import select

from fieldops.board.queries import board
from fieldops.db import db, writing
from fieldops.demo.county import COUNTY
from fieldops.demo.install import WINDOW
from fieldops.journal.models import EventRow
from fieldops.journal.verify import verify
from fieldops.organisation.service import people_listing
from fieldops.rehearsal import plan
from fieldops.rehearsal.checker import Counts, Finding, Key, Stood, check_boards, check_events, counted
from fieldops.rehearsal.history import History
from fieldops.rehearsal.phone import Phone
from fieldops.rehearsal.server import Server
from fieldops.timetable import service as timetable
from fieldops.timetable.models import Window

#: Real seconds between two steps of the clock, and within which all phones must be rid of what they keep.
STEP_S = 1.0
DRAIN_WITHIN_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be played. `speed`: window seconds a real second; `schools`: how many of the demo's 35."""

    seed: int
    speed: float
    schools: int
    kills: int
    port: int


def rooms_of(app: Flask, schools: int) -> list[tuple[str, str]]:
    """Place and enrolment code of the monitors of the first schools."""
    with app.app_context():
        listing = people_listing(window=WINDOW, public_url="", fresh_codes=True)
        db.session.remove()
    rooms = sorted((str(row["place"]), str(row["enrol_code"])) for row in listing if row["role"] == "monitor")
    kept = sorted({place.split("/")[1] for place, _code in rooms})[:schools]
    return [(place, code) for place, code in rooms if place.split("/")[1] in kept]


async def play(
    app: Flask, server: Server, wanted: Wanted, history: History, progress: Callable[[float], None]
) -> list[Phone]:
    """Play the window's first day; returns the phones, with what they could not get rid of in time.

    Raises:
        RuntimeError: a phone cannot enrol, or there is nothing to play.
    """
    with app.app_context():
        day = db.session.get_one(Window, WINDOW).first_day.isoformat()
        db.session.remove()
    phones = [
        Phone(seed=wanted.seed, port=wanted.port, place=place, code=code, history=history)
        for place, code in rooms_of(app, wanted.schools)
    ]
    for phone in phones:
        await phone.start(day)
    acts = [act.at for phone in phones for act in phone.day.acts]
    if not acts:
        raise RuntimeError("the timetable has no session on its first day")
    begin, end = min(acts) - timedelta(minutes=1), max(acts) + timedelta(minutes=1)
    kills = plan.kills(wanted.seed, begin, end, wanted.kills)
    dice = plan.chance(wanted.seed, "victims")
    began = time.monotonic()
    now = begin
    while now < end:
        now = min(begin + timedelta(seconds=(time.monotonic() - began) * wanted.speed), end)
        await asyncio.to_thread(_set_clock, app, now)
        while kills and kills[0] <= now:
            kills.pop(0)
            _kill(server, dice, history)
        await asyncio.gather(*(_step(phone, now) for phone in phones))
        progress((now - begin) / (end - begin))
        await asyncio.sleep(max(0.0, STEP_S - (time.monotonic() - began) % STEP_S))
    await _drain(phones, now)
    return phones


def _kill(server: Server, dice: random.Random, history: History) -> None:
    if dice.random() < 0.25:
        server.kill_engine()
        history.mark("engine killed")
    else:
        history.mark("web worker killed" if server.kill_worker(dice) else "no web worker was there to kill")


async def _step(phone: Phone, now: datetime) -> None:
    phone.note_until(now)
    if not phone.day.is_dark(now):
        await phone.send(now)


async def _drain(phones: Sequence[Phone], now: datetime) -> None:
    """Quiet returns: every phone comes back and sends until nothing waits."""
    ends = time.monotonic() + DRAIN_WITHIN_S
    while (waiting := [phone for phone in phones if phone.outbox]) and time.monotonic() < ends:
        await asyncio.gather(*(phone.send(now, quiet=True) for phone in waiting))
        await asyncio.sleep(0.2)
    for phone in phones:
        phone.close()


def _set_clock(app: Flask, shows: datetime) -> None:
    with app.app_context():
        with writing():
            timetable.set_clock(window=WINDOW, shows=shows, by=None)
        db.session.remove()


def check(app: Flask, history: History, phones: Sequence[Phone]) -> list[Finding]:
    """All that is not as the phones were told; the journal's own verification and the boards among it."""
    with app.app_context():
        rows = db.session.execute(
            select(EventRow.sent_hash, EventRow.body).where(EventRow.county == COUNTY.code).order_by(EventRow.seq)
        )
        journal = [Stood(sent=bytes(sent), body=msgspec.json.decode(body)) for sent, body in rows]
        found = check_events(history.noted, history.told, journal, {phone.id for phone in phones})
        found += [Finding("unequal", sentence) for sentence in verify(COUNTY.code)]
        found += check_boards(counted(journal), _shown(phones))
        db.session.remove()
    return found


def _shown(phones: Sequence[Phone]) -> dict[Key, Counts]:
    """What the county's board shows of each room at the moments at which sessions began."""
    window = db.session.get_one(Window, WINDOW)
    starts = {act.at for phone in phones for act in phone.day.acts if act.kind == "sitting.started"}
    shown: dict[Key, Counts] = {}
    for at in sorted(starts):
        for school in board(COUNTY.code, window, now=at).schools:
            for room in school.rooms:
                shown[school.code, room.code, room.session.code] = (room.sitting.present, room.sitting.absent)
    return shown
