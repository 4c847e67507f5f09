"""The engine: what must happen without anybody asking. Its state is in the database, so a restart loses nothing.

Each tick writes its beat, so that `/healthz` can tell when it stands still, and does what is due.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from types import FrameType
from typing import Final

import structlog
from flask import Flask
from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from fieldops.db import db, upsert, utcnow, writing
from fieldops.incidents import engine as incidents
from fieldops.messages import post, sending
from fieldops.notices import service as notices
from fieldops.operations import health, watch
from fieldops.operations.models import Beat
from fieldops.organisation.models import SignInCode, SignInFailure
from fieldops.testday import silence

TICK_EVERY_S = 5
#: Between two ticks it looks this often whether an incident is due: one read of an index.
LOOK_EVERY_S = 1
AUDIT_EVERY_TICKS = 12
CLEAN_EVERY_TICKS = 120
#: Kept for the audit of who got which link; the codes themselves are only hashes.
KEEP_CODES = timedelta(days=30)
KEEP_FAILURES = timedelta(days=1)
#: An engine not heard for so long is gone; its row goes too.
KEEP_BEATS = timedelta(days=1)

log = structlog.get_logger()


#: What is done in each round, by name: takes real time, does what is due in transactions of its own, each bounded, and
#: says how many things it did. A round that fails is logged and tried again at the next tick; it stops no other.
ROUNDS: Final[dict[str, Callable[[datetime], int]]] = {
    "escalation": incidents.round,
    "notices": notices.finish,
    "silence": silence.round,
}


def tick(now: datetime | None = None) -> dict[str, int]:
    """One round: the beat, and what is due. Returns what each part did.

    Raises:
        SQLAlchemyError: the database does not even take the beat.
    """
    now = now or utcnow()
    name = f"{socket.gethostname()[:80]}:{os.getpid()}"
    with writing():
        upsert(Beat.__table__, [{"engine": name, "at": now}])
    done: dict[str, int] = {}
    for part, act in ROUNDS.items():
        try:
            done[part] = act(now)
        except Exception:  # one part's fault must not silence the others
            db.session.rollback()
            log.exception("engine: a round failed", part=part)
    return done


def clean() -> None:
    """Remove what has outlived its use."""
    now = utcnow()
    with writing():
        db.session.execute(delete(SignInCode).where(SignInCode.expires_at < now - KEEP_CODES))
        db.session.execute(delete(SignInFailure).where(SignInFailure.since < now - KEEP_FAILURES))
        db.session.execute(delete(Beat).where(Beat.at < now - KEEP_BEATS))
        sending.clean(now)


def run(app: Flask) -> None:
    """Tick until told to stop (SIGTERM, SIGINT). A database that is away is waited for, never given up on."""
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    # Messages leave beside the rounds, in threads of their own: a provider that hangs holds up no escalation.
    with post.at_work(app):
        _tick_until(stopped, app)


def _tick_until(stopped: threading.Event, app: Flask) -> None:
    count = looks = 0
    while not stopped.is_set():
        with app.app_context():
            try:
                if looks % (TICK_EVERY_S // LOOK_EVERY_S) == 0 or incidents.anything_due(utcnow()):
                    tick()
                    if count % AUDIT_EVERY_TICKS == 0:
                        look_around(app.config["SETTINGS"].deadman_url)
                    if count % CLEAN_EVERY_TICKS == 0:
                        clean()
                    count += 1
                looks += 1
            except SQLAlchemyError as error:
                looks = 0
                log.warning("engine: the database does not answer; trying again", cause=type(error).__name__)
        stopped.wait(LOOK_EVERY_S)


def look_around(deadman_url: str | None) -> None:
    """Once a minute: look for what can no longer move; tell the address outside while all is well."""
    watch.audit()
    if deadman_url and health.report()["status"] == "ok":
        watch.call_outside(deadman_url)
    db.session.rollback()
