"""The live feed: the journal's tail, shared by all streams of a process.

While anybody listens, one thread a process looks at the heads of the journal, reads each new event once, and wakes the
streams. The cursor is the county's `seq`: it has no gaps, so a stream that comes back names the last one it saw and
misses nothing, and a stream that was too slow for what is kept in memory sees so and says "fetch everything".
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgspec
import structlog
from flask import Flask, current_app

from fieldops.db import db
from fieldops.journal import queries
from fieldops.journal.events import Event

#: Seconds between two looks at the heads; a change is on a board within one look and one fetch.
LOOK_EVERY_S = 0.2
#: Seconds until the next look after the database did not answer.
AFTER_FAILURE_S = 1.0
#: An idle stream says so often that it is alive: proxies keep it, and a client that has gone gives its place back soon.
KEEP_ALIVE_S = 5
#: A stream ends by itself after about this and the browser comes back: a revoked device does not listen for ever.
LIFE_S = 600
#: Events that a county keeps in memory, and the most that a returning stream is told singly.
KEPT = 1000
BACKLOG = 200

log = structlog.get_logger()


class Message(msgspec.Struct, frozen=True):
    """What a stream says of an event: where to look, and nothing personal."""

    seq: int
    kind: str
    school: str | None
    room: str | None
    session: str | None


def message_of(event: Event) -> Message:
    """What a stream says of an event."""
    return Message(event.seq, event.kind, event.school, event.room, event.session)


def frame(message: Message, *, name: str = "fact") -> bytes:
    """A server-sent event with the county's seq as its id."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (message.seq, name.encode(), msgspec.json.encode(message))


def reset(seq: int) -> bytes:
    """Tells a screen to fetch everything: what happened up to `seq` cannot be told singly."""
    return frame(Message(seq, "reset", None, None, None), name="reset")


class Full(Exception):
    """This process holds as many streams as it may; the client polls instead."""


@dataclass
class _County:
    watchers: int = 0
    #: The newest event that is known here; `recent` holds all that lead up to it, without a gap.
    seq: int = 0
    recent: deque[Message] = field(default_factory=lambda: deque(maxlen=KEPT))

    @property
    def complete_after(self) -> int:
        """Every event after this one, up to `seq`, is in `recent`."""
        return self.recent[0].seq - 1 if self.recent else self.seq


class Feed:
    """The tail of every watched county, in this process."""

    def __init__(self, app: Flask, *, most: int) -> None:
        self._app = app
        self._most = most
        self._open = 0
        self._changed = threading.Condition()
        self._counties: dict[str, _County] = {}
        self._thread: threading.Thread | None = None

    @property
    def streams(self) -> int:
        """How many streams are open in this process."""
        return self._open

    def watch(self, county: str, since: int | None, wanted: Callable[[Message], bool]) -> Stream:
        """Open a stream of a county's events after `since` (None: from now on) that are `wanted`. Within a request.

        The place it takes is free again when the stream is closed, which the server does at the end of the response.

        Raises:
            Full: no place for another stream.
        """
        with self._changed:
            if self._open >= self._most:
                raise Full
        db.session.rollback()  # what the request read so far may be older than what the tail has told already
        head = _head(county)
        first = b"".join(_backlog(county, since, head, wanted))
        db.session.rollback()  # a stream lives for minutes and holds no connection
        with self._changed:
            if self._open >= self._most:
                raise Full
            self._open += 1
            watched = self._counties.setdefault(county, _County())
            if not watched.watchers:
                watched.recent.clear()
                watched.seq = head
            watched.watchers += 1
            if self._thread is None or not self._thread.is_alive():  # also after a fork: the thread stayed behind
                self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
                self._thread.start()
        return Stream(self, county, first, head, wanted)

    def after(self, county: str, seq: int, timeout_s: float) -> tuple[list[Message], int, bool]:
        """Wait for events after `seq`: those there are, the newest seq, and whether some were lost on the way."""
        with self._changed:
            watched = self._counties[county]
            self._changed.wait_for(lambda: watched.seq > seq, timeout=timeout_s)
            if watched.seq <= seq:
                return [], seq, False
            fresh = [message for message in watched.recent if message.seq > seq]
            return fresh, watched.seq, seq < watched.complete_after

    def leave(self, county: str) -> None:
        """A stream of `watch` has ended, whether it was read or not."""
        with self._changed:
            self._open -= 1
            self._counties[county].watchers -= 1

    def rest(self, timeout_s: float = 5) -> None:
        """Wait until the thread has ended, as it does when nobody watches any more."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)

    # --- the thread ---------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while self._watched() is not None:
            pause = LOOK_EVERY_S
            try:
                with self._app.app_context():
                    self._look()
            except Exception as error:  # noqa: BLE001 - a thread that dies leaves boards that say "live" and are not
                log.warning("feed: the journal cannot be read; looking again", cause=type(error).__qualname__)
                pause = AFTER_FAILURE_S
            time.sleep(pause)

    def _watched(self) -> dict[str, int] | None:
        """Counties that somebody watches with the newest event known; None ends the thread: nobody does."""
        with self._changed:
            watched = {county: state.seq for county, state in self._counties.items() if state.watchers}
            if not watched:
                self._thread = None
            return watched or None

    def _look(self) -> None:
        with self._changed:
            watched = {county: state.seq for county, state in self._counties.items() if state.watchers}
        heads = queries.heads()
        for county, known in watched.items():
            seq, head = known, heads.get(county, 0)
            if head < seq:  # an older backup was put in place: every screen polls too, and finds out at its next look
                self._begin_at(county, head)
            while seq < head:
                messages = [message_of(event) for event in queries.since(county, seq, limit=KEPT)]
                if not messages:
                    break
                seq = messages[-1].seq
                self._tell(county, messages)

    def _tell(self, county: str, messages: list[Message]) -> None:
        with self._changed:
            state = self._counties[county]
            for message in messages:
                if message.seq > state.seq:
                    state.recent.append(message)
                    state.seq = message.seq
            self._changed.notify_all()

    def _begin_at(self, county: str, head: int) -> None:
        with self._changed:
            state = self._counties[county]
            state.recent.clear()
            state.seq = head


class Stream:
    """The frames of one listener. `close` gives its place back, once, however often it is called."""

    def __init__(self, feed: Feed, county: str, first: bytes, seq: int, wanted: Callable[[Message], bool]) -> None:
        self._feed = feed
        self._county = county
        self._wanted = wanted
        self._first: bytes | None = first
        self._seq = seq
        # Not all streams that a restart opened end in the same second.
        self._ends = time.monotonic() + LIFE_S * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, no secret
        self._closing = threading.Lock()
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next bytes to send; waits up to `KEEP_ALIVE_S` for them."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        if self._closed or time.monotonic() >= self._ends:
            raise StopIteration
        fresh, newest, lost = self._feed.after(self._county, self._seq, KEEP_ALIVE_S)
        moved, self._seq = newest > self._seq, newest
        if lost:
            return reset(newest)
        told = b"".join(frame(message) for message in fresh if self._wanted(message))
        if told:
            return told
        # An id alone moves the browser's cursor and tells the page nothing.
        return b"id: %d\n\n" % newest if moved else b": alive\n\n"

    def close(self) -> None:
        """Give the place back. The server calls it at the end of the response, also when the client has gone."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        self._feed.leave(self._county)


def _head(county: str) -> int:
    state = queries.head(county)
    return state.seq if state else 0


def _backlog(county: str, since: int | None, head: int, wanted: Callable[[Message], bool]) -> Iterator[bytes]:
    yield b"retry: 2000\n\n" if since is not None else b"retry: 2000\nid: %d\n\n" % head
    if since is None:
        return
    if since > head:  # the database is an older one than the screen knew
        yield reset(head)
        return
    events = queries.since(county, since, limit=BACKLOG + 1)
    if len(events) > BACKLOG:
        yield reset(head)
        return
    for event in events:
        message = message_of(event)
        if message.seq <= head and wanted(message):
            yield frame(message)


def init_app(app: Flask) -> None:
    """Give the app its feed."""
    app.extensions["feed"] = Feed(app, most=app.config["SETTINGS"].streams)


def feed() -> Feed:
    """The feed of this process."""
    found: Feed = current_app.extensions["feed"]
    return found
