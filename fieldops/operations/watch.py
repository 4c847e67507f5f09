"""Who watches the watchman: the auditor, what a web request does for an engine that stands still, the dead-man address.

The engine is one process, and it can die, hang or never be started. So its beat is in the database, and whoever looks
after it is somebody else: every web process after a request, `/healthz`, and an address outside that misses its call.
"""

from __future__ import annotations

import threading
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from flask import Flask, Response, current_app, request
from sqlalchemy import func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from fieldops.db import db, must_be_writing, upsert, utcnow, writing
from fieldops.incidents import engine as incidents
from fieldops.incidents.models import IncidentRow
from fieldops.operations.models import Beat
from fieldops.timetable import clock, queries
from fieldops.timetable.context import COMMON_ZONE

#: The beat of the web processes, when one of them steps in: no engine.
WEB: Final = "web"
#: A web process steps in when no engine has ticked for so long; one of them every so often.
STEP_IN_AFTER: Final = timedelta(seconds=15)
STEP_IN_EVERY: Final = timedelta(seconds=5)
_STEP_IN_MOST_S: Final = 0.5
#: Desks and `/healthz` are told that the engine stands still after this: it ticks every 5 s.
SILENT_AFTER: Final = timedelta(seconds=60)
#: What is due for longer than this, with an engine that ticks, can no longer move by itself.
STUCK_AFTER: Final = timedelta(minutes=3)
#: A process looks at the beat at most so often.
_LOOK_EVERY_S: Final = 5.0
#: And counts what can no longer move at most so often.
_COUNT_EVERY_S: Final = 60.0
_DEADMAN_TIMEOUT_S: Final = 10
#: Header of every answer while no engine ticks: milliseconds of its last tick (real time; 0: never).
HEADER: Final = "X-Engine-Silent-Since"

log = structlog.get_logger()


# --- the beat ---------------------------------------------------------------------------------------------------------


def last_tick() -> datetime | None:
    """When an engine ticked last, real time; None when none ever did."""
    return db.session.scalar(select(func.max(Beat.at)).where(Beat.engine != WEB))


def _take_turn(now: datetime) -> bool:
    """Whether this process may step in now: one of all web processes, and none while an engine ticks."""
    must_be_writing()
    ticked = last_tick()
    before = db.session.scalar(select(Beat.at).where(Beat.engine == WEB).with_for_update())
    if (ticked is not None and now - ticked <= STEP_IN_AFTER) or (before is not None and now - before < STEP_IN_EVERY):
        return False
    upsert(Beat.__table__, [{"engine": WEB, "at": now}])
    return True


# --- the auditor ------------------------------------------------------------------------------------------------------


def stuck(now: datetime) -> Sequence[tuple[str, str]]:
    """Incidents that can no longer move: under way without a next moment, or long past it. (county, id)."""
    found: list[tuple[str, str]] = []
    row = IncidentRow
    for window in queries.open_windows():
        at = clock.now(window, real=now)
        late = or_(row.next_due_at.is_(None), row.next_due_at < at - STUCK_AFTER)
        under_way = row.state.in_(("open", "acknowledged", "resolved"))
        statement = select(row.county, row.id).where(row.window == window.code, under_way, late)
        found += [(county, identity) for county, identity in db.session.execute(statement)]
    return found


def audit(now: datetime | None = None) -> list[tuple[str, str]]:
    """Look for what can no longer move, and say so in the log."""
    now = now or utcnow()
    found = list(stuck(now))
    db.session.rollback()
    if found:
        log.error("auditor: incidents can no longer move", count=len(found), first=found[:5])
    return found


def call_outside(address: str) -> threading.Thread:
    """Tell the dead-man address that all is well; in a thread of its own, so that a slow network delays no tick."""

    def call() -> None:
        try:
            with urllib.request.urlopen(address, timeout=_DEADMAN_TIMEOUT_S) as answer:  # noqa: S310 - checked by config
                answer.read(1)
        except OSError as error:
            log.warning("the dead-man address does not answer", cause=type(error).__name__)

    thread = threading.Thread(target=call, name="dead-man", daemon=True)
    thread.start()
    return thread


# --- a web request steps in -------------------------------------------------------------------------------------------


@dataclass
class Watch:
    """What this process knows of the engine: whether it stands still, and when it ticked last (None: never)."""

    lock: threading.Lock
    looked: float = float("-inf")
    silent: bool = False
    ticked_at: datetime | None = None
    #: Incidents that can no longer move, and when they were counted last (monotonic).
    stuck: int = 0
    counted: float = float("-inf")

    def header(self) -> dict[str, str]:
        """What every answer carries while no engine ticks."""
        if not self.silent:
            return {}
        return {HEADER: str(int(self.ticked_at.timestamp() * 1000)) if self.ticked_at else "0"}

    def look(self, app: Flask) -> int:
        """After an answer went out: look at the beat when it is time to, and take what is due when nobody else does.

        Returns how many steps were taken. One thread of the process at a time, and the others never wait for it.
        """
        if time.monotonic() - self.looked < _LOOK_EVERY_S or not self.lock.acquire(blocking=False):
            return 0
        try:
            self.looked = time.monotonic()
            with app.app_context():
                return self._look(utcnow())
        except SQLAlchemyError as error:
            log.warning("the engine's beat cannot be read", cause=type(error).__name__)
            return 0
        finally:
            self.lock.release()

    def _look(self, now: datetime) -> int:
        self.ticked_at = last_tick()
        self.silent = self.ticked_at is None or now - self.ticked_at > SILENT_AFTER
        if time.monotonic() - self.counted >= _COUNT_EVERY_S:
            self.counted = time.monotonic()
            self.stuck = len(stuck(now))
        db.session.rollback()
        if self.ticked_at is not None and now - self.ticked_at <= STEP_IN_AFTER:
            return 0
        with writing():
            mine = _take_turn(now)
        return incidents.round(now, holds=1, most_s=_STEP_IN_MOST_S) if mine else 0


def init_app(app: Flask) -> None:
    """Look at the engine after each answer, and tell every page when it stands still."""
    watch = app.extensions["fieldops_watch"] = Watch(threading.Lock())

    @app.after_request
    def _tell(response: Response) -> Response:
        if request.endpoint != "assets.file":
            response.headers.update(watch.header())
        # A test has no engine beside it; one about this asks for it.
        if not app.testing or app.config.get("WATCH_ENGINE"):
            response.call_on_close(lambda: watch.look(app))
        return response

    @app.context_processor
    def _banner() -> dict[str, Any]:
        silent = {"at": watch.ticked_at, "zone": COMMON_ZONE} if watch.silent else None
        return {"engine_silent": silent, "incidents_stuck": 0 if watch.silent else watch.stuck}


def watch() -> Watch:
    """This process's watch."""
    found: Watch = current_app.extensions["fieldops_watch"]
    return found
