"""Messages leave beside the engine's rounds: a thread of its own, and for each message on its way one of a few more.

So a provider that hangs holds up neither the escalation nor another channel: its message ends with its time, and as
long as it is under way nothing else is given to that channel.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from fieldops.db import db, utcnow
from fieldops.messages import sending
from fieldops.messages.sending import Job

#: Messages that are under way at once.
AT_ONCE: Final = 16
#: It looks so often for what is due: one read of an index.
LOOK_EVERY_S: Final = 1.0
#: It looks so often whether desks took on what they were told of.
FOLLOW_EVERY: Final = 10

log = structlog.get_logger()


@contextlib.contextmanager
def at_work(app: Flask, *, look_every_s: float = LOOK_EVERY_S) -> Iterator[None]:
    """Send messages while the block runs. What is under way at its end is waited for, as long as a request takes."""
    stopped = threading.Event()
    thread = threading.Thread(target=_run, args=(app, stopped, look_every_s), name="messages", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _run(app: Flask, stopped: threading.Event, look_every_s: float) -> None:
    free = threading.Semaphore(AT_ONCE)
    looks = 0
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="message") as pool:
        while not stopped.is_set():
            with app.app_context():
                try:
                    sending.take_up(utcnow())
                    _give_out(app, pool, free)
                    if looks % FOLLOW_EVERY == 0:
                        sending.follow(utcnow())
                except SQLAlchemyError as error:
                    log.warning("messages: the database does not answer; trying again", cause=type(error).__name__)
                except Exception:  # the next look must come, whatever this one met
                    log.exception("messages: a look failed")
                finally:
                    db.session.rollback()
            looks += 1
            stopped.wait(look_every_s)


def _give_out(app: Flask, pool: ThreadPoolExecutor, free: threading.Semaphore) -> None:
    """Lease no more than there are threads free for: a lease runs out while a message waits for its turn."""
    room = 0
    try:
        while room < AT_ONCE and free.acquire(blocking=False):
            room += 1
        for job in sending.claim(utcnow(), limit=room):
            pool.submit(_send, app, job, free)
            room -= 1
    finally:
        for _ in range(room):
            free.release()


def _send(app: Flask, job: Job, free: threading.Semaphore) -> None:
    try:
        outcome = sending.send(job, sending.tools(app.config["SETTINGS"]))
        with app.app_context():
            sending.settle(job, outcome, utcnow())
    except Exception as error:  # noqa: BLE001 - its lease runs out, and it is tried again
        log.error("messages: not marked; it will be sent again", cause=type(error).__name__)  # noqa: TRY400
    finally:
        free.release()
